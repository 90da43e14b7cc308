"""What a search found: trials, sorted by how well they did on data that was not trained on."""

from __future__ import annotations

import csv
import io
import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from microgd.errors import TrainingError
from microgd.training.config import Config
from microgd.training.space import Options, Space, shown


@dataclass(frozen=True)
class FoldResult:
    """One run of a trial.

    Attributes:
        trial, fold: which, from 1.
        loss, accuracy: after the last epoch, on the fold that was not trained on; None where the
            run diverged, and the accuracy also where targets are numbers.
        epochs: how many there were. seconds: how long they took.
        diverged: what happened, if the run could not go on.
    """

    trial: int
    fold: int
    loss: float | None
    accuracy: float | None
    epochs: int
    seconds: float
    diverged: str | None = None


@dataclass(frozen=True)
class Trial:
    """One combination of options and what came of it.

    Attributes:
        number: from 1, in the order in which they are tried. options: what was tried.
        config: the run's options. folds: the results so far.
    """

    number: int
    options: Options
    config: Config
    folds: tuple[FoldResult, ...] = ()

    @property
    def diverged(self) -> str | None:
        """What happened, where a run could not go on."""
        return next((fold.diverged for fold in self.folds if fold.diverged), None)

    def mean(self, what: str) -> float | None:
        """The mean "loss" or "accuracy" over the folds; None for a trial that diverged."""
        values = self._values(what)
        return statistics.fmean(values) if values else None

    def deviation(self, what: str) -> float | None:
        """Its standard deviation over the folds, with n − 1."""
        values = self._values(what)
        return statistics.stdev(values) if values and len(values) > 1 else None

    @property
    def seconds(self) -> float:
        """How long it took."""
        return sum(fold.seconds for fold in self.folds)

    def _values(self, what: str) -> list[float]:
        found = [getattr(fold, what) for fold in self.folds]
        return [] if self.diverged or None in found else found


@dataclass(frozen=True, eq=False)
class Search:
    """The trials of a search, the best one first; those that diverged are at the end.

    Attributes:
        trials: all of them. by: "accuracy" or "loss", what they are sorted by.
        space: what was tried. folds, seed, method: how.
        examples: how many examples the folds share, and how many are held out from all of them.
    """

    trials: tuple[Trial, ...]
    by: str
    space: Space
    folds: int
    seed: int
    method: str
    examples: tuple[int, int]

    @property
    def best(self) -> Trial:
        """The best trial.

        Raises:
            TrainingError: all of them diverged.
        """
        if self.trials[0].mean("loss") is None:
            raise TrainingError(
                f"all {len(self.trials)} trials diverged: try smaller learning rates"
            )
        return self.trials[0]

    def to_dict(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return {
            "by": self.by,
            "method": self.method,
            "folds": self.folds,
            "seed": self.seed,
            "space": list(map(str, self.space)),
            "trials": [_told(trial) for trial in self.trials],
        }

    def to_csv(self) -> str:
        """A line for each trial, in this order."""
        out = io.StringIO()
        write = csv.writer(out, lineterminator="\n")
        names = [one.name for one in self.space]
        numbers = ["accuracy", "accuracy_deviation", "loss", "loss_deviation", "seconds"]
        write.writerow(["trial", *names, *numbers, "diverged"])
        for trial in self.trials:
            told = _told(trial)
            write.writerow(
                [
                    trial.number,
                    *(shown(trial.options[name]) for name in names),
                    *("" if told[name] is None else f"{told[name]:.6g}" for name in numbers),
                    trial.diverged or "",
                ]
            )
        return out.getvalue()


def ranked(trials: Sequence[Trial], by: str) -> tuple[Trial, ...]:
    """The best trial first, those that diverged last."""

    def key(trial: Trial) -> tuple[float, float, int]:
        loss, score = trial.mean("loss"), trial.mean(by)
        if loss is None or score is None:
            return math.inf, math.inf, trial.number
        return (loss if by == "loss" else -score), loss, trial.number

    return tuple(sorted(trials, key=key))


def _told(trial: Trial) -> dict[str, Any]:
    numbers = {}
    for what in ("accuracy", "loss"):
        numbers[what], numbers[f"{what}_deviation"] = trial.mean(what), trial.deviation(what)
    return {
        "trial": trial.number,
        "options": {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in trial.options.items()
        },
        **numbers,
        "seconds": trial.seconds,
        "diverged": trial.diverged,
        "folds": [asdict(fold) for fold in trial.folds],
    }
