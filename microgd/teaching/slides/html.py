"""Slides as one HTML page: the same pages as the PDF, with keys, notes, and no request."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from microgd.notation.mathml import to_mathml
from microgd.notation.names import printable
from microgd.notation.reading import read
from microgd.pages import hashed
from microgd.teaching.frames import frames_of, size_of, with_prefix
from microgd.teaching.inked import mathml_formula, numbers_of, rule_of, symbols_of
from microgd.teaching.slides.layout import NUMBERS, SYMBOLS
from microgd.translation import _

if TYPE_CHECKING:
    from microgd.teaching.slides.slides import Slide, Slides

_HERE = Path(__file__).parent
_INKS = ("ink", "value", "gradient", "local", "active", "faint")


def page(slides: Slides) -> str:
    """The whole page."""
    title = slides.title or "; ".join(slides.formulas) or _("Backpropagation, gate by gate")
    said = slides.notes
    script = _file("slides.js")
    frames = frames_of(slides.pictures)
    shared, circuits = "", list(_alone(slides))
    if frames is not None:
        shared = f'<div class="defs" aria-hidden="true">{_symbol(frames.picture)}</div>\n'
        box = " ".join(f"{n:g}" for n in size_of(slides.pictures[0]))
        circuits = [
            f'<svg viewBox="0 0 {box}" style="{paint}"><use href="#circuit"/></svg>'
            for paint in frames.steps
        ]
    sections = [
        _first(slides, said[0]),
        *(
            _step(slides, slide, circuit, title, said[slide.number])
            for slide, circuit in zip(slides.steps, circuits, strict=True)
        ),
        _last(slides, said[-1]),
    ]
    return (
        f'<!doctype html>\n<html lang="{escape(slides.lang)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(script)}">\n'
        f"<title>{_text(title)}</title>\n<style>\n{_colours(slides)}\n{_file('slides.css')}</style>\n"
        f"</head>\n<body>\n{shared}" + "\n".join(sections) + f"\n{_buttons()}\n"
        f"<script>{script}</script>\n</body>\n</html>\n"
    )


def _policy(script: str) -> str:
    """What the page may do: run this one script, and load nothing."""
    return f"default-src 'none'; style-src 'unsafe-inline'; script-src {hashed(script)}"


def _file(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _text(text: str) -> str:
    return escape(printable(" ".join(text.split())))


def _colours(slides: Slides) -> str:
    colours, layout = slides.colours, slides.layout
    heights = (layout.room, SYMBOLS[0] * layout.grown, NUMBERS[0] * layout.grown)
    rows = " ".join(f"{height:.0f}fr" for height in heights)
    inks = "; ".join(f"--{ink}: {getattr(colours, ink)}" for ink in _INKS)
    dark = "dark" if slides.palette == "dark" else "light"
    return (
        f":root {{ {inks}; --page: {colours.background}; --quiet: {colours.name}; "
        f"--grown: {layout.grown:.3g}; --rows: {rows}; "
        f"color-scheme: {dark} }}"
    )


def _symbol(picture: str) -> str:
    """The picture that every page uses, in its own colours."""
    inside = picture[picture.index(">") + 1 :].removesuffix("</svg>").rstrip()
    inside = inside.removesuffix("</svg>")
    family = re.search(r'font-family="([^"]*)"', picture)
    font = f' font-family="{family[1]}"' if family else ""
    return f'<svg><g id="circuit" stroke-linecap="square"{font}>{inside}</g></svg>'


def _alone(slides: Slides) -> tuple[str, ...]:
    """Each page's own picture, with ids of its own."""
    return tuple(
        with_prefix(svg, f"p{number}-") for number, svg in enumerate(slides.pictures, start=1)
    )


def _first(slides: Slides, note: str) -> str:
    parts = [f"<h1>{_text(slides.title)}</h1>"] if slides.title else []
    shown = slides.formulas[-7:]
    if shown:
        size = _size(2.6, 100 / max(map(len, shown)), 9 / len(shown))
        lines = "".join(to_mathml(read(f, slides.names), block=True) for f in shown)
        parts.append(f'<div class="whole" style="font-size:{size}">{lines}</div>')
    if not parts:
        parts.append(f"<h1>{_text(_('Backpropagation, gate by gate'))}</h1>")
    given = "".join(to_mathml(read(g, slides.names)) for g in slides.given[:16])
    if given:
        parts.append(f'<div class="given">{given}{" …" if len(slides.given) > 16 else ""}</div>')
    if slides.author:
        parts.append(f"<p>{_text(slides.author)}</p>")
    return _section("plain", _("The calculation"), "".join(parts), note)


def _size(most: float, *limits: float) -> str:
    """How large, in rem, where so much is as wide or as high as the page."""
    return f"{max(0.8, min(most, *limits)):.3g}rem"


def _section(kind: str, label: str, inside: str, note: str) -> str:
    shown = f' class="{kind}"' if kind else ""
    said = f"<aside>{_said(note)}</aside>"
    return f'<section{shown} aria-label="{_text(label)}">{inside}{said}</section>'


def _said(note: str) -> str:
    return "".join(f"<p>{_text(paragraph)}</p>" for paragraph in note.split("\n\n"))


def _step(slides: Slides, slide: Slide, circuit: str, title: str, note: str) -> str:
    panel = slide.panel
    place = f"{slide.number} / {len(slides.steps)}"
    numbers = mathml_formula(numbers_of(panel), block=True)
    if not numbers and panel.kind != "seed":
        numbers = f'<p class="sentence">{_text(panel.sentence)}</p>'
    done = 100 * slide.number / len(slides.steps)
    inside = (
        f"<header><span>{_text(slide.phase)}</span><span>{place}</span></header>"
        f'<div class="circuit">{circuit}</div>'
        f'<div class="formulas">{mathml_formula(symbols_of(panel), block=True)}'
        f"{mathml_formula(rule_of(panel), block=True)}</div>"
        f'<div class="numbers">{numbers}</div>'
        f"<footer>{_text(title)}</footer>"
        f'<div class="bar" style="width:{done:.4g}%"></div>'
    )
    return _section("", f"{slide.phase}, {place}: {panel.sentence}", inside, note)


def _last(slides: Slides, note: str) -> str:
    from microgd.teaching.slides.slides import MOST_ROWS

    table = slides.table
    if not slides.trace.has_gradients:
        label, value = table.rows[0]
        result = to_mathml(read(f"{label} = {value}", slides.names), block=True)
        return _section("plain", _("The result."), result, note)
    head = "".join(f"<th scope=col>{_text(c.rstrip('>'))}</th>" for c in table.columns)
    rows = "".join(
        "<tr>"
        + "".join(
            f'<td class="{role}">{to_mathml(read(cell, slides.names)) if cell else ""}</td>'
            for role, cell in zip(slides.roles, row, strict=True)
        )
        + "</tr>"
        for row in table.rows[:MOST_ROWS]
    )
    more = len(table.rows) - MOST_ROWS
    rest = f"<p>{_text(_('and {n} more').format(n=more))}</p>" if more > 0 else ""
    high = 1 + sum(max(cell.count("],") for cell in row) + 1 for row in table.rows[:MOST_ROWS])
    wide = max(sum(map(len, row)) for row in (table.columns, *table.rows[:MOST_ROWS]))
    size = _size(2.0, 84 / wide, 15 / high)
    shown = f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    shown = f'<table style="font-size:{size}">{shown}</table>{rest}'
    return _section("plain", _("The gradients"), shown, note)


def _buttons() -> str:
    back, on, say = (_text(t) for t in (_("Back (←)"), _("On (→)"), _("Notes (n)")))
    return (
        f'<nav><button id="back" type="button" aria-label="{back}" title="{back}">←</button>'
        f'<button id="on" type="button" aria-label="{on}" title="{on}">→</button>'
        f'<button id="say" type="button" aria-label="{say}" title="{say}" aria-pressed="false">'
        "n</button></nav>"
        '<div id="told" class="defs" aria-live="polite"></div>'
    )
