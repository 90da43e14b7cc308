"""Every schedule beside PyTorch's own scheduler, step by step, over several cycles."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from microgd.schedules import (
    SGDR,
    Constant,
    Cosine,
    CyclicCosine,
    Exponential,
    InverseTime,
    MultiStep,
    OneCycle,
    Polynomial,
    Power,
    ReduceOnPlateau,
    Schedule,
    Sequence,
    Step,
    Triangular,
    Warmup,
)

torch = pytest.importorskip("torch")
schedulers = torch.optim.lr_scheduler

pytestmark = pytest.mark.oracle


def grid(*choices: list[Any]) -> list[tuple[Any, ...]]:
    return list(product(*choices))


def optimizer(lr: float) -> Any:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr, momentum=0.9)


def theirs(lr: float, make: Callable[[Any], Any], steps: int) -> list[float]:
    """The rate that each step of PyTorch's optimizer uses."""
    opt = optimizer(lr)
    scheduler = make(opt)
    rates = []
    for t in range(steps):
        if t:
            opt.step()
            scheduler.step()
        rates.append(float(opt.param_groups[0]["lr"]))
    return rates


def compare(ours: Schedule, lr: float, make: Callable[[Any], Any], steps: int) -> None:
    expected = theirs(lr, make, steps)
    # PyTorch's recursions gather rounding errors; a step off by one is far larger.
    assert [ours(t) for t in range(steps)] == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_constant() -> None:
    compare(Constant(0.3), 0.3, lambda o: schedulers.ConstantLR(o, 1.0), 20)


@pytest.mark.parametrize(("power", "offset"), [(0.3, 1.0), (1.0, 1.0), (0.5, 4.0)])
def test_power(power: float, offset: float) -> None:
    def make(o: Any) -> Any:
        return schedulers.LambdaLR(o, lambda t: (t + offset) ** -power)

    compare(Power(0.1, power, offset), 0.1, make, 200)


def test_inverse_time() -> None:
    def make(o: Any) -> Any:
        return schedulers.LambdaLR(o, lambda t: 1 / (1 + 0.2 * t))

    compare(InverseTime(0.1, 0.2), 0.1, make, 200)


@pytest.mark.parametrize(("steps", "power"), grid([1, 5, 40], [0.5, 1.0, 2.0]))
def test_polynomial(steps: int, power: float) -> None:
    def make(o: Any) -> Any:
        return schedulers.PolynomialLR(o, steps, power)

    compare(Polynomial(0.1, steps, power), 0.1, make, 60)


@pytest.mark.parametrize(("size", "gamma"), [(1, 0.5), (7, 0.1), (30, 0.9)])
def test_step(size: int, gamma: float) -> None:
    compare(Step(0.1, size, gamma), 0.1, lambda o: schedulers.StepLR(o, size, gamma), 100)


@pytest.mark.parametrize("milestones", [(1,), (3, 4), (50, 75), (2, 2, 9)])
def test_multistep(milestones: tuple[int, ...]) -> None:
    def make(o: Any) -> Any:
        return schedulers.MultiStepLR(o, list(milestones), 0.5)

    compare(MultiStep(0.1, milestones, 0.5), 0.1, make, 100)


@pytest.mark.parametrize("gamma", [0.5, 0.95, 1.02])
def test_exponential(gamma: float) -> None:
    compare(Exponential(0.1, gamma), 0.1, lambda o: schedulers.ExponentialLR(o, gamma), 100)


@pytest.mark.parametrize(("steps", "end"), grid([1, 2, 7, 30], [0.0, 0.01]))
def test_cosine_and_what_follows_it(steps: int, end: float) -> None:
    def make(o: Any) -> Any:
        return schedulers.CosineAnnealingLR(o, steps, end)

    compare(Cosine(0.1, steps, end), 0.1, make, steps + 1)
    compare(CyclicCosine(0.1, steps, end), 0.1, make, 7 * steps)


@pytest.mark.parametrize(("period", "growth", "end"), grid([1, 3, 10], [1, 2, 3], [0.0, 0.01]))
def test_sgdr(period: int, growth: int, end: float) -> None:
    def make(o: Any) -> Any:
        return schedulers.CosineAnnealingWarmRestarts(o, period, growth, end)

    compare(SGDR(0.1, period, growth, end), 0.1, make, 500)


def test_sgdr_within_an_epoch() -> None:
    opt = optimizer(0.1)
    scheduler = schedulers.CosineAnnealingWarmRestarts(opt, 4, 2)
    for i in range(400):
        scheduler.step(i / 10)
        assert SGDR(0.1, 4, 2)(i / 10) == pytest.approx(opt.param_groups[0]["lr"], abs=1e-12)


def test_where_pytorch_takes_a_restart_for_the_end_of_a_run() -> None:
    opt = optimizer(0.1)
    schedulers.CosineAnnealingWarmRestarts(opt, 10, 3).step(1210)  # 10·(3⁵ − 1)/2
    assert opt.param_groups[0]["lr"] == 0
    assert SGDR(0.1, 10, 3)(1210) == 0.1


@pytest.mark.parametrize(
    ("half", "down", "mode"),
    grid([1, 4, 25], [None, 3], ["triangular", "triangular2", "exp_range"]),
)
def test_triangular(half: int, down: int | None, mode: str) -> None:
    gamma = 0.99 if mode == "exp_range" else 1.0

    def make(o: Any) -> Any:
        return schedulers.CyclicLR(o, 0.1, 0.35, half, down, mode, gamma)

    compare(Triangular(0.1, 0.35, half, down, mode, gamma), 0.1, make, 220)


@pytest.mark.parametrize(
    ("steps", "pct_start", "anneal", "three_phase"),
    [
        *grid([10, 37, 100], [0.25, 0.3, 0.5], ["cos", "linear"], [False, True]),
        *grid([10], [0.0, 0.05, 0.9, 1.0], ["cos", "linear"], [False]),
    ],
)
def test_one_cycle(steps: int, pct_start: float, anneal: str, three_phase: bool) -> None:
    options: dict[str, Any] = {"div_factor": 10.0, "final_div_factor": 100.0}

    def make(o: Any) -> Any:
        return schedulers.OneCycleLR(
            o,
            0.2,
            steps,
            pct_start=pct_start,
            anneal_strategy=anneal,
            three_phase=three_phase,
            **options,
        )

    ours = OneCycle(0.2, steps, pct_start, anneal=anneal, three_phase=three_phase, **options)
    compare(ours, 0.1, make, steps)


def test_one_cycles_own_options() -> None:
    compare(OneCycle(0.2, 50), 0.1, lambda o: schedulers.OneCycleLR(o, 0.2, 50), 50)


@pytest.mark.parametrize(("steps", "start"), grid([1, 5, 12], [0.1, 1 / 3, 1.0]))
def test_warmup(steps: int, start: float) -> None:
    def make(o: Any) -> Any:
        parts = [
            schedulers.LinearLR(o, start, 1.0, steps),
            schedulers.CosineAnnealingWarmRestarts(o, 7, 2),
        ]
        return schedulers.SequentialLR(o, parts, [steps])

    compare(Warmup(SGDR(0.1, 7, 2), steps, start), 0.1, make, 80)


def test_sequence() -> None:
    def make(o: Any) -> Any:
        parts = [
            schedulers.StepLR(o, 3, 0.5),
            schedulers.ExponentialLR(o, 0.9),
            schedulers.CosineAnnealingLR(o, 20, 0.01),
        ]
        return schedulers.SequentialLR(o, parts, [10, 25])

    ours = Sequence((Step(0.1, 3, 0.5), Exponential(0.1, 0.9), Cosine(0.1, 20, 0.01)), (10, 25))
    compare(ours, 0.1, make, 46)


@pytest.mark.parametrize(
    ("mode", "threshold_mode", "patience", "cooldown"),
    grid(["min", "max"], ["rel", "abs"], [0, 1, 4], [0, 1, 3]),
)
def test_plateau(mode: str, threshold_mode: str, patience: int, cooldown: int) -> None:
    options: dict[str, Any] = {
        "mode": mode,
        "threshold_mode": threshold_mode,
        "patience": patience,
        "cooldown": cooldown,
        "factor": 0.5,
        "threshold": 0.05,
        "min_lr": 1e-3,
        "eps": 1e-4,
    }
    opt = optimizer(0.1)
    scheduler = schedulers.ReduceLROnPlateau(opt, **options)
    plateau = ReduceOnPlateau(0.1, **options)
    state = plateau.init()
    random.seed(patience + 10 * cooldown)
    level = 1.0
    for step in range(400):
        level *= random.choice([0.97, 1.0, 1.0, 1.02])
        loss = float("nan") if step % 97 == 50 else level * random.choice([1, 1, -1])
        scheduler.step(loss)
        state = plateau.update(state, loss)
        assert plateau.rate(state) == opt.param_groups[0]["lr"]
        assert (state.best, state.bad) == (scheduler.best, scheduler.num_bad_epochs)
        assert state.cooldown == scheduler.cooldown_counter


def test_plateaus_own_options() -> None:
    scheduler = schedulers.ReduceLROnPlateau(optimizer(0.1))
    plateau = ReduceOnPlateau()
    for name in ("mode", "factor", "patience", "threshold", "threshold_mode", "cooldown", "eps"):
        assert getattr(plateau, name) == getattr(scheduler, name)
    assert plateau.min_lr == scheduler.default_min_lr
