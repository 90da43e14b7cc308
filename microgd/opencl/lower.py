"""Lowering: gates that have no kernel of their own, written in gates that have one.

What is left are elementwise gates (a line of OpenCL C each), views, the reductions sum, max and
min, and products of matrices.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from microgd.errors import GateError
from microgd.gates.arithmetic import add, sub
from microgd.gates.exponential import exp, log
from microgd.gates.indexing import one_hot, scatter_add
from microgd.gates.linear import matmul
from microgd.gates.movement import reshape, sum_to, summed_axes, transpose
from microgd.gates.random import random_uniform
from microgd.gates.reduction import largest, logsumexp, smallest, total
from microgd.gates.selection import equal, less, where
from microgd.graph.node import Node, leaf
from microgd.graph.rewrite import Expansion, opened
from microgd.graph.row import CONSTANT, GateRow
from microgd.graph.shapes import one_axis, reduced_shape
from microgd.graph.values import FLOAT32, shape_of, value_from
from microgd.opencl.graph import Graph
from microgd.opencl.views import MOVEMENT

#: The gates whose elements are many elements of the input, taken together.
REDUCTIONS: frozenset[GateRow] = frozenset({total, largest, smallest})
#: Gates that the compiler knows by name; every other one needs OpenCL C, or an expansion.
STRUCTURAL = MOVEMENT | REDUCTIONS | {matmul, random_uniform}
#: A product with a side shorter than this is a sum of products: tiles would be mostly empty.
FEW = 4


def lower(graph: Graph) -> Graph:
    """The graph in gates that have kernels.

    Raises:
        GateError: a gate with neither OpenCL C nor an expansion.
    """
    return graph.with_outputs(opened(graph.outputs, _lowering))


def _lowering(node: Node) -> Expansion | None:
    gate = node.gate
    if gate is matmul:
        few = min(*_rows_and_columns(node), node.inputs[0].shape[-1]) < FEW
        return _few if few else None
    if gate in LOWERINGS:
        return LOWERINGS[gate]
    if gate.opencl is not None or gate in STRUCTURAL or not node.inputs:
        return None
    if gate.expansion is None:
        raise GateError(
            f"gate {gate.name!r} cannot be compiled: its row has neither OpenCL C (opencl=…, for a "
            "gate that works element by element) nor an expansion in other gates (expansion=…); "
            f"give it one{f', or leave it out at {node.source}' if node.source else ''}"
        )
    return gate.expansion


def _rows_and_columns(node: Node) -> tuple[int, int]:
    x, y = (i.shape for i in node.inputs)
    return (x[-2] if len(x) > 1 else 1), (y[-1] if len(y) > 1 else 1)


def _few(x: Any, y: Any) -> Any:
    """A product with few rows or columns: Σ over k of x[…, i, k] · y[…, k, j]."""
    left, right = shape_of(x), shape_of(y)
    if len(right) == 1:
        return total(x * y, axis=-1)
    if len(left) == 1:
        return total(reshape(x, (*left, 1)) * y, axis=-2)
    wide = reshape(x, (*left, 1)) * reshape(y, (*right[:-2], 1, *right[-2:]))
    return total(wide, axis=-2)


def _sum_to(x: Any, shape: Any) -> Any:
    axes = summed_axes(shape_of(x), shape)
    return reshape(total(x, axis=axes, keepdims=True), shape)


def _logsumexp(x: Any, axis: Any, keepdims: bool) -> Any:
    top = largest(x, axis=axis, keepdims=True)
    shift = where(equal(sub(top, top), 0.0), top, 0.0)  # as in forward: 0 where top is infinite
    out = add(log(total(exp(sub(x, shift)), axis=axis, keepdims=True)), shift)
    return out if keepdims else reshape(out, reduced_shape(shape_of(x), axis))


def _classes(count: int, like: Any) -> Any:
    """The numbers 0, 1, … in the dtype of a node."""
    return leaf(like.__class__, CONSTANT, value_from(np.arange(count), like.dtype))


def _one_hot(indices: Any, classes: int) -> Any:
    return equal(reshape(indices, (*shape_of(indices), 1)), _classes(classes, indices))


def _scatter_add(x: Any, indices: Any, axis: int, size: int) -> Any:
    """Every element of the output sums the elements of x whose index is its own."""
    shape, picked = shape_of(x), shape_of(indices)
    count = len(picked)
    at = one_axis(axis, len(shape) - count + 1)
    # The indices' axes go last, where they are summed; the new axis comes to where they were.
    kept = [a for a in range(len(shape)) if not at <= a < at + count]
    moved = transpose(x, (*kept, *range(at, at + count)))
    before, after = kept[:at], kept[at:]
    wide = reshape(
        moved,
        (*(shape[a] for a in before), 1, *(shape[a] for a in after), *picked),
    )
    if x.dtype == FLOAT32:  # whole numbers are compared in the precision of x, which stays as it is
        indices = indices * np.float32(1)
    wrapped = where(less(indices, 0.0), indices + float(size), indices)
    places = reshape(wrapped, (*[1] * (len(after) + 1), *picked))
    numbers = reshape(_classes(size, x), (size, *[1] * (len(after) + count)))
    chosen = where(equal(places, numbers), wide, 0.0)
    return total(chosen, axis=tuple(range(-count, 0))) if count else chosen


LOWERINGS: dict[GateRow, Callable[..., Any]] = {
    logsumexp: _logsumexp,
    one_hot: _one_hot,
    scatter_add: _scatter_add,
    sum_to: _sum_to,
}
