"""Learning-rate schedules: pure functions of the step number t = 0, 1, 2, …

>>> from microgd.schedules import Cosine, Warmup, robbins_monro
>>> rate = Warmup(Cosine(lr=0.1, steps=90), steps=10, start=0.5)
>>> rate(0), rate(10), rate(100)
(0.05, 0.1, 0.0)
>>> robbins_monro(rate).sum_diverges
False
"""

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
from microgd.schedules.plateau import PlateauState, ReduceOnPlateau
from microgd.schedules.schedule import Schedule
from microgd.schedules.sums import PartialSums, RobbinsMonro, robbins_monro
from microgd.schedules.table import SCHEDULES, read_schedule
from microgd.schedules.tails import Tail

__all__ = [
    "SCHEDULES",
    "SGDR",
    "Constant",
    "Cosine",
    "CyclicCosine",
    "Exponential",
    "InverseTime",
    "MultiStep",
    "OneCycle",
    "PartialSums",
    "Piecewise",
    "PlateauState",
    "Polynomial",
    "Power",
    "ReduceOnPlateau",
    "RobbinsMonro",
    "Schedule",
    "Sequence",
    "Step",
    "Tail",
    "Triangular",
    "Warmup",
    "read_schedule",
    "robbins_monro",
]
