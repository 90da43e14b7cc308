"""Exponentials, logarithms and the smooth functions made from them, in their stable forms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from microgd.gates.arithmetic import add, div, mul, neg, recip, sub
from microgd.gates.careful import careful
from microgd.gates.selection import maximum
from microgd.graph.gate import Gate

exp: Gate = Gate(
    "exp",
    ("x",),
    np.exp,
    (lambda g, out, x: g * out,),
    formula="eˣ",
    local=("eˣ",),
    sign="exp",
    badge="× output",
    scalar=careful(math.exp, np.exp),
    opencl="exp({x})",
    doc="Its local derivative is its own output.",
    example=">>> mg.exp(0.0)\n1.0",
)

log: Gate = Gate(
    "log",
    ("x",),
    np.log,
    (lambda g, out, x: div(g, x),),
    formula="ln x",
    local=("1/x",),
    sign="ln",
    badge="× 1/x",
    scalar=careful(math.log, np.log),
    opencl="log({x})",
    doc="The natural logarithm: −inf at 0, NaN below.",
    example=">>> mg.log(1.0)\n0.0",
)

expm1: Gate = Gate(
    "expm1",
    ("x",),
    np.expm1,
    (lambda g, out, x: g * exp(x),),
    formula="eˣ − 1",
    local=("eˣ",),
    sign="eˣ−1",
    badge="× eˣ",
    scalar=careful(math.expm1, np.expm1),
    expansion=lambda x: sub(exp(x), 1.0),
    opencl="expm1({x})",
    doc="eˣ − 1 without the loss of digits near 0 that it has when opened.",
    example=">>> mg.expm1(1e-12)\n1.0000000000005e-12",
)

log1p: Gate = Gate(
    "log1p",
    ("x",),
    np.log1p,
    (lambda g, out, x: div(g, x + 1.0),),
    formula="ln(1 + x)",
    local=("1/(1+x)",),
    sign="ln(1+x)",
    badge="× 1/(1+x)",
    scalar=careful(math.log1p, np.log1p),
    expansion=lambda x: log(add(x, 1.0)),
    opencl="log1p({x})",
    doc="ln(1 + x) without the loss of digits near 0 that it has when opened.",
    example=">>> mg.log1p(0.0)\n0.0",
)

sin: Gate = Gate(
    "sin",
    ("x",),
    np.sin,
    (lambda g, out, x: g * cos(x),),
    formula="sin x",
    local=("cos x",),
    sign="sin",
    badge="× cos x",
    scalar=careful(math.sin, np.sin),
    opencl="sin({x})",
    doc="Radians.",
    example=">>> mg.sin(0.0)\n0.0",
)

cos: Gate = Gate(
    "cos",
    ("x",),
    np.cos,
    (lambda g, out, x: neg(g * sin(x)),),
    formula="cos x",
    local=("−sin x",),
    sign="cos",
    badge="× −sin x",
    scalar=careful(math.cos, np.cos),
    # The same number; but Intel's compiler 2026.22 crashes where it makes one sincos of sin and
    # cos of a number, and another of sin and cos of that sine.
    opencl="cos(fabs({x}))",
    doc="Radians.",
    example=">>> mg.cos(0.0)\n1.0",
)

tanh: Gate = Gate(
    "tanh",
    ("x",),
    np.tanh,
    (lambda g, out, x: g * (1.0 - out * out),),
    formula="tanh x",
    local=("1 − tanh² x",),
    sign="tanh",
    badge="× (1 − output²)",
    scalar=math.tanh,
    expansion=lambda x: sub(mul(sigmoid(mul(x, 2.0)), 2.0), 1.0),
    opencl="tanh({x})",
    doc="The sigmoid, stretched and centred: tanh x = 2σ(2x) − 1. Opened, its gradient is NaN "
    "below −354.",
    example=">>> mg.tanh(0.0)\n0.0",
)


def _sigmoid(x: Any) -> Any:
    small = np.exp(-np.abs(x))  # never overflows
    return np.where(np.greater_equal(x, 0), 1.0 / (1.0 + small), small / (1.0 + small))


def _sigmoid_scalar(x: float) -> float:
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    small = math.exp(x)
    return small / (1.0 + small)


sigmoid: Gate = Gate(
    "sigmoid",
    ("x",),
    _sigmoid,
    (lambda g, out, x: g * ((1.0 - out) * out),),
    formula="σ(x) = 1 / (1 + e⁻ˣ)",
    local=("(1 − σ)·σ",),
    sign="σ",
    badge="σ(1−σ)",
    scalar=_sigmoid_scalar,
    expansion=lambda x: recip(add(exp(neg(x)), 1.0)),
    # Where exp overflows, 1/inf is 0; the true result is below all but the subnormal numbers.
    opencl="1 / (1 + exp(-{x}))",
    doc="Squeezes x into (0, 1). The local derivative (1 − σ)σ is at most ¼ and dies at both ends. "
    "Opened, its gradient is NaN below −709, where e⁻ˣ overflows.",
    example=">>> mg.sigmoid(0.0)\n0.5",
)

softplus: Gate = Gate(
    "softplus",
    ("x",),
    lambda x: np.logaddexp(0.0, x),
    (lambda g, out, x: g * sigmoid(x),),
    formula="ln(1 + eˣ)",
    local=("σ(x)",),
    sign="soft+",
    badge="× σ(x)",
    scalar=lambda x: math.log1p(math.exp(-abs(x))) + (x if x > 0.0 else 0.0) if x == x else x,
    expansion=lambda x: _softplus_expansion(x),
    opencl="fmax({x}, ({R})(0)) + log1p(exp(-fabs({x})))",
    doc="A smooth relu. Opened, it is max(x, 0) + ln(1 + e^−|x|), which never overflows.",
    example=">>> round(mg.softplus(0.0), 6)\n0.693147",
)


def _softplus_expansion(x: Any) -> Any:
    return add(maximum(x, 0.0), log1p(exp(neg(maximum(x, neg(x))))))
