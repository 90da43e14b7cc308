"""What all schedules have in common: a step number in, a learning rate out, and nothing kept."""

from __future__ import annotations

from dataclasses import fields
from itertools import pairwise
from typing import Any, ClassVar, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microgd.errors import ArgumentError
from microgd.options import refuse, written
from microgd.schedules.tails import Tail

#: Step numbers and rates inside this package: one axis, float64.
Rates = NDArray[np.float64]


#: Whole numbers above it are no floats any more; nobody takes so many steps.
_LARGEST = 2**53


class Schedule:
    """A learning rate for every step: call it with t = 0, 1, 2, … for the rate used in step t.

    A schedule of one's own is a frozen dataclass that derives from this class and has `rates`.

    >>> from microgd.schedules import Step
    >>> Step(lr=0.1, size=2)(1), Step(lr=0.1, size=2)([0, 1, 2])
    (0.1, array([0.1 , 0.1 , 0.01]))
    """

    #: The rate in step t, as text for lists.
    formula: ClassVar[str] = ""

    def __post_init__(self) -> None:
        plain_options(self)

    @overload
    def __call__(self, t: float) -> float: ...
    @overload
    def __call__(self, t: ArrayLike) -> Any: ...
    def __call__(self, t: Any) -> Any:
        """The learning rate in step t; of an array of steps, an array of rates.

        Arguments:
            t: 0 for the first step. Fractions count between two steps, as a batch does in an epoch.

        Raises:
            ArgumentError: t is negative, not finite or no number, or the rate is too large.
        """
        steps = _steps(t)
        with np.errstate(over="ignore"):
            rates = self.rates(steps.reshape(-1))
        if not np.isfinite(rates).all():
            bad = steps.reshape(-1)[~np.isfinite(rates)][0]
            raise ArgumentError(f"{self!r} is too large for a number at t = {bad:g}; ask for less")
        return rates.reshape(steps.shape) if steps.ndim else float(rates[0])

    def rates(self, t: Rates) -> Rates:
        """The rates in steps t ≥ 0, elementwise; `__call__` has checked them."""
        raise NotImplementedError(f"{type(self).__name__} has no method `rates`")

    def tail(self) -> Tail | None:
        """How the schedule ends, for `robbins_monro`; None where nobody has said it."""
        return None

    def __repr__(self) -> str:
        return written(self)


def plain_options(owner: object) -> None:
    """Turn NumPy's numbers into Python's, and lists into tuples: options are text as well."""
    for field in fields(owner):  # type: ignore[arg-type]
        value = getattr(owner, field.name)
        if isinstance(value, np.ndarray | np.generic):
            value = value.tolist()
        if isinstance(value, list | tuple):
            value = tuple(v.item() if isinstance(v, np.generic) else v for v in value)
        object.__setattr__(owner, field.name, value)
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, int) and abs(number) > _LARGEST:
                refuse(owner, field.name, f"at most {_LARGEST:,}")


def increasing(owner: object, name: str, *, strictly: bool = True) -> None:
    """Refuse milestones that are not whole numbers from 1 up, in order."""
    value = getattr(owner, name)
    if (
        not isinstance(value, tuple)
        or any(isinstance(v, bool) or not isinstance(v, int) or v < 1 for v in value)
        or any(b < a or (strictly and b == a) for a, b in pairwise(value))
    ):
        refuse(owner, name, "whole numbers of at least 1 in increasing order, such as (50, 75)")


def between(high: float, low: float, share: Rates) -> Rates:
    """`high` at share 1 and `low` at share 0, exactly, as high − (high − low) would not be."""
    return high * share + low * (1 - share)


def falling_cosine(x: Rates) -> Rates:
    """From 1 at x = 0 down to 0 at x = 1, along half a period of the cosine."""
    share: Rates = (1 + np.cos(np.pi * x)) / 2
    return share


def _steps(t: Any) -> Rates:
    try:
        given = np.asarray(t)
    except ValueError:  # rows of different lengths
        given = np.asarray(None)
    if given.dtype.kind not in "iuf" and given.size:
        raise ArgumentError(f"a step number t is a number from 0 up, got {t!r}")
    steps = given.astype(np.float64)
    if not (np.isfinite(steps) & (steps >= 0)).all():
        bad = steps[~(np.isfinite(steps) & (steps >= 0))].reshape(-1)[0]
        raise ArgumentError(
            f"a step number t is finite and counts from 0 up, got {bad:g}: the first step is t = 0"
        )
    return steps
