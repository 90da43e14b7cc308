"""Words: what a gate does to its upstream gradient. A gate not named here speaks by its pattern."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from microgd.graph.node import Node
from microgd.graph.shapes import Shape, element_count
from microgd.graph.values import Value
from microgd.trace.formula import key_text
from microgd.trace.labels import folded_constants, sign_of
from microgd.trace.numbers import format_shape
from microgd.translation import _, ngettext, translated

#: What an input or an output is called, and its shape.
Named = tuple[str, Shape]

#: Gates whose sign cannot be read aloud.
_SPOKEN = {
    "where": "where",
    "index": "index",
    "place": "place",
    "broadcast_to": "broadcast",
    "transpose": "transpose",
    "identity": "identity",
}


def spoken(node: Node) -> str:
    """What a sentence calls the gate: its sign, with a constant it carries, or its name."""
    return _SPOKEN.get(node.gate.name) or sign_of(node)


def verb(node: Node) -> str:
    """What the gate does, in a word; nothing for gates whose formula says it all."""
    gate = node.gate
    plain = re.fullmatch(r"[a-z ]+( \(.*\))?", gate.badge)
    return translated(gate.badge if plain else "" if gate.pattern == "scales" else gate.pattern)


def action(node: Node, position: int, local: Value, rule: str) -> str:
    """What an elementwise gate does to one input's gradient: `swaps`, `routes`, `is shut`."""
    gate = node.gate
    constant = bool(folded_constants(node))
    if rule == "−1":
        return _("flips")
    if gate.badge.startswith("×") and gate.pattern == "routes":
        return _("scales by {rule}").format(rule=rule)
    match gate.pattern:
        case "distributes":
            return _("passes") if constant or gate.name == "identity" else _("distributes")
        case "swaps":
            return _("scales") if constant else _("swaps")
        case "masks":
            return _masks(local)
        case "routes":
            return _routes(local, constant)
        case "scales":
            return _("scales by {rule}").format(rule=rule) if rule else _("scales")
    return verb(node)


def _masks(local: Value) -> str:
    array = np.asarray(local)
    if not np.isin(array, (0.0, 1.0)).all():
        return _("scales")
    passed = int(np.count_nonzero(array))
    if array.size == 1:
        return _("passes") if passed else _("is shut")
    told = ngettext("passes {n} of {size} element", "passes {n} of {size} elements", array.size)
    return told.format(n=passed, size=array.size)


def _routes(local: Value, constant: bool) -> str:
    array = np.asarray(local)
    if array.size != 1:
        told = ngettext(
            "routes {n} of {size} element here", "routes {n} of {size} elements here", array.size
        )
        return told.format(n=np.count_nonzero(array), size=array.size)
    here = float(array.item())
    if here:
        return _("routes") if here == 1.0 else _("shares a tie")
    return _("routes it to the constant") if constant else _("routes it to the other input")


def blocked(node: Node, position: int) -> str:
    """Why no gradient passes to this input."""
    gate = node.gate
    if gate.name == "random_uniform":
        return _("blocks: what is drawn does not depend on it, so no gradient passes")
    if gate.pattern == "blocks":
        return _("blocks: it is flat on both sides, so no gradient passes")
    name = gate.inputs[min(position, len(gate.inputs) - 1)]
    return _("sends no gradient to its {name}").format(name=name)


def operation(
    gate: str,
    params: Mapping[str, Any],
    inputs: Sequence[Named],
    output: Named,
    position: int,
    g: str,
) -> str:
    """What a gate that is not elementwise does with its upstream gradient `g`, in symbols."""
    (x, shape), (out, out_shape) = inputs[position], output
    each = element_count(shape) // max(1, element_count(out_shape))
    match gate:
        case "sum" | "sum_to":
            told = ngettext("{g} to each of {n} elements", "{g} to each of {n} elements", each)
            return told.format(g=g, n=each)
        case "mean":
            return f"{g} / {each}"
        case "max" | "min":
            largest = gate == "max"
            told = _("{g} to the largest") if largest else _("{g} to the smallest")
            return told.format(g=g)
        case "var":
            told = _("{g} · 2({x} − mean)/{n}")
            return told.format(g=g, x=x, n=each - params["ddof"])
        case "logsumexp":
            return f"{g} · softmax({x})"
        case "softmax":
            return f"{out} · ({g} − Σ {g} · {out})"
        case "log_softmax":
            return f"{g} − exp({out}) · Σ {g}"
        case "matmul":
            return _product_back(inputs[0], inputs[1], position, g)
        case "reshape":
            return _("{g} back in shape {shape}").format(g=g, shape=format_shape(shape))
        case "transpose" if params["axes"] is None:
            return f"({g})ᵀ" if {" ", "/"} & set(g) else f"{g}ᵀ"
        case "transpose":
            return _("{g}, its axes put back").format(g=g)
        case "broadcast_to":
            return _("the copies' {g} added up").format(g=g)
        case "index":
            return _("{g} to [{key}], 0 elsewhere").format(g=g, key=key_text(params["key"]))
        case "place":
            return _("{g} from [{key}]").format(g=g, key=key_text(params["key"]))
        case "take":
            return _("{g} added where it was taken from, 0 elsewhere").format(g=g)
        case "scatter_add":
            return _("{g} from where it was added").format(g=g)
        case "concatenate" | "stack":
            return _("its own piece of {g}").format(g=g)
    return g


def _product_back(left: Named, right: Named, position: int, g: str) -> str:
    """g @ yᵀ and xᵀ @ g, with ⊗ for the outer product that a vector makes of it."""
    (x, x_shape), (y, y_shape) = left, right
    if position == 1 and len(y_shape) == 1 < len(x_shape):
        return f"{x}ᵀ @ {g}"
    if position == 0:
        if len(y_shape) == 1:
            return f"{g} ⊗ {y}" if len(x_shape) > 1 else f"{g} · {y}"
        return f"{g} @ {y}ᵀ"
    if len(x_shape) == 1:
        return f"{x} ⊗ {g}" if len(y_shape) > 1 else f"{g} · {x}"
    return f"{x}ᵀ @ {g}"
