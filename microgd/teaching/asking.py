"""Asking: which questions a step of the lesson gives, with their hints."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from microgd.graph.values import Value
from microgd.teaching.answers import tolerances
from microgd.teaching.mistakes import mistakes_of
from microgd.teaching.panel import panel_of
from microgd.teaching.quiz import Question
from microgd.teaching.rounding import alternatives_of
from microgd.trace.events import Event
from microgd.trace.lesson import Trace
from microgd.trace.numbers import WRITTEN_OUT
from microgd.translation import _


def asked(trace: Trace, event: Event) -> Iterator[Question]:
    """The questions of a step."""
    if event.kind == "seed" or event.value is None:
        return
    if 0 < np.size(event.value) <= WRITTEN_OUT:
        yield _numbers(trace, event, event.value)


def _numbers(trace: Trace, event: Event, value: Value) -> Question:
    """What comes out, in numbers."""
    panel = panel_of(trace, event)
    alternatives = alternatives_of(trace, event)
    return Question(
        event.step,
        "array" if np.shape(value) else "number",
        _("How much is {what}?").format(what=panel.symbols.partition(" = ")[0]),
        value,
        trace.digits,
        tolerances(value, trace.digits),
        alternatives,
        tuple(h for h in (panel.symbols, panel.rule, panel.numbers) if h),
        trace.line(event),
        mistakes_of(trace, event, [a.value for a in alternatives]),
    )
