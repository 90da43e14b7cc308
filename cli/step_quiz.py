"""A quiz in the terminal: each number is asked for before it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .lines import say_lines
from .prompt import Prompt
from .stage import folded, indented
from .streams import fitted, say, width

if TYPE_CHECKING:
    from rich.text import Text

    from microgd.teaching.quiz.attempts import Attempt
    from microgd.teaching.quiz.question import Question
    from microgd.trace.events import Event

    from .stage import Stage

#: A file of answers gets lines of this width.
_WIDEST = 100


def ask_all(
    stage: Stage,
    which: Literal["forward", "backward", "all"],
    first: int,
    prompt: Prompt | None = None,
) -> None:
    """Ask at each step from `first` on, and tell the score at the end."""
    prompt = prompt or Prompt(lambda line, text: ())
    from microgd.teaching.quiz.attempts import Attempt, Score, asked_steps
    from microgd.translation import _

    score = Score()
    questions = [(e, q) for e, q in asked_steps(stage.trace, which) if e.step >= first]
    _say(_("Type the number; ? or nothing: a hint, s: skip, q: quit."))
    for number, (event, question) in enumerate(questions):
        say()
        _pose(stage, event, question, number + 1, len(questions))
        attempt = Attempt(question)
        ended = not _answered(stage, event, attempt, prompt)
        if ended and not (attempt.hints or attempt.wrong):
            break  # nobody tried this one
        score.add(stage.trace, event, attempt)
        if ended:
            break
    say()
    _say(score.summary())


def _pose(stage: Stage, event: Event, question: Question, number: int, total: int) -> None:
    """The circuit as it is known, and the question."""
    from microgd.translation import _

    say_lines(stage.circuit(event.step, _columns(), asking=True))
    say()
    title = _("Question {number} of {total}").format(number=number, total=total)
    _say(f"{title}: {question.prompt}")
    for place, choice in enumerate(question.choices):
        _say(f"  {place + 1}  {choice}")


def _answered(stage: Stage, event: Event, attempt: Attempt, prompt: Prompt) -> bool:
    """Answers until one is right or the question is given up; False ends the quiz."""
    while True:
        text = prompt.read()
        if text is None:
            say()
            return False
        prompt.forget(text)
        if text.strip() in ("q", "quit"):
            return False
        if text.strip() == "t":
            _tables(stage, event)
            continue
        reply = attempt.answer(text)
        for line in indented(_text(reply.said), _columns()):
            say_lines([line])
        if reply.done:
            return True


def _tables(stage: Stage, event: Event) -> None:
    from microgd.teaching.steps import tables_so_far

    from .output import table_lines

    for table in tables_so_far(stage.trace, event.step - 1) if event.step else ():
        say(fitted(table.title))
        for line in table_lines(table):
            say(line)
        say()


def _columns() -> int:
    return min(width(), _WIDEST)


def _text(said: str) -> Text:
    from rich.text import Text

    return Text(fitted(said))


def _say(said: str) -> None:
    say_lines(folded(_text(said), _columns()))
