"""Slides as typst: one page a step, 16:9, everything at the same place on each page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from microgd.draw.engines.measuring import text_width
from microgd.draw.palette import Palette
from microgd.teaching.frames import size_of
from microgd.teaching.inked import (
    Formula,
    colour_of,
    numbers_of,
    rule_of,
    symbols_of,
    typst_formula,
)
from microgd.teaching.slides.layout import NUMBERS, PAGE, SYMBOLS, WIDTH
from microgd.teaching.typesetting import colour, formula, picture, raw_string, words
from microgd.translation import _

if TYPE_CHECKING:
    from microgd.teaching.slides.slides import Slide, Slides

#: Points: a title, and how small one of long words may become before it breaks within a word.
TITLE, SMALLEST = 38.0, 24.0
#: Points: a sentence in the place of numbers.
SENTENCE = 16

_FACE = "Arial bold"
#: Points between the margins of 28.
ROOM = PAGE[0] - 56

_SETUP = """\
#set document(title: {title}, author: {author}, date: none)
#set page(width: {width}pt, height: {height}pt, margin: 28pt, fill: {background})
#set text(font: ("Arimo", "Libertinus Serif"), size: 17pt, fill: {ink}, lang: {lang})
#show math.equation: set text(font: "New Computer Modern Math")
#set par(spacing: 0pt)
#let fitted(body) = layout(room => {{
  set block(spacing: 0pt)
  let own = measure(body)
  let (width, height) = (calc.max(own.width, 1pt), calc.max(own.height, 1pt))
  scale(calc.min(1, room.width / width, room.height / height) * 100%, reflow: true, body)
}})
#let line_at(dy, height, size, body) = place(top + left, dy: dy, block(
  width: 100%, height: height, align(center + horizon, text(size: size, fitted(body))),
))
#let slide(phase, title, number, count, circuit, symbols, numbers) = page({{
  place(top + left, text(size: 14pt, fill: {quiet}, phase))
  place(top + right, text(size: 14pt, fill: {quiet}, [#number / #count]))
  let inside = align(center + horizon, circuit)
  place(top + center, dy: 24pt, block(width: {wide}pt, height: {room}pt, inside))
  line_at({symbols}, symbols)
  line_at({numbers}, numbers)
  place(bottom + left, dy: 20pt, text(size: 9pt, fill: {quiet}, title))
  let done = rect(width: {width}pt * number / count, height: 4pt, fill: {active})
  place(bottom + left, dx: -28pt, dy: 28pt, done)
}})
#let notes(heading, body) = page({{
  text(size: 14pt, fill: {quiet}, heading)
  v(24pt)
  set par(leading: 0.8em, spacing: 1.6em)
  text(size: 22pt, body)
}})
"""


def source(slides: Slides, *, with_notes: bool) -> str:
    """The slides as typst source."""
    colours = slides.colours
    title = slides.title or _plain_title(slides)
    pages = [_setup(slides, title), _first(slides)]
    said = slides.notes
    if with_notes:
        pages.append(_notes(0, said[0], len(slides)))
    for slide, svg in zip(slides.steps, slides.pictures, strict=True):
        pages.append(_step(slides, slide, svg, title, colours))
        if with_notes:
            pages.append(_notes(slide.number, said[slide.number], len(slides)))
    pages.append(_last(slides))
    if with_notes:
        pages.append(_notes(len(slides) - 1, said[-1], len(slides)))
    return "\n".join(pages) + "\n"


def _plain_title(slides: Slides) -> str:
    return "; ".join(slides.formulas) or _("Backpropagation, gate by gate")


def _size(title: str) -> float:
    """As large as its longest word allows."""
    longest = max((text_width(word, TITLE, _FACE) for word in title.split()), default=0.0)
    return min(TITLE, max(SMALLEST, TITLE * ROOM / max(longest, 1.0)))


def _breakable(title: str, size: float) -> str:
    """Words, of which those that are wider than the page may break anywhere."""
    said = []
    for word in title.split():
        whole = text_width(word, size, _FACE) <= ROOM
        pieces = [word] if whole else [word[i : i + 4] for i in range(0, len(word), 4)]
        said.append("#sym.zws".join(words(piece) for piece in pieces))
    return " ".join(said)


def _setup(slides: Slides, title: str) -> str:
    colours, layout = slides.colours, slides.layout
    high, large = (n * layout.grown for n in SYMBOLS)
    below = 24 + layout.room + 10
    return _SETUP.format(
        title=raw_string(title),
        author=raw_string(slides.author) if slides.author else "()",
        width=PAGE[0],
        height=PAGE[1],
        wide=WIDTH,
        room=layout.room,
        symbols=f"{below:.1f}pt, {high:.1f}pt, {large:.1f}pt",
        numbers="{:.1f}pt, {:.1f}pt, {:.1f}pt".format(
            below + high + 4, *(n * layout.grown for n in NUMBERS)
        ),
        background=colour(colours.background),
        ink=colour(colours.ink),
        quiet=colour(colours.name),
        active=colour(colours.active),
        lang=raw_string(slides.lang),
    )


def _first(slides: Slides) -> str:
    """The title, the calculation, the inputs, the author."""
    rows = []
    if slides.title:
        size = _size(slides.title)
        rows.append(f"text(size: {size:.1f}pt, weight: 700)[{_breakable(slides.title, size)}]")
    lines_ = len(slides.formulas[-7:])
    size = 50 if lines_ == 1 else 42 if lines_ == 2 else 34 if lines_ == 3 else 24
    if slides.formulas:
        lines = [f"fitted[{formula(f, slides.names, display=True)}]" for f in slides.formulas[-7:]]
        rows.append(f"text(size: {size}pt, stack(spacing: 14pt, {', '.join(lines)}))")
    elif not slides.title:
        rows.append(f"text(size: 34pt, weight: 700)[{words(_plain_title(slides))}]")
    if slides.given:
        given = " #h(1.2em, weak: true) ".join(
            f"#box[{formula(g, slides.names)}]" for g in slides.given[:16]
        )
        more = " …" if len(slides.given) > 16 else ""
        rows.append(f"text(size: 24pt)[#set par(leading: 1em); {given}{more}]")
    if slides.author:
        quiet = colour(slides.colours.name)
        rows.append(f"text(size: 18pt, fill: {quiet})[{words(slides.author)}]")
    return f"#page(align(center + horizon, stack(spacing: 34pt, {', '.join(rows)})))"


def _step(slides: Slides, slide: Slide, svg: str, title: str, colours: Palette) -> str:
    width, height = size_of(svg)
    factor = slides.layout.factor
    panel = slide.panel

    def set_(formula: Formula) -> str:
        return f"[{typst_formula(formula, colours)}]"

    symbols = set_(symbols_of(panel))
    if panel.rule:
        symbols = f"grid(columns: 2, column-gutter: 2.4em, {symbols}, {set_(rule_of(panel))})"
    numbers = set_(numbers_of(panel))
    if not panel.numbers:  # too long to write out: the sentence says what happens
        size = f"{SENTENCE * min(slides.layout.grown, 1.25):.1f}pt"
        numbers = f"text(size: {size})[{words(panel.sentence)}]" if _adds(slide) else "[]"
    circuit = picture(svg, width=f"{width * factor:.1f}pt", height=f"{height * factor:.1f}pt")
    return (
        f"#slide([{words(slide.phase)}], [{_breakable(title, 9)}], "
        f"{slide.number}, {len(slides.steps)}, "
        f"{circuit}, {symbols}, {numbers})"
    )


def _adds(slide: Slide) -> bool:
    """Whether the sentence says more than the formula."""
    return slide.panel.kind != "seed"


def _last(slides: Slides) -> str:
    """The table of gradients; of the forward pass alone, the result."""
    from microgd.teaching.slides.slides import MOST_ROWS

    colours, table = slides.colours, slides.table
    if not slides.trace.has_gradients:
        label, value = table.rows[0]
        result = formula(f"{label} = {value}", slides.names)
        return f"#page(align(center + horizon, text(size: 56pt)[{result}]))"
    shown = table.rows[:MOST_ROWS]
    quiet = colour(colours.name)
    cells = [f"text(fill: {quiet})[{words(c.rstrip('>'))}]" for c in table.columns]
    for row in shown:
        for role, cell in zip(slides.roles, row, strict=True):
            ink = colour(colour_of(role, colours))
            # Typst takes a matrix for no higher than its line, unless it is displayed.
            told = formula(cell, slides.names, display="[[" in cell) if cell else ""
            cells.append(f"text(fill: {ink})[{told}]")
    more = len(table.rows) - len(shown)
    rest = f", v(12pt), text(size: 14pt)[{words(_('and {n} more').format(n=more))}]" if more else ""
    # A table of a mistake has more columns; what is too wide or too high is fitted anyway.
    size = max(18, min(36 if len(table.columns) < 5 else 22, 190 // (len(shown) + 1)))
    sides = ", ".join(
        "right + horizon" if c.endswith(">") else "left + horizon" for c in table.columns
    )
    set_ = (
        f"table(columns: {len(table.columns)}, align: ({sides}), stroke: none, "
        f"inset: (x: 18pt, y: {size // 3}pt), {', '.join(cells)}, "
        f"table.hline(y: 1, stroke: 1pt + {colour(colours.faint)}))"
    )
    return f"#page(align(center + horizon, stack(fitted(text(size: {size}pt, {set_})){rest})))"


def _notes(number: int, text: str, count: int) -> str:
    heading = _("Notes to page {number} of {count}").format(number=number + 1, count=count)
    paragraphs = " #parbreak() ".join(words(p) for p in text.split("\n\n"))
    return f"#notes([{words(heading)}], [{paragraphs}])"
