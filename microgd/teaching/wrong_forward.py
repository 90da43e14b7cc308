"""Wrong values: what usually goes wrong on the way forward."""

from __future__ import annotations

from collections.abc import Iterator

from microgd.teaching.mistakes import Wrong
from microgd.trace.events import Event
from microgd.trace.lesson import Trace


def forward_wrongs(trace: Trace, event: Event) -> Iterator[Wrong]:
    """The ways to go wrong where a gate computes."""
    yield from ()
