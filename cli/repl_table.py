"""The commands of `microgd repl`: what they do, which one a line is, and what completes a line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from microgd.teaching.session import Session
from microgd.translation import N_

#: What follows a name that is used in a statement, and is no command.
_STATEMENT = re.compile(r"=|[-+*/@<>](\s|$)")

#: As one writes it in micrograd and PyTorch.
_IN_PYTHON = {
    re.compile(r"(\w+)\.backward\(\s*\)"): "backward",
    re.compile(r"(\w+)\.grad"): "grad",
}


class Described(NamedTuple):
    """A command: what follows it, and what it does."""

    arguments: str
    does: str


COMMANDS = {
    "backward": Described("[f]", N_("the gradients of f with respect to its inputs")),
    "grad": Described("[x]", N_("∂f/∂x of the last backward; of every name without x")),
    "table": Described("[f]", N_("the backward pass as a table")),
    "trace": Described("[f]", N_("every step in words and numbers")),
    "show": Described("[f]", N_("draw the circuit here; with its gradients after backward")),
    "draw": Described("FILE [f]", N_("draw the circuit into a file: f.svg, f.png, f.pdf, f.dot")),
    "step": Described("[f]", N_("go through the lesson step by step")),
    "quiz": Described("[f]", N_("the lesson as a quiz")),
    "play": Described("FILE [f]", N_("write the lesson as a page to play: f.html")),
    "vars": Described("", N_("all names, with what they stand for")),
    "del": Described("x", N_("take a name out")),
    "undo": Described("", N_("take back the last change")),
    "redo": Described("", N_("do again what was undone")),
    "reset": Described("", N_("begin again with nothing")),
    "save": Described("FILE", N_("write all lines as a program; save! writes over a file")),
    "load": Described("FILE", N_("begin again with a program from a file")),
    "help": Described("[command]", N_("this list")),
    "quit": Described("", N_("the end; Ctrl-D, too")),
}
ALSO = {"exit": "quit", "?": "help", "save!": "save"}
#: Commands whose first word is a file.
_WITH_FILE = ("save", "save!", "load", "draw", "play")


def command_in(line: str, session: Session) -> tuple[str | None, str]:
    """The command that a line is, None if it is a statement, and what follows the command.

    Names that the user has given come first: after `show = 2`, `show * 3` is an expression.
    """
    for habit, command in _IN_PYTHON.items():
        if found := habit.fullmatch(line.strip()):
            return command, found[1]
    word, _space, rest = line.strip().partition(" ")
    rest = rest.strip()
    name = ALSO.get(word, word)
    if name not in COMMANDS or word in session.cells or _STATEMENT.match(rest):
        return None, rest
    return name, f"! {rest}" if word == "save!" else rest


def command_named(word: str) -> str:
    """The command that `help WORD` asks for.

    Raises:
        ArgumentError: there is none.
    """
    from microgd.errors import ArgumentError
    from microgd.gates.table import did_you_mean
    from microgd.language.functions import gate_named

    name = ALSO.get(word, word)
    if name in COMMANDS:
        return name
    if (gate := gate_named(word)) is not None:
        raise ArgumentError(f"{word!r} is a gate; outside of here: microgd gates {gate.name}")
    near = did_you_mean(word, [*COMMANDS, *ALSO])
    raise ArgumentError(f"there is no command {word!r}.{near} help tells them all")


def hint(line: str) -> str:
    """Which command may have been meant by a line that is none."""
    from difflib import get_close_matches

    word = line.strip().partition(" ")[0]
    if not word.isidentifier() or word in COMMANDS:
        return ""
    near = get_close_matches(word, [*COMMANDS, *ALSO], n=1, cutoff=0.7)
    return f"\nOr did you mean the command {near[0]!r}? help tells them all." if near else ""


def words(session: Session, line: str, text: str) -> list[str]:
    """What may stand behind `line` for `text`: commands, names, gates, files."""
    from microgd.gates.table import TABLE

    first = line.strip()
    names = sorted(session.cells)
    gates = [f"{gate}(" for gate in TABLE if gate.isidentifier()]
    if not first:
        return [*names, *COMMANDS, *gates]
    if first in _WITH_FILE:
        folder, slash, begin = text.rpartition("/")
        here = Path(f"{folder}{slash}" or ".").expanduser()
        found = [p for p in here.iterdir() if p.name.startswith(begin)]
        return sorted(f"{folder}{slash}{p.name}" + "/" * p.is_dir() for p in found)
    if first == "help":
        return [*COMMANDS]
    return names if first in COMMANDS else [*names, *gates]
