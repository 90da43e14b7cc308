"""`microgd draw --terminal`: the circuit printed, and no file written."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_runner import complete, names_in, refused, said

CIRCUIT = ("(x + y) * z", "x=-2", "y=5", "z=-4")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_it_is_printed_and_no_file_is_written() -> None:
    printed = said("draw", *CIRCUIT, "--terminal")
    assert printed.split("\n")[1] == "x ─────╮   3"
    assert names_in(Path()) == []
    assert said("draw", *CIRCUIT, "--terminal", "-o", "f.dot") == printed + "saved f.dot\n"
    assert names_in(Path()) == ["f.dot"]


def test_what_is_shown() -> None:
    assert "[+]" in said("draw", *CIRCUIT, "--terminal", "--step", "0")
    assert said("draw", *CIRCUIT, "--terminal", "--forward").count("−4") == 1
    assert "−" not in said("draw", *CIRCUIT, "--terminal", "--no-values")
    assert "q = 3" in said("draw", *CIRCUIT, "--terminal", "--names", "all")
    assert "x" not in said("draw", *CIRCUIT, "--terminal", "--focus", "z", "--hops", "1")


def test_a_narrow_terminal_has_an_outline() -> None:
    printed = said("draw", *CIRCUIT, "--terminal", COLUMNS="20")
    assert max(map(len, printed.split("\n"))) <= 20
    assert "value" in said("draw", *CIRCUIT, "--terminal", COLUMNS="16")


def test_colours() -> None:
    assert "\x1b" not in said("draw", *CIRCUIT, "--terminal")
    colours = {"FORCE_COLOR": "1", "TERM": "xterm-256color"}
    code, output, _ = complete("draw", *CIRCUIT, "--terminal", env={**colours, "NO_COLOR": ""})
    assert (code, b"\x1b[32m" in output) == (0, True)
    code, output, _ = complete("draw", *CIRCUIT, "--terminal", env={**colours, "NO_COLOR": "1"})
    assert b"\x1b[32m" not in output


def test_an_ascii_terminal() -> None:
    code, output, _ = complete("draw", *CIRCUIT, "--terminal", env={"PYTHONIOENCODING": "ascii"})
    assert code == 0
    assert output.decode("ascii").split("\n")[1].rstrip() == "x -----+   3"


@pytest.mark.parametrize(
    ("option", "word"),
    [
        (("--steps",), "microgd step"),
        (("-o", "-"), "choose one"),
        (("--look", "cards"), "picture"),
        (("--jacobian",), "picture"),
        (("--step", "7"), "steps 0 to 6"),
        (("--focus", "qq"), "no node"),
    ],
)
def test_what_characters_cannot_show(option: tuple[str, ...], word: str) -> None:
    assert word in refused(2, "draw", *CIRCUIT, "--terminal", *option)
