"""The timeline: the steps of a page. Of a mistake beside the right thing, both lists of steps as
one: what both do stands in one step, what only one does in a step of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from microgd.draw.progress import Appearances, appearances
from microgd.trace.events import Event
from microgd.trace.lesson import Trace


@dataclass(frozen=True, slots=True)
class Moment:
    """One step of a page: what the right lesson does, and the wrong one, if there is one."""

    right: Event | None
    wrong: Event | None = None

    @property
    def event(self) -> Event:
        """What the step is about."""
        found = self.right or self.wrong
        assert found is not None
        return found

    @property
    def differs(self) -> bool:
        """Whether the two lessons say different things."""
        return self.said(self.right) != self.said(self.wrong)

    @staticmethod
    def said(event: Event | None) -> str:
        """A lesson's sentence; empty where it does nothing."""
        return event.sentence if event else ""


def timeline(right: Trace, wrong: Trace | None = None) -> tuple[Moment, ...]:
    """The steps of a page.

    >>> from microgd.teaching.bugs.buggy import with_bug
    >>> found = with_bug(None, "overwrite")
    >>> [m.wrong.sentence for m in timeline(found.right, found.wrong) if m.right is None]
    ['overwritten: 1 is lost, 3 stays']
    """
    if wrong is None:
        return tuple(Moment(event) for event in right.events)
    found: list[Moment] = []
    pairs = SequenceMatcher(None, _keys(right), _keys(wrong), autojunk=False)
    for what, a, b, c, d in pairs.get_opcodes():
        if what == "equal":
            both = zip(right.events[a:b], wrong.events[c:d], strict=True)
            found += [Moment(r, w) for r, w in both]
        else:
            found += [Moment(r) for r in right.events[a:b]]
            found += [Moment(None, w) for w in wrong.events[c:d]]
    return tuple(found)


def _keys(trace: Trace) -> list[tuple[str, str, str | None]]:
    return [(e.kind, e.node, e.wire) for e in trace.events]


def appear(trace: Trace, told: Sequence[Event | None], begin: int = 0) -> Appearances:
    """At which step of the page each number of a trace appears.

    Arguments:
        told: its events by step of the page, from the step `begin` on.
    """
    at = {event.step: step for step, event in enumerate(told, begin) if event is not None}
    own = appearances(trace)

    def moved(steps: Mapping[str, int]) -> dict[str, int]:
        return {key: at.get(step, -1) for key, step in steps.items()}

    return Appearances(*map(moved, (own.values, own.along, own.totals, own.changes)))
