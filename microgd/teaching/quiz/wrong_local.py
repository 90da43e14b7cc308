"""Wrong local derivatives, a row each: a table beside the table of gates.

`wrong(out, *inputs, **params)` is what somebody takes for the local derivative; `symbols` the same
as a formula of x, y (the inputs) and out. Rows that come first are likelier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from microgd.translation import N_


class WrongLocal(NamedTuple):
    """One wrong derivative; `position` is the input it is wrong for, None for each."""

    name: str
    text: str
    wrong: Callable[..., Any]
    symbols: str = ""
    position: int | None = None


_MINUS = "minus-forgotten"
_SQUARE = "square-forgotten"
_FACTOR = "factor-forgotten"
_POWER = "power-not-lowered"
_ITSELF = "derivative-of-itself"
_OWN = "own-value"
_BOTH = "to-both"
_LOSER = "to-the-loser"
_MASK = "mask-ignored"

_ADD = (
    WrongLocal(
        "added-as-multiplied",
        N_("+ is treated as ×, and the other input's value is multiplied in"),
        lambda out, x, y: y,
        "{y}",
        0,
    ),
    WrongLocal(
        "added-as-multiplied",
        N_("+ is treated as ×, and the other input's value is multiplied in"),
        lambda out, x, y: x,
        "{x}",
        1,
    ),
    WrongLocal(
        "split",
        N_("the gradient is split between the two inputs"),
        lambda out, x, y: 0.5,
        "1/2",
    ),
)
_MUL = (
    WrongLocal(
        _OWN, N_("the input's own value is taken, and not the other one's"),
        lambda out, x, y: x, "{x}", 0,
    ),
    WrongLocal(
        _OWN, N_("the input's own value is taken, and not the other one's"),
        lambda out, x, y: y, "{y}", 1,
    ),
    WrongLocal(
        "output-value", N_("the product itself is taken, and not the other factor"),
        lambda out, x, y: out, "{out}",
    ),
    WrongLocal(
        "sum-rule", N_("the factors are added"),
        lambda out, x, y: x + y, "({x} + {y})",
    ),
)  # fmt: skip
_MOST = (
    WrongLocal(_BOTH, N_("the gradient is sent to both inputs"), lambda out, x, y: 1.0, "1"),
    WrongLocal(
        _LOSER, N_("the gradient is sent to the input that lost"),
        lambda out, x, y: np.where(x == out, 0.0, 1.0), "(0 if {x} won)", 0,
    ),
    WrongLocal(
        _LOSER, N_("the gradient is sent to the input that lost"),
        lambda out, x, y: np.where(y == out, 0.0, 1.0), "(0 if {y} won)", 1,
    ),
    WrongLocal("split", N_("the gradient is split between the two inputs"),
               lambda out, x, y: 0.5, "1/2"),
    WrongLocal("output-value", N_("the winner's value is multiplied in"),
               lambda out, x, y: out, "{out}"),
)  # fmt: skip
_MASKED = (
    WrongLocal(_MASK, N_("the gate is taken to be open everywhere"),
               lambda out, x, **_: 1.0, "1"),
    WrongLocal("mask-turned-round", N_("the gate is taken to be open where it is shut"),
               lambda out, x, **_: np.where(x > 0, 0.0, 1.0), "(1 if {x} < 0)"),
    WrongLocal("output-value", N_("the gate's output is multiplied in"),
               lambda out, x, **_: out, "{out}"),
    WrongLocal("always-shut", N_("the gate is taken to be shut"), lambda out, x, **_: 0.0, "0"),
)  # fmt: skip
_SLOPED = (
    WrongLocal(_MASK, N_("the slope on the other side is forgotten"),
               lambda out, x, *_, **__: 1.0, "1", 0),
    WrongLocal("slope-as-zero", N_("nothing is let through below 0, as in relu"),
               lambda out, x, *_, **__: np.where(x > 0, 1.0, 0.0), "(1 if {x} > 0)", 0),
)  # fmt: skip

#: Gate → what is taken for its local derivative.
WRONG_LOCAL: Mapping[str, tuple[WrongLocal, ...]] = {
    "add": _ADD,
    "sub": (
        WrongLocal(_MINUS, N_("the minus of the second input is forgotten"),
                   lambda out, x, y: 1.0, "1", 1),
        WrongLocal("minus-of-the-other", N_("the first input is given the minus of the second"),
                   lambda out, x, y: -1.0, "−1", 0),
    ),
    "neg": (WrongLocal(_MINUS, N_("the minus is forgotten"), lambda out, x: 1.0, "1"),),
    "mul": _MUL,
    "recip": (
        WrongLocal(_MINUS, N_("the minus of −1/x² is forgotten"), lambda out, x: 1 / (x * x),
                   "1/{x}²"),
        WrongLocal(_SQUARE, N_("the square of −1/x² is forgotten"), lambda out, x: -1 / x,
                   "(−1/{x})"),
        WrongLocal(_ITSELF, N_("1/x is taken for its own derivative"), lambda out, x: out,
                   "1/{x}"),
        WrongLocal("integral", N_("ln x, the integral of 1/x, is taken for its derivative"),
                   lambda out, x: np.log(x), "ln {x}"),
        WrongLocal("not-reciprocal", N_("−x² is taken for −1/x²"), lambda out, x: -x * x,
                   "(−{x}²)"),
    ),
    "div": (
        WrongLocal("not-reciprocal", N_("the divisor is multiplied in, and not divided by"),
                   lambda out, x, y: y, "{y}", 0),
        WrongLocal("output-value", N_("the quotient itself is taken"), lambda out, x, y: out,
                   "{out}", 0),
        WrongLocal(_MINUS, N_("the minus of −x/y² is forgotten"), lambda out, x, y: x / (y * y),
                   "{x}/{y}²", 1),
        WrongLocal(_SQUARE, N_("the square of −x/y² is forgotten"), lambda out, x, y: -x / y,
                   "(−{x}/{y})", 1),
        WrongLocal("numerator-forgotten", N_("the x of −x/y² is forgotten"),
                   lambda out, x, y: -1 / (y * y), "(−1/{y}²)", 1),
        WrongLocal(_OWN, N_("the numerator is taken, as × would"), lambda out, x, y: x, "{x}", 1),
    ),
    "pow": (
        WrongLocal(_FACTOR, N_("the exponent is not multiplied in"),
                   lambda out, x, p: x ** (p - 1), "{x}^({y}−1)", 0),
        WrongLocal(_POWER, N_("the exponent is not lowered by 1"), lambda out, x, p: p * out,
                   "{y}·{out}", 0),
        WrongLocal(_ITSELF, N_("the power is taken for its own derivative"),
                   lambda out, x, p: out, "{out}", 0),
        WrongLocal("base-forgotten", N_("the base is left out, and only the exponent is taken"),
                   lambda out, x, p: p, "{y}", 0),
        WrongLocal("integral", N_("it is integrated, not differentiated"),
                   lambda out, x, p: x ** (p + 1) / (p + 1), "", 0),
        WrongLocal("log-forgotten", N_("the ln x is forgotten"), lambda out, x, p: out,
                   "{out}", 1),
        WrongLocal("power-rule", N_("the exponent is taken for the base of a power"),
                   lambda out, x, p: p * x ** (p - 1), "{y}·{x}^({y}−1)", 1),
    ),
    "square": (
        WrongLocal(_FACTOR, N_("the exponent is not multiplied in"), lambda out, x: x, "{x}"),
        WrongLocal(_POWER, N_("the exponent is not lowered by 1"), lambda out, x: 2 * out,
                   "2·{x}²"),
        WrongLocal(_ITSELF, N_("the square is taken for its own derivative"),
                   lambda out, x: out, "{x}²"),
        WrongLocal("base-forgotten", N_("the base is left out, and only the exponent is taken"),
                   lambda out, x: 2.0, "2"),
    ),
    "sqrt": (
        WrongLocal(_FACTOR, N_("the 2 of 1/(2√x) is forgotten"), lambda out, x: 1 / out,
                   "1/√{x}"),
        WrongLocal("not-reciprocal", N_("√x/2 is taken for 1/(2√x)"), lambda out, x: out / 2,
                   "√{x}/2"),
        WrongLocal("root-forgotten", N_("the root of 1/(2√x) is forgotten"),
                   lambda out, x: 1 / (2 * x), "1/(2{x})"),
        WrongLocal(_ITSELF, N_("the root is taken for its own derivative"), lambda out, x: out,
                   "√{x}"),
    ),
    "exp": (
        WrongLocal("power-rule", N_("the power rule is used: x · exp(x − 1)"),
                   lambda out, x: x * np.exp(x - 1), "{x}·exp({x} − 1)"),
        WrongLocal("derivative-one", N_("the derivative of exp is taken to be 1"),
                   lambda out, x: 1.0, "1"),
        WrongLocal("own-value", N_("x is multiplied in, and not exp(x)"), lambda out, x: x, "{x}"),
    ),
    "log": (
        WrongLocal(_ITSELF, N_("ln x is taken for its own derivative"), lambda out, x: out,
                   "ln {x}"),
        WrongLocal("not-reciprocal", N_("x is multiplied in, and not 1/x"), lambda out, x: x,
                   "{x}"),
        WrongLocal("inverse", N_("exp, which undoes the log, is taken for its derivative"),
                   lambda out, x: np.exp(x), "exp({x})"),
        WrongLocal("reciprocal-rule", N_("−1/x² is taken for 1/x"), lambda out, x: -1 / (x * x),
                   "(−1/{x}²)"),
    ),
    "log1p": (
        WrongLocal("inner-one-forgotten", N_("the 1 of 1/(1 + x) is forgotten"),
                   lambda out, x: 1 / x, "1/{x}"),
        WrongLocal(_ITSELF, N_("it is taken for its own derivative"), lambda out, x: out),
    ),
    "expm1": (
        WrongLocal(_ITSELF, N_("exp(x) − 1 is taken for its own derivative"),
                   lambda out, x: out, "{out}"),
    ),
    "sin": (
        WrongLocal(_MINUS, N_("a minus is put before the cos, which belongs to the derivative of "
                              "cos"), lambda out, x: -np.cos(x), "(−cos {x})"),
        WrongLocal(_ITSELF, N_("sin is taken for its own derivative"), lambda out, x: out,
                   "sin {x}"),
    ),
    "cos": (
        WrongLocal(_MINUS, N_("the minus of −sin x is forgotten"), lambda out, x: np.sin(x),
                   "sin {x}"),
        WrongLocal(_ITSELF, N_("cos is taken for its own derivative"), lambda out, x: out,
                   "cos {x}"),
    ),
    "tanh": (
        WrongLocal(_SQUARE, N_("the square of 1 − tanh² is forgotten"), lambda out, x: 1 - out,
                   "(1 − tanh {x})"),
        WrongLocal("one-forgotten", N_("tanh² is not taken from 1"), lambda out, x: out * out,
                   "tanh² {x}"),
        WrongLocal(_ITSELF, N_("tanh is taken for its own derivative"), lambda out, x: out,
                   "tanh {x}"),
        WrongLocal("input-for-output", N_("1 − x² is taken for 1 − tanh² x"),
                   lambda out, x: 1 - x * x, "(1 − {x}²)"),
        WrongLocal("as-sigmoid", N_("tanh is treated as σ: tanh · (1 − tanh)"),
                   lambda out, x: out * (1 - out), "tanh {x} · (1 − tanh {x})"),
    ),
    "sigmoid": (
        WrongLocal("factor-forgotten", N_("the factor 1 − σ is forgotten"), lambda out, x: out,
                   "σ({x})"),
        WrongLocal("output-forgotten", N_("the factor σ is forgotten"), lambda out, x: 1 - out,
                   "(1 − σ({x}))"),
        WrongLocal("input-for-output", N_("x · (1 − x) is taken for σ · (1 − σ)"),
                   lambda out, x: x * (1 - x), "{x}·(1 − {x})"),
        WrongLocal("as-tanh", N_("σ is treated as tanh: 1 − σ²"), lambda out, x: 1 - out * out,
                   "(1 − σ({x})²)"),
        WrongLocal("sign-inside", N_("a plus stands in σ · (1 + σ)"),
                   lambda out, x: out * (1 + out)),
        WrongLocal("exp-of-minus", N_("only the exp(−x) inside is differentiated"),
                   lambda out, x: -np.exp(-x)),
    ),
    "softplus": (
        WrongLocal(_ITSELF, N_("it is taken for its own derivative"), lambda out, x: out, "{out}"),
        WrongLocal("as-exp", N_("the log is left out, and exp(x) is differentiated"),
                   lambda out, x: np.exp(x), "exp({x})"),
    ),
    "relu": _MASKED,
    "clip": (
        WrongLocal(_MASK, N_("the gate is taken to be open everywhere"),
                   lambda out, x, **_: 1.0, "1"),
        WrongLocal("always-shut", N_("the gate is taken to be shut"),
                   lambda out, x, **_: 0.0, "0"),
    ),
    "leaky_relu": _SLOPED,
    "vrelu": _SLOPED,
    "prelu": _SLOPED,
    "elu": _SLOPED,
    "abs": (
        WrongLocal("sign-ignored", N_("the sign of x is left out"), lambda out, x: 1.0, "1"),
        WrongLocal("output-value", N_("|x| is multiplied in"), lambda out, x: out, "|{x}|"),
    ),
    "maximum": _MOST,
    "minimum": _MOST,
    "where": (
        WrongLocal(_BOTH, N_("the gradient is sent to both inputs"), lambda out, c, x, y: 1.0,
                   "1", 1),
        WrongLocal(_BOTH, N_("the gradient is sent to both inputs"), lambda out, c, x, y: 1.0,
                   "1", 2),
        WrongLocal(_LOSER, N_("the gradient is sent to the input that was not chosen"),
                   lambda out, c, x, y: np.where(c, 0.0, 1.0), "(0 if chosen)", 1),
        WrongLocal(_LOSER, N_("the gradient is sent to the input that was not chosen"),
                   lambda out, c, x, y: np.where(c, 1.0, 0.0), "(0 if chosen)", 2),
    ),
}  # fmt: skip


def wrong_locals(gate: str, position: int) -> Iterator[WrongLocal]:
    """The rows for one input of a gate.

    >>> [row.name for row in wrong_locals("recip", 0)][:2]
    ['minus-forgotten', 'square-forgotten']
    """
    for row in WRONG_LOCAL.get(gate, ()):
        if row.position in (None, position):
            yield row
