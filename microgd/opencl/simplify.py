"""Simplifying: what is computed twice, what is known already, and what changes nothing.

Every rule keeps the bits of the result, but for powers with small whole exponents, which become
products (and are then nearer to the truth).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from microgd.gates.arithmetic import add, div, identity, mul, neg, recip, sub
from microgd.gates.movement import broadcast_to, reshape, transpose, transposed_axes
from microgd.gates.powers import power, square
from microgd.graph.node import Node, next_tick
from microgd.graph.record import wrap
from microgd.graph.rewrite import again, placed_like, rebuild
from microgd.graph.row import CONSTANT, GateRow
from microgd.graph.shapes import Shape, element_count, normal_axes, reduced_shape
from microgd.opencl.graph import Graph
from microgd.opencl.lower import REDUCTIONS

Rule = Callable[..., Any]

#: Graphs with more gates than this are gone through once.
LARGE = 20_000
#: A constant with more elements than this is not worked out ahead unless it was one before.
SMALL = 1024


def simplify(graph: Graph) -> Graph:
    """The graph without repeated gates, known results and gates that do nothing.

    What a rule made may be simplified again, so the pass is repeated while it finds something; not
    for graphs so large that they are run as tables.
    """
    while True:
        before = len(graph.order)
        graph = _once(graph)
        after = len(graph.order)
        if after == before or after > LARGE:
            return graph


def _once(graph: Graph) -> Graph:
    known: dict[Any, Node] = {}
    alive: list[Node] = []  # the keys name inputs by their ids, which must stay theirs

    def rewrite(node: Node, inputs: tuple[Any, ...]) -> Node:
        inputs = tuple(_shared(i, known) for i in inputs)
        key = (node.gate, tuple(map(id, inputs)), repr(node.params))
        found = known.get(key)
        if found is None:
            found = known[key] = _shared(_simpler(node, inputs), known)
            alive.extend(inputs)
        return found

    new = rebuild(graph.outputs, rewrite=rewrite)
    return graph.with_outputs(new[o] for o in graph.outputs)


def _shared(node: Node, known: dict[Any, Node]) -> Node:
    """One node for all constants of the same bits."""
    if node.gate is not CONSTANT or node.value is None:
        return node
    value = np.asarray(node.value)
    return known.setdefault((CONSTANT, value.tobytes(), value.shape, value.dtype), node)


def _simpler(node: Node, inputs: tuple[Any, ...]) -> Node:
    """The simplest way to say a node: rules are applied to what rules made, too."""
    while inputs:
        params = node.params or {}
        if all(i.gate is CONSTANT for i in inputs) and _worth_knowing(node, inputs):
            value = node.gate.evaluate([i.value for i in inputs], params)
            fixed = np.asarray(value, node.dtype) if node.shape or node.dtype != float else value
            return wrap(fixed, node.__class__)
        rule = RULES.get(node.gate)
        began = next_tick()
        made = rule(*inputs, **params) if rule is not None else None
        if made is None or made.shape != node.shape or made.dtype != node.dtype:
            return again(node, inputs)
        placed_like(node, made, began)
        node, inputs = made, made.inputs
    return node


def _worth_knowing(node: Node, inputs: tuple[Any, ...]) -> bool:
    if node.gate is broadcast_to:
        return False  # a number repeated is written as the number wherever it is read
    most = max([SMALL, *(element_count(i.shape) for i in inputs)])
    return element_count(node.shape) <= most


def _is(x: Any, number: float) -> bool:
    """Whether it is this number, or an array of nothing else."""
    return x.gate is CONSTANT and x.value is not None and bool(np.all(np.equal(x.value, number)))


def _neg(x: Any) -> Any:
    return x.inputs[0] if x.gate is neg else None


def _mul(x: Any, y: Any) -> Any:
    return x if _is(y, 1.0) else y if _is(x, 1.0) else None


def _power(x: Any, p: Any) -> Any:
    if p.gate is not CONSTANT or p.shape != ():
        return None
    exponents: dict[float, Callable[[Any], Any]] = {
        1.0: lambda x: x,
        2.0: square,
        3.0: lambda x: mul(square(x), x),
        4.0: lambda x: square(square(x)),
        -1.0: recip,
    }
    rule = exponents.get(float(p.value))
    return rule(x) if rule else None


def _reshape(x: Any, shape: Any) -> Any:
    sizes = shape if isinstance(shape, tuple) else (shape,)
    source = x.inputs[0] if x.gate is reshape else x
    if source.shape == sizes:
        return source
    return reshape(source, sizes) if source is not x else None


def _transpose(x: Any, axes: Any) -> Any:
    order = transposed_axes(len(x.shape), axes)
    if order == tuple(range(len(order))):
        return x
    if x.gate is not transpose:
        return None
    before = transposed_axes(len(order), x.params["axes"])
    whole = tuple(before[a] for a in order)
    return x.inputs[0] if whole == tuple(range(len(whole))) else transpose(x.inputs[0], whole)


def _broadcast_to(x: Any, shape: Any) -> Any:
    return x if x.shape == shape else None


def _reduction(x: Any, axis: Any, keepdims: bool) -> Any:
    """Over axes of length 1 there is nothing to take together, and over empty ones the sum is 0."""
    if not element_count(x.shape):
        return _zeros(x, reduced_shape(x.shape, axis, keepdims))
    axes = normal_axes(axis, len(x.shape))
    if any(x.shape[a] != 1 for a in axes):
        return None
    kept = tuple(1 if i in axes else n for i, n in enumerate(x.shape) if keepdims or i not in axes)
    return x if kept == x.shape else reshape(x, kept)


def _zeros(like: Any, shape: Shape) -> Any:
    return broadcast_to(wrap(np.zeros((), like.dtype), like.__class__), shape)


RULES: dict[GateRow, Rule] = {
    identity: lambda x: x,
    neg: _neg,
    mul: _mul,
    div: lambda x, y: x if _is(y, 1.0) else None,
    sub: lambda x, y: x if _is(y, 0.0) and not np.signbit(y.value).any() else None,
    add: lambda x, y: None,
    power: _power,
    reshape: _reshape,
    transpose: _transpose,
    broadcast_to: _broadcast_to,
    **dict.fromkeys(REDUCTIONS, _reduction),
}
