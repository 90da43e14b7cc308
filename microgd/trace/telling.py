"""Telling: the events of a trace, written one after another and numbered as they come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from microgd.gates.movement import summed_axes
from microgd.graph.node import Node
from microgd.graph.values import Value, shape_of
from microgd.trace import sentences
from microgd.trace.copies import sealed
from microgd.trace.events import Event, Kind
from microgd.trace.rules import rule_text


class Sent(NamedTuple):
    """One contribution as the sweep reported it, and the local derivative behind it.

    `target` is the input it goes to. `before` and `after` summing broadcast axes; both None where
    the gate passes no gradient.
    """

    node: Node
    position: int
    target: Node
    upstream: Value
    before: Value | None
    after: Value | None
    local: Value | None


def zeros(node: Node) -> Value:
    """A gradient of 0 in the node's shape and precision."""
    if node.shape == () and node.dtype == np.float64:
        return 0.0
    blank = np.zeros((), node.dtype if node.dtype.kind == "f" else float)
    return np.broadcast_to(sealed(blank), node.shape) if node.shape else blank[()]


def local_derivative(node: Node, position: int) -> Value | None:
    """The local derivative of an elementwise gate, element by element; None for a true Jacobian."""
    gate = node.gate
    rule = gate.rule(position)
    if rule is None:
        return 0.0
    if not gate.elementwise:
        return None
    one: Value = 1.0 if node.shape == () else np.ones(node.shape, node.dtype)
    values = [i.value for i in node.inputs]
    return rule(one, node.value, *values, **(node.params or {}))  # type: ignore[no-any-return]


class Telling:
    """Writes the events; their sentences are left to a voice, for when somebody asks.

    `ids` and `wires` are told by place in the order, which is each node's stamp.
    """

    def __init__(
        self,
        order: Sequence[Node],
        names: Mapping[Node, str],
        ids: Sequence[str],
        wires: Sequence[tuple[str, ...]],
        digits: int,
    ) -> None:
        self.order = order
        self.names = names
        self.ids = ids
        self.wires = wires
        self.digits = digits
        self.voice = sentences.Voice(order, names, digits)
        self.events: list[Event] = []

    def forward(self) -> None:
        """Each gate computes."""
        for node in self.order:
            if node.inputs:
                self._add("forward", node, value=node.value, rule=node.gate.formula)

    def backward(
        self, output: Node, all_sent: Sequence[Sent], totals: Mapping[Node, Value], given: bool
    ) -> None:
        """The seed; contributions in the order of the sweep; a branch's sum after its last part."""
        seed = totals[output]
        told = sentences.seed_sentence(self.names[output], seed, given, self.digits)
        self._add("seed", output, told=told, pattern="seed", value=seed)
        last = {s.target: number for number, s in enumerate(all_sent) if s.after is not None}
        parts: dict[Node, list[Value]] = {}
        for number, s in enumerate(all_sent):
            self._contribution(s)
            if s.before is None or s.after is None:
                continue
            if shape_of(s.before) != shape_of(s.after):
                self._broadcast(s, s.before, s.after)
            so_far = parts.setdefault(s.target, [])
            so_far.append(s.after)
            if last[s.target] == number and len(so_far) > 1:
                self._branch(s.target, so_far, totals[s.target])

    def _contribution(self, s: Sent, said: str | None = None) -> None:
        node, position, target, upstream, value, _, local = s
        pattern, names, place = node.gate.pattern, self.names, node.stamp
        if value is None:
            pattern, value = "blocks", zeros(target)
        self.events.append(
            Event(
                step=len(self.events),
                kind="contribution",
                node=self.ids[place],
                wire=self.wires[place][position],
                target=self.ids[target.stamp],
                position=position,
                pattern=pattern,
                rule=rule_text(node, position, [names[i] for i in node.inputs]),
                local=local,
                upstream=upstream,
                value=value,
                parts=(),
                axes=(),
                _sentence=self.voice if said is None else said,
            )
        )

    def _broadcast(self, s: Sent, before: Value, after: Value) -> None:
        axes = summed_axes(shape_of(before), shape_of(after))
        self._add(
            "broadcast",
            s.node,
            along=s,
            pattern="broadcast sums",
            value=after,
            parts=(before,),
            axes=axes,
        )

    def _branch(self, target: Node, parts: Sequence[Value], total: Value) -> None:
        self._add("branch", target, pattern="branches sum", value=total, parts=tuple(parts))

    def _add(
        self,
        kind: Kind,
        node: Node,
        *,
        told: str | None = None,
        along: Sent | None = None,
        pattern: str = "",
        rule: str = "",
        value: Value | None = None,
        parts: tuple[Value, ...] = (),
        axes: tuple[int, ...] = (),
    ) -> None:
        self.events.append(
            Event(
                step=len(self.events),
                kind=kind,
                node=self.ids[node.stamp],
                wire=self.wires[node.stamp][along.position] if along else None,
                target=self.ids[along.target.stamp] if along else None,
                position=along.position if along else None,
                pattern=pattern,
                rule=rule,
                local=None,
                upstream=None,
                value=value,
                parts=parts,
                axes=axes,
                _sentence=self.voice if told is None else told,
            )
        )
