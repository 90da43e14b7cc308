"""Bad input: a message that points at the place, exit status 2, and never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_runner import names_in, refused, run

from microgd_cli import trace as trace_command

COMMANDS = ("trace", "draw", "check", "grad", "jacobian")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x * y", "x=2"], "the name 'y' has no value"),
        (["W @ x", "W=[[1, 2]]", "x=[1, 2, 3]"], "must equal the length"),
        (["1 / 0"], "division of a plain number by zero"),
        (["__import__('os')"], "column"),
        (["().__class__"], "column"),
        (["10**10**10"], "too large"),
        (["(" * 100_000], "brackets"),
        (["x", '<b>&"=1', "x=1"], "cannot be a name"),
        (['<b>&"', "x=1"], "column"),
        (["sigmod(x)", "x=1"], "Did you mean 'sigmoid'?"),
        (["x *", "x=1"], "column"),
        (["x", "x=two"], "two"),
        (["x", "x="], "gives no value"),
        (["x", "x=1", "x=2"], "given twice"),
        (["x", "x=1", "unused=2"], "does not use it"),
        (["x\0y", "x=1"], "column"),
        (["x\udc80", "x=1"], "column"),
        ([""], "is empty"),
        (["x", "x=[[1], [1, 2]]"], ""),
    ],
)
def test_bad_text(command: str, arguments: list[str], message: str) -> None:
    complaint = refused(2, command, *arguments)
    assert message in complaint
    assert complaint.count("\n") <= 6
    assert names_in(Path()) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_the_column_is_marked(command: str) -> None:
    assert refused(2, command, "x * y", "x=2").endswith("  at column 5:\n    x * y\n        ^\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_bad_usage(command: str) -> None:
    assert "no expression" in refused(2, command)
    assert "no expression that uses 'x'" in refused(2, command, "x=-2")
    assert 'in quotes: "x + y"' in refused(2, command, "x", "+", "y", "x=1", "y=2")
    complaint = refused(2, command, "x*y", "-q", "x=1")
    assert "No such option" in complaint
    assert "-q" in complaint
    assert "No such option" in refused(2, command, "x", "x=1", "--nonsense")
    assert "cannot read nowhere.mg" in refused(2, command, "-f", "nowhere.mg")
    told = refused(2, command, "x**2", "-f", "nowhere.mg", "x=1")
    assert "read from nowhere.mg, and 'x**2' gives no value" in " ".join(told.split())


def test_unknown_commands() -> None:
    assert "Did you mean 'trace'?" in refused(2, "tarce", "x")
    assert 'microgd trace "x * x"' in refused(2, "x * x")
    assert "There are: trace, draw" in refused(2, "zzz")
    for arguments, meant in [(["--verison"], "--version"), (["trace", "--tabel"], "--table")]:
        complaint = refused(2, *arguments)
        assert "Did you mean" in complaint
        assert meant in complaint


def test_expand_says_what_can_be_opened() -> None:
    assert "Did you mean 'sigmoid'?" in refused(2, "trace", "x", "x=1", "--expand", "sigmod")
    assert "primitive" in refused(2, "trace", "x*x", "x=1", "--expand", "mul")
    assert "It has: mul" in refused(2, "trace", "x*x", "x=1", "--expand", "tanh")


def test_files_that_are_no_programs() -> None:
    Path("binary.mg").write_bytes(b"x = \xff\xfe")
    assert "is not UTF-8 text: byte 4" in refused(2, "trace", "-f", "binary.mg")
    Path("long.mg").write_bytes(b"#" * 4_000_001)
    assert "too long" in refused(2, "trace", "-f", "long.mg")
    assert "directory" in refused(2, "trace", "-f", ".")
    assert "is empty" in refused(2, "trace", "-", input="")
    assert "line 2, column 8" in refused(2, "trace", "-", "x=1", input="q = x\nf = q @@ q\n")


def test_a_bug_is_told_in_a_line_and_its_traceback_when_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a joke")

    monkeypatch.setattr(trace_command, "read_lesson", broken)
    result = run("trace", "x", "x=1")
    assert result.exit_code == 1
    assert "bug in microgd: ZeroDivisionError: a joke" in result.stderr
    assert "MICROGD_DEBUG=1" in result.stderr
    assert isinstance(run("trace", "x", "x=1", MICROGD_DEBUG="1").exception, ZeroDivisionError)


def test_too_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(trace_command, "read_lesson", broken)
    assert "not enough memory" in refused(1, "trace", "x", "x=1")


def test_an_empty_tensor_is_told_without_a_crash() -> None:
    complaint = refused(1, "trace", "mean(x[0:0])", "x=[1,2]")
    assert "gate 'mean' made the first NaN: it was given [0], empty" in complaint


def test_a_gradient_that_is_not_finite_names_its_column() -> None:
    complaint = refused(1, "grad", "1 + sqrt(x)", "x=0")
    assert complaint.endswith("  at column 5:\n    1 + sqrt(x)\n        ^^^^^^^\n")


@pytest.mark.parametrize(
    ("upstream", "said"), [("nan", "is NaN"), ("-inf", "is -inf"), ("[1,inf]", "has inf in it")]
)
def test_an_upstream_gradient_that_is_not_finite_is_no_gates_fault(
    upstream: str, said: str
) -> None:
    x = "x=[1,2]" if "[" in upstream else "x=1"
    complaint = refused(1, "trace", "x * x", x, "--upstream", upstream)
    assert complaint == f"Error: the upstream gradient you gave {said}\n"


@pytest.mark.parametrize("command", ["trace", "draw"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.xyz", "'a.xyz' ends in .xyz, which is no format. There are svg, png, dot and pdf"),
        ("a.pngg", "Did you mean 'png'?"),
        (".svg", "'.svg' is an ending without a name; write circuit.svg"),
        ("a", "write a.svg, .png"),
    ],
)
def test_where_to_draw_is_checked_before_anything_is_told(
    command: str, name: str, said: str
) -> None:
    result = run(command, "x * y", "x=1", "y=2", "-o", "fine.svg", "-o", name)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert names_in(Path()) == []


def test_a_format_that_no_engine_has() -> None:
    assert "'xyz' is no format" in refused(2, "draw", "x", "x=1", "-o", "-", "--format", "xyz")


def test_what_people_look_for_is_named() -> None:
    assert "There is no command 'quiz'. Try: microgd step EXPR --quiz" in refused(2, "quiz", "x*y")
