"""Circuits in characters: nothing is lost or written over, and wires lead where they should."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_graphs import random_programs

import microgd as mg
from microgd.draw.arrange import view_of
from microgd.draw.canvas import Canvas
from microgd.draw.progress import progress
from microgd.draw.terminal import Screen, TerminalCircuit, draw_terminal
from microgd.draw.view import Options
from microgd.errors import ArgumentError, DrawingError
from microgd_cli.streams import _PLAIN

NEURON = "1 / (1 + exp(-(w0*x0 + w1*x1 + w2)))"
NUMBERS = {"w0": 2, "x0": -1, "w1": -3, "x1": -2, "w2": -3}


def lesson(text: str, **numbers: float) -> mg.Trace:
    return mg.circuit(text, **numbers).trace()


SIMPLE = lesson("(x + y) * z", x=-2, y=5, z=-4)


def spelled(text: str) -> str:
    """As `fitted` does where there is only ASCII."""
    return "".join(c if c.isascii() else _PLAIN.get(c, "?") for c in text)


# -- what wires lead to ---------------------------------------------------------------------------

NORTH, EAST, SOUTH, WEST = (-1, 0), (0, 1), (1, 0), (0, -1)
#: Written down by hand, apart from the tables in the code.
WAYS = {
    "─━╌╼╾": (EAST, WEST),
    "│┃┆": (NORTH, SOUTH),
    "╭┏": (EAST, SOUTH),
    "╮┓": (WEST, SOUTH),
    "╰┗": (NORTH, EAST),
    "╯┛": (NORTH, WEST),
    "├┣": (NORTH, SOUTH, EAST),
    "┤┫": (NORTH, SOUTH, WEST),
    "┬┳": (EAST, SOUTH, WEST),
    "┴┻": (NORTH, EAST, WEST),
    "┼╋┿╂": (NORTH, EAST, SOUTH, WEST),
}
OF = {sign: ways for signs, ways in WAYS.items() for sign in signs}
CROSSING = "┼╋┿╂"


def connections(screen: Screen) -> set[tuple[str, str]]:
    """Which item's right-hand side is connected with which one's left-hand side, read off the text.

    A wire goes straight on through a crossing; elsewhere it goes wherever its sign leads, but
    never to the left: that is where another wire comes from.
    """
    grid = {
        (r, c): sign
        for r, row in enumerate(screen.rows)
        for c, (sign, _) in enumerate(row)
    }  # fmt: skip
    owner = {(p.row, c): id for id, p in screen.places.items() for c in range(p.begin, p.end)}
    found = set()
    for id, place in screen.places.items():
        middle = place.begin + (place.end - place.begin) // 2
        starts = [(place.row, place.end, EAST)]
        if id.endswith("-branch"):
            starts += [(place.row - 1, middle, NORTH), (place.row + 1, middle, SOUTH)]
        seen = set()
        waiting = [(r, c, way) for r, c, way in starts if (r, c) not in owner]
        while waiting:
            row, column, way = waiting.pop()
            if (row, column, way) in seen:
                continue
            seen.add((row, column, way))
            there = owner.get((row, column))
            if there is not None:
                found.add((id, there))
                continue
            sign = grid.get((row, column), " ")
            back = (-way[0], -way[1])
            if back not in OF.get(sign, ()):
                continue
            ways = [way] if sign in CROSSING else [w for w in OF[sign] if w != back]
            waiting += [(row + dr, column + dc, (dr, dc)) for dr, dc in ways if dc >= 0]
    return found


def wired(made: TerminalCircuit) -> set[tuple[str, str]]:
    """Which items the view's lines connect."""
    assert made.plan is not None
    return {(line.start, line.end) for line in made.plan.view.lines}


def numbers_on(made: TerminalCircuit) -> list[str]:
    assert made.plan is not None
    return [t for line in made.plan.view.lines for t in (line.above, line.below) if t]


def check(made: TerminalCircuit) -> None:
    screen = made.at()
    assert screen.width <= made.width
    reached = connections(screen)
    assert reached == wired(made)
    text = str(screen)
    for number in numbers_on(made):
        assert text.count(number) >= numbers_on(made).count(number)
    assert made.plan is not None
    for item in made.plan.view.items:
        assert item.text in text


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("(x + y) * z", {"x": -2, "y": 5, "z": -4}),
        ("x * x", {"x": 3}),
        ("x*y + x", {"x": 3, "y": -4}),
        ("a*b + b*c + c*a", {"a": 1, "b": 2, "c": 3}),
        ("a = x + y; b = max(y, z); a * b", {"x": 1, "y": 2, "z": 0}),
        ("(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)", {"x": 3, "y": -4}),
        (NEURON, NUMBERS),
        ("x", {"x": 1}),
        ("stack(a, b, a*b, b, a)", {"a": 1, "b": 2}),
        ("q = x * 2; q + q + x", {"x": 1}),
    ],
)
def test_wires_lead_from_source_to_gate(text: str, numbers: dict[str, float]) -> None:
    made = TerminalCircuit(lesson(text, **numbers), width=200, names="all")
    assert made.is_drawn
    check(made)


@st.composite
def expressions(draw: st.DrawFn) -> str:
    """Programs in which anything may be used again."""
    names = ["x", "y", "z"]
    lines = []
    for number in range(draw(st.integers(1, 9))):
        a, b = draw(st.sampled_from(names)), draw(st.sampled_from(names[-4:]))
        form = draw(
            st.sampled_from(
                ["{} + {}", "{} * {}", "max({}, {})", "{} - {}", "tanh({})", "-{}", "{} * 2"]
            )
        )
        lines.append(f"t{number} = {form.format(a, b)}")
        names.append(f"t{number}")
    used = {word for line in lines for word in re.findall(r"\w+", line.partition("=")[2])}
    unused = [n for n in names if n not in used]
    return "; ".join([*lines, "1*" + " + ".join(unused) if len(unused) > 1 else names[-1]])


@given(expressions())
@settings(max_examples=60, deadline=None)
def test_random_circuits(text: str) -> None:
    made = TerminalCircuit(lesson(text, x=1.5, y=-2, z=3), width=400)
    if made.is_drawn:
        check(made)


@given(random_programs(most=8))
@settings(max_examples=25, deadline=None)
def test_random_tensors(program) -> None:  # type: ignore[no-untyped-def]
    args = [mg.Tensor(a, name=f"x{i}") for i, a in enumerate(program.args)]
    told = mg.trace(program(*args)[-1])
    made = TerminalCircuit(told, width=500)
    if made.is_drawn:
        check(made)
    for width in (1, 20, 40):
        assert TerminalCircuit(told, width=width).at().width <= width


# -- steps ----------------------------------------------------------------------------------------


def test_nothing_moves_between_steps() -> None:
    told = lesson("x*y + x", x=3, y=-4)
    made = TerminalCircuit(told)
    last = str(made.at()).split("\n")
    for step in range(len(told)):
        for then, now in zip(last, str(made.at(step)).split("\n"), strict=True):
            for i, sign in enumerate(now):
                same = sign == then[i] if i < len(then) else False
                assert same or sign in " [](−)─┃━┏┓┗┛┿╂" or sign in OF


def test_what_is_not_known_yet_is_blank() -> None:
    first = draw_terminal(SIMPLE, 0)
    assert "3" in first
    assert "12" not in first
    assert first.count("−4") == 1  # the value of z, and no gradient
    assert "[+]" in first
    assert "━" not in first
    fourth = draw_terminal(SIMPLE, 3)
    assert "[×]" in fourth
    assert "━" in fourth
    assert draw_terminal(SIMPLE).count("−4") == 4
    assert "[" not in draw_terminal(SIMPLE)
    assert draw_terminal(SIMPLE, gradients=False).count("−4") == 1
    with pytest.raises(DrawingError, match="steps 0 to 6"):
        draw_terminal(SIMPLE, 7)


def test_a_branch_is_marked_where_its_parts_are_summed() -> None:
    told = lesson("x * x", x=3)
    assert "[Σ]" in draw_terminal(told, len(told) - 1)
    assert "[Σ]" not in draw_terminal(told, len(told) - 2)


# -- terminals ------------------------------------------------------------------------------------


def test_a_wire_is_dashed_once_its_contribution_is_told() -> None:
    trace = lesson("max(x, y) + relu(z)", x=1, y=3, z=-2)
    circuit = TerminalCircuit(trace)
    told = min(e.step for e in trace.events if e.wire in ("n2.0", "n4.0"))
    for step in range(len(trace)):
        assert ("╌" in str(circuit.at(step))) == (step > told), step  # active, it is heavy
        assert "╌" not in str(circuit.asking(step)) or step > told


def test_an_ascii_terminal() -> None:
    for text, numbers in (
        ("(x + y) * z", {"x": -2, "y": 5, "z": -4}),
        ("max(x, y)*x", {"x": 1, "y": 0}),
    ):
        told = lesson(text, **numbers)
        for step in (None, *range(len(told))):
            assert draw_terminal(told, step, spell=spelled).isascii()
    assert "(*)" in draw_terminal(SIMPLE, spell=spelled)
    assert draw_terminal(SIMPLE, width=30, spell=spelled).isascii()  # an outline


@pytest.mark.parametrize("width", [1, 7, 20, 40, 60, 80])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    told = lesson(NEURON, **NUMBERS)
    for step in (None, 3, len(told) - 1):
        lines = draw_terminal(told, step, width=width, names="all").split("\n")
        assert max(map(len, lines)) <= width
    if width >= 20:
        text = draw_terminal(told, width=width)
        for number in ("2.00", "−1.00", "−0.20", "0.39", "−0.39", "−0.59", "0.20", "0.73", "0.37"):
            assert number in text


def test_a_neuron_fits_eighty_columns() -> None:
    assert TerminalCircuit(lesson(NEURON, **NUMBERS), width=80, names="all").is_drawn


def test_arrays_are_set_close_before_they_are_given_up() -> None:
    told = mg.circuit("-log(softmax(s)[0])", s=[1, 2, 3]).trace()
    assert "[0.09, 0.24, 0.67]" in str(TerminalCircuit(told, width=81).at())
    assert TerminalCircuit(told, width=80).is_drawn
    assert "[0.09 0.24 0.67]" in str(TerminalCircuit(told, width=80).at())


def test_colours_are_asked_for() -> None:
    assert "\x1b" not in draw_terminal(SIMPLE)
    coloured = draw_terminal(SIMPLE, colour=True)
    assert "\x1b[32m" in coloured
    assert "\x1b[31m" in coloured
    other = draw_terminal(SIMPLE, colour=True, palette="colour-blind")
    assert "38;5;208" in other
    with pytest.raises(DrawingError, match="colour-blind"):
        draw_terminal(SIMPLE, colour=True, palette="blue")


def test_names_that_would_move_the_cursor() -> None:
    x = mg.Tensor(2.0, name="a\x1b[2Jb\nc\u202e")
    text = draw_terminal(mg.trace(x * 3), width=60)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert len(text.split("\n")) <= 3


def test_wide_letters_take_two_columns() -> None:
    x, y = mg.Tensor(2.0, name="重み"), mg.Tensor(3.0, name="e\u0301")
    made = TerminalCircuit(mg.trace(x * y), width=60)
    check(made)
    assert "重み ───" in str(made.at())


def test_a_text_is_never_written_over() -> None:
    canvas = Canvas()
    canvas.write(0, 0, "value")
    with pytest.raises(DrawingError, match="already"):
        canvas.write(0, 4, "gradient")
    canvas.horizontal(1, 0, 5)
    with pytest.raises(DrawingError, match="already"):
        canvas.write(1, 2, "x")


def test_large_circuits_are_collapsed_or_written_out() -> None:
    x = mg.Tensor(1.0, name="x")
    for _ in range(5000):
        x = mg.sin(x)
    assert not TerminalCircuit(mg.trace(x)).is_drawn
    net = mg.Tensor([1.0, 2.0], name="x")
    for layer in ("first", "second"):
        with mg.scope(layer):
            for _ in range(20):
                net = mg.tanh(net * 1.5)
    made = TerminalCircuit(mg.trace(net.sum()))
    assert made.is_drawn
    assert "[[first]]" in str(made.at())
    check(made)


def test_bad_arguments() -> None:
    with pytest.raises(ArgumentError, match="got 0"):
        draw_terminal(SIMPLE, width=0)
    with pytest.raises(DrawingError, match="'given', 'all' or 'none'"):
        draw_terminal(SIMPLE, names="some")


def test_the_same_texts_as_in_a_picture() -> None:
    made = TerminalCircuit(SIMPLE)
    view = view_of(SIMPLE, progress(SIMPLE, None), Options(0))
    text = str(made.at())
    assert all(line.above in text and line.below in text for line in view.lines)
