"""Printing: tables with a little colour in a terminal, plain text elsewhere, JSON anywhere."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from .streams import fitted, flush_output, say, speaks_unicode, width

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table as RichTable

    from microgd.trace.table import Table

#: Columns between those of a table.
_BETWEEN = 3
#: What is longer is no word, and may be broken.
_WORD = 14

#: The pictures' colours: values green, gradients red, local derivatives violet.
_STYLES = {
    "value": "green",
    "gradient": "red",
    "= contribution": "red",
    "sum so far": "bold red",
    "analytic": "red",
    "local": "magenta",
    "local derivative": "magenta",
}


def console() -> Console:
    """Standard output, for Rich: no colour in files, none with NO_COLOR."""
    from rich.console import Console

    return Console(file=sys.stdout, width=width(), highlight=False, markup=False, emoji=False)


def coloured() -> bool:
    """Whether Rich has anything to do: in a terminal, and where FORCE_COLOR asks for it."""
    return sys.stdout.isatty() or bool(os.environ.get("FORCE_COLOR"))


def gap() -> None:
    """A blank line, unless nothing has been printed yet."""
    seen = click.get_current_context().meta
    if seen.setdefault("microgd_cli.printed", False):
        say()
    seen["microgd_cli.printed"] = True


def show_table(table: Table, *, titled: bool = True) -> None:
    """Print a table after a gap; cells are folded where the terminal is narrow."""
    if titled:
        heading(table.title)
    else:
        gap()
    say("\n".join(table_lines(table)), styled=True)
    for note in table.notes:
        say(f"  {note}")


def _folding(table: Table) -> RichTable:
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    from microgd.translation import translated

    styles = {translated(name): style for name, style in _STYLES.items()}
    rich = RichTable(
        box=box.SIMPLE_HEAD if speaks_unicode() else box.ASCII,
        pad_edge=False,
        show_edge=False,
        border_style="dim",
    )
    for column in table.columns:
        name = column.rstrip(">")
        rich.add_column(
            Text(fitted(name)),
            justify="right" if column.endswith(">") else "left",
            style=styles.get(name, ""),
            overflow="fold",
        )
    for row in table.rows:
        rich.add_row(*(Text(fitted(cell)) for cell in row))
    return rich


def table_lines(table: Table) -> list[str]:
    """The lines of a table without its title and notes, in colours where there are some."""
    plain = None if coloured() else _plain_table(table)
    if plain is not None:
        return plain
    return _listed(table) if _breaks_words(table) else _lines_of(_folding(table))


def _breaks_words(table: Table) -> bool:
    """Whether the terminal is so narrow that words would be broken letter by letter."""
    cells = zip(table.columns, *table.rows, strict=True)
    longest = (max(len(word) for cell in c for word in [*cell.split(), ""]) for c in cells)
    return sum(min(n, _WORD) for n in longest) + _BETWEEN * (len(table.columns) - 1) > width()


def _listed(table: Table) -> list[str]:
    """The rows one below the other, each cell in a line of its own after its column's name."""
    from textwrap import wrap

    names = [fitted(column.rstrip(">")) for column in table.columns]
    lines: list[str] = []
    for row in table.rows:
        lines += [""] if lines else []
        indent = ""
        for name, cell in zip(names, row, strict=True):
            said = f"{name}: {fitted(cell)}" if name else fitted(cell)
            if cell:
                lines += wrap(said, max(width(), 8), initial_indent=indent,
                              subsequent_indent=f"{indent}  ")  # fmt: skip
                indent = "  "
    return lines


def _plain_table(table: Table) -> list[str] | None:
    """The lines of a table that fits without folds, which Rich takes long for; else None."""
    from microgd.trace.table import aligned

    columns = [fitted(column) for column in table.columns]
    rows = [[fitted(cell) for cell in row] for row in table.rows]
    signs = {} if speaks_unicode() else {"gap": " | ", "rule": "--+-"}
    lines = aligned(columns, rows, **signs)
    return lines if max(map(len, lines)) <= width() else None


def say_rendered(what: RenderableType) -> None:
    """Rich only renders; printing by itself, it would end the program at a closed pipe."""
    say("\n".join(_lines_of(what)), styled=True)


def _lines_of(what: RenderableType) -> list[str]:
    out = console()
    with out.capture() as captured:
        out.print(what)
    return [line.rstrip() for line in captured.get().rstrip("\n").split("\n")]


def heading(text: str) -> None:
    """A title over lines, as a table has it."""
    gap()
    if not coloured():
        say(fitted(text))
        return
    from rich.text import Text

    say_rendered(Text(fitted(text), style="bold"))


def say_wrapped(text: str) -> None:
    """Print a paragraph, in lines of 80 characters at most."""
    from textwrap import wrap

    for line in wrap(text, min(width(), 80)):
        say(line)


def show_json(data: Any) -> None:
    """Print JSON, and nothing else."""
    import json

    from microgd.pages import without_unseen

    text = json.dumps(data, ensure_ascii=not speaks_unicode(), allow_nan=False, indent=None)
    say(without_unseen(text))


def complain(message: str) -> None:
    """A message on standard error, after everything that was printed."""
    flush_output()
    if sys.stdout.isatty() and sys.stderr.isatty():
        say(err=True)
    say(f"Error: {message}", err=True)
