"""What an animation moves over: a still background, and a place for each run and frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from microgd.graph.values import Array
from microgd.lab.descent import Descent
from microgd.plots import style
from microgd.plots.contours import marks, plot_contours
from microgd.plots.curve import plot_curve
from microgd.plots.loss import plot_loss
from microgd.plots.parts import legend_below
from microgd.plots.tracks import Box, Track, fit_box, same_problem, track
from microgd.plots.words import number, title_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Longer runs show every second, third, … step.
MOST_FRAMES = 200

#: Milliseconds: all steps together, one step at least and at most, the last picture.
TOTAL, QUICKEST, SLOWEST, HOLD = 9000, 50, 600, 1800

#: Frames up to which each step leaves a dot.
DOTS = 80


@dataclass(frozen=True, eq=False)
class Scene:
    """A background, frozen in its layout, and the runs over it.

    Attributes:
        frames: the rows shown, as indices; a run that ended earlier waits at its end.
        title: the formula. thinned: what to say of steps left out, or nothing.
    """

    figure: Figure
    axes: Axes
    tracks: tuple[Track, ...]
    frames: tuple[int, ...]
    title: str
    thinned: str
    dark: bool

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in points, as in an SVG."""
        width, height = self.figure.get_size_inches()
        return float(width) * 72, float(height) * 72

    @property
    def pace(self) -> int:
        """Milliseconds from one frame to the next; hundredths of a second, as a GIF has them."""
        return int(np.clip(TOTAL / max(len(self.frames) - 1, 1), QUICKEST, SLOWEST)) // 10 * 10

    @cached_property
    def places(self) -> list[Array]:
        """For each run: frames × 2, in points from the upper left corner."""
        return [self.on_page(self.at(one)) for one in self.tracks]

    def at(self, one: Track) -> Array:
        """For each frame the point of the data that a run is at; empty for a run without any."""
        if not len(one.points):
            return one.points
        return np.asarray(one.points[np.minimum(self.frames, len(one.points) - 1)])

    def on_page(self, points: Array) -> Array:
        """Points of the data in points from the upper left corner."""
        if not len(points):
            return points
        width, height = self.size
        pixels = self.axes.transData.transform(points)
        parts = self.figure.transFigure.inverted().transform(pixels)
        return np.column_stack([parts[:, 0] * width, (1 - parts[:, 1]) * height])

    @property
    def frame(self) -> tuple[float, float, float, float]:
        """The axes on the page: x, y of the upper left corner, width, height."""
        box = self.axes.get_position()
        width, height = self.size
        return box.x0 * width, (1 - box.y1) * height, box.width * width, box.height * height

    @property
    def about(self) -> str:
        """What is seen, for those who do not see it."""
        return ", ".join(one.label for one in self.tracks)

    @property
    def colours(self) -> list[str]:
        """Colours that a picture of few colours must have, beside the page's and the runs'."""
        return []

    def layers(self) -> list[str]:
        """For each frame the SVG that lies under everything else; none where nothing changes."""
        return []

    def artists(self, frame: int) -> list[Any]:
        """What is drawn under the paths in a frame, in order; it is no part of the background."""
        return []

    def said(self, frame: int) -> str:
        """What is written above the axes in a frame."""
        index = self.frames[frame]
        if len(self.tracks) > 1:
            return f"t = {index}"
        rows = self.tracks[0].descent.rows
        row = rows[min(index, len(rows) - 1)]
        return f"t = {row.t}    f = {number(row.value)}"


def build_scene(
    descents: Sequence[Descent],
    *,
    box: Box | None = None,
    title: str | None = None,
    dark: bool = False,
    width: float = 9.0,
    height: float = 6.4,
    bare: bool = False,
) -> Scene:
    """The scene of descents on one function; bare, without title and legend. In `context`."""
    dimensions = descents[0].problem.dimensions
    same_problem(descents, dimensions)
    heading = style.shown(title_of(descents[0].problem) if title is None else title, 80)
    figure, (axes,) = style.new_figure(width, height, dark=dark, title="" if bare else heading)
    if not bare:
        axes.set_title(" ", loc="left")  # room for what changes
    frames, thinned = thin(max(map(len, descents)))
    more: list[Any] = []
    if dimensions == 1:
        tracks = plot_curve(axes, descents, paths=False, box=box, dark=dark)
    elif dimensions == 2:
        tracks = plot_contours(axes, descents, paths=False, box=box or fit_box(descents), dark=dark)
        more = marks(dark)[:1]
    else:
        tracks = _losses(axes, descents, dark)
    _starts(axes, tracks, dark)
    if not bare:
        if thinned:
            axes.set_xlabel(f"{axes.get_xlabel()}     ({thinned})")
        legend_below(figure, tracks, dark=dark, more=more, moving=True)
    # Once, and then never again: a place on the page must stay where it is.
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    return Scene(figure, axes, tuple(tracks), frames, heading, thinned, dark)


def thin(rows: int) -> tuple[tuple[int, ...], str]:
    """The rows to show of so many, first and last among them, and what to say of the others.

    >>> thin(3), thin(1001)[0][:3], thin(1001)[1]
    (((0, 1, 2), ''), (0, 6, 12), 'every 6th step shown')
    """
    stride = -(-(rows - 1) // (MOST_FRAMES - 1)) if rows > MOST_FRAMES else 1
    frames = tuple(sorted({*range(0, rows, stride), rows - 1}))
    ending = {2: "nd", 3: "rd"}.get(stride if stride < 20 else stride % 10, "th")
    if stride % 100 in (11, 12, 13):
        ending = "th"
    elif stride > 20 and stride % 10 == 1:
        ending = "st"
    return frames, f"every {stride}{ending} step shown" if stride > 1 else ""


def _losses(axes: Axes, descents: Sequence[Descent], dark: bool) -> list[Track]:
    """Of many variables there is no map: f against t takes its place."""
    plot_loss(axes, descents, log=False, dark=dark)
    for line in list(axes.lines):
        line.remove()
    for text in list(axes.texts):
        text.remove()
    box = (axes.get_xlim(), axes.get_ylim())
    times = [np.array([row.t for row in one.rows], dtype=float) for one in descents]
    return [
        track(one, place, np.column_stack([t, one.values]), box, dark)
        for place, (one, t) in enumerate(zip(descents, times, strict=True))
    ]


def _starts(axes: Axes, tracks: Sequence[Track], dark: bool) -> None:
    palette = style.palette_of(dark)
    for x, y in dict.fromkeys(tuple(one.rows[0]) for one in tracks if len(one.rows)):
        axes.plot([x], [y], linestyle="none", marker="o", markersize=10,
                  markerfacecolor=palette.page, markeredgecolor=palette.ink, markeredgewidth=2.2,
                  label="_start", zorder=6)  # fmt: skip
