"""Recording: the one place where a gate meets its inputs and a node is born."""

from __future__ import annotations

import sys
from typing import Any, TypeVar

import numpy as np

from microgd.graph.node import Node, leaf, next_tick
from microgd.graph.row import CONSTANT, GateRow
from microgd.graph.scope import current_scope
from microgd.graph.source import OWN_FILES
from microgd.graph.values import FLOAT32, FLOAT64, INT64, plain, value_from

N = TypeVar("N", bound=Node)

_new = object.__new__
_frame = sys._getframe


def apply(gate: GateRow, inputs: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """Record the gate if any input is a Node; otherwise only compute."""
    for x in inputs:
        if isinstance(x, Node):
            cls = x.__class__
            first, *rest = inputs
            return record(gate, (wrap(first, cls), *rest), params or None)
    values = [plain(x) for x in inputs]
    shape = gate.output_shape([np.shape(v) for v in values], params)
    result = gate.evaluate(values, params)
    gate.require_shape(result, shape)
    return result


def wrap(x: Any, cls: type[N]) -> N:
    """A plain number or array as a CONSTANT leaf of class `cls`; a node, of any class, as it is."""
    if isinstance(x, Node):
        return x  # type: ignore[return-value]
    return leaf(cls, CONSTANT, value_from(x))


def record(
    gate: GateRow, inputs: tuple[N, *tuple[Any, ...]], params: dict[str, Any] | None = None
) -> N:
    """Make the node `gate(*inputs)`: of the class of its inputs, with numbers if they have some.

    The first input is a node (`wrap` it where it may not be one); plain numbers and arrays after it
    become CONSTANT leaves.
    """
    cls = inputs[0].__class__
    node = _new(cls)
    node.gate = gate
    node.params = params
    nodes: Any = inputs
    # Scalars first: a graph of scalars is all bookkeeping, so this path is kept short.
    scalar = gate.scalar if params is None else None
    quick = False
    if len(inputs) == 2:
        a, b = inputs
        if b.__class__ is not cls:
            b = wrap(b, cls)
            nodes = (a, b)
        node._first = a
        node._second = b
        x = a.value
        y = b.value
        if scalar is not None and x.__class__ is float and y.__class__ is float:
            value = node.value = scalar(x, y)
            quick = value.__class__ is float
    elif len(inputs) == 1:
        node.inputs = inputs
        x = inputs[0].value
        if scalar is not None and x.__class__ is float:
            value = node.value = scalar(x)
            quick = value.__class__ is float
    else:
        nodes = tuple(wrap(x, cls) for x in inputs)
        node.inputs = nodes
    if quick:
        node.shape = ()
        node.dtype = FLOAT64
    else:
        _fill(node, gate, nodes, params or {})
    node.name = None
    node.scope = current_scope()
    frame = _frame(2)
    code = frame.f_code
    while OWN_FILES[code.co_filename]:
        outer = frame.f_back
        if outer is None:
            break
        frame = outer
        code = frame.f_code
    node._code = code
    node._offset = frame.f_lasti
    node.stamp = next_tick()
    return node


def _fill(node: Node, gate: GateRow, inputs: tuple[Node, ...], params: dict[str, Any]) -> None:
    """Shape, dtype and, where all inputs have numbers, the value."""
    node.shape = gate.output_shape([i.shape for i in inputs], params)
    node.dtype = result_dtype(inputs, gate)
    values = [i.value for i in inputs]
    if any(v is None for v in values):
        node.value = None
        return
    value = gate.evaluate(values, params)
    gate.require_shape(value, node.shape)
    if not isinstance(value, float) or node.dtype == INT64:
        value = np.asarray(value).astype(node.dtype, copy=False)[()]
        if node.shape:
            value.flags.writeable = False
    node.value = value


def result_dtype(inputs: tuple[Node, ...], gate: GateRow) -> np.dtype[Any]:
    """float32 if there is any and no float64 array beside it (a scalar never widens), else float64.

    Whole numbers (int64) do not count, and stay whole where a gate only moves or compares them.
    """
    narrow = False
    whole = gate.whole
    for node in inputs:
        if node.dtype == FLOAT32:
            narrow = True
        elif node.dtype == FLOAT64:
            if node.shape != ():
                return FLOAT64
            whole = False
    return FLOAT32 if narrow else INT64 if whole else FLOAT64
