"""What fingers type that know micrograd or PyTorch."""

from __future__ import annotations

from cli_runner import run

from microgd.teaching.session import Session
from microgd_cli.repl_table import command_in

LINES = "x = 3\nf = x*x + x\n"


def last(lines: str) -> tuple[list[str], str]:
    """What is said to the last line, and what is complained about."""
    result = run("repl", input=lines)
    assert "Traceback" not in result.output
    said = result.stdout.rstrip("\n").rpartition("\n> ")[2].split("\n")[1:]
    return said, result.stderr


def test_backward_as_a_method() -> None:
    assert last(LINES + "f.backward()\n") == (["∂f/∂x = 7"], "")
    assert last(LINES + " f.backward( ) \n") == (["∂f/∂x = 7"], "")


def test_grad_as_an_attribute() -> None:
    assert last(LINES + "f.backward()\nx.grad\n") == (["∂f/∂x = 7"], "")
    assert "no gradient was computed yet: write backward f" in last(LINES + "x.grad\n")[1]


def test_what_has_no_value_is_said_so() -> None:
    assert "'g' has no value yet" in last(LINES + "g.backward()\n")[1]


def test_within_an_expression_it_is_no_command() -> None:
    assert command_in("x.grad + 1", Session())[0] is None
    assert "there is no attribute .grad" in last(LINES + "x.grad + 1\n")[1]


def test_show_draws_here_and_into_no_folder() -> None:
    for folder in ("/tmp", "~", "./pictures"):
        assert "to draw into a file: draw f.svg" in last(LINES + f"show {folder}\n")[1]
