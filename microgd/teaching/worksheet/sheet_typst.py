"""A worksheet as typst: exercises that no page breaks, and the answers on pages of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from microgd.draw.engines.measuring import text_width
from microgd.notation.reading import read
from microgd.notation.typst import to_typst
from microgd.teaching.frames import size_of
from microgd.teaching.typesetting import colour, formula, picture, raw_string, words
from microgd.teaching.whole import formulas_of, labels_of
from microgd.teaching.worksheet.contents import (
    Line,
    answer_rows,
    blank_rows,
    found_mistake,
    heading,
    instructions,
    lines_of,
    table_heads,
    to_write,
)
from microgd.trace.numbers import format_number
from microgd.translation import _

if TYPE_CHECKING:
    from microgd.teaching.worksheet.exercise import Exercise
    from microgd.teaching.worksheet.sheet import Key, Worksheet

#: Points: the width between the margins.
WIDTH = {"a4": 595.28 - 96, "letter": 612.0 - 96}
_PAPER = {"a4": "a4", "letter": "us-letter"}
#: How large a circuit is drawn at most: the boxes are then 11 by 6 mm.
LARGEST = 0.7
#: How large it is where it is only read.
READ = 0.6
#: Two columns if every circuit can be at least so large in half of the width.
TWO_COLUMNS = 0.58
#: How large the circuits of the answers are: their numbers have 7.5 points.
ANSWERS = 0.5
_GUTTER = 22
#: Up to this level local derivatives are single numbers: tables are as wide as their heads.
_NARROW = 2

_SETUP = """\
#set document(title: {title}, date: none)
#set page(paper: "{paper}", margin: 48pt, numbering: "1", footer: context {{
  set text(size: 7.5pt, fill: luma(110))
  grid(columns: (1fr, auto), {made}, counter(page).display("1 / 1", both: true))
}})
#set text(font: ("Arimo", "Libertinus Serif"), size: 10pt, fill: {ink}, lang: {lang})
#show math.equation: set text(font: "New Computer Modern Math", size: 12pt)
#set table(stroke: 0.6pt + luma(120))
#let line_to_write = box(width: 1fr, line(length: 100%, stroke: 0.6pt))
#let blank(width: 26pt) = box(width: width, height: 16pt, baseline: 4.5pt, stroke: 0.6pt + luma(90))
#let exercise(number, title, body) = block(breakable: false, above: 0pt, below: 0pt, width: 100%, {{
  grid(columns: (auto, 1fr), column-gutter: 8pt, align: horizon,
    text(size: 12pt, weight: 700, [#number.]), title)
  v(1pt)  // a picture has a margin of its own
  body
}})
#let beside(wide, circuit, answers, ..more) = layout(room => {{
  let gap = 10pt
  let pair = if wide + gap + measure(answers).width <= room.width {{
    grid(columns: (1fr, auto), column-gutter: gap, align: horizon, circuit, answers)
  }}
  if pair == none {{ stack(spacing: 4pt, circuit, ..more, answers) }}
  else {{ stack(spacing: 4pt, pair, ..more) }}
}})
"""


def source(sheet: Worksheet, key: Key) -> str:
    """The sheet as typst source."""
    parts = [_setup(sheet)]
    if key != "only":
        parts.append(_head(sheet))
        cells = [_exercise(sheet, e, svg, answers=False) for e, svg in _pairs(sheet, sheet.blanks)]
        parts.append(_columns(cells, _count(sheet, sheet.blanks)))
    if key == "end":
        parts.append("#pagebreak()")
    if key != "none":
        parts.append(f"#text(size: 16pt, weight: 700)[{words(_('Answers'))}]\n#v(10pt)")
        cells = [_exercise(sheet, e, svg, answers=True) for e, svg in _pairs(sheet, sheet.filled)]
        parts.append(_columns(cells, _count_answers(sheet)))
    return "\n".join(parts) + "\n"


def _pairs(sheet: Worksheet, svgs: tuple[str, ...]) -> list[tuple[Exercise, str]]:
    return list(zip(sheet.exercises, svgs, strict=True))


def _setup(sheet: Worksheet) -> str:
    return _SETUP.format(
        title=raw_string(heading(sheet)),
        paper=_PAPER[sheet.paper],
        made=f"[{words(sheet.command)}]",
        ink=colour(sheet.colours.ink),
        lang=raw_string(sheet.lang),
    )


def _head(sheet: Worksheet) -> str:
    name, date = (words(t) for t in (_("Name:"), _("Date:")))
    return "\n".join(
        [
            "#grid(columns: (2fr, 1fr), column-gutter: 20pt, "
            f"[{name} #line_to_write], [{date} #line_to_write])",
            f"#v(12pt)\n#text(size: 16pt, weight: 700)[{words(heading(sheet))}]",
            f"#v(-2pt)\n#block(below: 16pt, text(size: 9.5pt)[{words(instructions(sheet))}])",
        ]
    )


def _count(sheet: Worksheet, svgs: tuple[str, ...]) -> int:
    """One column or two."""
    half = (WIDTH[sheet.paper] - _GUTTER) / 2
    if sheet.level.templates or sheet.table:
        return 1
    return 2 if all(half / size_of(svg)[0] >= TWO_COLUMNS for svg in svgs) else 1


def _count_answers(sheet: Worksheet) -> int:
    """Two columns where the circuits and the tables below them are narrow."""
    half = (WIDTH[sheet.paper] - _GUTTER) / 2
    if _count(sheet, sheet.filled) == 1 or sheet.level.number > _NARROW:
        return 1
    tables = (
        sum(text_width(h, 7.5, "Arial") + 12 for h in table_heads(e)) for e in sheet.exercises
    )
    circuits = (size_of(svg)[0] * ANSWERS for svg in sheet.filled)
    return 2 if max(*tables, *circuits) <= half else 1


def _columns(cells: list[str], columns: int) -> str:
    """Rows that stay whole, with room between them."""
    rows = []
    for place in range(0, len(cells), columns):
        row = ", ".join(cells[place : place + columns])
        rows.append(
            f"#block(breakable: false, above: 0pt, below: 15pt, grid(columns: (1fr,) * {columns}, "
            f"column-gutter: {_GUTTER}pt, {row}))"
        )
    return "\n".join(rows)


def _exercise(sheet: Worksheet, exercise: Exercise, svg: str, *, answers: bool) -> str:
    names = labels_of(exercise.trace)
    title = " #h(1.5em) ".join(formula(f, names) for f in formulas_of(exercise.trace))
    width, height = size_of(svg)
    columns = _count_answers(sheet) if answers else _count(sheet, sheet.blanks)
    room = (WIDTH[sheet.paper] - _GUTTER * (columns - 1)) / columns
    read_only = sheet.slips or sheet.level.templates  # matrices are written below it
    largest = ANSWERS if answers else READ if read_only else LARGEST
    factor = min(largest, room / width)
    body = [picture(svg, width=f"{width * factor:.1f}pt", height=f"{height * factor:.1f}pt")]
    if sheet.level.templates:
        body.append(_lines(exercise, answers=answers))
    if answers or sheet.table:
        body.append(_table(exercise, answers=answers))
    inner = f"stack(spacing: 5pt, {', '.join(body)})"
    if answers:
        circuit, *more, table = body
        inner = f"beside({width * factor:.1f}pt, {', '.join([circuit, table, *more])})"
    mistake = found_mistake(sheet, exercise)
    if answers and mistake is not None:
        wrong, said = mistake
        told = f"[{formula(wrong, names, display=False)} {words(said)}]"
        inner = f"stack(spacing: 9pt, block(width: 100%, {told}), {inner})"
    elif mistake is not None:
        first, second, why = (f"[{words(asked)} #line_to_write]" for asked in to_write(sheet))
        lines = f"grid(columns: (1fr, 1fr), gutter: 14pt, {first}, {second}, "
        inner = f"stack(spacing: 14pt, {inner}, {lines}grid.cell(colspan: 2, {why})))"
    return f"exercise({exercise.number}, [{title}], {inner})"


def _table(exercise: Exercise, *, answers: bool) -> str:
    """A row for each product of the backward pass."""
    names = labels_of(exercise.trace)
    rows = answer_rows(exercise) if answers else blank_rows(exercise)
    heads = table_heads(exercise)
    cells = [f"[{words(head)}]" for head in heads]
    for row in rows:
        cells += [f"[{_cell(cell, names)}]" for cell in row]
    size = "7.5pt" if answers else "9pt"
    inset = "(x: 4pt, y: 2.5pt)" if answers else "(x: 5pt, y: 3pt)"
    widths = f"(auto,) * {len(heads)}" if answers else f"(auto,) * 2 + (76pt,) * {len(heads) - 2}"
    heights = "auto" if answers else f"(auto,) + (18pt,) * {len(rows)}"
    return (
        f"{{ show math.equation: set text(size: {size}); text(size: {size}, table("
        f"columns: {widths}, rows: {heights}, inset: {inset}, "
        f"align: center + horizon, {', '.join(cells)})) }}"
    )


def _cell(cell: str, names: tuple[str, ...]) -> str:
    if not cell:
        return ""
    typeset = formula(cell, names)
    if "mat(" not in typeset:
        return typeset
    edges = '#set text(top-edge: "bounds", bottom-edge: "bounds")'  # a row as high as its matrix
    return f"{edges}; {formula(cell, names, display=True)}"


def _lines(exercise: Exercise, *, answers: bool) -> str:
    """Matrices to fill in: forward in a row, then the gradients."""
    names = labels_of(exercise.trace)
    digits = exercise.trace.digits
    rows = []
    for backward in (False, True):
        set_ = [
            f"box(inset: (y: 5pt), ${_left(line, names)} "
            f"{_matrix(line.value, digits, line.given or answers)}$)"
            for line in lines_of(exercise)
            if line.backward == backward
        ]
        rows.append(f"par(leading: 4pt, {{ {' ; h(20pt, weak: true) ; '.join(set_)} }})")
    return f"stack(spacing: 6pt, {', '.join(rows)})"


def _left(line: Line, names: tuple[str, ...]) -> str:
    return " ".join(f"display({to_typst(read(part, names))}) =" for part in line.parts)


def _matrix(value: Any, digits: int, shown: bool) -> str:
    """A number, a column or a matrix in typst's mathematics mode; boxes if it is asked for."""
    array = np.asarray(value)

    def entry(x: float) -> str:
        return to_typst(read(format_number(float(x), digits))) if shown else "blank()"

    if array.ndim == 0:
        return entry(float(array))
    rows = array.reshape(array.shape[0], -1)
    inside = "; ".join(", ".join(entry(x) for x in row) for row in rows)
    return f'mat(delim: "[", row-gap: #4pt, column-gap: #{"8pt" if shown else "4pt"}, {inside})'
