"""The picture of schedules shows the rates of every step, and nothing of the user's is changed."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from microgd.errors import ArgumentError
from microgd.plots.schedules import draw_schedules
from microgd.schedules import SGDR, Cosine, Step

matplotlib = pytest.importorskip("matplotlib")


def lines(plot: Any) -> list[Any]:
    return plot.figure.axes[0].get_lines()


def test_the_rates_are_drawn() -> None:
    drawn = lines(draw_schedules([Cosine(steps=30), SGDR(growth=2)], steps=40))
    assert [line.get_label() for line in drawn] == ["cosine(steps=30)", "sgdr(growth=2)"]
    assert drawn[1].get_xdata().tolist() == list(range(40))
    assert drawn[1].get_ydata().tolist() == [SGDR(growth=2)(t) for t in range(40)]


def test_names_functions_and_lists_of_rates() -> None:
    drawn = lines(draw_schedules({"mine": lambda t: 1 / (t + 1), "seen": [0.1, 0.2]}, steps=3))
    assert [line.get_label() for line in drawn] == ["mine", "seen"]
    assert drawn[0].get_ydata().tolist() == [1, 1 / 2, 1 / 3]
    assert drawn[1].get_ydata().tolist() == [0.1, 0.2]
    assert len(lines(draw_schedules(Cosine()))) == 1
    twice = lines(draw_schedules([Cosine(), Cosine()]))
    assert [line.get_label() for line in twice] == ["cosine", "cosine (2)"]
    assert lines(draw_schedules({"one": [0.3]}))[0].get_marker() == "o"


def test_jumps_are_steep() -> None:
    (flat,) = lines(draw_schedules(Step(size=10)))
    (smooth,) = lines(draw_schedules(Cosine()))
    assert (flat.get_drawstyle(), smooth.get_drawstyle()) == ("steps-post", "default")


def test_a_logarithmic_axis_has_no_place_for_zero() -> None:
    plot = draw_schedules(Cosine(steps=5), steps=10, log=True)
    assert plot.figure.axes[0].get_yscale() == "log"
    assert np.isnan(lines(plot)[0].get_ydata()[5:]).all()
    assert plot.svg


def test_very_many_steps_are_thinned() -> None:
    (line,) = lines(draw_schedules({"many": np.linspace(1, 0, 200_000)}))
    assert len(line.get_xdata()) <= 4000
    assert line.get_xdata()[-1] == 199_999


def test_the_same_picture_twice_and_the_users_settings_stay() -> None:
    before = dict(matplotlib.rcParams)
    first, second = (draw_schedules([Cosine(), Step()], title="two", dark=True) for _ in range(2))
    assert first.svg == second.svg
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(
    ("schedules", "steps", "message"),
    [
        ([], 10, "1 to 14 schedules fit"),
        ([Cosine()] * 15, 10, "1 to 14 schedules fit"),
        (Cosine(), 0, "steps must be a whole number"),
        ({"a": [1e305]}, 10, "rates above 1e.300 fit in no picture"),
        (3, 10, "takes schedules, got 3"),
        ({"a": "b"}, 10, "a function of the step number or a list of rates"),
        ({"a": []}, 10, "a function of the step number or a list of rates"),
    ],
)
def test_what_cannot_be_drawn(schedules: object, steps: int, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        draw_schedules(schedules, steps)


def test_the_pages_pictures_are_those_that_its_script_draws(tmp_path: Path) -> None:
    docs = Path(__file__).parent.parent / "docs"
    runpy.run_path(str(docs / "make_schedules.py"))["main"](tmp_path)
    drawn = {p.name for p in tmp_path.iterdir()}
    assert drawn == {p.name for p in (docs / "schedules").iterdir()}
    page = (docs / "schedules.md").read_text(encoding="utf-8")
    assert all(f"(schedules/{name})" in page for name in drawn)
