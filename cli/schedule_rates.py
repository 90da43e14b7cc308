"""The rates of schedules, step by step, as rows, CSV and JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.options import split
from microgd.schedules import ReduceOnPlateau, RobbinsMonro, read_schedule, robbins_monro

from .failures import BadInput

#: Steps that are shown unless asked.
STEPS = 100


@dataclass(frozen=True)
class Series:
    """One schedule, as the user wrote it, and its rates."""

    name: str
    text: str
    schedule: Any
    rates: list[float]

    @property
    def formula(self) -> str:
        """The rate of step t."""
        return str(self.schedule.formula)

    def robbins_monro(self) -> RobbinsMonro:
        """Whether it meets the two conditions."""
        return robbins_monro(self.schedule)


@dataclass(frozen=True)
class Rates:
    """Several schedules, side by side."""

    steps: int
    series: tuple[Series, ...]

    def rows(self, every: int) -> Iterator[tuple[Any, ...]]:
        """t and the rates of every so many steps."""
        for t in range(0, self.steps, every):
            yield t, *(series.rates[t] for series in self.series)

    def csv(self, every: int) -> str:
        """A line of names, and a line for each step, with every digit."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(["t", *(series.name for series in self.series)])
        writer.writerows(self.rows(every))
        return buffer.getvalue()

    def to_dict(self, every: int, verdicts: bool) -> dict[str, Any]:
        """For JSON."""
        steps = range(0, self.steps, every)
        return {
            "t": list(steps),
            "schedules": [
                {
                    "name": series.name,
                    "schedule": repr(series.schedule),
                    "formula": series.formula,
                    "lr": [series.rates[t] for t in steps],
                    **({"robbins_monro": _plain(series.robbins_monro())} if verdicts else {}),
                }
                for series in self.series
            ],
        }


def read_rates(texts: Sequence[str], losses: str | None, steps: int | None) -> Rates:
    """The schedules that the texts name, and their rates.

    Raises:
        ArgumentError: text that names no schedule. BadInput: losses are missing, or there is no
            use for them.
    """
    parts = [" ".join(part.split()) for text in texts for part in split(text)]
    schedules = [read_schedule(part) for part in parts]
    told = any(isinstance(schedule, ReduceOnPlateau) for schedule in schedules)
    if losses is not None and not told:
        raise BadInput("--losses is for reduceonplateau; the others do not look at losses")
    if losses is None and told:
        raise BadInput(
            "reduceonplateau depends on the losses: give them, as in --losses 1,0.8,0.8,0.8"
        )
    numbers = _numbers(losses) if losses is not None else []
    # The rate of a step depends on the losses before it.
    most = len(numbers) + 1
    if told and steps is not None and steps > most:
        raise BadInput(f"{len(numbers)} losses tell the rates of {most} steps, not of {steps}")
    count = steps or (most if told else STEPS)
    names = _names(schedules)
    rates = [_rates(schedule, count, numbers) for schedule in schedules]
    return Rates(count, tuple(map(Series, names, parts, schedules, rates)))


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.replace(",", " ").split()]
    except ValueError:
        raise BadInput(f"--losses is a list of numbers, as in 1,0.8,0.8; got {text!r}") from None


def _names(schedules: Sequence[Any]) -> list[str]:
    """`lr` for one; else the kind, with a number where there are several of a kind."""
    if len(schedules) == 1:
        return ["lr"]
    kinds = [type(schedule).__name__.lower() for schedule in schedules]
    return [
        f"{kind} {kinds[: i + 1].count(kind)}" if kinds.count(kind) > 1 else kind
        for i, kind in enumerate(kinds)
    ]


def _rates(schedule: Any, steps: int, losses: Sequence[float]) -> list[float]:
    if not isinstance(schedule, ReduceOnPlateau):
        rates: list[float] = schedule(np.arange(steps)).tolist()
        return rates
    state = schedule.init()
    rates = [schedule.rate(state)]
    for loss in losses:
        state = schedule.update(state, loss)
        rates.append(schedule.rate(state))
    return rates[:steps]


def _plain(report: RobbinsMonro) -> dict[str, Any]:
    from .numbers import for_json

    data = report.to_dict()
    for sums in data["sums"]:
        sums |= {name: for_json(sums[name]) for name in ("rates", "squares")}
    return data
