"""Layout: the circuit and the formulas share a page; what one leaves, the others take."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from microgd.draw.drawing import Drawing
from microgd.teaching.frames import size_of
from microgd.teaching.panel import Panel

#: Points: the page; the width for the circuit on it; its height together with the formulas.
PAGE = (842, 474)
WIDTH = 822
HEIGHT = 366
#: How much the circuit may grow.
LARGEST = 1.9
#: Points: the height of the formulas in symbols and in numbers, and how large they are set there.
SYMBOLS, NUMBERS = (62, 23), (52, 28)
#: How much formulas may grow where a circuit is low.
MOST = 1.6
#: A circuit has so much room above and below, where there is enough.
AROUND = 16
#: Characters of a formula that fit beside one another when it does not grow.
LINE = 62


@dataclass(frozen=True, slots=True)
class Layout:
    """What of each page is the circuit's, and how large the formulas are.

    Attributes:
        room: points: the height for the circuit.
        factor: by how much it grows.
        grown: by how much the formulas do.
    """

    room: float
    factor: float
    grown: float


def layout_of(svg: str, told: Sequence[Panel]) -> Layout:
    """The layout of all pages, so that nothing moves from one to the next.

    >>> layout_of('<svg viewBox="0 0 822 100">', [])
    Layout(room=183.6, factor=1.0, grown=1.6)
    """
    formulas = SYMBOLS[0] + NUMBERS[0]
    factor = _factor(svg)
    longest = max((_length(panel) for panel in told), default=1)
    left = HEIGHT - size_of(svg)[1] * factor - AROUND
    grown = max(1.0, min(MOST, left / formulas, LINE / longest))
    return Layout(round(HEIGHT - grown * formulas, 1), factor, grown)


def number_size(drawing: Drawing) -> float:
    """How large the numbers of a circuit are on its page, in points."""
    if drawing.style is not None:
        return drawing.style.size("number") * _factor(drawing.svg)
    sizes = map(float, re.findall(r'font-size="([\d.]+)"', drawing.svg))
    return max((s for s in sizes if s <= 15), default=15.0) * _factor(drawing.svg)


def _factor(svg: str) -> float:
    width, height = size_of(svg)
    return min(WIDTH / width, (HEIGHT - SYMBOLS[0] - NUMBERS[0]) / height, LARGEST)


def _length(panel: Panel) -> int:
    """About how many characters stand in a line; numbers are set larger than symbols."""
    return max(len(panel.symbols) + len(panel.rule), len(panel.numbers) * NUMBERS[1] // SYMBOLS[1])
