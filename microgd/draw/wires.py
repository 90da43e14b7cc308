"""Wires: a small table each, the value above a bar, the gradient below it, a leaf at its end."""

from __future__ import annotations

import math
from collections.abc import Sequence

from microgd.draw.engines.measuring import text_width
from microgd.draw.labels import TABLE, text_of
from microgd.draw.matrices import Note
from microgd.draw.palette import Palette
from microgd.draw.style import Style
from microgd.draw.view import Item, Line


def wire_colour(line: Line, palette: Palette) -> str:
    """Of the wire's bar and of its edges."""
    return palette.active if line.active else palette.faint if line.dashed else palette.wire


def bar_width(lines: Sequence[Line], style: Style) -> int:
    """One width for all bars: mixed widths leave gaps between bar and edge."""
    size = style.size("number")
    widest = style.size("bar")
    for line in lines:
        name = text_width(f"{line.name} = ", size, "Times italic") if line.name else 0.0
        above = max(text_width(n, size, "Arial") for n in (line.above, *line.earlier)) + name
        below = text_width(line.below, size, "Arial")
        if line.boxes != (False, False):
            before = text_width(line.name, style.size("name"), "Times italic") + 4
            room = max(style.size("bar"), text_width(line.above, size, "Arial") + 6)
            above, below = room + (before if line.name else 0.0), below + 6
        widest = max(widest, above, below)
    return even(widest + 2)


def even(width: float) -> int:
    """The next even number: Graphviz places nodes by their middle, and half points leave gaps."""
    return 2 * math.ceil(width / 2)


def wire_table(line: Line, style: Style, bar: int, begin: Item | None, end: Item | None) -> str:
    """The label of a wire: value, bar with port `l`, gradient; `begin` and `end` beside them."""
    palette = style.palette
    cells = _note_cells(line.note, style) if line.note else 0
    bar = max(bar, cells)
    cell = f'COLSPAN="3" WIDTH="{bar}" HEIGHT="{style.size("row"):g}"'
    above = _coloured(line.above, palette.value if line.shows_above else palette.hidden)
    below = _coloured(line.below, palette.gradient if line.shows_below else palette.hidden)
    name = ""
    if line.boxes[0]:
        above = _box(above, line.name, style, bar)
    elif line.name:
        grey = palette.name if line.shows_above else palette.hidden
        name = (
            f'<FONT FACE="Times" POINT-SIZE="{style.size("name"):g}" COLOR="{grey}">'
            f"<I>{text_of(line.name)}</I> = </FONT>"
        )
    if line.boxes[1]:
        below = _box(below, "", style, bar)
    note = ""
    if line.note:
        shown = line.shows_below or not line.below
        left, right = ("<TD></TD>" if i and i.text else "" for i in (begin, end))
        note = (
            f'<TR>{left}<TD COLSPAN="3" HEIGHT="4"></TD>{right}</TR>'
            f'<TR>{left}<TD COLSPAN="3">{_note(line.note, style, shown)}</TD>{right}</TR>'
        )
    colour = wire_colour(line, palette)
    frame = f' BORDER="2" COLOR="{palette.gradient}" BGCOLOR="{palette.mark}"' * line.marked
    return (
        f"<{TABLE}<TR>{_leaf(begin, style)}<TD {cell}>{name}{above}</TD>{_leaf(end, style)}</TR>"
        f"<TR>{_bar(bar, colour, palette.hidden if line.dashed else colour, cut=line.loses)}</TR>"
        f"<TR><TD {cell}{frame}>{below if style.gradients else ''}</TD></TR>{note}</TABLE>>"
    )


def _coloured(text: str, colour: str) -> str:
    return f'<FONT COLOR="{colour}">{text_of(text)}</FONT>' if text else ""


def _box(text: str, name: str, style: Style, bar: int) -> str:
    """A box to write into, with what is in it; before it the name of what belongs there."""
    before = 0.0
    cells = ""
    if name:
        size = style.size("name")
        before = even(text_width(name, size, "Times italic") + 2)
        cells = (
            f'<TD WIDTH="{before}"><FONT FACE="Times" POINT-SIZE="{size:g}" '
            f'COLOR="{style.palette.name}"><I>{text_of(name)}</I></FONT></TD>'
        )
    width, height = bar - before - 2, style.size("row") - 6
    return (
        f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0" '
        f'COLOR="{style.palette.wire}"><TR>{cells}'
        f'<TD BORDER="1" WIDTH="{width:g}" HEIGHT="{height:g}">{text}</TD></TR></TABLE>'
    )


def _leaf(item: Item | None, style: Style) -> str:
    """The cell of an input, a constant, an output or an ellipsis, level with the bar."""
    if item is None or not item.text:
        return ""
    palette = style.palette
    quiet = item.kind in ("constant", "ellipsis")
    colour = palette.active if item.active else palette.name if quiet else palette.ink
    text = text_of(item.text) if quiet else f"<I>{text_of(item.text)}</I>"
    size = style.size("leaf") - 4 * quiet
    font = f'<FONT FACE="Times" POINT-SIZE="{size:g}" COLOR="{colour}">{text}</FONT>'
    width = even(text_width(item.text, size, "Times italic") + 6)
    return f'<TD ROWSPAN="3" WIDTH="{width}">{font}</TD>'


def _bar(width: int, colour: str, gap: str, *, cut: bool) -> str:
    """Three columns: edges end up to a point beside the port, so the bar reaches out to them.

    One that is dashed from some step on is `cut` into pieces from the first: only its gaps change.
    """
    if not cut:
        tip = f'<TD WIDTH="1" HEIGHT="2" BGCOLOR="{colour}"></TD>'
        return f'{tip}<TD PORT="l" WIDTH="{width - 2}" HEIGHT="2" BGCOLOR="{colour}"></TD>{tip}'
    dashes = "".join(
        f'<TD WIDTH="4" HEIGHT="2" BGCOLOR="{colour}"></TD>'
        f'<TD WIDTH="4" HEIGHT="2" BGCOLOR="{gap}"></TD>'
        for _ in range(width // 8)
    )
    bar = f"{TABLE}<TR>{dashes}</TR></TABLE>"
    return f'<TD PORT="l" COLSPAN="3" WIDTH="{width}" HEIGHT="2">{bar}</TD>'


def _note_size(style: Style) -> float:
    return max(style.size("number") - 4, 8)


def _note_cell(note: Note, style: Style) -> int:
    """The width of one cell of a matrix: all are as wide as the widest."""
    size = _note_size(style)
    return math.ceil(max(text_width(x, size, "Arial") for row in note.matrix for x in row)) + 6


def _note_cells(note: Note, style: Style) -> int:
    if not note.matrix:
        return even(text_width(note.text, _note_size(style), "Arial"))
    return even(_note_cell(note, style) * len(note.matrix[0]) + 2)


def _note(note: Note, style: Style, shown: bool) -> str:
    """A local Jacobian: its matrix in small cells, or a line about it."""
    palette = style.palette
    ink = palette.local if shown else palette.hidden
    font = f'<FONT COLOR="{ink}" POINT-SIZE="{_note_size(style):g}">'
    if not note.matrix:
        return f"{font}{text_of(note.text)}</FONT>"
    width = _note_cell(note, style)
    rows = "".join(
        "<TR>"
        + "".join(f'<TD WIDTH="{width}">{font}{text_of(x)}</FONT></TD>' for x in row)
        + "</TR>"
        for row in note.matrix
    )
    return (
        '<TABLE BORDER="0" CELLBORDER="1" CELLSPACING="0" CELLPADDING="2" '
        f'COLOR="{ink}">{rows}</TABLE>'
    )
