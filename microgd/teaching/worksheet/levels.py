"""Levels: what the circuits of each level are made of, from two gates to small matrices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from microgd.errors import ArgumentError
from microgd.translation import N_, translated


@dataclass(frozen=True, slots=True)
class Level:
    """What a random circuit of this level has.

    Attributes:
        number: from 1.
        heading: what it is about, a message; `title` is the same in the language that is spoken.
        gates: how many, at least and at most.
        leaves: how many inputs, at least and at most, where each use of one counts.
        binary, unary: the gates of two inputs and of one; one that is there twice is twice as
            likely.
        unaries: how many of one input, at least and at most.
        needed: gates of which at least one is there; none are needed if it is empty.
        branches: whether something is used twice: "never", "maybe" or "always".
        constant: how likely an input is a small number in the circuit instead.
        numbers: the values that inputs have.
        finest: every value and gradient is a whole multiple of it.
        templates: programs to choose from, for what does not grow.
    """

    number: int
    heading: str
    gates: tuple[int, int] = (2, 2)
    leaves: tuple[int, int] = (3, 3)
    binary: tuple[str, ...] = ("+", "*")
    unary: tuple[str, ...] = ()
    unaries: tuple[int, int] = (0, 0)
    needed: frozenset[str] = frozenset()
    branches: str = "never"
    constant: float = 0.0
    numbers: tuple[int, ...] = (-5, -4, -3, -2, -1, 1, 2, 3, 4, 5)
    finest: float = 1.0
    templates: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What it is about, in the language that is spoken."""
        return translated(self.heading)


_SMALL = (-4, -3, -2, -1, 1, 2, 3, 4)
_SMALLEST = (-3, -2, -1, 1, 2, 3)

LEVELS = (
    Level(1, N_("Two gates: + and ×"), constant=0.2),
    Level(
        2,
        N_("Three or four gates: +, −, × and a change of sign"),
        gates=(3, 4),
        leaves=(3, 5),
        binary=("+", "*", "*", "-"),
        unary=("neg",),
        unaries=(0, 1),
        needed=frozenset({"-", "neg"}),
    ),
    Level(
        3,
        N_("Branches: a value that is used twice"),
        gates=(3, 4),
        leaves=(4, 5),
        binary=("+", "*", "*", "-"),
        branches="always",
        numbers=_SMALL,
    ),
    Level(
        4,
        N_("Gates that choose: max, min and ReLU"),
        gates=(3, 4),
        leaves=(3, 5),
        binary=("+", "*", "-", "max", "max", "min"),
        unary=("relu",),
        unaries=(0, 1),
        needed=frozenset({"max", "min", "relu"}),
        branches="maybe",
        numbers=_SMALL,
    ),
    Level(
        5,
        N_("Curved gates: 1/x, squares, exp and σ"),
        gates=(2, 4),
        leaves=(2, 4),
        binary=("+", "+", "*", "-"),
        unary=("recip", "square", "exp", "sigmoid"),
        unaries=(1, 1),
        needed=frozenset({"recip", "square", "exp", "sigmoid"}),
        branches="maybe",
        numbers=_SMALL,
        finest=0.25,
    ),
    Level(
        6,
        N_("Matrices and vectors"),
        numbers=_SMALLEST,
        templates=(
            "sum(W @ x)",
            "sum(relu(W @ x))",
            "sum((W @ x) * y)",
            "sum(W @ x + b)",
            "sum(relu(W @ x + b))",
            "sum((W @ x - y)**2)",
            "sum(W @ x * x)",
            "sum(A @ B)",
            "sum(relu(A @ B))",
            "sum((A @ B) * C)",
            "sum(x * y)",
            "sum(relu(x * y))",
        ),
    ),
)


def level_of(number: int) -> Level:
    """The level of that number.

    Raises:
        ArgumentError: there is none.

    >>> level_of(3).title
    'Branches: a value that is used twice'
    """
    require_whole("level", number, 1, len(LEVELS))
    return LEVELS[number - 1]


def require_whole(name: str, value: Any, least: int, most: int | None = None) -> None:
    """Refuse what is no whole number between two others, or from one on."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or value < least or (most is not None and value > most):
        span = f"{least} on" if most is None else f"{least} to {most}"
        raise ArgumentError(f"{name} is a whole number from {span}, got {value!r}")
