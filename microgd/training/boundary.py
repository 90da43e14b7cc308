"""Where a net decides for which class: probabilities over the plane of two features."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.data.dataset import Dataset
from microgd.errors import ArgumentError
from microgd.graph.values import Array
from microgd.options import whole
from microgd.training.history import EpochRow
from microgd.training.model import Model
from microgd.training.setup import split
from microgd.training.snapshot import snapshots
from microgd.training.trainer import Trainer

#: What is shown beyond the data, as a part of its extent; without data, deviations on each side.
MARGIN, DEVIATIONS = 0.08, 2.5

Box = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class _Options:
    size: int


@dataclass(frozen=True, eq=False)
class Boundary:
    """The probability of each class on a grid over the plane.

    Attributes:
        x, y: the coordinates of the grid, in the data's own units.
        probabilities: len(y) × len(x) × classes.
        classes, features: their names.
        train, held_out: the data to show with it; None for none.
        epoch: after how many epochs this is. row: what was measured then; None where nothing was.
    """

    x: Array
    y: Array
    probabilities: Array
    classes: tuple[str, ...]
    features: tuple[str, ...]
    train: Dataset | None = None
    held_out: Dataset | None = None
    epoch: int = 0
    row: EpochRow | None = None

    @property
    def winners(self) -> Array:
        """The most probable class at each place."""
        return np.asarray(self.probabilities.argmax(axis=2))

    def lead(self, label: int) -> Array:
        """By how much a class is ahead of the best other one, in ln p: 0 on its boundary."""
        tiny = np.finfo(np.float32).tiny
        scores = np.log(np.maximum(self.probabilities.astype(float), tiny))
        others = np.delete(scores, label, axis=2).max(axis=2)
        return np.asarray(scores[:, :, label] - others)

    def to_dict(self) -> dict[str, Any]:
        """Numbers for JSON."""
        return {
            "epoch": self.epoch,
            "features": list(self.features),
            "classes": list(self.classes),
            "x": self.x.tolist(),
            "y": self.y.tolist(),
            "winners": self.winners.tolist(),
            "probabilities": self.probabilities.astype(float).round(6).tolist(),
        }

    def to_csv(self) -> str:
        """A line for each place of the grid: the two features, a probability for each class."""
        out = io.StringIO()
        write = csv.writer(out, lineterminator="\n")
        write.writerow([*self.features, *(f"p({name})" for name in self.classes)])
        for y, row in zip(self.y.tolist(), self.probabilities.astype(float), strict=True):
            for x, shares in zip(self.x.tolist(), row.tolist(), strict=True):
                write.writerow([repr(x), repr(y), *(f"{p:.6g}" for p in shares)])
        return out.getvalue()


def boundary(
    model: Model,
    train: Dataset | None = None,
    held_out: Dataset | None = None,
    size: int = 161,
    *,
    box: Box | None = None,
    row: EpochRow | None = None,
) -> Boundary:
    """The probability of each class on a grid, for a net of two features.

    Arguments:
        train, held_out: data to show, unscaled; the grid holds all of it.
        size: points along each side.
        box: ((low, high), (low, high)), what to show in its place.
        row: what was measured after the epoch.

    Raises:
        ArgumentError: not two features, targets that are numbers, a box without extent.

    >>> from microgd.data import read_dataset
    >>> from microgd.training import Config, Trainer, model_of
    >>> run = Trainer(Config(data="xor", hidden=(8,), lr=0.1, epochs=40, device="interpreter"))
    >>> history = list(run.epochs())
    >>> seen = boundary(model_of(run), read_dataset("xor"), size=3)
    >>> seen.winners[::2, ::2].tolist()
    [[0, 1], [1, 0]]
    """
    whole(_Options(size), "size", least=2)
    require_plane(model)
    if box is None:
        shown = [data.x for data in (train, held_out) if data is not None]
        box = _around(np.concatenate(shown)) if shown else _around_scale(model.scale)
    for low, high in box:
        if not (np.isfinite([low, high]).all() and low < high):
            raise ArgumentError(f"a box is (low, high) for each feature, got ({low}, {high})")
    x, y = (np.linspace(low, high, size) for low, high in box)
    places = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    shares = model.probabilities(places).reshape(size, size, -1)
    features = model.features or ("x1", "x2")
    return Boundary(
        x, y, shares, model.classes, features, train, held_out, model.epoch, row
    )  # fmt: skip


def boundaries(run: Trainer, data: Dataset, size: int = 161, most: int = 200) -> list[Boundary]:
    """Train a run to its end, and see its boundary before the first and after every epoch.

    Arguments:
        data: what the run trains on and holds out, unscaled.
        most: of longer runs every second, third, … epoch is kept, and the last one.

    Raises:
        ArgumentError: not two features, or no classes. TrainingError: the run diverged.

    >>> from microgd.data import read_dataset
    >>> from microgd.training import Config, Trainer
    >>> run = Trainer(Config(data="xor", hidden=(8,), epochs=3, device="interpreter"))
    >>> [seen.epoch for seen in boundaries(run, read_dataset("xor"), size=3)]
    [0, 1, 2, 3]
    """
    stride = -(-run.config.epochs // max(most - 1, 1))
    train, held_out = split(run.config, data)
    found: list[Boundary] = []
    for model, row in snapshots(run):
        if model.epoch % stride == 0:
            found.append(boundary(model, train, held_out, size, row=row))
    if found[-1].epoch != model.epoch:  # stopped early, or the stride does not fit
        found.append(boundary(model, train, held_out, size, row=row))
    return found


def require_plane(model: Model) -> None:
    """Refuse a net that does not decide between classes by two features.

    Raises:
        ArgumentError: says what the net does.
    """
    width = len(model.scale["mean"])
    if width != 2:
        what = f"images of {' × '.join(map(str, model.shape))}" if len(model.shape) > 1 else "rows"
        raise ArgumentError(
            f"a boundary is drawn over two features, and this net takes {what}"
            f"{'' if len(model.shape) > 1 else f' of {width} numbers'}: try moons, circles, "
            "spirals, blobs, xor, or a file with two columns beside the class"
        )
    if model.kind == "numbers":
        raise ArgumentError(
            "this net gives numbers, and no classes whose boundary could be drawn: train it with "
            "crossentropy, svm or binarycrossentropy"
            if model.classes
            else "the targets are numbers: there are no classes whose boundary could be drawn"
        )


def _around(points: Array) -> Box:
    """A box with some room around points."""
    low, high = points.min(axis=0), points.max(axis=0)
    extent = np.where(high > low, high - low, 1.0)
    return _box(low - MARGIN * extent, high + MARGIN * extent)


def _around_scale(scale: dict[str, Array]) -> Box:
    reach = DEVIATIONS * scale["deviation"]
    return _box(scale["mean"] - reach, scale["mean"] + reach)


def _box(low: Array, high: Array) -> Box:
    lows: Sequence[float] = low.tolist()
    highs: Sequence[float] = high.tolist()
    return (lows[0], highs[0]), (lows[1], highs[1])
