"""The descent lab: functions to walk down on, the walk, and its record.

>>> import microgd as mg
>>> walk = mg.lab.descend("bowl", "adam", lr=0.5, steps=100)
>>> walk.last.value < 0.001
True
"""

from microgd.lab.descend import descend, from_starts, race, random_starts
from microgd.lab.descent import Descent, Row
from microgd.lab.functions import FUNCTIONS, function
from microgd.lab.noise import Noise, gradient_noise, toy_data
from microgd.lab.problem import Problem, from_circuit, from_text
from microgd.lab.rates import FourRates, four_rates

__all__ = [
    "FUNCTIONS",
    "Descent",
    "FourRates",
    "Noise",
    "Problem",
    "Row",
    "descend",
    "four_rates",
    "from_circuit",
    "from_starts",
    "from_text",
    "function",
    "gradient_noise",
    "race",
    "random_starts",
    "toy_data",
]
