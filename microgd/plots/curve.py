"""A function of one variable, and descents along it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from microgd.graph.values import Array
from microgd.lab.descent import Descent
from microgd.plots import style
from microgd.plots.parts import halo, legend_below, minima_of, star
from microgd.plots.plot import Plot
from microgd.plots.tracks import Box, Track, as_descents, fit_box, same_problem, track
from microgd.plots.words import pretty, title_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Steps up to which each is an arrow, and its point may have a number.
ARROWS = 25

#: Points of the curve.
FINE = 601


def draw_curve(
    descents: Descent | Iterable[Descent],
    *,
    tangents: bool = False,
    numbers: bool = True,
    box: Box | None = None,
    title: str | None = None,
    dark: bool = False,
    width: float = 9.0,
    height: float = 6.0,
) -> Plot:
    """The curve of a function of one variable, with the steps of descents on it.

    Arguments:
        tangents: draw the tangent at each of the first points: its slope is the gradient.
        numbers: write t at the points, where there is room.
        box: ((low, high),), what to show of x; None takes the problem's, or fits the path.
        title: None takes the formula.
        width, height: inches.

    Raises:
        ArgumentError: no descent, or a function of several variables. DrawingError: no matplotlib.

    >>> from microgd.lab.descend import descend
    >>> from microgd.lab.problem import from_text
    >>> draw_curve(descend(from_text("x**2", {"x": 3}), lr=0.1, steps=5))
    <plot, 9 × 6 inches>
    """
    found = as_descents(descents)
    same_problem(found, 1)
    heading = title_of(found[0].problem) if title is None else title
    with style.context(dark):
        figure, (axes,) = style.new_figure(width, height, dark=dark, title=heading)
        tracks = plot_curve(axes, found, tangents=tangents, numbers=numbers, box=box, dark=dark)
        legend_below(figure, tracks, dark=dark)
    return Plot(figure)


def plot_curve(
    axes: Axes,
    descents: Sequence[Descent],
    *,
    tangents: bool = False,
    numbers: bool = True,
    paths: bool = True,
    box: Box | None = None,
    dark: bool = False,
) -> list[Track]:
    """The same in axes that are there; without paths it is what an animation moves over."""
    problem = descents[0].problem
    palette = style.palette_of(dark)
    (across,) = fit_box(descents, box)
    x = np.linspace(*across, FINE)
    y = np.where(np.isfinite(f := problem.grid(x)), f, np.nan)
    lowest = [(m[0], problem.value(m)) for m in minima_of(problem, (across,))]
    up = _heights(descents, x, y, [f for _, f in lowest], across)
    tracks = [
        track(one, place, np.column_stack([one.points[:, 0], one.values]), (across, up), dark)
        for place, one in enumerate(descents)
    ]
    with np.errstate(all="ignore"):
        y[(y > up[1] + 3 * (up[1] - up[0])) | (y < up[0] - 3 * (up[1] - up[0]))] = np.nan
    axes.plot(x, y, color=palette.muted, linewidth=style.LINE, label="_curve", zorder=2)
    axes.set_xlim(*across)
    axes.set_ylim(*up)
    axes.set_xlabel(style.shown(pretty(problem.names[0]), 30))
    axes.set_ylabel("f")
    star(axes, lowest, palette)
    if paths:
        for place, one in enumerate(tracks):
            if tangents:
                _tangents(axes, one, across, palette.series[1 if len(tracks) == 1 else place])
            _steps(axes, one, palette.page)
        if numbers and len(tracks) == 1:
            _numbers(axes, tracks[0], palette.page)
    return tracks


def _heights(
    descents: Sequence[Descent], x: Array, y: Array, lowest: list[float], across: tuple[float, ...]
) -> tuple[float, float]:
    """What to show of f: the points, the valley below them, and some of the walls above."""
    low, high = across
    points = [
        row.value
        for one in descents
        for row in one.rows
        if low <= row.point[0] <= high and np.isfinite(row.value)
    ]
    seen = y[np.isfinite(y)]
    if not points:
        points = [float(v) for v in np.quantile(seen, [0.0, 0.8])] if seen.size else [0.0, 1.0]
    bottom = min([*points, *lowest])
    top = max(points)
    if seen.size:
        # At the end of a long walk down a steep wall the valley has no depth to see: show it.
        bottom = min(bottom, float(seen.min()) if seen.min() > bottom - (top - bottom) else bottom)
        top = max(top, min(float(seen.max()), bottom + 1.25 * (top - bottom)))
    extent = (top - bottom) or max(abs(top), 1.0)
    return bottom - 0.14 * extent, top + 0.08 * extent


def _steps(axes: Axes, one: Track, page: str) -> None:
    looks = one.series
    points = one.points
    axes.plot(points[:, 0], points[:, 1], color=looks.colour, linestyle="solid", linewidth=1.6,
              marker=looks.marker, markersize=style.MARKER + 1,
              markeredgecolor=page, markeredgewidth=0.8, label=one.legend, zorder=5)  # fmt: skip
    if len(points) > ARROWS + 1:
        return
    figure: Any = axes.figure
    figure.draw_without_rendering()
    places = axes.transData.transform(points) * 72 / figure.dpi
    for (before, after), (here, there) in zip(pairwise(points), pairwise(places), strict=True):
        if np.hypot(*(there - here)) < 20:  # a head would hide the step
            continue
        axes.annotate(
            "", xy=tuple(after), xytext=tuple(before), annotation_clip=False, zorder=4,
            arrowprops={"arrowstyle": "-|>,head_width=0.28,head_length=0.6", "clip_on": True,
                        "color": looks.colour, "linewidth": 1.8, "shrinkA": 3, "shrinkB": 4,
                        "clip_box": axes.bbox},
        )  # fmt: skip


def _numbers(axes: Axes, one: Track, page: str) -> None:
    """t at the points: on the outer side of the curve, where no arrow is; the last one first."""
    axes.figure.draw_without_rendering()  # type: ignore[union-attr]
    places = axes.transData.transform(one.rows)
    taken: list[Array] = []
    scale = axes.figure.dpi / 72
    order = [0, len(places) - 1, *range(1, len(places) - 1)]
    inside = axes.bbox.padded(1.0)
    for index in order[: 4 * ARROWS]:
        place = places[index] if len(places) else None
        if place is None or not inside.contains(*place):
            continue
        away = _outward(axes, one, index) * 15
        spot = place + away * scale
        if any(np.hypot(*(spot - other)) < 17 * scale for other in taken):
            continue
        taken.append(spot)
        axes.annotate(
            str(one.descent.rows[index].t), xy=tuple(one.rows[index]), xytext=tuple(away),
            textcoords="offset points", ha="center", va="center", fontsize=style.SMALL,
            color=style.legible(one.series.colour, page), path_effects=halo(page), zorder=6,
        )  # fmt: skip


def _outward(axes: Axes, one: Track, index: int) -> Array:
    """The unit normal of the curve on screen that points away from what is above it."""
    problem = one.descent.problem
    x = float(one.rows[index][0])
    low, high = axes.get_xlim()
    h = (high - low) / 400
    ends = np.array([[x - h, problem.value([x - h])], [x + h, problem.value([x + h])]])
    if not np.isfinite(ends).all():
        return np.array([0.0, -1.0])
    step = np.diff(axes.transData.transform(ends), axis=0)[0]
    normal = np.array([step[1], -step[0]])
    return np.asarray(normal / np.hypot(*normal))


def _tangents(axes: Axes, one: Track, across: tuple[float, float], colour: str) -> None:
    half = 0.11 * (across[1] - across[0])
    h = half / 1e4
    problem = one.descent.problem
    for row in one.descent.rows[: min(len(one.rows), 9)]:
        x = float(row.point[0])
        # Not the row's gradient: a look-ahead rule takes that at another point.
        slope = (problem.value([x + h]) - problem.value([x - h])) / (2 * h)
        if not np.isfinite(slope):
            continue
        ends: list[Any] = [x - half, x + half]
        axes.plot(ends, [row.value + slope * (e - x) for e in ends], color=colour, linewidth=2.0,
                  zorder=3, label="_tangent")  # fmt: skip
