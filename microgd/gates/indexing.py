"""Indexing: picking elements out. Backward, the gradient goes back to where they were taken."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgd.errors import ShapeError
from microgd.graph.gate import Gate
from microgd.graph.shapes import Shape, checked_shape, is_size, one_axis
from microgd.graph.values import FLOAT32, shape_of

#: No array has more elements along an axis.
_LARGEST = np.iinfo(np.int64).max


def _index_shape(x: Shape, key: Any) -> Shape:
    for part in key if isinstance(key, tuple) else (key,):
        if isinstance(part, slice):
            _check_slice(part)
        elif part is not None and part is not Ellipsis:
            _check_position(part)
    try:
        return checked_shape(np.broadcast_to(0.0, x)[key].shape)
    except IndexError as error:
        raise ShapeError(str(error)) from None


def _check_position(part: Any) -> None:
    if not _is_whole(part):
        raise ShapeError(
            f"cannot index with {part!r:.60}: use whole numbers and slices; to pick by a "
            "list or a Tensor of whole numbers use mg.take(x, indices, axis)"
        )
    if abs(part) > _LARGEST:
        raise ShapeError(f"index {part} is out of range")


def _check_slice(part: slice) -> None:
    for number in (part.start, part.stop, part.step):
        if number is not None and not _is_whole(number):
            raise ShapeError(f"a slice is cut at whole numbers, not at {number!r:.60}")
    if part.step == 0:
        raise ShapeError("the step of a slice cannot be 0")


def _is_whole(number: Any) -> bool:
    return isinstance(number, int | np.integer) and not isinstance(number, bool)


index: Gate = Gate(
    "index",
    ("x",),
    lambda x, key: np.asarray(x)[key],
    (lambda g, out, x, key: place(g, key, shape_of(x)),),
    formula="x[key]",
    local=("1 where taken",),
    sign="[ ]",
    pattern="routes",
    badge="routes back",
    params={"key": ...},
    shape=_index_shape,
    whole=True,
    doc="Whole numbers and slices: x[1:3, 0]; what was not taken gets gradient 0.",
    example=">>> mg.index([1.0, 2.0, 3.0], slice(1, 3))\narray([2., 3.])",
)


def _place(x: Any, key: Any, shape: Shape) -> Any:
    whole = np.zeros(shape, dtype=np.result_type(x))
    whole[key] = x
    return whole


def _place_shape(x: Shape, key: Any, shape: Any) -> Shape:
    wanted = checked_shape(shape)
    free = _index_shape(wanted, key)
    if x != free:
        raise ShapeError(f"an input of shape {x} does not fill the key's place, of shape {free}")
    return wanted


place: Gate = Gate(
    "place",
    ("x",),
    _place,
    (lambda g, out, x, key, shape: index(g, key),),
    formula="zeros, with x at key",
    local=("1",),
    sign="[ ]ᵀ",
    pattern="moves",
    params={"key": ..., "shape": ...},
    shape=_place_shape,
    whole=True,
    doc="The reverse of index: zeros of a shape, with x where the key says.",
    example=">>> mg.place(5.0, 1, (3,))\narray([0., 5., 0.])",
)


def whole_numbers(indices: Any) -> Any:
    """Indices as integers; a ShapeError where one is not a whole number."""
    array = np.asarray(indices)
    whole = np.where(np.isfinite(array), array, 0.5).astype(np.int64)
    if not np.array_equal(whole, array):
        raise ShapeError(f"indices must be whole numbers, got {indices!r:.60}")
    return whole


def _in_range(indices: Any, axis: int, size: int) -> Any:
    whole = whole_numbers(indices)
    if whole.size and (whole.min() < -size or whole.max() >= size):
        worst = whole.max() if whole.max() >= size else whole.min()
        raise ShapeError(f"index {worst} is out of range for axis {axis} of size {size}")
    return whole


def _take(x: Any, indices: Any, axis: int) -> Any:
    size = np.shape(x)[axis]
    return np.take(x, _in_range(indices, axis, size), axis=axis)


def _take_shape(x: Shape, indices: Shape, axis: int) -> Shape:
    if not x:
        raise ShapeError("a scalar has no elements to take")
    at = one_axis(axis, len(x))
    return (*x[:at], *indices, *x[at + 1 :])


take: Gate = Gate(
    "take",
    ("x", "indices"),
    _take,
    (
        lambda g, out, x, indices, axis: scatter_add(
            g, indices, axis, shape_of(x)[one_axis(axis, len(shape_of(x)))]
        ),
        None,
    ),
    formula="x[indices]",
    local=("1 where taken", "0"),
    sign="take",
    pattern="routes",
    badge="routes back",
    params={"axis": 0},
    shape=_take_shape,
    whole=True,
    doc="Picks by whole numbers along an axis; an element taken twice gets both gradients.",
    example=">>> mg.take([5.0, 6.0, 7.0], [2, 0])\narray([7., 5.])",
)


def _scatter_add(x: Any, indices: Any, axis: int, size: int) -> Any:
    whole = _in_range(indices, axis, size)
    rank = np.ndim(x) - whole.ndim + 1
    at = axis % rank
    moved = np.moveaxis(np.asarray(x), range(at, at + whole.ndim), range(whole.ndim))
    out = np.zeros((size, *moved.shape[whole.ndim :]), dtype=moved.dtype)
    np.add.at(out, whole, moved)
    return np.moveaxis(out, 0, at)


def _scatter_shape(x: Shape, indices: Shape, axis: int, size: int) -> Shape:
    if not is_size(size):
        raise ShapeError(f"size is a whole number ≥ 0, got {size!r:.60}")
    rank = len(x) - len(indices) + 1
    at = one_axis(axis, rank)
    if x[at : at + len(indices)] != indices:
        raise ShapeError(f"axes {at} and on must have the shape of the indices")
    return (*x[:at], size, *x[at + len(indices) :])


scatter_add: Gate = Gate(
    "scatter_add",
    ("x", "indices"),
    _scatter_add,
    (lambda g, out, x, indices, axis, size: take(g, indices, axis), None),
    formula="zeros, with x added at indices",
    local=("1", "0"),
    sign="scatter+",
    pattern="moves",
    params={"axis": 0, "size": ...},
    shape=_scatter_shape,
    doc="The reverse of take: adds x's elements into zeros at the places the indices name.",
    example=">>> mg.scatter_add([1.0, 2.0], [2, 2], size=3)\narray([0., 0., 3.])",
)


def _one_hot(indices: Any, classes: int) -> Any:
    whole = whole_numbers(indices)
    if whole.size and (whole.min() < 0 or whole.max() >= classes):
        worst = whole.max() if whole.max() >= classes else whole.min()
        raise ShapeError(f"class {worst} is out of range: there are {classes}, counted from 0")
    hot = np.equal(whole[..., None], np.arange(classes))
    return hot.astype(np.result_type(np.asarray(indices), FLOAT32))


def _one_hot_shape(indices: Shape, classes: int) -> Shape:
    if not is_size(classes):
        raise ShapeError(f"the number of classes is a whole number ≥ 0, got {classes!r:.60}")
    return (*indices, *checked_shape(classes))


one_hot: Gate = Gate(
    "one_hot",
    ("indices",),
    _one_hot,
    (None,),
    formula="1 at the index, 0 elsewhere",
    local=("0",),
    sign="1-hot",
    pattern="blocks",
    params={"classes": ...},
    shape=_one_hot_shape,
    whole=True,
    doc="A row of zeros with a single 1 for each index; no gradient passes.",
    example=">>> mg.one_hot(1, 3)\narray([0., 1., 0.])",
)
