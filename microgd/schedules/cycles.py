"""Schedules that come back: triangles, the cosine up and down, cosine with warm restarts."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import lru_cache
from typing import ClassVar

import numpy as np

from microgd.options import above_zero, finite, not_negative, one_of, refuse, whole
from microgd.schedules.schedule import Rates, Schedule, between, falling_cosine
from microgd.schedules.tails import Tail, ending, falling

#: The smallest growth but 1. Below it there would be too many restarts to add up.
LEAST_GROWTH = 1.001


@dataclass(frozen=True, repr=False)
class Triangular(Schedule):
    """Straight up from low to high in `half` steps, and down again, for ever.

    As it stands, the lectures' 0.1–0.35. With mode "triangular2" the height is halved in every
    cycle; with "exp_range" it is multiplied by gamma^t. `down` is the length of the way down, if
    it is another one. Source: Smith (2017), and PyTorch's CyclicLR.

    >>> Triangular(low=0.1, high=0.3, half=2)([0, 1, 2, 3, 4])
    array([0.1, 0.2, 0.3, 0.2, 0.1])
    """

    low: float = 0.1
    high: float = 0.35
    half: int = 2000
    down: int | None = None
    mode: str = "triangular"
    gamma: float = 1.0
    formula: ClassVar[str] = "low + (high − low)·(0 … 1 in half steps … 0 in down steps)·scale"

    def __post_init__(self) -> None:
        super().__post_init__()
        not_negative(self, "low")
        finite(self, "high")
        above_zero(self, "gamma")
        one_of(self, "mode", ("triangular", "triangular2", "exp_range"))
        whole(self, "half", *(() if self.down is None else ("down",)))
        if not self.high > self.low:
            refuse(self, "high", f"above low, which is {self.low!r}")
        if self.gamma > 1:
            refuse(self, "gamma", "at most 1: the height falls, or stays")
        if self.mode != "exp_range" and self.gamma != 1:
            refuse(self, "gamma", f'1 in mode {self.mode!r}: only mode "exp_range" has a gamma')

    @property
    def period(self) -> int:
        """Steps of a cycle, up and down."""
        return self.half + (self.half if self.down is None else self.down)

    def rates(self, t: Rates) -> Rates:
        # Not by PyTorch's 1 + t/period − cycle, whose rounding errors grow with t.
        cycle, place = np.divmod(t, self.period)
        rising = place / self.half
        share = np.where(
            place <= self.half, rising, (self.period - place) / (self.period - self.half)
        )
        scale: Rates = np.ones_like(t)
        if self.mode == "triangular2":
            scale = 0.5**cycle
        elif self.mode == "exp_range":
            scale = np.power(self.gamma, t)
        return between(self.high, self.low, share * scale)

    def tail(self) -> Tail:
        if self.mode == "triangular" or (self.mode == "exp_range" and self.gamma == 1):
            return Tail("cycle", self.high)
        if self.low > 0:
            return Tail("floor", self.low)
        return falling(0.5, self.period) if self.mode == "triangular2" else falling(self.gamma)


@dataclass(frozen=True, repr=False)
class CyclicCosine(Schedule):
    """Smoothly from lr down to end in `half` steps, and up again, for ever.

    Source: PyTorch's CosineAnnealingLR, which does this beyond its T_max = half.

    >>> CyclicCosine(lr=0.1, half=2)([0, 1, 2, 3, 4])
    array([0.1 , 0.05, 0.  , 0.05, 0.1 ])
    """

    lr: float = 0.1
    half: int = 100
    end: float = 0.0
    formula: ClassVar[str] = "end + (lr − end)·(1 + cos(π·t/half))/2"

    def __post_init__(self) -> None:
        super().__post_init__()
        above_zero(self, "lr")
        not_negative(self, "end")
        whole(self, "half")

    def rates(self, t: Rates) -> Rates:
        return between(self.lr, self.end, falling_cosine(np.mod(t, 2 * self.half) / self.half))

    def tail(self) -> Tail:
        return Tail("cycle", max(self.lr, self.end))


@dataclass(frozen=True, repr=False)
class SGDR(Schedule):
    """Cosine from lr towards end, again and again, each time `growth` times as long.

    The first run is t = 0 … period − 1, and t = period is lr again, exactly: end is approached,
    and reached between the steps. The restarts are those of the decimal numbers as they are
    written, not of their rounded binary ones. Source: Loshchilov and Hutter (2017), and PyTorch's
    CosineAnnealingWarmRestarts, whose growth T_mult is whole.

    >>> SGDR(lr=0.1, period=10, growth=2)([0, 5, 10, 20, 30])
    array([0.1 , 0.05, 0.1 , 0.05, 0.1 ])
    """

    lr: float = 0.1
    period: int = 10
    growth: float = 1
    end: float = 0.0
    formula: ClassVar[str] = (
        "end + (lr − end)·(1 + cos(π·u/length))/2, u = t − last restart,"
        " length = period·growth^restarts"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        above_zero(self, "lr", "growth")
        not_negative(self, "end")
        whole(self, "period")
        if self.growth != 1 and self.growth < LEAST_GROWTH:
            refuse(self, "growth", f"1, or at least {LEAST_GROWTH}")

    def rates(self, t: Rates) -> Rates:
        if self.growth == 1:
            place = np.mod(t, self.period) / self.period
        else:
            far = 1 << int(t.max(initial=0)).bit_length()  # one list serves many calls
            starts, lengths = restarts(self.period, self.growth, far)
            run = np.searchsorted(starts, t, side="right") - 1
            place = (t - starts[run]) / lengths[run]
        return between(self.lr, self.end, falling_cosine(place))

    def tail(self) -> Tail:
        if self.lr == self.end:
            return ending(self.lr, 0)
        return Tail("cycle", max(self.lr, self.end))


@lru_cache(maxsize=64)
def restarts(period: int, growth: float, last: int) -> tuple[Rates, Rates]:
    """Where the runs start, up to step `last`, and how long each is.

    Added up in decimals: a logarithm, as in PyTorch, is off by one at some restarts.

    >>> [a.tolist() for a in restarts(10, 1.1, 30)]
    [[0.0, 10.0, 21.0], [10.0, 11.0, 12.1]]
    """
    starts, lengths = [], []
    with localcontext(prec=60):
        start, length, ratio = Decimal(0), Decimal(period), Decimal(repr(growth))
        while start <= last:
            starts.append(float(start))
            lengths.append(float(length))
            start += length
            length *= ratio
    return np.array(starts), np.array(lengths)
