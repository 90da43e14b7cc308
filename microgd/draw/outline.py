"""An outline: the circuit as indented text, for a terminal where no picture can be drawn."""

from __future__ import annotations

from typing import NamedTuple

from microgd.draw.progress import Progress, progress
from microgd.trace.events import TraceNode
from microgd.trace.lesson import Trace
from microgd.trace.numbers import format_value
from microgd.translation import _, speaking

#: An outline longer than this is cut.
MOST_LINES = 60


class Row(NamedTuple):
    """A line of an outline: a node, its name after the branches that lead to it, its numbers."""

    node: TraceNode
    name: str
    value: str
    gradient: str


def outline(trace: Trace, *, step: int | None = None, gradients: bool = True) -> str:
    """The output on top, the inputs of each gate below it, each with its value and gradient.

    A node used more than once is written out the first time and named after that.

    >>> import microgd as mg
    >>> print(outline(mg.circuit("(x + y) * z", x=-2, y=5, z=-4).trace()))
    f: ×       value −12   gradient 1
    ├─ q: +    value 3     gradient −4
    │  ├─ x    value −2    gradient −4
    │  └─ y    value 5     gradient −4
    └─ z       value −4    gradient 3
    """
    return outline_of(trace, progress(trace, step, gradients=gradients))


def outline_of(trace: Trace, seen: Progress) -> str:
    """The outline of what can be seen."""
    with speaking(trace.lang):
        return _outline(trace, seen)


def _outline(trace: Trace, seen: Progress) -> str:
    rows, whole = rows_of(trace, seen)
    widths = [max(len(text) for text in texts) for texts in list(zip(*rows, strict=True))[1:3]]
    lines = [
        f"{name:<{widths[0]}}    {value:<{widths[1]}}   {gradient}".rstrip()
        for _node, name, value, gradient in rows
    ]
    return "\n".join(lines if whole else [*lines, "…"])


def rows_of(trace: Trace, seen: Progress) -> tuple[list[Row], bool]:
    """The lines of an outline, and whether they are all of them."""
    trace = trace.as_of(seen.told)
    rows: list[Row] = []
    written: set[str] = set()
    # (node, what precedes its own name, what precedes those of its inputs)
    waiting: list[tuple[TraceNode, str, str]] = [(trace.by_id[trace.output], "", "")]
    source = {w.id: w.source for w in trace.wires}
    while waiting and len(rows) < MOST_LINES:
        node, before, below = waiting.pop()
        again = node.id in written and bool(node.wires)
        written.add(node.id)
        name = before + _name(node, again, node.id == seen.node)
        rows.append(Row(node, name, *_numbers(trace, node, seen)))
        if again:
            continue
        drawn = [w for i, w in enumerate(node.wires) if i not in node.folded]
        for number, wire in reversed(list(enumerate(drawn))):
            last = number == len(drawn) - 1
            branch, space = ("└─ ", "   ") if last else ("├─ ", "│  ")
            waiting.append((trace.by_id[source[wire]], below + branch, below + space))
    return rows, not waiting


def _name(node: TraceNode, again: bool, active: bool) -> str:
    """The label and the sign; where the current step takes place, in brackets."""
    if node.kind != "gate":
        return f"[{node.label}]" if active else node.label
    name = f"{node.label}: [{node.sign}]" if active else f"{node.label}: {node.sign}"
    return _("{name}, as above").format(name=name) if again else name


def _numbers(trace: Trace, node: TraceNode, seen: Progress) -> tuple[str, str]:
    value = gradient = ""
    if node.id in seen.values and node.value is not None:
        value = _("value {number}").format(number=format_value(node.value, trace.digits))
    if node.id in seen.totals:
        shown = format_value(node.gradient, trace.digits)
        gradient = _("gradient {number}").format(number=shown)
    return value, gradient


def stacked_of(trace: Trace, seen: Progress) -> str:
    """Every node in lines of its own, in the order of computation, where an outline is too wide.

    >>> import microgd as mg
    >>> told = mg.circuit("x * y", x=2, y=3).trace()
    >>> print(stacked_of(told, progress(told, None)))
    x
      value 2
      gradient 3
    y
      value 3
      gradient 2
    f: × of x, y
      value 6
      gradient 1
    """
    with speaking(trace.lang):
        return _stacked(trace, seen)


def _stacked(trace: Trace, seen: Progress) -> str:
    trace = trace.as_of(seen.told)
    source = {w.id: w.source for w in trace.wires}
    lines: list[str] = []
    for node in trace.nodes:
        if len(lines) >= MOST_LINES:
            return "\n".join([*lines, "…"])
        if node.kind == "constant" and node.shape == () and not node.named:
            continue
        drawn = [w for i, w in enumerate(node.wires) if i not in node.folded]
        inputs = ", ".join(trace.by_id[source[w]].label for w in drawn)
        name = _name(node, False, node.id == seen.node)
        lines.append(_("{gate} of {inputs}").format(gate=name, inputs=inputs) if inputs else name)
        lines += [f"  {number}" for number in _numbers(trace, node, seen) if number]
    return "\n".join(lines)
