"""Tables: rows of text that print themselves in a terminal, in a notebook, or as plain text."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table as RichTable


@dataclass(frozen=True, slots=True, repr=False)
class Table:
    """A title, column names (those ending in `>` are right-aligned), rows of text, and notes."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def __rich__(self) -> RichTable:
        from rich import box
        from rich.table import Table as RichTable
        from rich.text import Text

        table = RichTable(
            title=Text(self.title),
            title_justify="left",
            caption=Text("\n".join(self.notes)) if self.notes else None,
            caption_justify="left",
            box=box.SIMPLE_HEAD,
            pad_edge=False,
        )
        for name in self.columns:
            right = name.endswith(">")
            table.add_column(
                Text(name.rstrip(">")), justify="right" if right else "left", overflow="fold"
            )
        for row in self.rows:
            table.add_row(*map(Text, row))
        return table

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        lines = [f" {line}".rstrip() for line in aligned(self.columns, self.rows)]
        return "\n".join([*([self.title, ""] if self.title else [""]), *lines, "", *self.notes])

    def _repr_html_(self) -> str:
        sides = ["right" if c.endswith(">") else "left" for c in self.columns]

        def line(cells: tuple[str, ...], tag: str) -> str:
            return "".join(
                f'<{tag} style="text-align:{side}">{html.escape(cell)}</{tag}>'
                for cell, side in zip(cells, sides, strict=True)
            )

        head = line(tuple(c.rstrip(">") for c in self.columns), "th")
        body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in self.rows)
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        return (
            f"<table><caption>{html.escape(self.title)}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{notes}"
        )


def aligned(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, gap: str = "   ", rule: str = "────"
) -> list[str]:
    """The lines of a table as plain text, none of them folded.

    `rule` is what stands under the heads: one sign for the columns, the others for the gaps.

    >>> print(*aligned(("gate", "value>"), [("q: +", "3"), ("f: ×", "−12")]), sep=chr(10))
    gate   value
    ────────────
    q: +       3
    f: ×     −12
    """
    heads = [column.rstrip(">") for column in columns]
    cells = [heads, *_split(rows)]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    right = [column.endswith(">") for column in columns]
    lines = [
        gap.join(
            " " * (wide - _width(cell)) + cell if to_right else cell + " " * (wide - _width(cell))
            for cell, wide, to_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in cells
    ]
    return [lines[0], rule[1:].join(rule[0] * wide for wide in widths), *lines[1:]]


def _split(rows: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
    """A row with several lines in a cell as several rows."""
    for row in rows:
        if any("\n" in cell for cell in row):
            yield from zip_longest(*(cell.split("\n") for cell in row), fillvalue="")
        else:
            yield row


def _width(text: str) -> int:
    """How many places a text takes in a terminal.

    >>> _width("Σ"), _width("日本"), _width("e" + chr(0x301))
    (1, 4, 1)
    """
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.category(c) in ("Mn", "Me", "Cf") else
        2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )  # fmt: skip
