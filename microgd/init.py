"""How weights begin: zeros, constants, and random numbers whose spread fits the layer.

Each rule is called with a shape (inputs first: fan-in × fan-out) and a key, and answers with an
array. The key is a whole number, or several; the same key draws the same numbers.

>>> he_normal = HeNormal()
>>> he_normal((784, 128), 0).shape, float(he_normal((784, 128), 0).std().round(2))
((784, 128), 0.05)
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.errors import ArgumentError, ShapeError
from microgd.graph.values import Array
from microgd.options import above_zero, finite, not_negative, one_of, read, written

Key = int | tuple[int, ...]


def generator(key: Key) -> np.random.Generator:
    """A generator of random numbers for a key: Philox, seeded by all of its numbers.

    >>> float(generator((0, 1)).random()) == float(generator((0, 1)).random())
    True
    """
    return np.random.Generator(np.random.Philox(seeds(key)))


def seeds(key: Key) -> np.random.SeedSequence:
    """The seeds for a key. No two keys share them: NumPy alone takes (0, 0) for 0.

    Raises:
        ArgumentError: the key is neither a whole number from 0 up to 2⁶⁴ − 1, nor several.
    """
    words: tuple[Any, ...] = key if isinstance(key, tuple) else (key,)
    for word in words:
        whole = isinstance(word, int | np.integer) and not isinstance(word, bool)
        if not whole or not 0 <= word < 2**64:
            raise ArgumentError(
                f"a key is a whole number from 0 to 2⁶⁴ − 1, or a tuple of such; got {key!r:.60}"
            )
    halves = [half for word in words for half in (int(word) & 0xFFFFFFFF, int(word) >> 32)]
    return np.random.SeedSequence([len(words), *halves])


class Initializer:
    """The ancestor of all rules."""

    def __call__(self, shape: tuple[int, ...], key: Key = 0) -> Array:
        """An array of float64 in this shape."""
        raise NotImplementedError

    @property
    def text(self) -> str:
        """The rule as text that `read_init` reads."""
        return written(self)


@dataclass(frozen=True)
class Zeros(Initializer):
    """Zeros. As weights they never become different from each other: symmetry is not broken."""

    def __call__(self, shape: tuple[int, ...], key: Key = 0) -> Array:
        return np.zeros(shape)


@dataclass(frozen=True)
class Constant(Initializer):
    """One number everywhere: 0.01 for biases, say, so that every ReLU is alive at first."""

    value: float = 0.01

    def __post_init__(self) -> None:
        finite(self, "value")

    def __call__(self, shape: tuple[int, ...], key: Key = 0) -> Array:
        return np.full(shape, float(self.value))


@dataclass(frozen=True)
class Normal(Initializer):
    """Normal numbers of standard deviation σ, whatever the layer: σ · randn (lecture 004)."""

    sigma: float = 0.01

    def __post_init__(self) -> None:
        not_negative(self, "sigma")

    def __call__(self, shape: tuple[int, ...], key: Key = 0) -> Array:
        return generator(key).standard_normal(shape) * self.sigma


@dataclass(frozen=True)
class Uniform(Initializer):
    """Uniform numbers from −limit to limit."""

    limit: float = 0.1

    def __post_init__(self) -> None:
        not_negative(self, "limit")

    def __call__(self, shape: tuple[int, ...], key: Key = 0) -> Array:
        return generator(key).uniform(-self.limit, self.limit, shape)


@dataclass(frozen=True)
class Scaled(Initializer):
    """Random numbers of variance gain² · scale / n, with n from the layer's size.

    Arguments:
        gain: what the standard deviation is multiplied by.
        fan: n: "in" (inputs), "out" (outputs), "average" (of the two).
        distribution: "normal", or "uniform" with the same variance: ±√(3 · variance).
    """

    gain: float = 1.0
    fan: str = "in"
    distribution: str = "normal"

    def __post_init__(self) -> None:
        above_zero(self, "gain")
        one_of(self, "fan", ("in", "out", "average"))
        one_of(self, "distribution", ("normal", "uniform"))

    @property
    def scale(self) -> float:
        """What the variance is multiplied by, besides gain²."""
        return 1.0

    def deviation(self, shape: tuple[int, ...]) -> float:
        """The standard deviation for an array of this shape."""
        inside, out = fans(shape)
        n = {"in": inside, "out": out, "average": (inside + out) / 2}[self.fan]
        return self.gain * math.sqrt(self.scale / n)

    def __call__(self, shape: tuple[int, ...], key: Key = 0) -> Array:
        sigma = self.deviation(shape)
        if self.distribution == "normal":
            return generator(key).standard_normal(shape) * sigma
        limit = math.sqrt(3.0) * sigma
        return generator(key).uniform(-limit, limit, shape)


@dataclass(frozen=True)
class XavierNormal(Scaled):
    """Glorot's: variance 2 / (fan-in + fan-out). With fan="in", lecture 004's randn / √fan-in.

    For tanh and sigmoid. Source: Glorot and Bengio, 2010.
    """

    fan: str = "average"


@dataclass(frozen=True)
class XavierUniform(XavierNormal):
    """Glorot's, uniform: ±√(6 / (fan-in + fan-out))."""

    distribution: str = "uniform"


@dataclass(frozen=True)
class HeNormal(Scaled):
    """He's: variance 2 / fan-in, randn / √(fan-in / 2): for ReLU, which lets half of it through.

    Source: He, Zhang, Ren and Sun, 2015; lecture 004.
    """

    @property
    def scale(self) -> float:
        return 2.0


@dataclass(frozen=True)
class HeUniform(HeNormal):
    """He's, uniform: ±√(6 / fan-in)."""

    distribution: str = "uniform"


@dataclass(frozen=True)
class LeCunNormal(Scaled):
    """LeCun's: variance 1 / fan-in: for SELU. Source: LeCun, Bottou, Orr and Müller, 1998."""


@dataclass(frozen=True)
class LeCunUniform(LeCunNormal):
    """LeCun's, uniform: ±√(3 / fan-in)."""

    distribution: str = "uniform"


#: Every rule by the name that commands know it by.
INITS: dict[str, type] = {
    one.__name__.lower(): one
    for one in (
        *(Zeros, Constant, Normal, Uniform),
        *(XavierNormal, XavierUniform, HeNormal, HeUniform, LeCunNormal, LeCunUniform),
    )
}


def read_init(text: str) -> Initializer:
    """The rule that a text names.

    >>> read_init("normal(sigma=1)").sigma, read_init("xavier_normal(fan=in)").text
    (1, "xaviernormal(fan='in')")

    Raises:
        ArgumentError: an unknown rule or option, a value out of range.
    """
    if isinstance(text, str):  # to Python, `in` is no word but a keyword
        text = re.sub(r"=\s*in\b", "='in'", text)
    found: Initializer = read(text, INITS, "initialisation")
    return found


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """How many inputs and outputs the weights of this shape have: the first axis, the last one."""
    if len(shape) < 2 or not all(shape):
        raise ShapeError(
            f"weights have inputs and outputs, two axes or more, none of them empty; got {shape}"
        )
    return shape[0], shape[-1]
