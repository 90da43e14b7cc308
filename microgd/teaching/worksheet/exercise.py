"""Exercises: random circuits that are worth working out, one after another from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import count as counting
from typing import Any

import numpy as np

from microgd.errors import ArgumentError
from microgd.language.circuit import Circuit, parse
from microgd.teaching.worksheet.dice import Dice
from microgd.teaching.worksheet.growing import Grown, grow
from microgd.teaching.worksheet.levels import Level, level_of
from microgd.trace.lesson import Trace

#: No number in an exercise is larger.
LARGEST = 30
#: Deeper circuits do not fit the width of a page with room to write.
DEEPEST = 4
#: The same circuit with other numbers comes again only after so many others were looked for.
PATIENCE = 60


@dataclass(frozen=True, eq=False)
class Exercise:
    """One circuit to fill in.

    Attributes:
        number: on the sheet, from 1.
        program: in microgd's language.
        values: of its inputs.
        form: the same for circuits that differ in their numbers alone.
    """

    number: int
    program: str
    values: dict[str, Any]
    form: str

    @cached_property
    def circuit(self) -> Circuit:
        """The circuit with its numbers."""
        return parse(self.program, self.values, f"exercise {self.number}")

    @cached_property
    def trace(self) -> Trace:
        """The way to the answers."""
        return self.circuit.trace()

    @property
    def answers(self) -> dict[str, Any]:
        """The gradient of the output with respect to each input."""
        return {name: self.trace.node(name).gradient for name in self.values}


def exercises(seed: int, level: int, count: int) -> tuple[Exercise, ...]:
    """So many exercises of a level; the same for the same seed, and no two alike.

    Each depends on the seed, the level and those before it: a longer sheet begins like a shorter.

    Raises:
        ArgumentError: no such level.

    >>> [e.program for e in exercises(7, 1, 2)] == [e.program for e in exercises(7, 1, 3)[:2]]
    True
    """
    wanted = level_of(level)
    found: list[Exercise] = []
    seen: set[tuple[str, str]] = set()
    forms: list[str] = []
    turns = sorted(wanted.needed)  # each gate of the level has its turn
    first = Dice(f"microgd worksheet {seed} {level}").below(max(len(turns), 1))
    for index in range(count):
        for attempt in counting():
            if attempt > 100 * PATIENCE:  # not seen in a hundred thousand sheets
                raise ArgumentError(f"no exercise {index + 1} of level {level} was found")
            grown = grow(wanted, Dice(f"microgd worksheet {seed} {level} {index} {attempt}"))
            if grown.idle or forms.count(grown.form) > attempt // PATIENCE:
                continue
            if (
                turns
                and turns[(first + index) % len(turns)] not in grown.gates
                and attempt < 40 * PATIENCE
            ):
                continue
            key = (grown.form, repr(sorted(grown.values.values(), key=repr)))
            if key in seen or not _fits(grown, wanted):
                continue
            made = Exercise(index + 1, grown.program, grown.values, grown.form)
            if worthwhile(made.trace, wanted):
                seen.add(key)
                forms.append(grown.form)
                found.append(made)
                break
    return tuple(found)


def _fits(grown: Grown, level: Level) -> bool:
    if level.templates:
        return True
    least, most = level.gates
    if grown.depth > DEEPEST or not least <= len(grown.gates) <= most:
        return False
    return not level.needed or not level.needed.isdisjoint(grown.gates)


def worthwhile(trace: Trace, level: Level) -> bool:
    """Whether a circuit can be worked out by hand and has something to find out.

    Its numbers are small and whole (or quarters); nothing is decided by a convention; no input is
    dead, but for one that loses at a gate that chooses; and not every gradient is 1 or −1.
    """
    inputs = [n for n in trace.nodes if n.kind == "input"]
    numbers = [n.value for n in trace.nodes]
    for event in trace.events:
        numbers += [event.value, event.local, event.upstream, *event.parts]
    if not all(_by_hand(value, level.finest) for value in numbers):
        return False
    if any(n.tie for n in trace.nodes) or _at_a_kink(trace):
        return False
    gradients = [np.asarray(n.gradient) for n in inputs if n.gradient is not None]
    dead = sum(not np.any(g) for g in gradients)
    chooses = any(n.pattern in ("routes", "masks") for n in trace.nodes)
    if len(gradients) < len(inputs) or dead > chooses or dead == len(inputs):
        return False
    zeros = sum(n.kind == "gate" and not np.any(n.value) for n in trace.nodes)
    if zeros and not level.finest < 1:  # 0 · x hides what x does; exp(0) is wanted
        return False
    sizes = {abs(float(x)) for g in gradients for x in np.ravel(g)}
    return bool(sizes - {0.0, 1.0})


def _by_hand(value: Any, finest: float) -> bool:
    if value is None:
        return True
    array = np.abs(np.asarray(value, dtype=np.float64)) / finest
    return bool(
        np.all(np.isfinite(array)) and np.all(array * finest <= LARGEST)
    ) and np.array_equal(array, np.round(array))


def _at_a_kink(trace: Trace) -> bool:
    """Whether a gate that chooses has inputs that are equal, or a ReLU a zero."""
    source = {w.id: w.source for w in trace.wires}
    for node in trace.nodes:
        if node.pattern not in ("routes", "masks"):
            continue
        taken = [np.asarray(trace.by_id[source[w]].value) for w in node.wires]
        first, second = taken[0], taken[1] if len(taken) > 1 else np.zeros(())
        if np.any(first == second):
            return True
    return False
