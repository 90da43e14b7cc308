"""Shapes and axes: NumPy's rules, and errors that name the gate, the shapes and the remedy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, mutually_broadcastable_shapes, valid_tuple_axes

import microgd as mg
from microgd.graph.shapes import (
    broadcast_shapes,
    checked_shape,
    element_count,
    normal_axes,
    reduced_shape,
)


@given(mutually_broadcastable_shapes(num_shapes=3, min_side=0))
def test_broadcasting_is_numpys(drawn: Any) -> None:
    assert broadcast_shapes(*drawn.input_shapes) == drawn.result_shape


@given(st.lists(array_shapes(min_dims=0, min_side=0, max_side=3), min_size=2, max_size=3))
def test_what_numpy_does_not_broadcast_is_refused(shapes: Any) -> None:
    try:
        expected = np.broadcast_shapes(*shapes)
    except ValueError:
        with pytest.raises(mg.ShapeError, match="sizes must be equal or 1"):
            broadcast_shapes(*shapes)
    else:
        assert broadcast_shapes(*shapes) == expected


@settings(max_examples=50)
@given(data=st.data(), keepdims=st.booleans())
def test_reduced_shapes_are_numpys(data: st.DataObject, keepdims: bool) -> None:
    shape = data.draw(array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3))
    axes = data.draw(st.one_of(st.none(), valid_tuple_axes(len(shape))))
    expected = np.sum(np.zeros(shape), axis=axes, keepdims=keepdims).shape
    assert reduced_shape(shape, axes, keepdims) == expected


def test_axes() -> None:
    assert normal_axes(None, 3) == (0, 1, 2)
    assert normal_axes((-1, 0), 3) == (0, 2)
    assert normal_axes([1], 2) == (1,)
    assert normal_axes((), 2) == ()
    assert normal_axes(None, 0) == ()


@pytest.mark.parametrize(
    ("axis", "message"),
    [
        (2, "axis 2 is out of range: the input has axes -2 to 1"),
        (-3, "axis -3 is out of range"),
        ((0, 0), "named twice"),
        ((0, -2), "named twice"),
        (1.0, "whole number"),
        (True, "whole number"),
        ("0", "whole number"),
    ],
)
def test_wrong_axes_name_the_gate(axis: Any, message: str) -> None:
    x = mg.Tensor(np.zeros((2, 3)))
    for gate in (mg.sum, mg.mean, mg.max, mg.var, mg.softmax):
        with pytest.raises(mg.ShapeError, match=f"{gate.name}: .*{message}.*\\(2, 3\\)"):
            gate(x, axis=axis)
        with pytest.raises(mg.ShapeError, match=message):
            gate(x.data, axis=axis)


def test_a_scalar_has_no_axes() -> None:
    with pytest.raises(mg.ShapeError, match="it is a scalar"):
        mg.Tensor(1.0).sum(axis=0)


def test_numpys_whole_numbers_will_do() -> None:
    x = mg.Tensor(np.zeros((2, 3)))
    node = x.sum(axis=np.int64(1))
    assert node.shape == (2,)
    assert node.params == {"axis": 1, "keepdims": False}
    assert node.params["axis"].__class__ is int
    assert mg.broadcast_to(1.0, (np.int64(2), np.int32(3))).shape == (2, 3)
    assert mg.one_hot(1.0, np.int64(3)).shape == (3,)
    assert mg.placeholder((np.int64(2),)).shape == (2,)


def test_shapes() -> None:
    assert checked_shape(3) == (3,)
    assert checked_shape([2, 0]) == (2, 0)
    assert element_count(()) == 1
    assert element_count((2, 0, 3)) == 0
    for shape in ((-1,), (1.5,), (True,), ("2",)):
        with pytest.raises(mg.ShapeError, match="whole numbers ≥ 0"):
            checked_shape(shape)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: x + np.zeros(4), r"add: .*axis -1 has sizes 3 and 4.*\(2, 3\), \(4,\)"),
        (lambda x: x.reshape(4), r"reshape: 6 elements do not fill shape \(4,\)"),
        (lambda x: x.reshape(-1, 4), "6 elements do not fill"),
        (lambda x: x.reshape(-1, -1), "whole numbers"),
        (lambda x: x.transpose(0), r"axes \(0,\) are not an order of the input's 2 axes"),
        (lambda x: x.transpose(0, 0), "named twice"),
        (lambda x: x.broadcast_to((3, 2)), "broadcast"),
        (lambda x: mg.sum_to(x, (2, 2)), "broadcast"),
        (lambda x: mg.concatenate(x, np.zeros((2, 2))), "all sizes but that of axis 0"),
        (lambda x: mg.concatenate(1.0, 2.0), "use stack"),
        (lambda x: mg.stack(x, np.zeros((3, 2))), "all shapes must be equal"),
        (lambda x: x[2], "out of bounds"),
        (lambda x: x @ np.zeros(2), r"last axis of the left \(3\)"),
        (lambda x: mg.take(x, [3], axis=1), "index 3 is out of range for axis 1 of size 3"),
        (lambda x: mg.take(1.0, 0), "no elements"),
        (lambda x: mg.one_hot([0, 3], 3), "class 3 is out of range"),
        (lambda x: mg.one_hot([-1], 3), "class -1"),
        (lambda x: mg.apl(x, [[1.0]], [1.0]), "same shape"),
        (lambda x: mg.apl(x, [[1.0, 2.0]], [[1.0, 2.0]]), "fit|broadcast"),
        (lambda x: mg.place(np.zeros(3), slice(0, 2), (4,)), r"\(3,\).*\(2,\)"),
        (lambda x: mg.place(1.0, 4, (3,)), "out of bounds"),
        (lambda x: mg.scatter_add(np.zeros(3), [0, 1], size=4), "shape of the indices"),
        (lambda x: mg.scatter_add(np.zeros(1), [4], size=4), "index 4 is out of range"),
    ],
)
def test_shapes_that_do_not_fit(call: Any, message: str) -> None:
    with pytest.raises(mg.ShapeError, match=message):
        call(mg.Tensor(np.zeros((2, 3))))
