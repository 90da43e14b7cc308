"""Answers: what a typed text means as numbers, and how near to the right ones is near enough.

`judge.js` beside this file says the same to a page; a test compares the two.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np

from microgd.graph.values import Value
from microgd.trace.numbers import DIGITS, format_number, read_number

#: The minus signs and dashes that keyboards and word processors make; and the sign of infinity.
_MINUS = str.maketrans(dict.fromkeys("\u2212\u2013\u2010\u2011\u207b", "-") | {"∞": "inf"})
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
#: Powers of ten as written by hand: 1.5·10^-3, 1.5 × 10⁻³.
_TENS = re.compile(
    r"\s*[·×*]\s*10(?:\s*\^\s*|\*\*|(?=[-⁰¹²³⁴⁵⁶⁷⁸⁹]))\s*\(?([-+]?[\d⁰¹²³⁴⁵⁶⁷⁸⁹]+)\)?"
)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?")
_GROUPS = re.compile(r"[-+]?\d{1,3}(?:\s\d{3})+(?:[.,]\d+)?")


def readings(text: str) -> list[list[float]]:
    """The numbers that a text may mean, likelier readings first; none where it is no numbers.

    Commas part numbers, or are decimal commas; brackets only group.

    >>> readings("0,39"), readings("[1, −2]"), readings("1/4; ∞")
    ([[0.0, 39.0], [0.39]], [[1.0, -2.0]], [[0.25, inf]])
    """
    text = _TENS.sub(lambda t: "e" + t[1].translate(_RAISED), text.translate(_MINUS))
    text = text.rpartition("=")[2].lower().strip()
    whole = re.sub(r"\s", "", text) if _GROUPS.fullmatch(text) else ""
    # A minus may stand apart from its number, a slash apart from both.
    text = re.sub(r"\s*/\s*", "/", re.sub(r"([-+])\s+(?=[\d.,i])", r"\1", text))
    text = re.sub(r"[()\[\]{}]+", " ", text)
    ways = (
        re.split(r"[\s;,]+", text),
        [t.replace(",", ".") for t in re.split(r"\s*;\s*|,\s+|\s+,|\s+", text)],
        [whole.replace(",", ".")],
    )
    found: list[list[float]] = []
    for words in ways:
        numbers = [_number(word) for word in words if word]
        if numbers and None not in numbers and numbers not in found:
            found.append([n for n in numbers if n is not None])
    return found


def _number(word: str) -> float | None:
    """A number, or a fraction of two."""
    above, slash, below = word.partition("/")
    if slash:
        top, bottom = _plain(above), _plain(below)
        return None if top is None or not bottom else top / bottom
    return _plain(word)


def _plain(word: str) -> float | None:
    if word.lstrip("+-") in ("inf", "infinity", "nan") or _NUMBER.fullmatch(word):
        try:
            return float(word)
        except ValueError:  # of several signs
            return None
    return None


def decimals(text: str) -> int | None:
    """How many decimals one typed number has; None where it is not one plain decimal.

    >>> decimals("0,4"), decimals("−12"), decimals("1/3")
    (1, 0, None)
    """
    plain = text.translate(_MINUS).rpartition("=")[2].strip()
    match = re.fullmatch(r"[-+]?\s*\d*(?:[.,](\d*))?", plain)
    return len(match[1] or "") if match else None


def tolerance(x: float, digits: int = DIGITS) -> float:
    """Half a unit of the last digit of a number as it is shown.

    A whole number in a lesson without decimals is meant exactly: 3.4 is no 3.

    >>> tolerance(0.3932), tolerance(-4.0, 0), tolerance(1.25e-9), tolerance(2.7, 0)
    (0.005, 0.005, 5e-12, 0.5)
    """
    if not math.isfinite(x):
        return 0.0
    shown = format_number(x, digits)
    mantissa, _, exponent = shown.partition("e")
    places = len(mantissa.partition(".")[2]) - int(exponent.replace("−", "-") or 0)
    if places == 0 and read_number(shown) == x:
        places = DIGITS
    return float(f"5e{-places - 1}")


def tolerances(value: Value, digits: int = DIGITS) -> tuple[float, ...]:
    """The tolerance of each element."""
    return tuple(tolerance(x, digits) for x in flat(value))


def flat(value: Value) -> list[float]:
    """The elements, one after another."""
    return [float(x) for x in np.ravel(np.asarray(value, dtype=np.float64))]


def fits(given: Sequence[float], right: Sequence[float], within: Sequence[float]) -> bool:
    """Whether these are as many numbers, each within its tolerance.

    >>> fits([0.39], [0.3932], [0.005]), fits([float("nan")], [float("nan")], [0.0])
    (True, True)
    """
    return len(given) == len(right) and all(map(near, given, right, within))


def near(given: float, right: float, within: float) -> bool:
    """Whether one number is within its tolerance; inf and NaN only match themselves."""
    if math.isnan(right) or math.isinf(right):
        return given == right or (math.isnan(given) and math.isnan(right))
    # A hair more, so that 0.13 is right for 0.125 in spite of how computers write both.
    return abs(given - right) <= within * (1 + 1e-9) + 1e-15 * abs(right)


def rounded(value: Value, digits: int) -> Value:
    """A value as a reader of the lesson sees it."""
    array = np.asarray(value)
    if array.dtype.kind in "iub":
        return value
    seen = [read_number(format_number(x, digits)) for x in flat(value)]
    return np.asarray(seen).reshape(array.shape) if array.shape else seen[0]
