"""The schedules by name, and a reader of the text that their `repr` writes."""

from __future__ import annotations

from typing import Any

from microgd import options
from microgd.schedules.annealing import Cosine, OneCycle
from microgd.schedules.compose import Sequence, Warmup
from microgd.schedules.cycles import SGDR, CyclicCosine, Triangular
from microgd.schedules.decay import (
    Constant,
    Exponential,
    InverseTime,
    MultiStep,
    Piecewise,
    Polynomial,
    Power,
    Step,
)
from microgd.schedules.plateau import ReduceOnPlateau

SCHEDULES: dict[str, type] = {
    kind.__name__.lower(): kind
    for kind in (
        *(Constant, Power, InverseTime, Polynomial, Step, MultiStep, Piecewise, Exponential),
        *(Cosine, OneCycle, Triangular, CyclicCosine, SGDR, Warmup, Sequence, ReduceOnPlateau),
    )
}


def read_schedule(text: str) -> Any:
    """The schedule that a text names, such as `warmup(cosine(lr=0.1, steps=90), steps=10)`.

    The text is parsed and never executed; the `repr` of a schedule is such a text.

    Raises:
        ArgumentError: text of another form, an unknown name or option, a value out of range.

    >>> read_schedule("sgdr(lr=0.1, period=10, growth=2)")(10)
    0.1
    """
    return options.read(text, SCHEDULES, "schedule")
