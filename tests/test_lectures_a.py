"""The lectures' part A, graphs and backpropagation, to the digits that the slides print."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import microgd as mg
from microgd.graph.order import topological_order
from microgd.interpreter.reverse import gradients_of

#: Two ways to write one formula: a few roundings apart.
CLOSE = {"rtol": 1e-13, "atol": 1e-15}


def sigma(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def test_a1_the_circuit() -> None:
    x, y, z = (mg.Tensor(v, name=n) for n, v in (("x", -2.0), ("y", 5.0), ("z", -4.0)))
    q = x + y
    f = q * z
    assert (q.data, f.data) == (3.0, -12.0)
    assert gradients_of(f, [f, z, q, x, y]) == [1.0, 3.0, -4.0, -4.0, -4.0]
    f.backward()
    assert (x.grad, y.grad, z.grad) == (-4.0, -4.0, 3.0)


def neuron() -> tuple[dict[str, mg.Tensor], mg.Tensor]:
    """w0·x0 + w1·x1 + w2, with the numbers of the slide."""
    numbers = {"w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0, "w2": -3.0}
    leaves = {name: mg.Tensor(value, name=name) for name, value in numbers.items()}
    w0, x0, w1, x1, w2 = leaves.values()
    return leaves, w0 * x0 + w1 * x1 + w2


def test_a2_the_sigmoid_neuron_gate_by_gate() -> None:
    leaves, score = neuron()
    times = score * -1
    exponential = mg.exp(times)
    plus = exponential + 1
    f = 1 / plus
    gates = [n for n in topological_order([f]) if n.inputs]
    assert [n.gate.name for n in gates] == [
        *("mul", "mul", "add", "add", "mul", "exp", "add", "recip")
    ]
    tail = [score, times, exponential, plus, f]
    assert [f"{n.data:.2f}" for n in tail] == ["1.00", "-1.00", "0.37", "1.37", "0.73"]
    assert [n.data for n in gates[:4]] == [-2.0, 6.0, 4.0, 1.0]
    from_the_right = gradients_of(f, tail[::-1])
    assert [f"{g:.2f}" for g in from_the_right] == ["1.00", "-0.53", "-0.53", "-0.20", "0.20"]
    summands = gradients_of(f, gates[:2])
    assert [f"{g:.2f}" for g in summands] == ["0.20", "0.20"]
    f.backward()
    # Some slides multiply the rounded 0.20 and print 0.40 and −0.60 for x0 and x1.
    assert {n: f"{leaf.grad:.2f}" for n, leaf in leaves.items()} == {
        "w0": "-0.20",
        "x0": "0.39",
        "w1": "-0.39",
        "x1": "-0.59",
        "w2": "0.20",
    }


@pytest.mark.parametrize("x", [-1.3, 0.4, 2.0])
def test_a3_the_rules_used_there(x: float) -> None:
    assert_allclose(mg.grad(mg.exp)(x), np.exp(x), **CLOSE)
    assert_allclose(mg.grad(lambda x: 1 / x)(x), -1 / x**2, **CLOSE)
    assert mg.grad(lambda x: 2.5 * x)(x) == 2.5
    assert mg.grad(lambda x: 2.5 + x)(x) == 1.0


def test_a4_sigmoid_as_one_gate() -> None:
    leaves, score = neuron()
    f = mg.sigmoid(score)
    assert f"{f.data:.2f}" == "0.73"
    f.backward()
    assert f"{leaves['w2'].grad:.2f}" == "0.20"
    assert_allclose(leaves["w2"].grad, (1 - f.data) * f.data, **CLOSE)
    again, same = neuron()
    (1 / (1 + mg.exp(-same))).backward()
    for name, leaf in leaves.items():
        assert_allclose(leaf.grad, again[name].grad, **CLOSE)
    (opened,) = mg.expand([f])
    assert [n.gate.name for n in topological_order([opened]) if n.inputs][-4:] == [
        *("neg", "exp", "add", "recip")
    ]


def test_a5_the_patterns() -> None:
    """Add distributes, max routes, mul swaps: the slide's x=3, y=−4, z=2, w=−1."""
    x, y, z, w = (mg.Tensor(v) for v in (3.0, -4.0, 2.0, -1.0))
    f = (x * y + mg.maximum(z, w)) * 2
    assert f.data == -20.0
    f.backward()
    assert (x.grad, y.grad, z.grad, w.grad) == (-8.0, 6.0, 2.0, 0.0)
    assert [mg.TABLE[n].pattern for n in ("add", "maximum", "mul")] == [
        *("distributes", "routes", "swaps")
    ]


def test_a5_gradients_add_where_a_wire_branches() -> None:
    x = mg.Tensor(3.0)
    f = mg.sin(x) + x * x
    f.backward()
    assert_allclose(x.grad, np.cos(3.0) + 6.0, **CLOSE)


def test_a6_a_gate_is_a_forward_and_a_backward() -> None:
    """forward(x, y) returns z; backward(dz) returns [dz·y, dz·x]."""
    multiply = mg.TABLE["mul"]
    x, y, dz = 3.0, -4.0, 2.0
    z = multiply.forward(x, y)
    dx, dy = (multiply.rule(i)(dz, z, x, y) for i in (0, 1))
    assert (z, dx, dy) == (-12.0, dz * y, dz * x)


def test_a7_the_jacobian_is_never_built() -> None:
    """max(0, x) on a batch of 100 rows of 4096: its Jacobian would have 1.7·10¹¹ entries."""
    random = np.random.default_rng(0)
    x, upstream = random.normal(size=(2, 100, 4096))
    _, pull = mg.vjp(mg.relu, x)
    assert_array_equal(pull(upstream)[0], upstream * (x > 0))
    small = x[0, :8]
    table = mg.jacobian(mg.relu)(small)
    assert_array_equal(table, np.diag((small > 0).astype(float)))


def test_a8_shared_factors() -> None:
    """L = ½(y − f(XW₁)W₂)²: both gradients contain −(y − f(XW₁)W₂), computed once."""
    random = np.random.default_rng(1)
    data, y = random.normal(size=(5, 3)), random.normal(size=(5, 1))
    w1, w2 = mg.Tensor(random.normal(size=(3, 4))), mg.Tensor(random.normal(size=(4, 1)))
    s = data @ w1
    h = mg.sigmoid(s)
    prediction = h @ w2
    loss = (mg.square(y - prediction) * 0.5).sum()
    shared = -(y - prediction.data)
    by_w2 = h.data.T @ shared
    by_w1 = data.T @ ((shared @ w2.data.T) * h.data * (1 - h.data))
    (found,) = gradients_of(loss, [prediction])
    assert_allclose(found, shared, **CLOSE)
    loss.backward()
    assert_allclose(w2.grad, by_w2, **CLOSE)
    assert_allclose(w1.grad, by_w1, **CLOSE)


def test_a8_a_derivative_is_a_sum_over_paths() -> None:
    """1 → 2 → 1 net: two paths from the early weight, one backward sweep."""
    w, a, b = mg.Tensor(0.5), mg.Tensor(2.0), mg.Tensor(-3.0)
    h = mg.tanh(w * 1.5)
    f = mg.sin(h * a) + mg.exp(h * b)
    f.backward()
    step = (1 - h.data**2) * 1.5
    path_a, path_b = np.cos(h.data * 2.0) * 2.0, np.exp(h.data * -3.0) * -3.0
    assert_allclose(w.grad, (path_a + path_b) * step, **CLOSE)


@pytest.mark.parametrize("batch", [None, 6])
def test_a9_the_blocks_of_a_two_layer_net(batch: int | None) -> None:
    """s1=W1x+b1, h=σ(s1), s2=W2h+b2, q=σ(s2), for a vector and for a batch of columns."""
    random = np.random.default_rng(2)
    columns = () if batch is None else (batch,)
    x = mg.Tensor(random.normal(size=(3, *columns)))
    w1, w2 = mg.Tensor(random.normal(size=(4, 3))), mg.Tensor(random.normal(size=(2, 4)))
    ones = () if batch is None else (1,)
    b1, b2 = mg.Tensor(random.normal(size=(4, *ones))), mg.Tensor(random.normal(size=(2, *ones)))
    h = mg.sigmoid(w1 @ x + b1)
    q = mg.sigmoid(w2 @ h + b2)

    forward_h = sigma(w1.data @ x.data + b1.data)
    forward_q = sigma(w2.data @ forward_h + b2.data)
    assert_allclose(q.data, forward_q, **CLOSE)

    q_bar = random.normal(size=q.shape)
    s2_bar = forward_q * (1 - forward_q) * q_bar
    h_bar = w2.data.T @ s2_bar
    s1_bar = forward_h * (1 - forward_h) * h_bar
    x_bar = w1.data.T @ s1_bar
    if batch is None:
        w2_bar, w1_bar = np.outer(s2_bar, forward_h), np.outer(s1_bar, x.data)
        b2_bar, b1_bar = s2_bar, s1_bar
    else:
        # The deck misprints h for x in W̄1 = s̄1·xᵀ; the shapes (4, 3) tell.
        w2_bar, w1_bar = s2_bar @ forward_h.T, s1_bar @ x.data.T
        b2_bar, b1_bar = s2_bar.sum(axis=1, keepdims=True), s1_bar.sum(axis=1, keepdims=True)

    q.backward(q_bar)
    for leaf, expected in [(w2, w2_bar), (b2, b2_bar), (w1, w1_bar), (b1, b1_bar), (x, x_bar)]:
        assert_allclose(leaf.grad, expected, **CLOSE)


def test_a10_the_numeric_gradient() -> None:
    """(f(3.001) − f(3)) / 0.001 = 6.001 for x², where the derivative is 6."""

    def f(x: Any) -> Any:
        return x**2

    h = 0.001
    forward = (mg.pow(3.0 + h, 2.0) - mg.pow(3.0, 2.0)) / h
    assert f"{forward:.3f}" == "6.001"
    assert mg.grad(f)(3.0) == 6.0
    report = mg.check_gradients(f, 3.0)
    assert report.ok
    assert f"{report.worst[0].numeric:.6f}" == "6.000000"


@pytest.mark.parametrize("x", [-2.0, 0.0, 1.5])
def test_a10_the_polynomial(x: float) -> None:
    def f(x: Any) -> Any:
        return 0.5 * x**4 - 2 * x**2 + x + 5

    assert_allclose(mg.grad(f)(x), 2 * x**3 - 4 * x + 1, **CLOSE)
    assert mg.check_gradients(f, x)


@pytest.mark.slow
def test_a11_two_layers_in_eleven_lines() -> None:
    """XOR of the first two inputs by a sigmoid net 3→4→1 without biases, full batch, step 1."""
    data = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    y = np.array([[0, 1, 1, 0]]).T
    random = np.random.default_rng(1)
    w0, w1 = random.uniform(-1, 1, (3, 4)), random.uniform(-1, 1, (4, 1))

    def loss(weights: Any) -> Any:
        out = mg.sigmoid(mg.sigmoid(data @ weights[0]) @ weights[1])
        return (mg.square(y - out) * 0.5).sum()

    for _ in range(5000):
        g0, g1 = mg.grad(loss)([w0, w1])
        w0, w1 = w0 - g0, w1 - g1
    out = sigma(sigma(data @ w0) @ w1)
    assert np.abs(out - y).max() < 0.05
