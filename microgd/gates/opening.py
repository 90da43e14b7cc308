"""Opening composite gates by name: `mg.expand`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar, overload

from microgd.errors import DataError, GateError
from microgd.gates.table import TABLE, did_you_mean
from microgd.graph.node import Node
from microgd.graph.order import topological_order
from microgd.graph.rewrite import expand as expand_graph

N = TypeVar("N", bound=Node)
Names = str | Sequence[str] | None


@overload
def expand(outputs: N, names: Names = None, deep: bool = True) -> N: ...


@overload
def expand(outputs: Sequence[N], names: Names = None, deep: bool = True) -> list[N]: ...


def expand(outputs: Any, names: Names = None, deep: bool = True) -> Any:
    """The outputs with composite gates written in more primitive ones: more wires.

    Arguments:
        outputs: a Tensor, or several that may share parts.
        names: the gate or gates to open; None opens every gate that has an expansion.
        deep: open what the expansions contain, too, until only primitive gates are left.

    Returns:
        A Tensor for a Tensor, a list for several. A name that is not in the graph opens nothing.

    The values and gradients are those of the composite gates, as rounding permits, but for what the
    lectures' pictures cost: at 0 relu and at its bounds clip pass half of the gradient, as maximum
    does at a tie; sigmoid gives NaN gradients below −709, tanh below −354, where eˣ overflows.

    Raises:
        GateError: a name that is no gate's, or a gate without an expansion.
        StaleDataError: an input's data changed after a node used it.

    >>> import microgd as mg
    >>> f = expand(mg.sigmoid(mg.Tensor(1.0)), "sigmoid")
    >>> [n.gate.name for n in topological_order([f])]
    ['input', 'neg', 'exp', 'constant', 'add', 'recip']
    """
    several = [outputs] if isinstance(outputs, Node) else list(outputs)
    for output in several:
        if not isinstance(output, Node):
            raise DataError(f"expand opens the gates of Tensors, got {type(output).__name__}")
    chosen = [names] if isinstance(names, str) else names
    if chosen is not None:
        _check_names(chosen, several)
    opened = expand_graph(several, chosen, deep)
    return opened[0] if isinstance(outputs, Node) else opened


def _check_names(names: Sequence[str], outputs: Sequence[Node]) -> None:
    gates = {n.gate.name: n.gate for n in topological_order(outputs) if n.inputs}
    known = dict(TABLE) | gates
    for name in names:
        if name not in known:
            raise GateError(f"there is no gate {name!r}.{did_you_mean(name, known)}")
        if known[name].expansion is None:
            raise GateError(f"gate {name!r} is primitive: there is nothing in it to open")
