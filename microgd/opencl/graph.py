"""Graph: what the passes of the compiler hand on. Some placeholders in, some nodes out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from microgd.graph.node import Node
from microgd.graph.order import topological_order
from microgd.graph.row import CONSTANT


@dataclass(frozen=True, eq=False)
class Graph:
    """A record with open ends: numbers come in at `inputs`, results are taken at `outputs`.

    Arguments:
        inputs: placeholders.
        outputs: the nodes wanted; one may stand there twice, or be an input itself.
    """

    inputs: tuple[Node, ...]
    outputs: tuple[Node, ...]

    @property
    def order(self) -> list[Node]:
        """All nodes, inputs before what is computed from them."""
        return topological_order(self.outputs)

    def with_outputs(self, outputs: Iterable[Node]) -> Graph:
        """The same inputs, other outputs."""
        return Graph(self.inputs, tuple(outputs))

    def text(self, *, sources: bool = True) -> str:
        """One line a gate: name, gate, inputs, type, and the line that recorded it."""
        return "\n".join(listing(self.order, self.outputs, sources=sources))


def numbered(order: Iterable[Node]) -> dict[Node, str]:
    """A short name for every node: `%3`, or what its user calls it."""
    names: dict[Node, str] = {}
    used: set[str] = set()
    for count, node in enumerate(order):
        name = node.name or f"%{count}"
        names[node] = name if name not in used else f"{name}%{count}"
        used.add(names[node])
    return names


def listing(order: Sequence[Node], outputs: Sequence[Node], *, sources: bool = True) -> list[str]:
    """The graph as lines of text."""
    names = numbered(order)
    wanted = set(outputs)  # by identity: == between Tensors is a gate
    lines = []
    for node in order:
        if is_literal(node) and node not in wanted:
            continue  # written where it is used
        made = f"{names[node]} = {called(node, names)}"
        result = "  → result" if node in wanted else ""
        place = f"  # {node.source.line}: {node.source.text}" if sources and node.source else ""
        lines.append(f"{made:<48} : {type_text(node)}{result}{place if node.inputs else ''}")
    return lines


def called(node: Node, names: Mapping[Node, str]) -> str:
    """What a node computes from what: `sum(%3, axis=1)`, `0.1`, `input`."""
    if node.gate is CONSTANT:
        return constant_text(node)
    if not node.inputs:
        return "input"
    inputs = [constant_text(i) if is_literal(i) else names.get(i, "?") for i in node.inputs]
    params = [f"{n}={getattr(v, 'name', v)!r}" for n, v in (node.params or {}).items()]
    return f"{node.gate.name}({', '.join([*inputs, *params])})"


def is_literal(node: Node) -> bool:
    """Whether a node is a constant that is one number, or the same number everywhere."""
    if node.gate is not CONSTANT or node.value is None:
        return False
    elements = np.asarray(node.value).ravel()
    return elements.size == 1 or (elements.size > 0 and bool(np.all(elements == elements[0])))


def constant_text(node: Node) -> str:
    """A constant's number; of an array with several, the first ones."""
    elements = np.asarray(node.value).ravel()
    if is_literal(node):
        return repr(float(elements[0]))
    first = ", ".join(f"{float(x):.6g}" for x in elements[:3])
    return f"constant({first}{', …' if elements.size > 3 else ''})"


def type_text(node: Node) -> str:
    """`float32[64, 128]`"""
    return f"{node.dtype}[{', '.join(map(str, node.shape))}]" if node.shape else f"{node.dtype}"
