"""Strands: in which row each wire of a circuit runs when it is drawn in characters.

Every wire runs straight in one row from its source's column to its target's; only gates and
branches have verticals, in columns of their own. So a drawing needs no router: two wires are kept
apart by their rows, a vertical may cross a wire, and nothing else ever meets.
A strand is a wire with all that goes straight on behind it, through gates of one input.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from microgd.draw.view import View

#: What a layout costs, in rows: a crossing, two verticals in one column, a row of height, …
_CROSSING, _CLASH, _HEIGHT, _ASKEW, _NARROW, _DISORDER = 3.0, 4.0, 0.5, 0.25, 0.3, 4.0

#: Rounds of moving strands to better rows; circuits of few strands get all of them.
_ROUNDS = 6
_MOST_TRIED = 5_000


@dataclass
class Strand:
    """Lines one behind another in one row, from the layer `begin` to the layer `end`."""

    lines: list[int]
    begin: int
    end: int
    first: str
    last: str
    row: int | None = None


@dataclass
class Layout:
    """Layers (columns, from the left) and rows of everything in a view.

    Attributes:
        layer: id of an item or junction → its column.
        line_row: position of a line in the view → its row.
        at: id → the row of its sign.
        span: id → the first and last row of its vertical.
        lane: id → its place among those of its layer whose verticals would overlap.
    """

    layer: dict[str, int]
    line_row: dict[int, int] = field(default_factory=dict)
    at: dict[str, int] = field(default_factory=dict)
    span: dict[str, tuple[int, int]] = field(default_factory=dict)
    lane: dict[str, int] = field(default_factory=dict)

    @property
    def layers(self) -> int:
        """How many columns there are."""
        return max(self.layer.values()) + 1

    @property
    def height(self) -> int:
        """How many rows lie between the first and the last wire, both counted."""
        return max((last for _, last in self.span.values()), default=0) + 1


def layout(view: View, pitch: int) -> Layout:
    """Rows and layers for a view; wires beside each other are `pitch` rows apart.

    The same view gives the same layout.
    """
    return _Arranging(view, pitch).arrange()


def layers_of(view: View) -> dict[str, int]:
    """The column of each item and junction: quick to know, and how wide a drawing is at least."""
    return _Arranging(view, 1).layer


class _Arranging:
    def __init__(self, view: View, pitch: int) -> None:
        self.lines = view.lines
        self.pitch = pitch
        self.ids = [*(i.id for i in view.items), *(j.id for j in view.junctions)]
        self.branches = {j.id for j in view.junctions}
        #: Gates whose inputs may not change places.
        self.ordered = {i.id for i in view.items if i.kind == "gate" and i.ordered}
        self.into: dict[str, list[int]] = {i: [] for i in self.ids}
        self.out_of: dict[str, list[int]] = {i: [] for i in self.ids}
        for number, line in enumerate(self.lines):
            self.into[line.end].append(number)
            self.out_of[line.start].append(number)
        for wires in self.into.values():
            wires.sort(key=lambda n: self.lines[n].port)
        self.layer = self._layers()
        self.order = list(self._order())
        self.strands, self.strand_of = self._strands()
        #: How much was tried, in rows of a small circuit; where there are many, each costs more.
        self.tried = 0.0
        self.price = max(1.0, len(self.strands) / 12)
        self.attached = {
            i: list(dict.fromkeys(self.strand_of[n] for n in (*self.into[i], *self.out_of[i])))
            for i in self.ids
        }
        self.beside: dict[int, list[str]] = {}
        for item, layer in self.layer.items():
            self.beside.setdefault(layer, []).append(item)
        #: The strands that pass by an item in its layer, and the items that a strand passes by.
        self.passing: dict[str, list[int]] = {i: [] for i in self.ids}
        self.passed: list[list[str]] = [[] for _ in self.strands]
        for number, strand in enumerate(self.strands):
            for layer in range(strand.begin + 1, strand.end):
                for item in self.beside.get(layer, ()):
                    if number not in self.attached[item]:
                        self.passing[item].append(number)
                        self.passed[number].append(item)

    def arrange(self) -> Layout:
        for number in range(len(self.strands)):
            self._place(number)
        self._improve()
        top = min((self._row(n) for n in range(len(self.strands))), default=0)
        for strand in self.strands:
            assert strand.row is not None
            strand.row -= top
        done = Layout(self.layer)
        done.line_row = {n: self._row(s) for n, s in enumerate(self.strand_of)}
        done.at = {i: self._at(i) for i in self.ids}
        done.span = {i: self._span(i) for i in self.ids}
        done.lane = self._lanes(done.span)
        return done

    # -- what follows from the graph alone -------------------------------------------------------

    def _layers(self) -> dict[str, int]:
        """Each item as far to the right as what it leads to allows: inputs stand by their gates."""
        distance = dict.fromkeys(self.ids, 0)
        waiting = {i: len(self.out_of[i]) for i in self.ids}
        ready = [i for i in self.ids if not waiting[i]]
        while ready:
            item = ready.pop()
            for n in self.into[item]:
                source = self.lines[n].start
                distance[source] = max(distance[source], distance[item] + 1)
                waiting[source] -= 1
                if not waiting[source]:
                    ready.append(source)
        most = max(distance.values(), default=0)
        return {i: most - d for i, d in distance.items()}

    def _order(self) -> Iterator[int]:
        """The lines from the top down: what leads to a line comes before it."""
        seen: set[str] = set()
        for end in (i for i in self.ids if not self.out_of[i]):
            waiting = [(end, iter(self.into[end]))]
            seen.add(end)
            pending: list[int] = []
            while waiting:
                _, rest = waiting[-1]
                number = next(rest, None)
                if number is None:
                    waiting.pop()
                    if pending:
                        yield pending.pop()
                    continue
                source = self.lines[number].start
                if source in seen:
                    yield number
                    continue
                seen.add(source)
                pending.append(number)
                waiting.append((source, iter(self.into[source])))

    def _strands(self) -> tuple[list[Strand], list[int]]:
        strands: list[Strand] = []
        strand_of = [-1] * len(self.lines)
        for number in self.order:
            line = self.lines[number]
            ends = self.layer[line.start], self.layer[line.end]
            before = self.into[line.start]
            alone = len(before) == 1 == len(self.out_of[line.start])
            if alone and line.start not in self.branches and strand_of[before[0]] >= 0:
                strand_of[number] = strand_of[before[0]]
                strand = strands[strand_of[number]]
                strand.lines.append(number)
                strand.end, strand.last = ends[1], line.end
            else:
                strand_of[number] = len(strands)
                strands.append(Strand([number], *ends, line.start, line.end))
        return strands, strand_of

    @cached_property
    def gaps(self) -> list[list[int]]:
        """How many rows two strands need between them at least."""
        return [[self._gap(a, b) for b in self.strands] for a in self.strands]

    def _gap(self, a: Strand, b: Strand) -> int:
        if a is b:
            return 0
        begin, end = max(a.begin, b.begin), min(a.end, b.end)
        if begin < end:
            return self.pitch
        meets = a.last == b.first or b.last == a.first
        return int(begin == end and not meets)

    # -- rows -------------------------------------------------------------------------------------

    def _row(self, strand: int) -> int:
        row = self.strands[strand].row
        assert row is not None
        return row

    def _anchor(self, item: str) -> int:
        """The strand in whose row the item's own sign stands."""
        out = self.out_of[item]
        wires = self.into[item] if item in self.branches or not out else out
        return self.strand_of[wires[0]]

    def _at(self, item: str) -> int:
        return self._row(self._anchor(item)) if self.attached[item] else 0

    def _span(self, item: str) -> tuple[int, int]:
        rows = [self._row(s) for s in self.attached[item] if self.strands[s].row is not None]
        return (min(rows), max(rows)) if rows else (0, 0)

    def _place(self, number: int) -> None:
        """A first row: below what is there, or in the middle of a gate's inputs."""
        strand = self.strands[number]
        placed = [(n, s.row) for n, s in enumerate(self.strands) if s.row is not None]
        above = [self._row(s) for s in self._earlier(number) if self.strands[s].row is not None]
        least = max(above) + 1 if above else None
        known = [
            self._row(s) for s in self.attached[strand.first] if self.strands[s].row is not None
        ]
        if known:
            wanted = (min(known) + max(known)) // 2
            if strand.first in self.branches:
                wanted = self._row(self._anchor(strand.first))
        else:
            beside = [row + self.gaps[number][n] for n, row in placed if self.gaps[number][n]]
            wanted = max(beside, default=0 if least is None else least)
        strand.row = next(
            row
            for row in _around(wanted)
            if (least is None or row >= least)
            and all(abs(row - other) >= self.gaps[number][n] for n, other in placed)
        )

    def _earlier(self, number: int) -> list[int]:
        """The strands that arrive at the same gate above this one."""
        wires = self.into[self.strands[number].last]
        own = wires.index(self.strands[number].lines[-1])
        return [self.strand_of[n] for n in wires[:own]]

    def _later(self, number: int) -> list[int]:
        wires = self.into[self.strands[number].last]
        own = wires.index(self.strands[number].lines[-1])
        return [self.strand_of[n] for n in wires[own + 1 :]]

    # -- better rows ------------------------------------------------------------------------------

    def _improve(self) -> None:
        for _ in range(_ROUNDS):
            moved = False
            rows = [self._row(n) for n in range(len(self.strands))]
            low, high = min(rows, default=0), max(rows, default=0)
            for number, strand in enumerate(self.strands):
                before = strand.row
                best, least = before, self._cost(number)
                for row in range(low, high + 1):
                    if row == before or not self._may(number, row):
                        continue
                    self.tried += self.price
                    strand.row = row
                    cost = self._cost(number)
                    if cost < least - 1e-9:
                        best, least = row, cost
                strand.row = best
                moved = moved or best != before
                if self.tried > _MOST_TRIED:
                    return
            moved = self._swap() or moved
            moved = self._close_gaps() or moved
            if not moved:
                return

    def _may(self, number: int, row: int) -> bool:
        gaps = self.gaps[number]
        for other, strand in enumerate(self.strands):
            assert strand.row is not None
            if other != number and abs(row - strand.row) < gaps[other]:
                return False
        if self.strands[number].last not in self.ordered:
            return True
        return all(self._row(s) < row for s in self._earlier(number)) and all(
            self._row(s) > row for s in self._later(number)
        )

    def _swap(self) -> bool:
        """Let two strands change rows where that is better."""
        moved = False
        for a, one in enumerate(self.strands):
            for b in range(a):
                other = self.strands[b]
                if not self.gaps[a][b]:
                    continue
                if self.tried > _MOST_TRIED:
                    return moved
                self.tried += self.price
                before = self._cost(a) + self._cost(b)
                one.row, other.row = other.row, one.row
                fits = self._may(a, self._row(a)) and self._may(b, self._row(b))
                if fits and self._cost(a) + self._cost(b) < before - 1e-9:
                    moved = True
                else:
                    one.row, other.row = other.row, one.row
        return moved

    def _close_gaps(self) -> bool:
        """Move everything below some row up by one, wherever that is possible and no worse."""
        moved = False
        rows = sorted({self._row(n) for n in range(len(self.strands))})
        for edge in rows[1:]:
            while self.tried <= _MOST_TRIED:
                self.tried += self.price * len(self.strands)
                below = [s for s in self.strands if s.row is not None and s.row >= edge]
                before = self._whole_cost()
                for strand in below:
                    assert strand.row is not None
                    strand.row -= 1
                fits = all(
                    self._may(n, self._row(n)) for n, s in enumerate(self.strands) if s in below
                )
                if fits and self._whole_cost() < before:
                    moved = True
                    edge -= 1
                    continue
                for strand in below:
                    assert strand.row is not None
                    strand.row += 1
                break
        return moved

    def _whole_cost(self) -> float:
        rows = [self._row(n) for n in range(len(self.strands))]
        height = max(rows, default=0) - min(rows, default=0)
        return _HEIGHT * height + sum(self._item_cost(i) for i in self.ids)

    def _cost(self, number: int) -> float:
        """What of the whole cost depends on this strand's row."""
        strand = self.strands[number]
        cost = sum(self._item_cost(i) for i in self._on(strand))
        row = self._row(number)
        for item in self.passed[number]:
            low, high = self._span(item)
            cost += _CROSSING * (low < row < high)
        rows = [self._row(n) for n in range(len(self.strands))]
        return cost + _HEIGHT * (max(rows) - min(rows))

    def _on(self, strand: Strand) -> list[str]:
        return [*(self.lines[n].start for n in strand.lines), strand.last]

    def _item_cost(self, item: str) -> float:
        low, high = self._span(item)
        layer = self.layer[item]
        cost = float(high - low)
        if high - low > 1:
            cost += _ASKEW * abs(self._at(item) - (low + high) / 2)
        if high > low:
            cost += _CROSSING * sum(low < self._row(n) < high for n in self.passing[item])
        rows = [self._row(self.strand_of[n]) for n in self.into[item]]
        cost += _DISORDER * sum(a > b for a, b in pairwise(rows))
        for other in self.beside[layer]:
            if other != item:
                first, last = self._span(other)
                cost += _CLASH * (first <= high and low <= last)
                cost += _NARROW * (first - high == 1 or low - last == 1)
        return cost

    def _lanes(self, span: dict[str, tuple[int, int]]) -> dict[str, int]:
        lanes: dict[str, int] = {}
        for items in self.beside.values():
            for item in sorted(items, key=lambda i: span[i]):
                taken = {
                    lanes[o]
                    for o in items
                    if o in lanes and span[o][0] <= span[item][1] and span[item][0] <= span[o][1]
                }
                lanes[item] = next(n for n in range(len(items)) if n not in taken)
        return lanes


def _around(wanted: int) -> Iterator[int]:
    yield wanted
    distance = 1
    while True:
        yield wanted + distance
        yield wanted - distance
        distance += 1
