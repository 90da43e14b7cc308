"""Attempts: asking one question until it is answered, hint by hint; and the score of a lesson."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from microgd.errors import ArgumentError
from microgd.teaching.quiz.question import Question, judge, questions_of
from microgd.trace.events import Event
from microgd.trace.lesson import Trace
from microgd.translation import _, ngettext

#: Which steps are asked: of the forward pass, of the backward pass, or both.
Asked = Literal["forward", "backward", "all"]

#: After so many wrong answers it helps to know that there is help.
_STUCK = 2


@dataclass(frozen=True, slots=True)
class Reply:
    """What is said of an answer, and whether the question is done with."""

    said: str
    done: bool = False
    right: bool = False


@dataclass(slots=True)
class Attempt:
    """One question and how it went. Hints come one after another; after the last, the solution.

    >>> import microgd as mg
    >>> told = mg.circuit("x * y", x=2, y=3).trace()
    >>> asked = Attempt(questions_of(told, told.events[0])[0])
    >>> asked.answer("").said, asked.answer("6").right, asked.first_try
    ('f = x · y', True, False)
    """

    question: Question
    hints: int = 0
    wrong: int = 0
    right: bool = False

    @property
    def first_try(self) -> bool:
        """Whether the first answer was right, without a hint."""
        return self.right and not self.hints and not self.wrong

    def answer(self, text: str) -> Reply:
        """What to say of an answer; none at all asks for a hint, `s` skips the question."""
        text = text.strip()
        if text in ("", "?"):
            return self.hint()
        if text == "s":
            return Reply(self.question.solution, done=True)
        try:
            verdict = judge(self.question, text)
        except ArgumentError as error:  # nothing that could be right or wrong
            return Reply(str(error))
        self.right = verdict.right
        self.wrong += not verdict.right
        said = verdict.sentence
        if self.wrong == _STUCK and not self.hints and not self.right:
            said += " " + _("An empty line is a hint, s shows the answer.")
        return Reply(said, done=verdict.right, right=verdict.right)

    def hint(self) -> Reply:
        """The next hint, or the solution after the last one."""
        self.hints += 1
        if self.hints > len(self.question.hints):
            return Reply(self.question.solution, done=True)
        return Reply(self.question.hints[self.hints - 1])


@dataclass(slots=True)
class Score:
    """How a quiz went.

    Attributes:
        attempts: every question that was asked, with the gate it was about.
    """

    attempts: list[tuple[str, Attempt]] = field(default_factory=list)

    def add(self, trace: Trace, event: Event, attempt: Attempt) -> None:
        """Keep a question that is done with."""
        self.attempts.append((about(trace, event), attempt))

    def summary(self) -> str:
        """How many were right at the first try, and which gates to look at again."""
        count = sum(a.first_try for _about, a in self.attempts)
        total = len(self.attempts)
        if not total:
            return _("Nothing was asked.")
        said = ngettext(
            "{right} of {n} at the first try.", "{right} of {n} at the first try.", total
        ).format(right=count, n=total)
        missed = dict.fromkeys(gate for gate, a in self.attempts if not a.first_try)
        if not missed:
            return said
        again = _("Look again at: {gates}.").format(gates=", ".join(missed))
        return f"{said} {again}"


def about(trace: Trace, event: Event) -> str:
    """What a step is an exercise in: a gate's sign, or what sums up."""
    if event.kind == "branch":
        return _("branches")
    if event.kind == "broadcast":
        return _("broadcasting")
    return trace.by_id[event.node].sign


def asked_steps(trace: Trace, which: Asked = "all") -> tuple[tuple[Event, Question], ...]:
    """The steps at which something is asked, each with its most telling question."""
    found = []
    for event in trace.events:
        if which != "all" and (event.kind == "forward") != (which == "forward"):
            continue
        questions = questions_of(trace, event)
        if questions:
            found.append((event, questions[0]))
    return tuple(found)
