"""Reverse mode: one sweep over the record, from the output back to the leaves.

Every node's gradient is the sum of what its users send back to it. The sweep takes the nodes in
reverse order, so that all users of a node have spoken before the node speaks itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from microgd.errors import GateError, PlaceholderError, ShapeError, StaleDataError
from microgd.gates.movement import broadcast_to, sum_to
from microgd.graph.fresh import stale_message
from microgd.graph.node import Node
from microgd.graph.order import topological_order
from microgd.graph.row import CONSTANT
from microgd.graph.shapes import broadcast_shapes
from microgd.graph.values import FLOAT32, FLOAT64, INT64, Value, as_value, shape_of

#: watch(node, position, upstream, contribution before and after summing broadcast axes); both
#: contributions are None where the gate passes no gradient.
Watch = Callable[[Node, int, Any, Any, Any], None]


def sweep(
    order: Sequence[Node],
    gradients: dict[Node, Any],
    *,
    keep: frozenset[Node] = frozenset(),
    active: frozenset[Node] | None = None,
    as_graph: bool = False,
    watch: Watch | None = None,
) -> dict[Node, Any]:
    """Carry the gradients of some outputs back to the leaves.

    Arguments:
        order: the nodes, inputs before users (`topological_order`).
        gradients: where the sweep starts: output → upstream gradient. It is used up.
        keep: inner nodes whose gradients are wanted too.
        active: nodes worth visiting; None visits all.
        as_graph: compute with nodes instead of numbers, so that the gradients are graphs again.
        watch: called for each contribution, in the order of the sweep.

    Returns:
        The gradients of leaves and of `keep`. Constants get none.

    Raises:
        StaleDataError: an input's data changed after the node was recorded.
        GateError: a gate without backward rules is on the way.
    """
    # inf and NaN are answers here; `first_nonfinite` finds the gate that made them.
    with np.errstate(all="ignore"):
        return _sweep(order, gradients, keep, active, as_graph, watch)


def _sweep(
    order: Sequence[Node],
    gradients: dict[Node, Any],
    keep: frozenset[Node],
    active: frozenset[Node] | None,
    as_graph: bool,
    watch: Watch | None,
) -> dict[Node, Any]:
    take = gradients.pop
    find = gradients.get
    quick = not (keep or as_graph or watch or active is not None)
    for node in reversed(order):
        a = node._first
        if a is None:
            continue
        b = node._second
        upstream = find(node) if keep and node in keep else take(node, None)
        if upstream is None:
            continue
        gate = node.gate
        rules = gate.backward
        params = node.params
        stamp = node.stamp
        if quick and b is not None and upstream.__class__ is float and params is None:
            # The loop below, unrolled for two scalars: most of a graph of scalars passes here.
            x = a.value
            y = b.value
            if x.__class__ is float and y.__class__ is float and rules.__class__ is tuple and rules:
                if a.stamp > stamp or b.stamp > stamp:
                    raise StaleDataError(stale_message(a if a.stamp > stamp else b, node))
                rule, other = rules
                if a.gate is not CONSTANT and rule is not None:
                    sent = rule(upstream, node.value, x, y)
                    before = find(a)
                    gradients[a] = sent if before is None else before + sent
                if b.gate is not CONSTANT and other is not None:
                    sent = other(upstream, node.value, x, y)
                    before = find(b)
                    gradients[b] = sent if before is None else before + sent
                continue
        inputs = node.inputs
        if as_graph:
            out: Any = node
            values: list[Any] = [i.value if i.gate is CONSTANT else i for i in inputs]
        else:
            out = node.value
            values = [i.value for i in inputs]
        for position, source in enumerate(inputs):
            if source.stamp > stamp:
                raise StaleDataError(stale_message(source, node))
            if source.gate is CONSTANT or (active is not None and source not in active):
                continue
            rule = gate.rule(position)
            if rule is None:
                if watch is not None:
                    watch(node, position, upstream, None, None)
                continue
            if params is None:
                sent = rule(upstream, out, *values)
            else:
                sent = rule(upstream, out, *values, **params)
            summed = sent
            if (() if sent.__class__ is float else shape_of(sent)) != source.shape:
                summed = _fitted(sent, node, position)
            if watch is not None:
                watch(node, position, upstream, sent, summed)
            before = find(source)
            gradients[source] = summed if before is None else before + summed
    return gradients


def _fitted(sent: Any, node: Node, position: int) -> Any:
    """A contribution in the shape of its input: broadcast axes summed, missing ones repeated."""
    shape = node.inputs[position].shape
    try:
        wide = broadcast_shapes(shape_of(sent), shape)
        if shape_of(sent) != wide:
            sent = broadcast_to(sent, wide)
        return sent if wide == shape else sum_to(sent, shape)
    except ShapeError:
        raise GateError(
            f"the backward rule of gate {node.gate.name!r} for input {position} gave a gradient of "
            f"shape {shape_of(sent)}, but the input has shape {shape}"
        ) from None


def reaching(order: Sequence[Node], wanted: Iterable[Node]) -> frozenset[Node]:
    """The nodes that depend on a wanted node, and the wanted nodes themselves."""
    active = set(wanted)
    for node in order:
        if any(i in active for i in node.inputs):
            active.add(node)
    return frozenset(active)


def gradients_of(
    output: Node,
    wanted: Sequence[Node],
    upstream: Any = 1.0,
    *,
    as_graph: bool = False,
) -> list[Any]:
    """The gradient of `output` with respect to each wanted node; 0 where there is no path.

    `upstream` has the output's shape; it is what ∂L/∂output is, 1 for the output itself.

    Raises:
        PlaceholderError: numbers are wanted of a graph that has none (ask for `as_graph`).
    """
    if output.value is None and not as_graph:
        raise PlaceholderError(
            "the output depends on a placeholder, which has no numbers: give numbers, "
            "or compile the function"
        )
    if not isinstance(upstream, Node):
        upstream = in_precision(upstream, output)
    order = topological_order([output])
    active = reaching(order, wanted)
    gradients = sweep(
        order,
        {output: upstream} if output in active else {},
        keep=frozenset(wanted),
        active=active,
        as_graph=as_graph,
    )
    found = [gradients.get(w, _zeros(w)) for w in wanted]
    return found if as_graph else [in_precision(g, w) for g, w in zip(found, wanted, strict=True)]


def in_precision(value: Any, node: Node) -> Value:
    """A gradient in the precision of the node it belongs to, so that float32 stays float32."""
    if value.__class__ is float and node.dtype != FLOAT32:
        return value
    return as_value(np.asarray(value, FLOAT32 if node.dtype == FLOAT32 else FLOAT64))


def _zeros(node: Node) -> Value:
    if node.shape == ():
        return 0.0
    return np.zeros(node.shape, node.dtype if node.dtype != INT64 else float)


def leaf_gradients(output: Node, upstream: Value) -> dict[Node, Value]:
    """The gradient for every INPUT leaf the output depends on; 0 where no gradient arrives."""
    order = topological_order([output])
    gradients = sweep(order, {output: in_precision(upstream, output)})
    leaves = [n for n in order if n._first is None and n.gate is not CONSTANT and n.dtype != INT64]
    return {n: in_precision(gradients.get(n, _zeros(n)), n) for n in leaves}
