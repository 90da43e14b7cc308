"""The quiz on one step of an optimizer: m, m̂, Δ and the new θ, with the lab's known mistakes.

What the lab knows of wrong optimizers (`lab/mistakes.py`) is made in this one step only, so that
the numbers that go in are those that the circuit shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from microgd.errors import MicrogdError
from microgd.graph.node import Node
from microgd.graph.order import topological_order
from microgd.graph.rewrite import rebuild
from microgd.graph.values import Value
from microgd.lab.mistakes import mistakes
from microgd.lab.update_circuit import update_circuit, usual_step
from microgd.lab.xray import Record, XRay, xray
from microgd.teaching.quiz.asking import asked
from microgd.teaching.quiz.mistakes import Wrong
from microgd.teaching.quiz.question import Question
from microgd.trace.build import trace
from microgd.trace.lesson import Trace


def update_quiz(
    optimizer: Any = "adam",
    problem: Any = None,
    *,
    t: int | None = None,
    digits: int = 4,
    **options: Any,
) -> tuple[Trace, tuple[Question, ...]]:
    """One step of an optimizer as a lesson, and a question for each of its gates.

    Arguments:
        optimizer, problem, options: as for `microgd.lab.xray`.
        t: which step, from 1; by default the one that shows most.

    >>> from microgd.teaching.quiz.question import judge
    >>> told, questions = update_quiz("adam", gradients=[6.0], lr=0.1, t=1)
    >>> asked_for_m = next(q for q in questions if q.prompt == "How much is m̂?")
    >>> asked_for_m.shown, judge(asked_for_m, "0.06").sentence
    ('6.0000', 'No: that is what you get if m̂ is multiplied by its correction instead of divided.')
    """
    steps = options.pop("steps", 1)
    run = xray(optimizer, problem, steps=max(steps, t or 2), **options)
    t = usual_step(run) if t is None else t
    circuit = update_circuit(run, t)
    told = trace(circuit, backward=False, digits=digits)
    known = _known_mistakes(run, t)
    found = []
    for event in told.events:
        label = told.by_id[event.node].label
        found += list(asked(told, event, _wrongs(known, label)))
    return told, tuple(found)


def _wrongs(known: list[tuple[str, dict[str, Value]]], label: str) -> Iterator[Wrong]:
    """What the mistakes make of one number; where several make the same, the first names it."""
    seen: list[Value] = []
    for text, values in known:
        value = values.get(label)
        if value is not None and not any(np.allclose(value, s, rtol=1e-9, atol=0) for s in seen):
            seen.append(value)
            yield Wrong("optimizer", text, value, sure=True)


def _known_mistakes(run: XRay, t: int) -> list[tuple[str, dict[str, Value]]]:
    """What each known mistake makes of every named number, if it is made in step t alone."""
    record = run.records[t - 1]
    name = next(iter(record.params))
    found = []
    with np.errstate(all="ignore"):
        for mistake in mistakes(run):
            rewrite = mistake.more.get("rewrite")
            output = record.found[name]
            if rewrite is None or not isinstance(output, Node):
                continue
            try:
                new = rebuild([output], rewrite=rewrite)[output]
            except MicrogdError:
                continue
            found.append((mistake.text, dict(_numbers(record, name, new))))
    return found


def _numbers(record: Record, name: str, output: Node) -> Iterator[tuple[str, Value]]:
    """The named numbers of a step, as the update circuit labels them."""
    for node in topological_order([output]):
        if node.inputs and node.name and node.value is not None:
            yield node.name, node.value
    if output.value is None:
        return
    before = record.params[name].value
    after = str(record.t).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
    yield name + (after if not name[-1:].isdigit() else "′"), output.value
    if before is not None:
        yield "Δ", before - output.value
