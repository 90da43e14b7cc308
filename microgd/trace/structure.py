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
from microgd.translation import N_, _, ngettext, translated

DIAGONAL = N_("diagonal")
DIAGONAL_OF_ONES = N_("diagonal of ones")
DIAGONAL_OF_MINUS_ONES = N_("diagonal of −1")
REPEATED = N_("diagonal, repeated by broadcasting")
ONE_IN_ROW = N_("one 1 in each row")
ONE_IN_COLUMN = N_("one 1 in each column")
PERMUTATION = N_("one 1 in each row and each column")
DENSE = N_("dense")
ZERO = N_("all zeros")
EMPTY = N_("empty")
UNKNOWN = N_("unknown")


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
        return Structure(translated(ZERO), 0, _("no gradient passes"))
    if not rows * columns:
        return Structure(translated(EMPTY), 0, _("there is nothing to multiply"))
    if gate.elementwise:
        return _elementwise(node, position, rows)
    params = node.params or {}
    match gate.name:
        case "sum" | "sum_to":
            return _grouped("1", rows, columns, _("the gradient is copied to all that was summed"))
        case "mean":
            share = f"1/{columns // rows}"
            return _grouped(share, rows, columns, _("a share of the gradient is copied to each"))
        case "var" | "logsumexp":
            return _grouped("", rows, columns, _("the gradient is multiplied element by element"))
        case "max" | "min":
            return _winners(node)
        case "softmax" | "log_softmax":
            return _blocks_along(node.shape, params["axis"])
        case "matmul":
            return _matmul(node, position)
        case "reshape":
            return Structure(
                translated(DIAGONAL_OF_ONES), rows, _("the gradient goes back into the old shape")
            )
        case "transpose":
            return Structure(translated(PERMUTATION), rows, _("the gradient is transposed back"))
        case "broadcast_to":
            return Structure(translated(ONE_IN_ROW), rows, _("the copies' gradients are summed"))
        case "index" | "take":
            return Structure(
                translated(ONE_IN_ROW), rows, _("the gradient is put back where it was taken")
            )
        case "place" | "concatenate" | "stack" | "scatter_add":
            return Structure(
                translated(ONE_IN_COLUMN), columns, _("each element gets back its own gradient")
            )
        case "apl":
            return _apl(node, position)
        case "rrelu":
            return Structure(
                translated(DIAGONAL), rows, _("the gradient is multiplied element by element")
            )
    return Structure(translated(UNKNOWN), None, _("the gate's backward rule multiplies by it"))


def _elementwise(node: Node, position: int, rows: int) -> Structure:
    gate = node.gate
    texts = gate.local
    local = texts[min(position, len(texts) - 1)] if texts else ""
    if node.inputs[position].shape != node.shape:
        return Structure(
            translated(REPEATED),
            rows,
            _("the gradient is multiplied element by element, then summed"),
        )
    if local == "1":
        return Structure(translated(DIAGONAL_OF_ONES), rows, _("the gradient passes unchanged"))
    if local == "−1":
        return Structure(
            translated(DIAGONAL_OF_MINUS_ONES), rows, _("the gradient passes with its sign flipped")
        )
    return Structure(translated(DIAGONAL), rows, _("the gradient is multiplied element by element"))


def _grouped(entry: str, rows: int, columns: int, instead: str) -> Structure:
    """Each input element counts in one output element."""
    if rows == columns and entry in ("1", "1/1"):
        return Structure(translated(DIAGONAL_OF_ONES), columns, _("the gradient passes unchanged"))
    if rows == 1:
        words = {"1": _("a row of ones"), "": _("one row")}.get(entry)
        return Structure(words or _("a row of {entry}").format(entry=entry), columns, instead)
    words = _("one {entry} in each column").format(entry=entry)
    return Structure(words if entry else _("one entry in each column"), columns, instead)


def _winners(node: Node) -> Structure:
    """A reduction that routes: as many places as there are winners, ties included."""
    gate, (x,) = node.gate, node.inputs
    instead = _("the gradient is routed to the smallest")
    if gate.name == "max":
        instead = _("the gradient is routed to the largest")
    if x.value is None or gate.branch is None:
        return Structure(translated(ONE_IN_ROW), None, instead)
    count = int(np.count_nonzero(gate.branch(x.value, **(node.params or {}))))
    if count > element_count(node.shape):
        return Structure(_("one 1 in each row, shared at ties"), count, instead)
    return Structure(translated(ONE_IN_ROW), count, instead)


def _blocks(count: int, high: int, wide: int, in_order: bool, instead: str) -> Structure:
    """`count` dense blocks along the diagonal, in reading order or after sorting the elements."""
    nonzeros = count * high * wide
    if count <= 1:
        return Structure(translated(DENSE), nonzeros, instead)
    if high == wide == 1:
        return Structure(
            translated(DIAGONAL), nonzeros, _("the gradient is multiplied element by element")
        )
    if in_order:
        told = ngettext(
            "block diagonal: {n} block of {high} × {wide}",
            "block diagonal: {n} blocks of {high} × {wide}",
            count,
        )
    else:
        told = ngettext(
            "block diagonal once sorted: {n} block of {high} × {wide}",
            "block diagonal once sorted: {n} blocks of {high} × {wide}",
            count,
        )
    return Structure(told.format(n=count, high=high, wide=wide), nonzeros, instead)


def _blocks_along(shape: tuple[int, ...], axis: Any) -> Structure:
    axes = normal_axes(axis, len(shape))
    size = element_count(tuple(shape[a] for a in axes))
    count = element_count(shape) // size
    trailing = all(n == 1 for a, n in enumerate(shape) if a not in axes and a > min(axes))
    return _blocks(count, size, size, trailing, _("one sum over each block is enough"))


def _matmul(node: Node, position: int) -> Structure:
    x, y = node.inputs
    inner = x.shape[-1]
    rows = element_count(node.shape)
    columns = element_count(node.inputs[position].shape)
    across = y.shape[-1] if len(y.shape) > 1 else 1
    down = x.shape[-2] if len(x.shape) > 1 else 1
    high = across if position == 0 else down
    told = _("one matrix product does it: {product}")
    instead = told.format(product="g @ yᵀ" if position == 0 else "xᵀ @ g")
    count = rows // high
    if count * inner != columns and inner != columns:
        told = ngettext(
            "{n} block of {high} × {wide}, repeated by broadcasting",
            "{n} blocks of {high} × {wide}, repeated by broadcasting",
            count,
        )
        return Structure(told.format(n=count, high=high, wide=inner), rows * inner, instead)
    if inner == columns:
        return Structure(translated(DENSE), rows * inner, instead)
    return _blocks(count, high, inner, position == 0 or across == 1, instead)


def _apl(node: Node, position: int) -> Structure:
    rows = element_count(node.shape)
    if position == 0:
        return Structure(
            translated(DIAGONAL), rows, _("the gradient is multiplied element by element")
        )
    hinges = node.inputs[position].shape[0]
    told = ngettext(
        "{n} entry in each row, one for each hinge",
        "{n} entries in each row, one for each hinge",
        hinges,
    )
    instead = _("the gradient is multiplied element by element, then summed")
    return Structure(told.format(n=hinges), rows * hinges, instead)
