"""Planning buffers: which node lies where, which ones take turns, which are updated in place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from microgd.gates.linear import matmul
from microgd.graph.node import Node
from microgd.graph.shapes import element_count
from microgd.opencl.group import Group, in_order
from microgd.opencl.homes import Fused
from microgd.opencl.index import address
from microgd.opencl.layout import operand_nodes
from microgd.opencl.recipe import Recipe

#: Bytes that kernels may read (never write) beyond the end of an array.
PADDING = 128


@dataclass(frozen=True, eq=False)
class Plan:
    """Where everything lies.

    Attributes:
        steps: the groups in the order in which they run; those of a step can run side by side.
        shared: results that are written over an input that was given away.
        slots: the bytes of each temporary buffer.
        places: temporary node → number of its slot.
    """

    fused: Fused
    steps: tuple[tuple[Group, ...], ...]
    shared: dict[Node, Node]
    slots: tuple[int, ...]
    places: dict[Node, int]

    @property
    def groups(self) -> tuple[Group, ...]:
        """All groups in the order in which they run."""
        return tuple(group for step in self.steps for group in step)

    @property
    def stored(self) -> frozenset[Node]:
        """All nodes that lie in buffers."""
        made = {n for g in self.groups for n in g.outputs}
        return frozenset(made.union(self.fused.graph.inputs))


def plan(
    fused: Fused,
    donated: Collection[Node] = (),
    by_value: Collection[Node] = (),
    *,
    together: bool = False,
) -> Plan:
    """Give every node that is stored a buffer.

    Arguments:
        donated: inputs whose buffers the caller gives away, to be written over.
        by_value: scalar inputs that have no buffer.
        together: whether groups that need nothing of each other are started together.
    """
    graph = fused.graph
    stored = {n for g in fused.groups for n in g.outputs} | set(graph.inputs)
    reads = {g: _reads(g, stored, by_value) for g in fused.groups}
    shared, after = _in_place(fused, donated, reads, stored)
    order = in_order(fused.groups, after)
    steps = _steps(order, after) if together else [[group] for group in order]
    keep = set(graph.outputs)
    last = {node: number for number, step in enumerate(steps) for g in step for node in reads[g]}
    slots: list[int] = []
    places: dict[Node, int] = {}
    free: list[int] = []
    for number, step in enumerate(steps):
        made = [node for group in step for node in group.outputs]
        for node in made:
            if node not in keep:
                places[node] = _slot(size_of(node), slots, free)
        read = [node for group in step for node in reads[group]]
        done = dict.fromkeys(node for node in [*read, *made] if node in places)
        free += [places[node] for node in done if last.get(node, number) <= number]
    return Plan(fused, tuple(map(tuple, steps)), shared, tuple(slots), places)


def _steps(order: Sequence[Group], after: Mapping[Group, set[Group]]) -> list[list[Group]]:
    """The groups by how many others, one after the other, have to run before."""
    level: dict[Group, int] = {}
    for group in order:
        level[group] = 1 + max([level[other] for other in after[group]], default=-1)
    steps: list[list[Group]] = [[] for _ in range(max(level.values(), default=-1) + 1)]
    for group in order:
        steps[level[group]].append(group)
    return steps


def size_of(node: Node) -> int:
    """Bytes of a node's numbers, with what may be read beyond them."""
    return element_count(node.shape) * node.dtype.itemsize + PADDING


def _slot(size: int, slots: list[int], free: list[int]) -> int:
    """A free slot that is large enough, the smallest of them; else the largest, made larger."""
    fitting = [s for s in free if slots[s] >= size]
    if fitting:
        chosen = min(fitting, key=slots.__getitem__)
    elif free:
        chosen = max(free, key=slots.__getitem__)
        slots[chosen] = size
    else:
        slots.append(size)
        return len(slots) - 1
    free.remove(chosen)
    return chosen


def _reads(group: Group, stored: Collection[Node], by_value: Collection[Node]) -> dict[Node, None]:
    """The nodes whose buffers a group reads: as keys, for `in` a list would ask `==`, a gate."""
    recipe = Recipe(group, stored, by_value)
    read = list(recipe.pointers)
    for node in group.at:
        if node.gate is matmul:
            read += operand_nodes(node)
    made = set(group.outputs)
    return {node: None for node in read if node not in made}


def _in_place(
    fused: Fused,
    donated: Collection[Node],
    reads: dict[Group, dict[Node, None]],
    stored: Collection[Node],
) -> tuple[dict[Node, Node], dict[Group, set[Group]]]:
    """Which outputs can take a donated input's buffer, and which groups must then run before."""
    order = list(fused.groups)
    shared: dict[Node, Node] = {}
    taken: set[Node] = set()
    after: dict[Group, set[Group]] = {g: set(g.needs) for g in order}
    results = set(fused.graph.outputs)
    for group in order:
        for node in group.outputs:
            if node not in results:
                continue
            for given in donated:
                if given in taken or not _alike(node, given) or given in results:
                    continue
                others = [g for g in order if g is not group and given in reads[g]]
                if given in reads[group] and not _element_by_element(group, node, given, stored):
                    continue
                if any(_waits(g, group, after) for g in others):
                    continue  # somebody still needs the old numbers afterwards
                shared[node] = given
                taken.add(given)
                after[group] |= set(others)
                break
    return shared, after


def _alike(node: Node, given: Node) -> bool:
    return node.shape == given.shape and node.dtype == given.dtype and node.shape != ()


def _element_by_element(group: Group, node: Node, given: Node, stored: Collection[Node]) -> bool:
    """Whether each turn of the loops reads of `given` only the element it then writes."""
    if group.kind == "rows" and any(
        v in group.reduced for p in group.at[node] for v in p.variables
    ):
        return False
    for one in group.at:
        if one.gate is matmul and given in set(operand_nodes(one)):
            return False
    recipe = Recipe(group, stored)
    place = address(group.at[node], node.shape)
    loads = [s for s in recipe.steps if s.kind == "load" and s.node is given]
    return all(s.index == place for s in loads)


def _waits(group: Group, other: Group, after: dict[Group, set[Group]]) -> bool:
    """Whether `group` can only run after `other`."""
    seen: set[Group] = set()
    waiting = [group]
    while waiting:
        for need in after[waiting.pop()] - seen:
            if need is other:
                return True
            seen.add(need)
            waiting.append(need)
    return False
