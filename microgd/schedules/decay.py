"""Schedules that only fall: constant, powers of t, steps, exponential."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from microgd.options import above_zero, not_negative, refuse, whole
from microgd.schedules.schedule import Rates, Schedule, between, increasing
from microgd.schedules.tails import Tail, ending, falling


@dataclass(frozen=True, repr=False)
class Constant(Schedule):
    """The same learning rate in every step.

    >>> Constant(lr=0.1)(1000)
    0.1
    """

    lr: float = 0.1
    formula: ClassVar[str] = "lr"

    def __post_init__(self) -> None:
        super().__post_init__()
        above_zero(self, "lr")

    def rates(self, t: Rates) -> Rates:
        return np.full_like(t, self.lr)

    def tail(self) -> Tail:
        return ending(self.lr, 0)


@dataclass(frozen=True, repr=False)
class Power(Schedule):
    """lr / (t + offset)^power: with offset 1, the lectures' 0.1/t^0.3 for t counted from 1.

    Source: Robbins and Monro (1951), whose two conditions it meets for ½ < power ≤ 1.

    >>> Power(lr=0.1, power=0.5)(3)
    0.05
    """

    lr: float = 0.1
    power: float = 0.5
    offset: float = 1.0
    formula: ClassVar[str] = "lr / (t + offset)^power"

    def __post_init__(self) -> None:
        super().__post_init__()
        above_zero(self, "lr", "offset")
        not_negative(self, "power")

    def rates(self, t: Rates) -> Rates:
        rates: Rates = self.lr / (t + self.offset) ** self.power
        return rates

    def tail(self) -> Tail:
        return Tail("power", self.power) if self.power else ending(self.lr, 0)


@dataclass(frozen=True, repr=False)
class InverseTime(Schedule):
    """lr / (1 + decay·t): as it stands 1, ½, ⅓, …, the 1/t of Robbins and Monro counted from 1.

    Source: Robbins and Monro (1951); Keras has it as InverseTimeDecay.

    >>> InverseTime()(0), InverseTime()(3)
    (1.0, 0.25)
    """

    lr: float = 1.0
    decay: float = 1.0
    formula: ClassVar[str] = "lr / (1 + decay·t)"

    def __post_init__(self) -> None:
        super().__post_init__()
        above_zero(self, "lr")
        not_negative(self, "decay")

    def rates(self, t: Rates) -> Rates:
        return self.lr / (1 + self.decay * t)

    def tail(self) -> Tail:
        return Tail("power", 1.0) if self.decay else ending(self.lr, 0)


@dataclass(frozen=True, repr=False)
class Polynomial(Schedule):
    """From lr to end along (1 − t/steps)^power, and at end ever after.

    Power 1 is a straight line. Source: PyTorch's PolynomialLR, whose end is 0.

    >>> Polynomial(lr=0.1, steps=4)([0, 1, 2, 3, 4, 5])
    array([0.1  , 0.075, 0.05 , 0.025, 0.   , 0.   ])
    """

    lr: float = 0.1
    steps: int = 5
    power: float = 1.0
    end: float = 0.0
    formula: ClassVar[str] = "end + (lr − end)·(1 − t/steps)^power up to t = steps, then end"

    def __post_init__(self) -> None:
        super().__post_init__()
        above_zero(self, "lr", "power")
        not_negative(self, "end")
        whole(self, "steps")

    def rates(self, t: Rates) -> Rates:
        return between(self.lr, self.end, (1 - np.minimum(t / self.steps, 1)) ** self.power)

    def tail(self) -> Tail:
        return ending(self.end, self.steps)


@dataclass(frozen=True, repr=False)
class Step(Schedule):
    """Multiplied by gamma every `size` steps: at t = size for the first time.

    Source: PyTorch's StepLR.

    >>> Step(lr=1.0, size=30, gamma=0.5)([29, 30, 59, 60])
    array([1.  , 0.5 , 0.5 , 0.25])
    """

    lr: float = 0.1
    size: int = 30
    gamma: float = 0.1
    formula: ClassVar[str] = "lr·gamma^(t // size)"

    def __post_init__(self) -> None:
        super().__post_init__()
        above_zero(self, "lr", "gamma")
        whole(self, "size")

    def rates(self, t: Rates) -> Rates:
        rates: Rates = self.lr * self.gamma ** (t // self.size)
        return rates

    def tail(self) -> Tail:
        return falling(self.gamma, self.size) if self.gamma != 1 else ending(self.lr, 0)


@dataclass(frozen=True, repr=False)
class MultiStep(Schedule):
    """Multiplied by gamma at every milestone: in step t = milestone for the first time.

    As it stands, the lectures' 50 epochs with 0.1, 25 with 0.01, then 0.001. A milestone that is
    named twice counts twice. Source: PyTorch's MultiStepLR.

    >>> MultiStep(lr=1.0, milestones=(2, 3), gamma=0.5)([1, 2, 3])
    array([1.  , 0.5 , 0.25])
    """

    lr: float = 0.1
    milestones: tuple[int, ...] = (50, 75)
    gamma: float = 0.1
    formula: ClassVar[str] = "lr·gamma^(how many milestones are ≤ t)"

    def __post_init__(self) -> None:
        super().__post_init__()
        above_zero(self, "lr", "gamma")
        increasing(self, "milestones", strictly=False)

    def rates(self, t: Rates) -> Rates:
        return self.lr * np.power(self.gamma, np.searchsorted(self.milestones, t, side="right"))

    def tail(self) -> Tail:
        last = self.milestones[-1] if self.milestones else 0
        return ending(self.lr * self.gamma ** len(self.milestones), last)


@dataclass(frozen=True, repr=False)
class Piecewise(Schedule):
    """One value up to each milestone, and the next one from it on.

    >>> Piecewise(values=(0.1, 0.01), milestones=(50,))([49, 50])
    array([0.1 , 0.01])
    """

    values: tuple[float, ...] = (0.1, 0.01, 0.001)
    milestones: tuple[int, ...] = (50, 75)
    formula: ClassVar[str] = "values[how many milestones are ≤ t]"

    def __post_init__(self) -> None:
        super().__post_init__()
        increasing(self, "milestones")
        values: Any = self.values
        wanted = len(self.milestones) + 1
        if (
            not isinstance(values, tuple)
            or len(values) != wanted
            or any(isinstance(v, bool) or not isinstance(v, int | float) for v in values)
            or not all(0 <= v < math.inf for v in values)
        ):
            refuse(self, "values", f"{wanted} rates of 0 or more, one more than milestones")

    def rates(self, t: Rates) -> Rates:
        values = np.asarray(self.values, dtype=np.float64)
        return values[np.searchsorted(self.milestones, t, side="right")]

    def tail(self) -> Tail:
        return ending(self.values[-1], self.milestones[-1] if self.milestones else 0)


@dataclass(frozen=True, repr=False)
class Exponential(Schedule):
    """Multiplied by gamma in every step. Source: PyTorch's ExponentialLR.

    A gamma above 1 grows, as a search for the largest usable learning rate wants it.

    >>> Exponential(lr=1.0, gamma=0.5)([0, 1, 2])
    array([1.  , 0.5 , 0.25])
    """

    lr: float = 0.1
    gamma: float = 0.95
    formula: ClassVar[str] = "lr·gamma^t"

    def __post_init__(self) -> None:
        super().__post_init__()
        above_zero(self, "lr", "gamma")

    def rates(self, t: Rates) -> Rates:
        return self.lr * np.power(self.gamma, t)

    def tail(self) -> Tail:
        return falling(self.gamma) if self.gamma != 1 else ending(self.lr, 0)
