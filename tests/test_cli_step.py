"""`microgd step`: keys, sizes, pipes, and the quiz."""

from __future__ import annotations

import re
import sys
from itertools import groupby
from pathlib import Path

import pytest
from cli_runner import complete, refused, run, said

import microgd as mg
from microgd.teaching.bugs.buggy import with_bug
from microgd_cli.bug import BUGS
from microgd_cli.keys import keys_in

if sys.platform == "win32":
    pytest.skip("terminals of Unix", allow_module_level=True)

from terminal_session import Terminal

CIRCUIT = ("(x + y) * z", "x=-2", "y=5", "z=-4")
NEURON = ("1/(1+exp(-(w0*x0+w1*x1+w2)))", "w0=2", "x0=-1", "w1=-3", "x1=-2", "w2=-3")
SHOWN = mg.circuit("(x + y) * z", x=-2, y=5, z=-4).trace()

RIGHT, LEFT, HOME, END = "\x1b[C", "\x1b[D", "\x1b[H", "\x1bOF"


# -- keys -----------------------------------------------------------------------------------------


def test_keys_have_names() -> None:
    sent = " \r\n\x1b[C\x1bOD\x1b[H\x1b[4~\x7fq12é\x1b\x04"
    assert keys_in(sent) == [
        *("space", "enter", "enter", "right", "left", "home", "end"),
        *("backspace", "q", "1", "2", "é", "escape", "end of input"),
    ]
    assert keys_in("\x1b[1;5C\x1b[99~a") == ["unknown", "unknown", "a"]


def test_on_and_back() -> None:
    with Terminal("step", *CIRCUIT) as terminal:
        first = terminal.until("step 0 of 6, forward")
        assert "q = 3" in first
        assert "−12" not in first
        assert "[+]" in first
        terminal.press(" ")
        assert "[×]" in terminal.until("step 1 of 6")
        terminal.press("\r" + RIGHT)
        third = terminal.until("step 3 of 6, backward")
        assert "∂f/∂q = z · ∂f/∂f" in third
        assert "━" in third
        terminal.press(LEFT)
        terminal.until("step 2 of 6")
        terminal.press("\x7f")
        terminal.until("step 1 of 6")
        terminal.press(END)
        last = terminal.until("step 6 of 6")
        assert "the end" in last
        terminal.press(" ")  # there is nothing behind it
        terminal.press(HOME)
        assert terminal.until("step 0 of 6").count("[") == 1
        terminal.press(LEFT + "G")
        terminal.until("step 6 of 6")
        terminal.press("g" + "q")
        assert terminal.end() == 0
        assert terminal.is_restored()
        assert "step 0 of 6" in terminal.screen()  # it stays, on the first screen


def test_a_number_leads_to_a_step() -> None:
    with Terminal("step", *NEURON, columns=100) as terminal:
        terminal.until("step 0 of 20")
        terminal.press("1")
        terminal.until("go to step 1: Enter")
        terminal.press("2\r")
        terminal.until("step 12 of 20")
        terminal.press("999\r")
        terminal.until("step 20 of 20")
        terminal.press("7")
        terminal.until("go to step 7")
        terminal.press("\x1b")  # not after all
        terminal.until("q: quit")
        terminal.press("0\r")
        terminal.until("step 0 of 20")
        terminal.press("\x04")
        assert terminal.end() == 0


def test_the_table_and_the_keys() -> None:
    with Terminal("step", *CIRCUIT, "--from", "4") as terminal:
        terminal.until("step 4 of 6")
        terminal.press("t")
        table = terminal.until("sum so far")
        assert table.count("f: ×") == 2
        assert "q: +" not in table
        terminal.press("q")  # closes the table and no more
        terminal.until("step 4 of 6")
        terminal.press("?")
        assert "the step before" in terminal.until("the next step")
        terminal.press("x")
        terminal.until("step 4 of 6")
        terminal.press("q")
        assert terminal.end() == 0


def test_nothing_moves_from_step_to_step() -> None:
    with Terminal("step", *CIRCUIT) as terminal:
        rows = set()
        for step in range(7):
            lines = terminal.until(f"step {step} of 6").split("\n")
            rows.add(next(n for n, line in enumerate(lines) if line.startswith("x ")))
            terminal.press(" ")
        assert len(rows) == 1


@pytest.mark.parametrize(("columns", "rows"), [(20, 10), (40, 24), (120, 8), (7, 3), (80, 2)])
def test_small_terminals(columns: int, rows: int) -> None:
    with Terminal("step", *NEURON, columns=columns, rows=rows) as terminal:
        terminal.until("step 0")
        for _ in range(9):
            terminal.press(" ")
        screen = terminal.until("step 9")
        assert max(map(len, screen.split("\n"))) <= columns
        assert len(screen.split("\n")) == rows
        terminal.press("q")
        assert terminal.end() == 0


def test_the_formulas_stay_where_the_circuit_is_too_high() -> None:
    with Terminal("step", *NEURON, columns=100, rows=13) as terminal:
        screen = terminal.until("q: quit")  # which is painted last
        assert "q = w0 · x0" in screen
        assert "[×]" in screen
        assert "q: quit" in screen


def test_another_size_is_drawn_at_once() -> None:
    with Terminal("step", *CIRCUIT, columns=80) as terminal:
        terminal.until("step 0 of 6")
        terminal.resize(30, 20)
        terminal.until("step 0 of 6, forward\n━━━━─")
        terminal.press(" ")
        screen = terminal.until("step 1 of 6")
        assert max(map(len, screen.split("\n"))) <= 30


def test_ctrl_c_is_silent_and_restores_the_terminal() -> None:
    with Terminal("step", *CIRCUIT) as terminal:
        terminal.until("step 0 of 6")
        assert not terminal.is_restored()
        terminal.press("\x03")
        assert terminal.end() == 130
        assert terminal.is_restored()
        assert terminal.screen().strip() in ("", "^C")
        assert terminal.sent.rstrip().endswith("\x1b[?25h\x1b[?1049l")


def test_colours_and_none() -> None:
    for no_color, coloured in (("", True), ("1", False)):
        with Terminal("step", *CIRCUIT, NO_COLOR=no_color) as terminal:
            terminal.until("step 0 of 6")
            assert ("\x1b[32m" in terminal.sent) is coloured
            terminal.press("q")
            assert terminal.end() == 0
    with Terminal("step", *CIRCUIT, TERM="dumb") as terminal:
        assert terminal.end() == 0
        assert "\x1b" not in terminal.sent


def test_an_ascii_terminal() -> None:
    with Terminal("step", *CIRCUIT, PYTHONIOENCODING="ascii") as terminal:
        terminal.until("step 0 of 6")
        terminal.press("G")
        terminal.until("step 6 of 6")
        assert terminal.sent.isascii()


# -- without a terminal ---------------------------------------------------------------------------


def test_in_a_pipe_every_step_is_printed_once() -> None:
    printed = said("step", *CIRCUIT)
    assert re.findall(r"^step (\d) of 6", printed, re.MULTILINE) == list("0123456")
    assert "\x1b" not in printed
    for event in SHOWN.events:
        assert SHOWN.number(float(event.value)) in printed
    assert max(map(len, printed.split("\n"))) <= 80
    assert printed.count("step ") == 7
    assert said("step", *CIRCUIT, "--plain", "--from", "5").count("step ") == 2


@pytest.mark.parametrize("columns", ["1", "20", "40"])
def test_narrow_pipes(columns: str) -> None:
    printed = said("step", *NEURON, COLUMNS=columns)
    assert max(map(len, printed.split("\n"))) <= int(columns)


def test_options_of_the_lesson(tmp_path) -> None:  # type: ignore[no-untyped-def]
    assert "step 0 of 1, forward" in said("step", *CIRCUIT, "--forward")
    assert "∂f/∂f = 2" in said("step", *CIRCUIT, "--upstream", "2")
    assert "exp" in said("step", "sigmoid(x)", "x=1", "--expand", "sigmoid")
    assert "0.7311" in said("step", "sigmoid(x)", "x=1", "--digits", "4")
    program = tmp_path / "lesson.txt"
    program.write_text("q = x + y\nf = q * z\n")
    assert "step 6 of 6" in said("step", "--file", str(program), *CIRCUIT[1:])
    assert "step 6 of 6" in said("step", "-", *CIRCUIT[1:], input="q = x + y\nf = q * z\n")
    assert "no gate in it" in said("step", "x", "x=3", "--forward")


def test_a_large_circuit_is_shown_around_the_gate() -> None:
    text = "; ".join(["a0 = x * 2", *(f"a{n} = sin(a{n - 1})" for n in range(1, 80)), "a79"])
    printed = said("step", text, "x=1", "--from", "30").split("step 31")[0]
    assert "[sin]" in printed
    assert "…" in printed


def test_an_input_that_everything_uses_does_not_bring_everything() -> None:
    from microgd_cli.stage import Stage

    lines = ["a0 = x * y", *(f"a{i} = a{i - 1} * x + y" for i in range(1, 20))]
    stage = Stage(mg.circuit("\n".join(lines), x=0.5, y=1).trace())
    assert not stage.is_drawn(80)
    assert all(len(stage.circuit(step, 80)) < 150 for step in range(0, stage.count, 7))


def test_bad_input() -> None:
    assert "steps 0 to 6" in refused(2, "step", *CIRCUIT, "--from", "7")
    assert "choose one" in refused(2, "step", *CIRCUIT, "--quiz", "--plain")
    assert "standard input" in refused(2, "step", "-", "--quiz", input="x=1; x*x")
    assert "none of" in refused(2, "step", *CIRCUIT, "--ask", "some")
    assert "log" in refused(1, "step", "log(x)", "x=0")


# -- quiz -----------------------------------------------------------------------------------------


def quiz(answers: str, *arguments: str) -> str:
    result = run("step", *arguments, "--quiz", input=answers)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def test_all_answers_right() -> None:
    printed = quiz("3\n-12\n-4\n3\n-4\n−4\n", *CIRCUIT)
    assert printed.count("Right.") == 6
    assert printed.rstrip().endswith("6 of 6 at the first try.")


def test_the_answer_is_not_given_away() -> None:
    before = quiz("", *CIRCUIT)
    assert "How much is q?" in before
    assert "q = 3" not in before
    assert "[+]" in before
    third = quiz("3\n-12\n", *CIRCUIT).rpartition("Right.")[2]
    assert "? [×]" in third
    assert third.count("−4") == 1  # the value of z; not yet the gradient of q


def test_hints_come_one_after_another() -> None:
    printed = quiz("3\n-12\n?\n\n?\n\n", *CIRCUIT)
    rule, local, product, solution = (
        printed.index(text)
        for text in (
            "the value of the other input",
            "the local derivative is z = −4",
            "−4 · 1 = ?",
            "swaps: −4 · 1",
        )
    )
    assert rule < local < product < solution
    assert "2 of 3 at the first try. Look again at: ×." in printed


def test_a_mistake_is_named() -> None:
    printed = quiz("9\n1\n6\n1\n6\n", "x*x", "x=3", "--ask", "backward")
    assert "No: that is what you get if" in printed
    assert "Look again at" in printed


def test_a_wrong_answer_can_be_mended() -> None:
    printed = quiz("7\n3\n", *CIRCUIT)
    assert printed.index("No: that is what you get") < printed.index("Right.")
    assert "0 of 1 at the first try. Look again at: +." in printed


def test_what_is_no_number_is_no_wrong_answer() -> None:
    printed = quiz("three\n3\n", *CIRCUIT)
    assert "'three' is no number" in printed
    assert "1 of 1 at the first try." in printed


def test_skipping_quitting_and_tables() -> None:
    printed = quiz("s\nt\nq\n", *CIRCUIT)
    assert "q = x + y = −2 + 5 = 3" in printed
    assert "computed" in printed
    assert "0 of 1 at the first try. Look again at: +." in printed
    assert "Nothing was asked." in quiz("q\n", *CIRCUIT)


def test_standard_input_may_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    from microgd_cli.prompt import Prompt

    monkeypatch.setattr(sys, "stdin", None)
    assert Prompt(lambda line, text: ()).read() is None


def test_what_is_asked() -> None:
    assert "of 2:" in quiz("", *CIRCUIT, "--ask", "forward")
    assert "of 4:" in quiz("", *CIRCUIT, "--ask", "backward")
    assert "of 3:" in quiz("", *CIRCUIT, "--from", "4")[:2000].replace("of 2:", "of 3:")


def test_a_choice_is_numbered() -> None:
    numbers = ("sum(W @ x)", "W=[[1,2],[3,4],[5,6]]", "x=[1,2]", "--ask", "backward")
    printed = quiz("s\n" * 40, *numbers)
    assert re.search(r"^  1  ", printed, re.MULTILINE)


def test_a_quiz_in_a_terminal() -> None:
    with Terminal("step", *CIRCUIT, "--quiz") as terminal:
        terminal.until("How much is q?\n>")
        terminal.press("3\n")
        terminal.until("How much is f?\n>")
        terminal.press("\x03")
        assert terminal.end() == 130
    with Terminal("step", *CIRCUIT, "--quiz") as terminal:
        terminal.until("How much is q?\n>")
        terminal.press("\x04")
        assert terminal.end() == 0
        assert "Nothing was asked." in terminal.screen()


def test_answers_from_a_pipe_of_another_program() -> None:
    code, output, complaints = complete("step", *CIRCUIT, "--quiz", stdin=-1)
    assert (code, complaints) == (0, b"")
    assert "Nothing was asked." in output.decode()


# -- mistakes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("bug", BUGS)
def test_a_mistake_beside_the_right_thing(bug: str) -> None:
    buggy = with_bug(None, bug)
    printed = said("step", "--bug", bug)
    assert buggy.title in printed
    for trace in (trace for pair in buggy.rounds for trace in pair):
        for event in trace.events:
            assert trace.line(event).split()[-1] in printed
    assert "right and wrong" in printed
    assert max(map(len, printed.split("\n"))) <= 80


def test_the_two_lessons_stay_in_step() -> None:
    printed = said("step", "--bug", "overwrite")
    sixth = printed.split("step 6 of 8")[1].split("step 7")[0]
    assert sixth.split("\n")[-6:-2] == [
        *("right", "  nothing", "wrong", "  x ← overwritten: 1 is lost, 3 stays"),
    ]
    last = printed.split("step 8 of 8")[1]
    assert last.count("[Σ]") == 2
    assert re.search(r"7  │.* 3  │", last)  # right on the left, wrong on the right


def test_every_step_of_a_descent_is_told() -> None:
    """From its forward pass to the new data: 3 → 2.4, and then by 9.6 in all instead of 4.8."""
    printed = said("step", "x**2", "x=3", "--bug", "no-zero-grad")
    heads = re.findall(r"^step (\d+) of (\d+), \w+ward \((\d)/3\)$", printed, re.MULTILINE)
    last = len(heads) - 1
    assert [(int(at), int(of)) for at, of, _ in heads] == [(n, last) for n in range(last + 1)]
    assert [n for n, _ in groupby(number for *_, number in heads)] == ["1", "2", "3"]
    told = [line.strip() for line in printed.split("\n") if "←" in line and "0.1" in line]
    assert told == [
        "x ← 3.00 − 0.1 · 6.00 = 2.40",
        "x ← 2.40 − 0.1 · 4.80 = 1.92",
        "x ← 2.40 − 0.1 · 10.80 = 1.32",
        "x ← 1.92 − 0.1 · 3.84 = 1.54",
        "x ← 1.32 − 0.1 · 13.44 = −0.02",
    ]
    end = said("step", "x**2", "x=3", "--bug", "no-zero-grad", "--from", str(last))
    assert "(1/3)" not in end
    assert "(3/3)" in end


def test_a_mistake_in_ones_own_circuit() -> None:
    printed = said("step", "max(x, y) * x", "x=3", "y=-4", "--bug", "max-both", "--from", "4")
    assert "step 4 of" in printed
    assert "step 3 of" not in printed
    assert "do not go together" in refused(2, "step", *CIRCUIT, "--bug", "overwrite", "--quiz")
    assert "has steps 0 to" in refused(2, "step", "--bug", "overwrite", "--from", "99")


def test_a_mistake_in_a_terminal() -> None:
    for columns, rows in ((100, 30), (60, 24), (24, 9)):
        with Terminal("step", "--bug", "overwrite", columns=columns, rows=rows) as terminal:
            terminal.until("step 0 of 8")
            terminal.press("6\r")
            terminal.until("step 6 of 8")
            terminal.press("t")
            terminal.until("any key")
            terminal.press("  G")
            terminal.until("step 8 of 8")
            terminal.press("q")
            assert terminal.end() == 0
            if columns > 24:  # else the table is a list, longer than the screen
                assert "≠" in terminal.screen()


def test_the_page_shows_a_real_quiz() -> None:
    page = Path(__file__).parent.parent / "docs" / "commands" / "step.md"
    shown = re.search(r"```text\n(.*?)\n```", page.read_text("utf-8"), re.DOTALL)
    assert shown is not None
    answers = "".join(f"{a}\n" for a in re.findall(r"^> ?(.*)$", shown[1], re.MULTILINE))
    assert quiz(answers, "x*x + x", "x=3", "--ask", "backward").rstrip() == shown[1]


def test_the_circuit_stands_apart_from_what_is_said_before_it() -> None:
    lines = run("step", "x * y", "x=1", "y=2", "--quiz", input="s\n").output.splitlines()
    assert lines[0].startswith("Type the number")
    assert lines[1] == ""
    assert lines[2].strip() == "1"
