"""Sentences: each event in words that carry its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from microgd.graph.node import Node
from microgd.graph.values import Value, shape_of
from microgd.trace.events import Event
from microgd.trace.formula import formula
from microgd.trace.labels import sign_of
from microgd.trace.numbers import (
    WRITTEN_OUT,
    format_number,
    format_shape,
    format_value,
    is_number,
    read_number,
    short_number,
)
from microgd.trace.rules import rule_text
from microgd.trace.words import action, blocked, operation, spoken, verb
from microgd.translation import _, language, ngettext, speaking

Labels = Mapping[Node, str]


class Voice:
    """Puts the events of one trace into words; `nodes[3]` is the node `n3`.

    It speaks the language that was spoken when the trace was told, whenever it is asked.
    """

    def __init__(self, nodes: Sequence[Node], label: Labels, digits: int) -> None:
        self.nodes = nodes
        self.label = label
        self.digits = digits
        self.lang = language()

    def say(self, event: Event) -> str:
        """The event's sentence; a seed has its own from the start."""
        if language() == self.lang:
            return self._said(event)
        with speaking(self.lang):
            return self._said(event)

    def _said(self, event: Event) -> str:
        node, value, digits = self.nodes[int(event.node[1:])], event.value, self.digits
        if event.kind == "forward":
            return forward_sentence(node, self.label, digits)
        assert value is not None
        if event.kind == "branch":
            return branch_sentence(event.parts, value, digits)
        if event.kind == "broadcast":
            return broadcast_sentence(event.parts[0], value, event.axes, digits)
        position, upstream = event.position, event.upstream
        assert position is not None
        assert upstream is not None
        return contribution_sentence(
            node, position, self.label, event.local, upstream, value, digits
        )


def forward_sentence(node: Node, label: Labels, digits: int) -> str:
    """`q = x + y = −2 + 5 = 3`."""
    symbols = formula(node, [label[i] for i in node.inputs])
    said = f"{label[node]} = {symbols}"
    if node.value is None:
        if not node.shape:
            return _("{formula}, a scalar").format(formula=said)
        shape = format_shape(node.shape)
        return _("{formula}, of shape {shape}").format(formula=said, shape=shape)
    result = format_value(node.value, digits)
    if any(np.size(i.value) != 1 for i in node.inputs if i.value is not None):
        return f"{said} = {result}"
    numbers = [
        label[i]
        if i.is_constant and i.shape == () and not i.name
        else format_value(i.value, digits)
        for i in node.inputs
    ]
    middle = formula(node, numbers)
    return f"{said} = {result}" if middle in (result, symbols) else f"{said} = {middle} = {result}"


def seed_sentence(label: str, seed: Value, given: bool, digits: int) -> str:
    """`seed: ∂f/∂f = 1`."""
    if given:
        told = _("seed: the upstream gradient of {label} is {value}")
        return told.format(label=label, value=format_value(seed, digits))
    if shape_of(seed):
        told = _("seed: 1 for each element of {label}, as for the gradient of its sum")
        return told.format(label=label)
    return _("seed: ∂{label}/∂{label} = 1").format(label=label)


def contribution_sentence(
    node: Node,
    position: int,
    label: Labels,
    local: Value | None,
    upstream: Value,
    sent: Value,
    digits: int,
) -> str:
    """`× swaps: −4 · 1 = −4`, with the numbers before rounding where rounding shows."""
    sign = spoken(node)
    if node.gate.rule(position) is None:
        return f"{sign} {blocked(node, position)}"
    if local is None:
        one = np.size(upstream) == 1
        g = _inner(format_number(_one(upstream), digits)) if one else _("upstream")
        inputs = [(label[i], i.shape) for i in node.inputs]
        output = (label[node], node.shape)
        done = operation(node.gate.name, node.params or {}, inputs, output, position, g)
        said = f"{sign} {verb(node)}".rstrip()
        return f"{said}: {done} → {format_value(sent, digits)}"
    rule = rule_text(node, position, [label[i] for i in node.inputs])
    said = f"{sign} {action(node, position, local, rule)}"
    if np.size(local) == np.size(upstream) == np.size(sent) == 1:
        return f"{said}: {_product(_one(local), _one(upstream), _one(sent), digits)}"
    result = format_value(sent, digits)
    if 0 < np.size(sent) <= WRITTEN_OUT:
        factor = rule if is_number(rule) else format_value(local, digits)
        return f"{said}: {factor} · {format_value(upstream, digits)} = {result}"
    if node.gate.pattern in ("masks", "routes"):
        return f"{said} → {result}"
    if not rule:
        return _("{gate}: local · upstream → {result}").format(gate=said, result=result)
    told = _("{gate}: {rule} · upstream → {result}")
    return told.format(gate=said, rule=rule, result=result)


def _product(a: float, b: float, c: float, digits: int) -> str:
    shown = [format_number(v, digits) for v in (a, b, c)]
    text = f"{shown[0]} · {_inner(shown[1])} = {shown[2]}"
    return _with_exact(text, _exact_product(a, b, c, digits))


def _exact_product(a: float, b: float, c: float, digits: int) -> str | None:
    shown = [format_number(v, digits) for v in (a, b, c)]
    with np.errstate(all="ignore"):
        product = read_number(shown[0]) * read_number(shown[1])
    if not np.isfinite(product) or format_number(product, digits) == shown[2]:
        return None
    exact = [short_number(v) for v in (a, b, c)]
    return f"{exact[0]} · {_inner(exact[1])} = {exact[2]}"


def _with_exact(told: str, exact: str | None) -> str:
    if exact is None:
        return told
    return _("{step} (before rounding: {exact})").format(step=told, exact=exact)


def exact_numbers(event: Event, digits: int) -> str | None:
    """A contribution's or a branch's numbers before rounding, where what is shown misses by it."""
    if event.value is None or np.size(event.value) != 1:
        return None
    if event.kind == "branch":
        return _exact_sum(event.parts, event.value, digits)
    local, upstream = event.local, event.upstream
    if event.kind != "contribution" or local is None or upstream is None:
        return None
    if not np.size(local) == np.size(upstream) == 1:
        return None
    return _exact_product(_one(local), _one(upstream), _one(event.value), digits)


def _one(value: Value) -> float:
    return float(np.asarray(value).item())


def _inner(number: str) -> str:
    return f"({number})" if number.startswith("−") else number


def broadcast_sentence(sent: Value, target: Value, axes: tuple[int, ...], digits: int) -> str:
    """`broadcast: 3×4 summed over axis 0 → [4], norm 2.00`."""
    if len(axes) == 1:
        told = _("broadcast: {shape} summed over axis {axes} → {result}")
    else:
        told = _("broadcast: {shape} summed over axes {axes} → {result}")
    return told.format(
        shape=format_shape(shape_of(sent)),
        axes=", ".join(map(str, axes)),
        result=format_value(target, digits),
    )


def branch_sentence(parts: Sequence[Value], total: Value, digits: int) -> str:
    """`branch: −4 + 1 = −3`, with the numbers before rounding where rounding shows."""
    result = format_value(total, digits)
    if len(parts) > WRITTEN_OUT or np.size(total) > WRITTEN_OUT or not np.size(total):
        told = ngettext(
            "branch: {n} gradient adds up to {result}",
            "branch: {n} gradients add up to {result}",
            len(parts),
        )
        return told.format(n=len(parts), result=result)
    added = f"{_sum([format_value(p, digits) for p in parts])} = {result}"
    text = _("branch: {sum}").format(sum=added)
    return _with_exact(text, _exact_sum(parts, total, digits) if np.size(total) == 1 else None)


def _exact_sum(parts: Sequence[Value], total: Value, digits: int) -> str | None:
    if len(parts) > WRITTEN_OUT:
        return None
    numbers = [_one(p) for p in parts]
    with np.errstate(all="ignore"):
        shown = float(np.sum([read_number(format_number(n, digits)) for n in numbers]))
    if not np.isfinite(shown) or format_number(shown, digits) == format_number(_one(total), digits):
        return None
    return f"{_sum([short_number(n) for n in numbers])} = {short_number(_one(total))}"


def _sum(shown: Sequence[str]) -> str:
    return shown[0] + "".join(f" + {_inner(s)}" for s in shown[1:])


def tie_sentence(node: Node) -> str | None:
    """What to say where a convention decided the gradient; None where none did."""
    gate = node.gate
    if gate.tie is None or gate.pattern == "blocks" or any(i.value is None for i in node.inputs):
        return None
    with np.errstate(all="ignore"):
        where = np.asarray(gate.tie(*(i.value for i in node.inputs), **(node.params or {})))
    count = int(where.sum())
    if not count:
        return None
    if gate.pattern == "routes" and gate.name != "abs":
        what = _("tie: equal inputs share the gradient equally")
    else:
        told = _("at the kink of {sign}: the gradient there is a convention")
        what = told.format(sign=sign_of(node))
    if where.size == 1:
        return what
    told = ngettext("{what} ({n} of {size} element)", "{what} ({n} of {size} elements)", where.size)
    return told.format(what=what, n=count, size=where.size)
