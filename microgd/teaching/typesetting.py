"""Typesetting: typst source to PDF, with the same bytes on every machine.

Only fonts that come along are used, ours and typst's own; a text in a script that none of them
has brings in the system's fonts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from microgd.errors import DrawingError, MissingExtraError
from microgd.notation.names import printable
from microgd.notation.reading import read
from microgd.notation.typst import to_typst, typst_string

#: Arimo for numbers, Tinos for the names in circuits: they have the widths that were measured.
FONTS = Path(__file__).parent / "fonts"
#: Scripts that none of the fonts has: Hebrew to Thai, and East Asia.
_FOREIGN = re.compile("[\u0590-\u1dff\u2e80-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]")


def require_typst(what: str) -> Any:
    """The module `typst`.

    Raises:
        MissingExtraError: it is not installed; says how to get it, and what works without.
    """
    try:
        import typst
    except ImportError as error:
        raise MissingExtraError(
            f"{what} as .pdf needs typst, which is not installed: pip install "
            '"microgd[slides]"; .html works without it'
        ) from error
    return typst


def pdf_of(source: str, what: str) -> bytes:
    """The PDF of typst source that needs no other file.

    Raises:
        MissingExtraError: typst is not installed. DrawingError: typst refused the source.
    """
    typst = require_typst(what)
    try:
        made: bytes = typst.compile(
            source.encode("utf-8", "replace"),
            format="pdf",
            font_paths=[str(FONTS)],
            ignore_system_fonts=_FOREIGN.search(source) is None,
        )
    except RuntimeError as error:
        raise DrawingError(f"typst could not set {what}: {error}") from error
    return made


def formula(text: str, names: Iterable[str] = (), *, display: bool = False) -> str:
    """A formula of a lesson as typst content.

    >>> formula("−3 · z", ["z"])
    '$− upright("3") · italic(z)$'
    """
    space = " " if display else ""
    return f"${space}{to_typst(read(text, names))}{space}$"


def words(text: str) -> str:
    """Text as typst content in which nothing is markup.

    >>> words('a # "b"')
    '#"a # \\\\"b\\\\""'
    """
    return f"#{typst_string(' '.join(text.split()))}"


def colour(hex_: str) -> str:
    """A colour of a palette, for typst."""
    return f"rgb({typst_string(hex_)})"


def picture(svg: str, **options: str) -> str:
    """An SVG picture as typst code, to be used where code is."""
    more = "".join(f", {name}: {value}" for name, value in options.items())
    return f'image(bytes({raw_string(svg)}), format: "svg"{more})'


def raw_string(text: str) -> str:
    """Text of several lines as a typst string; signs that nothing can show are replaced.

    >>> print(raw_string('a\\n"b"'))
    "a\\n\\"b\\""
    """
    kept = "\n".join(map(printable, text.split("\n")))
    escaped = kept.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n") + '"'
