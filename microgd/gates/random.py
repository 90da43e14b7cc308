"""Randomness as a gate: the same key always draws the same numbers, on every device.

The generator is Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011):
it turns a counter (the element's position) and a key into random bits, and has no state.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from microgd.errors import ArgumentError, ShapeError
from microgd.gates.activation import prelu
from microgd.gates.selection import greater, where
from microgd.graph.gate import Gate
from microgd.graph.shapes import Shape, element_count
from microgd.graph.values import FLOAT32, dtype_of

_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL = 0x9E3779B9, 0xBB67AE85


def philox(counters: NDArray[np.uint64], key: tuple[int, int]) -> NDArray[np.uint64]:
    """Ten rounds of Philox4x32: counters of shape (4, n), 32 bits in each, to as many random bits.

    >>> philox(np.zeros((4, 1), np.uint64), (0, 0))[:, 0].tolist() == [
    ...     0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    True
    """
    c0, c1, c2, c3 = counters
    k0, k1 = key
    for _ in range(10):
        product0 = _MULTIPLIERS[0] * c0
        product1 = _MULTIPLIERS[1] * c2
        c0, c1, c2, c3 = (
            (product1 >> _SHIFT) ^ c1 ^ np.uint64(k0),
            product1 & _LOW,
            (product0 >> _SHIFT) ^ c3 ^ np.uint64(k1),
            product0 & _LOW,
        )
        k0 = (k0 + _WEYL[0]) & 0xFFFFFFFF
        k1 = (k1 + _WEYL[1]) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3])


def uniform(
    shape: Shape, key: int, seed: int, low: float, high: float, dtype: Any = np.float64
) -> Any:
    """Numbers from low to high with 24 random bits each, which float32 holds exactly.

    They are scaled in the precision asked for, so that every device gets the same bits. Element i
    uses the counter (i, 0, 0, 0) and the two words of (key, seed).
    """
    counters = np.zeros((4, element_count(shape)), np.uint64)
    counters[0] = np.arange(counters.shape[1], dtype=np.uint64)
    bits = philox(counters, (int(key) & 0xFFFFFFFF, int(seed) & 0xFFFFFFFF))[0]
    unit = (bits >> np.uint64(8)).astype(dtype) * dtype(2.0**-24)
    return (dtype(low) + dtype(high - low) * unit).reshape(shape)


def _word(number: Any, name: str) -> int:
    """A key or a seed: one of the generator's words of 32 bits."""
    if not (0 <= number < 2**32 and number == int(number)):
        raise ArgumentError(f"{name} is a whole number from 0 up to 2³² − 1, got {number}")
    return int(number)


def _random_uniform(x: Any, key: Any, low: float, high: float, seed: int) -> Any:
    dtype = np.float32 if dtype_of(x) == FLOAT32 else np.float64
    return uniform(np.shape(x), _word(key, "key"), _word(seed, "seed"), low, high, dtype)


def _drawn_shape(x: Shape, key: Shape, low: float, high: float, seed: Any) -> Shape:
    if key != ():
        raise ShapeError(f"the key is one whole number, not an array of shape {key}")
    if not isinstance(seed, int | float):
        raise ShapeError(f"the seed is a whole number, got {seed!r:.60}")
    return x


random_uniform: Gate = Gate(
    "random_uniform",
    ("x", "key"),
    _random_uniform,
    (None, None),
    formula="uniform in [low, high)",
    local=("0", "0"),
    sign="rand",
    pattern="blocks",
    params={"low": 0.0, "high": 1.0, "seed": 0},
    shape=_drawn_shape,
    doc="Random numbers in the shape of x. The same key and seed, whole numbers below 2³², draw "
    "the same numbers; give each training step a key of its own.",
    example=">>> mg.random_uniform(0.0, 1) == mg.random_uniform(0.0, 1)\nTrue",
)


def _rrelu(x: Any, key: Any, low: float, high: float, seed: int) -> Any:
    return prelu(x, random_uniform(x, key, low, high, seed))


def _rrelu_rule(g: Any, out: Any, x: Any, key: Any, low: float, high: float, seed: int) -> Any:
    return where(greater(x, 0.0), g, g * random_uniform(x, key, low, high, seed))


rrelu: Gate = Gate(
    "rrelu",
    ("x", "key"),
    _rrelu,
    (_rrelu_rule, None),
    formula="x if x > 0 else α · x, α random in [low, high)",
    local=("1 or α", "0"),
    sign="rrelu",
    pattern="masks",
    badge="× 1 or α",
    params={"low": 0.1, "high": 0.5, "seed": 0},
    shape=_drawn_shape,
    branch=lambda x, key, low, high, seed: np.greater(x, 0),
    tie=lambda x, key, low, high, seed: np.equal(x, 0),
    expansion=_rrelu,
    doc="A leaky relu whose slope α is drawn anew, for each element, from the key.",
    example=">>> mg.rrelu(2.0, 1)\n2.0",
)
