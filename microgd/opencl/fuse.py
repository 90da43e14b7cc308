"""Fusing: which gates share a kernel.

Every gate joins the group that makes its inputs, if each turn of that group's loops makes just the
elements that the gate needs, and if no group would then wait for itself. So an activation ends up
in the matmul before it, and a softmax with its loss in one walk over each row. What a single other
group needs, and needs once, is then computed there and stored nowhere (see `merge`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from microgd.gates.linear import matmul
from microgd.graph.node import Node
from microgd.graph.shapes import element_count, normal_axes
from microgd.opencl.graph import Graph
from microgd.opencl.group import Group, Limit, fit, in_order, loops_over
from microgd.opencl.homes import Fused, Homes, partial_place
from microgd.opencl.index import Index, Variable
from microgd.opencl.layout import copy_of
from microgd.opencl.lower import REDUCTIONS
from microgd.opencl.merge import merge
from microgd.opencl.split import PARTIAL, parts_of
from microgd.opencl.views import Place, is_movement

#: How many of the latest groups a gate tries to join.
TRIES = 8


def fuse(graph: Graph) -> Fused:
    """Sort the gates of a lowered graph into groups."""
    homes = Homes(graph)
    for node in graph.order:
        if not node.inputs or is_movement(node) or not element_count(node.shape):
            continue
        if node.gate is matmul:
            _matmul(homes, node)
        elif node.gate in REDUCTIONS:
            _reduction(homes, node)
        elif node.gate is PARTIAL:
            _partial(homes, node)
        elif element_count(node.shape) > 1 or any(True for _ in homes.bases(node, None)):
            _elementwise(homes, node)
    _results(homes)
    merge(homes)
    for node, group in homes.stored().items():
        group.outputs.append(node)
    for group in homes.groups:
        exported = set(group.outputs)
        group.outputs = [node for node in group.at if node in exported]
    return Fused(homes.graph, tuple(in_order(homes.groups, {g: g.needs for g in homes.groups})))


def _candidates(homes: Homes, node: Node) -> list[Group]:
    """The groups it might join: those it reads, then maps over its shape."""
    read = {homes.home[base] for base, _ in homes.bases(node, None)}
    # What has loops of its own kind to offer comes first: a map can be absorbed later.
    latest = sorted(read, key=lambda g: (g.kind == "map", -g.number))[:TRIES]
    leaves = {i for i in node.inputs if not i.inputs and i.shape}
    alike = [
        g
        for g in homes.groups[-TRIES:]
        if g not in read
        and g.kind == "map"
        and fit(node.shape, g.loops) is not None
        and any(leaves.intersection(n.inputs) for n in g.at)
    ]
    return latest + alike


def _elementwise(homes: Homes, node: Node) -> None:
    for group in _candidates(homes, node):
        places = [fit(node.shape, group.loops)]
        if group.kind == "rows":
            places.append(fit(node.shape, group.outer))
        for at in places:
            if at is None:
                continue
            sources = list(homes.bases(node, at))
            if homes.sees(group, sources) and homes.may_need(group, sources):
                homes.put(node, at, group, sources)
                return
    loops = loops_over(node.shape)
    at = fit(node.shape, loops) or ()
    homes.put(node, at, homes.new("map", loops), list(homes.bases(node, at)))


def _reduction(homes: Homes, node: Node) -> None:
    (x,) = node.inputs
    params: Any = node.params
    axes = normal_axes(params["axis"], len(x.shape))
    for group in _candidates(homes, node):
        place = fit(x.shape, group.loops)
        if group.kind == "matmul" or place is None or group.limits:
            continue
        reduced = _variables(place, axes)
        if not reduced or (group.kind == "rows" and reduced != group.reduced):
            continue
        sources = list(homes.reduced_bases(x, place))
        if homes.sees(group, sources) and homes.may_need(group, sources):
            group.kind, group.reduced = "rows", reduced
            homes.put(node, _without(place, axes, params["keepdims"]), group, sources)
            return
    loops = loops_over(x.shape)
    place = fit(x.shape, loops) or ()
    group = homes.new("rows", loops)
    group.reduced = _variables(place, axes)
    sources = list(homes.reduced_bases(x, place))
    homes.put(node, _without(place, axes, params["keepdims"]), group, sources)


def _partial(homes: Homes, node: Node) -> None:
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
    group = homes.new("rows", tuple(loops))
    place = partial_place(node, group)
    group.reduced = _variables(place, axes) - {part} | {within}
    if size % chunk:
        end = f"min((size_t){chunk}, {size} - {chunk}*{part.name})"
        group.limits[within] = Limit(end, size % chunk)
    kept = tuple(p for a, p in enumerate(place) if a not in axes)
    homes.put(node, (Index.of(part), *kept), group, list(homes.reduced_bases(x, place)))


def _matmul(homes: Homes, node: Node) -> None:
    loops = loops_over(node.shape)
    group = homes.new("matmul", loops)
    sources = list(homes.bases(node, None))
    homes.put(node, fit(node.shape, loops) or (), group, sources)


def _results(homes: Homes) -> None:
    """Results of the program that have no home yet, single numbers, get a kernel for all."""
    homeless = {
        node: copy_of(node)
        for node in homes.graph.outputs
        if node.inputs and node not in homes.home and element_count(node.shape)
    }
    if not homeless:
        return
    single = [g for g in homes.groups if not g.outer and g.kind != "matmul" and not g.limits]
    group = single[0] if single else homes.new("map", ())
    for copy in homeless.values():
        homes.put(copy, fit(copy.shape, ()) or (), group, [])
    homes.graph = homes.graph.with_outputs(homeless.get(n, n) for n in homes.graph.outputs)


def _variables(place: Place, axes: Sequence[int]) -> frozenset[Variable]:
    return frozenset().union(*(place[a].variables for a in axes))


def _without(place: Place, axes: Sequence[int], keepdims: bool) -> Place:
    if keepdims:
        return tuple(Index() if a in axes else p for a, p in enumerate(place))
    return tuple(p for a, p in enumerate(place) if a not in axes)
