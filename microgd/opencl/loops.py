"""Loops: a recipe's steps inside the loops they need, as the body of a kernel.

A CPU walks the lane variable a vector at a time and shares out rows among its cores. A GPU gives
every element, or every row, a work-item or a work-group of its own. Both share the order of things:
what no loop changes comes first; then, row by row, a pass over the row for every reduction that has
to be finished before the next can begin; then what is stored.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from microgd.opencl.index import Index, Variable, mergeable, merged
from microgd.opencl.matmul import Body
from microgd.opencl.recipe import Recipe, Step
from microgd.opencl.statements import FIRST, Lanes, statement, taking_in, use, wide

INDENT = "    "


class Nest:
    """The loops around a recipe, after neighbours that can run as one were merged."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        group = recipe.group
        self.merges: list[tuple[Variable, Variable, Variable]] = []
        self.limits = group.limits
        blocked = recipe.tested | set(group.limits)
        indices = recipe.indices
        outer, indices = self._merge(group.outer, indices, blocked)
        inner = tuple(v for v in group.loops if v in group.reduced)
        self.inner, self.indices = self._merge(inner, indices, blocked)
        self.outer = outer

    @classmethod
    def plain(cls, recipe: Recipe) -> Nest:
        """The loops as they are, none merged."""
        nest = object.__new__(cls)
        nest.recipe, nest.merges, nest.limits = recipe, [], recipe.group.limits
        nest.outer, nest.inner, nest.indices = recipe.group.outer, (), recipe.indices
        return nest

    def _merge(
        self, loops: Sequence[Variable], indices: list[Index], blocked: set[Variable]
    ) -> tuple[tuple[Variable, ...], list[Index]]:
        result: list[Variable] = []
        for loop in loops:
            result.append(loop)
            while len(result) > 1:
                a, b = result[-2:]
                if {a, b} & blocked or not mergeable(indices, a, b):
                    break
                both = Variable(f"{a.name}_{b.name}", a.size * b.size)
                self.merges.append((a, b, both))
                indices = [merged(i, a, b, both) for i in indices]
                result[-2:] = [both]
        return tuple(result), indices

    def final(self, index: Index) -> Index:
        """An index in terms of the merged loops."""
        for a, b, both in self.merges:
            index = merged(index, a, b, both)
        return index

    def variables(self, step: Step) -> frozenset[Variable]:
        """The merged loops that a step depends on."""
        found = set(step.variables)
        for a, b, both in self.merges:
            if found & {a, b}:
                found -= {a, b}
                found.add(both)
        return frozenset(found)

    def settle(self) -> None:
        """Let the steps speak of the merged loops from now on."""
        for step in self.recipe.steps:
            step.variables = self.variables(step)

    def lane(self) -> Variable | None:
        """The variable to walk with vectors: the one along which most accesses are neighbours."""
        candidates = [loops[-1] for loops in (self.inner, self.outer) if loops]
        return max(candidates, key=self._neighbours, default=None)

    def _neighbours(self, loop: Variable) -> int:
        score = 0
        for index in self.indices:
            if loop in index.tangled or index.factor(loop) not in (0, 1):
                score -= 2
            else:
                score += index.factor(loop)
        return score


class Writer:
    """What both families of kernels write alike."""

    def __init__(self, recipe: Recipe) -> None:
        self.nest = Nest(recipe)
        self.nest.settle()
        self.steps = recipe.steps
        self.outer = self.nest.outer
        self.inner = self.nest.inner
        self.lane = self.nest.lane()
        self.lines: list[str] = []
        self.depth = 1

    # -- lines ------------------------------------------------------------

    def put(self, *lines: str) -> None:
        self.lines += [INDENT * self.depth + line for line in lines]

    def open(self, line: str) -> None:
        self.put(f"{line} {{")
        self.depth += 1

    def close(self) -> None:
        self.depth -= 1
        self.put("}")

    def limit(self, loop: Variable) -> str:
        """Where a loop ends."""
        return self.nest.limits.get(loop, str(loop.size))

    def decode(self, loops: Sequence[Variable], from_name: str) -> None:
        """Work the loop variables out of one running number."""
        stride = 1
        lines = []
        for number, loop in enumerate(reversed(loops)):
            text = from_name if stride == 1 else f"{from_name} / {stride}"
            if number + 1 < len(loops):
                text = f"({text}) % {loop.size}" if stride > 1 else f"{text} % {loop.size}"
            lines.append(f"const size_t {loop.name} = {text};")
            stride *= loop.size
        self.put(*reversed(lines))

    # -- sorting the steps ------------------------------------------------------------

    def uniform(self) -> list[Step]:
        """What no loop changes and no reduction precedes: done once by each work-item."""
        return [
            s
            for s in self.steps
            if not s.variables and not s.stage and s.kind not in ("store", "reduce")
        ]

    def row_steps(self, stage: int) -> list[Step]:
        """Steps of the outer loops alone that can be done after `stage` reductions."""
        return [
            s
            for s in self.steps
            if s.stage == stage
            and s.kind not in ("store", "reduce")
            and s.variables <= set(self.outer)
            and (s.variables or s.stage)
        ]

    def reductions(self, stage: int) -> list[Step]:
        return [s for s in self.steps if s.kind == "reduce" and s.stage == stage + 1]

    def stores(self, *, inner: bool, stage: int | None = None) -> list[Step]:
        return [
            s
            for s in self.steps
            if s.kind == "store"
            and bool(s.variables & set(self.inner)) == inner
            and (stage is None or s.stage == stage)
        ]

    def stages(self) -> range:
        return range(max((s.stage for s in self.steps), default=0) + 1)

    def needed(self, wanted: Sequence[Step]) -> list[Step]:
        """The steps of the inner loops that these need, in order."""
        inner = set(self.inner)
        found: set[Step] = set()
        waiting = [a for s in wanted for a in s.args]
        waiting += [s for s in wanted if s.kind == "store"]
        while waiting:
            step = waiting.pop()
            if step in found or not step.variables & inner:
                continue
            found.add(step)
            waiting += step.args
            # A looked-up number in an index is no argument, but its step comes first all the same.
            waiting += [s for s in self.steps if s.kind in ("whole", "clamp") and _names(step, s)]
        return [s for s in self.steps if s in found]


def _names(step: Step, looked: Step) -> bool:
    """Whether a number that was looked up stands in an index of the step."""
    indices = [step.index, *(test.index for test in step.tests)]
    return any(looked.name in re.findall(r"\w+", index.text()) for index in indices)


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


class GpuWriter(Writer):
    """A work-item for every result, or a work-group for every row."""

    def body(self, units: int) -> Body:
        """The kernel's body for a GPU."""
        scalar = Lanes(None, 1, self.nest.final)
        self.put(*(statement(s, scalar) for s in self.uniform()))
        turns = 1
        for loop in self.outer:
            turns *= loop.size
        if self.inner and self.lane in self.inner:
            return self._groups(turns, scalar)
        local = 1
        while local < min(256, turns):
            local *= 2
        if turns > 1:
            self.put("const size_t row = get_global_id(0);", f"if (row >= {turns}) return;")
            self.decode(self.outer, "row")
        for stage in self.stages():
            self.put(*(statement(s, scalar) for s in self.row_steps(stage)))
            reductions, stores = self.reductions(stage), self.stores(inner=True, stage=stage)
            if reductions or stores:
                self._pass(reductions, stores, scalar, None)
        self.put(*(statement(s, scalar) for s in self.stores(inner=False)))
        return Body(tuple(self.lines), (-(-turns // local), 1, 1), (local, 1, 1))

    def _groups(self, turns: int, lanes: Lanes) -> Body:
        """The items of a row walk it side by side, and then take their sums together."""
        assert self.lane is not None
        items = 1
        while items < min(256, self.lane.size):
            items *= 2
        together = max(1, min(256 // items, turns))
        reals = {s.real for s in self.steps if s.kind == "reduce"}
        for real in sorted(reals):
            self.put(f"__local {real} {real}_sums[{items * together}];")
        self.put("const size_t item = get_local_id(0);", "const size_t lane_row = get_local_id(1);")
        self.put("const size_t wanted_row = get_global_id(1);")
        # Items beyond the last row go along, for all have to meet at the barriers; they store nothing.
        self.put(f"const size_t row = min(wanted_row, (size_t){max(turns - 1, 0)});")
        self.put(f"const int live = wanted_row < {turns};")
        self.decode(self.outer, "row")
        for stage in self.stages():
            self.put(*(statement(s, lanes) for s in self.row_steps(stage)))
            reductions, stores = self.reductions(stage), self.stores(inner=True, stage=stage)
            if reductions or stores:
                self._pass(reductions, stores, lanes, items)
        last = self.stores(inner=False)
        if last:
            self.put("barrier(CLK_GLOBAL_MEM_FENCE);")
            self.open("if (live && item == 0)")
            self.put(*(statement(s, lanes) for s in last))
            self.close()
        return Body(tuple(self.lines), (1, -(-turns // together), 1), (items, together, 1))

    def _pass(
        self, reductions: list[Step], stores: list[Step], lanes: Lanes, items: int | None
    ) -> None:
        steps = self.needed([*reductions, *stores])
        for red in reductions:
            self.put(f"{red.real} {red.name} = {FIRST[red.text]};")
        for loop in self.inner:
            first, step = (
                ("item", f"{loop.name} += {items}")
                if (items and loop is self.lane)
                else ("0", f"++{loop.name}")
            )
            self.open(
                f"for (size_t {loop.name} = {first}; {loop.name} < {self.limit(loop)}; {step})"
            )
        for one in steps:
            if one.kind != "store":
                self.put(statement(one, lanes))
        for red in reductions:
            self.put(f"{red.name} = {taking_in(red.text, red.name, red.args[0].name)};")
        for one in stores:
            self.put(f"{'if (live) ' if items else ''}{statement(one, lanes)}")
        for _ in self.inner:
            self.close()
        if items:
            for red in reductions:
                self._tree(red, items)

    def _tree(self, red: Step, items: int) -> None:
        """The items' results taken together in local memory, halves first."""
        sums = f"{red.real}_sums"
        mine = f"{sums}[lane_row * {items} + item]"
        other = f"{sums}[lane_row * {items} + item + apart]"
        self.put(f"{mine} = {red.name};", "barrier(CLK_LOCAL_MEM_FENCE);")
        self.open(f"for (size_t apart = {items // 2}; apart > 0; apart /= 2)")
        self.put(f"if (item < apart) {mine} = {taking_in(red.text, mine, other)};")
        self.put("barrier(CLK_LOCAL_MEM_FENCE);")
        self.close()
        self.put(f"{red.name} = {sums}[lane_row * {items}];", "barrier(CLK_LOCAL_MEM_FENCE);")
