"""Building a trace: the forward events as recorded, the backward events from one watched sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from microgd.errors import DataError, ShapeError, StaleDataError
from microgd.graph.node import Node
from microgd.graph.order import topological_order
from microgd.graph.values import Value, shape_of, value_from
from microgd.interpreter.reverse import in_precision, stale_message, sweep
from microgd.trace.events import TraceNode, Wire
from microgd.trace.labels import folded_constants, labels, sign_of
from microgd.trace.lesson import Trace
from microgd.trace.numbers import digits_for
from microgd.trace.sentences import tie_sentence
from microgd.trace.telling import Sent, Telling, read_only, sent, zeros


def trace(
    output: Any, *, upstream: Any = None, backward: bool = True, digits: int | None = None
) -> Trace:
    """Tell what was computed and how gradients flow back, as an immutable list of events.

    Arguments:
        output: a Tensor, or anything with an `.output` (a Circuit).
        upstream: the gradient to start from, in the output's shape; 1 (ones for an array: the
            gradient of its sum).
        backward: False tells the forward pass only; so does an output without numbers.
        digits: decimals in sentences; None takes 0 if all numbers are whole, else 2.

    The Tensors' own `.grad` is neither read nor changed.

    Raises:
        DataError: something that is not a Tensor.
        ShapeError: an upstream gradient that has not the output's shape.
        StaleDataError: data changed after it was used.

    >>> import microgd as mg
    >>> x, y, z = mg.Tensor(-2.0, name="x"), mg.Tensor(5.0, name="y"), mg.Tensor(-4.0, name="z")
    >>> print("; ".join(e.sentence for e in trace((x + y) * z).events[-2:]))
    + distributes: 1 · (−4) = −4; + distributes: 1 · (−4) = −4
    """
    output = output_of(output)
    order = topological_order([output])
    _check_fresh(order)
    names = labels(order, output)
    contributions: list[Sent] = []
    totals: dict[Node, Value] = {}
    if backward and output.value is not None:
        with np.errstate(all="ignore"):
            contributions, totals = _watched_sweep(order, _start(output, upstream))
    if digits is None:
        numbers = [n.value for n in order if n.dtype.kind == "f"]
        told = [v for s in contributions for v in (s.after, s.local)]
        digits = digits_for([*numbers, *totals.values(), *told])
    ids = {node: f"n{i}" for i, node in enumerate(order)}
    telling = Telling(names, ids, digits)
    telling.forward(order)
    if totals:
        telling.backward(output, contributions, totals, upstream is not None)
    nodes = tuple(_trace_node(n, names, ids, totals) for n in order)
    wires = _wires(order, ids, contributions)
    return Trace(nodes, wires, tuple(telling.events), ids[output], digits)


def output_of(given: Any) -> Node:
    """The node to tell of: itself, or the `.output` of a Circuit."""
    output = getattr(given, "output", given)
    if not isinstance(output, Node):
        raise DataError(
            f"trace needs a Tensor that was computed from others, got {type(output).__name__}; "
            "wrap the inputs first: x = mg.Tensor(2.0, name='x')"
        )
    return output


def _check_fresh(order: Sequence[Node]) -> None:
    for node in order:
        for source in node.inputs:
            if source.stamp > node.stamp:
                raise StaleDataError(stale_message(source, node))


def _start(output: Node, upstream: Any) -> Value:
    if upstream is None:
        return in_precision(np.ones(output.shape) if output.shape else 1.0, output)
    start = value_from(upstream)
    if shape_of(start) != output.shape:
        raise ShapeError(f"upstream has shape {shape_of(start)}, the output {output.shape}")
    return in_precision(start, output)


def _watched_sweep(order: Sequence[Node], start: Value) -> tuple[list[Sent], dict[Node, Value]]:
    """Every contribution in order, and the gradient of every node but constants and indices."""
    contributions: list[Sent] = []
    found = sweep(
        order,
        {order[-1]: start},
        keep=frozenset(n for n in order if n.inputs),
        watch=lambda *seen: contributions.append(sent(*seen)),
    )
    differentiable = [n for n in order if not n.is_constant and n.dtype.kind == "f"]
    return contributions, {
        n: read_only(in_precision(found[n], n)) if n in found else zeros(n) for n in differentiable
    }


def _wires(
    order: Sequence[Node], ids: Mapping[Node, str], contributions: Sequence[Sent]
) -> tuple[Wire, ...]:
    along = {(s.node, s.position): s.after for s in contributions}
    return tuple(
        Wire(
            f"{ids[target]}.{position}",
            ids[source],
            ids[target],
            position,
            along.get((target, position)),
        )
        for target in order
        for position, source in enumerate(target.inputs)
    )


def _trace_node(
    node: Node, names: Mapping[Node, str], ids: Mapping[Node, str], totals: Mapping[Node, Value]
) -> TraceNode:
    gate = node.gate
    return TraceNode(
        id=ids[node],
        label=names[node],
        named=bool(node.name and node.name.strip()),
        name=node.name,
        kind="gate" if node.inputs else gate.name,
        gate=gate.name,
        sign=sign_of(node) if node.inputs else "",
        pattern=gate.pattern,
        badge=gate.badge or gate.pattern,
        params=MappingProxyType(dict(node.params or {})),
        wires=tuple(f"{ids[node]}.{i}" for i in range(len(node.inputs))),
        folded=folded_constants(node),
        commutative=gate.commutative,
        shape=node.shape,
        dtype=str(node.dtype),
        value=read_only(node.value),
        gradient=totals.get(node),
        scope=node.scope,
        source=node.source,
        tie=tie_sentence(node),
    )
