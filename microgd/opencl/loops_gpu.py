"""Loops for GPUs: a work-item for every result, or a work-group for every row.

Where neighbouring results lie side by side in memory, so do the work-items that make them. Where a
row's own elements do, the items of a group walk it together, and then take their sums together in
local memory.
"""

from __future__ import annotations

from microgd.opencl.loops import Writer
from microgd.opencl.matmul import Body
from microgd.opencl.statements import FIRST, Lanes, statement, taking_in
from microgd.opencl.step import Step


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
        # Items beyond the last row go along, for all have to meet at the barriers.
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
