"""Losses: how wrong a net's outputs are, as one number. All of them made of gates.

Each takes outputs and targets, and a `reduction`: "mean" over the examples (the first axis), "sum",
or "none" for one number for each.

>>> import numpy as np
>>> scores = np.array([[3.2, 5.1, -1.7]])
>>> round(float(svm(scores, [0])), 2), round(float(cross_entropy(scores, [0])), 2)
(2.9, 2.04)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from microgd.autodiff.tree import leaves, paths
from microgd.errors import ArgumentError, ShapeError
from microgd.gates.activation import relu
from microgd.gates.exponential import softplus
from microgd.gates.indexing import one_hot
from microgd.gates.movement import reshape
from microgd.gates.powers import absolute, square
from microgd.gates.reduction import log_softmax, mean, total
from microgd.gates.selection import less_equal, where
from microgd.graph.node import Node
from microgd.graph.values import FLOAT32, FLOAT64, Array, shape_of, value_from

REDUCTIONS = ("mean", "sum", "none")
#: Parameters that a penalty leaves alone: biases, batch normalisation's, and prelu's slope, which
#: it would pull to 0 (He and others, 2015).
UNPENALISED = frozenset({"b", "bias", "gamma", "beta", "alpha"})


def cross_entropy(scores: Any, targets: Any, reduction: str = "mean") -> Any:
    """Softmax and cross entropy: −ln p(y), from scores (logits) and not from probabilities.

    Arguments:
        scores: N × C.
        targets: N whole numbers, the classes; or N × C probabilities (soft targets), for which it
            is −Σ t·ln p.

    Source: lectures 000, 001, 004.

    >>> round(float(cross_entropy(np.array([[3.2, 5.1, -1.7]]), [[0.0, 1.0, 0.0]])), 2)
    0.14
    """
    _rows_and_classes(scores)
    shares = _shares(targets, scores)
    return _reduced(-total(log_softmax(scores, axis=1) * shares, axis=1), reduction)


def svm(scores: Any, labels: Any, reduction: str = "mean", margin: float = 1.0) -> Any:
    """The multi-class support vector machine: Σ over j ≠ y of max(0, s_j − s_y + margin).

    Source: Weston and Watkins, 1999; lecture 001.

    >>> float(svm(np.array([[10.0, 9.0, 9.0], [2.2, 2.5, -3.1]]), [0, 2], "none")[1].round(1))
    12.9
    """
    _rows_and_classes(scores)
    if not margin > 0:
        raise ArgumentError(f"svm: the margin is a number above 0, got {margin!r}")
    right = _shares(labels, scores)
    own = reshape(total(scores * right, axis=1), (-1, 1))
    over = relu(scores - own + margin)
    # not over · (1 − right): whole numbers, as classes on a device are, would become float64
    return _reduced(total(over - over * right, axis=1), reduction)


def binary_cross_entropy(logits: Any, targets: Any, reduction: str = "mean") -> Any:
    """Log loss of one output for each example, from logits: softplus(s) − s·t, t from 0 to 1.

    Arguments:
        logits: N numbers, or N × 1. targets: as many.

    Source: lecture 002; the stable form of −t·ln σ(s) − (1 − t)·ln(1 − σ(s)).

    >>> round(float(binary_cross_entropy(np.array([0.0, 100.0]), [1.0, 1.0])), 4)
    0.3466
    """
    targets = _like(targets, logits)
    if isinstance(targets, np.ndarray) and not ((targets >= 0) & (targets <= 1)).all():
        place = tuple(np.argwhere(~((targets >= 0) & (targets <= 1)))[0])
        raise ArgumentError(
            f"binary_cross_entropy: the target of example {place[0]} is {targets[place]:g}, and "
            "not from 0 to 1"
        )
    return _reduced(_per_example(softplus(logits) - logits * targets), reduction)


def squared(outputs: Any, targets: Any, reduction: str = "mean") -> Any:
    """Squared error (y − ŷ)²; with several outputs for each example, their mean.

    >>> float(squared(np.array([3.0, 1.0]), [1.0, 1.0]))
    2.0
    """
    return _reduced(_per_example(square(outputs - _like(targets, outputs))), reduction)


def half_squared(outputs: Any, targets: Any, reduction: str = "mean") -> Any:
    """½(y − ŷ)², whose gradient is just the error (lecture 002).

    >>> float(half_squared(np.array([3.0, 1.0]), [1.0, 1.0]))
    1.0
    """
    return 0.5 * squared(outputs, targets, reduction)


def absolute_error(outputs: Any, targets: Any, reduction: str = "mean") -> Any:
    """Absolute error |y − ŷ|, which outliers pull at less.

    >>> float(absolute_error(np.array([3.0, 1.0]), [1.0, 1.0]))
    1.0
    """
    return _reduced(_per_example(absolute(outputs - _like(targets, outputs))), reduction)


def huber(outputs: Any, targets: Any, reduction: str = "mean", delta: float = 1.0) -> Any:
    """½e² for errors e up to δ, and δ(|e| − ½δ) beyond: squared near, absolute far away.

    Source: Huber, 1964.

    >>> float(huber(np.array([3.0, 1.5]), [1.0, 1.0], "sum"))
    1.625
    """
    if not delta > 0:
        raise ArgumentError(f"huber: delta is a number above 0, got {delta!r}")
    error = outputs - _like(targets, outputs)
    size = absolute(error)
    near = less_equal(size, delta)
    pieces = where(near, 0.5 * square(error), delta * (size - 0.5 * delta))
    return _reduced(_per_example(pieces), reduction)


def l2(params: Any, strength: float) -> Any:
    """The penalty λ·Σw² of all weights; biases, γ, β and α are left alone (lecture 001).

    >>> l2({"w": [1.0, 0.0, 0.0, 0.0]}, 1.0), l2({"w": [0.25] * 4, "b": 9.0}, 1.0)
    (1.0, 0.25)
    """
    return _penalty(params, strength, square)


def l1(params: Any, strength: float) -> Any:
    """The penalty λ·Σ|w| of all weights, which makes some of them 0.

    >>> l1({"w": [1.0, -2.0], "b": 9.0}, 0.5)
    1.5
    """
    return _penalty(params, strength, absolute)


def _penalty(params: Any, strength: float, size: Callable[[Any], Any]) -> Any:
    if not strength >= 0:
        raise ArgumentError(f"a penalty's strength is a number of at least 0, got {strength!r}")
    found: Any = 0.0
    for path, leaf in zip(paths(params), leaves(params), strict=True):
        if not UNPENALISED.intersection(path.split(".")):
            found = found + total(size(leaf))
    return strength * found


#: Losses for classes, whose targets are whole numbers, and for numbers.
LOSSES: dict[str, Callable[..., Any]] = {
    "crossentropy": cross_entropy,
    "svm": svm,
    "binarycrossentropy": binary_cross_entropy,
    "squared": squared,
    "halfsquared": half_squared,
    "absolute": absolute_error,
    "huber": huber,
}


def loss_named(name: str) -> Callable[..., Any]:
    """The loss of that name; hyphens and underscores do not count.

    >>> loss_named("cross-entropy") is cross_entropy
    True
    """
    found = LOSSES.get(name.lower().replace("-", "").replace("_", "").replace(" ", ""))
    if found is None:
        from difflib import get_close_matches

        near = get_close_matches(name.lower(), LOSSES, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ArgumentError(f"there is no loss {name!r}.{hint} There are: {', '.join(LOSSES)}")
    return found


def _rows_and_classes(scores: Any) -> None:
    shape = shape_of(scores)
    if len(shape) != 2:
        raise ShapeError(f"scores have a row for each example and a column for each class: {shape}")


def _shares(targets: Any, scores: Any) -> Any:
    """Targets as a share of each class: classes become one-hot rows."""
    targets = _as_array(targets, scores)
    shape, wanted = shape_of(targets), shape_of(scores)
    if shape == wanted:
        return targets
    if shape != wanted[:1]:
        raise ShapeError(
            f"scores of shape {wanted} need {wanted[0]} classes, or shares of shape {wanted}; got "
            f"targets of shape {shape}"
        )
    if isinstance(targets, np.ndarray):
        _require_classes(targets, wanted[1])
        targets = targets.astype(_precision(scores))  # float32 scores have a float32 loss
    return one_hot(targets, wanted[1])


def _require_classes(labels: Array, classes: int) -> None:
    part = np.flatnonzero(labels != np.trunc(labels))  # NaN, too
    if part.size:
        place = int(part[0])
        raise ArgumentError(
            f"the class of example {place} is {labels[place]}: classes are whole numbers; for "
            "shares give a row for each example"
        )
    wrong = np.flatnonzero((labels < 0) | (labels >= classes))
    if wrong.size:
        place = int(wrong[0])
        raise ArgumentError(
            f"the class of example {place} is {labels[place]:g}, but there are {classes} classes, "
            f"0 to {classes - 1}"
        )


def _as_array(targets: Any, outputs: Any) -> Any:
    """The targets; lists in the precision of the outputs."""
    numbers = getattr(getattr(targets, "dtype", None), "kind", "list") in "biuf"
    if isinstance(targets, Node) or numbers:
        return targets
    return value_from(targets, _precision(outputs))


def _precision(outputs: Any) -> Any:
    """float32 for outputs in float32, so that their loss is, too; else float64."""
    return FLOAT32 if getattr(outputs, "dtype", None) == FLOAT32 else FLOAT64


def _like(targets: Any, outputs: Any) -> Any:
    """The targets, in the outputs' shape: N numbers fit N × 1 outputs."""
    targets = _as_array(targets, outputs)
    shape, wanted = shape_of(targets), shape_of(outputs)
    if shape == wanted:
        return targets
    if len(wanted) == 2 and wanted[1] == 1 and shape == wanted[:1]:
        return reshape(targets, wanted)
    raise ShapeError(f"outputs of shape {wanted} need targets of the same shape, got {shape}")


def _per_example(pieces: Any) -> Any:
    """A number for each example: the mean over its outputs."""
    shape = shape_of(pieces)
    if len(shape) <= 1:
        return pieces
    return mean(pieces, axis=tuple(range(1, len(shape))))


def _reduced(each: Any, reduction: str) -> Any:
    if reduction not in REDUCTIONS:
        raise ArgumentError(f"reduction is one of {', '.join(REDUCTIONS)}, got {reduction!r}")
    if reduction == "none":
        return each
    return mean(each) if reduction == "mean" else total(each)
