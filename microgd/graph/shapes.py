"""Shapes and axes: NumPy's broadcasting, and clear words where it fails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from microgd.errors import ShapeError

Shape = tuple[int, ...]
Axis = int | Sequence[int] | None

#: NumPy's limits: how many axes an array has, and how many bytes.
MOST_AXES = 64
MOST_ELEMENTS = (2**63 - 1) // 8


def broadcast_shapes(*shapes: Shape, **_params: Any) -> Shape:
    """The common shape of inputs that broadcast together, or a ShapeError.

    >>> broadcast_shapes((3, 1), (4,))
    (3, 4)
    """
    if len(shapes) == 1:
        return shapes[0]
    rank = max(map(len, shapes))
    result = []
    for position in range(-rank, 0):
        sizes = {s[position] for s in shapes if len(s) >= -position}
        wide = sizes - {1}
        if len(wide) > 1:
            listed = " and ".join(map(str, shapes))
            raise ShapeError(
                f"shapes {listed} do not broadcast: axis {position} has sizes "
                f"{' and '.join(map(str, sorted(wide)))}; sizes must be equal or 1"
            )
        result.append(wide.pop() if wide else 1)
    return tuple(result)


def normal_axes(axis: Axis, rank: int) -> tuple[int, ...]:
    """The axes as sorted non-negative numbers; None means all of them.

    >>> normal_axes(-1, 3), normal_axes(None, 2)
    ((2,), (0, 1))
    """
    if axis is None:
        return tuple(range(rank))
    listed: list[Any] = list(axis) if isinstance(axis, list | tuple) else [axis]
    axes = []
    for one in listed:
        if not isinstance(one, int) or isinstance(one, bool):
            raise ShapeError(f"an axis is a whole number, a tuple of them or None, got {axis!r}")
        if not -rank <= one < rank:
            have = f"axes {-rank} to {rank - 1}" if rank else "no axes: it is a scalar"
            raise ShapeError(f"axis {one} is out of range: the input has {have}")
        axes.append(one % rank)
    if len(set(axes)) != len(axes):
        raise ShapeError(f"an axis is named twice in {axis!r}")
    return tuple(sorted(axes))


def one_axis(axis: Any, rank: int) -> int:
    """A single axis as a non-negative number.

    >>> one_axis(-1, 3)
    2
    """
    if axis is None or isinstance(axis, list | tuple):
        raise ShapeError(f"one axis is needed, a whole number, got {axis!r}")
    return normal_axes(axis, rank)[0]


def reduced_shape(shape: Shape, axis: Axis = None, keepdims: bool = False, **_: Any) -> Shape:
    """The shape after a reduction over `axis`.

    >>> reduced_shape((2, 3), axis=1), reduced_shape((2, 3), axis=1, keepdims=True)
    ((2,), (2, 1))
    """
    axes = normal_axes(axis, len(shape))
    if keepdims not in (True, False):
        raise ShapeError(f"keepdims is True or False, got {keepdims!r}")
    if keepdims:
        return tuple(1 if i in axes else n for i, n in enumerate(shape))
    return tuple(n for i, n in enumerate(shape) if i not in axes)


def checked_shape(shape: Any) -> Shape:
    """A shape as a tuple of whole numbers ≥ 0; an int stands for a vector."""
    listed = shape if isinstance(shape, tuple | list) else (shape,)
    if not all(is_size(size) for size in listed):
        raise ShapeError(f"a shape is a tuple of whole numbers ≥ 0, got {shape!r:.60}")
    sizes = tuple(int(size) for size in listed)
    if len(sizes) > MOST_AXES:
        raise ShapeError(f"an array has at most {MOST_AXES} axes, this shape {len(sizes)}")
    if element_count(tuple(size or 1 for size in sizes)) > MOST_ELEMENTS:
        raise ShapeError(f"no array is as large as the shape {sizes}")
    return sizes


def is_size(size: Any) -> bool:
    """Whether this can be the length of an axis: a whole number ≥ 0."""
    return isinstance(size, int | np.integer) and not isinstance(size, bool) and bool(size >= 0)


def element_count(shape: Shape) -> int:
    """How many elements an array of this shape has."""
    count = 1
    for size in shape:
        count *= size
    return count
