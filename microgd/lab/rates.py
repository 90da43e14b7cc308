"""Learning rates that are too small, good, too large and far too large, for one function (E7)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.errors import ArgumentError
from microgd.lab.descend import descend
from microgd.lab.descent import Descent
from microgd.lab.functions import function
from microgd.lab.problem import Problem

#: The rates that are tried: from 1e-6 to 1000, each a quarter larger than the last.
RATES = tuple(float(f"{10.0**exponent:.3g}") for exponent in np.arange(-6.0, 3.01, 0.1))
#: A rate that is this much smaller than the good one is too small.
SMALL = 30.0
#: A good rate that is this near to the edge would be no other than the one that is too large.
NEAR = 1.25


@dataclass(frozen=True)
class FourRates:
    """Four walks from the same start, and why their learning rates are called so.

    Attributes:
        walks: "too small", "good", "too large", "far too large" → the walk.
        reasons: the same names → a sentence.
    """

    walks: dict[str, Descent]
    reasons: dict[str, str]


def four_rates(problem: Problem | str, optimizer: Any = "sgd", *, steps: int = 50) -> FourRates:
    """Find the four kinds of learning rate by trying many, and walk with each.

    The good one has the lowest loss, averaged over the walk. Too small is a thirtieth of it. Too
    large is the largest with which the walk does not end above its start, looked for from the good
    one upwards; far too large is twice as much. Where the best is at that edge, the good one is the
    best of those below two thirds of it.

    Raises:
        ArgumentError: no rate between 1e-6 and 1000 lowers the function, or none is too large, as
            it has no lowest point.

    >>> rates = four_rates("bowl", steps=30)
    >>> walks = rates.walks
    >>> walks["good"].last.value < walks["too small"].last.value
    True
    >>> walks["far too large"].last.value > walks["far too large"].rows[0].value
    True
    """
    if isinstance(problem, str):
        problem = function(problem)

    def walk(rate: float) -> Descent:
        return descend(problem, optimizer, lr=rate, steps=steps)

    tried = {rate: walk(rate) for rate in RATES}
    begun = tried[RATES[0]].rows[0].value
    good = min(RATES, key=lambda rate: _mean(tried[rate]))
    if not _end(tried[good]) < begun:
        raise ArgumentError(
            f"no learning rate from {RATES[0]:g} to {RATES[-1]:g} walks down {problem.name!r} in "
            f"{steps} steps: is it flat at the start, or has it no lower point?"
        )
    low = good
    for rate in RATES[RATES.index(good) + 1 :]:
        if not _late(tried[rate]) <= begun:
            high = rate
            break
        low = rate
    else:
        high = RATES[-1]
    for _ in range(6):  # the edge, to a hundredth
        middle = _rounded((low * high) ** 0.5)
        low, high = (middle, high) if _late(walk(middle)) <= begun else (low, middle)
    if low < NEAR * good:
        good = min((r for r in RATES if r < low / 1.5), key=lambda rate: _mean(tried[rate]))
    edge = walk(low)
    if _end(edge) < _end(tried[good]) and not _rises(edge):
        raise ArgumentError(
            f"{problem.name!r} falls all the way, and the further the larger the learning rate, up "
            f"to {low:g}: no rate is too large for it, as it has no lowest point there"
        )
    far = _rounded(2.0 * low)
    while _late(walk(far)) <= begun and far < 1e6:  # a bounded function may land low by chance
        far *= 2.0
    rates = {
        "too small": _rounded(good / SMALL),
        "good": good,
        "too large": low,
        "far too large": far,
    }
    walks = {name: walk(rate) for name, rate in rates.items()}
    found = _end(walks["good"])
    return FourRates(walks, {name: _reason(name, one, begun, found) for name, one in walks.items()})


def _rounded(rate: float) -> float:
    return float(f"{rate:.3g}")


def _mean(walk: Descent) -> float:
    """The loss, averaged over the walk; inf for a walk that diverged."""
    return float(np.mean(walk.values)) if _end(walk) < math.inf else math.inf


def _end(walk: Descent) -> float:
    """Where it ended; inf for a walk that diverged."""
    value = walk.last.value
    return value if walk.diverged is None and math.isfinite(value) else math.inf


def _late(walk: Descent) -> float:
    """The higher of its last two values, as a walk to and fro is low in every other step."""
    return max(_end(walk), float(walk.values[-2:].max())) if walk.diverged is None else math.inf


def _rises(walk: Descent) -> int:
    """How often f rose on the way."""
    return int(np.count_nonzero(np.diff(walk.values) > 0.0))


def _reason(name: str, walk: Descent, begun: float, good: float) -> str:
    end = f"f is {walk.last.value:.4g} after {walk.last.t} steps"
    if walk.diverged is not None:
        return walk.ended
    if name == "too small":
        return f"{end}: it still falls, slowly"
    if name == "good":
        return f"{end}; on average over the walk, no rate well below the edge is better"
    if walk.last.value > begun:
        return f"{end}: it climbs, from {begun:.4g}"
    if walk.last.value < good:
        times = "once" if _rises(walk) == 1 else f"{_rises(walk)} times"
        return (
            f"{end}, lower than with the good one, but by luck: on the way it rose {times}, up to "
            f"{walk.values.max():.4g}"
        )
    return f"{end}: its steps are so long that they jump over the lowest point"
