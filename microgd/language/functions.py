"""Functions: what the language calls the gates. Every gate of the table is one, by its name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from microgd.gates.table import TABLE, did_you_mean
from microgd.graph.gate import Gate
from microgd.language.tokens import ROOT

#: The operators between two values.
SIGNS = ("+", "-", "*", "/", "**", "@", "<", ">", "<=", ">=", "==", "!=")

#: Other names of gates.
ALIASES = {"ln": "log", "σ": "sigmoid", ROOT: "sqrt", "absolute": "abs", "power": "pow"}

#: Reductions that compare their arguments instead, when given several: `max(a, b)`.
COMPARING = {"max": "maximum", "min": "minimum"}

#: The numbers with names. A binding or an assignment may use `e`, `pi` and `π` otherwise.
NUMBERS = {"pi": math.pi, "π": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan}

#: Names that always mean their number.
RESERVED = ("inf", "nan")


def operators() -> dict[str, Gate]:
    """The gate of each sign between two values."""
    found: dict[str, Gate] = {}
    for gate in list(TABLE.values()):  # another thread may register one meanwhile
        if gate.infix in SIGNS and len(gate.inputs) == 2 and not gate.params:
            found.setdefault(gate.infix, gate)
    return found


def gate_named(name: str) -> Gate | None:
    """The gate that `name(…)` means."""
    return TABLE.get(name) or TABLE.get(ALIASES.get(name, ""))


#: What to write for functions that other libraries have.
INSTEAD = {
    "cross_entropy": "-log_softmax(s)[y], for the scores s and the number y of the right class",
    "mse": "mean((p - y)**2)",
    "mae": "mean(abs(p - y))",
    "binary_cross_entropy": "-(y*log(p) + (1 - y)*log(1 - p))",
    "hinge": "max(0, 1 - y*s)",
    "norm": "sqrt(sum(x**2))",
    "dot": "x @ y",
    "avg": "mean(x)",
    "std": "sqrt(var(x))",
    "tan": "sin(x)/cos(x)",
    "sinh": "(exp(x) - exp(-x))/2",
    "cosh": "(exp(x) + exp(-x))/2",
    "log2": "log(x)/log(2)",
    "log10": "log(x)/log(10)",
    "exp2": "2**x",
    "cbrt": "x**(1/3)",
    "prod": "exp(sum(log(x))), for positive x",
    "hypot": "sqrt(x**2 + y**2)",
    "swish": "x*sigmoid(x)",
    "gelu": "x*sigmoid(1.702*x), nearly",
    "logical_or": "max(a, b)",
    "logical_not": "1 - a",
    "flatten": "reshape(x, -1)",
    "argmax": "x == max(x), which is 1 at the largest",
}
#: Their other names.
_SAME = {
    "softmax_cross_entropy": "cross_entropy",
    "crossentropy": "cross_entropy",
    "cross_entropy_loss": "cross_entropy",
    "nll_loss": "cross_entropy",
    "nll": "cross_entropy",
    "mse_loss": "mse",
    "mean_squared_error": "mse",
    "l2_loss": "mse",
    "l1_loss": "mae",
    "bce": "binary_cross_entropy",
    "hinge_loss": "hinge",
    "l2": "norm",
    "inner": "dot",
    "mm": "dot",
    "average": "avg",
    "silu": "swish",
    "product": "prod",
}


def suggestion(name: str) -> str:
    """What to write for a name that is no gate's, or the nearest name that can be called.

    >>> suggestion("tan"), suggestion("sigmoyd")
    (' Write sin(x)/cos(x)', " Did you mean 'sigmoid'?")
    """
    plain = name.lower()
    instead = INSTEAD.get(_SAME.get(plain, plain))
    return f" Write {instead}" if instead else did_you_mean(name, [*TABLE, *ALIASES])


def check_parameter(gate: Gate, name: str, value: Any) -> None:
    """Raise a TypeError where a parameter's kind is not that of its default."""
    default = gate.params[name]
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise TypeError(f"{name} is True or False, got {_shown(value)}")
    elif _is_number(default):
        if not (_is_number(value) or (name == "axis" and isinstance(value, tuple))):
            raise TypeError(f"{name} is a number, got {_shown(value)}")
    elif default is None and (isinstance(value, bool | slice) or value is ...):
        raise TypeError(f"{name} cannot be {_shown(value)}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    return "..." if value is ... else repr(value)


def shared_out(gate: Gate, extra: Sequence[Any], given: Sequence[str]) -> dict[str, Any]:
    """Positional arguments after the inputs, as parameters; `reshape(x, 2, 3)` gives one a tuple.

    Raises:
        TypeError: more arguments than parameters.
    """
    free = [name for name in gate.params if name not in given]
    if len(extra) > 1 and len(gate.params) == 1 and free and not _is_number(gate.params[free[0]]):
        return {free[0]: tuple(extra)}
    if len(extra) > len(free):
        inputs = len(gate.inputs)
        most = f"{inputs} input{'s' * (inputs != 1)}" if not gate.variadic else "inputs in one list"
        raise TypeError(
            f"{gate.signature} takes {most}"
            + (
                f" and {len(gate.params)} parameter{'s' * (len(gate.params) != 1)}"
                if gate.params
                else ""
            )
            + f"; {len(extra) - len(free)} too many given"
        )
    return dict(zip(free, extra, strict=False))
