"""`microgd paths`: tables, costs and pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_runner import run, said


def test_the_sum_and_what_it_costs() -> None:
    printed = said("paths", "x*y + x", "x=3", "y=2", "--to", "x")
    assert "∂f/∂x: 2 paths" in printed
    assert "x → q (×) → f (+)" in printed
    assert "backward mode, one sweep: 4" in printed
    assert "∂f/∂y" not in printed


def test_without_to_there_are_all_inputs_and_one_account() -> None:
    printed = said("paths", "x*y + x", "x=3", "y=2")
    assert printed.count("sum") == 2 + printed.count("summed")
    assert printed.count("Multiplications") == 1


def test_many_inputs_are_counted_instead() -> None:
    printed = said("paths", "sum(W @ x)", f"W={[[1, 2, 3, 4]] * 3}", "x=[1, 2, 3, 4]")
    lines = [line.split() for line in printed.splitlines()]
    assert ["x[3]", "3", "12"] in lines
    assert ["W[2,", "3]", "1", "4"] in lines
    assert "→" not in printed


def test_most() -> None:
    assert "… and 7 more" in said("paths", "b=a+a; c=b+b; c+c", "a=1", "--most", "1")


def test_pictures(tmp_path: Path) -> None:
    out = tmp_path / "p.dot"
    printed = said("paths", "(x + y) * x", "x=3", "y=2", "--to", "x", "-o", str(out))
    assert "saved 2 pictures" in printed
    assert sorted(p.name for p in tmp_path.iterdir()) == ["p-1.dot", "p-2.dot"]
    said("paths", "(x + y) * x", "x=3", "y=2", "--to", "y", "-o", str(out))
    assert out.exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--to", "z"), 2, "there is no input 'z'"),
        (("--look", "lecture"), 2, "add -o paths.svg"),
        (("-o", "p.svg", "--look", "cards"), 2, "no wires to highlight"),
        (("-o", "-"), 2, "here the paths are printed"),
        (("--most", "-1"), 2, "--most"),
        (("--to", ""), 2, "there is no input ''"),
    ],
)
def test_what_does_not_fit(arguments: tuple[str, ...], code: int, message: str) -> None:
    result = run("paths", "x*y", "x=3", "y=2", *arguments)
    assert result.exit_code == code
    assert message in " ".join(result.stderr.split())
