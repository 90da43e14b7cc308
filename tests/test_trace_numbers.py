"""Numbers and labels as people read them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import microgd as mg
from microgd.trace.labels import labels
from microgd.trace.numbers import (
    digits_for,
    format_cell,
    format_number,
    format_value,
    norm,
    read_number,
    short_number,
)


@pytest.mark.parametrize(
    ("number", "digits", "shown"),
    [
        (-4.0, 0, "−4"),
        (0.5, 0, "5.00e−1"),
        (0.4, 0, "4.00e−1"),
        (0.731, 2, "0.73"),
        (-0.0, 2, "0.00"),
        (0.0049, 2, "4.90e−3"),
        (1234567.0, 2, "1.23e6"),
        (-1e-300, 2, "−1.00e−300"),
        (float("inf"), 2, "inf"),
        (float("-inf"), 2, "−inf"),
        (float("nan"), 2, "NaN"),
    ],
)
def test_format_number(number: float, digits: int, shown: str) -> None:
    assert format_number(number, digits) == shown


@given(st.floats(-1e300, 1e300), st.integers(0, 6))
def test_a_number_that_is_not_zero_never_looks_like_zero(number: float, digits: int) -> None:
    shown = read_number(format_number(number, digits))
    assert (shown == 0) == (number == 0)
    assert shown == pytest.approx(number, rel=0.01, abs=0.5 * 10.0**-digits + 1e-12)


def test_short_numbers() -> None:
    shown = [short_number(n) for n in (2.0, 0.5, 1e-3, 1e-12, 1e10, -0.19661, float("nan"))]
    assert shown == ["2", "0.5", "0.001", "1e−12", "1e10", "−0.1966", "NaN"]


def test_digits() -> None:
    assert digits_for([1.0, None, np.array([2.0, np.inf, np.nan])]) == 0
    assert digits_for([1.0, np.array([2.0, 0.5])]) == 2
    assert digits_for([np.array([1, 2])]) == 0


def test_values() -> None:
    assert format_value(None) == "?"
    assert format_value(np.array([1, 2])) == "[1, 2]"
    assert format_value(np.float32(0.5)) == "0.50"
    assert format_value(np.zeros((0, 3))) == "0×3, empty"
    assert format_value(np.ones(7), 0) == "[7], norm 2.65"
    assert format_value(np.array([1e-9, 1.0])) == "[1.00e−9, 1.00]"


def test_cells_are_never_wide() -> None:
    assert format_cell(np.array([-0.44, 0.22, 0.22])) == "[−0.44, 0.22, 0.22]"
    assert format_cell(np.array([1e-9, 1e-9, 1e-9])) == "[3], norm 1.73e−9"
    assert format_cell(None) == "?"
    assert format_cell(-1e-300) == "−1.00e−300"


def test_norms() -> None:
    assert norm(np.zeros((0, 3))) == 0.0
    assert norm(np.full(4, 1e300)) == 2e300
    assert norm(np.array([1.0, -np.inf])) == np.inf
    assert np.isnan(norm(np.array([np.nan, 1.0])))


def named(output: mg.Tensor) -> list[str]:
    return list(labels(mg.topological_order([output]), output).values())


def test_unnamed_nodes_get_letters_and_constants_their_number() -> None:
    x, y = mg.Tensor(1.0), mg.Tensor(2.0)
    order = mg.topological_order([x * y + 0.5])
    found = labels(order, order[-1])
    assert [found[n] for n in order] == ["x1", "x2", "q", "0.5", "f"]


def test_letters_run_out_and_taken_ones_are_skipped() -> None:
    f = mg.Tensor(1.0, "q")
    for _ in range(20):
        f = f + mg.Tensor(1.0, "f")
    found = named(f)
    assert len(set(found)) == len(found)
    assert "t1" in found


def test_equal_names_are_told_apart_and_an_owner_keeps_its_own() -> None:
    a, b, c = mg.Tensor(1.0, "x"), mg.Tensor(1.0, "x"), mg.Tensor(1.0, "x_2")
    order = mg.topological_order([a * b * c])
    found = labels(order, order[-1])
    assert [found[n] for n in (a, b, c)] == ["x", "x_3", "x_2"]


def test_many_equal_names_take_linear_time() -> None:
    f = mg.Tensor(0.0, "h")
    for _ in range(20_000):
        f = (f + 1.0).named("h")
    assert named(f).count("h_20001") == 1


def test_blank_names_and_line_breaks() -> None:
    assert named(mg.Tensor(1.0, "a\n b") * mg.Tensor(2.0, "  ")) == ["a b", "f", "x1"]


@pytest.mark.parametrize(
    ("record", "sign"),
    [
        (lambda x: x + 1, "+1"),
        (lambda x: 1 + x, "+1"),
        (lambda x: x + -1, "−1"),
        (lambda x: x - 2, "−2"),
        (lambda x: 2 - x, "2−"),
        (lambda x: x * 0.5, "×0.5"),
        (lambda x: x / 3, "÷3"),
        (lambda x: 3 / x, "3÷"),
        (lambda x: x**-0.5, "x⁻⁰·⁵"),
        (lambda x: 2**x, "2^x"),
        (lambda x: mg.maximum(x, 0), "max 0"),
        (lambda x: x > 1, "> 1"),
        (lambda x: x * mg.constant([1.0]), "×"),
        (lambda x: x * mg.constant(2.0).named("k"), "×"),
        (lambda x: x + x, "+"),
    ],
)
def test_signs_carry_constants(record: object, sign: str) -> None:
    assert callable(record)
    assert mg.trace(record(mg.Tensor(3.0, "x"))).node("f").sign == sign
