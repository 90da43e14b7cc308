"""Who is stuck in a quiz is told that there is help."""

from __future__ import annotations

import microgd as mg
from microgd.teaching.quiz.attempts import Attempt, asked_steps

HELP = "An empty line is a hint, s shows the answer."


def attempt() -> Attempt:
    return Attempt(asked_steps(mg.circuit("x * y", x=2, y=3).trace())[0][1])


def test_after_two_wrong_answers_there_is_help_once() -> None:
    asked = attempt()
    said = [asked.answer(text).said for text in ("7", "8", "9", "6")]
    assert [HELP in line for line in said] == [False, True, False, False]
    assert said[1] == f"No, that is not it. {HELP}"


def test_a_mistake_is_named_all_the_same() -> None:
    asked = attempt()
    asked.answer("7")
    assert asked.answer("-6").said == f"No: that is what you get if the sign is wrong. {HELP}"


def test_who_asked_for_a_hint_knows() -> None:
    asked = attempt()
    asked.answer("")
    assert all(HELP not in asked.answer(text).said for text in ("7", "8", "9"))


def test_what_is_no_number_is_no_wrong_answer() -> None:
    asked = attempt()
    assert all(HELP not in asked.answer(text).said for text in ("six", "7", "1/0"))


def test_a_right_second_answer_needs_none() -> None:
    asked = attempt()
    asked.answer("7")
    assert asked.answer("6").right
    assert HELP not in asked.answer("6").said
