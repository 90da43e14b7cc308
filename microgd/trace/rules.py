"""Rules in symbols: local derivatives with the labels of the circuit in place of x and y."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from microgd.graph.node import Node
from microgd.trace.labels import raised
from microgd.trace.numbers import short_number
from microgd.translation import translated


def rule_text(node: Node, position: int, names: Sequence[str]) -> str:
    """The local derivative for one input of a gate; `names` are the labels of all its inputs.

    >>> import microgd as mg
    >>> x = mg.Tensor(3.0)
    >>> rule_text(x * 4.0, 0, ["q", "4"]), rule_text(x**2, 0, ["q", "2"])
    ('4', '2·q')
    >>> rule_text(mg.exp(x), 0, ["q"]), rule_text(mg.relu(x), 0, ["q"])
    ('e^q', '1 if q > 0')
    """
    gate = node.gate
    if gate.rule(position) is None:
        return "0"
    if not gate.local:
        return ""
    if gate.name == "pow" and position == 0 and node.inputs[1].is_constant:
        return _power_rule(node, names)
    text = translated(gate.local[position if position < len(gate.local) else -1])
    if gate.variadic:
        return text
    parts = _parts(text, gate.inputs)
    if len(parts) == 1 and isinstance(parts[0], int) and parts[0] >= 0:
        return names[parts[0]]
    return "".join([p if isinstance(p, str) else _put(p, names) for p in parts])


@cache
def _parts(text: str, inputs: tuple[str, ...]) -> tuple[str | int, ...]:
    """A rule taken apart: plain text, the places of inputs, and ~place for e to their power.

    >>> _parts("eˣ·y", ("x", "y"))
    (-1, '·', 1)
    """
    letters = "|".join(re.escape(n) for n in sorted(inputs, key=len, reverse=True))
    places: dict[str, str | int] = {n: i for i, n in enumerate(inputs)}
    if "x" in inputs:
        places["eˣ"] = ~inputs.index("x")
    # One pass, so that a label put in is not taken for a letter of the rule.
    pieces = re.split(rf"(eˣ|(?<![A-Za-z_])(?:{letters})(?![A-Za-z_]))", text)
    return tuple([places.get(piece, piece) for piece in pieces if piece])


def _put(place: int, names: Sequence[str]) -> str:
    """The label of an input, or e to its power."""
    if place >= 0:
        return _wrapped(names[place])
    label = _wrapped(names[~place])
    return "eˣ" if label == "x" else f"e^{label}"


def _wrapped(label: str) -> str:
    return f"({label})" if label.startswith("−") else label


def _power_rule(node: Node, names: Sequence[str]) -> str:
    """p·x^(p−1) for a constant p, as written by hand: 2·x, 3·x², −x⁻²."""
    exponent = node.inputs[1]
    if exponent.shape != () or exponent.value is None:
        return f"{names[1]}·{names[0]}^({names[1]}−1)"
    p = float(exponent.value)
    if p in (0.0, 1.0):
        return short_number(p)
    factor = {-1.0: "−"}.get(p, f"{short_number(p)}·")
    base = _wrapped(names[0])
    return factor + (base if p == 2.0 else raised(base, short_number(p - 1.0)))
