"""Rounds: the lessons of a page. Most pages have one, of one circuit, or of a mistake beside the
right thing, in step. Of several steps of descent there are as many, one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from microgd.draw.drawing import Drawing
from microgd.draw.progress import Appearances
from microgd.errors import DrawingError
from microgd.notation.names import printable
from microgd.teaching.player.circuit import Board, board_of, mark_differences
from microgd.teaching.player.steps import nodes_of, steps_of
from microgd.teaching.player.timeline import Moment, appear, timeline
from microgd.teaching.quiz.question import Question, questions_of
from microgd.trace.lesson import Trace


@dataclass(frozen=True, slots=True)
class Round:
    """One lesson of a page.

    Attributes:
        drawings: of the circuit; of a mistake, of the right circuit and of the wrong one.
        begin: the step of the page that it begins with.
        moments: its steps.
        when: of each circuit, at which step of the page its numbers appear.
        boards: of each circuit, what the page has of it; None where nothing here can draw it.
        why: then, why not; else empty.
    """

    drawings: Sequence[Drawing]
    begin: int
    moments: Sequence[Moment]
    when: Sequence[Appearances]
    boards: Sequence[Board | None]
    why: str

    @property
    def traces(self) -> list[Trace]:
        """The lesson of each circuit."""
        return [trace_of(drawing) for drawing in self.drawings]


def rounds_of(drawn: Sequence[Sequence[Drawing]], described: str) -> list[Round]:
    """The lessons of a page, laid out; `described` tells those who cannot see the circuits."""
    found: list[Round] = []
    begin = 0
    for drawings in drawn:
        moments = timeline(*(trace_of(drawing) for drawing in drawings))
        sides = ([m.right for m in moments], [m.wrong for m in moments])
        when = [
            appear(trace_of(drawing), events, begin)
            for drawing, events in zip(drawings, sides, strict=False)
        ]
        tried = [_board(d, w, described) for d, w in zip(drawings, when, strict=True)]
        boards = [board for board, _ in tried]
        right, wrong = drawings[0].view, drawings[-1].view
        if len(drawings) > 1 and boards[-1] and right and wrong:
            mark_differences(boards[-1], wrong, right)
        why = next((reason for _, reason in tried if reason), "")
        found.append(Round(drawings, begin, moments, when, boards, why))
        begin += len(moments)
    return found


def trace_of(drawing: Drawing) -> Trace:
    """The lesson that a picture was drawn from."""
    assert drawing.trace is not None
    return drawing.trace


def _board(drawing: Drawing, when: Appearances, described: str) -> tuple[Board | None, str]:
    """The circuit; where nothing here can draw it, why not."""
    try:
        return board_of(drawing, when, described), ""
    except DrawingError as problem:
        return None, "\n".join(printable(line) for line in str(problem).splitlines())


def data_of(rounds: Sequence[Round]) -> dict[str, Any]:
    """What the script knows of the lessons: steps, nodes, circuits, questions."""
    trace, when = rounds[0].traces[0], rounds[0].when[0]
    steps, boards = [], []
    for number, one in enumerate(rounds):
        told = steps_of(one.traces[0], one.moments, one.boards)
        steps += [{**step, "round": number} for step in told]
        for side, board in enumerate(one.boards):
            own = number > 0 or side > 0  # the first circuit's nodes are those of the page
            boards.append(
                {
                    "round": number,
                    "side": side,
                    "lines": board.lines if board else [],
                    "differing": board.differing if board else [],
                    **({"nodes": nodes_of(one.traces[side], one.when[side])} if own else {}),
                }
            )
    return {
        "rounds": [one.begin for one in rounds],
        "steps": steps,
        "nodes": nodes_of(trace, when),
        "boards": boards,
        "questions": {
            one.begin + place: [_question(q) for q in asked]
            for one in rounds
            for place, moment in enumerate(one.moments)
            if (asked := _asked(one.traces[0], moment))
        },
    }


def _asked(trace: Trace, moment: Moment) -> Sequence[Question]:
    event = moment.right
    return () if event is None else questions_of(trace.as_of(event.step), event)


def _question(question: Question) -> dict[str, Any]:
    """What the page needs of a question; it has the solution in its list of steps."""
    told = question.to_dict()
    return {key: told[key] for key in told if key not in ("step", "solution", "shape", "digits")}
