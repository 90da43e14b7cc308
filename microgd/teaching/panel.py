"""Panels: one step of the lesson as formulas, in symbols and in numbers, and as a sentence.

Formulas are plain text as sentences write them; `notation` typesets them for a page or a slide.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import numpy as np

from microgd.gates.table import TABLE
from microgd.graph.values import Value
from microgd.teaching.otherwise import whole_rule
from microgd.trace.events import Event, Kind, TraceNode
from microgd.trace.formula import written
from microgd.trace.lesson import Trace
from microgd.trace.numbers import WRITTEN_OUT, format_value
from microgd.trace.words import operation
from microgd.translation import _, speaking

#: A branch of at most so many wires is written out in symbols.
MOST_WIRES = 3


@dataclass(frozen=True, slots=True)
class Panel:
    """What is shown beside the circuit at one step.

    Attributes:
        title: what happens, and to what: `f: × → z`.
        left, right: of the step in symbols, its two sides: `∂f/∂x` and `∂q/∂x · ∂f/∂q`, `q` and
            `x + y`; the right one is empty where there is nothing to write.
        rule: the local derivative in symbols: `∂q/∂x = 1`; empty where there is none to write.
        numbers: the step in numbers: `3 · 1 = 3`.
        local, upstream, value: the three numbers of a contribution; empty elsewhere but for value.
        names: the labels that stand in the formulas, for whoever typesets them.
        sentence: the step in words.
    """

    step: int
    kind: Kind
    title: str
    left: str
    right: str
    rule: str
    numbers: str
    local: str
    upstream: str
    value: str
    names: tuple[str, ...]
    sentence: str

    @property
    def symbols(self) -> str:
        """The step in symbols: `∂f/∂x = ∂q/∂x · ∂f/∂q`, `q = x + y`."""
        return f"{self.left} = {self.right}" if self.right else self.left


def panels(trace: Trace) -> tuple[Panel, ...]:
    """The panel of every step.

    >>> import microgd as mg
    >>> told = panels(mg.circuit("(x + y) * z", x=-2, y=5, z=-4).trace())
    >>> told[5].symbols, told[5].rule, told[5].numbers
    ('∂f/∂x = ∂q/∂x · ∂f/∂q', '∂q/∂x = 1', '1 · (−4) = −4')
    """
    return tuple(panel_of(trace, event) for event in trace.events)


def panel_of(trace: Trace, event: Event) -> Panel:
    """The panel of one step, in the language that the trace is told in."""
    with speaking(trace.lang):
        return _of(trace, event)


def _of(trace: Trace, event: Event) -> Panel:
    match event.kind:
        case "forward":
            return _forward(trace, event)
        case "seed":
            f = trace.by_id[event.node].label
            return _panel(trace, event, f, f"∂{f}/∂{f}", _shown(trace, event.value), (f,))
        case "branch":
            return _branch(trace, event)
        case "broadcast":
            x = trace.by_id[event.target or event.node].label
            return _panel(trace, event, x, _partial(trace, x), "", (x,))
    return _contribution(trace, event)


def _panel(
    trace: Trace,
    event: Event,
    title: str,
    left: str,
    right: str,
    names: tuple[str, ...],
    numbers: str = "",
    rule: str = "",
) -> Panel:
    output = trace.by_id[trace.output].label
    return Panel(
        event.step,
        event.kind,
        title,
        left,
        right,
        rule,
        numbers,
        _shown(trace, event.local),
        _shown(trace, event.upstream),
        _shown(trace, event.value),
        (output, *names),
        event.sentence,
    )


def _forward(trace: Trace, event: Event) -> Panel:
    node = trace.by_id[event.node]
    if node.kind != "gate":  # of a bug: an input that changes
        changed = _shown(trace, event.value)
        return _panel(trace, event, node.label, node.label, changed, (node.label,))
    inputs = trace.inputs_of(node)
    names = tuple(i.label for i in inputs)
    symbols = formula_of(node, names)
    numbers = ""
    if node.value is not None:
        # What the sentence says after the symbols: `−2 + 5 = 3`.
        said = event.sentence.removeprefix(f"{node.label} = {symbols}")
        numbers = said.removeprefix(" = ")
    title = f"{node.label}: {node.sign}"
    return _panel(trace, event, title, node.label, symbols, (node.label, *names), numbers)


def _contribution(trace: Trace, event: Event) -> Panel:
    node, target = trace.by_id[event.node], trace.by_id[event.target or ""]
    f, q, x = trace.by_id[trace.output].label, node.label, target.label
    names = (q, x, *(i.label for i in trace.inputs_of(node)))
    along = _along(trace, event, q, x)
    title = f"{q}: {node.sign} → {x}"
    upstream = f"∂{f}/∂{q}"
    if event.local is None:
        return _panel(trace, event, title, along, operation_of(trace, event, upstream), names)
    local = _local(trace, event)
    right = f"{local} · {upstream}"
    rule = f"{local} = {whole_rule(trace, event)}" if event.rule and local == f"∂{q}/∂{x}" else ""
    numbers = ""
    if all(_short(v) for v in (event.local, event.upstream, event.value)):
        local, up, value = (_shown(trace, v) for v in (event.local, event.upstream, event.value))
        numbers = f"{local} · {_bracketed(up)} = {value}"
    return _panel(trace, event, title, along, right, names, numbers, rule)


def _local(trace: Trace, event: Event) -> str:
    """The local derivative in symbols: `∂q/∂x`.

    At the output's own gate that would be `∂f/∂x`, which is what the whole gradient is called, and
    in `x*x + x` another number. What the derivative is stands there instead: `y · ∂f/∂f`.
    """
    if event.node != trace.output or not event.rule:
        return f"∂{trace.by_id[event.node].label}/∂{trace.by_id[event.target or ''].label}"
    rule = whole_rule(trace, event)
    return f"({rule})" if set(rule.lstrip("−")) & set(" ·/+−*@,") else rule


def operation_of(trace: Trace, event: Event, upstream: str) -> str:
    """What a gate that has a Jacobian does with its upstream gradient; "" where it only passes."""
    node, position = trace.by_id[event.node], event.position or 0
    row = TABLE.get(node.gate)
    if row is None or row.rule(position) is None:  # no gradient passes
        return ""
    inputs = [(i.label, i.shape) for i in trace.inputs_of(node)]
    output = (node.label, node.shape)
    done = operation(node.gate, node.params, inputs, output, position, upstream)
    return "" if done == upstream else done


def _branch(trace: Trace, event: Event) -> Panel:
    node = trace.by_id[event.node]
    x = node.label
    came = _came_from(trace, event)
    f = trace.by_id[trace.output].label
    parts = [f"{_local(trace, e)} · ∂{f}/∂{trace.by_id[e.node].label}" for e in came]
    users = {trace.by_id[i].label: None for e in came for i in _around(trace, e)}
    few = len(event.parts) <= MOST_WIRES and len(parts) == len(event.parts)
    wires = _("the sum over its {n} wires").format(n=len(event.parts))
    left, right = _partial(trace, x), " + ".join(parts) if few else wires
    if event.pattern != "branches sum":  # of a bug
        right = ""
    if event.pattern == "overwrites":
        return _panel(trace, event, x, left, right, (x,), _shown(trace, event.value))
    numbers = ""
    if len(event.parts) <= WRITTEN_OUT and _short(event.value):
        first, *rest = (_shown(trace, p) for p in event.parts)
        added = "".join(f" + {_bracketed(p)}" for p in rest)
        numbers = f"{first}{added} = {_shown(trace, event.value)}"
    return _panel(trace, event, x, left, right, (x, *users), numbers)


def _came_from(trace: Trace, branch: Event) -> list[Event]:
    """The contributions that a branch sums, in the order in which they came back."""
    wires = len(trace.wires_from.get(branch.node, ()))
    if wires > MOST_WIRES:
        return []
    before = reversed(trace.events[: branch.step])
    came = (e for e in before if e.target == branch.node and e.kind == "contribution")
    return list(islice(came, wires))[::-1]


def _around(trace: Trace, event: Event) -> tuple[str, ...]:
    """A gate and what it takes."""
    node = trace.by_id[event.node]
    return node.id, *(i.id for i in trace.inputs_of(node))


def formula_of(node: TraceNode, names: list[str] | tuple[str, ...]) -> str:
    """A gate of the trace applied to these names, as written by hand."""
    row = TABLE.get(node.gate)
    if row is None:  # a user's gate that has been taken out of the table again
        return f"{node.gate}({', '.join(names)})"
    return written(row, node.params, node.folded, names)


def _partial(trace: Trace, x: str) -> str:
    return f"∂{trace.by_id[trace.output].label}/∂{x}"


def _along(trace: Trace, event: Event, q: str, x: str) -> str:
    """What a contribution is: the whole gradient, or what comes along one of several wires."""
    whole = _partial(trace, x)
    leaving = trace.wires_from.get(event.target or "", ())
    if sum(w.gradient is not None for w in leaving) < 2:
        return whole
    return f"{whole} {_('via {gate}').format(gate=q)}"


def _short(value: Value | None) -> bool:
    return value is not None and 0 < np.size(value) <= WRITTEN_OUT


def _shown(trace: Trace, value: Value | None) -> str:
    return "" if value is None else format_value(value, trace.digits)


def _bracketed(shown: str) -> str:
    return f"({shown})" if shown.startswith("−") else shown
