"""One update of an optimizer as a circuit of gates, for a slide.

It is the step as recorded, without what a reader does not look for: numbers that depend on the
options and on t alone are one number, and of two branches only the one that was taken is left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from microgd.errors import ArgumentError
from microgd.gates.table import did_you_mean
from microgd.graph.node import Node, leaf
from microgd.graph.order import topological_order
from microgd.graph.rewrite import rebuild
from microgd.graph.row import CONSTANT, INPUT
from microgd.lab.xray import OLD, Record, XRay
from microgd.tensor import Tensor

if TYPE_CHECKING:
    from microgd.draw.drawing import Drawing

#: What a state counts, which is no part of a parameter's circuit.
COUNTS = tuple(OLD + name for name in ("t", "steps", "p", "loss"))

#: What formulas call the slots that have longer names.
LETTERS = {"highest": "v⁺", "before": "g", "step": "s", "moved": "Δ"}

_LOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def update_circuit(xray: XRay, t: int | None = None, name: str | None = None) -> Tensor:
    """The new θ of one step, on inputs θ, g, γ and what the optimizer remembers.

    Arguments:
        t: which step; by default the second, in which the state is no longer 0, or of Lookahead
            the first that goes back.
        name: which parameter; by default the first.

    Raises:
        ArgumentError: there is no such step or parameter.

    >>> from microgd.lab.xray import xray
    >>> update_circuit(xray("momentum", lr=0.1), t=1).name
    'x₁'
    """
    t = usual_step(xray) if t is None else t
    if not 1 <= t <= xray.steps:
        raise ArgumentError(f"there is no step {t}: the steps are 1 to {xray.steps}")
    record = xray.records[t - 1]
    name = next(iter(record.params)) if name is None else name
    if name not in record.params:
        known = list(record.params)
        raise ArgumentError(
            f"there is no parameter {name!r}.{did_you_mean(name, known)} "
            f"There are: {', '.join(known)}"
        )
    return _circuit(record, name)


def usual_step(xray: XRay) -> int:
    """The step that shows most."""
    most: int = getattr(xray.rule, "k", 2) + bool(getattr(xray.rule, "fitted", False))
    return min(most, xray.steps)


def draw_update(
    xray: XRay, t: int | None = None, name: str | None = None, **options: Any
) -> Drawing:
    """The picture of one update; options as in `mg.draw`. Gradients are left out unless asked for.

    Raises:
        ArgumentError: as `update_circuit`. DrawingError: as `mg.draw`.
    """
    from microgd.draw.drawing import draw

    return draw(update_circuit(xray, t, name), **{"gradients": False, "digits": 4, **options})


def _circuit(record: Record, name: str) -> Tensor:
    output = record.found[name]
    if not isinstance(output, Node):
        output = Tensor(output)
    before, after = _index(record.t - 1), _index(record.t)
    theta = (name, name + "′") if name[-1:].isdigit() else (name + before, name + after)
    order = topological_order([output])
    known = _known(order)
    fresh: dict[Node, Node] = {}
    for node in order:
        if node in known:
            fresh[node] = leaf(Tensor, INPUT if node.name else CONSTANT, node.value, node.name)
        elif node.is_leaf:
            text = str(node.name)
            if node is record.params[name]:
                text = theta[0]
            elif text.startswith(OLD):
                slot = text.removeprefix(OLD)
                text = slot if slot == "start" else LETTERS.get(slot, slot) + before
            fresh[node] = leaf(Tensor, INPUT, node.value, text)
    new = rebuild([output], fresh, _simpler)[output]
    assert isinstance(new, Tensor)
    if new.is_leaf:  # Frozen: nothing happens, which a picture has to show
        new = new + 0.0
    new.name = theta[1]
    if new.gate.name == "sub" and new.inputs[0].name == theta[0]:
        taken = new.inputs[1]
        taken.name = taken.name or "Δ"
    return new


def _index(t: int) -> str:
    return str(t).translate(_LOW)


def _known(order: list[Any]) -> set[Node]:
    """Gates and leaves that follow from the options and from t alone."""
    known: set[Node] = set()
    for node in order:
        if node.inputs:
            if all(x in known for x in node.inputs):
                known.add(node)
        elif node.is_constant or node.name in COUNTS:
            known.add(node)
    return known


def _simpler(node: Node, inputs: tuple[Any, ...]) -> Any:
    """The branch that was taken; nothing for a factor of 1, or a term of 0."""
    gate = node.gate.name
    if gate == "sum" and inputs[0].shape == ():
        return inputs[0]
    if gate == "where" and inputs[0].is_constant:
        return inputs[1] if np.all(inputs[0].value) else inputs[2]
    if gate not in ("mul", "div", "add", "sub"):
        return None
    nothing = 1.0 if gate in ("mul", "div") else 0.0
    for one, other in (inputs, inputs[::-1]) if gate in ("mul", "add") else (inputs,):
        if other.is_constant and node.shape == one.shape and np.all(other.value == nothing):
            return one
    return None
