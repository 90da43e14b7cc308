"""CSV files: numbers in columns, with a head line or without, and a column of labels."""

from __future__ import annotations

import csv
import io
import os
from array import array
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microgd.data.columns import label_place, number, targets_of
from microgd.data.content import Content, read_content
from microgd.data.dataset import Dataset
from microgd.errors import FileFormatError

DELIMITERS = ",;\t"


@dataclass(frozen=True)
class Cells:
    """The cells of a CSV file as text.

    Attributes:
        names: of the columns. rows: of cells, as many as names. lines: where each row begins,
            from 1. named: whether there was a head line.
    """

    content: Content
    names: tuple[str, ...]
    rows: list[list[str]]
    lines: list[int]
    named: bool

    def wrong(self, row: int, column: int, text: str) -> FileFormatError:
        """The error about a cell."""
        name = f" ({self.names[column]})" if self.named else ""
        return self.content.wrong(
            f"line {self.lines[row]}, column {column + 1}{name}: the cell {text}",
            line=self.lines[row],
            column=column + 1,
        )

    def numbers(self, columns: list[int]) -> NDArray[np.float64]:
        """These columns as N × columns numbers, none of them inf or NaN."""
        flat = array("d")
        try:
            if any("_" in row[c] for row in self.rows for c in columns):
                raise ValueError
            for row in self.rows:
                flat.extend([float(row[c]) for c in columns])
        except ValueError:
            raise self._no_number(columns) from None
        table = np.frombuffer(flat, np.float64).reshape(len(self.rows), len(columns))
        bad = np.argwhere(~np.isfinite(table))
        if bad.size:
            i, c = int(bad[0][0]), columns[int(bad[0][1])]
            told = f"is {self.rows[i][c].strip()}: fill it in, or leave the line out"
            raise self.wrong(i, c, told)
        return table

    def _no_number(self, columns: list[int]) -> FileFormatError:
        for i, row in enumerate(self.rows):
            for c in columns:
                if number(row[c]) is None:
                    cell = row[c].strip()
                    told = f"is {cell!r:.60}, which is no number" if cell else "is empty"
                    return self.wrong(i, c, told)
        raise AssertionError("float() refused a number")


def load_csv(
    path: str | os.PathLike[str] | Content,
    *,
    label: str | None = None,
    targets: str = "auto",
    head: bool | None = None,
    name: str = "",
) -> Dataset:
    """A data set from a CSV file: columns of numbers, and one that is learnt.

    Cells are parted by commas, semicolons or tabs, whichever the first line has most of.

    Arguments:
        label: the name of the column to learn; by default the last one. It may have text.
        targets: "classes", "numbers", or "auto": text and a few whole numbers are classes.
        head: whether the first line names the columns; by default, if a feature in it is no number.

    Raises:
        FileFormatError: a line of another length, a cell that is empty, no number, inf or NaN;
            says in which line and column. ArgumentError: no such column or file.
    """
    cells = read_cells(path, head=True if head is None and label is not None else head)
    chosen = label_place(cells.names, label, cells.content.path)
    others = [c for c in range(len(cells.names)) if c != chosen]
    x = cells.numbers(others)
    y, classes = targets_of(
        [row[chosen] for row in cells.rows], targets, lambda i, text: cells.wrong(i, chosen, text)
    )
    return Dataset(
        name or cells.content.path.name.split(".")[0] or "data",
        x,
        y,
        classes,
        tuple(cells.names[c] for c in others),
        source=str(cells.content.path),
        note=f"{cells.names[chosen]} is to be learnt." if cells.named else "",
    )


def read_columns(path: str | os.PathLike[str]) -> dict[str, NDArray[np.float64]]:
    """The columns of a CSV file with a head line, by name; all of them numbers.

    Raises:
        FileFormatError: what is wrong, with line and column. ArgumentError: it cannot be read.
    """
    cells = read_cells(path, head=True)
    table = cells.numbers(list(range(len(cells.names))))
    return {name: table[:, c].copy() for c, name in enumerate(cells.names)}


def read_cells(path: str | os.PathLike[str] | Content, head: bool | None = None) -> Cells:
    """The cells of a CSV file, plain or .gz; lines that are blank are left out.

    Raises:
        FileFormatError: no text in UTF-8, no lines, lines of different lengths, a head line with
            names that are empty, numbers, or the same.
    """
    content = path if isinstance(path, Content) else read_content(path)
    try:
        text = content.data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = error.start
        raise content.wrong(
            f"byte {place} ({content.data[place]:#04x}) is no text in UTF-8", offset=place
        ) from None
    rows, lines = _rows(content, text)
    if not rows:
        raise content.wrong("it has no lines", line=1)
    named = _has_head(rows[0]) if head is None else head
    names = _names(content, rows[0], lines[0]) if named else _numbered(len(rows[0]))
    if named and len(rows) == 1:
        raise content.wrong(
            "it needs a head line with names, and a line for each example after it",
            line=lines[0] + 1,
        )
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(names):
            raise content.wrong(
                f"line {line} has {len(row)} cells, and line {lines[0]} has {len(names)}",
                line=line,
                column=min(len(row), len(names)) + 1,
            )
    return Cells(content, names, rows[named:], lines[named:], named)


def _rows(content: Content, text: str) -> tuple[list[list[str]], list[int]]:
    first = next((line for line in text.splitlines() if line.strip()), "")
    # max takes the first of equals: a comma if there is none of the three.
    delimiter = max(DELIMITERS, key=first.count)
    reader: Any = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows, lines, line = [], [], 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row)
                lines.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        raise content.wrong(f"line {line}: {error}", line=line) from None
    return rows, lines


def _has_head(row: list[str]) -> bool:
    """The last cell does not count: it is a label, and may be text in every line."""
    return any(number(cell) is None for cell in row[:-1] or row)


def _numbered(count: int) -> tuple[str, ...]:
    return (*(f"x{i}" for i in range(1, count)), "y")


def _names(content: Content, row: list[str], line: int) -> tuple[str, ...]:
    names = [cell.strip() for cell in row]
    if all(number(name) is not None for name in names):
        raise content.wrong(
            f"line {line} must name the columns, such as x,y, and has only numbers",
            line=line,
            column=1,
        )
    for c, name in enumerate(names):
        if not name or name in names[:c]:
            told = f"is {name!r} for the second time" if name else "has no name"
            raise content.wrong(f"line {line}, column {c + 1} {told}", line=line, column=c + 1)
    return tuple(names)
