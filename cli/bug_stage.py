"""The stage of a mistake: the right lesson and the wrong one, in step with each other."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

from .stage import Stage, bar, folded, indented
from .streams import fitted

if TYPE_CHECKING:
    from rich.text import Text

    from microgd.teaching.bugs.buggy import Buggy
    from microgd.teaching.player.timeline import Moment
    from microgd.trace.events import Event
    from microgd.trace.lesson import Trace
    from microgd.trace.table import Table

#: Columns between two circuits side by side.
_BETWEEN = 4


class _Round(NamedTuple):
    """Both lessons of one step of descent; of most bugs there is one."""

    number: int
    begin: int
    moments: tuple[Moment, ...]
    stages: tuple[Stage, Stage]


class BugStage:
    """Draws the steps of a bug: what both lessons do in one step, what only one does in its own.

    Of several steps of descent, the lessons follow each other.
    """

    def __init__(self, buggy: Buggy, *, palette: str = "default") -> None:
        from microgd.teaching.player.timeline import timeline

        self.buggy = buggy
        self.rounds: list[_Round] = []
        for number, (right, wrong) in enumerate(buggy.rounds, 1):
            stages = (Stage(right, palette=palette), Stage(wrong, palette=palette))
            self.rounds.append(_Round(number, self.count, timeline(right, wrong), stages))

    @property
    def count(self) -> int:
        """How many steps there are."""
        return sum(len(one.moments) for one in self.rounds)

    def tables(self, step: int) -> tuple[Table, ...]:
        """Right and wrong gradients side by side, once both lessons are told."""
        from dataclasses import replace

        from microgd.teaching.steps import tables_so_far

        if step == self.count - 1:
            return (replace(self.buggy.table(), notes=()),)
        stages, places = self._round(step).stages, self._places(step)
        return tuple(
            table
            for stage, place in zip(stages, places, strict=True)
            for table in tables_so_far(stage.trace, place)[1:]
        )

    def lines(self, step: int, width: int, height: int | None = None) -> list[Text]:
        """The screen of a step, no line wider than that; as high as told, at most."""
        from rich.text import Text

        from microgd.teaching.steps import phase
        from microgd.translation import _

        words = _("step {step} of {last}, {phase}").format(
            step=step, last=self.count - 1, phase=phase(self._moment(step).event)
        )
        if len(self.rounds) > 1:
            words += f" ({self._round(step).number}/{len(self.rounds)})"
        head = folded(Text(fitted(words), "bold"), width)
        head += [bar(step, self.count, width)] if height is not None else []
        told = self._told(step, width)
        room = None if height is None else height - len(head) - len(told) - 2
        drawn = self._circuits(step, width, room) if room is None or room >= 3 else []
        made = [*head, Text(), *drawn, Text(), *told]
        return made if height is None else made[:height]

    def _round(self, step: int) -> _Round:
        return next(one for one in reversed(self.rounds) if one.begin <= step)

    def _moment(self, step: int) -> Moment:
        one = self._round(step)
        return one.moments[step - one.begin]

    def _places(self, step: int) -> tuple[int, int]:
        """How far each of the two lessons has come."""
        one = self._round(step)
        told = one.moments[: step - one.begin + 1]
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
        stages = self._round(step).stages
        pairs = list(zip(stages, places, titles, strict=True))
        beside = all(stage.is_drawn(half) for stage in stages)
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

        moment = self._moment(step)
        right, wrong = (stage.trace for stage in self._round(step).stages)

        def said(title: str, trace: Trace, event: Event | None, style: str) -> list[Text]:
            line = trace.line(event) if event else _("nothing")
            head = Text(fitted(title), "bold" if style else "dim")
            return [head, *indented(Text(fitted(line), style), width)]

        if moment.right and moment.wrong and not moment.differs:
            return said(_("both"), right, moment.right, "")
        return [
            *said(_("right"), right, moment.right, ""),
            *said(_("wrong"), wrong, moment.wrong, "red"),
        ]
