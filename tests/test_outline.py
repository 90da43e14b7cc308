"""The outline: the circuit as text, where no picture can be drawn."""

import microgd as mg
from microgd.draw.outline import MOST_LINES, outline


def test_a_shared_node_is_written_out_once():
    text = outline(mg.circuit("q = x + y; q * q", x=1, y=2).trace())
    assert [line.split() for line in text.splitlines()] == [
        ["f:", "×", "value", "9", "gradient", "1"],
        ["├─", "q:", "+", "value", "3", "gradient", "6"],
        ["│", "├─", "x", "value", "1", "gradient", "6"],
        ["│", "└─", "y", "value", "2", "gradient", "6"],
        ["└─", "q:", "+,", "as", "above", "value", "3", "gradient", "6"],
    ]


def test_constants_in_a_sign_have_no_line():
    assert len(outline(mg.circuit("2*x + 1", x=3).trace()).splitlines()) == 3


def test_what_is_not_known_yet_is_left_out():
    lesson = mg.circuit("(x + y) * z", x=-2, y=5, z=-4).trace()
    first = outline(lesson, step=0)
    assert "gradient" not in first
    assert "value −12" not in first
    assert "value 3" in first
    assert "gradient" not in outline(lesson, gradients=False)


def test_a_long_chain_is_cut_and_needs_no_recursion():
    x = mg.Tensor(1.0)
    for _ in range(5000):
        x = mg.sin(x)
    lines = outline(mg.trace(x)).splitlines()
    assert len(lines) == MOST_LINES + 1
    assert lines[-1] == "…"
