"""A run: epochs of steps on the device, held-out losses, checkpoints, and where it stands."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from microgd.autodiff.tree import leaves, paths, rebuilt
from microgd.data.dataset import Dataset
from microgd.errors import ArgumentError, CheckpointError, DeviceError, TrainingError
from microgd.graph.values import Array
from microgd.nn.layer import Params
from microgd.opencl.array import device_array
from microgd.opencl.program import Program
from microgd.stopping import Best, Seen, ValidationRises
from microgd.training import checkpoint
from microgd.training import folder as folders
from microgd.training.config import Config, config_from
from microgd.training.feed import Feed
from microgd.training.folder import BEST, LAST
from microgd.training.history import EpochRow, from_dicts, to_dicts, told
from microgd.training.memory import Memory, plan_memory
from microgd.training.programs import nothing
from microgd.training.setup import Parts, assemble, require_fit

if TYPE_CHECKING:
    from microgd.nn.net import Sequential

#: Rows of held-out data that are evaluated at once.
CHUNK = 1024


class Trainer:
    """One run of training, from its configuration or from a checkpoint.

    Arguments:
        config: the options.
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
        _require_kinds(config, data, net)
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
        self.feed = Feed(self.parts, self.device)
        net_ = self.parts.net
        self._begin(net_.init(config.seed, config.dtype), net_.start(config.dtype))
        self._stop = ValidationRises(config.patience or 10**9)
        self._best = self._stop.begin()
        rate = self.parts.rate
        self._plateau = rate.init() if hasattr(rate, "init") else None
        self.memory: Memory = plan_memory(self)

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
            self._open(self.folder)
        while self.ended is None and self.epoch < self.config.epochs:
            order = self.feed.order(self.epoch)
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
                folders.note(self.folder, told(row))
            yield row
        if self.ended is None:
            self.ended = f"after {self.epoch} epoch{'s' * (self.epoch != 1)}"
        if self.folder is not None:
            folders.note(self.folder, f"ended {self.ended}")

    @property
    def steps_per_epoch(self) -> int:
        """How many minibatches an epoch has."""
        return self.feed.steps

    @property
    def loss_so_far(self) -> float:
        """The mean loss of the epoch's examples so far; reading it waits for the device."""
        seen = min(self.batch * self.feed.batch, len(self.parts.train))
        return float(self._sums["loss"]) / seen if seen else math.nan

    @property
    def best_row(self) -> EpochRow | None:
        """The epoch with the lowest held-out loss so far, or training loss if none is held out."""
        rows = [row for row in self.history if row.epoch == self._best.step]
        return rows[0] if rows else None

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
        self._moved(self._step(*self._state, self.feed.on_device(), rows, float(self.step), rates))
        self.step += together
        self.batch += together

    def _one_step(self, rows: Array, number: int) -> None:
        t, lr = float(self.step), self.rate
        if self.memory.sent:
            x, y = self.feed.sent(rows, self.epoch, number)
            self._moved(self._step_on(*self._state, x, y, t, lr))
        else:
            self._moved(self._step(*self._state, self.feed.on_device(), [rows], t, [lr]))
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
            looked_at = "training" if self.parts.held_out is None else "held-out"
            self.ended = why.replace("step", "epoch").replace("validation", looked_at)

    def evaluate(self, data: Dataset) -> tuple[float, float]:
        """The mean loss and the share of right answers on scaled data, by a net that rests."""
        sums = self._there(nothing(self.config.dtype))
        for first in range(0, len(data), CHUNK):
            x, y = self.feed.arrays(data.take(np.arange(first, min(first + CHUNK, len(data)))))
            sums = self._evaluate(self.params, self.kept, sums, x, y)
        return float(sums["loss"]) / len(data), float(sums["right"]) / len(data)

    # -- checkpoints -------------------------------------------------------------------------

    def _open(self, folder: Path) -> None:
        """Make the folder of a new run, or tidy that of one that goes on."""
        if self.step == 0:
            folders.claim(folder)
            self.save()
        else:
            folders.tidy(folder)
            folders.write_beside(folder, self.config, self.history)
        where = "begun" if self.step == 0 else f"gone on at step {self.step}"
        folders.note(folder, f"{where} on {self.device.label}, microgd {version('microgd')}")

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
            folders.write_beside(self.folder, self.config, self.history)
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


def _require_kinds(config: Any, data: Any, net: Any) -> None:
    """Refuse what is no configuration, data set or net, before its parts are missed."""
    from microgd.nn.net import Sequential

    if not isinstance(config, Config):
        raise ArgumentError(f"config is a Config, as in Config(data='moons'), got {config!r:.80}")
    if data is not None and not isinstance(data, Dataset):
        raise ArgumentError(
            f"data is a Dataset, as in Dataset('own', x, y, classes), got {type(data).__name__}"
        )
    if net is not None and not isinstance(net, Sequential):
        raise ArgumentError(
            f"net is a Sequential, as in Sequential([Linear(2, 3)]), got {type(net).__name__}"
        )


def _precision(leaf: Any, dtype: str) -> Any:
    """Plain floats (a count of steps) are of the run's precision, as the device returns them."""
    return dtype if isinstance(leaf, float) else np.asarray(leaf).dtype
