"""Statistics of columns, and columns moved and scaled by them, in parts of a few rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

#: Rows that are worked on at once: statistics are in float64, and need no copy of all the data.
ROWS = 1024


def moments(x: Array) -> tuple[Array, Array]:
    """Mean and standard deviation of each column; of a constant one its value, and 1.

    >>> [column.tolist() for column in moments(np.array([[1.0, 0.1], [3.0, 0.1]]))]
    [[2.0, 0.1], [1.0, 1.0]]
    """
    mean = x.mean(axis=0, dtype=np.float64)
    squares = np.zeros(x.shape[1])
    for start in range(0, len(x), ROWS):
        squares += ((x[start : start + ROWS] - mean) ** 2).sum(axis=0)
    # By value: the deviation of 0.1, 0.1, 0.1 is 1e-17, which would be blown up to 1.
    constant = x.min(axis=0) == x.max(axis=0)
    return np.where(constant, x[0], mean), np.where(constant, 1.0, np.sqrt(squares / len(x)))


def extent(x: Array, limits: tuple[float, float] | None) -> tuple[Array, Array]:
    """The least value of each column, and how far the largest is from it; 1 where they are equal.

    >>> [column.tolist() for column in extent(np.array([[1.0, 5.0], [3.0, 5.0]]), None)]
    [[1.0, 5.0], [2.0, 1.0]]
    """
    if limits is not None:
        low, high = limits
        return np.full(x.shape[1], float(low)), np.full(x.shape[1], float(high - low))
    least = x.min(axis=0).astype(np.float64)
    width = x.max(axis=0) - least
    return least, np.where(width > 0, width, 1.0)


def apply(x: Array, middle: Array, spread: Array) -> Array:
    """(x − middle) / spread, calculated in float64, in the dtype of x."""
    moved = np.empty_like(x)
    for start in range(0, len(x), ROWS):
        moved[start : start + ROWS] = (x[start : start + ROWS] - middle) / spread
    return moved
