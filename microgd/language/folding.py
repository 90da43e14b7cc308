"""Folding: arithmetic of plain numbers, done while reading. `2 ** 10` is a number, not a gate."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

from microgd.language.limits import MAX_NUMBER

Number = int | float


def _power(a: Number, b: Number) -> Number:
    if isinstance(a, int) and isinstance(b, int) and b >= 0:
        if abs(a) > 1 and a.bit_length() * b > 2048:
            raise OverflowError
        whole: int = a**b
        return whole
    if a < 0 and math.isfinite(b) and b != math.floor(b):
        raise ValueError(f"{a:g} ** {b:g} is not a real number")
    power: float = float(a) ** float(b)
    return power


_OPERATIONS: dict[str, Callable[[Number, Number], Number]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": _power,
    ">": lambda a, b: float(a > b),
    "<": lambda a, b: float(a < b),
    ">=": lambda a, b: float(a >= b),
    "<=": lambda a, b: float(a <= b),
    "==": lambda a, b: float(a == b),
    "!=": lambda a, b: float(a != b),
}

#: The operators that have a meaning between plain numbers.
FOLDED = frozenset(_OPERATIONS)


def fold(sign: str, a: Number, b: Number) -> Number:
    """The number `a sign b`; whole numbers stay whole where they can.

    >>> fold("**", 2, 10), fold("/", 1, 4)
    (1024, 0.25)

    Raises:
        ValueError: a result that is no finite real number, though both numbers are finite.
    """
    try:
        result = _OPERATIONS[sign](a, b)
        return checked(result) if math.isfinite(a) and math.isfinite(b) else result
    except ZeroDivisionError:
        raise ValueError("division of a plain number by zero") from None
    except OverflowError:
        raise ValueError("the result is too large; write inf if infinity is meant") from None


def checked(number: Number) -> Number:
    """The number itself, if a float can hold it."""
    if abs(number) > MAX_NUMBER:
        raise OverflowError
    return number
