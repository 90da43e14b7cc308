"""Dataset: examples, what is to be learnt of them, and where they come from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from microgd.data import keys, scaling, splits
from microgd.errors import ArgumentError, DataError, ShapeError

if TYPE_CHECKING:
    from microgd.trace.table import Table

Array = NDArray[Any]


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Examples and their labels or targets. The arrays are read-only: copy what you change.

    Attributes:
        name: what to call it.
        x: N × features, float32 or float64; images are rows of numbers, of which `shape` tells how
            they lie.
        y: N labels 0 … C − 1 as int64 if there are `classes`; else targets as float64, N or N × M.
        classes: the classes' names; empty for regression.
        features: the columns' names; by default x1, x2, …, and none for images.
        shape: of one example: (8, 8), or (3, 32, 32) colours first; by default (features,).
        limits: the least and the largest value that x can have, where that is known: (0, 255).
        source, licence, note: where it is from, who may use it, and what else to know.

    Raises:
        DataError: no numbers. ShapeError: shapes that do not fit. ArgumentError: a label out of
            range, inf or NaN.

    >>> data = Dataset("xor", [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], ("even", "odd"))
    >>> data, len(data), data.counts.tolist()
    (<xor: 4 examples, 2 features, 2 classes>, 4, [2, 2])
    """

    name: str
    x: Array
    y: Array
    classes: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()
    limits: tuple[float, float] | None = None
    source: str = ""
    licence: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        x = _numbers(self.x, "x")
        if x.ndim != 2 or not x.size:
            raise ShapeError(f"x is an array of N × features, N ≥ 1, got shape {x.shape}")
        classes = tuple(str(name) for name in self.classes)
        if len(set(classes)) < len(classes):
            raise ArgumentError(f"two classes have the same name: {', '.join(classes)}")
        y = _labels(self.y, classes) if classes else _numbers(self.y, "y").astype(np.float64)
        if y.ndim not in (1, 2) or len(y) != len(x):
            raise ShapeError(f"x has {len(x)} rows, and y has shape {y.shape}: one for each row")
        shape = tuple(int(n) for n in self.shape) or (x.shape[1],)
        if prod(shape) != x.shape[1]:
            raise ShapeError(f"x has {x.shape[1]} columns: no examples of shape {shape}")
        names = tuple(str(name) for name in self.features)
        if not names and len(shape) == 1:
            names = tuple(f"x{i}" for i in range(1, x.shape[1] + 1))
        if names and len(names) != x.shape[1]:
            raise ShapeError(f"{len(names)} names of features for {x.shape[1]} columns")
        for field, value in (("x", _frozen(x)), ("y", _frozen(y)), ("classes", classes),
                             ("shape", shape), ("features", names)):  # fmt: skip
            object.__setattr__(self, field, value)

    def __len__(self) -> int:
        return len(self.x)

    def __repr__(self) -> str:
        target = f"{len(self.classes)} classes" if self.classes else "numbers as targets"
        what = (
            " × ".join(map(str, self.shape)) + " images"
            if len(self.shape) > 1
            else f"{self.x.shape[1]} feature{'s' * (self.x.shape[1] != 1)}"
        )
        return f"<{self.name}: {len(self)} examples, {what}, {target}>"

    @property
    def images(self) -> Array:
        """x with each example in its own shape: N × 8 × 8, or N × 3 × 32 × 32."""
        return self.x.reshape(len(self), *self.shape)

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many examples each class has; empty for regression."""
        if not self.classes:
            return np.zeros(0, dtype=np.int64)
        return np.bincount(self.y, minlength=len(self.classes)).astype(np.int64)

    def describe(self) -> Table:
        """Examples, features, ranges, classes, source and licence, as a table."""
        from microgd.data.describe import description

        return description(self)

    def one_hot(self) -> Array:
        """The labels as rows of zeros with a single 1: N × C, of the dtype of x."""
        if not self.classes:
            raise ArgumentError(f"{self.name} has no classes: its targets are numbers")
        return one_hot(self.y, len(self.classes)).astype(self.x.dtype)

    def with_classes(self, classes: Sequence[str]) -> Dataset:
        """The same examples, with the labels that these classes give them by name.

        Classes are numbered by what is in a file. So a test file that lacks a class numbers the
        others differently: give it the classes of the training data.

        Raises:
            ArgumentError: an example is of a class that is not among these.

        >>> test = Dataset("test", [[1.0], [2.0]], [0, 1], ("b", "c"))
        >>> test.with_classes(("a", "b", "c")).y.tolist()
        [1, 2]
        """
        names = tuple(str(name) for name in classes)
        unknown = [
            c for c, n in zip(self.classes, self.counts, strict=True) if n and c not in names
        ]
        if unknown or not self.classes:
            told = f"class {unknown[0]!r}" if unknown else "no classes"
            raise ArgumentError(f"{self.name} has {told}, and expected are: {', '.join(names)}")
        places = np.array([names.index(c) if c in names else 0 for c in self.classes])
        return replace(self, y=places[self.y], classes=names)

    def take(self, indices: Any) -> Dataset:
        """The examples at these indices, in this order, or where a mask is True.

        Raises:
            ShapeError: an index out of range, a mask of another length, or nothing chosen.

        >>> from microgd.data import read_dataset
        >>> read_dataset("lecture-net").take([3, 0]).x.tolist()
        [[1.0, 1.0, 1.0], [0.0, 0.0, 1.0]]
        """
        chosen = _indices(indices, len(self))
        return replace(self, x=self.x[chosen], y=self.y[chosen])

    def split(
        self, held_out: float = 0.2, seed: int = 0, stratified: bool = True
    ) -> tuple[Dataset, Dataset]:
        """(train, test): what to learn from, and what is held out to test with.

        Arguments:
            held_out: a share of the examples (0.2), or how many (1000).
            seed: the same seed, the same split. Examples stay in their order.
            stratified: whether each class has the same share in both, to the nearest example;
                targets that are numbers are just shuffled.

        Raises:
            ArgumentError: nothing would be left, or a class would be missing in training.

        >>> from microgd.data import read_dataset
        >>> train, test = read_dataset("moons(count=100)").split(0.3, seed=1)
        >>> len(train), len(test), test.counts.tolist()
        (70, 30, [15, 15])
        """
        labels = self.y if stratified and self.classes else None
        train, test = splits.split_indices(len(self), held_out, seed, labels, self.classes)
        return self.take(train), self.take(test)

    def folds(
        self, k: int = 5, seed: int = 0, stratified: bool = True
    ) -> Iterator[tuple[Dataset, Dataset]]:
        """(train, test) k times over, for cross validation: each example is tested with once.

        >>> from microgd.data import read_dataset
        >>> [len(test) for train, test in read_dataset("line(count=10)").folds(3)]
        [4, 3, 3]
        """
        labels = self.y if stratified and self.classes else None
        parts = splits.fold_indices(len(self), k, seed, labels)

        def pairs() -> Iterator[tuple[Dataset, Dataset]]:
            for part in parts:
                kept = np.ones(len(self), dtype=bool)
                kept[part] = False
                yield self.take(kept), self.take(part)

        return pairs()

    def standardised(self, like: Dataset | None = None) -> Dataset:
        """Each column less its mean, divided by its standard deviation.

        Arguments:
            like: the data whose means and deviations are used. Give the training set, for all
                data: of the test set nothing may be learnt, its mean included. By default itself.

        A column that is constant there becomes 0 where it has that value.

        >>> from microgd.data import read_dataset
        >>> train, test = read_dataset("blobs").split()
        >>> abs(train.standardised(like=train).x.mean()) < 1e-12
        np.True_
        """
        middle, spread = scaling.moments(self._as(like).x)
        return replace(self, x=scaling.apply(self.x, middle, spread), limits=None)

    def scaled(self, low: float = 0.0, high: float = 1.0, like: Dataset | None = None) -> Dataset:
        """Values moved to low … high: pixels of 0 … 255 to 0 … 1.

        Where the `limits` of the values are known, all columns are scaled by these. Elsewhere each
        column is scaled by the least and the largest value that `like` (by default itself) has in
        it: values of other data may lie outside, and a constant column becomes `low`.

        >>> from microgd.data import read_dataset
        >>> read_dataset("lecture-net").scaled(-1, 1).x[1].tolist()
        [-1.0, 1.0, -1.0]
        """
        if not (np.isfinite(low) and np.isfinite(high) and low < high):
            raise ArgumentError(f"scale to numbers low < high, got {low!r} and {high!r}")
        least, extent = scaling.extent(self._as(like).x, self.limits)
        x = scaling.apply(self.x, least, extent / (high - low)) + self.x.dtype.type(low)
        return replace(self, x=x, limits=(low, high) if self.limits else None)

    def _as(self, like: Dataset | None) -> Dataset:
        if like is None:
            return self
        if like.x.shape[1] != self.x.shape[1]:
            raise ShapeError(
                f"{like.name} has {like.x.shape[1]} columns, and {self.name} {self.x.shape[1]}: "
                "its statistics do not fit"
            )
        return like


def one_hot(labels: Any, classes: int | Sequence[str]) -> NDArray[np.float64]:
    """N labels as N rows of zeros with a single 1.

    Arguments:
        classes: how many there are, or their names.

    Raises:
        ArgumentError: a label out of range, with its place.

    >>> one_hot([2, 0], 3).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    count = len(classes) if isinstance(classes, Sequence) else keys.whole(classes, "classes", 1)
    checked = _labels(labels, tuple(map(str, range(count))))
    hot = np.zeros((len(checked), count))
    hot[np.arange(len(checked)), checked] = 1.0
    return hot


def _numbers(values: Any, name: str) -> Array:
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise DataError(f"{name} is no array of numbers: {error}") from None
    if array.dtype.kind not in "biuf":
        raise DataError(f"{name} is an array of numbers, not of {array.dtype}")
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64)
    # In parts: a mask of CIFAR-10 would take as much memory as its files.
    for start in range(0, len(array) if array.ndim else 0, scaling.ROWS):
        good = np.isfinite(array[start : start + scaling.ROWS])
        if not good.all():
            place = np.argwhere(~good)[0]
            place[0] += start
            shown = ", ".join(str(i) for i in place)
            raise ArgumentError(
                f"{name}[{shown}] is {array[tuple(place)]}: fill it in, or leave the example out"
            )
    return array


def _labels(values: Any, classes: tuple[str, ...]) -> Array:
    labels = np.asarray(values)
    if labels.ndim != 1:
        raise ShapeError(f"labels are N whole numbers, got an array of shape {labels.shape}")
    if labels.dtype.kind not in "biu":
        raise DataError(f"labels are whole numbers from 0, not of {labels.dtype}")
    wrong = np.flatnonzero((labels < 0) | (labels >= len(classes)))
    if wrong.size:
        raise ArgumentError(
            f"label {labels[wrong[0]]} at place {wrong[0]} is out of range: there are "
            f"{len(classes)} classes, counted from 0"
        )
    return labels.astype(np.int64)


def _indices(indices: Any, count: int) -> Array:
    chosen = np.asarray(indices)
    if chosen.dtype == bool:
        if chosen.shape != (count,):
            raise ShapeError(f"a mask has one truth for each of {count}, got {chosen.shape}")
        chosen = np.flatnonzero(chosen)
    if chosen.ndim != 1 or not chosen.size:
        raise ShapeError(f"take a list of at least one index, got shape {chosen.shape}")
    if chosen.dtype.kind not in "iu" or chosen.min() < 0 or chosen.max() >= count:
        raise ShapeError(f"indices are whole numbers from 0 to {count - 1}: {chosen!r:.200}")
    return chosen


def _frozen(array: Array) -> Array:
    view = array.view()
    view.flags.writeable = False
    return view
