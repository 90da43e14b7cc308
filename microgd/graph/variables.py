"""The variables of the derivatives that are being taken right now, and the guard of their paths."""

from __future__ import annotations

from contextvars import ContextVar

from microgd.errors import DataError
from microgd.graph.node import Node
from microgd.graph.order import topological_order

#: The variables of the calls of grad, vjp, jvp and jacobian that are running now, outer ones first.
running: ContextVar[tuple[Node, ...]] = ContextVar("microgd_variables", default=())


def depends_on(output: Node, variables: tuple[Node, ...]) -> bool:
    """Whether a path of the record leads from one of the variables to the output."""
    return bool(variables) and not set(variables).isdisjoint(topological_order([output]))


def refuse_to_lose(node: Node, conversion: str) -> None:
    """Raise a DataError if turning `node` into a plain number would cut a path to a variable."""
    variables = running.get()
    if variables and depends_on(node, variables):
        raise DataError(
            f"{conversion} makes a plain number of a Tensor that is being differentiated, and its "
            "gradient would be lost: use microgd's gates (mg.sin instead of math.sin or np.sin), "
            "or .item() and .data where the number is meant to count as a constant"
        )
