"""From columns to a data set: which column is learnt, and whether it is classes or numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from microgd.errors import ArgumentError

#: More different numbers than this are taken for targets to be predicted, not for classes.
MOST_CLASSES = 30

TARGETS = ("auto", "classes", "numbers")


def label_place(names: Sequence[str], label: str | None, path: object) -> int:
    """Which column is learnt: the one of this name, or the last.

    Raises:
        ArgumentError: there is no such column, or no other one.
    """
    if len(names) < 2:
        raise ArgumentError(
            f"{path} has one column, {names[0]!r}: a data set needs one for features, and the label"
        )
    if label is None:
        return len(names) - 1
    if label not in names:
        from microgd.gates.table import did_you_mean

        hint = did_you_mean(label, names)
        raise ArgumentError(f"{path} has no column {label!r}.{hint} It has: {', '.join(names)}")
    return list(names).index(label)


def number(cell: str) -> float | None:
    """The number that a cell has, or None.

    >>> number(" 1e-3 "), number("1_000"), number("red")
    (0.001, None, None)
    """
    if "_" in cell:  # 1_000 is a number in Python only
        return None
    try:
        return float(cell)
    except ValueError:
        return None


def targets_of(
    cells: Sequence[str], targets: str, wrong: Callable[[int, str], Exception]
) -> tuple[NDArray[np.int64] | NDArray[np.float64], tuple[str, ...]]:
    """Labels and their classes, or numbers and no class, from the cells of a column.

    Text is classes, in alphabetical order. So are whole numbers, in their order, if there are at
    most 30 different ones and one of them is there twice; all other numbers are targets.

    Arguments:
        targets: "classes" or "numbers" where that is not what is wanted.
        wrong: makes the error about row i.

    >>> targets_of(["b", "a", "b"], "auto", lambda i, text: ValueError(text))
    (array([1, 0, 1]), ('a', 'b'))
    """
    if targets not in TARGETS:
        raise ArgumentError(f"targets are {', '.join(TARGETS)}, got {targets!r}")
    words = [cell.strip() for cell in cells]
    if "" in words:
        raise wrong(words.index(""), "is empty, where a label is expected")
    values = [number(word) for word in words]
    missing = [i for i, value in enumerate(values) if value is None]
    if targets != "classes" and missing and (targets == "numbers" or len(missing) < len(words)):
        other = "" if targets == "numbers" else "; targets='classes' takes all of them for names"
        raise wrong(missing[0], f"is {words[missing[0]]!r}, where others are numbers{other}")
    numbers = [value for value in values if value is not None]
    for i, value in enumerate(numbers if not missing else []):
        if not math.isfinite(value):
            raise wrong(i, f"is {words[i]}: fill it in, or leave the example out")
    if targets == "numbers" or (targets == "auto" and not missing and not _classes(words)):
        return np.array(numbers, dtype=np.float64), ()
    if not missing and all(_is_whole(word) for word in words):
        names = [str(n) for n in sorted({int(word) for word in words})]
        words = [str(int(word)) for word in words]
    else:
        names = sorted(set(words))
    places = {name: place for place, name in enumerate(names)}
    return np.array([places[word] for word in words], dtype=np.int64), tuple(names)


def _classes(words: Sequence[str]) -> bool:
    if not all(map(_is_whole, set(words))):
        return False
    return len({int(word) for word in words}) <= min(MOST_CLASSES, len(words) - 1)


def _is_whole(word: str) -> bool:
    return word.lstrip("+-").isdecimal() and len(word) < 20
