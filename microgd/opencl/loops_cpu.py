"""Loops for CPUs: rows are shared out among the cores, a row is walked a vector at a time.

The lanes of a vector are neighbours in memory: either elements of a row, which a reduction takes
together in the end, halves first; or neighbouring results, each with its own sum.
"""

from __future__ import annotations

from collections.abc import Sequence

from microgd.opencl.index import Variable
from microgd.opencl.matmul import Body
from microgd.opencl.rows_cpu import SIDE_BY_SIDE, RowWriter
from microgd.opencl.statements import (
    FIRST,
    Lanes,
    statement,
    taking_in,
    use,
)
from microgd.opencl.step import Step


def width_for(steps: Sequence[Step], lane: Variable | None) -> int:
    """How many numbers a vector holds: 16 floats or 8 doubles, fewer along a short loop."""
    if lane is None:
        return 1
    most = 8 if any(s.real == "double" for s in steps) else 16
    width = 1
    while width * 2 <= min(most, lane.size):
        width *= 2
    return width


class CpuWriter(RowWriter):
    """Rows for the cores, vectors along the lane."""

    def body(self, units: int) -> Body:
        """The kernel's body for a CPU with so many cores."""
        width = width_for(self.steps, self.lane)
        scalar = Lanes(None, 1, self.nest.final)
        rows = tuple(v for v in self.outer if v is not self.lane)
        outer_lane = self.lane if self.lane in self.outer else None
        turns = 1
        for loop in rows:
            turns *= loop.size
        length = outer_lane.size if outer_lane else 1
        work = turns * length
        for loop in self.inner:
            work *= loop.size
        wanted = max(1, min(work // 2048, units * 8))
        block = -(-turns // wanted)
        pieces = 1 if turns >= wanted else -(-wanted // max(turns, 1))
        chunk = -(-length // pieces)
        chunk = -(-chunk // width) * width
        broad = SIDE_BY_SIDE * width
        if self.inner and chunk < broad and length >= broad * units:
            chunk = broad  # rows of the inner loops are then read in longer runs
        groups = (max(1, -(-length // chunk)), max(1, -(-turns // block)), 1)

        self.put(*(statement(s, scalar) for s in self.uniform()))
        self._choose_kept()
        if turns > 1 or block > 1:
            self.put(
                f"const size_t rows_end = min((size_t){turns}, (get_group_id(1) + 1) * {block});"
            )
            self.open(f"for (size_t row = get_group_id(1) * {block}; row < rows_end; ++row)")
            self.decode(rows, "row")
        if outer_lane is None:
            self._turn(Lanes(self.lane, width, self.nest.final), set())
        else:
            self._row_lanes(outer_lane, width, chunk, groups[0])
        if turns > 1 or block > 1:
            self.close()
        return Body(tuple(self.lines), groups, (1, 1, 1))

    # -- neighbouring results side by side, in the lanes of vectors -------------------------

    def _row_lanes(self, lane: Variable, width: int, chunk: int, pieces: int) -> None:
        name, size = lane.name, lane.size
        hoisted = [s for s in self.row_steps(0) if lane not in s.variables]
        self.put(*(statement(s, Lanes(None, 1, self.nest.final)) for s in hoisted))
        done = set(hoisted)

        def turn(lanes: Lanes) -> None:
            self._turn(lanes, done)

        start, end = "0", str(size)
        if pieces > 1:
            start, end = f"get_group_id(0) * {chunk}", f"{name}_end"
            self.put(f"const size_t {end} = min((size_t){size}, {start} + {chunk});")
        if width > 1 and chunk >= SIDE_BY_SIDE * width and self._one_pass(lane):
            block = SIDE_BY_SIDE * width
            first = f"{name}_block"
            self.open(
                f"for (size_t {first} = {start}; {first} + {block} <= {end}; {first} += {block})"
            )
            self._side_by_side(lane, width, done)
            self.close()
            # From a start that is a multiple of the block on, whole blocks end here.
            start = (
                f"{start} + ({end} - ({start})) / {block} * {block}"
                if pieces > 1
                else str(size // block * block)
            )
        self._full(lane, start, end, width, turn)
        if size % width:
            if pieces > 1:
                self.open(f"if ({end} == {size})")
            self._rest(lane, size, width, turn)
            if pieces > 1:
                self.close()

    def _one_pass(self, lane: Variable) -> bool:
        """Whether there is one walk over the inner loops that needs nothing of the lane before."""
        reductions = self.reductions(0)
        steps = [*self.needed([*reductions, *self.stores(inner=True)]), *reductions]
        inner = set(self.inner)
        plain = all(lane not in a.variables or a.variables & inner for s in steps for a in s.args)
        return (
            bool(self.inner) and plain and self.stages() == range(2) and not self.stores(inner=True)
        )

    def _side_by_side(self, lane: Variable, width: int, done: set[Step]) -> None:
        """Several vectors of results at once: rows of the inner loops are read in longer runs."""
        lanes = Lanes(lane, width, self.nest.final)
        reductions = self.reductions(0)
        for red in reductions:
            kind = lanes.type(red)
            self.put(f"{kind} {red.name}_side[{SIDE_BY_SIDE}];")
        self._each_side(lane, width)
        for red in reductions:
            self.put(f"{red.name}_side[side] = ({lanes.type(red)})({FIRST[red.text]});")
        self.close()
        for loop in self.inner:
            self.open(
                f"for (size_t {loop.name} = 0; {loop.name} < {self.limit(loop)}; ++{loop.name})"
            )
        self._each_side(lane, width)
        self.put(*(statement(s, lanes) for s in self.needed(reductions)))
        for red in reductions:
            value, name = use(red.args[0], lanes, lanes.vector(red)), f"{red.name}_side[side]"
            self.put(f"{name} = {taking_in(red.text, name, value)};")
        self.close()
        for _ in self.inner:
            self.close()
        self._each_side(lane, width)
        for red in reductions:
            self.put(f"const {lanes.type(red)} {red.name} = {red.name}_side[side];")
        for stage in self.stages():
            self.put(*(statement(s, lanes) for s in self.row_steps(stage) if s not in done))
        self.put(*(statement(s, lanes) for s in self.stores(inner=False)))
        self.close()

    # -- one turn of the outer loops -----------------------------------------------------------

    def _turn(self, lanes: Lanes, done: set[Step]) -> None:
        """All that one turn of the outer loops does."""
        for stage in self.stages():
            self.put(*(statement(s, lanes) for s in self.row_steps(stage) if s not in done))
            reductions = self.reductions(stage)
            stores = self.stores(inner=True, stage=stage)
            if reductions or stores:
                self._stage = stage
                self._pass(reductions, stores, lanes)
        self.put(*(statement(s, lanes) for s in self.stores(inner=False)))

    def _pass(self, reductions: list[Step], stores: list[Step], lanes: Lanes) -> None:
        """One walk over the inner loops."""
        steps = self.needed([*reductions, *stores], self._known(self._stage))
        lane = lanes.variable if lanes.variable in self.inner and lanes.width > 1 else None
        for red in reductions:
            kind = lanes.type(red)
            self.put(f"{kind} {red.name} = ({kind})({FIRST[red.text]});")
        sums = SIDE_BY_SIDE if lane and self._is_long(lane, lanes.width, steps) else 1
        if lane:
            self._open_lanes(reductions, lanes.width, sums)
        loops = [v for v in self.inner if v is not lane]
        placed: set[Step] = set()
        one = Lanes(lane, 1, lanes.final) if lane else lanes
        for depth, loop in enumerate(loops):
            self.open(
                f"for (size_t {loop.name} = 0; {loop.name} < {self.limit(loop)}; ++{loop.name})"
            )
            if lane or depth + 1 < len(loops):
                known = set(self.outer) | set(loops[: depth + 1])
                free = [s for s in steps if s not in placed and s.variables <= known]
                here = [s for s in free if s.kind != "store"]
                self.put(*(line for s in here for line in self._inner(s, one)))
                placed |= set(here)
        rest = [s for s in steps if s not in placed]
        if lane:
            self._walk(lane, lanes.width, sums, rest, reductions)
        else:
            self._innermost(rest, reductions, lanes)
        for _ in loops:
            self.close()
        if lane:
            for red in reductions:
                self._gather(red, lanes.width, sums)
