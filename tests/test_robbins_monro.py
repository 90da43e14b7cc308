"""The conditions of Robbins and Monro, decided from the tails of schedules."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microgd.errors import ArgumentError
from microgd.schedules import ReduceOnPlateau, Schedule, Warmup, read_schedule, robbins_monro

#: A schedule, whether Σ lr diverges, whether Σ lr² converges, and words of the reason.
CASES = [
    ("constant", True, False, "stays at 0.1"),
    ("inversetime", True, True, "p = 1 lies in that range"),
    ("inversetime(decay=0)", True, False, "stays at 1"),
    ("power(lr=0.1, power=0.3)", True, False, "p = 0.3 is too small"),
    ("power(power=0.5)", True, False, "p = 0.5 is too small"),
    ("power(power=0.5000001)", True, True, "p = 0.5000001 lies"),
    ("power(power=0.75)", True, True, "p = 0.75 lies"),
    ("power(power=1)", True, True, "p = 1 lies"),
    ("power(power=1.0000001)", False, True, "p = 1.0000001 is too large"),
    ("power(power=0)", True, False, "stays at 0.1"),
    ("polynomial", False, True, "From step 5 on the rate is 0"),
    ("polynomial(end=0.01)", True, False, "From step 5 on the rate stays at 0.01"),
    ("step", False, True, "multiplied by 0.1 in every 30 steps: a geometric series"),
    ("step(gamma=1)", True, False, "stays at 0.1"),
    ("step(gamma=2)", True, False, "grows for ever"),
    ("multistep", True, False, "From step 75 on the rate stays at 0.001"),
    ("piecewise", True, False, "From step 75 on the rate stays at 0.001"),
    ("piecewise((1, 0), (3,))", False, True, "From step 3 on the rate is 0"),
    ("exponential", False, True, "multiplied by 0.95 in every step"),
    ("exponential(gamma=1)", True, False, "stays"),
    ("exponential(gamma=1.5)", True, False, "grows for ever"),
    ("cosine", False, True, "From step 100 on the rate is 0"),
    ("cosine(end=0.001)", True, False, "From step 100 on the rate stays at 0.001"),
    ("onecycle", True, False, "From step 99 on the rate stays at 4e-07"),
    ("onecycle(pct_start=1.0)", True, False, "stays at 0.1"),
    ("triangular", True, False, "comes back to 0.35 in every cycle"),
    ("triangular(low=0)", True, False, "comes back to 0.35"),
    ("triangular(mode=triangular2)", True, False, "never falls below 0.1"),
    ("triangular(low=0, mode=triangular2)", False, True, "by 0.5 in every 4,000 steps"),
    ("triangular(low=0, mode=exp_range, gamma=0.99)", False, True, "by 0.99 in every step"),
    ("triangular(low=0, mode=exp_range)", True, False, "comes back to 0.35"),
    ("cycliccosine", True, False, "comes back to 0.1"),
    ("sgdr(growth=2)", True, False, "comes back to 0.1"),
    ("sgdr(end=0.1)", True, False, "stays at 0.1"),
    ("warmup(inversetime, steps=10)", True, True, "From step 10 on the rate falls like 1/t^p"),
    ("warmup(cosine, steps=10)", False, True, "From step 110 on the rate is 0"),
    ("sequence((inversetime, cosine), (1000,))", False, True, "From step 1,100 on the rate is 0"),
    ("sequence((cosine, power(power=0.6)), (9,))", True, True, "From step 9 on"),
    ("warmup(sequence((cosine, exponential), (9,)), 3)", False, True, "From step 12 on"),
]


@pytest.mark.parametrize(("text", "diverges", "converge", "why"), CASES)
def test_verdicts(text: str, diverges: bool, converge: bool, why: str) -> None:
    report = robbins_monro(read_schedule(text))
    assert (report.sum_diverges, report.squares_converge) == (diverges, converge)
    assert report.holds is (diverges and converge)
    assert why in report.why
    assert not report.estimated
    assert ("Monro: met. " if report.holds else "Monro: not met. ") in report.verdict


def test_partial_sums() -> None:
    report = robbins_monro(read_schedule("inversetime"))
    assert [s.steps for s in report.sums] == [10, 1000, 100_000]
    harmonic = [sum(1 / n for n in range(1, s.steps + 1)) for s in report.sums]
    assert [s.rates for s in report.sums] == pytest.approx(harmonic)
    assert report.sums[-1].squares == pytest.approx(math.pi**2 / 6, abs=1.1e-5)


#: Neither those that grow for ever nor those that the first 100,000 steps say little about.
SEEN = [c[0] for c in CASES if not c[3].startswith(("grows", "p = 0.50", "p = 1.00"))]


@pytest.mark.parametrize("text", [text for text in SEEN if text != "onecycle"])
def test_the_first_steps_agree_with_the_verdict(text: str) -> None:
    """To a sum that diverges, the last decade of steps adds as much as the one before it."""
    schedule = read_schedule(text)
    report = robbins_monro(schedule)
    rates = schedule(np.arange(100_000))
    for seen, diverges in (
        (rates, report.sum_diverges),
        (rates**2, not report.squares_converge),
    ):
        assert diverges == (seen[10_000:].sum() >= 0.95 * seen[1000:10_000].sum() > 0)


def test_the_report_as_text_and_as_data() -> None:
    report = robbins_monro(read_schedule("power(power=0.3)"))
    assert str(report).startswith("power(power=0.3)\n  Robbins–Monro: not met. Σ lr diverges and ")
    assert "first 1,000 steps: Σ lr = " in str(report)
    data = report.to_dict()
    assert data["holds"] is False
    assert data["sums"][0]["steps"] == 10


class TestLosses:
    def test_it_never_falls_far(self) -> None:
        report = robbins_monro(ReduceOnPlateau())
        assert report.holds is False
        assert "depend on the losses" in report.why
        assert "eps = 1e-08 allows only finitely many reductions" in report.why
        assert report.sums == ()
        assert "min_lr = 0.01" in robbins_monro(ReduceOnPlateau(min_lr=0.01, eps=0)).why

    def test_finitely_many_reductions_indeed(self) -> None:
        plateau = ReduceOnPlateau(patience=0)
        state = plateau.init()
        for _ in range(1000):
            state = plateau.update(state, 1.0)
        assert state.rate > 0

    def test_without_a_least_change_it_depends(self) -> None:
        report = robbins_monro(ReduceOnPlateau(eps=0))
        assert report.holds is report.sum_diverges is report.squares_converge is None
        assert "it depends on the losses" in str(report)


class TestEstimates:
    @pytest.mark.parametrize(
        ("function", "holds"),
        [
            (lambda t: 1 / (t + 1), True),
            (lambda t: 0.1 / (t + 1) ** 0.75, True),
            (lambda t: 0.1 / (t + 1) ** 0.3, False),
            (lambda t: 1 / (t + 1) ** 0.5, False),
            (lambda t: 1 / (t + 1) ** 2, False),
            (lambda t: 0.1, False),
            (lambda t: 0.1 + 0.05 * math.sin(t), False),
            (lambda t: 0.9**t, False),
            (lambda t: 0.999**t, False),
            (lambda t: max(0.0, 1 - t / 500), False),
            (lambda t: 0.0, False),
        ],
    )
    def test_of_functions(self, function: object, holds: bool) -> None:
        report = robbins_monro(function)  # type: ignore[arg-type]
        assert report.holds is holds
        assert report.estimated
        assert report.why.startswith("An estimate from the first 100,000 steps, and no proof")
        assert "(an estimate)" in report.verdict
        assert report.schedule == "<lambda>"

    @given(st.floats(0.05, 2.0).filter(lambda p: min(abs(p - 0.5), abs(p - 1)) > 0.02))
    def test_the_exponent_is_found(self, p: float) -> None:
        rates = 1 / np.arange(1.0, 100_001) ** p
        report = robbins_monro(lambda t: rates[t])
        assert report.holds is (0.5 < p < 1)
        found = float(report.why.split("p about ")[1].split(",")[0].split(";")[0])
        assert found == pytest.approx(p, abs=0.01)

    def test_a_slope_that_still_changes_is_said(self) -> None:
        assert "still changing" in robbins_monro(lambda t: 1 / (1 + 0.001 * t)).why
        assert "still changing" not in robbins_monro(lambda t: 1 / (t + 1)).why

    def test_a_schedule_without_a_tail(self) -> None:
        @dataclass(frozen=True, repr=False)
        class Mine(Schedule):
            def rates(self, t: np.ndarray) -> np.ndarray:
                return 1 / (t + 1)

        for schedule in (Mine(), Warmup(Mine(), steps=3)):
            report = robbins_monro(schedule)
            assert report.estimated
            assert report.holds
            assert report.schedule == repr(schedule)

    @pytest.mark.parametrize(
        ("function", "message"),
        [
            (lambda t: 1 / t, r"<lambda>\(0\) gives no rate: .*; the first step is t = 0"),
            (lambda t: None, r"\(0\) gives no rate"),
            (lambda t: 1 - t, r"\(2\) is -1: a rate is 0 or above it"),
            (lambda t: math.nan, r"\(0\) is nan"),
            (0.1, "a function of t, got 0.1"),
        ],
    )
    def test_what_is_no_schedule(self, function: object, message: str) -> None:
        with pytest.raises(ArgumentError, match=message):
            robbins_monro(function)  # type: ignore[arg-type]
