"""A worksheet as one HTML page, to print or to fill in on paper; it loads nothing."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from microgd.notation.mathml import inner_mathml, to_mathml
from microgd.notation.names import printable
from microgd.notation.reading import read
from microgd.teaching.frames import size_of, with_prefix
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

#: How large a circuit is drawn, of its own size in points; and the circuits of the answers.
LARGEST, ANSWERS = 0.95, 0.7
#: Circuits of at most so many points stand two in a row.
NARROW = 420


def page(sheet: Worksheet, key: Key) -> str:
    """The whole page."""
    parts = []
    if key != "only":
        parts += [_head(sheet), _exercises(sheet, sheet.blanks, answers=False)]
    if key != "none":
        inside = f"<h1>{_text(_('Answers'))}</h1>"
        inside += _exercises(sheet, sheet.filled, answers=True)
        parts.append(f'<section class="answers">{inside}</section>')
    colours = sheet.colours
    inks = f"--ink: {colours.ink}; --page: {colours.background}; --quiet: {colours.name}"
    css = (Path(__file__).parent / "worksheet.css").read_text(encoding="utf-8")
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html>\n<html lang="{escape(sheet.lang)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"<title>{_text(heading(sheet))}</title>\n<style>\n:root {{ {inks} }}\n{css}</style>\n"
        "</head>\n<body>\n" + "\n".join(parts) + f"\n<footer>{_text(sheet.command)}</footer>\n"
        "</body>\n</html>\n"
    )


def _text(text: str) -> str:
    return escape(printable(" ".join(text.split())))


def _head(sheet: Worksheet) -> str:
    name, date = _text(_("Name:")), _text(_("Date:"))
    return (
        f'<header><div class="who"><span>{name}</span><span>{date}</span></div>'
        f"<h1>{_text(heading(sheet))}</h1><p>{_text(instructions(sheet))}</p></header>"
    )


def _exercises(sheet: Worksheet, svgs: tuple[str, ...], *, answers: bool) -> str:
    narrow = all(size_of(svg)[0] <= NARROW for svg in svgs) and not sheet.level.templates
    two = narrow and not sheet.table and not answers
    found = "\n".join(
        _exercise(sheet, exercise, svg, answers=answers)
        for exercise, svg in zip(sheet.exercises, svgs, strict=True)
    )
    return f'<div class="exercises{" two" if two else ""}">\n{found}\n</div>'


def _exercise(sheet: Worksheet, exercise: Exercise, svg: str, *, answers: bool) -> str:
    names = labels_of(exercise.trace)
    title = " ".join(to_mathml(read(f, names)) for f in formulas_of(exercise.trace))
    width, height = (n * (ANSWERS if answers else LARGEST) for n in size_of(svg))
    svg = with_prefix(svg, f"{'a' if answers else 'e'}{exercise.number}-")
    size = f'<svg width="{width:.0f}" height="{height:.0f}"'
    body = [re.sub(r'<svg width="\d+" height="\d+"', size, svg, count=1)]
    if sheet.level.templates:
        body += _lines(exercise, answers=answers)
    if answers or sheet.table:
        body.append(_table(exercise, answers=answers))
    mistake = found_mistake(sheet, exercise)
    if answers and mistake is not None:
        wrong, said = mistake
        body.insert(0, f"<p>{to_mathml(read(wrong, names))} {_text(said)}</p>")
    elif mistake is not None:
        lines = "".join(f"<span>{_text(asked)}</span>" for asked in to_write(sheet))
        body.append(f'<div class="who found">{lines}</div>')
    return f"<article><h2>{exercise.number}. {title}</h2>{''.join(body)}</article>"


def _table(exercise: Exercise, *, answers: bool) -> str:
    names = labels_of(exercise.trace)
    rows = answer_rows(exercise) if answers else blank_rows(exercise)
    head = "".join(f"<th scope=col>{_text(h)}</th>" for h in table_heads(exercise))
    body = "".join(
        "<tr>" + "".join(f"<td>{_cell(cell, names)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(cell: str, names: tuple[str, ...]) -> str:
    return to_mathml(read(cell, names)) if cell else ""


def _lines(exercise: Exercise, *, answers: bool) -> list[str]:
    """Matrices to fill in: every value, then every gradient."""
    names = labels_of(exercise.trace)
    digits = exercise.trace.digits
    found = []
    for backward in (False, True):
        formulas = "".join(
            f'<math displaystyle="true">{_left(line, names)}'
            f"{_matrix(line.value, digits, line.given or answers)}</math>"
            for line in lines_of(exercise)
            if line.backward == backward
        )
        found.append(f'<div class="lines">{formulas}</div>')
    return found


def _left(line: Line, names: tuple[str, ...]) -> str:
    return "".join(f"{inner_mathml(read(part, names))}<mo>=</mo>" for part in line.parts)


def _matrix(value: Any, digits: int, shown: bool) -> str:
    array = np.asarray(value)
    blank = '<mspace class="blank" width="2.4em" height="1.2em" depth="0.4em"></mspace>'

    def entry(x: float) -> str:
        return inner_mathml(read(format_number(float(x), digits))) if shown else blank

    if array.ndim == 0:
        return f"<mrow>{entry(float(array))}</mrow>"
    rows = array.reshape(array.shape[0], -1)
    inside = "".join(
        "<mtr>" + "".join(f"<mtd>{entry(x)}</mtd>" for x in row) + "</mtr>" for row in rows
    )
    return f"<mrow><mo>[</mo><mtable>{inside}</mtable><mo>]</mo></mrow>"
