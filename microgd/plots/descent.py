"""draw_descent(): where descents go, and what becomes of f, in one picture."""

from __future__ import annotations

from collections.abc import Iterable

from microgd.lab.descent import Descent
from microgd.plots import style
from microgd.plots.contours import marks, plot_contours
from microgd.plots.curve import plot_curve
from microgd.plots.loss import plot_gradient, plot_loss
from microgd.plots.parts import legend_below
from microgd.plots.plot import Plot
from microgd.plots.tracks import Box, Track, as_descents, diverged_note, same_problem
from microgd.plots.words import label_of, title_of


def draw_descent(
    descents: Descent | Iterable[Descent],
    *,
    box: Box | None = None,
    log: bool | None = None,
    title: str | None = None,
    dark: bool = False,
    width: float = 13.0,
    height: float = 6.2,
) -> Plot:
    """One or several descents, side by side: the curve (of one variable), the contours (of two) or
    the length of the gradient (of more), and f at every step.

    Arguments:
        box: (low, high) of each coordinate that is drawn; None takes the problem's, or fits.
        log: a logarithmic axis for f; None takes one where it shows more.
        title: None takes the formula and who walked.
        width, height: inches.

    Raises:
        ArgumentError: no descent, or different functions. DrawingError: no matplotlib.

    >>> from microgd.lab.descend import descend
    >>> from microgd.lab.problem import from_text
    >>> draw_descent(descend(from_text("x**2", {"x": 3}), lr=0.1, steps=5))
    <plot, 13 × 6.2 inches>
    """
    found = as_descents(descents)
    dimensions = found[0].problem.dimensions
    same_problem(found, dimensions)
    if title is None:
        title = title_of(found[0].problem, 64)
        title += f", {label_of(found[0])}" if len(found) == 1 else ""
    with style.context(dark):
        figure, axes = style.new_figure(width, height, columns=2, dark=dark, title=title)
        more = []
        if dimensions == 1:
            tracks = plot_curve(axes[0], found, box=box, dark=dark)
            plot_loss(axes[1], found, log=log, dark=dark)
        elif dimensions == 2:
            tracks = plot_contours(axes[0], found, box=box, dark=dark)
            plot_loss(axes[1], found, log=log, dark=dark)
            more = marks(dark)
        else:
            tracks = [_told(one, place, dark) for place, one in enumerate(found)]
            plot_loss(axes[0], found, log=log, dark=dark)
            plot_gradient(axes[1], found, dark=dark)
        legend_below(figure, tracks, dark=dark, more=more)
    return Plot(figure)


def _told(one: Descent, place: int, dark: bool) -> Track:
    """A run of which no path is drawn, for the legend."""
    return Track(one, label_of(one, place), style.series(place, dark=dark), one.points[:0], False,
                 diverged_note(one))  # fmt: skip
