"""The quiz: at each step a question, hints that lead there one after another, and a verdict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from microgd.errors import ArgumentError
from microgd.graph.values import Value
from microgd.teaching.panel import panel_of
from microgd.trace.events import Event
from microgd.trace.lesson import Trace
from microgd.trace.numbers import WRITTEN_OUT
from microgd.translation import _


@dataclass(frozen=True, slots=True)
class Mistake:
    """What a known mistake would give at some step.

    Attributes:
        name: of the mistake: `branches-not-summed`.
        value: what comes out with it.
        sentence: what to tell whoever made it: "that is what you get if …".
    """

    name: str
    value: Value
    sentence: str


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked at one step.

    Attributes:
        prompt: the question.
        answer: the right value.
        digits: decimals that an answer needs.
        hints: the rule, then the local derivative in numbers, then the whole product.
        mistakes: wrong answers whose cause is known.
    """

    step: int
    prompt: str
    answer: Value
    digits: int
    hints: tuple[str, ...]
    mistakes: tuple[Mistake, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of an answer.

    Attributes:
        right: whether it is right, within rounding.
        mistake: the known mistake that gives this answer.
        sentence: what to say.
    """

    right: bool
    mistake: Mistake | None
    sentence: str


def question_of(trace: Trace, event: Event) -> Question | None:
    """The question of a step; None where nothing is to be computed or it is too long to type."""
    if event.kind == "seed" or event.value is None:
        return None
    if not 0 < np.size(event.value) <= WRITTEN_OUT:
        return None
    panel = panel_of(trace, event)
    prompt = _("How much is {what}?").format(what=panel.symbols.partition(" = ")[0])
    hints = tuple(h for h in (panel.symbols, panel.rule, panel.numbers) if h)
    return Question(event.step, prompt, event.value, trace.digits, hints, ())


def judge(question: Question, answer: str) -> Verdict:
    """What to say of an answer: right, a known mistake, or wrong.

    Raises:
        ArgumentError: an answer that is no number, or not as many numbers as are asked for.
    """
    raise ArgumentError(f"{answer!r} cannot be judged yet")
