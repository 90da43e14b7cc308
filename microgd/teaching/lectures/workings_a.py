"""How the numbers and rules of part A are computed, by microgd and by hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

import microgd as mg
from microgd.graph.values import Array

NEURON = {"w0": "2", "x0": "-1", "w1": "-3", "x1": "-2", "w2": "-3"}
SIGMOID = "1 / (1 + exp(-(w0*x0 + w1*x1 + w2)))"


def sigma(x: Any) -> Any:
    """The logistic function in NumPy."""
    return 1 / (1 + np.exp(-x))


def slope(f: Callable[[Any], Any], x: float, h: float = 1e-5) -> float:
    """The central difference: a derivative that needs no rule."""
    return float((f(x + h) - f(x - h)) / (2 * h))


def gradients(text: str, values: dict[str, str]) -> dict[str, float]:
    """The gradient of every input of a program."""
    circuit = mg.circuit(text, **values)
    circuit.output.backward()
    return {name: float(leaf.grad) for name, leaf in circuit.inputs.items()}


# A3 and A4


def rules() -> tuple[Any, Any]:
    x, a, c = 0.7, 2.5, -1.5
    found = [
        mg.grad(mg.exp)(x), mg.grad(lambda x: 1 / x)(x),
        mg.grad(lambda x: a * x)(x), mg.grad(lambda x: c + x)(x),
    ]  # fmt: skip
    return found, [np.exp(x), -1 / x**2, a, 1.0]


def rules_by_differences() -> tuple[Any, Any]:
    x, a, c = 0.7, 2.5, -1.5
    fs: list[Callable[[Any], Any]] = [
        *(mg.exp, lambda x: 1 / x, lambda x: a * x, lambda x: c + x),
    ]
    return [mg.grad(f)(x) for f in fs], [slope(f, x) for f in fs]


def two_variables() -> tuple[Any, Any]:
    found = gradients("exp(x) + 2*exp(y) + 1", {"x": "1", "y": "0.5"})
    return [found["x"], found["y"]], [np.e, 2 * np.exp(0.5)]


def grouped() -> tuple[Any, Any]:
    one = gradients("sigmoid(w0*x0 + w1*x1 + w2)", NEURON)
    return list(one.values()), list(gradients(SIGMOID, NEURON).values())


def sigmoid_slope() -> tuple[Any, Any]:
    xs = np.linspace(-4, 4, 9)
    return [mg.grad(mg.sigmoid)(x) for x in xs], (1 - sigma(xs)) * sigma(xs)


# A5 and A6


def patterns() -> tuple[Any, Any]:
    """By hand: 2 passes the add gate; max gives z all of it; mul gives x the 2 · y, y the 2 · x."""
    x, y, z, w = 3.0, -4.0, 2.0, -1.0
    found = gradients("2 * (x*y + max(z, w))", {"x": "3", "y": "-4", "z": "2", "w": "-1"})
    assert z > w
    return list(found.values()), [2 * y, 2 * x, 2.0, 0.0]


def branch() -> tuple[Any, Any]:
    """x is used twice: 5 comes back through the product, 1 directly."""
    x = mg.Tensor(-2.0)
    (x * 5.0 + x).backward()
    return x.grad, 5.0 + 1.0


def multiply_gate() -> tuple[Any, Any]:
    gate = mg.TABLE["mul"]
    x, y, dz = 3.0, -4.0, 2.0
    z = gate.forward(x, y)
    back = [gate.rule(i) for i in (0, 1)]
    assert all(back)
    return [z, *(rule(dz, z, x, y) for rule in back if rule)], [x * y, dz * y, dz * x]


# A7


def jacobian_rows(*shape: int) -> float:
    return float(_sizes(*shape).rows)


def jacobian_columns(*shape: int) -> float:
    return float(_sizes(*shape).columns)


def nonzeros(*shape: int) -> float:
    return float(_sizes(*shape).nonzeros or 0)


@cache
def _sizes(*shape: int) -> Any:
    from microgd.trace.jacobians import local_jacobian

    return local_jacobian(mg.relu(mg.placeholder(shape, name="x")))


def diagonal() -> tuple[Any, Any]:
    x = np.array([1.0, -2.0, 3.0, -0.5])
    return mg.jacobian(mg.relu)(x), np.diag((x > 0).astype(float))


def never_built() -> tuple[Any, Any]:
    random = np.random.default_rng(0)
    x, upstream = random.normal(size=(2, 100, 4096))
    _, pull = mg.vjp(mg.relu, x)
    return pull(upstream)[0], upstream * (x > 0)


# A8


def shared_factor() -> tuple[Any, Any]:
    random = np.random.default_rng(1)
    x, y = random.normal(size=(5, 3)), random.normal(size=(5, 1))
    w1, w2 = random.normal(size=(3, 4)), random.normal(size=(4, 1))

    def loss(w: Any) -> Any:
        return 0.5 * mg.sum((y - mg.sigmoid(x @ w[0]) @ w[1]) ** 2)

    found = mg.grad(loss)([w1, w2])
    h = sigma(x @ w1)
    shared = -(y - h @ w2)
    by_hand = [x.T @ (shared @ w2.T * h * (1 - h)), h.T @ shared]
    return np.concatenate([g.ravel() for g in found]), np.concatenate([g.ravel() for g in by_hand])


def sum_over_paths() -> tuple[Any, Any]:
    """y = sin(2h₁) + exp(−3h₂), h₁ = tanh z and h₂ = z² of the same z = 1.5w: two paths to w."""

    def y(w: Any) -> Any:
        z = 1.5 * w
        return mg.sin(2 * mg.tanh(z)) + mg.exp(-3 * z**2)

    w = 0.5
    z = 1.5 * w
    one = np.cos(2 * np.tanh(z)) * 2 * (1 - np.tanh(z) ** 2) * 1.5
    other = np.exp(-3 * z**2) * -3 * 2 * z * 1.5
    return mg.grad(y)(w), one + other


# A9


@cache
def _blocks() -> tuple[dict[str, Array], dict[str, Array], Array]:
    """A net 3 → 4 → 2: its backward sweep by the deck's formulas, and by microgd."""
    random = np.random.default_rng(2)
    shapes: dict[str, int | tuple[int, int]] = {
        "x": 3,
        "W1": (4, 3),
        "b1": 4,
        "W2": (2, 4),
        "b2": 2,
    }
    p = {name: mg.Tensor(random.normal(size=shape)) for name, shape in shapes.items()}
    q_bar = random.normal(size=2)
    mg.sigmoid(p["W2"] @ mg.sigmoid(p["W1"] @ p["x"] + p["b1"]) + p["b2"]).backward(q_bar)
    found = {name: np.asarray(tensor.grad) for name, tensor in p.items()}

    x, w1, b1, w2, b2 = (np.asarray(tensor.data) for tensor in p.values())
    h = sigma(w1 @ x + b1)
    q = sigma(w2 @ h + b2)
    s2_bar = q * (1 - q) * q_bar
    h_bar = w2.T @ s2_bar
    s1_bar = h * (1 - h) * h_bar
    deck = {
        "x": w1.T @ s1_bar,
        "W1": np.outer(s1_bar, x),
        "b1": s1_bar,
        "W2": np.outer(s2_bar, h),
        "b2": s2_bar,
    }
    return found, deck, np.outer(s1_bar, h)


def block(name: str) -> Callable[[], tuple[Any, Any]]:
    return lambda: (_blocks()[0][name], _blocks()[1][name])


def misprinted_h() -> tuple[Any, Any]:
    """With the deck's h the matrix is 4 × 4, and W⁽¹⁾ is 4 × 3: it cannot be its gradient."""
    found, deck, with_h = _blocks()
    shapes = [*found["W1"].shape, *with_h.shape]
    return shapes, [*deck["W1"].shape, 4, 4]


# A10


def f_square(x: Any) -> Any:
    return x**2


def numeric(h: float) -> float:
    return float((f_square(3.0 + h) - f_square(3.0)) / h)


def polynomial(x: Any) -> Any:
    return 0.5 * x**4 - 2 * x**2 + x + 5


def polynomial_slope() -> tuple[Any, Any]:
    xs = [-2.0, 0.0, 1.5, 3.0]
    return [mg.grad(polynomial)(x) for x in xs], [2 * x**3 - 4 * x + 1 for x in xs]


def gradient_check() -> tuple[Any, Any]:
    report = mg.check_gradients(polynomial, 1.5)
    return [float(report.ok), report.worst[0].numeric], [1.0, 2 * 1.5**3 - 4 * 1.5 + 1]


def forward_is_off_by_h() -> tuple[Any, Any]:
    """((x + h)² − x²) / h = 2x + h, exactly."""
    steps = [0.1, 0.001, 0.0001]
    return [numeric(h) for h in steps], [6 + h for h in steps]


# A11


def eleven_lines(count: int) -> tuple[Array, Array, Array]:
    """The deck's eleven lines, with the weights that begin them."""
    x = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    y = np.array([[0, 1, 1, 0]]).T
    syn0, syn1 = _first_weights()
    for _ in range(count):
        l1 = 1 / (1 + np.exp(-(np.dot(x, syn0))))
        l2 = 1 / (1 + np.exp(-(np.dot(l1, syn1))))
        l2_delta = (y - l2) * (l2 * (1 - l2))
        l1_delta = l2_delta.dot(syn1.T) * (l1 * (1 - l1))
        syn1 = syn1 + l1.T.dot(l2_delta)
        syn0 = syn0 + x.T.dot(l1_delta)
    return syn0, syn1, l2


def _first_weights() -> tuple[Array, Array]:
    random = np.random.default_rng(1)
    return 2 * random.random((3, 4)) - 1, 2 * random.random((4, 1)) - 1


def two_layers(count: int) -> Callable[[], tuple[Any, Any]]:
    """The same weights by gradient descent of step 1 on ½Σ(y − ŷ)²."""

    def sides() -> tuple[Any, Any]:
        x = np.array([[0.0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
        y = np.array([[0.0, 1, 1, 0]]).T

        def loss(w: Any) -> Any:
            return 0.5 * mg.sum((y - mg.sigmoid(mg.sigmoid(x @ w[0]) @ w[1])) ** 2)

        weights: list[Any] = [*_first_weights()]
        rule = mg.optim.SGD()
        state = rule.init(weights)
        for _ in range(count):
            weights, state = rule.update(weights, mg.grad(loss)(weights), state, lr=1.0)
        syn0, syn1, _ = eleven_lines(count)
        return np.append(weights[0].ravel(), weights[1]), np.append(syn0.ravel(), syn1)

    return sides


def learned(count: int) -> Callable[[], tuple[Any, Any]]:
    """After so many steps every answer rounds to the right one."""
    return lambda: (np.round(eleven_lines(count)[2]).ravel(), [0.0, 1.0, 1.0, 0.0])
