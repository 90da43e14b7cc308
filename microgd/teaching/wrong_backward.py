"""Wrong contributions and wrong sums: what usually goes wrong on the way back."""

from __future__ import annotations

from collections.abc import Iterator

from microgd.teaching.mistakes import Wrong
from microgd.trace.events import Event
from microgd.trace.lesson import Trace
from microgd.translation import _


def backward_wrongs(trace: Trace, event: Event) -> Iterator[Wrong]:
    """The ways to go wrong at a contribution, a broadcast sum or a branch sum."""
    if event.kind == "branch":
        for part in event.parts:
            yield Wrong("branches-not-summed", _("the branches are not summed"), part)
