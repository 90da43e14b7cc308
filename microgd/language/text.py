"""ProgramText: a program's text, its places, and errors that point at them."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property

from microgd.errors import LanguageError
from microgd.graph.source import Source

#: How much of a long line an error shows, and how much of a sub-expression a Source keeps.
_WINDOW = 76
_SOURCE = 80


class ProgramText:
    """A text, and what its error messages call it: `<expression>` or the file's name."""

    def __init__(self, text: str, file: str = "<expression>") -> None:
        self.text = text
        self.file = file

    @cached_property
    def _starts(self) -> list[int]:
        """Where each line begins."""
        starts = [0]
        end = self.text.find("\n")
        while end >= 0:
            starts.append(end + 1)
            end = self.text.find("\n", end + 1)
        return starts

    def place(self, offset: int) -> tuple[int, int]:
        """The line and the column of a character, both counted from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def source(self, start: int, end: int) -> Source:
        """What a node made by `text[start:end]` remembers."""
        line, column = self.place(start)
        return Source(self.file, line, column, self.piece(start, end))

    def piece(self, start: int, end: int) -> str:
        """A sub-expression on one line, cut where it is long."""
        piece = self.text[start : min(end, start + 2 * _SOURCE)]
        if "\n" in piece or "#" in piece or "\t" in piece:
            piece = " ".join(" ".join(row.partition("#")[0] for row in piece.split("\n")).split())
        piece = printable(piece)
        return piece if len(piece) <= _SOURCE else piece[: _SOURCE - 1] + "…"

    def error(
        self, message: str, start: int, end: int | None = None, mark: int | None = None
    ) -> LanguageError:
        """A LanguageError whose message ends with the line and a caret under `mark`.

        `text[start:end]` is underlined; the caret stands under `mark`, or under all of it.
        """
        if end is None:
            end = start + 1
        at = start if mark is None else mark
        line, column = self.place(at)
        first = self._starts[line - 1]
        last = self.text.find("\n", first)
        row = self.text[first:] if last < 0 else self.text[first:last]
        low, high = max(start - first, 0), max(min(end - first, len(row)), column)
        under = ["^" if mark is None or i == column - 1 else "~" for i in range(low, high)]
        # A long line is shown around the mark, with the underline cut to fit.
        left = max(0, column - 1 - _WINDOW // 2) if len(row) > _WINDOW else 0
        shown = row[left : left + _WINDOW]
        under = under[max(left - low, 0) : max(left + _WINDOW - low, 1)]
        before, after = "…" * (left > 0), "…" * (left + _WINDOW < len(row))
        indent = " " * (len(before) + max(low - left, 0))
        where = f"column {column}" if len(self._starts) == 1 else f"line {line}, column {column}"
        if self.file != "<expression>":
            where = f"{printable(self.file)}, {where}"
        error = LanguageError(
            f"{message}\n  at {where}:\n"
            f"    {before}{printable(shown)}{after}\n    {indent}{''.join(under)}"
        )
        error.line, error.column = line, column
        return error


def printable(text: str) -> str:
    """Text that any terminal can show: one `?` for each character that has no picture."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " if c in "\t\r\n\f" else "?" for c in text)


def quoted(text: str) -> str:
    """A piece of a program inside a message, in quotes and not too long."""
    text = printable(text)
    text = text if len(text) <= 40 else f"{text[:39]}…"
    return f'"{text}"' if "'" in text else f"'{text}'"
