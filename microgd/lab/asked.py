"""What a walk is asked for, as objects or as text: the function, the optimizer, the schedule."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgd.errors import ArgumentError
from microgd.graph.values import Array
from microgd.lab.functions import FUNCTIONS, function
from microgd.lab.problem import Problem
from microgd.optim import read_optimizer
from microgd.optim.optimizer import Optimizer
from microgd.optim.wrapping import Wrapper
from microgd.schedules import read_schedule
from microgd.stopping import Stopping, ValidationRises, read_stopping


def asked_problem(problem: Any) -> Problem:
    """A built-in function by its name, or the problem itself."""
    if isinstance(problem, Problem):
        return problem
    if isinstance(problem, str) and (problem in FUNCTIONS or problem.replace("-", "").isalpha()):
        return function(problem)
    raise ArgumentError(
        f"a descent needs the name of a built-in function or a Problem, got {problem!r}; an "
        'expression makes one: mg.lab.from_text("x**2 + y**2", {"x": 1, "y": 2})'
    )


def asked_optimizer(optimizer: Any) -> Optimizer | Wrapper:
    """The optimizer, or what its text names."""
    chosen = read_optimizer(optimizer) if isinstance(optimizer, str) else optimizer
    if isinstance(chosen, Optimizer | Wrapper):
        return chosen
    raise ArgumentError(f'expected an optimizer, such as Adam() or "adam", got {optimizer!r}')


def asked_schedule(schedule: Any) -> Any:
    """The schedule or function of t, or what its text names; None for none."""
    chosen = read_schedule(schedule) if isinstance(schedule, str) else schedule
    if chosen is None or callable(chosen) or hasattr(chosen, "init"):
        return chosen
    raise ArgumentError(
        f"a schedule is one of microgd.schedules or a function of t, got {schedule!r}; a number "
        "goes into lr"
    )


def asked_stop(stop: Any) -> Stopping | None:
    """The stopping rule, or what its text names; None for none."""
    chosen = read_stopping(stop) if isinstance(stop, str) else stop
    if chosen is None:
        return None
    if not isinstance(chosen, Stopping):
        raise ArgumentError(f"stop is a rule of microgd.stopping, or its text, got {stop!r}")
    _check_used(chosen)
    return chosen


def check_difference(h: Any, start: Array) -> None:
    """Refuse a step of differences that is none, or that is lost in the start's digits."""
    if not (isinstance(h, float | int) and h > 0):
        raise ArgumentError(f"numeric is the step h of differences, above 0, got {h!r}")
    if ((start + h == start) & np.isfinite(start)).any():
        raise ArgumentError(f"h = {h:g} is too small: at the start x + h is x, to the last digit")


def _check_used(rule: Stopping) -> None:
    if isinstance(rule, ValidationRises):
        raise ArgumentError(
            "a walk has no held-out data, so validationrises would never end it: take nofall"
        )
    for one in getattr(rule, "rules", ()):
        _check_used(one)
