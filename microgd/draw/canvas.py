"""Canvas: a grid of characters. Wires join where they meet; no text is ever written over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from microgd.errors import DrawingError

#: The four ways a wire can leave a character.
_NORTH, _EAST, _SOUTH, _WEST = 1, 2, 4, 8

#: What a character looks like by the ways it is left: no way, N, E, NE, S, NS, ES, NES, W, …
_LIGHT = " ╵╶╰╷│╭├╴╯─┴╮┤┬┼"
_HEAVY = " ╹╺┗╻┃┏┣╸┛━┻┓┫┳╋"
_DASHED = " ╵╶╰╷┆╭├╴╯╌┴╮┤┬┼"
_ASCII = " |-+||++-+-+++++"
_ASCII_HEAVY = " |=+||++=+=+++++"
_ASCII_DASHED = " |.+||++.+.+++++"
#: A wire of the current step that crosses another one.
_CROSSED = {_NORTH | _SOUTH: "╂", _EAST | _WEST: "┿"}
_ALL = _NORTH | _EAST | _SOUTH | _WEST


@dataclass(slots=True)
class _Cell:
    text: str | None = None
    style: str = ""
    ways: int = 0
    heavy: int = 0
    dashed: bool = True


class Canvas:
    """Characters by row and column."""

    def __init__(self, *, ascii: bool = False) -> None:
        self.ascii = ascii
        self.cells: dict[tuple[int, int], _Cell] = {}

    def write(self, row: int, column: int, text: str, style: str = "") -> None:
        """A text; a wide character takes two columns.

        Raises:
            DrawingError: there is a text already.
        """
        from rich.cells import cell_len

        place = None
        for character in text:
            size = cell_len(character)
            if not size:  # a mark on the letter before it
                if place is not None:
                    self.cells[place].text = (self.cells[place].text or "") + character
                continue
            place = row, column
            self._put(place, character, style)
            if size == 2:
                self._put((row, column + 1), "", style)
            column += size

    def _put(self, place: tuple[int, int], character: str, style: str) -> None:
        cell = self._at(*place)
        if cell.text is not None or (cell.ways and character != " "):
            raise DrawingError(f"there is something in row {place[0]}, column {place[1]} already")
        cell.text, cell.style = character, style

    def _at(self, row: int, column: int) -> _Cell:
        return self.cells.setdefault((row, column), _Cell())

    def horizontal(
        self,
        row: int,
        first: int,
        last: int,
        kind: str = "wire",
        meets: tuple[bool, bool] = (True, True),
    ) -> None:
        """A wire along a row; `meets` says whether a sign stands before and behind it."""
        for column in range(first, last + 1):
            east, west = column < last or meets[1], column > first or meets[0]
            self._join(row, column, _EAST * east | _WEST * west, kind)

    def vertical(self, column: int, first: int, sign: int, kind: str = "wire") -> None:
        """A wire along a column, from a row up or down to where a sign stands."""
        down = first < sign
        for row in range(first, sign, 1 if down else -1):
            ahead, back = (_SOUTH, _NORTH) if down else (_NORTH, _SOUTH)
            self._join(row, column, ahead | back * (row != first), kind)

    def _join(self, row: int, column: int, ways: int, kind: str) -> None:
        cell = self._at(row, column)
        cell.ways |= ways
        if kind == "active":
            cell.heavy |= ways
        if kind != "faint":
            cell.dashed = False

    def rows(self, height: int, width: int) -> Iterator[tuple[tuple[str, str], ...]]:
        """The rows from 0 on, each as characters with their styles."""
        for row in range(height):
            yield tuple([self._shown(self.cells.get((row, c))) for c in range(width)])

    def _shown(self, cell: _Cell | None) -> tuple[str, str]:
        if cell is None:
            return " ", ""
        if cell.text is not None:
            return cell.text, cell.style
        if not cell.heavy:
            signs = (_ASCII, _ASCII_DASHED) if self.ascii else (_LIGHT, _DASHED)
            return signs[cell.dashed][cell.ways], "faint" if cell.dashed else "wire"
        if self.ascii:
            return _ASCII_HEAVY[cell.ways], "active"
        if cell.ways == _ALL and cell.heavy in _CROSSED:
            return _CROSSED[cell.heavy], "active"
        return _HEAVY[cell.ways], "active"
