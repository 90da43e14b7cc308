"""Loss against the logarithm of the learning rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from microgd.errors import ArgumentError
from microgd.graph.values import Array
from microgd.plots import style
from microgd.plots.parts import halo
from microgd.plots.plot import Plot
from microgd.plots.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from microgd.training.rate_search import RateSearch

#: How far above its start the loss is followed, in units of its fall.
CLIMB = 0.45


def draw_rate_search(
    search: RateSearch,
    *,
    title: str = "Which learning rate?",
    dark: bool = False,
    width: float = 10.0,
    height: float = 5.8,
) -> Plot:
    """The loss of each step against its rate, smoothed, with the suggested rates.

    Arguments:
        width, height: inches.

    Raises:
        ArgumentError: no loss is finite. DrawingError: no matplotlib.

    >>> from microgd.training.rate_search import judge
    >>> rates = np.geomspace(1e-8, 1, 100)
    >>> draw_rate_search(judge(rates, 2.3 - 2 / (1 + (1e-3 / rates) ** 2)))
    <plot, 10 × 5.8 inches>
    """
    rates, raw, mean = (np.array(v) for v in (search.rates, search.losses, search.smoothed))
    if not np.isfinite(raw).any():
        raise ArgumentError("no loss is finite: there is nothing to draw")
    palette = style.palette_of(dark)
    with style.context(dark):
        figure, (axes,) = style.new_figure(width, height, dark=dark, title=title)
        style.log_axis(axes, "x")
        low, high = _limits(raw, mean)
        axes.set_ylim(low, high)
        axes.set_xlim(rates[0] / 1.3, rates[-1] * 1.3)
        axes.plot(rates, np.clip(raw, None, 10 * high), linestyle="none", marker="o", markersize=4,
                  color=palette.muted, alpha=0.55, markeredgewidth=0, label="loss of a minibatch",
                  zorder=3)  # fmt: skip
        look = style.series(0, dark=dark)
        middle = _places(search)
        axes.plot(middle, np.clip(mean, None, 10 * high), color=look.colour, linewidth=3.2,
                  label="smoothed", zorder=5)  # fmt: skip
        axes.axvspan(rates[0] / 1.3, rates[search.skipped - 1], color=palette.grid, alpha=0.45,
                     linewidth=0, label="not looked at", zorder=1)  # fmt: skip
        _mark(axes, search, palette)
        axes.set_xlabel("learning rate")
        axes.set_ylabel("loss")
        figure.legend(loc="outside lower center", ncols=5)
    return Plot(figure)


def _places(search: RateSearch) -> Array:
    """Where the smoothed losses stand: over the losses that they are means of.

    A running mean follows a fall late, and turns at once where losses rise above it.
    """
    from microgd.training.probe import smoothed
    from microgd.training.rate_search import KEEP

    x = np.log10(np.array(search.rates))
    if search.suggestion is None:
        return np.asarray(10**x)
    lag = x - np.array(smoothed(x, KEEP))
    lowest = int(np.nanargmin(search.smoothed))
    fallen = np.log10(search.suggestion) + lag[-1]
    left = np.clip((x[lowest] - x) / max(x[lowest] - fallen, 1e-9), 0.0, 1.0)
    return np.asarray(10 ** (x - lag * left))


def _mark(axes: Axes, search: RateSearch, palette: style.Palette) -> None:
    """A line at each suggested rate, and the words at its top."""
    if search.suggestion is None or search.tenth is None:
        axes.text(0.5, 0.94, "no falling part", transform=axes.transAxes, ha="center", va="top",
                  color=style.legible(palette.series[1], palette.page),
                  path_effects=halo(palette.page), zorder=8)  # fmt: skip
        return
    marks = [
        (search.suggestion, "steepest", palette.series[1], "solid"),
        (search.tenth, "lowest ÷ 10", palette.series[2], (0, (4, 2))),
    ]
    # The left one's words stand on its left: the two are often close together.
    first = min(rate for rate, *_ in marks)
    for rate, words, colour, dash in marks:
        left = rate == first
        axes.axvline(rate, color=colour, linestyle=dash, linewidth=2.4, zorder=4)
        axes.annotate(
            f"{words}\n{number(float(f'{rate:.2g}'))}", xy=(rate, 0.97),
            xycoords=("data", "axes fraction"), xytext=(-8 if left else 8, 0),
            textcoords="offset points", ha="right" if left else "left", va="top",
            color=style.legible(colour, palette.page), path_effects=halo(palette.page), zorder=8,
        )  # fmt: skip


def _limits(raw: Array, mean: Array) -> tuple[float, float]:
    """All of the way down; of the way up as much as leaves the way down to be seen."""
    finite = raw[np.isfinite(raw)]
    begun = float(np.median(finite[: max(5, len(finite) // 10)]))
    low = min(float(finite.min()), float(np.nanmin(mean)))
    fall = max(begun - low, 0.05 * abs(begun), 1e-12)
    early = finite[: max(5, len(finite) // 3)]
    high = max(begun + CLIMB * fall, min(float(early.max()), begun + 2 * fall))
    return low - 0.06 * fall, min(max(high, begun + 0.2 * fall), max(finite.max(), begun) + fall)
