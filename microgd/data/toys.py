"""Data sets that are computed: points of two classes or more, and a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from microgd import options
from microgd.data import keys
from microgd.data.dataset import Dataset

Array = NDArray[Any]


class BuiltIn:
    """A data set by name and options; `make()` makes it. Made twice, it is the same.

    Attributes:
        name: how it is written in text. about: one sentence.
    """

    name: ClassVar[str]
    about: ClassVar[str]

    def make(self) -> Dataset:
        """The data."""
        raise NotImplementedError


@dataclass(frozen=True)
class Toy(BuiltIn):
    """Points with noise.

    Attributes:
        count: N, of all classes together. noise: σ of the normal noise on each coordinate.
        seed: of the noise and of the order.
    """

    count: int = 200
    noise: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        options.whole(self, "count", least=2)
        options.not_negative(self, "noise")
        options.whole(self, "seed", least=0)

    def _made(self, parts: list[Array], source: str, classes: tuple[str, ...] = ()) -> Dataset:
        """The points of class 0, of class 1, …: noise on them, and shuffled."""
        exact = np.concatenate(parts)
        labels = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        x = exact + self.noise * keys.generator(keys.POINTS, self.seed).normal(size=exact.shape)
        mixed = keys.order(len(x), keys.POINTS, self.seed, epoch=1)
        names = classes or tuple(str(c) for c in range(len(parts)))
        return Dataset(self.name, x[mixed], labels[mixed], names, source=source, note=self.about)


def _shares(count: int, parts: int) -> list[int]:
    """`count` in parts that differ by at most 1, the larger ones last: 5 → 2, 3."""
    return [(count + part) // parts for part in range(parts)]


@dataclass(frozen=True)
class Xor(Toy):
    """The corners of a square, in two classes that no line parts.

    >>> data = Xor().make()
    >>> sorted(zip(data.x.tolist(), data.y.tolist()))
    [([0.0, 0.0], 0), ([0.0, 1.0], 1), ([1.0, 0.0], 1), ([1.0, 1.0], 0)]
    """

    name: ClassVar[str] = "xor"
    about: ClassVar[str] = "The corners of a square: class 1 where one coordinate is 1, not both."

    count: int = 4
    noise: float = 0.0

    def make(self) -> Dataset:
        """N points at the corners (0, 0), (1, 1), (0, 1), (1, 0)."""
        corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]])
        x = corners[np.arange(self.count) % 4]
        label = x[:, 0] != x[:, 1]
        source = "M. Minsky, S. Papert: Perceptrons, 1969"
        return self._made([x[~label], x[label]], source)


@dataclass(frozen=True)
class LectureNet(BuiltIn):
    """The four examples of the net in 11 lines: XOR of the first two columns; the third is 1.

    >>> data = LectureNet().make()
    >>> data.x.tolist(), data.y.tolist()
    ([[0.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 1.0]], [0, 1, 1, 0])
    """

    name: ClassVar[str] = "lecture-net"
    about: ClassVar[str] = "The lecture's four examples of a net in 11 lines; the third input is 1."

    def make(self) -> Dataset:
        """X and y as the lecture has them."""
        x = [[0.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 1.0]]
        source = "the lecture's two-layer net in 11 lines, after A. Trask, 2015"
        return Dataset(self.name, np.array(x), np.array([0, 1, 1, 0]), ("0", "1"),
                       source=source, note=self.about)  # fmt: skip


@dataclass(frozen=True)
class Moons(Toy):
    """Two half circles of radius 1: an upper one at (0, 0), a lower one at (1, ½).

    >>> Moons(count=400, noise=0.2).make()
    <moons: 400 examples, 2 features, 2 classes>
    """

    name: ClassVar[str] = "moons"
    about: ClassVar[str] = "Two half circles that reach into each other."

    def make(self) -> Dataset:
        """(cos t, sin t) and (1 − cos t, ½ − sin t), t from 0 to π."""
        upper, lower = (np.linspace(0, np.pi, n) for n in _shares(self.count, 2))
        parts = [
            np.stack([np.cos(upper), np.sin(upper)], axis=1),
            np.stack([1 - np.cos(lower), 0.5 - np.sin(lower)], axis=1),
        ]
        return self._made(parts, "as make_moons of scikit-learn")


@dataclass(frozen=True)
class Circles(Toy):
    """Two circles at (0, 0): class 0 of radius 1, class 1 of radius `factor`."""

    name: ClassVar[str] = "circles"
    about: ClassVar[str] = "A circle in a circle."

    factor: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        options.above_zero(self, "factor")
        options.fraction(self, "factor")

    def make(self) -> Dataset:
        """(r cos t, r sin t), t evenly from 0 up to 2π."""
        parts = []
        for radius, n in zip((1.0, self.factor), _shares(self.count, 2), strict=True):
            t = np.linspace(0, 2 * np.pi, n, endpoint=False)
            parts.append(radius * np.stack([np.cos(t), np.sin(t)], axis=1))
        return self._made(parts, "as make_circles of scikit-learn")


@dataclass(frozen=True)
class Spirals(Toy):
    """Arms that wind around (0, 0), a class each: the radius grows with the angle, up to 1."""

    name: ClassVar[str] = "spirals"
    about: ClassVar[str] = "Arms that wind around each other: no straight line parts them."

    count: int = 300
    noise: float = 0.02
    classes: int = 3
    turns: float = 0.75

    def __post_init__(self) -> None:
        super().__post_init__()
        options.whole(self, "classes", least=2)
        options.whole(self, "count", least=self.classes)
        options.above_zero(self, "turns")

    def make(self) -> Dataset:
        """(r cos a, r sin a), a = 2π·(turns·r + arm/classes), r from 1/n to 1."""
        parts = []
        for arm, n in enumerate(_shares(self.count, self.classes)):
            radius = np.arange(1, n + 1) / n  # not from 0, where all arms meet
            angle = 2 * np.pi * (self.turns * radius + arm / self.classes)
            parts.append(radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1))
        return self._made(parts, "after A. Karpathy, notes of CS231n, Stanford")


@dataclass(frozen=True)
class Blobs(Toy):
    """Clouds around points spread evenly on the circle of radius 1, a class each."""

    name: ClassVar[str] = "blobs"
    about: ClassVar[str] = "Round clouds: with little noise a linear classifier is enough."

    count: int = 300
    noise: float = 0.25
    classes: int = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        options.whole(self, "classes", least=2)
        options.whole(self, "count", least=self.classes)

    def make(self) -> Dataset:
        """Class c around (cos a, sin a), a = 2π·c/classes."""
        angles = 2 * np.pi * np.arange(self.classes) / self.classes
        centres = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        sizes = _shares(self.count, self.classes)
        parts = [np.repeat(centres[c : c + 1], n, axis=0) for c, n in enumerate(sizes)]
        return self._made(parts, "normal distributions")


@dataclass(frozen=True)
class Line(Toy):
    """Linear regression: y = slope·x + intercept, with noise on y; x is uniform in −2 … 2.

    >>> Line(count=50).make()
    <line: 50 examples, 1 feature, numbers as targets>
    """

    name: ClassVar[str] = "line"
    about: ClassVar[str] = "Points around a line, whose slope and intercept are to be found."

    count: int = 100
    noise: float = 0.5
    slope: float = 2.0
    intercept: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        options.finite(self, "slope", "intercept")

    def make(self) -> Dataset:
        """N points."""
        random = keys.generator(keys.POINTS, self.seed)
        x = random.uniform(-2.0, 2.0, self.count)
        y = self.slope * x + self.intercept + random.normal(0.0, 1.0, self.count) * self.noise
        return Dataset(self.name, x[:, None], y, features=("x",), note=self.about,
                       source="a line and normal noise")  # fmt: skip
