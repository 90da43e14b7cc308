"""Schedules made of schedules: a warm-up before one, and several one after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from microgd.options import not_negative, refuse, split, whole
from microgd.schedules.decay import Constant
from microgd.schedules.schedule import Rates, Schedule, increasing
from microgd.schedules.tails import Tail


@dataclass(frozen=True, repr=False)
class Warmup(Schedule):
    """A straight rise to a schedule's first rate, and then the schedule, which counts from 0.

    It begins at start·schedule(0); in step t = steps it is schedule(0), exactly. Source: Goyal et
    al. (2017), section 2.2; PyTorch's LinearLR and then the schedule, in a SequentialLR.

    >>> Warmup(Constant(lr=0.3), steps=2)([0, 1, 2])
    array([0.1, 0.2, 0.3])
    """

    schedule: Schedule = field(default_factory=Constant)
    steps: int = 5
    start: float = 1 / 3
    formula: ClassVar[str] = (
        "schedule(0)·(start + (1 − start)·t/steps) up to t = steps, then schedule(t − steps)"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        _scheduled(self, "schedule", self.schedule)
        whole(self, "steps")
        not_negative(self, "start")
        if self.start > 1:
            refuse(self, "start", "a share of the first rate, from 0 to 1")

    def rates(self, t: Rates) -> Rates:
        # One question for all of it: two would double with every warm-up inside another.
        later = self.schedule.rates(np.append(np.maximum(t - self.steps, 0), 0))
        share = self.start + (1 - self.start) * (t / self.steps)
        return np.where(t < self.steps, later[-1] * share, later[:-1])

    def tail(self) -> Tail | None:
        tail = self.schedule.tail()
        return None if tail is None else tail.after(self.steps)


@dataclass(frozen=True, repr=False)
class Sequence(Schedule):
    """One schedule up to each milestone, and the next one from it on, which counts from 0.

    The schedules may also be one text, as in "constant(lr=0.1), cosine". Source: PyTorch's
    SequentialLR.

    >>> Sequence((Constant(0.1), Constant(0.2)), milestones=(3,))([2, 3])
    array([0.1, 0.2])
    """

    schedules: tuple[Schedule, ...] = field(default_factory=lambda: (Constant(),))
    milestones: tuple[int, ...] = ()
    formula: ClassVar[str] = "schedule number i of t − milestone i, where i milestones are ≤ t"

    def __post_init__(self) -> None:
        super().__post_init__()
        increasing(self, "milestones")
        parts: object = self.schedules
        if isinstance(parts, str):
            parts = tuple(split(parts))
        if isinstance(parts, tuple) and any(isinstance(part, str) for part in parts):
            from microgd.schedules.table import read_schedule

            read = (read_schedule(part) if isinstance(part, str) else part for part in parts)
            parts = tuple(read)
            object.__setattr__(self, "schedules", parts)
        wanted = len(self.milestones) + 1
        if not isinstance(parts, tuple) or len(parts) != wanted:
            refuse(self, "schedules", f"a tuple of {wanted}, one more than there are milestones")
        for schedule in parts:
            _scheduled(self, "schedules", schedule)

    def rates(self, t: Rates) -> Rates:
        number = np.searchsorted(self.milestones, t, side="right")
        rates = np.empty_like(t)
        for i, (start, schedule) in enumerate(
            zip((0, *self.milestones), self.schedules, strict=True)
        ):
            here = number == i
            rates[here] = schedule.rates(t[here] - start)
        return rates

    def tail(self) -> Tail | None:
        tail = self.schedules[-1].tail()
        return tail.after(self.milestones[-1]) if tail and self.milestones else tail


def _scheduled(owner: object, name: str, value: object) -> None:
    if not isinstance(value, Schedule):
        refuse(owner, name, "a schedule of the step number alone, such as Cosine()")
