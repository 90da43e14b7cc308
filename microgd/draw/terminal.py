"""A circuit in a terminal: values above the wires, gradients below them, drawn in characters.

The view is the same that pictures are made from. Where a circuit is too wide or too large, its
scopes are collapsed into boxes; where that does not help, it is written as an outline.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from microgd.draw.arrange import view_of
from microgd.draw.canvas import Canvas
from microgd.draw.collapse import COLLAPSED, boxes_of, drawn_gates, neighbourhood, scopes_of
from microgd.draw.outline import outline_of, stacked_of
from microgd.draw.progress import Progress, progress
from microgd.draw.strands import Layout, layers_of, layout
from microgd.draw.view import Item, Line, Options, View
from microgd.errors import ArgumentError, DrawingError
from microgd.trace.build import trace as build_trace
from microgd.trace.lesson import Trace

if TYPE_CHECKING:
    from rich.text import Text

#: More gates than this are not drawn in characters.
MOST_GATES = 60

#: What each part is coloured with, as Rich names it: colours that read on dark and on light.
STYLES: Mapping[str, Mapping[str, str]] = {
    "default": {"value": "green", "gradient": "red", "active": "bold cyan"},
    "colour-blind": {"value": "color(33)", "gradient": "color(208)", "active": "bold"},
    "mono": {"value": "bold", "active": "bold"},
    "dark": {"value": "bright_green", "gradient": "bright_red", "active": "bold bright_blue"},
}
_SHARED = {"wire": "", "faint": "dim", "quiet": "dim", "gate": "", "leaf": "italic"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: a row, its first column and the one after its last."""

    row: int
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Screen:
    """A circuit in characters.

    Attributes:
        rows: characters with the names of their styles.
        places: id of an item or junction → where its sign stands; empty for an outline.
        active: where the current step takes place.
    """

    rows: tuple[tuple[tuple[str, str], ...], ...]
    places: Mapping[str, Place]
    active: Place | None = None

    def __str__(self) -> str:
        return "\n".join("".join(sign for sign, _ in row).rstrip() for row in self.rows)

    @property
    def width(self) -> int:
        """Columns that it takes."""
        from rich.cells import cell_len

        return max(map(cell_len, str(self).split("\n")))

    def text(self, palette: str = "default") -> Text:
        """The drawing as Rich prints it, in colours.

        Raises:
            DrawingError: an unknown palette.
        """
        from rich.text import Text

        from microgd.draw.palette import palette_named

        palette_named(palette)
        styles = {**_SHARED, **STYLES[palette]}
        made = Text(no_wrap=True, overflow="crop", end="")
        for number, row in enumerate(self.rows):
            line = Text()
            for style, cells in groupby(row, key=lambda cell: cell[1]):
                line.append("".join(sign for sign, _ in cells), styles.get(style, ""))
            line.rstrip()
            made.append("\n" if number else "")
            made.append_text(line)
        return made


def draw_terminal(
    what: Any,
    step: int | None = None,
    *,
    width: int = 80,
    gradients: bool = True,
    names: str = "given",
    spell: Callable[[str], str] | None = None,
    colour: bool = False,
    palette: str = "default",
) -> str:
    """A Tensor, a Circuit or a Trace as a circuit in characters, no line wider than `width`.

    Arguments:
        step: show only what the steps 0 … `step` told, and mark the last: `[×]`, `━━`.
        gradients: False draws the forward pass only.
        names: "given" shows the user's names of intermediate results, "all" every label, "none".
        spell: how to write a text where the terminal lacks its signs; wires are then ASCII, too.
        colour: with the escape sequences of terminals.

    Raises:
        DrawingError: a step that the trace does not have, an unknown palette.
        ArgumentError: a width that is no room for anything.

    >>> import microgd as mg
    >>> print(mg.draw_terminal(mg.circuit("(x + y) * z", x=-2, y=5, z=-4)))
           −2
    x ─────╮   3
       −4 (+)─────╮  −12
        5  │  −4 (×)───── f
    y ─────╯  −4  │    1
       −4  z ─────╯
               3
    """
    trace = what if isinstance(what, Trace) else build_trace(what, backward=gradients)
    made = TerminalCircuit(trace, width=width, gradients=gradients, names=names, spell=spell)
    screen = made.at(step)
    if not colour:
        return str(screen)
    from rich.console import Console

    console = Console(width=width, force_terminal=True, color_system="256", no_color=False)
    with console.capture() as captured:
        console.print(screen.text(palette))
    return captured.get()


class TerminalCircuit:
    """A circuit laid out once, to be shown at each step; nothing in it moves between steps.

    >>> import microgd as mg
    >>> lesson = TerminalCircuit(mg.circuit("x * y", x=2, y=3).trace())
    >>> print(lesson.at(0))
        2
    x ─────╮   6
          [×]──── f
        3  │
    y ─────╯
    """

    def __init__(
        self,
        trace: Trace,
        *,
        width: int = 80,
        gradients: bool = True,
        names: str = "given",
        spell: Callable[[str], str] | None = None,
        focus: str | None = None,
        hops: int = 2,
        values: bool = True,
    ) -> None:
        if width < 1:
            raise ArgumentError(f"a drawing is at least 1 column wide, got {width}")
        if names not in ("given", "all", "none"):
            raise DrawingError(f"names is 'given', 'all' or 'none', got {names!r}")
        self.trace = trace
        self.width = width
        self.gradients = gradients and trace.has_gradients
        self.spell = spell or str
        self.ascii = self.spell("─") != "─"
        self.kept = None if focus is None else neighbourhood(trace, focus, hops)
        self.values = values
        self.names = names
        self.boxes: dict[str, str] = {}
        self.plan: _Plan | None = None
        self._fit()

    @property
    def is_drawn(self) -> bool:
        """Whether it is a drawing; otherwise it is an outline."""
        return self.plan is not None

    def at(self, step: int | None = None) -> Screen:
        """The circuit once the steps 0 … `step` were told (None: all of them).

        Raises:
            DrawingError: a step that the trace does not have.
        """
        return self._showing(progress(self.trace, step, gradients=self.gradients))

    def before(self) -> Screen:
        """The circuit before the first step: the values of inputs and constants only."""
        return self._showing(self._known_before(0))

    def asking(self, step: int) -> Screen:
        """The circuit before a step whose place is marked already, with a `?` to be found out."""
        event = self.trace.events[step]
        seen = replace(self._known_before(step), node=event.node, wire=event.wire)
        return self._showing(seen, "?")

    def _known_before(self, step: int) -> Progress:
        if step:
            return progress(self.trace, step - 1, gradients=self.gradients)
        given = frozenset(n.id for n in self.trace.nodes if n.kind != "gate")
        return Progress(given, frozenset(), frozenset(), None, None, -1)

    def _showing(self, seen: Progress, asked: str = "") -> Screen:
        if self.plan is None:
            return self._outlined(seen)
        return self.plan.drawn(self._view(seen, self.plan.names), asked)

    def _view(self, seen: Progress, names: str) -> View:
        options = Options(self.trace.digits, self.gradients, self.values, names)
        return view_of(self.trace, seen, options, self.boxes, self.kept)

    def _fit(self) -> None:
        """The first way to draw it that is narrow enough."""
        scopes = scopes_of(self.trace) if self.kept is None else []
        gates = sum(n.kind == "gate" for n in self.trace.nodes)
        collapsed = boxes_of(self.trace, ()) if scopes else {}
        tries = [collapsed] if scopes and gates > COLLAPSED else [{}, collapsed]
        for boxes in tries:
            if drawn_gates(self.trace, boxes, self.kept) > MOST_GATES:
                continue
            self.boxes = boxes
            placed: Layout | None = None  # the same whatever the names are
            for kind in dict.fromkeys((self.names, "none")):
                view = self._view(progress(self.trace, None, gradients=self.gradients), kind)
                if not view.lines:
                    continue
                plan = _Plan(view, kind, self.gradients, self.spell, self.ascii)
                if plan.least() > self.width:
                    continue
                placed = placed or layout(view, 3 if self.gradients else 2)
                plan.layout = placed
                for plan.pad, plan.equals, plan.comma in _SPACING:
                    if plan.total() <= self.width:
                        self.plan = plan
                        return
            if not scopes:
                break

    def _outlined(self, seen: Progress) -> Screen:
        text = outline_of(self.trace, seen)
        if max(map(len, text.split("\n"))) > self.width:
            text = stacked_of(self.trace, seen)
        lines = _folded(self.spell(text.translate(_PLAIN_TREE) if self.ascii else text), self.width)
        marked = next((n for n, line in enumerate(lines) if self._is_marked(line, seen.node)), None)
        rows = tuple(tuple((c, "") for c in line) for line in lines)
        return Screen(rows, {}, None if marked is None else Place(marked, 0, len(rows[marked])))

    def _is_marked(self, line: str, id: str | None) -> bool:
        """Whether this line of an outline tells of the gate of the current step."""
        if id is None:
            return False
        node = self.trace.by_id[id]
        mark = f"{node.label}: [{node.sign}]" if node.kind == "gate" else f"[{node.label}]"
        return self.spell(mark) in line


#: The room beside the numbers on a wire, and what joins a name to its number, and the
#: elements of an array; widest first.
_SPACING = ((2, " = ", ", "), (2, "=", ", "), (1, "=", ", "), (0, "=", ", "), (0, "=", " "))

#: The lines of an outline in ASCII.
_PLAIN_TREE = str.maketrans("├└│─", "|`|-")


def _folded(text: str, width: int) -> list[str]:
    """Lines no wider than that; what does not fit goes on below."""
    from rich.cells import chop_cells

    return [part for line in text.split("\n") for part in (chop_cells(line, width) or [""])]


class _Plan:
    """Columns and rows of one view; what is visible on it may differ."""

    def __init__(
        self, view: View, names: str, gradients: bool, spell: Callable[[str], str], ascii: bool
    ) -> None:
        self.names = names
        self.gradients = gradients
        self.spell = spell
        self.ascii = ascii
        self.pad = 2
        self.equals = " = "
        self.comma = ", "
        self.items: dict[str, Item] = {i.id: i for i in view.items}
        self.branches = {j.id for j in view.junctions}
        #: Rows are found only where there is room for the columns.
        self.layout = Layout(layers_of(view))
        self.layout.lane = dict.fromkeys(self.layout.layer, 0)
        self.view = view

    # -- columns ----------------------------------------------------------------------------------

    def least(self) -> int:
        """How wide the drawing is at least, with numbers as close as they can be."""
        self.pad, self.equals, self.comma = _SPACING[-1]
        return self.total()

    def total(self) -> int:
        """How wide the drawing will be."""
        lanes, zones = self._sizes()
        return sum(map(sum, lanes)) + sum(zones)

    def _sizes(self) -> tuple[list[list[int]], list[int]]:
        """The width of each lane of each layer, and of the room for numbers before each layer."""
        from rich.cells import cell_len

        placed = self.layout
        lanes: list[list[int]] = [[] for _ in range(placed.layers)]
        for item, layer in placed.layer.items():
            widths = lanes[layer]
            widths += [0] * (placed.lane[item] + 1 - len(widths))
            widths[placed.lane[item]] = max(widths[placed.lane[item]], cell_len(self._sign(item)))
        zones = [0] * placed.layers
        for line in self.view.lines:
            layer = placed.layer[line.end]
            above = [self._name(line) + self._number(n) for n in (line.above, *line.earlier)]
            widest = max(*map(cell_len, above), cell_len(self._number(line.below)), 2)
            zones[layer] = max(zones[layer], widest + self.pad)
        return lanes, zones

    def _sign(self, id: str) -> str:
        """What stands for an item, with the space that keeps it off its wires."""
        item = self.items.get(id)
        if item is None:
            dot = "Σ" if self.gradients else "●"
            return f" {'o' if self.ascii else dot} "
        text = self.spell("".join(c if c.isprintable() else "�" for c in item.text))
        match item.kind:
            case "gate":
                return f"({text})"
            case "box":
                return f"[[{text}]]"
            case "output":
                return f" {text}"
        return f"{text} " if text else ""

    # -- characters -------------------------------------------------------------------------------

    def drawn(self, view: View, asked: str = "") -> Screen:
        """The view, which differs from the planned one in what is visible only.

        `asked` stands for the number that is not known on the wire of the current step.
        """
        from rich.cells import cell_len

        canvas = Canvas(ascii=self.ascii)
        lanes, zones = self._sizes()
        placed = self.layout
        starts: list[list[int]] = []
        column = 0
        for widths, zone in zip(lanes, zones, strict=True):
            column += zone
            starts.append([column + sum(widths[:n]) for n in range(len(widths))])
            column += sum(widths)
        self.places: dict[str, Place] = {}
        for id, layer in placed.layer.items():
            lane = placed.lane[id]
            size, room = cell_len(self._sign(id)), lanes[layer][lane]
            kind = self.items[id].kind if id in self.items else "junction"
            shift = {"gate": room // 2 - size // 2, "junction": room // 2 - size // 2}
            shift |= {"box": (room - size) // 2, "output": 0}
            begin = starts[layer][lane] + shift.get(kind, room - size)
            self.places[id] = Place(placed.at[id] + 1, begin, begin + size)
        wide = [n for n, line in enumerate(view.lines) if line.active]
        for number in (*(n for n in range(len(view.lines)) if n not in wide), *wide):
            self._wire(canvas, view.lines[number], placed.line_row[number] + 1)
        active = self._signs(canvas, view)
        for number, line in enumerate(view.lines):
            end = starts[placed.layer[line.end]][0]
            begin = end - zones[placed.layer[line.end]]
            self._numbers(canvas, line, placed.line_row[number] + 1, begin, end, asked)
        height = self.layout.height + (2 if self.gradients else 1)
        rows = tuple(canvas.rows(height, column))
        return Screen(rows, self.places, None if active is None else self.places[active])

    def _wire(self, canvas: Canvas, line: Line, row: int) -> None:
        kind = "active" if line.active else "wire"
        if line.dashed and not line.active:
            kind = "faint"
        begin, end = self.places[line.start], self.places[line.end]
        first = begin.end if begin.row == row else self._column(line.start, -1)
        last = end.begin - 1 if end.row == row else self._column(line.end, 0)
        canvas.horizontal(row, first, last, kind, (begin.row == row, end.row == row))
        canvas.vertical(first, row, begin.row, kind)
        canvas.vertical(last, row, end.row, kind)

    def _column(self, id: str, side: int) -> int:
        """Where wires of other rows come to a sign: its middle; a box's ends."""
        place = self.places[id]
        if id in self.items and self.items[id].kind == "box":
            return range(place.begin, place.end)[side]
        return place.begin + (place.end - place.begin) // 2

    def _signs(self, canvas: Canvas, view: View) -> str | None:
        active = None
        straight = {
            line.start: line
            for number, line in enumerate(view.lines)
            if self.layout.line_row[number] + 1 == self.places[line.start].row
        }
        for item in view.items:
            sign, style = self._sign(item.id), _STYLE_OF.get(item.kind, "gate")
            if item.active:
                style = "active"
                active = active or item.id
            if item.active and item.kind == "gate":
                sign = f"[{sign[1:-1]}]"
            self._write(canvas, item.id, sign, style)
        for branch in view.junctions:
            sign = self._sign(branch.id).strip()
            if branch.active:
                active = branch.id
                self._write(canvas, branch.id, f"[{sign}]", "active")
                continue
            place, dash = self.places[branch.id], "-" if self.ascii else "─"
            self._write(canvas, branch.id, dash, "wire")
            canvas.write(place.row, place.begin + 1, sign, "gradient" if branch.sums else "wire")
            behind = straight.get(branch.id)
            hot = behind is not None and behind.active
            after = ("=" if self.ascii else "━") if hot else dash if behind else " "
            canvas.write(place.row, place.begin + 2, after, "active" if hot else "wire")
        return active

    def _write(self, canvas: Canvas, id: str, sign: str, style: str) -> None:
        place = self.places[id]
        canvas.write(place.row, place.begin, sign, style)

    def _numbers(
        self, canvas: Canvas, line: Line, row: int, begin: int, end: int, asked: str
    ) -> None:
        """The value above a wire and the gradient below it, in the room before its end."""
        from rich.cells import cell_len

        name, value = self._name(line), self._number(line.above)
        below = self._number(line.below)
        size = max(cell_len(name + value), cell_len(below))
        start = begin + (end - begin - size + 1) // 2
        column = start + size - cell_len(name + value)
        if name:  # it can be asked for before its value is known
            canvas.write(
                row - 1, column, name if line.shows_above else self.spell(line.name), "quiet"
            )
        if line.shows_above:
            canvas.write(row - 1, column + cell_len(name), value, "value")
        if not self.gradients:
            return
        if line.shows_below:
            canvas.write(row + 1, start + size - cell_len(below), below, "gradient")
        elif line.active and asked:
            canvas.write(row + 1, start + size - 1, asked, "active")

    def _number(self, text: str) -> str:
        return self.spell(text.replace(", ", self.comma))

    def _name(self, line: Line) -> str:
        return self.spell(f"{line.name}{self.equals}") if line.name else ""


#: What each kind of item is coloured like.
_STYLE_OF = {"input": "leaf", "placeholder": "leaf", "output": "leaf"}
_STYLE_OF |= {"constant": "quiet", "ellipsis": "quiet"}
