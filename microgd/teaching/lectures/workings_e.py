"""How the numbers and rules of part E are computed, by microgd and by hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from microgd.graph.values import Array
from microgd.lab import descend, four_rates
from microgd.schedules import read_schedule, robbins_monro

INVERSE, SLOW, CONSTANT = "inversetime(lr=1)", "power(lr=0.1, power=0.3)", "constant(lr=0.1)"
STEPS_DOWN = "multistep(lr=0.1, milestones=(50, 75), gamma=0.1)"
TRIANGLES = "triangular(low=0.1, high=0.35, half=10000)"
RESTARTS = "sgdr(lr=0.1, period=10, growth=2)"


def rate(schedule: str, t: int) -> Callable[[], float]:
    return lambda: float(read_schedule(schedule)(t))


def epochs_at(level: float) -> Callable[[], float]:
    """For how many of 100 epochs the step decay stands at that rate."""
    return lambda: float(np.isclose(read_schedule(STEPS_DOWN)(np.arange(100)), level).sum())


def falling_rates() -> tuple[Any, Any]:
    """The decks count t from 1, microgd from 0."""
    t = np.arange(1, 200)
    found = [read_schedule(text)(t - 1) for text in (INVERSE, SLOW)]
    return found, [1 / t, 0.1 / t**0.3]


def both_conditions() -> tuple[Any, Any]:
    """Verdicts, against sums over t in (N, 2N]: a sum converges if these shrink as N doubles."""
    verdicts, expected = [], []
    for text, rates in (
        (INVERSE, lambda t: 1 / t),
        (SLOW, lambda t: 0.1 / t**0.3),
        (CONSTANT, lambda t: np.full_like(t, 0.1)),
    ):
        found = robbins_monro(read_schedule(text))
        verdicts += [float(bool(found.sum_diverges)), float(bool(found.squares_converge))]
        expected += [float(not _shrinks(rates)), float(_shrinks(lambda t, r=rates: r(t) ** 2))]  # type: ignore[misc]
    return verdicts, expected


def _shrinks(terms: Callable[[Array], Array]) -> bool:
    first, second = (terms(np.arange(n + 1.0, 2 * n + 1)).sum() for n in (50_000, 100_000))
    return bool(second < 0.99 * first)


def half_or_tenth() -> tuple[Any, Any]:
    losses = [1.0, 0.8, 0.8, 0.8, 0.8, 0.5, 0.5, 0.5]
    found = []
    for factor in (0.5, 0.1):
        rule = read_schedule(f"reduceonplateau(lr=0.1, factor={factor}, patience=1)")
        state = rule.init()
        for loss in losses:
            state = rule.update(state, loss)
            found.append(rule.rate(state))
    # two losses in a row that are no better than the best: at the fourth, and at the eighth
    steps = [0, 0, 0, 1, 1, 1, 1, 2]
    return found, [0.1 * factor**n for factor in (0.5, 0.1) for n in steps]


def triangle() -> tuple[Any, Any]:
    t = np.arange(0, 40_001, 500)
    away = np.abs((t + 10_000) % 20_000 - 10_000)
    return read_schedule(TRIANGLES)(t), 0.1 + 0.25 * away / 10_000


def cosine_cycle() -> tuple[Any, Any]:
    t = np.arange(0, 200)
    found = read_schedule("cycliccosine(lr=0.1, half=20)")(t)
    return found, 0.05 * (1 + np.cos(np.pi * t / 20))


def warm_restarts() -> tuple[Any, Any]:
    """Cycles of 10, 20 and 40 steps: at each one's beginning 0.1, then half a cosine."""
    expected = [
        0.05 * (1 + np.cos(np.pi * t / length)) for length in (10, 20, 40) for t in range(length)
    ]
    return read_schedule(RESTARTS)(np.arange(70)), expected


# E6 and E7


@cache
def _search() -> Any:
    from microgd.training import Config, find_rate

    return find_rate(Config(data="blobs", hidden=(8,), device="interpreter"))


def exponent(place: int) -> Callable[[], float]:
    """log₁₀ of a rate that the finder tried."""
    return lambda: round(float(np.log10(_search().rates[place])), 9)


def tried() -> float:
    return float(len(_search().rates))


def evenly_spaced() -> tuple[Any, Any]:
    return np.log10(_search().rates), np.linspace(-8, 0, num=200)


def before_the_step() -> tuple[Any, Any]:
    """The first loss is of the untrained net: at 10⁻⁸ hardly anything changes for some steps."""
    from microgd.training import Config, find_rate

    config = Config(data="blobs", hidden=(8,), device="interpreter")
    again = find_rate(config, low=1e-9, high=1e-8, steps=20)
    return _search().losses[0], again.losses[0]


def four_curves() -> tuple[Any, Any]:
    """Four walks from one start: the edge of stability of a bowl is 2 by its largest curvature."""
    walks = four_rates("bowl", steps=40).walks
    rates = [walk.rows[0].rate for walk in walks.values()]
    ends = [walk.last.value for walk in walks.values()]
    edge = 2 / np.linalg.eigvalsh([[0.12, -0.04], [-0.04, 0.5]]).max()
    small, good, large, huge = ends
    facts = [
        rates == sorted(rates), good < small, good < large < huge, rates[1] < edge < rates[3],
        huge > walks["good"].rows[0].value, bool(np.all(np.diff(walks["too small"].values) < 0)),
    ]  # fmt: skip
    return facts, np.ones(6)


def beyond_the_edge() -> tuple[Any, Any]:
    """Just below the edge a walk comes down, just above it flies off."""
    edge = 2 / np.linalg.eigvalsh([[0.12, -0.04], [-0.04, 0.5]]).max()
    ends = [descend("bowl", lr=factor * edge, steps=300).last.value for factor in (0.97, 1.03)]
    start = descend("bowl", steps=0).last.value
    return [ends[0] < 1e-3 * start, ends[1] > 1e3 * start], [1, 1]
