"""Powers, roots and the absolute value."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from microgd.gates.arithmetic import div, mul, neg
from microgd.gates.careful import careful
from microgd.gates.exponential import log
from microgd.gates.selection import equal, greater_equal, logical_and, maximum, sign, where
from microgd.graph.gate import Gate


def _power_base(g: Any, out: Any, x: Any, p: Any) -> Any:
    if isinstance(p, float):
        return g * (p * power(x, p - 1.0)) if p else g * 0.0
    # 0 · 0⁻¹ would be NaN. Only there x is moved out of the way: elsewhere p = 0 gives 0 by itself,
    # and its derivative with respect to p, which is x⁻¹, stays right.
    settled = logical_and(equal(x, 0.0), equal(p, 0.0))
    return where(settled, 0.0, g * (p * power(where(settled, 1.0, x), p - 1.0)))


def _power_exponent(g: Any, out: Any, x: Any, p: Any) -> Any:
    # At x = 0 the limit of out · ln x is 0 for p ≥ 0; the log is kept away from that 0, so that no
    # NaN of the branch not taken leaks into second derivatives.
    settled = logical_and(equal(x, 0.0), greater_equal(p, 0.0))
    return where(settled, 0.0, g * (out * log(where(settled, 1.0, x))))


def _power_scalar(x: float, p: float) -> float:
    out = x**p
    return out if out.__class__ is float else math.nan  # complex in Python, NaN in IEEE


power: Gate = Gate(
    "pow",
    ("x", "p"),
    np.power,
    (_power_base, _power_exponent),
    formula="xᵖ",
    local=("p·x^(p−1)", "x^p·ln x"),
    sign="xᵖ",
    carries=("{}^x", "x^{}"),
    badge="× p·x^(p−1)",
    scalar=careful(_power_scalar, np.power),
    infix="**",
    opencl="pow({x}, {p})",
    doc="Power. The base's gradient is 0 where p = 0; the exponent's is 0 at 0⁰ and NaN for x < 0.",
    example=">>> mg.pow(2.0, 3.0)\n8.0",
)

absolute: Gate = Gate(
    "abs",
    ("x",),
    np.abs,
    (lambda g, out, x: g * sign(x),),
    formula="|x|",
    local=("sign x",),
    sign="|x|",
    pattern="routes",
    badge="× sign x",
    scalar=abs,
    branch=np.sign,
    tie=lambda x: np.equal(x, 0),
    expansion=lambda x: maximum(x, neg(x)),
    opencl="fabs({x})",
    doc="The absolute value. At 0 its gradient is 0.",
    example=">>> mg.abs(-2.0)\n2.0",
)

sqrt: Gate = Gate(
    "sqrt",
    ("x",),
    np.sqrt,
    (lambda g, out, x: div(g * 0.5, out),),
    formula="√x",
    local=("1/(2√x)",),
    sign="√",
    badge="× 1/(2√x)",
    scalar=careful(math.sqrt, np.sqrt),
    expansion=lambda x: power(x, 0.5),
    opencl="sqrt({x})",
    doc="The square root: NaN below 0, and an infinite gradient at 0.",
    example=">>> mg.sqrt(9.0)\n3.0",
)

square: Gate = Gate(
    "square",
    ("x",),
    np.square,
    (lambda g, out, x: g * (2.0 * x),),
    formula="x²",
    local=("2x",),
    sign="x²",
    badge="× 2x",
    scalar=lambda x: x * x,
    expansion=lambda x: mul(x, x),
    opencl="{x} * {x}",
    doc="x · x. Expanded, one wire branches into both inputs of a mul gate.",
    example=">>> mg.square(3.0)\n9.0",
)
