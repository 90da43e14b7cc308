"""Derivatives as one matrix: all inputs side by side in one long vector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .failures import BadInput
from .streams import say

if TYPE_CHECKING:
    from microgd.tensor import Tensor
    from microgd.trace.table import Table

#: Entries of a matrix that is computed; each row is a backward pass.
MOST_ENTRIES = 1_000_000

#: A matrix of at most so many columns is printed as a table with names.
MOST_COLUMNS = 8
MOST_ROWS = 40


def element_names(name: str, shape: tuple[int, ...]) -> list[str]:
    """`x`, or `x[0]`, `x[1]`, … for an array."""
    if not shape:
        return [name]
    return [f"{name}[{', '.join(map(str, place))}]" for place in np.ndindex(shape)]


def require_small(rows: int, columns: int, what: str) -> None:
    """Refuse a matrix that would fill the memory, and say why nobody needs it."""
    if rows * columns > MOST_ENTRIES:
        from microgd.trace.numbers import format_count

        raise BadInput(
            f"{what} has {format_count(rows)} × {format_count(columns)} = "
            f"{format_count(rows * columns)} entries, more than {format_count(MOST_ENTRIES)}. "
            "Backpropagation never builds it: `microgd grad` needs one backward pass. "
            "Choose an input with --wrt, or try it with smaller arrays"
        )


def jacobian_of(output: Tensor, inputs: Mapping[str, Tensor]) -> Any:
    """∂output/∂inputs, a row for each element of the output."""
    from microgd.autodiff.jacobian import jacobian

    return _flat(jacobian, output, inputs)


def hessian_of(output: Tensor, inputs: Mapping[str, Tensor]) -> Any:
    """The second derivatives of a scalar output, a row and a column for each input element."""
    from microgd.autodiff.jacobian import hessian

    return _flat(hessian, output, inputs)


def _flat(derivative: Any, output: Tensor, inputs: Mapping[str, Tensor]) -> Any:
    from microgd.graph.rewrite import rebuild

    def function(vector: Any) -> Any:
        replaced: dict[Any, Any] = {}
        start = 0
        for tensor in inputs.values():
            part = vector[start : start + tensor.size]
            replaced[tensor] = part.reshape(tensor.shape)
            start += tensor.size
        return rebuild([output], replaced)[output]

    parts = [np.ravel(np.asarray(t.value, dtype=float)) for t in inputs.values()]
    vector = np.concatenate(parts)
    return np.asarray(derivative(function)(vector)).reshape(-1, vector.size)


def show_matrix(
    title: str, matrix: Any, rows: list[str], columns: list[str], digits: int | None
) -> None:
    """A table with names where it fits, the numbers alone where it does not."""
    from .numbers import plain_number
    from .output import gap, heading, show_table

    if len(columns) <= MOST_COLUMNS and len(rows) <= MOST_ROWS:
        from microgd.trace.table import Table

        decimals = 6 if digits is None else digits
        cells = [[_shown(x, decimals, digits is None) for x in row] for row in matrix]
        body = tuple((name, *row) for name, row in zip(rows, cells, strict=True))
        table: Table = Table(title, ("", *(f"{c}>" for c in columns)), body)
        show_table(table)
        return
    heading(title)
    decimals = 4 if digits is None else digits

    def shown(x: float) -> str:
        return plain_number(x, decimals)

    kinds: Any = {"float_kind": shown}
    written = np.array2string(matrix, threshold=200, max_line_width=78, formatter=kinds)
    say(written)
    if matrix.size > 200:
        gap()
        say("--json prints all of it.")


def _shown(x: float, decimals: int, short: bool) -> str:
    from .numbers import plain_number

    return f"{x:.6g}" if short else plain_number(x, decimals)
