"""A report card: which checks passed, a batch learnt by heart, and the first steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from microgd.plots import style
from microgd.plots.plot import Plot
from microgd.plots.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from microgd.training.sanity_report import Sanity

#: How far above the first and the ignorant loss a curve is followed.
HIGH = 4.0


def draw_sanity(
    report: Sanity,
    *,
    title: str = "Before training",
    dark: bool = False,
    width: float = 14.0,
    height: float = 7.0,
) -> Plot:
    """The checks with what was found, and the losses behind two of them.

    Arguments:
        width, height: inches.

    Raises:
        DrawingError: no matplotlib.

    >>> from microgd.training.sanity_report import Check, Sanity
    >>> checks = (Check("first loss", True, "2.31", "2.303"),)
    >>> draw_sanity(Sanity(checks, 2.303, (2.3, 0.1), (2.3, 2.2)))
    <plot, 14 × 7 inches>
    """
    palette = style.palette_of(dark)
    with style.context(dark):
        figure, first = style.new_figure(width, height, dark=dark, title=title)
        first[0].remove()
        grid = figure.add_gridspec(2, 2, width_ratios=[1.0, 1.15])
        _list(figure.add_subplot(grid[:, 0]), report, palette)
        heart = figure.add_subplot(grid[0, 1])
        _losses(heart, report.overfit, report.expected, palette, log=True)
        heart.set_title("a few examples by heart")
        begun = figure.add_subplot(grid[1, 1])
        _losses(begun, report.begun, report.expected, palette, log=False)
        begun.set_title("the first steps of the run")
        begun.set_xlabel("step")
    return Plot(figure)


def _list(axes: Axes, report: Sanity, palette: style.Palette) -> None:
    axes.set_axis_off()
    count = max(8, len(report.checks))
    axes.set_xlim(0, 1)
    axes.set_ylim(-count, 0.2)
    signs = {
        True: ("✓", style.legible(palette.series[2], palette.page)),
        False: ("✗", style.legible(palette.series[1], palette.page)),
        None: ("–", palette.muted),
    }
    for place, check in enumerate(report.checks):
        sign, colour = signs[check.passed]
        y = -place - 0.35
        found = check.found + (f";  expected: {check.expected}" if check.expected else "")
        axes.text(0.0, y, sign, color=colour, fontsize=style.TEXT + 4, va="center")
        axes.text(0.06, y + 0.18, check.name, color=colour, fontsize=style.TEXT, va="center")
        axes.text(0.06, y - 0.24, style.shown(found, 76), color=palette.muted,
                  fontsize=style.SMALL - 2, va="center")  # fmt: skip


def _losses(
    axes: Axes, losses: Sequence[float], expected: float, palette: style.Palette, *, log: bool
) -> None:
    from matplotlib.ticker import MaxNLocator

    values = np.array(losses, dtype=float)
    finite = np.isfinite(values)
    log = log and bool((values[finite] > 0).all()) and expected > 0
    if log:
        style.log_axis(axes, "y")
    seen = values[finite]
    top = HIGH * max([expected, *seen[:1]]) if seen.size else HIGH * (expected or 1.0)
    steps = np.arange(len(values))
    drawn = np.where(finite, np.minimum(values, 10 * top), np.nan)
    axes.plot(steps, drawn, linewidth=2.6, color=palette.series[0], markersize=4,
              marker="o" if len(values) <= 60 else "")  # fmt: skip
    axes.axhline(expected, color=palette.muted, linestyle=(0, (5, 3)), linewidth=1.6)
    axes.annotate(f"knowing nothing: {number(expected)}", xy=(1, expected),
                  xycoords=("axes fraction", "data"), xytext=(-4, 3), textcoords="offset points",
                  ha="right", va="bottom", fontsize=style.SMALL - 1,
                  color=palette.muted)  # fmt: skip
    high = min(top, max([expected, *seen]) * (1.5 if log else 1.12)) if seen.size else top
    low = min([expected, *seen]) if seen.size else 0.0
    axes.set_ylim(low / 1.5 if log else min(0.0, low), max(high, 1e-9))
    if not finite.all():
        axes.text(0.98, 0.85, f"not finite from step {int(np.argmin(finite))} on", ha="right",
                  transform=axes.transAxes, color=style.legible(palette.series[1], palette.page),
                  fontsize=style.SMALL)  # fmt: skip
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7))
    axes.set_ylabel("loss")
