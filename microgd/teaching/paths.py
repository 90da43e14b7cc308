"""Paths: a derivative as a sum over all paths, and what that costs beside one backward sweep.

Along one path local derivatives are multiplied; the paths from an input to the output are added.
There can be astronomically many of them, and backpropagation visits every wire once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from microgd.draw.drawing import Drawing, draw
from microgd.draw.highlight import highlighted
from microgd.errors import ArgumentError
from microgd.gates.table import TABLE, did_you_mean
from microgd.teaching.factors import as_factor, bracketed
from microgd.teaching.unroll import unroll
from microgd.trace.build import trace as trace_of
from microgd.trace.events import Event, TraceNode, Wire
from microgd.trace.lesson import Trace
from microgd.trace.numbers import format_number, short_number
from microgd.trace.table import Table
from microgd.translation import _, speaking

#: So many paths are listed, unless more are asked for.
MOST = 10
#: Longer paths are written with an ellipsis.
LONGEST = 8
#: Counts below this are written out.
_PLAIN = 10_000_000
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True)
class Path:
    """One way from the input to the output.

    Attributes:
        nodes: the labels on the way, the input first.
        ids: of those nodes; wires: ids of the wires between them.
        rules: the local derivative of each gate on the way, in symbols.
        locals: the same in numbers.
        steps: the way as text: `x`, `→ q (+)`, `→ f (×)`; where two wires lead from one node to
            the same gate, they are numbered: `→₁`.
        products: what comes back along this path, at each node: the last one is the seed.
    """

    nodes: tuple[str, ...]
    ids: tuple[str, ...]
    wires: tuple[str, ...]
    rules: tuple[str, ...]
    locals: tuple[float, ...]
    steps: tuple[str, ...]
    products: tuple[float, ...]

    @property
    def product(self) -> float:
        """The path's share of the derivative."""
        return self.products[0]


@dataclass(frozen=True, slots=True)
class Costs:
    """How many multiplications each way takes: one for each local derivative that is used.

    Attributes:
        paths: along every path from every input, one after the other.
        forward: in forward mode, with a sweep for each input.
        backward: in one backward sweep, for all inputs together.
        inputs: how many inputs there are.
    """

    paths: int
    forward: int
    backward: int
    inputs: int


@dataclass(frozen=True, slots=True)
class Paths:
    """A derivative as a sum over paths.

    Attributes:
        trace: the circuit, in scalars.
        source, output: the labels of the input and of the output.
        count: how many paths there are.
        listed: the first of them.
        gradient: the sum over all of them, as the backward sweep finds it.
        costs: what the sum over paths costs, and what is done instead.
    """

    trace: Trace
    source: str
    output: str
    count: int
    listed: tuple[Path, ...]
    gradient: float
    costs: Costs

    def table(self) -> Table:
        """Each path: where it goes, its local derivatives in symbols and in numbers, the product.

        The last row is the sum.
        """
        with speaking(self.trace.lang):
            rows = [self._row(path) for path in self.listed]
            left = self.count - len(self.listed)
            if left:
                rows.append((_("… and {n} more").format(n=count_text(left)), "", "", ""))
            rows.append((_("sum"), "", "", self.written(self.gradient)))
            columns = (_("path"), _("local derivatives"), _("in numbers"), _("product") + ">")
            return Table(self.title, columns, tuple(rows))

    def drawings(self, look: str = "circuit", **options: Any) -> tuple[Drawing, ...]:
        """A picture for each listed path: its wires stand out, with its products below them.

        `options` are those of `mg.draw`.
        """
        whole = draw(self.trace, look, **{"names": "all", **options})
        return tuple(
            highlighted(
                whole, p.wires, dict(zip(p.ids, map(self.written, p.products), strict=True))
            )
            for p in self.listed
        )

    @property
    def title(self) -> str:
        """`∂f/∂x: 2 paths`."""
        with speaking(self.trace.lang):
            partial = f"∂{self.output}/∂{self.source}"
            if not self.count:
                return _("{partial}: no path that a gradient passes").format(partial=partial)
            if self.count == 1:
                return _("{partial}: one path").format(partial=partial)
            return _("{partial}: {n} paths").format(partial=partial, n=count_text(self.count))

    def _row(self, path: Path) -> tuple[str, str, str, str]:
        numbers = [self.written(v) for v in path.locals]
        if path.products[-1] != 1.0:
            numbers.append(self.written(path.products[-1]))
        first, *rest = numbers or [""]
        return (
            " ".join(_short(path.steps)),
            " · ".join(_short([as_factor(r) for r in path.rules])),
            " · ".join(_short([first, *map(bracketed, rest)])),
            self.written(path.product),
        )

    def written(self, x: float) -> str:
        """A number as this circuit's numbers are written."""
        return format_number(x, self.trace.digits)

    def sentences(self) -> tuple[str, ...]:
        """What the sum over paths costs, and why one backward sweep wins."""
        if not self.costs.backward:
            return ()
        with speaking(self.trace.lang):
            return tuple(_cost_sentences(self.costs))


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


def counts(found: Sequence[Paths]) -> Table:
    """How many paths lead from each input, and what they add up to: for circuits of many inputs."""
    with speaking(found[0].trace.lang):
        rows = [(p.source, count_text(p.count), p.written(p.gradient)) for p in found]
        columns = (_("input"), _("paths") + ">", _("gradient") + ">")
        return Table(_("paths from each input"), columns, tuple(rows))


class _Circuit:
    """The wires along which gradients pass, and counts over them."""

    def __init__(self, given: object) -> None:
        told = given if isinstance(given, Trace) else trace_of(given)
        if all(n.kind != "input" for n in told.nodes):
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
            if node.label == label:
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


def count_text(n: int) -> str:
    """A count: written out, or by its size.

    >>> count_text(12), count_text(2**50)
    ('12', '1.13 · 10¹⁵')
    """
    if n < _PLAIN:
        return str(n)
    size = math.log10(n)
    exponent = int(size)
    mantissa = f"{10 ** (size - exponent):.2f}"
    if mantissa == "10.00":
        mantissa, exponent = "1.00", exponent + 1
    return f"{mantissa} · 10{str(exponent).translate(_RAISED)}"


def _short(parts: Sequence[str]) -> list[str]:
    """The first and the last ones of many."""
    if len(parts) <= LONGEST:
        return list(parts)
    return [*parts[: LONGEST - 3], "…", *parts[-2:]]


def _cost_sentences(costs: Costs) -> Iterator[str]:
    yield _("Multiplications, one for each local derivative that is used:")
    yield "  " + _("path by path: {n}").format(n=count_text(costs.paths))
    if costs.inputs == 1:
        yield "  " + _("forward mode, one sweep: {n}").format(n=count_text(costs.forward))
    else:
        yield "  " + _("forward mode, a sweep for each of the {inputs} inputs: {n}").format(
            inputs=costs.inputs, n=count_text(costs.forward)
        )
    yield "  " + _("backward mode, one sweep: {n}").format(n=count_text(costs.backward))
    if costs.paths > costs.backward < costs.forward:
        yield _(
            "Backward wins: what comes back to a node is summed there once, so each local "
            "derivative is used once, and one sweep gives the gradient of every input."
        )
    elif costs.paths > costs.backward:
        yield _(
            "A sweep adds up at each node what would otherwise be multiplied again on every path "
            "through it. Forward and backward mode cost the same here."
        )
    else:
        yield _(
            "No wire is on two paths here, so all three cost the same. Let a value be used "
            "twice on the way, and they part."
        )
