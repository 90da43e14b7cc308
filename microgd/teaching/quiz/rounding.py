"""Rounding: what a step gives when it is worked out from the numbers as the lesson shows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np

from microgd.gates.movement import sum_to
from microgd.gates.table import TABLE
from microgd.graph.values import Value, as_value, shape_of
from microgd.teaching.quiz.answers import fits, flat, rounded, tolerances
from microgd.trace.events import Event, TraceNode
from microgd.trace.lesson import Trace

#: Nobody works with more numbers than this by hand.
MOST_ROUNDED = 100


def rounded_answers(trace: Trace, event: Event) -> tuple[Value, ...]:
    """What rounded numbers give, where that is not right without them: 0.20 · 2 for 0.3932.

    >>> import microgd as mg
    >>> told = mg.circuit("sigmoid(w*x)", w=2, x=-1).trace()
    >>> [round(x, 4) for x in rounded_answers(told, told.events[-1])]
    [0.2]
    """
    assert event.value is not None
    known = [(flat(event.value), tolerances(event.value, trace.digits))]
    found = []
    with np.errstate(all="ignore"):
        for value in _worked_out(trace, event):
            numbers = flat(value)
            if any(fits(numbers, *k) for k in known) or not np.all(np.isfinite(numbers)):
                continue
            found.append(value)
            known.append((numbers, tolerances(value, trace.digits)))
    return tuple(found)


def _worked_out(trace: Trace, event: Event) -> Iterator[Value]:
    digits = trace.digits
    node = trace.by_id[event.node]
    sources = trace.inputs_of(node)
    known = [*event.parts, *(i.value for i in sources if i.value is not None)]
    if any(np.size(value) > MOST_ROUNDED for value in known):
        return
    if event.kind in ("branch", "broadcast"):
        parts: list[Any] = [rounded(p, digits) for p in event.parts]
        total = reduce(np.add, parts)
        yield as_value(sum_to(total, shape_of(event.value)) if event.axes else total)
        return
    row = TABLE.get(node.gate)
    inputs: list[Any] = [_seen(i, digits) for i in sources]
    if row is None or any(i is None for i in inputs):
        return
    if event.kind == "forward":
        yield row.evaluate(inputs, node.params)
        return
    if event.upstream is None or event.position is None:
        return
    ups: list[Any] = [rounded(event.upstream, digits), event.upstream]
    rule = row.rule(event.position)
    if rule is None or node.value is None:
        return
    locals_: list[Any] = []
    if event.local is not None:
        locals_ = [rounded(event.local, digits), event.local]
    for up in ups:
        for local in locals_:
            yield as_value(np.multiply(local, up))
        sent = rule(up, rounded(node.value, digits), *inputs, **node.params)
        if shape_of(sent) == shape_of(event.value):
            yield as_value(sent)


def as_seen(event: Event, digits: int) -> Event | None:
    """A step of the backward pass with its numbers as they are shown; None if those are all."""
    local, upstream = event.local, event.upstream
    if event.kind in ("branch", "broadcast"):
        parts = tuple(rounded(p, digits) for p in event.parts)
        if event.kind == "broadcast" or all(map(_same, parts, event.parts)):
            return None
        total: Any = reduce(np.add, [np.asarray(p) for p in parts])
        return replace(event, parts=parts, value=as_value(total))
    if event.kind != "contribution" or local is None or upstream is None:
        return None
    seen, up = rounded(local, digits), rounded(upstream, digits)
    if _same(seen, local) and _same(up, upstream):
        return None
    with np.errstate(all="ignore"):
        value = as_value(np.multiply(seen, up))
    return replace(event, local=seen, upstream=up, value=value)


def _same(a: Value, b: Value) -> bool:
    return bool(np.array_equal(a, b, equal_nan=True))


def _seen(node: TraceNode, digits: int) -> Value | None:
    """A value as it is shown; a constant stands in the formula with all its digits."""
    if node.value is None or node.kind == "constant":
        return node.value
    return rounded(node.value, digits)
