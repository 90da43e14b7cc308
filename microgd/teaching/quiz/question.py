"""The quiz: at each step a question, hints that lead there one after another, and a verdict.

A page judges by the same rule: it is given `question.to_dict()`, and reads answers by `judge.js`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from microgd.errors import ArgumentError
from microgd.graph.values import Value, shape_of
from microgd.teaching.quiz.answers import decimals, fits, flat, near, readings, tolerances
from microgd.teaching.quiz.mistakes import Mistake
from microgd.trace.events import Event
from microgd.trace.export import plain
from microgd.trace.lesson import Trace
from microgd.trace.numbers import format_shape, format_value
from microgd.translation import _, ngettext, speaking

__all__ = [
    "Alternative",
    "Mistake",
    "Question",
    "Verdict",
    "judge",
    "question_of",
    "questions_of",
    "verdict_texts",
]


@dataclass(frozen=True, slots=True)
class Alternative:
    """An answer that counts as right, with something to say about it.

    Attributes:
        value: the answer.
        remark: "right with the rounded numbers; unrounded it is 0.39".
    """

    value: Value
    remark: str


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked at one step.

    Attributes:
        step: of the trace.
        kind: "number", "array" (numbers in the order of its elements), or "choice".
        prompt: the question.
        answer: the right value; of a choice the number of the right one, counted from 1.
        digits: decimals that an answer needs.
        tolerance: how far off each number may be: half a unit of the last digit shown.
        alternatives: what else is right: answers computed from rounded numbers.
        hints: the rule, then the local derivative in numbers, then the product to work out.
        solution: the step in words and numbers.
        mistakes: wrong answers whose cause is known; no two of them are the same.
        choices: the texts to choose from.
    """

    step: int
    kind: Literal["number", "array", "choice"]
    prompt: str
    answer: Value
    digits: int
    tolerance: tuple[float, ...]
    alternatives: tuple[Alternative, ...]
    hints: tuple[str, ...]
    solution: str
    mistakes: tuple[Mistake, ...]
    choices: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """The right answer as the lesson writes it."""
        if self.kind == "choice":
            return self.choices[int(np.asarray(self.answer)) - 1]
        return format_value(self.answer, self.digits)

    def to_dict(self) -> dict[str, Any]:
        """The question as plain data for JSON; inf and NaN are the strings "inf" and "nan".

        >>> import microgd as mg
        >>> told = mg.circuit("x*x", x=3).trace()
        >>> questions_of(told, told.events[0])[0].to_dict()["answer"]
        [9.0]
        """
        return {
            "step": self.step,
            "kind": self.kind,
            "prompt": self.prompt,
            "answer": _listed(self.answer),
            "shown": self.shown,
            "shape": list(shape_of(self.answer)),
            "digits": self.digits,
            "tolerances": list(self.tolerance),
            "alternatives": [
                {**_near(a.value, self.digits), "remark": a.remark} for a in self.alternatives
            ],
            "hints": list(self.hints),
            "solution": self.solution,
            "mistakes": [
                {"name": m.name, **_near(m.value, self.digits), "sentence": m.sentence}
                for m in self.mistakes
            ],
            "choices": list(self.choices),
        }


def _near(value: Value, digits: int) -> dict[str, Any]:
    return {"values": _listed(value), "tolerances": list(tolerances(value, digits))}


def _listed(value: Value) -> list[Any]:
    """The elements, in so many digits as a verdict can depend on."""
    found: list[Any] = plain(np.asarray([float(f"{x:.12g}") + 0.0 for x in flat(value)]))
    return found


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
    """The question of a step; None where there is nothing to ask.

    >>> import microgd as mg
    >>> told = mg.circuit("x*x + x", x=3).trace()
    >>> asked = question_of(told, told.events[-1])
    >>> asked.prompt
    'How much is ∂f/∂x?'
    >>> judge(asked, "1").sentence
    'No: that is what you get if the branches are not summed.'
    """
    return next(iter(questions_of(trace, event)), None)


def questions_of(trace: Trace, event: Event) -> tuple[Question, ...]:
    """All that can be asked at a step, the most telling question first.

    Small results are asked for in numbers, larger ones as a choice of formulas or shapes; of a
    matrix product, both.
    """
    from microgd.teaching.quiz.asking import asked

    with speaking(trace.lang):
        return tuple(asked(trace, event))


def judge(question: Question, answer: str) -> Verdict:
    """What to say of an answer: right, a known mistake, or wrong.

    Numbers may have a decimal comma, be fractions, inf or NaN; arrays are written `[1, -2]`. Of a
    choice, its number or its text.

    Raises:
        ArgumentError: an answer that is no number, or not as many numbers as are asked for.
    """
    ways = _chosen(question, answer) if question.kind == "choice" else readings(answer)
    right = flat(question.answer)
    if any(fits(way, right, question.tolerance) for way in ways):
        return Verdict(True, None, _("Right."))
    for also in question.alternatives:
        if any(fits(way, *_known(also.value, question)) for way in ways):
            return Verdict(True, None, also.remark)
    for mistake in question.mistakes:
        if any(fits(way, *_known(mistake.value, question)) for way in ways):
            return Verdict(False, mistake, _("No: {mistake}.").format(mistake=mistake.sentence))
    way = next((way for way in ways if len(way) == len(right)), None)
    if way is None:
        raise ArgumentError(_unreadable(question, answer, ways))
    return Verdict(False, None, _unknown(question, answer, way))


def _known(value: Value, question: Question) -> tuple[list[float], tuple[float, ...]]:
    return flat(value), tolerances(value, question.digits)


def verdict_texts() -> dict[str, str]:
    """What a page says that judges by itself (`judge.js`), in the language that is spoken."""
    return {
        "right": _("Right."),
        "mistake": _("No: {mistake}."),
        "wrong": _("No, that is not it."),
        "unreadable": _("{given} is no number; write 0.5, −3, 1/3, inf or NaN"),
        "count": _("{count} numbers are asked for, in shape {shape}; {given} is {n}"),
    }


def _chosen(question: Question, answer: str) -> list[list[float]]:
    """The number of a choice, which may be given as its text."""
    text = " ".join(answer.split())
    if text in question.choices:
        return [[question.choices.index(text) + 1.0]]
    number = int(text) if text.isascii() and text.isdigit() else 0
    return [[float(number)]] if 1 <= number <= len(question.choices) else []


def _unknown(question: Question, answer: str, way: list[float]) -> str:
    """What to say of a wrong answer whose cause is not known."""
    right = flat(question.answer)
    if len(right) > 1:
        count = sum(map(near, way, right, question.tolerance))
        said = ngettext(
            "{right} of {n} numbers is right.", "{right} of {n} numbers are right.", count
        )
        return said.format(right=count, n=len(right)) if count else _("No, that is not it.")
    places = decimals(answer)
    coarse = places is not None and places < question.digits and question.kind == "number"
    if coarse and way[0] and near(way[0], right[0], float(f"5e{-(places or 0) - 1}")):
        said = ngettext(
            "Almost: that is rounded too much; give {n} decimal.",
            "Almost: that is rounded too much; give {n} decimals.",
            question.digits,
        )
        return said.format(n=question.digits)
    return _("No, that is not it.")


def _unreadable(question: Question, answer: str, ways: list[list[float]]) -> str:
    given = f"{answer!r:.60}"
    if question.kind == "choice":
        return _("{given} is none of the choices 1 to {n}").format(
            given=given, n=len(question.choices)
        )
    if not ways:
        return _("{given} is no number; write 0.5, −3, 1/3, inf or NaN").format(given=given)
    count = len(flat(question.answer))
    if count == 1:
        return _("one number is asked for, {given} is {n}").format(given=given, n=len(ways[0]))
    return _("{count} numbers are asked for, in shape {shape}; {given} is {n}").format(
        count=count, shape=format_shape(shape_of(question.answer)), given=given, n=len(ways[0])
    )
