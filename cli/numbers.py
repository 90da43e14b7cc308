"""Numbers for other programs: every digit, plain ASCII, nested lists."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def plain_number(x: float, digits: int | None = None) -> str:
    """A number that Python reads back: `-0.19661193324148185`, or with so many decimals.

    >>> plain_number(-12.0), plain_number(2 / 3, 2)
    ('-12', '0.67')
    """
    x = float(x)
    if digits is not None and math.isfinite(x):
        text = f"{x:.{digits}f}"
        return text if float(text) or x == 0 else f"{x:.{digits}e}"
    return repr(x).removesuffix(".0")


def loss_text(x: float) -> str:
    """A loss for people, in nine places at most however large or small it is.

    >>> loss_text(0.25), loss_text(2.07e10), loss_text(1.46e-5), loss_text(0.0)
    ('0.2500', '2.070e+10', '1.460e-05', '0.0000')
    """
    return f"{x:.4f}" if x == 0 or 1e-4 <= abs(x) < 1e4 else f"{x:.3e}"


def plain_value(value: Any, digits: int | None = None) -> str:
    """A number, or an array as a nested list.

    >>> plain_value(np.array([[1.0, 2.5], [3.0, 4.0]]))
    '[[1, 2.5], [3, 4]]'
    """
    return _written(np.asarray(value, dtype=float).tolist(), digits)


def _written(item: Any, digits: int | None) -> str:
    if isinstance(item, list):
        return "[" + ", ".join(_written(i, digits) for i in item) + "]"
    return plain_number(item, digits)


def for_json(value: Any) -> Any:
    """The same for JSON, which has no inf and no NaN: they become text."""
    item = np.asarray(value, dtype=float).tolist()
    return _for_json(item)


def _for_json(item: Any) -> Any:
    if isinstance(item, list):
        return [_for_json(i) for i in item]
    return item if math.isfinite(item) else plain_number(item)
