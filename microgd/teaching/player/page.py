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
from microgd.errors import DrawingError
from microgd.files import write_whole
from microgd.language.circuit import Circuit
from microgd.notation.names import printable
from microgd.pages import filled, hashed, packed, packed_json
from microgd.teaching.bugs.buggy import Buggy
from microgd.teaching.javascript import Script, javascript
from microgd.teaching.player.colours import SWITCHED, style_sheet
from microgd.teaching.player.heading import heading
from microgd.teaching.player.rounds import data_of, rounds_of, trace_of
from microgd.teaching.player.sections import jumps, rows, sections
from microgd.teaching.player.steps import inputs_of, seed_of
from microgd.teaching.player.words import words
from microgd.teaching.quiz.question import verdict_texts
from microgd.trace.lesson import Trace
from microgd.translation import _, speaking

#: A longer lesson makes a page that no browser scrolls well, and no student ends.
MOST_STEPS = 3000

#: More steps of descent than that are a loss curve, and no lesson.
MOST_ROUNDS = 20

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
        _require_few(what)
        drawn = [[draw(trace, look, **looks) for trace in pair] for pair in what.rounds]
    else:
        drawn = [
            [
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
        ]
    trace = trace_of(drawn[0][0])
    _require_playable(trace, len(drawn))
    with speaking(trace.lang):
        bug = what if isinstance(what, Buggy) else None
        return _page(drawn, title or title_of(what, trace), palette, quiz, bug)


def _require_few(bug: Buggy) -> None:
    if len(bug.steps) > MOST_ROUNDS:
        raise DrawingError(
            f"a page plays at most {MOST_ROUNDS} steps of descent, not {len(bug.steps)}: ask for "
            "fewer steps"
        )


def _require_playable(trace: Trace, rounds: int) -> None:
    if not trace.events:
        raise DrawingError("there is no gate in it, so there are no steps to play")
    count = len(trace) * rounds
    if count > MOST_STEPS:
        raise DrawingError(
            f"{count} steps are too many for one page (at most {MOST_STEPS}): play a part of "
            "the calculation, or use arrays instead of single numbers"
        )


def title_of(what: Any, trace: Trace) -> str:
    """What a page is called that has got no title."""
    if isinstance(what, Buggy):
        return what.title
    text = " ".join(what.text.split()) if isinstance(what, Circuit) else ""
    return text if 0 < len(text) <= 80 else trace.by_id[trace.output].label


def _page(
    drawn: Sequence[Sequence[Drawing]], title: str, palette: str, quiz: bool, bug: Buggy | None
) -> Page:
    said = words()
    rounds = rounds_of(drawn, said["circuit"])
    trace = rounds[0].traces[0]
    # Of several lessons, each has data of its own: there nothing is nudged.
    script = javascript(trace) if len(rounds) == 1 else Script("", "")
    code = _code(script.source)
    data = {
        "words": {place: text for place, text in said.items() if _is_used(place, code)},
        **data_of(rounds),
        "inputs": inputs_of(trace) if script.source else [],
        "seed": seed_of(trace) if script.source else [],
        "digits": trace.digits,
        "on_wire": ON_WIRE,
        "why_not": script.why or _("no input has a gradient"),
        "quiz": quiz,
        "verdicts": verdict_texts(),
    }
    titles = [_("step {n}").format(n=n) for n in range(1, len(rounds) + 1)]
    titles = titles if len(rounds) > 1 else [""]
    count = sum(len(one.moments) for one in rounds)
    style, start = _style(), _tight(_part("start.js"))
    parts = {
        **{f"w_{place}": escape(text) for place, text in said.items()},
        "lang": escape(trace.lang),
        "palette": palette,
        "title": escape(printable(title)),
        "heading": heading(title, trace),
        "style": style,
        "style_hash": hashed(style),
        "jumps": jumps(titles, said),
        "boards": sections(rounds, titles, bug, said),
        "rows": rows(rounds, titles),
        "last": str(count - 1),
        "data": packed_json(data),
        "program": packed(code),
        "program_hash": hashed(code),
        "start": start,
        "start_hash": hashed(start),
    }
    return Page(
        filled(_part("page.html"), parts), count, next(filter(None, (r.why for r in rounds)), "")
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
    judge = files("microgd.teaching.quiz").joinpath("judge.js").read_text(encoding="utf-8")
    text = "\n".join([judge, *(_part(f"{name}.js") for name in _SCRIPTS)])
    text = _tight(text).replace("{{program}}", program or "null")
    return f'"use strict";(async()=>{{\n{text}\n}})();'


def _tight(script: str) -> str:
    """A script without what only people need: comments and indentation."""
    lines = (re.sub(r"(^|\s)// .*", "", line).strip() for line in script.splitlines())
    return "\n".join(line for line in lines if line)


def _squeezed(style: str) -> str:
    """A style sheet without the comments and spaces that only people need."""
    style = re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL))
    return re.sub(r" ?([{};,>!]|:(?= )) ?", r"\1", style).replace(";}", "}").strip()
