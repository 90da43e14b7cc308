"""What the Python API says to arguments that make no sense: an error of its own, in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import microgd as mg

x = mg.Tensor([1.0, 2.0, 3.0])
matrix = mg.Tensor([[1.0, 2.0]])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: x[::0], mg.ShapeError, "step of a slice cannot be 0"),
        (lambda: x[1.0:2], mg.ShapeError, "cut at whole numbers, not at 1.0"),
        (lambda: x[mg.Tensor(0.0) : 2], mg.ShapeError, "cut at whole numbers"),
        (lambda: x[10**30], mg.ShapeError, "index 10+ is out of range"),
        (lambda: x.reshape([1] * 64 + [3]), mg.ShapeError, "at most 64 axes"),
        (lambda: mg.stack([mg.placeholder((1,) * 64)]), mg.ShapeError, "at most 64 axes"),
        (lambda: mg.placeholder((10**30,)), mg.ShapeError, "no array is as large"),
        (lambda: mg.placeholder((10**10, 10**10)), mg.ShapeError, "no array is as large"),
        (lambda: mg.placeholder("ab"), mg.ShapeError, "tuple of whole numbers"),
        (lambda: mg.placeholder(dtype="foo"), mg.DataError, "dtype is float64.*got 'foo'"),
        (lambda: mg.placeholder(dtype="float16"), mg.DataError, "dtype is float64"),
        (lambda: mg.placeholder(name=5), mg.DataError, "name is text, got 5"),
        (lambda: mg.Tensor(1.0, dtype="foo"), mg.DataError, "dtype is float64.*got 'foo'"),
        (lambda: mg.Tensor(1.0, name=5), mg.DataError, "name is text, got 5"),
        (lambda: mg.Tensor(1.0).named(5), mg.DataError, "name is text, got 5"),
        (lambda: mg.one_hot(1, 3.0), mg.ShapeError, "number of classes .* got 3.0"),
        (lambda: mg.one_hot([1, 0], (3, 2)), mg.ShapeError, "number of classes"),
        (lambda: mg.stack([x, x], axis=None), mg.ShapeError, "one axis is needed"),
        (lambda: mg.stack([x, x], axis=(0,)), mg.ShapeError, "one axis is needed"),
        (lambda: mg.concatenate([x, x], axis=None), mg.ShapeError, "one axis is needed"),
        (lambda: mg.take(x, [0], axis=None), mg.ShapeError, "one axis is needed"),
        (lambda: mg.transpose(matrix, 0), mg.ShapeError, "not an order of the input's 2 axes"),
        (lambda: mg.transpose(matrix, ("a", 0)), mg.ShapeError, "an axis is a whole number"),
        (lambda: mg.scatter_add(x, [0, 1, 1], size="a"), mg.ShapeError, "size is a whole .*'a'"),
        (lambda: mg.scatter_add(x, [0, 1, 1], size=-1), mg.ShapeError, "size is a whole .* -1"),
        (lambda: x.sum(keepdims="no"), mg.ShapeError, "keepdims is True or False, got 'no'"),
        (lambda: x.var(ddof="a"), mg.ShapeError, "ddof is a number, got 'a'"),
        (lambda: mg.random_uniform(x, [1, 2]), mg.ShapeError, "key is one whole number"),
        (lambda: mg.random_uniform(x, 1, seed="a"), mg.ShapeError, "seed is a whole number"),
        (lambda: mg.random_uniform(x, 0.5), mg.ArgumentError, "key is a whole .* got 0.5"),
        (lambda: mg.random_uniform(x, -1), mg.ArgumentError, "key is a whole number"),
        (lambda: mg.random_uniform(x, 2**32), mg.ArgumentError, "key is a whole number"),
        (lambda: mg.random_uniform(x, np.nan), mg.ArgumentError, "key is a whole number"),
        (lambda: mg.random_uniform(x, 1, seed=1.5), mg.ArgumentError, "seed is a whole number"),
        (lambda: mg.rrelu(-x, 0.5), mg.ArgumentError, "key is a whole number"),
        (lambda: mg.jacobian(mg.exp, wrt=(0, 1)), mg.DataError, r"one argument, got \(0, 1\)"),
        (lambda: mg.grad(mg.exp, wrt="x"), mg.DataError, "position.*got 'x'"),
        (lambda: mg.grad(mg.exp, wrt=("x",)), mg.DataError, "position"),
        (lambda: mg.jvp(mg.exp, 3.0, 1.0), mg.DataError, r"jvp\(f, \(3.0,\), \(1.0,\)\)"),
        (lambda: mg.numeric_gradient(mg.exp, 1.0, h=0.0), mg.ArgumentError, "must be above 0"),
    ],
)
def test_errors_are_microgds_own(call: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("key", [1, 2.0, np.int64(1), mg.Tensor(1.0), 2**32 - 1])
def test_keys_are_whole_numbers_of_any_kind(key: Any) -> None:
    assert mg.random_uniform(np.zeros(3), key).shape == (3,)


def test_large_shapes_are_fine_as_long_as_an_array_could_have_them() -> None:
    assert mg.placeholder((10**6, 10**6))[0].shape == (10**6,)
    assert mg.placeholder((0, 10**9)).shape == (0, 10**9)
    grid = mg.placeholder((10**12, 1)) + mg.placeholder((1, 10**12))
    with pytest.raises(mg.ShapeError, match="index: "):
        grid[0]
