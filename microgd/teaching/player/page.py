"""play(): a lesson as one HTML page that steps through it."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from microgd.draw.arrange import ON_WIRE
from microgd.draw.drawing import Drawing, draw
from microgd.draw.outline import outline
from microgd.draw.progress import Appearances
from microgd.errors import DrawingError
from microgd.files import write_whole
from microgd.language.circuit import Circuit
from microgd.notation.names import printable
from microgd.pages import filled, hashed, packed_json
from microgd.teaching.bugs.buggy import Buggy
from microgd.teaching.javascript import javascript
from microgd.teaching.player.circuit import Board, board_of, mark_differences
from microgd.teaching.player.colours import SWITCHED, style_sheet
from microgd.teaching.player.steps import inputs_of, nodes_of, seed_of, steps_of, title_of_step
from microgd.teaching.player.timeline import Moment, appear, timeline
from microgd.teaching.player.words import words
from microgd.teaching.quiz.question import Question, questions_of, verdict_texts
from microgd.trace.lesson import Trace
from microgd.translation import _, speaking

#: A longer lesson makes a page that no browser scrolls well, and no student ends.
MOST_STEPS = 3000

#: Two signs could make a third: `a - -b`, so + and - have a space on both sides, or are left alone.
_AROUND_SIGNS = re.compile(r" ?([=(){}\[\],;:?<>&|*!]) ?| ([-+/]) (?![-+/])")

#: Pixels of a circuit that fits into half of a wide screen with its numbers readable.
_SLIM = 730.0

#: The script, in the order in which its parts use each other.
_SCRIPTS = ("base", "numbers", "board", "stage", "quiz", "nudge", "card", "controls")


@dataclass(frozen=True, repr=False)
class Page:
    """A page to play; it shows itself in notebooks.

    Attributes:
        html: the whole page, which asks for nothing from outside.
        steps: how many steps it has.
        why_no_circuit: where nothing here could draw the circuit, why; else empty.

    >>> import microgd as mg
    >>> mg.play(mg.circuit("x * y", x=2, y=3))
    <page of 4 steps, ... kB>
    """

    html: str
    steps: int
    why_no_circuit: str = ""

    def save(self, path: str | Path) -> Path:
        """Write the page, whole or not at all.

        Raises:
            OutputError: the file cannot be written.
        """
        return write_whole(path, self.html)

    def _repr_html_(self) -> str:
        """In a notebook: in a frame of its own, whose script reaches nothing outside of it."""
        page = escape(self.html, quote=True)
        style = "width:100%;height:52rem;border:0"
        return f'<iframe srcdoc="{page}" sandbox="allow-scripts" style="{style}"></iframe>'

    def __repr__(self) -> str:
        return f"<page of {self.steps} steps, {len(self.html.encode()) / 1000:.0f} kB>"


def play(
    what: Any,
    *,
    title: str | None = None,
    look: str = "circuit",
    palette: str = "default",
    quiz: bool = False,
    gradients: bool = True,
    upstream: Any = None,
    digits: int | None = None,
    expand: str | Sequence[str] | bool = (),
    full: bool = False,
    force: bool = False,
    engine: str | None = None,
    timeout: float = 30.0,
) -> Page:
    """A Tensor, a Circuit, a Trace or a bug as one HTML page that steps through its lesson.

    The page has the circuit, the formulas of each step, a quiz, and inputs to nudge. Where no
    picture can be drawn, it has all but the circuit, and says why. Of a bug
    (`microgd.teaching.bugs.buggy.with_bug`) it shows the right circuit and the wrong one, in step.

    Arguments:
        title: of the page; None takes the program's text, or the output's name.
        look: "circuit" or "lecture".
        palette: "default", "colour-blind" or "mono"; the page can switch. Dark is a setting of
            the reader's.
        quiz: start by asking for each number before it appears.
        gradients, upstream, digits, expand, full, force, engine, timeout: as in `mg.draw`.

    Raises:
        DrawingError: an unknown look or palette, or a graph too large to read.

    >>> import microgd as mg
    >>> mg.play(mg.circuit("(x + y) * z", x=-2, y=5, z=-4)).steps
    7
    """
    if look not in ("circuit", "lecture"):
        raise DrawingError(f"a page has the look circuit or lecture, got {look!r}")
    if palette not in SWITCHED:
        raise DrawingError(f"there is no palette {palette!r} here; choose {', '.join(SWITCHED)}")
    looks: dict[str, Any] = {
        "names": "all",  # as the formulas call them
        "full": full or force,
        "force": force,
        "engine": engine,
        "timeout": timeout,
    }
    if isinstance(what, Buggy):
        if expand or upstream is not None or digits is not None:
            raise DrawingError("a bug is told already: give these to `with_bug`")
        pair = [draw(trace, look, **looks) for trace in (what.right, what.wrong)]
    else:
        pair = [
            draw(
                what,
                look,
                gradients=gradients,
                upstream=upstream,
                digits=digits,
                expand=expand,
                **looks,
            )
        ]
    trace = _told(pair[0])
    _require_playable(trace)
    with speaking(trace.lang):
        bug = what if isinstance(what, Buggy) else None
        return _page(pair, title or title_of(what, trace), palette, quiz, bug)


def _told(drawing: Drawing) -> Trace:
    assert drawing.trace is not None
    return drawing.trace


def _require_playable(trace: Trace) -> None:
    if not trace.events:
        raise DrawingError("there is no gate in it, so there are no steps to play")
    if len(trace) > MOST_STEPS:
        raise DrawingError(
            f"{len(trace)} steps are too many for one page (at most {MOST_STEPS}): play a part of "
            "the calculation, or use arrays instead of single numbers"
        )


def title_of(what: Any, trace: Trace) -> str:
    """What a page is called that has got no title."""
    if isinstance(what, Buggy):
        return what.title
    text = " ".join(what.text.split()) if isinstance(what, Circuit) else ""
    return text if 0 < len(text) <= 80 else trace.by_id[trace.output].label


def _page(pair: Sequence[Drawing], title: str, palette: str, quiz: bool, bug: Buggy | None) -> Page:
    traces = [_told(drawing) for drawing in pair]
    trace = traces[0]
    moments = timeline(*traces)
    told = ([m.right for m in moments], [m.wrong for m in moments])
    when = [appear(t, events) for t, events in zip(traces, told, strict=False)]
    said = words()
    boards: list[Board | None] = []
    why = ""
    for drawing, appeared in zip(pair, when, strict=True):
        board, why = _board(drawing, appeared, said["circuit"])
        boards.append(board)
    if boards[-1] and pair[-1].view and pair[0].view:
        mark_differences(boards[-1], pair[-1].view, pair[0].view)
    script = javascript(trace)
    code = _code(script.source)
    data = {
        "words": {place: text for place, text in said.items() if _is_used(place, code)},
        "steps": steps_of(trace, moments, boards),
        "nodes": nodes_of(trace, when[0]),
        "boards": [
            {
                "lines": board.lines if board else [],
                "differing": board.differing if board else [],
                **({"nodes": nodes_of(traces[1], when[1])} if place else {}),
            }
            for place, board in enumerate(boards)
        ],
        "inputs": inputs_of(trace) if script.source else [],
        "seed": seed_of(trace) if script.source else [],
        "digits": trace.digits,
        "on_wire": ON_WIRE,
        "why_not": script.why or _("no input has a gradient"),
        "quiz": quiz,
        "questions": {
            step: [_question(q) for q in asked]
            for step, moment in enumerate(moments)
            if moment.right and (asked := questions_of(trace, moment.right))
        },
        "verdicts": verdict_texts(),
    }
    style = _style()
    parts = {
        **{f"w_{place}": escape(text) for place, text in said.items()},
        "lang": escape(trace.lang),
        "palette": palette,
        "title": escape(printable(title)),
        "heading": escape(printable(title)),
        "style": style,
        "style_hash": hashed(style),
        "boards": _side_by_side(
            boards,
            [
                _section(board, drawing, why, heading, said)
                for board, drawing, heading in zip(boards, pair, _headings(bug, said), strict=True)
            ],
        ),
        "rows": "\n".join(_row(trace, step, moment) for step, moment in enumerate(moments)),
        "last": str(len(moments) - 1),
        "data": packed_json(data),
        "script": code,
        "script_hash": hashed(code),
    }
    return Page(filled(_part("page.html"), parts), len(moments), why)


def _board(drawing: Drawing, when: Appearances, described: str) -> tuple[Board | None, str]:
    """The circuit; where nothing here can draw it, why not."""
    try:
        return board_of(drawing, when, described), ""
    except DrawingError as problem:
        return None, "\n".join(printable(line) for line in str(problem).splitlines())


def _headings(bug: Buggy | None, said: dict[str, str]) -> list[str]:
    """What stands above each circuit."""
    if bug is None:
        return [""]
    why = escape(printable(" ".join(filter(None, (bug.why, bug.note)))))
    wrong = escape(printable(f"{said['wrong_way']}: {bug.title}"))
    return [f"<h2>{escape(said['right_way'])}</h2>", f"<h2>{wrong}</h2><p>{why}</p>"]


def _side_by_side(boards: Sequence[Board | None], sections: Sequence[str]) -> str:
    """A mistake beside the right thing, where a wide screen has room for both, or below it."""
    widths = [re.search(r' width="([\d.]+)"', board.svg) for board in boards if board]
    slim = len(widths) > 1 and all(width and float(width[1]) <= _SLIM for width in widths)
    text = "\n".join(sections)
    return f'<div class="beside">\n{text}\n</div>' if slim else text


def _section(
    board: Board | None, drawing: Drawing, why: str, heading: str, said: dict[str, str]
) -> str:
    """A circuit in its box, with buttons to zoom, and as text for those who cannot see it."""
    name = escape(said["circuit"])
    if board is None:
        note = escape(said["no_circuit"].format(why=why))
        return f'<section class="board">{heading}<p class="note">{note}</p></section>'
    zoom = "".join(
        f'<button data-zoom="{key}" aria-label="{escape(said[key])}">{sign}</button>'
        for key, sign in (("smaller", "−"), ("fit", escape(said["fit"])), ("larger", "+"))
    )
    return (
        f'<section class="board" aria-label="{name}">{heading}\n'
        f'<div class="scroll" tabindex="0" role="region" aria-label="{name}">{board.svg}</div>\n'
        f'<div class="zoom needs-script">{zoom}</div>\n'
        f'<pre class="unseen">{escape(outline(_told(drawing)))}</pre>\n</section>'
    )


def _row(trace: Trace, step: int, moment: Moment) -> str:
    """A line of the list of steps; the script reads its words there, too."""
    title = escape(printable(title_of_step(trace, moment.event)))
    told = f"<span>{escape(printable(moment.said(moment.right)))}</span>"
    differs = moment.wrong is not None and moment.differs
    if differs:
        told += f'<span class="wrong">{escape(printable(moment.said(moment.wrong)))}</span>'
    return (
        f'<tr><td>{step}</td><th scope="row"><a href="#step-{step}">{title}</a></th>'
        f"<td>{told}</td></tr>"
    )


def _question(question: Question) -> dict[str, Any]:
    """What the page needs of a question; it has the solution in its list of steps."""
    told = question.to_dict()
    return {key: told[key] for key in told if key not in ("step", "solution", "shape", "digits")}


def _is_used(word: str, code: str) -> bool:
    return f"words.{word}" in code or word.startswith("kind_")


def _part(name: str) -> str:
    return files("microgd.teaching.player").joinpath("web", name).read_text(encoding="utf-8")


def _style() -> str:
    font = files("microgd.teaching").joinpath("fonts", "arimo-numbers.woff2").read_bytes()
    face = (
        '@font-face{font-family:"Arimo numbers";'
        f'src:url(data:font/woff2;base64,{b64encode(font).decode()}) format("woff2")}}'
    )
    return face + style_sheet() + _squeezed(_part("page.css"))


def _code(program: str) -> str:
    """The whole script: one function, so that nothing of it is global."""
    judge = files("microgd.teaching.quiz").joinpath("judge.js").read_text(encoding="utf-8")
    text = "\n".join([judge, *(_part(f"{name}.js") for name in _SCRIPTS)])
    text = _tight(text).replace("{{program}}", program or "null")
    assert "</" not in text  # it would end the element
    return f'"use strict";(async()=>{{\n{text}\n}})();'


def _tight(script: str) -> str:
    """A script without what only people need: comments, indentation, spaces around signs."""
    lines = (re.sub(r"(^|\s)// .*", "", line).strip() for line in script.splitlines())
    return "\n".join(_without_spaces(line) for line in lines if line)


def _without_spaces(line: str) -> str:
    """Spaces around a sign mean nothing, outside of strings; other lines are left alone: those
    with a template or a regular expression.
    """
    strings = re.split(r'("(?:[^"\\]|\\.)*")', line)
    if any(sign in text.replace(" / ", "") for text in strings[::2] for sign in "`/'"):
        return line
    strings[::2] = [re.sub(_AROUND_SIGNS, r"\1\2", text) for text in strings[::2]]
    return "".join(strings)


def _squeezed(style: str) -> str:
    """A style sheet without the comments and spaces that only people need."""
    style = re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL))
    return re.sub(r" ?([{};,>!]|:(?= )) ?", r"\1", style).replace(";}", "}").strip()
