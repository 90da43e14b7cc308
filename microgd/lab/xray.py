"""The X-ray of an optimizer: every number of every step, read from the record that it leaves.

An optimizer computes with gates, so running it on Tensors records what it does, and it calls its
intermediate results by name. The table reads that record; there is no second optimizer in here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from microgd.autodiff.tree import leaves, rebuilt
from microgd.errors import ArgumentError
from microgd.graph.node import Node
from microgd.graph.rewrite import Rewrite, rebuild
from microgd.lab.descend import optimizer_rate
from microgd.lab.problem import Point, Problem
from microgd.lab.slopes import Given, OfProblem, problem_of
from microgd.optim import read_optimizer
from microgd.optim.optimizer import Optimizer
from microgd.optim.wrapping import Wrapper
from microgd.tensor import Tensor

Rule = Optimizer | Wrapper

#: What the names of the inputs begin with that are the state before a step: "old m".
OLD = "old "


@dataclass(frozen=True, slots=True)
class Step:
    """One parameter in one step.

    Attributes:
        t: the number of the step, from 1, as in the formulas.
        name: the parameter, or one element of it: "x", "w[0]".
        before: θ before the step.
        at: where the gradient was taken: θ, but for Nesterov's look-ahead.
        g: the gradient.
        parts: the intermediate results by name, in the order of computation.
        delta: Δ, what was taken off θ.
        after: θ after the step.
        lr: the learning rate γ that the optimizer was given.
    """

    t: int
    name: str
    before: float
    at: float
    g: float
    parts: Mapping[str, float]
    delta: float
    after: float
    lr: float

    @property
    def rate(self) -> float | None:
        """Δ/g, the learning rate that this parameter really got; None where g = 0."""
        return self.delta / self.g if self.g else None


@dataclass(frozen=True, eq=False)
class Record:
    """One step as a graph: what went in, and what came out, by parameter."""

    t: int
    params: Mapping[str, Tensor]
    grads: Mapping[str, Tensor]
    state: Mapping[str, Any]
    lr: Tensor
    found: Mapping[str, Any]
    kept: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class XRay:
    """An optimizer's first steps, number by number.

    Attributes:
        rule: the optimizer.
        problem: what the gradients are of: "f = x**2", or "given gradients".
        names: the parameters, an element each.
        columns: the intermediate results that there are, in the order of computation.
        rows: a `Step` for every parameter of every step.
        records: the graph of every step, which pictures are drawn from.
    """

    rule: Rule
    problem: str
    names: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[Step, ...]
    records: tuple[Record, ...] = field(repr=False)

    def __repr__(self) -> str:
        return f"XRay({self.rule.text}, {self.problem}, {len(self.records)} steps)"

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return len(self.records)

    @property
    def looks_ahead(self) -> bool:
        """Whether a gradient was taken elsewhere than at θ."""
        return any(row.at != row.before and row.before == row.before for row in self.rows)

    @property
    def lost(self) -> tuple[int, str] | None:
        """The step and the column of the first inf or NaN; None where all is finite."""
        for row in self.rows:
            cells = {"θ": row.before, "g": row.g, **row.parts, "Δ": row.delta, "new θ": row.after}
            for name, x in cells.items():
                if not np.isfinite(x):
                    return row.t, name
        return None

    def of(self, name: str) -> tuple[Step, ...]:
        """The rows of one parameter."""
        return tuple(row for row in self.rows if row.name == name)

    def __str__(self) -> str:
        from microgd.lab.xray_table import table

        return str(table(self))


def xray(
    optimizer: Rule | str = "adam",
    problem: Problem | str | None = None,
    *,
    start: Mapping[str, Any] | None = None,
    gradients: Sequence[Any] | None = None,
    lr: float | Callable[[int], float] | None = None,
    steps: int = 5,
    first: int = 0,
    rewrite: Rewrite | None = None,
) -> XRay:
    """Run an optimizer, and write down every number on the way.

    Arguments:
        optimizer: an optimizer, or its text: "adam", "adam(bias_correction=False)".
        problem: a `Problem`, a built-in function's name, or an expression; x**2 from x = 3 if
            there are no gradients either.
        start: the point that an expression starts at; with `gradients` one parameter's name and
            value (θ = 1 if left out).
        gradients: the gradients of the steps, in the place of a problem's; they begin anew when
            they are used up.
        lr: γ, or a function of the step from 0; else the optimizer's own, or one that suits.
        steps: how many.
        first: how many steps the optimizer believes to have made before; 0, or it is a mistake.
        rewrite: for each recorded step, another gate in the place of some, as mistakes have them.

    Raises:
        ArgumentError: options that do not go together. ShapeError: gradients that do not fit θ.

    >>> row = xray("adam", gradients=[1.0], lr=0.1, steps=1).rows[0]
    >>> {name: round(x, 6) for name, x in row.parts.items()}
    {'m': 0.1, 'v': 0.001, '1−β₁ᵗ': 0.1, 'm̂': 1.0, '1−β₂ᵗ': 0.001, 'v̂': 1.0}
    """
    rule = read_optimizer(optimizer) if isinstance(optimizer, str) else optimizer
    if isinstance(steps, bool) or not hasattr(steps, "__index__") or steps < 1:
        raise ArgumentError(f"steps is a whole number of at least 1, got {steps!r}")
    if gradients is not None and problem is not None:
        raise ArgumentError("give a problem or gradients, not both")
    source: OfProblem | Given
    source = OfProblem(problem_of(problem, start)) if gradients is None else Given(gradients, start)
    fixed = optimizer_rate(rule, source.problem) if lr is None else lr
    rate = fixed if callable(fixed) else lambda t: fixed
    records, rows, columns = [], [], dict[str, None]()
    params, state = dict(source.start), _believing(rule.init(source.start), float(first))
    with np.errstate(all="ignore"):
        for t in range(steps):
            point = rule.gradient_point(params, state)
            loss, slopes = source.at(t, point)
            gamma = float(Optimizer().checked_rate(rate(t)))
            if loss is not None and point is not params:
                loss = source.loss(t, params)
            record = _record(rule, t + 1, params, slopes, state, gamma, loss, rewrite)
            records.append(record)
            for row in _rows(record, point):
                rows.append(row)
                columns.update(dict.fromkeys(row.parts))
            params, state = source.bounded(_plain(record.found)), _plain(record.kept)
    return XRay(
        rule,
        source.text,
        tuple(dict.fromkeys(row.name for row in rows)),
        tuple(columns),
        tuple(rows),
        tuple(records),
    )


# -- one step --------------------------------------------------------------------------------------


def _record(
    rule: Rule,
    t: int,
    params: Point,
    slopes: Point,
    state: Mapping[str, Any],
    lr: float,
    loss: float | None,
    rewrite: Rewrite | None,
) -> Record:
    """One update on Tensors, so that all of it is recorded."""
    thetas = {name: Tensor(x, name=name) for name, x in params.items()}
    grads = {name: Tensor(x, name="g") for name, x in slopes.items()}
    past = _tensors(state, thetas)
    gamma = Tensor(lr, name="γ")
    found, kept = rule.update(thetas, grads, past, gamma, loss)
    if rewrite is not None:
        nodes = [x for x in (*leaves(found), *leaves(kept)) if isinstance(x, Node)]
        new = rebuild(nodes, rewrite=rewrite)
        found = rebuilt(found, iter([new.get(x, x) for x in leaves(found)]))
        kept = rebuilt(kept, iter([new.get(x, x) for x in leaves(kept)]))
    return Record(t, thetas, grads, past, gamma, found, kept)


def _rows(record: Record, point: Point) -> Iterator[Step]:
    own = parts_of(record)
    for name, theta in record.params.items():
        new = record.found[name]
        for place, element in _elements(name, theta.shape):

            def read(x: Any, place: tuple[int, ...] = place) -> float:
                array = np.asarray(x.value if isinstance(x, Node) else x, dtype=float)
                return float(array[place] if array.ndim else array)

            yield Step(
                record.t,
                element,
                read(theta),
                read(point[name]),
                read(record.grads[name]),
                {part: read(node) for part, node in own[name].items()},
                read(_taken(theta, new)),
                read(new),
                float(np.asarray(record.lr.value)),
            )


def parts_of(record: Record) -> dict[str, dict[str, Node]]:
    """The named intermediate results that each parameter's step uses, in the order of computation.

    What several parameters share, such as ‖g‖, stands at each of them.
    """
    states: dict[str, list[Node]] = {name: [] for name in record.params}
    _sort(record.kept, None, states)
    found: dict[str, dict[str, Node]] = {}
    for name, theta in record.params.items():
        new = record.found[name]
        ends = [x for x in (new, *states[name]) if isinstance(x, Node)]
        named = [
            node
            for node in _used(ends)
            if node.name and node.inputs and node.shape in ((), theta.shape)
        ]
        found[name] = {}
        for node in sorted(named, key=lambda node: node.stamp):
            label = str(node.name)
            while label in found[name] and not _equal(found[name][label], node):
                label += "′"  # ‖g‖ of a gradient, and of the same gradient when it is clipped
            found[name].setdefault(label, node)
    return found


def _used(ends: list[Node]) -> Iterator[Node]:
    """What the ends follow from. Of two branches, the one that was not taken counts for nothing."""
    seen: set[Node] = set()
    waiting = list(ends)
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        yield node
        if node.gate.name == "where" and node.inputs[0].shape == ():
            condition, yes, no = node.inputs
            waiting += [condition, yes if condition.value else no]
        else:
            waiting += node.inputs


def _equal(one: Node, other: Node) -> bool:
    return np.array_equal(np.asarray(one.value), np.asarray(other.value), equal_nan=True)


def _sort(tree: Any, key: str | None, states: dict[str, list[Node]]) -> None:
    """The nodes of a state by the parameter that they are of: the last key on the way to them."""
    if isinstance(tree, Mapping):
        for name, part in tree.items():
            _sort(part, name, states)
    elif key in states and isinstance(tree, Node):
        states[str(key)].append(tree)


def _taken(theta: Tensor, new: Any) -> Any:
    """Δ: as recorded where the step ends in θ − Δ, so that no digit is lost; else θ − θ′."""
    ends = isinstance(new, Node) and new.gate.name in ("sub", "add")  # add: a mistake's θ + Δ
    if ends and new.inputs[0] is theta:
        return new.inputs[1]
    return np.asarray(theta.value) - np.asarray(new.value if isinstance(new, Node) else new)


def _elements(name: str, shape: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], str]]:
    for place in np.ndindex(shape):
        yield place, f"{name}[{', '.join(map(str, place))}]" if shape else name


def _believing(state: Any, steps: float) -> Any:
    """A state that counts its steps from another number."""
    if not steps or not isinstance(state, dict):
        return state
    return {
        name: part + steps if name == "t" and isinstance(part, float) else _believing(part, steps)
        for name, part in state.items()
    }


def _tensors(tree: Any, names: Collection[str], slot: str = "") -> Any:
    """A state whose leaves are inputs of the record, called `old m` for the slot m."""
    if isinstance(tree, Mapping):
        inside = not slot or not set(tree) <= set(names)
        return {
            name: _tensors(part, names, name if inside else slot) for name, part in tree.items()
        }
    return Tensor(tree, name=OLD + slot)


def _plain(tree: Any) -> Any:
    if isinstance(tree, Mapping):
        return {name: _plain(part) for name, part in tree.items()}
    return tree.value if isinstance(tree, Node) else tree
