"""LaTeX: the steps as numbered equations, in symbols and in numbers."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from microgd.graph.values import Value
from microgd.notation.latex import to_latex
from microgd.notation.latex_text import latex_text
from microgd.notation.reading import read
from microgd.teaching.emit.names import shown
from microgd.teaching.factors import as_factor
from microgd.teaching.otherwise import whole_rule
from microgd.teaching.panel import Panel, panel_of
from microgd.trace.events import Event
from microgd.trace.lesson import Trace
from microgd.trace.numbers import format_value
from microgd.translation import _

#: Numbers that would not fit beside the symbols are left out.
WIDE = 70
#: A display of more lines may be broken between pages.
LONG = 20


def program(trace: Trace, title: str) -> str:
    """A fragment for a document that uses amsmath."""
    number = {n.id: i for i, n in enumerate((n for n in trace.nodes if n.kind == "gate"), 1)}
    told = [(e, panel_of(trace, e)) for e in trace.events]
    parts = [
        (_("forward"), [p for p in told if p[0].kind == "forward"]),
        (_("backward, in reverse"), [p for p in told if p[0].kind != "forward"]),
    ]
    lines = [f"% {shown(line)}" for line in (title, _("needs the package amsmath")) if line]
    inputs = r",\quad ".join(_given(trace))
    if inputs:
        lines += [rf"\[ {inputs} \]", ""]
    for heading, steps in parts:
        if not steps:
            continue
        rows = [_row(trace, event, panel, number) for event, panel in steps]
        long = [r"\begingroup\allowdisplaybreaks"] if len(rows) > LONG else []
        lines += [rf"\paragraph{{{latex_text(heading)}}}", *long, r"\begin{align*}"]
        lines += [f"  {row}" for row in " \\\\\n".join(rows).split("\n")]
        lines += [r"\end{align*}", *([r"\endgroup"] if long else []), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _given(trace: Trace) -> Iterable[str]:
    """The inputs and their numbers."""
    for node in trace.nodes:
        if node.kind in ("input", "constant") and (node.kind == "input" or node.shape):
            yield f"{_set(node.label, [node.label])} = {_numbers(trace, node.value)}"


def _numbers(trace: Trace, value: Value | None) -> str:
    """A number; a row of numbers in brackets; a matrix as one."""
    array = np.asarray(value)
    if array.ndim != 2 or not 0 < array.size <= LONG:
        return _set(format_value(value, trace.digits), ())
    rows = [" & ".join(_set(format_value(x, trace.digits), ()) for x in row) for row in array]
    body = r" \\ ".join(rows)
    return rf"\begin{{pmatrix}} {body} \end{{pmatrix}}"


def _row(trace: Trace, event: Event, panel: Panel, number: dict[str, int]) -> str:
    """`left & = symbols & & = numbers & & (1)`."""
    right, numbers = panel.right, panel.numbers
    if event.kind == "contribution" and event.local is not None and event.rule:
        q = trace.by_id[event.node].label
        right = f"{as_factor(whole_rule(trace, event))} · ∂{_output(trace)}/∂{q}"
    if event.kind == "broadcast":
        axes = ", ".join(map(str, event.axes))
        right = _("the sum over axis {axes}").format(axes=axes)
    done = _set(numbers, panel.names) if numbers and len(numbers) <= WIDE else ""
    if event.value is not None and event.kind != "seed" and (not done or np.ndim(event.value) > 1):
        done = _numbers(trace, event.value)
        done = "" if len(format_value(event.value, trace.digits)) > WIDE else done
    cells = f"{_set(panel.left, panel.names)} &"
    if right:
        cells += f" = {_set(right, panel.names)}"
    step = "" if event.kind in ("seed", "branch") else f"({number[event.node]})"
    if done or step:
        cells += f" & & {f'= {done}' if done else ''}".rstrip()
    return f"{cells} & & {step}" if step else cells


def _output(trace: Trace) -> str:
    return trace.by_id[trace.output].label


def _set(text: str, names: Iterable[str]) -> str:
    return to_latex(read(text, names))
