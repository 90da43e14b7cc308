"""The conditions of Robbins and Monro: Ση diverges, Ση² converges; and why, or why not."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from microgd.errors import ArgumentError
from microgd.schedules.plateau import ReduceOnPlateau
from microgd.schedules.schedule import Rates, Schedule
from microgd.schedules.tails import Tail

#: Numbers of first steps that are added up as evidence.
COUNTS = (10, 1000, 100_000)

#: An estimated exponent so close to a limit is taken for it: 1/(t + 1) has 0.99995 at these steps.
NEAR = 0.01


@dataclass(frozen=True)
class PartialSums:
    """Ση and Ση² over the first `steps` steps."""

    steps: int
    rates: float
    squares: float


@dataclass(frozen=True)
class RobbinsMonro:
    """Whether a schedule meets the two conditions of Robbins and Monro, and why.

    Arguments:
        sum_diverges: whether Ση = ∞; None where nobody can say.
        squares_converge: whether Ση² < ∞; None where nobody can say.
        why: one or two sentences with the exponent, the ratio or the level that decides it.
        estimated: whether it was read off the first 100,000 rates, and is no proof.
        sums: partial sums, as evidence.
    """

    schedule: str
    sum_diverges: bool | None
    squares_converge: bool | None
    why: str
    estimated: bool = False
    sums: tuple[PartialSums, ...] = ()

    @property
    def holds(self) -> bool | None:
        """Whether both conditions hold; None where nobody can say."""
        if self.sum_diverges is None or self.squares_converge is None:
            return None
        return self.sum_diverges and self.squares_converge

    def to_dict(self) -> dict[str, Any]:
        """As plain data, with `holds`."""
        return {**asdict(self), "holds": self.holds}

    def __str__(self) -> str:
        lines = [self.schedule, f"  {self.verdict}", f"  {self.why}"]
        lines += [
            f"  first {s.steps:,} steps: Σ lr = {s.rates:.6g}, Σ lr² = {s.squares:.6g}"
            for s in self.sums
        ]
        return "\n".join(lines)

    @property
    def verdict(self) -> str:
        """Both sums and the answer, on one line."""
        if self.sum_diverges is None or self.squares_converge is None:
            return "Robbins–Monro: it depends on the losses"
        rates = "diverges" if self.sum_diverges else "converges"
        squares = "converges" if self.squares_converge else "diverges"
        answer = "met" if self.holds else "not met"
        estimate = " (an estimate)" if self.estimated else ""
        return f"Robbins–Monro: {answer}{estimate}. Σ lr {rates} and Σ lr² {squares}."


def robbins_monro(schedule: Callable[[float], float] | ReduceOnPlateau) -> RobbinsMonro:
    """Whether Ση diverges and Ση² converges, as stochastic approximation wants it.

    Decided from the way a schedule ends, not from finitely many sums. Any other function of t is
    estimated, from the slope of its rates in a log–log plot. Source: Robbins and Monro (1951).

    Arguments:
        schedule: one of ours, or a function that gives the rate of step t = 0, 1, 2, …

    Raises:
        ArgumentError: it is no function of t, or a rate is negative or no number.

    >>> from microgd.schedules import InverseTime, Power
    >>> robbins_monro(InverseTime()).holds, robbins_monro(Power(power=0.3)).holds
    (True, False)
    """
    if isinstance(schedule, ReduceOnPlateau):
        return _on_losses(schedule)
    tail = schedule.tail() if isinstance(schedule, Schedule) else None
    rates = _rates(schedule)
    sums = _sums(rates)
    if tail is None:
        name = repr(schedule) if isinstance(schedule, Schedule) else _name(schedule)
        return RobbinsMonro(name, *_estimated(rates), estimated=True, sums=sums)
    return RobbinsMonro(repr(schedule), *_decided(tail), sums=sums)


def _on_losses(schedule: ReduceOnPlateau) -> RobbinsMonro:
    least = max(schedule.min_lr, schedule.eps)
    if least > 0:
        # A reduction by more than eps, never below min_lr: there are finitely many of those.
        option = "eps" if schedule.eps > 0 else "min_lr"
        why = (
            f"The rates depend on the losses, but whatever these are, {option} = "
            f"{getattr(schedule, option):g} allows only finitely many reductions: the rate stays "
            "above 0, and both sums are infinite."
        )
        return RobbinsMonro(repr(schedule), True, False, why)
    why = (
        "It depends on the losses: if they keep improving, the rate stays and both sums are "
        "infinite; if they never do, it falls like a geometric series and both are finite."
    )
    return RobbinsMonro(repr(schedule), None, None, why)


def _decided(tail: Tail) -> tuple[bool, bool, str]:
    """Whether Ση diverges, whether Ση² converges, and why."""
    after = f"From step {tail.since:,} on the" if tail.since else "The"
    # Limits depend on an exponent and a ratio to the last digit; a level is only shown.
    exact = tail.kind in ("power", "geometric")
    value = _plain(tail.value) if exact else f"{tail.value:.6g}"
    if tail.kind == "power":
        p = tail.value
        why = (
            f"{after} rate falls like 1/t^p with p = {value}. Σ 1/t^p diverges for p ≤ 1 and its "
            f"squares, Σ 1/t^(2p), converge for 2p > 1, so both hold for ½ < p ≤ 1: {_place(p)}."
        )
        return p <= 1, p > 0.5, why
    if tail.kind == "zero":
        return False, True, f"{after} rate is 0, so both sums have finitely many terms."
    if tail.kind == "geometric":
        return _geometric(tail, after, value)
    how = {
        "level": f"rate stays at {value}",
        "floor": f"rate never falls below {value}",
        "cycle": f"rate comes back to {value} in every cycle",
    }[tail.kind]
    return True, False, f"{after} {how} and does not go to 0, so both sums are infinite."


def _place(p: float) -> str:
    if p <= 0.5:
        return f"p = {_plain(p)} is too small, and the noise never dies out"
    if p > 1:
        return f"p = {_plain(p)} is too large, and the steps end before they get there"
    return f"p = {_plain(p)} lies in that range"


def _plain(x: float) -> str:
    return repr(float(x)).removesuffix(".0")


def _geometric(tail: Tail, after: str, value: str) -> tuple[bool, bool, str]:
    every = "in every step" if tail.every == 1 else f"in every {tail.every:,} steps"
    if tail.value > 1:
        return True, False, f"{after} rate is multiplied by {value} {every}, and grows for ever."
    why = (
        f"{after} rate is multiplied by {value} {every}: a geometric series, which has a finite "
        "sum, as its squares have. It falls faster than 1/t^p for every p."
    )
    return False, True, why


def _estimated(rates: Rates) -> tuple[bool, bool, str]:
    """The same, from means over [100, 1000), [1000, 10⁴) and [10⁴, 10⁵)."""
    before, p = _slopes(rates)
    _, q = _slopes(rates**2)
    # Of means, so that a schedule with cycles has one exponent, too.
    diverges, converge = p <= 1 + NEAR, q > 1 + NEAR
    seen = f"An estimate from the first {rates.size:,} steps, and no proof: "
    if math.isinf(p):
        return False, True, f"{seen}the rate is 0 from some step on, so both sums are finite."
    why = f"{seen}on average the rate falls like 1/t^p with p about {p:.3f}"
    if abs(q - 2 * p) > NEAR:
        why += f", its square like 1/t^q with q about {q:.3f}"
    why += "; both conditions hold for ½ < p ≤ 1."
    if abs(p - before) > 0.05:
        why += f" The exponent is still changing: ten times earlier it was {before:.3f}."
    return diverges, converge, why


def _slopes(rates: Rates) -> tuple[float, float]:
    """Exponents p of 1/t^p between decades: the last but one, and the last."""
    first, second, third = (float(rates[a : 10 * a].mean()) for a in (100, 1000, 10_000))
    return _exponent(first, second), _exponent(second, third)


def _exponent(earlier: float, later: float) -> float:
    return math.inf if later == 0 else math.log10(earlier / later) if earlier else -math.inf


def _sums(rates: Rates) -> tuple[PartialSums, ...]:
    with np.errstate(over="ignore"):
        return tuple(
            PartialSums(n, float(rates[:n].sum()), float((rates[:n] ** 2).sum())) for n in COUNTS
        )


def _rates(schedule: Callable[[float], float]) -> Rates:
    steps = range(COUNTS[-1])
    if isinstance(schedule, Schedule):
        with np.errstate(over="ignore"):
            return schedule.rates(np.arange(COUNTS[-1], dtype=np.float64))
    if not callable(schedule):
        raise ArgumentError(
            f"a schedule is one of microgd.schedules or a function of t, got {schedule!r}"
        )
    rates = np.fromiter((_rate(schedule, t) for t in steps), np.float64, len(steps))
    if not (np.isfinite(rates) & (rates >= 0)).all():
        t = int(np.argmin(np.isfinite(rates) & (rates >= 0)))
        raise ArgumentError(f"{_name(schedule)}({t}) is {rates[t]:g}: a rate is 0 or above it")
    return rates


def _rate(schedule: Callable[[float], float], t: int) -> float:
    try:
        return float(schedule(t))
    except (ArithmeticError, TypeError, ValueError) as error:
        raise ArgumentError(
            f"{_name(schedule)}({t}) gives no rate: {error}; the first step is t = 0"
        ) from error


def _name(function: object) -> str:
    return getattr(function, "__name__", None) or type(function).__name__
