"""What several plots have in common: stars, legends, labels at the ends of lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from microgd.lab.problem import Problem
from microgd.plots import style
from microgd.plots.tracks import Box, Track

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def minima_of(problem: Problem, box: Box) -> list[tuple[float, ...]]:
    """The known minima in the box."""
    return [
        minimum
        for minimum in problem.minima
        if len(minimum) == len(box)
        and all(low <= x <= high for x, (low, high) in zip(minimum, box, strict=True))
    ]


def star(axes: Axes, places: Sequence[tuple[float, ...]], palette: style.Palette) -> None:
    """A star at each minimum."""
    if places:
        x, y = np.array(places, dtype=float).T
        axes.plot(x, y, linestyle="none", marker="*", markersize=19, markerfacecolor=palette.star,
                  markeredgecolor=palette.ink, markeredgewidth=1.0, label="minimum",
                  zorder=4)  # fmt: skip


def halo(page: str) -> list[Any]:
    """An outline in the page's colour, so that a line may pass behind a text."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=4, foreground=page, alpha=0.85)]


def legend_below(
    figure: Figure,
    tracks: Sequence[Track],
    *,
    dark: bool = False,
    more: Sequence[Any] = (),
    moving: bool = False,
) -> None:
    """A legend under the axes, where it can cover nothing; none for one run of which there is
    nothing to say. That of an animation names every run; its lines have no dashes.
    """
    from matplotlib.lines import Line2D

    palette = style.palette_of(dark)
    solid: dict[str, Any] = {"markeredgecolor": palette.page}
    if moving:
        solid["linestyle"] = "solid"
    handles: list[Any] = [
        Line2D([], [], **{**one.series.marked, **solid}, label=one.legend) for one in tracks
    ]
    stars = any(line.get_label() == "minimum" for axes in figure.axes for line in axes.lines)
    if stars:
        handles.append(
            Line2D([], [], linestyle="none", marker="*", markersize=15, label="minimum",
                   markerfacecolor=palette.star, markeredgecolor=palette.ink)
        )  # fmt: skip
    handles += more
    if len(tracks) == 1 and not tracks[0].note and not moving:
        handles = handles[1:]
    if not handles:
        return
    columns = _columns([str(handle.get_label()) for handle in handles], figure.get_figwidth())
    figure.legend(handles=handles, loc="outside lower center", ncols=columns)


def _columns(labels: Sequence[str], width: float) -> int:
    """How many columns of a legend fit into inches; it is filled column by column."""
    for columns in range(len(labels), 1, -1):
        # A letter is about 0.115 inches wide; the handle and the gap around it, 0.9.
        longest = [max(map(len, part)) for part in np.array_split(np.array(labels), columns)]
        if sum(0.115 * letters + 0.9 for letters in longest) <= width - 0.3:
            return columns
    return 1


def end_labels(
    axes: Axes, ends: Sequence[tuple[float, float, str, str]], *, dark: bool = False
) -> None:
    """Texts right of the axes, each at the height at which its line ends, none over another.

    Arguments:
        ends: x, y, text, colour of each; what lies outside the axes is labelled at their edge.
    """
    palette = style.palette_of(dark)
    if not ends:
        return
    figure: Any = axes.figure
    figure.draw_without_rendering()
    box = axes.bbox
    gap = style.TEXT * 1.3 * figure.dpi / 72 / box.height
    high = [
        float(np.clip((axes.transData.transform((x, y))[1] - box.y0) / box.height, 0.02, 0.98))
        for x, y, _, _ in ends
    ]
    for (_, _, text, colour), wanted, given in zip(ends, high, _spread(high, gap), strict=True):
        axes.annotate(
            text, xy=(1.0, wanted), xycoords="axes fraction", xytext=(1.05, given),
            textcoords="axes fraction", ha="left", va="center", fontsize=style.TEXT,
            color=style.legible(colour, palette.page), annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 1.2, "shrinkA": 2,
                        "shrinkB": 0},
        )  # fmt: skip


def _spread(wanted: Sequence[float], gap: float) -> list[float]:
    """Places at least `gap` apart and as near as may be to the wanted ones."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    groups: list[tuple[list[int], float]] = []  # what stands together, and its centre
    for i in order:
        members, centre = [i], wanted[i]
        while groups:
            before, middle = groups[-1]
            if centre - middle >= gap * (len(before) + len(members)) / 2:
                break
            groups.pop()
            members = before + members
            centre = sum(wanted[m] for m in members) / len(members)
        groups.append((members, centre))
    placed = [0.0] * len(wanted)
    for members, centre in groups:
        for place, member in enumerate(members):
            placed[member] = centre + gap * (place - (len(members) - 1) / 2)
    return placed
