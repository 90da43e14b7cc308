"""Reductions over axes: sums distribute the gradient, a max routes it, softmax does both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from microgd.errors import ShapeError
from microgd.gates.arithmetic import add, div, neg, sub
from microgd.gates.exponential import exp, log
from microgd.gates.movement import broadcast_to, reshape
from microgd.gates.powers import square
from microgd.gates.selection import equal, where
from microgd.graph.gate import Gate
from microgd.graph.shapes import Shape, element_count, normal_axes, reduced_shape
from microgd.graph.values import shape_of

_OVER = {"axis": None, "keepdims": False}


def kept(reduced: Any, x: Any, axis: Any) -> Any:
    """A reduction's output or gradient with its summed axes back as size 1, to broadcast over x."""
    return reshape(reduced, reduced_shape(shape_of(x), axis, keepdims=True))


def _spread(g: Any, x: Any, axis: Any) -> Any:
    return broadcast_to(kept(g, x, axis), shape_of(x))


def _count(x: Any, axis: Any) -> float:
    shape = shape_of(x)
    return float(element_count(tuple(shape[a] for a in normal_axes(axis, len(shape)))))


def _nonempty(x: Shape, axis: Any = None, keepdims: bool = False, **_: Any) -> Shape:
    if 0 in (x[a] for a in normal_axes(axis, len(x))):
        raise ShapeError("an axis without elements has no largest or smallest one")
    return reduced_shape(x, axis, keepdims)


total: Gate = Gate(
    "sum",
    ("x",),
    np.sum,
    (lambda g, out, x, axis, keepdims: _spread(g, x, axis),),
    formula="Σ x",
    local=("1",),
    sign="Σ",
    pattern="distributes",
    params=_OVER,
    shape=reduced_shape,
    doc="The sum over axes; backward, every element gets the whole upstream gradient.",
    example=">>> mg.sum([1.0, 2.0])\n3.0",
)

mean: Gate = Gate(
    "mean",
    ("x",),
    lambda x, axis, keepdims: np.sum(x, axis=axis, keepdims=keepdims) / _count(x, axis),
    (lambda g, out, x, axis, keepdims: _spread(div(g, _count(x, axis)), x, axis),),
    formula="Σ x / n",
    local=("1/n",),
    sign="mean",
    pattern="distributes",
    badge="distributes 1/n",
    params=_OVER,
    shape=reduced_shape,
    expansion=lambda x, axis, keepdims: div(
        total(x, axis=axis, keepdims=keepdims), _count(x, axis)
    ),
    doc="The mean over axes; NaN where an axis is empty.",
    example=">>> mg.mean([1.0, 2.0])\n1.5",
)


def _share(g: Any, out: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """The upstream gradient for the winner; equal shares where several are equal."""
    winners = equal(x, kept(out, x, axis))
    ties = total(winners, axis=axis, keepdims=True)
    return where(winners, div(kept(g, x, axis), ties), 0.0)


def _winners(pick: Any) -> Callable[..., Any]:
    def winners(x: Any, axis: Any, keepdims: bool) -> Any:
        return np.equal(x, pick(x, axis=axis, keepdims=True))

    return winners


def _several(pick: Any) -> Callable[..., Any]:
    winners = _winners(pick)

    def several(x: Any, axis: Any, keepdims: bool) -> Any:
        return winners(x, axis, keepdims).sum(axis=axis, keepdims=keepdims) > 1

    return several


largest: Gate = Gate(
    "max",
    ("x",),
    np.max,
    (_share,),
    formula="max x",
    local=("1 at the largest",),
    sign="max",
    pattern="routes",
    params=_OVER,
    shape=_nonempty,
    branch=_winners(np.max),
    tie=_several(np.max),
    doc="Routes the gradient to the largest element; equal ones share it equally.",
    example=">>> mg.max([1.0, 3.0, 2.0])\n3.0",
)

smallest: Gate = Gate(
    "min",
    ("x",),
    np.min,
    (_share,),
    formula="min x",
    local=("1 at the smallest",),
    sign="min",
    pattern="routes",
    params=_OVER,
    shape=_nonempty,
    branch=_winners(np.min),
    tie=_several(np.min),
    expansion=lambda x, axis, keepdims: neg(largest(neg(x), axis=axis, keepdims=keepdims)),
    doc="Routes the gradient to the smallest element; equal ones share it equally.",
    example=">>> mg.min([1.0, 3.0, 2.0])\n1.0",
)


def _var_shape(x: Shape, axis: Any, ddof: Any, keepdims: bool) -> Shape:
    if not isinstance(ddof, int | float) or isinstance(ddof, bool):
        raise ShapeError(f"ddof is a number, got {ddof!r:.60}")
    return reduced_shape(x, axis, keepdims)


def _freedom(x: Any, axis: Any, ddof: float) -> float:
    return max(_count(x, axis) - ddof, 0.0)


def _var(x: Any, axis: Any, ddof: float, keepdims: Any) -> Any:
    # np.var would warn of an empty axis; here, as everywhere, NaN is an answer.
    centred = x - np.sum(x, axis=axis, keepdims=True) / _count(x, axis)
    return np.sum(centred * centred, axis=axis, keepdims=keepdims) / _freedom(x, axis, ddof)


def _var_rule(g: Any, out: Any, x: Any, axis: Any, ddof: int, keepdims: bool) -> Any:
    centred = x - mean(x, axis=axis, keepdims=True)
    return kept(g, x, axis) * div(2.0 * centred, _freedom(x, axis, ddof))


def _var_expansion(x: Any, axis: Any, ddof: int, keepdims: bool) -> Any:
    squares = square(sub(x, mean(x, axis=axis, keepdims=True)))
    return div(total(squares, axis=axis, keepdims=keepdims), _freedom(x, axis, ddof))


variance: Gate = Gate(
    "var",
    ("x",),
    _var,
    (_var_rule,),
    formula="Σ (x − mean)² / (n − ddof)",
    local=("2(x − mean)/(n − ddof)",),
    sign="var",
    badge="× 2(x − mean)/n",
    params={"axis": None, "ddof": 0, "keepdims": False},
    shape=_var_shape,
    expansion=_var_expansion,
    doc="The variance over axes; ddof=1 divides by n − 1.",
    example=">>> mg.var([1.0, 3.0])\n1.0",
)


def _shift(x: Any, axis: Any) -> Any:
    """The maximum, to subtract before exp so that it cannot overflow; 0 where that is infinite."""
    top = np.max(x, axis=axis, keepdims=True)
    return np.where(np.isfinite(top), top, np.asarray(0, np.result_type(top)))


def _logsumexp(x: Any, axis: Any, keepdims: bool) -> Any:
    shift = _shift(x, axis)
    out = np.log(np.sum(np.exp(x - shift), axis=axis, keepdims=True)) + shift
    return out if keepdims else np.reshape(out, reduced_shape(np.shape(x), axis))


def _softmax(x: Any, axis: Any) -> Any:
    powers = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return powers / np.sum(powers, axis=axis, keepdims=True)


def _log_softmax(x: Any, axis: Any) -> Any:
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


def _same_shape(x: Shape, axis: Any) -> Shape:
    _nonempty(x, axis)
    return x


logsumexp: Gate = Gate(
    "logsumexp",
    ("x",),
    _logsumexp,
    (lambda g, out, x, axis, keepdims: kept(g, x, axis) * exp(x - kept(out, x, axis)),),
    formula="ln Σ eˣ",
    local=("softmax x",),
    sign="lse",
    badge="× softmax",
    params=_OVER,
    shape=_nonempty,
    expansion=lambda x, axis, keepdims: _logsumexp_expansion(x, axis, keepdims),
    doc="A smooth max, computed without overflow.",
    example=">>> round(mg.logsumexp([0.0, 0.0]), 6)\n0.693147",
)


def _logsumexp_expansion(x: Any, axis: Any, keepdims: bool) -> Any:
    top = largest(x, axis=axis, keepdims=True)
    out = add(log(total(exp(sub(x, top)), axis=axis, keepdims=True)), top)
    return out if keepdims else reshape(out, reduced_shape(shape_of(x), axis))


softmax: Gate = Gate(
    "softmax",
    ("x",),
    _softmax,
    (lambda g, out, x, axis: out * (g - total(g * out, axis=axis, keepdims=True)),),
    formula="eˣ / Σ eˣ",
    local=("diag(s) − s·sᵀ",),
    sign="softmax",
    badge="s·(g − Σ g·s)",
    params={"axis": -1},
    shape=_same_shape,
    expansion=lambda x, axis: _softmax_expansion(x, axis),
    doc="Scores to probabilities along an axis, computed without overflow.",
    example=">>> mg.softmax([0.0, 0.0])\narray([0.5, 0.5])",
)


def _softmax_expansion(x: Any, axis: Any) -> Any:
    powers = exp(sub(x, largest(x, axis=axis, keepdims=True)))
    return div(powers, total(powers, axis=axis, keepdims=True))


def _log_softmax_expansion(x: Any, axis: Any) -> Any:
    shifted = sub(x, largest(x, axis=axis, keepdims=True))
    return sub(shifted, log(total(exp(shifted), axis=axis, keepdims=True)))


log_softmax: Gate = Gate(
    "log_softmax",
    ("x",),
    _log_softmax,
    (lambda g, out, x, axis: g - exp(out) * total(g, axis=axis, keepdims=True),),
    formula="x − ln Σ eˣ",
    local=("I − 1·softmaxᵀ",),
    sign="log-softmax",
    badge="g − s·Σ g",
    params={"axis": -1},
    shape=_same_shape,
    expansion=lambda x, axis: _log_softmax_expansion(x, axis),
    doc="The logarithm of softmax, accurate where a probability is tiny.",
    example=">>> mg.log_softmax([0.0]).tolist()\n[0.0]",
)
