"""A row of numbers as a line of small bars."""

from __future__ import annotations

from collections.abc import Sequence

from .streams import speaks_unicode

BARS = "▁▂▃▄▅▆▇█"
PLAIN = "_.-~=+*#"


def sparkline(values: Sequence[float], columns: int, bars: str = "") -> str:
    """The numbers as bars, from the least to the largest; of many, a mean for each column.

    Arguments:
        bars: the signs, from low to high; those that standard output can show, unless given.

    >>> sparkline([0, 1, 2, 3], 10, BARS)
    '▁▃▆█'
    """
    bars = bars or (BARS if speaks_unicode() else PLAIN)
    count = max(1, min(columns, len(values)))
    means = []
    for column in range(count):
        part = values[column * len(values) // count : (column + 1) * len(values) // count]
        means.append(sum(part) / len(part))
    low, high = min(values), max(values)
    if high == low:
        return bars[len(bars) // 2] * count
    top = len(bars) - 1
    # A mean may be above its largest part by a rounding error.
    return "".join(bars[min(top, max(0, round((m - low) / (high - low) * top)))] for m in means)
