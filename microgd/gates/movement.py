"""Movement: gates that only rearrange. The gradient goes back the way the values came."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgd.errors import ShapeError
from microgd.graph.gate import Gate
from microgd.graph.shapes import (
    Shape,
    broadcast_shapes,
    checked_shape,
    element_count,
    normal_axes,
)
from microgd.graph.values import FLOAT32, shape_of


def _reshape_shape(x: Shape, shape: Any) -> Shape:
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    if sizes.count(-1) == 1:
        known = element_count(tuple(n for n in sizes if n != -1))
        count = element_count(x)
        if known == 0 or count % known:
            raise ShapeError(f"{count} elements do not fill shape {sizes}")
        sizes = tuple(count // known if n == -1 else n for n in sizes)
    sizes = checked_shape(sizes)
    if element_count(sizes) != element_count(x):
        raise ShapeError(
            f"{element_count(x)} elements do not fill shape {sizes}, which has "
            f"{element_count(sizes)}"
        )
    return sizes


reshape: Gate = Gate(
    "reshape",
    ("x",),
    lambda x, shape: np.reshape(x, shape),
    (lambda g, out, x, shape: reshape(g, shape_of(x)),),
    formula="x, in another shape",
    local=("1, reshaped",),
    sign="reshape",
    pattern="moves",
    params={"shape": ...},
    shape=_reshape_shape,
    doc="The same elements in another shape; one size may be −1.",
    example=">>> mg.reshape([1.0, 2.0], (2, 1)).shape\n(2, 1)",
)


def _transpose_axes(rank: int, axes: Any) -> tuple[int, ...]:
    if axes is None:
        return tuple(range(rank))[::-1]
    order = tuple(axes)
    if len(order) != rank or normal_axes(order, rank) != tuple(range(rank)):
        raise ShapeError(f"axes {order} are not an order of the input's {rank} axes")
    return tuple(a % rank for a in order)


def _transpose_rule(g: Any, out: Any, x: Any, axes: Any) -> Any:
    order = _transpose_axes(len(shape_of(x)), axes)
    return transpose(g, tuple(order.index(a) for a in range(len(order))))


transpose: Gate = Gate(
    "transpose",
    ("x",),
    np.transpose,
    (_transpose_rule,),
    formula="xᵀ",
    local=("1, transposed",),
    sign="ᵀ",
    pattern="moves",
    params={"axes": None},
    shape=lambda x, axes: tuple(x[a] for a in _transpose_axes(len(x), axes)),
    doc="The axes in another order; all of them reversed unless axes says otherwise.",
    example=">>> mg.transpose([[1.0, 2.0]]).shape\n(2, 1)",
)


def _broadcast_to_shape(x: Shape, shape: Any) -> Shape:
    wanted = checked_shape(shape)
    if broadcast_shapes(x, wanted) != wanted:
        raise ShapeError(f"shape {x} does not broadcast to {wanted}")
    return wanted


broadcast_to: Gate = Gate(
    "broadcast_to",
    ("x",),
    lambda x, shape: np.broadcast_to(x, shape),
    (lambda g, out, x, shape: sum_to(g, shape_of(x)),),
    formula="x, repeated",
    local=("1",),
    sign="⇶",
    pattern="sums",
    badge="sums copies",
    params={"shape": ...},
    shape=_broadcast_to_shape,
    doc="Repeats x along new or size-1 axes; backward, the copies' gradients are summed.",
    example=">>> mg.broadcast_to(1.0, (2,))\narray([1., 1.])",
)


def summed_axes(shape: Shape, target: Shape) -> tuple[int, ...]:
    """The axes of `shape` that broadcasting put in or stretched from `target`."""
    extra = len(shape) - len(target)
    stretched = (i + extra for i, n in enumerate(target) if n == 1 and shape[i + extra] != 1)
    return (*range(extra), *stretched)


def _sum_to(x: Any, shape: Shape) -> Any:
    axes = summed_axes(np.shape(x), shape)
    return np.reshape(np.sum(x, axis=axes, keepdims=True), shape)


def _sum_to_shape(x: Shape, shape: Any) -> Shape:
    wanted = checked_shape(shape)
    if broadcast_shapes(x, wanted) != x:
        raise ShapeError(f"shape {wanted} does not broadcast to {x}, so it cannot be summed to")
    return wanted


sum_to: Gate = Gate(
    "sum_to",
    ("x",),
    _sum_to,
    (lambda g, out, x, shape: broadcast_to(g, shape_of(x)),),
    formula="Σ over broadcast axes",
    local=("1",),
    sign="Σ",
    pattern="distributes",
    params={"shape": ...},
    shape=_sum_to_shape,
    doc="The reverse of broadcasting: sums the axes along which `shape` would be repeated.",
    example=">>> mg.sum_to([1.0, 2.0], (1,))\narray([3.])",
)


def _stretch_axis(rank: int, axis: int) -> int:
    return normal_axes(axis, rank)[0]


def _concatenate_shape(*shapes: Shape, axis: int) -> Shape:
    first = shapes[0]
    if not first:
        raise ShapeError("scalars have no axis to join along: use stack")
    position = _stretch_axis(len(first), axis)
    for shape in shapes:
        if shape[:position] != first[:position] or shape[position + 1 :] != first[position + 1 :]:
            raise ShapeError(f"all sizes but that of axis {axis} must be equal")
    return (
        *first[:position],
        sum(s[position] for s in shapes),
        *first[position + 1 :],
    )


def _concatenate_rule(position: int, g: Any, out: Any, *xs: Any, axis: int) -> Any:
    at = _stretch_axis(len(shape_of(xs[0])), axis)
    start = sum(shape_of(x)[at] for x in xs[:position])
    piece = slice(start, start + shape_of(xs[position])[at])
    return index(g, (*[slice(None)] * at, piece))


concatenate: Gate = Gate(
    "concatenate",
    ("*xs",),
    lambda *xs, axis: np.concatenate(xs, axis=axis),
    _concatenate_rule,
    formula="[x₁, x₂, …]",
    local=("1",),
    sign="concat",
    pattern="moves",
    params={"axis": 0},
    shape=_concatenate_shape,
    doc="Joins along an axis; each input gets back its own piece of the gradient.",
    example=">>> mg.concatenate([1.0], [2.0])\narray([1., 2.])",
)


def _stack_shape(*shapes: Shape, axis: int) -> Shape:
    if len(set(shapes)) > 1:
        raise ShapeError("all shapes must be equal")
    position = _stretch_axis(len(shapes[0]) + 1, axis)
    return (*shapes[0][:position], len(shapes), *shapes[0][position:])


def _stack_rule(position: int, g: Any, out: Any, *xs: Any, axis: int) -> Any:
    at = _stretch_axis(len(shape_of(xs[0])) + 1, axis)
    return index(g, (*[slice(None)] * at, position))


stack: Gate = Gate(
    "stack",
    ("*xs",),
    lambda *xs, axis: np.stack(xs, axis=axis),
    _stack_rule,
    formula="[x₁; x₂; …]",
    local=("1",),
    sign="stack",
    pattern="moves",
    params={"axis": 0},
    shape=_stack_shape,
    doc="Joins along a new axis; each input gets back its own slice of the gradient.",
    example=">>> mg.stack(1.0, 2.0)\narray([1., 2.])",
)


def _index_shape(x: Shape, key: Any) -> Shape:
    for part in key if isinstance(key, tuple) else (key,):
        if not (part is None or part is Ellipsis or isinstance(part, slice)) and (
            isinstance(part, bool) or not isinstance(part, int | np.integer)
        ):
            raise ShapeError(
                f"cannot index with {part!r:.60}: use whole numbers and slices; to pick by a "
                "list or a Tensor of whole numbers use mg.take(x, indices, axis)"
            )
    try:
        return checked_shape(np.broadcast_to(0.0, x)[key].shape)
    except IndexError as error:
        raise ShapeError(str(error)) from None


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
    at = _stretch_axis(len(x), axis)
    return (*x[:at], *indices, *x[at + 1 :])


take: Gate = Gate(
    "take",
    ("x", "indices"),
    _take,
    (
        lambda g, out, x, indices, axis: scatter_add(
            g, indices, axis, shape_of(x)[_stretch_axis(len(shape_of(x)), axis)]
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
    rank = len(x) - len(indices) + 1
    at = _stretch_axis(rank, axis)
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
    shape=lambda indices, classes: (*indices, *checked_shape(classes)),
    doc="A row of zeros with a single 1 for each index; no gradient passes.",
    example=">>> mg.one_hot(1, 3)\narray([0., 1., 0.])",
)
