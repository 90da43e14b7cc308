"""What `microgd kernels` compiles: a circuit, and its gradients, as a function of its inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .failures import BadInput

if TYPE_CHECKING:
    from microgd.graph.node import Node
    from microgd.language.circuit import Circuit

#: The random numbers of inputs that have only a shape: always the same ones.
KEY = 0


def values_of(circuit: Circuit, dtype: str) -> tuple[list[Any], list[str]]:
    """The inputs' numbers, and the names of those that got random ones."""
    from microgd.graph.shapes import element_count
    from microgd.language.limits import MAX_ELEMENTS
    from microgd.trace.numbers import format_shape

    rng = np.random.Generator(np.random.Philox(KEY))
    values: list[Any] = []
    random: list[str] = []
    for name, tensor in circuit.inputs.items():
        value: Any = tensor.value
        if value is None:
            if element_count(tensor.shape) > MAX_ELEMENTS:
                raise BadInput(
                    f"{name} of shape {format_shape(tensor.shape)} is too large to be filled with "
                    f"numbers: {MAX_ELEMENTS:,} elements at most"
                )
            value = rng.uniform(-1.0, 1.0, tensor.shape)
            random.append(f"{name} {format_shape(tensor.shape)}")
        typed = np.asarray(value, dtype)
        values.append(typed if tensor.shape else float(value) if dtype == "float64" else typed[()])
    return values, random


def function_of(circuit: Circuit, dtype: str, gradients: bool) -> Callable[..., Any]:
    """A function of the circuit's inputs: its output, then the gradients, by their names.

    Every gate has a name afterwards, the one that `microgd trace` calls it by, so that kernels,
    tables and pictures speak of the same things.
    """
    from microgd.graph.order import topological_order
    from microgd.graph.record import wrap
    from microgd.graph.rewrite import rebuild
    from microgd.graph.row import CONSTANT
    from microgd.tensor import Tensor
    from microgd.trace.labels import labels

    order = topological_order([circuit.output])
    named = labels(order, circuit.output)
    for node in order:
        if node.inputs and not node.name:
            node.name = named[node]
    arrays = {
        n: wrap(np.asarray(n.value, dtype), Tensor)
        for n in order
        if n.gate is CONSTANT and n.shape and n.value is not None
    }
    label = named[circuit.output]

    def function(*inputs: Any) -> dict[str, Any]:
        for name, x in zip(circuit.inputs, inputs, strict=True):
            x.name = name
        given: dict[Any, Any] = dict(zip(circuit.inputs.values(), inputs, strict=True))
        output: Any = rebuild([circuit.output], {**given, **arrays})[circuit.output]
        results = {label: output}
        if gradients:
            results |= _gradients(label, output, dict(zip(circuit.inputs, inputs, strict=True)))
        _name(results, set(named.values()))
        return results

    return function


def _gradients(label: str, output: Any, inputs: dict[str, Any]) -> dict[str, Any]:
    """The gradients that are computed; of a constant 0 there is nothing to see."""
    from microgd.errors import GateError
    from microgd.graph.node import Node
    from microgd.interpreter.reverse import gradients_of

    if not output.inputs:
        return {}
    start = np.ones(output.shape, output.dtype) if output.shape else 1.0
    try:
        found = gradients_of(output, list(inputs.values()), start, as_graph=True)
    except GateError as error:
        raise BadInput(f"{error}\n--no-grad leaves the gradients out") from error
    return {
        f"d{label}_d{name}": g
        for name, g in zip(inputs, found, strict=True)
        if isinstance(g, Node) and g.inputs
    }


def _name(results: dict[str, Any], taken: set[str]) -> None:
    """A name for each gate: results by theirs, what lies between by g1, g2, …"""
    from microgd.graph.order import topological_order

    for name, node in results.items():
        if node.inputs and not node.name:
            node.name = name
    count = 0
    for node in topological_order(results.values()):
        if node.source is not None and node.source.file == __file__:
            node._code = None  # the backward sweep's gates have no line in the program
        if node.inputs and not node.name:
            count += 1
            while f"g{count}" in taken:
                count += 1
            node.name = f"g{count}"


def require_reasonable(nodes: list[Node]) -> None:
    """Refuse what would take the interpreter minutes: shapes cost nothing to write."""
    from microgd.graph.shapes import element_count
    from microgd.language.limits import MAX_TOTAL, MAX_WORK

    work = elements = 0
    for node in nodes:
        elements += element_count(node.shape)
        if node.gate.name == "matmul":
            work += element_count(node.shape) * node.inputs[0].shape[-1]
    if work > MAX_WORK or elements > MAX_TOTAL:
        raise BadInput(
            f"this computes {elements:,} numbers with {work:,} products in all, too many to show "
            f"beside the interpreter ({MAX_TOTAL:,} and {MAX_WORK:,} at most): use smaller shapes"
        )
