"""Trace: the lesson as a whole. Its readers are tables, JSON, pictures, players and slides."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from microgd.trace.events import Event, TraceNode, Wire
from microgd.trace.export import to_dict, to_json
from microgd.trace.numbers import format_number, format_value
from microgd.trace.table import Table


@dataclass(frozen=True, eq=False, repr=False)
class Trace:
    """An immutable record of one forward and one backward pass, step by step.

    Attributes:
        nodes: in the order of computation.
        wires: from node to gate, in the order of the gates' inputs.
        events: the steps: forward, seed, contribution, broadcast sum, branch sum.
        output: the output's id.
        digits: decimals in its sentences.
    """

    nodes: tuple[TraceNode, ...]
    wires: tuple[Wire, ...]
    events: tuple[Event, ...]
    output: str
    digits: int

    def __len__(self) -> int:
        return len(self.events)

    def __repr__(self) -> str:
        gates = sum(n.kind == "gate" for n in self.nodes)
        return f"<trace of {gates} gates in {len(self.events)} steps>"

    @cached_property
    def by_id(self) -> dict[str, TraceNode]:
        """The nodes by id."""
        return {n.id: n for n in self.nodes}

    def node(self, label: str) -> TraceNode:
        """The node with that label (or id); a KeyError lists the labels there are."""
        for node in self.nodes:
            if label in (node.label, node.id):
                return node
        known = ", ".join(n.label for n in self.nodes)
        raise KeyError(f"no node {label!r}; there are: {known}")

    @property
    def has_gradients(self) -> bool:
        """Whether the backward pass was told."""
        return any(e.kind == "seed" for e in self.events)

    @property
    def sentences(self) -> tuple[str, ...]:
        """Every step in words and numbers."""
        return tuple(e.sentence for e in self.events)

    def table(self) -> Table:
        """The backward pass as a table: gate, input, local × upstream = contribution, sum so far.

        Without gradients, the forward pass: gate, formula, value.
        """
        return self._backward_table() if self.has_gradients else self._forward_table()

    def _forward_table(self) -> Table:
        rows = []
        for event in self.events:
            node = self.by_id[event.node]
            rows.append((node.label, node.sign, event.sentence))
        return Table("forward", ("node", "gate", "computed"), tuple(rows))

    def _backward_table(self) -> Table:
        rows = []
        so_far: dict[str, Any] = {}
        for event in self.events:
            node = self.by_id[event.node]
            if event.kind == "seed":
                rows.append(("seed", node.label, "", "", self._show(event.value), ""))
            if event.kind not in ("contribution", "broadcast"):
                continue
            assert event.target is not None
            target = self.by_id[event.target]
            if event.kind == "broadcast":
                rows[-1] = (*rows[-1][:-1], "")
                axes = ", ".join(map(str, event.axes))
                first = ("Σ broadcast", target.label, f"over axis {axes}", "")
            else:
                gate = f"{node.label}: {node.sign}"
                first = (gate, target.label, self._local(event), self._show(event.upstream))
            before = so_far.get(target.id)
            waits = event.kind == "contribution" and self._is_summed_next(event)
            if not waits:
                so_far[target.id] = event.value if before is None else before + event.value
            total = "" if waits else self._show(so_far[target.id])
            rows.append((*first, self._show(event.value), total))
        columns = ("gate", "input", "local>", "× upstream>", "= contribution>", "sum so far>")
        return Table("backward", columns, tuple(rows))

    def _is_summed_next(self, event: Event) -> bool:
        after = self.events[event.step + 1] if event.step + 1 < len(self.events) else None
        return after is not None and after.kind == "broadcast" and after.wire == event.wire

    def _local(self, event: Event) -> str:
        if event.local is None:
            return event.rule
        value = self._show(event.local)
        plain = not event.rule or event.rule in ("1", "0", "−1")
        return value if plain else f"{event.rule} = {value}"

    def _show(self, value: Any) -> str:
        return format_value(value, self.digits)

    def gradients(self) -> Table:
        """Every input with its value and its gradient."""
        rows = [
            (n.label, self._show(n.value), self._show(n.gradient))
            for n in self.nodes
            if n.kind == "input"
        ]
        return Table("inputs", ("input", "value>", "gradient>"), tuple(rows))

    def to_dict(self) -> dict[str, Any]:
        """The trace as plain lists, dictionaries, numbers and text (see docs/trace-json.md)."""
        return to_dict(self)

    def to_json(self, indent: int | None = None) -> str:
        """The trace as JSON text; its schema is in microgd/trace/schema.json."""
        return to_json(self, indent)

    def number(self, x: float) -> str:
        """A number as this trace writes it."""
        return format_number(x, self.digits)

    def __str__(self) -> str:
        return "\n".join(f"{e.step:>3}  {e.sentence}" for e in self.events)

    def _repr_html_(self) -> str:
        return self._repr_svg_() + self.table()._repr_html_()

    def _repr_svg_(self) -> str:
        from microgd.draw.drawing import draw

        return draw(self).svg
