"""Python's float functions, taught NumPy's manners: inf and NaN instead of exceptions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def careful(fast: Callable[..., float], numpy_twin: Callable[..., Any]) -> Callable[..., float]:
    """`fast` on ordinary floats; where Python would raise, what NumPy answers.

    >>> careful(lambda x: 1.0 / x, lambda x: np.divide(1.0, x))(0.0)
    inf
    """

    def scalar(*values: float) -> float:
        try:
            return fast(*values)
        except (ZeroDivisionError, OverflowError, ValueError):
            with np.errstate(all="ignore"):
                return float(numpy_twin(*values))

    return scalar
