"""How the numbers and rules of part B are computed, by microgd and by hand."""

from __future__ import annotations

from collections.abc import Callable
from math import log10
from typing import Any

import numpy as np

import microgd as mg
from microgd.graph.values import Array
from microgd.losses import (
    absolute_error,
    binary_cross_entropy,
    cross_entropy,
    half_squared,
    l2,
    squared,
    svm,
)

#: A row for each picture: its scores for cat, car and frog; what is in them is cat, car, frog.
SCORES = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
CLASSES = [0, 1, 2]
#: Deck 004's weights and example.
WEIGHTS = np.array([[0.016, -0.002, 0.003], [0.003, -0.006, 0.006], [-0.004, -0.006, -0.008]])
EXAMPLE = np.array([10.0, 20.0, 30.0])


def hinge(picture: int) -> float:
    return float(svm(SCORES, CLASSES, "none")[picture])


def mean_hinge() -> float:
    return float(svm(SCORES, CLASSES))


def over(picture: int, other: int) -> float:
    """By how much a score is over the right one's, with the margin: s_j − s_y + 1."""
    return float(SCORES[picture, other] - SCORES[picture, CLASSES[picture]] + 1)


def share(index: int) -> float:
    return float(mg.softmax(SCORES[0])[index])


def unnormalised(index: int) -> float:
    return float(mg.exp(SCORES[0, index]))


def cat_loss() -> float:
    return float(cross_entropy(SCORES[:1], [0]))


def common_logarithm() -> float:
    return -log10(share(0))


def linear_scores() -> tuple[Any, Any]:
    random = np.random.default_rng(0)
    w, x, b = random.normal(size=(3, 4)), random.normal(size=4), random.normal(size=3)
    found = mg.circuit("W @ x + b", W=w, x=x, b=b).output.data
    return found, [sum(w[k, d] * x[d] for d in range(4)) + b[k] for k in range(3)]


def hinge_by_hand() -> tuple[Any, Any]:
    found = svm(SCORES, CLASSES, "none")
    terms = [[max(0.0, over(n, j)) for j in range(3) if j != CLASSES[n]] for n in range(3)]
    return found, [sum(each) for each in terms]


def smallest_loss() -> tuple[Any, Any]:
    """0 only in the limit of a certain answer; without bound for a wrong one; ln C for a guess."""
    sure, wrong, guess = [[40.0, 0.0, 0.0]], [[-900.0, 0.0, 0.0]], [[0.0, 0.0, 0.0]]
    found = [float(cross_entropy(np.array(s), [0])) for s in (sure, wrong, guess)]
    return found, [0.0, 900 + np.log(2), np.log(3)]


# B4

THREE = np.array([[10.0, -2, 3], [10, 9, 9], [10, -100, -100]])


def hinge_is_zero() -> tuple[Any, Any]:
    return svm(THREE, [0, 0, 0], "none"), np.zeros(3)


def hinge_stays() -> tuple[Any, Any]:
    """A small change of any score of the first and third row leaves their hinge loss at 0."""
    moved = THREE[[0, 2]] + np.random.default_rng(0).uniform(-0.2, 0.2, (50, 2, 3))
    return svm(moved.reshape(-1, 3), [0] * 100, "none"), np.zeros(100)


def margin_used_up() -> tuple[Any, Any]:
    """In [10, 9, 9] the margin is just met: the 9s raised by 0.1 cost 0.1 each, lowered nothing."""
    moved = THREE[1] + np.array([[0.0, 0.1, 0.1], [0.0, -0.1, -0.1]])
    return svm(moved, [0, 0], "none"), [0.2, 0.0]


def cross_entropy_moves() -> tuple[Any, Any]:
    """Its gradient, p − 1 at the right class and p elsewhere, is not 0 in any of the three."""
    found = mg.grad(lambda s: cross_entropy(s, [0, 0, 0], "sum"))(THREE)
    shares = np.exp(THREE - THREE.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    moves = float((np.abs(found[:2]).sum(axis=1) > 0).all())
    return np.append(found.ravel(), moves), np.append((shares - [1, 0, 0]).ravel(), 1.0)


# B5 and B6


def _problem() -> tuple[Array, list[int], Array, Array]:
    random = np.random.default_rng(3)
    return (
        random.normal(size=(6, 4)),
        [0, 2, 1, 1, 0, 2],
        random.normal(size=(3, 4)),
        random.normal(size=3),
    )


def softmax_gradients() -> tuple[Any, Any]:
    """(1/N)Σ(p̂ₙ − pₙ)xₙᵀ and (1/N)Σ(p̂ₙ − pₙ), example by example as deck 000 writes it."""
    xs, ys, w, b = _problem()
    dw, db = mg.grad(lambda p: cross_entropy(xs @ p[0].T + p[1], ys))([w, b])
    w_bar, b_bar = np.zeros((3, 4)), np.zeros(3)
    for x, y in zip(xs, ys, strict=True):
        p_hat = np.exp(w @ x + b) / np.exp(w @ x + b).sum()
        p = np.eye(3)[y]
        w_bar += np.outer(p_hat - p, x) / len(xs)
        b_bar += (p_hat - p) / len(xs)
    return np.append(dw.ravel(), db), np.append(w_bar.ravel(), b_bar)


def regression_gradient() -> tuple[Any, Any]:
    xs, _, w, _ = _problem()
    y = np.arange(6.0)
    found = mg.grad(lambda omega: squared(xs @ omega, y))(w[0])
    by_hand = -2 / 6 * sum((y[i] - xs[i] @ w[0]) * xs[i] for i in range(6))
    return found, by_hand


def losses_by_hand() -> tuple[Any, Any]:
    s, y, t = np.array([0.3, -1.2, 2.0]), np.array([1.0, 0.0, 0.5]), np.array([1.0, 0.0, 1.0])
    found = [squared(s, y), absolute_error(s, y), half_squared(s, y), binary_cross_entropy(s, t)]
    q = 1 / (1 + np.exp(-s))
    log_loss = -(t * np.log(q) + (1 - t) * np.log(1 - q)).mean()
    error = y - s
    by_hand = [(error**2).mean(), np.abs(error).mean(), 0.5 * (error**2).mean(), log_loss]
    return [float(x) for x in found], by_hand


def half_square_slope() -> tuple[Any, Any]:
    return mg.grad(lambda y: half_squared(y, np.array([1.0])))(np.array([3.5])), [3.5 - 1.0]


# B7 and B8

W1, W2, ONES = np.array([1.0, 0, 0, 0]), np.full(4, 0.25), np.ones(4)


def score(w: Array) -> Callable[[], float]:
    return lambda: float(mg.matmul(w, ONES))


def penalty(w: Array) -> Callable[[], float]:
    return lambda: float(l2({"w": w}, 1.0))


def biases_are_free() -> tuple[Any, Any]:
    params = {"w": W1, "b": np.array([5.0])}
    return float(l2(params, 0.1)), 0.1 * 1.0


def penalty_slope() -> tuple[Any, Any]:
    return mg.grad(lambda w: l2({"w": w}, 0.3))(W2), 2 * 0.3 * W2


def of_004(index: int, scale: float = 1.0) -> Callable[[], float]:
    return lambda: float(scale * (WEIGHTS @ EXAMPLE)[index])


def softmax_of(index: int, *scores: float) -> Callable[[], float]:
    """A share of the scores as they are printed."""
    return lambda: float(mg.softmax(np.array(scores))[index])


def same_order() -> tuple[Any, Any]:
    small, large = (mg.softmax(k * WEIGHTS @ EXAMPLE) for k in (1, 10))
    return np.argsort(small), np.argsort(large)


def smaller_loss() -> tuple[Any, Any]:
    """Right answers get cheaper: −ln 0.41 against −ln 0.77 for the class with the largest score."""
    losses = [float(cross_entropy(k * (WEIGHTS @ EXAMPLE)[None], [0])) for k in (1, 10)]
    shares = [np.exp(k * WEIGHTS @ EXAMPLE) for k in (1, 10)]
    by_hand = [-np.log(e[0] / e.sum()) for e in shares]
    return [*losses, float(losses[1] < losses[0])], [*by_hand, 1.0]
