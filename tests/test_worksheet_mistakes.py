"""Circuits with a mistake to find: one step is wrong, and all else follows from what it gave."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_runner import refused, said

import microgd as mg
from microgd.teaching.worksheet.dice import Dice
from microgd.teaching.worksheet.exercise import LARGEST, Exercise, exercises
from microgd.teaching.worksheet.slip import Slip, slip_of


def derivative(gate: str, position: int, values: list[float], params: Any) -> float:
    """The local derivative by differences of the gate alone, in NumPy."""
    functions: dict[str, Any] = {
        "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "neg": np.negative,
        "maximum": np.maximum, "minimum": np.minimum, "relu": lambda x: np.maximum(x, 0),
        "exp": np.exp, "recip": np.reciprocal, "square": np.square, "pow": np.power,
        "power": np.power, "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    }  # fmt: skip
    function, h = functions[gate], 1e-5
    above, below = list(values), list(values)
    above[position] += h
    below[position] -= h
    return float((function(*above) - function(*below)) / (2 * h))


def wrong_steps(trace: mg.Trace) -> list[str]:
    """The wires whose number is not local · upstream, the nodes whose number is not the sum."""
    found = []
    source = {w.id: w.source for w in trace.wires}
    for wire in trace.wires:
        node = trace.by_id[wire.target]
        if wire.gradient is None:
            continue
        values = [float(trace.by_id[source[w]].value) for w in node.wires]  # type: ignore[arg-type]
        local = derivative(node.gate, wire.position, values, node.params)
        upstream: Any = node.gradient
        if not np.isclose(local * upstream, wire.gradient, atol=1e-6):
            found.append(wire.id)
    for node in trace.nodes:
        arrived = [w.gradient for w in trace.wires if w.source == node.id]
        sent = [g for g in arrived if g is not None]
        if sent and not np.isclose(np.sum(sent), node.gradient):  # type: ignore[arg-type]
            found.append(node.id)
    return found


def slip(exercise: Exercise, seed: int) -> Slip:
    return slip_of(exercise, Dice(f"{seed} {exercise.number}"))


@pytest.mark.parametrize("level", range(1, 6))
def test_exactly_one_step_is_wrong_and_it_is_the_one_that_is_told(level: int) -> None:
    for seed in range(6):
        for exercise in exercises(seed, level, 4):
            assert wrong_steps(exercise.trace) == []
            made = slip(exercise, seed)
            event = made.event
            wanted = event.wire if event.kind == "contribution" else event.node
            assert wrong_steps(made.trace) == [wanted], (exercise.program, made.mistake)
            assert made.symbol.startswith("∂f/∂")
            # The circuit is the same, up to where gradients begin.
            for right, wrong in zip(exercise.trace.nodes, made.trace.nodes, strict=True):
                assert (right.id, right.label, right.value) == (wrong.id, wrong.label, wrong.value)
            numbers = [n.gradient for n in made.trace.nodes if n.gradient is not None]
            assert np.max(np.abs(numbers)) <= LARGEST
            assert made.mistake.value != event.value
            assert made.mistake.others == ()


def test_a_sheet_has_many_mistakes_and_the_same_ones_for_ever() -> None:
    sheet = mg.worksheet(5, 3, 6, mistakes=True)
    names = [s.mistake.name for s in sheet.slips]
    assert len(set(names)) >= 5
    assert {s.event.kind for s in sheet.slips} == {"contribution", "branch"}
    again = mg.worksheet(5, 3, 8, mistakes=True)
    assert [s.mistake for s in again.slips][:6] == [s.mistake for s in sheet.slips]
    assert again.html() == mg.worksheet(5, 3, 8, mistakes=True).html()
    # The circuits are those of the sheet to fill in.
    plain = mg.worksheet(5, 3, 6)
    assert [e.program for e in plain.exercises] == [e.program for e in sheet.exercises]
    assert plain.slips == ()


def texts(svg: str) -> list[str]:
    return sorted(re.findall(r"<text[^>]*>(−?[\d.]+)</text>", svg))


def test_what_is_drawn_is_the_wrong_circuit_and_the_key_has_the_right_one() -> None:
    sheet = mg.worksheet(2, 2, 3, mistakes=True)
    for slip, wrong, right, exercise in zip(
        sheet.slips, sheet.blanks, sheet.filled, sheet.exercises, strict=True
    ):
        assert texts(right) == texts(mg.draw(exercise.trace, blanks="filled").svg)
        assert texts(wrong) == texts(mg.draw(slip.trace).svg) != texts(right)
        assert "<title>" not in wrong  # nothing beside the numbers tells
    shown, key = sheet.html("none"), sheet.html("only")
    assert shown.count("What went wrong:") == 3
    assert "is right" not in shown
    for slip in sheet.slips:
        value = f"{slip.event.value:.0f}".replace("-", "−")
        assert f"is wrong, {value} is right: {slip.mistake.sentence}." in key.replace("&#x27;", "'")
    assert "What went wrong" not in key


def test_paper_has_lines_to_write_on_and_the_key_names_the_mistake() -> None:
    sheet = mg.worksheet(2, 1, 2, mistakes=True)
    source, key = sheet.typst("none"), sheet.typst("only")
    assert source.count("#line_to_write") == 2 + 3 * 2  # name and date; three for each
    assert key.count("is right: that is what you get if") == 2
    assert sheet.pdf()[:5] == b"%PDF-"
    assert "--mistakes" in sheet.command


def test_what_has_no_mistakes_to_find_is_refused(tmp_path: Path) -> None:
    with pytest.raises(mg.ArgumentError, match="levels 1 to 5, got 6"):
        mg.worksheet(1, 6, mistakes=True)
    with pytest.raises(mg.ArgumentError, match="without a table"):
        mg.worksheet(1, 2, mistakes=True, table=True)
    assert "not with --level 6" in refused(2, "worksheet", "--mistakes", "--level", "6")
    assert "not with --table" in refused(2, "worksheet", "--mistakes", "--table")
    path = tmp_path / "find.html"
    said("worksheet", "--mistakes", "--level", "4", "--count", "2", "-o", str(path))
    assert path.read_text(encoding="utf-8") == mg.worksheet(0, 4, 2, mistakes=True).html()


@pytest.mark.slow
@pytest.mark.parametrize("level", range(1, 6))
def test_there_is_a_mistake_to_make_in_every_circuit(level: int) -> None:
    for seed in range(level, 500, 5):
        for made in mg.worksheet(seed, level, 3, mistakes=True).slips:
            assert len(wrong_steps(made.trace)) == 1
