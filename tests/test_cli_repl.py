"""`microgd repl`: lines from a pipe and from a terminal, history, files."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from cli_runner import complete, names_in, refused, run

from microgd.gates.table import TABLE
from microgd.language.functions import ALIASES
from microgd.teaching.session import Session
from microgd_cli.repl_table import ALSO, COMMANDS, command_in, words
from microgd_cli.streams import in_words

LINES = "x = -2\ny = 5\nz = -4\nq = x + y\nf = q * z\n"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def answers(lines: str, *arguments: str, code: int = 0, **env: str) -> list[str]:
    """What is said to the last line."""
    result = run("repl", *arguments, input=lines, **env)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.stdout.rstrip("\n").rpartition("\n> ")[2].split("\n")[1:]


def complaint(lines: str) -> str:
    result = run("repl", input=lines)
    assert result.exit_code == 1
    assert "bug in microgd" not in result.stderr
    return result.stderr


# -- what can be said -----------------------------------------------------------------------------


def test_values_and_expressions() -> None:
    assert answers("x = -2\n") == ["x = −2"]
    assert answers(LINES) == ["f = −12"]
    assert answers(LINES + "f / 8\n") == ["−1.5"]
    assert answers("W = [[1, 2], [3, 4]]\nW @ [1, 1]\n") == ["[3, 7]"]
    assert run("repl", input="# nothing\n\n").stdout == "> # nothing\n>\n"
    assert answers("x = [1,\n2,\n3]\n")[-1] == "x = [1, 2, 3]"
    assert (
        "24×1" in answers("sum([1,2,3,4] * 1)\nreshape([" + "1," * 23 + "1], [24, 1])\n", code=0)[0]
    )


def test_numbers_come_before_the_lines_that_need_them() -> None:
    result = run("repl", "f = x * y", "x=2", "y=[3,4]", "--no-history", input="")
    assert (result.exit_code, result.output) == (0, "x = 2\ny = [3, 4]\nf = [6, 8]\n")
    made = run("repl", "y=3", "x=y*2", "x*x", "--no-history", input="")
    assert made.output.splitlines()[-1] == "36"


def test_gradients() -> None:
    assert answers(LINES + "backward f\n") == ["∂f/∂x = −4", "∂f/∂y = −4", "∂f/∂z = 3"]
    assert answers(LINES + "backward\ngrad q\n") == ["∂f/∂q = −4"]
    assert "∂f/∂q = −4" in answers(LINES + "backward f\nx\ngrad\n")
    assert answers(LINES + "backward f * 2\n")[0] == "∂g/∂x = −8"
    assert answers("v = [1, 2]\nbackward v * v\n") == [
        "f has shape [2]: these are the gradients of the sum of its elements",
        "∂f/∂v = [2, 4]",
    ]
    assert answers("backward 3 * exp(0)\n") == ["f depends on no input"]


def test_what_depends_follows() -> None:
    assert answers(LINES + "x = 3\n") == ["x = 3", "  so q = 8", "  so f = −32"]
    assert answers(LINES + "backward f\nx = 3\ngrad z\n") == ["∂f/∂z = 8"]


def test_circuits_are_drawn() -> None:
    assert "(×)" in "\n".join(answers(LINES + "show\n"))
    values = "\n".join(answers(LINES + "show f\n"))
    gradients = "\n".join(answers(LINES + "backward f\nshow f\n"))
    assert (values.count("−4"), gradients.count("−4")) == (1, 4)
    assert "q = 3" in values
    assert max(map(len, answers(LINES + "show\n", COLUMNS="20"))) <= 20


def test_tables_and_sentences() -> None:
    assert "sum so far" in answers(LINES + "table f\n")[0]
    told = answers(LINES + "trace f\n")
    assert told[0] == "  0  q = x + y = −2 + 5 = 3"
    assert len(told) == 7


def test_lessons() -> None:
    assert "step 3 of 6, backward" in "\n".join(answers(LINES + "step f\n"))[:99999]
    assert "6 of 6 at the first try." in answers(LINES + "quiz f\n3\n-12\n-4\n3\n-4\n-4\n")[-1]


def test_files() -> None:
    assert answers(LINES + "draw f.svg\n") == ["saved f.svg"]
    assert answers(LINES + "show g.dot q\n") == ["saved g.dot"]
    assert answers(LINES + 'draw "my f.svg" f / 2\n') == ["saved my f.svg"]
    assert answers(LINES + "play f.html\n") == ["saved f.html"]
    assert names_in(Path()) == ["f.html", "f.svg", "g.dot", "my f.svg"]
    assert "it needs a file's name: draw f.svg" in complaint(LINES + "draw\n")
    assert "no format" in complaint(LINES + "draw f.docx\n")


def test_programs_are_kept_and_never_lost() -> None:
    assert answers(LINES + "save lesson.txt\n") == ["saved lesson.txt"]
    text = Path("lesson.txt").read_text("utf-8")
    assert text == LINES
    assert "save! lesson.txt writes over it" in complaint("a = 1\nsave lesson.txt\n")
    assert Path("lesson.txt").read_text("utf-8") == text
    assert answers("load lesson.txt\nx = 3\nsave lesson.txt\n") == ["saved lesson.txt"]
    assert answers("load lesson.txt\nf\n") == ["−32"]
    assert answers("a = 1\nsave! lesson.txt\n") == ["saved lesson.txt"]
    assert answers("a = 7\nload lesson.txt\nundo\n")[-1] == "a = 7"
    assert "no directory" in complaint("a = 1\nsave nowhere/f.txt\n")
    assert "cannot read" in complaint("load nothing.txt\n")


def test_back_and_forth() -> None:
    assert answers(LINES + "vars\n")[-1] == "f = −12   (q * z)"
    assert answers(LINES + "x = 3\nundo\n")[-1] == "f = −12   (q * z)"
    assert answers(LINES + "x = 3\nundo\nredo\n")[-1] == "f = −32   (q * z)"
    assert answers(LINES + "reset\nvars\n") == ["There are no names yet."]
    assert answers(LINES + "del f\nvars\n")[-1] == "q = 3   (x + y)"


def test_undo_says_what_it_undid() -> None:
    assert answers(LINES + "x = 3\nundo\n")[:3] == ["gone: x = 3", "back: x = -2", ""]
    assert answers(LINES + "x = 3\nundo\nredo\n")[:2] == ["gone: x = -2", "back: x = 3"]
    assert answers(LINES + "undo\n")[:2] == ["gone: f = q * z", ""]
    assert answers(LINES + "del f\nundo\n")[:2] == ["back: f = q * z", ""]
    assert answers("".join(f"x{n} = 1\n" for n in range(9)) + "reset\nundo\n")[0] == (
        "back: x0 = 1; x1 = 1; x2 = 1; x3 = 1; x4 = 1; x5 = 1; …"
    )


def test_help_of_one_command() -> None:
    assert answers("help show\n") == [
        "show [f]  draw the circuit here; with its gradients after backward"
    ]
    assert answers("help exit\n") == answers("help quit\n")
    assert "Did you mean 'show'? help tells them all" in complaint("help shwo\n")
    assert "microgd gates relu" in complaint("help relu\n")
    assert words(Session(), "help ", "sh") == list(COMMANDS)


def test_long_messages_are_broken_between_words() -> None:
    message = f"Error: {'word ' * 12}end\n  at column 5:\n    {'x + ' * 12}x\n        ^"
    lines = in_words(message, 30).split("\n")
    assert " ".join(lines[:-3]).split() == message.split("\n")[0].split()
    assert max(map(len, lines[:-3])) <= 30
    assert lines[-3:] == message.split("\n")[1:]


def test_help_tells_all_commands() -> None:
    told = "\n".join(answers("help\n"))
    assert all(re.search(rf"^{re.escape(name)}\b", told, re.MULTILINE) for name in COMMANDS)
    assert answers("?\n") == answers("help\n")
    assert max(map(len, told.split("\n"))) <= 80


def test_errors_end_nothing() -> None:
    bad = "1 +\nzz\nx = (\n\nshow zz\nbackward\nundo\ngrad\ndel x\nf()\n'\n\x1b2J\nx:3\nsave\n"
    result = run("repl", input=bad + "x = 3\nx\n")
    assert result.exit_code == 1
    assert result.stdout.rstrip().endswith("> x\n3")
    assert result.stderr.count("Error: ") == 13
    assert "bug in microgd" not in result.stderr
    assert "\x1b" not in result.output
    assert "the command 'backward'" in complaint("bakcward f\n")


def test_an_endless_number_of_kinds_of_noise() -> None:
    for code in range(1, 256):
        result = run("repl", input=f"x = 1\n{chr(code)}\nshow {chr(code)}\nx\n")
        assert "bug in microgd" not in result.output
        assert result.stdout.endswith("> x\n1\n") or code in (10, 13, 40, 91)


def test_names_before_commands() -> None:
    assert answers("show = 2\nshow * 3\n") == ["6"]
    made = Session()
    assert command_in("show = 2", made) == (None, "= 2")
    assert command_in("show - 2", made)[0] is None
    assert command_in("show f - 2", made) == ("show", "f - 2")
    made.run("f = 3")
    made.run("grad = f * 2")
    assert command_in("grad", made)[0] is None
    assert not {*COMMANDS, *ALSO} & {*TABLE, *ALIASES}


def test_first_lines() -> None:
    result = run("repl", "(x + y) * z", "x=-2", "y=5", "z=-4", input="backward\n")
    assert result.stdout.split("\n")[:4] == ["x = −2", "y = 5", "z = −4", "−12"]
    Path("lesson.txt").write_text(LINES, "utf-8")
    assert answers("f\n", "--file", "lesson.txt", "x=3") == ["−32"]
    assert "no value yet" in refused(2, "repl", "x * y", "x=3")
    assert "cannot read" in refused(2, "repl", "--file", "nothing.txt")
    assert "standard input" in refused(2, "repl", "-")


def test_the_end() -> None:
    assert run("repl", input="quit\nx = 1\n").stdout == "> quit\n"
    code, output, complaints = complete("repl", stdin=-3)
    assert (code, output, complaints) == (0, b"", b"")


def test_completion() -> None:
    made = Session()
    made.run("speed = 3")
    Path("lesson.txt").touch()
    Path("folder").mkdir()
    assert "speed" in words(made, "", "sp")
    assert "save" in words(made, "", "sa")
    assert "sigmoid(" in words(made, "f = ", "sig")
    assert words(made, "show ", "") == ["speed"]
    assert words(made, "load ", "") == ["folder/", "lesson.txt"]
    assert words(made, "save ", "folder/") == []


# -- in a terminal --------------------------------------------------------------------------------

if sys.platform != "win32":
    from terminal_session import Terminal


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of Unix")
class TestTerminal:
    def test_history_and_completion(self, tmp_path: Path) -> None:
        state = {"XDG_STATE_HOME": str(tmp_path / "state"), "INPUTRC": "/dev/null"}
        with Terminal("repl", **state) as terminal:
            terminal.until("\n>")
            terminal.press("speed = 4\r")
            terminal.until("speed = 4\nspeed = 4\n>")
            terminal.press("spe\t * 2\r")
            terminal.until("\n8\n>")
            terminal.press("12345")
            terminal.until("12345")
            terminal.press("\x03")  # the line is dropped, the session goes on
            terminal.until("12345\n>")
            terminal.press("7 * 7\r")
            terminal.until("\n49\n>")
            terminal.press("\x04")
            assert terminal.end() == 0
            assert terminal.is_restored()
        kept = tmp_path / "state" / "microgd" / "history"
        assert kept.stat().st_mode & 0o777 == 0o600
        assert kept.read_text().split("\n")[-4:] == ["speed = 4", "speed * 2", "7 * 7", ""]
        with Terminal("repl", **state) as terminal:
            terminal.until("\n>")
            terminal.press("\x1b[A\r")
            terminal.until("7 * 7\n49\n>")
            terminal.press("quit\r")
            assert terminal.end() == 0

    def test_no_history(self, tmp_path: Path) -> None:
        with Terminal("repl", "--no-history", XDG_STATE_HOME=str(tmp_path / "state")) as terminal:
            terminal.until("\n>")
            terminal.press("1 + 1\r")
            terminal.until("\n2\n>")
            terminal.press("\x04")
            assert terminal.end() == 0
        assert not (tmp_path / "state").exists()

    def test_a_history_that_cannot_be_kept(self, tmp_path: Path) -> None:
        (tmp_path / "state").touch()
        with Terminal("repl", XDG_STATE_HOME=str(tmp_path / "state")) as terminal:
            terminal.until("\n>")
            terminal.press("\x04")
            assert terminal.end() == 0

    def test_a_lesson_in_the_middle(self, tmp_path: Path) -> None:
        with Terminal("repl", "--no-history", "x * y", "x=2", "y=3") as terminal:
            terminal.until("\n>")
            terminal.press("step\r")
            terminal.until("step 0 of 3")
            terminal.press(" ")
            terminal.until("step 1 of 3")
            terminal.press("q")
            terminal.press("2 + 2\r")
            terminal.until("\n4\n>")
            terminal.press("quiz\r")
            terminal.until("How much is f?\n>")
            terminal.press("q\r")
            terminal.until("Nothing was asked.\n>")
            terminal.press("exit\r")
            assert terminal.end() == 0


def test_the_page_shows_a_real_session() -> None:
    page = Path(__file__).parent.parent / "docs" / "commands" / "repl.md"
    shown = re.search(r"```text\n(.*?)\n```", page.read_text("utf-8"), re.DOTALL)
    assert shown is not None
    lines = "".join(f"{a}\n" for a in re.findall(r"^[>.] (.*)$", shown[1], re.MULTILINE))
    assert run("repl", input=lines).output.rstrip() == shown[1]
