"""The whole calculation in formulas: what a title page shows, and a heading of an exercise."""

from __future__ import annotations

from microgd.teaching.panel import formula_of
from microgd.trace.events import TraceNode
from microgd.trace.lesson import Trace
from microgd.trace.numbers import format_value

#: Longer formulas are not written in one line.
LONGEST = 64

#: How strongly a gate's sign binds; what binds less gets brackets. `(A @ B) · C` has them, too.
_BINDING = {"add": 1, "sub": 1, "mul": 2, "div": 2, "matmul": 1.5, "recip": 2, "neg": 2, "pow": 3,
            "square": 3, "transpose": 3, "index": 3}  # fmt: skip
_CALL = 4


def formulas_of(trace: Trace) -> tuple[str, ...]:
    """A line for each result that has a name, the output's last; empty if one would be too long.

    >>> import microgd as mg
    >>> formulas_of(mg.circuit("q = x + y; f = (q + 1) * -z", x=-2, y=5, z=-4).trace())
    ('q = x + y', 'f = (q + 1) · (−z)')
    """
    texts: dict[str, tuple[str, float]] = {}
    lines = []
    for node in trace.nodes:
        if node.kind != "gate":
            texts[node.id] = (node.label, 1 if node.label.startswith("−") else _CALL)
            continue
        text = _applied(trace, node, texts)
        if len(text) > LONGEST:
            return ()
        texts[node.id] = (text, _BINDING.get(node.gate, _CALL))
        if node.named or node.id == trace.output:
            lines.append(f"{node.label} = {text}")
            texts[node.id] = (node.label, _CALL)
    return tuple(lines)


def inputs_in_words(trace: Trace) -> tuple[str, ...]:
    """Every input with its value: `x = −2`."""
    return tuple(
        f"{n.label} = {format_value(n.value, trace.digits)}"
        for n in trace.nodes
        if n.kind == "input"
    )


def labels_of(trace: Trace) -> tuple[str, ...]:
    """The names that may stand in a formula of this trace."""
    return tuple(n.label for n in trace.nodes if n.kind != "constant" or n.named)


def _applied(trace: Trace, node: TraceNode, texts: dict[str, tuple[str, float]]) -> str:
    own = 3 if node.gate == "matmul" else _BINDING.get(node.gate)
    if own is None:  # a function: its brackets are enough
        return formula_of(node, [texts[i.id][0] for i in trace.inputs_of(node)])
    names = []
    for position, source in enumerate(trace.inputs_of(node)):
        text, binding = texts[source.id]
        # a − (b − c), but a − b − c; 1/(x · y); −(x + y), and x · (−y)
        strict = position > 0 or node.gate not in ("add", "sub", "mul")
        strict = strict and node.gate not in ("add", "mul")
        negative = text.startswith("−") and (position > 0 or own > 1)
        bare = source.kind == "constant"  # the row puts brackets around a negative number itself
        loose = binding < own or (strict and binding == own) or negative
        names.append(f"({text})" if loose and not bare else text)
    return formula_of(node, names)
