"""Replay: run a record again, with other numbers at some of its nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from microgd.errors import PlaceholderError, ShapeError
from microgd.graph.node import Node
from microgd.graph.order import topological_order
from microgd.graph.values import Value, shape_of


def replay(outputs: Sequence[Node], numbers: Mapping[Node, Value]) -> list[Value]:
    """The outputs' values with `numbers` put in place of some nodes; the record stays as it is.

    Raises:
        PlaceholderError: a placeholder was given no numbers.
        ShapeError: a node was given numbers of another shape.

    >>> import microgd as mg
    >>> x = mg.Tensor(3.0)
    >>> replay([x * x], {x: 5.0})
    [25.0]
    """
    for node, value in numbers.items():
        if shape_of(value) != node.shape:
            raise ShapeError(f"node {node!r} has shape {node.shape}, got {shape_of(value)}")
    values: dict[Node, Value] = dict(numbers)
    for node in topological_order(outputs):
        if node in values:
            continue
        if node.inputs:
            inputs = [values[i] for i in node.inputs]
            value = node.gate.evaluate(inputs, node.params or {})
            if not isinstance(value, float):
                value = value.astype(node.dtype, copy=False)
            values[node] = value
        elif node.value is None:
            raise PlaceholderError(f"placeholder {node.name or ''!r} was given no numbers")
        else:
            values[node] = node.value
    return [values[o] for o in outputs]
