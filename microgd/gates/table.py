"""The table of gates: every gate by its name. Adding a gate is adding one row.

The parser, the trace, the pictures and the gradient check all read this table.
"""

from __future__ import annotations

import copyreg
import difflib
import keyword
import unicodedata
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from microgd.errors import GateError
from microgd.gates import (
    activation,
    arithmetic,
    exponential,
    indexing,
    linear,
    movement,
    powers,
    random,
    reduction,
    selection,
)
from microgd.graph.gate import Gate


def _families(modules: tuple[ModuleType, ...]) -> dict[str, dict[str, Gate]]:
    """Each module's own gates. A gate belongs to the first module that has it."""
    seen: set[str] = set()
    families = {}
    for module in modules:
        rows = [g for g in vars(module).values() if isinstance(g, Gate) and g.name not in seen]
        seen.update(g.name for g in rows)
        families[module.__name__.rpartition(".")[2]] = {g.name: g for g in rows}
    return families


#: The table by family, each module after those it imports; `custom` holds what users register.
FAMILIES = _families(
    (
        selection,
        arithmetic,
        exponential,
        powers,
        indexing,
        movement,
        reduction,
        activation,
        random,
        linear,
    )
) | {"custom": {}}

#: The whole table, by name.
TABLE: dict[str, Gate] = {name: g for rows in FAMILIES.values() for name, g in rows.items()}


#: Names that expressions read as something else than a gate: numbers, other names of gates, xᵀ.
MEANT_OTHERWISE = frozenset({"pi", "π", "e", "inf", "nan", "ln", "σ", "absolute", "power", "T"})


def register(gate: Gate) -> Gate:
    """Add a gate of your own to the table; from then on everything knows it. Returns the gate.

    >>> import microgd as mg, numpy as np
    >>> cube = mg.register(mg.Gate("cube", ("x",), lambda x: x**3,
    ...     (lambda g, out, x: g * (3 * x * x),), formula="x³", local=("3x²",), sign="x³"))
    >>> mg.circuit("cube(x) + 1", x=2.0).output.data
    9.0
    >>> mg.unregister("cube")

    Raises:
        GateError: a name, an input or an operator that is taken or cannot be read, or rules that
            do not match the inputs.
    """
    _check_name(gate)
    _check_row(gate)
    FAMILIES["custom"][gate.name] = gate
    TABLE[gate.name] = gate
    return gate


def _check_name(gate: Gate) -> None:
    name = gate.name
    if not _is_word(name):
        raise GateError(
            f"a gate's name must be an identifier that is no word of Python's, got {name!r}"
        )
    if name in TABLE:
        raise GateError(f"there is a gate {name!r} already; choose another name")
    if name in MEANT_OTHERWISE:
        raise GateError(f"{name!r} means something else in expressions; choose another name")


def _is_word(name: Any) -> bool:
    """An identifier as Python reads it: no keyword, and in the normal form NFKC."""
    return (
        isinstance(name, str)
        and name.isidentifier()
        and not keyword.iskeyword(name)
        and unicodedata.normalize("NFKC", name) == name
    )


def _check_row(gate: Gate) -> None:
    name, inputs = gate.name, gate.inputs
    if not inputs or type(inputs) is not tuple:
        raise GateError(
            f"gate {name!r} names no inputs: give a tuple of names, inputs=('x',) or so"
        )
    names = [*(n.removeprefix("*") for n in inputs), *gate.params]
    wrong = [n for n in names if not _is_word(n)] or [n for n in names if names.count(n) > 1]
    if wrong:
        raise GateError(
            f"gate {name!r} cannot name an input or parameter {wrong[0]!r}: each needs an "
            "identifier of its own"
        )
    if any(n.startswith("*") for n in inputs) and len(inputs) > 1:
        raise GateError(f"gate {name!r}: an input that takes any number stands alone")
    rules = gate.backward if isinstance(gate.backward, tuple) else ()
    if rules and (gate.variadic or len(rules) != len(inputs)):
        raise GateError(
            f"gate {name!r} has {len(rules)} backward rules for the inputs "
            f"{', '.join(inputs)}; give one for each (None: no gradient), or one function "
            "that takes the position first where there is any number of inputs"
        )
    for other in list(TABLE.values()):
        if gate.infix and (gate.infix, len(inputs)) == (other.infix, len(other.inputs)):
            raise GateError(f"the operator {gate.infix!r} means gate {other.name!r} already")


def unregister(name: str) -> None:
    """Take a gate of your own out of the table again."""
    if FAMILIES["custom"].pop(name, None) is None:
        raise GateError(f"no gate {name!r} was registered")
    del TABLE[name]


def find(name: str) -> Gate:
    """The gate of that name, or a GateError that offers the nearest names."""
    gate = TABLE.get(name)
    if gate is None:
        raise GateError(f"there is no gate {name!r}.{did_you_mean(name, TABLE)}")
    return gate


def _by_name(gate: Gate) -> tuple[Callable[[str], Gate], tuple[str]]:
    """A gate is pickled as its name, which must therefore lead back to it."""
    if TABLE.get(gate.name) is not gate:
        raise GateError(
            f"gate {gate.name!r} is not the one of that name in the table: only gates of the table "
            "can be pickled (mg.register puts one there)"
        )
    return find, (gate.name,)


copyreg.pickle(Gate, _by_name)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` Did you mean 'sigmoid'?`, or nothing where no known name is near."""
    near = difflib.get_close_matches(str(word), list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""
