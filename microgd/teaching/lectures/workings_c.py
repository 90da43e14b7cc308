"""How the numbers and rules of part C are computed, by microgd and by hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

import microgd as mg
from microgd.graph.values import Array
from microgd.lab import Descent, descend, from_starts, from_text, gradient_noise, toy_data
from microgd.losses import cross_entropy
from microgd.stopping import Best, Seen, Stopping, read_stopping

# C1


@cache
def quartic() -> Descent:
    return descend("quartic", lr=0.2, steps=7, numeric=0.001)


def x_at(t: int) -> Callable[[], float]:
    return lambda: float(quartic().rows[t].point[0])


def f_at(t: int) -> Callable[[], float]:
    return lambda: float(quartic().rows[t].value)


def slope_at(t: int) -> Callable[[], float]:
    return lambda: float(quartic().rows[t].gradient[0])


def lowest() -> float:
    return float(descend("quartic", lr=0.2, steps=200).last.point[0])


def quartic_by_hand() -> tuple[Any, Any]:
    x, path = 1.0, []
    for _ in range(8):
        path.append(x)
        after, before = ((v**4 + v + 2) for v in (x + 0.001, x))
        x -= 0.2 * (after - before) / 0.001
    return quartic().points[:, 0], path


def flat_there() -> tuple[Any, Any]:
    x = -(0.25 ** (1 / 3))
    return mg.grad(lambda x: x**4 + x + 2)(x), 0.0


# C2

#: What the deck computed with, as far as its numbers tell: it prints the first one as 0.06.
PRINTED, TRUE = (0.06, 0.25, -0.04), (0.0625, 0.25, -0.04)
H = 0.001


@cache
def bowl(coefficients: tuple[float, float, float]) -> Descent:
    a, b, c = coefficients
    text = f"{a}*x1**2 + {b}*x2**2 + ({c})*x1*x2"
    problem = from_text(text, {"x1": -5.0, "x2": -7.5})
    return descend(problem, lr=0.5, steps=41, numeric=H)


def place(t: int, i: int, walked: tuple[float, float, float] = PRINTED) -> Callable[[], float]:
    return lambda: float(bowl(walked).rows[t].point[i])


def height(t: int, walked: tuple[float, float, float] = PRINTED) -> Callable[[], float]:
    return lambda: float(bowl(walked).rows[t].value)


def partial(t: int, i: int, walked: tuple[float, float, float] = PRINTED) -> Callable[[], float]:
    return lambda: float(bowl(walked).rows[t].gradient[i])


def moved(t: int, i: int, walked: tuple[float, float, float] = PRINTED) -> Callable[[], float]:
    """f with coordinate i moved by h."""
    return lambda: height(t, walked)() + H * partial(t, i, walked)()


def euler() -> tuple[Any, Any]:
    """Of every such form 2f = x₁·∂f/∂x₁ + x₂·∂f/∂x₂: −0.32 and −3.54 would mean 14.075."""
    x1, x2 = -5.0, -7.5
    d1, d2 = mg.grad(lambda p: 0.06 * p[0] ** 2 + 0.25 * p[1] ** 2 - 0.04 * p[0] * p[1])([x1, x2])
    whole = (x1 * d1 + x2 * d2) / 2
    return [float(whole), (x1 * -0.32 + x2 * -3.54) / 2], [14.0625, 14.075]


# C3 and C4


@cache
def seed_0() -> Array:
    """NumPy's `np.random.randn(10, 3072)` from seed 0: the deck's w."""
    return np.random.RandomState(0).randn(10, 3072)


def weight(k: int, d: int) -> Callable[[], float]:
    """10⁴·w, as the slide prints it: w = 1e-3 · randn."""
    return lambda: float(10 * seed_0()[k, d])


def quotient(after: float, before: float) -> Callable[[], float]:
    return lambda: (after - before) / H


def numeric_against_analytic(classes: int, inputs: int, rows: int) -> Callable[[], tuple[Any, Any]]:
    def sides() -> tuple[Any, Any]:
        random = np.random.default_rng(0)
        xs, ys = random.uniform(size=(rows, inputs)), list(random.integers(0, classes, rows))
        p = [1e-3 * random.normal(size=(inputs, classes)), 1e-3 * random.normal(size=classes)]

        def loss(p: Any) -> Any:
            return cross_entropy(xs @ p[0] + p[1], ys)

        analytic = mg.grad(loss)(p)
        start = float(loss(p))
        flat: list[float] = []
        for part in p:
            for place in np.ndindex(part.shape):
                old = part[place]
                part[place] = old + H
                flat.append((float(loss(p)) - start) / H)
                part[place] = old
        return flat, np.append(analytic[0].ravel(), analytic[1])

    return sides


def first_loss() -> tuple[Any, Any]:
    """Weights of nearly 0 make every class equally likely: ln 10, on any data."""
    xs = np.random.default_rng(1).uniform(size=(50, 3072))
    scores = xs @ (1e-3 * seed_0()).T
    return float(cross_entropy(scores, [n % 10 for n in range(50)])), np.log(10)


def evaluations() -> float:
    """Losses beside the first one: what a numeric gradient of the bowl takes, for 10·3072 + 10."""
    row = descend("bowl", steps=0, numeric=H).rows[0]
    each = (row.evaluations - 1) / len(row.point)
    return each * (10 * 3072 + 10)


def deck_program(steps: int) -> tuple[Array, Array, Array, list[int]]:
    """The deck's program: gradients of single examples, added up, averaged, subtracted."""
    random = np.random.default_rng(4)
    xs, ys = random.normal(size=(12, 5)), [int(y) for y in random.integers(0, 3, 12)]
    w, b = _start()
    for _ in range(steps):
        dw, db = np.zeros_like(w), np.zeros_like(b)
        for xn, yn in zip(xs, ys, strict=True):
            sn = np.dot(w, xn) + b
            dbn = np.exp(sn) / np.sum(np.exp(sn))
            dbn[yn] -= 1
            dw += np.dot(dbn.reshape(-1, 1), xn.reshape(1, -1))
            db += dbn
        w = w - 0.2 * dw / len(xs)
        b = b - 0.2 * db / len(xs)
    return w, b, xs, ys


def _start() -> tuple[Array, Array]:
    random = np.random.default_rng(5)
    return 1e-3 * random.normal(size=(3, 5)), 1e-3 * random.normal(size=3)


def logistic_regression() -> tuple[Any, Any]:
    w, b, xs, ys = deck_program(200)
    params: list[Any] = [*_start()]
    rule = mg.optim.SGD()
    state = rule.init(params)
    step = mg.grad(lambda p: cross_entropy(xs @ p[0].T + p[1], ys))
    for _ in range(200):
        params, state = rule.update(params, step(params), state, lr=0.2)
    return np.append(params[0].ravel(), params[1]), np.append(w.ravel(), b)


# C5


@cache
def _noise() -> Any:
    def loss(p: Any, batch: dict[str, Array]) -> Any:
        return mg.mean((p["a"] * batch["x"] + p["c"] - batch["y"]) ** 2)

    return gradient_noise(loss, {"a": 0.5, "c": 0.0}, toy_data(64), sizes=[1, 4, 16, 64], draws=300)


def noise_by_size() -> tuple[Any, Any]:
    """σ/√B, and smaller when a batch is a good part of the data."""
    found = _noise()
    sizes = np.array([1, 4, 16, 64])
    law = found.spread(1) * np.sqrt((64 - sizes) / 63 / sizes)
    spreads = np.array([found.spread(int(b)) for b in sizes])
    return spreads / found.spread(1), law / found.spread(1)


def right_on_average() -> tuple[Any, Any]:
    """The mean of single examples' gradients is the gradient: of all 64, each once."""
    data = toy_data(64)

    def slope(rows: Array) -> Any:
        x, y = data["x"][rows], data["y"][rows]
        return mg.grad(lambda p: mg.mean((p[0] * x + p[1] - y) ** 2))(np.array([0.5, 0.0]))

    single = np.mean([slope(np.array([n])) for n in range(64)], axis=0)
    return single, slope(np.arange(64))


# C6 to C8


def zigzag() -> tuple[Any, Any]:
    """Across the valley each step of 0.09 multiplies y by 1 − 0.09·20 = −0.8."""
    return descend("valley", lr=0.09, steps=10).points[:, 1], (-0.8) ** np.arange(11.0)


def creeping() -> tuple[Any, Any]:
    """Along it, x by 1 − 0.09·1 = 0.91 only."""
    points = descend("valley", lr=0.09, steps=10).points[:, 0]
    return points, -4 * 0.91 ** np.arange(11.0)


def local_minimum() -> tuple[Any, Any]:
    """The roots of 2x³ − 4x + 1 are where the slope is 0; the walk from 0.5 ends in the wrong."""
    roots = np.sort(np.roots([2, 0, -4, 1]).real)
    walk = descend("double-well", steps=500)
    heights = [float(0.5 * x**4 - 2 * x**2 + x + 5) for x in (roots[0], roots[2])]
    return [walk.last.point[0], float(walk.last.value > heights[0] + 1)], [roots[2], 1.0]


def saddle_waits() -> tuple[Any, Any]:
    values = descend("saddle", steps=200).values
    waits = float(np.sum(np.abs(values) < 0.05) > 20)
    return [waits, values[-1]], [1.0, -1.0]


def _stops(rule: str, losses: list[float]) -> int:
    """The step at which a rule about losses ends a run."""
    read: Stopping = read_stopping(rule)
    memory: Best = read.begin()
    for step, loss in enumerate(losses):
        memory, why = read.look(memory, Seen(step=step, loss=loss, validation=loss))
        if why:
            return step
    return -1


def stopping_rules() -> tuple[Any, Any]:
    """Each rule's first step, found from the recorded walk by its formula."""
    walk = descend("bowl", lr=0.5, steps=200)
    moves = np.diff(walk.points, axis=0)
    length = np.linalg.norm(moves, axis=1)
    sums = np.abs(moves).sum(axis=1)
    flat = np.linalg.norm([row.gradient for row in walk], axis=1)
    rules = ("smallstep(0.01)", "smallstep(0.01, norm=l1)", "smallgradient(0.02)", "steps(37)")
    found = [len(descend("bowl", lr=0.5, steps=200, stop=rule)) - 1 for rule in rules]
    first = [np.argmax(length < 0.01) + 1, np.argmax(sums < 0.01) + 1, np.argmax(flat < 0.02)]
    return found, [*map(int, first), 37]


def early_stopping() -> tuple[Any, Any]:
    losses = [3.0, 2.0, 1.5, 1.6, 1.7, 1.4]
    return [_stops("nofall(2)", losses), _stops("validationrises(2)", losses)], [4, 4]


def multi_start() -> tuple[Any, Any]:
    walks = from_starts("double-well", [{"x": -0.5}, {"x": 0.2}, {"x": 0.3}, {"x": 2.0}], steps=500)
    roots = np.sort(np.roots([2, 0, -4, 1]).real)
    return [w.last.point[0] for w in walks], roots[[0, 0, 2, 2]]
