"""What a row of the catalogue is: a system from the lectures, with its text, numbers and rules."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from microgd.teaching.lectures.decks import DECKS, Deck
from microgd.translation import translated

if TYPE_CHECKING:
    from microgd.language.circuit import Circuit
    from microgd.trace.lesson import Trace


@dataclass(frozen=True, slots=True)
class PrintedNumber:
    """A number as a deck prints it, and how it is computed.

    Attributes:
        what: what it is: the label of a value in the lecture's circuit (`q`), a gradient there
            (`∂f/∂x`, `∂f/∂s[1]`), or anything in words if there is a `measure`.
        printed: the number, with the decimals that the deck gives it. Without decimals it is exact.
        measure: computes it; left out, it is read from the circuit.
        ours: what comes out instead, where the deck rounds or misprints.
        because: computes the deck's number, the way the deck came to it; left out, nobody knows.
    """

    what: str
    printed: str
    measure: Callable[[], Any] | None = None
    ours: str = ""
    because: Callable[[], Any] | None = None

    @property
    def title(self) -> str:
        """What it is, in the language that is spoken."""
        return translated(self.what)


@dataclass(frozen=True, slots=True)
class Claim:
    """A rule that a deck states, and its two sides computed by different ways.

    Attributes:
        what: the rule.
        sides: computes both: by microgd, and by the deck's formula written out.
        within: how far apart they may be, relatively or absolutely.
        slow: whether it takes seconds.
    """

    what: str
    sides: Callable[[], tuple[Any, Any]]
    within: float = 1e-9
    slow: bool = False

    @property
    def title(self) -> str:
        """The rule, in the language that is spoken."""
        return translated(self.what)


@dataclass(frozen=True, eq=False)
class Lecture:
    """One system of the lectures.

    Attributes:
        id: the part's letter and a number: `A2`.
        heading, body, remarks: title, explanation, and what the decks misprint or round: messages;
            `title`, `text` and `notes` are the same in the language that is spoken.
        decks: the numbers of the decks it is in.
        program: an expression or program of our language; empty where there is no circuit.
        inputs: the values of its names, as a command line has them.
        commands: what else to run, each a command line.
        python: a few lines to run in Python, as a doctest.
        numbers: what the decks print.
        claims: the rules that they state.
    """

    id: str
    heading: str
    body: str
    decks: tuple[str, ...]
    program: str = ""
    inputs: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    commands: tuple[str, ...] = ()
    python: str = ""
    numbers: tuple[PrintedNumber, ...] = ()
    claims: tuple[Claim, ...] = ()
    remarks: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Lecture({self.id!r}, {self.heading!r})"

    @property
    def part(self) -> str:
        """The letter of its part."""
        return self.id[0]

    @property
    def title(self) -> str:
        """What it is about, in the language that is spoken."""
        return translated(self.heading)

    @property
    def text(self) -> str:
        """The explanation, in the language that is spoken."""
        return translated(self.body)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the decks misprint or round, in the language that is spoken."""
        return tuple(translated(remark) for remark in self.remarks)

    @property
    def sources(self) -> tuple[Deck, ...]:
        """The decks it is in."""
        return tuple(DECKS[deck] for deck in self.decks)

    @property
    def words(self) -> tuple[str, ...]:
        """The program and its inputs, as arguments of a command."""
        values = (f"{name}={value}" for name, value in self.inputs.items())
        return (self.program, *values) if self.program else ()

    @property
    def command(self) -> str:
        """A command to copy, that tells the circuit; empty where there is none."""
        return f"microgd trace {' '.join(map(_quoted, self.words))}" if self.program else ""

    def circuit(self) -> Circuit | None:
        """The circuit, built anew; None where there is none."""
        if not self.program:
            return None
        from microgd.language.circuit import parse

        return parse(self.program, self.inputs, self.id)

    def trace(self) -> Trace | None:
        """Its lesson, in the language that is spoken; None where there is no circuit."""
        circuit = self.circuit()
        return None if circuit is None else circuit.trace()

    def to_dict(self) -> dict[str, Any]:
        """The row as plain data, for JSON."""
        return {
            "id": self.id,
            "title": self.title,
            "text": self.text,
            "decks": list(self.decks),
            "program": self.program or None,
            "inputs": dict(self.inputs),
            "commands": [*filter(None, (self.command,)), *self.commands],
            "numbers": [{"what": n.title, "printed": n.printed} for n in self.numbers],
            "claims": [claim.title for claim in self.claims],
            "notes": list(self.notes),
        }


def _quoted(word: str) -> str:
    """A word as a shell needs it: double quotes around what is no plain word."""
    if shlex.quote(word) == word:
        return word
    name, equals, value = word.partition("=")
    if equals and name.isidentifier() and not value.startswith("="):
        return f'{name}="{value}"' if shlex.quote(value) != value else word
    return f'"{word}"'
