"""A name before its value, d₂ = −3.90: close together, and in the middle of the wire."""

from __future__ import annotations

import re
import shutil

import pytest

import microgd as mg
from microgd.draw.engines.measuring import glyphs_width, text_width

TEXT = re.compile(r'<text [^>]*?\bx="([-\d.]+)"[^>]*>([^<]*)</text>')


def places(svg: str, name: str) -> tuple[float, float, float]:
    """Where a name, its equals sign and its value begin."""
    texts = TEXT.findall(svg)
    (at,) = [i for i, (_, text) in enumerate(texts) if text == name and texts[i + 1][1] == " = "]
    x, equals, value = (float(x) for x, _ in texts[at : at + 3])
    return x, equals, value


def drawn(engine: str | None, name: str) -> str:
    circuit = mg.circuit(f"{name} = x * y; f = {name} * z", x=3, y=2, z=5)
    return mg.draw(circuit, names="all", engine=engine).svg


@pytest.mark.parametrize("engine", [None, "dot"])
def test_a_subscript_is_as_close_as_a_letter(engine: str | None) -> None:
    if engine and not shutil.which(engine):
        pytest.skip("no Graphviz of the system here")
    engine = shutil.which(engine) if engine else None
    x, equals, value = places(drawn(engine, "d2"), "d₂")
    assert equals - x == pytest.approx(glyphs_width("d₂", 15, "Times italic"), abs=0.02)
    plain = places(drawn(engine, "d"), "d")
    assert value - equals == pytest.approx(plain[2] - plain[1], abs=0.5)


def test_it_stays_in_the_middle() -> None:
    texts = TEXT.findall(drawn(None, "d2"))
    name = [text for _, text in texts].index("d₂")
    x, _, value, gradient = (float(x) for x, _ in texts[name : name + 4])
    assert texts[name + 2][1] == "6"
    assert (x + value + text_width("6", 15)) / 2 == pytest.approx(gradient, abs=0.5)


def test_a_name_of_letters_stays_where_it_is() -> None:
    """Pictures without subscripts are the bytes that they were."""
    x, equals, _ = places(drawn(None, "d"), "d")
    assert equals - x == pytest.approx(text_width("d", 15, "Times italic"), abs=0.02)
