"""Philox against its authors' published vectors, and randomness that repeats."""

from __future__ import annotations

from typing import Any

import gate_cases
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

import microgd as mg
from microgd.gates.random import philox, uniform

ONES = 0xFFFFFFFF

#: The lines `philox4x32 10` of the file kat_vectors that comes with Random123 (Salmon, Moraes,
#: Dror, Shaw, 2011): counter, key, answer. The last one is made of the digits of π.
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ONES,) * 4, (ONES,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN)
def test_known_answers(counter: Any, key: Any, answer: Any) -> None:
    drawn = philox(np.array(counter, np.uint64)[:, None], key)
    assert tuple(int(word) for word in drawn[:, 0]) == answer
    assert gate_cases.philox(counter, key) == answer  # the tests' own, in Python's whole numbers


WORD = st.integers(0, ONES)


@given(st.tuples(WORD, WORD, WORD, WORD), st.tuples(WORD, WORD))
def test_philox_against_whole_numbers_without_limits(counter: Any, key: Any) -> None:
    drawn = philox(np.array(counter, np.uint64)[:, None], key)
    assert tuple(int(word) for word in drawn[:, 0]) == gate_cases.philox(counter, key)


def test_the_first_number_of_key_and_seed_zero() -> None:
    assert mg.random_uniform(0.0, 0) == (0x6627E8D5 >> 8) / 2**24


def test_the_same_key_draws_the_same_numbers() -> None:
    x = np.zeros((3, 4))
    drawn = mg.random_uniform(x, 5)
    assert_array_equal(drawn, mg.random_uniform(mg.Tensor(x), 5).data)
    assert_array_equal(drawn.ravel(), mg.random_uniform(np.ones(12), 5.0))
    assert_array_equal(drawn.ravel()[:5], mg.random_uniform(np.ones(5), 5))
    assert not np.array_equal(drawn, mg.random_uniform(x, 6))
    assert not np.array_equal(drawn, mg.random_uniform(x, 5, seed=1))
    assert not np.array_equal(mg.random_uniform(x, 0, seed=1), mg.random_uniform(x, 1, seed=0))


def test_range_and_moments() -> None:
    drawn = uniform((100_000,), 1, 2, -1.0, 3.0)
    assert drawn.min() >= -1.0
    assert drawn.max() < 3.0
    # Standard errors of the mean, 4/√12/√n = 0.0037, and of the variance, about 0.0038.
    assert abs(drawn.mean() - 1.0) < 5 * 0.0037
    assert abs(drawn.var() - 16 / 12) < 5 * 0.0038
    assert len(np.unique(drawn)) > 99_000


def test_float32_holds_the_bits_exactly() -> None:
    x = np.zeros(1000)
    wide = mg.random_uniform(x, 3)
    narrow = mg.random_uniform(x.astype(np.float32), 3)
    assert narrow.dtype == np.float32
    assert_array_equal(narrow.astype(float), wide)


def test_no_gradient_passes_to_x_or_key() -> None:
    x, key = mg.Tensor([1.0, 2.0]), mg.Tensor(4.0)
    (mg.random_uniform(x, key) * 2).sum().backward()
    assert_array_equal(x.grad, [0.0, 0.0])
    assert key.grad == 0.0


def test_rrelu_draws_its_slopes_once_for_both_directions() -> None:
    x = np.array([-1.0, -2.0, 3.0, -4.0])
    value, slope = mg.value_and_grad(lambda x: mg.sum(mg.rrelu(x, 7)))(x)
    assert slope[2] == 1.0
    below = slope[[0, 1, 3]]
    assert ((below >= 0.1) & (below < 0.5)).all()
    assert len(set(below)) == 3
    assert value == pytest.approx((slope * x).sum(), rel=1e-15)
    assert_array_equal(mg.rrelu(x, 7), slope * x)
    assert_array_equal(mg.replay([mg.rrelu(mg.Tensor(x), 7)], {})[0], slope * x)
