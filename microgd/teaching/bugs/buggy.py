"""Bugs: a well-known mistake in a backward pass, run beside the right one.

>>> found = with_bug(None, "dfs-order")
>>> found.differing, found.right.node("a").gradient, found.wrong.node("a").gradient
(('a',), 4.0, 6.0)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from microgd.errors import ArgumentError
from microgd.gates.table import did_you_mean
from microgd.graph.node import Node
from microgd.graph.order import topological_order
from microgd.graph.row import INPUT
from microgd.graph.values import Value, as_value, shape_of, value_from
from microgd.language.circuit import circuit
from microgd.teaching.bugs.descending import Step, descend, update_text, with_update
from microgd.teaching.bugs.listing import BUGS, Bug
from microgd.teaching.bugs.stale import renewed, trace_stale
from microgd.teaching.bugs.wrong_sweeps import depth_first, overwriting, to_all_inputs
from microgd.teaching.bugs.wrong_trace import WrongSweep, trace_wrongly
from microgd.trace.build import output_of, trace
from microgd.trace.lesson import Trace
from microgd.trace.numbers import digits_for, short_number
from microgd.trace.table import Table
from microgd.translation import _, translated

if TYPE_CHECKING:
    from microgd.draw.drawing import Drawing


def bugs() -> tuple[str, ...]:
    """The names of all bugs."""
    return tuple(BUGS)


@dataclass(frozen=True)
class Buggy:
    """A mistake and the right thing side by side.

    Attributes:
        name: of the bug: `overwrite`.
        title: what is wrong, in a few words.
        why: a sentence or two: what it looks like in code, and what comes of it.
        right, wrong: both lessons; of several steps, the last.
        differing: the labels of the inputs, or else of the gates, whose gradients differ.
        note: where it makes no difference here: why not, and where it would.
        steps: both lessons of each step; of most bugs there is one.
        taken, lr: of no-zero-grad: the steps with and without it, and their learning rate.
    """

    name: str
    title: str
    why: str
    right: Trace
    wrong: Trace
    differing: tuple[str, ...]
    note: str = ""
    steps: tuple[tuple[Trace, Trace], ...] = ()
    taken: tuple[tuple[Step, Step], ...] = ()
    lr: float = 0.0

    def __repr__(self) -> str:
        return f"<bug {self.name}: {', '.join(self.differing) or 'no gradient'} differs>"

    @property
    def told(self) -> tuple[str, ...]:
        """What the wrong backward pass does, step by step."""
        traces = [wrong for _, wrong in self.steps]
        return tuple(
            t.line(e) for t in traces for e in t.events if e.kind != "forward" or e.pattern
            == "changes"
        )  # fmt: skip

    @property
    def rounds(self) -> tuple[tuple[Trace, Trace], ...]:
        """Both lessons of each step, from its forward pass to the new data at its end."""
        if not self.taken:
            return self.steps
        return tuple((with_update(a, self.lr), with_update(b, self.lr)) for a, b in self.taken)

    def table(self) -> Table:
        """Right and wrong, row by row; where they differ, a mark."""
        from microgd.teaching.bugs.tables import gradients_table, steps_table

        return steps_table(self) if self.taken else gradients_table(self)

    def draw(self, look: str = "circuit", **options: Any) -> Drawing:
        """Both circuits in one picture, the right one above.

        Gradients that differ are framed. `options`: palette, transparent, compact, values, names,
        engine and timeout, as of `mg.draw`.

        Raises:
            DrawingError: the cards look; more gates than one picture can hold.
        """
        from microgd.teaching.bugs.picture import Row, draw_rows

        titles = [_step_title(pair, n, self.lr) for n, pair in enumerate(self.taken, 1)]
        pairs = titles or [("", "")]
        right = [(t[0], s[0]) for t, s in zip(pairs, self.steps, strict=True)]
        wrong = [(t[1], s[1]) for t, s in zip(pairs, self.steps, strict=True)]
        said = _("wrong: {title}").format(title=self.title)
        return draw_rows([Row(_("right"), right), Row(said, wrong)], look, **options)


def with_bug(
    what: Any,
    name: str,
    *,
    steps: int = 3,
    lr: float = 0.1,
    wrt: Any = None,
    change: Mapping[str, Any] | None = None,
    digits: int | None = None,
) -> Buggy:
    """Run a bug beside the right thing.

    Arguments:
        what: a Tensor, a Circuit, or None for the classic example.
        name: one of `bugs()`.
        steps, lr, wrt: of no-zero-grad: how many steps of which size, and the names of the inputs
            that step; None takes all of them.
        change: of stale-data: the new data of some inputs, by name; None changes the first input
            with which it makes a difference.
        digits: decimals in sentences; None takes 0 if all numbers are whole, else 2.

    Raises:
        ArgumentError: no such bug, no such input, an option that does not fit.

    >>> print(with_bug(None, "overwrite").table())
    right and wrong
    <BLANKLINE>
     value   right   wrong
     ─────────────────────────
     x           7       3   ≠
     q           1       1
     f           1       1
    <BLANKLINE>
    """
    bug = BUGS.get(name)
    if bug is None:
        known = ", ".join(BUGS)
        raise ArgumentError(
            f"there is no bug {name!r}.{did_you_mean(name, BUGS)} There are: {known}"
        )
    if what is None:
        what = circuit(bug.example, **bug.values)
        change = bug.change if change is None else change
    if change is not None and name != "stale-data":
        raise ArgumentError(f"{name} changes no data: `change` is for stale-data")
    output = output_of(what)
    inputs = _inputs(output)
    if name == "no-zero-grad":
        return _no_zero_grad(bug, output, _chosen(inputs, wrt), lr, steps, digits)
    if name == "stale-data":
        return _stale(bug, output, inputs, change, digits)
    right = trace(output, digits=digits)
    return _buggy(bug, right, trace_wrongly(output, _SWEEPS[name], right.digits))


_SWEEPS: Mapping[str, WrongSweep] = {
    "overwrite": overwriting,
    "dfs-order": depth_first,
    "max-both": to_all_inputs,
}


def _buggy(bug: Bug, right: Trace, wrong: Trace) -> Buggy:
    differing = _differing(right, wrong)
    note = "" if differing else translated(bug.otherwise).format(example=_example(bug))
    pairs = ((right, wrong),)
    return Buggy(
        bug.name, translated(bug.title), translated(bug.why), right, wrong, differing, note, pairs
    )


def _example(bug: Bug) -> str:
    values = " ".join(f"{k}={short_number(v)}" for k, v in bug.values.items())
    return f"{bug.example}, {values}"


def _differing(right: Trace, wrong: Trace) -> tuple[str, ...]:
    """Inputs, or else gates, whose gradients differ."""
    pairs = [
        (n, m.gradient)
        for n, m in zip(right.nodes, wrong.nodes, strict=True)
        if n.gradient is not None and m.gradient is not None
    ]
    found = [n for n, other in pairs if not close(n.gradient, other)]
    leaves = [n.label for n in found if n.kind == "input"]
    return tuple(leaves or [n.label for n in found])


def close(a: Any, b: Any) -> bool:
    """Whether two values are the same but for the last bits."""
    return bool(np.allclose(a, b, rtol=1e-9, atol=1e-12, equal_nan=True))


# -- inputs ----------------------------------------------------------------------------------------


def _inputs(output: Node) -> dict[str, Node]:
    """The inputs with numbers that a gradient reaches, by their labels."""
    told = trace(output, backward=False)
    if output.value is None:
        raise ArgumentError("a bug is shown in numbers: give every input some, such as x=2")
    order = topological_order([output])
    return {
        t.label: n
        for t, n in zip(told.nodes, order, strict=True)
        if n.gate is INPUT and n.dtype.kind == "f"
    }


def _chosen(inputs: Mapping[str, Node], wrt: Any) -> list[Node]:
    names = list(inputs) if wrt is None else [wrt] if isinstance(wrt, str) else list(wrt)
    for name in names:
        _known(inputs, name)
    if not names:
        raise ArgumentError("there is no input that could step")
    return [inputs[name] for name in names]


def _known(inputs: Mapping[str, Node], name: str) -> Node:
    if name not in inputs:
        hint = did_you_mean(name, inputs)
        raise ArgumentError(f"there is no input {name!r}.{hint} There are: {', '.join(inputs)}")
    return inputs[name]


# -- stale data ------------------------------------------------------------------------------------


def _stale(
    bug: Bug,
    output: Node,
    inputs: Mapping[str, Node],
    change: Mapping[str, Any] | None,
    digits: int | None,
) -> Buggy:
    """The right thing is to compute forward again."""
    if change is not None:
        if not change:
            raise ArgumentError("change names no input: give change={'x': 1}")
        return _stale_with(bug, output, _new_data(inputs, change), digits)
    if not inputs:
        raise ArgumentError("there is no input whose data could change")
    first: Buggy | None = None
    for change_of in (_one_more, _twice):
        for node in inputs.values():
            found = _stale_with(bug, output, {node: change_of(node.value)}, digits)
            if found.differing:
                return found
            first = first or found
    assert first is not None
    return first


def _one_more(value: Any) -> Value:
    return as_value(value + 1.0)


def _twice(value: Any) -> Value:
    return as_value(value * 2.0)


def _new_data(inputs: Mapping[str, Node], change: Mapping[str, Any]) -> dict[Node, Value]:
    found = {}
    for name, new in change.items():
        node, value = _known(inputs, name), value_from(new)
        if shape_of(value) != node.shape:
            raise ArgumentError(
                f"{name} has shape {node.shape}, and its new data {shape_of(value)}"
            )
        found[node] = value if node.shape else float(value)
    return found


def _stale_with(bug: Bug, output: Node, change: Mapping[Node, Value], digits: int | None) -> Buggy:
    right = trace(renewed(output, change), digits=digits)
    wrong = trace_stale(output, change, digits)
    digits = max(right.digits, wrong.digits) if digits is None else digits
    right = trace(renewed(output, change), digits=digits)
    return _buggy(bug, right, trace_stale(output, change, digits))


# -- no zero_grad ----------------------------------------------------------------------------------


def _no_zero_grad(
    bug: Bug, output: Node, params: list[Node], lr: float, steps: int, digits: int | None
) -> Buggy:
    if isinstance(steps, bool) or not 1 <= steps <= 100 or steps != int(steps):
        raise ArgumentError(f"steps is a whole number from 1 to 100, got {steps!r}")
    if not np.isfinite(lr):
        raise ArgumentError(f"lr is a finite number, got {lr!r}")

    def run(zero_grad: bool, digits: int) -> list[Step]:
        return descend(output, params, lr, steps, zero_grad=zero_grad, digits=digits)

    if digits is None:
        values = [
            v
            for z in (True, False)
            for s in run(z, 2)
            for v in (*s.grad.values(), *s.after.values())
        ]
        digits = digits_for(values)
    right, wrong = run(True, digits), run(False, digits)
    last = _buggy(bug, right[-1].trace, wrong[-1].trace)
    taken = tuple(zip(right, wrong, strict=True))
    pairs = tuple((a.trace, b.trace) for a, b in taken)
    return replace(last, steps=pairs, taken=taken, lr=lr)


def _step_title(pair: tuple[Step, Step], number: int, lr: float) -> tuple[str, str]:
    """`step 2: x = 2.40 − 0.1 · 4.80 = 1.92`, for both."""
    return _step_text(pair[0], number, lr), _step_text(pair[1], number, lr)


def _step_text(step: Step, number: int, lr: float) -> str:
    title = _("step {n}").format(n=number)
    if len(step.grad) > 2 or any(np.size(grad) > 1 for grad in step.grad.values()):
        return title
    return f"{title}: {', '.join(update_text(step, name, lr) for name in step.grad)}"
