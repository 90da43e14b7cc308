"""Pictures of data sets: images in rows by class, points by class, targets against a feature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from microgd.errors import ArgumentError
from microgd.plots import style
from microgd.plots.plot import Plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from microgd.data.dataset import Dataset

#: Classes and images of each that are drawn, and points that a scatter can hold.
MOST_CLASSES, IMAGES, POINTS = 20, 12, 5000


def draw_dataset(
    data: Dataset,
    *,
    columns: Sequence[str] | None = None,
    title: str = "",
    dark: bool = False,
) -> Plot:
    """A picture of a data set.

    Images: the first twelve of each class, a row for each. Other classes: points in the plane of
    two columns. Targets that are numbers: against one column. Classes differ in marker as well
    as in colour.

    Arguments:
        columns: the names of the two (for targets: of the one) to draw; by default the first.
        title: by default the data set's name.

    Raises:
        ArgumentError: no such columns, or more classes than can be told apart. DrawingError:
            matplotlib is not installed.

    >>> from microgd.data import read_dataset
    >>> draw_dataset(read_dataset("moons"))
    <plot, 9 × 5.5 inches>
    """
    if len(data.classes) > MOST_CLASSES:
        raise ArgumentError(
            f"a picture has room for {MOST_CLASSES} classes, and {data.name} has "
            f"{len(data.classes)}: draw data.take(data.y < {MOST_CLASSES})"
        )
    named = title or data.name
    with style.context(dark):
        if len(data.shape) > 1 and data.classes and columns is None:
            return _draw_images(data, named, dark)
        figure, (axes,) = style.new_figure(dark=dark, title=named)
        if data.classes:
            _draw_classes(axes, data, columns, dark)
        else:
            _draw_targets(axes, data, columns, dark)
        return Plot(figure)


def _draw_images(data: Dataset, title: str, dark: bool) -> Plot:
    rows = [np.flatnonzero(data.y == c)[:IMAGES] for c in range(len(data.classes))]
    pictures = iter(_pictures(data, np.concatenate(rows)))
    wide = max(len(row) for row in rows)
    height, width = _plane(data.shape)
    gap = max(1, round(height / 8))
    # One picture of all: a hundred small axes would take a second each to lay out.
    page = style.palette_of(dark).page
    sheet = np.full(
        (len(rows) * (height + gap) - gap, wide * (width + gap) - gap, 3),
        [int(page[i : i + 2], 16) / 255 for i in (1, 3, 5)],
    )
    for r, row in enumerate(rows):
        for c in range(len(row)):
            top, left = r * (height + gap), c * (width + gap)
            sheet[top : top + height, left : left + width] = next(pictures)
    tall = 7.5 * sheet.shape[0] / sheet.shape[1]
    figure, (axes,) = style.new_figure(9.0, max(tall, 1.5) + 0.8, dark=dark, title=title)
    axes.imshow(sheet, interpolation="nearest")
    axes.grid(visible=False)
    axes.set_xticks([])
    middles = [r * (height + gap) + (height - 1) / 2 for r in range(len(rows))]
    axes.set_yticks(middles, [style.shown(name, 16) for name in data.classes])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return Plot(figure)


def _pictures(data: Dataset, chosen: NDArray[np.int64]) -> NDArray[Any]:
    """These images as n × height × width × 3, from 0 to 1; ink is dark where there is no colour."""
    found = data.images[chosen]
    low, high = data.limits or (float(found.min()), float(found.max()))
    part: NDArray[Any] = np.clip((found - low) / ((high - low) or 1.0), 0.0, 1.0)
    if len(data.shape) == 3 and data.shape[0] == 3:
        return np.moveaxis(part, 1, -1)
    return np.repeat(1.0 - part.reshape(len(chosen), *_plane(data.shape), 1), 3, axis=-1)


def _plane(shape: tuple[int, ...]) -> tuple[int, int]:
    if len(shape) == 2 or (len(shape) == 3 and shape[0] in (1, 3)):
        return shape[-2], shape[-1]
    raise ArgumentError(f"images of shape {shape} are neither grey nor red, green and blue")


def _draw_classes(axes: Axes, data: Dataset, columns: Sequence[str] | None, dark: bool) -> None:
    count = min(2, data.x.shape[1])
    first, *rest = _chosen(data, columns, count)
    second = rest[0] if rest else None
    page = style.palette_of(dark).page
    kept = _thinned(data)
    for c, name in enumerate(data.classes):
        rows = kept[data.y[kept] == c]
        look = style.series(c, dark=dark)
        marker = style.MARKERS[(c + c // len(style.MARKERS)) % len(style.MARKERS)]
        # With one feature the classes stand above each other.
        y = np.full(len(rows), c) if second is None else data.x[rows, second]
        axes.plot(data.x[rows, first], y, linestyle="none", marker=marker, color=look.colour,
                  markersize=7 if len(kept) <= 1000 else 4.5, markeredgecolor=page,
                  markeredgewidth=0.6, label=style.shown(name, 24))  # fmt: skip
    axes.set_xlabel(style.shown(_name(data, first)))
    if second is None:
        axes.set_yticks(range(len(data.classes)), [style.shown(n, 16) for n in data.classes])
        axes.margins(y=0.2)
        return
    axes.set_ylabel(style.shown(_name(data, second), 40))
    low, high = data.x.min(axis=0), data.x.max(axis=0)
    ratio = (high[second] - low[second]) / ((high[first] - low[first]) or 1.0)
    if 0.3 < ratio < 3 and set(data.features) == {"x1", "x2"}:
        axes.set_aspect("equal", adjustable="datalim")  # a circle is round
    axes.legend(title="class", title_fontsize=style.SMALL, loc="center left",
                bbox_to_anchor=(1.01, 0.5), handlelength=1.2, markerscale=1.2)  # fmt: skip


def _draw_targets(axes: Axes, data: Dataset, columns: Sequence[str] | None, dark: bool) -> None:
    (first,) = _chosen(data, columns, 1)
    look, kept = style.series(0, dark=dark), _thinned(data)
    y = data.y if data.y.ndim == 1 else data.y[:, 0]
    axes.plot(data.x[kept, first], y[kept], linestyle="none", marker="o", color=look.colour,
              markersize=7 if len(kept) <= 1000 else 4, markeredgewidth=0, alpha=0.7)  # fmt: skip
    axes.set_xlabel(style.shown(_name(data, first)))
    axes.set_ylabel("target")


def _name(data: Dataset, column: int) -> str:
    return data.features[column] if data.features else f"x{column + 1}"


def _chosen(data: Dataset, columns: Sequence[str] | None, count: int) -> tuple[int, ...]:
    if columns is None:
        return tuple(range(count))
    names = [_name(data, c) for c in range(data.x.shape[1])]
    for name in columns:
        if name not in names:
            from microgd.gates.table import did_you_mean

            shown = ", ".join(names[:20]) + ", …" * (len(names) > 20)
            raise ArgumentError(
                f"{data.name} has no column {name!r}.{did_you_mean(name, names)} It has: {shown}"
            )
    if len(columns) != count:
        raise ArgumentError(
            f"a picture of {data.name} shows {count} column{'s' * (count > 1)}, "
            f"got {', '.join(columns)}"
        )
    return tuple(names.index(name) for name in columns)


def _thinned(data: Dataset) -> NDArray[np.int64]:
    """At most 5000 examples, spread evenly over the data."""
    step = -(-len(data) // POINTS)
    return np.arange(0, len(data), step)
