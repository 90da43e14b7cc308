"""What the player's page looks like when it opens, in real browsers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import microgd as mg

browsers = pytest.importorskip("browsers", reason="websockets is not installed")
pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def browser(request: pytest.FixtureRequest) -> Iterator[Any]:
    if browsers.program(request.param) is None:
        pytest.skip(f"there is no {request.param} here")
    with browsers.started(request.param) as found:
        yield found


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Any:
    def open_page(page: Any, width: int = 1280, height: int = 800) -> Any:
        browser.size(width, height)
        browser.open(page.save(tmp_path / "page.html"))
        return browser

    return open_page


def test_no_answer_shines_through_when_a_quiz_opens(opened: Any) -> None:
    seen = opened(mg.play(mg.circuit("x*x + x", x=3), quiz=True)).run("""
      const moving = document.getAnimations().map((a) => a.effect.target.textContent);
      const hidden = [...document.querySelectorAll(".circuit .off")];
      return [moving, hidden.length, hidden.map((text) => Number(getComputedStyle(text).opacity))];
    """)
    moving, count, opacities = seen
    assert count == 10
    assert set(opacities) == {0}
    assert moving == []


def test_numbers_still_fade_in(opened: Any) -> None:
    found = opened(mg.play(mg.circuit("x*x + x", x=3))).run("""
      document.getElementById("next").click();
      return document.getAnimations().length;
    """)
    assert found > 0


IN_SIGHT = """
  await new Promise((done) => setTimeout(done, 200));
  const slider = document.querySelector("#nudging input[type=range]").getBoundingClientRect();
  const over = document.elementFromPoint(slider.x + slider.width / 2, slider.y + slider.height / 2);
  return over?.matches("#nudging input[type=range]") ?? false;
"""


@pytest.mark.parametrize("size", [(1280, 800), (1024, 700), (375, 812)])
def test_an_input_to_nudge_comes_into_sight(opened: Any, size: tuple[int, int]) -> None:
    neuron = mg.circuit("sigmoid(w0*x0 + w1*x1 + w2)", w0=2, w1=-3, w2=-3, x0=-1, x1=-2)
    page = opened(mg.play(neuron), *size)
    page.press("n")
    assert page.run(IN_SIGHT)


TOPS = """
  const circuits = [...document.querySelectorAll(".board svg.circuit")];
  return circuits.map((circuit) => circuit.getBoundingClientRect().top);
"""


def test_a_mistake_stands_beside_the_right_thing_where_there_is_room(opened: Any) -> None:
    page = mg.play(mg.with_bug(None, "overwrite"))
    right, wrong = opened(page).run(TOPS)
    assert right == pytest.approx(wrong, abs=1)
    right, wrong = opened(page, 375, 812).run(TOPS)
    assert wrong > right + 100


def test_a_wide_circuit_stays_above_its_mistake(opened: Any) -> None:
    wide = mg.circuit("exp(sin(cos(tanh(exp(sin(x*x + x))))))", x=0.5)
    right, wrong = opened(mg.play(mg.with_bug(wide, "overwrite"))).run(TOPS)
    assert wrong > right + 100


@pytest.mark.parametrize("size", [(1280, 800), (1366, 768), (1440, 900)])
def test_a_laptop_shows_every_step_whole(opened: Any, size: tuple[int, int]) -> None:
    """Nothing of a step's formulas, nor the nudge below them, is to be scrolled to."""
    neuron = mg.circuit("sigmoid(w0*x0 + w1*x1 + w2)", w0=2, w1=-3, w2=-3, x0=-1, x1=-2)
    for circuit in (neuron, mg.circuit("(x + y) * z", x=-2, y=5, z=-4)):
        hidden = opened(mg.play(circuit), *size).run("""
          const column = document.querySelector(".column");
          const found = [];
          for (const row of document.querySelectorAll("#rows tr")) {
            row.click();
            found.push(column.scrollHeight - column.clientHeight);
          }
          return found;
        """)
        assert len(hidden) > 6
        assert max(hidden) <= 0


def test_a_laptop_has_room_for_all(opened: Any) -> None:
    page = opened(mg.play(mg.circuit("(x + y) * z", x=-2, y=5, z=-4)))
    assert page.run("return document.documentElement.scrollHeight") <= 800
