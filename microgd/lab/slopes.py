"""Where an X-ray's gradients come from: a function, or a list of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from microgd.autodiff.functional import value_and_grad
from microgd.autodiff.tree import leaves, rebuilt
from microgd.errors import ArgumentError, ShapeError
from microgd.gates.selection import clip
from microgd.graph.values import shape_of, value_from
from microgd.lab.descend import RATE
from microgd.lab.functions import FUNCTIONS, function
from microgd.lab.problem import Point, Problem, from_text, number

#: What the parameter of bare gradients is called.
THETA = "θ"


class OfProblem:
    """The gradients of a function."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.start = problem.start
        self.text = f"f = {problem.text or problem.name}"

    def at(self, t: int, point: Point) -> tuple[float | None, Point]:
        value, slopes = value_and_grad(self.problem.part(t))(point)
        return number(value), slopes

    def loss(self, t: int, point: Point) -> float:
        return number(self.problem.part(t)(point))

    def bounded(self, params: Point) -> Point:
        if self.problem.clamp is None:
            return params
        low, high = self.problem.clamp
        return dict(rebuilt(params, iter([clip(x, low, high) for x in leaves(params)])))


class Given:
    """Gradients from a list, whatever the point."""

    text = "given gradients"

    def __init__(self, gradients: Sequence[Any], start: Mapping[str, Any] | None) -> None:
        self.list = [value_from(g) for g in gradients]
        if not self.list:
            raise ArgumentError("there are no gradients in the list")
        shape = shape_of(self.list[0])
        if start is None:
            start = {THETA: np.ones(shape) if shape else 1.0}
        if len(start) != 1:
            raise ArgumentError(
                f"gradients are of one parameter, got a start for {', '.join(start) or 'none'}"
            )
        ((self.name, value),) = start.items()
        self.start: Point = {self.name: value_from(value)}
        # what suits an unknown function is what suits most
        self.problem = Problem("", "", (lambda point: 0.0,), self.start, rate=RATE)
        for place, g in enumerate(self.list, start=1):
            if shape_of(g) != shape_of(self.start[self.name]):
                raise ShapeError(
                    f"gradient {place} has shape {shape_of(g)}, and {self.name} "
                    f"{shape_of(self.start[self.name])}"
                )

    def at(self, t: int, point: Point) -> tuple[float | None, Point]:
        return None, {self.name: self.list[t % len(self.list)]}

    def loss(self, t: int, point: Point) -> None:
        return None

    def bounded(self, params: Point) -> Point:
        return params


def problem_of(problem: Problem | str | None, start: Mapping[str, Any] | None) -> Problem:
    if problem is None:
        problem = "parabola"
    if isinstance(problem, str) and problem not in FUNCTIONS:
        return from_text(problem, start or {})
    found = function(problem) if isinstance(problem, str) else problem
    return found.started(**start) if start else found
