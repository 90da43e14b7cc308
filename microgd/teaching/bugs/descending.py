"""Descending with and without zero_grad: what is left in .grad is added to at every step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from microgd.graph.node import Node
from microgd.graph.order import topological_order
from microgd.graph.values import Value, as_value
from microgd.teaching.bugs.stale import renewed
from microgd.teaching.bugs.wrong_trace import said_event, with_more
from microgd.trace.build import trace
from microgd.trace.lesson import Trace
from microgd.trace.numbers import format_value, short_number
from microgd.translation import _


class Step(NamedTuple):
    """One step of gradient descent.

    Attributes:
        trace: forward and backward, and what is in .grad then.
        fresh: the gradient of this step, by label.
        grad: what the step is taken with: the same, or the sum with what was there.
        after: the parameters after the step.
    """

    trace: Trace
    fresh: dict[str, Value]
    grad: dict[str, Value]
    after: dict[str, Value]


def descend(
    output: Node, params: Sequence[Node], lr: float, steps: int, *, zero_grad: bool, digits: int
) -> list[Step]:
    """Some steps x ← x − lr · x.grad; without zero_grad, .grad is never emptied."""
    data: dict[Node, Any] = {p: p.value for p in params}
    left: dict[Node, Any] = {}
    at = {p: f"n{place}" for place, p in enumerate(topological_order([output])) if p in data}
    found = []
    for _step in range(steps):
        told = trace(renewed(output, data), digits=digits)
        fresh: dict[Node, Any] = {p: told.by_id[at[p]].gradient for p in params}
        grad = {p: as_value(left[p] + fresh[p]) if p in left else fresh[p] for p in params}
        if left:
            told = _left_over(told, {at[p]: (left[p], fresh[p], grad[p]) for p in params})
        if not zero_grad:
            left = grad  # the mistake: it is added to at the next step
        data = {p: as_value(data[p] - lr * grad[p]) for p in params}
        names = {p: told.by_id[at[p]].label for p in params}
        found.append(
            Step(
                told,
                {names[p]: fresh[p] for p in params},
                {names[p]: grad[p] for p in params},
                {names[p]: data[p] for p in params},
            )
        )
    return found


def update_text(step: Step, name: str, lr: float) -> str:
    """What a step does with one of its parameters: `x ← 2.40 − 0.1 · 4.80 = 1.92`."""
    digits = step.trace.digits
    old, grad, new = (
        format_value(v, digits)
        for v in (step.trace.node(name).value, step.grad[name], step.after[name])
    )
    grad = f"({grad})" if grad.startswith("−") else grad
    return f"{name} ← {old} − {short_number(lr)} · {grad} = {new}"


def with_update(step: Step, lr: float) -> Trace:
    """The lesson of a step to its end, where the parameters change."""
    told = step.trace
    new = {told.node(name).id: value for name, value in step.after.items()}
    events = [
        said_event(
            "forward", id, "changes", value, update_text(step, name, lr), told.by_id[id].value
        )
        for (id, value), name in zip(new.items(), step.after, strict=True)
    ]
    longer = with_more(told, events, {})
    nodes = [replace(n, value=new[n.id]) if n.id in new else n for n in longer.nodes]
    return replace(longer, nodes=tuple(nodes))


def _left_over(told: Trace, sums: Mapping[str, tuple[Value, Value, Value]]) -> Trace:
    """The trace, with what was left in .grad added to the new gradients."""
    events = []
    for node, (left, fresh, total) in sums.items():
        old, new, now = (format_value(v, told.digits) for v in (left, fresh, total))
        added = f"{old} + ({new})" if new.startswith("−") else f"{old} + {new}"
        said = _("not zeroed: {old} is still there, {sum} = {total}").format(
            old=old, sum=added, total=now
        )
        events.append(said_event("branch", node, "left over", total, said, left, fresh))
    return with_more(told, events, {node: s[2] for node, s in sums.items()})
