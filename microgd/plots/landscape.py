"""The loss around trained parameters as contour lines, with the path of a run over them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from microgd.graph.values import Array
from microgd.plots import style
from microgd.plots.contours import AREAS, shade
from microgd.plots.parts import halo, star
from microgd.plots.plot import Plot
from microgd.plots.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from microgd.training.landscape import Landscape

#: From here on up, what is highest is so much above what is lowest that equal steps show nothing.
WIDE = 8.0
#: Contour lines at least and at most.
LINES = (6, 13)


def draw_landscape(
    seen: Landscape, *, title: str | None = None, dark: bool = False, width: float = 9.0
) -> Plot:
    """Contour lines of the loss around trained parameters; close together where it is steep.

    Raises:
        DrawingError: matplotlib is not installed.

    >>> from microgd.data import read_dataset
    >>> from microgd.training import Config, Trainer, landscape, model_of
    >>> run = Trainer(Config(data="xor", hidden=(8,), device="interpreter"))
    >>> draw_landscape(landscape(model_of(run), read_dataset("xor"), size=5))
    <plot, 9 × 7.4 inches>
    """
    heading = f"loss around a net for {seen.data}" if title is None else title
    with style.context(dark):
        figure, (axes,) = style.new_figure(width, 7.4, dark=dark, title=heading)
        plot_landscape(axes, seen, dark)
        handles, labels = axes.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels),
                      handlelength=1.8)  # fmt: skip
    return Plot(figure)


def plot_landscape(axes: Axes, seen: Landscape, dark: bool = False) -> None:
    """The same in axes that are there."""
    palette = style.palette_of(dark)
    levels = loss_levels(seen.loss)
    axes.grid(visible=False)
    _ground(axes, seen, levels, dark)
    if seen.walk is not None:
        _walk(axes, seen, dark)
    a, b, height = seen.lowest
    star(axes, [(a, b)], palette)
    here = (a, b) == (0.0, 0.0)
    named = "the net, lowest here" if here else "lowest here"
    axes.lines[-1].set(label=f"{named}: {number(height)}", clip_on=False)
    if not here:
        axes.plot([0], [0], linestyle="none", marker="P", markersize=12, zorder=7,
                  markerfacecolor=palette.ink, markeredgecolor=palette.page, markeredgewidth=1.5,
                  label=f"the net: {number(seen.centre)}")  # fmt: skip
    if seen.shares is None:
        axes.set_aspect("equal")
        axes.set_xlabel("along one random direction (1: as long as the weights)")
        axes.set_ylabel("along another one")
    else:
        one, two = (f"{share:.0%} of the path" for share in seen.shares)
        axes.set_xlabel(f"first principal direction ({one})")
        axes.set_ylabel(f"second ({two})")


def loss_levels(loss: Array) -> list[float]:
    """Levels for contour lines, in rising order: round numbers, in equal steps where the loss does
    not vary much, and else 1, 2, 5, … or closer ones times powers of ten.

    >>> loss_levels(np.array([0.1, 0.5, 40.0]))
    [0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0]
    >>> loss_levels(np.ones(4))
    []
    """
    finite = loss[np.isfinite(loss)]
    if not finite.size or not np.ptp(finite) > 1e-9 * abs(float(finite.max())):
        return []
    low, high = float(finite.min()), float(finite.max())
    least, most = LINES
    if low > 0 and high / low > WIDE:
        powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
        for steps in (
            (1, 1.5, 2, 3, 4, 5, 6, 8),
            (1, 1.5, 2, 3, 5, 7),
            (1, 2, 3, 5),
            (1, 2, 5),
            (1, 3),
            (1,),
        ):
            found = [float(f"{m}e{p}") for p in powers for m in steps]
            found = [level for level in found if low <= level < high]
            if len(found) <= most:
                return found
        return found[:: -(-len(found) // most)]
    from matplotlib.ticker import MaxNLocator

    places = MaxNLocator(most - 1, steps=[1, 2, 2.5, 5, 10], min_n_ticks=least)
    return [float(x) for x in np.asarray(places.tick_values(low, high)) if low < x < high]


def _ground(axes: Axes, seen: Landscape, levels: list[float], dark: bool) -> None:
    palette = style.palette_of(dark)
    if not levels:
        finite = np.isfinite(seen.loss).any()
        text = "the loss is the same everywhere here" if finite else "the loss is not finite here"
        axes.text(0.5, 0.03, text, transform=axes.transAxes, ha="center", fontsize=style.SMALL,
                  color=palette.muted)  # fmt: skip
    else:
        heights = np.ma.masked_invalid(seen.loss)
        places = np.linspace(0, len(AREAS), len(levels) + 1).round() / len(AREAS)
        if len(levels) > 1:
            axes.contourf(seen.a, seen.b, heights, levels=levels, extend="both", zorder=0.5,
                          colors=[shade(place, dark) for place in places])  # fmt: skip
        lines = axes.contour(seen.a, seen.b, heights, levels=levels, colors=palette.muted,
                             linewidths=1.1, alpha=0.8, zorder=1)  # fmt: skip
        told: Any = axes.clabel(lines, fmt=lambda level: f"{level:g}", fontsize=style.SMALL - 1,
                           colors=palette.ink, inline=False, zorder=5.5)  # fmt: skip
        for text in told:
            text.set_path_effects(halo(palette.page))
    axes.set_xlim(seen.a[0], seen.a[-1])
    axes.set_ylim(seen.b[0], seen.b[-1])


def _walk(axes: Axes, seen: Landscape, dark: bool) -> None:
    assert seen.walk is not None
    palette, looks = style.palette_of(dark), style.series(1, dark=dark)
    x, y = seen.walk.T
    axes.plot(x, y, color=looks.colour, linewidth=style.LINE, marker="o",
              markersize=style.MARKER - 1, markeredgecolor=palette.page, markeredgewidth=0.7,
              label="after each epoch", zorder=5)  # fmt: skip
    axes.plot(x[:1], y[:1], linestyle="none", marker="o", markersize=11, markeredgewidth=2.4,
              markerfacecolor=palette.page, markeredgecolor=looks.colour, label="start",
              zorder=6)  # fmt: skip
