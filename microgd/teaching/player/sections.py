"""Sections: the HTML of the circuits and of the list of steps. It reads well without the script."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape

from microgd.draw.outline import rows_of
from microgd.draw.progress import Appearances, progress
from microgd.notation.names import printable
from microgd.teaching.bugs.buggy import Buggy
from microgd.teaching.player.rounds import Round
from microgd.teaching.player.steps import title_of_step
from microgd.teaching.player.timeline import Moment
from microgd.trace.lesson import Trace
from microgd.trace.numbers import format_value
from microgd.translation import _

#: Pixels of a circuit that fits into half of a wide screen with its numbers readable.
_SLIM = 730.0

#: The branches of an outline, which nobody wants to hear, as the spaces that they take.
_UNDRAWN = str.maketrans("│├└─", "    ")


def sections(
    rounds: Sequence[Round], titles: Sequence[str], bug: Buggy | None, said: dict[str, str]
) -> str:
    """Every circuit in its box; a mistake beside the right thing, where there is room for both."""
    boxes = [
        _section(one, side, heading, said)
        for one, title in zip(rounds, titles, strict=True)
        for side, heading in enumerate(_headings(bug, title, said))
    ]
    svgs = [board.svg for one in rounds for board in one.boards if board and bug]
    widths = [re.search(r' width="([\d.]+)"', svg) for svg in svgs]
    slim = bool(widths) and all(width and float(width[1]) <= _SLIM for width in widths)
    text = "\n".join(boxes)
    return f'<div class="beside">\n{text}\n</div>' if slim else text


def _headings(bug: Buggy | None, title: str, said: dict[str, str]) -> list[str]:
    """What stands above each circuit."""
    if bug is None:
        return [""]
    right, wrong = (
        " · ".join(filter(None, (said[way], title))) for way in ("right_way", "wrong_way")
    )
    why = escape(printable(" ".join(filter(None, (bug.why, bug.note)))))
    mistake = escape(printable(f"{wrong}: {bug.title}"))
    return [f"<h2>{escape(right)}</h2>", f"<h2>{mistake}</h2><p>{why}</p>"]


def _section(one: Round, side: int, heading: str, said: dict[str, str]) -> str:
    """A circuit in its box, with buttons to zoom, and as text for those who cannot see it."""
    board, name = one.boards[side], escape(said["circuit"])
    if board is None:
        note = escape(said["no_circuit"].format(why=one.why))
        return f'<section class="board">{heading}<p class="note">{note}</p></section>'
    zoom = "".join(
        f'<button data-zoom="{key}" aria-label="{escape(said[key])}">{sign}</button>'
        for key, sign in (("smaller", "−"), ("fit", escape(said["fit"])), ("larger", "+"))
    )
    return (
        f'<section class="board" aria-label="{name}">{heading}\n'
        f'<div class="scroll" tabindex="0" role="region" aria-label="{name}">{board.svg}</div>\n'
        f'<div class="zoom needs-script">{zoom}</div>\n'
        f'<pre class="unseen">{_read_aloud(one.traces[side], one.when[side])}</pre>\n</section>'
    )


def _read_aloud(trace: Trace, when: Appearances) -> str:
    """The circuit as text, whose numbers appear at the same steps as those of the picture."""
    found, whole = rows_of(trace, progress(trace, None))
    before = {event.node: format_value(event.parts[0], trace.digits) for event in trace.changes}

    def part(text: str, at: int, change: str = "") -> str:
        return f'<i data-a="{at}"{change}>{escape(text)}</i>' if at >= 0 or change else escape(text)

    lines = []
    for node, name, value, gradient in found:
        told = [escape(name.translate(_UNDRAWN))]
        if value:
            until = when.changes.get(node.id)
            was = escape(_("value {number}").format(number=before.get(node.id, "")))
            change = "" if until is None else f' data-was="{was}" data-until="{until}"'
            told.append(part(value, when.values.get(node.id, -1), change))
        if gradient:
            told.append(part(gradient, when.totals.get(node.id, -1)))
        lines.append(" ".join(told))
    return "\n".join(lines if whole else [*lines, "…"])


def jumps(titles: Sequence[str], said: dict[str, str]) -> str:
    """A button for each of several lessons."""
    if len(titles) < 2:
        return ""
    buttons = "".join(f'<button class="word">{escape(title)}</button>' for title in titles)
    return (
        f'<div class="jumps needs-script" role="group" aria-label="{escape(said["step"])}">'
        f"{buttons}</div>"
    )


def rows(rounds: Sequence[Round], titles: Sequence[str]) -> str:
    """The list of steps; the script reads its words there, too."""
    return "\n".join(
        row
        for one, title in zip(rounds, titles, strict=True)
        for row in _rows(one.traces[0], one, title)
    )


def _rows(trace: Trace, one: Round, title: str) -> Iterator[str]:
    for step, moment in enumerate(one.moments, one.begin):
        first = f' data-title="{escape(title)}"' if title and step == one.begin else ""
        yield _row(trace, step, moment, first)


def _row(trace: Trace, step: int, moment: Moment, attributes: str) -> str:
    title = escape(printable(title_of_step(trace, moment.event)))
    told = f"<span>{escape(printable(moment.said(moment.right)))}</span>"
    differs = moment.wrong is not None and moment.differs
    if differs:
        told += f'<span class="wrong">{escape(printable(moment.said(moment.wrong)))}</span>'
    return (
        f'<tr><td>{step}</td><th scope="row"{attributes}><a href="#step-{step}">{title}</a></th>'
        f"<td>{told}</td></tr>"
    )
