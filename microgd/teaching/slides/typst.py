"""Slides as typst: one page a step, 16:9, everything at the same place on each page."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from microgd.teaching.typesetting import colour, formula, picture, raw_string, words
from microgd.translation import _

if TYPE_CHECKING:
    from microgd.teaching.slides.slides import Slide, Slides

#: Points: the page, the room for the circuit on it, and how much it may grow.
PAGE = (842, 474)
ROOM = (786, 252)
LARGEST = 1.9

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
  place(top + left, dy: 24pt, block(width: 100%, height: {room}pt, inside))
  line_at(286pt, 62pt, 23pt, symbols)
  line_at(352pt, 52pt, 28pt, numbers)
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


def _setup(slides: Slides, title: str) -> str:
    colours = slides.colours
    return _SETUP.format(
        title=raw_string(title),
        author=raw_string(slides.author) if slides.author else "()",
        width=PAGE[0],
        height=PAGE[1],
        room=ROOM[1],
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
        rows.append(f"text(size: 38pt, weight: 700)[{words(slides.title)}]")
    size = 30 if len(slides.formulas) < 4 else 22
    if slides.formulas:
        lines = [f"fitted[{formula(f, slides.names, display=True)}]" for f in slides.formulas[-7:]]
        rows.append(f"text(size: {size}pt, stack(spacing: 14pt, {', '.join(lines)}))")
    elif not slides.title:
        rows.append(f"text(size: 34pt, weight: 700)[{words(_plain_title(slides))}]")
    if slides.given:
        given = " #h(1.2em) ".join(formula(g, slides.names) for g in slides.given[:16])
        more = " …" if len(slides.given) > 16 else ""
        rows.append(f"text(size: 20pt)[{given}{more}]")
    if slides.author:
        quiet = colour(slides.colours.name)
        rows.append(f"text(size: 18pt, fill: {quiet})[{words(slides.author)}]")
    return f"#page(align(center + horizon, stack(spacing: 34pt, {', '.join(rows)})))"


def _step(slides: Slides, slide: Slide, svg: str, title: str, colours: Palette) -> str:
    width, height = size_of(svg)
    factor = factor_of(svg)
    panel = slide.panel

    def set_(formula: Formula) -> str:
        return f"[{typst_formula(formula, colours)}]"

    symbols = set_(symbols_of(panel))
    if panel.rule:
        symbols = f"grid(columns: 2, column-gutter: 2.4em, {symbols}, {set_(rule_of(panel))})"
    numbers = set_(numbers_of(panel))
    if not panel.numbers:  # too long to write out: the sentence says what happens
        numbers = f"text(size: 16pt)[{words(panel.sentence)}]" if _adds(slide) else "[]"
    circuit = picture(svg, width=f"{width * factor:.1f}pt", height=f"{height * factor:.1f}pt")
    return (
        f"#slide([{words(slide.phase)}], [{words(title)}], {slide.number}, {len(slides.steps)}, "
        f"{circuit}, {symbols}, {numbers})"
    )


def factor_of(svg: str) -> float:
    """By how much a picture grows on its page."""
    width, height = size_of(svg)
    return min(ROOM[0] / width, ROOM[1] / height, LARGEST)


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
        return f"#page(align(center + horizon, text(size: 40pt)[{result}]))"
    shown = table.rows[:MOST_ROWS]
    quiet = colour(colours.name)
    cells = [f"text(fill: {quiet})[{words(c.rstrip('>'))}]" for c in table.columns]
    for row in shown:
        for role, cell in zip(slides.roles, row, strict=True):
            ink = colour(colour_of(role, colours))
            cells.append(f"text(fill: {ink})[{formula(cell, slides.names) if cell else ''}]")
    more = len(table.rows) - len(shown)
    rest = f", v(12pt), text(size: 14pt)[{words(_('and {n} more').format(n=more))}]" if more else ""
    size = 26 if len(shown) <= 7 and len(table.columns) < 5 else 18
    sides = ", ".join("right" if c.endswith(">") else "left" for c in table.columns)
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
