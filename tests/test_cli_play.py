"""`microgd play`."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_runner import names_in, refused, run, said

from microgd.draw.engines import finding, rendering
from microgd.teaching.player.colours import SWITCHED
from microgd_cli import play

A1 = ("(x + y) * z", "x=-2", "y=5", "z=-4")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_page_is_written(here: Path) -> None:
    assert said("play", *A1, "-o", "f.html") == "saved f.html, 7 steps\n"
    text = (here / "f.html").read_text(encoding="utf-8")
    assert "<title>(x + y) * z</title>" in text


def test_the_options_reach_the_page(here: Path) -> None:
    said("play", *A1, "--title", "Sum & product", "--palette", "mono", "--lang", "cs", "--quiz")
    text = (here / "circuit.html").read_text(encoding="utf-8")
    assert "<title>Sum &amp; product</title>" in text
    assert '<html lang="cs" data-palette="mono">' in text
    said("play", "sigmoid(x)", "x=1", "--expand", "sigmoid", "--digits", "3", "--look", "lecture")
    text = (here / "circuit.html").read_text(encoding="utf-8")
    assert "0.731" in text
    assert "var(--scales-fill)" in text


def test_a_lecture_is_called_what_the_catalogue_calls_it(here: Path) -> None:
    def title() -> str:
        text = (here / "circuit.html").read_text(encoding="utf-8")
        return text.partition("<title>")[2].partition("</title>")[0]

    said("play", "A2")
    assert title() == "A neuron with a sigmoid, gate by gate"
    said("play", "A2", "--lang", "cs")
    assert title().startswith("Neuron se sigmoid")
    said("play", "A2", "--title", "Mine")
    assert title() == "Mine"


def test_a_program_in_a_file(here: Path) -> None:
    (here / "f.txt").write_text("q = x + y\nf = q * z\n", encoding="utf-8")
    assert said("play", "-f", "f.txt", "x=1", "y=2", "z=3") == "saved circuit.html, 7 steps\n"


def test_upstream_and_forward() -> None:
    said("play", *A1, "--upstream", "2", "-o", "a.html")
    assert "the upstream gradient of f is 2" in Path("a.html").read_text(encoding="utf-8")
    assert said("play", *A1, "--forward", "-o", "b.html") == "saved b.html, 2 steps\n"


def test_a_mistake(here: Path) -> None:
    assert said("play", "--bug", "overwrite") == "saved circuit.html, 9 steps\n"
    text = (here / "circuit.html").read_text(encoding="utf-8")
    assert text.count('<svg class="circuit"') == 2
    refused(2, "play", *A1, "--bug", "overwrite", "--forward")


def test_what_is_refused(here: Path) -> None:
    assert "does not end in .html" in refused(2, "play", *A1, "-o", "f.svg")
    assert "no directory" in refused(1, "play", *A1, "-o", "there/f.html")
    assert "is none of circuit, lecture" in refused(2, "play", *A1, "--look", "cards")
    large = refused(2, "play", "+".join(["x"] * 200), "x=1")
    assert "too many for one picture" in large
    assert "--focus" not in large  # which pages do not have
    assert names_in(here) == []


def test_problems_of_the_layout_are_told_with_options() -> None:
    assert "--dot /no/dot:" in refused(2, "play", *A1, "--dot", "/no/dot", "-o", "d.html")
    assert "/bin/false" in refused(1, "play", *A1, "--dot", "/bin/false", "-o", "d.html")
    assert "--timeout" in refused(1, "play", *A1, "--timeout", "0.0001", "-o", "d.html")
    assert not Path("d.html").exists()
    for command in (("slides", *A1, "-o", "s.html"), ("worksheet", "-o", "w.html")):
        assert "--dot /no/dot:" in refused(1, *command, "--dot", "/no/dot")
    assert run("play", "x", "x=3").stdout == "saved circuit.html, 1 step\n"


def test_without_an_engine_there_is_a_page_and_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "candidates", lambda dot=None: [])
    result = run("play", *A1)
    assert result.exit_code == 0
    assert result.stdout == "saved circuit.html, 7 steps\n"
    assert result.stderr.startswith("The page has no circuit: no engine")
    monkeypatch.setattr(finding, "candidates", lambda dot=None: [])
    assert run("play", *A1, "--timeout", "60").exit_code == 0


def test_infinity_is_an_end_with_a_page(here: Path) -> None:
    result = run("play", "log(x)", "x=0")
    assert result.exit_code == 1
    assert names_in(here) == ["circuit.html"]


def test_the_choices_are_those_of_the_library() -> None:
    assert tuple(SWITCHED) == play.PALETTES
