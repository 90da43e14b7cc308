"""What the tests of optimizers share: problems with gradients in plain NumPy, and the walk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.autodiff.tree import leaves

Tree = dict[str, Any]
STEPS = 200


@dataclass(frozen=True)
class Problem:
    """A start, and the gradient at some parameters in step t (from 1), by hand.

    `scale` multiplies the learning rates, so that no walk runs away: where a path explodes or
    turns chaotic, it multiplies rounding errors, and says nothing about the rule any more.
    """

    name: str
    start: Tree
    gradient: Callable[[Tree, int], Tree]
    scale: float = 1.0

    def __repr__(self) -> str:
        return self.name


def _valley(p: Tree, t: int) -> Tree:
    """0.06x² + 0.25y² − 0.04xy, the valley of lectures 000 and 002."""
    x, y = p["w"]
    return {"w": np.array([0.12 * x - 0.04 * y, 0.5 * y - 0.04 * x])}


def _rosenbrock(p: Tree, t: int) -> Tree:
    """(1 − x)² + 10(y − x²)²."""
    x, y = p["x"], p["y"]
    return {"x": -2.0 * (1.0 - x) - 40.0 * x * (y - x**2), "y": 20.0 * (y - x**2)}


_RNG = np.random.default_rng(17)
_POINTS = _RNG.normal(size=(24, 3))
_LABELS = (_POINTS @ [1.0, -2.0, 0.5] + 0.3 > 0).astype(float)


def _logistic(p: Tree, t: int) -> Tree:
    """Logistic regression on 24 points; in step t the t-th third of them: minibatches."""
    x, y = _POINTS[t % 3 :: 3], _LABELS[t % 3 :: 3]
    off = 1.0 / (1.0 + np.exp(-(x @ p["w"] + p["b"]))) - y
    return {"w": x.T @ off / len(x), "b": float(np.mean(off))}


def _net(p: Tree, t: int) -> Tree:
    """½ the mean squared error of tanh(x·W₁ + b₁)·w₂ against the labels."""
    h = np.tanh(_POINTS @ p["W1"] + p["b1"])
    off = (h @ p["w2"] - _LABELS) / len(_LABELS)
    back = np.outer(off, p["w2"]) * (1.0 - h**2)
    return {"W1": _POINTS.T @ back, "b1": back.sum(axis=0), "w2": h.T @ off}


#: Gradients that follow nothing: large, tiny, exactly 0, of both signs.
_NOISE = _RNG.normal(size=(600, 5)) * 10.0 ** _RNG.integers(-4, 3, size=(600, 5))
_NOISE[_RNG.random(_NOISE.shape) < 0.1] = 0.0


def _noise(p: Tree, t: int) -> Tree:
    return {"w": _NOISE[t - 1, :4].reshape(2, 2), "b": float(_NOISE[t - 1, 4])}


VALLEY = Problem("valley", {"w": np.array([-5.0, -7.5])}, _valley)
ROSENBROCK = Problem("rosenbrock", {"x": -0.6, "y": 0.9}, _rosenbrock, scale=0.1)
LOGISTIC = Problem("logistic", {"w": np.array([0.5, 0.1, -0.2]), "b": 0.0}, _logistic)
NET = Problem(
    "net",
    {"W1": _RNG.normal(size=(3, 4)), "b1": np.zeros(4), "w2": _RNG.normal(size=4) / 2.0},
    _net,
    scale=0.4,
)
NOISE = Problem("noise", {"w": np.array([[1.0, -2.0], [0.5, 3.0]]), "b": 0.25}, _noise)
PROBLEMS = (VALLEY, ROSENBROCK, LOGISTIC, NET, NOISE)


def rates(lr: float, steps: int = STEPS) -> list[float]:
    """Learning rates that change all the time: a wave, and a tenth from half way on."""
    t = np.arange(steps)
    return [float(r) for r in lr * (1.0 + 0.5 * np.cos(0.3 * t)) * np.where(t < steps / 2, 1, 0.1)]


def flat(tree: Any) -> np.ndarray:
    """All numbers of a tree in one row."""
    return np.concatenate([np.ravel(np.asarray(x, float)) for x in leaves(tree)])


def walk(
    rule: Any, problem: Problem, lrs: Sequence[float], sign: float = 1.0
) -> Iterator[np.ndarray]:
    """The points that an optimizer of microgd goes through, each as one row."""
    params: Any = problem.start
    state = rule.init(params)
    for t, lr in enumerate(lrs, start=1):
        gradient = problem.gradient(rule.gradient_point(params, state), t)
        gradient = {name: sign * g for name, g in gradient.items()}
        params, state = rule.update(params, gradient, state, lr)
        yield flat(params)
