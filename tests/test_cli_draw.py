"""`microgd draw`: files, formats, steps, and what happens without an engine."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from cli_runner import names_in, refused, run, said

from microgd.draw import engines
from microgd.draw.drawing import LOOKS
from microgd.draw.engines import finding
from microgd.draw.engines.rendering import RASTER_FORMATS
from microgd.draw.palette import PALETTES
from microgd_cli import choices, pictures

CIRCUIT = ("(x + y) * z", "x=-2", "y=5", "z=-4")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = [finding.Engine("dot", problem="not on PATH")]
    monkeypatch.setattr(finding, "_known_engines", lambda: nothing)


def test_choices_are_those_of_the_library() -> None:
    assert choices.LOOKS == LOOKS
    assert tuple(PALETTES) == choices.PALETTES


def test_without_a_name_it_writes_circuit_svg() -> None:
    assert said("draw", *CIRCUIT) == "saved circuit.svg\n"
    assert "−12" in Path("circuit.svg").read_text("utf-8")


def test_several_files_at_once() -> None:
    said("draw", *CIRCUIT, "-o", "a.svg", "-o", "b.png", "-o", "c.dot")
    assert names_in(Path()) == ["a.svg", "b.png", "c.dot"]
    assert Path("b.png").read_bytes().startswith(b"\x89PNG")


def test_standard_output() -> None:
    assert said("draw", *CIRCUIT, "-o", "-").rstrip().endswith("</svg>")
    assert said("draw", *CIRCUIT, "-o", "-", "--format", "dot").startswith("digraph")
    png = run("draw", *CIRCUIT, "-o", "-", "--format", "png").stdout_bytes
    assert png.startswith(b"\x89PNG")
    assert names_in(Path()) == []


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("palette", sorted(PALETTES))
def test_looks_and_palettes(look: str, palette: str) -> None:
    said("draw", *CIRCUIT, "--look", look, "--palette", palette, "-o", "f.dot")
    assert Path("f.dot").stat().st_size > 500


def test_steps_are_of_equal_size_and_say_what_was_written() -> None:
    printed = said("draw", *CIRCUIT, "--steps", "-o", "f.svg")
    assert printed == "saved 7 pictures: f-00.svg … f-06.svg\n"
    frames = [Path(name).read_text("utf-8") for name in names_in(Path())]
    assert len({re.search(r'viewBox="[^"]*"', frame)[0] for frame in frames}) == 1
    assert len(set(frames)) == 7


def test_one_step_is_that_frame() -> None:
    said("draw", *CIRCUIT, "--steps", "-o", "f.dot")
    said("draw", *CIRCUIT, "--step", "3", "-o", "g.dot")
    assert Path("g.dot").read_bytes() == Path("f-03.dot").read_bytes()
    assert "steps 0 to 6" in refused(2, "draw", *CIRCUIT, "--step", "7")


def test_what_is_drawn() -> None:
    said("draw", *CIRCUIT, "--forward", "-o", "forward.dot")
    said("draw", *CIRCUIT, "--no-values", "-o", "bare.dot")
    said("draw", *CIRCUIT, "--names", "all", "-o", "names.dot")
    said("draw", *CIRCUIT, "--digits", "3", "-o", "digits.dot")
    texts = {p.stem: p.read_text("utf-8") for p in Path().iterdir()}
    assert "−12" in texts["forward"]
    assert "−12" not in texts["bare"]
    assert "−12.000" in texts["digits"]
    assert len(set(texts.values())) == 4


def test_expand_and_focus() -> None:
    neuron = ("sigmoid(w*x + b)", "w=2", "x=-1", "b=1")
    said("draw", *neuron, "--expand", "sigmoid", "-o", "open.dot")
    assert "1/x" in Path("open.dot").read_text("utf-8")
    said("draw", *neuron, "--focus", "b", "--hops", "1", "-o", "near.dot")
    assert "sigmoid" not in Path("near.dot").read_text("utf-8")
    assert "no node 'q9'" in refused(2, "draw", *neuron, "--focus", "q9")


def test_large_graphs_want_to_be_asked_for() -> None:
    program = " + ".join(["x * x"] * 100)
    assert "--full" in refused(2, "draw", program, "x=1", "-o", "f.dot")
    assert "saved" in said("draw", program, "x=1", "-o", "f.dot", "--full")


@pytest.mark.parametrize("word", ["look=card", "palette=colorblind", "names=al"])
def test_did_you_mean(word: str) -> None:
    assert "Did you mean" in refused(2, "draw", *CIRCUIT, f"--{word}")


def test_options_that_need_another() -> None:
    assert "--focus" in refused(2, "draw", *CIRCUIT, "--hops", "1")
    assert "-o -" in refused(2, "draw", *CIRCUIT, "--format", "png")
    assert "choose one" in refused(2, "draw", *CIRCUIT, "--steps", "--step", "1")
    assert "several files" in refused(2, "draw", *CIRCUIT, "--steps", "-o", "-")
    assert "no ending" in refused(2, "draw", *CIRCUIT, "-o", "circuit")


def test_an_unwritable_place_leaves_nothing() -> None:
    Path("taken.svg").mkdir()
    assert "it is a directory" in refused(1, "draw", *CIRCUIT, "-o", "taken.svg")
    assert "mkdir -p" in refused(1, "draw", *CIRCUIT, "-o", "nowhere/f.svg")
    assert names_in(Path()) == ["taken.svg"]


@pytest.mark.usefixtures("no_engine")
def test_without_an_engine_the_graph_is_saved_and_the_file_stays() -> None:
    Path("f.svg").write_text("mine")
    complaint = refused(1, "draw", *CIRCUIT, "-o", "f.svg")
    assert "pip install graphviz-pure" in complaint
    assert "f.dot" in complaint
    assert Path("f.svg").read_text() == "mine"
    assert Path("f.dot").read_text().startswith("digraph")


@pytest.mark.usefixtures("no_engine")
def test_without_an_engine_another_file_of_that_name_is_left_alone() -> None:
    Path("f.dot").write_text("mine")
    assert "something else already" in refused(1, "trace", *CIRCUIT, "-o", "f.svg")
    assert Path("f.dot").read_text() == "mine"
    assert names_in(Path()) == ["f.dot"]


@pytest.mark.usefixtures("no_engine")
def test_without_an_engine_dot_needs_none() -> None:
    assert said("draw", *CIRCUIT, "-o", "f.dot") == "saved f.dot\n"


def test_the_engine_may_be_named() -> None:
    usable = [e.program for e in engines.engines() if e.usable and e.name != "pygraphviz"]
    said("draw", *CIRCUIT, "--dot", str(usable[0]), "-o", "f.svg")
    assert "no such program" in refused(2, "draw", *CIRCUIT, "--dot", "/nowhere/dot")
    assert "no such program" in refused(2, "draw", *CIRCUIT, MICROGD_DOT="/nowhere/dot")


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell for an engine that hangs")
def test_a_slow_engine_is_stopped() -> None:
    slow = Path("slow").absolute()
    slow.write_text("#!/bin/sh\nsleep 60\n")
    slow.chmod(0o755)
    complaint = refused(1, "draw", *CIRCUIT, "--dot", str(slow), "--timeout", "0.2", "-o", "f.svg")
    assert "--timeout" in complaint
    assert names_in(Path()) == ["slow"]


def test_numbers_that_are_not_finite_are_drawn_and_fail() -> None:
    assert "made the first inf" in refused(1, "draw", "1/x", "x=0", "-o", "f.svg")
    assert "inf" in Path("f.svg").read_text("utf-8")


def test_jacobians_under_the_wires(tmp_path: Path) -> None:
    path = tmp_path / "f.svg"
    said("draw", "relu(x)", "x:100x4096", "--jacobian", "-o", str(path))
    assert "409600×409600, diagonal" in path.read_text(encoding="utf-8")
    said("draw", "sum(relu(x))", "x=[1,-2]", "--jacobian", "--upstream", "3", "-o", str(path))
    assert "[3, 0]" in path.read_text(encoding="utf-8")


@pytest.mark.usefixtures("no_engine")
def test_without_an_engine_the_circuit_is_shown_in_the_terminal() -> None:
    result = run("draw", *CIRCUIT, "-o", "f.svg")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[1].split() == ["x", "─────╮", "3"]


def test_the_formats_are_those_of_the_engines() -> None:
    assert set(pictures.FORMATS) >= finding.WHEEL_FORMATS | RASTER_FORMATS
