"""Building a trace: the forward events as recorded, the backward events from one watched sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from microgd.collector import collector_paused
from microgd.errors import DataError, ShapeError
from microgd.graph.fresh import require_fresh
from microgd.graph.node import Node
from microgd.graph.order import topological_order
from microgd.graph.source import Source
from microgd.graph.values import Value, shape_of, value_from
from microgd.interpreter.reverse import in_precision, sweep
from microgd.trace.copies import Copies, snapshot
from microgd.trace.events import TraceNode, Wire
from microgd.trace.labels import folded_constants, labels, sign_of
from microgd.trace.lesson import Trace
from microgd.trace.numbers import digits_for
from microgd.trace.sentences import tie_sentence
from microgd.trace.telling import Sent, Telling, local_derivative, zeros
from microgd.translation import language


def trace(
    output: Any, *, upstream: Any = None, backward: bool = True, digits: int | None = None
) -> Trace:
    """Tell what was computed and how gradients flow back, as an immutable list of events.

    Arguments:
        output: a Tensor, or anything with an `.output` (a Circuit).
        upstream: the gradient to start from, in the output's shape; 1 (ones for an array: the
            gradient of its sum).
        backward: False tells the forward pass only; so does an output without numbers.
        digits: decimals in sentences; None takes 0 if all numbers are whole, else 2.

    The Tensors' own `.grad` is neither read nor changed. Sentences and tables are in the language
    that is spoken here: `with mg.speaking("cs"):` around the call makes it Czech.

    Raises:
        DataError: something that is not a Tensor.
        ShapeError: an upstream gradient that has not the output's shape.
        StaleDataError: data changed after it was used.

    >>> import microgd as mg
    >>> x, y, z = mg.Tensor(-2.0, name="x"), mg.Tensor(5.0, name="y"), mg.Tensor(-4.0, name="z")
    >>> print("; ".join(e.sentence for e in trace((x + y) * z).events[-2:]))
    + distributes: 1 · (−4) = −4; + distributes: 1 · (−4) = −4
    """
    output = output_of(output)
    order = topological_order([output])
    require_fresh(order)
    with np.errstate(all="ignore"), collector_paused():
        order, contributions, totals = _recorded(order, upstream, backward)
        return told(order, contributions, totals, given=upstream is not None, digits=digits)


def told(
    order: Sequence[Node],
    contributions: Sequence[Sent],
    totals: Mapping[Node, Value],
    *,
    given: bool = False,
    digits: int | None = None,
    teller: type[Telling] = Telling,
) -> Trace:
    """The trace of what one sweep sent, over copies of the nodes stamped by their place.

    Arguments:
        totals: the gradient of each node; empty tells the forward pass only.
        given: whether the seed was given.
        teller: who puts what was sent into events.
    """
    names = labels(order, order[-1])
    if digits is None:
        numbers = [n.value for n in order if n.dtype.kind == "f"]
        sent = [v for s in contributions for v in (s.after, s.local)]
        digits = digits_for([*numbers, *totals.values(), *sent])
    ids = [f"n{place}" for place in range(len(order))]
    wire_ids = [
        tuple([f"{own}.{i}" for i in range(len(node.inputs))])
        for node, own in zip(order, ids, strict=True)
    ]
    telling = teller(order, names, ids, wire_ids, digits)
    telling.forward()
    if totals:
        telling.backward(order[-1], contributions, totals, given)
    wires = _wires(order, ids, wire_ids, contributions)
    describe = _Describing(names, ids, wire_ids, totals)
    nodes = tuple([describe.node(n) for n in order])
    return Trace(nodes, wires, tuple(telling.events), ids[-1], digits, language())


def output_of(given: Any) -> Node:
    """The node to tell of: itself, or the `.output` of a Circuit."""
    output = getattr(given, "output", given)
    if not isinstance(output, Node):
        raise DataError(
            f"trace needs a Tensor that was computed from others, got {type(output).__name__}; "
            "wrap the inputs first: x = mg.Tensor(2.0, name='x')"
        )
    return output


def _start(output: Node, upstream: Any) -> Value:
    if upstream is None:
        return in_precision(np.ones(output.shape) if output.shape else 1.0, output)
    start = value_from(upstream)
    if shape_of(start) != output.shape:
        raise ShapeError(f"upstream has shape {shape_of(start)}, the output {output.shape}")
    return in_precision(start, output)


def _recorded(
    order: Sequence[Node], upstream: Any, backward: bool
) -> tuple[list[Node], list[Sent], dict[Node, Value]]:
    """The nodes, every contribution in order, and the gradient of all but constants and indices.

    All of these are copies.
    """
    copies = Copies()
    kept = snapshot(order, copies)
    if backward and order[-1].value is not None:
        return list(kept.values()), *_watched_sweep(order, upstream, kept, copies)
    return list(kept.values()), [], {}


def _watched_sweep(
    order: Sequence[Node], upstream: Any, kept: Mapping[Node, Node], copies: Copies
) -> tuple[list[Sent], dict[Node, Value]]:
    contributions: list[Sent] = []
    own = copies.of

    def watch(node: Node, position: int, upstream: Any, before: Any, after: Any) -> None:
        local = own(local_derivative(node, position))
        told, target = kept[node], kept[node.inputs[position]]
        contributions.append(
            Sent(told, position, target, own(upstream), own(before), own(after), local)
        )

    found = sweep(
        order,
        {order[-1]: _start(order[-1], upstream)},
        keep=frozenset(n for n in order if n.inputs),
        watch=watch,
    )
    return contributions, {
        kept[n]: own(in_precision(found[n], n)) if n in found else zeros(n)
        for n in order
        if not n.is_constant and n.dtype.kind == "f"
    }


def _wires(
    order: Sequence[Node],
    ids: Sequence[str],
    wire_ids: Sequence[tuple[str, ...]],
    contributions: Sequence[Sent],
) -> tuple[Wire, ...]:
    along: dict[str, Value | None] = {}
    for s in contributions:
        wire = wire_ids[s.node.stamp][s.position]
        before = along.get(wire)  # along a wire of a wrong sweep something may come twice
        along[wire] = s.after if before is None or s.after is None else before + s.after
    return tuple(
        [
            Wire(wire, ids[source.stamp], own, position, along.get(wire))
            for target, own, wires in zip(order, ids, wire_ids, strict=True)
            for position, (wire, source) in enumerate(zip(wires, target.inputs, strict=True))
        ]
    )


class _Describing:
    """Makes the trace's nodes. A circuit of thousands of gates has few lines of code and dtypes."""

    def __init__(
        self,
        names: Mapping[Node, str],
        ids: Sequence[str],
        wires: Sequence[tuple[str, ...]],
        totals: Mapping[Node, Value],
    ) -> None:
        self.names = names
        self.ids = ids
        self.wires = wires
        self.totals = totals
        self.sources: dict[Any, Source | None] = {}
        self.dtypes: dict[Any, str] = {}

    def node(self, node: Node) -> TraceNode:
        """One node of the trace."""
        gate, name = node.gate, node.name
        return TraceNode(
            id=self.ids[node.stamp],
            label=self.names[node],
            named=bool(name and name.strip()),
            name=name,
            kind="gate" if node.inputs else gate.name,
            gate=gate.name,
            sign=sign_of(node) if node.inputs else "",
            pattern=gate.pattern,
            badge=gate.badge or gate.pattern,
            params=MappingProxyType(node.params) if node.params else _NONE,
            wires=self.wires[node.stamp],
            folded=folded_constants(node),
            commutative=gate.commutative,
            shape=node.shape,
            dtype=self._dtype(node),
            value=node.value,
            gradient=self.totals.get(node),
            scope=node.scope,
            source=self._source(node),
            tie=tie_sentence(node),
        )

    def _dtype(self, node: Node) -> str:
        found = self.dtypes.get(node.dtype)
        if found is None:
            found = self.dtypes[node.dtype] = str(node.dtype)
        return found

    def _source(self, node: Node) -> Source | None:
        place = node._code, node._offset
        if place not in self.sources:
            self.sources[place] = node.source
        return self.sources[place]


#: The parameters of a gate without any.
_NONE: Mapping[str, Any] = MappingProxyType({})
