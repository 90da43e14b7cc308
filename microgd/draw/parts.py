"""Parts: what a picture of kernels shows of each, from the compiler's passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from microgd.draw.view import pretty
from microgd.gates.linear import matmul
from microgd.gates.movement import broadcast_to, reshape
from microgd.graph.node import Node
from microgd.graph.row import CONSTANT
from microgd.trace.numbers import short_number

if TYPE_CHECKING:
    from microgd.opencl.kernel import Kernel
    from microgd.opencl.passes import Passes

#: Characters of a line in a box that lists gates.
LINE = 30
#: Views that only say how numbers are counted: wires pass through them.
UNSEEN = frozenset({reshape, broadcast_to})


@dataclass(frozen=True, slots=True)
class Part:
    """One kernel: the gates that are drawn, and the buffers that it reads."""

    kernel: Kernel
    short: str
    size: str
    gates: tuple[Node, ...]
    read: tuple[Node, ...]
    behind: dict[Node, Node]

    def seen(self, node: Node) -> Node:
        """The node that is drawn for it: what lies behind a view."""
        return self.behind.get(node, node)


def part_of(kernel: Kernel, passes: Passes) -> Part:
    from microgd.opencl.group import inside
    from microgd.opencl.layout import COPY

    computed, read = inside(kernel.group, passes.plan.stored)
    drawn: dict[Node, None] = {}
    behind: dict[Node, Node] = {}
    for node in computed:
        source = behind.get(node.inputs[0], node.inputs[0])
        if node.gate in UNSEEN or (node.gate is COPY and source in drawn):
            behind[node] = source
        else:
            drawn[node] = None
    short = kernel.name.split("_")[0]
    return Part(kernel, short, size_text(kernel), tuple(drawn), tuple(read), behind)


def size_text(kernel: Kernel) -> str:
    """How large a kernel's work is: `64×128 sums of 784 products`."""
    group = kernel.group
    if group.kind == "table":
        return "a table, run by run"
    turns = tuple(v.size for v in group.outer)
    many = "×".join(map(str, turns)) or "1"
    if group.kind == "matmul":
        from microgd.opencl.layout import inner_loop

        node = next(n for n in group.at if n.gate is matmul)
        return f"{many} sums of {inner_loop(node).size} products"
    if group.kind == "rows":
        reduced = "×".join(str(v.size) for v in group.loops if v in group.reduced)
        return f"{many} {'row' if many == '1' else 'rows'} of {reduced}"
    return f"{many} {'number' if many == '1' else 'numbers'}"


def literal_in(node: Node, part: Part) -> str | None:
    """The text of a constant that stands in the kernel's source, not in a buffer."""
    if node.gate is not CONSTANT or node in set(part.kernel.arguments) or node.value is None:
        return None
    elements = np.asarray(node.value).ravel()
    same = elements.size > 0 and bool(np.all(elements == elements[0]))
    return short_number(float(elements[0])) if same else "table"


def result_name(node: Node, over: Node | None) -> str:
    if over is not None and over.name:
        return f"new {pretty(over.name)}"
    return node.name or "result"


def wrapped(names: list[str]) -> list[str]:
    """`mul, sum, add, relu`, in lines; a gate that is there several times is counted."""
    counts = {name: names.count(name) for name in dict.fromkeys(names)}
    lines = [""]
    for name, count in counts.items():
        text = f"{name} ×{count}" if count > 1 else name
        if lines[-1] and len(lines[-1]) + len(text) > LINE:
            lines.append("")
        lines[-1] += f", {text}" if lines[-1] else text
    return [*(line + "," for line in lines[:-1]), lines[-1]]
