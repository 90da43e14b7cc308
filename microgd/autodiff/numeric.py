"""Numeric gradients: nudge each input, look at the output. Approximate and slow, but sure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from microgd.errors import ArgumentError, ShapeError
from microgd.graph.values import FLOAT64, as_value, value_from
from microgd.tensor import Tensor


def numeric_gradient(
    fn: Callable[..., Any], *inputs: Any, h: float = 1e-3, central: bool = False
) -> tuple[Any, ...]:
    """The gradient of a scalar function by differences, for each of its inputs.

    Arguments:
        h: the step.
        central: (f(x+h) − f(x−h)) / 2h, whose error falls with h², instead of the lectures'
            (f(x+h) − f(x)) / h, whose error falls with h.

    It calls `fn` once for each input element and once more (twice for each, if central), which is
    why nobody trains nets with it.

    Raises:
        ShapeError: `fn` does not return a scalar. ArgumentError: h is not above 0.

    >>> round(numeric_gradient(lambda x: x ** 2, 3.0)[0], 3)
    6.001
    """
    if not h > 0:
        raise ArgumentError(f"the step h must be above 0, got {h!r}")
    points = [np.array(value_from(x), dtype=FLOAT64) for x in inputs]

    def value() -> float:
        output = fn(*(as_value(p.copy()) for p in points))
        if np.shape(output) != ():
            raise ShapeError(f"a gradient is of one number, the function gave {np.shape(output)}")
        return float(output.item() if isinstance(output, Tensor) else output)

    here = 0.0 if central else value()
    gradients = []
    for point in points:
        gradient = np.zeros(point.shape)
        for place in np.ndindex(point.shape):
            kept = point[place]
            point[place] = kept + h
            ahead = value()
            point[place] = kept - h
            gradient[place] = (ahead - value()) / (2 * h) if central else (ahead - here) / h
            point[place] = kept
        gradients.append(as_value(gradient))
    return tuple(gradients)
