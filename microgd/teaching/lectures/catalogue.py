"""The catalogue: every system of the lectures, by its id."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

from microgd.errors import ArgumentError
from microgd.gates.table import did_you_mean
from microgd.teaching.lectures import part_a, part_b, part_c, part_d, part_e, part_f
from microgd.teaching.lectures.lecture import Lecture
from microgd.translation import N_, translated

_PARTS = {
    "A": N_("Graphs and backpropagation"),
    "B": N_("Scores and losses"),
    "C": N_("Gradient descent"),
    "D": N_("Optimizers"),
    "E": N_("Learning rates"),
    "F": N_("Networks"),
}

_ROWS: Iterable[Lecture] = (
    *(part_a.ROWS + part_b.ROWS + part_c.ROWS),
    *(part_d.ROWS + part_e.ROWS + part_f.ROWS),
)

#: Every lecture by its id, part after part.
LECTURES = MappingProxyType({row.id: row for row in _ROWS})


def lecture(id: str) -> Lecture:
    """The lecture of that id; small letters will do.

    Raises:
        ArgumentError: there is none.

    >>> lecture("a1").circuit().output
    Tensor(-12, name='f', gate=mul)
    """
    found = LECTURES.get(id.strip().upper())
    if found is None:
        hint = did_you_mean(id.upper(), list(LECTURES))
        ranges = ", ".join(f"{letter}1 to {of_part(letter)[-1].id}" for letter in _PARTS)
        raise ArgumentError(f"there is no lecture {id!r}.{hint} There are {ranges}")
    return found


def of_part(letter: str) -> tuple[Lecture, ...]:
    """The lectures of a part, `A` to `F`.

    Raises:
        ArgumentError: there is no such part.

    >>> len(of_part("A"))
    11
    """
    if letter.upper() not in _PARTS:
        raise ArgumentError(f"there is no part {letter!r}; choose {', '.join(_PARTS)}")
    return tuple(row for row in LECTURES.values() if row.part == letter.upper())


def part_titles() -> dict[str, str]:
    """What each part is about, in the language that is spoken."""
    return {letter: translated(title) for letter, title in _PARTS.items()}
