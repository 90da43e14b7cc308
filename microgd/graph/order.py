"""The order of a graph: inputs before what is computed from them. No recursion, linear time."""

from __future__ import annotations

from collections.abc import Iterable

from microgd.graph.node import Node


def topological_order(outputs: Iterable[Node]) -> list[Node]:
    """Every node that the outputs depend on, leaves included, each after all of its inputs.

    A depth-first walk with a stack of its own instead of recursion, so that a chain of a million
    gates is as welcome as three. Left inputs come first, so a picture reads like the expression.

    >>> import microgd as mg
    >>> x, y = mg.Tensor(1.0, name="x"), mg.Tensor(2.0, name="y")
    >>> [n.name or n.gate.name for n in topological_order([x * y + y])]
    ['x', 'y', 'mul', 'add']
    """
    order: list[Node] = []
    placed: set[Node] = set()
    # An entry stands on the stack twice: to open its inputs, then (under a None) to be placed.
    stack: list[Node | None] = list(outputs)
    stack.reverse()
    push, pop, place, mark = stack.append, stack.pop, order.append, placed.add
    while stack:
        node = pop()
        if node is None:
            place(pop())  # type: ignore[arg-type]
            continue
        if node in placed:
            continue
        mark(node)
        first, second = node._first, node._second
        if first is None:
            place(node)
            continue
        push(node)
        push(None)
        if second is None:
            for source in reversed(node.inputs):
                if source not in placed:
                    push(source)
        else:
            if second not in placed:
                push(second)
            if first not in placed:
                push(first)
    return order
