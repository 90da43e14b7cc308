"""The circuit: Graphviz's picture as one whose numbers come and go, and whose colours may change.

It is laid out once, with everything shown; the script hides what has not been told yet. A line of
the view is `data-l`, an item `data-i`, a branch `data-j`, each with its place among its kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from typing import Any
from xml.etree import ElementTree

from microgd.draw.drawing import Drawing
from microgd.draw.palette import PALETTES
from microgd.draw.progress import Appearances
from microgd.draw.view import Line, View
from microgd.teaching.player.colours import variable_of

_SVG = "{http://www.w3.org/2000/svg}"
_NUMBER = re.compile(r"-?\d+\.?\d*")
#: What the style sheet says of every text already: it is a number of this size, centred.
_CLASSES = {PALETTES["default"].value: "v", PALETTES["default"].gradient: "g"}
#: What it says of every outline of a gate.
_USUAL = {"fill": "var(--gate)", "stroke": "var(--ink)", "stroke-width": "2"}
#: Attributes that are kept, of those that Graphviz writes.
_KEPT = ("d", "points", "x", "y", "cx", "cy", "rx", "ry", "stroke-width", "stroke-dasharray")


@dataclass(slots=True)
class Board:
    """The circuit for the page.

    Attributes:
        svg: the picture.
        lines: of each line, for the script: the step at which the number above it appears, that at
            which the one below appears, and the place of the node whose value it carries (−1: of
            several).
            What an input holds until its data change follows, and the step at which they do.
        differing: beside another circuit, the lines whose numbers are others than there: the class
            of the number, and the step from which on.
        line_of: id of a wire → its line; of a node → the line that carries its whole gradient.
        item_of: id of a node → its gate or box.
        branch_of: id of a node → where its gradients are summed.
    """

    svg: str
    lines: list[tuple[Any, ...]] = field(default_factory=list)
    differing: list[tuple[int, str, int]] = field(default_factory=list)
    line_of: dict[str, int] = field(default_factory=dict)
    item_of: dict[str, int] = field(default_factory=dict)
    branch_of: dict[str, int] = field(default_factory=dict)


def board_of(drawing: Drawing, when: Appearances, described: str) -> Board:
    """The drawing for the page; `described` tells those who cannot see it.

    Raises:
        DrawingError: no engine could draw it.
    """
    view, trace = drawing.view, drawing.trace
    assert view is not None  # of wires: the player has no cards
    assert trace is not None
    board = Board("")
    places = {node.id: place for place, node in enumerate(trace.nodes)}
    for place, line in enumerate(view.lines):
        board.lines.append(_line(line, when, places))
        for wire in line.wires:
            board.line_of[wire] = place
        if line.whole:
            board.line_of[line.nodes[0]] = place
    board.item_of = {
        node: place
        for place, item in enumerate(view.items)
        if item.kind in ("gate", "box")
        for node in item.nodes
    }
    for place, junction in enumerate(view.junctions):
        board.branch_of[junction.id.removesuffix("-branch")] = place
    board.svg = _Writer(view, places).write(drawing.svg, described)
    return board


def mark_differences(board: Board, wrong: View, right: View) -> None:
    """Note which numbers of a wrong circuit are not those of the right one."""
    known = {line.id: line for line in right.lines}
    for place, line in enumerate(wrong.lines):
        other = known.get(line.id)
        if other is None:
            continue
        above, below, _, *change = board.lines[place]
        if line.above != other.above:
            same_before = change and change[0] == (*other.earlier, other.above)[0]
            board.differing.append((place, "v", change[1] if same_before else above))
        if line.below != other.below:
            board.differing.append((place, "g", below))


def _line(line: Line, when: Appearances, places: dict[str, int]) -> tuple[Any, ...]:
    above = max((when.values.get(node, -1) for node in line.nodes), default=-1)
    settled = [when.along[w] for w in line.wires if w in when.along]
    if line.whole or not settled:
        below = max((when.totals.get(node, -1) for node in line.nodes), default=-1)
    else:
        below = max(settled)
    place = places[line.nodes[0]] if len(line.nodes) == 1 else -1
    if not line.earlier:
        return above, below, place
    return above, below, place, line.earlier[0], when.changes[line.nodes[0]]


class _Writer:
    """Writes the picture anew, with a fraction of the text and without a single colour in it."""

    def __init__(self, view: View, places: dict[str, int]) -> None:
        self.view = view
        self.colours = variable_of()
        self.size = ""
        self.lines = {line.id: place for place, line in enumerate(view.lines)}
        self.items = {}
        for place, item in enumerate(view.items):
            box = item.kind == "box"
            node = "" if box else f' data-n="{places[item.nodes[0]]}"' if item.nodes else ""
            self.items[item.id if box else f"gate-{item.id}"] = f'data-i="{place}"{node}'
        self.branches = {f"junction-{j.id}": place for place, j in enumerate(view.junctions)}

    def write(self, svg: str, described: str) -> str:
        root = ElementTree.fromstring(svg)
        width, height = root.get("width", "0"), root.get("height", "0")
        graph = root.find(f"{_SVG}g")
        assert graph is not None
        # Numbers are the texts that there are most of: their size is said once.
        sizes = re.findall(r'font-size="([\d.]+)"[^>]*fill="#1a7f37"', svg)
        self.size = _short(sizes[0]) if sizes else "15"
        groups = "\n".join(filter(None, (self._group(g) for g in graph.findall(f"{_SVG}g"))))
        size = f'width="{width}" height="{height}" viewBox="{_rounded(root.get("viewBox", ""))}"'
        return (
            f'<svg class="circuit" {size} font-size="{self.size}" role="group" '
            f'aria-label="{escape(described)}">\n'
            f'<g transform="{_translation(graph.get("transform", ""))}">\n{groups}\n</g>\n</svg>'
        )

    def _group(self, group: Any) -> str:
        name, classes = group.get("id", ""), group.get("class", "").split()
        if "wire-in" in classes or "wire-out" in classes:
            line = self.lines[name.removeprefix("wire-").rpartition("-")[0]]
            return self._g(group, self._line_attributes("e", line), _edge)
        if "wire" in classes:
            line = self.lines[name.removeprefix("wire-")]
            return self._g(group, self._line_attributes("w", line), self._wire_part)
        if "gate" in classes or "box" in classes:
            kind = "gate" if "gate" in classes else "box"
            return self._g(group, f'class="{kind}" {self.items[name]}', self._part)
        if "junction" in classes:
            kind = "sum" if "sum" in classes else "dot"
            return self._g(group, f'class="{kind}" data-j="{self.branches[name]}"', self._part)
        return self._g(group, 'class="scope"', self._part)

    def _line_attributes(self, kind: str, line: int) -> str:
        dashed = " d" if self.view.lines[line].dashed else ""
        return f'class="{kind}{dashed}" data-l="{line}"'

    def _g(self, group: Any, attributes: str, write: Callable[[Any], str]) -> str:
        bar = _bar(group) if attributes.startswith('class="w') else ""
        inner = "".join(write(part) for part in group if _plain(part) != "title")
        return f"<g {attributes}>{bar}{inner}</g>"

    def _wire_part(self, part: Any) -> str:
        """The texts; the bar is one line, and not three polygons."""
        return self._text(part) if _plain(part) == "text" else ""

    def _part(self, part: Any) -> str:
        if _plain(part) == "text":
            return self._text(part)
        painted = {key: self._colour(part.get(key)) for key in ("fill", "stroke")}
        told = {key: _rounded(part.get(key)) for key in _KEPT if part.get(key)}
        kept = {k: v for k, v in {**painted, **told}.items() if v != _USUAL.get(k)}
        return f"<{_plain(part)}{_attributes(kept)}/>"

    def _text(self, part: Any) -> str:
        fill = part.get("fill", "")
        classes = [_CLASSES.get(fill, "n" if fill == PALETTES["default"].name else "")]
        if "Times" in part.get("font-family", ""):
            classes.append("t")
        if part.get("font-style") == "italic":
            classes.append("i")
        if part.get("text-anchor") == "start":
            classes.append("s")
        told = {
            "class": " ".join(filter(None, classes)),
            "x": _short(part.get("x")),
            "y": _short(part.get("y")),
            "font-size": _short(part.get("font-size", "14")),
        }
        if told["font-size"] == self.size:
            del told["font-size"]
        if not classes[0] and self._colour(fill) != "var(--ink)":
            told["fill"] = self._colour(fill) or ""
        return f"<text{_attributes(told)}>{escape(part.text or '', quote=False)}</text>"

    def _colour(self, colour: str | None) -> str | None:
        return self.colours.get(colour, colour) if colour else None


def _edge(part: Any) -> str:
    """A line, or the head of its arrow; their looks are up to the style sheet."""
    if _plain(part) == "path":
        return f'<path d="{_rounded(part.get("d"))}"/>'
    return f'<polygon points="{_rounded(part.get("points"))}"/>'


def _bar(group: Any) -> str:
    """The bar between a wire's two numbers: from the first of its pieces to the last."""
    shapes = [p.get("points", "") for p in group if _plain(p) == "polygon"]
    if not shapes:
        return ""
    numbers = [[float(n) for n in _NUMBER.findall(shape)] for shape in shapes]
    xs = [x for shape in numbers for x in shape[::2]]
    ys = numbers[0][1::2]
    middle = _short((min(ys) + max(ys)) / 2)
    return f'<path d="M{_short(min(xs))},{middle}H{_short(max(xs))}"/>'


def _plain(part: Any) -> str:
    return str(part.tag).removeprefix(_SVG)


def _short(number: float | str) -> str:
    """A coordinate to a tenth of a point, which nobody sees, without idle digits.

    >>> _short("267.80"), _short(-0.04)
    ('267.8', '0')
    """
    text = f"{float(number):.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def _rounded(numbers: str) -> str:
    """The same for each number of a path."""
    return _NUMBER.sub(lambda number: _short(number[0]), numbers)


def _attributes(told: dict[str, Any]) -> str:
    return "".join(f' {key}="{escape(str(v))}"' for key, v in told.items() if v not in (None, ""))


def _translation(transform: str) -> str:
    found = re.search(r"translate\([^)]*\)", transform)
    return found[0] if found else ""
