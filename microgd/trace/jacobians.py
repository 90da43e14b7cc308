"""Local Jacobians: how large the matrix behind each backward step is, and why nobody builds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.errors import DataError, GateError
from microgd.gates.movement import sum_to
from microgd.graph.node import Node
from microgd.graph.order import topological_order
from microgd.graph.shapes import element_count
from microgd.graph.values import Array
from microgd.trace.build import output_of
from microgd.trace.labels import labels, sign_of
from microgd.trace.numbers import format_count, short_number
from microgd.trace.structure import DIAGONAL, UNKNOWN, structure_of
from microgd.trace.table import Table
from microgd.trace.telling import local_derivative
from microgd.translation import _, translated

#: Matrices with at most so many places are built, to look at.
MOST_BUILT = 4096


@dataclass(frozen=True, slots=True, eq=False)
class LocalJacobian:
    """∂output/∂input of one gate: a row for each output element, a column for each input element.

    Attributes:
        gate: its name.
        label: `q: ×`, the gate's label and sign.
        input: the input's label.
        position: which input of the gate that is.
        rows, columns: elements of the output and of the input.
        structure: where it can be nonzero, in words.
        nonzeros: in how many places; None where that is not known.
        matrix: the matrix itself (read-only) where it is small and there are numbers, else None.
        sentence: all of that in a sentence.
    """

    gate: str
    label: str
    input: str
    position: int
    rows: int
    columns: int
    structure: str
    nonzeros: int | None
    matrix: Array | None
    sentence: str


def local_jacobian(
    node: Node,
    position: int = 0,
    *,
    names: Mapping[Node, str] | None = None,
    most_built: int = MOST_BUILT,
) -> LocalJacobian:
    """The local Jacobian of a recorded gate with respect to one of its inputs.

    Arguments:
        node: what the gate computed.
        position: which input, counted from 0.
        names: labels of nodes; None makes them up.
        most_built: the matrix is built if it has at most so many places.

    Raises:
        DataError: a leaf, which no gate computed. GateError: no such input.

    >>> import microgd as mg
    >>> print(local_jacobian(mg.relu(mg.placeholder(4096))).sentence)
    4096 × 4096, only the diagonal is nonzero (4096 of 16 777 216), never built: the gradient is
    multiplied element by element
    """
    if not node.inputs:
        raise DataError(f"{node.name or 'this Tensor'!r} is a leaf: no gate computed it")
    if not 0 <= position < len(node.inputs):
        raise GateError(
            f"gate {node.gate.name!r} was given {len(node.inputs)} inputs, counted from 0; "
            f"there is no input {position}"
        )
    names = labels([*dict.fromkeys(node.inputs), node], node) if names is None else names
    source = node.inputs[position]
    rows, columns = element_count(node.shape), element_count(source.shape)
    known = node.value is not None and rows * columns <= most_built
    matrix = _matrix(node, position) if known else None
    structure = structure_of(node, position)
    words = structure.words
    if rows == columns == 1:
        words = _("one number") if structure.nonzeros else _("one number, 0")
        sentence = f"1 × 1, {words}"
        if matrix is not None:
            number = short_number(float(matrix[0, 0]))
            sentence = _("1 × 1, one number: {number}").format(number=number)
    else:
        sentence = _sentence(rows, columns, words, structure.nonzeros, structure.instead)
    return LocalJacobian(
        gate=node.gate.name,
        label=f"{names[node]}: {sign_of(node)}",
        input=names[source],
        position=position,
        rows=rows,
        columns=columns,
        structure=words,
        nonzeros=structure.nonzeros,
        matrix=matrix,
        sentence=sentence,
    )


def _sentence(rows: int, columns: int, words: str, nonzeros: int | None, instead: str) -> str:
    if words == translated(UNKNOWN):
        words = _("of a structure that the gate does not tell")
    elif words == translated(DIAGONAL):
        words = _("only the diagonal is nonzero")
    size = f"{format_count(rows)} × {format_count(columns)}"
    if nonzeros is None:
        told = _("{size}, {words}, never built: {instead}")
        return told.format(size=size, words=words, instead=instead)
    return _("{size}, {words} ({some} of {all}), never built: {instead}").format(
        size=size,
        words=words,
        some=format_count(nonzeros),
        all=format_count(rows * columns),
        instead=instead,
    )


def jacobians(output: Any, *, most_built: int = MOST_BUILT) -> tuple[LocalJacobian, ...]:
    """The local Jacobian for every input of every gate below `output` (a Tensor or a Circuit).

    Constants, which collect no gradient, are left out. Products of these matrices along the paths
    from the output to an input, summed over all paths, are that input's gradient.

    >>> import microgd as mg
    >>> x = mg.Tensor([1.0, -2.0], name="x")
    >>> jacobians((3 * x).sum())[0].matrix.tolist()
    [[3.0, 0.0], [0.0, 3.0]]
    """
    output = output_of(output)
    order = topological_order([output])
    names = labels(order, output)
    return tuple(
        local_jacobian(node, position, names=names, most_built=most_built)
        for node in order
        for position, source in enumerate(node.inputs)
        if not source.is_constant
    )


def jacobian_table(output: Any) -> Table:
    """The sizes and structures of all local Jacobians below `output`, as a table.

    >>> import microgd as mg
    >>> W, x = mg.placeholder((10, 3072), "W"), mg.placeholder((3072, 100), "x")
    >>> print(jacobian_table(mg.relu(W @ x)))  # doctest: +ELLIPSIS
    local Jacobians
    ...
     f: relu   q           1000 × 1000  diagonal ...
    """
    rows = []
    for j in jacobians(output, most_built=0):
        size = f"{format_count(j.rows)} × {format_count(j.columns)}"
        nonzeros = "?" if j.nonzeros is None else format_count(j.nonzeros)
        rows.append((j.label, j.input, size, j.structure, nonzeros))
    columns = (_("gate"), _("input"), f"{_('size')}>", _("structure"), f"{_('nonzero')}>")
    return Table(_("local Jacobians"), columns, tuple(rows))


def _matrix(node: Node, position: int) -> Array:
    """From the gate's own backward rule; row i is what it sends back for the i-th unit vector."""
    source = node.inputs[position]
    rows, columns = element_count(node.shape), element_count(source.shape)
    matrix = np.zeros((rows, columns), node.dtype)
    rule = node.gate.rule(position)
    with np.errstate(all="ignore"):
        if rule is not None and node.gate.elementwise:
            # Ones for all rows at once: beside an infinite derivative, 0 · inf would be NaN.
            places = np.arange(columns).reshape(source.shape)
            there = np.broadcast_to(places, node.shape).ravel()
            local = np.broadcast_to(np.asarray(local_derivative(node, position)), node.shape)
            matrix[np.arange(rows), there] = local.ravel()
        elif rule is not None:
            values = [i.value for i in node.inputs]
            for i, unit in enumerate(np.eye(rows, dtype=node.dtype)):
                g = unit.reshape(node.shape) if node.shape else unit[0]
                back = rule(g, node.value, *values, **(node.params or {}))
                matrix[i] = np.ravel(sum_to(back, source.shape))
    matrix.flags.writeable = False
    return matrix
