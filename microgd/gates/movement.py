"""Movement: gates that only rearrange. The gradient goes back the way the values came."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgd.errors import ShapeError
from microgd.gates.indexing import index
from microgd.graph.gate import Gate
from microgd.graph.shapes import (
    Shape,
    broadcast_shapes,
    checked_shape,
    element_count,
    normal_axes,
    one_axis,
)
from microgd.graph.values import shape_of


def _reshape_shape(x: Shape, shape: Any) -> Shape:
    sizes = shape if isinstance(shape, tuple) else (shape,)
    if sizes.count(-1) == 1:
        checked_shape(tuple(n for n in sizes if n != -1))
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
    whole=True,
    doc="The same elements in another shape; one size may be −1.",
    example=">>> mg.reshape([1.0, 2.0], (2, 1)).shape\n(2, 1)",
)


def transposed_axes(rank: int, axes: Any) -> tuple[int, ...]:
    if axes is None:
        return tuple(range(rank))[::-1]
    order = axes if isinstance(axes, tuple | list) else (axes,)
    if len(order) != rank or normal_axes(order, rank) != tuple(range(rank)):
        raise ShapeError(f"axes {order} are not an order of the input's {rank} axes")
    return tuple(a % rank for a in order)


def _transpose_rule(g: Any, out: Any, x: Any, axes: Any) -> Any:
    order = transposed_axes(len(shape_of(x)), axes)
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
    shape=lambda x, axes: tuple(x[a] for a in transposed_axes(len(x), axes)),
    whole=True,
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
    whole=True,
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


def _concatenate_shape(*shapes: Shape, axis: int) -> Shape:
    first = shapes[0]
    if not first:
        raise ShapeError("scalars have no axis to join along: use stack")
    position = one_axis(axis, len(first))
    for shape in shapes:
        if shape[:position] != first[:position] or shape[position + 1 :] != first[position + 1 :]:
            raise ShapeError(f"all sizes but that of axis {axis} must be equal")
    return (
        *first[:position],
        sum(s[position] for s in shapes),
        *first[position + 1 :],
    )


def _concatenate_rule(position: int, g: Any, out: Any, *xs: Any, axis: int) -> Any:
    at = one_axis(axis, len(shape_of(xs[0])))
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
    whole=True,
    doc="Joins along an axis; each input gets back its own piece of the gradient.",
    example=">>> mg.concatenate([1.0], [2.0])\narray([1., 2.])",
)


def _stack_shape(*shapes: Shape, axis: int) -> Shape:
    if len(set(shapes)) > 1:
        raise ShapeError("all shapes must be equal")
    position = one_axis(axis, len(shapes[0]) + 1)
    return (*shapes[0][:position], len(shapes), *shapes[0][position:])


def _stack_rule(position: int, g: Any, out: Any, *xs: Any, axis: int) -> Any:
    at = one_axis(axis, len(shape_of(xs[0])) + 1)
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
    whole=True,
    doc="Joins along a new axis; each input gets back its own slice of the gradient.",
    example=">>> mg.stack(1.0, 2.0)\narray([1., 2.])",
)
