"""Worksheets: exercises that are valid, distinct and solvable, and pages that fit."""

from __future__ import annotations

import builtins
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_runner import names_in, refused, said

import microgd as mg
from microgd.language.circuit import parse
from microgd.teaching.frames import size_of
from microgd.teaching.typesetting import pdf_of
from microgd.teaching.worksheet.contents import answer_rows, blank_rows
from microgd.teaching.worksheet.dice import Dice
from microgd.teaching.worksheet.exercise import LARGEST, Exercise, exercises, worthwhile
from microgd.teaching.worksheet.levels import LEVELS, level_of
from microgd.teaching.worksheet.sheet_typst import WIDTH

NUMBERS = range(1, len(LEVELS) + 1)


def by_differences(exercise: Exercise) -> dict[str, Any]:
    """Every gradient, by central differences of the program alone."""

    def value(*inputs: Any) -> Any:
        return parse(exercise.program, dict(zip(exercise.values, inputs, strict=True))).output

    given = [np.array(v, dtype=float) for v in exercise.values.values()]
    found = mg.numeric_gradient(value, *given, h=1e-4, central=True)
    return dict(zip(exercise.values, found, strict=True))


def check(exercise: Exercise, level: int, *, differences: bool = True) -> None:
    """What every exercise has to be; none of it is asked of the code that made it."""
    spec = level_of(level)
    inputs = [n for n in exercise.trace.nodes if n.kind == "input"]
    assert {n.label for n in inputs} == set(exercise.values)  # each is used
    answers = exercise.answers
    for name, numeric in by_differences(exercise).items() if differences else ():
        np.testing.assert_allclose(answers[name], numeric, rtol=1e-5, atol=1e-5)
        assert np.shape(answers[name]) == np.shape(exercise.values[name])
    for node in exercise.trace.nodes:
        for number in (node.value, node.gradient):
            if number is not None:
                assert np.max(np.abs(number)) <= LARGEST
                assert np.array_equal(np.asarray(number) * 4, np.round(np.asarray(number) * 4))
        assert node.tie is None
    if level != 5:
        assert exercise.trace.digits == 0
    gates = [n for n in exercise.trace.nodes if n.kind == "gate"]
    if not spec.templates:
        assert spec.gates[0] <= len(gates) <= spec.gates[1]
    chooses = {"maximum", "minimum", "relu"} & {n.gate for n in gates}
    dead = [n.label for n in inputs if not np.any(n.gradient)]
    assert len(dead) <= (1 if chooses else 0)
    assert len(dead) < len(inputs)
    summed = any(e.kind == "branch" for e in exercise.trace.events)
    if level <= 2:
        assert not summed
    if level == 3:
        assert summed
    if level == 4:
        assert chooses


@pytest.mark.parametrize("level", NUMBERS)
def test_exercises_are_valid_and_their_answers_are_those_of_differences(level: int) -> None:
    for seed in range(12):
        for exercise in exercises(seed, level, 4):
            check(exercise, level)


@pytest.mark.slow
@pytest.mark.parametrize("level", NUMBERS)
def test_a_thousand_seeds(level: int) -> None:
    """The levels share them: each of a thousand seeds gives one sheet."""
    seeds = range(level, 1001, len(NUMBERS))
    sheets = set()
    for seed in seeds:
        found = exercises(seed, level, 2)
        for exercise in found:
            check(exercise, level)
        sheets.add(tuple((e.program, repr(e.values)) for e in found))
        assert len({(e.program, repr(e.values)) for e in found}) == 2
    assert len(sheets) == len(seeds) >= 166  # and no two sheets are the same


@pytest.mark.parametrize("level", NUMBERS)
def test_no_two_exercises_of_a_long_sheet_are_alike(level: int) -> None:
    found = exercises(5, level, 30)
    keys = {(e.form, repr(sorted(map(repr, e.values.values())))) for e in found}
    assert len(keys) == 30
    forms = [e.form for e in exercises(5, level, 6)]
    assert len(set(forms)) == 6  # while there are others, another circuit


@pytest.mark.parametrize("level", NUMBERS)
def test_a_longer_sheet_begins_like_a_shorter(level: int) -> None:
    short, long = exercises(3, level, 2), exercises(3, level, 5)
    assert [(e.program, e.values) for e in short] == [(e.program, e.values) for e in long[:2]]


def test_the_same_seed_is_the_same_for_ever() -> None:
    """Written down once: another machine, another Python, a year from now."""
    dice = Dice("seven")
    assert [dice.below(100) for _ in range(6)] == [80, 42, 78, 12, 55, 18]
    first = exercises(7, 2, 2)[1]
    assert (first.program, first.values) == (
        "f = w * (z - v + x + y)",
        {"x": -2, "y": 3, "z": 5, "w": -3, "v": 1},
    )


@pytest.mark.parametrize("level", range(1, 6))
def test_a_program_is_the_circuit_with_no_bracket_too_many(level: int) -> None:
    """As many as the language's own printer writes."""
    for seed in range(8):
        for exercise in exercises(seed, level, 3):
            assert exercise.program.count("(") == exercise.circuit.program.count("(")


def test_dice_reach_every_choice_and_none_beyond() -> None:
    dice = Dice("d")
    assert {dice.between(-2, 3) for _ in range(300)} == set(range(-2, 4))
    items = list("abc")
    assert sorted(dice.take(items) for _ in "123") == list("abc")


@pytest.mark.parametrize(
    ("program", "values", "level", "why"),
    [
        ("x + y + z", {"x": 1, "y": 2, "z": 3}, 1, "every gradient is 1"),
        ("(x + y) * z", {"x": 2, "y": -2, "z": 3}, 1, "z is dead, f is 0"),
        ("x * y * z", {"x": 5, "y": 4, "z": 3}, 1, "too large"),
        ("max(x, y) * z", {"x": 2, "y": 2, "z": 3}, 4, "a tie"),
        ("relu(x - y) * z", {"x": 2, "y": 2, "z": 3}, 4, "ReLU at 0"),
        ("relu(x) * y", {"x": -2, "y": 2}, 4, "all are dead"),
        ("x / y", {"x": 1, "y": 3}, 5, "no quarters"),
    ],
)
def test_what_is_not_worth_working_out(
    program: str, values: dict[str, Any], level: int, why: str
) -> None:
    assert not worthwhile(mg.circuit(program, **values).trace(), level_of(level)), why
    assert worthwhile(mg.circuit("(x + y) * z", x=-2, y=5, z=-4).trace(), level_of(level))


def test_level_five_has_each_curve_in_turn() -> None:
    programs = [e.program for e in exercises(2, 5, 4)]
    for part in ("exp(", "1 / ", "sigmoid(", "**2"):
        assert any(part in program for program in programs)


def test_empty_boxes_give_no_answer_away() -> None:
    sheet = mg.worksheet(seed=1, level=4, count=5)
    for exercise, svg in zip(sheet.exercises, sheet.blanks, strict=True):
        shown = re.findall(r"<text[^>]*>(−?[\d.]+)</text>", svg)
        given = {str(v).replace("-", "−") for v in exercise.values.values()}
        assert set(shown) <= given | {"1"}
        assert "<title>" not in svg
    html = sheet.html("none")
    assert "Answers" not in html
    assert "sum so far" not in html


def test_answers_are_in_the_key() -> None:
    sheet = mg.worksheet(seed=1, level=2, count=3)
    for exercise, svg in zip(sheet.exercises, sheet.filled, strict=True):
        shown = re.findall(r"<text[^>]*>(−?[\d.]+)</text>", svg)
        for gradient in exercise.answers.values():
            assert f"{gradient:.0f}".replace("-", "−") in shown


@pytest.mark.parametrize("lang", ["en", "cs", "ru"])
def test_the_table_has_a_row_for_each_product(lang: str) -> None:
    with mg.speaking(lang):
        sheet = mg.worksheet(seed=1, level=3, count=2, table=True)
    for exercise in sheet.exercises:
        products = [e for e in exercise.trace.events if e.kind == "contribution"]
        assert len(answer_rows(exercise)) == len(products)
        assert all(row[:2] == full[:2] and not any(row[2:]) for row, full in
                   zip(blank_rows(exercise), answer_rows(exercise), strict=True))  # fmt: skip


def test_matrices_have_a_box_for_each_number() -> None:
    sheet = mg.worksheet(seed=7, level=6, count=1)
    trace = sheet.exercises[0].trace
    asked = sum(np.size(n.value) for n in trace.nodes if n.kind == "gate")
    asked += sum(
        np.size(n.gradient) for n in trace.nodes if n.gradient is not None and n.id != trace.output
    )
    assert sheet.typst("none").count("blank()") == asked
    assert sheet.html("none").count('<mspace class="blank"') == asked
    assert "blank()" not in sheet.typst("only")


@pytest.mark.parametrize("level", NUMBERS)
def test_circuits_fit_the_page_with_room_to_write(level: int) -> None:
    for seed in range(3):
        for svg in mg.worksheet(seed=seed, level=level, count=5).blanks:
            smallest = min(float(s) for s in re.findall(r'font-size="([\d.]+)"', svg))
            factor = min(WIDTH["a4"] / size_of(svg)[0], 0.7)
            assert smallest * factor >= 7, "smaller than anybody can read"
            assert 15 * factor >= 7  # numbers
            assert 46 * factor >= 22  # points: a box is 8 mm wide at least


@pytest.mark.parametrize(
    ("level", "count", "most"), [(1, 8, (1, 1)), (3, 6, (2, 2)), (6, 12, (6, 5))]
)
def test_no_paper_is_wasted(level: int, count: int, most: tuple[int, int]) -> None:
    sheet = mg.worksheet(seed=0, level=level, count=count)
    keys: tuple[Any, ...] = ("none", "only")
    pages = tuple(len(re.findall(rb"/Type\s*/Page\b(?!s)", sheet.pdf(key))) for key in keys)
    assert min(pages) >= 1
    assert pages[0] <= most[0]
    assert pages[1] <= most[1]


def test_the_same_sheet_has_the_same_bytes() -> None:
    first, second = (mg.worksheet(seed=4, level=3, count=2) for _ in "12")
    assert first.pdf() == second.pdf()
    assert first.html() == second.html()
    assert b"CreationDate" not in first.pdf()


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


def test_the_parts_of_a_sheet() -> None:
    sheet = mg.worksheet(seed=4, level=1, count=2, table=True, paper="letter", title="Quiz 3")
    assert pages_of(sheet.pdf("none")) == 1
    assert pages_of(sheet.pdf("end")) == 2
    assert pages_of(sheet.pdf("only")) == 1
    assert "us-letter" in sheet.typst()
    assert "Quiz 3" in sheet.html("none")
    assert "--seed 4 --level 1 --count 2" in sheet.html("none")


def test_no_title_breaks_out() -> None:
    hostile = '</title><script>alert(1)</script>"#eval("1")\\ $[]{}\u202e'
    sheet = mg.worksheet(seed=4, count=1, title=hostile)
    assert "<script" not in sheet.html()
    assert "\u202e" not in sheet.html()
    code = re.sub(r'"(?:[^"\\]|\\.)*"', '""', sheet.typst())
    assert "script" not in code
    assert "eval" not in code
    assert pages_of(sheet.pdf()) == 2
    assert not re.search(r'(?:src|href)="', sheet.html())


def test_what_cannot_be_made_is_refused(tmp_path: Path) -> None:
    for options, message in (
        ({"level": 7}, "level is a whole number from 1 to 6"),
        ({"level": True}, "level is"),
        ({"count": 0}, "count is"),
        ({"count": 61}, "from 1 to 60"),
        ({"seed": -1}, "seed is a whole number from 0 on"),
        ({"seed": 1.5}, "seed is"),
        ({"paper": "a3"}, "paper is"),
        ({"palette": "pink"}, "no palette"),
    ):
        with pytest.raises(mg.MicrogdError, match=message):
            mg.worksheet(**options)  # type: ignore[arg-type]
    sheet = mg.worksheet(count=1)
    with pytest.raises(mg.DrawingError, match="does not end in"):
        sheet.save(tmp_path / "sheet.doc")
    with pytest.raises(mg.ArgumentError, match="key is"):
        sheet.save(tmp_path / "sheet.pdf", key="some")  # type: ignore[arg-type]
    assert names_in(tmp_path) == []


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    printed = said(
        *("worksheet", "--seed", "7", "--level", "3", "--count", "2"),
        *("--key", "k.html", "-o", "s.pdf", "-o", "s.html", "-o", "s.typ"),
    )
    assert printed == "saved s.pdf\nsaved s.html\nsaved s.typ\nsaved k.html\n"
    sheet = mg.worksheet(7, 3, 2)
    assert Path("s.html").read_text(encoding="utf-8") == sheet.html("none")
    assert Path("k.html").read_text(encoding="utf-8") == sheet.html("only")
    assert pdf_of(Path("s.typ").read_text(encoding="utf-8"), "s") == Path("s.pdf").read_bytes()


def test_the_foot_has_the_command_that_makes_the_sheet_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with mg.speaking("cs"):
        sheet = mg.worksheet(2**70, 3, 2, table=True, title="Pátá hodina", paper="letter",
                             palette="default")  # fmt: skip
    assert sheet.command == (
        f"microgd worksheet --seed {2**70} --level 3 --count 2 --table --title 'Pátá hodina' "
        "--paper letter --palette default --lang cs"
    )
    said(*shlex.split(sheet.command)[1:], "-o", "s.html")
    assert Path("s.html").read_text(encoding="utf-8") == sheet.html()
    assert mg.worksheet(1, 2, 1).command == "microgd worksheet --seed 1 --level 2 --count 1"


def test_bad_usage_of_the_command() -> None:
    assert "contradict" in refused(2, "worksheet", "--no-key", "--only-key")
    assert "contradict" in refused(2, "worksheet", "--no-key", "--key", "k.pdf")
    assert "named twice" in refused(2, "worksheet", "-o", "a.pdf", "--key", "a.pdf")
    assert "does not end in" in refused(2, "worksheet", "-o", "a.png")
    assert "--level" in refused(2, "worksheet", "--level", "9")


def test_without_typst_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def missing(name: str, *more: Any, **options: Any) -> Any:
        if name == "typst":
            raise ImportError(name)
        return real(name, *more, **options)

    monkeypatch.setattr(builtins, "__import__", missing)
    monkeypatch.chdir(tmp_path)
    assert 'pip install "microgd[slides]"' in refused(1, "worksheet", "--count", "1")
    assert said("worksheet", "--count", "1", "-o", "w.html") == "saved w.html\n"
    assert names_in(tmp_path) == ["w.html"]
