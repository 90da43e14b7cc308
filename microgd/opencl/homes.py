"""Homes: which group computes which node, and what the groups read of each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from microgd.gates.indexing import take
from microgd.gates.linear import matmul
from microgd.graph.node import Node
from microgd.opencl.graph import Graph
from microgd.opencl.group import Group, fit
from microgd.opencl.index import Index, Variable
from microgd.opencl.lower import REDUCTIONS
from microgd.opencl.split import PARTIAL
from microgd.opencl.views import PIECES, Place, broadcast, is_movement, through

#: A node of some group, and the place at which it is read; None if that is no place of the loops.
Reading: TypeAlias = tuple[Node, Place | None]


#: Quotients inside one another, in the place of an element, before a buffer is better.
DEEP = 2


@dataclass(frozen=True, eq=False)
class Fused:
    """A graph, and the groups that compute it, in an order in which they can run."""

    graph: Graph
    groups: tuple[Group, ...]


class Homes:
    """The groups as they grow. A node without a home is computed wherever it is needed."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.home: dict[Node, Group] = {}
        self.groups: list[Group] = []

    # -- what a node reads of other groups ------------------------------------------------

    def bases(self, node: Node, at: Place | None) -> Iterator[Reading]:
        """The nodes with a home that this one reads, through views and what has no home.

        The place is None where it is not simply a place of the loops (a piece, a looked-up one).
        """
        waiting: list[Reading] = [(node, at)]
        seen: set[tuple[int, Place | None]] = set()
        first = True
        while waiting:
            one, place = waiting.pop()
            if (id(one), place) in seen:
                continue
            seen.add((id(one), place))
            if one in self.home and not first:
                yield one, place
                continue
            first = False
            if one.gate is take or one.gate in PIECES:
                waiting += [(i, None) for i in one.inputs]
            elif is_movement(one):
                waiting.append((one.inputs[0], None if place is None else through(one, place)))
            elif one.gate in REDUCTIONS or one.gate in (PARTIAL, matmul):
                waiting += [(i, None) for i in one.inputs]
            else:
                for source in one.inputs:
                    inner = None if place is None else broadcast(source.shape, place)
                    waiting.append((source, inner))

    def sees(self, group: Group, sources: Sequence[Reading]) -> bool:
        """Whether all that is read of the group is what the same turn of its loops makes."""
        return all(place == group.at[base] for base, place in sources if self.home[base] is group)

    def may_need(self, group: Group, sources: Sequence[Reading]) -> bool:
        """Whether the group can read these without waiting for itself."""
        others = {self.home[base] for base, _ in sources} - {group}
        return not any(other.depends_on(group) for other in others)

    def put(self, node: Node, at: Place, group: Group, sources: Sequence[Reading]) -> None:
        """Let the group compute the node, which reads these."""
        self.home[node] = group
        group.at[node] = at
        for base, _ in sources:
            if self.home[base] is not group:
                group.needs.add(self.home[base])

    def new(self, kind: str, loops: tuple[Variable, ...]) -> Group:
        """A group of its own."""
        group = Group(len(self.groups), kind, loops)
        self.groups.append(group)
        return group

    def sources(self, node: Node, group: Group) -> Iterator[Reading]:
        """What a node of a group reads, at the places of that group's loops."""
        if node.gate in REDUCTIONS or node.gate is PARTIAL:
            partial = node.gate is PARTIAL
            x = node.inputs[0]
            place = partial_place(node, group) if partial else fit(x.shape, group.loops)
            yield from self.reduced_bases(x, place or ())
        else:
            yield from self.bases(node, group.at[node])

    def reduced_bases(self, x: Node, place: Place) -> Iterator[Reading]:
        """What a reduction of x reads."""
        if x in self.home:
            yield x, place
        else:
            yield from self.bases(x, place)

    # -- what groups need of each other -----------------------------------------------------

    def readers(self, group: Group) -> dict[Group, int | None]:
        """Who reads the group's nodes, and how many times in all one of them is read.

        None stands for what needs a buffer: an operand of a matmul, and what lies so deep in views
        of views that its place would take longer to work out than to read.
        """
        found: dict[Group, int | None] = {}
        for reader in self.groups:
            if group not in reader.needs:
                continue
            for node in reader.at:
                for base, place in self.sources(node, reader):
                    if self.home[base] is not group:
                        continue
                    before = found.get(reader, 1)
                    deep = place is not None and max((i.depth for i in place), default=0) > DEEP
                    turns = None if node.gate is matmul or deep else turns_of(place, reader)
                    found[reader] = None if before is None or turns is None else max(before, turns)
        return found

    def is_operand(self, node: Node) -> bool:
        """Whether a matmul reads the node, which therefore needs a buffer."""
        return any(
            base is node
            for reader in self.groups
            for one in reader.at
            if one.gate is matmul
            for base, _ in self.bases(one, None)
        )

    def stored(self) -> dict[Node, Group]:
        """The nodes that need a buffer: results, and what one group makes and another reads."""
        outputs: dict[Node, Group] = {}
        for node in dict.fromkeys(self.graph.outputs):
            if node in self.home:
                outputs[node] = self.home[node]
        for reader in self.groups:
            for node in reader.at:
                for base, _ in self.bases(node, None):
                    if self.home[base] is not reader:
                        outputs[base] = self.home[base]
        return outputs


def partial_place(node: Node, group: Group) -> Place:
    """Where in its input a turn of a partial reduction's loops is: part · chunk + c on one axis."""
    (x,) = node.inputs
    params: Any = node.params
    named = {loop.name: loop for loop in group.loops}
    place = []
    for axis, size in enumerate(x.shape):
        if axis == params["axes"][0]:
            place.append(Index.of(named["p"]) * params["chunk"] + Index.of(named["c"]))
        else:
            place.append(Index.of(named[f"i{axis}"]) if size != 1 else Index())
    return tuple(place)


def turns_of(place: Place | None, group: Group) -> int:
    """How often a place changes while the group's loops are run."""
    if place is None:
        return group.turns
    count = 1
    for loop in frozenset().union(*(i.variables for i in place)):
        count *= loop.size
    return count
