"""`microgd emit`: programs on standard output and in files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cli_runner import refused, run, said

from microgd.teaching.emit.emit import LANGUAGES as WRITTEN
from microgd_cli.emit import ENDINGS, LANGUAGES

CIRCUIT = ("(x + y) * z", "x=-2", "y=5", "z=-4")


def test_the_help_text_knows_all_languages() -> None:
    assert LANGUAGES == WRITTEN
    assert {to for several in ENDINGS.values() for to in several} == set(WRITTEN)


def test_a_file_that_runs(tmp_path: Path) -> None:
    path = tmp_path / "f.py"
    assert said("emit", *CIRCUIT, "-o", str(path)).startswith(f"saved {path}; run it with: python")
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, check=True)
    assert done.stdout == "f = -12\ndx = -4\ndy = -4\ndz = 3\n"
    assert path.read_text(encoding="utf-8").startswith("# f = (x + y) * z\n")


@pytest.mark.parametrize(
    ("name", "first"), [("f.c", "// f = "), ("f.tex", "% f = "), ("f.py", "# f = "), ("f", "# f")]
)
def test_the_ending_decides(name: str, first: str, tmp_path: Path) -> None:
    said("emit", *CIRCUIT, "-o", str(tmp_path / name))
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(first)


def test_arrays_are_written_for_numpy() -> None:
    assert "import numpy as np" in said("emit", "sum(x * x)", "x=[1, 2]")
    assert "x_1 = 2.0" in said("emit", "sum(x * x)", "x=[1, 2]", "--to", "python")


def test_options() -> None:
    assert "backward" not in said("emit", *CIRCUIT, "--forward")
    assert "df = 2.0\n" in said("emit", *CIRCUIT, "--upstream", "2")
    assert "(4)" in said("emit", "sigmoid(x)", "x=1", "--expand", "sigmoid")
    assert "0.731" in said("emit", "sigmoid(x)", "x=1", "--to", "latex", "--digits", "3")


def test_several_files_each_in_its_language(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("f.py", "f.c", "f.tex")]
    lines = said("emit", *CIRCUIT, *(w for f in files for w in ("-o", str(f)))).splitlines()
    assert [line.split(";")[0] for line in lines] == [f"saved {file}" for file in files]
    assert [f.read_text(encoding="utf-8")[:2] for f in files] == ["# ", "//", "% "]
    twice = refused(2, "emit", *CIRCUIT, "-o", str(files[0]), "-o", str(files[0]))
    assert "is named twice" in twice


def test_a_mere_name_is_its_title() -> None:
    assert said("emit", "x", "x=3").startswith("# x\nx = 3")
    assert said("emit", "3").startswith("# f = 3\n")


def test_files_of_any_name_can_be_run_as_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert said("emit", *CIRCUIT, "-o", "a b.c").endswith("cc -o f 'a b.c' -lm\n")
    assert said("emit", *CIRCUIT, "-o", "-x.py").endswith("python ./-x.py\n")
    assert said("emit", *CIRCUIT, "-o", "-") == said("emit", *CIRCUIT)
    assert not (tmp_path / "-").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--to", "pyton"), "Did you mean 'python'?"),
        (("--to", "c", "-o", "f.py"), "which is for python or numpy"),
        (("-o", "f.txt"), "should end with .py, .c or .tex"),
        (("--digits", "3"), "--digits is about latex"),
    ],
)
def test_what_does_not_fit_together(
    arguments: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("emit", *CIRCUIT, *arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert not list(tmp_path.iterdir())


def test_what_is_too_large_says_what_to_do(tmp_path: Path) -> None:
    rows = str([[1.0] * 10] * 10)
    result = run("emit", "sum(W @ W)", f"W={rows}", "--to", "c", "-o", str(tmp_path / "f.c"))
    assert result.exit_code == 2
    assert "--to numpy" in result.stderr
    assert not (tmp_path / "f.c").exists()
