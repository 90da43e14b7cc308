"""Rewriting: record a graph anew with some nodes replaced or opened. The old record stays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import is_
from typing import Any

from microgd.errors import GateError, StaleDataError
from microgd.graph.fresh import stale_message
from microgd.graph.node import Node, next_tick
from microgd.graph.order import topological_order
from microgd.graph.record import record, wrap
from microgd.graph.row import GateRow

#: rewrite(node, its new inputs) -> the node to put in its place, or None to record it as it was.
Rewrite = Callable[[Node, tuple[Any, ...]], Any]
#: expansion(*inputs, **params) -> a gate's output, made of other gates.
Expansion = Callable[..., Any]


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

    Raises:
        StaleDataError: an input's data changed after a node used it, and it is not replaced.

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
        if not node.inputs:
            new[node] = node
            continue
        inputs: Any = tuple([new[i] for i in node.inputs])
        for source in node.inputs:
            if source.stamp > node.stamp and new[source] is source:
                raise StaleDataError(stale_message(source, node))
        made = rewrite(node, inputs) if rewrite is not None else None
        if made is None:
            made = again(node, inputs)
        if made.stamp > began:  # and not an input, or another old node, handed on
            made.name = made.name or node.name  # of two that became one, the first
            made.scope = node.scope
        new[node] = made
    return new


def again(node: Node, inputs: tuple[Any, ...]) -> Node:
    """The node with other inputs, recorded at the same place; itself if they are its own."""
    if all(map(is_, inputs, node.inputs)):
        return node
    made: Node = record(node.gate, inputs, node.params)
    made._code, made._offset = node._code, node._offset
    made.scope = node.scope
    return made


def expand(
    outputs: Sequence[Node], names: Sequence[str] | None = None, deep: bool = True
) -> list[Node]:
    """The outputs with composite gates opened, in one walk over the graph.

    Arguments:
        names: the gates to open; None opens every gate that has an expansion.
        deep: open what the expansions contain, too, until only primitive gates are left.

    Raises:
        GateError: an expansion with another shape than its gate, or with the gate itself in it.
        StaleDataError: an input's data changed after a node used it.

    >>> import microgd as mg
    >>> (f,) = expand([mg.sigmoid(mg.Tensor(1.0))])
    >>> [n.gate.name for n in mg.topological_order([f])]
    ['input', 'neg', 'exp', 'constant', 'add', 'recip']
    """
    wanted = None if names is None else frozenset(names)

    def expansion(node: Node) -> Expansion | None:
        return node.gate.expansion if wanted is None or node.gate.name in wanted else None

    return opened(outputs, expansion, deep)


def opened(
    outputs: Sequence[Node], expansion: Callable[[Node], Expansion | None], deep: bool = True
) -> list[Node]:
    """The outputs with some gates written in others, in one walk over the graph.

    Arguments:
        expansion: the function that writes a node in other gates, or None to leave it.
        deep: ask about what was written in its place, too.

    Raises:
        GateError: an expansion with another shape than its gate, or with the gate itself in it.
    """

    def rewrite(node: Node, inputs: tuple[Any, ...], inside: tuple[GateRow, ...] = ()) -> Any:
        written = expansion(node)
        if written is None:
            return None
        gate = node.gate
        if gate in inside:
            raise GateError(f"the expansion of gate {gate.name!r} leads back to the gate itself")
        made, recorded = _expansion(node, inputs, written)
        if not deep:
            return made
        new: dict[Node, Node] = {}
        for one in recorded:
            if one.inputs:
                sources = tuple(new.get(i, i) for i in one.inputs)
                deeper = rewrite(one, sources, (*inside, gate))
                new[one] = again(one, sources) if deeper is None else deeper
        return new.get(made, made)

    new = rebuild(outputs, rewrite=rewrite)
    return [new[o] for o in outputs]


def _expansion(
    node: Node, inputs: tuple[Any, ...], expansion: Expansion
) -> tuple[Node, list[Node]]:
    """The expansion of one gate, and what was recorded for it, inputs first.

    All of it comes from the place, and belongs to the scope, of the gate that it stands for.
    """
    began = next_tick()
    made = wrap(expansion(*inputs, **(node.params or {})), node.__class__)
    recorded = placed_like(node, made, began)
    if made.shape != node.shape:
        raise GateError(
            f"the expansion of gate {node.gate.name!r} has shape {made.shape}, "
            f"the gate {node.shape}"
        )
    return made, recorded


def placed_like(node: Node, made: Node, began: int) -> list[Node]:
    """Give what was recorded for `made` since the tick `began` the place and scope of `node`.

    Returns:
        What was recorded, inputs first.
    """
    found: dict[Node, None] = {}
    waiting = [made]
    while waiting:
        one = waiting.pop()
        if one.stamp > began and one not in found:
            found[one] = None
            one._code, one._offset = node._code, node._offset
            one.scope = node.scope
            waiting += one.inputs
    return sorted(found, key=lambda one: one.stamp)
