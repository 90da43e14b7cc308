"""The classes that a net gives over a plane, as regions with their boundaries, and the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from microgd.graph.values import Array
from microgd.plots import style
from microgd.plots.plot import Plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from microgd.data.dataset import Dataset
    from microgd.training.boundary import Boundary

#: How much of its colour a region has where the net is undecided, and where it is sure.
FAINT, FULL = 0.08, 0.62
#: Steps between the two: few enough for a palette, too many to be seen as steps.
STEPS = 24
#: Inches: a side of square axes, and what stands beside and below them.
AXES, BESIDE, BELOW = 5.2, 3.0, 1.5
#: Planes of a longer shape are not drawn in equal units.
LONGEST = 2.0
#: Points of each kind that a picture can hold.
POINTS = 1500


def draw_boundary(seen: Boundary, *, title: str = "", dark: bool = False) -> Plot:
    """The regions of the classes, the deeper the surer the net is, and the data over them.

    Classes differ in marker as well as in colour; what was trained on is filled, what is held out
    is hollow.

    Raises:
        DrawingError: matplotlib is not installed.

    >>> from microgd.data import read_dataset
    >>> from microgd.training import Config, Trainer, boundary, model_of
    >>> run = Trainer(Config(data="xor", hidden=(8,), device="interpreter"))
    >>> draw_boundary(boundary(model_of(run), read_dataset("xor")))
    <plot, 8.2 × 6.7 inches>
    """
    with style.context(dark):
        figure, axes = frame_of(seen, title, dark)
        axes.imshow(colours_of(seen, dark), extent=extent_of(seen), origin="lower",
                    interpolation="nearest", aspect="auto", zorder=0.5)  # fmt: skip
        fit(axes, seen)
        axes.plot(*line_of(seen).T, color=style.palette_of(dark).ink, linewidth=1.6, zorder=1)
        plot_points(axes, seen, dark)
        legend_of(figure, seen, dark)
        figure.draw_without_rendering()  # axes of a fixed shape get their place step by step
    return Plot(figure)


def frame_of(seen: Boundary, title: str, dark: bool, scale: float = 1.0) -> tuple[Figure, Axes]:
    """A figure with axes for a plane, and nothing in them yet; its shape is the plane's."""
    ratio = _ratio(seen)
    wide = min(max(AXES / ratio, AXES), 1.4 * AXES)
    high = AXES if ratio > LONGEST or ratio < 1 / LONGEST else min(max(wide * ratio, 3.0), AXES)
    width, height = scale * (wide + BESIDE), scale * (high + BELOW)
    figure, (axes,) = style.new_figure(width, height, dark=dark, title=style.shown(title))
    axes.grid(visible=False)
    axes.set_xlabel(style.shown(seen.features[0], 40))
    axes.set_ylabel(style.shown(seen.features[1], 40))
    axes.locator_params(nbins=6)
    fit(axes, seen)
    return figure, axes


def fit(axes: Axes, seen: Boundary) -> None:
    """Show what the grid covers, in equal units where that gives a picture of a usual shape."""
    axes.set_xlim(seen.x[0], seen.x[-1])
    axes.set_ylim(seen.y[0], seen.y[-1])
    axes.set_aspect("equal" if 1 / LONGEST <= _ratio(seen) <= LONGEST else "auto")


def _ratio(seen: Boundary) -> float:
    """How high the plane is, in parts of its width."""
    return float((seen.y[-1] - seen.y[0]) / (seen.x[-1] - seen.x[0]))


def levels_of(seen: Boundary) -> Array:
    """How sure the net is at each place, from 0 (as good as a guess) to STEPS − 1."""
    chance = 1 / seen.probabilities.shape[2]
    sure = (seen.probabilities.max(axis=2) - chance) / (1 - chance)
    return np.asarray(np.clip(sure * STEPS, 0, STEPS - 1).astype(np.uint8))


def opacity(level: Array) -> Array:
    """How much of its colour a region has."""
    return np.asarray(FAINT + (FULL - FAINT) * level / (STEPS - 1))


def colours_of(seen: Boundary, dark: bool = False) -> Array:
    """The picture of the regions: rows × columns × 3 bytes, the first row below."""
    palette = style.palette_of(dark)
    own = np.array([parts_of(style.series(c, dark=dark).colour) for c in range(len(seen.classes))])
    share = opacity(levels_of(seen))[:, :, None]
    page = np.array(parts_of(palette.page))
    return np.asarray((page + share * (own[seen.winners] - page)).round().astype(np.uint8))


def parts_of(colour: str) -> list[int]:
    """Red, green and blue of `#rrggbb`."""
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def extent_of(seen: Boundary) -> tuple[float, float, float, float]:
    """Left, right, lower and upper edge of a picture whose pixels lie on the grid."""
    across, up = ((axis[1] - axis[0]) / 2 for axis in (seen.x, seen.y))
    return (
        float(seen.x[0] - across),
        float(seen.x[-1] + across),
        float(seen.y[0] - up),
        float(seen.y[-1] + up),
    )


def line_of(seen: Boundary) -> Array:
    """The boundaries between the classes: n × 2, with a row of NaN between one line and the next.

    They lie where two classes are as probable as each other, between the points of the grid.
    """
    from contourpy import contour_generator

    gap = np.full((1, 2), np.nan)
    found = [np.zeros((0, 2))]
    classes = len(seen.classes)
    for label in range(classes if classes > 2 else 1):
        for line in contour_generator(seen.x, seen.y, seen.lead(label)).lines(0.0):
            found += [np.asarray(line, dtype=float), gap]
    return np.concatenate(found)


def plot_points(axes: Axes, seen: Boundary, dark: bool = False) -> list[Any]:
    """The data, as artists."""
    page = style.palette_of(dark).page
    artists: list[Any] = []
    for data, hollow in ((seen.train, False), (seen.held_out, True)):
        if data is None:
            continue
        few = len(data) <= 400
        for c in range(len(seen.classes)):
            x = _thinned(data, c)
            looks = _marker(c, hollow, page, dark, 7.0 if few else 5.0)
            artists += axes.plot(x[:, 0], x[:, 1], **looks, zorder=4 + hollow)
    return artists


def legend_of(figure: Figure, seen: Boundary, dark: bool = False) -> None:
    """What the markers mean, right of the axes."""
    from matplotlib.lines import Line2D

    palette = style.palette_of(dark)
    handles = [
        Line2D([], [], **_marker(c, False, palette.page, dark, 9.0), label=style.shown(name, 16))
        for c, name in enumerate(seen.classes)
    ]
    grey: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 8.5}
    if seen.train is not None:
        handles.append(
            Line2D([], [], **grey, markerfacecolor=palette.muted, markeredgecolor=palette.page,
                   label="trained on")
        )  # fmt: skip
    if seen.held_out is not None:
        handles.append(
            Line2D([], [], **grey, markerfacecolor=palette.page, markeredgecolor=palette.muted,
                   markeredgewidth=2, label="held out")
        )  # fmt: skip
    figure.legend(handles=handles, loc="outside right center", handlelength=1.2)


def _marker(label: int, hollow: bool, page: str, dark: bool, size: float) -> dict[str, Any]:
    looks = style.series(label, dark=dark)
    shape = style.MARKERS[(label + label // len(style.MARKERS)) % len(style.MARKERS)]
    return {
        "linestyle": "none",
        "marker": shape,
        "markersize": size,
        "markerfacecolor": page if hollow else looks.colour,
        "markeredgecolor": looks.colour if hollow else page,
        "markeredgewidth": 2.0 if hollow else 0.8,
    }


def _thinned(data: Dataset, label: int) -> Array:
    """The points of a class, evenly fewer of a large data set."""
    step = -(-len(data) // POINTS)
    rows = np.arange(0, len(data), step)
    return np.asarray(data.x[rows[data.y[rows] == label]])
