"""A trained net: what a checkpoint knows, ready to answer."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from microgd.autodiff.tree import paths
from microgd.data.dataset import Dataset
from microgd.data.scaling import apply
from microgd.errors import ArgumentError, CheckpointError, ShapeError
from microgd.gates.exponential import sigmoid
from microgd.gates.reduction import softmax
from microgd.graph.values import Array
from microgd.nn.layer import Params
from microgd.nn.net import Sequential
from microgd.opencl.program import Program
from microgd.training import checkpoint
from microgd.training.config import Config, config_from
from microgd.training.folder import BEST, LAST
from microgd.training.setup import net_of, task_of


@dataclass(frozen=True, eq=False)
class Model:
    """A net with its numbers.

    Attributes:
        net, params, kept: the net, its parameters, its state.
        config: how it was trained.
        scale: the mean and deviation of each column of the training data.
        kind: "classes", "binary" or "numbers".
        classes, features, shape: of the data it was trained on.
        epoch: after which epoch this was.
        data_sum: a checksum of the data of its run (`setup.data_sum`), if there was one.
    """

    net: Sequential
    params: Params
    kept: Params
    config: Config
    scale: dict[str, Array]
    kind: str
    classes: tuple[str, ...]
    features: tuple[str, ...]
    shape: tuple[int, ...]
    epoch: int
    data_sum: int | None = None

    def __repr__(self) -> str:
        sizes = "-".join(map(str, getattr(self.net, "sizes", ())))
        what = f"{sizes} {self.config.activation}" if sizes else f"{len(self.net.layers)} layers"
        return f"<model of {self.config.data}: {what}, after epoch {self.epoch}>"

    def outputs(self, x: Any, device: str | None = None) -> Array:
        """The net's outputs (scores, or numbers) for rows of unscaled data.

        Raises:
            ShapeError: rows of another length.
        """
        rows = np.asarray(x, dtype=float)
        wanted = len(self.scale["mean"])
        if rows.ndim != 2 or rows.shape[1] != wanted:
            raise ShapeError(f"this net takes rows of {wanted} numbers, got shape {rows.shape}")
        scaled = apply(rows, self.scale["mean"], self.scale["deviation"])
        given = scaled.astype(self.config.dtype)
        if device is None:
            return np.asarray(self.net(self.params, given, self.kept))
        program = Program(lambda p, k, z: self.net.apply(p, k, z)[0], device)
        return np.asarray(program(self.params, self.kept, given))

    def probabilities(self, x: Any) -> Array:
        """A probability for each class: N × C."""
        scores = self.outputs(x)
        if self.kind == "classes":
            return np.asarray(softmax(scores, axis=1))
        if self.kind == "binary":
            second = np.asarray(sigmoid(scores)).reshape(-1, 1)
            return np.concatenate([1.0 - second, second], axis=1)
        raise ArgumentError("this net gives numbers, and no probabilities of classes")

    def predict(self, x: Any) -> Array:
        """The class of each row, as a whole number; or the numbers that the net gives."""
        if self.kind == "numbers":
            return self.outputs(x)
        return np.asarray(self.probabilities(x).argmax(axis=1))

    def evaluate(self, data: Dataset) -> dict[str, Any]:
        """The mean loss and, for classes, the accuracy and the confusion matrix (true × guessed).

        Raises:
            ShapeError, ArgumentError: data that is not of the net's kind.
        """
        if self.classes and set(data.classes) <= set(self.classes):
            data = data.with_classes(self.classes)  # in the net's order, with those that are absent
        if tuple(data.classes) != self.classes:
            known, has = (", ".join(names) for names in (self.classes, data.classes))
            raise ArgumentError(
                f"the net {f'knows the classes {known}' if known else 'is for numbers'}; "
                f"{data.name} has {f'the classes {has}' if has else 'numbers as targets'}"
            )
        task = task_of(self.config, data, self.net)
        scores = self.outputs(data.x)
        dtype = np.int64 if self.kind == "classes" else scores.dtype
        each = np.asarray(task.loss(scores, data.y.astype(dtype), reduction="none"))
        found: dict[str, Any] = {"examples": len(data), "loss": float(each.mean())}
        if self.kind != "numbers":
            guessed = self.predict(data.x)
            size = len(self.classes)
            table = np.zeros((size, size), dtype=np.int64)
            np.add.at(table, (data.y, guessed), 1)
            found["accuracy"] = float((guessed == data.y).mean())
            found["confusion"] = table
        return found


def load_model(
    folder: str | os.PathLike[str], which: str | None = None, net: Sequential | None = None
) -> Model:
    """The net of a run: its best checkpoint, or the last one where there is no best.

    Arguments:
        folder: a run's folder, or a checkpoint file.
        which: "best" or "last".
        net: where it was not the MLP that the configuration describes.

    Raises:
        CheckpointError: no checkpoint, or one that is damaged or of something else.
    """
    path = checkpoint_in(Path(folder), which)
    arrays, facts = checkpoint.load(path)
    config = config_from(facts["config"], str(path))
    classes = tuple(facts["classes"])
    width = int(arrays["scale.mean"].size)
    where = str(path)
    if net is None:
        last = arrays.get(f"params.linear{len(config.hidden) + 1}.w")
        described = None if last is None else net_of(config, width, last.shape[1])
        names = {key for key in arrays if key.startswith("params.")}
        if described is None or names != set(_names(described.init(0))):
            raise CheckpointError(
                f"{where} is not of the net that its configuration describes; if that was a net of "
                "your own, read it in Python: load_model(folder, net=…)"
            )
        net = described
    return Model(
        net=net,
        params=checkpoint.restored(arrays, "params", net.init(0, config.dtype), where),
        kept=checkpoint.restored(arrays, "kept", net.start(config.dtype), where),
        config=config,
        scale={"mean": arrays["scale.mean"], "deviation": arrays["scale.deviation"]},
        kind=facts["kind"],
        classes=classes,
        features=tuple(facts["features"]),
        shape=tuple(facts["shape"]),
        epoch=facts["epoch"],
        data_sum=facts["data"],
    )


def _names(params: Params) -> list[str]:
    return [f"params.{place}" for place in paths(params)]


def checkpoint_in(folder: Path, which: str | None) -> Path:
    """The checkpoint file of a run's folder; a file is one itself."""
    if folder.is_file():
        return folder
    if which is None:
        return folder / (BEST if (folder / BEST).exists() else LAST)
    if which not in ("best", "last"):
        raise ArgumentError(f"a run has a best and a last checkpoint, not {which!r}")
    return folder / f"{which}.safetensors"
