"""How noisy the gradient of a minibatch is, against the size of the batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from microgd.errors import ArgumentError, ShapeError
from microgd.graph.values import Array
from microgd.plots import style
from microgd.plots.plot import Plot
from microgd.plots.words import pretty

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Batch sizes that have a scatter of their own.
PANELS = 4


def draw_noise(
    batches: Mapping[int, Any],
    full: Any,
    *,
    names: tuple[str, str] = ("∂f/∂θ₁", "∂f/∂θ₂"),
    coordinates: tuple[int, int] = (0, 1),
    title: str = "Gradients of minibatches around the full gradient",
    dark: bool = False,
    width: float = 13.0,
    height: float = 7.3,
) -> Plot:
    """Gradients of minibatches around the full gradient, and their spread against batch size.

    The spread is the root mean square of ‖g − full‖ over the samples of a batch size; the dashed
    line falls as 1/√B, which is what independent examples give.

    Arguments:
        batches: batch size B → n × D gradients of n such batches.
        full: the gradient over all examples: D numbers.
        names: what to call the two coordinates that the scatters show; coordinates: which they are.
        width, height: inches.

    Raises:
        ArgumentError: nothing to draw. ShapeError: gradients that are not n × D.

    >>> rng = np.random.default_rng(0)
    >>> noise = {b: 1 + rng.normal(size=(50, 2)) / b**0.5 for b in (1, 4, 16)}
    >>> draw_noise(noise, np.ones(2))
    <plot, 13 × 7.3 inches>
    """
    middle, samples = _checked(batches, full, coordinates)
    palette = style.palette_of(dark)
    chosen = _chosen(list(samples))
    shown = {size: samples[size] for size in chosen}
    arrow, origin = middle, 0.0
    if middle.size == 1:  # one coordinate: the draws one above the other
        shown = {size: _stacked(gradients) for size, gradients in shown.items()}
        arrow, origin = np.array([middle[0], 0.5]), 0.5
        coordinates, names = (0, 1), (names[0], "draws")
    with style.context(dark):
        figure, first = style.new_figure(width, height, dark=dark, title=title)
        first[0].remove()
        grid = figure.add_gridspec(2, len(chosen), height_ratios=[1.0, 1.1])
        reach = _reach(list(shown.values()), arrow, coordinates)
        for place, size in enumerate(chosen):
            axes = figure.add_subplot(grid[0, place])
            _scatter(axes, shown[size], arrow, coordinates, origin, reach, palette)
            axes.set_title(f"B = {size}")
            axes.set_xlabel(style.shown(pretty(names[0]), 20))
            if place == 0:
                axes.set_ylabel(style.shown(pretty(names[1]), 20))
            else:
                axes.tick_params(labelleft=False)
        _spread(figure.add_subplot(grid[1, :]), samples, middle, palette)
    return Plot(figure)


def _scatter(
    axes: Axes,
    gradients: Array,
    full: Array,
    coordinates: tuple[int, int],
    origin: float,
    reach: tuple[Array, Array],
    palette: style.Palette,
) -> None:
    i, j = coordinates
    alpha = 0.55 if len(gradients) <= 300 else 0.3
    axes.plot(gradients[:, i], gradients[:, j], linestyle="none", marker="o", markersize=5,
              color=palette.series[0], alpha=alpha, markeredgewidth=0, label="minibatches",
              zorder=3)  # fmt: skip
    axes.annotate(
        "", xy=(full[i], full[j]), xytext=(0, origin), zorder=5,
        arrowprops={"arrowstyle": "-|>,head_width=0.3,head_length=0.6", "linewidth": 2.6,
                    "color": palette.series[1], "shrinkA": 0, "shrinkB": 0},
    )  # fmt: skip
    axes.plot([full[i]], [full[j]], linestyle="none", marker="X", markersize=10, zorder=6,
              color=palette.series[1], markeredgecolor=palette.page, markeredgewidth=1,
              label="full gradient")  # fmt: skip
    low, high = reach
    axes.set_xlim(low[0], high[0])
    axes.set_ylim(low[1], high[1])
    axes.locator_params(nbins=4)


def _spread(axes: Axes, samples: Mapping[int, Array], full: Array, palette: style.Palette) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    sizes = np.array(list(samples), dtype=float)
    spread = np.array([spread_of(gradients, full) for gradients in samples.values()])
    drawn = spread > 0  # the batch of all examples has none, and log 0 no place
    if drawn.any():
        style.log_axis(axes, "x")
        style.log_axis(axes, "y")
        # In a least-squares sense the line through the logarithms, with the slope that theory says.
        sigma = float(np.exp(np.mean(np.log(spread[drawn] * np.sqrt(sizes[drawn])))))
        ends = np.array([sizes.min(), sizes.max()])
        axes.plot(ends, sigma / np.sqrt(ends), color=palette.muted, linewidth=2,
                  linestyle=(0, (6, 3)), label="∝ 1/√B", zorder=2)  # fmt: skip
        axes.plot(sizes[drawn], spread[drawn], color=palette.series[0], marker="o", markersize=9,
                  linestyle="none", label="measured", zorder=4)  # fmt: skip
        axes.xaxis.set_major_locator(FixedLocator(_apart(sizes)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda b, _: f"{b:g}"))
        axes.xaxis.set_minor_locator(NullLocator())
        low, high = spread[drawn].min(), spread[drawn].max()
        if high / low < 100:
            _few_ticks(axes, low, high)
        scatters = _scatter_handles(palette)
        axes.legend(handles=[*scatters, *axes.lines[::-1]], loc="upper right", fontsize=style.TEXT,
                    ncols=2)  # fmt: skip
    if not drawn.all():
        text = f"no spread at B = {', '.join(f'{b:g}' for b in sizes[~drawn])}"
        axes.text(0.02, 0.06, text, transform=axes.transAxes, color=palette.muted)
    axes.set_xlabel("batch size B")
    axes.set_ylabel("spread of g")


def _scatter_handles(palette: style.Palette) -> list[Any]:
    from matplotlib.lines import Line2D

    return [
        Line2D([], [], linestyle="none", marker="o", markersize=6, alpha=0.6, markeredgewidth=0,
               color=palette.series[0], label="gradient of a minibatch"),
        Line2D([], [], linestyle="none", marker="X", markersize=10, color=palette.series[1],
               label="full gradient"),
    ]  # fmt: skip


def spread_of(gradients: Array, full: Array) -> float:
    """The root mean square distance of gradients from the full one.

    >>> spread_of(np.array([[1.0, 0.0], [-1.0, 0.0]]), np.zeros(2))
    1.0
    """
    return float(np.sqrt(np.mean(np.sum((gradients - full) ** 2, axis=1))))


def _checked(
    batches: Mapping[int, Any], full: Any, coordinates: tuple[int, int]
) -> tuple[Array, dict[int, Array]]:
    middle = np.asarray(full, dtype=float).reshape(-1)
    if not batches:
        raise ArgumentError("there is no noise to draw: give gradients for a batch size or more")
    if not middle.size or (middle.size > 1 and not all(0 <= c < middle.size for c in coordinates)):
        raise ArgumentError(
            f"a scatter shows two coordinates, got {coordinates} of a gradient of {middle.size}"
        )
    samples = {}
    for size in sorted(batches):
        gradients = np.asarray(batches[size], dtype=float)
        if size < 1:
            raise ArgumentError(f"a batch has at least one example, got B = {size}")
        if gradients.ndim != 2 or gradients.shape[1] != middle.size or not len(gradients):
            raise ShapeError(
                f"the gradients for B = {size} have shape {gradients.shape}, expected "
                f"n × {middle.size}: a row for each batch"
            )
        if not np.isfinite(gradients).all():
            raise ArgumentError(f"the gradients for B = {size} have inf or NaN among them")
        samples[int(size)] = gradients
    return middle, samples


def _stacked(gradients: Array) -> Array:
    """Gradients of one coordinate, at heights from 0 to 1 in the order of the draws."""
    heights = np.linspace(0.0, 1.0, len(gradients)) if len(gradients) > 1 else np.array([0.5])
    return np.stack([gradients[:, 0], heights], axis=1)


def _chosen(sizes: list[int]) -> list[int]:
    """At most four sizes, the smallest and the largest among them."""
    if len(sizes) <= PANELS:
        return sizes
    places = np.linspace(0, len(sizes) - 1, PANELS).round().astype(int)
    return [sizes[place] for place in places]


def _reach(samples: list[Array], full: Array, coordinates: tuple[int, int]) -> tuple[Array, Array]:
    """The same limits for all scatters: what they are for is to be compared."""
    seen = np.concatenate([g[:, coordinates] for g in samples])
    seen = np.concatenate([seen, [full[list(coordinates)], (0.0, 0.0)]])
    low, high = seen.min(axis=0), seen.max(axis=0)
    room = 0.08 * np.where(high > low, high - low, 1.0)
    return low - room, high + room


def _apart(sizes: Array) -> list[float]:
    """The sizes whose labels do not touch on a logarithmic axis."""
    kept: list[float] = []
    extent = max(float(np.log(sizes.max() / sizes.min())), 1e-9)
    for size in sizes.tolist():
        if not kept or np.log(size / kept[-1]) / extent > 0.05:
            kept.append(size)
    return kept


def _few_ticks(axes: Axes, low: float, high: float) -> None:
    """Ticks at 1, 2 and 5, where there are too few powers of ten to read by."""
    from matplotlib.ticker import FuncFormatter, LogLocator

    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=12))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_ylim(low / 2.5, high * 2.5)
