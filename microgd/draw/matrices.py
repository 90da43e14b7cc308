"""Small local Jacobians written out under their wires; of large ones, the size and structure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from microgd.graph.node import Node
from microgd.graph.order import topological_order
from microgd.trace.jacobians import LocalJacobian, local_jacobian
from microgd.trace.numbers import format_number

#: A matrix of at most so many rows and columns is written out.
MOST_ROWS = 6


@dataclass(frozen=True, slots=True)
class Note:
    """What stands under a wire: a line of text, and a matrix by rows."""

    text: str
    matrix: tuple[tuple[str, ...], ...] = ()


def jacobian_notes(output: Node, digits: int) -> Mapping[str, Note]:
    """Wire id → the local Jacobian of the gate it leads to, for gates that are not scalar.

    >>> import microgd as mg
    >>> x = mg.Tensor([1.0, -2.0], name="x")
    >>> jacobian_notes(mg.relu(x), 0)["n1.0"].matrix
    (('1', '0'), ('0', '0'))
    """
    notes = {}
    for number, node in enumerate(topological_order([output])):
        for position, source in enumerate(node.inputs):
            if source.is_constant:
                continue
            jacobian = local_jacobian(node, position, most_built=MOST_ROWS * MOST_ROWS)
            if max(jacobian.rows, jacobian.columns) > 1:
                notes[f"n{number}.{position}"] = _note(jacobian, digits)
    return notes


def _note(jacobian: LocalJacobian, digits: int) -> Note:
    size = f"{jacobian.rows}×{jacobian.columns}"
    fits = max(jacobian.rows, jacobian.columns) <= MOST_ROWS
    if jacobian.matrix is None or not fits:
        return Note(f"{size}, {jacobian.structure}")
    rows = jacobian.matrix.tolist()
    return Note("", tuple(tuple(format_number(x, digits) for x in row) for row in rows))
