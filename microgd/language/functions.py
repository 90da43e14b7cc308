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


def suggestion(name: str) -> str:
    """` Did you mean …?` over everything that can be called."""
    return did_you_mean(name, [*list(TABLE), *ALIASES])


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
