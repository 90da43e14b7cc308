"""Tables: a graph of thousands of single numbers, run by one kernel that reads it as a table.

A kernel with a statement for each of 60 000 gates would take minutes to build. So the graph becomes
data: a row for each gate (which operation, where its inputs lie), sorted so that a run of rows does
the same operation on numbers that are ready; and one small kernel, the same for all graphs with
these operations, goes through the runs. Nothing is built when the graph changes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microgd.gates.indexing import index as index_gate
from microgd.gates.movement import stack
from microgd.gates.random import random_uniform
from microgd.graph.node import Node
from microgd.graph.row import CONSTANT, PLACEHOLDER
from microgd.graph.shapes import element_count
from microgd.opencl.graph import Graph
from microgd.opencl.index import ZERO, address
from microgd.opencl.lower import STRUCTURAL
from microgd.opencl.step import expression
from microgd.opencl.views import through

#: From so many gates on; fewer become a kernel of their own.
MANY = 400
#: Inputs of a formula that a row can name.
MOST_INPUTS = 3
_MARK = re.compile(r"\{\d\}")
#: A formula is not made longer than this.
LONGEST = 120


@dataclass(frozen=True, eq=False)
class Table:
    """A graph of single numbers as data.

    Attributes:
        operations: OpenCL C for each operation, with its inputs as {0}, {1}, {2}.
        runs: a row of (operation, first row, rows) for each run.
        inputs: three columns: where each row's inputs lie among the values.
        start: the values before anything ran: room for inputs, then constants, then results.
        places: input node → where its numbers begin.
        results: where the elements of the outputs lie, in the order they are handed out.
        handed: output node → where it begins among what is handed out.
        size: numbers handed out, with the gaps between.
    """

    operations: tuple[str, ...]
    runs: NDArray[np.int32]
    inputs: NDArray[np.int32]
    start: NDArray[Any]
    places: Mapping[Node, int]
    results: NDArray[np.int32]
    handed: Mapping[Node, int]

    @property
    def rows(self) -> int:
        """How many gates there are."""
        return len(self.inputs)


def is_table(graph: Graph) -> bool:
    """Whether a lowered graph is one of many single numbers, and of nothing else."""
    count = 0
    results = {o for o in graph.outputs if o.gate is stack}
    for node in graph.order:
        if not node.inputs or _is_element(node) or (node in results and _is_list(node)):
            continue
        gate = node.gate
        if node.shape or gate in STRUCTURAL or gate.opencl is None or gate is random_uniform:
            return False
        if len(node.inputs) > MOST_INPUTS or any(i.shape for i in node.inputs):
            return False
        count += 1
    return count >= MANY and table_dtype(graph) is not None


def table_dtype(graph: Graph) -> np.dtype[Any] | None:
    """The one dtype of all gates and input arrays; None if there are several."""
    found = {n.dtype for n in graph.order if n.inputs or (n.gate is PLACEHOLDER and n.shape)}
    return found.pop() if len(found) == 1 else None


def _is_element(node: Node) -> bool:
    """Whether it is one number of an input array."""
    return node.gate is index_gate and node.shape == () and node.inputs[0].gate is PLACEHOLDER


def _is_list(node: Node) -> bool:
    return all(i.shape == () for i in node.inputs)


def tabulate(graph: Graph, real: str, apart: int = 16) -> Table:
    """The graph as a table.

    Gates come in levels: those of a level need only what earlier levels made, so they can be done
    in any order, and are sorted by operation.

    Arguments:
        real: "float" or "double".
        apart: results lie so many numbers apart, so that each can become a buffer by itself.
    """
    places: dict[Node, int] = {}
    size = 0
    for node in graph.inputs:
        places[node] = size
        size += element_count(node.shape)
    slot: dict[Node, int] = {n: places[n] for n in graph.inputs}
    constants: list[float] = []
    for node in graph.order:
        if node.gate is CONSTANT and node.shape == ():
            slot[node] = size + len(constants)
            constants.append(float(node.value))  # type: ignore[arg-type]
        elif _is_element(node):
            place = address(through(node, ()) or (ZERO,), node.inputs[0].shape)
            slot[node] = places[node.inputs[0]] + place.const
    level: dict[Node, int] = {}
    operations: dict[str, int] = {}
    gates: list[tuple[int, int, Node, tuple[Node, ...]]] = []
    for node, (text, sources) in _formulas(graph, real).items():
        level[node] = 1 + max([level.get(i, 0) for i in sources])
        number = operations.setdefault(text, len(operations))
        gates.append((level[node], number, node, sources))
    gates.sort(key=lambda gate: gate[:2])
    first = size + len(constants)
    for row, (_, _, node, _) in enumerate(gates):
        slot[node] = first + row
    inputs = np.zeros((len(gates), MOST_INPUTS), np.int32)
    for row, (_, _, _, sources) in enumerate(gates):
        inputs[row, : len(sources)] = [slot[source] for source in sources]
    keys = np.array([gate[:2] for gate in gates], np.int64)
    starts = np.flatnonzero(np.r_[True, (keys[1:] != keys[:-1]).any(axis=1)])
    lengths = np.diff(np.r_[starts, len(gates)])
    runs = np.stack([keys[starts, 1], starts, lengths], axis=1).astype(np.int32)
    start = np.zeros(first + len(gates), np.float32 if real == "float" else np.float64)
    start[size:first] = constants
    handed, results = _handed(graph, slot, apart)
    return Table(tuple(operations), runs, inputs, start, places, results, handed)


Formula = tuple[str, tuple[Node, ...]]


def _formulas(graph: Graph, real: str) -> dict[Node, Formula]:
    """A formula for each row: a gate, with the gates in it that nothing else needs.

    So x·y + z is one row, not two; no formula has more than three inputs.
    """
    order = [n for n in graph.order if n.inputs and n.gate is not stack and not _is_element(n)]
    uses: dict[Node, int] = dict.fromkeys(order, 0)
    for node in [*(i for n in graph.order for i in n.inputs), *graph.outputs]:
        if node in uses:
            uses[node] += 1
    texts: dict[Any, str] = {}
    found: dict[Node, Formula] = {}
    for node in order:
        key = (node.gate, repr(node.params))
        text = texts.get(key)
        if text is None:
            text = texts[key] = expression(node, real)
        formula: Formula = (text, node.inputs)
        for source in node.inputs:
            if uses.get(source) == 1 and source in found:
                deeper = _inserted(formula, source, found[source])
                if deeper is not None:
                    formula = deeper
                    del found[source]
        found[node] = formula
    return found


def _inserted(outer: Formula, source: Node, inner: Formula) -> Formula | None:
    """The outer formula with the inner one in place of one input; None if that is too much."""
    text, sources = outer
    found = [n for n, s in enumerate(sources) if s is source]
    if len(found) > 1 or text.count(f"{{{found[0]}}}") != 1:
        return None
    together = dict.fromkeys([*(s for s in sources if s is not source), *inner[1]])
    if len(together) > MOST_INPUTS or len(text) + len(inner[0]) > LONGEST:
        return None
    number = {s: n for n, s in enumerate(together)}
    names = {f"{{{n}}}": f"{{{number[s]}}}" for n, s in enumerate(inner[1])}
    inside = _MARK.sub(lambda mark: names[mark[0]], inner[0])
    names = {f"{{{n}}}": f"{{{number[s]}}}" for n, s in enumerate(sources) if s is not source}
    names[f"{{{found[0]}}}"] = f"({inside})"
    return _MARK.sub(lambda mark: names[mark[0]], text), tuple(together)


def _handed(
    graph: Graph, slot: Mapping[Node, int], apart: int
) -> tuple[dict[Node, int], NDArray[np.int32]]:
    handed: dict[Node, int] = {}
    results: list[int] = []
    for node in dict.fromkeys(graph.outputs):
        results += [0] * (-len(results) % apart)
        handed[node] = len(results)
        if node.gate is stack:
            results += [slot[i] for i in node.inputs]
        else:
            count = element_count(node.shape)
            results += range(slot[node], slot[node] + count)
    return handed, np.array(results, np.int32)


def table_source(operations: Sequence[str], real: str, width: int, items: int) -> str:
    """The kernel that goes through a table's runs.

    Arguments:
        width: numbers that are worked on at a time: a vector's on a CPU, 1 on a GPU.
        items: work-items that share a run.
    """
    wide = f"{real}{width}" if width > 1 else real
    cases = []
    for number, text in enumerate(operations):
        count = max((n + 1 for n in range(MOST_INPUTS) if f"{{{n}}}" in text), default=0)
        cases += _case(number, text, count, real, wide, width, items)
    lines = [
        "// Every run does one operation on many numbers that are ready.",
        f"__kernel __attribute__((reqd_work_group_size({items}, 1, 1)))",
        f"void table(__global {real} *values, __global const int *runs, const int run_count,",
        "           __global const int *restrict inputs, const int rows, const int first,",
        f"           __global const int *restrict results, const int count, __global {real} *out)",
        "{",
        "    const int item = get_local_id(0);",
        "    __global const int *restrict a = inputs;",
        "    __global const int *restrict b = inputs + rows;",
        "    __global const int *restrict c = inputs + 2 * rows;",
        "    for (int run = 0; run < run_count; ++run) {",
        "        const int start = runs[3 * run + 1], end = start + runs[3 * run + 2];",
        "        switch (runs[3 * run]) {",
        *cases,
        "        }",
        "        barrier(CLK_GLOBAL_MEM_FENCE);",
        "    }",
        f"    for (int k = item; k < count; k += {items}) out[k] = values[results[k]];",
        "}",
    ]
    return "\n".join(lines)


def _case(
    number: int, text: str, count: int, real: str, wide: str, width: int, items: int
) -> list[str]:
    """One operation, with a loop over the rows of a run."""
    pad = " " * 12
    names = "xyz"
    columns = "abc"

    def body(kind: str, lanes: int) -> list[str]:
        lines = []
        for n in range(count):
            loads = [f"values[{columns[n]}[k + {i}]]" for i in range(lanes)]
            load = f"({kind})({', '.join(loads)})" if lanes > 1 else f"values[{columns[n]}[k]]"
            lines.append(f"const {kind} {names[n]} = {load};")
        filled = text
        for n in range(count):
            filled = filled.replace(f"{{{n}}}", names[n])
        filled = filled.replace("{R}", kind)
        if lanes > 1:
            lines.append(f"vstore{lanes}({filled}, 0, values + first + k);")
        else:
            lines.append(f"values[first + k] = {filled};")
        return [pad + "    " + line for line in lines]

    lines = [f"        case {number}: {{"]
    if width > 1:
        lines.append(f"{pad}int k = start;")
        lines.append(f"{pad}for (; k + {width} <= end; k += {width}) {{")
        lines += [*body(wide, width), f"{pad}}}"]
        lines.append(f"{pad}for (; k < end; ++k) {{")
    else:
        lines.append(f"{pad}for (int k = start + item; k < end; k += {items}) {{")
    return [*lines, *body(real, 1), f"{pad}}}", f"{pad}break; }}"]
