"""Factors: local derivatives and numbers in a product, in brackets where they need them."""

from __future__ import annotations

import re


def as_factor(rule: str) -> str:
    """A local derivative as a factor: in brackets, unless it is one already.

    >>> as_factor("2·x"), as_factor("−1/x²"), as_factor("(1 − σ)·σ"), as_factor("1 if x > 0")
    ('2·x', '(−1/x²)', '(1 − σ)·σ', '(1 if x > 0)')
    """
    inside = re.sub(r"\([^()]*\)", "", rule)
    worded = r"(?<=\s)[^\W\d_]{2,}(?=\s)|^\d+,? [^\W\d_]{2,}"  # 1 if x > 0; 1 inside
    return f"({rule})" if re.search(rf"[+−]|{worded}", inside) else rule


def bracketed(number: str) -> str:
    """A number after a sign: (−4)."""
    return f"({number})" if number.startswith("−") else number
