"""Wrong contributions and wrong sums: what usually goes wrong on the way back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Any

import numpy as np

from microgd.graph.values import Value, as_value
from microgd.teaching.quiz.mistakes import Wrong
from microgd.teaching.quiz.wrong_local import wrong_locals
from microgd.teaching.quiz.wrong_matrix import matrix_wrongs
from microgd.trace.events import Event, TraceNode
from microgd.trace.lesson import Trace
from microgd.translation import _, translated


def backward_wrongs(trace: Trace, event: Event) -> Iterator[Wrong]:
    """The ways to go wrong at a contribution, a broadcast sum or a branch sum."""
    if event.kind == "branch":
        yield from _branch(trace, event)
    elif event.kind == "broadcast":
        yield from _broadcast(trace, event)
    elif event.upstream is not None and event.position is not None:
        yield from _contribution(trace, event, event.position)


def gradient_symbol(trace: Trace, node: TraceNode) -> str:
    """`∂f/∂q`: what a formula calls the gradient of a node."""
    return f"∂{trace.by_id[trace.output].label}/∂{node.label}"


#: Wrong local derivatives that are less likely than a plain slip.
_RARE = frozenset({"sum-rule", "output-value", "split", "added-as-multiplied", "own-power"})


# -- contributions ---------------------------------------------------------------------------------


def _contribution(trace: Trace, event: Event, position: int) -> Iterator[Wrong]:
    node = trace.by_id[event.node]
    up: Any = event.upstream
    value: Any = event.value
    inputs = trace.inputs_of(node)
    values = [i.value for i in inputs]
    g = gradient_symbol(trace, node)
    if event.local is None:
        yield from matrix_wrongs(node, position, up, values, [i.label for i in inputs], g)
    if event.local is not None:
        wrong = list(_locals(node, position, up, inputs, g))
        yield from (w for w in wrong if w.name not in _RARE)
        local = np.asarray(event.local)
        rule = event.rule
        yield Wrong(
            "forgot-upstream",
            _("the upstream gradient is not multiplied in"),
            as_value(local + np.zeros(np.shape(value))),
            rule,
        )
        yield Wrong(
            "forgot-local",
            _("the upstream gradient is sent on without the local derivative"),
            up,
            g,
        )
        yield Wrong("sign", _("the sign is wrong"), _minus(value))
        yield from (w for w in wrong if w.name in _RARE)
        yield Wrong(
            "added",
            _("local derivative and upstream gradient are added, not multiplied"),
            as_value(local + up),
            f"{rule} + {g}" if rule else "",
        )
    else:
        yield Wrong("forgot-local", _("the upstream gradient is sent on as it is"), up, g)
        if np.ndim(value) == 2:
            turned = np.asarray(value).T
            yield Wrong("result-transposed", _("the result is transposed"), turned)
        yield Wrong("sign", _("the sign is wrong"), _minus(value))
    yield from _of_the_target(trace, event)


def _locals(
    node: TraceNode, position: int, up: Any, inputs: Sequence[TraceNode], g: str
) -> Iterator[Wrong]:
    """What wrong local derivatives give."""
    if node.value is None or any(i.value is None for i in inputs):
        return
    values = [np.asarray(i.value, np.float64) for i in inputs]
    labels = [i.label for i in inputs]
    names = {"x": labels[0], "y": labels[1 % len(labels)], "out": node.label}
    for row in wrong_locals(node.gate, position):
        local = row.wrong(np.asarray(node.value, np.float64), *values, **node.params)
        value = as_value(np.asarray(local) * up + np.zeros(node.shape))
        symbols = f"{row.symbols.format(**names)} · {g}" if row.symbols else ""
        if row.symbols in ("1", "−1"):
            symbols = f"{row.symbols[:-1]}{g}"
        yield Wrong(row.name, translated(row.text), value, "0" if row.symbols == "0" else symbols)


def _of_the_target(trace: Trace, event: Event) -> Iterator[Wrong]:
    """Numbers that are right, but of something else."""
    target = trace.by_id[event.target or event.node]
    if target.gradient is not None:
        yield Wrong(
            "whole-gradient",
            _("the whole gradient of {x} is given, and not what comes along this wire").format(
                x=target.label
            ),
            target.gradient,
        )
    if target.value is not None:
        yield Wrong(
            "value-for-gradient",
            _("the value of {x} is given, and not its gradient").format(x=target.label),
            target.value,
        )


def _minus(value: Any) -> Value:
    return as_value(0.0 - np.asarray(value, np.float64))


# -- sums ------------------------------------------------------------------------------------------


def _branch(trace: Trace, event: Event) -> Iterator[Wrong]:
    x = trace.by_id[event.node].label
    parts: list[Any] = [np.asarray(p, np.float64) for p in event.parts]
    total: Any = event.value
    partial = gradient_symbol(trace, trace.by_id[event.node])
    for part in (parts[0], parts[-1], *parts[1:-1]):
        yield Wrong(
            "branches-not-summed",
            _("the branches are not summed"),
            as_value(part),
            _("one of the {n} parts of {gradient}").format(n=len(parts), gradient=partial),
        )
    yield Wrong(
        "overwritten",
        _("a later gradient overwrites the earlier ones: = instead of +="),
        as_value(parts[-1]),
    )
    if len(parts) > 2:
        for left_out in parts:
            yield Wrong(
                "branch-left-out", _("one of the branches is left out"), as_value(total - left_out)
            )
    yield Wrong(
        "branches-multiplied",
        _("the branches are multiplied"),
        as_value(reduce(np.multiply, parts)),
        _("the product of the {n} parts of {gradient}").format(n=len(parts), gradient=partial),
    )
    yield Wrong(
        "branches-averaged",
        _("the mean of the branches is taken, and not their sum"),
        as_value(total / np.float64(len(parts))),
        _("the mean of the {n} parts of {gradient}").format(n=len(parts), gradient=partial),
    )
    yield Wrong(
        "branches-subtracted",
        _("the branches are subtracted"),
        as_value(parts[0] - reduce(np.add, parts[1:])),
    )
    yield Wrong("counted-twice", _("the last branch is counted twice"), as_value(total + parts[-1]))
    yield Wrong("sign", _("the sign is wrong"), _minus(total))
    value = trace.by_id[event.node].value
    if value is not None:
        text = _("the value of {x} is given, and not its gradient").format(x=x)
        yield Wrong("value-for-gradient", text, value)


def _broadcast(trace: Trace, event: Event) -> Iterator[Wrong]:
    before = np.asarray(event.parts[0], np.float64)
    value: Any = event.value
    shape = np.shape(value)
    partial = gradient_symbol(trace, trace.by_id[event.node])
    yield Wrong(
        "broadcast-not-summed",
        _("the gradients of the copies are not summed"),
        as_value(before),
        partial,
    )
    copies = before.size // max(1, int(np.prod(shape)))
    whole = np.asarray(value, np.float64)
    yield Wrong(
        "broadcast-averaged",
        _("the mean over the copies is taken, and not the sum"),
        as_value(whole / copies),
        _("the mean of {gradient} over the copies").format(gradient=partial),
    )
    for place, which in ((0, _("the first")), (-1, _("the last"))):
        one = before
        for axis in sorted(event.axes, reverse=True):
            one = np.take(one, place, axis=axis)
        if one.size == whole.size:
            yield Wrong(
                "one-copy",
                _("only {which} of the copies is counted").format(which=which),
                as_value(one.reshape(shape)),
            )
    others = tuple(a for a in range(before.ndim) if a not in event.axes)
    if others and event.axes:
        yield Wrong(
            "wrong-axis",
            _("it is summed over the wrong axis"),
            as_value(before.sum(axis=others)),
            _("{gradient} summed over axis {axis}").format(
                gradient=partial, axis=", ".join(map(str, others))
            ),
        )
    yield Wrong("broadcast-all", _("it is summed over all axes"), as_value(before.sum()))
    yield Wrong("sign", _("the sign is wrong"), _minus(whole))
