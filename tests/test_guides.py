"""The guides for teachers and for students: their commands work, their sessions say what they say.

What stands under a command is compared by tests/test_cli_docs.py.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from cli_runner import names_in, run, said

DOCS = Path(__file__).parent.parent / "docs"
TEACHERS, STUDENTS = (
    (DOCS / f"for-{who}.md").read_text(encoding="utf-8") for who in ("teachers", "students")
)


def commands(page: str) -> list[str]:
    """The commands in the page's shell blocks and in its sentences, as far as they are whole."""
    blocks = re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    lines += [c for c in re.findall(r"`(microgd [^`\n]*)`", page) if " -o " in c]
    return [line for line in lines if line.startswith("microgd ")]


@pytest.mark.parametrize("line", commands(STUDENTS))
def test_the_students_commands(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*shlex.split(line)[1:], input="")
    assert (result.exit_code, result.stderr) == (0, ""), result.output


def test_the_teachers_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "handout").mkdir()
    for line in commands(TEACHERS):
        said(*shlex.split(line)[1:])
    assert names_in(tmp_path / "handout") == [
        *("circuit.py", "neuron.html", "slides.pdf", "slides.pdfpc", "worksheet.pdf")
    ]
    assert "key.pdf" in names_in(tmp_path)


def session(page: str, first: str) -> str:
    """The block of a page that begins so."""
    (block,) = re.findall(
        rf"^```text\n({re.escape(first)}\n.*?)^```", page, re.MULTILINE | re.DOTALL
    )
    return block


def test_the_students_session():
    block = session(STUDENTS, "> x = 3")
    typed = "".join(f"{line[2:]}\n" for line in block.splitlines() if line.startswith("> "))
    told = said("repl", "--no-history", input=typed)
    assert told.splitlines()[: block.count("\n")] == block.splitlines()


def test_the_students_quiz():
    block = session(STUDENTS, "Question 5 of 5: How much is ∂f/∂x?")
    answers = "1\n1\n3\n3\n3\n7\n"  # the last but one is the mistake that the page is about
    told = said("step", "x*x + x", "x=3", "--quiz", "--ask", "backward", input=answers)
    assert " ".join(told.split()).endswith(" ".join(block.split()))
