"""One picture of several lessons: rows one above the other, the steps of a row side by side.

Numbers below a wire that differ from the row above are framed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from microgd.draw import circuit
from microgd.draw.arrange import view_of
from microgd.draw.drawing import Drawing
from microgd.draw.palette import palette_named
from microgd.draw.progress import progress
from microgd.draw.style import Style
from microgd.draw.view import Item, Junction, Line, Options, View
from microgd.errors import DrawingError
from microgd.trace.lesson import Trace

#: So many gates are drawn at most, in all lessons together.
MOST_GATES = 150
#: Up to so many are set large.
LARGE = 14


class Row(NamedTuple):
    """A row of the picture: its title, and its lessons, each with a title of its own or none."""

    title: str
    lessons: Sequence[tuple[str, Trace]]


def draw_rows(
    rows: Sequence[Row],
    look: str = "circuit",
    *,
    palette: str = "default",
    transparent: bool = False,
    compact: bool | None = None,
    values: bool = True,
    names: str = "given",
    engine: str | None = None,
    timeout: float = 30.0,
) -> Drawing:
    """The picture.

    Raises:
        DrawingError: the cards look, which has no wires to mark; too many gates.
    """
    if look not in ("circuit", "lecture"):
        raise DrawingError(f"a bug is drawn in the circuit or lecture look, got {look!r}")
    if names not in ("given", "all", "none"):
        raise DrawingError(f"names is 'given', 'all' or 'none', got {names!r}")
    colours = palette_named(palette)
    if transparent:
        colours = replace(colours, page="transparent")
    count = sum(n.kind == "gate" for row in rows for _, t in row.lessons for n in t.nodes)
    if count > MOST_GATES:
        raise DrawingError(
            f"{count} gates are too many for a picture of right and wrong: at most {MOST_GATES}"
        )
    whole, ends = View(), []
    first: list[dict[str, str]] = []
    for number, row in enumerate(rows):
        for place, (title, lesson) in enumerate(row.lessons):
            options = Options(lesson.digits, lesson.has_gradients, values, names)
            view = view_of(lesson, progress(lesson, None), options)
            shown = {line.id: line.below for line in view.lines}
            if number == 0:
                first.append(shown)
            scope = "/".join(_flat(t) for t in (row.title, title) if t)
            _join(whole, view, f"r{number}s{place}-", scope, first[place])
            ends.append((number, _ends(view, f"r{number}s{place}-")))
    # Graphviz stacks frames, and what is in them, from the bottom up.
    for parts in (whole.items, whole.junctions, whole.lines):
        parts.reverse()
    style = Style(colours, look == "lecture", count > LARGE if compact is None else compact)
    graph = circuit.to_dot(whole, style)
    for (row_, (_, out)), (other, (into, _)) in pairwise(ends):
        if row_ == other:
            for one in into:  # so that the next step stands to the right of this one
                graph.edge(out, one, style="invis", weight="0", minlen="1")
    return Drawing(graph, engine, timeout, circuit.titles(whole))


def _flat(title: str) -> str:
    """A title as the name of one scope: a slash would part it into two."""
    return title.replace("/", "∕")


def _join(whole: View, view: View, prefix: str, scope: str, right: dict[str, str]) -> None:
    """Add a view to another, under ids of its own, in a frame with its title."""

    def inside(own: str | None) -> str:
        return f"{scope}/{own}" if own else scope

    for item in view.items:
        new: Item = replace(item, id=prefix + item.id, scope=inside(item.scope))
        whole.items.append(new)
    for junction in view.junctions:
        join: Junction = replace(junction, id=prefix + junction.id, scope=inside(junction.scope))
        whole.junctions.append(join)
    for line in view.lines:
        wire: Line = replace(
            line,
            id=prefix + line.id,
            start=prefix + line.start,
            end=prefix + line.end,
            marked=line.below != right.get(line.id, line.below),
        )
        whole.lines.append(wire)


def _ends(view: View, prefix: str) -> tuple[list[str], str]:
    """The wires that begin at a leaf, and the wire of the output."""
    leaves = {i.id for i in view.items if i.kind not in ("gate", "box", "output", "ellipsis")}
    into = [f"wire-{prefix}{line.id}" for line in view.lines if line.start in leaves]
    outputs = {i.id for i in view.items if i.kind == "output"}
    out = next(f"wire-{prefix}{line.id}" for line in view.lines if line.end in outputs)
    return into, out
