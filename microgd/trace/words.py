"""Words: what a gate does to its upstream gradient. A gate not named here speaks by its pattern."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from microgd.graph.node import Node
from microgd.graph.shapes import element_count
from microgd.graph.values import Value
from microgd.trace.formula import key_text
from microgd.trace.labels import folded_constants, sign_of
from microgd.trace.numbers import format_shape

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
    return gate.badge if plain else "" if gate.pattern == "scales" else gate.pattern


def action(node: Node, position: int, local: Value, rule: str) -> str:
    """What an elementwise gate does to one input's gradient: `swaps`, `routes`, `is shut`."""
    gate = node.gate
    constant = bool(folded_constants(node))
    if rule == "−1":
        return "flips"
    if gate.badge.startswith("×") and gate.pattern == "routes":
        return f"scales by {rule}"
    match gate.pattern:
        case "distributes":
            return "passes" if constant or gate.name == "identity" else "distributes"
        case "swaps":
            return "scales" if constant else "swaps"
        case "masks":
            return _masks(local)
        case "routes":
            return _routes(local, "constant" if constant else "other input")
        case "scales":
            return f"scales by {rule}" if rule else "scales"
    return verb(node)


def _masks(local: Value) -> str:
    array = np.asarray(local)
    if not np.isin(array, (0.0, 1.0)).all():
        return "scales"
    passed = int(np.count_nonzero(array))
    if array.size == 1:
        return "passes" if passed else "is shut"
    return f"passes {passed} of {array.size} elements"


def _routes(local: Value, other: str) -> str:
    array = np.asarray(local)
    if array.size != 1:
        return f"routes {np.count_nonzero(array)} of {array.size} elements here"
    here = float(array.item())
    return "routes" if here == 1.0 else "shares a tie" if here else f"routes it to the {other}"


def blocked(node: Node, position: int) -> str:
    """Why no gradient passes to this input."""
    gate = node.gate
    if gate.name == "random_uniform":
        return "blocks: what is drawn does not depend on it, so no gradient passes"
    if gate.pattern == "blocks":
        return "blocks: it is flat on both sides, so no gradient passes"
    name = gate.inputs[min(position, len(gate.inputs) - 1)]
    return f"sends no gradient to its {name}"


def operation(node: Node, position: int, label: Mapping[Node, str], g: str) -> str:
    """What a gate that is not elementwise does with its upstream gradient `g`, in symbols."""
    x, out = label[node.inputs[position]], label[node]
    params = node.params or {}
    shape = node.inputs[position].shape
    each = element_count(shape) // max(1, element_count(node.shape))
    match node.gate.name:
        case "sum" | "sum_to":
            return f"{g} to each of {each} elements"
        case "mean":
            return f"{g} / {each}"
        case "max" | "min":
            which = "largest" if node.gate.name == "max" else "smallest"
            return f"{g} to the {which}"
        case "var":
            return f"{g} · 2({x} − mean)/{each - params['ddof']}"
        case "logsumexp":
            return f"{g} · softmax({x})"
        case "softmax":
            return f"{out} · ({g} − Σ {g} · {out})"
        case "log_softmax":
            return f"{g} − exp({out}) · Σ {g}"
        case "matmul":
            return _product_back(node, position, label, g)
        case "reshape":
            return f"{g} back in shape {format_shape(shape)}"
        case "transpose":
            return f"{g}ᵀ" if params["axes"] is None else f"{g}, its axes put back"
        case "broadcast_to":
            return f"the copies' {g} added up"
        case "index":
            return f"{g} to [{key_text(params['key'])}], 0 elsewhere"
        case "place":
            return f"{g} from [{key_text(params['key'])}]"
        case "take":
            return f"{g} added where it was taken from, 0 elsewhere"
        case "scatter_add":
            return f"{g} from where it was added"
        case "concatenate" | "stack":
            return f"its own piece of {g}"
    return g


def _product_back(node: Node, position: int, label: Mapping[Node, str], g: str) -> str:
    """g @ yᵀ and xᵀ @ g, with ⊗ for the outer product that a vector makes of it."""
    x, y = node.inputs
    if position == 1 and len(y.shape) == 1 < len(x.shape):
        return f"{label[x]}ᵀ @ {g}"
    if position == 0:
        if len(y.shape) == 1:
            return f"{g} ⊗ {label[y]}" if len(x.shape) > 1 else f"{g} · {label[y]}"
        return f"{g} @ {label[y]}ᵀ"
    if len(x.shape) == 1:
        return f"{label[x]} ⊗ {g}" if len(y.shape) > 1 else f"{g} · {label[x]}"
    return f"{label[x]}ᵀ @ {g}"
