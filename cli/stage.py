"""The stage: one step of a lesson as a screen. The circuit so far, the formulas, the progress."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from .output import console
from .streams import fitted

if TYPE_CHECKING:
    from rich.text import Text

    from microgd.draw.terminal import Screen, TerminalCircuit
    from microgd.trace.lesson import Trace
    from microgd.trace.table import Table

#: Fewer rows than this for the circuit, and the formulas stand alone.
_LEAST_ROWS = 3
#: More nodes than this are not near any more.
_FEW_NODES = 16


class Stage:
    """Draws the steps of one lesson, for terminals of any size.

    Arguments:
        trace: the lesson.
        palette: of the circuit.
        gradients: False where only the forward pass is told.
        heading: what stands above the circuit, beside the progress.
    """

    def __init__(
        self, trace: Trace, *, palette: str = "default", gradients: bool = True, heading: str = ""
    ) -> None:
        self.trace = trace
        self.palette = palette
        self.gradients = gradients
        self.heading = heading
        self._circuit = cache(self._laid_out)

    @property
    def count(self) -> int:
        """How many steps there are."""
        return len(self.trace)

    def tables(self, step: int) -> tuple[Table, ...]:
        """What was told up to that step."""
        from microgd.teaching.steps import tables_so_far

        return tables_so_far(self.trace, step)

    def is_drawn(self, width: int) -> bool:
        """Whether the whole circuit has room in so many columns."""
        return self._circuit(width, None).is_drawn

    def lines(self, step: int, width: int, height: int | None = None) -> list[Text]:
        """The screen of a step, no line wider than that; as high as told, at most."""
        panel = self.panel(step, width)
        if height is None:
            return [
                *self._head(step, width),
                _empty(),
                *self.circuit(step, width),
                _empty(),
                *panel,
            ]
        head = [*self._head(step, width), bar(step, self.count, width), _empty()]
        room = height - len(head) - len(panel) - 1
        drawn = self.circuit(step, width, room) if room >= _LEAST_ROWS else []
        return [*head, *drawn, *([_empty()] if drawn else []), *panel][:height]

    def circuit(
        self, step: int, width: int, room: int | None = None, *, asking: bool = False
    ) -> list[Text]:
        """The circuit once the steps up to this one were told, or when this one is asked for."""
        screen = self._screen(step, width, room, asking)
        rows = list(screen.text(self.palette).split("\n", allow_blank=True))
        if room is None or len(rows) <= room:
            return rows
        # Around where the step takes place.
        row = screen.active.row if screen.active else 0
        first = max(0, min(row - room // 2, len(rows) - room))
        return rows[first : first + room]

    def _screen(self, step: int, width: int, room: int | None, asking: bool) -> Screen:
        def shown(circuit: TerminalCircuit) -> Screen:
            return circuit.asking(step) if asking else circuit.at(step)

        whole = self._circuit(width, None)
        screen = shown(whole)
        if whole.is_drawn or (room is not None and len(screen.rows) <= room):
            return screen
        # Too wide or too large to be drawn: only what is near the gate that computes now.
        gate = self.trace.events[step].node
        for hops in (2, 1):
            if hops > 1 and len(self._near(gate, hops)) > _FEW_NODES:
                continue  # by way of an input that half the circuit uses
            near = self._circuit(width, gate, hops)
            if near.is_drawn:
                return shown(near)
        return screen

    def _near(self, gate: str, hops: int) -> frozenset[str]:
        from microgd.draw.collapse import neighbourhood

        return neighbourhood(self.trace, gate, hops)

    def _laid_out(self, width: int, focus: str | None, hops: int = 0) -> TerminalCircuit:
        from microgd.draw.terminal import TerminalCircuit

        return TerminalCircuit(
            self.trace,
            width=width,
            gradients=self.gradients,
            names="all",  # as the formulas call them
            spell=fitted,
            focus=focus,
            hops=hops,
        )

    def panel(self, step: int, width: int) -> list[Text]:
        """Title, symbols, rule, numbers and sentence of a step."""
        from rich.text import Text

        from microgd.teaching.panel import panel_of
        from microgd.teaching.steps import formulas

        told = panel_of(self.trace, self.trace.events[step])
        made = [Text(fitted(told.title), "bold")]
        for line in formulas(told):
            text = Text(fitted(line))
            if line == told.numbers and told.local and line.startswith(told.local):
                text.stylize("magenta", 0, len(fitted(told.local)))
            if line == told.numbers and told.value and line.endswith(f"= {told.value}"):
                style = "green" if told.kind == "forward" else "red"
                text.stylize(style, len(text) - len(fitted(told.value)))
            made.append(text)
        return [made[0], *(row for line in made[1:] for row in indented(line, width))]

    def _head(self, step: int, width: int) -> list[Text]:
        from rich.text import Text

        from microgd.teaching.steps import progress_words

        words = Text(fitted(progress_words(self.trace, self.trace.events[step])), "bold")
        heading = fitted(" ".join(self.heading.split()))
        free = width - words.cell_len - 3
        if heading and free >= 10:
            text = Text(heading, "dim", justify="right")
            text.truncate(free, overflow="crop" if fitted("…") != "…" else "ellipsis")
            words.append(" " * (width - words.cell_len - text.cell_len))
            words.append_text(text)
        return folded(words, width)


def bar(step: int, count: int, width: int) -> Text:
    """How far the lesson has come."""
    from rich.text import Text

    full, rest = ("━", "─") if fitted("━") == "━" else ("=", "-")
    done = round(width * (step + 1) / count)
    return Text.assemble((full * done, "bold"), (rest * (width - done), "dim"))


def _empty() -> Text:
    from rich.text import Text

    return Text()


def folded(text: Text, width: int) -> list[Text]:
    """A paragraph in lines that fit."""
    text.rstrip()
    return list(text.wrap(console(), max(width, 1))) or [text]


def indented(text: Text, width: int) -> list[Text]:
    """The same, a little to the right."""
    from rich.text import Text

    margin = "  " if width > 12 else ""
    lines = folded(text, width - len(margin))
    for line in lines:
        line.rstrip()
    return [Text.assemble(margin, line) for line in lines]
