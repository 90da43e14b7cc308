"""The same for what is made to teach with: pages, slides, programs, circuits in the terminal."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hostile import HOSTILE, harmless, latex_shape, output_called, page_shape, svg_shape, unseen

import microgd as mg
from microgd.teaching.bugs.buggy import with_bug
from microgd.teaching.paths.finding import all_paths

every_name = pytest.mark.parametrize("name", HOSTILE.values(), ids=list(HOSTILE))


def hidden(page: str) -> set[str]:
    """Signs that a page has, and nobody sees; its own code and fonts have none."""
    return unseen(page, allowed="\n\t\u00a0")


@every_name
def test_the_player(name):
    pages = [mg.play(output_called(n), title=n) for n in (name, harmless(name))]
    assert page_shape(pages[0].html) == page_shape(pages[1].html)
    assert not hidden(pages[0].html)
    assert page_shape(pages[0]._repr_html_()) == page_shape(pages[1]._repr_html_())


@every_name
def test_slides_as_a_page(name):
    made = [mg.slides(output_called(n), title=n, author=n, text=n) for n in (name, harmless(name))]
    assert page_shape(made[0].html) == page_shape(made[1].html)
    assert not hidden(made[0].html)
    assert json.loads(made[0].pdfpc).keys() == json.loads(made[1].pdfpc).keys()


#: One name of each kind, for what takes long to typeset.
FEW = ("script", "latex", "typst", "backslash", "newline", "escape", "right to left", "surrogate")


@pytest.mark.parametrize("name", [HOSTILE[k] for k in FEW], ids=FEW)
def test_slides_as_a_document(name):
    typst = pytest.importorskip("typst")
    made = mg.slides(output_called(name), title=name, author=name, text=name)
    source = made.typst("pages")
    assert not unseen(source)
    assert json.loads(typst.query(source.encode(), "<evil>")) == []
    assert made.pdf().startswith(b"%PDF")


def tree_shape(program: str) -> list[str]:
    """The kinds of a Python program's parts: a name is a name, whatever it is."""
    return [type(node).__name__ for node in ast.walk(ast.parse(program))]


def code_shape(program: str) -> list[str]:
    """The signs of a C program that are neither words nor comments nor texts."""
    assert "??" not in program  # trigraphs
    code = re.sub(r'//[^\n]*|/\*.*?\*/|"(\\.|[^"\\])*"', "", program, flags=re.DOTALL)
    assert not [line for line in program.splitlines() if line.endswith("\\")]
    return re.findall(r"[^\w\s]", code)


PROGRAMS: dict[str, Callable[[str], Any]] = {
    "python": tree_shape,
    "numpy": tree_shape,
    "c": code_shape,
    # brackets around a name that has spaces do no harm
    "latex": lambda text: [t for t in latex_shape(text) if t not in (r"\left", r"\right")],
}


@every_name
@pytest.mark.parametrize("to", PROGRAMS)
def test_programs(to, name):
    program = mg.emit(output_called(name), to, title=name)
    plain = mg.emit(output_called(harmless(name)), to, title=harmless(name))
    if to == "latex":  # a comment ends with its line
        program, plain = (re.sub(r"(?m)(?<!\\)%.*$", "", text) for text in (program, plain))
    assert PROGRAMS[to](program) == PROGRAMS[to](plain)
    assert not unseen(program)
    if to == "python":
        found: dict[str, Any] = {}
        exec(compile(program, "emitted", "exec"), found)
        assert 9.0 in found.values()


@every_name
def test_a_circuit_in_the_terminal(name):
    for names in ("given", "all"):
        drawn = mg.draw_terminal(output_called(name), names=names)
        assert not unseen(drawn, allowed="\n")


@every_name
@pytest.mark.parametrize("bug", ["overwrite", "dfs-order"])
def test_a_bug(bug, name):
    found = [with_bug(output_called(n), bug) for n in (name, harmless(name))]
    assert not unseen(str(found[0].table()))
    assert page_shape(found[0].table()._repr_html_()) == page_shape(found[1].table()._repr_html_())
    pictures = [one.draw().svg for one in found]
    assert svg_shape(pictures[0]) == svg_shape(pictures[1])
    assert not unseen(pictures[0])


@every_name
def test_a_worksheet(name):
    made = [mg.worksheet(count=1, title=n) for n in (name, harmless(name))]
    assert page_shape(made[0].html()) == page_shape(made[1].html())
    assert not hidden(made[0].html())
    assert not unseen(made[0].typst())


@pytest.mark.parametrize("name", [HOSTILE[k] for k in FEW], ids=FEW)
def test_a_worksheet_as_a_document(name):
    typst = pytest.importorskip("typst")
    made = mg.worksheet(count=1, title=name)
    assert json.loads(typst.query(made.typst().encode(), "<evil>")) == []
    assert made.pdf().startswith(b"%PDF")


@every_name
def test_paths(name):
    found = [all_paths(output_called(n)) for n in (name, harmless(name))]
    for one, plain in zip(*found, strict=True):
        assert not unseen(str(one.table()))
        assert page_shape(one.table()._repr_html_()) == page_shape(plain.table()._repr_html_())
