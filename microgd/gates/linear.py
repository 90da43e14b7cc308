"""Linear algebra: matmul, the gate that nets are made of. Like mul it swaps, with a transpose."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgd.errors import ShapeError
from microgd.gates.movement import reshape, transpose
from microgd.graph.gate import Gate
from microgd.graph.shapes import Shape, broadcast_shapes
from microgd.graph.values import shape_of


def _matmul_shape(x: Shape, y: Shape) -> Shape:
    if not x or not y:
        raise ShapeError("a scalar cannot be matrix-multiplied: use *")
    inner = y[-2] if len(y) > 1 else y[0]
    if x[-1] != inner:
        raise ShapeError(
            f"{x} @ {y}: the last axis of the left ({x[-1]}) must equal the "
            f"{'second to last axis' if len(y) > 1 else 'length'} of the right ({inner})"
        )
    rows = x[-2:-1]
    columns = y[-1:] if len(y) > 1 else ()
    return (*broadcast_shapes(x[:-2], y[:-2]), *rows, *columns)


def _flip(x: Any) -> Any:
    """The last two axes swapped."""
    rank = len(shape_of(x))
    return transpose(x, (*range(rank - 2), rank - 1, rank - 2))


def _column(g: Any) -> Any:
    return reshape(g, (*shape_of(g), 1))


def _left(g: Any, out: Any, x: Any, y: Any) -> Any:
    if len(shape_of(y)) == 1:
        return _column(g) * y
    if len(shape_of(x)) == 1:
        product = matmul(y, _column(g))
        return reshape(product, shape_of(product)[:-1])
    return matmul(g, _flip(y))


def _right(g: Any, out: Any, x: Any, y: Any) -> Any:
    if len(shape_of(y)) == 1:
        if len(shape_of(x)) == 1:
            return g * x
        product = matmul(_flip(x), _column(g))
        return reshape(product, shape_of(product)[:-1])
    if len(shape_of(x)) == 1:
        shape = shape_of(g)
        return _column(x) * reshape(g, (*shape[:-1], 1, shape[-1]))
    return matmul(_flip(x), g)


matmul: Gate = Gate(
    "matmul",
    ("x", "y"),
    np.matmul,
    (_left, _right),
    formula="x @ y",
    local=("yᵀ", "xᵀ"),
    sign="@",
    pattern="swaps",
    badge="swaps (ᵀ)",
    shape=_matmul_shape,
    infix="@",
    doc="The product of vectors, matrices or batches of them. x's gradient is g @ yᵀ, y's xᵀ @ g.",
    example=">>> mg.matmul([1.0, 2.0], [3.0, 4.0])\n11.0",
)
