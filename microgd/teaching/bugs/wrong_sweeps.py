"""Wrong sweeps: how a backward pass goes wrong, each in as few lines as the right one would take.

The engine's own sweep is `interpreter/reverse.py`. These are exhibits: each has one wrong line.
A sweep goes through a circuit's nodes, tells of every contribution, and of what its input holds
before and after.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from microgd.errors import ArgumentError
from microgd.gates.movement import broadcast_to, sum_to
from microgd.graph.node import Node
from microgd.graph.shapes import broadcast_shapes
from microgd.graph.values import Value, as_value, shape_of
from microgd.trace.telling import Sent, local_derivative

#: A depth-first sweep takes every path, of which there may be any number.
MOST_SENT = 2000


class Arrival(NamedTuple):
    """A contribution, and what its input has: `held` before it (None: nothing), `holds` after.

    `late` is what the input has sent on already; `astray` whether it went where it should not.
    """

    sent: Sent
    held: Value | None
    holds: Value | None
    late: Value | None = None
    astray: bool = False


def overwriting(order: Sequence[Node], seed: Value) -> Iterator[Arrival]:
    """= where += belongs: of several gradients, the one that comes last stays."""
    gradient: dict[Node, Any] = {order[-1]: seed}
    for node in reversed(order):
        for position, x in enumerate(node.inputs if node in gradient else ()):
            sent = contribution(node, position, gradient[node])
            held = gradient.get(x)
            if sent.after is not None:
                gradient[x] = sent.after  # the mistake: right is gradient[x] + sent.after
            if not x.is_constant:
                yield Arrival(sent, held, gradient.get(x))


def depth_first(order: Sequence[Node], seed: Value) -> Iterator[Arrival]:
    """Each input sends on at once, without waiting for what else is to come."""
    gradient: dict[Node, Any] = {order[-1]: seed}
    sent_on: dict[Node, Any] = {}
    waiting = _wires(order[-1])
    for _ in range(MOST_SENT):
        if not waiting:
            return
        node, position = waiting.pop()
        x = node.inputs[position]
        sent_on[node] = gradient[node]
        sent = contribution(node, position, gradient[node])
        held = gradient.get(x)
        if sent.after is not None:
            gradient[x] = sent.after if held is None else held + sent.after
            waiting += _wires(x)  # the mistake: x sends all it has, and will send it again
        if not x.is_constant:
            yield Arrival(sent, held, gradient.get(x), sent_on.get(x))
    raise ArgumentError(
        f"a depth-first sweep takes every path, and here sends more than {MOST_SENT} "
        "gradients: take a smaller circuit"
    )


def _wires(node: Node) -> list[tuple[Node, int]]:
    """A node's wires, the first one last, so that it is taken first."""
    return [(node, position) for position in reversed(range(len(node.inputs)))]


def to_all_inputs(order: Sequence[Node], seed: Value) -> Iterator[Arrival]:
    """Max and min send the gradient to every input, and not to the winner alone."""
    gradient: dict[Node, Any] = {order[-1]: seed}
    for node in reversed(order):
        for position, x in enumerate(node.inputs if node in gradient else ()):
            sent = contribution(node, position, gradient[node])
            right: Any = sent.after
            if node.gate.name in ("maximum", "minimum", "max", "min"):
                sent = _to_every(sent)  # the mistake
            held = gradient.get(x)
            if sent.after is not None:
                gradient[x] = sent.after if held is None else held + sent.after
            if not x.is_constant:
                astray = right is not None and not np.array_equal(right, np.asarray(sent.after))
                yield Arrival(sent, held, gradient.get(x), astray=astray)


def _to_every(sent: Sent) -> Sent:
    """The whole upstream gradient, whoever won."""
    node, x = sent.node, sent.target
    up: Any = sent.upstream
    if node.gate.name in ("max", "min"):
        axis: Any = (node.params or {}).get("axis")
        kept = (node.params or {}).get("keepdims") or axis is None
        up = np.broadcast_to(up if kept else np.expand_dims(up, axis), x.shape)
    up = as_value(np.array(up))
    one = as_value(np.ones(shape_of(up)))
    local = None if sent.local is None else one
    return sent._replace(before=up, after=fitted(up, x), local=local)


def contribution(node: Node, position: int, upstream: Value) -> Sent:
    """What a gate sends back to one input, as it should be."""
    x = node.inputs[position]
    rule = None if x.is_constant else node.gate.rule(position)
    if rule is None:
        return Sent(node, position, x, upstream, None, None, 0.0)
    with np.errstate(all="ignore"):
        values = [i.value for i in node.inputs]
        before = as_value(rule(upstream, node.value, *values, **(node.params or {})))
        local = local_derivative(node, position)
        return Sent(node, position, x, upstream, before, fitted(before, x), local)


def fitted(sent: Any, x: Node) -> Value:
    """A contribution in the shape of its input: broadcast axes summed."""
    wide = broadcast_shapes(shape_of(sent), x.shape)
    if shape_of(sent) != wide:
        sent = broadcast_to(sent, wide)
    return as_value(sent if wide == x.shape else sum_to(sent, x.shape))
