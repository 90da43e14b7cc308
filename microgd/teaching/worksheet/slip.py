"""Slips: a circuit filled in with one step of the backward pass done wrong, to be found.

What comes after the wrong step goes on with its number, as in a student's own work: each other
number follows from those before it, and so there is one wrong step and no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.errors import ArgumentError
from microgd.graph.node import Node
from microgd.graph.values import Value
from microgd.teaching.bugs.wrong_sweeps import Arrival, contribution
from microgd.teaching.bugs.wrong_trace import trace_wrongly
from microgd.teaching.panel import panel_of
from microgd.teaching.quiz.mistakes import Mistake, mistakes_of
from microgd.teaching.worksheet.dice import Dice
from microgd.teaching.worksheet.exercise import LARGEST, Exercise
from microgd.trace.events import Event
from microgd.trace.lesson import Trace

#: Mistakes that nobody would look for in somebody else's numbers.
_UNLIKELY = frozenset({"branches-averaged", "branches-multiplied", "branches-subtracted", "added"})


@dataclass(frozen=True, eq=False)
class Slip:
    """One step done wrong, and what comes of it.

    Attributes:
        event: the step, as it is in the right trace.
        mistake: what was done there.
        trace: of the circuit with the wrong number, and with all that follows from it.
        symbol: what the wrong number stands for: `∂f/∂x`, `∂f/∂x via q`.
    """

    event: Event
    mistake: Mistake
    trace: Trace
    symbol: str


def slips_of(found: Sequence[Exercise], seed: int, level: int) -> tuple[Slip, ...]:
    """A slip in each exercise of a sheet, no mistake twice while there are others."""
    made: list[Slip] = []
    for exercise in found:
        dice = Dice(f"microgd worksheet {seed} {level} {exercise.number} mistake")
        made.append(slip_of(exercise, dice, [slip.mistake.name for slip in made]))
    return tuple(made)


def slip_of(exercise: Exercise, dice: Dice, avoided: Iterable[str] = ()) -> Slip:
    """A slip in this exercise; one of the mistakes that are avoided only where there is no other.

    >>> from microgd.teaching.worksheet.exercise import exercises
    >>> found = slip_of(exercises(7, 1, 1)[0], Dice("7"))
    >>> found.symbol, found.mistake.name, found.mistake.value
    ('∂f/∂q', 'sum-rule', 3.0)
    """
    trace = exercise.trace
    by_name: dict[str, list[tuple[Event, Mistake]]] = {}
    for event in trace.events:
        if event.kind not in ("contribution", "branch"):
            continue
        for mistake in mistakes_of(trace, event):
            if not mistake.others and mistake.name not in _UNLIKELY:
                by_name.setdefault(mistake.name, []).append((event, mistake))
    names = sorted(by_name)
    seldom = [names.pop(names.index(n)) for n in list(dict.fromkeys(avoided)) if n in names]
    for group in (names, seldom):
        while group:
            rows = by_name[dice.take(group)]
            while rows:
                event, mistake = dice.take(rows)
                wrong = _slipped(exercise, event, mistake.value)
                if _by_hand(wrong):
                    return Slip(event, mistake, wrong, panel_of(trace, event).left)
    raise ArgumentError(f"there is no mistake to make in {exercise.program!r}")


def _slipped(exercise: Exercise, event: Event, value: Value) -> Trace:
    """The circuit with this number at this step."""

    def sweep(order: Sequence[Node], seed: Value) -> Iterator[Arrival]:
        slipped = order[int(event.node[1:])]
        gradient: dict[Node, Any] = {order[-1]: seed}
        wires = [(n, p, x) for n in reversed(order) for p, x in enumerate(n.inputs)]
        wires = [wire for wire in wires if not wire[2].is_constant]
        last = {x: (n, p) for n, p, x in wires}
        for node, position, x in wires:
            sent = contribution(node, position, gradient[node])
            if event.kind == "contribution" and (node, position) == (slipped, event.position):
                sent = sent._replace(before=value, after=value)
            held = gradient.get(x)
            gradient[x] = sent.after if held is None else held + sent.after
            if event.kind == "branch" and x is slipped and last[x] == (node, position):
                gradient[x] = value
            yield Arrival(sent, held, gradient[x])

    return trace_wrongly(exercise.circuit.output, sweep, exercise.trace.digits)


def _by_hand(trace: Trace) -> bool:
    """Whether the numbers are still small, and as whole as those of an exercise."""
    found = [n.gradient for n in trace.nodes] + [w.gradient for w in trace.wires]
    numbers = np.array([float(x) for x in found if x is not None])
    finest = 0.25 if trace.digits else 1.0
    whole = np.array_equal(numbers / finest, np.round(numbers / finest))
    return whole and bool(np.all(np.abs(numbers) <= LARGEST))
