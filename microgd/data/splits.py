"""Which examples are for training and which are held out: pure functions of a seed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from microgd.data import keys
from microgd.errors import ArgumentError

Indices = NDArray[np.int64]


def held_out_count(count: int, held_out: Any) -> int:
    """How many of `count` examples a share (0.2) or a number (1000) of them is."""
    if isinstance(held_out, int | np.integer) and not isinstance(held_out, bool):
        number = int(held_out)
    elif isinstance(held_out, float | np.floating) and 0 < held_out < 1:
        number = round(count * float(held_out))
    else:
        raise ArgumentError(
            "held_out is a share between 0 and 1, such as 0.2, or a number of examples, "
            f"got {held_out!r:.60}"
        )
    if not 0 < number < count:
        raise ArgumentError(
            f"held_out={held_out} of {count} examples is {number}, and would leave "
            f"{'nothing to train on' if number >= count else 'nothing to test with'}"
        )
    return number


def split_indices(
    count: int, held_out: Any, seed: int, labels: NDArray[Any] | None, classes: tuple[str, ...] = ()
) -> tuple[Indices, Indices]:
    """Indices to train on and to hold out, each in increasing order.

    With labels each class has its share in both, to the nearest example, and none is missing
    in training.

    Raises:
        ArgumentError: nothing would be left, or a class has too few examples.
    """
    number = held_out_count(count, held_out)
    mixed = keys.order(count, keys.SPLIT, seed)
    if labels is None:
        out = mixed[:number]
    else:
        taken = _shares(np.bincount(labels, minlength=len(classes)), number, classes)
        out = np.concatenate([mixed[labels[mixed] == c][:many] for c, many in enumerate(taken)])
    kept = np.ones(count, dtype=bool)
    kept[out] = False
    return np.flatnonzero(kept), np.flatnonzero(~kept)


def _shares(counts: NDArray[Any], number: int, classes: tuple[str, ...]) -> list[int]:
    """How many of each class: the parts round down, and the largest rests get one more."""
    exact = counts * number / counts.sum()
    taken = np.floor(exact).astype(int)
    for c in np.argsort(taken - exact, kind="stable"):  # the largest rest first
        if taken.sum() == number:
            break
        taken[c] += taken[c] + 1 < counts[c]
    if taken.sum() != number or ((taken == counts) & (counts > 0)).any():
        rare = int(np.argmin(np.where(counts > 0, counts, counts.max() + 1)))
        name = classes[rare] if classes else str(rare)
        raise ArgumentError(
            f"{number} examples cannot be held out so that every class stays in training: class "
            f"{name!r} has only {counts[rare]}; use stratified=False, or hold out fewer"
        )
    return [int(many) for many in taken]


def fold_indices(count: int, k: Any, seed: int, labels: NDArray[Any] | None) -> list[Indices]:
    """The k parts of 0 … count − 1 for cross validation, each in increasing order.

    Their sizes differ by at most 1; with labels, so does each class's number in them.

    Raises:
        ArgumentError: k below 2, or above the number of examples.
    """
    parts = keys.whole(k, "k", 2)
    if parts > count:
        raise ArgumentError(f"{count} examples cannot be cut into {parts} folds: k is at most that")
    mixed = keys.order(count, keys.FOLDS, seed)
    if labels is not None:  # class after class, dealt out like cards
        mixed = mixed[np.argsort(labels[mixed], kind="stable")]
    return [np.sort(mixed[start::parts]) for start in range(parts)]
