"""The parts of a formula: what MathML, typst and LaTeX are written from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Number:
    """A number as shown: `−0.53`."""

    text: str


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a node; `w0` and `w_10` are set with a subscript."""

    text: str


@dataclass(frozen=True, slots=True)
class Word:
    """Words between formulas: `if`, `to each of`; and what nothing else fits."""

    text: str


@dataclass(frozen=True, slots=True)
class Sign:
    """An operator or a relation, set with its space: `+`, `·`, `=`, `→`."""

    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """Parts side by side."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Parts between brackets: `(…)`, `[…]`, `|…|`."""

    opening: str
    inner: Part
    closing: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows of numbers between square brackets."""

    rows: tuple[tuple[Part, ...], ...]


@dataclass(frozen=True, slots=True)
class Fraction:
    """One part above another."""

    above: Part
    below: Part


@dataclass(frozen=True, slots=True)
class Raised:
    """A base with what is raised: x², Wᵀ, e^q."""

    base: Part
    power: Part


@dataclass(frozen=True, slots=True)
class Root:
    """A square root."""

    inner: Part


@dataclass(frozen=True, slots=True)
class Function:
    """The name of a function, set upright: exp, max, σ."""

    name: str


Part = Number | Name | Word | Sign | Row | Group | Matrix | Fraction | Raised | Root | Function


def spaces(parts: tuple[Part, ...], place: int) -> tuple[bool, bool]:
    """Whether a word of a row needs a space before it, and one after it."""
    last = parts[place - 1] if place else None
    before = place > 0 and (not isinstance(last, Sign) or last.text in ",;")
    after = place + 1 < len(parts) and not isinstance(parts[place + 1], Sign)
    return before, after
