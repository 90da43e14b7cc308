"""The table of gates: every gate by its name. Adding a gate is adding one row.

The parser, the trace, the pictures and the gradient check all read this table.
"""

from __future__ import annotations

import copyreg
import difflib
from collections.abc import Callable, Iterable
from types import ModuleType

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


def register(gate: Gate) -> Gate:
    """Add a gate of your own to the table; from then on everything knows it. Returns the gate.

    >>> import microgd as mg, numpy as np
    >>> cube = mg.register(mg.Gate("cube", ("x",), lambda x: x**3,
    ...     (lambda g, out, x: g * (3 * x * x),), formula="x³", local=("3x²",), sign="x³"))
    >>> mg.circuit("cube(x) + 1", x=2.0).output.data
    9.0
    >>> mg.unregister("cube")

    Raises:
        GateError: a name that is taken or no identifier, or rules that do not match the inputs.
    """
    if not gate.name.isidentifier():
        raise GateError(f"a gate's name must be an identifier, got {gate.name!r}")
    if gate.name in TABLE:
        raise GateError(f"there is a gate {gate.name!r} already; choose another name")
    if not gate.inputs:
        raise GateError(f"gate {gate.name!r} names no inputs; give inputs=('x',) or so")
    rules = gate.backward if isinstance(gate.backward, tuple) else ()
    if rules and (gate.variadic or len(rules) != len(gate.inputs)):
        raise GateError(
            f"gate {gate.name!r} has {len(rules)} backward rules for the inputs "
            f"{', '.join(gate.inputs)}; give one for each (None: no gradient), or one function "
            "that takes the position first where there is any number of inputs"
        )
    FAMILIES["custom"][gate.name] = gate
    TABLE[gate.name] = gate
    return gate


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
    return find, (gate.name,)


copyreg.pickle(Gate, _by_name)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` Did you mean 'sigmoid'?`, or nothing where no known name is near."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""
