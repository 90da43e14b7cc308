"""Names as mathematics sets them: a base and what stands below it."""

from __future__ import annotations

import re

_LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉ₛ", "0123456789s")


def split_name(name: str) -> tuple[str, str]:
    """`w10` → w and 10; a name of several words has nothing below it.

    >>> split_name("w10"), split_name("x_i"), split_name("learning_rate"), split_name("W1")
    (('w', '10'), ('x', 'i'), ('learning_rate', ''), ('W', '1'))
    """
    name = re.sub("[₀₁₂₃₄₅₆₇₈₉ₛ]+$", lambda m: "_" + m[0].translate(_LOWERED), name)
    match = re.fullmatch(r"([^\W\d_]{1,2})_?(\d{1,3})|([^\W\d_])_(\w{1,3})", name)
    if match is None:
        return name, ""
    return (match[1], match[2]) if match[1] else (match[3], match[4])


def printable(text: str) -> str:
    """Text without signs that nothing can show, or that turn what follows around.

    >>> printable("a\\u202eb")
    'a�b'
    """
    return "".join(c if c.isprintable() else "�" for c in text)
