"""What a search found: the score of every trial, against each of the options."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from microgd.graph.values import Array
from microgd.plots import style
from microgd.plots.plot import Plot
from microgd.training.space import Choice, Range, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from microgd.training.search_result import Search

#: Panels in a row, and inches of each.
ROW, WIDE, HIGH = 3, 4.6, 4.2
#: Letters of a value that fit under a panel.
LETTERS = 20


def draw_search(found: Search, *, title: str | None = None, dark: bool = False) -> Plot:
    """The mean score of each trial, with its deviation over the folds; a panel for each option.

    A star is the best trial; crosses at the edge are trials that diverged.

    Raises:
        DrawingError: matplotlib is not installed.

    >>> from microgd.training import Config, search
    >>> config = Config(data="moons(count=60)", hidden=(4,), epochs=1, device="interpreter")
    >>> draw_search(search(config, ["lr=1e-3..1e-1:log"], trials=2, folds=2))
    <plot, 7 × 5.4 inches>
    """
    count = len(found.space)
    columns = min(count, ROW)
    rows = -(-count // columns)
    named = f"{len(found.trials)} trials, {found.folds} folds" if title is None else title
    with style.context(dark):
        size = max(WIDE * columns, 7.0), HIGH * rows + 1.2
        figure, axes = style.new_figure(*size, rows, columns, dark=dark, title=named)
        for place, (one, panel) in enumerate(zip(found.space, axes, strict=False)):
            _panel(panel, found, one, dark)
            if place % columns == 0:
                panel.set_ylabel(f"{found.by}, not trained on")
        for spare in axes[count:]:
            spare.set_visible(False)
        labels = dict(zip(*reversed(axes[0].get_legend_handles_labels()), strict=True))
        figure.legend(labels.values(), labels.keys(), loc="outside lower center", ncols=3)
    return Plot(figure)


def _panel(axes: Axes, found: Search, one: Choice | Range, dark: bool) -> None:
    palette, looks = style.palette_of(dark), style.series(0, dark=dark)
    places = _places(axes, found, one)
    known = np.array([trial.mean(found.by) is not None for trial in found.trials])
    means = np.array([trial.mean(found.by) or 0.0 for trial in found.trials])
    spread = np.array([trial.deviation(found.by) or 0.0 for trial in found.trials])
    axes.errorbar(places[known], means[known], yerr=spread[known], linestyle="none", marker="o",
                  markersize=style.MARKER + 1, color=looks.colour, elinewidth=1.4, capsize=3,
                  markeredgecolor=palette.page, markeredgewidth=0.7, label="a trial, ± deviation",
                  zorder=3)  # fmt: skip
    if known.any():
        axes.plot(places[:1], means[:1], linestyle="none", marker="*", markersize=19,
                  markerfacecolor=palette.star, markeredgecolor=palette.ink, label="the best",
                  zorder=5)  # fmt: skip
    if not known.all():
        axes.plot(places[~known], np.full((~known).sum(), 0.03), linestyle="none", marker="X",
                  markersize=9, color=palette.muted, transform=axes.get_xaxis_transform(),
                  label="diverged", zorder=4)  # fmt: skip
    if found.by == "loss" and known.any() and means[known].max() > 8 * means[known].min() > 0:
        style.log_axis(axes, "y")
    axes.set_xlabel(one.name)


def _places(axes: Axes, found: Search, one: Choice | Range) -> Array:
    """Where each trial stands: at its number, or at the name of its value, a little apart."""
    values = [trial.options[one.name] for trial in found.trials]
    if isinstance(one, Range):
        if one.log:
            style.log_axis(axes, "x")
        return np.array(values, dtype=float)
    names = [style.shown(shown(value), LETTERS) for value in one.values]
    crowded = len(names) > 4 or max(map(len, names)) * len(names) > 2 * LETTERS
    axes.set_xticks(range(len(names)), names, rotation=25 if crowded else 0,
                    ha="right" if crowded else "center")  # fmt: skip
    axes.set_xlim(-0.6, len(names) - 0.4)
    found_at = np.array([one.values.index(value) for value in values], dtype=float)
    for place in range(len(names)):
        same = np.flatnonzero(found_at == place)
        found_at[same] += np.linspace(-0.12, 0.12, len(same)) if len(same) > 1 else 0.0
    return found_at
