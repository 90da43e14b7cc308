"""A run that is taken step by step, at rates that are given, and whose every loss is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from microgd.data.batches import batches
from microgd.graph.values import Array
from microgd.training.programs import nothing
from microgd.training.trainer import Trainer


class Probe(Trainer):
    """A Trainer for finding out, which takes single steps. It writes no checkpoints.

    The arguments are those of Trainer. Epochs follow each other for as long as steps are asked
    for; what is left of an epoch after its last whole batch is passed over, so that every loss is
    a mean over as many examples.

    >>> from microgd.training.config import Config
    >>> probe = Probe(Config(data="xor", hidden=(4,), device="interpreter"))
    >>> len(list(probe.losses([0.001] * 10)))
    10
    """

    _given: float | None = None

    @property
    def rate(self) -> float:
        """The rate that was given for this step, or else the configuration's."""
        return super().rate if self._given is None else self._given

    def losses(self, rates: Iterable[float | None]) -> Iterator[float]:
        """Take a step at each of these rates (None: the configuration's own).

        Yields:
            The mean loss of each minibatch, before its step, as the net has it while it learns.
        """
        order: list[Array] = []
        for rate in rates:
            if self.batch == len(order):
                self.epoch += bool(order)
                self.batch = 0
                order = self._whole_batches()
            self._given = rate
            self._sums = self._there(nothing(self.config.dtype))
            rows = order[self.batch]
            self._one_step(rows, self.batch)
            yield float(self._sums["loss"]) / len(rows)

    def _whole_batches(self) -> list[Array]:
        count = len(self.parts.train)
        size = min(self.config.batch, count)
        return batches(count, size, seed=self.config.seed, epoch=self.epoch, last="drop")

    def weights(self) -> tuple[Any, Any]:
        """The parameters and the net's own state, as NumPy arrays."""
        return self.numbers(self.params), self.numbers(self.kept)


def smoothed(values: Iterable[float], keep: float) -> list[float]:
    """The running mean m ← keep·m + (1 − keep)·x, divided by 1 − keepᵗ: it begins at 0.

    >>> smoothed([4.0, 4.0, 1.0], 0.5)
    [4.0, 4.0, 2.2857142857142856]
    """
    found, mean = [], 0.0
    with np.errstate(all="ignore"):
        for t, value in enumerate(values, start=1):
            mean = keep * mean + (1.0 - keep) * value
            found.append(mean / (1.0 - keep**t))
    return found
