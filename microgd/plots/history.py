"""draw_history(): loss, accuracy and learning rate of a run, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from microgd.errors import ArgumentError
from microgd.plots import style
from microgd.plots.plot import Plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from microgd.training.history import EpochRow

TRAIN, HELD_OUT = "training", "held out"


def draw_history(
    rows: Sequence[EpochRow], *, title: str = "", log: bool | None = None, dark: bool = False
) -> Plot:
    """The history of a run: training against held-out loss and accuracy, and the learning rate.

    Arguments:
        rows: of `Trainer.history`.
        log: a logarithmic axis for the loss; None takes one where it spans a factor of 100.

    Raises:
        ArgumentError: no rows. DrawingError: matplotlib is not installed.

    >>> from microgd.training import EpochRow
    >>> draw_history([EpochRow(n, n, 1 / n, None, None, None, 0.1) for n in (1, 2, 3)])
    <plot, 13 × 4.6 inches>
    """
    if not rows:
        raise ArgumentError("there is no history to draw: train for an epoch or more")
    epochs = np.array([row.epoch for row in rows])
    losses = {TRAIN: _column(rows, "loss"), HELD_OUT: _column(rows, "held_out_loss")}
    accuracies = {TRAIN: _column(rows, "accuracy"), HELD_OUT: _column(rows, "held_out_accuracy")}
    shown = [("loss", losses)]
    if np.isfinite(accuracies[TRAIN]).any():
        shown.append(("accuracy", accuracies))
    shown.append(("learning rate", {"rate": _column(rows, "lr")}))
    with style.context(dark):
        figure, axes = style.new_figure(
            13, 4.6, columns=len(shown), dark=dark, title=title or "Training"
        )
        for one, (name, curves) in zip(axes, shown, strict=True):
            _draw(one, epochs, name, curves, dark)
        if log or (log is None and _spans(losses)):
            style.log_axis(axes[0])
        return Plot(figure)


def _draw(axes: Axes, epochs: Any, name: str, curves: dict[str, Any], dark: bool) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    for place, (label, values) in enumerate(curves.items()):
        if not np.isfinite(values).any():
            continue
        look = style.series(place, dark=dark)
        marker = look.marker if len(epochs) <= 40 else ""
        axes.plot(epochs, values, **look.line, label=label, marker=marker, markersize=5)
    axes.set_title(name)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    if name == "accuracy":
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:.0%}"))
    if name == "learning rate":
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    elif len(axes.lines) > 1:
        axes.legend(loc="best")


def _column(rows: Sequence[EpochRow], name: str) -> Any:
    values = [getattr(row, name) for row in rows]
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def _spans(losses: dict[str, Any]) -> bool:
    seen = np.concatenate(list(losses.values()))
    seen = seen[np.isfinite(seen)]
    return bool(seen.size and seen.min() > 0 and seen.max() / seen.min() >= 100)
