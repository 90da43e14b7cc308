"""Lines of styled text, one by one: with escapes in a terminal, without them elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from .output import coloured, console
from .streams import say

if TYPE_CHECKING:
    from rich.segment import Segment
    from rich.text import Text


def rendered(lines: Iterable[Text]) -> list[str]:
    """Each line as the terminal gets it."""
    from rich.segment import Segment

    out = console()
    made = []
    for line in lines:
        segments = list(line.render(out)) if coloured() else [Segment(line.plain)]
        with out.capture() as captured:
            out.print(_Ready(segments), end="")
        made.append(captured.get().rstrip())
    return made


class _Ready:
    """Segments that Rich neither wraps nor cuts."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = segments

    def __rich_console__(self, console: object, options: object) -> Iterable[Segment]:
        yield from self.segments


def say_lines(lines: Iterable[Text]) -> None:
    """Print lines, without blanks at their ends."""
    for line in rendered(lines):
        say(line, styled=True)
