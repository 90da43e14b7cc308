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
from microgd.draw.progress import appearances
from microgd.errors import DrawingError
from microgd.files import write_whole
from microgd.language.circuit import Circuit
from microgd.notation.names import printable
from microgd.pages import filled, hashed, packed_json
from microgd.teaching.javascript import javascript
from microgd.teaching.player.circuit import Board, board_of
from microgd.teaching.player.colours import SWITCHED, style_sheet
from microgd.teaching.player.steps import inputs_of, nodes_of, seed_of, steps_of, title_of_step
from microgd.teaching.player.words import words
from microgd.teaching.quiz import questions_of, verdict_texts
from microgd.trace.events import Event
from microgd.trace.lesson import Trace
from microgd.translation import _, speaking

#: A longer lesson makes a page that no browser scrolls well, and no student ends.
MOST_STEPS = 3000

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
    """A Tensor, a Circuit or a Trace as one HTML page that steps through its lesson.

    The page has the circuit, the formulas of each step, a quiz, and inputs to nudge. Where no
    picture can be drawn, it has all but the circuit, and says why.

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
    drawing = draw(
        what,
        look,
        gradients=gradients,
        upstream=upstream,
        digits=digits,
        names="all",  # as the formulas call them
        expand=expand,
        full=full or force,
        force=force,
        engine=engine,
        timeout=timeout,
    )
    trace = drawing.trace
    assert trace is not None
    if not trace.events:
        raise DrawingError("there is no gate in it, so there are no steps to play")
    if len(trace) > MOST_STEPS:
        raise DrawingError(
            f"{len(trace)} steps are too many for one page (at most {MOST_STEPS}): play a part of "
            "the calculation, or use arrays instead of single numbers"
        )
    with speaking(trace.lang):
        return _page(trace, drawing, title or title_of(what, trace), palette, quiz)


def title_of(what: Any, trace: Trace) -> str:
    """What a page is called that has got no title."""
    text = " ".join(what.text.split()) if isinstance(what, Circuit) else ""
    return text if 0 < len(text) <= 80 else trace.by_id[trace.output].label


def _page(trace: Trace, drawing: Drawing, title: str, palette: str, quiz: bool) -> Page:
    said = words()
    when = appearances(trace)
    board, section, why = _board(trace, drawing, when, said)
    script = javascript(trace)
    told = steps_of(trace, [board])
    code = _code(script.source)
    data = {
        "words": {place: text for place, text in said.items() if _is_used(place, code)},
        "steps": told,
        "nodes": nodes_of(trace, when),
        "boards": [{"lines": board.lines if board else []}],
        "inputs": inputs_of(trace) if script.source else [],
        "seed": seed_of(trace),
        "digits": trace.digits,
        "on_wire": ON_WIRE,
        "why_not": script.why or _("no input has a gradient"),
        "quiz": quiz,
        "questions": {
            event.step: [q.to_dict() for q in asked]
            for event in trace.events
            if (asked := questions_of(trace, event))
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
        "boards": section,
        "rows": "\n".join(_row(trace, event) for event in trace.events),
        "last": str(len(trace) - 1),
        "data": packed_json(data),
        "script": code,
        "script_hash": hashed(code),
    }
    return Page(filled(_part("page.html"), parts), len(trace), why)


def _board(
    trace: Trace, drawing: Drawing, when: Any, said: dict[str, str]
) -> tuple[Board | None, str, str]:
    """The circuit in its box; where nothing here can draw it, why not."""
    try:
        board = board_of(drawing, trace, when, said["circuit"])
    except DrawingError as problem:
        why = printable_lines(str(problem))
        note = escape(said["no_circuit"].format(why=why))
        return None, f'<section class="board"><p class="note">{note}</p></section>', why
    zoom = "".join(
        f'<button data-zoom="{name}" aria-label="{escape(said[name])}">{sign}</button>'
        for name, sign in (("smaller", "−"), ("fit", escape(said["fit"])), ("larger", "+"))
    )
    told = escape(outline(trace))
    section = (
        f'<section class="board" aria-label="{escape(said["circuit"])}">\n'
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(said["circuit"])}">'
        f"{board.svg}</div>\n"
        f'<div class="zoom needs-script">{zoom}</div>\n<pre class="unseen">{told}</pre>\n</section>'
    )
    return board, section, ""


def printable_lines(text: str) -> str:
    """Text of several lines, without signs that nothing can show."""
    return "\n".join(printable(line) for line in text.splitlines())


def _row(trace: Trace, event: Event) -> str:
    """A line of the list of steps; the script reads its words there, too."""
    title = escape(printable(title_of_step(trace, event)))
    return (
        f'<tr><td>{event.step}</td><th scope="row"><a href="#step-{event.step}">{title}</a></th>'
        f"<td><span>{escape(printable(event.sentence))}</span></td></tr>"
    )


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
    judge = files("microgd.teaching").joinpath("judge.js").read_text(encoding="utf-8")
    text = "\n".join([judge, *(_part(f"{name}.js") for name in _SCRIPTS)])
    text = _tight(text).replace("{{program}}", program or "null")
    assert "</" not in text  # it would end the element
    return f'"use strict";(async()=>{{\n{text}\n}})();'


def _tight(text: str) -> str:
    """Without indentation and lines of comment, which only people read."""
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not re.match(r"//|/\*.*\*/$", line))


def _squeezed(style: str) -> str:
    """A style sheet without the spaces that only people need."""
    style = re.sub(r"\s+", " ", style)
    return re.sub(r" ?([{};,>]|:(?= )) ?", r"\1", style).replace(";}", "}").strip()
