"""draw(): a trace as a picture, and Drawing, which shows and saves itself."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from microgd.draw.arrange import view_of
from microgd.draw.blanks import BLANKS, with_blanks
from microgd.draw.collapse import (
    COLLAPSED,
    FULL,
    LONG,
    LONG_BOXES,
    boxes_of,
    depth,
    drawn_gates,
    neighbourhood,
    require_drawable,
    scopes_of,
)
from microgd.draw.matrices import jacobian_notes
from microgd.draw.palette import palette_named
from microgd.draw.progress import progress
from microgd.draw.style import Style
from microgd.draw.view import Options, View
from microgd.errors import DrawingError
from microgd.files import write_whole
from microgd.gates.table import TABLE, did_you_mean
from microgd.graph.node import Node
from microgd.graph.rewrite import expand as expand_graph
from microgd.trace.build import trace as build_trace
from microgd.trace.lesson import Trace
from microgd.translation import speaking

if TYPE_CHECKING:
    from graphviz import Digraph

LOOKS = ("circuit", "lecture", "cards")

#: Dots per inch of a PNG: sharp on a slide.
PNG_DPI = 192


@dataclass(frozen=True, eq=False, repr=False)
class Drawing:
    """A picture in Graphviz's language; other formats are rendered when asked for.

    Attributes:
        graph: the `graphviz.Digraph`, for every other tool of that package.
        engine: the Graphviz program to use; None finds one.
        titles: SVG id → what to show where the mouse rests on it.
        view: what is drawn, piece by piece, for readers that show more than a picture; None where
            the picture is not of wires (cards, kernels).
        trace: the lesson that is drawn; None for kernels.
        style: the look's sizes and colours, to draw another view in; None where `view` is.

    >>> import microgd as mg
    >>> x = mg.Tensor(3.0, name="x")
    >>> mg.draw(x * x).dot.splitlines()[0]
    'digraph circuit {'
    """

    graph: Digraph
    engine: str | None = None
    timeout: float = 30.0
    titles: Mapping[str, str] = field(default_factory=dict)
    view: View | None = None
    trace: Trace | None = None
    style: Style | None = None
    _cache: dict[tuple[str, float | None], bytes] = field(default_factory=dict)

    @property
    def dot(self) -> str:
        """The picture as DOT text."""
        return str(self.graph.source)

    @cached_property
    def svg(self) -> str:
        """The picture as SVG text that scales with its page."""
        from microgd.draw.engines import tidy_svg

        return tidy_svg(self.render("svg").decode("utf-8"), titles=self.titles)

    @property
    def png(self) -> bytes:
        """The picture as a PNG of 192 dots per inch."""
        return self.render("png", dpi=PNG_DPI)

    def render(self, format: str, dpi: float | None = None) -> bytes:
        """The picture in any format of the engine.

        Raises:
            DrawingError: no engine, an engine that failed, or one that took too long.
        """
        from microgd.draw.engines import render

        key = (format, dpi)
        if key not in self._cache:
            self._cache[key] = render(
                self.dot, format, dot=self.engine, timeout=self.timeout, dpi=dpi
            )
        return self._cache[key]

    def save(self, path: str | Path, dpi: float | None = None) -> Path:
        """Write the picture; the ending of `path` says how: .svg, .png, .dot, .pdf, …

        The file appears whole or not at all.

        Raises:
            DrawingError: an ending that is no format. OutputError: the file cannot be written.
        """
        path = Path(path)
        format = path.suffix.removeprefix(".").lower()
        if not format:
            raise DrawingError(
                f"{str(path)!r} has no ending to tell the format: use .svg, .png, .dot or .pdf"
            )
        if format in ("dot", "gv"):
            return write_whole(path, self.dot)
        if format == "svg":
            return write_whole(path, self.svg)
        return write_whole(
            path, self.render(format, dpi=dpi or (PNG_DPI if format == "png" else None))
        )

    def _repr_svg_(self) -> str | None:
        try:
            return self.svg
        except DrawingError:
            return None

    def _repr_html_(self) -> str | None:
        """In a notebook, why there is no picture, where there is none."""
        try:
            return None if self.svg else ""
        except DrawingError as problem:
            return f"<p>{html.escape(str(problem))}</p>"

    def __repr__(self) -> str:
        lines = self.dot.count("\n")
        return f"<drawing, {lines} lines of DOT>"


def draw(
    what: Any,
    look: str = "circuit",
    *,
    palette: str = "default",
    gradients: bool = True,
    upstream: Any = None,
    values: bool = True,
    step: int | None = None,
    digits: int | None = None,
    names: str = "given",
    expand: str | Sequence[str] | bool = (),
    focus: str | None = None,
    hops: int = 2,
    jacobian: bool = False,
    collapse: bool = False,
    compact: bool | None = None,
    transparent: bool = False,
    blanks: str = "",
    full: bool = False,
    force: bool = False,
    engine: str | None = None,
    timeout: float = 30.0,
) -> Drawing:
    """Draw a Tensor, a Circuit or a Trace; its words are in the language that the trace is told in.

    Arguments:
        look: "circuit" (value above the wire, gradient below), "lecture" (rounded gates with a
            one-word rule), "cards" (micrograd's name | data | grad).
        palette: "default", "colour-blind", "mono" or "dark".
        gradients: False draws the forward pass only.
        upstream: the gradient to start from, in the output's shape (as in `mg.trace`).
        step: show only what the steps 0 … `step` of the trace told, and highlight the last.
        digits: decimals; None takes 0 if all numbers are whole, else 2.
        values: False draws the circuit without its numbers.
        names: "given" shows the user's names of intermediate results, "all" every label, "none".
        expand: composite gates (or scopes of a large graph) to open, by name; True opens all.
        focus, hops: draw only what is at most `hops` wires away from the node of that label.
        jacobian: write the local Jacobian under each wire of an array: the matrix where it is
            small, its size and structure where not.
        collapse: draw each scope as one box even where the graph is small.
        compact: set small and close; None does so for long or large circuits.
        blanks: "empty" draws boxes to write into where something is computed, "filled" the same
            boxes with the answers in them.
        transparent: no background, for slides that have one.
        full, force: draw more than 150, more than 1000 gates without collapsing.
        engine: the Graphviz program to use. timeout: seconds it may take.

    Raises:
        DrawingError: an unknown look, palette, name or step, or a graph too large to read.

    >>> import microgd as mg
    >>> x, y = mg.Tensor(-2.0, name="x"), mg.Tensor(5.0, name="y")
    >>> draw(x + y, gradients=False)
    <drawing, ... lines of DOT>
    """
    if look not in LOOKS:
        raise DrawingError(f"there is no look {look!r}; choose {', '.join(LOOKS)}")
    if look == "cards" and collapse:
        raise DrawingError("the cards look does not collapse scopes: use circuit or lecture")
    if blanks not in BLANKS or (blanks and look == "cards"):
        wanted_blanks = ", ".join(map(repr, BLANKS)) + ", and not with look='cards'"
        raise DrawingError(f"blanks is {wanted_blanks}; got {blanks!r}")
    if names not in ("given", "all", "none"):
        raise DrawingError(f"names is 'given', 'all' or 'none', got {names!r}")
    colours = palette_named(palette)
    if transparent:
        colours = replace(colours, page="transparent")
    wanted = _names(expand)
    if isinstance(what, Trace):
        lesson, output = what, None
        if wanted is None or any(name in TABLE for name in wanted):
            raise DrawingError("a trace is a record of gates as they are: expand before tracing")
        if jacobian or upstream is not None:
            raise DrawingError(
                "a trace is told already: draw the Tensor itself, whose graph is needed for "
                "Jacobians and for another upstream gradient"
            )
    else:
        output = _expanded(what, wanted)
        lesson = build_trace(output, upstream=upstream, digits=digits, backward=gradients)
    if digits is None:
        digits = lesson.digits
    seen = progress(lesson, step, gradients=gradients)
    options = Options(digits, gradients and lesson.has_gradients, values, names)
    may = look != "cards" and not full
    boxes, kept = _selection(lesson, wanted, focus, hops, collapse if may else None)
    count = drawn_gates(lesson, boxes, kept)
    require_drawable(count, lesson, full=full, force=force)
    with speaking(lesson.lang):
        if look == "cards":
            from microgd.draw import cards

            titles, view, style = {}, None, None
            options = replace(options, gradients=gradients)
            graph = cards.to_dot(lesson, seen, options, colours)
        else:
            from microgd.draw import circuit

            if compact is None:
                long = LONG_BOXES if look == "lecture" else LONG
                compact = count > FULL or (not boxes and depth(lesson, kept) > long)
            style = Style(colours, look == "lecture", compact, options.gradients, bool(blanks))
            notes = jacobian_notes(output, digits) if jacobian and output is not None else {}
            view = view_of(lesson, seen, options, boxes, kept, notes)
            if blanks:
                view = with_blanks(view, lesson, filled=blanks == "filled")
            graph = circuit.to_dot(view, style)
            titles = circuit.titles(view)
    return Drawing(graph, engine, timeout, titles, view, lesson, style)


def _names(expand: str | Sequence[str] | bool) -> frozenset[str] | None:
    """The names to open; None means all."""
    if expand is True or expand == "all":
        return None
    if not expand:
        return frozenset()
    return frozenset([expand] if isinstance(expand, str) else expand)


def _expanded(what: Any, wanted: frozenset[str] | None) -> Any:
    """The output with the wanted composite gates opened."""
    output = getattr(what, "output", what)
    if not isinstance(output, Node) or wanted == frozenset():
        return output
    gates = None if wanted is None else [n for n in wanted if n in TABLE]
    for name in gates or ():
        if TABLE[name].expansion is None:
            composite = ", ".join(n for n, g in TABLE.items() if g.expansion is not None)
            raise DrawingError(
                f"gate {name!r} is primitive: there is nothing to expand. Composite: {composite}"
            )
    if gates == []:
        return output
    return expand_graph([output], gates, deep=wanted is None)[0]


def _selection(
    trace: Trace,
    wanted: frozenset[str] | None,
    focus: str | None,
    hops: int,
    collapse: bool | None,
) -> tuple[dict[str, str], frozenset[str] | None]:
    """What is collapsed into boxes (`collapse` None: nothing), and what is kept."""
    scopes = scopes_of(trace)
    opened = {s for s in scopes if wanted is None or s in wanted}
    for name in wanted or ():
        if name not in TABLE and name not in scopes:
            known = [*scopes, *(n for n, g in TABLE.items() if g.expansion is not None)]
            raise DrawingError(
                f"there is no composite gate and no scope {name!r} to expand."
                f"{did_you_mean(name, known)}"
            )
    opened |= {s.rpartition("/")[0] for s in opened} - {""}
    if focus is not None:
        return {}, neighbourhood(trace, focus, hops)
    gates = sum(n.kind == "gate" for n in trace.nodes)
    may = collapse is not None and wanted is not None
    if scopes and may and (collapse or gates > COLLAPSED):
        return boxes_of(trace, opened), None
    return {}, None
