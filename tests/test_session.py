"""Sessions: names that follow what they depend on, and nothing that is lost."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import microgd as mg
from microgd.errors import ArgumentError, LanguageError
from microgd.teaching.session import Session


def session(*lines: str) -> Session:
    made = Session()
    for line in lines:
        made.run(line)
    return made


def values(made: Session) -> dict[str, float]:
    return {name: cell.tensor.data for name, cell in made.cells.items()}


CIRCUIT = ("x = -2; y = 5", "z = -4", "q = x + y", "f = q * z")


def test_names_stand_for_circuits() -> None:
    made = session(*CIRCUIT)
    assert values(made) == {"x": -2, "y": 5, "z": -4, "q": 3, "f": -12}
    told = mg.trace(made.target("f"))
    gradients = {n.label: n.gradient for n in told.nodes}
    assert gradients == {"x": -4, "y": -4, "q": -4, "z": 3, "f": 1}
    assert [c.is_input for c in made.cells.values()] == [True, True, True, False, False]


def test_what_depends_on_a_name_follows_it() -> None:
    made = session(*CIRCUIT)
    (answer,) = made.run("x = 3")
    assert answer.followed == ("q", "f")
    assert values(made)["f"] == -32
    assert made.run("z = -4")[0].followed == ()
    assert made.run("q = x")[0].followed == ("f",)  # an inner result is redefined as well
    assert values(made)["f"] == -12


def test_later_names_may_be_used_earlier() -> None:
    made = session("a = 1", "b = 2", "a = b * 10")
    assert values(made) == {"a": 20, "b": 2}
    assert made.order() == ["b", "a"]
    assert made.program == "b = 2\na = b * 10\n"
    assert mg.circuit(made.program).output.data == 20


def test_no_name_depends_on_itself() -> None:
    made = session(*CIRCUIT)
    before = values(made)
    for line in ("x = x + 1", "x = f + 1", "q = 2 * f", "new = new"):
        with pytest.raises(LanguageError):
            made.run(line)
        assert values(made) == before
    with pytest.raises(LanguageError, match="depend on itself"):
        made.run("x = f + 1")


def test_a_line_is_done_whole_or_not_at_all() -> None:
    made = session(*CIRCUIT)
    before = values(made)
    for line in (
        "x = 1; y = 2; w = unknown",
        "x = [1, 2]; z = [1, 2, 3]",
        "x = 1; (",
        "a = 1; b = 1/0",
    ):
        with pytest.raises(LanguageError):
            made.run(line)
        assert values(made) == before
    for _ in CIRCUIT:
        made.undo()
    assert values(made) == {}
    with pytest.raises(ArgumentError, match="nothing to undo"):
        made.undo()


def test_errors_point_at_the_users_own_line() -> None:
    made = session(*CIRCUIT)
    with pytest.raises(LanguageError, match=r"has no value yet. Did you mean 'q'\?") as caught:
        made.run("1 + qq")
    assert caught.value.column == 5
    with pytest.raises(LanguageError, match="then f = q @ w cannot be computed"):
        session("q = [1, 2]", "w = [3, 4]", "f = q @ w").run("w = [1, 2, 3]")


def test_undo_and_redo() -> None:
    made = session(*CIRCUIT)
    made.run("x = 3")
    made.run("f")  # asks only, and changes nothing
    made.forget("f")
    assert "f" not in made.cells
    made.undo()
    assert values(made)["f"] == -32
    made.undo()
    assert values(made)["f"] == -12
    made.redo()
    assert values(made)["f"] == -32
    made.run("x = 4")
    with pytest.raises(ArgumentError, match="nothing to do again"):
        made.redo()
    made.reset()
    assert made.cells == {}
    made.undo()
    assert values(made)["x"] == 4


def test_a_name_in_use_is_not_taken_out() -> None:
    made = session(*CIRCUIT)
    with pytest.raises(ArgumentError, match="used by f"):
        made.forget("q")
    with pytest.raises(ArgumentError, match="Did you mean 'q'"):
        made.forget("qq")


def test_what_commands_are_about() -> None:
    made = session(*CIRCUIT)
    assert made.target().data == -12
    assert made.target("q").data == 3
    assert made.target().data == 3
    assert made.target("q * 2").data == 6
    assert made.target().data == 6
    assert made.target().name == "g"  # there is an f already
    made.run("x = 0; u = 3")  # numbers are not what one differentiates
    assert made.target().data == 10
    assert session("x = 1", "y = 2").last == "y"
    for text in ("a = 3", "q; z"):
        with pytest.raises(ArgumentError, match="no name and no expression"):
            made.target(text)
    with pytest.raises(ArgumentError, match="nothing yet"):
        Session().target()
    with pytest.raises(LanguageError, match="no value yet"):
        made.target("w")


def test_a_program_is_read_back_as_it_was() -> None:
    made = session(*CIRCUIT, "x = 3", "f / 2")
    again = session("other = 1")
    again.load(made.program)
    assert values(again) == values(made)
    assert again.target().data == made.target().data == -16
    assert again.program == made.program
    again.undo()
    assert values(again) == {"other": 1}
    with pytest.raises(LanguageError):
        again.load("a = 1\nb = c\n")
    assert values(again) == {"other": 1}


def test_numbers_with_names() -> None:
    made = session("a = 2 * pi", "e = 3", "b = e + 1")
    assert values(made)["a"] == pytest.approx(6.283185)
    assert values(made)["b"] == 4


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd"), st.integers(-9, 9))))
@settings(max_examples=80, deadline=None)
def test_nothing_is_ever_stale(steps: list[tuple[str, str, int]]) -> None:
    """Whatever was typed, the saved program computes every name anew, and gives the same."""
    made = session("a = 1; b = 2; c = 3; d = 4")
    for name, other, number in steps:
        line = f"{name} = {number}" if number % 3 else f"{name} = {other} * 2 + {number}"
        try:
            made.run(line)
        except LanguageError:
            assert number % 3 == 0  # only a circle is refused
    names = mg.circuit(made.program).names
    assert {n: names[n].data for n in names} == values(made)
