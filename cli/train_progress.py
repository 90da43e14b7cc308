"""How a run is watched: a bar in a terminal, a line for every epoch elsewhere."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import suppress
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

from .numbers import loss_text
from .streams import say

if TYPE_CHECKING:
    from microgd.training import EpochRow, Trainer

#: Seconds between two looks at the loss within an epoch: each makes the device wait.
LOOK = 0.5


class Quiet:
    """Nothing is shown."""

    def __enter__(self) -> Quiet:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def step(self, run: Trainer) -> None:
        """Called after every step."""

    def epoch(self, run: Trainer, row: EpochRow) -> None:
        """Called after every epoch."""


class Lines(Quiet):
    """A line for every epoch, as a table that grows."""

    def __init__(self, run: Trainer) -> None:
        self.mark = 0.0
        self.first = run.step
        self.headed = False

    def step(self, run: Trainer) -> None:
        if not self.mark:  # the first step compiles
            self.mark, self.first = time.perf_counter(), run.step

    def epoch(self, run: Trainer, row: EpochRow) -> None:
        if not self.headed:
            self.headed = True
            say(self._head(row))
        say(self._line(run, row))
        sys.stdout.flush()
        self.mark, self.first = time.perf_counter(), run.step

    def _head(self, row: EpochRow) -> str:
        cells = [f"{'epoch':>9}", f"{'loss':>9}"]
        if row.accuracy is not None:
            cells.append(f"{'accuracy':>9}")
        if row.held_out_loss is not None:
            cells.append(f"{'held out':>9}")
            if row.held_out_accuracy is not None:
                cells.append(f"{'accuracy':>9}")
        return "  ".join([*cells, f"{'lr':>9}", f"{'steps/s':>9}"])

    def _line(self, run: Trainer, row: EpochRow) -> str:
        cells = [f"{row.epoch:>4}/{run.config.epochs:<4}", f"{loss_text(row.loss):>9}"]
        if row.accuracy is not None:
            cells.append(f"{row.accuracy:>9.2%}")
        if row.held_out_loss is not None:
            cells.append(f"{loss_text(row.held_out_loss):>9}")
            if row.held_out_accuracy is not None:
                cells.append(f"{row.held_out_accuracy:>9.2%}")
        return "  ".join([*cells, f"{row.lr:>9.3g}", f"{self.speed(run):>9.0f}"])

    def speed(self, run: Trainer) -> float:
        """Steps per second of this epoch."""
        return (run.step - self.first) / max(time.perf_counter() - self.mark, 1e-9)


class Bar(Lines):
    """The same lines, and below them a bar: where in the epoch, the loss now, the time left."""

    def __init__(self, run: Trainer) -> None:
        super().__init__(run)
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        from .output import console

        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[told]}"),
            TimeRemainingColumn(),
            console=console(),
            transient=True,
        )
        steps = run.steps_per_epoch * run.config.epochs
        self.task = self.bar.add_task("training", total=steps, completed=run.step, told="")
        self.looked = 0.0

    def __enter__(self) -> Bar:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def step(self, run: Trainer) -> None:
        super().step(run)
        now = time.perf_counter()
        if now - self.looked > LOOK:
            self.looked = now
            loss, speed = run.loss_so_far, self.speed(run)
            told = f"epoch {run.epoch + 1}, loss {loss_text(loss)}, {speed:.0f} steps/s"
            self.bar.update(self.task, completed=run.step, told=told)

    def epoch(self, run: Trainer, row: EpochRow) -> None:
        from rich.text import Text

        if not self.headed:
            self.headed = True
            self.bar.console.print(Text(self._head(row), style="dim"))
        self.bar.console.print(Text(self._line(run, row)))
        self.mark, self.first = time.perf_counter(), run.step


def progress(run: Trainer) -> Quiet:
    """What fits the output."""
    return Bar(run) if sys.stdout.isatty() else Lines(run)


class Interrupt:
    """The first Ctrl-C asks the run to stop after its step; the second one stops it at once."""

    def __init__(self) -> None:
        self.asked = False
        self._before: Any = None

    def __enter__(self) -> Interrupt:
        ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN  # nohup, a script's `&`
        if threading.current_thread() is threading.main_thread() and not ignored:
            self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        if sys.stderr is not None and sys.stderr.isatty():
            with suppress(OSError):  # not through Python's buffer, in which it may be just now
                os.write(2, b"\nstopping after this step; Ctrl-C again stops at once\n")
