"""micrograd's users change one import: `from microgd import Tensor as Value`.

The expressions of `test_sanity_check` and `test_more_ops` and the training loop are adapted from
micrograd's `test/test_engine.py` and `demo.ipynb`, https://github.com/karpathy/micrograd,
Copyright (c) 2020 Andrej Karpathy, MIT License. The expected numbers are worked out here, so that
these tests need neither micrograd nor PyTorch.
"""

from __future__ import annotations

import random
import sys
from typing import Any

import pytest

from microgd import Tensor as Value


def sanity_check(value: Any) -> tuple[Any, Any]:
    x = value(-4.0)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    y = h + q + q * x
    y.backward()
    return x, y


def more_ops(value: Any) -> tuple[Any, Any, Any]:
    a = value(-4.0)
    b = value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    return a, b, g


def test_sanity_check() -> None:
    """z = 3x + 2 = −10, so relu(z) = 0 and y = z² + zx(1 + x) = 9x² + 12x + 4 + (3x+2)(x+x²)."""
    x, y = sanity_check(Value)
    assert y.data == -20.0
    # dy/dx = 18x + 12 + 3(x + x²) + (3x + 2)(1 + 2x) = −72 + 12 + 36 + 70
    assert x.grad == 46.0


def test_more_ops() -> None:
    """c = 4a+4b+3 − a, d = 12(ab+b³) + … by hand: e = c − d = −7, g = e²/2 + 10/e²."""
    a, b, g = more_ops(Value)
    # c: −2 → 2·(−2)+1 = −3 → 2·(−3)+1+4 = −1.   d: 0 → relu(−2) = 0 → 0 + relu(6) = 6.
    e = -1.0 - 6.0
    assert g.data == pytest.approx(e**2 / 2 + 10 / e**2, rel=1e-15)
    # ∂e/∂a = ∂c/∂a − ∂d/∂a = (4−1) − (12b − 1) = −20; ∂e/∂b = 4 − (12(a+3b²) + 1) = −93.
    slope = e - 20 / e**3
    assert a.grad == pytest.approx(-20.0 * slope, rel=1e-15)
    assert b.grad == pytest.approx(-93.0 * slope, rel=1e-15)
    # The numbers of micrograd's README.
    assert f"{g.data:.4f}" == "24.7041"
    assert f"{a.grad:.4f}" == "138.8338"
    assert f"{b.grad:.4f}" == "645.5773"


@pytest.mark.oracle
def test_the_same_numbers_in_micrograd() -> None:
    engine = pytest.importorskip("micrograd.engine")
    for program in (sanity_check, more_ops):
        ours, theirs = program(Value), program(engine.Value)
        for mine, other in zip(ours, theirs, strict=True):
            assert mine.data == pytest.approx(other.data, rel=1e-14)
        for mine, other in zip(ours[:-1], theirs[:-1], strict=True):
            assert mine.grad == pytest.approx(other.grad, rel=1e-14)


# -- the demo: a small net, trained the way its users write it ---------------------------------


class Neuron:
    """A neuron in micrograd's manner: plain lists of scalars."""

    def __init__(self, inputs: int, nonlinear: bool, rng: random.Random) -> None:
        self.w = [Value(rng.uniform(-1, 1)) for _ in range(inputs)]
        self.b = Value(0)
        self.nonlinear = nonlinear

    def __call__(self, x: Any) -> Any:
        act = sum((wi * xi for wi, xi in zip(self.w, x, strict=True)), self.b)
        return act.relu() if self.nonlinear else act


def moons(count: int, rng: random.Random) -> tuple[list[list[float]], list[int]]:
    import math

    points, labels = [], []
    for i in range(count):
        t = math.pi * rng.random()
        upper = i % 2 == 0
        x, y = (math.cos(t), math.sin(t)) if upper else (1 - math.cos(t), 0.5 - math.sin(t))
        points.append([x + rng.gauss(0, 0.1), y + rng.gauss(0, 0.1)])
        labels.append(1 if upper else -1)
    return points, labels


def demo_loss(model: Any, parameters: Any, points: Any, labels: Any, value: Any) -> Any:
    """Max-margin loss and L2 regularisation, as in the demo notebook."""
    inputs = [list(map(value, row)) for row in points]
    scores = [model(row) for row in inputs]
    losses = [(1 + -yi * score).relu() for yi, score in zip(labels, scores, strict=True)]
    data_loss = sum(losses) * (1.0 / len(losses))
    penalty = 1e-4 * sum(p * p for p in parameters)
    right = [(yi > 0) == (score.data > 0) for yi, score in zip(labels, scores, strict=True)]
    return data_loss + penalty, sum(right) / len(right)


def test_the_demos_training_loop() -> None:
    rng = random.Random(1337)
    layers = [
        [Neuron(2, True, rng) for _ in range(8)],
        [Neuron(8, False, rng)],
    ]
    parameters = [p for layer in layers for n in layer for p in (*n.w, n.b)]

    def model(x: Any) -> Any:
        for layer in layers:
            x = [neuron(x) for neuron in layer]
        return x[0]

    points, labels = moons(30, rng)
    history = []
    for k in range(40):
        total, accuracy = demo_loss(model, parameters, points, labels, Value)
        for p in parameters:
            p.grad = 0  # zero_grad
        total.backward()
        learning_rate = 1.0 - 0.9 * k / 100
        for p in parameters:
            p.data -= learning_rate * p.grad
        history.append((total.data, accuracy))
    assert history[-1][0] < 0.4 * history[0][0]
    assert history[-1][1] >= 0.9


@pytest.mark.oracle
def test_micrograds_own_net_runs_on_tensors(monkeypatch: pytest.MonkeyPatch) -> None:
    """The installed micrograd.nn, its Value replaced: the same losses, step after step."""
    nn = pytest.importorskip("micrograd.nn")
    engine = sys.modules["micrograd.engine"]
    rng = random.Random(7)
    points, labels = moons(12, rng)
    histories = []
    for value in (engine.Value, Value):
        monkeypatch.setattr(nn, "Value", value)
        random.seed(1337)
        model = nn.MLP(2, [4, 4, 1])
        assert isinstance(model.parameters()[0], value)
        history = []
        for _ in range(5):
            total, _ = demo_loss(model, model.parameters(), points, labels, value)
            model.zero_grad()
            total.backward()
            for p in model.parameters():
                p.data -= 0.5 * p.grad
            history.append(total.data)
        histories.append(history + [p.grad for p in model.parameters()])
    assert histories[1] == pytest.approx(histories[0], rel=1e-11, abs=1e-14)
    assert repr(model).startswith("MLP of [Layer of [ReLUNeuron(2)")
