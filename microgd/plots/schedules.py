"""A picture of learning-rate schedules: the rate against the step, one line for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from microgd.errors import ArgumentError
from microgd.plots import style
from microgd.plots.plot import Plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Lines that can be told apart, and steps of which each is worth a point.
MOST_LINES, POINTS = 14, 4000

#: Beyond it, the margins of a picture are no numbers any more.
LARGEST = 1e300


def draw_schedules(
    schedules: Any,
    steps: int = 100,
    *,
    title: str = "",
    log: bool = False,
    dark: bool = False,
) -> Plot:
    """Draw the learning rate of the steps 0 … steps − 1.

    Arguments:
        schedules: one schedule, several in a list, or a dictionary from names to schedules. A
            schedule is one of `microgd.schedules`, a function of t, or an array of rates, whose
            length then counts, not `steps`.
        log: a logarithmic axis of rates; a rate of 0 leaves a gap in it.

    Raises:
        ArgumentError: no schedule, or more than 14. DrawingError: matplotlib is not installed.

    >>> from microgd.schedules import SGDR, Cosine
    >>> draw_schedules([Cosine(steps=40), SGDR(growth=2)], steps=40)
    <plot, 9 × 5.5 inches>
    """
    lines = {name: _rates(schedule, steps) for name, schedule in _named(schedules).items()}
    if not 0 < len(lines) <= MOST_LINES:
        raise ArgumentError(f"1 to {MOST_LINES} schedules fit in a picture, got {len(lines)}")
    with style.context(dark):
        # The legend takes a line for each schedule, and no room from them.
        height = 5.5 + 0.3 * max(0, len(lines) - 4)
        figure, (axes,) = style.new_figure(height=height, dark=dark, title=title)
        for index, (name, rates) in enumerate(lines.items()):
            _draw_line(axes, name, rates, style.series(index, dark=dark), log)
        axes.set_xlabel("step t")
        axes.set_ylabel("learning rate")
        if log:
            style.log_axis(axes)
        else:
            axes.set_ylim(bottom=0)
        axes.margins(x=0.02)
        # Above the axes, where no line can pass behind it.
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.01), borderaxespad=0)
        return Plot(figure)


def _draw_line(axes: Axes, name: str, rates: Any, look: style.Series, log: bool) -> None:
    steps = np.arange(len(rates))
    if log:
        rates = np.where(rates > 0, rates, np.nan)
    label = style.shown(name, 70)
    if len(rates) == 1:
        axes.plot(steps, rates, label=label, **look.marked)
    elif len(rates) > POINTS:
        shown = np.unique(np.linspace(0, len(rates) - 1, POINTS).astype(int))
        axes.plot(steps[shown], rates[shown], label=label, **look.line)
    else:
        # A rate belongs to a whole step: lines that jump are not to look like slopes.
        jumps = _jumps(rates)
        axes.plot(steps, rates, label=label, drawstyle="steps-post" if jumps else None, **look.line)


def _jumps(rates: Any) -> bool:
    """Whether a schedule is flat but for some steps."""
    return bool((np.diff(rates) == 0).mean() > 0.5)


def _named(schedules: Any) -> dict[str, Any]:
    if isinstance(schedules, Mapping):
        return {str(name): schedule for name, schedule in schedules.items()}
    if callable(schedules):
        schedules = [schedules]
    if not isinstance(schedules, Sequence):
        raise ArgumentError(f"draw_schedules takes schedules, got {schedules!r}")
    named: dict[str, Any] = {}
    for schedule in schedules:
        name = str(getattr(schedule, "__name__", None) or repr(schedule))
        named[name if name not in named else f"{name} ({len(named) + 1})"] = schedule
    return named


def _rates(schedule: Any, steps: Any) -> Any:
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise ArgumentError(f"steps must be a whole number of at least 1, got {steps!r}")
    given = [schedule(t) for t in range(steps)] if callable(schedule) else schedule
    try:
        rates = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        rates = np.empty(0)
    if rates.ndim != 1 or not rates.size:
        raise ArgumentError(
            f"a schedule is a function of the step number or a list of rates, got {schedule!r}"
        )
    if np.nanmax(np.abs(rates), initial=0) > LARGEST:
        raise ArgumentError(f"rates above {LARGEST:g} fit in no picture; draw fewer steps")
    return rates
