"""What stands on a sheet beside its circuits: instructions, tables of steps, matrices to fill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from microgd.teaching.panel import formula_of
from microgd.trace.numbers import format_value
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
    if sheet.slips and not sheet.title:
        return _("Find the mistake: {level}").format(level=sheet.level.title)
    return sheet.title or _("Backpropagation by hand: {level}").format(level=sheet.level.title)


def instructions(sheet: Worksheet) -> str:
    """What to do, for the student."""
    if sheet.slips:
        return _(
            "Each circuit is filled in: values above the wires, gradients of f below them. The "
            "values are right, but one step of the backward pass is wrong, and whatever comes "
            "after it goes on with the wrong number. Find that step, write down the number that "
            "it should have given, and what went wrong."
        )
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


def to_write(sheet: Worksheet) -> tuple[str, ...]:
    """What is asked for beside a circuit, each with a line to write on."""
    return (_("Wrong:"), _("Right:"), _("What went wrong:")) if sheet.slips else ()


def found_mistake(sheet: Worksheet, exercise: Exercise) -> tuple[str, str] | None:
    """Of a circuit with a mistake: the wrong number as a formula, and what to say of it."""
    if not sheet.slips:
        return None
    slip, digits = sheet.slips[exercise.number - 1], exercise.trace.digits
    told = _("is wrong, {right} is right: {reason}.").format(
        right=format_value(slip.event.value, digits), reason=slip.mistake.sentence
    )
    return f"{slip.symbol} = {format_value(slip.mistake.value, digits)}", told


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
            formula = formula_of(node, [i.label for i in trace.inputs_of(node)])
            lines.append(Line((node.label, formula), node.value))
    lines += [
        Line((f"∂{output.label}/∂{node.label}",), node.gradient, backward=True)
        for node in reversed(trace.nodes)
        if node.gradient is not None and node.id != trace.output
    ]
    return lines
