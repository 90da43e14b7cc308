"""Formulas: the right gradient of a step as one formula, to be chosen among wrong ones."""

from __future__ import annotations

import re

from microgd.teaching.quiz.wrong_backward import gradient_symbol
from microgd.trace.events import Event, TraceNode
from microgd.trace.lesson import Trace
from microgd.translation import _


def right_formula(trace: Trace, event: Event) -> str:
    """What a contribution or a sum is, with ∂f/∂q for the upstream gradient; "" if unknown.

    >>> import microgd as mg
    >>> told = mg.circuit("sum(W @ x)", W=[[1, 2], [3, 4]], x=[1, 2]).trace()
    >>> [right_formula(told, e) for e in told.events[-2:]]
    ['∂f/∂q ⊗ x', 'Wᵀ @ ∂f/∂q']
    """
    node = trace.by_id[event.node]
    g = gradient_symbol(trace, node)
    if event.kind == "branch":
        return _("the sum of the {n} parts of {gradient}").format(n=len(event.parts), gradient=g)
    if event.kind == "broadcast":
        axes = ", ".join(map(str, event.axes))
        return _("{gradient} summed over axis {axis}").format(gradient=g, axis=axes)
    if event.kind != "contribution" or event.position is None:
        return ""
    inputs = trace.inputs_of(node)
    if node.gate == "matmul":
        return _product(inputs[0], inputs[1], event.position, g)
    if event.local is None:
        return _other(node, inputs[event.position], g)
    rule = event.rule
    if rule in ("1", "−1"):
        return f"{rule[:-1]}{g}"
    if not rule or rule == "0":
        return rule
    return f"{rule} · {g}" if re.fullmatch(r"\S+", rule) else f"({rule}) · {g}"


def _product(x: TraceNode, y: TraceNode, position: int, g: str) -> str:
    """g @ yᵀ and xᵀ @ g; ⊗ for the outer product that a vector makes of it."""
    other = (y, x)[position].label
    one, two = len(x.shape), len(y.shape)
    if one == two == 1:
        return f"{g} · {other}"
    if position == 0:
        return f"{g} ⊗ {other}" if two == 1 else f"{g} @ {other}ᵀ"
    return f"{other} ⊗ {g}" if one == 1 else f"{other}ᵀ @ {g}"


def _other(node: TraceNode, x: TraceNode, g: str) -> str:
    """Of the other gates that are not elementwise, those whose rule is short."""
    count = max(1, _size(x.shape) // max(1, _size(node.shape)))
    match node.gate:
        case "sum":
            return _("{g} to every element").format(g=g)
        case "mean":
            return f"{g} / {count}"
        case "max":
            return _("{g} to the largest element, 0 elsewhere").format(g=g)
        case "min":
            return _("{g} to the smallest element, 0 elsewhere").format(g=g)
        case "softmax":
            return f"{node.label} · ({g} − Σ {g} · {node.label})"
        case "log_softmax":
            return f"{g} − softmax · Σ {g}"
        case "transpose":
            return f"({g})ᵀ"
    return ""


def _size(shape: tuple[int, ...]) -> int:
    total = 1
    for n in shape:
        total *= n
    return total
