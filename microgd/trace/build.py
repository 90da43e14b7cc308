"""Building a trace: the forward events as recorded, the backward events from one watched sweep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.errors import DataError, ShapeError
from microgd.gates.movement import summed_axes
from microgd.graph.node import Node
from microgd.graph.order import topological_order
from microgd.graph.values import Value, shape_of, value_from
from microgd.interpreter.reverse import sweep
from microgd.trace import sentences
from microgd.trace.events import Event, Kind, TraceNode, Wire
from microgd.trace.labels import folded_constants, labels, sign_of
from microgd.trace.lesson import Trace
from microgd.trace.numbers import digits_for


@dataclass(frozen=True, slots=True, eq=False)
class _Sent:
    """One contribution as the sweep reported it."""

    node: Node
    position: int
    upstream: Any
    before: Any
    after: Any


def trace(
    output: Any, *, upstream: Any = None, backward: bool = True, digits: int | None = None
) -> Trace:
    """Tell what was computed and how gradients flow back, as an immutable list of events.

    Arguments:
        output: a Tensor, or anything with an `.output` (a Circuit).
        upstream: the gradient to start from, in the output's shape; 1 (ones for an array: the
            gradient of its sum).
        backward: False tells the forward pass only.
        digits: decimals in sentences; None takes 0 if all numbers are whole, else 2.

    The Tensors' own `.grad` is neither read nor changed.

    Raises:
        DataError: something that is not a Tensor. StaleDataError: data changed meanwhile.

    >>> import microgd as mg
    >>> x, y, z = mg.Tensor(-2.0, name="x"), mg.Tensor(5.0, name="y"), mg.Tensor(-4.0, name="z")
    >>> print("; ".join(e.sentence for e in trace((x + y) * z).events[-2:]))
    + distributes: 1 · (−4) = −4; + distributes: 1 · (−4) = −4
    """
    output = getattr(output, "output", output)
    if not isinstance(output, Node):
        raise DataError(
            f"trace needs a Tensor that was computed from others, got {type(output).__name__}; "
            "wrap the inputs first: x = mg.Tensor(2.0, name='x')"
        )
    order = topological_order([output])
    names = labels(order, output)
    backward = backward and output.value is not None
    sent: list[_Sent] = []
    totals: dict[Node, Value] = {}
    if backward:
        start = _start(output, upstream)
        found = {output: start}
        inner = frozenset(n for n in order if n.inputs)
        watch = lambda *seen: sent.append(_Sent(*seen))  # noqa: E731
        totals = sweep(order, found, keep=inner, watch=watch)
        for node in order:
            if not node.is_constant and node.dtype.kind == "f":
                totals.setdefault(node, _zeros(node))
    numbers: list[Any] = [n.value for n in order] + [s.after for s in sent]
    if digits is None:
        digits = digits_for(numbers)
    ids = {node: f"n{i}" for i, node in enumerate(order)}
    events = _Events(names, ids, digits)
    for node in order:
        if node.inputs:
            events.forward(node)
    if backward:
        events.seed(output, totals[output], upstream is not None)
        _tell_backward(events, sent, totals)
    along = {(s.node, s.position): s.after for s in sent}
    wires = tuple(
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
    nodes = tuple(_trace_node(n, names, ids, totals, digits) for n in order)
    return Trace(nodes, wires, tuple(events.made), ids[output], digits)


def _start(output: Node, upstream: Any) -> Value:
    if upstream is None:
        return 1.0 if output.shape == () else np.ones(output.shape, output.dtype)
    start = value_from(upstream)
    if shape_of(start) != output.shape:
        raise ShapeError(f"upstream has shape {shape_of(start)}, the output {output.shape}")
    return start


def _zeros(node: Node) -> Value:
    return np.zeros(node.shape) if node.shape else 0.0


def _tell_backward(events: _Events, sent: Sequence[_Sent], totals: dict[Node, Value]) -> None:
    """Contributions in the order of the sweep; each branch's sum right after its last part."""
    parts: dict[Node, list[Value]] = {}
    last: dict[Node, int] = {}
    for number, s in enumerate(sent):
        if s.after is not None:
            last[s.node.inputs[s.position]] = number
    for number, s in enumerate(sent):
        target = s.node.inputs[s.position]
        events.contribution(s)
        if s.after is None:
            continue
        if shape_of(s.before) != shape_of(s.after):
            events.broadcast(s)
        parts.setdefault(target, []).append(s.after)
        if last[target] == number and len(parts[target]) > 1:
            events.branch(target, parts[target], totals[target])


class _Events:
    """Writes the events, numbering them as they come."""

    def __init__(self, names: dict[Node, str], ids: dict[Node, str], digits: int) -> None:
        self.names = names
        self.ids = ids
        self.digits = digits
        self.made: list[Event] = []

    def forward(self, node: Node) -> None:
        text = sentences.forward_sentence(node, self.names, self.digits)
        self._add("forward", node, text, value=node.value, rule=node.gate.formula)

    def seed(self, output: Node, value: Value, given: bool) -> None:
        text = sentences.seed_sentence(self.names[output], value, given, self.digits)
        self._add("seed", output, text, pattern="seed", value=value)

    def contribution(self, s: _Sent) -> None:
        gate = s.node.gate
        local = _local(s)
        value = _zeros(s.node.inputs[s.position]) if s.before is None else s.before
        text = sentences.contribution_sentence(
            gate, sign_of(s.node), local, s.upstream, value, self.digits
        )
        names = [self.names[i] for i in s.node.inputs]
        rule = sentences.rule_text(gate, s.position, names)
        self._add(
            "contribution",
            s.node,
            text,
            sent=s,
            pattern=gate.pattern,
            rule=rule,
            local=local,
            upstream=s.upstream,
            value=value,
        )

    def broadcast(self, s: _Sent) -> None:
        axes = summed_axes(shape_of(s.before), shape_of(s.after))
        text = sentences.broadcast_sentence(s.before, s.after, axes, self.digits)
        self._add(
            "broadcast",
            s.node,
            text,
            sent=s,
            pattern="broadcast sums",
            value=s.after,
            parts=(s.before,),
            axes=axes,
        )

    def branch(self, target: Node, parts: list[Value], total: Value) -> None:
        text = sentences.branch_sentence(parts, total, self.digits)
        self._add("branch", target, text, pattern="branches sum", value=total, parts=tuple(parts))

    def _add(
        self,
        kind: Kind,
        node: Node,
        sentence: str,
        *,
        sent: _Sent | None = None,
        pattern: str = "",
        rule: str = "",
        local: Value | None = None,
        upstream: Value | None = None,
        value: Value | None = None,
        parts: tuple[Value, ...] = (),
        axes: tuple[int, ...] = (),
    ) -> None:
        self.made.append(
            Event(
                step=len(self.made),
                kind=kind,
                node=self.ids[node],
                wire=f"{self.ids[sent.node]}.{sent.position}" if sent else None,
                target=self.ids[sent.node.inputs[sent.position]] if sent else None,
                position=sent.position if sent else None,
                pattern=pattern,
                rule=rule,
                local=local,
                upstream=upstream,
                value=value,
                parts=parts,
                axes=axes,
                sentence=sentence,
            )
        )


def _local(s: _Sent) -> Value | None:
    """The local derivative of an elementwise gate, element by element; None for a true Jacobian."""
    gate = s.node.gate
    rule = gate.rule(s.position)
    if rule is None:
        return 0.0
    if not gate.elementwise:
        return None
    one: Value = 1.0 if s.node.shape == () else np.ones(s.node.shape, s.node.dtype)
    values = [i.value for i in s.node.inputs]
    return rule(one, s.node.value, *values, **(s.node.params or {}))  # type: ignore[no-any-return]


def _trace_node(
    node: Node, names: dict[Node, str], ids: dict[Node, str], totals: dict[Node, Value], digits: int
) -> TraceNode:
    gate = node.gate
    return TraceNode(
        id=ids[node],
        label=names[node],
        named=bool(node.name),
        kind="gate" if node.inputs else gate.name,
        gate=gate.name,
        sign=sign_of(node) if node.inputs else "",
        pattern=gate.pattern,
        badge=gate.badge or gate.pattern,
        params=dict(node.params or {}),
        wires=tuple(f"{ids[node]}.{i}" for i in range(len(node.inputs))),
        folded=folded_constants(node),
        shape=node.shape,
        dtype=str(node.dtype),
        value=node.value,
        gradient=totals.get(node),
        scope=node.scope,
        source=node.source,
        tie=sentences.tie_sentence(node, digits),
    )
