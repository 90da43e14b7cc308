"""Descents and names that the tests of plots and of animations share."""

from __future__ import annotations

import numpy as np

from microgd.lab.descent import Descent, Row
from microgd.lab.problem import Problem, from_text

QUARTIC = from_text("x**4 + x + 2", {"x": 1.0}, minima=((-(0.25 ** (1 / 3)),),))
BOWL = from_text("x1**2 + 3*x2**2", {"x1": 3.0, "x2": 1.0}, minima=((0.0, 0.0),))
STEEP = from_text("x**2", {"x": 3.0}, minima=((0.0,),))
HOSTILE = "</script><img src=x onerror=alert(1)> $\\frac{$ & \x00\n漢 'q' \""


def made(problem: Problem, points, values=None, *, label="by hand", diverged=None) -> Descent:
    """A record of these points, whatever led there."""
    rows = []
    for t, point in enumerate(points):
        flat = np.atleast_1d(np.array(point, dtype=float))
        with np.errstate(all="ignore"):
            f = problem.value(flat) if values is None else values[t]
        rows.append(Row(t, flat, f, np.zeros_like(flat), None, 0.1, t))
    return Descent(problem, label, tuple(rows), "by hand", diverged)
