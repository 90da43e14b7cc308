"""Loops for CPUs: rows are shared out among the cores, a row is walked a vector at a time.

The lanes of a vector are neighbours in memory: either elements of a row, which a reduction takes
together in the end, halves first; or neighbouring results, each with its own sum.
"""

from __future__ import annotations

from collections.abc import Sequence

from microgd.opencl.index import Variable
from microgd.opencl.loops import Writer
from microgd.opencl.matmul import Body
from microgd.opencl.recipe import Step
from microgd.opencl.statements import FIRST, Lanes, statement, taking_in, use, wide


def width_for(steps: Sequence[Step], lane: Variable | None) -> int:
    """How many numbers a vector holds: 16 floats or 8 doubles, fewer along a short loop."""
    if lane is None:
        return 1
    most = 8 if any(s.real == "double" for s in steps) else 16
    width = 1
    while width * 2 <= min(most, lane.size):
        width *= 2
    return width


def whole(end: str, width: int) -> str:
    """Where whole vectors end."""
    return str(int(end) // width * width) if end.isdecimal() else f"({end}) / {width} * {width}"


class CpuWriter(Writer):
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
        groups = (max(1, -(-length // chunk)), max(1, -(-turns // block)), 1)

        self.put(*(statement(s, scalar) for s in self.uniform()))
        if turns > 1 or block > 1:
            self.put(
                f"const size_t rows_end = min((size_t){turns}, (get_group_id(1) + 1) * {block});"
            )
            self.open(f"for (size_t row = get_group_id(1) * {block}; row < rows_end; ++row)")
            self.decode(rows, "row")
        if outer_lane is None:
            self._row(Lanes(self.lane, width, self.nest.final))
        else:
            self._row_lanes(outer_lane, width, chunk, groups[0])
        if turns > 1 or block > 1:
            self.close()
        return Body(tuple(self.lines), groups, (1, 1, 1))

    def _row_lanes(self, lane: Variable, width: int, chunk: int, pieces: int) -> None:
        """Neighbouring results side by side, in the lanes of vectors."""
        name, size = lane.name, lane.size
        hoisted = [s for s in self.row_steps(0) if lane not in s.variables]
        self.put(*(statement(s, Lanes(None, 1, self.nest.final)) for s in hoisted))
        start, end = "0", str(size)
        if pieces > 1:
            start, end = f"get_group_id(0) * {chunk}", f"{name}_end"
            self.put(f"const size_t {end} = min((size_t){size}, {start} + {chunk});")
        if width > 1:
            self.open(
                f"for (size_t {name} = {start}; {name} + {width} <= {end}; {name} += {width})"
            )
            self._turn(Lanes(lane, width, self.nest.final), set(hoisted))
            self.close()
        if width == 1 or size % width:
            first = whole(end, width) if width > 1 else start
            self.open(f"for (size_t {name} = {first}; {name} < {end}; ++{name})")
            self._turn(Lanes(lane, 1, self.nest.final), set(hoisted))
            self.close()

    def _row(self, lanes: Lanes) -> None:
        self._turn(lanes, set())

    def _turn(self, lanes: Lanes, done: set[Step]) -> None:
        """All that one turn of the outer loops does."""
        for stage in self.stages():
            self.put(*(statement(s, lanes) for s in self.row_steps(stage) if s not in done))
            reductions = self.reductions(stage)
            stores = self.stores(inner=True, stage=stage)
            if reductions or stores:
                self._pass(reductions, stores, lanes)
        self.put(*(statement(s, lanes) for s in self.stores(inner=False)))

    def _pass(self, reductions: list[Step], stores: list[Step], lanes: Lanes) -> None:
        """One walk over the inner loops."""
        steps = self.needed([*reductions, *stores])
        across = lanes.variable in self.inner and lanes.width > 1  # lanes are summed in the end
        for red in reductions:
            kind = lanes.type(red)
            self.put(f"{kind} {red.name} = ({kind})({FIRST[red.text]});")
            if across:
                kind = wide(red.real, lanes.width)
                self.put(f"{kind} {red.name}_lanes = ({kind})({FIRST[red.text]});")
        loops = [v for v in self.inner if not (across and v is lanes.variable)]
        placed: set[Step] = set()
        one = Lanes(lanes.variable, 1, lanes.final) if across else lanes
        for depth, loop in enumerate(loops):
            self.open(
                f"for (size_t {loop.name} = 0; {loop.name} < {self.limit(loop)}; ++{loop.name})"
            )
            if across or depth + 1 < len(loops):
                known = set(self.outer) | set(loops[: depth + 1])
                here = [
                    s
                    for s in steps
                    if s not in placed and s.variables <= known and s.kind != "store"
                ]
                self.put(*(statement(s, one) for s in here))
                placed |= set(here)
        rest = [s for s in steps if s not in placed]
        if not across:
            self._innermost(rest, reductions, lanes, "")
        else:
            assert lanes.variable is not None
            name, end = lanes.variable.name, self.limit(lanes.variable)
            wide_step = lanes.width
            self.open(
                f"for (size_t {name} = 0; {name} + {wide_step} <= {end}; {name} += {wide_step})"
            )
            self._innermost(rest, reductions, lanes, "_lanes")
            self.close()
            if lanes.variable.size % lanes.width or lanes.variable in self.nest.limits:
                self.open(
                    f"for (size_t {name} = {whole(end, wide_step)}; {name} < {end}; ++{name})"
                )
                self._innermost(rest, reductions, one, "")
                self.close()
        for _ in loops:
            self.close()
        if across:
            for red in reductions:
                self._across(red, lanes.width)

    def _innermost(
        self, steps: list[Step], reductions: list[Step], lanes: Lanes, suffix: str
    ) -> None:
        self.put(*(statement(s, lanes) for s in steps))
        for red in reductions:
            vector = bool(suffix) or lanes.vector(red)
            value = use(red.args[0], lanes, vector)
            name = f"{red.name}{suffix}"
            self.put(f"{name} = {taking_in(red.text, name, value)};")

    def _across(self, red: Step, width: int) -> None:
        """Take the lanes together, halves first: always in the same order."""
        name = f"{red.name}_lanes"
        while width > 1:
            width //= 2
            half = f"{red.name}_{width}"
            kind = wide(red.real, width)
            self.put(f"const {kind} {half} = {taking_in(red.text, f'{name}.lo', f'{name}.hi')};")
            name = half
        self.put(f"{red.name} = {taking_in(red.text, red.name, name)};")
