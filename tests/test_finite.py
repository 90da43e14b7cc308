"""The finder of the first inf or NaN, and of the gate that made it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import microgd as mg


def test_the_gate_and_its_line_are_named() -> None:
    x = mg.Tensor(0.0, name="x")
    y = mg.log(x)  # here
    f = mg.exp(y * 2) + y * 0
    found = mg.first_nonfinite(f)
    assert found is not None
    assert found.node is y
    assert found.made
    assert found.kind == "-inf"
    assert str(found).startswith("gate 'log' made the first -inf: it was given 0, at ")
    assert "y = mg.log(x)  # here" in str(found)
    with pytest.raises(mg.NonFiniteError, match="gate 'log' made the first -inf"):
        mg.require_finite(f)
    with pytest.raises(ArithmeticError):
        mg.require_finite(f)


@pytest.mark.parametrize(
    ("fn", "gate", "kind"),
    [
        (lambda x: mg.log(-x), "log", "NaN"),
        (lambda x: mg.exp(x * 1000), "exp", "inf"),
        (lambda x: 1 / (x - 1), "recip", "inf"),
        (lambda x: mg.sqrt(-x), "sqrt", "NaN"),
        (lambda x: (x - 1) / (x - 1), "div", "NaN"),
        (lambda x: (-x) ** 0.5, "pow", "NaN"),
        (lambda x: mg.exp(mg.stack([x, x * 1000])), "exp", "inf"),
        (lambda x: mg.mean(mg.stack([x])[:0]), "mean", "NaN"),
    ],
)
def test_kinds(fn: Any, gate: str, kind: str) -> None:
    found = mg.first_nonfinite(fn(mg.Tensor(1.0)) * 2 + 1)
    assert found is not None
    assert (found.node.gate.name, found.kind) == (gate, kind)


def test_data_that_came_in_broken() -> None:
    x = mg.Tensor([1.0, np.nan], name="x")
    found = mg.first_nonfinite(x * 2)
    assert found is not None
    assert not found.made
    assert str(found) == "the input 'x' is NaN already"


def test_arrays_are_described_by_shape_and_range() -> None:
    found = mg.first_nonfinite(mg.log(mg.Tensor([[1.0, -2.0, 3.0]])))
    assert "an array of shape (1, 3) from -2 to 3" in str(found)


def test_all_is_well() -> None:
    f = mg.exp(mg.Tensor([1.0, 2.0])).sum()
    assert mg.first_nonfinite(f) is None
    mg.require_finite(f)
    assert mg.first_nonfinite(mg.placeholder() * 2) is None
    assert mg.first_nonfinite(mg.Tensor(np.zeros(0)) * 2) is None


def test_arrays_without_elements() -> None:
    empty = mg.Tensor(np.zeros((0, 3)))
    assert mg.first_nonfinite(empty * 2) is None
    found = str(mg.first_nonfinite(mg.mean(empty)))
    assert "it was given an array of shape (0, 3) without elements" in found
