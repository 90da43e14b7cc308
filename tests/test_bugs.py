"""Bug mode: each mistake gives the numbers that it gives, and the right thing stays right."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from cli_runner import run, said
from hypothesis import given, settings
from hypothesis import strategies as st

import microgd as mg
from microgd.draw.outline import outline
from microgd.errors import ArgumentError, DrawingError
from microgd.teaching.bugs.buggy import Buggy, bugs, with_bug
from microgd.teaching.panel import panels
from microgd.trace.lesson import Trace
from microgd_cli.bug import BUGS


def gradients(trace: Trace) -> dict[str, object]:
    return {n.label: n.gradient for n in trace.nodes if n.kind == "input"}


def of(name: str, text: str, **values: object) -> Buggy:
    return with_bug(mg.circuit(text, **values), name)


# -- numbers worked out by hand --------------------------------------------------------------------


def test_overwriting_keeps_the_last_gradient() -> None:
    found = of("overwrite", "x*x + x", x=3)
    assert gradients(found.right) == {"x": 7.0}  # 2x + 1
    assert gradients(found.wrong) == {"x": 3.0}  # from the product, which speaks last
    assert "x ← overwritten: 1 is lost, 3 stays" in found.told
    assert found.differing == ("x",)


def test_overwriting_reaches_what_lies_further_back() -> None:
    # q = 2x is used in q·q: 2q = 12 is right, one of the two 6s wrong; then × 2.
    found = of("overwrite", "(2*x) * (2*x) + 0*x", x=3)
    assert gradients(found.right) == {"x": 24.0}
    found = of("overwrite", "q = 2*x; q*q", x=3)
    assert gradients(found.right) == {"x": 24.0}
    assert gradients(found.wrong) == {"x": 12.0}


def test_depth_first_sends_too_early_and_twice() -> None:
    # c hands b 1, b hands a 1 and 1; c hands b another 1, and b hands a 2 and 2.
    found = of("dfs-order", "b = a + a; c = b + b", a=1)
    assert gradients(found.right) == {"a": 4.0}
    assert gradients(found.wrong) == {"a": 6.0}
    assert found.wrong.node("b").gradient == 2.0
    visits = [e.target for e in found.wrong.events if e.kind == "contribution"]
    labels = [found.wrong.by_id[v or ""].label for v in visits]
    assert labels == ["b", "a", "a", "b", "a", "a"]
    assert "b ← branch: 1 + 1 = 2, but 1 was sent on already" in found.told


def test_max_sends_to_both() -> None:
    found = of("max-both", "max(a, b) * c", a=1, b=2, c=3)
    assert gradients(found.right) == {"a": 0.0, "b": 3.0, "c": 2.0}
    assert gradients(found.wrong) == {"a": 3.0, "b": 3.0, "c": 2.0}
    assert "a ← max sends it to the loser, too: 1 · 3 = 3" in found.told
    reduced = of("max-both", "3 * max(x)", x=[1, 5, 2])
    assert np.array_equal(gradients(reduced.wrong)["x"], [3, 3, 3])  # type: ignore[arg-type]
    rows = of("max-both", "sum(max(X, axis=1))", X=[[1, 5], [7, 2]])
    assert np.array_equal(gradients(rows.wrong)["X"], np.ones((2, 2)))  # type: ignore[arg-type]
    assert np.array_equal(gradients(rows.right)["X"], [[0, 1], [1, 0]])  # type: ignore[arg-type]


def test_stale_data_mixes_old_and_new() -> None:
    # q = x + y was 3; with x = 1 it would be 6. z's gradient is q.
    circuit = mg.circuit("(x + y) * z", x=-2, y=5, z=-4)
    found = with_bug(circuit, "stale-data", change={"x": 1})
    assert gradients(found.right) == {"x": -4.0, "y": -4.0, "z": 6.0}
    assert gradients(found.wrong) == {"x": -4.0, "y": -4.0, "z": 3.0}
    assert found.wrong.sentences[0] == "q = x + y = −2 + 5 = 3"
    assert found.wrong.sentences[2].startswith("x.data changes: −2 → 1;")
    assert circuit.inputs["x"].data == -2.0


def test_stale_data_of_exp_is_its_old_output() -> None:
    found = with_bug(mg.circuit("exp(x)", x=0), "stale-data", change={"x": 1})
    assert gradients(found.wrong) == {"x": 1.0}  # e⁰, where e¹ belongs
    assert gradients(found.right)["x"] == pytest.approx(np.e)


def test_stale_data_of_a_product_is_half_new() -> None:
    # f = (x·y)², y: 3 → 5. The backward pass has the new y, and the old x·y = 6.
    found = with_bug(mg.circuit("q = x*y; q*q", x=2, y=3), "stale-data", change={"y": 5})
    assert gradients(found.wrong) == {"x": 2 * 6 * 5.0, "y": 2 * 6 * 2.0}
    assert gradients(found.right) == {"x": 2 * 10 * 5.0, "y": 2 * 10 * 2.0}


def test_without_zero_grad_gradients_pile_up() -> None:
    found = of("no-zero-grad", "x**2", x=3)
    right, wrong, left = 3.0, 3.0, 0.0
    for a, b in found.taken:
        left += 2 * wrong
        assert a.grad["x"] == pytest.approx(2 * right)
        assert b.fresh["x"] == pytest.approx(2 * wrong)
        assert b.grad["x"] == pytest.approx(left)
        right, wrong = right - 0.1 * 2 * right, wrong - 0.1 * left
        assert a.after["x"] == pytest.approx(right)
        assert b.after["x"] == pytest.approx(wrong)
    assert found.taken[-1][1].after["x"] == pytest.approx(-0.024)
    assert found.wrong.node("x").gradient == pytest.approx(13.44)
    assert len(found.steps) == 3


def test_only_the_chosen_inputs_step() -> None:
    circuit = mg.circuit("(w*x - y)**2", w=3, x=1, y=2)
    found = with_bug(circuit, "no-zero-grad", wrt="w", lr=0.05, steps=2)
    assert found.taken[0][1].grad.keys() == {"w"}
    assert found.wrong.node("x").value == 1.0
    assert found.taken[-1][1].after["w"] == pytest.approx(2.9 - 0.05 * (2.0 + 1.8))


# -- another implementation ------------------------------------------------------------------------


class Number:
    """The naive recursion that `dfs-order` is about, as short as it can be."""

    def __init__(self, value: float, inputs: tuple[tuple[Number, float], ...] = ()) -> None:
        self.value, self.inputs, self.grad = value, inputs, 0.0

    def backward(self) -> None:
        for x, local in self.inputs:
            x.grad += local * self.grad
            x.backward()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("+*"), st.integers(0, 9), st.integers(0, 9)),
        min_size=1,
        max_size=5,
    )
)
def test_depth_first_is_what_naive_recursion_gives(gates: list[tuple[str, int, int]]) -> None:
    mine = [Number(2.0), Number(-3.0)]
    ours = [mg.Tensor(2.0, name="x"), mg.Tensor(-3.0, name="y")]
    for sign, i, j in gates:
        a, b = mine[i % len(mine)], mine[j % len(mine)]
        p, q = ours[i % len(ours)], ours[j % len(ours)]
        if sign == "+":
            mine.append(Number(a.value + b.value, ((a, 1.0), (b, 1.0))))
            ours.append(p + q)
        else:
            mine.append(Number(a.value * b.value, ((a, b.value), (b, a.value))))
            ours.append(p * q)
    mine[-1].grad = 1.0
    mine[-1].backward()
    found = with_bug(ours[-1], "dfs-order")
    for label, gradient in gradients(found.wrong).items():
        assert gradient == pytest.approx(mine["xy".index(label)].grad)
    right = mg.trace(ours[-1])
    assert found.right.sentences == right.sentences


# -- what holds of all -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", bugs())
def test_the_classic_example_goes_wrong(name: str) -> None:
    found = with_bug(None, name)
    assert found.differing
    assert not found.note
    assert "≠" in str(found.table())
    assert len(panels(found.wrong)) == len(found.wrong)
    assert found.wrong.to_json()
    assert found.why.endswith(".")
    assert [n.label for n in found.right.nodes] == [n.label for n in found.wrong.nodes]
    assert [e.step for e in found.wrong.events] == list(range(len(found.wrong)))


@pytest.mark.parametrize("name", bugs())
def test_where_it_makes_no_difference_that_is_said(name: str) -> None:
    found = of(name, "x + y", x=1, y=2)
    if name == "no-zero-grad":  # which always does, after the first step
        found = with_bug(mg.circuit("x + y", x=1, y=2), name, steps=1)
    assert found.differing == ()
    assert found.note.startswith("It makes no difference here: ")
    assert "It does in " in found.note
    assert "≠" not in "".join("".join(row) for row in found.table().rows)


@pytest.mark.parametrize("name", bugs())
def test_the_engine_and_the_tensors_stay_clean(name: str) -> None:
    x = mg.Tensor(3.0, name="x")
    f = mg.maximum(x * x, x) + mg.exp(x * 0.1)
    with_bug(f, name)
    assert x.data == 3.0
    assert not x.grad
    f.backward()
    assert x.grad == pytest.approx(6 + 0.1 * np.exp(0.3))


def test_too_many_paths_are_refused() -> None:
    x = mg.Tensor(1.0, name="x")
    for _ in range(30):
        x = x + x
    with pytest.raises(ArgumentError, match="takes every path"):
        with_bug(x, "dfs-order")


def test_bad_requests_say_what_is_there() -> None:
    circuit = mg.circuit("x*x", x=3)
    with pytest.raises(ArgumentError, match=r"no bug 'overwite'.*Did you mean 'overwrite'"):
        with_bug(circuit, "overwite")
    with pytest.raises(ArgumentError, match=r"no input 'y'.*There are: x"):
        with_bug(circuit, "stale-data", change={"y": 1})
    with pytest.raises(ArgumentError, match="shape"):
        with_bug(circuit, "stale-data", change={"x": [1, 2]})
    with pytest.raises(ArgumentError, match="changes no data"):
        with_bug(circuit, "overwrite", change={"x": 1})
    with pytest.raises(ArgumentError, match="steps is a whole number"):
        with_bug(circuit, "no-zero-grad", steps=0)
    with pytest.raises(ArgumentError, match="give every input some"):
        with_bug(mg.relu(mg.placeholder(3)), "overwrite")


# -- pictures --------------------------------------------------------------------------------------


@pytest.mark.parametrize("look", ["circuit", "lecture"])
@pytest.mark.parametrize("name", bugs())
def test_a_picture_holds_both_and_frames_what_differs(name: str, look: str) -> None:
    drawing = with_bug(None, name).draw(look)
    ids = re.findall(r'\bid="?([^"\s\]]+)', drawing.dot)
    assert len(ids) == len(set(ids))
    framed = drawing.dot.count('BORDER="2" COLOR="#c4161c" BGCOLOR="#fff1b8"')
    expected = {"overwrite": 1, "no-zero-grad": 2, "dfs-order": 3, "stale-data": 1, "max-both": 1}
    assert framed == expected[name]
    root = ET.fromstring(drawing.svg)
    text = " ".join("".join(t.itertext()) for t in root.iter("{http://www.w3.org/2000/svg}text"))
    assert "right" in text
    assert "wrong: " in text


def test_the_right_circuit_stands_above() -> None:
    svg = with_bug(None, "overwrite").draw().svg
    height = {
        word: float(re.search(rf'y="(-?[\d.]+)"[^>]*>{word}', svg)[1])  # type: ignore[index]
        for word in ("right", "wrong")
    }
    assert height["right"] < height["wrong"]


def test_a_hostile_name_stays_a_name() -> None:
    x = mg.Tensor(3.0, name='</svg><img src=x onerror="a">/\\')
    drawing = with_bug(x * x + x, "overwrite").draw()
    assert "<img" not in drawing.svg
    ET.fromstring(drawing.svg)


def test_pictures_that_cannot_be_are_refused() -> None:
    with pytest.raises(DrawingError, match="circuit or lecture look"):
        with_bug(None, "overwrite").draw("cards")
    x = mg.Tensor(1.0, name="x")
    f = x
    for _ in range(80):
        f = f + 1.0
    with pytest.raises(DrawingError, match="160 gates are too many"):
        with_bug(f, "overwrite").draw()


# -- the command line ------------------------------------------------------------------------------


def test_the_command_line_knows_all_bugs() -> None:
    assert bugs() == BUGS


def test_trace_tells_and_draw_draws(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(str(tmp_path))
    printed = said("trace", "x*x + x", "x=3", "--bug", "overwrite", "-o", "both.svg")
    assert "overwritten: 1 is lost, 3 stays" in printed
    assert re.search(r"x +7 +3 +≠", printed)
    assert "saved both.svg" in printed
    assert said("draw", "--bug", "no-zero-grad", "-o", "steps.svg") == "saved steps.svg\n"
    table = said("trace", "--bug", "dfs-order", "--table")
    assert table.startswith("right and wrong")
    data = json.loads(said("trace", "--bug", "max-both", "--json"))
    assert data["differing"] == ["a"]
    assert data["steps"][0]["wrong"]["nodes"]
    changed = said("trace", "--bug", "stale-data", "--change", "x=5", "--table")
    assert re.search(r"z +−4 +−4 +10 +3 +≠", changed)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--bug", "overwite"), "Did you mean 'overwrite'?"),
        (("--bug", "overwrite", "--forward"), "--bug and --forward do not go together"),
        (("x*x", "x=1", "--lr", "0.1"), "--lr is for --bug no-zero-grad"),
        (("x*x", "x=1", "--bug", "overwrite", "--change", "x=2"), "--change is for"),
        (("--bug", "stale-data", "--change", "x"), "write --change x=5"),
        (("--bug", "stale-data", "--change", "w=1"), "no input 'w'"),
        (("x*y", "x:3", "y=2", "--bug", "overwrite"), "has a shape and no numbers"),
        (("--bug", "max-both", "-o", "f.svg", "--look", "cards"), "circuit or lecture look"),
    ],
)
def test_what_does_not_fit_is_refused(arguments: tuple[str, ...], word: str) -> None:
    done = run("trace", *arguments)
    assert done.exit_code == 2
    assert word in done.stderr


# -- data that change midway -----------------------------------------------------------------------


def test_what_changes_midway_is_seen_before_and_after() -> None:
    circuit = mg.circuit("(x + y) * z", x=-2, y=5, z=-4)
    wrong = with_bug(circuit, "stale-data", change={"x": 1000}).wrong
    (change,) = wrong.changes
    assert (change.step, change.parts, change.value) == (2, (-2.0,), 1000.0)
    bars = set()
    for step in range(len(wrong)):
        now = "−2" if step < change.step else "1000"
        assert wrong.as_of(step).node("x").value == (-2.0 if step < change.step else 1000.0)
        for look in ("circuit", "cards"):
            svg = mg.draw(wrong, look=look, step=step).svg
            shown = re.findall(r"<text(?![^>]*fill-opacity)[^>]*>([^<]*)</text>", svg)
            assert [t.strip().removeprefix("data ") for t in shown].count(now) == 1, (look, step)
        svg = mg.draw(wrong, step=step).svg
        bars.add(tuple(re.findall(r'<polygon fill="#\w+" stroke="none" points="[^"]*"', svg)))
        drawn = mg.draw_terminal(wrong, step=step)
        assert (now in drawn, ("−2" in drawn) == (step < change.step)) == (True, True)
        assert f"value {now}" in outline(wrong, step=step)
    assert len({len(b) for b in bars}) == 1
    assert wrong.as_of(None) is wrong


def test_an_old_number_that_is_longer_has_room_too() -> None:
    circuit = mg.circuit("x * y", x=123456.25, y=5)
    wrong = with_bug(circuit, "stale-data", change={"x": 1}).wrong
    rows = [mg.draw_terminal(wrong, step=step).split("\n") for step in range(len(wrong))]
    assert rows[0][0].split() == ["123456.25"]
    assert {row[1].index("╮") for row in (rows[0], rows[1])} == {rows[2][1].index("╮")}
    drawn = [mg.draw(wrong, step=step) for step in (0, 2)]  # the same step apart from the number
    widths = [re.findall(r'viewBox="([^"]*)"', drawing.svg) for drawing in drawn]
    assert widths[0] == widths[1]
