"""The descent lab: functions to walk down on, the walk, and its record.

>>> import microgd as mg
>>> walk = mg.lab.descend("bowl", "adam", lr=0.5, steps=100)
>>> walk.last.value < 0.001
True
"""

from microgd.lab.descend import descend, from_starts, race, random_starts
from microgd.lab.descent import Descent, Row
from microgd.lab.functions import FUNCTIONS, function
from microgd.lab.mine import check_mine, read_mine
from microgd.lab.noise import Noise, gradient_noise, toy_data
from microgd.lab.problem import Problem, from_circuit, from_text
from microgd.lab.rates import FourRates, four_rates
from microgd.lab.side_by_side import Comparison, compare
from microgd.lab.update_circuit import draw_update, update_circuit
from microgd.lab.xray import XRay, xray

__all__ = [
    "FUNCTIONS",
    "Comparison",
    "Descent",
    "FourRates",
    "Noise",
    "Problem",
    "Row",
    "XRay",
    "check_mine",
    "compare",
    "descend",
    "draw_update",
    "four_rates",
    "from_circuit",
    "from_starts",
    "from_text",
    "function",
    "gradient_noise",
    "race",
    "random_starts",
    "read_mine",
    "toy_data",
    "update_circuit",
    "xray",
]
