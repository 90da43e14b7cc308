"""Engines: found in order, run safely, and only whole pictures accepted. No system dot needed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest

import microgd as mg
from microgd.draw.engines import (
    Engine,
    engines,
    finding,
    lend_to_graphviz_package,
    render,
    text_width,
    tidy_svg,
)
from microgd.errors import DrawingError

SVG = "<svg></svg>"
needs_posix = pytest.mark.skipif(os.name == "nt", reason="the fake engines are Unix scripts")
pytestmark = needs_posix
FakeEngine = Callable[..., str]

WIRES = """digraph {
  graph [rankdir=LR outputorder=edgesfirst]
  node [fontname="Arial" fontsize=15]
  x [shape=plain fontname="Times" label=<<I>x</I>> id="leaf-x"]
  s [shape=circle fixedsize=true width=0.52 label="σ" id="gate-s"]
  w [shape=plain class="wire" id="wire-0" label=<<TABLE BORDER="0" CELLBORDER="0"
     CELLSPACING="0" CELLPADDING="0"><TR><TD WIDTH="60" HEIGHT="20">−2.00</TD></TR>
     <TR><TD PORT="l" WIDTH="60" HEIGHT="2" BGCOLOR="#57606a"></TD></TR>
     <TR><TD WIDTH="60" HEIGHT="20">∂f/∂x</TD></TR></TABLE>>]
  x -> w:l:w [arrowhead=none id="wire-0-in"]
  w:l:e -> s [id="wire-0-out" style=dashed]
}"""


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MICROGD_DOT", raising=False)


@pytest.fixture
def fake(tmp_path: Path) -> FakeEngine:
    """Make an engine of a few shell lines; it swallows its input unless told otherwise."""

    def make(script: str = f"echo '{SVG}'", name: str = "fake-dot", reads: bool = True) -> str:
        program = tmp_path / name
        program.write_text("#!/bin/sh\n" + ("cat >/dev/null\n" if reads else "") + script + "\n")
        program.chmod(0o755)
        return str(program)

    return make


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Leave only these engines on the machine."""

    def leave(wheel: str | None = None, system: str | None = None) -> None:
        monkeypatch.setattr(finding, "_wheel_places", lambda: iter([wheel or ""]))
        monkeypatch.setattr(shutil, "which", lambda name: system if name == "dot" else None)
        monkeypatch.setattr(
            finding, "_pygraphviz_engine", lambda: Engine("pygraphviz", problem="not installed")
        )

    return leave


def text_of(picture: bytes) -> str:
    return picture.decode().strip()


# ---------------------------------------------------------------- the order of engines


def test_the_wheel_comes_before_the_system(fake: FakeEngine, only: Callable[..., None]) -> None:
    only(wheel=fake("echo '<svg>wheel</svg>'", "w"), system=fake("echo '<svg>system</svg>'", "s"))
    assert "wheel" in text_of(render("digraph {}", "svg"))


def test_the_system_comes_next(fake: FakeEngine, only: Callable[..., None]) -> None:
    only(system=fake("echo '<svg>system</svg>'"))
    assert "system" in text_of(render("digraph {}", "svg"))


def test_a_named_program_comes_before_all(
    fake: FakeEngine, only: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    only(wheel=fake("echo '<svg>wheel</svg>'", "w"))
    monkeypatch.setenv("MICROGD_DOT", fake("echo '<svg>environment</svg>'", "e"))
    assert "environment" in text_of(render("digraph {}", "svg"))
    argument = fake("echo '<svg>argument</svg>'", "a")
    assert "argument" in text_of(render("digraph {}", "svg", dot=argument))


def test_a_bare_name_is_looked_up_on_the_path(
    fake: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(Path(fake(name="my-dot")).parent), prepend=os.pathsep)
    assert text_of(render("digraph {}", "svg", dot="my-dot")) == SVG


def test_a_failing_engine_gives_way_to_the_next(
    fake: FakeEngine, only: Callable[..., None]
) -> None:
    only(wheel=fake("exit 3", "w"), system=fake(name="s"))
    assert text_of(render("digraph {}", "svg")) == SVG


def test_a_format_the_wheel_lacks_goes_to_the_next(
    fake: FakeEngine, only: Callable[..., None]
) -> None:
    only(wheel=fake("echo wheel", "w"), system=fake("echo $1", "s"))
    assert text_of(render("digraph {}", "pdf")) == "-Tpdf"
    only(wheel=fake("echo wheel", "w"))
    with pytest.raises(DrawingError, match=r"graphviz-pure cannot draw pdf.*apt install graphviz"):
        render("digraph {}", "pdf")


def test_no_engine_at_all(only: Callable[..., None]) -> None:
    only()
    with pytest.raises(DrawingError, match=r"pip install graphviz-pure.*\.dot file can still"):
        render("digraph {}", "svg")


# ---------------------------------------------------------------- a named program is never replaced


@pytest.mark.parametrize("named", ["/no/such/dot", "no-such-dot", ""])
def test_a_missing_program_is_an_error(named: str) -> None:
    with pytest.raises(DrawingError, match=r"dot=.*Correct the path"):
        render("digraph {}", "svg", dot=named)


def test_a_missing_program_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MICROGD_DOT", "/no/such/dot")
    with pytest.raises(DrawingError, match="MICROGD_DOT=/no/such/dot: there is no such program"):
        render("digraph {}", "svg")


def test_a_directory_and_a_text_are_no_programs(tmp_path: Path) -> None:
    with pytest.raises(DrawingError, match="this is a directory"):
        render("digraph {}", "svg", dot=tmp_path)
    (tmp_path / "text").write_text("hello")
    with pytest.raises(DrawingError, match="not executable"):
        render("digraph {}", "svg", dot=tmp_path / "text")


def test_a_program_of_another_system(tmp_path: Path) -> None:
    (tmp_path / "odd").write_bytes(b"\x00\x01\x02")
    (tmp_path / "odd").chmod(0o755)
    with pytest.raises(DrawingError, match="cannot run"):
        render("digraph {}", "svg", dot=tmp_path / "odd")


def test_a_named_program_that_fails_is_an_error(
    fake: FakeEngine, only: Callable[..., None]
) -> None:
    only(wheel=fake(name="w"))
    with pytest.raises(DrawingError, match="exit status 7"):
        render("digraph {}", "svg", dot=fake("exit 7", "failing"))


# ---------------------------------------------------------------- only whole pictures


def test_half_a_picture_is_refused(fake: FakeEngine) -> None:
    script = f"echo '{SVG}'; echo 'Warning: dull' >&2; echo 'Error: syntax near 3' >&2; exit 1"
    with pytest.raises(DrawingError, match="syntax near 3") as caught:
        render("digraph {}", "svg", dot=fake(script))
    assert "dull" not in str(caught.value)


@pytest.mark.parametrize("format", ["svg", "png", "plain"])
def test_success_without_a_whole_picture_is_refused(fake: FakeEngine, format: str) -> None:
    script = {"svg": "echo '<svg><g>'", "png": "printf '\\211PNG'", "plain": ":"}[format]
    with pytest.raises(DrawingError, match=f"no whole {format}"):
        render("digraph {}", format, dot=fake(script))


def test_warnings_are_no_failure(fake: FakeEngine) -> None:
    assert text_of(render("x", "svg", dot=fake(f"echo 'Warning!' >&2; echo '{SVG}'"))) == SVG


def test_an_engine_that_does_not_read(fake: FakeEngine) -> None:
    assert text_of(render("x" * 1_000_000, "svg", dot=fake(reads=False))) == SVG


def test_long_complaints_are_cut(fake: FakeEngine) -> None:
    script = "for i in 1 2 3 4 5 6 7 8 9; do echo line$i >&2; done; exit 1"
    with pytest.raises(DrawingError) as caught:
        render("digraph {}", "svg", dot=fake(script))
    assert "line5" in str(caught.value)
    assert "line6" not in str(caught.value)


# ---------------------------------------------------------------- time


def test_a_hanging_engine_and_its_children_are_killed(fake: FakeEngine, tmp_path: Path) -> None:
    beats = tmp_path / "beats"
    script = f"(while :; do echo >>{beats}; sleep 0.02; done) & sleep 60"
    start = time.monotonic()
    with pytest.raises(DrawingError, match=r"not ready after 0\.3 s.*timeout="):
        render("digraph {}", "svg", dot=fake(script), timeout=0.3)
    assert time.monotonic() - start < 2
    before = beats.read_text()
    time.sleep(0.1)
    assert beats.read_text() == before != ""


def test_time_is_shared_by_all_engines(fake: FakeEngine, only: Callable[..., None]) -> None:
    only(wheel=fake("sleep 60", "w"), system=fake(name="s"))
    with pytest.raises(DrawingError, match="allow more time"):
        render("digraph {}", "svg", timeout=0.2)


# ---------------------------------------------------------------- lost edges


def test_a_lost_edge_is_found_by_a_nudge(fake: FakeEngine) -> None:
    script = f"""grep -q 'WIDTH="47"' && {{ echo '{SVG}'; exit 0; }}
        echo 'Error: lost w3 b edge' >&2; exit 1"""
    source = 'digraph { ranksep=.28 w [label=<<TABLE><TR><TD WIDTH="46">1</TD></TR></TABLE>>] }'
    assert text_of(render(source, "svg", dot=fake(script, reads=False))) == SVG


def test_then_by_wider_ranks(fake: FakeEngine, tmp_path: Path) -> None:
    script = f"""grep -q 'ranksep=0.29' && {{ echo '{SVG}'; exit 0; }}
        echo >>{tmp_path}/tries; echo 'lost w3 b edge' >&2; exit 1"""
    render(
        'digraph { ranksep=0.28 a [label=<<TD WIDTH="9">>] }', "svg", dot=fake(script, "a", False)
    )
    assert (tmp_path / "tries").read_text() == "\n\n"


def test_other_failures_are_not_tried_again(fake: FakeEngine, tmp_path: Path) -> None:
    with pytest.raises(DrawingError):
        render("digraph {}", "svg", dot=fake(f"echo >>{tmp_path}/tries; echo no >&2; exit 1"))
    assert (tmp_path / "tries").read_text() == "\n"


# ---------------------------------------------------------------- the command line


def test_resolution_is_for_pixels_only(fake: FakeEngine) -> None:
    program = fake("echo \"<svg>$@</svg>\"; printf '\\211PNG'; echo IEND >&2")
    assert "dpi" not in text_of(
        render("digraph {}", "svg", dot=fake('echo "<svg>$@</svg>"'), dpi=192)
    )
    assert "-Gdpi=192" in Engine("dot", program).command("png", 192)
    assert "-q" in Engine("graphviz-pure", "/x/graphviz-pure").command("png")
    assert "-q" not in Engine("dot", "/x/dot").command("png")


@pytest.mark.parametrize("format", ["", "-osvg", "svg -o/tmp/x", "../png"])
def test_odd_formats_are_refused(format: str) -> None:
    with pytest.raises(DrawingError, match="not a format"):
        render("digraph {}", format)


@pytest.mark.parametrize("dpi", [0, -96, float("nan"), 1e9])
def test_odd_resolutions_are_refused(dpi: float) -> None:
    with pytest.raises(DrawingError, match="expected between"):
        render("digraph {}", "png", dpi=dpi)


def test_null_characters_are_refused_and_surrogates_survive(fake: FakeEngine) -> None:
    with pytest.raises(DrawingError, match="null character"):
        render("digraph { a\0 }", "svg")
    assert render("\udc80", "svg", dot=fake())


# ---------------------------------------------------------------- for the doctor


def test_every_engine_is_listed_with_its_problem(
    fake: FakeEngine, only: Callable[..., None]
) -> None:
    only(system=fake("echo 'dot - graphviz version 9.8.7 (0)' >&2"))
    wheel, system, bindings = engines()
    assert (wheel.usable, wheel.problem) == (False, "not installed: pip install graphviz-pure")
    assert (system.usable, system.version) == (True, "9.8.7")
    assert (bindings.name, bindings.usable) == ("pygraphviz", False)


def test_a_broken_engine_is_not_usable(fake: FakeEngine, only: Callable[..., None]) -> None:
    only(system=fake("echo 'libgvc.so: not found' >&2; exit 127"))
    assert "does not run: exit status 127 libgvc.so" in str(engines()[1].problem)


def test_a_missing_named_program_is_listed_too() -> None:
    first = engines("/no/such/dot")[0]
    assert first.explicit
    assert "no such program" in str(first.problem)


def test_where_the_wheel_may_be(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def install(directory: Path) -> str:
        directory.mkdir()
        program = directory / "graphviz-pure"
        program.touch(mode=0o755)
        return str(program)

    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path / "scripts"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "beside" / "python"))
    monkeypatch.setattr(finding, "_recorded_places", lambda _: [str(tmp_path / "user" / "x")])
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    assert not finding._wheel_engine().usable
    for place in ("path", "beside", "scripts"):  # each is preferred to the one before
        assert finding._wheel_engine().program != (program := install(tmp_path / place))
        assert finding._wheel_engine().program == program


def test_the_graphviz_package_may_borrow_the_wheel(
    fake: FakeEngine, only: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from graphviz.backend import dot_command

    monkeypatch.setattr(dot_command, "DOT_BINARY", Path("dot"))
    wheel = fake()
    only(wheel=wheel, system="/usr/bin/dot")
    assert lend_to_graphviz_package() is None
    only(wheel=wheel)
    assert lend_to_graphviz_package() == wheel
    assert Path(wheel) == dot_command.DOT_BINARY


# ---------------------------------------------------------------- the SVG

has_engine = any(engine.usable for engine in finding.candidates(None))
drawn = pytest.mark.skipif(not has_engine, reason="needs graphviz-pure or another real engine")
PROGRAMS = [
    pytest.param("graphviz-pure", marks=drawn),
    pytest.param("dot", marks=pytest.mark.skipif(not shutil.which("dot"), reason="no system dot")),
]


def draw(program: str, source: str = WIRES, format: str = "svg") -> bytes:
    return render(source, format, dot="dot" if program == "dot" else None)


def by_id(svg: str) -> dict[str, ElementTree.Element]:
    return {element.get("id", ""): element for element in ElementTree.fromstring(svg).iter()}


@pytest.mark.parametrize("program", PROGRAMS)
def test_edges_meet_the_ends_of_the_bar(program: str) -> None:
    elements = by_id(tidy_svg(draw(program)))
    bar = next(part for part in elements["wire-0"] if part.tag.endswith("polygon"))
    across = [float(point.split(",")[0]) for point in bar.get("points", "").split()]
    incoming, outgoing = (
        next(part.get("d", "") for part in elements[name] if part.tag.endswith("path"))
        for name in ("wire-0-in", "wire-0-out")
    )
    assert float(incoming.split()[-1].split(",")[0]) == pytest.approx(min(across), abs=0.02)
    assert float(outgoing[1:].split(",")[0]) == pytest.approx(max(across), abs=0.02)


@pytest.mark.parametrize("program", PROGRAMS)
def test_texts_of_a_wire_are_in_its_middle(program: str) -> None:
    wire = by_id(tidy_svg(draw(program)))["wire-0"]
    bar = next(part for part in wire if part.tag.endswith("polygon"))
    across = [float(point.split(",")[0]) for point in bar.get("points", "").split()]
    texts = [part for part in wire if part.tag.endswith("text")]
    assert [text.text for text in texts] == ["−2.00", "∂f/∂x"]
    for text in texts:
        assert text.get("text-anchor") == "middle"
        assert float(text.get("x", "")) == pytest.approx((min(across) + max(across)) / 2, abs=0.01)


@pytest.mark.parametrize("program", PROGRAMS)
def test_same_drawing_same_bytes_and_no_traces(program: str) -> None:
    svg = tidy_svg(draw(program))
    assert svg == tidy_svg(draw(program))
    for trace in ("<!--", "<?xml", "<!DOCTYPE", "ersion", "transparent", "<title>", "&#45;"):
        assert trace not in svg
    assert "font-family=\"'Times New Roman'" in svg
    assert 'font-family="Arial"' not in svg
    assert 'viewBox="0' in svg


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_real_png_and_plain(program: str) -> None:
    small = draw(program, format="png")
    assert len(render(WIRES, "png", dpi=192)) > len(small) > 100
    assert draw(program, format="plain").startswith(b"graph ")


def test_titles_and_prefix() -> None:
    raw = (
        '<svg width="72pt" height="36pt"\n viewBox="0 0 72 36">\n<g id="node1" class="node">\n'
        '<title>n0</title>\n<a xlink:href="#node1"><path fill="url(#p)"/></a></g></svg>'
    )
    svg = tidy_svg(raw, titles={"node1": "a < b"}, prefix="k-")
    assert '<svg width="96" height="48"' in svg
    assert '<g id="k-node1" class="node">\n<title>a &lt; b</title>' in svg
    assert 'xlink:href="#k-node1"' in svg
    assert "url(#k-p)" in svg


def test_several_fonts_on_a_line_stay_side_by_side() -> None:
    raw = (
        '<g id="w" class="node wire"><text text-anchor="start" x="1" y="2">q</text>'
        '<text text-anchor="start" x="9" y="2">=3</text><polygon points="0,0 20,0"/></g>'
    )
    assert tidy_svg(raw) == raw


def test_characters_xml_cannot_hold_are_dropped() -> None:
    assert tidy_svg("<svg>a\x01b\x0b\ufffe</svg>") == "<svg>ab</svg>"


def test_widths_cover_what_engines_measure() -> None:
    assert text_width("5.00", 10) == pytest.approx(19.46)
    assert text_width("−4.00", 15) > text_width("-4.00", 15)
    assert text_width("x", 22, "Times italic") == pytest.approx(9.77, abs=0.01)
    assert text_width("∂σ漢😀", 10) == pytest.approx(38.5)


def test_importing_engines_is_cheap() -> None:
    program = (
        "import sys; import microgd.errors; before = set(sys.modules)\n"
        "import microgd.draw.engines\n"
        "slow = {'importlib.metadata', 'sysconfig', 'graphviz', 'shutil', 'email', 'pygraphviz'}\n"
        "print(sorted(slow & (set(sys.modules) - before)))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert answer.stdout == "[]\n", answer.stderr


@pytest.mark.parametrize("look", ["circuit", "lecture", "cards"])
@pytest.mark.parametrize("name", ["\x00", "\x01", "\x1b[31m", "\ud800", "\ufffe", "a\udfffb"])
def test_a_name_of_any_characters_leaves_the_picture_well_formed(
    look: str, name: str, tmp_path: Path
) -> None:
    drawing = mg.draw(mg.relu(mg.Tensor(1.0, name=name) * 2), look)
    ElementTree.fromstring(drawing.svg)
    for ending in ("svg", "dot"):
        assert drawing.save(tmp_path / f"circuit.{ending}").stat().st_size


def test_titles_hold_no_character_that_xml_forbids() -> None:
    raw = b'<svg><g id="node1" class="node"><title>x</title></g></svg>'
    svg = tidy_svg(raw, titles={"node1": "a\x01b\ud800"})
    assert ElementTree.fromstring(svg)[0][0].text == "a�b�"
