"""Translation: which language sentences are in. English is the source; the rest are catalogues.

A text in the code is English, marked by `_("…")`; the catalogue of another language has what it is
there (`microgd/locale/cs/LC_MESSAGES/microgd.po`, compiled beside it into `.mo`). Numbers, names
and formulas are put in afterwards, so they are the same in every language.
"""

from __future__ import annotations

import gettext
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from microgd.errors import ArgumentError

#: The languages there are, each in its own words.
LANGUAGES = {"en": "English", "cs": "čeština", "ro": "română", "ru": "русский"}

_spoken: ContextVar[str] = ContextVar("language", default="en")


def language() -> str:
    """The language that is spoken here: `en`, `cs`, `ro` or `ru`.

    >>> with speaking("cs"): language()
    'cs'
    """
    return _spoken.get()


@contextmanager
def speaking(lang: str) -> Iterator[None]:
    """Speak a language inside a `with`: sentences, tables and pages made there are in it.

    Raises:
        ArgumentError: a language that there is not.

    >>> with speaking("xx"): pass
    Traceback (most recent call last):
    microgd.errors.ArgumentError: there is no language 'xx'; choose en, cs, ro or ru
    """
    token = _spoken.set(known_language(lang))
    try:
        yield
    finally:
        _spoken.reset(token)


def known_language(lang: str) -> str:
    """The language itself, if there is such a one."""
    if lang not in LANGUAGES:
        *most, last = LANGUAGES
        raise ArgumentError(f"there is no language {lang!r}; choose {', '.join(most)} or {last}")
    return lang


def _(message: str) -> str:
    """The message in the language that is spoken; the English one where it is not translated.

    What stands between the brackets is the text itself, so that it is found there. A text that
    is kept somewhere else is `translated`.
    """
    return translated(message)


def translated(message: str) -> str:
    """The same for a text that was marked by `N_`, or that stands in the table of gates.

    >>> with speaking("cs"): translated("swaps")
    'prohazuje'
    """
    lang = _spoken.get()
    # No text is none in any language; a catalogue keeps its own description under it.
    return message if lang == "en" or not message else _catalogue(lang).gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    """The form of the message for that many.

    >>> ngettext("{n} step", "{n} steps", 2).format(n=2)
    '2 steps'
    """
    lang = _spoken.get()
    if lang == "en":
        return one if count == 1 else many
    return _catalogue(lang).ngettext(one, many, count)


def N_(message: str) -> str:
    """Marks a message that is translated later, where it is used: a table at the top of a file."""
    return message


@cache
def _catalogue(lang: str) -> gettext.NullTranslations:
    folder = Path(__file__).parent / "locale"
    return gettext.translation("microgd", folder, [lang], fallback=True)
