"""Slides: a page for each step, nothing that moves, and no text that breaks out of its place."""

from __future__ import annotations

import builtins
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from cli_runner import names_in, refused, run, said

import microgd as mg
from microgd.draw.palette import PALETTES
from microgd.teaching.bugs.buggy import bugs, with_bug
from microgd.teaching.frames import frames_of, same_size, size_of
from microgd.teaching.slides.layout import HEIGHT, NUMBERS, SYMBOLS, WIDTH, number_size
from microgd.teaching.slides.slides import MOST_SLIDES
from microgd.teaching.typesetting import pdf_of
from microgd.teaching.whole import formulas_of

NEURON = mg.circuit("sigmoid(w0*x0 + w1*x1 + w2)", w0=2, x0=-1, w1=-3, x1=-2, w2=-3)
CIRCUIT = mg.circuit("q = x + y; f = q * z", x=-2, y=5, z=-4)
HOSTILE = '</style></script><script>alert(1)</script><img onerror="x">"#eval("1")\\ $[]{}\u202e'


class Reader(HTMLParser):
    """Elements and visible texts of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


def test_a_page_for_each_step_between_the_first_and_the_last() -> None:
    made = mg.slides(CIRCUIT)
    told = CIRCUIT.trace()
    assert len(made) == len(told) + 2 == len(made.notes)
    assert made.notes[1:-1] == told.sentences
    assert pages_of(made.pdf()) == len(made)
    assert pages_of(made.pdf(notes="pages")) == 2 * len(made)


def test_the_same_calculation_makes_the_same_bytes() -> None:
    assert mg.slides(CIRCUIT).pdf() == mg.slides(CIRCUIT).pdf()
    assert mg.slides(CIRCUIT).html == mg.slides(CIRCUIT).html
    assert b"CreationDate" not in mg.slides(CIRCUIT).pdf()


@pytest.mark.parametrize("look", ["circuit", "lecture", "cards"])
def test_nothing_moves_from_page_to_page(look: str) -> None:
    made = mg.slides(NEURON, look=look, expand=True)
    assert len({size_of(svg) for svg in made.pictures}) == 1
    frames = frames_of(made.pictures)
    assert frames is not None  # they differ in their paint alone
    assert len(frames.steps) == len(made.steps)
    # what a page paints is what its own picture has
    for svg, paint in zip(made.pictures, frames.steps, strict=True):
        values = dict(pair.split(":") for pair in paint.split(";"))
        resolved = re.sub(r"var\((--c\d+)\)", lambda m, v=values: v[m[1]], frames.picture)
        for colour in set(re.findall(r"#[0-9a-f]{6}", svg)):
            assert len(re.findall(colour, resolved)) == len(re.findall(colour, svg))


def test_a_wire_is_dashed_from_the_page_that_says_so() -> None:
    made = mg.slides(mg.circuit("max(x, y) + relu(z)", x=1, y=3, z=-2))
    frames = frames_of(made.pictures)
    assert frames is not None
    shut = [s.panel.sentence for s in made.steps].index(
        "max routes it to the other input: 0 · 1 = 0"
    )
    (variable,) = set(
        re.findall(r'wire-n2.0-out".*?dasharray:var\((--c\d+)\)', frames.picture, re.S)
    )
    dashes = [re.search(rf"{variable}:([^;]+)", paint) for paint in frames.steps]
    assert [d[1] if d else "" for d in dashes] == [
        "none" if step < shut else "5,2" for step in range(len(made.steps))
    ]


def test_pictures_that_differ_in_more_are_not_merged() -> None:
    assert frames_of(["<svg><a/></svg>", "<svg><a/><b/></svg>"]) is None
    assert frames_of(["<svg>1</svg>", "<svg>2</svg>"]) is None
    small, large = (f'<svg width="{n}" height="9" viewBox="0 0 {n} 9">' for n in (8, 9))
    assert same_size([small, large]) == (large, large)


def test_the_numbers_are_in_the_pictures_with_our_own_fonts() -> None:
    pdf = mg.slides(CIRCUIT).pdf()
    for font in (b"Arimo-Regular", b"Tinos-Italic", b"NewCMMath"):
        assert font in pdf
    source = mg.slides(CIRCUIT).typst()
    fallback = pdf_of(source.replace('font: ("Arimo", ', 'font: ("No such font", '), "slides")
    assert b"LibertinusSerif" in fallback


def test_formulas_carry_the_colours_of_the_circuit() -> None:
    told = mg.slides(CIRCUIT)
    contribution = next(s.panel for s in told.steps if s.panel.kind == "contribution")
    assert contribution.numbers == "−4 · 1 = −4"
    red, violet = PALETTES["default"].gradient, PALETTES["default"].local
    source, page = told.typst(), told.html
    parts = [(violet, "− 4"), ("", "·"), (red, "1"), ("", "="), (red, "− 4")]
    inked = [f'#text(fill: rgb("{c}"), $display({t})$)' if c else t for c, t in parts]
    assert " ".join(inked).replace("4)", 'upright("4"))').replace("1)", 'upright("1"))') in source
    assert '<mrow class="local"><mo>−</mo><mn>4</mn></mrow><mo>·</mo>' in page
    assert '<mrow class="upstream"><mn>1</mn></mrow><mo>=</mo><mrow class="result">' in page


@pytest.mark.parametrize(
    ("program", "written"),
    [
        ("(x + y) * z", "f = (x + y) · z"),
        ("x - (y - z)", "f = x − (y − z)"),
        ("x - y - z", "f = x − y − z"),
        ("z / (x * y)", "f = z / (x · y)"),
        ("-(x + y) ** 2 * z", "f = (−(x + y)²) · z"),
        ("max(x + y, z)", "f = max(x + y, z)"),
        ("a = x * y; a + z", "a = x · y|f = a + z"),
        ("1 / (x + exp(-y)) + z", "f = 1 / (x + exp(−y)) + z"),
    ],
)
def test_the_calculation_has_the_brackets_it_needs(program: str, written: str) -> None:
    assert "|".join(formulas_of(mg.circuit(program, x=1, y=2, z=3).trace())) == written


def test_html_has_all_pages_and_loads_nothing() -> None:
    made = mg.slides(NEURON, title="A neuron", author="Me")
    page = made.html
    read = Reader(page)
    assert sum(tag == "section" for tag, _ in read.tags) == len(made)
    assert sum(tag == "aside" for tag, _ in read.tags) == len(made)
    assert not re.search(r'(?:src|href)="(?!#)', page)
    assert "url(" not in page
    assert "default-src 'none'" in page
    for sentence in NEURON.trace().sentences:
        assert sentence in read.texts
    assert len(page) < 120_000


def test_no_text_breaks_out() -> None:
    x = mg.Tensor(2.0, name=HOSTILE)
    made = mg.slides(x * x, title=HOSTILE, author=HOSTILE, text=HOSTILE)
    tags = [tag for tag, _ in Reader(made.html).tags]
    assert tags.count("script") == 1
    assert "img" not in tags
    assert not any(name.startswith("on") for _, given in Reader(made.html).tags for name in given)
    assert "\u202e" not in made.html
    assert pages_of(made.pdf(notes="pages")) == 2 * len(made)  # it compiles: all of it is text
    code = re.sub(r'"(?:[^"\\]|\\.)*"', '""', made.typst(notes="pages"))
    assert "eval" not in code
    assert "script" not in code
    assert "\u202e" not in made.pdfpc


def test_other_scripts_keep_their_names() -> None:
    """Letters that no font of ours has come from the system; a PDF is made either way."""
    x = mg.Tensor(2.0, name="重み")
    assert pages_of(mg.slides(x * 3.0, title="Градиент, měření, învățare").pdf()) == 5


def test_what_a_low_circuit_leaves_the_formulas_take() -> None:
    """A circuit that fills its place leaves formulas as they are; a chain lets them grow."""
    full, chain = mg.slides(CIRCUIT).layout, mg.slides(NEURON, expand=True).layout
    assert (full.room, full.grown) == (252, 1)
    assert chain.grown > 1.4
    for layout in (full, chain):
        assert layout.room + layout.grown * (SYMBOLS[0] + NUMBERS[0]) == pytest.approx(HEIGHT)
    for made in (mg.slides(CIRCUIT), mg.slides(NEURON, expand=True)):
        width, height = size_of(made.pictures[0])
        assert width * made.layout.factor <= WIDTH + 0.01
        assert height * made.layout.factor <= made.layout.room + 0.01
    x = mg.Tensor(2.0, name="a name that is much longer than any formula has room for")
    assert mg.slides(mg.exp(mg.relu(mg.sin(x)))).layout.grown < chain.grown


def test_a_wide_circuit_is_set_close_where_that_makes_its_numbers_larger() -> None:
    made = mg.slides(NEURON, expand=True)
    drawn = {c: number_size(made._draw(made.steps[0], c)) for c in (False, True)}
    assert drawn[True] > drawn[False]
    assert made.number_size == drawn[True]
    roomy = mg.slides(CIRCUIT)
    assert roomy.number_size == number_size(roomy._draw(roomy.steps[0], False)) > 20


def test_the_last_page_writes_small_arrays_out() -> None:
    made = mg.slides(mg.circuit("-log_softmax(s)[0]", s=[3.2, 5.1, -1.7]))
    assert made.table.rows == (("s", "[3.20, 5.10, −1.70]", "[−0.87, 0.87, 9.68e−4]"),)
    matrix = mg.slides(mg.circuit("sum(W @ x)", W=[[1, 2], [3, 4]], x=[1, -1]))
    assert matrix.table.rows[0] == ("W", "[[1, 2], [3, 4]]", "[[1, −1], [1, −1]]")
    assert "<mtable>" in matrix.html.rpartition("<table")[2]


def test_one_pass_alone() -> None:
    forward = mg.slides(CIRCUIT, only="forward")
    assert [s.panel.kind for s in forward.steps] == ["forward", "forward"]
    assert forward.table.rows == (("f", "−12"),)
    assert b"%PDF" in forward.pdf()
    assert "gradient of" not in forward.html
    backward = mg.slides(CIRCUIT, only="backward")
    assert len(backward) == len(forward) + 3
    assert backward.steps[0].panel.kind == "seed"


@pytest.mark.parametrize("name", bugs())
def test_a_mistake_and_what_comes_of_it(name: str) -> None:
    buggy = with_bug(None, name)
    made = mg.slides(buggy)
    assert made.title == f"Wrong: {buggy.title}"
    assert made.notes[0].startswith(buggy.why)
    assert made.table.rows == buggy.table().rows
    assert pages_of(made.pdf()) == len(buggy.wrong) + 2
    assert "≠" in "".join(Reader(made.html).texts)


def test_languages() -> None:
    with mg.speaking("cs"):
        made = mg.slides(CIRCUIT)
    assert '<html lang="cs">' in made.html  # also when it is written later


def test_what_cannot_be_shown_is_refused() -> None:
    for options, message in (
        ({"look": "round"}, "no look"),
        ({"palette": "pink"}, "no palette"),
        ({"only": "sideways"}, "only is"),
    ):
        with pytest.raises(mg.MicrogdError, match=message):
            mg.slides(CIRCUIT, **options)  # type: ignore[arg-type]
    with pytest.raises(mg.ArgumentError, match="slides are of"):
        mg.slides(3)
    x = mg.Tensor(1.0, name="x")
    for _ in range(MOST_SLIDES):
        x = x + 1.0
    with pytest.raises(mg.ArgumentError, match=f"{MOST_SLIDES} are the most"):
        mg.slides(x)
    with pytest.raises(mg.DrawingError, match="does not end in"):
        mg.slides(CIRCUIT).save("slides.ppt")
    with pytest.raises(mg.ArgumentError, match="notes are"):
        mg.slides(CIRCUIT).save("slides.pdf", notes="some")  # type: ignore[arg-type]


def without_typst(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *more: Any, **options: Any) -> Any:
        if name == "typst":
            raise ImportError(name)
        return real(name, *more, **options)

    monkeypatch.setattr(builtins, "__import__", missing)


def test_without_typst_it_says_what_to_install_and_html_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_typst(monkeypatch)
    monkeypatch.chdir(tmp_path)
    complaint = refused(1, "slides", "x * y", "x=1", "y=2")
    assert 'pip install "microgd[slides]"' in complaint
    assert ".html" in complaint
    assert names_in(tmp_path) == []
    assert said("slides", "x * y", "x=1", "y=2", "-o", "s.html") == "saved s.html, 6 slides\n"


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    printed = said("slides", "x * y", "x=1", "y=2", "--title", "T", "-o", "s.pdf", "-o", "s.typ")
    assert printed == "saved s.pdf, 6 slides\nsaved s.pdfpc\nsaved s.typ, 6 slides\n"
    notes = json.loads(Path("s.pdfpc").read_text(encoding="utf-8"))
    assert [page["idx"] for page in notes["pages"]] == list(range(6))
    assert "1 · 2" in notes["pages"][1]["note"]
    assert pdf_of(Path("s.typ").read_text(encoding="utf-8"), "s") == Path("s.pdf").read_bytes()


def test_a_lecture_brings_its_title_and_text(tmp_path: Path) -> None:
    said("slides", "a1", "-o", str(tmp_path / "a.html"))
    from microgd.teaching.lectures import lecture

    texts = " ".join(Reader((tmp_path / "a.html").read_text(encoding="utf-8")).texts)
    assert lecture("A1").title in texts
    assert " ".join(lecture("A1").text.split())[:40] in " ".join(texts.split())


def test_a_title_of_one_long_word_stays_on_the_page() -> None:
    from microgd.draw.engines.measuring import text_width
    from microgd.teaching.slides.typst import ROOM, SMALLEST, TITLE, _breakable, _size

    assert _size("Backpropagation, gate by gate") == TITLE
    long = "Backpropagation" * 3
    assert SMALLEST < _size(long) < TITLE
    assert text_width(long, _size(long), "Arial bold") <= ROOM + 0.01
    assert "zws" not in _breakable(long, _size(long))
    longer = f"On {'x' * 200}"
    assert _size(longer) == SMALLEST
    assert _breakable(longer, SMALLEST).count("#sym.zws") == 49
    assert _breakable(longer, SMALLEST).startswith('#"On" #"xxxx"#sym.zws#"xxxx"')


def test_bad_usage_of_the_command(tmp_path: Path) -> None:
    assert "does not end in" in refused(2, "slides", "x", "x=1", "-o", "s.ppt")
    assert "press n" in refused(2, "slides", "x", "x=1", "-o", "s.html", "--notes", "file")
    assert "no directory" in refused(1, "slides", "x", "x=1", "-o", str(tmp_path / "no" / "s.pdf"))
    assert "no lecture" in refused(2, "slides", "A99")
    assert "D3 has no circuit" in refused(2, "slides", "d3")


def test_numbers_too_small_to_read_are_remarked_upon(tmp_path: Path) -> None:
    wide = "tanh(" * 14 + "x" + ")" * 14
    result = run("slides", wide, "x=1", "-o", str(tmp_path / "w.html"))
    assert result.exit_code == 0
    assert "points high" in result.stderr


def test_what_is_not_finite_is_reported_as_everywhere(tmp_path: Path) -> None:
    result = run("slides", "log(x)", "x=0", "-o", str(tmp_path / "s.html"))
    assert result.exit_code == 1
    assert (tmp_path / "s.html").exists()
