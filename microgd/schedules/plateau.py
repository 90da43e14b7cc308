"""The schedule with a memory: lower the learning rate when the loss has stopped falling."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

from microgd.errors import ArgumentError
from microgd.options import above_zero, finite, not_negative, one_of, refuse, whole, written
from microgd.schedules.schedule import plain_options


@dataclass(frozen=True)
class PlateauState:
    """What `ReduceOnPlateau` remembers; plain numbers, so that a checkpoint can hold them.

    Arguments:
        rate: the learning rate now.
        best: the best loss so far; infinite before the first.
        bad: updates in a row that were no better than it.
        cooldown: updates left in which bad ones do not count.
    """

    rate: float
    best: float
    bad: int = 0
    cooldown: int = 0


@dataclass(frozen=True, repr=False)
class ReduceOnPlateau:
    """Multiply the learning rate by `factor` when more than `patience` losses were no better.

    It depends on losses, so it is no function of t: `init` makes a state, `update` makes the next
    one from a loss, and `rate` reads it. A loss is better than the best one if it is below
    best·(1 − threshold), or below best − threshold with threshold_mode "abs"; with mode "max",
    above best·(1 + threshold) or best + threshold. For `cooldown` updates after a reduction bad
    losses do not count. The rate stays at least min_lr, and a change of no more than eps is not
    made. Source: PyTorch's ReduceLROnPlateau, to the last option.

    >>> plateau = ReduceOnPlateau(lr=0.1, factor=0.5, patience=1)
    >>> state = plateau.init()
    >>> for loss in (1.0, 1.0, 1.0):
    ...     state = plateau.update(state, loss)
    >>> plateau.rate(state)
    0.05
    """

    lr: float = 0.1
    mode: str = "min"
    factor: float = 0.1
    patience: int = 10
    threshold: float = 1e-4
    threshold_mode: str = "rel"
    cooldown: int = 0
    min_lr: float = 0.0
    eps: float = 1e-8
    formula: ClassVar[str] = "lr·factor^(how often more than patience losses were no better)"

    def __post_init__(self) -> None:
        plain_options(self)
        above_zero(self, "lr", "factor")
        finite(self, "threshold")
        not_negative(self, "min_lr", "eps", "threshold")
        one_of(self, "mode", ("min", "max"))
        one_of(self, "threshold_mode", ("rel", "abs"))
        whole(self, "patience", "cooldown", least=0)
        if self.factor >= 1:
            refuse(self, "factor", "below 1, such as 0.5 or 0.1")

    def init(self) -> PlateauState:
        """The state before the first loss."""
        return PlateauState(self.lr, math.inf if self.mode == "min" else -math.inf)

    def update(self, state: PlateauState, loss: float) -> PlateauState:
        """The state after one more loss (or whatever is watched); NaN is no better.

        Raises:
            ArgumentError: the loss is no number.
        """
        try:
            current = float(loss)
        except (TypeError, ValueError):
            raise ArgumentError(f"a loss is one number, got {loss!r}") from None
        best, bad, cooldown, rate = state.best, state.bad + 1, state.cooldown, state.rate
        if self._better(current, best):
            best, bad = current, 0
        if cooldown > 0:
            cooldown, bad = cooldown - 1, 0
        if bad > self.patience:
            lower = max(rate * self.factor, self.min_lr)
            rate = lower if rate - lower > self.eps else rate
            cooldown, bad = self.cooldown, 0
        return replace(state, rate=rate, best=best, bad=bad, cooldown=cooldown)

    def rate(self, state: PlateauState) -> float:
        """The learning rate to use next."""
        return state.rate

    def _better(self, loss: float, best: float) -> bool:
        if self.threshold_mode == "rel":
            best *= 1 - self.threshold if self.mode == "min" else 1 + self.threshold
        else:
            best += -self.threshold if self.mode == "min" else self.threshold
        return loss < best if self.mode == "min" else loss > best

    def __repr__(self) -> str:
        return written(self)
