"""Numbers for people: a fixed count of decimals, a true minus sign, and no lies about tiny ones."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from microgd.graph.values import Value
from microgd.translation import _

#: Decimals in a lesson whose numbers are not all whole.
DIGITS = 2


def format_number(x: float, digits: int = DIGITS) -> str:
    """A number with `digits` decimals; in powers of ten where decimals would hide or flood it.

    >>> format_number(-0.5279), format_number(-0.0), format_number(1e-12), format_number(3.0, 0)
    ('−0.53', '0.00', '1.00e−12', '3')
    """
    x = float(x)
    if math.isnan(x):
        return "NaN"
    if math.isinf(x):
        return "inf" if x > 0 else "−inf"
    text = f"{x:.{digits}f}"
    if abs(x) >= 1e6 or (x != 0 and float(text) == 0):
        mantissa, _, exponent = f"{x:.{max(digits, 2)}e}".partition("e")
        text = f"{mantissa}e{int(exponent)}"
    elif x == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")


def short_number(x: float) -> str:
    """A number as short as it can be without loss for a reader: 2, 0.5, 1e−3, 0.1966.

    >>> short_number(2.0), short_number(-0.19661193324)
    ('2', '−0.1966')
    """
    x = float(x)
    if not math.isfinite(x):
        return format_number(x)
    mantissa, e, exponent = f"{x:.4g}".partition("e")
    return (mantissa + (f"e{int(exponent)}" if e else "")).replace("-", "−")


def read_number(shown: str) -> float:
    """What a number as shown says: rounded, if decimals were left out."""
    return float(shown.replace("−", "-"))


def is_number(shown: str) -> bool:
    """Whether a text is a number as shown.

    >>> is_number("−1.5"), is_number("1/x")
    (True, False)
    """
    try:
        read_number(shown)
    except ValueError:
        return False
    return True


def digits_for(values: Iterable[Value | None]) -> int:
    """0 decimals if every number is whole (inf and NaN aside), else the usual two.

    >>> digits_for([1.0, -4.0]), digits_for([0.73])
    (0, 2)
    """
    for value in values:
        if value is None or (value.__class__ is float and value.is_integer()):
            continue
        array = np.asarray(value)
        finite = array[np.isfinite(array)]
        if not np.array_equal(finite, np.round(finite)):
            return DIGITS
    return 0


def format_shape(shape: tuple[int, ...]) -> str:
    """A shape as drawn on a wire: 3×4, or [5] for a vector.

    >>> format_shape((3, 4)), format_shape((5,)), format_shape(())
    ('3×4', '[5]', 'scalar')
    """
    if not shape:
        return _("scalar")
    return f"[{shape[0]}]" if len(shape) == 1 else "×".join(map(str, shape))


#: Arrays of at most so many elements are written out in sentences.
WRITTEN_OUT = 6


def format_value(value: Value | None, digits: int = DIGITS) -> str:
    """A value in a sentence: the number, a small array written out, or its shape and norm.

    >>> format_value(np.array([1.0, -2.0]), 0), format_value(np.ones((3, 4)), 0)
    ('[1, −2]', '3×4, norm 3.46')
    """
    if value is None:
        return "?"
    array = np.asarray(value)
    if array.dtype.kind in "iub":
        digits = 0
    if array.ndim == 0:
        return format_number(float(array), digits)
    if array.size == 0:
        return _("{shape}, empty").format(shape=format_shape(array.shape))
    if array.size <= WRITTEN_OUT:
        return _written(array.tolist(), digits)
    return _measured(array, digits)


#: An array is written out in a table's cell if it takes no more characters than that.
CELL_WIDTH = 20


def format_cell(value: Value | None, digits: int = DIGITS) -> str:
    """A value in a table: as in a sentence, but never wide.

    >>> format_cell(np.array([1.0, -2.0])), format_cell(np.full(5, 0.25))
    ('[1.00, −2.00]', '[5], norm 0.56')
    """
    text = format_value(value, digits)
    if len(text) <= CELL_WIDTH or value is None or np.size(value) > WRITTEN_OUT:
        return text
    return _measured(value, digits)


def _measured(value: Value, digits: int) -> str:
    """Of an array that is not written out: its shape and its norm."""
    return f"{format_shape(np.shape(value))}, {norm_words(norm(value), digits)}"


def norm_words(length: float, digits: int) -> str:
    """The norm of an array, named: `norm 3.46`."""
    return _("norm {number}").format(number=format_number(length, max(digits, 2)))


def format_count(n: int) -> str:
    """A whole number, in groups of three digits from five digits on.

    >>> format_count(4096), format_count(16777216)
    ('4096', '16 777 216')
    """
    return f"{n:,}".replace(",", " ") if n >= 10_000 else str(n)


def _written(item: object, digits: int) -> str:
    if isinstance(item, list):
        return "[" + ", ".join(_written(i, digits) for i in item) + "]"
    assert isinstance(item, int | float)
    return format_number(item, digits)


def norm(value: Value) -> float:
    """The Euclidean length of all elements, without overflow on the way.

    >>> norm(np.array([3.0, 4.0])), norm(np.full(4, 1e200))
    (5.0, 2e+200)
    """
    array = np.abs(np.asarray(value, dtype=np.float64))
    largest = float(array.max(initial=0.0))
    if largest == 0 or not np.isfinite(largest):
        return largest
    return largest * float(np.sqrt(np.sum(np.square(array / largest))))
