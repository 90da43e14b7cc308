"""`microgd trace`: what it prints, and what it draws."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_runner import names_in, refused, run, said

README = ("(x + y) * z", "x=-2", "y=5", "z=-4")

README_LESSON = """\
forward
  0  q = x + y = −2 + 5 = 3
  1  f = q · z = 3 · (−4) = −12

backward
gate   input    local   × upstream   = contribution   sum so far
────────────────────────────────────────────────────────────────
seed   f                                          1
f: ×   q       z = −4            1               −4           −4
f: ×   z        q = 3            1                3            3
q: +   x            1           −4               −4           −4
q: +   y            1           −4               −4           −4

inputs
input   value   gradient
────────────────────────
x          −2         −4
y           5         −4
z          −4          3
"""


def test_the_lesson_of_the_readme() -> None:
    assert said("trace", *README) == README_LESSON


def test_no_line_ends_in_blanks_and_none_is_wider_than_the_terminal() -> None:
    program = "sum(relu(W @ x + b) ** 2)"
    lines = said("trace", program, "W=[[1,-2],[3,4]]", "x=[1,2]", "b=[0.5,1]").split("\n")
    assert all(line == line.rstrip() for line in lines)
    tables = [line for line in lines if not line[:3].strip().isdigit()]
    assert max(map(len, tables)) <= 80


def test_without_a_terminal_tables_are_wide_and_have_no_colour() -> None:
    printed = said("trace", *README, COLUMNS="", NO_COLOR="")
    assert "\x1b" not in printed
    assert printed == README_LESSON


def test_sentences() -> None:
    printed = said("trace", *README, "--sentences")
    assert "  2  seed: ∂f/∂f = 1\n" in printed
    assert "upstream" not in printed
    assert printed.endswith("z          −4          3\n")


def test_table() -> None:
    printed = said("trace", *README, "--table")
    assert printed == README_LESSON[README_LESSON.index("backward") :]


def test_forward_only() -> None:
    assert said("trace", *README, "--forward") == README_LESSON.split("\n\n")[0] + "\n"
    assert "computed" in said("trace", *README, "--forward", "--table")


def test_digits() -> None:
    assert "0.7310586" in said("trace", "sigmoid(x)", "x=1", "--digits", "7")


def test_json_is_the_trace_and_nothing_else() -> None:
    told = json.loads(said("trace", *README, "--json"))
    assert told["schema"] == 1
    assert [e["kind"] for e in told["events"]][:3] == ["forward", "forward", "seed"]


def test_json_with_a_picture_keeps_the_output_clean(tmp_path: Path) -> None:
    result = run("trace", *README, "--json", "-o", str(tmp_path / "f.svg"))
    assert result.exit_code == 0
    assert json.loads(result.stdout)["output"]
    assert "saved" in result.stderr


def test_json_of_numbers_that_json_lacks() -> None:
    result = run("trace", "1/x", "x=0", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["nodes"][-1]["value"] == "inf"


def test_expand_opens_composite_gates() -> None:
    closed = said("trace", "sigmoid(x)", "x=1")
    opened = said("trace", "sigmoid(x)", "x=1", "--expand", "sigmoid")
    assert ("1/x" in closed, "1/x" in opened) == (False, True)
    assert said("trace", "sigmoid(x)", "x=1", "--expand", "all") == opened


def test_opened_gates_come_from_where_the_gate_was_written() -> None:
    told = json.loads(said("trace", "2 * softplus(x)", "x=1", "--expand", "all", "--json"))
    places = {(n["source"]["file"], n["source"]["column"]) for n in told["nodes"] if n["source"]}
    assert places == {("<expression>", column) for column in (1, 5, 14)}


def test_program() -> None:
    assert said("trace", *README, "--program") == "(x + y) * z\n"
    assert "exp(-x)" in said("trace", "sigmoid(x)", "x=1", "--program", "--expand", "all")


def test_upstream() -> None:
    assert "upstream gradient of f is 3" in said(
        "trace", "x*x", "x=2", "--upstream", "3", "--sentences"
    )
    assert said("trace", "x*x", "x=2", "--upstream", "-3").endswith("x           2        −12\n")
    assert "shape" in refused(2, "trace", "x*x", "x=2", "--upstream", "[1, 2]")


def test_jacobian_names_the_sizes() -> None:
    printed = said("trace", "relu(W @ x)", "W=[[1,-2],[3,4]]", "x=[1,2]", "--jacobian")
    assert "local Jacobians" in printed
    assert "diagonal" in printed


@pytest.mark.parametrize("ending", ["svg", "png", "dot"])
def test_it_also_draws(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"circuit.{ending}"
    assert said("trace", *README, "-o", str(path)) == README_LESSON + f"\nsaved {path}\n"
    assert path.stat().st_size > 500


def test_several_pictures(tmp_path: Path) -> None:
    said("trace", *README, "-o", str(tmp_path / "a.svg"), f"-o{tmp_path}/b.dot", "--look=cards")
    assert names_in(tmp_path) == ["a.svg", "b.dot"]


def test_a_tie_is_a_note() -> None:
    assert "Note: f, tie: equal inputs share" in said("trace", "max(a, b)", "a=1", "b=1")


def test_nothing_to_compute() -> None:
    assert "no gate in it, only the value 5." in said("trace", "2 + 3")
    assert "no gate in it, only the value 3." in said("trace", "x", "x=3")


@pytest.mark.parametrize("program", ["-", "-f-"])
def test_a_program_from_standard_input(program: str) -> None:
    words = ["--file", "-"] if program == "-f-" else ["-"]
    text = "q = x + y\nf = q * z\n"
    assert said("trace", *words, "x=-2", "y=5", "z=-4", input=text) == README_LESSON


def test_a_program_from_a_file(tmp_path: Path) -> None:
    program = tmp_path / "lesson.mg"
    program.write_bytes("\ufeffx = -2  # the first input\r\nf = x * y\r\n".encode())
    assert "f = x · y = −2 · 3 = −6" in said("trace", "-f", str(program), "y=3")
    assert "f = x · y = 1 · 3 = 3" in said("trace", f"-f{program}", "y=3", "x=1")


@pytest.mark.parametrize(
    "arguments",
    [
        ("-x", "x=-2"),
        ("--", "-x", "x=-2"),
        ("x=-2", "-x"),
        ("--digits", "0", "-x", "x=-2"),
        ("-x", "--digits", "0", "x=-2"),
    ],
)
def test_an_expression_may_begin_with_minus(arguments: tuple[str, ...]) -> None:
    assert "f = −x = −(−2) = 2" in said("trace", *arguments)


@pytest.mark.parametrize("text", ["-x*2", "-(x)*2", "--x*-2", "-x**1*2", "-o*2+x-x", "-(f)*2"])
def test_expressions_that_look_like_options(text: str) -> None:
    name = next(n for n in "xof" if n in text)
    values = [f"{n}=-2" for n in "xof" if n in text]
    assert f"{name} " in said("trace", text, *values)


@pytest.mark.parametrize("value", ["-2", " -2", "-1e0*2", "[-2, -3]", "-1/2", "-inf"])
def test_values_may_be_negative(value: str) -> None:
    assert "f = 2 · x" in run("trace", "2 * x", f"x={value}").stdout


def test_inf_on_the_way_is_a_note_and_no_failure() -> None:
    printed = said("trace", "where(x > 0, log(x), 0)", "x=-1")
    assert "Note: gate 'log' made the first NaN: it was given x = −1" in printed
    assert "did not reach the result" in printed


def test_options_that_contradict_each_other() -> None:
    assert "choose one" in refused(2, "trace", *README, "--json", "--table")
    assert "upstream" in refused(2, "trace", *README, "--forward", "--upstream", "1")
    assert "-o circuit.svg" in refused(2, "trace", *README, "--look", "cards")
    assert "microgd draw" in refused(2, "trace", *README, "-o", "-")


def test_a_lecture_is_an_expression() -> None:
    whole = said("trace", "q = x + y; f = q * z", "x=-2", "y=5", "z=-4")
    assert said("trace", "A1") == whole
    assert said("grad", "A1").splitlines()[1] == "∂f/∂x = -4"
    assert "'A99' has no value" in refused(2, "trace", "A99")
    assert "microgd lecture show C4" in refused(2, "trace", "C4")
    assert said("grad", "A1", "A1=3").splitlines()[0] == "A1 = 3"  # a name that has a value


def test_a_mere_shape_is_told_as_it_was_given() -> None:
    for command in ("trace", "step"):
        assert said(command, "x", "x:3x4").strip().startswith("There is no gate in it, only the")
        assert "value x:3x4." in said(command, "x", "x:3x4")


@pytest.mark.parametrize("columns", [20, 30, 40])
@pytest.mark.parametrize("colour", ["", "1"])
def test_a_narrow_terminal_gets_lists_and_no_broken_words(columns: int, colour: str) -> None:
    env = {"COLUMNS": str(columns), "FORCE_COLOR": colour}
    table = said("trace", *README, "--table", **env).splitlines()
    assert {"gate: q: +", "  input: x", "  local: 1"} <= set(table)
    rows = [line for line in said("lecture", "list", **env).splitlines() if line.startswith("  ")]
    assert max(map(len, rows)) <= columns
    words = " ".join(said("lecture", "list", "--part", "A", **env).split())
    assert "lecture: A neuron with a sigmoid, gate by gate decks: 001 numbers: 18" in words
    wide = said("trace", *README, "--table", **{**env, "COLUMNS": "80"})
    assert "gate: q: +" not in wide


def test_what_upstream_takes() -> None:
    complaint = refused(2, "trace", *README, "--upstream", "abc")
    assert "'abc' is no number. A value is a number or a list of numbers" in complaint
    assert "the value of --upstream" in complaint
    assert "abc=" not in complaint


def test_a_lectures_id_is_written_in_any_case() -> None:
    assert said("trace", "a1") == said("trace", "A1")
    for how in (["step", "--plain"], ["emit"], ["grad"], ["lecture"]):
        assert said(*how, "a2") == said(*how, "A2")
    assert said("grad", "a2", "a2=3").splitlines()[0] == "a2 = 3"
    assert said("grad", "2 * b1", "b1=3").splitlines()[0] == "f = 6"
    assert "b1=…" in refused(2, "grad", "b1", "b1:3")  # a shape is a value of the name, too


@pytest.mark.parametrize("command", ["trace", "slides", "step", "play"])
@pytest.mark.parametrize("id", ["A2", "a2"])
def test_a_lecture_has_numbers_of_its_own(command: str, id: str) -> None:
    complaint = refused(2, command, id, "x=3")
    assert "lecture A2 has numbers of its own: leave out x=3" in complaint
    assert f"give it a value, too: {id}=…" in complaint
