"""Where a picture of descents looks, and which part of each path can be drawn there.

A run that diverges passes 1e300 before it reaches inf: no picture shows that. A path is drawn up to
where it leaves the picture for good, and a note says when that was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from microgd.errors import ArgumentError
from microgd.graph.values import Array
from microgd.lab.descent import Descent
from microgd.plots import style
from microgd.plots.words import label_of

Box = tuple[tuple[float, float], ...]

#: Part of its extent that a fitted box has around the paths.
MARGIN = 0.12

#: Least width and height of a fitted box of two coordinates, as parts of the longer side.
LANDSCAPE = (1.2, 0.6)

#: Boxes beyond the box where a path is cut: near enough for any renderer, too far to be seen.
REACH = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """The part of a path that is drawn.

    Attributes:
        points: n × 2 in the data's units; row i is row i of the record. Where the path was cut, the
            last one is not a row but a place on the way to it.
        cut: whether it was.
        note: what to say of it: "diverged at t = 5", or nothing.
    """

    descent: Descent
    label: str
    series: style.Series
    points: Array
    cut: bool
    note: str

    @property
    def rows(self) -> Array:
        """The points that are rows of the record."""
        return self.points[:-1] if self.cut else self.points

    @property
    def legend(self) -> str:
        """The label and the note."""
        return f"{self.label} ({self.note})" if self.note else self.label


def as_descents(descents: Descent | Iterable[Descent]) -> list[Descent]:
    """One or several descents, as a list.

    Raises:
        ArgumentError: none, or something else.
    """
    found = [descents] if isinstance(descents, Descent) else list(descents)
    for one in found:
        if not isinstance(one, Descent):
            raise ArgumentError(f"expected descents, as microgd.lab makes them, got {one!r}")
        if not one.rows:
            raise ArgumentError(f"the descent {one.label!r} has no rows: there is nothing to draw")
    if not found:
        raise ArgumentError("there is nothing to draw: give at least one descent")
    return found


def same_problem(descents: Sequence[Descent], dimensions: int) -> None:
    """Check that one picture can show them all.

    Raises:
        ArgumentError: functions of other coordinates, or different functions.
    """
    first = descents[0].problem
    for one in descents:
        problem = one.problem
        if problem.dimensions != dimensions:
            raise ArgumentError(
                f"{problem.name!r} has {problem.dimensions} coordinates, and this picture shows "
                f"{dimensions}; draw_descent and draw_loss show any number"
            )
        if (problem.text or problem.name) != (first.text or first.name):
            raise ArgumentError(
                f"one picture shows one function, got {first.name!r} and {problem.name!r}"
            )


def broken(descent: Descent) -> int | None:
    """The row from which on there is nothing to draw: the first whose point or f is not finite."""
    for index, row in enumerate(descent.rows):
        if not (np.isfinite(row.value) and np.all(np.isfinite(row.point))):
            return index
    return None


def diverged_note(descent: Descent) -> str:
    """When it diverged, if it did."""
    index = broken(descent) if descent.diverged is None else descent.diverged
    if index is None:
        return ""
    return f"diverged at t = {descent.rows[min(index, len(descent.rows) - 1)].t}"


def fit_box(descents: Sequence[Descent], box: Box | None = None) -> Box:
    """What a picture shows of each coordinate: the box that was asked for, or the problem's with
    what the paths need beside it, or one around paths and minima. Never empty, never endless.
    """
    problem = descents[0].problem
    if box is not None:
        return _checked(box, problem.dimensions)
    if problem.box is not None:
        return _widened(np.array(_checked(problem.box, problem.dimensions)), descents)
    # Where some stay, those that run away may leave the picture; alone they show how they do.
    reach = 0.0 if any(_stays(one) for one in descents) else 6.0
    minima = [m for m in map(np.array, problem.minima) if np.all(np.isfinite(m))]
    seen = np.concatenate(
        [*(_near(one, reach) for one in descents), *(m.reshape(1, -1) for m in minima)]
    )
    low, high = seen.min(axis=0), seen.max(axis=0)
    extent = high - low
    # A coordinate that hardly moves still gets a strip that one can see the function in; two that
    # move alike get the shape of a slide.
    share = np.array(LANDSCAPE if extent.size == 2 else [1.0] * extent.size)
    alike = extent.min() > 0.3 * extent.max()
    least = extent.max() * (share if alike else 0.35)
    least = np.maximum(least, 1e-9 * np.maximum(np.abs(low), np.abs(high)))
    if extent.max() == 0:
        least = np.where(low == 0, 1.0, 0.5 * np.abs(low))
    extra = np.maximum(least - extent, 0) / 2 + MARGIN * np.maximum(extent, least)
    return tuple(zip((low - extra).tolist(), (high + extra).tolist(), strict=True))


def track(descent: Descent, place: int, points: Array, box: Box, dark: bool = False) -> Track:
    """A path of n × 2 points, one for each row, cut to what can be drawn in the box."""
    low, high = np.array(box, dtype=float).T
    extent = high - low
    end = broken(descent)
    count = len(points) if end is None else end
    with np.errstate(all="ignore"):
        far = (points < low - REACH * extent) | (points > high + REACH * extent)
    beyond = np.flatnonzero(far[:count].any(axis=1))
    kept = int(beyond[0]) if beyond.size else count
    drawn = points[:kept]
    cut = 0 < kept < len(points)
    if cut:
        step = _direction(points[kept] - drawn[-1], extent)
        cut = step is not None
        if step is not None:
            drawn = np.concatenate([drawn, [drawn[-1] + step * 2 * REACH * extent]])
    outside = ((drawn < low) | (drawn > high)).any(axis=1)
    note = diverged_note(descent)
    if not note and outside.size and outside[-1]:
        inside = np.flatnonzero(~outside)
        left = int(inside[-1]) + 1 if inside.size else 0
        note = f"leaves the picture at t = {descent.rows[left].t}"
    return Track(descent, label_of(descent, place), style.series(place, dark=dark),
                 drawn.reshape(-1, 2), cut, note)  # fmt: skip


def _widened(given: Array, descents: Sequence[Descent]) -> Box:
    """A problem's box, and what paths need beside it, unless they are on their way to infinity."""
    low, high = given.T
    extent = high - low
    seen = np.concatenate([_near(one, 0.0) for one in descents])
    beside = seen[((seen >= low - extent) & (seen <= high + extent)).all(axis=1)]
    outside = ((beside < low) | (beside > high)).any(axis=0)
    room = np.where(outside, 0.05 * extent, 0.0)
    low = np.min([low, *(beside - room)], axis=0)
    high = np.max([high, *(beside + room)], axis=0)
    return tuple(zip(low.tolist(), high.tolist(), strict=True))


def _near(descent: Descent, reach: float) -> Array:
    """The points that a picture should hold: all of them; of a run that blows up, those within
    `reach` times its first step.
    """
    points, _ = _sane(descent)
    if len(points) == 0:
        return np.zeros((1, descent.problem.dimensions))
    if _stays(descent):
        return points
    away = np.abs(points - points[0]).max(axis=1)
    return np.asarray(points[away <= reach * (away[1] if len(away) > 1 else 0.0)])


def _stays(descent: Descent) -> bool:
    """Whether a run stays where a picture can show all of it."""
    points, values = _sane(descent)
    if len(points) < len(descent.rows) or diverged_note(descent):
        return False
    away = np.abs(points - points[0]).max(axis=1)
    steps = np.abs(np.diff(points, axis=0)).max(axis=1)
    growing = steps.size > 2 and steps[-1] >= 0.5 * steps.max()
    fallen = max(values[0] - values.min(), abs(values[0]), 1e-3)
    return not (
        (growing and away.max() > 100 * np.median(away)) or values.max() - values[0] > 1e4 * fallen
    )


def _sane(descent: Descent) -> tuple[Array, Array]:
    """Points and values, without those that no picture shows."""
    end = broken(descent)
    points, values = descent.points[:end], descent.values[:end]
    sane = (np.abs(points) < 1e100).all(axis=1) & (np.abs(values) < 1e300)
    return points[sane], values[sane]


def _checked(box: Box, dimensions: int) -> Box:
    found = tuple((float(low), float(high)) for low, high in box)
    if len(found) != dimensions:
        raise ArgumentError(f"the box has {len(found)} ranges, and the function {dimensions}")
    for low, high in found:
        if not (np.isfinite([low, high]).all() and low < high):
            raise ArgumentError(f"a box is (low, high) for each coordinate, got ({low}, {high})")
    return found


def _direction(step: Array, extent: Array) -> Array | None:
    """The way of a step that is too long to draw, its longer side 1 in units of the box."""
    infinite = np.isinf(step)
    if infinite.any():
        step = np.where(infinite, np.sign(step), 0.0) * extent
    if not np.isfinite(step).all():
        return None
    scaled = step / extent
    longest = np.abs(scaled).max()
    return np.asarray(scaled / longest) if longest > 0 else None
