"""Wrong traces: a wrong sweep told by the same events as a right one.

So everything that reads a trace can show it: pictures, tables, the player.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from microgd.collector import collector_paused
from microgd.graph.node import Node
from microgd.graph.order import topological_order
from microgd.graph.values import Value, shape_of
from microgd.interpreter.reverse import in_precision
from microgd.teaching.bugs.wrong_sweeps import Arrival
from microgd.trace.build import told
from microgd.trace.copies import Copies, sealed, snapshot
from microgd.trace.events import Event
from microgd.trace.lesson import Trace
from microgd.trace.numbers import format_value
from microgd.trace.sentences import branch_sentence, contribution_sentence
from microgd.trace.telling import Sent, Telling, zeros
from microgd.translation import _

WrongSweep = Callable[[Sequence[Node], Value], Iterator[Arrival]]


def trace_wrongly(output: Node, sweep: WrongSweep, digits: int) -> Trace:
    """The trace of a circuit whose gradients a wrong sweep found."""
    with np.errstate(all="ignore"), collector_paused():
        order = list(snapshot(topological_order([output]), Copies()).values())
        seed = in_precision(np.ones(order[-1].shape) if order[-1].shape else 1.0, order[-1])
        arrivals = [_sealed(a) for a in sweep(order, seed)]
        totals: dict[Node, Value] = {order[-1]: seed}
        for one in arrivals:
            if one.holds is not None:
                totals[one.sent.target] = one.holds
        found = {
            n: totals[n] if n in totals else zeros(n)
            for n in order
            if not n.is_constant and n.dtype.kind == "f"
        }

        class Teller(_WrongTelling):
            heard = arrivals

        return told(order, [a.sent for a in arrivals], found, digits=digits, teller=Teller)


def _sealed(arrival: Arrival) -> Arrival:
    own = _own
    s = arrival.sent
    sent = s._replace(before=own(s.before), after=own(s.after), local=own(s.local))
    return arrival._replace(sent=sent, held=own(arrival.held), holds=own(arrival.holds))


def _own(value: Any) -> Any:
    return sealed(np.array(value)) if isinstance(value, np.ndarray) else value


class _WrongTelling(Telling):
    """Tells what arrived, and what became of it where something was there before."""

    heard: Sequence[Arrival] = ()

    def backward(
        self, output: Node, all_sent: Sequence[Sent], totals: Mapping[Node, Value], given: bool
    ) -> None:
        super().backward(output, (), totals, given)
        for arrival in self.heard:
            s = arrival.sent
            self._contribution(s, self._astray(s) if arrival.astray else None)
            if s.before is None or s.after is None:
                continue
            if shape_of(s.before) != shape_of(s.after):
                self._broadcast(s, s.before, s.after)
            if arrival.held is not None and arrival.holds is not None:
                self._met(arrival, arrival.held, arrival.holds, s.after)

    def _astray(self, s: Sent) -> str:
        """Of a gradient that goes where it should not."""
        assert s.after is not None
        if s.local is None:
            result = format_value(s.after, self.digits)
            return _("{gate} sends it to every element: {value}").format(
                gate=s.node.gate.name, value=result
            )
        said = contribution_sentence(
            s.node, s.position, self.names, s.local, s.upstream, s.after, self.digits
        )
        return _("{gate} sends it to the loser, too: {product}").format(
            gate=said.partition(" ")[0], product=said.partition(": ")[2]
        )

    def _met(self, arrival: Arrival, held: Value, holds: Value, new: Value) -> None:
        """Where a gradient meets one that came before."""
        target = arrival.sent.target
        old, now, total = (format_value(v, self.digits) for v in (held, new, holds))
        added = f"{old} + ({now})" if now.startswith("−") else f"{old} + {now}"
        if np.array_equal(holds, new, equal_nan=True) and not np.array_equal(held + new, holds):
            said = _("overwritten: {old} is lost, {new} stays").format(old=old, new=now)
            pattern = "overwrites"
        elif arrival.late is not None:
            said = _("branch: {sum} = {total}, but {late} was sent on already").format(
                sum=added, total=total, late=format_value(arrival.late, self.digits)
            )
            pattern = "too late"
        else:
            said = branch_sentence((held, new), holds, self.digits)
            pattern = "branches sum"
        self._add("branch", target, told=said, pattern=pattern, value=holds, parts=(held, new))


def with_more(trace: Trace, more: Sequence[Event], gradients: Mapping[str, Value]) -> Trace:
    """A trace with further events at its end, and other gradients of some nodes (by id)."""
    count = len(trace.events)
    events = [*trace.events, *(replace(e, step=count + n) for n, e in enumerate(more))]
    nodes = [replace(n, gradient=gradients[n.id]) if n.id in gradients else n for n in trace.nodes]
    return replace(trace, nodes=tuple(nodes), events=tuple(events))


def said_event(kind: Any, node: str, pattern: str, value: Value, said: str, *parts: Any) -> Event:
    """An event that only says something about a node."""
    return Event(
        0, kind, node, None, None, None, pattern, "", None, None, value, parts, (), said
    )  # fmt: skip
