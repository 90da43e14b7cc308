"""Rounding: what a step gives when it is worked out from the numbers as the lesson shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from microgd.trace.events import Event
from microgd.trace.lesson import Trace

if TYPE_CHECKING:
    from microgd.teaching.quiz import Alternative


def alternatives_of(trace: Trace, event: Event) -> tuple[Alternative, ...]:
    """The answers that working on with rounded numbers gives, each with a remark."""
    return ()
