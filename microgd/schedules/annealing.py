"""Schedules of one smooth run: cosine annealing and the one-cycle policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from microgd.options import above_zero, not_negative, one_of, refuse, whole
from microgd.schedules.schedule import Rates, Schedule, between, falling_cosine
from microgd.schedules.tails import Tail, ending


@dataclass(frozen=True, repr=False)
class Cosine(Schedule):
    """From lr to end along half a cosine, and at end ever after.

    PyTorch's CosineAnnealingLR is the same up to t = steps, and rises again after it, as
    `CyclicCosine` does. Source: Loshchilov and Hutter (2017), equation 5, without restarts.

    >>> Cosine(lr=0.1, steps=100)([0, 50, 100, 150])
    array([0.1 , 0.05, 0.  , 0.  ])
    """

    lr: float = 0.1
    steps: int = 100
    end: float = 0.0
    formula: ClassVar[str] = "end + (lr − end)·(1 + cos(π·t/steps))/2 up to t = steps, then end"

    def __post_init__(self) -> None:
        super().__post_init__()
        above_zero(self, "lr")
        not_negative(self, "end")
        whole(self, "steps")

    def rates(self, t: Rates) -> Rates:
        return between(self.lr, self.end, falling_cosine(np.minimum(t / self.steps, 1)))

    def tail(self) -> Tail:
        return ending(self.end, self.steps)


@dataclass(frozen=True, repr=False)
class OneCycle(Schedule):
    """One rise to lr and one fall far below the start, in `steps` steps, 0 … steps − 1.

    It begins at lr/div_factor, is lr at t = pct_start·steps − 1, ends at lr/div_factor/
    final_div_factor at t = steps − 1, and stays there (PyTorch's raises an error). With
    three_phase the fall first mirrors the rise, as in the paper. Only the learning rate moves,
    not the momentum. Source: Smith and Topin (2018), and PyTorch's OneCycleLR.

    >>> OneCycle(lr=1.0, steps=11, pct_start=0.5, anneal="linear")(0)
    0.04
    """

    lr: float = 0.1
    steps: int = 100
    pct_start: float = 0.3
    div_factor: float = 25.0
    final_div_factor: float = 1e4
    anneal: str = "cos"
    three_phase: bool = False
    formula: ClassVar[str] = (
        "lr/div_factor → lr at t = pct_start·steps − 1 → lr/div_factor/final_div_factor at"
        " t = steps − 1, then that"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        above_zero(self, "lr", "div_factor", "final_div_factor")
        not_negative(self, "pct_start")
        one_of(self, "anneal", ("cos", "linear"))
        one_of(self, "three_phase", (True, False))
        whole(self, "steps", least=2)
        if self.pct_start > 1:
            refuse(self, "pct_start", "a number from 0 to 1")
        if self.three_phase and self.pct_start > 0.5:
            refuse(self, "pct_start", "at most 0.5 with three_phase: rise and fall take as long")

    @property
    def last(self) -> float:
        """The rate of the last step."""
        return self.lr / self.div_factor / self.final_div_factor

    def rates(self, t: Rates) -> Rates:
        t = np.minimum(t, self.steps - 1)
        rates = np.empty_like(t)
        begin = 0.0
        left = np.ones(t.shape, dtype=bool)
        for end, first, last in self._phases():
            # The end of a phase belongs to it, and the next one begins there: both say the same.
            here = left & (t <= end)
            if end > begin:
                x = (t[here] - begin) / (end - begin)
                share = falling_cosine(x) if self.anneal == "cos" else 1 - x
                rates[here] = between(first, last, share)
            else:
                rates[here] = last
            left &= ~here
            begin = end
        return rates

    def _phases(self) -> list[tuple[float, float, float]]:
        """The end of each phase, the rate it begins with, and the rate it ends with."""
        start, rise = self.lr / self.div_factor, self.pct_start * self.steps
        if not self.three_phase:
            return [(rise - 1, start, self.lr), (self.steps - 1, self.lr, self.last)]
        return [
            (rise - 1, start, self.lr),
            (2 * rise - 2, self.lr, start),
            (self.steps - 1, start, self.last),
        ]

    def tail(self) -> Tail:
        # Without a fall, the cycle ends at its top.
        return ending(self(self.steps - 1), self.steps - 1)
