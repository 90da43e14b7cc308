"""Learning-rate schedules: the lectures' values, every restart and milestone, options and text."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, fields
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microgd.errors import ArgumentError
from microgd.schedules import (
    SCHEDULES,
    SGDR,
    Constant,
    Cosine,
    CyclicCosine,
    Exponential,
    InverseTime,
    MultiStep,
    OneCycle,
    Piecewise,
    Polynomial,
    Power,
    ReduceOnPlateau,
    Schedule,
    Sequence,
    Step,
    Triangular,
    Warmup,
    read_schedule,
)

RATES = st.floats(1e-6, 10.0)
LENGTHS = st.integers(1, 60)

#: One of every kind but the one with a memory.
MADE = [kind() for kind in SCHEDULES.values() if kind is not ReduceOnPlateau]


def rates(schedule: Schedule, steps: int) -> list[float]:
    return [schedule(t) for t in range(steps)]


class TestTheLectures:
    def test_e1_one_over_t(self) -> None:
        assert rates(InverseTime(), 4) == [1, 1 / 2, 1 / 3, 1 / 4]

    def test_e1_a_tenth_over_t_to_the_three_tenths(self) -> None:
        schedule = Power(lr=0.1, power=0.3)
        assert schedule(0) == 0.1
        assert schedule(1023) == pytest.approx(0.1 / 8)  # 1024^0.3 = 2^3
        assert Constant(lr=0.1)(10**6) == 0.1

    @pytest.mark.parametrize("schedule", [MultiStep(), Piecewise()])
    def test_e2_fifty_epochs_then_twice_twenty_five(self, schedule: Schedule) -> None:
        assert rates(schedule, 100) == pytest.approx([0.1] * 50 + [0.01] * 25 + [0.001] * 25)

    def test_piecewise_has_its_values_exactly(self) -> None:
        assert Piecewise()([49, 50, 74, 75]).tolist() == [0.1, 0.01, 0.01, 0.001]

    @pytest.mark.parametrize("factor", [0.5, 0.1])
    def test_e3_half_or_tenth_when_the_loss_stops_falling(self, factor: float) -> None:
        plateau = ReduceOnPlateau(lr=0.8, factor=factor, patience=2)
        state = plateau.init()
        seen = []
        for loss in (3.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0):
            seen.append(plateau.rate(state))
            state = plateau.update(state, loss)
        assert seen == [0.8] * 6 + [0.8 * factor]  # three losses no better than the first 1.0

    def test_e4_triangle(self) -> None:
        schedule = Triangular(half=10_000)
        assert schedule([0, 10_000, 20_000, 30_000]).tolist() == [0.1, 0.35, 0.1, 0.35]
        assert schedule([5000, 15_000]) == pytest.approx([0.225, 0.225])
        assert schedule(9999) < schedule(10_000) > schedule(10_001)

    def test_e4_cyclic_cosine(self) -> None:
        schedule = CyclicCosine(lr=0.4, half=3, end=0.1)
        expected = [0.4, 0.325, 0.175, 0.1, 0.175, 0.325, 0.4]
        assert rates(schedule, 7) == pytest.approx(expected)

    def test_e5_warm_restarts_are_longer_each_time(self) -> None:
        schedule = SGDR(lr=0.1, period=10, growth=2)
        assert [t for t in range(200) if schedule(t) == 0.1] == [0, 10, 30, 70, 150]
        assert [schedule(t) for t in (5, 20, 50, 110)] == pytest.approx([0.05] * 4)


def _wave(t: int, half: int, down: int) -> float:
    place = t % (half + down)
    return place / half if place < half else 1 - (place - half) / down


#: Each schedule once more, written down another way.
FORMULAS = [
    (Power(0.3, 0.7, 2.0), lambda t: 0.3 * math.exp(-0.7 * math.log(t + 2))),
    (InverseTime(0.3, 0.5), lambda t: 0.6 / (2 + t)),
    (Polynomial(0.3, 9, 2.0, 0.1), lambda t: 0.1 + 0.2 * max(0, (9 - t) / 9) ** 2),
    (Step(0.3, 7, 0.5), lambda t: 0.3 / 2 ** math.floor(t / 7)),
    (MultiStep(0.3, (5, 9), 0.5), lambda t: 0.3 / (1 + (t >= 5) + 2 * (t >= 9))),
    (Piecewise((3, 1, 2), (5, 9)), lambda t: 3 - 2 * (t >= 5) + (t >= 9)),
    (Exponential(0.3, 0.9), lambda t: 0.3 * math.exp(t * math.log(0.9))),
    (Cosine(0.3, 9, 0.1), lambda t: 0.1 + 0.2 * math.cos(math.pi / 18 * min(t, 9)) ** 2),
    (CyclicCosine(0.3, 9, 0.1), lambda t: 0.2 + 0.1 * math.cos(math.pi * t / 9)),
    (SGDR(0.3, 9, 1, 0.1), lambda t: 0.1 + 0.2 * math.cos(math.pi / 18 * (t % 9)) ** 2),
    (Triangular(0.1, 0.3, 4, 7), lambda t: 0.1 + 0.2 * _wave(t, 4, 7)),
    (
        Triangular(0.1, 0.3, 4, None, "exp_range", 0.9),
        lambda t: 0.1 + 0.2 * 0.9**t * _wave(t, 4, 4),
    ),
    (
        OneCycle(0.3, 11, 5 / 11, 3.0, 10.0, "linear"),
        lambda t: 0.1 + 0.05 * t if t <= 4 else 0.3 - 0.29 * min(t - 4, 6) / 6,
    ),
    (
        Warmup(Cosine(0.3, 9), 4, 0.5),
        lambda t: 0.15 + 0.0375 * t if t < 4 else Cosine(0.3, 9)(t - 4),
    ),
]


@pytest.mark.parametrize(("schedule", "formula"), FORMULAS, ids=lambda x: repr(x)[:20])
def test_formulas(schedule: Schedule, formula: Callable[[int], float]) -> None:
    assert rates(schedule, 60) == pytest.approx([formula(t) for t in range(60)], abs=1e-15)


class TestMilestones:
    def test_step_falls_at_its_size(self) -> None:
        assert rates(Step(lr=1.0, size=3, gamma=0.5), 7) == [1, 1, 1, 0.5, 0.5, 0.5, 0.25]

    def test_multistep_falls_at_the_milestone_and_twice_where_it_is_named_twice(self) -> None:
        assert rates(MultiStep(1.0, (2, 4, 4), 0.5), 5) == [1, 1, 0.5, 0.5, 0.125]
        assert rates(MultiStep(1.0, ()), 2) == [1, 1]

    def test_polynomial_ends_at_its_last_step(self) -> None:
        schedule = Polynomial(lr=1.0, steps=4, power=2.0, end=0.2)
        expected = [1.0, 0.2 + 0.8 * 9 / 16, 0.4, 0.25, 0.2, 0.2]
        assert rates(schedule, 6) == pytest.approx(expected)
        assert schedule(4) == 0.2

    def test_cosine_stays_at_its_end(self) -> None:
        schedule = Cosine(lr=0.1, steps=4, end=0.001)
        assert [schedule(0), schedule(4), schedule(5), schedule(8)] == [0.1, 0.001, 0.001, 0.001]
        assert schedule(2) == pytest.approx(0.0505)

    def test_exponential(self) -> None:
        assert rates(Exponential(lr=2.0, gamma=0.5), 4) == [2, 1, 0.5, 0.25]

    def test_sequence_counts_each_from_zero(self) -> None:
        parts = (Constant(0.3), Exponential(1.0, 0.5), Cosine(0.1, 2))
        expected = [0.3, 0.3, 1, 0.5, 0.25, 0.1, 0.05, 0]
        assert rates(Sequence(parts, (2, 5)), 8) == pytest.approx(expected)

    def test_warmup_reaches_the_first_rate_exactly(self) -> None:
        schedule = Warmup(Cosine(0.3, steps=3), steps=3, start=0.0)
        assert rates(schedule, 7) == pytest.approx([0, 0.1, 0.2, 0.3, 0.225, 0.075, 0])
        assert schedule(3) == 0.3
        assert Warmup(Constant(0.3))(0) == pytest.approx(0.1)

    def test_triangle_with_another_way_down(self) -> None:
        schedule = Triangular(low=0.0, high=1.0, half=2, down=4)
        assert rates(schedule, 8) == [0, 0.5, 1, 0.75, 0.5, 0.25, 0, 0.5]

    def test_triangles_that_shrink(self) -> None:
        halved = Triangular(low=1.0, high=2.0, half=1, mode="triangular2")
        assert rates(halved, 6) == [1, 2, 1, 1.5, 1, 1.25]
        scaled = Triangular(low=1.0, high=2.0, half=1, mode="exp_range", gamma=0.5)
        assert rates(scaled, 4) == [1, 1.5, 1, 1.125]


class TestRestarts:
    @pytest.mark.parametrize("growth", [1, 2, 3, 1.5, 1.1, 1.2, 10])
    @pytest.mark.parametrize("period", [1, 3, 7, 10, 1000])
    def test_the_maximum_is_back_at_every_whole_restart(self, period: int, growth: float) -> None:
        schedule = SGDR(lr=0.1, period=period, growth=growth, end=0.01)
        ratio, start, length = Fraction(str(growth)), Fraction(0), Fraction(period)
        for _ in range(12):
            if start.denominator == 1:
                assert schedule(int(start)) == 0.1
                if 2 <= length < 10**6:  # beyond, one step is a rounding error
                    assert schedule(int(start) + 1) < 0.1
                if start > 0 and period > 1:
                    assert schedule(int(start) - 1) < 0.1
            start, length = start + length, length * ratio

    def test_far_away_restarts_are_where_a_logarithm_misses_them(self) -> None:
        # The fifth restart, t = 121, is where int(log(243, 3)) = 4 takes it for a run's end.
        schedule = SGDR(lr=1.0, period=1, growth=3)
        for n in range(1, 30):
            assert schedule((3**n - 1) // 2) == 1.0

    @given(LENGTHS, st.integers(1, 5), st.integers(0, 20_000))
    def test_against_a_loop_over_the_steps(self, period: int, growth: int, t: int) -> None:
        start, length = 0, period
        while start + length <= t:
            start, length = start + length, length * growth
        expected = 0.01 + 0.09 * (1 + math.cos(math.pi * (t - start) / length)) / 2
        assert SGDR(0.1, period, growth, 0.01)(t) == pytest.approx(expected, rel=1e-9, abs=1e-15)

    def test_between_the_steps_it_comes_near_its_end(self) -> None:
        schedule = SGDR(lr=0.1, period=10)
        assert 0 < schedule(9.999) < 1e-8
        assert schedule(9.5) < schedule(9) < schedule(8.5)

    @given(st.integers(1, 50), st.integers(0, 2000))
    def test_cyclic_cosine_repeats(self, half: int, t: int) -> None:
        schedule = CyclicCosine(0.1, half, 0.02)
        assert schedule(t + 2 * half) == schedule(t)
        assert schedule(2 * half * t) == 0.1
        assert schedule(2 * half * t + half) == 0.02


class TestOneCycle:
    def test_two_phases(self) -> None:
        schedule = OneCycle(lr=1.0, steps=11, pct_start=5 / 11, anneal="linear")
        assert schedule(0) == 1 / 25
        assert schedule(4) == pytest.approx(1.0)  # 5/11·11 − 1
        assert schedule(2) == pytest.approx((1 + 1 / 25) / 2)
        assert schedule(10) == schedule(11) == schedule(99) == 1 / 25 / 1e4
        assert schedule(7) == pytest.approx((1 + 1 / 25 / 1e4) / 2)

    def test_three_phases(self) -> None:
        schedule = OneCycle(lr=1.0, steps=10, pct_start=0.4, three_phase=True, div_factor=4.0)
        assert schedule(0) == 0.25
        assert schedule(3) == 1.0
        assert schedule(6) == pytest.approx(0.25)  # as far down as it went up
        assert schedule(9) == 0.25 / 1e4

    def test_cosine_is_half_way_in_the_middle(self) -> None:
        assert OneCycle(lr=1.0, steps=10, pct_start=0.5)(2) == pytest.approx(0.52)

    @pytest.mark.parametrize("pct_start", [0.0, 0.01, 0.1, 1.0])
    def test_the_shortest_phases(self, pct_start: float) -> None:
        found = OneCycle(lr=1.0, steps=10, pct_start=pct_start)(np.arange(12))
        assert np.isfinite(found).all()
        assert found.max() <= 1.0
        assert (pct_start == 1.0) == (found[-1] == 1.0)


class TestStepNumbers:
    @pytest.mark.parametrize("schedule", MADE, ids=repr)
    def test_arrays_are_elementwise(self, schedule: Schedule) -> None:
        t = np.arange(240).reshape(12, 20)
        found = schedule(t)
        assert found.shape == (12, 20)
        assert found.ravel().tolist() == rates(schedule, 240)
        assert type(schedule(3)) is type(schedule(np.int64(3))) is float
        assert schedule([1, 2]).tolist() == rates(schedule, 3)[1:]
        assert schedule(np.zeros((0, 2))).shape == (0, 2)

    @pytest.mark.parametrize("schedule", MADE, ids=repr)
    def test_asking_changes_nothing(self, schedule: Schedule) -> None:
        first = rates(schedule, 50)
        assert [schedule(t) for t in reversed(range(50))] == first[::-1]

    @pytest.mark.parametrize("schedule", MADE, ids=repr)
    @given(t=st.floats(0, 1e7))
    def test_fractions_and_far_steps_have_rates(self, schedule: Schedule, t: float) -> None:
        assert 0 <= schedule(t) <= 1

    @pytest.mark.parametrize("t", [-1, -1e-9, math.nan, math.inf, [1, -2], -math.inf])
    def test_steps_before_the_first_are_refused(self, t: object) -> None:
        with pytest.raises(ArgumentError, match="counts from 0 up, got"):
            Cosine()(t)

    @pytest.mark.parametrize("t", ["3", None, 1j, True, [[1], [2, 3]], object()])
    def test_no_numbers_are_refused(self, t: object) -> None:
        with pytest.raises(ArgumentError, match="a step number t is a number from 0 up"):
            Cosine()(t)

    def test_a_rate_that_overflows(self) -> None:
        with pytest.raises(ArgumentError, match=r"exponential\(gamma=2\) is too large .* t = 2000"):
            Exponential(gamma=2)([1, 2000])


@given(RATES, RATES, st.integers(1, 40), st.integers(1, 40), st.integers(0, 300))
def test_rates_stay_between_their_ends(a: float, b: float, steps: int, more: int, t: int) -> None:
    low, high = sorted((a, b))
    made = [
        Cosine(high, steps, low),
        CyclicCosine(high, steps, low),
        SGDR(high, steps, 1.5, low),
        Polynomial(high, steps, 2.0, low),
        Sequence((Constant(high), Cosine(high, more, low)), (steps,)),
        *([Triangular(low, high, steps, more, "triangular2")] if high > low else []),
    ]
    for schedule in made:
        assert low * (1 - 1e-12) <= schedule(t) <= high * (1 + 1e-12)


@given(RATES, LENGTHS, st.integers(0, 200))
def test_schedules_that_only_fall(lr: float, steps: int, t: int) -> None:
    for schedule in (
        Power(lr, 0.7),
        InverseTime(lr, 0.3),
        Polynomial(lr, steps),
        Step(lr, steps),
        MultiStep(lr, (steps, 2 * steps)),
        Exponential(lr),
        Cosine(lr, steps),
    ):
        assert schedule(t + 1) <= schedule(t) * (1 + 1e-12)


@given(LENGTHS, st.floats(0, 1), LENGTHS)
def test_after_a_warmup_the_schedule_is_itself(steps: int, start: float, t: int) -> None:
    schedule = SGDR(0.1, 7, 1.5)
    warm = Warmup(schedule, steps, start)
    assert warm(0) == pytest.approx(0.1 * start)
    assert warm(steps + t) == schedule(t)
    assert warm(steps) == 0.1


def test_warmups_in_warmups_take_no_longer_than_they_are_deep() -> None:
    schedule: Schedule = Constant()
    for _ in range(60):
        schedule = Warmup(schedule, 2, 0.5)
    assert schedule([0, 1, 120]) == pytest.approx([0.1 / 2**60, 0.1 * 0.75 / 2**59, 0.1])


class TestPlateau:
    def test_patience_is_how_many_bad_ones_are_borne(self) -> None:
        for patience in (0, 1, 3):
            plateau = ReduceOnPlateau(lr=1.0, patience=patience, factor=0.5)
            state = plateau.update(plateau.init(), 1.0)
            for _ in range(patience):
                state = plateau.update(state, 1.0)
                assert state.rate == 1.0
            assert plateau.update(state, 1.0).rate == 0.5

    def test_cooldown(self) -> None:
        plateau = ReduceOnPlateau(lr=1.0, patience=0, factor=0.5, cooldown=2)
        state, seen = plateau.init(), []
        for _ in range(8):
            state = plateau.update(state, 1.0)
            seen.append(state.rate)
        assert seen == [1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125]

    @pytest.mark.parametrize(
        ("options", "better", "worse"),
        [
            ({"threshold": 0.1}, 0.89, 0.91),
            ({"threshold": 0.1, "threshold_mode": "abs"}, 0.89, 0.91),
            ({"threshold": 0.5, "mode": "max"}, 1.51, 1.49),
            ({"threshold": 0.5, "mode": "max", "threshold_mode": "abs"}, 1.51, 1.49),
            ({}, 0.9998, math.nan),
        ],
    )
    def test_thresholds(self, options: dict[str, object], better: float, worse: float) -> None:
        plateau = ReduceOnPlateau(**options)  # type: ignore[arg-type]
        state = plateau.update(plateau.init(), 1.0)
        assert plateau.update(state, better).best == better
        assert plateau.update(state, better).bad == 0
        assert plateau.update(state, worse).best == 1.0
        assert plateau.update(state, worse).bad == 1

    def test_the_least_rate_and_the_least_change(self) -> None:
        plateau = ReduceOnPlateau(lr=1.0, patience=0, min_lr=0.4, factor=0.5)
        state = plateau.init()
        for _ in range(9):
            state = plateau.update(state, 1.0)
        assert state.rate == 0.4
        still = ReduceOnPlateau(lr=1.0, patience=0, factor=0.5, eps=0.5)
        assert still.update(still.update(still.init(), 1.0), 1.0).rate == 1.0

    def test_a_state_is_not_changed(self) -> None:
        plateau = ReduceOnPlateau(patience=0)
        state = plateau.update(plateau.init(), 1.0)
        assert plateau.update(state, 2.0) == plateau.update(state, 2.0)
        assert state == plateau.update(plateau.init(), 1.0)

    def test_it_is_no_function_of_t(self) -> None:
        with pytest.raises(ArgumentError, match="a loss is one number, got None"):
            ReduceOnPlateau().update(ReduceOnPlateau().init(), None)  # type: ignore[arg-type]
        with pytest.raises(ArgumentError, match="a schedule of the step number alone"):
            Warmup(ReduceOnPlateau())  # type: ignore[arg-type]


class TestText:
    @pytest.mark.parametrize("kind", SCHEDULES.values())
    def test_every_kind_stands_without_options_and_reads_back(self, kind: type) -> None:
        assert read_schedule(repr(kind())) == kind()
        assert repr(kind()) == kind.__name__.lower()
        assert kind.formula
        assert kind.__doc__

    @pytest.mark.parametrize(
        "text",
        [
            "sgdr(period=5, growth=1.5)",
            "warmup(schedule=cosine(lr=0.2), steps=10)",
            "sequence(schedules=(constant, warmup(schedule=step)), milestones=(5,))",
            "warmup(schedule=sequence(schedules=(sequence, power), milestones=(5,)))",
            "triangular(down=3, mode='triangular2')",
            "piecewise(values=(1, 0), milestones=(3,))",
            "onecycle(three_phase=True)",
            "reduceonplateau(mode='max', threshold=0.5)",
        ],
    )
    def test_text_reads_back(self, text: str) -> None:
        assert repr(read_schedule(text)) == text

    @given(st.lists(LENGTHS, max_size=4, unique=True), st.floats(1e-6, 1e3))
    def test_sequences_read_back(self, milestones: list[int], lr: float) -> None:
        parts = tuple(Warmup(Cosine(lr, n + 1), n + 1) for n in range(len(milestones) + 1))
        schedule = Sequence(parts, tuple(sorted(milestones)))
        assert read_schedule(repr(schedule)) == schedule

    def test_other_ways_to_write_it(self) -> None:
        assert read_schedule(" One_Cycle(0.2, 50) ") == OneCycle(0.2, 50)
        assert read_schedule("sequence([constant, SGDR], [3])") == Sequence(
            (Constant(), SGDR()), (3,)
        )
        assert read_schedule("triangular(mode=triangular2)") == Triangular(mode="triangular2")

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("cosin", "Did you mean 'cosine'"),
            ("cosine(lrr=1)", "Did you mean 'lr'"),
            ("cosine(", "is no schedule"),
            ("__import__('os')", "there is no schedule '__import__'"),
            ("sequence((constant, nothing), milestones=(3,))", "there is no schedule 'nothing'"),
            ("(constant, cosine)", "is no schedule"),
            ("warmup(0.1)", "a schedule of the step number alone"),
            ("", "is no schedule"),
            ("(" * 500, "is no schedule"),
        ],
    )
    def test_other_text_is_refused(self, text: str, message: str) -> None:
        with pytest.raises(ArgumentError, match=message):
            read_schedule(text)


class TestOptions:
    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: Constant(0), "Constant: lr must be a number above 0, got 0"),
            (lambda: Constant(math.nan), "lr must be a finite number, got nan"),
            (lambda: Constant(10**400), "lr must be at most 9,007,199,254,740,992, got 1000"),
            (lambda: MultiStep(milestones=(10**400,)), "milestones must be at most"),
            (lambda: Power(power=-1), "power must be 0 or a number above it"),
            (lambda: Power(offset=0), "offset must be a number above 0"),
            (lambda: InverseTime(decay=-1), "decay must be 0 or a number above it"),
            (lambda: Polynomial(steps=0), "steps must be a whole number of at least 1"),
            (lambda: Step(size=2.5), "size must be a whole number"),
            (lambda: Step(gamma=0), "gamma must be a number above 0"),
            (lambda: MultiStep(milestones=(3, 2)), "in increasing order"),
            (lambda: MultiStep(milestones=(0,)), "whole numbers of at least 1"),
            (lambda: MultiStep(milestones=5), "whole numbers of at least 1"),
            (lambda: Piecewise((1, 2), (3, 4)), "values must be 3 rates"),
            (lambda: Piecewise((1, -2), (3,)), "values must be 2 rates of 0 or more"),
            (lambda: Piecewise((1, 2, 3), (3, 3)), "in increasing order"),
            (lambda: Triangular(low=0.5), "high must be above low, which is 0.5"),
            (lambda: Triangular(mode="square"), "one of 'triangular', 'triangular2', 'exp_range'"),
            (lambda: Triangular(gamma=0.5), 'only mode "exp_range" has a gamma'),
            (lambda: Triangular(mode="exp_range", gamma=1.5), "at most 1"),
            (lambda: Triangular(down=0), "down must be a whole number"),
            (lambda: SGDR(period=0), "period must be a whole number"),
            (lambda: SGDR(growth=0.5), "growth must be 1, or at least 1.001"),
            (lambda: OneCycle(pct_start=1.1), "pct_start must be a number from 0 to 1"),
            (lambda: OneCycle(pct_start=0.6, three_phase=True), "at most 0.5 with three_phase"),
            (lambda: OneCycle(anneal="log"), "one of 'cos', 'linear'"),
            (lambda: OneCycle(steps=1), "at least 2"),
            (lambda: Warmup(start=2), "start must be a share of the first rate"),
            (lambda: Warmup(steps=0), "steps must be a whole number"),
            (lambda: Sequence((Constant(),), (3,)), "a tuple of 2, one more than"),
            (lambda: Sequence((Constant(), abs), (3,)), "a schedule of the step number alone"),
            (lambda: ReduceOnPlateau(factor=1), "factor must be below 1"),
            (lambda: ReduceOnPlateau(patience=-1), "patience must be a whole number of at least 0"),
            (lambda: ReduceOnPlateau(mode="least"), "one of 'min', 'max'"),
        ],
    )
    def test_bad_ones_are_refused(self, make: object, message: str) -> None:
        with pytest.raises(ArgumentError, match=message.replace("(", r"\(")):
            make()  # type: ignore[operator]

    def test_numpy_numbers_and_lists_become_plain(self) -> None:
        schedule = MultiStep(np.float64(0.1), [np.int64(3), 5], np.float32(0.5))
        assert repr(schedule) == "multistep(milestones=(3, 5), gamma=0.5)"
        assert MultiStep(milestones=np.array([3, 5])).milestones == (3, 5)

    @pytest.mark.parametrize("schedule", MADE, ids=repr)
    def test_frozen_and_comparable(self, schedule: Schedule) -> None:
        assert schedule == type(schedule)()
        assert hash(schedule) == hash(type(schedule)())
        with pytest.raises(FrozenInstanceError):
            setattr(schedule, fields(schedule)[0].name, 1)  # type: ignore[arg-type]


def test_a_schedule_of_ones_own() -> None:
    @dataclass(frozen=True, repr=False)
    class Root(Schedule):
        lr: float = 1.0

        def rates(self, t: np.ndarray) -> np.ndarray:
            return self.lr / np.sqrt(1 + t)

    assert Root()(3) == 0.5
    assert Warmup(Root(), 2, 0.5)([0, 1, 2, 5]).tolist() == [0.5, 0.75, 1.0, 0.5]
    assert repr(Warmup(Root(2.0))) == "warmup(schedule=root(lr=2.0))"
    with pytest.raises(NotImplementedError, match="Schedule has no method `rates`"):
        Schedule().rates(np.zeros(1))


def test_importing_schedules_brings_in_nothing_heavy() -> None:
    code = (
        "import sys, microgd.schedules; "
        "print([m for m in ('matplotlib', 'pyopencl', 'torch') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
