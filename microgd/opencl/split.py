"""Splitting: a reduction with few results and many terms is done in two steps, so that all of a
device has work. The parts, and so the order of summation, depend on shapes and device alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.gates.movement import reshape
from microgd.graph.node import Node
from microgd.graph.record import record
from microgd.graph.rewrite import opened
from microgd.graph.row import GateRow
from microgd.graph.shapes import Shape, element_count, normal_axes, reduced_shape
from microgd.opencl.graph import Graph
from microgd.opencl.lower import REDUCTIONS

#: Fewer terms than this for each part are not worth another kernel.
PART = 8192


def split(graph: Graph, workers: int) -> Graph:
    """The graph with large reductions in two steps where they have fewer results than `workers`."""
    if workers <= 1:
        return graph

    def expansion(node: Node) -> Any:
        if node.gate not in REDUCTIONS:
            return None
        parts = parting(node, workers)
        if parts is None:
            return None

        def two_steps(x: Any, axis: Any, keepdims: bool) -> Any:
            first = record(
                PARTIAL, (x,), {"of": node.gate, "axes": parts.axes, "chunk": parts.chunk}
            )
            last = record(node.gate, (first,), {"axis": 0, "keepdims": False})
            return reshape(last, reduced_shape(x.shape, axis, True)) if keepdims else last

        return two_steps

    return graph.with_outputs(opened(graph.outputs, expansion, deep=False))


@dataclass(frozen=True, slots=True)
class Parting:
    """Which axes are summed (the one that is cut first), and how long each part of it is."""

    axes: tuple[int, ...]
    chunk: int


def parting(node: Node, workers: int) -> Parting | None:
    """How a reduction is cut, or None where it has work for all already."""
    x = node.inputs[0].shape
    axes = normal_axes((node.params or {})["axis"], len(x))
    results = element_count(node.shape)
    terms = element_count(tuple(x[a] for a in axes))
    # The last axis is walked with vectors of 16, so that many results keep one worker busy.
    busy = results if len(x) - 1 in axes else -(-results // 16)
    if not results or not axes or busy >= workers or terms * results < 2 * PART:
        return None
    wanted = min(-(-workers // busy), terms * results // PART)
    # The first long axis: what lies together stays together.
    cut = next((a for a in axes if x[a] >= wanted), axes[0])
    wanted = min(wanted, x[cut])
    if wanted < 2:
        return None
    chunk = -(-x[cut] // wanted)
    if cut == len(x) - 1:
        chunk = -(-chunk // 16) * 16
    rest = tuple(a for a in axes if a != cut)
    return Parting((cut, *rest), chunk)


def parts_of(size: int, chunk: int) -> int:
    """How many parts an axis is cut into; the last may be shorter."""
    return -(-size // chunk)


def _partial(x: Any, of: GateRow, axes: tuple[int, ...], chunk: int) -> Any:
    cut = axes[0]
    results = []
    for start in range(0, np.shape(x)[cut], chunk):
        part = np.take(x, range(start, min(start + chunk, np.shape(x)[cut])), axis=cut)
        results.append(of.forward(part, axis=tuple(sorted(axes)), keepdims=False))
    return np.stack(results)


def _partial_shape(x: Shape, of: GateRow, axes: tuple[int, ...], chunk: int) -> Shape:
    return (parts_of(x[axes[0]], chunk), *reduced_shape(x, axes))


#: A reduction of each part of an axis by itself: the compiler's own, in no table.
PARTIAL = GateRow(
    "partial",
    ("x",),
    _partial,
    formula="Σ over each part",
    sign="Σ…",
    params={"of": ..., "axes": ..., "chunk": ...},
    shape=_partial_shape,
    doc="The first of two steps of a large reduction.",
)
