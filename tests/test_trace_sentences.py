"""The words of a trace: each sentence says what its gate does, and its numbers are the event's."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import microgd as mg
from microgd.trace.build import trace
from microgd.trace.numbers import format_number


def last(output: Any, **options: Any) -> str:
    """The sentence of the last contribution."""
    return [e.sentence for e in trace(output, **options).events if e.kind == "contribution"][-1]


def x(data: Any = 3.0) -> mg.Tensor:
    return mg.Tensor(data, "x")


def y(data: Any = 2.0) -> mg.Tensor:
    return mg.Tensor(data, "y")


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        (x() + y(), "+ distributes: 1 · 1 = 1"),
        (x() - y(), "− flips: −1 · 1 = −1"),
        (x() * y(-4), "× swaps: 3 · 1 = 3"),
        (x(-1) / y(), "÷ scales by −x/y²: 0.25 · 1.00 = 0.25"),
        (-x(), "×−1 flips: −1 · 1 = −1"),
        (x() + 1, "+1 passes: 1 · 1 = 1"),
        (5 - x(), "5− flips: −1 · 1 = −1"),
        (x() * 2, "×2 scales: 2 · 1 = 2"),
        (x() ** 2, "x² scales by 2·x: 6 · 1 = 6"),
        (x() ** 3, "x³ scales by 3·x²: 27 · 1 = 27"),
        (x(2) ** -1, "x⁻¹ scales by −x⁻²: −0.25 · 1.00 = −0.25"),
        (x(4) ** 0.5, "x⁰·⁵ scales by 0.5·x⁻⁰·⁵: 0.25 · 1.00 = 0.25"),
        (2 ** y(), "2^x scales by 2^y·ln 2: 2.77 · 1.00 = 2.77"),
        (1 / y(4), "1/x scales by −1/y²: −0.06 · 1.00 = −0.06"),
        (mg.exp(y(0)), "exp scales by e^y: 1 · 1 = 1"),
        (mg.log(y(4)), "ln scales by 1/y: 0.25 · 1.00 = 0.25"),
        (mg.sigmoid(y(0)), "σ scales by (1 − σ)·σ: 0.25 · 1.00 = 0.25"),
        (mg.abs(y(-2)), "|x| scales by sign y: −1 · 1 = −1"),
        (mg.relu(y()), "relu passes: 1 · 1 = 1"),
        (mg.relu(y(-2)), "relu is shut: 0 · 1 = 0"),
        (mg.leaky_relu(y(-2), slope=0.25), "leaky scales: 0.25 · 1.00 = 0.25"),
        (mg.clip(y(), 0, 1), "clip is shut: 0 · 1 = 0"),
        (mg.maximum(x(), y()), "max routes it to the other input: 0 · 1 = 0"),
        (mg.maximum(x(), y(5)), "max routes: 1 · 1 = 1"),
        (mg.maximum(x(), y(3)), "max shares a tie: 0.50 · 1.00 = 0.50"),
        (mg.maximum(y(), 3.0), "max 3 routes it to the constant: 0 · 1 = 0"),
        (mg.where(x() > 2.0, 1.0, y()), "where routes it to the other input: 0 · 1 = 0"),
        (x() > 2.0, "> 2 blocks: it is flat on both sides, so no gradient passes"),
        (mg.identity(x()), "identity passes: 1 · 1 = 1"),
    ],
)
def test_scalars(output: mg.Tensor, sentence: str) -> None:
    assert last(output) == sentence


A = [1.0, 2.0, 4.0]


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        (mg.sum(x(A)), "Σ distributes: 1 to each of 3 elements → [1, 1, 1]"),
        (mg.mean(x(A[:2])), "mean distributes: 1.00 / 2 → [0.50, 0.50]"),
        (mg.max(x(A)), "max routes: 1 to the largest → [0, 0, 1]"),
        (mg.min(x(A)), "min routes: 1 to the smallest → [1, 0, 0]"),
        (mg.var(x([1, 3]), ddof=1), "var: 1 · 2(x − mean)/1 → [−2, 2]"),
        (mg.logsumexp(x([0, 0])), "lse: 1.00 · softmax(x) → [0.50, 0.50]"),
        (mg.softmax(x([0, 0])), "softmax: f · (upstream − Σ upstream · f) → [0.00, 0.00]"),
        (mg.log_softmax(x([0, 0])), "log-softmax: upstream − exp(f) · Σ upstream → [0.00, 0.00]"),
        (x(A)[1], "index routes back: 1 to [1], 0 elsewhere → [0, 1, 0]"),
        (x(A)[1:], "index routes back: upstream to [1:], 0 elsewhere → [0, 1, 1]"),
        (
            mg.take(x(A), [0, 0]),
            "take routes back: upstream added where it was taken from, 0 elsewhere → [2, 0, 0]",
        ),
        (x(A).reshape(3, 1), "reshape moves: upstream back in shape [3] → [1, 1, 1]"),
        (x([A]).T, "transpose moves: upstreamᵀ → [[1, 1, 1]]"),
        (mg.concatenate(x(A), y([7.0])), "concat moves: its own piece of upstream → [1]"),
        (mg.broadcast_to(x(), (2,)), "broadcast sums copies: the copies' upstream added up → 2"),
        (x(A) ** 2, "x² scales by 2·x: [2, 4, 8] · [1, 1, 1] = [2, 4, 8]"),
        (x(A) * 3, "×3 scales: 3 · [1, 1, 1] = [3, 3, 3]"),
        (mg.relu(x([-1, 2])), "relu passes 1 of 2 elements: [0, 1] · [1, 1] = [0, 1]"),
        (mg.relu(x(np.arange(-4.0, 6))), "relu passes 5 of 10 elements → [10], norm 2.24"),
        (mg.exp(x(np.zeros(9))), "exp scales by eˣ: eˣ · upstream → [9], norm 3.00"),
        (
            mg.maximum(x(np.arange(8.0)), y(np.full(8, 2.5))),
            "max routes 3 of 8 elements here → [8], norm 1.73",
        ),
    ],
)
def test_arrays(output: mg.Tensor, sentence: str) -> None:
    assert last(output) == sentence


@pytest.mark.parametrize(
    ("left", "right", "sentences"),
    [
        (
            (2, 3),
            (3, 4),
            ("upstream @ yᵀ → [[4, 4, 4], [4, 4, 4]]", "xᵀ @ upstream → 3×4, norm 6.93"),
        ),
        ((3,), (3,), ("1 · y → [1, 1, 1]", "1 · x → [1, 1, 1]")),
        (
            (2, 3),
            (3,),
            (
                "upstream ⊗ y → [[1, 1, 1], [1, 1, 1]]",
                "xᵀ @ upstream → [2, 2, 2]",
            ),
        ),
        ((3,), (3, 2), ("upstream @ yᵀ → [2, 2, 2]", "x ⊗ upstream → [[1, 1], [1, 1], [1, 1]]")),
    ],
)
def test_matmul(left: Any, right: Any, sentences: tuple[str, str]) -> None:
    told = trace(x(np.ones(left)) @ y(np.ones(right)))
    found = [e.sentence for e in told.events if e.kind == "contribution"]
    assert found == [f"@ swaps (ᵀ): {s}" for s in sentences]


def test_inputs_without_gradient() -> None:
    told = trace(mg.where(x() > y(), x(), y()))
    assert told.sentences[3] == "where sends no gradient to its condition"
    indices = mg.Tensor([0, 1], "i", dtype="int64")
    assert last(mg.take(x(A), indices)) == "take sends no gradient to its indices"
    drawn = mg.random_uniform(x(), 1)
    assert last(drawn).startswith("rand blocks: what is drawn does not depend on it")


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        (x() + y(-4), "f = x + y = 3 + (−4) = −1"),
        (-x(-3), "f = −x = −(−3) = 3"),
        (1 / x(-2), "f = 1 / x = 1 / (−2.00) = −0.50"),
        (x(-3) ** 2, "f = x² = (−3)² = 9"),
        (x() ** y(), "f = x ** y = 3.00 ** 2.00 = 9.00"),
        (x() > y(), "f = x > y = 3 > 2 = 1"),
        (mg.abs(x(-3)), "f = |x| = |−3| = 3"),
        (x() * 0.123456, "f = x · 0.1235 = 3.00 · 0.1235 = 0.37"),
        (mg.constant(2.0) * 3, "f = 2 · 3 = 6"),
        (mg.sum(x(A)), "f = sum(x) = 7"),
        (mg.sum(x(A), axis=0, keepdims=True), "f = sum(x, axis=0, keepdims=True) = [7]"),
        (x([A])[0, 1:], "f = x[0, 1:] = [2, 4]"),
        (x([A]).T, "f = xᵀ = [[1], [2], [4]]"),
        (x(np.zeros((0, 3))), None),
    ],
)
def test_forward(output: mg.Tensor, sentence: str | None) -> None:
    told = [e.sentence for e in trace(output).events if e.kind == "forward"]
    assert told == ([sentence] if sentence else [])


def test_branches() -> None:
    two = x()
    assert trace(two * two).sentences[-1] == "branch: 3 + 3 = 6"
    assert trace(two - two).sentences[-1] == "branch: 1 + (−1) = 0"
    many = sum((two for _ in range(8)), start=two)
    assert trace(many).sentences[-1] == "branch: 9 gradients add up to 9"
    row, net = x(A), x(np.ones(9))
    assert trace(row + row).sentences[-1] == "branch: [1, 1, 1] + [1, 1, 1] = [2, 2, 2]"
    assert trace(net + net).sentences[-1] == "branch: 2 gradients add up to [9], norm 6.00"


def test_rounding_is_explained_where_it_shows() -> None:
    assert last(x() * (1 / 3), upstream=2.0) == (
        "×0.3333 scales: 0.33 · 2.00 = 0.67 (before rounding: 0.3333 · 2 = 0.6667)"
    )
    third = y(1 / 3)
    weigh = third * mg.Tensor(1 / 3, "a") + third * mg.Tensor(1 / 3, "b")
    branch = next(e.sentence for e in trace(weigh).events if e.kind == "branch")
    assert branch == "branch: 0.33 + 0.33 = 0.67 (before rounding: 0.3333 + 0.3333 = 0.6667)"


def test_broadcast() -> None:
    told = trace(mg.sum(x(np.ones((4, 2))) + y([1, 2])))
    assert told.sentences[-1] == "broadcast: 4×2 summed over axis 0 → [4, 4]"
    told = trace(mg.sum(x(np.ones((4, 2))) + y()))
    assert told.sentences[-1] == "broadcast: 4×2 summed over axes 0, 1 → 8"


def test_infinite_numbers_are_said_without_a_note() -> None:
    assert last(mg.log(y(0.0))) == "ln scales by 1/y: inf · 1 = inf"
    assert last(mg.sqrt(y(0.0))) == "√ scales by 1/(2√y): inf · 1 = inf"
    assert last(mg.log(y(np.nan))) == "ln scales by 1/y: NaN · 1 = NaN"


NUMBER = re.compile(r"(?<![\w⁻·^/²)])−?\d+(?:\.\d+)?(?:e−?\d+)?(?![\w·²])")


@settings(max_examples=60, deadline=None)
@given(*[st.floats(-9, 9).filter(lambda v: abs(v) > 0.01)] * 3)
def test_the_numbers_of_a_sentence_are_those_of_the_event(a: float, b: float, c: float) -> None:
    p, q, r = (mg.Tensor(v, n) for v, n in zip((a, b, c), "pqr", strict=True))
    told = trace(mg.tanh(p * q + r) * (p / q) - mg.maximum(p, r) * p)
    for event in told.events:
        if event.kind == "contribution":
            equation = event.sentence.split(": ", 1)[1].split(" (before")[0]
            assert event.local is not None
            local, upstream, value = (
                format_number(float(v), told.digits)  # type: ignore[arg-type]
                for v in (event.local, event.upstream, event.value)
            )
            inner = f"({upstream})" if upstream.startswith("−") else upstream
            assert equation == f"{local} · {inner} = {value}"
        elif event.kind == "branch":
            shown = NUMBER.findall(event.sentence.split(" (before")[0])
            parts = [format_number(float(v), told.digits) for v in (*event.parts, event.value)]  # type: ignore[arg-type]
            assert shown == parts
