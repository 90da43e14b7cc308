"""f against t: loss curves, gradient norms, and the four learning rates of every lecture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from microgd.graph.values import Array
from microgd.lab.descent import Descent
from microgd.lab.problem import Problem
from microgd.plots import style
from microgd.plots.parts import end_labels, halo
from microgd.plots.plot import Plot
from microgd.plots.tracks import as_descents, diverged_note
from microgd.plots.words import label_of, title_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Decades from which on a logarithmic axis shows more.
DECADES = 3.0

#: How far above every start a linear axis follows a run that climbs, in units of the fall.
CLIMB = 0.6
#: A run that climbs no further than so many times that is shown whole.
MODEST = 3.0

#: The same for a logarithmic axis, in decades.
LOG_CLIMB = 4.0

#: How far below the highest start it follows one that falls: rounding is all that is deeper.
LOG_DEPTH = 18.0

#: Points up to which each has a marker.
MARKED = 40


def draw_loss(
    descents: Descent | Iterable[Descent],
    *,
    log: bool | None = None,
    title: str | None = None,
    dark: bool = False,
    width: float = 9.0,
    height: float = 5.5,
) -> Plot:
    """f at every step of one or several descents, each labelled where its line ends.

    Arguments:
        log: a logarithmic axis; None takes one where f, or f above the known minimum, is positive
            and spans several powers of ten.
        title: None takes the formula, where all walk down the same function.
        width, height: inches.

    Raises:
        ArgumentError: no descent. DrawingError: no matplotlib.

    >>> from microgd.lab.descend import descend
    >>> from microgd.lab.problem import from_text
    >>> draw_loss(descend(from_text("x**2", {"x": 3}), lr=0.1, steps=5))
    <plot, 9 × 5.5 inches>
    """
    found = as_descents(descents)
    with style.context(dark):
        figure, (axes,) = style.new_figure(
            width, height, dark=dark, title=_title(found) if title is None else title
        )
        ends = plot_loss(axes, found, log=log, dark=dark)
        end_labels(axes, ends if len(found) > 1 else [], dark=dark)
    return Plot(figure)


def draw_rates(
    descents: Mapping[str, Descent],
    *,
    log: bool | None = False,
    title: str | None = None,
    dark: bool = False,
    width: float = 9.0,
    height: float = 5.5,
) -> Plot:
    """What the learning rate does to the loss: label → descent, on one pair of axes.

    As in the slides of CS231n: too small, good, too large, far too large. The arguments are those
    of `draw_loss`.

    >>> from microgd.lab.descend import descend
    >>> from microgd.lab.problem import from_text
    >>> bowl = from_text("x**2", {"x": 3})
    >>> draw_rates({str(lr): descend(bowl, lr=lr, steps=9) for lr in (0.01, 0.3, 1.05)})
    <plot, 9 × 5.5 inches>
    """
    found = as_descents(descents.values())
    labels = [style.shown(str(label), 32) for label in descents]
    with style.context(dark):
        figure, (axes,) = style.new_figure(
            width, height, dark=dark, title=_title(found) if title is None else title
        )
        end_labels(axes, plot_loss(axes, found, labels=labels, log=log, dark=dark), dark=dark)
    return Plot(figure)


def plot_loss(
    axes: Axes,
    descents: Sequence[Descent],
    *,
    labels: Sequence[str] | None = None,
    log: bool | None = None,
    dark: bool = False,
) -> list[tuple[float, float, str, str]]:
    """The same in axes that are there; returns where the lines end: x, y, label, colour."""
    runs = [_finite(one.values) for one in descents]
    name = "f"
    if log is not False:
        lowest = _known_minimum([one.problem for one in descents], runs)
        if lowest is not None and (lowest != 0 or not _spans(runs)):
            above = [v - lowest for v in runs]
            # f itself cannot be negative on a logarithmic axis, whoever asked for it.
            if _spans(above) or (log and any((v <= 0).any() for v in runs)):
                runs, name = above, "f − f*"
        log = _spans(runs) or (bool(log) and not any((v < 0).any() for v in runs))
    return _plot(axes, descents, runs, name, labels=labels, log=log, dark=dark)


def plot_gradient(
    axes: Axes, descents: Sequence[Descent], *, dark: bool = False
) -> list[tuple[float, float, str, str]]:
    """The length of the gradient at every step."""
    with np.errstate(all="ignore"):
        runs = [
            _finite(np.array([float(np.linalg.norm(row.gradient)) for row in one.rows]))
            for one in descents
        ]
    return _plot(axes, descents, runs, "‖∇f‖", log=_spans(runs), dark=dark)


def _plot(
    axes: Axes,
    descents: Sequence[Descent],
    runs: Sequence[Array],
    name: str,
    *,
    labels: Sequence[str] | None = None,
    log: bool,
    dark: bool,
) -> list[tuple[float, float, str, str]]:
    from matplotlib.ticker import MaxNLocator

    palette = style.palette_of(dark)
    if log:
        style.log_axis(axes)
    low, high = _limits(runs, log)
    # Before anything is drawn: matplotlib would try to fit 1e300 into the axes.
    axes.set_ylim(low, high)
    longest = max(1, *(_last_seen(one, v, high) for one, v in zip(descents, runs, strict=True)))
    axes.set_xlim(-0.02 * longest, longest * 1.02)
    ends = []
    for place, (one, values) in enumerate(zip(descents, runs, strict=True)):
        looks = style.series(place, dark=dark)
        label = labels[place] if labels else label_of(one, place)
        times = np.array([row.t for row in one.rows[: len(values)]])
        heights = np.where(values > 0, values, np.nan) if log else values
        axes.plot(times, heights, **looks.line, label=label, zorder=5,
                  marker=looks.marker if len(times) <= MARKED else "", markersize=style.MARKER - 1,
                  markeredgecolor=palette.page, markeredgewidth=0.6)  # fmt: skip
        drawn = np.flatnonzero(np.isfinite(heights))
        if drawn.size == 0:
            continue
        ends.append((float(times[drawn[-1]]), float(heights[drawn[-1]]), label, looks.colour))
        note = diverged_note(one)
        if note:
            _mark(axes, times[drawn], heights[drawn], note, looks.colour, (low, high), palette)
        elif drawn[-1] + 1 < len(times):  # its line ends where it does because log 0 has no place
            x, y = times[drawn[-1]], heights[drawn[-1]]
            said = f"{name} = 0 from t = {times[drawn[-1] + 1]}"
            _say(axes, float(x), max(float(y), low), said, looks.colour, palette)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    axes.set_xlabel("step t")
    axes.set_ylabel(name)
    return ends


def _mark(
    axes: Axes,
    times: Array,
    heights: Array,
    note: str,
    colour: str,
    limits: tuple[float, float],
    palette: style.Palette,
) -> None:
    """A cross on the last point that one sees of a run that diverged, and when it did."""
    low, high = limits
    inside = np.flatnonzero((heights >= low) & (heights <= high))
    last = inside[-1] if inside.size else 0
    if last < len(heights) - 1:
        note = f"leaves the picture; {note}"
    x, y = float(times[last]), float(np.clip(heights[last], low, high))
    axes.plot([x], [y], linestyle="none", marker="X", markersize=13, color=colour, zorder=7,
              markeredgecolor=palette.page, markeredgewidth=1.2, label="_diverged")  # fmt: skip
    _say(axes, x, y, note, colour, palette)


def _say(axes: Axes, x: float, y: float, note: str, colour: str, palette: style.Palette) -> None:
    """A note right of a point."""
    axes.annotate(
        note, xy=(x, y), xytext=(11, 0), textcoords="offset points", ha="left", va="center",
        fontsize=style.SMALL, color=style.legible(colour, palette.page), zorder=8,
        path_effects=halo(palette.page),
    )  # fmt: skip


def _limits(runs: Sequence[Array], log: bool) -> tuple[float, float]:
    """What is shown of f: everything, except where a run climbs far above all starts."""
    with np.errstate(all="ignore"):
        runs = [np.log10(v[v > 0]) if log else v for v in runs]
    runs = [v for v in runs if v.size]
    if not runs:
        return (0.1, 1.0) if log else (0.0, 1.0)
    low = min(float(v.min()) for v in runs)
    high = max(float(v.max()) for v in runs)
    start = max(float(v[0]) for v in runs)
    settled = max([start, *(float(v.max()) for v in runs if v[-1] <= v[0])])
    alone = len(runs) == 1
    room = CLIMB * (settled - low or abs(settled) or 1.0)
    if log:
        room = LOG_CLIMB * (3 if alone else 1)
        low = max(low, min(high, settled) - LOG_DEPTH)
    far = high - settled > MODEST * (settled - low or abs(settled) or 1.0)
    high = min(high, settled + room) if log or (far and not alone) else high
    extent = (high - low) or (1.0 if log else abs(high) or 1.0)
    if log:
        low, high = low - 0.05 * (high - low) - 0.05, high + 0.05 * extent
        return 10 ** max(low, -300), 10 ** min(high, 300)
    return low - 0.05 * extent, high + 0.06 * extent


def _last_seen(descent: Descent, values: Array, high: float) -> int:
    """The last step at which a run is not above the picture for good, and one more."""
    seen = np.flatnonzero(values <= high)
    return descent.rows[min(int(seen[-1]) + 1, len(descent) - 1)].t if seen.size else 0


def _finite(values: Array) -> Array:
    """The values up to the first inf or NaN."""
    bad = np.flatnonzero(~np.isfinite(values))
    return values[: bad[0]] if bad.size else values


def _spans(runs: Sequence[Array]) -> bool:
    """Whether these are positive, perhaps down to 0, and span several powers of ten."""
    runs = [v for v in runs if v.size]
    if not runs or any((v < 0).any() for v in runs):
        return False
    runs = [v for v in runs if v[-1] <= v[0]] or runs  # what blows up spans hundreds of them
    heights = np.log10(np.concatenate([v[v > 0] for v in runs]))
    return heights.size > 1 and bool(heights.max() - heights.min() >= DECADES)


def _known_minimum(problems: Sequence[Problem], runs: Sequence[Array]) -> float | None:
    """f at the known minimum, where all have the same and no run went below it."""
    known = {min(map(p.value, p.minima), default=np.nan) for p in problems}
    found = known.pop()
    if known or not np.isfinite(found):
        return None
    passed = [v for v in runs if v.size]
    reached = min((float(v.min()) for v in passed), default=found)
    start = max((float(v[0]) for v in passed), default=found)
    # The coordinates of a minimum are often rounded: a run may come a little nearer to it.
    return min(found, reached) if reached >= found - 1e-6 * (start - found) else None


def _title(descents: Sequence[Descent]) -> str:
    titles = {title_of(one.problem) for one in descents}
    return titles.pop() if len(titles) == 1 else ""
