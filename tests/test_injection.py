"""A hostile name or expression injects nothing: not into pages, pictures, formulas or terminals.

What is written with a hostile name is read by the real reader of its format, and must have the same
elements as what is written with a harmless name of that length; and no sign that cannot be seen.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from cli_runner import run
from hostile import (
    HOSTILE,
    harmless,
    json_shape,
    latex_shape,
    output_called,
    page_shape,
    svg_shape,
    unseen,
    walk_called,
)

import microgd as mg
from microgd.draw.notebook import trace_html
from microgd.notation.latex import to_latex
from microgd.notation.mathml import to_mathml
from microgd.notation.reading import read
from microgd.notation.typst import to_typst
from microgd.teaching.panel import panels

#: One name of each kind, for what takes long to draw.
FEW = ("script", "attribute", "cdata", "mathjax", "newline", "right to left", "surrogate", "long")
some_names = pytest.mark.parametrize("name", [HOSTILE[k] for k in FEW], ids=FEW)
every_name = pytest.mark.parametrize("name", HOSTILE.values(), ids=list(HOSTILE))

Shape = Callable[[str], Any]


def told_of(name: str) -> mg.Trace:
    return mg.trace(output_called(name))


WRITERS: dict[str, tuple[Callable[[str], str], Shape]] = {
    "the table in a notebook": (lambda n: told_of(n).table()._repr_html_(), page_shape),
    "the gradients in a notebook": (lambda n: told_of(n).gradients()._repr_html_(), page_shape),
    "the trace in a notebook": (lambda n: trace_html(told_of(n)), page_shape),
    "JSON": (lambda n: told_of(n).to_json(), json_shape),
    **{
        f"the {look} look": (lambda n, look=look: mg.draw(told_of(n), look=look).svg, svg_shape)
        for look in ("circuit", "lecture", "cards")
    },
    "the dark circuit": (
        lambda n: mg.draw(told_of(n), palette="dark", names="all", step=4).svg,
        svg_shape,
    ),
    "collapsed scopes": (
        lambda n: mg.draw(output_called(n), collapse=True).svg,
        svg_shape,
    ),
    "a picture inside a page": (lambda n: mg.draw(told_of(n)).svg, page_shape),
}


@every_name
@pytest.mark.parametrize("writer", WRITERS.values(), ids=list(WRITERS))
def test_pages_and_pictures_have_no_more_elements(writer, name):
    write, shape = writer
    written = write(name)
    assert shape(written) == shape(write(harmless(name)))
    assert not unseen(written)


@every_name
def test_sentences_and_tables_show_no_hidden_sign(name):
    told = told_of(name)
    lines = [*told.sentences, *(told.line(e) for e in told.events)]
    assert not any(unseen(line, allowed="") for line in lines)
    assert not unseen(str(told.table()))
    assert not unseen(str(told.gradients()))
    assert not unseen(repr(output_called(name)))


def parts_of(dot: str, program: str | None = None) -> tuple[Any, ...]:
    """What Graphviz reads in a DOT text: how many objects and edges, with which attributes."""
    command = [program or "dot", "-Tdot_json"]
    run = subprocess.run(command, input=dot.encode(), capture_output=True, timeout=30)
    assert run.returncode == 0, run.stderr
    graph = json.loads(run.stdout)
    return [
        sorted(graph),
        *[sorted(o) for o in graph["objects"]],
        *[(e["tail"], e["head"], *sorted(e)) for e in graph["edges"]],
    ]


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@every_name
@pytest.mark.parametrize("look", ["circuit", "lecture", "cards"])
def test_dot_has_no_more_nodes(look, name):
    written = mg.draw(output_called(name), look=look).dot
    assert not unseen(written)
    assert parts_of(written) == parts_of(mg.draw(output_called(harmless(name)), look=look).dot)


def formulas_of(name: str) -> list[tuple[str, tuple[str, ...]]]:
    """Every formula of the lesson, with the labels that stand in it."""
    return [
        (text, panel.names)
        for panel in panels(told_of(name))
        for text in (panel.symbols, panel.rule, panel.numbers, panel.title)
        if text
    ]


@every_name
def test_formulas_are_only_formulas(name):
    pairs = zip(formulas_of(name), formulas_of(harmless(name)), strict=True)
    for (text, names), (plain, plain_names) in pairs:
        part, harmless_part = read(text, names), read(plain, plain_names)
        for write, shape in ((to_mathml, page_shape), (to_latex, latex_shape)):
            written = write(part)
            assert shape(written) == shape(write(harmless_part))
            assert not unseen(written)


@every_name
def test_typst_sets_names_as_text(name):
    typst = pytest.importorskip("typst")
    formulas = [to_typst(read(text, names)) for text, names in formulas_of(name)]
    assert not any(unseen(formula) for formula in formulas)
    page = "\n".join(f"$ {formula} $" for formula in formulas) + "\n#metadata(1)<end>"
    assert len(json.loads(typst.query(page.encode(), "<end>"))) == 1
    assert json.loads(typst.query(page.encode(), "<evil>")) == []


# -- the command line ----------------------------------------------------------------------------

#: Everything that a terminal would obey, in one word, and a line that pretends to be ours.
TERMINAL = "".join(HOSTILE[k] for k in ("escape", "c1", "right to left", "invisible", "tags"))
WORDS = {
    "signs": TERMINAL + "\x85\x7f\b\r",
    "a line": "w\nError: evil\n",
    "a surrogate": HOSTILE["surrogate"],
    "markup": HOSTILE["rich"] + HOSTILE["percent"],
    "a null": HOSTILE["null"],
}

#: A hostile word in every place where a command takes one: `{}`.
PLACES = [
    *["{}", "--{}", "-{}", "--version {}", "--help {}", "trace {} --help"],
    *["trace {}", "trace {}*y y=2", "trace x*y x={} y=1", "trace x*y {}=2", "trace x*y x:{}"],
    *["trace x*x x=2 --upstream {}", "trace x*x x=2 --expand {}", "trace x*x x=2 --digits {}"],
    *["trace x*x x=2 --{}", "trace x*x x=2 --look {}", "trace --file {}", "trace x*x x=2 -o {}"],
    *["trace x*x x=2 -o {}.svg", "trace x*x x=2 -o {}.dot", "trace x*x x=2 --lang {}"],
    *["draw x*x x=2 -o {}", "draw x*x x=2 -o {}.svg", "draw x*x x=2 -o {}/a.svg", "draw {}"],
    *["draw x*x x=2 --focus {}", "draw x*x x=2 --palette {}", "draw x*x x=2 --dot {} -o a.svg"],
    *["check {}", "check x*x x={}", "check x*x x=2 --{}", "grad {}", "grad x*x x=2 --wrt {}"],
    *["jacobian {}", "jacobian x*x x=2 --wrt {}", "gates {}", "gates --{}", "descend {}"],
    *["descend bowl --optimizer {}", "descend bowl --stop {}", "descend bowl --schedule {}"],
    *["descend bowl --start {}", "descend bowl --lr {}", "descend bowl --csv {}/a"],
    *["descend bowl -o {}.svg", "descend bowl --animate {}", "descend bowl --wrt {}"],
    *["optimizer {}", "optimizer adam({})", "optimizer adam --mine {}", "optimizer adam {}"],
    *["optimizer adam --compare {}", "optimizer adam --gradients {}", "schedule {}"],
    *["schedule cosine({})", "noise {}", "data {}", "data digits({})", "data --{}"],
    *["sanity --data {}", "train --data {}", "train --optimizer {}", "train --device {}"],
    *["evaluate {}", "predict {}", "summary {}", "histograms --init {}", "landscape {}"],
    *["boundary {}", "search {}", "search --data {}", "lr-find --data {}", "kernels {}"],
    *["kernels x*x x=2 --device {}", "kernels x*x x={}", "devices --{}", "doctor {}"],
    *["completion {}", "completion --{}"],
    *["lecture {}", "lecture show {}", "lecture check {}", "lecture play {}", "lecture list --{}"],
    *["lecture list --part {}", "lecture play A1 -o {}", "lecture draw A1 -o {}.svg"],
    *["play {}", "play x*x x=2 --title {} -o a.html", "play x*x x=2 -o {}.html", "play x*x x={}"],
    *["slides {}", "slides x*x x=2 --title {} -o a.html", "slides x*x x=2 -o {}.html"],
    *["slides x*x x=2 --author {} -o a.html", "slides x*x x=2 --only {}", "step {}"],
    *["step x*x x=2 --from {}", "step x*x x=2 --ask {}", "worksheet --seed {}", "worksheet {}"],
    *["worksheet --count 1 --title {} -o a.html", "worksheet --count 1 -o {}.html"],
    *["emit {}", "emit x*x x=2 --to {}", "emit x*x x=2 -o {}.py", "emit x*x x=2 --title {}"],
    *["paths {}", "paths x*x x=2 --to {}", "paths x*x x=2 -o {}.svg", "repl {}", "repl x={}"],
    *["trace --bug {}", "trace --bug stale-data --change {}", "draw --bug {}"],
]


def filled(place: str, word: str) -> list[str]:
    """The arguments, with the word where `{}` stands."""
    return [argument.replace("{}", word) for argument in place.split(" ")]


#: Files that are written, and are called what their user calls them.
WRITTEN = ("-o", "--animate", "--csv")


@pytest.mark.parametrize("word", WORDS.values(), ids=list(WORDS))
@pytest.mark.parametrize("place", PLACES)
def test_the_terminal_is_not_told_what_to_do(place, word, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*filled(place, word))
    said = result.stdout + result.stderr
    assert not unseen(said, allowed="\n")
    assert "Traceback" not in said
    assert "bug in microgd" not in said
    assert result.exit_code in (0, 1, 2)
    if result.exit_code or not any(option in place for option in WRITTEN):
        assert not [line for line in said.splitlines() if line.startswith("Error: evil")]


@pytest.mark.parametrize("word", WORDS.values(), ids=list(WORDS))
@pytest.mark.parametrize("place", ["{}", "x = {}", "{} = 3", "show {}", "backward {}", "{} x"])
def test_nor_by_what_is_typed(place, word):
    """Into a session, and as an answer to the quiz."""
    line = place.replace("{}", word).replace("\ud800", "?").replace("\udcff", "?")
    for command in ("repl --no-history x=2", "step x*x x=2 --quiz"):
        result = run(*command.split(), input=f"{line}\n{line}\n")
        assert not unseen(result.output, allowed="\n")
        assert "Traceback" not in result.output
        assert "bug in microgd" not in result.output


#: The escapes that Rich colours with, and no others.
COLOUR = re.compile(r"\x1b\[(0|1|2|3[0-7]|9[0-7])(;(0|1|2|3[0-7]|9[0-7]))*m")


@pytest.mark.parametrize("command", ["trace {} x=2", "draw x*x x=2 -o {}.svg", "data {}.csv"])
def test_nor_is_it_where_there_is_colour(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / f"{TERMINAL}.csv").write_text(f"{TERMINAL},b,class\n1,2,{TERMINAL}\n3,4,no\n")
    result = run(*filled(command, TERMINAL), FORCE_COLOR="1", NO_COLOR="")
    assert not unseen(COLOUR.sub("", result.stdout + result.stderr), allowed="\n")


@every_name
def test_names_in_a_file_of_data(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cell = '"' + name.replace('"', '""').replace("\x00", "") + '"'
    text = f"{cell},b,class\n1,2,{cell}\n3,4,no\n5,7,{cell}\n8,1,no\n"
    (tmp_path / "data.csv").write_bytes(text.encode("utf-8", "replace"))
    for more in ((), ("--json",), ("-o", "data.svg")):
        result = run("data", "data.csv", *more)
        assert result.exit_code in (0, 1, 2)
        assert not unseen(result.output, allowed="\n")
        assert "bug in microgd" not in result.output
    if (tmp_path / "data.svg").exists():
        require_plain_picture((tmp_path / "data.svg").read_text(encoding="utf-8"))


def require_plain_picture(svg: str) -> None:
    """Shapes and texts, no more: nothing that runs, loads or links."""
    assert not unseen(svg)
    assert {tag.partition("}")[2] for tag, *_ in svg_shape(svg)} <= PICTURE
    attributes = {a for _, *names in svg_shape(svg) for a in names}
    assert not [a for a in attributes if a.startswith("on")]


PICTURE = {
    *("svg", "g", "defs", "path", "rect", "use", "circle", "line", "polyline", "polygon"),
    *("ellipse", "text", "tspan", "clipPath", "marker", "style", "title", "desc", "image"),
    *("linearGradient", "stop", "pattern", "animate", "animateMotion", "mpath"),
    *("metadata", "RDF", "Work", "type", "format", "creator", "Agent", "date"),
}


PLOTS: dict[str, Callable[[Any], str]] = {
    "a path": lambda walk: mg.plots.draw_descent(walk).svg,
    "a moving path": lambda walk: mg.plots.animation(walk, "svg").decode(),
}


@some_names
@pytest.mark.parametrize("draw", PLOTS.values(), ids=list(PLOTS))
def test_plots_are_shapes_and_texts(draw, name):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        require_plain_picture(draw(walk_called(name)))


@some_names
def test_the_page_of_a_walk(name):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        pages = [mg.plots.watch(walk_called(n)) for n in (name, harmless(name))]
    assert not unseen(pages[0].page)
    scripts = [one for one in page_shape(pages[0].page) if one[0] in ("script", "iframe", "link")]
    assert scripts == [
        one for one in page_shape(pages[1].page) if one[0] in ("script", "iframe", "link")
    ]
    assert not [a for _, *names in page_shape(pages[0].page) for a in names if a.startswith("on")]
    frame = page_shape(pages[0]._repr_html_())
    assert frame == [("iframe", "height", "sandbox", "srcdoc", "style", "title"), ("/iframe",)]


@every_name
def test_a_kernel_is_not_written_by_a_name(name):
    from microgd.opencl.explain import preview

    def sources(name: str) -> str:
        x = mg.placeholder((8,), name, "float32")
        program = preview(lambda x: (mg.exp(x) * 2.0).named(name), x)
        return "\n".join(kernel.source for kernel in program.kernels)

    code, plain = (re.sub(r"/\*.*?\*/|//[^\n]*", "", sources(n)) for n in (name, "w"))
    assert len(re.findall(r"\W", code)) == len(re.findall(r"\W", plain))


@every_name
def test_a_program_written_from_a_graph_reads_back(name):
    from microgd.language.printer import to_program

    x = mg.Tensor(3.0, name=name)
    with mg.scope(name.replace("/", "|")):
        f = ((x * x).named(name + "q") + x).named(name)
    text = to_program(f)
    assert not unseen(text)
    given = re.findall(r"[^\W\d]\w*", text.splitlines()[0].rpartition("=")[2])
    assert mg.circuit(text, **{given[0]: 3.0}).output.data == 12.0


@every_name
def test_a_file_is_called_what_it_is_called(name, tmp_path):
    """A name is a name in the folder, or an error in words; nothing else is touched."""
    path = tmp_path / f"{name.replace('/', '|')}.svg"
    written = True
    try:
        mg.draw(output_called("x")).save(path)
    except mg.OutputError:
        written = False
    assert list(tmp_path.iterdir()) == ([path] if written else [])


@every_name
def test_json_in_a_page_stays_in_its_script(name):
    from microgd.pages import json_in_page

    text = json_in_page({name: [name]})
    assert not unseen(text)
    assert not set("<>&") & set(text)
    assert json.loads(text) == {name: [name]}
