"""Functions to walk down on that are built in: the lectures' own, and the classic hard ones."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any

from microgd.errors import ArgumentError
from microgd.gates.table import did_you_mean
from microgd.lab.problem import Problem, from_text, function_of

Box = tuple[tuple[float, float], ...]


def _one(
    name: str,
    text: str,
    start: dict[str, float],
    minima: tuple[tuple[float, ...], ...],
    box: Box,
    rate: float,
    note: str,
) -> Callable[[], Problem]:
    def make() -> Problem:
        return from_text(text, start, name=name, minima=minima, box=box, rate=rate, note=note)

    return make


def _amsgrad() -> Problem:
    """Reddi, Kale and Kumar's example, of which Adam finds the wrong end (theorem 1, C = 3)."""
    from microgd.language.circuit import parse

    start = {"x": 0.0}
    rare, common = (function_of(parse(text, start)) for text in ("3 * x", "-x"))
    return Problem(
        name="amsgrad",
        text="3·x in one step of three, −x in the others",
        parts=(rare, common, common),
        start=dict(start),
        minima=((-1.0,),),
        box=((-1.2, 1.2),),
        clamp=(-1.0, 1.0),
        rate=0.02,
        note="x is kept in [−1, 1], and −1 is the lowest point. Adam forgets the rare large "
        "gradient and walks to +1, AMSGrad to −1: adam(betas=(0, 0.1)), amsgrad(betas=(0, 0.1)). "
        "Reddi, Kale and Kumar, 2018.",
    )


_SQUARE = ((-5.0, 5.0), (-5.0, 5.0))

#: Every built-in function by name.
FUNCTIONS: dict[str, Callable[[], Problem]] = {
    "parabola": _one(
        "parabola", "x**2", {"x": 3.0}, ((0.0,),), ((-3.5, 3.5),), 0.1,
        "The first example of lecture 000: the numeric gradient at 3 is 6.001.",
    ),
    "quartic": _one(
        "quartic", "x**4 + x + 2", {"x": 1.0}, ((-(0.25 ** (1 / 3)),),), ((-1.2, 1.2),), 0.2,
        "Lecture 000 walks down it in six steps. Its lowest point is −1/∛4 = −0.62996; the slide "
        "drops the minus sign.",
    ),
    "double-well": _one(
        "double-well", "0.5*x**4 - 2*x**2 + x + 5", {"x": 0.5},
        ((-1.52568712,), (1.2670351,)), ((-2.3, 2.2),), 0.05,
        "From lecture 000: two valleys, of which the right one is not the lowest; try x=-0.5, too.",
    ),
    "bowl": _one(
        "bowl", "0.06*x1**2 + 0.25*x2**2 - 0.04*x1*x2", {"x1": -5.0, "x2": -7.5},
        ((0.0, 0.0),), ((-8.0, 8.0), (-8.0, 8.0)), 0.5,
        "From lecture 000. The slides print 14.12, −0.32, −3.54 where this formula gives 14.06, "
        "−0.30, −3.55: the coefficients on the slide are rounded.",
    ),
    "valley": _one(
        "valley", "0.5*x**2 + 10*y**2", {"x": -4.0, "y": 1.0}, ((0.0, 0.0),),
        ((-5.0, 5.0), (-2.5, 2.5)), 0.09,
        "Badly conditioned: 20 times as steep across as along, so gradient descent zig-zags.",
    ),
    "saddle": _one(
        "saddle", "x**2 - y**2 + y**4 / 4", {"x": -1.5, "y": 0.001},
        ((0.0, -sqrt(2.0)), (0.0, sqrt(2.0))), ((-2.0, 2.0), (-2.0, 2.0)), 0.05,
        "A saddle at (0, 0), flat enough to wait there for long, and a valley on either side.",
    ),
    "rosenbrock": _one(
        "rosenbrock", "(1 - x)**2 + 100*(y - x**2)**2", {"x": -1.2, "y": 1.0}, ((1.0, 1.0),),
        ((-2.0, 2.0), (-1.0, 3.0)), 0.001,
        "The banana: easy to get into the curved valley, hard to follow it (Rosenbrock, 1960).",
    ),
    "beale": _one(
        "beale", "(1.5 - x + x*y)**2 + (2.25 - x + x*y**2)**2 + (2.625 - x + x*y**3)**2",
        {"x": 1.0, "y": 1.5}, ((3.0, 0.5),), ((-4.5, 4.5), (-4.5, 4.5)), 0.005,
        "Flat valleys with steep walls at the corners (Beale, 1958).",
    ),
    "himmelblau": _one(
        "himmelblau", "(x**2 + y - 11)**2 + (x + y**2 - 7)**2", {"x": 0.0, "y": 0.0},
        ((3.0, 2.0), (-2.805118, 3.131312), (-3.779310, -3.283186), (3.584428, -1.848127)),
        _SQUARE, 0.01,
        "Four valleys, equally deep: which one is found depends on the start (Himmelblau, 1972).",
    ),
    "rastrigin": _one(
        "rastrigin", "20 + x**2 - 10*cos(2*pi*x) + y**2 - 10*cos(2*pi*y)", {"x": 2.3, "y": -1.7},
        ((0.0, 0.0),), ((-3.0, 3.0), (-3.0, 3.0)), 0.002,
        "A bowl with a dimple at every whole number: local minima everywhere (Rastrigin, 1974).",
    ),
    "amsgrad": _amsgrad,
}  # fmt: skip


def function(name: str, **start: Any) -> Problem:
    """A built-in function, from its own start or from another.

    Raises:
        ArgumentError: there is none of that name, or it has no such coordinate.

    >>> function("rosenbrock", x=0).start
    {'x': 0.0, 'y': 1.0}
    """
    if name not in FUNCTIONS:
        raise ArgumentError(
            f"there is no built-in function {name!r}.{did_you_mean(name, list(FUNCTIONS))} There "
            f"are: {', '.join(FUNCTIONS)}"
        )
    problem = FUNCTIONS[name]()
    return problem.started(**start) if start else problem
