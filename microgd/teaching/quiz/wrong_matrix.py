"""Wrong gradients of gates that are not elementwise: matrix products, sums, means, softmax."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from microgd.graph.values import as_value
from microgd.teaching.quiz.mistakes import Wrong
from microgd.trace.events import TraceNode
from microgd.translation import _


def matrix_wrongs(
    node: TraceNode, position: int, up: Any, values: Sequence[Any], labels: Sequence[str], g: str
) -> Iterator[Wrong]:
    """What usually goes wrong in sending `up` back through the gate; `g` is its symbol."""
    if any(v is None for v in values):
        return
    up = np.asarray(up, np.float64)
    arrays = [np.asarray(v, np.float64) for v in values]
    if node.gate == "matmul":
        yield from _matmul(position, up, arrays, labels, g)
    elif node.gate in ("sum", "mean"):
        yield from _total(node, up, arrays[0], labels[0], g)
    elif node.gate in ("max", "min"):
        yield from _extreme(node, up, arrays[0], g)
    elif node.gate in ("softmax", "log_softmax", "logsumexp"):
        yield from _softmax(node, up, arrays[0], g)
    elif node.gate == "transpose":
        yield Wrong("not-transposed-back", _("it is not transposed back"), as_value(up), g)


def _matmul(
    position: int, up: Any, arrays: Sequence[Any], labels: Sequence[str], g: str
) -> Iterator[Wrong]:
    own, other = arrays[position], arrays[1 - position]
    x, y = labels[position], labels[1 - position]
    first = position == 0  # its gradient is g @ yᵀ; of the second input, xᵀ @ g
    forgot = _("{y} is not transposed").format(y=y)
    order = _("the factors are in the wrong order")
    matrix = _("the wrong matrix is transposed")
    mine = _("{x} itself is multiplied in, and not {y}").format(x=x, y=y)
    both = _("the upstream gradient is transposed, too")
    each = _("it is multiplied element by element")
    ways: list[tuple[str, str, Callable[[], Any], str]] = [
        ("forgot-transpose", forgot, lambda: _at(up, other, first), _written(g, y, first)),
        ("wrong-order", order, lambda: _at(up, _t(other), not first),
         _written(g, y + "ᵀ", not first)),
        ("transposed-the-wrong-matrix", matrix, lambda: _at(_t(up), other, first),
         _written(f"({g})ᵀ", y, first)),
        ("own-value", mine, lambda: _at(up, _t(own), first), _written(g, x + "ᵀ", first)),
        ("own-value", mine, lambda: _at(up, own, first), _written(g, x, first)),
        ("wrong-order", order, lambda: _at(up, other, not first), _written(g, y, not first)),
        ("both-transposed", both, lambda: _at(_t(up), _t(other), first),
         _written(f"({g})ᵀ", y + "ᵀ", first)),
        ("elementwise", each, lambda: up * other, f"{g} ⊙ {y}"),
        ("forgot-upstream", _("the upstream gradient is not multiplied in"),
         lambda: _t(other), y + "ᵀ"),
    ]  # fmt: skip
    for name, text, compute, symbols in ways:
        try:
            value = compute()
        except ValueError:  # as a choice it stands all the same
            value = np.empty(0)
            text = _("{mistake}; the shapes do not even fit").format(mistake=text)
        yield Wrong(name, text, as_value(value), symbols)


def _at(up: Any, other: Any, up_first: bool) -> Any:
    """A matrix product in one of the two orders; of two vectors, the outer product."""
    if up.ndim == other.ndim == 1:
        return np.outer(up, other) if up_first else np.outer(other, up)
    if 0 in (up.ndim, other.ndim):
        return up * other
    return up @ other if up_first else other @ up


def _written(g: str, other: str, g_first: bool) -> str:
    return f"{g} @ {other}" if g_first else f"{other} @ {g}"


def _t(array: Any) -> Any:
    return np.swapaxes(array, -1, -2) if array.ndim > 1 else array


def _total(node: TraceNode, up: Any, x: Any, name: str, g: str) -> Iterator[Wrong]:
    """Of a sum or a mean."""
    count = x.size // max(1, up.size)
    spread = _spread(up, node, x)
    if node.gate == "sum":
        text = _("the gradient is divided by {n}, as that of a mean is").format(n=count)
        yield Wrong("mean-for-sum", text, as_value(spread / count), f"{g} / {count}")
        yield Wrong("multiplied-by-n", _("the gradient is multiplied by the number of terms"),
                    as_value(spread * count), f"{g} · {count}")  # fmt: skip
    else:
        yield Wrong("forgot-1/n", _("the 1/n of the mean is forgotten"), as_value(spread), g)
        for n in sorted({x.size, *x.shape, count - 1} - {count, 0, 1}):
            text = _("it is divided by {wrong}, and not by {n}").format(wrong=n, n=count)
            yield Wrong("wrong-n", text, as_value(spread / n), f"{g} / {n}")
        yield Wrong("multiplied-by-n", _("it is multiplied by n, and not divided"),
                    as_value(spread * count), f"{g} · {count}")  # fmt: skip
    yield Wrong("own-value", _("the values of {x} are multiplied in").format(x=name),
                as_value(spread * x), f"{g} · {name}")  # fmt: skip
    yield Wrong("not-spread", _("the gradient is not sent to each of the {n} elements").format(
        n=count), as_value(up))  # fmt: skip


def _extreme(node: TraceNode, up: Any, x: Any, g: str) -> Iterator[Wrong]:
    """Of the largest or smallest element."""
    spread = _spread(up, node, x)
    axis = _axes(node)
    best, worst = (np.max, np.min) if node.gate == "max" else (np.min, np.max)
    won = x == best(x, axis=axis, keepdims=True)
    lost = x == worst(x, axis=axis, keepdims=True)
    all_ = _("the gradient is sent to all elements")
    yield Wrong("to-all", all_, as_value(spread), _("{g} to every element").format(g=g))
    yield Wrong("to-the-loser", _("the gradient is sent to the wrong element"),
                as_value(np.where(lost, spread, 0.0)))  # fmt: skip
    yield Wrong("output-value", _("the winner's value is multiplied in"),
                as_value(np.where(won, spread * x, 0.0)))  # fmt: skip
    n = x.size // max(1, up.size)
    yield Wrong("split", _("the gradient is split between all elements"),
                as_value(spread / n), f"{g} / {n}")  # fmt: skip
    yield Wrong("mask-turned-round", _("the gradient is sent to all but the winner"),
                as_value(np.where(won, 0.0, spread)))  # fmt: skip


def _softmax(node: TraceNode, up: Any, x: Any, g: str) -> Iterator[Wrong]:
    out = np.asarray(node.value, np.float64)
    s = node.label
    if node.gate == "softmax":
        yield Wrong("diagonal-only", _("only the diagonal s·(1 − s) of the Jacobian is used"),
                    as_value(up * out * (1 - out)), f"{s}·(1 − {s}) · {g}")  # fmt: skip
        yield Wrong("sum-forgotten", _("the sum Σ g·s is not subtracted"), as_value(up * out),
                    f"{s} · {g}")  # fmt: skip
        yield Wrong("factor-forgotten", _("the factor s is forgotten"),
                    as_value(up - np.sum(up * out, axis=_axes(node), keepdims=True)))  # fmt: skip
        return
    axis = _axes(node)
    s_of_x = np.exp(x - np.max(x, axis=axis, keepdims=True))
    s_of_x = s_of_x / s_of_x.sum(axis=axis, keepdims=True)
    if node.gate == "log_softmax":
        yield Wrong("sum-forgotten", _("softmax is not multiplied by the sum of the gradients"),
                    as_value(up - s_of_x), f"{g} − exp({s})")  # fmt: skip
        yield Wrong("softmax-alone", _("only softmax times the sum is left"),
                    as_value(-s_of_x * up.sum(axis=axis, keepdims=True)))  # fmt: skip
        return
    yield Wrong("to-all", _("the gradient is sent to all elements unweighted"),
                as_value(_spread(up, node, x)), g)  # fmt: skip
    yield Wrong("as-max", _("it is treated as max"),
                as_value(np.where(x == x.max(axis=axis, keepdims=True), _spread(up, node, x), 0)),
                )  # fmt: skip


def _axes(node: TraceNode) -> Any:
    return node.params.get("axis")


def _spread(up: Any, node: TraceNode, x: Any) -> Any:
    """An upstream gradient repeated along the axes that were reduced."""
    axis = _axes(node)
    if axis is not None and not node.params.get("keepdims"):
        up = np.expand_dims(up, axis)
    return up + np.zeros(x.shape)
