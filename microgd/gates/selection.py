"""Selection: gates that choose. Max routes the gradient to the winner; comparisons block it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from microgd.errors import GateError
from microgd.graph.gate import Gate
from microgd.graph.values import FLOAT32


def _truth(compare: Callable[..., Any]) -> Callable[..., Any]:
    """A NumPy comparison with answers 1.0 and 0.0 in the precision of its inputs."""

    def forward(*xs: Any) -> Any:
        return np.asarray(compare(*xs)).astype(np.result_type(*xs, FLOAT32))

    return forward


def _comparison(name: str, symbol: str, ufunc: Any, scalar: Callable[..., bool]) -> Gate:
    c_operator = {"≥": ">=", "≤": "<=", "=": "==", "≠": "!="}.get(symbol, symbol)
    return Gate(
        name,
        ("x", "y"),
        _truth(ufunc),
        (None, None),
        formula=f"x {symbol} y",
        local=("0", "0"),
        sign=symbol,
        carries=(f"{{}} {symbol}", f"{symbol} {{}}"),
        commutative=symbol in "=≠",
        pattern="blocks",
        whole=True,
        scalar=lambda x, y: 1.0 if scalar(x, y) else 0.0,
        branch=ufunc,
        infix=c_operator,
        opencl=f"{{x}} {c_operator} {{y}} ? ({{R}})(1) : ({{R}})(0)",
        doc="1 where it holds, 0 where not; flat on both sides, so no gradient passes.",
        example=f">>> mg.{name}(2.0, 3.0)\n{1.0 if scalar(2.0, 3.0) else 0.0}",
    )


greater = _comparison("greater", ">", np.greater, lambda x, y: x > y)
less = _comparison("less", "<", np.less, lambda x, y: x < y)
greater_equal = _comparison("greater_equal", "≥", np.greater_equal, lambda x, y: x >= y)
less_equal = _comparison("less_equal", "≤", np.less_equal, lambda x, y: x <= y)
equal = _comparison("equal", "=", np.equal, lambda x, y: x == y)
not_equal = _comparison("not_equal", "≠", np.not_equal, lambda x, y: x != y)

logical_and: Gate = Gate(
    "logical_and",
    ("x", "y"),
    _truth(np.logical_and),
    (None, None),
    formula="x ∧ y",
    local=("0", "0"),
    sign="and",
    pattern="blocks",
    scalar=lambda x, y: 1.0 if x != 0.0 and y != 0.0 else 0.0,
    branch=np.logical_and,
    opencl="(({x} != 0) & ({y} != 0)) ? ({R})(1) : ({R})(0)",
    doc="1 where both are nonzero, 0 elsewhere; no gradient passes.",
    example=">>> mg.logical_and(1.0, 0.0)\n0.0",
)

sign: Gate = Gate(
    "sign",
    ("x",),
    np.sign,
    (None,),
    formula="sign x",
    local=("0",),
    sign="sgn",
    pattern="blocks",
    scalar=lambda x: 1.0 if x > 0.0 else -1.0 if x < 0.0 else x * 0.0,
    branch=np.sign,
    tie=lambda x: np.equal(x, 0),
    opencl="{x} > 0 ? ({R})(1) : {x} < 0 ? ({R})(-1) : {x}",
    doc="−1, 0 or 1; no gradient passes.",
    example=">>> mg.sign(-3.0)\n-1.0",
)

where: Gate = Gate(
    "where",
    ("condition", "x", "y"),
    lambda condition, x, y: np.where(np.not_equal(condition, 0), x, y),
    (
        None,
        lambda g, out, condition, x, y: where(condition, g, 0.0),
        lambda g, out, condition, x, y: where(condition, 0.0, g),
    ),
    formula="x if condition else y",
    local=("0", "1 where chosen", "1 where chosen"),
    sign="?",
    pattern="routes",
    scalar=lambda condition, x, y: x if condition != 0.0 else y,
    branch=lambda condition, x, y: np.not_equal(condition, 0),
    opencl="{condition} != 0 ? {x} : {y}",
    doc="x where the condition is not 0, else y; the gradient goes where the value came from.",
    example=">>> mg.where(1.0, 2.0, 3.0)\n2.0",
)


def _route(g: Any, winner: Any, loser: Any) -> Any:
    """The upstream gradient for the winner, half of it at a tie, nothing for the loser."""
    return where(greater(winner, loser), g, where(equal(winner, loser), 0.5 * g, 0.0))


maximum: Gate = Gate(
    "maximum",
    ("x", "y"),
    np.maximum,
    (lambda g, out, x, y: _route(g, x, y), lambda g, out, x, y: _route(g, y, x)),
    formula="max(x, y)",
    local=("1 if x > y", "1 if y > x"),
    sign="max",
    carries=("max {}", "max {}"),
    commutative=True,
    pattern="routes",
    scalar=lambda x, y: x if x >= y or x != x else y,
    branch=lambda x, y: np.sign(np.subtract(x, y)),
    tie=np.equal,
    opencl="(({x} >= {y}) | ({x} != {x})) ? {x} : {y}",
    doc="Routes the whole gradient to the larger input; at a tie, half to each. NaN stays NaN.",
    example=">>> mg.maximum(2.0, 3.0)\n3.0",
)

minimum: Gate = Gate(
    "minimum",
    ("x", "y"),
    np.minimum,
    (lambda g, out, x, y: _route(g, y, x), lambda g, out, x, y: _route(g, x, y)),
    formula="min(x, y)",
    local=("1 if x < y", "1 if y < x"),
    sign="min",
    carries=("min {}", "min {}"),
    commutative=True,
    pattern="routes",
    scalar=lambda x, y: x if x <= y or x != x else y,
    branch=lambda x, y: np.sign(np.subtract(x, y)),
    tie=np.equal,
    expansion=lambda x, y: -maximum(-x, -y),
    opencl="(({x} <= {y}) | ({x} != {x})) ? {x} : {y}",
    doc="Routes the whole gradient to the smaller input; at a tie, half to each. NaN stays NaN.",
    example=">>> mg.minimum(2.0, 3.0)\n2.0",
)


def _outside(x: Any, low: float | None, high: float | None) -> Any:
    return np.less(x, -np.inf if low is None else low) * -1 + np.greater(
        x, np.inf if high is None else high
    )


def _clip(x: Any, low: Any, high: Any) -> Any:
    for bound in (low, high):
        if not (bound is None or isinstance(bound, int | float)):
            raise GateError(f"a bound of clip is a number or None, got {bound!r:.60}")
    return np.clip(x, low, high)


def _clip_rule(g: Any, out: Any, x: Any, low: float | None, high: float | None) -> Any:
    if low is not None:
        g = where(less(x, float(low)), 0.0, g)
    if high is not None:
        g = where(greater(x, float(high)), 0.0, g)
    return g


def _clip_expansion(x: Any, low: float | None, high: float | None) -> Any:
    if low is not None:
        x = maximum(x, low)
    return x if high is None else minimum(x, high)


def _clip_opencl(x: str, low: float | None, high: float | None) -> str:
    text = x if low is None else f"{x} < {{low}} ? {{low}} : {x}"
    return text if high is None else f"({text}) > {{high}} ? {{high}} : ({text})"


clip: Gate = Gate(
    "clip",
    ("x",),
    _clip,
    (_clip_rule,),
    formula="min(max(x, low), high)",
    local=("1 inside",),
    sign="clip",
    pattern="masks",
    params={"low": None, "high": None},
    branch=_outside,
    tie=lambda x, low, high: (
        np.equal(x, low if low is not None else np.nan)
        | np.equal(x, high if high is not None else np.nan)
    ),
    expansion=_clip_expansion,
    opencl=_clip_opencl,
    doc="Keeps x between low and high (None: no bound); the gradient passes inside and at bounds "
    "(opened, half of it at bounds, as at any tie of maximum).",
    example=">>> mg.clip(5.0, 0.0, 1.0)\n1.0",
)
