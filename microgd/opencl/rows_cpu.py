"""Rows for CPUs: a loop walked a vector at a time, and what a reduction makes of the lanes.

A row is walked once for every reduction that has to be finished before the next can begin. Sums
stand in the lanes of vectors, several of them side by side in long rows, and are taken together in
the end, halves first: always in the same order, so that the same bits come out.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from microgd.opencl.index import Variable
from microgd.opencl.loops import Writer
from microgd.opencl.recipe import Recipe
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
from microgd.opencl.step import Step

#: Elements of a row that may be kept between walks; the first cache holds them.
KEPT = 4096
#: So many vectors of sums are kept side by side where loops are long.
SIDE_BY_SIDE = 4


def _calls(step: Step) -> bool:
    """Whether a step calls a function: exp, tanh and their kind cost more than to be kept."""
    return step.kind == "op" and re.search(r"[a-z]\w*\(", step.text) is not None


class RowWriter(Writer):
    """How a CPU walks along a row."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__(recipe)
        self._stage = 0
        self._first_walk: dict[Step, int] = {}

    # -- what is kept from one walk over a row to the next --------------------

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

    # -- vectors along a loop, and what is left at its end --------------------

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

    def _each_side(self, lane: Variable, width: int) -> None:
        self.put("#pragma unroll")
        self.open(f"for (int side = 0; side < {SIDE_BY_SIDE}; ++side)")
        self.put(f"const size_t {lane.name} = {lane.name}_block + {width} * side;")

    # -- a row's own elements in the lanes, taken together in the end ----------

    def _is_long(self, lane: Variable, width: int, steps: list[Step]) -> bool:
        """Whether several sums side by side are worth it: they hide how long an addition takes."""
        calls = sum(map(_calls, steps))
        return lane.size >= 4 * SIDE_BY_SIDE * width and len(steps) <= 8 and calls <= 1

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

    def _into_lanes(
        self, steps: list[Step], reductions: list[Step], lanes: Lanes, side: str
    ) -> None:
        self.put(*(line for s in steps for line in self._inner(s, lanes)))
        for red in reductions:
            value, name = use(red.args[0], lanes, True), f"{red.name}_lanes[{side}]"
            self.put(f"{name} = {taking_in_quickly(red.text, name, value)};")
            if red.text != "sum":
                self.put(f"{red.name}_nan |= ({value} != {value});")

    def _innermost(self, steps: list[Step], reductions: list[Step], lanes: Lanes) -> None:
        self.put(*(line for s in steps for line in self._inner(s, lanes)))
        for red in reductions:
            value = use(red.args[0], lanes, lanes.vector(red))
            self.put(f"{red.name} = {taking_in(red.text, red.name, value)};")

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
