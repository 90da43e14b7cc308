"""Rewriting: record a graph anew with some nodes replaced. The old record stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from microgd.graph.node import Node, next_tick
from microgd.graph.order import topological_order
from microgd.graph.record import record

#: rewrite(node, its new inputs) -> the node to put in its place, or None to record it as it was.
Rewrite = Callable[[Node, tuple[Any, ...]], Any]


def rebuild(
    outputs: Sequence[Node],
    replaced: Mapping[Node, Node] | None = None,
    rewrite: Rewrite | None = None,
) -> dict[Node, Node]:
    """Record the graph below `outputs` anew.

    Arguments:
        replaced: nodes to use in place of others.
        rewrite: asked for every gate with its new inputs.

    Returns:
        Every old node → its new one. Leaves and untouched parts stay the same nodes.

    >>> import microgd as mg
    >>> x, y = mg.Tensor(2.0), mg.Tensor(5.0)
    >>> f = x * x
    >>> rebuild([f], {x: y})[f].data
    25.0
    """
    new: dict[Node, Node] = dict(replaced or {})
    began = next_tick()
    for node in topological_order(outputs):
        if node in new:
            continue
        inputs: Any = tuple(new[i] for i in node.inputs)
        made = rewrite(node, inputs) if rewrite is not None and node.inputs else None
        if made is None:
            if all(a is b for a, b in zip(inputs, node.inputs, strict=True)):
                new[node] = node
                continue
            made = record(node.gate, inputs, node.params)
            made._code, made._offset = node._code, node._offset
        if made.stamp > began:  # and not an input, or another old node, handed on
            made.name = node.name
            made.scope = node.scope
        new[node] = made
    return new


def expand(
    outputs: Sequence[Node], names: Sequence[str] | None = None, deep: bool = True
) -> list[Node]:
    """The outputs with composite gates written in more primitive ones: more wires, same gradients.

    Arguments:
        names: the gates to open; None opens every gate that has an expansion.
        deep: open what the expansions contain, too, until only primitive gates are left.

    >>> import microgd as mg
    >>> (f,) = expand([mg.sigmoid(mg.Tensor(1.0))])
    >>> [n.gate.name for n in topological_order([f])]
    ['input', 'neg', 'exp', 'constant', 'add', 'recip']
    """
    wanted = None if names is None else set(names)

    def opened(node: Node, inputs: tuple[Any, ...]) -> Any:
        gate = node.gate
        if gate.expansion is None or (wanted is not None and gate.name not in wanted):
            return None
        began = next_tick()
        made = gate.expansion(*inputs, **(node.params or {}))
        _recorded_at(node, made, began)
        return made

    current = list(outputs)
    while True:
        new = rebuild(current, rewrite=opened)
        changed = [new[o] for o in current]
        settled = all(a is b for a, b in zip(changed, current, strict=True))
        current = changed
        if settled or not deep:
            return current


def _recorded_at(old: Node, made: Any, began: int) -> None:
    """Give everything that was recorded since `began` the place of the gate that it stands for."""
    waiting, seen = [made], set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, Node) and node.stamp > began and node not in seen:
            seen.add(node)
            node._code, node._offset = old._code, old._offset
            waiting += node.inputs
