"""The staged program: forward one gate a step, then backward one contribution a line."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.errors import ArgumentError, DataError
from microgd.gates.indexing import one_hot, scatter_add, take
from microgd.gates.movement import broadcast_to, summed_axes
from microgd.gates.movement import sum_to as sum_to_gate
from microgd.gates.random import random_uniform, rrelu
from microgd.graph.node import Node, leaf
from microgd.graph.row import INPUT, GateRow
from microgd.graph.shapes import Shape, broadcast_shapes
from microgd.graph.values import INT64, Value, shape_of
from microgd.teaching.emit.circuit import Circuit
from microgd.teaching.emit.names import Names
from microgd.teaching.emit.term import Term, Terms
from microgd.tensor import Tensor
from microgd.translation import _

#: As many gates as somebody would still read.
MOST_GATES = 2_000
#: Which input of a gate says where.
_INDICES: Mapping[GateRow, int] = {take: 1, scatter_add: 1, one_hot: 0}


@dataclass(frozen=True, slots=True)
class Given:
    """A number that the program starts from."""

    name: str
    value: Value


@dataclass(frozen=True, slots=True)
class Step:
    """A line of the forward pass: a gate, by its number."""

    number: int
    name: str
    term: Term


@dataclass(frozen=True, slots=True)
class Contribution:
    """A line of the backward pass.

    Attributes:
        number: of the gate that sends it.
        name: the gradient that it is added to.
        of: what that is the gradient of.
        term: what is added.
        place: which contribution to that gradient it is, from 0, …
        count: … of so many.
    """

    number: int
    name: str
    of: str
    shape: Shape
    term: Term
    place: int
    count: int


@dataclass(frozen=True, slots=True)
class Result:
    """A number that the program prints: what it is called, there and in the lesson."""

    name: str
    label: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class Staged:
    """A program of steps.

    Attributes:
        given: inputs, and constant arrays.
        seeds: the gradients that the backward pass starts from.
        idle: gradients that nothing reaches, so that they are 0.
        outputs, gradients: what is printed at the end.
        remarks: what was renamed, as sentences.
        fresh: makes names for parts of steps.
    """

    given: tuple[Given, ...]
    forward: tuple[Step, ...]
    seeds: tuple[Given, ...]
    backward: tuple[Contribution, ...]
    idle: tuple[Given, ...]
    outputs: tuple[Result, ...]
    gradients: tuple[Result, ...]
    remarks: tuple[str, ...]
    fresh: Callable[[], str]


def staged(circuit: Circuit, spelled: Collection[str], names: Names) -> Staged:
    """The program of a circuit, for a language that has words for the gates `spelled`."""
    return _Staging(circuit, spelled, names).program()


class _Staging:
    """Writes the lines, gate by gate."""

    def __init__(self, circuit: Circuit, spelled: Collection[str], names: Names) -> None:
        self.circuit = circuit
        self.terms = Terms(spelled)
        self.names = names
        self.name: dict[Node, str] = {}
        self.gradient: dict[Node, str] = {}
        gates = [n for n in circuit.order if n.inputs]
        if len(gates) > MOST_GATES:
            raise ArgumentError(f"{len(gates)} gates are more than anybody reads ({MOST_GATES})")
        self.printed = frozenset(circuit.outputs)
        # Arrays that are more than indices: they get a name.
        self.counted = frozenset(
            x for n in gates for i, x in enumerate(n.inputs) if _INDICES.get(n.gate) != i
        )
        self.step = {node: place for place, node in enumerate(gates, 1)}

    def program(self) -> Staged:
        circuit, names = self.circuit, self.names
        given = [n for n in circuit.order if not n.inputs and not self._literal(n)]
        reached = set(given)
        given += [n for n in circuit.inputs if n not in reached]
        for node in (*given, *self.step):
            self.name[node] = names.give(circuit.labels.get(node, "x"))
        with np.errstate(all="ignore"):
            forward = [self._forward(node) for node in self.step]
            seeds, backward, idle = self._backward()
        wanted = [n for n in circuit.inputs if n.dtype != INT64] if seeds else []
        return Staged(
            tuple(Given(self.name[n], _value(n)) for n in given),
            tuple(forward),
            tuple(seeds),
            tuple(backward),
            tuple(idle),
            tuple(self._result(n, self._called(n)) for n in dict.fromkeys(circuit.outputs)),
            tuple(self._result(n, self.gradient[n]) for n in wanted),
            tuple(names.remarks),
            names.fresh,
        )

    def _literal(self, node: Node) -> bool:
        """Whether the number, or the indices, are written where they are used."""
        if not node.is_constant or node in self.printed:
            return False
        return node.shape == () or node not in self.counted

    def _called(self, node: Node) -> str:
        return self.name[node]

    def _result(self, node: Node, name: str) -> Result:
        return Result(name, self.circuit.labels.get(node, name), node.shape)

    def _term(self, node: Node) -> Term:
        if node in self.name:
            return self.terms.name(self.name[node], _value(node))
        return self.terms.number(_value(node))

    def _forward(self, node: Node) -> Step:
        args = [self._term(i) for i in node.inputs]
        gate, params = node.gate, node.params or {}
        if gate is random_uniform:
            self._say_drawn()
            term = self.terms.number(_value(node))
        elif gate.name in self.terms.spelled or gate.expansion is None:
            term = self.terms.gate(gate, args, params, node.shape, _value(node))
        else:
            if gate is rrelu:
                self._say_drawn()
            stand_ins = self._stand_ins(node, args)
            term = self.terms.of(gate.expansion(*stand_ins, **params), _named(stand_ins, args))
        return Step(self.step[node], self.name[node], term)

    def _say_drawn(self) -> None:
        remark = _("random numbers stand here as they were drawn")
        if remark not in self.names.remarks:
            self.names.remarks.append(remark)

    def _stand_ins(self, node: Node, args: Sequence[Term]) -> list[Any]:
        """The inputs for a rule: Tensors where the program has names, else plain numbers."""
        return [
            leaf(Tensor, INPUT, _value(i)) if a.name else i.value
            for i, a in zip(node.inputs, args, strict=True)
        ]

    # -- backward -----------------------------------------------------------------

    def _backward(self) -> tuple[list[Given], list[Contribution], list[Given]]:
        circuit = self.circuit
        if not circuit.seeds:
            return [], [], []
        start: dict[Node, Any] = {}
        for node, seed in zip(circuit.outputs, circuit.seeds, strict=True):
            start[node] = seed if node not in start else start[node] + seed
        sent = self._sent(start)
        for node in reversed(circuit.order):
            if node in sent or node in start:
                self.gradient[node] = self.names.gradient(circuit.labels[node], self.name[node])
        seeds = [Given(self.gradient[n], seed) for n, seed in start.items()]
        lines = []
        places = dict.fromkeys(start, 1)
        counts = {n: len(wires) + (n in start) for n, wires in sent.items()}
        for node in reversed(circuit.order):
            if node not in self.gradient or not node.inputs:
                continue
            for position, source in enumerate(node.inputs):
                if (self.step[node], position) not in sent.get(source, ()):
                    continue
                place = places.get(source, 0)
                places[source] = place + 1
                lines.append(
                    Contribution(
                        self.step[node],
                        self.gradient[source],
                        self.name[source],
                        source.shape,
                        self._contribution(node, position),
                        place,
                        counts[source],
                    )
                )
        idle = []
        for node in circuit.inputs:
            if node not in self.gradient and node.dtype != INT64:
                self.gradient[node] = self.names.gradient("", self.name[node])
                zero: Any = np.zeros(node.shape) if node.shape else 0.0
                idle.append(Given(self.gradient[node], zero))
        return seeds, lines, idle

    def _sent(self, start: Mapping[Node, Any]) -> dict[Node, list[tuple[int, int]]]:
        """For each node the wires (step, position) along which a gradient comes back to it."""
        order = self.circuit.order
        active = {n for n in self.circuit.inputs if n.dtype != INT64}
        for node in order:
            if any(
                i in active and node.gate.rule(position) is not None
                for position, i in enumerate(node.inputs)
            ):
                active.add(node)
        sent: dict[Node, list[tuple[int, int]]] = {}
        for node in reversed(order):
            if node not in start and node not in sent:
                continue
            for position, source in enumerate(node.inputs):
                if source in active and node.gate.rule(position) is not None:
                    sent.setdefault(source, []).append((self.step[node], position))
        return sent

    def _contribution(self, node: Node, position: int) -> Term:
        rule = node.gate.rule(position)
        assert rule is not None
        args = [self._term(i) for i in node.inputs]
        # Read from their names, numbers are those of the inputs; the upstream gradient's is 1.
        ones: Any = np.ones(node.shape) if node.shape else 1.0
        upstream = leaf(Tensor, INPUT, ones)
        out = leaf(Tensor, INPUT, _value(node))
        inputs = self._stand_ins(node, args)
        term_of = {
            upstream: self.terms.name(self.gradient[node], ones),
            out: self._term(node),
            **_named(inputs, args),
        }
        try:
            made = rule(upstream, out, *inputs, **(node.params or {}))
        except (TypeError, DataError) as error:
            raise ArgumentError(
                f"the backward rule of gate {node.gate.name!r} is not written in gates, so that "
                f"it cannot be written out: {error}"
            ) from error
        shape = node.inputs[position].shape
        if not node.gate.elementwise:
            return self.terms.of(_fitted(made, shape), term_of)
        term = self.terms.of(made, term_of)
        start = term_of[upstream]
        local = self.terms.local(term, start)
        if local is not None:
            alone = local.is_only(1.0) and start.shape != shape
            term = start if alone else self.terms.times(local, start)
        if term.shape == shape:
            return term
        value = sum_to_gate.forward(term.value, shape)
        return self.terms.gate(sum_to_gate, (term,), {"shape": shape}, shape, value)


def _named(stand_ins: Sequence[Any], args: Sequence[Term]) -> dict[Node, Term]:
    return {s: a for s, a in zip(stand_ins, args, strict=True) if isinstance(s, Node)}


def _value(node: Node) -> Value:
    assert node.value is not None
    return node.value


def _fitted(made: Any, shape: Shape) -> Any:
    """A contribution in the shape of its input."""
    wide = broadcast_shapes(shape_of(made), shape)
    if shape_of(made) != wide:
        made = broadcast_to(made, wide)
    return made if wide == shape else sum_to_gate(made, shape)


def axes_summed(term: Term) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """For a sum over broadcast axes: the axes that go, and then those that stay with length 1."""
    before = term.args[0].shape
    axes = summed_axes(before, term.shape)
    extra = len(before) - len(term.shape)
    gone = tuple(a for a in axes if a < extra)
    return gone, tuple(a - extra for a in axes if a >= extra)
