"""Slides in real browsers: keys, notes, print; each page shows what its own picture shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import microgd as mg

browsers = pytest.importorskip("browsers", reason="websockets is not installed")
pytestmark = [pytest.mark.browser, pytest.mark.slow]

CIRCUIT = mg.circuit("q = x + y; f = q * max(z, x)", x=-2, y=5, z=-4)
#: The page that is seen, whether its notes are, and the paints of the numbers of the circuit.
STATE = """
const shown = [...document.querySelectorAll("section")].filter(
  (s) => getComputedStyle(s).display !== "none");
const page = shown[0];
const aside = page.querySelector("aside");
const box = page.getBoundingClientRect();
return {
  pages: shown.length, label: page.getAttribute("aria-label"), address: location.hash,
  notes: getComputedStyle(aside).display !== "none", said: aside.textContent,
  overflows: [...page.querySelectorAll("math, td, header span")].filter((e) => {
    const r = e.getBoundingClientRect();
    return r.right > box.right + 1 || r.bottom > box.bottom + 1 || r.left < box.left - 1;
  }).length,
};
"""
#: The colours in which every page's circuit paints its texts.
PAINTS = """
const svg = document.querySelector("#circuit");
const names = [...svg.querySelectorAll("text")];
return [...document.querySelectorAll("section .circuit svg")].map((drawn) => {
  const style = getComputedStyle(drawn);
  return names.map((text) => {
    const asked = text.style.fillOpacity.match(/var\\((--c\\d+)\\)/);
    return asked ? style.getPropertyValue(asked[1]).trim() : text.getAttribute("fill-opacity");
  });
});
"""


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def browser(request: pytest.FixtureRequest) -> Iterator[Any]:
    if browsers.program(request.param) is None:
        pytest.skip(f"there is no {request.param} here")
    with browsers.started(request.param) as found:
        found.size(1280, 720)
        yield found


@pytest.fixture
def slides(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """The browser with the slides open; whatever is logged or asked for is a failure."""
    path = mg.slides(CIRCUIT, title="A <circuit>").save(tmp_path / "slides.html")[0]
    browser.open(path)
    yield browser
    assert browser.problems == []
    assert {r.partition("#")[0] for r in browser.requests} <= {path.as_uri(), "about:blank"}


def test_keys_turn_the_pages(slides: Any) -> None:
    told = CIRCUIT.trace()
    assert slides.run(STATE)["pages"] == 1
    slides.press("ArrowRight")
    seen = slides.run(STATE)
    assert seen["label"] == f"Forward, 1 / {len(told)}: {told.sentences[0]}"
    assert seen["address"] == "#2"
    slides.press(" ")
    assert told.sentences[1] in slides.run(STATE)["label"]
    slides.press("ArrowLeft")
    assert slides.run(STATE) == seen
    slides.press("End")
    assert slides.run(STATE)["address"] == f"#{len(told) + 2}"
    slides.press("ArrowRight")  # there is no page after the last
    assert slides.run(STATE)["address"] == f"#{len(told) + 2}"
    slides.press("Home")
    slides.press("ArrowLeft")
    assert slides.run(STATE)["address"] == "#1"


def test_notes_come_and_go(slides: Any) -> None:
    slides.press("ArrowRight")
    assert not slides.run(STATE)["notes"]
    slides.press("n")
    seen = slides.run(STATE)
    assert seen["notes"]
    assert seen["said"] == CIRCUIT.trace().sentences[0]
    slides.press("n")
    assert not slides.run(STATE)["notes"]


def test_nothing_reaches_beyond_its_page(slides: Any) -> None:
    for _ in range(len(CIRCUIT.trace()) + 2):
        assert slides.run(STATE)["overflows"] == 0
        slides.press("ArrowRight")


@pytest.mark.parametrize(
    ("program", "given"),
    [
        ("-log_softmax(s)[0]", {"s": [3.2, 5.1, -1.7]}),
        ("sum((W @ s + 1)**2)", {"s": [3.2, 5.1, -1.7], "W": [[1, 2, 3], [4, 5, 6.5]]}),
        ("sum(v)", {"v": [-1.25] * 6}),
    ],
)
def test_large_formulas_and_tables_stay_on_their_pages(
    browser: Any, tmp_path: Path, program: str, given: dict[str, Any]
) -> None:
    made = mg.slides(mg.circuit(program, **given), title="Arrays")
    assert made.layout.grown > 1.05
    browser.open(made.save(tmp_path / "wide.html")[0])
    for _ in range(len(made)):
        assert browser.run(STATE)["overflows"] == 0
        browser.press("ArrowRight")


def test_each_page_shows_the_numbers_of_its_step(slides: Any) -> None:
    """Which texts are visible comes from variables that each page sets for itself."""
    pages = slides.run(PAINTS)
    hidden = [sum(opacity is not None and float(opacity) == 0 for opacity in p) for p in pages]
    assert len(pages) == len(CIRCUIT.trace())
    assert hidden == sorted(hidden, reverse=True)
    assert hidden[0] > hidden[-1] == 0


def test_printing_prints_every_page(slides: Any, tmp_path: Path) -> None:
    if slides.name != "chromium":
        pytest.skip("Firefox prints by its own dialogue")
    import re

    slides.paper(tmp_path / "slides.pdf")
    found = (tmp_path / "slides.pdf").read_bytes()
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", found)) == len(CIRCUIT.trace()) + 2
