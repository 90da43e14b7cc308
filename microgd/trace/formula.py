"""Formulas: a gate applied to labels or numbers, as written by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from microgd.graph.node import Node
from microgd.graph.row import GateRow
from microgd.trace.labels import folded_constants, raised

_INFIX = {
    "add": "+",
    "sub": "−",
    "mul": "·",
    "div": "/",
    "matmul": "@",
    "pow": "**",
    "greater": ">",
    "less": "<",
    "greater_equal": "≥",
    "less_equal": "≤",
    "equal": "==",
    "not_equal": "≠",
}


def formula(node: Node, names: Sequence[str]) -> str:
    """The gate applied to these names.

    >>> import microgd as mg
    >>> x = mg.Tensor([1.0, 2.0])
    >>> formula(x + x, ["x", "−3"]), formula(x**2, ["−3", "2"]), formula(x[0], ["x"])
    ('x + (−3)', '(−3)²', 'x[0]')
    >>> formula(mg.sum(x, axis=0), ["x"])
    'sum(x, axis=0)'
    """
    return written(node.gate, node.params or {}, folded_constants(node), names)


def written(
    gate: GateRow, params: Mapping[str, Any], folded: Sequence[int], names: Sequence[str]
) -> str:
    """The same for a gate, its parameters, and the places of the constants that its sign carries.

    >>> import microgd as mg
    >>> written(mg.TABLE["pow"], {}, (1,), ["q", "2"])
    'q²'
    """
    first = f"({names[0]})" if names[0].startswith("−") else names[0]
    if gate.name in _INFIX:
        second = f"({names[1]})" if names[1].startswith("−") else names[1]
        if gate.name != "pow":
            return f"{names[0]} {_INFIX[gate.name]} {second}"
        return raised(first, names[1]) if 1 in folded else f"{first} ** {second}"
    match gate.name:
        case "neg":
            return f"−{first}"
        case "recip":
            return f"1 / {first}"
        case "abs":
            return f"|{names[0]}|"
        case "square":
            return f"{first}²"
        case "index":
            return f"{first}[{key_text(params['key'])}]"
        case "transpose" if params["axes"] is None:
            return f"{first}ᵀ"
    options = [
        f"{k}={v}"
        for k, v in params.items()
        if k not in gate.params or gate.params[k] is ... or gate.params[k] != v
    ]
    name = {"maximum": "max", "minimum": "min"}.get(gate.name, gate.name)
    return f"{name}({', '.join([*names, *options])})"


def key_text(key: Any) -> str:
    """An index as Python writes it between the brackets.

    >>> key_text((0, slice(1, None), Ellipsis, None))
    '0, 1:, ..., None'
    """
    if isinstance(key, tuple):
        return ", ".join(map(key_text, key)) if key else "()"
    if isinstance(key, slice):
        ends = ["" if end is None else str(end) for end in (key.start, key.stop, key.step)]
        return ":".join(ends if key.step is not None else ends[:2])
    return "..." if key is Ellipsis else str(key)
