"""Structure: where the Jacobian of one gate can be nonzero, told from shapes alone.

A Jacobian ∂output/∂input has a row for each element of the output and a column for each element
of the input, both in reading order. Nobody builds it: knowing its structure, a backward rule
multiplies by it in a fraction of the time and space.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.graph.node import Node
from microgd.graph.shapes import element_count, normal_axes

DIAGONAL = "diagonal"
DIAGONAL_OF_ONES = "diagonal of ones"
DIAGONAL_OF_MINUS_ONES = "diagonal of −1"
REPEATED = "diagonal, repeated by broadcasting"
ONE_IN_ROW = "one 1 in each row"
ONE_IN_COLUMN = "one 1 in each column"
PERMUTATION = "one 1 in each row and each column"
DENSE = "dense"
ZERO = "all zeros"
EMPTY = "empty"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Structure:
    """Where a Jacobian can be nonzero.

    Attributes:
        words: in a few words.
        nonzeros: in how many places; None where that is not known.
        instead: what the backward rule does instead of building it.
    """

    words: str
    nonzeros: int | None
    instead: str


def structure_of(node: Node, position: int) -> Structure:
    """The structure of ∂node/∂input for one input of a recorded gate.

    >>> import microgd as mg
    >>> structure_of(mg.relu(mg.placeholder((100, 4096))), 0).nonzeros
    409600
    """
    gate = node.gate
    rows, columns = element_count(node.shape), element_count(node.inputs[position].shape)
    if gate.rule(position) is None:
        return Structure(ZERO, 0, "no gradient passes")
    if not rows * columns:
        return Structure(EMPTY, 0, "there is nothing to multiply")
    if gate.elementwise:
        return _elementwise(node, position, rows)
    params = node.params or {}
    match gate.name:
        case "sum" | "sum_to":
            return _grouped("1", rows, columns, "the gradient is copied to all that was summed")
        case "mean":
            share = f"1/{columns // rows}"
            return _grouped(share, rows, columns, "a share of the gradient is copied to each")
        case "var" | "logsumexp":
            return _grouped("entry", rows, columns, "the gradient is multiplied element by element")
        case "max" | "min":
            return _winners(node)
        case "softmax" | "log_softmax":
            return _blocks_along(node.shape, params["axis"])
        case "matmul":
            return _matmul(node, position)
        case "reshape":
            return Structure(DIAGONAL_OF_ONES, rows, "the gradient goes back into the old shape")
        case "transpose":
            return Structure(PERMUTATION, rows, "the gradient is transposed back")
        case "broadcast_to":
            return Structure(ONE_IN_ROW, rows, "the copies' gradients are summed")
        case "index" | "take":
            return Structure(ONE_IN_ROW, rows, "the gradient is put back where it was taken")
        case "place" | "concatenate" | "stack" | "scatter_add":
            return Structure(ONE_IN_COLUMN, columns, "each element gets back its own gradient")
        case "apl":
            return _apl(node, position)
        case "rrelu":
            return Structure(DIAGONAL, rows, "the gradient is multiplied element by element")
    return Structure(UNKNOWN, None, "the gate's backward rule multiplies by it")


def _elementwise(node: Node, position: int, rows: int) -> Structure:
    gate = node.gate
    texts = gate.local
    local = texts[min(position, len(texts) - 1)] if texts else ""
    if node.inputs[position].shape != node.shape:
        return Structure(
            REPEATED, rows, "the gradient is multiplied element by element, then summed"
        )
    if local == "1":
        return Structure(DIAGONAL_OF_ONES, rows, "the gradient passes unchanged")
    if local == "−1":
        return Structure(DIAGONAL_OF_MINUS_ONES, rows, "the gradient passes with its sign flipped")
    return Structure(DIAGONAL, rows, "the gradient is multiplied element by element")


def _grouped(entry: str, rows: int, columns: int, instead: str) -> Structure:
    """Each input element counts in one output element."""
    if rows == columns and entry in ("1", "1/1"):
        return Structure(DIAGONAL_OF_ONES, columns, "the gradient passes unchanged")
    if rows == 1:
        words = {"1": "a row of ones", "entry": "one row"}.get(entry, f"a row of {entry}")
        return Structure(words, columns, instead)
    return Structure(f"one {entry} in each column", columns, instead)


def _winners(node: Node) -> Structure:
    """A reduction that routes: as many places as there are winners, ties included."""
    gate, (x,) = node.gate, node.inputs
    instead = f"the gradient is routed to the {'largest' if gate.name == 'max' else 'smallest'}"
    if x.value is None or gate.branch is None:
        return Structure(ONE_IN_ROW, None, instead)
    count = int(np.count_nonzero(gate.branch(x.value, **(node.params or {}))))
    ties = count > element_count(node.shape)
    return Structure(ONE_IN_ROW + ", shared at ties" * ties, count, instead)


def _blocks(count: int, high: int, wide: int, in_order: bool, instead: str) -> Structure:
    """`count` dense blocks along the diagonal, in reading order or after sorting the elements."""
    nonzeros = count * high * wide
    if count <= 1:
        return Structure(DENSE, nonzeros, instead)
    if high == wide == 1:
        return Structure(DIAGONAL, nonzeros, "the gradient is multiplied element by element")
    order = "block diagonal" if in_order else "block diagonal once sorted"
    return Structure(f"{order}: {count} blocks of {high} × {wide}", nonzeros, instead)


def _blocks_along(shape: tuple[int, ...], axis: Any) -> Structure:
    axes = normal_axes(axis, len(shape))
    size = element_count(tuple(shape[a] for a in axes))
    count = element_count(shape) // size
    trailing = all(n == 1 for a, n in enumerate(shape) if a not in axes and a > min(axes))
    return _blocks(count, size, size, trailing, "one sum over each block is enough")


def _matmul(node: Node, position: int) -> Structure:
    x, y = node.inputs
    inner = x.shape[-1]
    rows = element_count(node.shape)
    columns = element_count(node.inputs[position].shape)
    across = y.shape[-1] if len(y.shape) > 1 else 1
    down = x.shape[-2] if len(x.shape) > 1 else 1
    high = across if position == 0 else down
    instead = "one matrix product does it: " + ("g @ yᵀ" if position == 0 else "xᵀ @ g")
    count = rows // high
    if count * inner != columns and inner != columns:
        words = f"{count} blocks of {high} × {inner}, repeated by broadcasting"
        return Structure(words, rows * inner, instead)
    if inner == columns:
        return Structure(DENSE, rows * inner, instead)
    return _blocks(count, high, inner, position == 0 or across == 1, instead)


def _apl(node: Node, position: int) -> Structure:
    rows = element_count(node.shape)
    if position == 0:
        return Structure(DIAGONAL, rows, "the gradient is multiplied element by element")
    hinges = node.inputs[position].shape[0]
    words = f"{hinges} {'entry' if hinges == 1 else 'entries'} in each row, one for each hinge"
    instead = "the gradient is multiplied element by element, then summed"
    return Structure(words, rows * hinges, instead)
