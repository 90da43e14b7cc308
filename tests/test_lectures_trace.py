"""The lectures' circuits as traces: the numbers the decks print, in the order they print them.

About 0.39 and 0.40. In the sigmoid neuron the gradient that reaches the products is
σ(1)(1 − σ(1)) = 0.196612, printed as 0.20. Some slides multiply on with the rounded 0.20 and print
x0 = 2 · 0.20 = 0.40 and x1 = −3 · 0.20 = −0.60; others, and microgd, multiply first and round last:
2 · 0.196612 = 0.39 and −3 · 0.196612 = −0.59. Where the printed factors do not give the printed
product, the trace's sentence says both.
"""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import pytest

import microgd as mg
from microgd.trace.jacobians import jacobians, local_jacobian
from microgd.trace.lesson import Trace


def contributions(told: Trace) -> list[tuple[str, str, str]]:
    """(gate's sign, input, what is sent), in the order of the sweep."""
    return [
        (
            told.by_id[e.node].sign,
            told.by_id[e.target or ""].label,
            told.number(float(e.value)),  # type: ignore[arg-type]
        )
        for e in told.events
        if e.kind == "contribution"
    ]


def forward(told: Trace) -> list[tuple[str, str]]:
    return [
        (told.by_id[e.node].sign, told.number(float(e.value)))  # type: ignore[arg-type]
        for e in told.events
        if e.kind == "forward"
    ]


def sentences_of(told: Trace, sign: str) -> list[str]:
    return [
        e.sentence for e in told.events if e.target is not None and told.by_id[e.node].sign == sign
    ]


def a1() -> mg.Tensor:
    x, y, z = mg.Tensor(-2.0, "x"), mg.Tensor(5.0, "y"), mg.Tensor(-4.0, "z")
    return (x + y).named("q") * z


def summed() -> mg.Tensor:
    """w0·x0 + w1·x1 + w2 of A2 and A4."""
    w0, x0, w1, x1, w2 = (
        mg.Tensor(v, n)
        for v, n in ((2.0, "w0"), (-1.0, "x0"), (-3.0, "w1"), (-2.0, "x1"), (-3.0, "w2"))
    )
    return w0 * x0 + w1 * x1 + w2


def test_a1_circuit() -> None:
    told = mg.trace(a1())
    assert told.sentences == (
        "q = x + y = −2 + 5 = 3",
        "f = q · z = 3 · (−4) = −12",
        "seed: ∂f/∂f = 1",
        "× swaps: −4 · 1 = −4",
        "× swaps: 3 · 1 = 3",
        "+ distributes: 1 · (−4) = −4",
        "+ distributes: 1 · (−4) = −4",
    )
    gradients = {n.label: n.gradient for n in told.nodes}
    assert gradients == {"x": -4.0, "y": -4.0, "z": 3.0, "q": -4.0, "f": 1.0}


def test_a2_sigmoid_neuron_in_primitive_gates() -> None:
    told = mg.trace(1 / (1 + mg.exp(-summed())))
    assert forward(told) == [
        *(("×", "−2.00"), ("×", "6.00"), ("+", "4.00"), ("+", "1.00")),
        *(("×−1", "−1.00"), ("exp", "0.37"), ("+1", "1.37"), ("1/x", "0.73")),
    ]
    sent = contributions(told)
    assert [value for _, _, value in sent[:4]] == ["−0.53", "−0.53", "−0.20", "0.20"]
    assert [sign for sign, _, _ in sent[:4]] == ["1/x", "+1", "exp", "×−1"]
    assert [value for sign, _, value in sent if sign == "+"] == ["0.20"] * 4
    assert {label: value for sign, label, value in sent if sign == "×"} == {
        "w0": "−0.20",
        "x0": "0.39",
        "w1": "−0.39",
        "x1": "−0.59",
    }
    assert ("+", "w2", "0.20") in sent
    assert len(sent) == 12


def test_a2_rounding_is_explained() -> None:
    said = sentences_of(mg.trace(1 / (1 + mg.exp(-summed()))), "×")
    assert said[-1] == "× swaps: 2.00 · 0.20 = 0.39 (before rounding: 2 · 0.1966 = 0.3932)"
    assert said[1] == "× swaps: −3.00 · 0.20 = −0.59 (before rounding: −3 · 0.1966 = −0.5898)"
    assert said[2] == "× swaps: −1.00 · 0.20 = −0.20"


def test_a3_gate_rules() -> None:
    told = mg.trace(1 / (1 + mg.exp(-summed())))
    rules = {told.by_id[e.node].sign: e for e in told.events if e.kind == "contribution"}
    exp, recip, plus, times = (rules[s] for s in ("exp", "1/x", "+1", "×−1"))
    assert (exp.rule, recip.rule, plus.rule, times.rule) == ("e^t", "−1/v²", "1", "−1")
    assert exp.local == pytest.approx(math.exp(-1))
    assert recip.local == pytest.approx(-1 / (1 + math.exp(-1)) ** 2)
    x = mg.Tensor(5.0, "x")
    assert [mg.trace(f).events[-1].rule for f in (3.0 * x, 3.0 + x)] == ["3", "1"]


def test_a4_sigmoid_as_one_gate() -> None:
    whole, parts = mg.trace(mg.sigmoid(summed())), mg.trace(1 / (1 + mg.exp(-summed())))
    assert sentences_of(whole, "σ") == ["σ scales by (1 − σ)·σ: 0.20 · 1.00 = 0.20"]
    assert round(0.73 * 0.27, 2) == 0.20
    for name in ("w0", "x0", "w1", "x1", "w2"):
        assert whole.node(name).gradient == pytest.approx(parts.node(name).gradient)
    (opened,) = mg.expand([mg.sigmoid(summed())])
    assert [sign for sign, _ in forward(mg.trace(opened))[4:]] == ["×−1", "exp", "+1", "1/x"]


def test_a5_patterns() -> None:
    x, y, z = mg.Tensor(3.0, "x"), mg.Tensor(-4.0, "y"), mg.Tensor(2.0, "z")
    w = mg.Tensor(-1.0, "w")
    told = mg.trace((x * y + mg.maximum(z, w)) * 2)
    patterns = {
        (told.by_id[e.node].sign, e.pattern) for e in told.events if e.kind == "contribution"
    }
    assert patterns == {
        *(("+", "distributes"), ("max", "routes"), ("×", "swaps"), ("×2", "swaps")),
    }
    gradients = {n: told.node(n).gradient for n in "xyzw"}
    assert gradients == {"x": -8.0, "y": 6.0, "z": 2.0, "w": 0.0}
    assert sentences_of(told, "max") == [
        "max routes: 1 · 2 = 2",
        "max routes it to the other input: 0 · 2 = 0",
    ]
    q = x * 2.0
    assert mg.trace(q * q + q).sentences[-2] == "branch: 1 + 6 + 6 = 13"


def test_a6_a_gate_keeps_its_inputs_and_sends_their_partners_back() -> None:
    x, y = mg.Tensor(3.0, "x"), mg.Tensor(-4.0, "y")
    dz = 2.0
    told = mg.trace(x * y, upstream=dz)
    assert told.node("f").value == 3.0 * -4.0
    assert [w.gradient for w in told.wires] == [dz * -4.0, dz * 3.0]


def test_a7_the_jacobian_is_diagonal_and_never_built() -> None:
    start = time.perf_counter()
    relu = mg.relu(mg.placeholder(4096, "x"))
    batch = mg.relu(mg.placeholder((100, 4096), "x"))
    one, many = local_jacobian(relu), local_jacobian(batch)
    assert (one.rows, one.columns, one.nonzeros) == (4096, 4096, 4096)
    assert (many.rows, many.columns, many.nonzeros) == (409_600, 409_600, 409_600)
    assert one.matrix is None
    assert many.matrix is None
    assert "only the diagonal is nonzero (4096 of 16 777 216), never built" in one.sentence
    assert time.perf_counter() - start < 1


def two_layers(y: Any) -> tuple[mg.Tensor, dict[str, mg.Tensor]]:
    rng = np.random.default_rng(2)
    X = mg.Tensor(rng.normal(size=(4, 3)), "X")
    W1, W2 = mg.Tensor(rng.normal(size=(3, 5)), "W1"), mg.Tensor(rng.normal(size=(5, 1)), "W2")
    h = mg.tanh(X @ W1).named("h")
    e = (h @ W2 - y).named("e")
    return mg.sum(e * e) * 0.5, {"W1": W1, "W2": W2, "e": e, "h": h, "X": X}


def test_a8_one_sweep_computes_each_shared_factor_once() -> None:
    y = np.array([[0.0], [1.0], [1.0], [0.0]])
    loss, named = two_layers(y)
    told = mg.trace(loss)
    speakers = [e.node for e in told.events if e.kind == "contribution"]
    assert len(speakers) == len(set(speakers)) + 3, "× (e · e) and both @ speak to two inputs each"
    e, h, X, W2 = (np.asarray(named[n].data) for n in ("e", "h", "X", "W2"))
    np.testing.assert_allclose(told.node("e").gradient, e)
    np.testing.assert_allclose(told.node("W2").gradient, h.T @ e)
    np.testing.assert_allclose(told.node("W1").gradient, X.T @ ((e @ W2.T) * (1 - h * h)))
    for event in told.events:
        if event.kind == "contribution":
            assert event.upstream is not None
            np.testing.assert_array_equal(event.upstream, told.by_id[event.node].gradient)  # type: ignore[arg-type]


def test_a8_the_derivative_to_an_early_weight_is_a_sum_over_paths() -> None:
    w, v = mg.Tensor(0.5, "w"), [mg.Tensor(a) for a in (1.0, 2.0, -3.0)]
    h = mg.tanh(w)
    f = sum((mg.tanh(h * a) for a in v[1:]), start=mg.tanh(h * v[0]))
    told = mg.trace(f)
    local = {(j.label.split(":")[0], j.input): j.matrix for j in jacobians(f)}
    paths = [e for e in told.events if e.kind == "branch"]
    assert len(paths) == 1
    assert len(paths[0].parts) == 3
    hidden = told.by_id[paths[0].node].label
    matrix = local[(hidden, "w")]
    assert matrix is not None
    assert told.node("w").gradient == pytest.approx(sum(paths[0].parts) * matrix[0, 0])
    slope = 1 - math.tanh(0.5) ** 2
    by_hand = sum((1 - math.tanh(math.tanh(0.5) * a) ** 2) * a * slope for a in (1.0, 2.0, -3.0))
    assert told.node("w").gradient == pytest.approx(by_hand)
