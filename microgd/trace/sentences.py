"""Sentences: each event in words that carry its numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from microgd.graph.node import Node
from microgd.graph.row import GateRow
from microgd.graph.values import Value, shape_of
from microgd.trace.numbers import format_number, format_shape, format_value, short_number

_INFIX = {"add": "+", "sub": "−", "mul": "·", "div": "/", "matmul": "@", "pow": "**"}


def formula(node: Node, names: Sequence[str]) -> str:
    """The gate applied to these names: `x + y`, `exp(q)`, `sum(x, axis=0)`."""
    gate = node.gate
    wrapped = [f"({n})" if n.startswith("−") and i else n for i, n in enumerate(names)]
    if gate.name in _INFIX:
        left = f"({names[0]})" if gate.name == "pow" and names[0].startswith("−") else names[0]
        return f"{left} {_INFIX[gate.name]} {wrapped[1]}"
    if gate.name == "neg":
        return f"−({names[0]})" if names[0].startswith("−") else f"−{names[0]}"
    if gate.name == "recip":
        return f"1 / ({names[0]})" if names[0].startswith("−") else f"1 / {names[0]}"
    options = [
        f"{k}={v}"
        for k, v in (node.params or {}).items()
        if k not in gate.params or gate.params[k] is ... or gate.params[k] != v
    ]
    return f"{gate.name}({', '.join([*names, *options])})"


def forward_sentence(node: Node, label: Mapping[Node, str], digits: int) -> str:
    """`q = x + y = −2 + 5 = 3`."""
    names = [label[i] for i in node.inputs]
    symbols = f"{label[node]} = {formula(node, names)}"
    if node.value is None:
        return f"{symbols}, of shape {format_shape(node.shape)}"
    result = format_value(node.value, digits)
    if any(np.size(i.value) > 1 for i in node.inputs if i.value is not None):
        return f"{symbols} = {result}"
    numbers = [
        label[i] if i.is_constant and not i.name else format_value(i.value, digits)
        for i in node.inputs
    ]
    middle = formula(node, numbers)
    return f"{symbols} = {result}" if middle == result else f"{symbols} = {middle} = {result}"


def seed_sentence(label: str, seed: Value, given: bool, digits: int) -> str:
    """`seed: ∂f/∂f = 1`."""
    if given:
        return f"seed: the upstream gradient of {label} is {format_value(seed, digits)}"
    if shape_of(seed):
        return f"seed: 1 for each element of {label}, as for the gradient of its sum"
    return f"seed: ∂{label}/∂{label} = 1"


def rule_text(gate: GateRow, position: int, names: Sequence[str]) -> str:
    """The local derivative in symbols, with the circuit's labels for the gate's inputs."""
    texts = gate.local
    if not texts:
        return ""
    text = texts[position if position < len(texts) else -1]
    if gate.variadic:
        return text
    swap = dict(zip(gate.inputs, names, strict=True))
    pattern = "|".join(re.escape(n) for n in sorted(swap, key=len, reverse=True))
    return re.sub(rf"(?<![A-Za-z_])({pattern})(?![A-Za-z_])", lambda m: swap[m[1]], text)


def contribution_sentence(
    gate: GateRow, sign: str, local: Value | None, upstream: Value, sent: Value, digits: int
) -> str:
    """`× swaps: −4 · 1 = −4`, with the numbers before rounding where rounding shows."""
    head = f"{sign} {gate.badge or gate.pattern}"
    if gate.pattern == "blocks":
        return f"{sign} blocks: it is flat on both sides, so no gradient passes"
    if local is None or np.size(local) != 1 or np.size(upstream) != 1 or np.size(sent) != 1:
        arrived = (
            "" if np.size(upstream) > 1 else f" from upstream {format_value(upstream, digits)}"
        )
        return f"{head}: {format_value(sent, digits)}{arrived}"
    a, b, c = (float(np.asarray(v).item()) for v in (local, upstream, sent))
    shown = [format_number(v, digits) for v in (a, b, c)]
    if a == 0.0 and gate.pattern in ("routes", "masks"):
        head += " it away" if gate.pattern == "routes" else ", shut"
    text = f"{head}: {shown[0]} · {_inner(shown[1])} = {shown[2]}"
    if _rounding_shows(shown, digits):
        exact = [short_number(v) for v in (a, b, c)]
        text += f" (before rounding: {exact[0]} · {_inner(exact[1])} = {exact[2]})"
    return text


def _inner(number: str) -> str:
    return f"({number})" if number.startswith("−") else number


def _rounding_shows(shown: Sequence[str], digits: int) -> bool:
    """Whether the numbers as shown do not multiply to the product as shown."""
    try:
        a, b, c = (float(s.replace("−", "-")) for s in shown)
    except ValueError:
        return False
    with np.errstate(all="ignore"):
        product = a * b
    return bool(np.isfinite(product)) and format_number(product, digits) != format_number(c, digits)


def broadcast_sentence(sent: Value, target: Value, axes: tuple[int, ...], digits: int) -> str:
    """`broadcast: 3×4 summed over axis 0 → [4]`."""
    which = f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes))}"
    result = format_value(target, digits)
    return f"broadcast: {format_shape(shape_of(sent))} summed over {which} → {result}"


def branch_sentence(parts: Sequence[Value], total: Value, digits: int) -> str:
    """`branch: −4 + 1 = −3`."""
    if np.size(total) > 1:
        return f"branch: {len(parts)} gradients add up to {format_value(total, digits)}"
    shown = [format_value(p, digits) for p in parts]
    added = shown[0] + "".join(f" + {_inner(s)}" for s in shown[1:])
    return f"branch: {added} = {format_value(total, digits)}"


def tie_sentence(node: Node, digits: int) -> str | None:
    """What to say where a convention decided the gradient; None where none did."""
    gate = node.gate
    if gate.tie is None or any(i.value is None for i in node.inputs):
        return None
    with np.errstate(all="ignore"):
        where = np.asarray(gate.tie(*(i.value for i in node.inputs), **(node.params or {})))
    count = int(where.sum())
    if not count:
        return None
    if gate.pattern == "routes" and gate.name != "abs":
        what = "tie: equal inputs share the gradient equally"
    else:
        what = "at the kink: the gradient there is a convention"
    return what if where.size == 1 else f"{what} ({count} of {where.size} elements)"
