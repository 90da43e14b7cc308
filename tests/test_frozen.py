"""What `.data` shows of an array: to be read, assigned whole, and copied."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import microgd as mg


@pytest.fixture
def x() -> mg.Tensor:
    return mg.Tensor([[1.0, 2.0], [3.0, 4.0]], name="x")


@pytest.mark.parametrize("key", [0, (0, 1), slice(None), Ellipsis, [0, 1]])
def test_elements_cannot_be_assigned(x: mg.Tensor, key: Any) -> None:
    with pytest.raises(mg.DataError, match=r"numpy\(\).*t.data = copy"):
        x.data[key] = 5.0
    with pytest.raises(mg.DataError):
        x.data[key] += 5.0
    assert_array_equal(x.data, [[1, 2], [3, 4]])


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a.fill(0.0),
        lambda a: a.sort(),
        lambda a: np.add(a, 1.0, out=a),
        lambda a: np.copyto(a, 0.0),
        lambda a: a[0].fill(0.0),
        lambda a: a.T.fill(0.0),
        lambda a: np.asarray(a).fill(0.0),
        lambda a: a.view(np.ndarray).fill(0.0),
    ],
)
def test_numpy_refuses_too(x: mg.Tensor, change: Any) -> None:
    with pytest.raises(ValueError, match="read-only"):
        change(x.data)
    assert_array_equal(x.data, [[1, 2], [3, 4]])


def test_parts_of_it_are_frozen_as_well(x: mg.Tensor) -> None:
    for part in (x.data[0], x.data.T, x.data.reshape(4), x.data[:, ::-1]):
        with pytest.raises(mg.DataError):
            part[0] = 5.0


def test_in_place_operators_hand_over_a_new_array(x: mg.Tensor) -> None:
    old = x.data
    x.data -= 1
    assert_array_equal(x.data, [[0, 1], [2, 3]])
    assert_array_equal(old, [[1, 2], [3, 4]])
    x.data *= np.array([1.0, 10.0])
    assert_array_equal(x.data, [[0, 10], [2, 30]])
    x.data += x.data
    x.data /= 2
    x.data **= 2
    assert_array_equal(x.data, [[0, 100], [4, 900]])


def test_a_copy_is_an_array_like_any_other(x: mg.Tensor) -> None:
    for copied in (x.data.copy(), np.array(x.data), x.numpy(), copy.deepcopy(x.data), x.data + 0):
        copied[0, 0] = 9.0
        same = copied
        same -= 1.0
        assert_array_equal(copied, [[8, 1], [2, 3]])
    assert_array_equal(x.data, [[1, 2], [3, 4]])


def test_results_are_plain(x: mg.Tensor) -> None:
    for result in (x.data + 1, 1 - x.data, -x.data, np.exp(x.data), x.data @ x.data):
        assert type(result) is np.ndarray
        assert result.flags.writeable
    assert isinstance(x.data.sum(), float)
    assert isinstance(x.data[0, 0], float)
    assert isinstance(x.data.max(), float)
    assert type(x.data.mean(axis=0)) is np.ndarray


def test_it_survives_pickle(x: mg.Tensor) -> None:
    again = pickle.loads(pickle.dumps(x.data))
    assert_array_equal(again, x.data)


def test_scalars_are_floats() -> None:
    x = mg.Tensor(2)
    assert x.data.__class__ is float
    x.data -= 0.5
    assert x.data == 1.5
