"""A function of two variables as contour lines, and descents over it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from microgd.graph.values import Array
from microgd.lab.descent import Descent
from microgd.lab.problem import Problem
from microgd.plots import style
from microgd.plots.parts import halo, legend_below, minima_of, star
from microgd.plots.plot import Plot
from microgd.plots.tracks import Box, Track, as_descents, fit_box, same_problem, track
from microgd.plots.words import pretty, title_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Points of the grid along each side.
GRID = 141

#: Parts of the picture's area that lie below a contour line: close in the valleys, so that steep
#: functions such as Rosenbrock's show theirs, and even over slopes.
AREAS = (0.004, 0.015, 0.035, 0.07, 0.12, 0.18, 0.26, 0.35, 0.45, 0.56, 0.68, 0.8, 0.92)

#: Steps up to which each has a marker.
MARKED = 80

#: Of a path that has more steps.
SMALL_MARKER = 3.5

#: Lowest and highest ground.
GROUND = {False: ("#bdd5ea", "#f7fafc"), True: ("#2b5278", "#10161f")}


def draw_contours(
    descents: Descent | Iterable[Descent],
    *,
    box: Box | None = None,
    title: str | None = None,
    dark: bool = False,
    width: float = 9.0,
    height: float | None = None,
) -> Plot:
    """Contour lines of a function of two variables, with the paths of descents over them.

    Arguments:
        box: ((low, high), (low, high)), what to show; None takes the problem's, or fits the paths.
        title: None takes the formula.
        width, height: inches; without a height it fits the box.

    Raises:
        ArgumentError: no descent, or not two variables. DrawingError: no matplotlib.

    >>> from microgd.lab.descend import descend
    >>> from microgd.lab.problem import from_text
    >>> bowl = from_text("x**2 + 3*y**2", {"x": 3, "y": 1})
    >>> draw_contours(descend(bowl, lr=0.1, steps=5), height=6)
    <plot, 9 × 6 inches>
    """
    found = as_descents(descents)
    same_problem(found, 2)
    heading = title_of(found[0].problem) if title is None else title
    shown = fit_box(found, box)
    if height is None:
        (left, right), (low, high) = shown
        height = min(max(1.7 + 0.85 * width * (high - low) / (right - left), 5.5), 7.0)
    with style.context(dark):
        figure, (axes,) = style.new_figure(width, height, dark=dark, title=heading)
        tracks = plot_contours(axes, found, box=shown, dark=dark)
        legend_below(figure, tracks, dark=dark, more=marks(dark))
    return Plot(figure)


def plot_contours(
    axes: Axes,
    descents: Sequence[Descent],
    *,
    paths: bool = True,
    box: Box | None = None,
    dark: bool = False,
) -> list[Track]:
    """The same in axes that are there; without paths it is what an animation moves over."""
    problem = descents[0].problem
    palette = style.palette_of(dark)
    shown = fit_box(descents, box)
    tracks = [track(one, i, one.points, shown, dark) for i, one in enumerate(descents)]
    (left, right), (low, high) = shown
    _ground(axes, problem, shown, dark)
    axes.set_xlim(left, right)
    axes.set_ylim(low, high)
    if 0.3 <= (high - low) / (right - left) <= 3:
        axes.set_aspect("equal")  # so that gradients stand upright on contour lines
    axes.grid(visible=False)
    axes.set_xlabel(style.shown(pretty(problem.names[0]), 30))
    axes.set_ylabel(style.shown(pretty(problem.names[1]), 30))
    star(axes, minima_of(problem, shown), palette)
    if paths:
        for one in tracks:
            _path(axes, one, palette)
        _starts(axes, tracks, palette)
    return tracks


def levels_of(heights: Array, lowest: float | None = None) -> list[float]:
    """Levels for contour lines, in rising order; none where the function is flat.

    Arguments:
        heights: f on a grid. lowest: the known minimum, which the grid may miss.

    >>> len(levels_of(np.linspace(0, 1, 100) ** 4)), levels_of(np.ones(9))
    (13, [])
    """
    finite = heights[np.isfinite(heights)]
    if finite.size == 0:
        return []
    bottom = float(finite.min()) if lowest is None else min(lowest, float(finite.min()))
    with np.errstate(all="ignore"):
        levels = np.quantile(finite, AREAS)
    levels = levels[np.isfinite(levels)]
    extent = float(finite.max()) / 2 - bottom / 2
    apart = max(1e-9 * extent, 1e-12 * abs(bottom), 1e-300)
    kept: list[float] = []
    for level in levels.tolist():
        if level - (kept[-1] if kept else bottom) > apart:
            kept.append(level)
    return kept


def shade(height: float, dark: bool = False) -> str:
    """The colour of the ground from 0, the valley, to 1.

    >>> shade(0), shade(0.5), shade(1)
    ('#bdd5ea', '#dae8f3', '#f7fafc')
    """
    low, high = ([int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in GROUND[dark])
    return "#" + "".join(
        f"{round(a + (b - a) * height):02x}" for a, b in zip(low, high, strict=True)
    )


def marks(dark: bool = False) -> list[Any]:
    """What the legend says of start and end."""
    from matplotlib.lines import Line2D

    palette = style.palette_of(dark)
    looks: dict[str, Any] = {"linestyle": "none", "marker": "o", "markeredgecolor": palette.muted}
    return [
        Line2D([], [], **looks, markersize=9, markerfacecolor=palette.page, markeredgewidth=2,
               label="start"),
        Line2D([], [], **looks, markersize=10, markerfacecolor=palette.muted, label="end"),
    ]  # fmt: skip


def _ground(axes: Axes, problem: Problem, box: Box, dark: bool) -> None:
    palette = style.palette_of(dark)
    x, y = (np.linspace(low, high, GRID) for low, high in box)
    heights = problem.grid(x, y)
    known = [problem.value(m) for m in minima_of(problem, box)]
    levels = levels_of(heights, min(known, default=None))
    if not levels:
        finite = np.isfinite(heights).any()
        text = "f is the same everywhere here" if finite else "f is not finite here"
        axes.text(0.5, 0.03, text, transform=axes.transAxes, ha="center", fontsize=style.SMALL,
                  color=palette.muted)  # fmt: skip
        return
    with np.errstate(all="ignore"):
        # Far above the last line any height is as good as infinity, which contours cannot take.
        capped = np.minimum(heights, levels[-1] + 10 * (levels[-1] - levels[0] + 1))
    clean = np.ma.masked_invalid(capped)
    # From one set of shades, whose dark counterparts a page can look up.
    places = np.linspace(0, len(AREAS), len(levels) + 1).round() / len(AREAS)
    shades = [shade(place, dark) for place in places]
    if len(levels) > 1:
        axes.contourf(x, y, clean, levels=levels, colors=shades, extend="both", zorder=0.5)
    axes.contour(x, y, clean, levels=levels, colors=palette.muted, linewidths=0.9, alpha=0.55,
                 linestyles="solid", zorder=1)  # fmt: skip


def _path(axes: Axes, one: Track, palette: style.Palette) -> None:
    looks = one.series
    few = len(one.points) <= MARKED
    axes.plot(one.points[:, 0], one.points[:, 1], **looks.line, marker=looks.marker,
              markersize=style.MARKER - 1 if few else SMALL_MARKER, markeredgecolor=palette.page,
              markeredgewidth=0.7 if few else 0.2, label=one.legend, zorder=5)  # fmt: skip
    if len(one.rows):
        x, y = one.rows[-1]
        axes.plot([x], [y], linestyle="none", marker=looks.marker, markersize=11,
                  color=looks.colour, markeredgecolor=palette.page, markeredgewidth=1.5,
                  label="_end", zorder=7)  # fmt: skip


def _starts(axes: Axes, tracks: Sequence[Track], palette: style.Palette) -> None:
    """Where they start, hollow; one mark where several start together."""
    starts = {tuple(one.rows[0]): one for one in tracks if len(one.rows)}
    for (x, y), one in starts.items():
        shared = sum(len(t.rows) > 0 and tuple(t.rows[0]) == (x, y) for t in tracks) > 1
        colour = palette.ink if shared else one.series.colour
        axes.plot([x], [y], linestyle="none", marker="o", markersize=10,
                  markerfacecolor=palette.page, markeredgecolor=colour, markeredgewidth=2.4,
                  label="_start", path_effects=halo(palette.page), zorder=6)  # fmt: skip
