"""The player's page, read in Python: its parts, its data, its limits. Browsers have a test of
their own.
"""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import microgd as mg
from microgd.draw.engines import rendering
from microgd.errors import DrawingError
from microgd.pages import filled, json_in_page, packed_json, unpacked, unpacked_json
from microgd.teaching.bugs.buggy import bugs, with_bug
from microgd.teaching.player.colours import SWITCHED, style_sheet, variables
from microgd.teaching.player.page import MOST_STEPS
from microgd.teaching.player.timeline import appear, timeline
from microgd.teaching.player.words import KINDS
from microgd.translation import LANGUAGES, speaking

TWELVE = "tanh(w0*x0 + w1*x1 + b) * max(a, w0*c) + sigmoid(x0*x1) + c"


def twelve() -> Any:
    """A circuit of twelve gates, with branches."""
    return mg.circuit(TWELVE, w0=2, x0=-1, w1=-3, x1=-2, b=-3, a=0.5, c=2)


def data_of(page: Any) -> Any:
    found = re.search(r'<script id="data" type="text/plain">([^<]*)</script>', page.html)
    assert found
    return unpacked_json(found[1])


def program_of(page: Any) -> str:
    """What the page runs once it has unpacked it."""
    found = re.search(r'<script id="program" type="text/plain">([^<]*)</script>', page.html)
    assert found
    return unpacked(found[1])


class Tags(HTMLParser):
    """Every tag of a page, with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "link", "input", "wbr", "path", "circle", "ellipse", "polygon"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page() -> Any:
    return mg.play(mg.circuit("(x + y) * z", x=-2, y=5, z=-4))


def test_the_page_is_well_formed_and_self_contained(page: Any) -> None:
    tags = Tags(page.html)
    assert tags.open == []
    for tag, attributes in tags.tags:
        assert tag not in ("img", "iframe", "object", "embed", "base")
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        for name in ("src", "href", "action", "xlink:href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:,"))
    ids = [a["id"] for _, a in tags.tags if "id" in a]
    assert len(ids) == len(set(ids))
    script = page.html.rpartition("<script>")[2] + program_of(page)
    assert not re.search(r"\beval\(|new Function|fetch\(|XMLHttp|import\(|https?:", script)


def test_only_its_own_style_and_script_may_run(page: Any) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page.html)
    assert policy
    rules = dict(rule.strip().split(" ", 1) for rule in policy[1].split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    (style,) = re.findall(r"<style>(.*?)</style>", page.html, re.DOTALL)
    (start,) = re.findall(r"<script>(.*?)</script>", page.html, re.DOTALL)
    for kind, sources in (("style", [style]), ("script", [start, program_of(page)])):
        digests = [b64encode(sha256(source.encode()).digest()).decode() for source in sources]
        assert rules[f"{kind}-src"] == " ".join(f"'sha256-{digest}'" for digest in digests)


def test_every_word_of_the_page_is_in_its_language() -> None:
    with speaking("cs"):
        czech = mg.play(mg.circuit("x * y", x=2, y=3))
    assert '<html lang="cs"' in czech.html
    english = mg.play(mg.circuit("x * y", x=2, y=3))
    assert '<html lang="en"' in english.html
    assert "{{" not in english.html
    used = set(re.findall(r"words\.(\w+)", program_of(english))) - {"filter", "map"}
    assert len(used) > 10
    assert used <= set(data_of(english)["words"])
    assert {f"kind_{kind}" for kind in KINDS} <= set(data_of(english)["words"])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_circuit_of_twelve_gates_is_a_small_page(lang: str) -> None:
    with speaking(lang):
        trace = twelve().trace()
    assert sum(node.kind == "gate" for node in trace.nodes) == 12
    page = mg.play(trace, title=TWELVE)
    assert f'<html lang="{lang}"' in page.html
    assert len(page.html.encode()) < 76_000


def test_the_same_program_makes_the_same_bytes(page: Any) -> None:
    again = mg.play(mg.circuit("(x + y) * z", x=-2, y=5, z=-4))
    assert again.html == page.html


def test_playing_changes_no_gradient() -> None:
    x = mg.Tensor(3.0, name="x")
    f = x * x
    f.backward()
    mg.play(f)
    mg.play(f)
    assert x.grad == 6.0


# -- the title ----------------------------------------------------------------------------------


def heading_of(page: Any) -> str:
    (found,) = re.findall(r"<h1>(.*?)</h1>", page.html)
    return str(found)


def test_a_title_that_is_the_program_is_set_as_a_formula(page: Any) -> None:
    math = "".join(
        ElementTree.fromstring(f"<h1>{heading_of(page)}</h1>".replace("<wbr>", "")).itertext()
    )
    assert math == "(x+y)·z"
    assert "<title>(x + y) * z</title>" in page.html
    powers = heading_of(mg.play(mg.circuit("q = x0**2; q * w", x0=2, w=3)))
    assert "<msup><msub><mi>x</mi><mn>0</mn></msub><mn>2</mn></msup>" in powers
    assert '<wbr><math><mo form="infix">·</mo><mi>w</mi></math>' in powers


def test_other_titles_are_text() -> None:
    circuit = mg.circuit("(x + y) * z", x=-2, y=5, z=-4)
    for title in ("x + y", "Why z matters", "x <b> y", "(x + y) * w"):
        assert heading_of(mg.play(circuit, title=title)) == title.replace("<", "&lt;").replace(
            ">", "&gt;"
        )
    f = mg.Tensor(2.0, name="x") * mg.Tensor(3.0, name="</h1>")
    assert "<mi>&lt;/h1&gt;</mi>" in heading_of(mg.play(f))  # nothing that a name says is a tag


# -- the circuit --------------------------------------------------------------------------------


def svg_of(page: Any, place: int = 0) -> Any:
    text = re.findall(r'<svg class="circuit".*?</svg>', page.html, re.DOTALL)[place]
    return ElementTree.fromstring(text)


@pytest.mark.parametrize("look", ["circuit", "lecture"])
def test_no_colour_is_written_into_the_circuit(look: str) -> None:
    svg = svg_of(mg.play(twelve(), look=look))
    for part in svg.iter():
        for name in ("fill", "stroke"):
            assert part.get(name, "none").startswith(("none", "var(--"))
        assert part.get("style") is None


@pytest.mark.parametrize("text", ["x*x + x", TWELVE, "max(x, x0) * 2 + 1"])
def test_every_number_appears_at_its_step(text: str) -> None:
    """The lines of the page know what the steps of `mg.draw` show."""
    names = {"w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0, "b": -3.0, "a": 0.5, "c": 2.0, "x": 3.0}
    used = {n: v for n, v in names.items() if re.search(rf"\b{n}\b", text)}
    trace = mg.circuit(text, **used).trace()
    page = mg.play(trace)
    (board,) = data_of(page)["boards"]
    for step in range(len(trace)):
        view = mg.draw(trace, names="all", step=step).view
        assert view is not None
        for line, (above, below, _) in zip(view.lines, board["lines"], strict=True):
            assert line.shows_above == (above <= step)
            if line.below:
                assert line.shows_below == (below <= step)


def test_a_step_lights_its_gate_and_its_wire(page: Any) -> None:
    trace = mg.circuit("(x + y) * z", x=-2, y=5, z=-4).trace()
    view = mg.draw(trace, names="all").view
    assert view is not None
    for event, step in zip(trace.events, data_of(page)["steps"], strict=True):
        (lit,) = step["lit"]
        assert view.items[lit["item"]].nodes == (event.node,)
        line = view.lines[lit["line"]]
        assert event.wire is None or line.wires == (event.wire,)
        if event.kind == "contribution":
            assert view.lines[lit["from"]].nodes == (event.node,)


def test_numbers_keep_their_place_and_text(page: Any) -> None:
    texts = [t.text for t in svg_of(page).iter() if t.tag.endswith("text")]
    for number in ("−2", "5", "−4", "3", "−12"):
        assert number in texts


def test_without_an_engine_there_is_no_circuit_and_a_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rendering, "candidates", lambda dot=None: [])
    page = mg.play(mg.circuit("x * y", x=2, y=3))
    assert "no engine" in page.why_no_circuit
    assert '<svg class="circuit"' not in page.html
    assert "There is no circuit here: no engine" in page.html
    assert len(data_of(page)["steps"]) == 4


def test_large_graphs_are_collapsed_or_refused() -> None:
    x = mg.Tensor(1.0, name="x")
    f = x
    for layer in range(4):
        with mg.scope(f"layer{layer}"):
            for i in range(10):
                f = f * mg.Tensor(1.0 + i / 10)
    page = mg.play(f)
    assert page.html.count('class="box"') == 4
    for _ in range(160):
        f = f * 2.0
    with pytest.raises(DrawingError, match="too many for one picture"):
        mg.play(f)
    for _ in range(1500):
        f = f * 2.0
    with pytest.raises(DrawingError, match=f"at most {MOST_STEPS}"):
        mg.play(f, force=True)


def test_what_cannot_be_played_says_why() -> None:
    with pytest.raises(DrawingError, match="no gate"):
        mg.play(mg.circuit("x", x=2), gradients=False)
    with pytest.raises(DrawingError, match="look"):
        mg.play(mg.circuit("x*x", x=2), look="cards")
    with pytest.raises(DrawingError, match="palette"):
        mg.play(mg.circuit("x*x", x=2), palette="dark")


def test_a_forward_pass_alone_and_shapes_without_numbers_are_played() -> None:
    forward = mg.play(mg.circuit("x * y", x=2, y=3), gradients=False)
    assert [s["kind"] for s in data_of(forward)["steps"]] == ["forward"]
    shapes = mg.play(mg.matmul(mg.placeholder((3, 4), name="W"), mg.placeholder((4,), name="x")))
    assert [s["kind"] for s in data_of(shapes)["steps"]] == ["forward"]
    assert data_of(shapes)["inputs"] == []


# -- colours ------------------------------------------------------------------------------------


def effective(name: str, dark: bool) -> dict[str, str]:
    """What a browser makes of the style sheet: later rules of equal weight win."""
    text = style_sheet()
    light, _, rest = text.partition("@media screen{")
    parts = [light, rest] if dark else [light]
    found: dict[str, str] = {}
    for part in parts:
        for selector, rule in re.findall(r"(:root[^{]*)\{([^{}]*)\}", part):
            palette = re.search(r"data-palette=([\w-]+)", selector)
            if palette is None or palette[1] == name:
                found |= dict(re.findall(r"(--[\w-]+):([^;]+);", rule))
    return found


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", SWITCHED)
def test_the_style_sheet_gives_each_palette_its_colours(name: str, dark: bool) -> None:
    wanted = variables(SWITCHED[name][dark])
    assert {k: v for k, v in effective(name, dark).items() if k in wanted} == wanted


# -- data ---------------------------------------------------------------------------------------


def test_inputs_are_the_elements_in_the_order_of_the_nodes() -> None:
    page = mg.play(mg.circuit("sum(W @ x)", W=[[1, 2], [3, 4]], x=[5, 6]))
    inputs = data_of(page)["inputs"]
    assert [i["label"] for i in inputs] == ["W[0,0]", "W[0,1]", "W[1,0]", "W[1,1]", "x[0]", "x[1]"]
    assert [i["x"] for i in inputs] == [1, 2, 3, 4, 5, 6]
    assert [i["slope"] for i in inputs] == [5, 6, 5, 6, 4, 6]


def test_infinities_travel_as_text() -> None:
    x = mg.Tensor(np.array([np.inf, 1.0]), name="x")
    data = data_of(mg.play((x * x).sum()))
    assert [i["x"] for i in data["inputs"]] == ["inf", 1.0]


HOSTILE = "</script><img src=x onerror=alert(1)>'\"&\u202e\ud800\x00{{data}}"


def test_nothing_in_a_page_comes_from_a_name_or_title() -> None:
    x = mg.Tensor(2.0, name=HOSTILE)
    with mg.scope(HOSTILE.replace("/", "")):
        f = x * x + 1
    page = mg.play(f, title=HOSTILE)
    page.html.encode()
    tags = Tags(page.html)
    assert tags.open == []
    assert not [tag for tag, _ in tags.tags if tag == "img"]
    assert "\u202e" not in page.html
    assert "\x00" not in page.html
    formulas = [step[key] for step in data_of(page)["steps"] for key in ("symbols", "rule")]
    assert not [f for f in formulas if "<img" in f]
    for formula in filter(None, formulas):
        ElementTree.fromstring(formula.replace("&nbsp;", " "))


def test_json_in_pages() -> None:
    data = {"a": "</script><!--\u2028\u202e&", "b": [1, 2.5, None]}
    text = json_in_page(data)
    assert not re.search("[<>&\u2028\u202e]", text)
    assert unpacked_json(packed_json(data)) == data
    assert filled("{{a}}-{{b}}", {"a": "{{b}}", "b": "x"}) == "{{b}}-x"


# -- mistakes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", bugs())
def test_a_mistake_is_played_beside_the_right_thing(name: str) -> None:
    bug = with_bug(None, name)
    moments = []
    for right, wrong in bug.rounds:
        both = timeline(right, wrong)
        assert [m.right for m in both if m.right] == list(right.events)
        assert [m.wrong for m in both if m.wrong] == list(wrong.events)
        moments += both
    page = mg.play(bug)
    data = data_of(page)
    assert page.steps == len(data["steps"]) == len(moments)
    assert len(data["boards"]) == 2 * len(bug.rounds)
    assert not any(board["differing"] for board in data["boards"][::2])
    assert data["boards"][-1]["differing"]
    for moment, step in zip(moments, data["steps"], strict=True):
        assert bool(step["lit"][0]) == (moment.right is not None)
        assert bool(step["lit"][1]) == (moment.wrong is not None)


def test_the_wrong_numbers_are_framed() -> None:
    bug = with_bug(None, "overwrite")
    wrong = data_of(mg.play(bug))["boards"][1]
    view = mg.draw(bug.wrong, names="all").view
    assert view is not None
    (place, kind, step), *rest = wrong["differing"]
    assert rest == []
    assert step == wrong["lines"][place][1]
    assert kind == "g"
    assert view.lines[place].id == "n0.out"
    assert view.lines[place].below == "3"


def test_numbers_of_a_mistake_appear_in_step() -> None:
    bug = with_bug(None, "overwrite")
    moments = timeline(bug.right, bug.wrong)
    when = appear(bug.wrong, [m.wrong for m in moments])
    last = when.totals["n0"]
    assert moments[last].wrong is bug.wrong.events[-1]
    assert moments[when.values["n1"]].wrong is bug.wrong.events[0]


def test_both_circuits_show_a_number_at_the_step_that_tells_it() -> None:
    """Depth first, there are steps between those of the right lesson."""
    bug = with_bug(None, "dfs-order")
    moments = timeline(bug.right, bug.wrong)
    when = appear(bug.right, [m.right for m in moments])
    total = when.totals["n1"]
    assert moments[total].right is bug.right.events[5]
    assert total > 5


def test_data_that_change_midway_are_there_from_the_start() -> None:
    bug = with_bug(mg.circuit("(x + y) * z", x=-2, y=5, z=-4), "stale-data", change={"x": 1})
    data = data_of(mg.play(bug))
    right, wrong = data["boards"]
    (change,) = [i for i, step in enumerate(data["steps"]) if step["kind"] == "changes"]
    ((above, _, node, *changed),) = [line for line in wrong["lines"] if len(line) > 3]
    assert (above, node, changed) == (-1, 0, ["−2", change])
    assert all(len(line) == 3 for line in right["lines"])
    x = wrong["nodes"][0]
    assert (x["was"], x["until"], x["value"]) == ("−2", change, "1")
    view = mg.draw(bug.wrong, names="all").view
    assert view is not None
    framed = {view.lines[line].nodes for line, kind, _ in wrong["differing"] if kind == "v"}
    assert framed == {("n2",), ("n4",)}  # q and f are of the old x, which is new by the end


def test_every_step_of_a_descent_is_played() -> None:
    """x ← x − 0.1 · 2x from 3: right 2.4, 1.92; with what is left in .grad 2.4, 1.32, −0.024."""
    bug = with_bug(mg.circuit("x**2", x=3), "no-zero-grad")
    page = mg.play(bug)
    data = data_of(page)
    assert data["rounds"] == [0, 4, 9]
    assert [step["round"] for step in data["steps"]] == [0] * 4 + [1] * 5 + [2] * 5
    told = [(b["nodes"] if "nodes" in b else data["nodes"])[0] for b in data["boards"]]
    values = [(x["was"], x["value"]) for x in told]
    assert values[::2] == [("3.00", "2.40"), ("2.40", "1.92"), ("1.92", "1.54")]
    assert values[1::2] == [("3.00", "2.40"), ("2.40", "1.32"), ("1.32", "−0.02")]
    assert "x ← 2.40 − 0.1 · 10.80 = 1.32" in page.html
    (first,) = [q for q in data["questions"]["9"] if q["kind"] == "number"]
    assert first["answer"] == [pytest.approx(1.92**2)]  # of the data before this step's change
    assert not [mistake for mistake in first["mistakes"] if mistake["values"] == first["answer"]]
    # x is the same in both until the second step's update, and framed from there on
    second, third = data["boards"][3]["differing"], data["boards"][5]["differing"]
    assert [step for line, kind, step in second if (line, kind) == (1, "v")] == [8]
    assert [step for line, kind, step in third if (line, kind) == (1, "v")] == [-1]
    assert page.html.count("<h2>Right · step ") == 3


def test_a_page_plays_a_few_steps_of_descent() -> None:
    bug = with_bug(mg.circuit("x**2", x=3), "no-zero-grad", steps=21)
    with pytest.raises(DrawingError, match="at most 20 steps of descent, not 21"):
        mg.play(bug)


# -- files and notebooks ------------------------------------------------------------------------


def test_saving_and_showing(page: Any, tmp_path: Path) -> None:
    path = page.save(tmp_path / "f.html")
    assert path.read_text(encoding="utf-8") == page.html
    frame = page._repr_html_()
    tags = Tags(frame)
    ((tag, attributes),) = tags.tags
    assert tag == "iframe"
    assert attributes["srcdoc"] == page.html
    assert attributes["sandbox"] == "allow-scripts"
    assert repr(page).startswith("<page of 7 steps, ")
