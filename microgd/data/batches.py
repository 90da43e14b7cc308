"""Minibatches: which examples a step sees, as a pure function of (seed, epoch)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from microgd.data import keys
from microgd.errors import ArgumentError


def batches(
    count: int,
    size: int,
    seed: int = 0,
    epoch: int = 0,
    last: str = "keep",
    *,
    shuffle: bool = True,
) -> list[NDArray[np.int64]]:
    """The minibatches of an epoch: lists of indices, which together are 0 … count − 1.

    It remembers nothing: a run that is resumed at an epoch sees the batches it would have seen.
    Batch k of an epoch is `batches(…)[k]`.

    Arguments:
        count: N, how many examples there are. size: B; 1 is online learning, N gradient descent.
        seed, epoch: the key of the order; another epoch, another order.
        last: what to do with fewer than B examples at the end: "keep" or "drop" them.
        shuffle: False keeps the examples in their order, as an evaluation may.

    Raises:
        ArgumentError: an argument out of range; "drop" where there is no whole batch.

    >>> [len(batch) for batch in batches(10, 4)], len(batches(10, 4, last="drop"))
    ([4, 4, 2], 2)
    >>> (batches(10, 4, seed=1, epoch=7)[2] == batches(10, 4, seed=1, epoch=7)[2]).all()
    np.True_
    """
    examples, many = keys.whole(count, "count", 1), keys.whole(size, "size", 1)
    if last not in ("keep", "drop"):
        raise ArgumentError(f"last is 'keep' or 'drop', got {last!r}")
    if last == "drop" and many > examples:
        raise ArgumentError(
            f"no whole batch of {many} can be made of {examples} examples: use last='keep'"
        )
    found = shuffled(examples, seed, epoch) if shuffle else np.arange(examples, dtype=np.int64)
    end = examples - examples % many if last == "drop" else examples
    return [found[start : start + many] for start in range(0, end, many)]


def shuffled(count: int, seed: Any = 0, epoch: Any = 0) -> NDArray[np.int64]:
    """The order in which an epoch visits the examples 0 … count − 1.

    >>> shuffled(6, seed=0, epoch=0).tolist() == shuffled(6, seed=0, epoch=1).tolist()
    False
    """
    return keys.order(keys.whole(count, "count", 1), keys.ORDER, seed, epoch)
