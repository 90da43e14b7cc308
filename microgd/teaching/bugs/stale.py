"""Stale data: changed after the forward pass, so that the backward pass mixes old and new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from microgd.collector import collector_paused
from microgd.graph.node import Node
from microgd.graph.order import topological_order
from microgd.graph.rewrite import rebuild
from microgd.graph.values import Value
from microgd.interpreter.reverse import in_precision, sweep
from microgd.teaching.bugs.wrong_trace import said_event
from microgd.tensor import Tensor
from microgd.trace.build import told, trace
from microgd.trace.copies import Copies, snapshot
from microgd.trace.events import Event
from microgd.trace.lesson import Trace
from microgd.trace.numbers import format_value
from microgd.trace.telling import Sent, local_derivative, zeros
from microgd.translation import _


def renewed(output: Node, change: Mapping[Node, Value]) -> Node:
    """The same circuit on other data."""
    new = {node: Tensor(value, name=node.name) for node, value in change.items()}
    return rebuild([output], dict(new))[output]


def trace_stale(output: Node, change: Mapping[Node, Value], digits: int | None = None) -> Trace:
    """A forward pass on the old data, then a backward pass after some of them changed.

    The sweep is the right one; what it reads is not.
    """
    before = trace(output, backward=False, digits=digits)
    with np.errstate(all="ignore"), collector_paused():
        kept = snapshot(topological_order([output]), Copies())
        order = list(kept.values())
        for node, value in change.items():
            kept[node].value = value  # the mistake: nothing is computed again
        contributions: list[Sent] = []

        def watch(node: Node, position: int, up: Value, sent: Value, after: Value) -> None:
            local, target = local_derivative(node, position), node.inputs[position]
            contributions.append(Sent(node, position, target, up, sent, after, local))

        seed = in_precision(np.ones(output.shape) if output.shape else 1.0, output)
        found = sweep(
            order, {order[-1]: seed}, keep=frozenset(n for n in order if n.inputs), watch=watch
        )
        totals = {
            n: in_precision(found[n], n) if n in found else zeros(n)
            for n in order
            if not n.is_constant and n.dtype.kind == "f"
        }
        after = told(order, contributions, totals, digits=digits)
    places = {node: f"n{place}" for place, node in enumerate(kept)}
    forward = [replace(e, _sentence=e.sentence) for e in before.events]
    changes = [_changed(after, places[node], node.value, value) for node, value in change.items()]
    backward = [e for e in after.events if e.kind != "forward"]
    events: Sequence[Event] = [*forward, *changes, *backward]
    numbered = tuple(replace(e, step=n, _sentence=e.sentence) for n, e in enumerate(events))
    return replace(after, events=numbered)


def _changed(trace: Trace, node: str, old: Value | None, new: Value) -> Event:
    label = trace.by_id[node].label
    said = _("{x}.data changes: {old} → {new}; what was computed from it stays as it is").format(
        x=label, old=format_value(old, trace.digits), new=format_value(new, trace.digits)
    )
    return said_event("forward", node, "changes", new, said, old)
