"""Arithmetic: the gates that every circuit has. Add distributes, mul swaps."""

from __future__ import annotations

import operator

import numpy as np

from microgd.gates.careful import careful
from microgd.graph.gate import Gate

add: Gate = Gate(
    "add",
    ("x", "y"),
    np.add,
    (lambda g, out, x, y: g, lambda g, out, x, y: g),
    formula="x + y",
    local=("1", "1"),
    sign="+",
    carries=("+{}", "+{}"),
    commutative=True,
    pattern="distributes",
    scalar=operator.add,
    infix="+",
    opencl="{x} + {y}",
    doc="Sends the upstream gradient on, unchanged, to both inputs.",
    example=">>> mg.add(2.0, 3.0)\n5.0",
)

neg: Gate = Gate(
    "neg",
    ("x",),
    np.negative,
    (lambda g, out, x: -g,),
    formula="−x",
    local=("−1",),
    sign="×−1",
    badge="flips",
    scalar=operator.neg,
    infix="-",
    opencl="-{x}",
    doc="Flips the sign, forward and backward.",
    example=">>> mg.neg(2.0)\n-2.0",
)

sub: Gate = Gate(
    "sub",
    ("x", "y"),
    np.subtract,
    (lambda g, out, x, y: g, lambda g, out, x, y: -g),
    formula="x − y",
    local=("1", "−1"),
    sign="−",
    carries=("{}−", "−{}"),
    pattern="distributes",
    badge="distributes ±",
    scalar=operator.sub,
    infix="-",
    expansion=lambda x, y: add(x, neg(y)),
    opencl="{x} - {y}",
    doc="Sends the upstream gradient to x as it is, to y with its sign flipped.",
    example=">>> mg.sub(2.0, 3.0)\n-1.0",
)

mul: Gate = Gate(
    "mul",
    ("x", "y"),
    np.multiply,
    (lambda g, out, x, y: g * y, lambda g, out, x, y: g * x),
    formula="x · y",
    local=("y", "x"),
    sign="×",
    carries=("×{}", "×{}"),
    commutative=True,
    pattern="swaps",
    scalar=operator.mul,
    infix="*",
    opencl="{x} * {y}",
    doc="Each input's gradient is the upstream gradient times the *other* input.",
    example=">>> mg.mul(2.0, 3.0)\n6.0",
)

recip: Gate = Gate(
    "recip",
    ("x",),
    lambda x: np.divide(1.0, x),
    (lambda g, out, x: neg(g * (out * out)),),
    formula="1 / x",
    local=("−1/x²",),
    sign="1/x",
    badge="× −1/x²",
    scalar=careful(lambda x: 1.0 / x, lambda x: np.divide(1.0, x)),
    opencl="1 / {x}",
    doc="The reciprocal. `1 / x` records this gate.",
    example=">>> mg.recip(4.0)\n0.25",
)

div: Gate = Gate(
    "div",
    ("x", "y"),
    np.divide,
    (lambda g, out, x, y: div(g, y), lambda g, out, x, y: neg(div(g * out, y))),
    formula="x / y",
    local=("1/y", "−x/y²"),
    sign="÷",
    carries=("{}÷", "÷{}"),
    badge="× 1/y, × −x/y²",
    scalar=careful(operator.truediv, np.divide),
    infix="/",
    expansion=lambda x, y: mul(x, recip(y)),
    opencl="{x} / {y}",
    doc="Division as IEEE has it: 1/0 is inf, 0/0 is NaN.",
    example=">>> mg.div(1.0, 4.0)\n0.25",
)


identity: Gate = Gate(
    "identity",
    ("x",),
    lambda x: x,
    (lambda g, out, x: g,),
    formula="x",
    local=("1",),
    sign="=",
    pattern="distributes",
    badge="passes",
    scalar=lambda x: x,
    opencl="{x}",
    doc="No activation at all: the value passes, and so does the gradient.",
    example=">>> mg.identity(3.0)\n3.0",
)
