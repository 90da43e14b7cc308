"""Blanks: boxes to write into, which give nothing away."""

from __future__ import annotations

import re

import pytest

import microgd as mg

BRANCHED = mg.circuit("q = x * y; q * max(q, z) + x", x=2, y=-3, z=4).trace()


def shown(svg: str) -> list[str]:
    """The numbers in a picture."""
    return [t for t in re.findall(r"<text[^>]*>([^<]*)</text>", svg) if re.search(r"\d", t)]


def test_the_numbers_that_are_given_stay_and_all_others_go() -> None:
    svg = mg.draw(BRANCHED, blanks="empty").svg
    # x (before and after its branch, three wires), y, z, and the gradient of the output
    assert sorted(shown(svg)) == sorted(["2", "2", "2", "−3", "4", "1"])
    assert "<title>" not in svg  # no tooltip gives an answer away
    assert "stroke-dasharray" not in svg  # nor does a wire that nothing comes back along


def test_filled_boxes_are_where_the_empty_ones_are() -> None:
    empty, filled = (mg.draw(BRANCHED, blanks=how) for how in ("empty", "filled"))
    boxes = r'<polygon fill="none" stroke="#[^"]*" points="([^"]*)"'
    # four gates (q once, before its branch); ten gradients, without the output's
    assert len(re.findall(boxes, empty.svg)) == len(re.findall(boxes, filled.svg)) == 4 + 10
    assert {"−6", "−24", "−22", "−11", "8"} <= set(shown(filled.svg))
    same = re.compile(r'viewBox="[^"]*"')
    assert same.findall(empty.svg) == same.findall(filled.svg)


def test_arrays_keep_their_shapes_and_have_no_boxes() -> None:
    told = mg.circuit("sum(A @ B)", A=[[1, 2], [3, 4]], B=[[1, 0], [2, 1]]).trace()
    svg = mg.draw(told, blanks="empty").svg
    assert svg.count("2×2") == 3
    assert "norm" not in svg
    short = mg.circuit("sum(relu(x))", x=[2, -3]).trace()
    assert sorted(shown(mg.draw(short, blanks="empty").svg)) == ["1", "[2, −3]", "[2]"]


def test_an_unknown_kind_and_the_cards_look_are_refused() -> None:
    for options in ({"blanks": "some"}, {"blanks": "empty", "look": "cards"}):
        with pytest.raises(mg.DrawingError, match="blanks is"):
            mg.draw(BRANCHED, **options)  # type: ignore[arg-type]
