"""The player in real browsers: what is on the page at each step is what the trace says."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import microgd as mg
from microgd.draw.arrange import ON_WIRE
from microgd.draw.engines import rendering
from microgd.pages import unpacked_json
from microgd.teaching.bugs.buggy import with_bug
from microgd.teaching.javascript import javascript
from microgd.teaching.quiz.question import Question, questions_of
from microgd.trace.numbers import format_number, format_shape, format_value, norm

browsers = pytest.importorskip("browsers", reason="websockets is not installed")
pytestmark = [pytest.mark.browser, pytest.mark.slow]

NEURON = "sigmoid(w0*x0 + w1*x1 + w2)"
WIDE = mg.circuit(
    "tanh(w0*x0 + w1*x1 + b) * max(a, w0*c) + c", w0=2, x0=-1, w1=-3, x1=-2, b=-3, a=1, c=2
)
EXAMPLES = {
    "A1": lambda: mg.circuit("(x + y) * z", x=-2, y=5, z=-4).output,
    "A2": lambda: mg.expand(
        [mg.circuit(NEURON, w0=2, w1=-3, w2=-3, x0=-1, x1=-2).output], deep=True
    )[0],
    "branch": lambda: mg.circuit("x*x + x", x=3).output,
    "tensor": lambda: (
        mg.circuit("sum(relu(W @ x + b))", W=[[1, -2], [3, 4]], x=[1, 2], b=[0.5, -1]).output
    ),
}
#: What the reader sees now.
STATE = """
const all = (selector) => [...document.querySelectorAll(selector)];
const texts = (selector) => all(selector).map((t) => t.textContent);
const plain = (id) => document.getElementById(id).textContent;
return {
  values: texts(".circuit .w .v:not(.off)"), gradients: texts(".circuit .w .g:not(.off)"),
  rows: texts("#rows tr:not(.off) td:last-child"),
  current: all("#rows tr").findIndex((row) => row.getAttribute("aria-current")),
  lit: all(".circuit .on, .circuit .from").map((p) => [p.className.baseVal, {...p.dataset}]),
  sentence: plain("sentence"), title: plain("title"),
  numbers: plain("numbers"), symbols: plain("symbols"),
  slider: document.getElementById("slider").value,
  asking: !document.getElementById("ask").hidden,
};
"""


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def browser(request: pytest.FixtureRequest) -> Iterator[Any]:
    if browsers.program(request.param) is None:
        pytest.skip(f"there is no {request.param} here")
    with browsers.started(request.param) as found:
        found.size(1280, 900)
        yield found


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """Opens pages; whatever is logged or asked for on the way is a failure."""
    pages = []
    browser.problems.clear()
    browser.requests.clear()

    def open_page(page: Any, fragment: str = "") -> Any:
        path = page.save(tmp_path / f"page-{len(pages)}.html")
        browser.open(path, fragment)
        pages.append(path)
        return browser

    yield open_page
    assert browser.problems == []
    assert {r.partition("#")[0] for r in browser.requests} <= {p.as_uri() for p in pages} | {
        "data:,",
        "about:blank",
    } | {r for r in browser.requests if r.startswith("data:font/woff2")}


def state(browser: Any) -> dict[str, Any]:
    found: dict[str, Any] = browser.run(STATE)
    return found


def stepped(browser: Any) -> list[dict[str, Any]]:
    """What the reader sees at each step, from here to the end."""
    found: list[dict[str, Any]] = browser.run(f"""
      const state = () => {{ {STATE} }};
      const found = [state()];
      const slider = document.getElementById("slider");
      while (slider.value !== slider.max) {{
        document.getElementById("next").click();
        found.push(state());
      }}
      return found;
    """)
    return found


# -- what the trace's JSON says -----------------------------------------------------------------


def array_of(listed: Any) -> Any:
    return np.asarray(listed, dtype=float)


def on_wire(value: Any, digits: int, *, gradient: bool = False) -> str:
    array = array_of(value)
    if array.size > ON_WIRE:
        short = f"norm {format_number(norm(array), max(digits, 2))}"
        return short if gradient else format_shape(array.shape)
    return format_value(array if array.shape else float(array), digits)


def expected(told: dict[str, Any], step: int) -> tuple[Counter[str], Counter[str]]:
    """The numbers above and below the wires after this step, from the trace's JSON alone."""
    digits, nodes = told["digits"], {n["id"]: n for n in told["nodes"]}
    past = told["events"][: step + 1]
    computed = {e["node"] for e in past if e["kind"] == "forward"}
    computed |= {n["id"] for n in told["nodes"] if n["kind"] != "gate"}
    arriving: dict[str, list[dict[str, Any]]] = {}
    for event in told["events"]:
        if event["kind"] == "seed":
            arriving.setdefault(event["node"], []).append(event)
        if event["wire"] and event["kind"] == "contribution":
            arriving.setdefault(event["target"], []).append(event)
    along = {e["wire"]: e["value"] for e in past if e["wire"]}
    seeds = [e for e in past if e["kind"] == "seed"]
    above: Counter[str] = Counter()
    below: Counter[str] = Counter()
    for node in nodes.values():
        wires = [
            w
            for w in told["wires"]
            if w["source"] == node["id"] and w["position"] not in nodes[w["target"]]["folded"]
        ]
        is_output = node["id"] == told["output"]
        branches = len(wires) + is_output > 1
        count = len(wires) + is_output + branches
        if node["id"] in computed:
            above[on_wire(node["value"], node.get("digits", digits))] += count
        for wire in wires:
            if wire["id"] in along:
                below[on_wire(along[wire["id"]], digits, gradient=True)] += 1
        if is_output and seeds:
            below[on_wire(seeds[0]["value"], digits, gradient=True)] += 1
        summed = [e for e in past if e["kind"] == "branch" and e["node"] == node["id"]]
        if branches and summed:
            below[on_wire(summed[0]["value"], digits, gradient=True)] += 1
    return above, below


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_step_shows_the_numbers_of_the_trace(opened: Any, name: str) -> None:
    output = EXAMPLES[name]()
    told = json.loads(mg.trace(output).to_json())
    browser = opened(mg.play(output))
    for step, (event, seen) in enumerate(zip(told["events"], stepped(browser), strict=True)):
        above, below = expected(told, step)
        assert (Counter(seen["values"]), Counter(seen["gradients"])) == (above, below), step
        assert seen["sentence"] == event["sentence"]
        assert seen["rows"] == [e["sentence"] for e in told["events"][: step + 1]]
        assert seen["current"] == step
        assert int(seen["slider"]) == step
        if event["kind"] != "seed" and np.size(array_of(event["value"])) <= 6:
            result = seen["numbers"].rpartition("=")[2]
            wanted = array_of(event["value"])
            wanted = format_value(wanted if wanted.shape else float(wanted), told["digits"])
            # A matrix has no commas between its cells.
            assert re.sub(r"[\[\], ]", "", result) == re.sub(r"[\[\], ]", "", wanted)


@pytest.mark.parametrize("name", EXAMPLES)
def test_scrubbing_is_stepping(opened: Any, name: str) -> None:
    page = mg.play(EXAMPLES[name]())
    browser = opened(page)
    wanted = stepped(browser)
    steps = [*range(page.steps - 1, -1, -1), page.steps // 2, 0, page.steps - 1]
    scrubbed = browser.run(f"""
      const state = () => {{ {STATE} }};
      const slider = document.getElementById("slider");
      return {steps}.map((step) => {{
        slider.value = step;
        slider.dispatchEvent(new Event("input"));
        return state();
      }});
    """)
    assert scrubbed == [wanted[step] for step in steps]


def test_keys_and_the_address(opened: Any) -> None:
    page = mg.play(EXAMPLES["branch"]())
    browser = opened(page, "#step-4")
    assert state(browser)["current"] == 4
    for key, where in (("End", 7), ("ArrowLeft", 6), ("Home", 0), ("ArrowLeft", 0),
                       ("ArrowRight", 1)):  # fmt: skip
        browser.press(key)
        assert state(browser)["current"] == where
    before = browser.run("return history.length")
    browser.run("await new Promise((r) => setTimeout(r, 300))")
    assert browser.run("return location.hash") == "#step-1"
    browser.press("ArrowRight")
    browser.run("await new Promise((r) => setTimeout(r, 300))")
    assert browser.run("return [location.hash, history.length]") == ["#step-2", before]
    browser.run("location.hash = '#step-6'; await new Promise((r) => setTimeout(r, 100))")
    assert state(browser)["current"] == 6
    browser.press("?")
    assert browser.run("return document.getElementById('keys').open")
    browser.press("Escape")
    browser.press("q")
    assert state(browser)["asking"]
    browser.press("q")
    assert not state(browser)["asking"]
    browser.press("d")
    assert browser.run("return document.documentElement.dataset.theme")
    browser.press("n")
    assert browser.run("return document.getElementById('nudge').open")


def test_it_plays_by_itself_to_the_end(opened: Any) -> None:
    browser = opened(mg.play(EXAMPLES["A1"]()), "#step-4")
    browser.run("document.getElementById('speed').value = '4'")
    browser.press(" ")
    assert browser.run("return document.body.classList.contains('playing')")
    browser.run("await new Promise((r) => setTimeout(r, 450 * 2 + 500))")
    assert state(browser)["current"] == 6
    assert not browser.run("return document.body.classList.contains('playing')")


@pytest.mark.parametrize("paper", [False, True])
def test_who_loses_is_seen_when_it_is_told(opened: Any, browser: Any, paper: bool) -> None:
    trace = mg.circuit("max(x, y) + relu(z)", x=1, y=3, z=-2).trace()
    told = {e.wire: e.step for e in trace.events if e.kind == "contribution"}
    losing = sorted([told["n2.0"], told["n4.0"]])
    opened(mg.play(trace, quiz=not paper), "#step-0")
    if paper and browser.name != "chromium":
        pytest.skip("paper is emulated in Chromium only")
    dashed = """
      const paths = [...document.querySelectorAll(".circuit .w > path")];
      return paths.filter((p) => getComputedStyle(p).strokeDasharray !== "none").length;
    """
    if paper:
        browser.ask("Emulation.setEmulatedMedia", media="print")
        found = [browser.run(dashed)]
        browser.press("q")
        found.append(browser.run(dashed))
        browser.ask("Emulation.setEmulatedMedia", media="")
        assert found == [2, 0]
    for step in range(len(trace)):
        assert browser.run(dashed) == sum(s < step for s in losing)
        browser.run("document.getElementById('show').click()")
        browser.run("document.getElementById('show').click()")  # of two questions
        assert browser.run(dashed) == sum(s <= step for s in losing)
        browser.press("ArrowRight")


def test_data_are_seen_before_and_after_their_change(opened: Any) -> None:
    """On the wrong circuit; going back shows the old ones again."""
    circuit = mg.circuit("(x + y) * z", x=-2, y=5, z=-4)
    browser = opened(mg.play(with_bug(circuit, "stale-data", change={"x": 1})))
    x = """
      const text = document.querySelectorAll(".board")[1].querySelector('[data-l="1"] .v');
      return [text.textContent, text.classList.contains("off")];
    """
    keys = ("Home", "ArrowRight", "ArrowRight", "End", "Home")
    for key, seen in zip(keys, ("−2", "−2", "1", "1", "−2"), strict=True):
        browser.press(key)
        assert browser.run(x) == [seen, False]
    browser.press("ArrowRight")
    browser.press("ArrowRight")
    mistaken = browser.run("return document.getElementById('mistaken').textContent")
    assert "x.data changes: −2 → 1" in mistaken


def test_the_steps_of_a_descent_follow_each_other(opened: Any) -> None:
    browser = opened(mg.play(with_bug(mg.circuit("x**2", x=3), "no-zero-grad")))
    seen = """
      const boards = [...document.querySelectorAll(".board")];
      const shown = boards.filter((b) => b.checkVisibility());
      const pressed = [...document.querySelectorAll(".jumps button")];
      return [shown.map((b) => boards.indexOf(b)),
              pressed.findIndex((b) => b.getAttribute("aria-pressed") === "true"),
              shown.map((b) => b.querySelector('[data-l="1"] .v').textContent),
              shown.map((b) => b.querySelector("svg").getBoundingClientRect().width > 100),
              document.getElementById("nudge").checkVisibility()];
    """
    assert browser.run(seen) == [[0, 1], 0, ["3.00", "3.00"], [True, True], False]
    browser.press("End")
    assert browser.run(seen) == [[4, 5], 2, ["1.54", "−0.02"], [True, True], False]
    browser.run("document.querySelectorAll('.jumps button')[1].click()")
    assert browser.run(seen) == [[2, 3], 1, ["2.40", "2.40"], [True, True], False]
    browser.press("ArrowLeft")
    assert browser.run(seen) == [[0, 1], 0, ["2.40", "2.40"], [True, True], False]
    sentence = browser.run("return document.getElementById('sentence').textContent")
    assert sentence == "x ← 3.00 − 0.1 · 6.00 = 2.40"


# -- the quiz -----------------------------------------------------------------------------------

ANSWERS = """
const state = () => { %s };
const find = (id) => document.getElementById(id);
const give = (text, choice) => {
  if (choice) document.querySelectorAll("#choices input")[Number(text) - 1].checked = true;
  else find("answer").value = text;
  find("check").click();
  return [find("verdict").textContent, find("ask").hidden];
};
const found = [];
for (const questions of %s) {
  if (found.length) find("next").click();
  found.push({
    asked: questions.map((question) => ({
      before: state(), prompt: find("prompt").textContent,
      wrong: question.wrong.map((text) => give(text)),
      right: give(question.right, question.choice),
    })),
    after: state(),
  });
}
return found;
"""


def given(question: Question) -> dict[str, Any]:
    """The answers to type: a wrong one, those of two mistakes, the right one."""
    choice = question.kind == "choice"
    nonsense = "123.456" if question.kind == "number" else "1, 2, 3, 4, 5, 6, 7"
    mistakes = question.mistakes[:2] if question.kind == "number" else ()
    wrong = [nonsense, *(repr(float(np.asarray(m.value))) for m in mistakes)]
    right = str(int(np.asarray(question.answer))) if choice else question.shown
    return {"wrong": [] if choice else wrong, "right": right, "choice": choice}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_quiz_takes_right_answers_and_names_mistakes(opened: Any, name: str) -> None:
    trace = mg.trace(EXAMPLES[name]())
    browser = opened(mg.play(trace, quiz=True))
    questions = [questions_of(trace, event) for event in trace.events]
    answers = json.dumps([[given(q) for q in some] for some in questions])
    for step, told in enumerate(browser.run(ANSWERS % (STATE, answers))):
        for question, seen in zip(questions[step], told["asked"], strict=True):
            assert seen["before"]["asking"]
            assert len(seen["before"]["rows"]) == step
            assert seen["before"]["numbers"] == seen["before"]["symbols"] == ""
            assert seen["prompt"] == question.prompt
            assert not any(done for _, done in seen["wrong"])
            for mistake, (verdict, _) in zip(question.mistakes, seen["wrong"][1:], strict=False):
                assert mistake.sentence in verdict
        assert not told["after"]["asking"]
        assert len(told["after"]["rows"]) == step + 1
    assert sum(map(len, questions)) >= len(trace.events) - 2


def test_hints_come_one_by_one_and_the_answer_can_be_shown(opened: Any) -> None:
    trace = mg.trace(EXAMPLES["A1"]())
    browser = opened(mg.play(trace, quiz=True), "#step-3")
    (question,) = questions_of(trace, trace.events[3])[:1]
    hints = "return [...document.querySelectorAll('#hints li')].map((h) => h.textContent)"
    for count in range(1, len(question.hints) + 1):
        browser.run("document.getElementById('hint').click()")
        assert browser.run(hints) == list(question.hints[:count])
    assert browser.run("return document.getElementById('hint').disabled")
    browser.run("document.getElementById('show').click()")
    assert question.shown in state(browser)["sentence"]
    assert browser.run("return document.getElementById('score').textContent").startswith("0 ")


@pytest.mark.parametrize("quiz", [True, False])
def test_no_number_is_read_aloud_before_it_is_told(opened: Any, quiz: bool) -> None:
    """Neither from the circuit's texts nor from its outline; nor can a search find it."""
    browser = opened(mg.play(EXAMPLES["A1"](), quiz=quiz))
    heard = """
      await new Promise((done) => setTimeout(done, 300)); // numbers fade in
      const seen = (t) => t.checkVisibility({ visibilityProperty: true });
      const some = (of) => [...document.querySelectorAll(of)].filter(seen).map((t) => t.innerHTML);
      return [document.querySelector(".board pre").innerText.split("\\n"), some(".circuit .v"),
              some(".circuit .g")];
    """
    lines, values, gradients = browser.run(heard)
    shown = "" if quiz else "value 3"
    assert [line.split() for line in lines] == [
        ["f:", "×"],
        ["q:", "+", *shown.split()],
        ["x", "value", "−2"],
        ["y", "value", "5"],
        ["z", "value", "−4"],
    ]
    assert len(values) == (3 if quiz else 4)
    assert gradients == []
    browser.press("End")  # in a quiz, the last step asks for its own number
    lines, values, gradients = browser.run(heard)
    assert [line.split()[-2:] for line in lines] == [
        ["gradient", "1"],
        ["gradient", "−4"],
        ["gradient", "−4"],
        ["value", "5"] if quiz else ["gradient", "−4"],
        ["gradient", "3"],
    ]
    assert (len(values), len(gradients)) == (5, 4 if quiz else 5)


def test_data_that_change_are_read_aloud_as_they_are_now(opened: Any) -> None:
    circuit = mg.circuit("(x + y) * z", x=-2, y=5, z=-4)
    browser = opened(mg.play(with_bug(circuit, "stale-data", change={"x": 1})))
    aloud = "return document.querySelectorAll('.board pre')[1].innerText"
    assert "value −2" in browser.run(aloud)
    browser.press("End")
    assert "value −2" not in browser.run(aloud)
    assert "x value 1" in browser.run(aloud)


# -- the nudge ----------------------------------------------------------------------------------


OPEN_NUDGE = """
document.getElementById("nudge").open = true;
await new Promise((done) => setTimeout(done, 50));
"""


@pytest.mark.parametrize("name", EXAMPLES)
def test_nudged_values_are_those_of_python(opened: Any, name: str) -> None:
    output = EXAMPLES[name]()
    trace = mg.trace(output)
    order = mg.topological_order([output])
    page = mg.play(output)
    browser = opened(page, f"#step-{page.steps - 1}")
    before = state(browser)
    browser.run(OPEN_NUDGE)
    inputs = [(n, t) for n, t in zip(order, trace.nodes, strict=True) if t.kind == "input"]
    elements = [(node, told, at) for node, told in inputs for at in np.ndindex(node.shape)]
    for place, (node, told_node, at) in enumerate(elements):
        browser.run(
            f"document.querySelector('[data-input=\"{place}\"]').click();"
            "const s = document.getElementById('h'); s.value = 30;"
            "s.dispatchEvent(new Event('input'))"
        )
        size = abs(float(np.asarray(node.value)[at]))
        h = 0.3 * 10 ** np.floor(np.log10(max(size, 1)))
        moved = np.array(node.value, dtype=float)
        moved[at] += h
        values = mg.replay(order, {node: moved if node.shape else float(moved)})
        numbers = browser.run(
            "return [...document.querySelectorAll('[data-nudge]')].map((b) => b.textContent)"
        )
        change = float(values[-1]) - float(np.asarray(output.value))
        slope = float(np.asarray(told_node.gradient)[at])
        for shown, wanted in zip(numbers, (change, h * slope, change - h * slope), strict=True):
            assert float(shown.replace("−", "-")) == pytest.approx(wanted, rel=1e-3, abs=1e-9)
        told = json.loads(trace.to_json())
        for listed, value in zip(told["nodes"], values, strict=True):
            moved_too = np.asarray(value).tolist() != listed["value"]
            listed["value"] = np.asarray(value).tolist()
            listed["digits"] = max(told["digits"], 2) if moved_too else told["digits"]
        above, below = expected(told, len(trace) - 1)
        seen = state(browser)
        assert (Counter(seen["values"]), Counter(seen["gradients"])) == (above, below)
    browser.run("document.getElementById('reset').click()")
    assert state(browser) == before
    assert browser.run("return document.querySelector('.badge').hidden")


def test_the_difference_shrinks_with_the_square_of_h(opened: Any) -> None:
    browser = opened(mg.play(mg.circuit("x*x*x", x=2)))
    browser.run(
        OPEN_NUDGE
        + "const s = document.getElementById('h'); s.value = 1; s.dispatchEvent(new Event('input'))"
    )
    off = browser.run(
        "const cells = [...document.querySelectorAll('.shrinks tr td:last-child')];"
        "return cells.map((cell) => cell.textContent)"
    )
    sizes = [float(o.replace("−", "-")) for o in off]
    assert sizes[0] == pytest.approx(2.01**3 - 8 - 12 * 0.01, rel=1e-3)
    assert [a / b for a, b in pairwise(sizes)] == pytest.approx([4] * 3, rel=0.02)


def test_a_page_says_why_nothing_can_be_nudged(opened: Any) -> None:
    output = (mg.Tensor(np.ones((100, 100)), name="x") * 2.0).sum()
    why = javascript(mg.trace(output)).why
    assert why
    browser = opened(mg.play(output))
    browser.run(OPEN_NUDGE)
    said = browser.run("return document.getElementById('nudging').textContent")
    assert said == f"No input can be nudged on this page: {why}"


def test_many_inputs_are_a_list(opened: Any) -> None:
    output = (mg.Tensor(np.arange(30.0), name="x") * 2.0).sum()
    browser = opened(mg.play(output))
    browser.run(OPEN_NUDGE)
    told = browser.run("""
      const list = document.querySelector(".chips select"), h = document.getElementById("h");
      list.value = "29";
      list.dispatchEvent(new Event("change"));
      h.value = 50;
      h.dispatchEvent(new Event("input"));
      return [list.options.length, list.selectedOptions[0].textContent,
              document.querySelector("[data-nudge=true]").textContent];
    """)
    assert told == [30, "x[29]", "10"]


# -- the circuit --------------------------------------------------------------------------------


CLICK = """
const gate = document.querySelectorAll(".gate")[%d];
gate.dispatchEvent(new MouseEvent("click", { bubbles: true }));
"""


def test_a_click_on_a_gate_goes_to_its_step_and_shows_its_card(opened: Any) -> None:
    output = EXAMPLES["A1"]()
    browser = opened(mg.play(output))
    click = CLICK % 1 + "return document.querySelector('.card').textContent"
    card = browser.run(click)
    assert state(browser)["current"] == 1
    assert "not computed yet" in card
    assert "−12" in card
    visited = []
    for _ in range(4):
        browser.run(click)
        visited.append(state(browser)["current"])
    assert visited == [2, 3, 4, 1]
    browser.press("Escape")
    assert browser.run("return document.querySelector('.card').hidden")


def test_a_step_of_the_list_is_a_link(opened: Any) -> None:
    browser = opened(mg.play(EXAMPLES["A2"]()))
    browser.run("document.querySelectorAll('#rows a')[9].click()")
    assert state(browser)["current"] == 9


def test_five_hundred_steps_change_little_at_each(opened: Any) -> None:
    """Stepping touches what changes, not the whole page; nobody waits."""
    x = mg.Tensor(0.5, name="x")
    f = x
    for i in range(167):
        f = f * mg.Tensor(1.0 + i / 100, name=f"w{i}")
    page = mg.play(f, full=True)
    assert page.steps > 500
    browser = opened(page, "#step-300")
    touched, longest = browser.run("""
      let count = 0;
      const watch = new MutationObserver((list) => { count += list.length; });
      const all = { subtree: true, childList: true, attributes: true, characterData: true };
      watch.observe(document.body, all);
      let most = 0, longest = 0;
      for (let i = 0; i < 40; i++) {
        count = 0;
        const began = performance.now();
        document.getElementById("next").click();
        longest = Math.max(longest, performance.now() - began);
        await Promise.resolve();
        most = Math.max(most, count);
      }
      watch.disconnect();
      return [most, longest];
    """)
    assert touched < 80
    assert longest < 500  # milliseconds, on a busy machine; benchmarks/player.py measures


def test_a_phone_needs_no_sideways_scrolling(opened: Any, browser: Any) -> None:
    browser.size(375, 760)
    try:
        opened(mg.play(mg.circuit("log(sum(exp(x)))", x=[1, 2, 3])), "#step-5")
        browser.run(OPEN_NUDGE)
        assert browser.run("return document.documentElement.scrollWidth") <= 375
        opened(mg.play(EXAMPLES["A2"]()), "#step-20")
        wide, bottom, lit = browser.run("""
          await new Promise((r) => setTimeout(r, 700));
          const on = document.querySelector(".gate.on").getBoundingClientRect();
          return [document.documentElement.scrollWidth,
                  document.querySelector(".controls").getBoundingClientRect().bottom,
                  [on.left, on.right]];
        """)
        assert wide <= 375
        assert bottom <= 761
        assert lit[0] >= 0
        assert lit[1] <= 375
    finally:
        browser.size(1280, 900)


HOSTILE = '</script><img src=x onerror="window.hit=1">\'"&\u202e{{data}}'


def test_a_page_opens_at_a_step_without_ado(opened: Any, browser: Any) -> None:
    """Nothing fades, nothing scrolls: what is seen first is what stays."""
    browser.size(375, 760)
    try:
        opened(mg.play(WIDE, quiz=True), "#step-12")
        seen = """
          const on = document.querySelector(".gate.on").getBoundingClientRect();
          const box = document.querySelector(".scroll").getBoundingClientRect();
          const shown = [...document.querySelectorAll(".circuit text")];
          return [on.left >= box.left, on.right <= box.right, Math.round(on.left),
                  document.getAnimations().length,
                  shown.map((text) => getComputedStyle(text).opacity).join()];
        """
        first = browser.run(seen)
        assert first[:2] == [True, True]
        assert first[3] == 0
        assert set(first[4].split(",")) == {"0", "1"}
        browser.run("await new Promise((r) => setTimeout(r, 500))")
        assert browser.run(seen) == first
    finally:
        browser.size(1280, 900)


def test_nothing_hostile_runs(opened: Any) -> None:
    x = mg.Tensor(2.0, name=HOSTILE)
    with mg.scope(HOSTILE.replace("/", "")):
        f = x * x + mg.Tensor(1.0, name="<b>b</b>")
    browser = opened(mg.play(f, title=HOSTILE, quiz=True))
    for _ in range(4):
        browser.run("document.getElementById('show').click()")
        browser.press("ArrowRight")
    browser.run(CLICK % 0)
    found = browser.run(
        "return [window.hit ?? 0, document.querySelectorAll('img, b:not([data-nudge])').length]"
    )
    assert found == [0, 0]


def test_without_an_engine_the_page_works(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "candidates", lambda dot=None: [])
    page = mg.play(EXAMPLES["A1"]())
    assert page.why_no_circuit
    browser = opened(page)
    browser.press("End")
    seen = state(browser)
    assert len(seen["rows"]) == 7
    assert seen["sentence"] == "+ distributes: 1 · (−4) = −4"


def test_the_page_in_a_notebook(browser: Any, tmp_path: Path) -> None:
    """In its frame nothing fails, and nothing is asked for."""
    frame = mg.play(EXAMPLES["A1"]())._repr_html_()
    path = tmp_path / "notebook.html"
    path.write_text(
        f'<!doctype html><html><meta charset="utf-8"><body data-ready="yes">{frame}</body></html>',
        encoding="utf-8",
    )
    browser.open(path)
    browser.run("await new Promise((r) => setTimeout(r, 500))")
    assert browser.problems == []


def test_on_paper_everything_is_there(opened: Any, browser: Any) -> None:
    if browser.name != "chromium":
        pytest.skip("paper is emulated in Chromium only")
    opened(mg.play(EXAMPLES["A1"]()))
    browser.ask("Emulation.setEmulatedMedia", media="print")
    try:
        seen = browser.run("""
          const looks = (selector) => [...document.querySelectorAll(selector)]
            .map((part) => getComputedStyle(part));
          return [looks(".circuit text").filter((look) => look.opacity === "0").length,
                  looks("#rows span").filter((look) => look.visibility !== "visible").length,
                  looks(".controls")[0].display];
        """)
        assert seen == [0, 0, "none"]
    finally:
        browser.ask("Emulation.setEmulatedMedia", media="")


def test_on_paper_a_quiz_is_a_handout(opened: Any, browser: Any) -> None:
    """It has what was told; out of the quiz, all is there again."""
    if browser.name != "chromium":
        pytest.skip("paper is emulated in Chromium only")
    opened(mg.play(EXAMPLES["A1"](), quiz=True))
    printed = """
      const seen = (t) => getComputedStyle(t).visibility === "visible";
      const some = (of) => [...document.querySelectorAll(of)].filter(seen).length;
      return [some(".circuit .v"), some(".circuit .g"), some("#rows a"), some("#rows span")];
    """
    browser.ask("Emulation.setEmulatedMedia", media="print")
    try:
        assert browser.run(printed) == [3, 0, 7, 0]
        browser.run("document.getElementById('show').click()")
        assert browser.run(printed) == [4, 0, 7, 1]
        browser.run("document.getElementById('quiz').click()")
        assert browser.run(printed) == [5, 5, 7, 7]
    finally:
        browser.ask("Emulation.setEmulatedMedia", media="")


def test_the_data_of_the_page_is_the_trace(opened: Any) -> None:
    """What the script reads, read in the page and in Python."""
    page = mg.play(EXAMPLES["A2"]())
    browser = opened(page)
    packed = browser.run("return document.getElementById('data').textContent")
    trace = mg.trace(EXAMPLES["A2"]())
    nodes = unpacked_json(packed)["nodes"]
    assert [n["value"] for n in nodes] == [format_value(n.value, 2) for n in trace.nodes]
