"""Formulas: the right gradient of a step as one formula, to be chosen among wrong ones."""

from __future__ import annotations

import re

from microgd.teaching.panel import operation_of
from microgd.teaching.quiz.wrong_backward import gradient_symbol
from microgd.trace.events import Event
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
    if event.local is None:
        return operation_of(trace, event, g)
    rule = event.rule
    if rule in ("1", "−1"):
        return f"{rule[:-1]}{g}"
    if not rule or rule == "0":
        return rule
    return f"{rule} · {g}" if re.fullmatch(r"\S+", rule) else f"({rule}) · {g}"
