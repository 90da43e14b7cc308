"""Walking through a lesson by keys, on a screen of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .keys import Keys
from .lines import rendered, say_lines
from .stage import folded
from .streams import fitted, width

if TYPE_CHECKING:
    from rich.text import Text

    from .bug_stage import BugStage
    from .stage import Stage

_NEXT = ("space", "enter", "right", "down", "page down", "n", "l", "j")
_BACK = ("left", "backspace", "up", "page up", "b", "p", "h", "k")
_FIRST = ("home", "g")
_LAST = ("end", "G")
_QUIT = ("q", "Q", "end of input")


def walk(stage: Stage | BugStage, first: int) -> None:
    """Show steps until the user ends it; the last screen stays in the terminal."""
    walker = _Walker(stage, first)
    with _own_screen():
        walker.run()
    say_lines(stage.lines(walker.step, width()))


@contextmanager
def _own_screen() -> Iterator[None]:
    """The terminal's second screen, so that what was printed before is there again afterwards."""
    sys.stdout.write("\x1b[?1049h\x1b[?25l")
    try:
        yield
    finally:
        sys.stdout.write("\x1b[?25h\x1b[?1049l")
        sys.stdout.flush()


class _Walker:
    def __init__(self, stage: Stage | BugStage, first: int) -> None:
        self.stage = stage
        self.step = first
        self.last = stage.count - 1
        self.number = ""
        self.page: str | None = None

    def run(self) -> None:
        with Keys(self.draw) as keys:
            self.draw()
            while (key := keys.next()) not in _QUIT or self.page:
                self._press(key)
                if key == "end of input":
                    return
                self.draw()

    def _press(self, key: str) -> None:
        if self.page:  # any key closes it
            self.page = None
        elif key.isascii() and key.isdigit():
            self.number = (self.number + key)[-6:]
        elif self.number and key in ("enter", "space"):
            self.step = min(int(self.number), self.last)
            self.number = ""
        elif self.number and key in ("backspace", "left"):
            self.number = self.number[:-1]
        else:
            self.number = ""
            self._move(key)

    def _move(self, key: str) -> None:
        if key in _NEXT:
            self.step = min(self.step + 1, self.last)
        elif key in _BACK:
            self.step = max(self.step - 1, 0)
        elif key in _FIRST:
            self.step = 0
        elif key in _LAST:
            self.step = self.last
        elif key in ("?", "t"):
            self.page = key

    def draw(self) -> None:
        """The screen as it has to be now, whatever the terminal's size is."""
        from shutil import get_terminal_size

        columns, rows = width(), get_terminal_size().lines
        foot = folded(self._foot(), columns)[:2]
        body = self._page(columns) if self.page else None
        if body is None:
            body = self.stage.lines(self.step, columns, max(rows - len(foot) - 1, 1))
        body = body[: max(rows - len(foot), 1)]
        body += [_blank()] * (rows - len(foot) - len(body))
        shown = rendered([*body, *foot][:rows])
        sys.stdout.write("\x1b[H" + "\r\n".join(f"{line}\x1b[K" for line in shown) + "\x1b[J")
        sys.stdout.flush()

    def _foot(self) -> Text:
        from rich.text import Text

        from microgd.translation import _

        if self.page:
            return Text(_("any key: back to the lesson"), "dim")
        if self.number:
            said = _("go to step {number}: Enter").format(number=self.number)
            return Text(fitted(said))
        on = _("the end") if self.step == self.last else _("space: on")
        return Text(
            fitted(" · ".join([on, _("←: back"), _("t: table"), _("?: keys"), _("q: quit")])), "dim"
        )

    def _page(self, columns: int) -> list[Text]:
        """The help, or the tables so far."""
        from rich.text import Text

        if self.page == "t":
            from .output import table_lines

            tables = self.stage.tables(self.step)
            lines = [line for t in tables for line in (fitted(t.title), *table_lines(t), "")]
            return [Text.from_ansi(line) for line in lines]
        return [row for line in _help() for row in folded(Text(fitted(line)), columns)]


def _help() -> list[str]:
    """What the keys do."""
    from microgd.translation import _

    keys = {
        _("space, Enter, →, n"): _("the next step"),
        _("←, Backspace, b"): _("the step before"),
        _("Home, g"): _("the first step"),
        _("End, G"): _("the last step"),
        _("12 Enter"): _("step 12"),
        "t": _("the table so far"),
        "q": _("quit"),
    }
    longest = max(map(len, keys))
    notes = [
        _("Values stand above the wires, gradients below them."),
        _("[×] is the gate that computes now, ━━ the wire along which a gradient comes back."),
        _("Σ is where a wire branches: the gradients that come back there are added."),
    ]
    return [*(f"{key:{longest}}  {does}" for key, does in keys.items()), "", *notes]


def _blank() -> Text:
    from rich.text import Text

    return Text()
