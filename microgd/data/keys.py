"""Random numbers that are functions of a key: the same key gives the same numbers, for ever.

The generator is Philox4x64-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
Its key is (seed, epoch), its counter begins at (0, 0, batch, purpose). So no two purposes, epochs
or batches share a number, and a run that was interrupted goes on with the same ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from microgd.errors import ArgumentError

#: What numbers are drawn for.
ORDER, SPLIT, FOLDS, POINTS, SHIFT, FLIP, NOISE, SEARCH = range(8)


def whole(value: Any, name: str, least: int = 0, most: int = 2**64 - 1) -> int:
    """The value as an int.

    Raises:
        ArgumentError: no whole number, or one out of range.
    """
    known = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not known or not least <= int(value) <= most:
        top = "2⁶⁴ − 1" if most == 2**64 - 1 else f"{most}"
        raise ArgumentError(f"{name} is a whole number from {least} to {top}, got {value!r:.60}")
    return int(value)


def philox(purpose: int, seed: Any, epoch: Any = 0, batch: Any = 0) -> np.random.Philox:
    """The bit generator of a key.

    >>> int(philox(ORDER, seed=0, epoch=1).random_raw()) == int(philox(ORDER, 0, 1).random_raw())
    True
    """
    key = np.array([whole(seed, "seed"), whole(epoch, "epoch")], dtype=np.uint64)
    counter = np.array([0, 0, whole(batch, "batch"), purpose], dtype=np.uint64)
    return np.random.Philox(counter=counter, key=key)


def generator(purpose: int, seed: Any, epoch: Any = 0, batch: Any = 0) -> np.random.Generator:
    """NumPy's generator over the bits of a key."""
    return np.random.Generator(philox(purpose, seed, epoch, batch))


def order(count: int, purpose: int, seed: Any, epoch: Any = 0) -> NDArray[np.int64]:
    """The numbers 0 … count − 1, shuffled.

    They are sorted by a random number of 64 bits each: NumPy may change how its `permutation`
    draws, and never the bits of Philox.
    """
    bits = philox(purpose, seed, epoch).random_raw(count)
    return np.argsort(bits, kind="stable").astype(np.int64)
