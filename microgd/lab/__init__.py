"""The descent lab: functions to walk down on, the walk, and its record.

>>> import microgd as mg
>>> walk = mg.lab.descend("bowl", "adam", lr=0.5, steps=100)
>>> walk.last.value < 0.001
True
"""

from microgd.lab.descend import descend, from_starts, race, random_starts
from microgd.lab.descent import Descent, Row
from microgd.lab.functions import FUNCTIONS, function
from microgd.lab.problem import Problem, from_circuit, from_text

__all__ = [
    "FUNCTIONS",
    "Descent",
    "Problem",
    "Row",
    "descend",
    "from_circuit",
    "from_starts",
    "from_text",
    "function",
    "race",
    "random_starts",
]
