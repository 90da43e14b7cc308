"""Trace: the lesson as a whole. Its readers are tables, JSON, pictures, players and slides."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, wraps
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from microgd.trace.events import Event, Immutable, TraceNode, Wire
from microgd.trace.export import to_dict, to_json
from microgd.trace.numbers import (
    CELL_WIDTH,
    WRITTEN_OUT,
    format_cell,
    format_number,
    format_shape,
    is_number,
)
from microgd.trace.sentences import exact_numbers
from microgd.trace.table import Table
from microgd.translation import _, speaking

#: Notes under a table beyond these are left out.
MOST_NOTES = 6

#: Two letters and a space: a rule that has a word in it, as `1 if x > y`; `sign x` is mathematics.
_WORDED = re.compile(r"(?<![^\W\d_])(?!sign )[^\W\d_⁰¹²³⁴⁵⁶⁷⁸⁹]{2,} ")


def _in_its_language(told: Callable[[Trace], Table]) -> Callable[[Trace], Table]:
    """A table that is in the trace's language, whatever is spoken around it."""

    @wraps(told)
    def speaks(self: Trace) -> Table:
        with speaking(self.lang):
            return told(self)

    return speaks


@dataclass(frozen=True, eq=False, repr=False)
class Trace(Immutable):
    """An immutable record of one forward and one backward pass, step by step.

    Attributes:
        nodes: in the order of computation.
        wires: from node to gate, in the order of the gates' inputs.
        events: the steps: forward, seed, contribution, broadcast sum, branch sum.
        output: the output's id.
        digits: decimals in its sentences.
        lang: the language of its sentences and tables: the one spoken when it was told.
    """

    #: How a notebook shows a trace; given by the floor that can draw (`draw/notebook.py`).
    _repr_html_: ClassVar[Callable[[Trace], str]]

    nodes: tuple[TraceNode, ...]
    wires: tuple[Wire, ...]
    events: tuple[Event, ...]
    output: str
    digits: int
    lang: str = "en"

    def __len__(self) -> int:
        return len(self.events)

    def __repr__(self) -> str:
        gates = sum(n.kind == "gate" for n in self.nodes)
        return f"<trace of {gates} gates in {len(self.events)} steps>"

    @cached_property
    def by_id(self) -> Mapping[str, TraceNode]:
        """The nodes by id."""
        return MappingProxyType({n.id: n for n in self.nodes})

    @cached_property
    def wire_by_id(self) -> Mapping[str, Wire]:
        """The wires by id."""
        return MappingProxyType({w.id: w for w in self.wires})

    @cached_property
    def wires_from(self) -> Mapping[str, tuple[Wire, ...]]:
        """Node id → the wires that leave it; none where nothing uses it."""
        found: dict[str, list[Wire]] = {}
        for wire in self.wires:
            found.setdefault(wire.source, []).append(wire)
        return MappingProxyType({source: tuple(wires) for source, wires in found.items()})

    def inputs_of(self, node: TraceNode) -> tuple[TraceNode, ...]:
        """The nodes that a gate takes, in the order of its inputs."""
        return tuple([self.by_id[self.wire_by_id[wire].source] for wire in node.wires])

    def node(self, label: str) -> TraceNode:
        """The node with that label (or id); a KeyError lists the labels there are."""
        for node in self.nodes:
            if node.label == label:
                return node
        if label in self.by_id:
            return self.by_id[label]
        known = ", ".join(n.label for n in self.nodes)
        raise KeyError(f"no node {label!r}; there are: {known}")

    @cached_property
    def changes(self) -> tuple[Event, ...]:
        """The steps that change an input's data midway: from `parts[0]` to `value`."""
        return tuple(
            e for e in self.events if e.kind == "forward" and self.by_id[e.node].kind != "gate"
        )

    def as_of(self, step: int | None) -> Trace:
        """The same lesson with the data that its inputs have once the steps 0 … `step` are told.

        They differ from those of the nodes only where data change midway; None: all are told.

        >>> import microgd as mg
        >>> from microgd.teaching.bugs.buggy import with_bug
        >>> circuit = mg.circuit("x * x", x=3)
        >>> stale = with_bug(circuit, "stale-data", change={"x": 5}).wrong
        >>> stale.as_of(0).node("x").value, stale.as_of(1).node("x").value
        (3.0, 5.0)
        """
        later = self.changes if step is not None else ()
        held = {e.node: e.parts[0] for e in reversed(later) if step is None or e.step > step}
        if not held:
            return self
        nodes = [replace(n, value=held[n.id]) if n.id in held else n for n in self.nodes]
        return replace(self, nodes=tuple(nodes))

    @property
    def has_gradients(self) -> bool:
        """Whether the backward pass was told."""
        return any(e.kind == "seed" for e in self.events)

    @property
    def sentences(self) -> tuple[str, ...]:
        """Every step in words and numbers."""
        return tuple(e.sentence for e in self.events)

    @_in_its_language
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
        return Table(_("forward"), (_("node"), _("gate"), _("computed")), tuple(rows))

    def _backward_table(self) -> Table:
        rows: list[tuple[str, ...]] = []
        so_far: dict[str, Any] = {}
        for event in self.events:
            if event.kind == "seed":
                label = self.by_id[event.node].label
                rows.append((_("seed"), label, "", "", self._cell(event.value), ""))
            if event.target is None:
                continue
            label = self.by_id[event.target].label
            if event.kind == "broadcast":
                axes = ", ".join(map(str, event.axes))
                over = _("over axis {axes}").format(axes=axes)
                first = (_("Σ broadcast"), label, over, "")
            else:
                node = self.by_id[event.node]
                upstream = self._cell(event.upstream)
                first = (f"{node.label}: {node.sign}", label, self._local(event), upstream)
            total = ""
            if not self._is_summed_next(event):
                before = so_far.get(event.target)
                with np.errstate(all="ignore"):
                    so_far[event.target] = event.value if before is None else before + event.value
                met = self._after(event)
                if met is not None and met.kind == "branch" and met.node == event.target:
                    so_far[event.target] = met.value  # of a wrong sweep not always the sum
                total = self._cell(so_far[event.target])
            rows.append((*first, self._cell(event.value), total))
        numbers = (_("local"), _("× upstream"), _("= contribution"), _("sum so far"))
        columns = (_("gate"), _("input"), *(f"{name}>" for name in numbers))
        return Table(_("backward"), columns, tuple(rows), self._rounded())

    def _rounded(self) -> tuple[str, ...]:
        """Steps whose numbers, as shown, do not give the result as shown."""
        notes: list[str] = []
        for event in self.events:
            if event.kind not in ("contribution", "branch") or event.pattern == "overwrites":
                continue
            exact = exact_numbers(event, self.digits)
            if exact and len(notes) == MOST_NOTES:
                return (*notes, "…")
            if exact:
                notes.append(_("before rounding, {step}").format(step=self._to(event) + exact))
        return tuple(notes)

    def _is_summed_next(self, event: Event) -> bool:
        after = self._after(event)
        return after is not None and after.kind == "broadcast" and after.wire == event.wire

    def _after(self, event: Event) -> Event | None:
        return self.events[event.step + 1] if event.step + 1 < len(self.events) else None

    def _local(self, event: Event) -> str:
        if event.local is None or event.rule == "0":
            return event.rule
        value = self._cell(event.local)
        if not event.rule:
            return value
        if is_number(event.rule):
            return value if np.size(event.local) == 1 else event.rule
        worded = _WORDED.search(event.rule)
        if worded and np.size(event.local) == 1 and float(event.local) not in (0.0, 1.0):
            shared = event.pattern == "routes"
            return _("{number} (tie)").format(number=value) if shared else value
        both = f"{event.rule}{':' if worded else ' ='} {value}"
        short = np.size(event.local) <= WRITTEN_OUT and len(both) <= CELL_WIDTH
        return both if short or np.size(event.local) == 1 else event.rule

    def _cell(self, value: Any) -> str:
        return format_cell(value, self.digits)

    @_in_its_language
    def gradients(self) -> Table:
        """Every input with its value and its gradient."""
        rows = [
            (n.label, self._known(n, n.value), self._known(n, n.gradient))
            for n in self.nodes
            if n.kind in ("input", "placeholder")
        ]
        columns = (_("input"), f"{_('value')}>", f"{_('gradient')}>")
        return Table(_("inputs"), columns, tuple(rows))

    def _known(self, node: TraceNode, value: Any) -> str:
        if value is not None:
            return self._cell(value)
        if node.value is None:
            return _("{shape}, no numbers").format(shape=format_shape(node.shape))
        return _("none: indices") if node.dtype.startswith("int") else _("not computed")

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
        return "\n".join(f"{e.step:>3}  {self.line(e)}" for e in self.events)

    def line(self, event: Event) -> str:
        """A step in words and numbers, and whose gradient it is about: `x ← branch: 1 + 2 = 3`."""
        return self._to(event) + event.sentence

    def _to(self, event: Event) -> str:
        """Whose gradient the step is about."""
        if event.kind in ("forward", "seed"):
            return ""
        return f"{self.by_id[event.target or event.node].label} ← "
