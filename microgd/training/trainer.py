"""A run: epochs of steps on the device, held-out losses, checkpoints, and where it stands."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from microgd.autodiff.tree import leaves, paths, rebuilt
from microgd.data.augment import augment
from microgd.data.batches import batches
from microgd.data.dataset import Dataset
from microgd.errors import (
    ArgumentError,
    CheckpointError,
    DeviceError,
    OutputError,
    TrainingError,
)
from microgd.files import PARTS, write_whole
from microgd.graph.values import Array
from microgd.nn.layer import Params
from microgd.opencl.array import device_array
from microgd.opencl.program import Program
from microgd.stopping import Best, Seen, ValidationRises
from microgd.training import checkpoint
from microgd.training.config import Config, config_from
from microgd.training.history import EpochRow, from_dicts, to_csv, to_dicts
from microgd.training.memory import Memory, plan_memory
from microgd.training.programs import nothing
from microgd.training.setup import Parts, assemble, require_fit

if TYPE_CHECKING:
    from microgd.nn.net import Sequential

LAST, BEST, HISTORY, CONFIG = "last.safetensors", "best.safetensors", "history.csv", "config.toml"
#: Rows of held-out data that are evaluated at once.
CHUNK = 1024


class Trainer:
    """One run of training, from its configuration or from a checkpoint.

    Arguments:
        config: the options; or options by name.
        data, net: in the place of those that the configuration names.
        folder: where checkpoints, the history and the configuration are written; None for nowhere.

    >>> run = Trainer(Config(data="xor", hidden=(8,), lr=0.1, epochs=40, device="interpreter"))
    >>> history = list(run.epochs())
    >>> len(history), history[-1].accuracy
    (40, 1.0)
    """

    def __init__(
        self,
        config: Config,
        data: Dataset | None = None,
        net: Sequential | None = None,
        folder: str | os.PathLike[str] | None = None,
    ) -> None:
        self.config = config
        self.parts: Parts = assemble(config, data, net)
        require_fit(self.parts)
        self.folder = None if folder is None else Path(folder)
        self.history: list[EpochRow] = []
        self.epoch = self.batch = self.step = 0
        self.ended: str | None = None
        task = self.parts.task
        self._step = Program(task.steps_of_rows, config.device, donate=(0, 1, 2, 3))
        self._step_on = Program(task.step, config.device, donate=(0, 1, 2, 3))
        self._evaluate = Program(task.evaluate, config.device, donate=(2,))
        self.device = self._step.device
        if config.dtype == "float64" and not self.device.float64:
            raise DeviceError(
                f"{self.device.label} has no float64: use dtype float32 (--dtype float32), or "
                "device interpreter (--device interpreter)"
            )
        net_ = self.parts.net
        self._begin(net_.init(config.seed, config.dtype), net_.start(config.dtype))
        self._stop = ValidationRises(config.patience or 10**9)
        self._best = self._stop.begin()
        rate = self.parts.rate
        self._plateau = rate.init() if hasattr(rate, "init") else None
        self.memory: Memory = plan_memory(self)
        self._data: tuple[Any, Any] | None = None

    def _begin(self, params: Params, kept: Params) -> None:
        """Put parameters and states on the device."""
        self.params = self._there(params)
        self.optimizer_state = self._there(self.parts.task.optimizer.init(params))
        self.kept = self._there(kept)
        self._sums = self._there(nothing(self.config.dtype))

    # -- the loop ----------------------------------------------------------------------------

    def epochs(
        self,
        *,
        after_step: Callable[[Trainer], None] | None = None,
        checkpoint_every: int | None = None,
    ) -> Iterator[EpochRow]:
        """Train epoch after epoch, from where it stands; a row for each.

        Arguments:
            after_step: called after every call of the step's program, which is one step or
                `steps_per_call`; reading a loss there makes the device wait.
            checkpoint_every: steps between checkpoints within an epoch; each epoch ends with one.

        Raises:
            TrainingError: the loss is not a finite number any more; the last checkpoint is whole.
        """
        if self.folder is not None:
            if self.step == 0:
                self._claim(self.folder)
                self.save()
            else:
                self._tidy(self.folder)
        while self.ended is None and self.epoch < self.config.epochs:
            order = self._batches()
            while self.batch < len(order):
                before = self.step
                self._call(order)
                if after_step is not None:
                    after_step(self)
                every = checkpoint_every or 0
                due = every and self.step // every > before // every
                if due and self.folder is not None and self.batch < len(order):
                    self.save()
            row = self._end_epoch(len(order))
            if self.folder is not None:
                self.save()
            yield row
        if self.ended is None:
            self.ended = f"after {self.epoch} epoch{'s' * (self.epoch != 1)}"

    @property
    def steps_per_epoch(self) -> int:
        """How many minibatches an epoch has."""
        size = min(self.config.batch, len(self.parts.train))
        return -(-len(self.parts.train) // size)

    @property
    def loss_so_far(self) -> float:
        """The mean loss of the epoch's examples so far; reading it waits for the device."""
        size = min(self.config.batch, len(self.parts.train))
        seen = min(self.batch * size, len(self.parts.train))
        return float(self._sums["loss"]) / seen if seen else math.nan

    @property
    def best_row(self) -> EpochRow | None:
        """The epoch with the lowest held-out loss so far, or training loss if none is held out."""
        rows = [row for row in self.history if row.epoch == self._best.step]
        return rows[0] if rows else None

    def _batches(self) -> list[Array]:
        config = self.config
        size = min(config.batch, len(self.parts.train))
        return batches(len(self.parts.train), size, seed=config.seed, epoch=self.epoch)

    def _call(self, order: list[Array]) -> None:
        """One call of the step's program: one step, or several where batches are whole.

        Which steps are taken together depends on their place in the epoch alone, so that a resumed
        run takes the same ones together.
        """
        number, together = self.batch, self.config.steps_per_call
        rows = order[number : number + together]
        whole = len(rows) == together and len({len(one) for one in rows}) == 1
        if together == 1 or self.memory.sent or number % together or not whole:
            self._one_step(rows[0], number)
            return
        rates = [self._rate_of(self.step + n) for n in range(together)]
        self._moved(self._step(*self._state, self._on_device(), rows, float(self.step), rates))
        self.step += together
        self.batch += together

    def _one_step(self, rows: Array, number: int) -> None:
        t, lr = float(self.step), self.rate
        if self.memory.sent:
            x, y = self._batch(rows, number)
            self._moved(self._step_on(*self._state, x, y, t, lr))
        else:
            self._moved(self._step(*self._state, self._on_device(), [rows], t, [lr]))
        self.step += 1
        self.batch = number + 1

    @property
    def _state(self) -> tuple[Any, ...]:
        return self.params, self.optimizer_state, self.kept, self._sums

    def _moved(self, state: tuple[Any, ...]) -> None:
        self.params, self.optimizer_state, self.kept, self._sums = state

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return self._rate_of(self.step)

    def _rate_of(self, step: int) -> float:
        """The learning rate of a step of this epoch."""
        schedule = self.parts.rate
        if self._plateau is not None:
            return float(schedule.rate(self._plateau))
        return float(schedule(step if self.config.schedule_per == "step" else self.epoch))

    @property
    def _augments(self) -> bool:
        config = self.config
        return bool(config.shift or config.noise or config.flip)

    def _batch(self, rows: Array, number: int) -> tuple[Array, Array]:
        """A minibatch as arrays, augmented if asked."""
        train, config = self.parts.train, self.config
        x = train.x[rows]
        if self._augments:
            x = augment(
                x,
                train.shape if len(train.shape) > 1 else (1, *train.shape),  # noise is for all
                seed=config.seed,
                epoch=self.epoch,
                batch=number,
                shift=config.shift,
                noise=config.noise,
                flip=config.flip,
            )
        return x.astype(config.dtype), self._targets(train.y[rows])

    def _on_device(self) -> tuple[Any, Any]:
        """All of the training data, on the device; put there when first needed."""
        if self._data is None:
            train = self.parts.train
            self._data = (
                device_array(train.x.astype(self.config.dtype), self.device),
                device_array(self._targets(train.y), self.device),
            )
        return self._data

    def _targets(self, y: Array) -> Array:
        whole = self.parts.task.kind == "classes"
        return y.astype(np.int64 if whole else self.config.dtype)

    def _end_epoch(self, steps: int) -> EpochRow:
        sums = {name: float(x) for name, x in self._sums.items()}
        self._sums = self._there(nothing(self.config.dtype))
        lr = self._rate_of(self.step - 1)
        loss = sums["loss"] / len(self.parts.train)
        if not math.isfinite(loss):
            raise self._diverged(
                f"the loss is {loss} in epoch {self.epoch + 1}, "
                f"between steps {self.step - steps + 1} and {self.step}"
            )
        self.epoch += 1
        self.batch = 0
        held = self.evaluate(self.parts.held_out) if self.parts.held_out is not None else None
        if held is not None and not math.isfinite(held[0]):
            raise self._diverged(
                f"the loss on held-out data is {held[0]} after epoch {self.epoch}, step {self.step}"
            )
        classes = self.parts.task.kind != "numbers"
        row = EpochRow(
            epoch=self.epoch,
            step=self.step,
            loss=loss,
            accuracy=sums["right"] / len(self.parts.train) if classes else None,
            held_out_loss=held[0] if held else None,
            held_out_accuracy=held[1] if held and classes else None,
            lr=lr,
        )
        self.history.append(row)
        self._judge(row)
        return row

    def _diverged(self, what: str) -> TrainingError:
        kept = f"; {self.folder / LAST} is from before" if self.folder is not None else ""
        return TrainingError(
            f"{what}: the learning rate {self._rate_of(self.step - 1):g} may be too large{kept}"
        )

    def _judge(self, row: EpochRow) -> None:
        """Remember the best epoch, and stop if the loss has risen for too long."""
        judged = row.held_out_loss if row.held_out_loss is not None else row.loss
        if self._plateau is not None:
            self._plateau = self.parts.rate.update(self._plateau, judged)
        seen = Seen(step=row.epoch, validation=judged)
        before = self._best
        self._best, why = self._stop.look(self._best, seen)
        if self._best is not before and self.folder is not None:
            self.save(BEST)
        if why is not None and self.config.patience is not None:
            self.ended = why.replace("step", "epoch")

    def evaluate(self, data: Dataset) -> tuple[float, float]:
        """The mean loss and the share of right answers on scaled data, by a net that rests."""
        sums = self._there(nothing(self.config.dtype))
        for first in range(0, len(data), CHUNK):
            x = data.x[first : first + CHUNK].astype(self.config.dtype)
            y = self._targets(data.y[first : first + CHUNK])
            sums = self._evaluate(self.params, self.kept, sums, x, y)
        return float(sums["loss"]) / len(data), float(sums["right"]) / len(data)

    # -- checkpoints -------------------------------------------------------------------------

    @staticmethod
    def _claim(folder: Path) -> None:
        """Make the folder; one that has another run, or files of such names, is left alone."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot make the folder {folder}: {error.strerror}") from error
        if (folder / LAST).exists():
            if checkpoint.load(folder / LAST)[1]["step"] > 0:
                raise ArgumentError(
                    f"{folder} has a run in it already: go on with it (resume), or choose another "
                    "folder for a new one"
                )
            return
        for name in (BEST, HISTORY, CONFIG):
            if (folder / name).exists():
                raise ArgumentError(
                    f"{folder / name} is there already, and a run would write over it: choose "
                    "another folder"
                )

    def _tidy(self, folder: Path) -> None:
        """What a run that was killed may have left: parts of files, a history that is behind."""
        for part in folder.glob(PARTS):
            with suppress(OSError):
                part.unlink()
        self._write_beside(folder)

    def _write_beside(self, folder: Path) -> None:
        """The history and the configuration, where they are not written yet."""
        for name, text in ((HISTORY, to_csv(self.history)), (CONFIG, self.config.to_toml())):
            with suppress(OSError):
                if (folder / name).read_bytes() == text.encode():
                    continue
            write_whole(folder / name, text)

    def save(self, name: str = LAST) -> Path:
        """Write a checkpoint into the folder, and the history and configuration beside it.

        Raises:
            OutputError: it cannot be written; the one before is untouched.
            TrainingError: the parameters are not finite any more, and nothing is written.
        """
        if self.folder is None:
            raise CheckpointError("this run has no folder to write a checkpoint into")
        params = self.numbers(self.params)
        for place, leaf in zip(paths(params), leaves(params), strict=True):
            if not np.isfinite(leaf).all():
                raise self._diverged(
                    f"{place} has numbers that are not finite after step {self.step}, in epoch "
                    f"{self.epoch + (self.batch > 0)}"
                )
        trees = {
            "params": params,
            "optimizer": self.optimizer_state,
            "kept": self.kept,
            "sums": self._sums,
            "scale": self.parts.scale,
        }
        train = self.parts.train
        facts = {
            "config": self.config.to_dict(),
            "epoch": self.epoch,
            "batch": self.batch,
            "step": self.step,
            "ended": self.ended,
            "classes": list(train.classes),
            "features": list(train.features),
            "shape": list(train.shape),
            "kind": self.parts.task.kind,
            "history": to_dicts(self.history),
            "best": {"loss": self._best.loss, "step": self._best.step},
            "plateau": None if self._plateau is None else asdict(self._plateau),
            "data": self.parts.data_sum,
        }
        path = checkpoint.save(self.folder / name, trees, facts)
        if name == LAST:
            self._write_beside(self.folder)
        return path

    @classmethod
    def resume(
        cls,
        folder: str | os.PathLike[str],
        *,
        name: str = LAST,
        data: Dataset | None = None,
        net: Sequential | None = None,
        **changes: Any,
    ) -> Trainer:
        """The run of a folder, where its checkpoint stands.

        Arguments:
            name: which checkpoint. data, net: as they were given to the run.
            changes: options that are allowed to be others now: epochs, patience, device, …

        A run that was stopped early, for want of patience, goes on only with another `patience`.

        Raises:
            CheckpointError: no checkpoint, one that is damaged or of something else, or data that
                is not what the run began with.
            ArgumentError: fewer epochs than it has had.
        """
        path = Path(folder) / name
        arrays, facts = checkpoint.load(path)
        config = config_from({**facts["config"], **changes}, str(path))
        run = cls(config, data, net, folder)
        where = str(path)
        if facts["data"] != run.parts.data_sum:
            raise CheckpointError(
                f"{run.parts.train.name} is not the data that the run in {folder} began with: it "
                "has changed since; begin a new run"
            )

        def tree(name: str, like: Any) -> Any:
            return run._there(checkpoint.restored(arrays, name, like, where))

        run.params = tree("params", run.params)
        run.optimizer_state = tree("optimizer", run.optimizer_state)
        run.kept = tree("kept", run.kept)
        run._sums = tree("sums", run._sums)
        run.epoch, run.batch, run.step = facts["epoch"], facts["batch"], facts["step"]
        run.history = from_dicts(facts["history"])
        run._best = Best(facts["best"]["loss"], facts["best"]["step"])
        if facts["plateau"] is not None and run._plateau is not None:
            run._plateau = type(run._plateau)(**facts["plateau"])
        if run.epoch + (run.batch > 0) > config.epochs:
            had = f"{run.epoch} epoch{'s' * (run.epoch != 1)}" + (
                " and a part of another" if run.batch else ""
            )
            raise ArgumentError(f"{path}: epochs must be at least what the run has had: {had}")
        if "patience" not in changes:
            run.ended = facts["ended"]
        return run

    def numbers(self, tree: Any) -> Any:
        """A tree of device arrays as NumPy arrays."""
        return rebuilt(tree, iter([leaf.numpy() for leaf in leaves(tree)]))

    def _there(self, tree: Any) -> Any:
        """A tree of numbers as device arrays, each of its own: they are written over."""
        arrays = [
            device_array(np.asarray(leaf, _precision(leaf, self.config.dtype)), self.device)
            for leaf in leaves(tree)
        ]
        return rebuilt(tree, iter(arrays))


def _precision(leaf: Any, dtype: str) -> Any:
    """Plain floats (a count of steps) are of the run's precision, as the device returns them."""
    return dtype if isinstance(leaf, float) else np.asarray(leaf).dtype
