"""Graph: what the passes of the compiler hand on. Some placeholders in, some nodes out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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

    def text(self) -> str:
        """One line a gate: number, gate, inputs, type, and the line that recorded it."""
        return "\n".join(listing(self.order, self.outputs))


def numbered(order: Iterable[Node]) -> dict[Node, str]:
    """A short name for every node: `%3`, or what its user calls it."""
    names: dict[Node, str] = {}
    used: set[str] = set()
    for count, node in enumerate(order):
        name = node.name or f"%{count}"
        names[node] = name if name not in used else f"{name}%{count}"
        used.add(names[node])
    return names


def listing(order: Sequence[Node], outputs: Sequence[Node]) -> list[str]:
    """The graph as lines of text."""
    names = numbered(order)
    wanted = set(outputs)  # by identity: == between Tensors is a gate
    lines = []
    for node in order:
        inputs = [names[i] for i in node.inputs]
        params = [f"{n}={v!r}" for n, v in (node.params or {}).items()]
        made = f"{names[node]} = {node.gate.name}({', '.join([*inputs, *params])})"
        if node.gate is CONSTANT and node.shape == ():
            made = f"{names[node]} = {node.value!r}"
        result = "  → result" if node in wanted else ""
        place = f"  # {node.source.line}: {node.source.text}" if node.source and inputs else ""
        lines.append(f"{made:<48} : {type_text(node)}{result}{place}")
    return lines


def type_text(node: Node) -> str:
    """`float32[64, 128]`"""
    return f"{node.dtype}[{', '.join(map(str, node.shape))}]" if node.shape else f"{node.dtype}"
