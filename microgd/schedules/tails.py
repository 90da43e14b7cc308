"""How schedules end: all that the two sums of Robbins and Monro depend on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True)
class Tail:
    """What a schedule does for ever, after finitely many first steps.

    Arguments:
        kind: "level": stays at `value` above 0. "floor": never falls below `value` above 0.
            "cycle": comes back to `value` again and again. "power": falls like 1/t^`value`.
            "geometric": is multiplied by `value` in every `every` steps. "zero": is 0.
        since: the step from which on this holds.
    """

    kind: Literal["level", "floor", "cycle", "power", "geometric", "zero"]
    value: float = 0.0
    since: int = 0
    every: int = 1

    def after(self, steps: int) -> Tail:
        """The same, `steps` later."""
        return replace(self, since=self.since + steps)


def ending(level: float, since: int) -> Tail:
    """Of a schedule that stays at one rate from a step on."""
    return Tail("level", level, since) if level > 0 else Tail("zero", since=since)


def falling(ratio: float, every: int = 1) -> Tail:
    """Of a schedule that is multiplied by a ratio in every so many steps."""
    return Tail("geometric", ratio, every=every)
