"""What stands on a sheet beside its circuits: instructions, tables of steps, matrices to fill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from microgd.teaching.panel import formula_of, inputs_of
from microgd.translation import _

if TYPE_CHECKING:
    from microgd.teaching.worksheet.exercise import Exercise
    from microgd.teaching.worksheet.sheet import Worksheet


@dataclass(frozen=True, slots=True)
class Line:
    """A matrix, and what it is: the parts before its equals signs.

    Attributes:
        given: whether it is given, and not asked for.
        backward: whether it is a gradient.
    """

    parts: tuple[str, ...]
    value: Any
    given: bool = False
    backward: bool = False


def heading(sheet: Worksheet) -> str:
    """The title of the sheet."""
    return sheet.title or _("Backpropagation by hand: {level}").format(level=sheet.level.title)


def instructions(sheet: Worksheet) -> str:
    """What to do, for the student."""
    if sheet.level.templates:
        told = _(
            "Compute every value from left to right, then every gradient from right to left, and "
            "write them into the boxes. A gradient has the shape of its value."
        )
    else:
        told = _(
            "Write the value of each gate into the box above its wire, from left to right. Then "
            "write the gradient of f into each box below a wire, from right to left, beginning "
            "with the 1 at the output."
        )
    if any(_branches(exercise) for exercise in sheet.exercises):
        told += " " + _("At Σ the gradients of the branches are added.")
    return told


def _branches(exercise: Exercise) -> bool:
    return any(event.kind == "branch" for event in exercise.trace.events)


def table_heads(exercise: Exercise) -> tuple[str, ...]:
    """The columns of the table of steps."""
    heads = (_("gate"), _("input"), _("local"), _("· upstream"), _("= contribution"))
    return (*heads, _("sum so far")) if _branches(exercise) else heads


def answer_rows(exercise: Exercise) -> list[tuple[str, ...]]:
    """The table of steps, filled."""
    width = len(table_heads(exercise))
    # The first row says where gradients begin: there is nothing to multiply.
    return [row[:width] for row in exercise.trace.table().rows if row[2] or row[3]]


def blank_rows(exercise: Exercise) -> list[tuple[str, ...]]:
    """The table of steps to fill in: gate and input stand there."""
    return [(*row[:2], *("" for _ in row[2:])) for row in answer_rows(exercise)]


def lines_of(exercise: Exercise) -> list[Line]:
    """Of a circuit of arrays: every value in the order of computation, then every gradient."""
    trace = exercise.trace
    output = trace.by_id[trace.output]
    lines = []
    for node in trace.nodes:
        if node.kind == "input":
            lines.append(Line((node.label,), node.value, given=True))
        elif node.kind == "gate":
            formula = formula_of(node, [i.label for i in inputs_of(trace, node)])
            lines.append(Line((node.label, formula), node.value))
    lines += [
        Line((f"∂{output.label}/∂{node.label}",), node.gradient, backward=True)
        for node in reversed(trace.nodes)
        if node.gradient is not None and node.id != trace.output
    ]
    return lines
