"""Unrolling: a circuit of arrays, written out as a circuit of scalars.

Every element becomes a scalar Tensor of its own. Gates that work element by element are recorded
once per element; gates that add run on arrays of Tensors, as NumPy lets them; gates that move are
only followed; the rest is opened, until it is made of those.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microgd.collector import collector_paused
from microgd.errors import ArgumentError
from microgd.gates.activation import maxout
from microgd.gates.indexing import index, one_hot, place, scatter_add, take
from microgd.gates.linear import matmul
from microgd.gates.movement import (
    broadcast_to,
    concatenate,
    reshape,
    stack,
    sum_to,
    transpose,
)
from microgd.gates.random import random_uniform
from microgd.gates.reduction import largest, total
from microgd.gates.table import TABLE
from microgd.graph.node import Node, leaf
from microgd.graph.order import topological_order
from microgd.graph.record import record, wrap
from microgd.graph.row import CONSTANT, INPUT, GateRow
from microgd.graph.shapes import Shape, element_count, normal_axes
from microgd.graph.values import Value
from microgd.tensor import Tensor
from microgd.trace.lesson import Trace

#: An array of Tensors: its elements, each a scalar.
Elements = NDArray[np.object_]

#: As many scalar gates as a page or a program can hold.
MOST = 20_000

#: Gates that only move elements: their own forward, on whole numbers, says which goes where.
_MOVES = frozenset({reshape, transpose, broadcast_to, concatenate, stack, index, place})
#: Gates that only multiply and add, which NumPy does with Tensors, too.
_ADDS = frozenset({total, sum_to, matmul})
#: Gates whose last input says which; it is held at what was recorded.
_PICKS = frozenset({take, scatter_add})
#: Gates without a gradient and with no formula of scalars: held at what was recorded.
_HELD = frozenset({one_hot, random_uniform})


@dataclass(frozen=True, slots=True)
class Unrolled:
    """A circuit of scalars.

    Attributes:
        elements: for the id of every node of the trace its elements, in the node's shape.
        inputs: the elements of all inputs, in the order of the trace.
        order: every scalar node that some element needs, inputs before users.
    """

    elements: Mapping[str, Elements]
    inputs: tuple[Tensor, ...]
    order: tuple[Node, ...]


def unroll(trace: Trace, most: int = MOST) -> Unrolled:
    """The circuit of a trace with every array taken apart into scalars.

    Elements are named after their array: `W[0, 1]`. What says where to take elements from, and
    random numbers, stay what they were.

    Raises:
        ArgumentError: a circuit without numbers, with more than `most` scalar gates, or with a gate
            that cannot be taken apart.

    >>> import microgd as mg
    >>> made = unroll(mg.trace(mg.sum(mg.Tensor([3.0, 4.0], name="x"), axis=0)))
    >>> [n.name for n in made.inputs], made.elements["n1"][()].data
    (['x[0]', 'x[1]'], 7.0)
    """
    unrolling = _Unrolling(most)
    source = {wire.id: wire.source for wire in trace.wires}
    inputs: list[Tensor] = []
    with np.errstate(all="ignore"), collector_paused():
        for node in trace.nodes:
            if node.value is None:
                raise ArgumentError(f"{node.label} has a shape only; give it numbers first")
            if node.kind == "gate":
                row = TABLE.get(node.gate)
                if row is None:
                    raise ArgumentError(f"gate {node.gate!r} is not in the table of gates any more")
                taken = [source[wire] for wire in node.wires]
                made = unrolling.gate(
                    row,
                    [unrolling.of[i] for i in taken],
                    node.params,
                    [_held(trace, i) for i in taken],
                    node.value,
                )
            else:
                kind = INPUT if node.kind == "input" else CONSTANT
                made = unrolling.leaves(kind, node.value)
                if kind is INPUT:
                    inputs += made.ravel().tolist()
            if node.named or node.kind != "constant":
                _name(made, node.label)
            unrolling.of[node.id] = made
    everything = [e for made in unrolling.of.values() for e in made.ravel().tolist()]
    return Unrolled(unrolling.of, tuple(inputs), tuple(topological_order(everything)))


def _held(trace: Trace, node: str) -> Value | None:
    """What a leaf holds; nothing for what a gate computes."""
    found = trace.by_id[node]
    return None if found.kind == "gate" else found.value


def _name(elements: Elements, label: str) -> None:
    places = np.ndindex(elements.shape)
    for where, element in zip(places, elements.ravel().tolist(), strict=True):
        if element.name is None and not element.is_constant:
            element.name = f"{label}[{', '.join(map(str, where))}]" if where else label


class _Unrolling:
    """The elements of every node so far, and how many scalar gates they took."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.spent = 0
        self.of: dict[str, Elements] = {}

    def leaves(self, kind: GateRow, value: Value) -> Elements:
        self._spend(np.size(value), "")
        flat = np.asarray(value, float).ravel().tolist()
        return _array([leaf(Tensor, kind, number) for number in flat], np.shape(value))

    def gate(
        self,
        row: GateRow,
        inputs: Sequence[Elements],
        params: Mapping[str, Any],
        held: Sequence[Value | None],
        value: Value,
    ) -> Elements:
        """The elements of one gate's output; `held`: the values of inputs that are leaves."""
        shape: Shape = np.shape(value)
        if row.elementwise:
            self._spend(element_count(shape) * max(1, len(inputs) - 1), row.name)
            return _elementwise(row, inputs, params, shape)
        if row in _MOVES:
            self._spend(element_count(shape), row.name)
            return _moved(row, inputs, params)
        if row in _ADDS:
            inner = inputs[0].shape[-1] * 2 if row is matmul else 1
            self._spend(max(element_count(shape) * inner, inputs[0].size), row.name)
            return _numbers(row.forward(*inputs, **params), shape)
        if row is largest:
            self._spend(inputs[0].size, row.name)
            return _largest(inputs[0], params["axis"], shape)
        if row in _PICKS:
            self._spend(max(element_count(shape), inputs[0].size), row.name)
            if held[1] is None:
                raise ArgumentError(f"the indices of {row.name} are computed, so they may change")
            if row is take:
                return _moved(lambda x, axis: take.forward(x, held[1], axis), inputs[:1], params)
            return _numbers(row.forward(inputs[0], held[1], **params), shape)
        if row in _HELD:
            if held[-1] is None:
                raise ArgumentError(f"the input of {row.name} is computed, so it may change")
            return self.leaves(CONSTANT, value)
        if row.expansion is None:
            raise ArgumentError(
                f"gate {row.name!r} cannot be written in scalars: it has no expansion"
            )
        return self._opened(row, row.expansion, inputs, params, held)

    def _opened(
        self,
        row: GateRow,
        expansion: Callable[..., Any],
        inputs: Sequence[Elements],
        params: Mapping[str, Any],
        held: Sequence[Value | None],
    ) -> Elements:
        began = [Tensor(_values(i)) for i in inputs]
        made = wrap(expansion(*began, **params), Tensor)
        known: dict[Node, Elements] = dict(zip(began, inputs, strict=True))
        fixed: dict[Node, Value | None] = dict(zip(began, held, strict=True))
        for node in topological_order([made]):
            if node in known:
                continue
            value = node.value
            assert value is not None
            if not node.inputs:
                known[node] = self.leaves(CONSTANT, value)
                fixed[node] = value
                continue
            if node.gate is row:
                raise ArgumentError(f"the expansion of gate {row.name!r} leads back to itself")
            known[node] = self.gate(
                node.gate,
                [known[i] for i in node.inputs],
                node.params or {},
                [fixed.get(i) for i in node.inputs],
                value,
            )
        return known[made]

    def _spend(self, count: int, name: str) -> None:
        self.spent += count
        if self.spent > self.most:
            where = f" at gate {name}" if name else ""
            raise ArgumentError(
                f"there are more than {self.most} scalar gates in it{where}: too large to unroll"
            )


def _elementwise(
    row: GateRow, inputs: Sequence[Elements], params: Mapping[str, Any], shape: Shape
) -> Elements:
    given = dict(params) or None
    flat = [np.broadcast_to(i, shape).ravel().tolist() for i in inputs]
    return _array([record(row, x, given) for x in zip(*flat, strict=True)], shape)


def _moved(
    forward: Callable[..., Any] | GateRow, inputs: Sequence[Elements], params: Mapping[str, Any]
) -> Elements:
    """Numbers that stand for elements are moved; 0, where nothing is put, stands for a zero."""
    pool: list[Any] = [leaf(Tensor, CONSTANT, 0.0)]
    numbers = []
    for elements in inputs:
        numbers.append(np.arange(len(pool), len(pool) + elements.size).reshape(elements.shape))
        pool += elements.ravel().tolist()
    move = forward.forward if isinstance(forward, GateRow) else forward
    places = np.asarray(move(*numbers, **params))
    return _array([pool[i] for i in places.ravel().tolist()], places.shape)


def _largest(x: Elements, axis: Any, shape: Shape) -> Elements:
    axes = normal_axes(axis, x.ndim)
    rows = np.moveaxis(x, axes, range(x.ndim - len(axes), x.ndim))
    rows = rows.reshape(element_count(shape), element_count(tuple(x.shape[a] for a in axes)))
    return _array([record(maxout, tuple(r)) if len(r) > 1 else r[0] for r in rows], shape)


def _numbers(result: Any, shape: Shape) -> Elements:
    """NumPy's answer as elements: a sum of nothing is a plain 0."""
    flat = result.ravel().tolist() if isinstance(result, np.ndarray) else [result]
    return _array([wrap(e if isinstance(e, Node) else float(e), Tensor) for e in flat], shape)


def _array(elements: Sequence[Any], shape: Shape) -> Elements:
    made = np.empty(len(elements), dtype=object)
    for place_, element in enumerate(elements):
        made[place_] = element
    return made.reshape(shape)


def _values(elements: Elements) -> Any:
    values = np.array([e.value for e in elements.ravel().tolist()], float).reshape(elements.shape)
    return values if values.ndim else float(values)
