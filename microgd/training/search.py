"""A search for the options of a run: many trials, each judged by cross validation."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from microgd.data.dataset import Dataset
from microgd.data.keys import whole
from microgd.data.table import read_dataset
from microgd.errors import ArgumentError, TrainingError
from microgd.training.config import Config
from microgd.training.search_folder import Kept
from microgd.training.search_result import FoldResult, Search, Trial, ranked
from microgd.training.setup import data_sum, net_of, split, task_of
from microgd.training.space import Options, Space, grid_trials, random_trials, read_space, shown
from microgd.training.trainer import Trainer


def search(
    config: Config,
    space: Space | Sequence[str] | Mapping[str, Any],
    trials: int = 12,
    folds: int = 3,
    seed: int = 0,
    folder: str | os.PathLike[str] | None = None,
    *,
    method: str = "random",
    by: str | None = None,
    data: Dataset | None = None,
    after: Callable[[Trial], None] | None = None,
) -> Search:
    """Train with many options, and see which serve best on data that was not trained on.

    What the configuration holds out is left alone, so that the best options can be judged on it
    afterwards; the rest is cut into folds. Each trial trains once for each fold, on the others,
    scaled by the statistics of these alone; it is judged by the mean over the folds.

    Arguments:
        config: what all trials share. space: what they differ in; see `read_space`.
        trials: how many; a grid has as many as it has.
        seed: of the trials and of the folds. The runs have the configuration's.
        folder: where results are kept after every run. A search that was interrupted goes on there,
            with the same trials; one that is done takes more trials.
        method: "random" or "grid".
        by: "accuracy" or "loss"; accuracy where there are classes.
        data: in the place of the data set that the configuration names.
        after: called with each trial as soon as it has all of its folds.

    Raises:
        ArgumentError: a space that makes no sense, a folder of another search, too many folds.
        OutputError: the folder cannot be written to.

    Source: Bergstra and Bengio, Random search for hyper-parameter optimization, 2012.

    >>> config = Config(data="moons(count=60)", hidden=(4,), epochs=2, device="interpreter")
    >>> found = search(config, ["lr=1e-3..1e-1:log"], trials=2, folds=2)
    >>> len(found.trials), len(found.best.folds)
    (2, 2)
    """
    tried = _as_space(space)
    whole(trials, "trials", 1)
    if data is None:
        data = read_dataset(config.data)
    shared, held_out = split(config, data)
    pairs = list(shared.folds(folds, seed))
    by = _judged_by(by, data, config)
    planned = _planned(config, tried, trials, seed, method)
    about = {
        "config": {**config.to_dict(), "device": None},
        "space": list(map(str, tried)),
        "folds": folds,
        "seed": seed,
        "method": method,
        "data": data_sum(data),
    }
    kept = Kept(None if folder is None else Path(folder), about)
    examples = len(shared), 0 if held_out is None else len(held_out)

    def done() -> Search:
        """What is known by now."""
        some = [replace(one, folds=kept.of(one.number)) for one in planned]
        some = [one for one in some if len(one.folds) == folds or one.diverged]
        return Search(ranked(some, by), by, tried, folds, seed, method, examples)

    for trial in planned:
        for place, (train, test) in enumerate(pairs, 1):
            if kept.get(trial.number, place) is None and not kept.diverged(trial.number):
                kept.add(_run(trial, place, train, test))
        kept.write_results(done())
        if after is not None:
            after(replace(trial, folds=kept.of(trial.number)))
    return done()


def _as_space(space: Space | Sequence[str] | Mapping[str, Any]) -> Space:
    if not isinstance(space, Mapping):
        made = [one for one in space if not isinstance(one, str)]
        if made:
            return tuple(made)
    return read_space(space)  # type: ignore[arg-type]


def _judged_by(by: str | None, data: Dataset, config: Config) -> str:
    outputs = max(len(data.classes), 1)
    kind = task_of(config, data, net_of(config, data.x.shape[1], outputs)).kind
    if by is None:
        return "loss" if kind == "numbers" else "accuracy"
    if by not in ("loss", "accuracy"):
        raise ArgumentError(f"trials are sorted by loss or accuracy, not by {by!r}")
    if by == "accuracy" and kind == "numbers":
        raise ArgumentError("there is no accuracy where a net gives numbers; sort by loss")
    return by


def _planned(config: Config, space: Space, trials: int, seed: int, method: str) -> list[Trial]:
    """The trials in their order. An option that no run could have is told before the first."""
    if method not in ("random", "grid"):
        raise ArgumentError(f"a search is random or a grid, not {method!r}")
    options = random_trials(space, trials, seed) if method == "random" else [*grid_trials(space)]
    planned = []
    for number, chosen in enumerate(options, 1):
        try:
            changes = dict(chosen)
            # The one takes the other's place, as on the command line.
            if changes.get("lr") is not None and "schedule" not in changes:
                changes["schedule"] = None
            if changes.get("schedule") is not None and "lr" not in changes:
                changes["lr"] = None
            planned.append(Trial(number, chosen, config.changed(**changes)))
        except ArgumentError as error:
            raise ArgumentError(f"trial {number} ({_words(chosen)}): {error}") from None
    return planned


def _run(trial: Trial, place: int, train: Dataset, test: Dataset) -> FoldResult:
    """One fold of a trial."""
    began = perf_counter()
    try:
        run = Trainer(trial.config.changed(held_out=0.0), data=train)
    except ArgumentError as error:
        raise ArgumentError(f"trial {trial.number} ({_words(trial.options)}): {error}") from None
    # The fold takes the place of held-out data, for patience and for schedules that look.
    scaled = test.standardised(train) if trial.config.standardise else test
    run.parts = replace(run.parts, held_out=scaled)
    diverged = None
    try:
        for _ in run.epochs():
            pass
    except TrainingError as error:
        diverged = str(error)
    last = None if diverged else run.history[-1]
    return FoldResult(
        trial=trial.number,
        fold=place,
        loss=last.held_out_loss if last else None,
        accuracy=last.held_out_accuracy if last else None,
        epochs=run.epoch,
        seconds=perf_counter() - began,
        diverged=diverged,
    )


def _words(options: Options) -> str:
    return ", ".join(f"{name}={shown(value)}" for name, value in options.items())
