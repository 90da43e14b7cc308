"""Loops for CPUs: rows are shared out among the cores, a row is walked a vector at a time.

The lanes of a vector are neighbours in memory: either elements of a row, which a reduction takes
together in the end, halves first; or neighbouring results, each with its own sum.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from microgd.opencl.index import Variable
from microgd.opencl.loops import Writer
from microgd.opencl.matmul import Body
from microgd.opencl.recipe import Recipe, Step
from microgd.opencl.statements import (
    FIRST,
    Lanes,
    mask,
    statement,
    taking_in,
    taking_in_quickly,
    use,
    wide,
)

#: Elements of a row that may be kept between walks; the first cache holds them.
KEPT = 4096
#: So many vectors of sums are kept side by side where loops are long.
SIDE_BY_SIDE = 4


def width_for(steps: Sequence[Step], lane: Variable | None) -> int:
    """How many numbers a vector holds: 16 floats or 8 doubles, fewer along a short loop."""
    if lane is None:
        return 1
    most = 8 if any(s.real == "double" for s in steps) else 16
    width = 1
    while width * 2 <= min(most, lane.size):
        width *= 2
    return width


def _calls(step: Step) -> bool:
    """Whether a step calls a function: exp, tanh and their kind cost more than to be kept."""
    return step.kind == "op" and re.search(r"[a-z]\w*\(", step.text) is not None


class CpuWriter(Writer):
    """Rows for the cores, vectors along the lane."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__(recipe)
        self._stage = 0
        self._first_walk: dict[Step, int] = {}

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

    # -- what is kept from one walk over a row to the next --------------------------------------

    def _choose_kept(self) -> None:
        """Functions that several walks over a short row need are worked out once, and kept."""
        self.kept: dict[Step, int] = {}
        if len(self.inner) != 1 or self.lane not in self.inner or self.inner[0].size > KEPT:
            return
        for stage in self.stages():
            wanted = [*self.reductions(stage), *self.stores(inner=True, stage=stage)]
            for step in self.needed(wanted):
                first = self._first_walk.setdefault(step, stage)
                if first != stage and _calls(step):
                    self.kept[step] = first
        for step in self.kept:
            self.put(f"{step.real} {step.name}_kept[{self.inner[0].size}];")

    def _known(self, stage: int) -> list[Step]:
        """What earlier walks have kept."""
        return [step for step, first in self.kept.items() if first < stage]

    def _inner(self, step: Step, lanes: Lanes) -> list[str]:
        """The lines of a step of the inner loops."""
        place = f"{step.name}_kept + {self.inner[0].name}"
        width = lanes.width if lanes.vector(step) else 1
        if step not in self.kept:
            return [statement(step, lanes)]
        if self.kept[step] < self._stage:
            load = f"vload{width}(0, {place})" if width > 1 else f"*({place})"
            return [f"const {lanes.type(step)} {step.name} = {load};"]
        store = (
            f"vstore{width}({step.name}, 0, {place});"
            if width > 1
            else f"*({place}) = {step.name};"
        )
        return [statement(step, lanes), store]

    # -- vectors along a loop, and what is left at its end ---------------------------------

    def _vectors(self, lane: Variable, width: int, write: Callable[[Lanes], None]) -> None:
        """Walk a whole loop: vectors as long as they fit, then narrower and narrower ones."""
        limit = self.nest.limits.get(lane)
        self._full(lane, "0", self.limit(lane), width, write)
        if limit is None:
            self._rest(lane, lane.size, width, write)
            return
        if lane.size % width:
            self.open(f"if ({limit.text} == {lane.size})")
            self._rest(lane, lane.size, width, write)
            self.close()
        if limit.last % width:
            self.open(f"if ({limit.text} == {limit.last})")
            self._rest(lane, limit.last, width, write)
            self.close()

    def _full(
        self, lane: Variable, start: str, end: str, width: int, write: Callable[[Lanes], None]
    ) -> None:
        """The vectors that fit between start and end."""
        name = lane.name
        if end.isdecimal() and int(end) < width:
            return
        self.open(f"for (size_t {name} = {start}; {name} + {width} <= {end}; {name} += {width})")
        write(Lanes(lane, width, self.nest.final))
        self.close()

    def _rest(
        self, lane: Variable, length: int, width: int, write: Callable[[Lanes], None]
    ) -> None:
        """What is left of a loop of this length: half a vector if it fits, and so on."""
        at = length // width * width
        while width > 1:
            width //= 2
            if length - at >= width:
                self.open("")
                self.put(f"const size_t {lane.name} = {at};")
                write(Lanes(lane, width, self.nest.final))
                self.close()
                at += width

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
        steps = self.needed([*self.reductions(0), *self.stores(inner=True)])
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

    def _each_side(self, lane: Variable, width: int) -> None:
        self.put("#pragma unroll")
        self.open(f"for (int side = 0; side < {SIDE_BY_SIDE}; ++side)")
        self.put(f"const size_t {lane.name} = {lane.name}_block + {width} * side;")

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

    def _is_long(self, lane: Variable, width: int, steps: list[Step]) -> bool:
        """Whether several sums side by side are worth it: they hide how long an addition takes."""
        calls = sum(map(_calls, steps))
        return lane.size >= 4 * SIDE_BY_SIDE * width and len(steps) <= 8 and calls <= 1

    # -- a row's own elements in the lanes, taken together in the end ----------------------------

    def _open_lanes(self, reductions: list[Step], width: int, sums: int) -> None:
        for red in reductions:
            kind = wide(red.real, width)
            first = f"({kind})({FIRST[red.text]})"
            self.put(f"{kind} {red.name}_lanes[{sums}] = {{{', '.join([first] * sums)}}};")
            if red.text != "sum":  # a test for NaN in the chain of comparisons would hold it up
                self.put(f"{mask(red.real, width)} {red.name}_nan = 0;")

    def _walk(
        self,
        lane: Variable,
        width: int,
        sums: int,
        steps: list[Step],
        reductions: list[Step],
    ) -> None:
        """Along the lane: vectors into sums of their own, the rest straight into the result."""

        def write(lanes: Lanes) -> None:
            if lanes.width == width:
                self._into_lanes(steps, reductions, lanes, "0")
            else:
                self.put(*(line for s in steps for line in self._inner(s, lanes)))
                for red in reductions:
                    value = use(red.args[0], lanes, lanes.width > 1)
                    self._fold(red, value, lanes.width)

        if sums == 1:
            self._vectors(lane, width, write)
            return
        name, end, block = lane.name, self.limit(lane), width * sums
        lanes = Lanes(lane, width, self.nest.final)
        at = f"{name}_block"
        self.open(f"for (size_t {at} = 0; {at} + {block} <= {end}; {at} += {block})")
        self._each_side(lane, width)
        self._into_lanes(steps, reductions, lanes, "side")
        self.close()
        self.close()
        limit = self.nest.limits.get(lane)
        if limit or lane.size % block >= width:
            blocks_end = f"{end} / {block} * {block}" if limit else str(lane.size // block * block)
            self._full(lane, blocks_end, end, width, write)
        for length in {lane.size, limit.last if limit else lane.size}:
            if length % width:
                if limit:
                    self.open(f"if ({end} == {length})")
                self._rest(lane, length, width, write)
                if limit:
                    self.close()

    def _innermost(self, steps: list[Step], reductions: list[Step], lanes: Lanes) -> None:
        self.put(*(line for s in steps for line in self._inner(s, lanes)))
        for red in reductions:
            value = use(red.args[0], lanes, lanes.vector(red))
            self.put(f"{red.name} = {taking_in(red.text, red.name, value)};")

    def _into_lanes(
        self, steps: list[Step], reductions: list[Step], lanes: Lanes, side: str
    ) -> None:
        self.put(*(line for s in steps for line in self._inner(s, lanes)))
        for red in reductions:
            value, name = use(red.args[0], lanes, True), f"{red.name}_lanes[{side}]"
            self.put(f"{name} = {taking_in_quickly(red.text, name, value)};")
            if red.text != "sum":
                self.put(f"{red.name}_nan |= ({value} != {value});")

    def _gather(self, red: Step, width: int, sums: int) -> None:
        """The sums side by side taken together, pairs first, then their lanes."""
        name = f"{red.name}_lanes"
        while sums > 1:
            sums //= 2
            for number in range(sums):
                mine, other = f"{name}[{number}]", f"{name}[{number + sums}]"
                self.put(f"{mine} = {taking_in(red.text, mine, other)};")
        self.open("")
        self._fold(red, f"{name}[0]", width)
        self.close()
        if red.text != "sum":
            self.put(f"if (any({red.name}_nan)) {red.name} = NAN;")

    def _fold(self, red: Step, name: str, width: int) -> None:
        """Take a vector's lanes into the result, halves first: always in the same order."""
        while width > 1:
            width //= 2
            half = f"{red.name}_{width}"
            low, high = (f"{name}.{part}" for part in ("lo", "hi"))
            text = taking_in(red.text, low, high)
            self.put(f"const {wide(red.real, width)} {half} = {text};")
            name = half
        self.put(f"{red.name} = {taking_in(red.text, red.name, name)};")
