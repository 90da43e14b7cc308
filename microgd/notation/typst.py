"""Typst: formulas for slides and worksheets, nothing in them misread."""

from __future__ import annotations

import json
import re

from microgd.notation.names import printable, split_name
from microgd.notation.tree import (
    Fraction,
    Function,
    Group,
    Matrix,
    Name,
    Number,
    Part,
    Raised,
    Root,
    Row,
    Sign,
    Word,
    spaces,
)

_PLAIN_SIGNS = frozenset("+−·×=≠≈<>≥≤→←∧⊗⊙")
_LETTER = re.compile("[A-Za-zΑ-ω]")
_FUNCTIONS = {"exp", "ln", "log", "sin", "cos", "tanh", "max", "min"}


def to_typst(part: Part) -> str:
    """The formula for typst's mathematics mode. Every text in it is a string, and so only itself.

    >>> from microgd.notation.reading import read
    >>> print(to_typst(read("1/x²")))
    frac(upright("1"), attach(italic(x), t: upright("2")))
    """
    match part:
        case Number(text):
            return f"upright({typst_string(text)})"
        case Name(text):
            base, below = split_name(text)
            name = f"upright({typst_string(base)})"
            if len(base) == 1:  # a bare letter is set closer to its neighbours than a text is
                name = f"italic({base if _LETTER.fullmatch(base) else typst_string(base)})"
            return f"attach({name}, b: upright({typst_string(below)}))" if below else name
        case Word("∂"):
            return "∂"
        case Word(text):
            return f"#{typst_string(text)}"
        case Sign(text):
            if text in _PLAIN_SIGNS:  # typst knows its class, and when it is a sign of its own
                return text
            return f"class({typst_string(_class(text))}, {typst_string(text)})"
        case Function(name):
            return name if name in _FUNCTIONS else f"op({typst_string(name)})"
        case Group(opening, inner, closing):
            return f"lr({typst_sign(opening)} {to_typst(inner)} {typst_sign(closing)})"
        case Matrix(rows):
            lines = "; ".join(", ".join(map(to_typst, row)) for row in rows)
            return f'mat(delim: "[", {lines})'
        case Fraction(above, below):
            return f"frac({to_typst(above)}, {to_typst(below)})"
        case Raised(base, power):
            raised = 'upright("T")' if power == Name("T") else to_typst(power)
            return f"attach({to_typst(base)}, t: {raised})"
        case Root(inner):
            return f"sqrt({to_typst(inner)})"
        case Row(parts):
            return " ".join(_spaced(parts))


def _spaced(parts: tuple[Part, ...]) -> list[str]:
    found = []
    for place, part in enumerate(parts):
        before, after = spaces(parts, place)
        word = isinstance(part, Word) and part.text != "∂"
        found += [*["space"] * (word and before), to_typst(part), *["space"] * (word and after)]
    return found


def _class(sign: str) -> str:
    if sign in ",;":
        return "punctuation"
    return "relation" if sign == ":" else "binary"


def typst_sign(text: str) -> str:
    """A bracket that grows with what it holds."""
    return {"‖": "bar.v.double"}.get(text, f"\\{text}")


def typst_string(text: str) -> str:
    r"""Text as a typst string, in which nothing is markup.

    >>> print(typst_string('#"a\\'))
    "#\"a\\"
    """
    return json.dumps(printable(text), ensure_ascii=False)
