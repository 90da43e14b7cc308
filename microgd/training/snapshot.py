"""A run while it trains, as a model that answers: before the first epoch and after each."""

from __future__ import annotations

from collections.abc import Iterator

from microgd.training.history import EpochRow
from microgd.training.model import Model
from microgd.training.trainer import Trainer


def model_of(run: Trainer) -> Model:
    """The net of a run with the numbers it has now; the run may go on, the model stays.

    >>> from microgd.training import Config
    >>> run = Trainer(Config(data="xor", hidden=(8,), epochs=2, device="interpreter"))
    >>> model_of(run).predict([[0.0, 1.0]]).shape, model_of(run).epoch
    ((1,), 0)
    """
    train = run.parts.train
    return Model(
        net=run.parts.net,
        params=run.numbers(run.params),
        kept=run.numbers(run.kept),
        config=run.config,
        scale=run.parts.scale,
        kind=run.parts.task.kind,
        classes=train.classes,
        features=train.features,
        shape=train.shape,
        epoch=run.epoch,
    )


def snapshots(run: Trainer) -> Iterator[tuple[Model, EpochRow | None]]:
    """Train a run, and yield the model as it begins and after every epoch.

    Yields:
        The model, and what was measured in the epoch; None before the first one.

    Raises:
        TrainingError: the loss is not a finite number any more.

    >>> from microgd.training import Config
    >>> run = Trainer(Config(data="xor", hidden=(8,), epochs=2, device="interpreter"))
    >>> [model.epoch for model, row in snapshots(run)]
    [0, 1, 2]
    """
    yield model_of(run), None
    for row in run.epochs():
        yield model_of(run), row
