"""Dice: choices that are the same for the same seed on every machine and in every Python.

Of Python's generator only `random()` is promised to stay as it is; all else is made from it here.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Choices of one exercise.

    >>> Dice("a").choice("xyz") == Dice("a").choice("xyz")
    True
    """

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed).random

    def below(self, n: int) -> int:
        """A whole number from 0 to n − 1."""
        return int(self._random() * n)

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + self.below(high - low + 1)

    def choice(self, items: Sequence[T]) -> T:
        """One of the items; one that is there twice is twice as likely."""
        return items[self.below(len(items))]

    def chance(self, probability: float) -> bool:
        """Whether something of this probability happens."""
        return self._random() < probability

    def take(self, items: list[T]) -> T:
        """One of the items, which is then no longer among them."""
        return items.pop(self.below(len(items)))
