"""Tokens: the words and signs of the language, and what to say about those of others."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from microgd.errors import LanguageError
from microgd.language.text import ProgramText, quoted

#: Signs that mathematics and word processors write; each becomes one character, so that columns
#: stay right.
SIGNS = {"−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "∗": "*", "÷": "/", "∕": "/"}
#: It becomes a name in front of a bracket, and `~` (not of the language) elsewhere.
ROOT = "√"

#: The text that `ast.parse` gets: a character for each character, all on one line.
TRANSLATION = str.maketrans({**SIGNS, "\t": " ", "\f": " ", "\r": " ", "\n": " "})

_TOKEN = re.compile(
    r"""(?P<space>[ \t\f\r]+)
    |(?P<newline>\n)
    |(?P<comment>\#[^\n]*)
    |(?P<number>(?:[0-9](?:_?[0-9])*\.?(?:[0-9](?:_?[0-9])*)?|\.[0-9](?:_?[0-9])*)
        (?:[eE][+-]?[0-9](?:_?[0-9])*)?)
    |(?P<name>[^\W\d]\w*)
    |(?P<changing>(?:\*\*|//|[-+*/@]|:)=(?!=))
    |(?P<operator>\*\*|==|!=|<=|>=|[-+*/@<>−–×·⋅∗÷∕√])
    |(?P<dots>\.\.\.)
    |(?P<mark>[()\[\],:.;=])
    """,
    re.VERBOSE,
)

#: What to say about words and characters that are Python's or mathematics', but not the language's.
WORDS = {
    "and": "write logical_and(a, b)",
    "if": "write where(condition, a, b)",
    "else": "write where(condition, a, b)",
    "for": "write a gate over the whole tensor, such as sum(x, axis=0)",
}
_CHARACTERS = {
    "^": "a power is written **",
    "²": "a power is written **: x**2",
    "³": "a power is written **: x**3",
    "%": "there is no remainder",
    "&": "write logical_and(a, b)",
    "≤": "write <=",
    "≥": "write >=",
    "≠": "write !=",
    "∞": "write inf",
    "{": "brackets are ( ) and [ ]",
    "}": "brackets are ( ) and [ ]",
    "\\": "a line goes on inside brackets",
    '"': "there are no strings",
    "'": "there are no strings",
    "`": "there are no strings",
    "!": "write != for 'not equal'",
}


def pieces(text: ProgramText) -> Iterator[tuple[str, str, int]]:
    """Tokens as (kind, text, offset)."""
    source, offset, match = text.text, 0, _TOKEN.match
    while offset < len(source):
        found = match(source, offset)
        if found is None:
            raise _strange(text, source[offset], offset)
        token = found.group()
        kind = found.lastgroup or ""
        if kind == "name" and not token.isidentifier():
            at = next(i for i in range(1, len(token) + 1) if not token[:i].isidentifier())
            raise _strange(text, token[at - 1], offset + at - 1)
        yield kind, token, offset
        offset = found.end()


def _strange(text: ProgramText, character: str, offset: int) -> LanguageError:
    shown = quoted(character) if character.isprintable() else f"U+{ord(character):04X}"
    hint = _CHARACTERS.get(character)
    hint = hint or "it has numbers, names, the operators + - * / ** @ < > == and ( ) [ ] , ="
    return text.error(f"{shown} is not of the language: {hint}", offset)


def plain_name(name: str) -> str:
    """A name in the one spelling Python gives it: `ﬁ` is `fi` (Unicode's form NFKC)."""
    return name if name.isascii() else unicodedata.normalize("NFKC", name)
