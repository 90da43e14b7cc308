"""The finder: which gate made the first inf or NaN, and on which line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from microgd.errors import NonFiniteError
from microgd.graph.node import Node
from microgd.graph.order import topological_order
from microgd.graph.values import Value


@dataclass(frozen=True, slots=True)
class NonFinite:
    """The first node, in the order of computation, whose value is not finite.

    `made` is False where the inf or NaN came in with the data.
    """

    node: Node
    kind: str
    made: bool

    def __str__(self) -> str:
        name = f" {self.node.name!r}" if self.node.name else ""
        place = f", at {self.node.source}" if self.node.source else ""
        if not self.made:
            return f"the input{name} is {self.kind} already{place}"
        given = ", ".join(_shown(i.value) for i in self.node.inputs)
        gate = self.node.gate.name
        return f"gate {gate!r}{name} made the first {self.kind}: it was given {given}{place}"


def first_nonfinite(output: Node) -> NonFinite | None:
    """Where the first inf or NaN below `output` comes from; None if all values are finite.

    >>> import microgd as mg
    >>> x = mg.Tensor(0.0, name="x")
    >>> print(str(first_nonfinite(mg.log(x) * 2)).split(", at")[0])
    gate 'log' made the first -inf: it was given 0
    """
    for node in topological_order([output]):
        value = node.value
        if value is not None and not np.isfinite(value).all():
            return NonFinite(node, _kind(value), bool(node.inputs))
    return None


def require_finite(output: Node) -> None:
    """Raise a NonFiniteError naming the gate and its line if any value is inf or NaN."""
    found = first_nonfinite(output)
    if found is not None:
        raise NonFiniteError(str(found))


def _kind(value: Value) -> str:
    flat = np.ravel(value)
    bad = flat[~np.isfinite(flat)][0]
    return "NaN" if np.isnan(bad) else "inf" if bad > 0 else "-inf"


def _shown(value: Value | None) -> str:
    if value is None:
        return "?"
    if np.ndim(value) == 0:
        return f"{float(value):g}"
    flat = np.ravel(value)
    reach = f" from {np.min(flat):g} to {np.max(flat):g}" if flat.size else " without elements"
    return f"an array of shape {np.shape(value)}{reach}"
