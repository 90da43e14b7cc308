"""Rounding: how far two devices may differ on the same graph although both are right.

A running error analysis (Higham, Accuracy and Stability of Numerical Algorithms, 2002, §3.3). Each
number carries a bound on its error. A gate passes on its inputs' errors, by trying what its output
would be at both ends of them, and adds its own: as many units in the last place (ulp) as the OpenCL
specification allows for its function, or, for a sum, one for each term, in whatever order they are
taken. A comparison whose inputs are nearer than their errors may go either way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from microgd.gates.indexing import take
from microgd.gates.linear import matmul
from microgd.gates.random import random_uniform
from microgd.gates.reduction import total
from microgd.graph.node import Node
from microgd.graph.order import topological_order
from microgd.graph.values import FLOAT32, FLOAT64
from microgd.interpreter.replay import replay
from microgd.opencl.graph import Graph
from microgd.opencl.lower import REDUCTIONS, lower
from microgd.opencl.views import is_movement

#: The OpenCL C specification's limits, in ulp (7.4, full profile, float32; float64's are no wider).
ULPS = {
    **dict.fromkeys(("add", "sub", "mul", "neg", "abs", "square", "identity"), 1.0),
    **dict.fromkeys(("recip", "div"), 2.5),
    **dict.fromkeys(("exp", "log", "expm1", "sqrt"), 3.0),
    **dict.fromkeys(("log1p",), 2.0),
    **dict.fromkeys(("sin", "cos"), 4.0),
    **dict.fromkeys(("tanh",), 5.0),
    **dict.fromkeys(("sigmoid", "softplus", "elu", "selu"), 10.0),  # of several such functions
    **dict.fromkeys(("pow",), 16.0),
    **dict.fromkeys(("leaky_relu", "prelu"), 1.0),
}
#: Gates that hand on a number as it is.
EXACT = frozenset(("where", "maximum", "minimum", "clip", "relu", "vrelu", "maxout", "sign"))
#: 1 where something holds, else 0.
COMPARISONS = frozenset(("logical_and", "equal", "not_equal"))
COMPARISONS |= {"less", "less_equal", "greater", "greater_equal"}
#: Any other gate: so many ulp of its output or of 1, whichever is larger.
OTHER = 16.0


def rounding_bounds(
    graph: Graph, numbers: Mapping[Node, Any], *, double: bool = True
) -> list[np.ndarray[Any, Any]]:
    """For each output, how far two right answers may be apart, element by element.

    Arguments:
        numbers: the inputs' values.
        double: whether the device has float64; where it has not, single numbers are float32.

    Raises:
        GateError: a gate that cannot be compiled.

    >>> import microgd as mg
    >>> x = mg.placeholder((2,), dtype="float32")
    >>> graph = Graph((x,), (x + x, mg.exp(x + x)))
    >>> first, second = rounding_bounds(graph, {x: np.float32([1.0, 2.0])})
    >>> first <= 2 * np.spacing(np.float32([2.0, 4.0]))
    array([ True,  True])
    """
    lowered = lower(graph)
    order = topological_order(lowered.outputs)
    values = dict(zip(order, map(_wide, replay(order, numbers)), strict=True))
    errors: dict[Node, Any] = {}
    with np.errstate(all="ignore"):
        for node in order:
            errors[node] = (
                _error(node, values, errors, _dtype(node, double)) if node.inputs else 0.0
            )
    # Both sides may be off by as much, in opposite directions.
    return [np.broadcast_to(2 * errors[o], o.shape) for o in lowered.outputs]


def _wide(value: Any) -> Any:
    return np.asarray(value, np.float64)


def _dtype(node: Node, double: bool) -> np.dtype[Any]:
    return FLOAT32 if node.dtype == FLOAT32 or not double else FLOAT64


def _error(
    node: Node, values: Mapping[Node, Any], errors: Mapping[Node, Any], dtype: np.dtype[Any]
) -> Any:
    """The bound of one gate's output."""
    finfo = np.finfo(dtype)
    eps, value = float(finfo.eps), values[node]
    inputs = [values[i] for i in node.inputs]
    given = [np.broadcast_to(errors[i], i.shape) for i in node.inputs]
    params = node.params or {}
    if node.gate is matmul:
        (x, y), (dx, dy) = map(np.abs, inputs), given
        terms = node.inputs[0].shape[-1]
        found = _tame(x @ dy + dx @ y + dx @ dy + (terms + 1) * eps * (x @ y))
    elif node.gate in REDUCTIONS:
        found = node.gate.evaluate(given, params) if node.gate is total else _largest(given, params)
        if node.gate is total:
            terms = max(1, inputs[0].size // max(1, value.size))
            found = found + terms * eps * total.evaluate([np.abs(inputs[0])], params)
    elif is_movement(node):
        moved = [given[0], *inputs[1:]] if node.gate is take else given
        found = node.gate.evaluate(moved, params)
    elif node.gate is random_uniform:
        found = 2 * eps * max(abs(params["low"]), abs(params["high"]))
    else:
        found = _elementwise(node, value, inputs, given, eps)
    # A device may round numbers next to 0 to 0.
    found = found + float(finfo.smallest_normal)
    return np.where(np.isnan(found), np.where(np.isfinite(value), np.inf, 0.0), found)


def _largest(given: list[Any], params: Mapping[str, Any]) -> Any:
    return np.max(given[0], axis=params["axis"], keepdims=params["keepdims"])


def _tame(x: Any) -> Any:
    return np.nan_to_num(x, nan=np.inf, posinf=np.inf)


def _elementwise(node: Node, value: Any, inputs: list[Any], given: list[Any], eps: float) -> Any:
    """What the inputs' errors do to the output, one input after the other, and its own rounding."""
    found: Any = np.zeros(node.shape)
    name, params = node.gate.name, node.params or {}
    for position, error in enumerate(given):
        if not np.any(error):
            continue
        # In float64, too, where an error may be less than the distance to the next number.
        step = np.where(error > 0, np.maximum(error, 2 * np.spacing(np.abs(inputs[position]))), 0.0)
        worst: Any = 0.0
        for sign in (-1.0, 1.0):
            moved = [*inputs]
            moved[position] = inputs[position] + sign * step
            other = np.asarray(node.gate.evaluate(moved, params), np.float64)
            same = (other == value) | (np.isnan(other) & np.isnan(value))
            worst = np.maximum(worst, np.where(same, 0.0, _tame(np.abs(other - value))))
        found = found + worst
    if name in EXACT or name in COMPARISONS:
        return found
    size = np.where(np.isfinite(value), np.abs(value), 0.0)
    own = ULPS[name] * size if name in ULPS else OTHER * np.maximum(size, 1.0)
    return found + eps * own
