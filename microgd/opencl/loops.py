"""Loops: a recipe's steps inside the loops they need, as the body of a kernel.

What both families of kernels share is the order of things: what no loop changes comes first; then,
row by row, a pass over the row for every reduction that has to be finished before the next can
begin; then what is stored. `loops_cpu` and `loops_gpu` write the loops themselves.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from microgd.opencl.index import Index, Variable, mergeable, merged
from microgd.opencl.recipe import Recipe
from microgd.opencl.step import Step

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
        ends = " ".join(
            limit.text for limit in self.limits.values()
        )  # neighbours that end elsewhere share no vector
        last = [loops[-1] for loops in (self.inner, self.outer) if loops]
        candidates = [v for v in last if v.name not in re.findall(r"\w+", ends)]
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
        self.put(f"{line} {{".lstrip())
        self.depth += 1

    def close(self) -> None:
        self.depth -= 1
        self.put("}")

    def limit(self, loop: Variable) -> str:
        """Where a loop ends."""
        limit = self.nest.limits.get(loop)
        return limit.text if limit else str(loop.size)

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

    def needed(self, wanted: Sequence[Step], known: Collection[Step] = ()) -> list[Step]:
        """The steps of the inner loops that these need, in order; what is known needs no others."""
        inner = set(self.inner)
        found: set[Step] = set()
        waiting = [a for s in wanted for a in s.args]
        waiting += [s for s in wanted if s.kind == "store"]
        while waiting:
            step = waiting.pop()
            if step in found or not step.variables & inner:
                continue
            found.add(step)
            if step in known:
                continue
            waiting += step.args
            # A looked-up number in an index is no argument, but its step comes first all the same.
            waiting += [s for s in self.steps if s.kind in ("whole", "clamp") and _names(step, s)]
        return [s for s in self.steps if s in found]


def _names(step: Step, looked: Step) -> bool:
    """Whether a number that was looked up stands in an index of the step."""
    indices = [step.index, *(test.index for test in step.tests)]
    return any(looked.name in re.findall(r"\w+", index.text()) for index in indices)
