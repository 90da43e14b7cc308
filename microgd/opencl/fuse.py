"""Fusing: which gates share a kernel.

Every gate joins the group that makes its inputs, if each turn of that group's loops makes just the
elements that the gate needs, and if no group would then wait for itself. So an activation ends up
in the matmul before it, and a softmax with its loss in one walk over each row. What a single other
group needs, and needs once, is then computed there and stored nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from microgd.gates.activation import relu
from microgd.gates.arithmetic import add, mul, neg, sub
from microgd.gates.indexing import take
from microgd.gates.linear import matmul
from microgd.gates.selection import (
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    not_equal,
)
from microgd.graph.node import Node
from microgd.graph.shapes import element_count, normal_axes
from microgd.opencl.graph import Graph
from microgd.opencl.group import Group, fit, in_order, loops_over
from microgd.opencl.index import Index, Variable
from microgd.opencl.layout import copy_of
from microgd.opencl.lower import REDUCTIONS
from microgd.opencl.split import PARTIAL, parts_of
from microgd.opencl.views import PIECES, Place, broadcast, is_movement, through

#: Gates that are quicker done again than stored and read.
CHEAP = frozenset(
    {add, sub, mul, neg, greater, less, greater_equal, less_equal, equal, not_equal, relu}
)
#: How many of the latest groups a gate tries to join.
TRIES = 8


@dataclass(frozen=True, eq=False)
class Fused:
    """A graph, and the groups that compute it, in an order in which they can run."""

    graph: Graph
    groups: tuple[Group, ...]


def fuse(graph: Graph) -> Fused:
    """Sort the gates of a lowered graph into groups."""
    return _Fusion(graph).fused()


class _Fusion:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.order = graph.order
        self.home: dict[Node, Group] = {}
        self.groups: list[Group] = []
        self.reads: dict[Node, list[Group]] = {}

    def fused(self) -> Fused:
        for node in self.order:
            if not node.inputs or is_movement(node) or not element_count(node.shape):
                continue
            if node.gate is matmul:
                self._matmul(node)
            elif node.gate in REDUCTIONS:
                self._reduction(node)
            elif node.gate is PARTIAL:
                self._partial(node)
            elif element_count(node.shape) > 1 or any(True for _ in self._bases(node, None)):
                self._elementwise(node)
        self._results()
        self._merge()
        self._absorb()
        self._repeat()
        self._exports()
        return Fused(self.graph, tuple(in_order(self.groups, {g: g.needs for g in self.groups})))

    # -- which nodes of other groups a node reads, and where -----------------------------

    def _bases(self, node: Node, at: Place | None) -> Iterator[tuple[Node, Place | None]]:
        """The nodes with a home that this one reads, through views and what has no home.

        The place is None where it is not simply a place of the loops (a piece, a looked-up one).
        """
        waiting: list[tuple[Node, Place | None]] = [(node, at)]
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

    def _sees(self, group: Group, sources: Sequence[tuple[Node, Place | None]]) -> bool:
        """Whether all that is read of the group is what the same turn of its loops makes."""
        return all(place == group.at[base] for base, place in sources if self.home[base] is group)

    def _may_need(self, group: Group, sources: Sequence[tuple[Node, Place | None]]) -> bool:
        """Whether the group can read these without waiting for itself."""
        others = {self.home[base] for base, _ in sources} - {group}
        return not any(other.depends_on(group) for other in others)

    def _put(
        self,
        node: Node,
        at: Place,
        group: Group,
        sources: Sequence[tuple[Node, Place | None]],
    ) -> None:
        self.home[node] = group
        group.at[node] = at
        for base, _ in sources:
            if self.home[base] is not group:
                group.needs.add(self.home[base])

    def _new(self, kind: str, loops: tuple[Variable, ...]) -> Group:
        group = Group(len(self.groups), kind, loops)
        self.groups.append(group)
        return group

    def _candidates(self, node: Node) -> list[Group]:
        """The groups it might join: those it reads, then maps over its shape."""
        read = {self.home[base] for base, _ in self._bases(node, None)}
        # What has loops of its own kind to offer comes first: a map can be absorbed later.
        latest = sorted(read, key=lambda g: (g.kind == "map", -g.number))[:TRIES]
        leaves = {i for i in node.inputs if not i.inputs and i.shape}
        alike = [
            g
            for g in self.groups[-TRIES:]
            if g not in read
            and g.kind == "map"
            and fit(node.shape, g.loops) is not None
            and any(leaves.intersection(n.inputs) for n in g.at)
        ]
        return latest + alike

    # -- one kind of node after the other ------------------------------------------------

    def _elementwise(self, node: Node) -> None:
        for group in self._candidates(node):
            places = [fit(node.shape, group.loops)]
            if group.kind == "rows":
                places.append(fit(node.shape, group.outer))
            for at in places:
                if at is None:
                    continue
                sources = list(self._bases(node, at))
                if self._sees(group, sources) and self._may_need(group, sources):
                    self._put(node, at, group, sources)
                    return
        loops = loops_over(node.shape)
        at = fit(node.shape, loops) or ()
        self._put(node, at, self._new("map", loops), list(self._bases(node, at)))

    def _reduction(self, node: Node) -> None:
        (x,) = node.inputs
        params: Any = node.params
        axes = normal_axes(params["axis"], len(x.shape))
        for group in self._candidates(node):
            place = fit(x.shape, group.loops)
            if group.kind == "matmul" or place is None or group.limits:
                continue
            reduced = _variables(place, axes)
            if not reduced or (group.kind == "rows" and reduced != group.reduced):
                continue
            sources = list(self._reduced_bases(x, place))
            if self._sees(group, sources) and self._may_need(group, sources):
                group.kind, group.reduced = "rows", reduced
                self._put(node, _without(place, axes, params["keepdims"]), group, sources)
                return
        loops = loops_over(x.shape)
        place = fit(x.shape, loops) or ()
        group = self._new("rows", loops)
        group.reduced = _variables(place, axes)
        sources = list(self._reduced_bases(x, place))
        self._put(node, _without(place, axes, params["keepdims"]), group, sources)

    def _reduced_bases(self, x: Node, place: Place) -> Iterator[tuple[Node, Place | None]]:
        if x in self.home:
            yield x, place
        else:
            yield from self._bases(x, place)

    def _partial(self, node: Node) -> None:
        (x,) = node.inputs
        params: Any = node.params
        axes, chunk = params["axes"], params["chunk"]
        cut, size = axes[0], x.shape[axes[0]]
        part = Variable("p", parts_of(size, chunk))
        within = Variable("c", chunk)
        loops: list[Variable] = [part]
        for axis, length in enumerate(x.shape):
            if axis == cut:
                loops.append(within)
            elif length != 1:
                loops.append(Variable(f"i{axis}", length))
        group = self._new("rows", tuple(loops))
        place = partial_place(node, group)
        group.reduced = _variables(place, axes) - {part} | {within}
        if size % chunk:
            group.limits[within] = f"min((size_t){chunk}, {size} - {chunk}*{part.name})"
        kept = tuple(p for a, p in enumerate(place) if a not in axes)
        self._put(node, (Index.of(part), *kept), group, list(self._reduced_bases(x, place)))

    def _matmul(self, node: Node) -> None:
        loops = loops_over(node.shape)
        group = self._new("matmul", loops)
        sources = list(self._bases(node, None))
        self._put(node, fit(node.shape, loops) or (), group, sources)

    # -- what goes into buffers ----------------------------------------------------------

    def _results(self) -> None:
        """Results of the program that have no home yet, single numbers, get a kernel for all."""
        homeless = {
            node: copy_of(node)
            for node in self.graph.outputs
            if node.inputs and node not in self.home and element_count(node.shape)
        }
        if not homeless:
            return
        single = [g for g in self.groups if not g.outer and g.kind != "matmul" and not g.limits]
        group = single[0] if single else self._new("map", ())
        for copy in homeless.values():
            self._put(copy, fit(copy.shape, ()) or (), group, [])
        self.graph = self.graph.with_outputs(homeless.get(n, n) for n in self.graph.outputs)

    def _merge(self) -> None:
        """Groups that walk the same loops, one reading the other turn by turn, become one."""
        again = True
        while again:
            again = False
            for group in list(self.groups):
                for other in sorted(group.needs, key=lambda g: -g.number):
                    if self._mergeable(other, group):
                        self._into(other, group)
                        again = True
                        break

    def _mergeable(self, first: Group, second: Group) -> bool:
        if first.loops != second.loops or first.limits or second.limits:
            return False
        if first.reduced and second.reduced and first.reduced != second.reduced:
            return False
        if second.kind == "matmul" or (first.kind == "matmul" and second.kind != "map"):
            return False
        if any(g is not first and g.depends_on(first) for g in second.needs):
            return False
        return all(self._sees(first, list(self._sources(node, second))) for node in second.at)

    def _sources(self, node: Node, group: Group) -> Iterator[tuple[Node, Place | None]]:
        """What a node of a group reads, at the places of that group's loops."""
        if node.gate in REDUCTIONS or node.gate is PARTIAL:
            partial = node.gate is PARTIAL
            x = node.inputs[0]
            place = partial_place(node, group) if partial else fit(x.shape, group.loops)
            yield from self._reduced_bases(x, place or ())
        else:
            yield from self._bases(node, group.at[node])

    def _into(self, first: Group, second: Group) -> None:
        """Put all of the second group into the first."""
        for node, at in second.at.items():
            self.home[node] = first
            first.at[node] = at
        first.reduced = first.reduced | second.reduced
        if first.kind == "map":
            first.kind = second.kind
        first.needs |= second.needs - {first}
        for group in self.groups:
            if second in group.needs:
                group.needs.remove(second)
                group.needs.add(first)
        self.groups.remove(second)

    def _absorb(self) -> None:
        """Maps whose results one other group needs, once for each element, are computed there."""
        wanted = set(self.graph.outputs)
        for group in reversed(self.groups):
            readers = self._readers(group)
            if group.kind != "map" or len(readers) != 1 or wanted.intersection(group.at):
                continue
            ((reader, turns),) = readers.items()
            if turns is None or turns > group.turns:
                continue
            if any(b.depends_on(reader) for b in group.needs):
                continue
            for node in group.at:
                del self.home[node]
            reader.needs |= group.needs
            reader.needs.discard(group)
            self.groups.remove(group)

    def _readers(self, group: Group) -> dict[Group, int | None]:
        """Who reads the group's nodes, and how many times in all one of them is read.

        None stands for an operand of a matmul, which needs a buffer.
        """
        found: dict[Group, int | None] = {}
        for reader in self.groups:
            if group not in reader.needs:
                continue
            for node in reader.at:
                for base, place in self._sources(node, reader):
                    if self.home[base] is not group:
                        continue
                    before = found.get(reader, 1)
                    turns = None if node.gate is matmul else _turns(place, reader)
                    found[reader] = None if before is None or turns is None else max(before, turns)
        return found

    def _repeat(self) -> None:
        """What is worked out from one stored array in a step or two is not stored itself.

        A relu's mask, say: whoever reads it reads the relu's output, and compares again.
        """
        wanted = set(self.graph.outputs)
        stored = self._stored()
        for node in [n for n in stored if n not in wanted and n.gate in CHEAP]:
            group = self.home[node]
            below = {base for base, place in self._bases(node, group.at[node])}
            arrays = {i for i in node.inputs if i.shape == node.shape}
            if len(below) != 1 or len(arrays) != 1 or not below <= set(stored):
                continue
            readers = [g for g in self.groups if group in g.needs]
            if self._is_operand(node):
                continue
            del self.home[node], group.at[node]
            (base,) = below
            for reader in readers:
                if reader is not self.home[base]:
                    reader.needs.add(self.home[base])

    def _is_operand(self, node: Node) -> bool:
        """Whether a matmul reads the node, which therefore needs a buffer."""
        return any(
            base is node
            for reader in self.groups
            for one in reader.at
            if one.gate is matmul
            for base, _ in self._bases(one, None)
        )

    def _exports(self) -> None:
        for node, group in self._stored().items():
            group.outputs.append(node)
        for group in self.groups:
            exported = set(group.outputs)
            group.outputs = [node for node in group.at if node in exported]

    def _stored(self) -> dict[Node, Group]:
        """The nodes that need a buffer: results, and what one group makes and another reads."""
        outputs: dict[Node, Group] = {}
        for node in dict.fromkeys(self.graph.outputs):
            if node in self.home:
                outputs[node] = self.home[node]
        for reader in self.groups:
            for node in reader.at:
                for base, _ in self._bases(node, None):
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


def _turns(place: Place | None, group: Group) -> int:
    """How often a place changes while the group's loops are run."""
    if place is None:
        return group.turns
    count = 1
    for loop in frozenset().union(*(i.variables for i in place)):
        count *= loop.size
    return count


def _variables(place: Place, axes: Sequence[int]) -> frozenset[Variable]:
    return frozenset().union(*(place[a].variables for a in axes))


def _without(place: Place, axes: Sequence[int], keepdims: bool) -> Place:
    if keepdims:
        return tuple(Index() if a in axes else p for a, p in enumerate(place))
    return tuple(p for a, p in enumerate(place) if a not in axes)
