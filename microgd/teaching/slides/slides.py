"""Slides: one page a step, the circuit at the same place on each. `mg.slides(f).save("f.pdf")`."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from microgd.draw.drawing import LOOKS, Drawing, draw
from microgd.draw.palette import Palette, palette_named
from microgd.errors import ArgumentError, DrawingError
from microgd.files import write_whole
from microgd.graph.node import Node
from microgd.graph.values import Value
from microgd.notation.names import printable
from microgd.teaching.bugs.buggy import Buggy
from microgd.teaching.panel import Panel, panels
from microgd.teaching.slides.layout import Layout, layout_of, number_size
from microgd.teaching.whole import formulas_of, inputs_in_words, labels_of
from microgd.trace.build import trace as build_trace
from microgd.trace.lesson import Trace
from microgd.trace.numbers import format_cell, format_value
from microgd.trace.table import Table
from microgd.translation import _, speaking

#: Points: numbers of a circuit that are as large need no closer setting.
LARGE = 15
#: More pages are no lecture; each is a picture of its own.
MOST_SLIDES = 250
#: Rows of the table on the last page; of more, the first ones.
MOST_ROWS = 12

Notes = Literal["file", "pages", "none"]
NOTES: tuple[Notes, ...] = ("file", "pages", "none")
PARTS = ("all", "forward", "backward")


@dataclass(frozen=True, slots=True)
class Slide:
    """One step's page.

    Attributes:
        panel: the step in formulas and words.
        phase: what the page belongs to: "Forward" or "Backward", in the language of the slides.
        number: which of the steps it is, from 1.
    """

    panel: Panel
    phase: str
    number: int


@dataclass(frozen=True, eq=False, repr=False)
class Slides:
    """A lecture of one calculation.

    Attributes:
        trace: what is told.
        title, author: on the first page; without a title, the calculation itself is large there.
        text: what to say on the first page, before the calculation itself.
        formulas: the calculation, a line for each result that has a name.
        given: the inputs with their values.
        steps: a page each.
        wrong: whether it is a mistake that is told.
        table: on the last page: the inputs, their values, and their gradients; or right and wrong.
    """

    trace: Trace
    title: str
    author: str
    text: str
    formulas: tuple[str, ...]
    given: tuple[str, ...]
    steps: tuple[Slide, ...]
    table: Table
    look: str = "circuit"
    palette: str = "default"
    lang: str = "en"
    engine: str | None = None
    timeout: float = 30.0
    wrong: bool = False

    def __len__(self) -> int:
        """How many slides there are, the first and the last page included."""
        return len(self.steps) + 2

    def __repr__(self) -> str:
        return f"<{len(self)} slides>"

    @property
    def colours(self) -> Palette:
        """The palette itself."""
        return palette_named(self.palette)

    @property
    def names(self) -> tuple[str, ...]:
        """The labels that may stand in formulas."""
        return labels_of(self.trace)

    @property
    def roles(self) -> tuple[str, ...]:
        """What the columns of the table are coloured as."""
        if self.wrong:
            return ("",) * (len(self.table.columns) - 1) + ("gradient",)
        return ("", "value", "gradient")

    @cached_property
    def pictures(self) -> tuple[str, ...]:
        """The circuit as SVG at each step, all of one size.

        Raises:
            DrawingError: no engine to draw with, or a circuit too large for a picture.
        """
        from microgd.teaching.frames import same_size

        compact = self._first.style.compact if self._first.style else None
        drawn = [self._first, *(self._draw(s, compact) for s in self.steps[1:])]
        return same_size([replace(d, titles={}).svg for d in drawn])

    def _draw(self, slide: Slide, compact: bool | None = None) -> Drawing:
        with speaking(self.lang):
            return draw(
                self.trace,
                self.look,
                palette=self.palette,
                gradients=self.trace.has_gradients,
                step=slide.panel.step,
                names="all",  # the formulas speak of every one
                compact=compact,
                engine=self.engine,
                timeout=self.timeout,
            )

    @cached_property
    def _first(self) -> Drawing:
        """The first picture. It is set close where its numbers are larger so on the page: in a
        wide circuit, more of whose width is then numbers."""
        ordinary = self._draw(self.steps[0])
        if ordinary.style is None or ordinary.style.compact or number_size(ordinary) >= LARGE:
            return ordinary
        close = self._draw(self.steps[0], compact=True)
        return max(ordinary, close, key=number_size)

    @property
    def number_size(self) -> float:
        """How large the numbers of the circuit are on a page, in points (the page is 842 wide)."""
        return number_size(self._first)

    @cached_property
    def layout(self) -> Layout:
        """What of each page is the circuit's, and how large the formulas are."""
        return layout_of(self.pictures[0], [s.panel for s in self.steps])

    @property
    def notes(self) -> tuple[str, ...]:
        """What to say at each page."""
        with speaking(self.lang):
            f = self.trace.node(self.trace.output).label
            first = _("The calculation is {formulas}, with {values}.").format(
                formulas="; ".join(self.formulas) or f, values=", ".join(self.given) or "…"
            )
            if self.wrong:
                last = _("The right gradients, and the wrong ones.")
            elif self.trace.has_gradients:
                last = _("The gradient of {f} with respect to every input.").format(f=f)
            else:
                last = _("The result.")
            first = f"{self.text.strip()}\n\n{first}" if self.text.strip() else first
            return (first, *(s.panel.sentence for s in self.steps), last)

    def typst(self, notes: Notes = "none") -> str:
        """The slides as typst source that needs no other file."""
        from microgd.teaching.slides.typst import source

        with speaking(self.lang):
            return source(self, with_notes=notes == "pages")

    def pdf(self, notes: Notes = "none") -> bytes:
        """The slides as a PDF.

        Raises:
            MissingExtraError: typst is not installed.
        """
        from microgd.teaching.typesetting import pdf_of, require_typst

        require_typst("slides")  # before anything is drawn
        return pdf_of(self.typst(notes), "slides")

    @property
    def html(self) -> str:
        """The slides as one page that needs no other file."""
        from microgd.teaching.slides.html import page

        with speaking(self.lang):
            return page(self)

    @property
    def pdfpc(self) -> str:
        """The notes as the file that the presenters pdfpc and pympress read beside a PDF."""
        pages = [
            {"idx": i, "label": str(i + 1), "overlay": 0, "note": _plain(note)}
            for i, note in enumerate(self.notes)
        ]
        found = {"pdfpcFormat": 2, "disableMarkdown": True, "pages": pages}
        return json.dumps(found, ensure_ascii=False, indent=1) + "\n"

    def save(self, path: str | Path, notes: Notes | None = None) -> tuple[Path, ...]:
        """Write the slides as .pdf, .html or .typ; return the files that were written.

        Arguments:
            notes: what becomes of the notes in a PDF: "file" writes them beside it, as .pdfpc;
                "pages" puts a page of notes after each slide; "none" leaves them out. Pages of
                HTML always have them: the key `n` shows them.

        Raises:
            DrawingError: another ending, no engine. MissingExtraError: a PDF, without typst.
            OutputError: a file cannot be written.
        """
        path = Path(path)
        ending = path.suffix.lower()
        if notes not in (None, *NOTES):
            raise ArgumentError(f"notes are {', '.join(map(repr, NOTES))}; got {notes!r}")
        if ending == ".html":
            return (write_whole(path, self.html),)
        if ending == ".typ":
            return (write_whole(path, self.typst(notes or "none")),)
        if ending != ".pdf":
            raise DrawingError(f"{str(path)!r} does not end in .pdf, .html or .typ")
        written = [write_whole(path, self.pdf(notes or "file"))]
        if notes in (None, "file"):
            written.append(write_whole(path.with_suffix(".pdfpc"), self.pdfpc))
        return tuple(written)

    def _repr_html_(self) -> str:
        from html import escape

        return (
            f'<iframe srcdoc="{escape(self.html)}" style="width:100%;aspect-ratio:16/9"></iframe>'
        )


def slides(
    what: Any,
    *,
    title: str = "",
    author: str = "",
    text: str = "",
    look: str = "circuit",
    palette: str = "default",
    only: str = "all",
    digits: int | None = None,
    expand: str | tuple[str, ...] | bool = (),
    engine: str | None = None,
    timeout: float = 30.0,
) -> Slides:
    """Slides of a Tensor, a Circuit, a Trace or a Buggy: a page for each step.

    Arguments:
        title, author: on the first page. text: what to say there, before the calculation itself.
        look, palette: of the circuit, as for `mg.draw`; the palette "dark" makes dark slides.
        only: "forward" or "backward" tells one pass; "all" both.
        digits: decimals; None takes 0 if all numbers are whole, else 2.
        expand: composite gates to open, by name; True opens all.
        engine, timeout: of the drawing.

    Raises:
        DrawingError: an unknown look or palette. ArgumentError: nothing to tell, or so much
        that it would be more than 250 pages.

    >>> import microgd as mg
    >>> mg.slides(mg.circuit("(x + y) * z", x=-2, y=5, z=-4))
    <9 slides>
    """
    if look not in LOOKS:
        raise DrawingError(f"there is no look {look!r}; choose {', '.join(LOOKS)}")
    palette_named(palette)
    if only not in PARTS:
        raise ArgumentError(f"only is 'all', 'forward' or 'backward', got {only!r}")
    buggy = what if isinstance(what, Buggy) else None
    if buggy is not None:
        what = buggy.wrong
        title = title or _("Wrong: {mistake}").format(mistake=buggy.title)
        text = text or " ".join(t for t in (buggy.why, buggy.note) if t)
    told = _told(what, digits, expand, backward=only != "forward")
    with speaking(told.lang):
        return _slides(told, buggy, only, title, author, text, look, palette, engine, timeout)


def _slides(
    told: Trace,
    buggy: Buggy | None,
    only: str,
    title: str,
    author: str,
    text: str,
    look: str,
    palette: str,
    engine: str | None,
    timeout: float,
) -> Slides:
    """The same in the language of the trace."""
    if not told.has_gradients and only == "backward":
        raise ArgumentError("this trace has no backward pass to make slides of")
    chosen = [
        panel
        for panel in panels(told)
        if only == "all" or (panel.kind == "forward") == (only == "forward")
    ]
    if not chosen:
        raise ArgumentError("there is no gate in it, so there is no step to show")
    if len(chosen) > MOST_SLIDES:
        raise ArgumentError(_too_many(len(chosen), only))
    steps = tuple(
        Slide(panel, _("Forward") if panel.kind == "forward" else _("Backward"), number)
        for number, panel in enumerate(chosen, start=1)
    )
    return Slides(
        told,
        printable(" ".join(title.split())),
        printable(" ".join(author.split())),
        text,
        formulas_of(told),
        inputs_in_words(told),
        steps,
        _table(told) if buggy is None else buggy.table(),
        look,
        palette,
        told.lang,
        engine,
        timeout,
        buggy is not None,
    )


def _told(what: Any, digits: int | None, expand: Any, *, backward: bool) -> Trace:
    if isinstance(what, Trace):
        if expand or digits is not None:
            raise ArgumentError("a trace is told already: expand gates and set digits before")
        return what
    output = getattr(what, "output", what)
    if not isinstance(output, Node):
        raise ArgumentError(f"slides are of a Tensor, a circuit or a trace; got {what!r:.60}")
    if expand:
        from microgd.graph.rewrite import expand as expand_graph

        names = None if expand is True or expand == "all" else expand
        wanted = [names] if isinstance(names, str) else names
        output = expand_graph([output], wanted, deep=wanted is None)[0]
    return build_trace(output, digits=digits, backward=backward)


def _table(trace: Trace) -> Table:
    """The inputs, their values, and their gradients where there are any; else the result."""
    out = trace.by_id[trace.output]
    if not trace.has_gradients:
        return Table("", ("", ">"), ((out.label, format_cell(out.value, trace.digits)),))
    heads = (_("input"), _("value") + ">", _("gradient of {f}").format(f=out.label) + ">")
    rows = []
    for label, *told in trace.gradients().rows:
        node = trace.node(label)
        known = (node.value, node.gradient)
        rows.append((label, *(_whole(trace, v, t) for v, t in zip(known, told, strict=True))))
    return Table("", heads, tuple(rows))


def _whole(trace: Trace, value: Value | None, told: str) -> str:
    """A number or a small array as it is, however wide: there is room on the page."""
    return told if value is None else format_value(value, trace.digits)


def _too_many(count: int, only: str) -> str:
    hint = "" if only != "all" else "; only='backward' leaves out the forward pass"
    return (
        f"{count} steps would make as many pages, and {MOST_SLIDES} are the most{hint}; "
        "take a smaller calculation, or leave composite gates closed"
    )


def _plain(note: str) -> str:
    """A note without signs that turn what follows around; its paragraphs stay."""
    return "\n".join(printable(line) for line in note.split("\n"))
