"""Paths: a derivative as a sum over all paths, and what that costs beside one backward sweep.

Along one path local derivatives are multiplied; the paths from an input to the output are added.
There can be astronomically many of them, and backpropagation visits every wire once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np

from microgd.errors import ArgumentError
from microgd.gates.table import TABLE, did_you_mean
from microgd.teaching.paths.sums import Costs, Path, Paths
from microgd.teaching.unroll import unroll
from microgd.trace.build import trace as trace_of
from microgd.trace.events import Event, TraceNode, Wire
from microgd.trace.lesson import Trace
from microgd.trace.numbers import short_number
from microgd.translation import speaking

#: So many paths are listed, unless more are asked for.
MOST = 10
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def paths(given: object, to: str, most: int = MOST) -> Paths:
    """The derivative by an input as a sum over all paths from that input to the output.

    Arguments:
        given: a Tensor, a Circuit or a Trace, with numbers. Arrays are taken apart into scalars.
        to: the input's label; an element of an array is `x[0]`.
        most: so many paths are listed at most; all are counted.

    Raises:
        ArgumentError: no such input, an output that is an array, or arrays too large to take apart.

    >>> import microgd as mg
    >>> found = paths(mg.circuit("x * y + x", x=3, y=2), "x")
    >>> found.count, [p.nodes for p in found.listed], [p.product for p in found.listed]
    (2, [('x', 'q', 'f'), ('x', 'f')], [2.0, 1.0])
    """
    return _Circuit(given).paths(to, most)


def all_paths(given: object, most: int = MOST) -> tuple[Paths, ...]:
    """The same for every input, in the order of the circuit."""
    circuit = _Circuit(given)
    return tuple(circuit.paths(node.label, most) for node in circuit.inputs)


class _Circuit:
    """The wires along which gradients pass, and counts over them."""

    def __init__(self, given: object) -> None:
        told = given if isinstance(given, Trace) else trace_of(given)
        if all(n.kind != "input" for n in told.nodes):
            shapes = [n.label for n in told.nodes if n.value is None and not n.wires]
            if shapes:
                raise ArgumentError(f"{shapes[0]} has a shape only; give it numbers first")
            raise ArgumentError("there is no input in it: paths start at a name, x=2 or so")
        self.trace = in_scalars(told)
        by_id = self.trace.by_id
        seeds = [e.value for e in self.trace.events if e.kind == "seed" and e.value is not None]
        if not seeds:
            raise ArgumentError("there are no gradients in this trace: tell it backward, too")
        self.seed = float(seeds[0])
        self.events: dict[str, Event] = {
            e.wire: e for e in self.trace.events if e.kind == "contribution" and e.wire
        }
        passing = [w for w in self.trace.wires if w.id in self.events and _passes(by_id, w)]
        self.users: dict[str, list[Wire]] = {n.id: [] for n in self.trace.nodes}
        for wire in passing:
            self.users[wire.source].append(wire)
        self.inputs = [n for n in self.trace.nodes if n.kind == "input"]
        # From each node to the output: how many paths, and how many wires they have together.
        self.count: dict[str, int] = {}
        self.length: dict[str, int] = {}
        for node in reversed(self.trace.nodes):
            ends = int(node.id == self.trace.output)
            after = [w.target for w in self.users[node.id]]
            self.count[node.id] = ends + sum(self.count[t] for t in after)
            self.length[node.id] = sum(self.length[t] + self.count[t] for t in after)

    def paths(self, to: str, most: int) -> Paths:
        node = self._input(to)
        output = self.trace.by_id[self.trace.output]
        gradient = 0.0 if node.gradient is None else float(node.gradient)
        listed: list[Path] = []
        for wires in self._ways(node.id):
            if len(listed) == most:
                break
            listed.append(self._path(node, wires))
        count = self.count[node.id]
        return Paths(
            self.trace, node.label, output.label, count, tuple(listed), gradient, self.costs
        )

    def _input(self, label: str) -> TraceNode:
        for node in self.inputs:
            if node.label.replace(" ", "") == "".join(label.split()):  # X[0,1], as in NumPy
                return node
        known = [n.label for n in self.inputs]
        elements = [n for n in known if n.startswith(f"{label}[")]
        if elements:
            raise ArgumentError(
                f"{label} is an array: choose an element, {', '.join(map(repr, elements[:3]))}"
                + (", …" if elements[3:] else "")
            )
        if any(n.label == label for n in self.trace.nodes):
            raise ArgumentError(f"{label} is no input: paths start at {', '.join(known)}")
        shown = ", ".join(known[:12]) + (", …" if known[12:] else "")
        raise ArgumentError(
            f"there is no input {label!r}; there are: {shown}.{did_you_mean(label, known)}"
        )

    def _ways(self, start: str) -> Iterator[tuple[Wire, ...]]:
        """Every way to the output, gate by gate in the order of computation; no recursion."""
        if start == self.trace.output:
            yield ()
        open_: list[Iterator[Wire]] = [iter(self._onward(start))]
        way: list[Wire] = []
        while open_:
            wire = next(open_[-1], None)
            if wire is None:
                open_.pop()
                if way:
                    way.pop()
                continue
            way.append(wire)
            if wire.target == self.trace.output:
                yield tuple(way)
            open_.append(iter(self._onward(wire.target)))

    def _onward(self, node: str) -> list[Wire]:
        return [w for w in self.users[node] if self.count[w.target]]

    def _path(self, start: TraceNode, wires: Sequence[Wire]) -> Path:
        by_id = self.trace.by_id
        events = [self.events[w.id] for w in wires]
        locals_ = [float(np.asarray(e.local)) for e in events]
        products = [self.seed]
        for local in reversed(locals_):
            products.append(local * products[-1])
        nodes = [start, *(by_id[w.target] for w in wires)]
        return Path(
            tuple(n.label for n in nodes),
            tuple(n.id for n in nodes),
            tuple(w.id for w in wires),
            tuple(e.rule or short_number(v) for e, v in zip(events, locals_, strict=True)),
            tuple(locals_),
            (start.label, *map(self._step, wires)),
            tuple(reversed(products)),
        )

    def _step(self, wire: Wire) -> str:
        """`→ q (+)`."""
        gate = self.trace.by_id[wire.target]
        twins = [w.id for w in self.users[wire.source] if w.target == wire.target]
        number = str(twins.index(wire.id) + 1).translate(_LOWERED) if twins[1:] else ""
        return f"→{number} {gate.label} ({gate.sign})"

    @cached_property
    def costs(self) -> Costs:
        """Multiplications, if every local derivative that is used takes one."""
        forward = 0
        backward = 0
        # Which inputs a node depends on, as bits: a set for each node would be quadratic.
        depends = {n.id: 1 << i for i, n in enumerate(self.inputs)}
        for node in self.trace.nodes:
            own = depends.setdefault(node.id, 0)
            for wire in self.users[node.id]:
                if self.count[wire.target] and own:
                    forward += own.bit_count()
                    backward += 1
                    depends[wire.target] = depends.get(wire.target, 0) | own
        total = sum(self.length[n.id] for n in self.inputs)
        return Costs(total, forward, backward, len(self.inputs))


def in_scalars(trace: Trace) -> Trace:
    """The trace itself, if it is of scalars; else that of its elements.

    Raises:
        ArgumentError: the output is an array, or there are too many elements.
    """
    output = trace.by_id[trace.output]
    if output.shape != ():
        raise ArgumentError(
            f"{output.label} is an array, and a derivative is of one number: reduce it with "
            "sum(…) or mean(…)"
        )
    plain = all(n.shape == () and _elementwise(n) for n in trace.nodes)
    if plain:
        return trace
    made = unroll(trace).elements[trace.output].item()
    seed = next((e.value for e in trace.events if e.kind == "seed"), None)
    with speaking(trace.lang):
        return trace_of(made, upstream=seed, backward=seed is not None, digits=trace.digits)


def _elementwise(node: TraceNode) -> bool:
    row = TABLE.get(node.gate)
    return node.kind != "gate" or (row is not None and row.elementwise)


def _passes(by_id: Mapping[str, TraceNode], wire: Wire) -> bool:
    row = TABLE.get(by_id[wire.target].gate)
    return row is not None and row.rule(wire.position) is not None
