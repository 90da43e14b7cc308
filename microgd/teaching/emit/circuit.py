"""What is to be written: the circuit of a trace, recorded again, as it is or taken apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from microgd.collector import collector_paused
from microgd.errors import ArgumentError
from microgd.gates.table import TABLE
from microgd.graph.node import Node, leaf
from microgd.graph.order import topological_order
from microgd.graph.record import record
from microgd.graph.row import CONSTANT, INPUT
from microgd.graph.values import Value
from microgd.teaching.unroll import unroll
from microgd.tensor import Tensor
from microgd.trace.labels import labels
from microgd.trace.lesson import Trace


@dataclass(frozen=True, slots=True)
class Circuit:
    """What is to be written: nodes, how they are called, and where the backward pass starts."""

    order: tuple[Node, ...]
    labels: Mapping[Node, str]
    inputs: tuple[Node, ...]
    outputs: tuple[Node, ...]
    seeds: tuple[Value, ...]


def recorded(trace: Trace) -> Circuit:
    """The circuit of a trace, recorded again.

    Raises:
        ArgumentError: a trace without numbers, or of a gate that is no longer in the table.
    """
    source = {wire.id: wire.source for wire in trace.wires}
    nodes: dict[str, Node] = {}
    with np.errstate(all="ignore"), collector_paused():
        for node in trace.nodes:
            if node.value is None:
                raise ArgumentError(f"{node.label} has a shape only; give it numbers first")
            if node.kind != "gate":
                kind = INPUT if node.kind == "input" else CONSTANT
                nodes[node.id] = leaf(Tensor, kind, node.value)
                continue
            row = TABLE.get(node.gate)
            if row is None:
                raise ArgumentError(f"gate {node.gate!r} is not in the table of gates any more")
            first, *rest = (nodes[source[wire]] for wire in node.wires)
            nodes[node.id] = record(row, (first, *rest), dict(node.params) or None)
    inputs = tuple(nodes[n.id] for n in trace.nodes if n.kind == "input")
    return Circuit(
        tuple(nodes.values()),
        {nodes[n.id]: n.label for n in trace.nodes},
        inputs,
        (nodes[trace.output],),
        _seed(trace),
    )


def _seed(trace: Trace) -> tuple[Value, ...]:
    return tuple(e.value for e in trace.events if e.kind == "seed" and e.value is not None)


def scalars(trace: Trace, most: int) -> Circuit:
    """The circuit of a trace with every array taken apart; at most so many gates.

    Raises:
        ArgumentError: a larger circuit.
    """
    if all(n.shape == () for n in trace.nodes) and all(
        TABLE[n.gate].elementwise for n in trace.nodes if n.kind == "gate" and n.gate in TABLE
    ):
        return recorded(trace)
    unrolled = unroll(trace)
    outputs = tuple(unrolled.elements[trace.output].ravel().tolist())
    if not outputs:
        raise ArgumentError("the output has no elements")
    order = tuple(topological_order([*unrolled.inputs, *outputs]))
    gates = sum(bool(n.inputs) for n in order)
    if gates > most:
        raise ArgumentError(
            f"written in scalars, these arrays take {gates} gates, which nobody would read "
            f"(at most {most}); write the program for arrays: --to numpy"
        )
    seeds = [float(v) for seed in _seed(trace) for v in np.ravel(seed)]
    return Circuit(order, labels(order, outputs[-1]), tuple(unrolled.inputs), outputs, tuple(seeds))
