"""The stage of a mistake: the right lesson and the wrong one, in step with each other."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from .stage import Stage, bar, folded, indented
from .streams import fitted

if TYPE_CHECKING:
    from rich.text import Text

    from microgd.teaching.bugs.buggy import Buggy
    from microgd.trace.events import Event
    from microgd.trace.lesson import Trace
    from microgd.trace.table import Table

#: Columns between two circuits side by side.
_BETWEEN = 4


class BugStage:
    """Draws the steps of a bug: what both lessons do in one step, what only one does in its own."""

    def __init__(self, buggy: Buggy, *, palette: str = "default") -> None:
        from microgd.teaching.player.timeline import timeline

        self.buggy = buggy
        self.moments = timeline(buggy.right, buggy.wrong)
        self.stages = [Stage(t, palette=palette) for t in (buggy.right, buggy.wrong)]

    @property
    def count(self) -> int:
        """How many steps there are."""
        return len(self.moments)

    def tables(self, step: int) -> tuple[Table, ...]:
        """Right and wrong gradients side by side, once both lessons are told."""
        from dataclasses import replace

        from microgd.teaching.steps import tables_so_far

        if step == self.count - 1:
            return (replace(self.buggy.table(), notes=()),)
        places = self._places(step)
        return tuple(
            table
            for stage, place in zip(self.stages, places, strict=True)
            for table in tables_so_far(stage.trace, place)[1:]
        )

    def lines(self, step: int, width: int, height: int | None = None) -> list[Text]:
        """The screen of a step, no line wider than that; as high as told, at most."""
        from rich.text import Text

        from microgd.teaching.steps import phase
        from microgd.translation import _

        moment = self.moments[step]
        words = _("step {step} of {last}, {phase}").format(
            step=step, last=self.count - 1, phase=phase(moment.event)
        )
        head = folded(Text(fitted(words), "bold"), width)
        head += [bar(step, self.count, width)] if height is not None else []
        told = self._told(step, width)
        room = None if height is None else height - len(head) - len(told) - 2
        drawn = self._circuits(step, width, room) if room is None or room >= 3 else []
        made = [*head, Text(), *drawn, Text(), *told]
        return made if height is None else made[:height]

    def _places(self, step: int) -> tuple[int, int]:
        """How far each of the two lessons has come."""
        told = self.moments[: step + 1]
        right = [m.right.step for m in told if m.right]
        wrong = [m.wrong.step for m in told if m.wrong]
        return max(right, default=0), max(wrong, default=0)

    def _circuits(self, step: int, width: int, room: int | None) -> list[Text]:
        """Side by side where there is room for that, else one below the other."""
        from rich.text import Text

        from microgd.translation import _

        titles = [_("right"), _("wrong")]
        half = (width - _BETWEEN) // 2
        places = self._places(step)
        pairs = list(zip(self.stages, places, titles, strict=True))
        beside = all(stage.is_drawn(half) for stage in self.stages)
        columns = half if beside else width
        rows = room if beside or room is None else room // 2
        blocks = [
            [
                *folded(Text(fitted(title), style), columns),
                *stage.circuit(place, columns, None if rows is None else max(rows - 1, 1)),
            ]
            for (stage, place, title), style in zip(pairs, ("bold", "bold red"), strict=True)
        ]
        if not beside:
            return [line for block in blocks for line in block]
        wide = max(line.cell_len for line in blocks[0]) + _BETWEEN
        made = []
        for left, right in zip_longest(*blocks, fillvalue=Text()):
            line = left.copy()
            line.pad_right(wide - line.cell_len)
            made.append(Text.assemble(line, right))
        return made

    def _told(self, step: int, width: int) -> list[Text]:
        """What each lesson says; in red what the wrong one says differently."""
        from rich.text import Text

        from microgd.translation import _

        moment = self.moments[step]

        def said(title: str, trace: Trace, event: Event | None, style: str) -> list[Text]:
            line = trace.line(event) if event else _("nothing")
            head = Text(fitted(title), "bold" if style else "dim")
            return [head, *indented(Text(fitted(line), style), width)]

        if moment.right and moment.wrong and not moment.differs:
            return said(_("both"), self.buggy.right, moment.right, "")
        return [
            *said(_("right"), self.buggy.right, moment.right, ""),
            *said(_("wrong"), self.buggy.wrong, moment.wrong, "red"),
        ]
