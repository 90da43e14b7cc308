"""Central differences at several steps, and the gradient that they agree on (Ridders, 1982).

A difference errs by the curve's bending, which falls with h², and by rounding, which grows with
1/h. Neighbouring steps are combined so that the h² cancels (Richardson's extrapolation). Of these
estimates that one is taken which its neighbour confirms best. The gradient that is being checked
is not looked at, so no coincidence can make a wrong one right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

EPSILON = float(np.finfo(float).eps)

#: Roundings that a function's value is allowed to have gathered.
ROUNDINGS = 8

#: An estimate that is less sure than this part of the gradient, and of the slopes around, excuses
#: no gap, however near.
SURE = 1e-3

#: How far beyond the slopes at both sides of a kink a gradient may lie, for these are bent, too.
BENT = 1e-4


@dataclass(frozen=True, slots=True)
class Difference:
    """A function's values at x−h, x and x+h.

    `reach` is |x|, whose own rounding moves the slope; `size` that of the value's summands.
    """

    h: float
    behind: float
    here: float
    ahead: float
    reach: float = 0.0
    size: float = 0.0

    @property
    def central(self) -> float:
        """(f(x+h) − f(x−h)) / 2h."""
        return (self.ahead - self.behind) / (2 * self.h)

    @property
    def sides(self) -> tuple[float, float]:
        """The slopes on both sides."""
        return (self.here - self.behind) / self.h, (self.ahead - self.here) / self.h

    @property
    def noise(self) -> float:
        """What rounding alone may do to the difference."""
        size = max(abs(self.behind), abs(self.here), abs(self.ahead), self.size)
        return ROUNDINGS * EPSILON * (size + self.reach * abs(self.central)) / self.h


@dataclass(frozen=True, slots=True)
class Estimate:
    """A numeric gradient, how unsure it is, and how much of that is rounding."""

    slope: float
    unsure: float
    noise: float

    @property
    def doubt(self) -> float:
        """How unsure it is beside its own size."""
        return self.unsure / abs(self.slope) if self.slope else float("inf")


def best_estimate(differences: Sequence[Difference]) -> Estimate | None:
    """The numeric gradient; None where no difference is finite. Larger steps come first.

    >>> at = [Difference(h, (1 - h) ** 3, 1.0, (1 + h) ** 3) for h in (1e-1, 1e-2, 1e-3)]
    >>> round(best_estimate(at).slope, 9)
    3.0
    """
    usable = [d for d in differences if np.isfinite(d.central)]
    if not usable:
        return None
    if len(usable) == 1:
        return Estimate(usable[0].central, usable[0].noise, usable[0].noise)
    refined = [_refined(large, small) for large, small in pairwise(usable)]
    if len(refined) == 1:
        return refined[0]
    confirmed = [
        Estimate(one.slope, max(abs(one.slope - next_.slope), one.noise), one.noise)
        for one, next_ in pairwise(refined)
    ]
    return min(confirmed, key=lambda estimate: estimate.unsure)


def _refined(large: Difference, small: Difference) -> Estimate:
    square = (large.h / small.h) ** 2
    slope = small.central + (small.central - large.central) / (square - 1)
    noise = small.noise + (small.noise + large.noise) / (square - 1)
    return Estimate(slope, max(abs(slope - small.central), noise), noise)


def relative_error(analytic: float, numeric: float) -> float:
    """|a − n| / max(|a|, |n|)."""
    gap = abs(analytic - numeric)
    if not np.isfinite(gap):
        same = np.isnan([analytic, numeric]).all() or analytic == numeric
        return 0.0 if same else float("inf")
    return gap / max(abs(analytic), abs(numeric)) if gap else 0.0


def plain_error(analytic: float, difference: Difference) -> float:
    """The relative error of one difference alone; 0 where rounding explains the gap."""
    numeric = difference.central
    scale = max(abs(analytic), abs(numeric))
    if abs(analytic - numeric) <= difference.noise <= SURE * scale:
        return 0.0
    return relative_error(analytic, numeric)


def judged(analytic: float, differences: Sequence[Difference]) -> tuple[float, float]:
    """(numeric gradient, relative error); the error is 0 where the gap is no larger than the doubt.

    Doubt excuses a gap where it is rounding, or small beside the gradient or, at a flat point,
    beside the slopes at the largest step.
    """
    best = best_estimate(differences)
    if best is None:
        numeric = differences[-1].central
        return numeric, relative_error(analytic, numeric)
    gap = abs(analytic - best.slope)
    around = max((abs(s) for s in differences[0].sides if np.isfinite(s)), default=0.0)
    scale = max(abs(analytic), abs(best.slope), around)
    if gap <= best.noise or gap <= 2 * best.unsure <= SURE * scale:
        return best.slope, 0.0
    return best.slope, relative_error(analytic, best.slope)


def between(analytic: float, difference: Difference) -> bool:
    """Whether a gradient at a kink lies between the slopes on both sides, as conventions do."""
    low, high = sorted(difference.sides)
    room = BENT * max(abs(low), abs(high)) + 2 * difference.noise
    return low - room <= analytic <= high + room
