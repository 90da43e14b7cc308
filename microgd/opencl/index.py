"""Index arithmetic: where an element lies, as a sum of loop variables times whole numbers.

A view (a transpose, a slice, a broadcast) moves no data in a kernel: it only changes the index at
which its input is read. An `Index` is `const + Σ factor · atom`; dividing and taking remainders, as
a reshape does, is done in closed form where the sizes allow it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from microgd.graph.shapes import Shape


@dataclass(frozen=True, slots=True)
class Variable:
    """A loop variable: a whole number from 0 up to `size` − 1."""

    name: str
    size: int

    def text(self, shift: Shift) -> str:
        by = shift.get(self, 0)
        return f"({self.name} + {by})" if by else self.name

    @property
    def variables(self) -> frozenset[Variable]:
        return frozenset((self,))


@dataclass(frozen=True, slots=True)
class Quotient:
    """`index / divisor`, or `index % divisor`, where no closed form exists."""

    index: Index
    divisor: int
    remainder: bool

    @property
    def size(self) -> int:
        return self.divisor if self.remainder else self.index.high // self.divisor + 1

    def text(self, shift: Shift) -> str:
        return f"({self.index.text(shift)}) {'%' if self.remainder else '/'} {self.divisor}"

    @property
    def variables(self) -> frozenset[Variable]:
        return self.index.variables


@dataclass(frozen=True, slots=True)
class Looked:
    """A whole number that the kernel reads from an array of indices, or works out by itself."""

    name: str
    size: int
    variables: frozenset[Variable]

    def text(self, shift: Shift) -> str:
        lane = [by for variable, by in shift.items() if variable in self.variables]
        return f"{self.name}.s{lane[0]:x}" if lane else self.name


Atom: TypeAlias = Variable | Quotient | Looked
#: Loop variable → how far beyond it an element lies, within one vector.
Shift: TypeAlias = Mapping[Variable, int]


@dataclass(frozen=True, slots=True)
class Index:
    """`const + Σ factor · atom`, never negative.

    >>> i, j = Variable("i", 4), Variable("j", 3)
    >>> address = Index.of(i) * 3 + Index.of(j)
    >>> address.text(), (address // 3).text(), (address % 3).text()
    ('3*i + j', 'i', 'j')
    """

    const: int = 0
    terms: tuple[tuple[Atom, int], ...] = ()

    @staticmethod
    def of(atom: Atom) -> Index:
        """One atom; the constant 0 where it can be nothing else."""
        return Index(0, ((atom, 1),)) if atom.size > 1 else ZERO

    @staticmethod
    def _made(const: int, factors: Mapping[Atom, int]) -> Index:
        return Index(const, tuple((a, f) for a, f in factors.items() if f))

    def __add__(self, other: Index | int) -> Index:
        if isinstance(other, int):
            return Index(self.const + other, self.terms)
        factors = dict(self.terms)
        for atom, factor in other.terms:
            factors[atom] = factors.get(atom, 0) + factor
        return self._made(self.const + other.const, factors)

    def __mul__(self, by: int) -> Index:
        return self._made(self.const * by, {a: f * by for a, f in self.terms})

    @property
    def low(self) -> int:
        """The smallest value that the atoms' sizes allow."""
        return self.const + sum(f * (a.size - 1) for a, f in self.terms if f < 0)

    @property
    def high(self) -> int:
        """The largest value that the atoms' sizes allow."""
        return self.const + sum(f * (a.size - 1) for a, f in self.terms if f > 0)

    def _parted(self, n: int) -> tuple[Index, Index] | None:
        """(quotient, remainder) of a division by n, where a closed form exists."""
        whole = self._made(self.const // n, {a: f // n for a, f in self.terms if f % n == 0})
        rest = self._made(self.const % n, {a: f for a, f in self.terms if f % n})
        return (whole, rest) if rest.low >= 0 and rest.high < n else None

    def __floordiv__(self, n: int) -> Index:
        parts = self._parted(n)
        return parts[0] if parts else Index.of(Quotient(self, n, False))

    def __mod__(self, n: int) -> Index:
        parts = self._parted(n)
        return parts[1] if parts else Index.of(Quotient(self, n, True))

    def factor(self, atom: Atom) -> int:
        """How far the index moves when the atom grows by one."""
        return dict(self.terms).get(atom, 0)

    @property
    def variables(self) -> frozenset[Variable]:
        """The loop variables it depends on."""
        return frozenset().union(*(a.variables for a, _ in self.terms))

    @property
    def tangled(self) -> frozenset[Variable]:
        """The loop variables inside quotients and looked-up numbers."""
        hidden = (a.variables for a, _ in self.terms if not isinstance(a, Variable))
        return frozenset().union(*hidden)

    @property
    def depth(self) -> int:
        """How many quotients stand inside one another."""
        inner = [a.index.depth for a, _ in self.terms if isinstance(a, Quotient)]
        return 1 + max(inner) if inner else 0

    def text(self, shift: Shift | None = None) -> str:
        """The index in OpenCL C; `shift` moves a variable on by a lane's number."""
        moved = shift or {}
        const = self.const
        parts = []
        for atom, factor in self.terms:
            if isinstance(atom, Variable):
                const += factor * moved.get(atom, 0)
                text = atom.name
            else:
                text = atom.text(moved)
            if factor != 1 and not text.replace("_", "").replace(".", "").isalnum():
                text = f"({text})"
            parts.append(text if factor == 1 else f"{factor}*{text}")
        if const or not parts:
            parts.append(str(const))
        return " + ".join(parts).replace("+ -", "- ")


ZERO = Index()


def row_major(shape: Shape) -> tuple[int, ...]:
    """The strides, in elements, of an array without gaps.

    >>> row_major((2, 3, 4))
    (12, 4, 1)
    """
    strides = [1]
    for size in reversed(shape[1:]):
        strides.append(strides[-1] * size)
    return tuple(reversed(strides))[: len(shape)]


def address(index: Sequence[Index], shape: Shape) -> Index:
    """The position of an element in an array without gaps."""
    place = ZERO
    for one, stride in zip(index, row_major(shape), strict=True):
        place = place + one * stride
    return place


def position(place: Index, shape: Shape) -> tuple[Index, ...]:
    """The reverse of `address`."""
    index = []
    for size, stride in zip(shape, row_major(shape), strict=True):
        index.append((place // stride) % size if size > 1 else ZERO)
    return tuple(index)


def merged(index: Index, outer: Variable, inner: Variable, both: Variable) -> Index:
    """The index with two neighbouring loops run as one."""
    factors = dict(index.terms)
    factors.pop(outer, None)
    step = factors.pop(inner, 0)
    if step:
        factors[both] = step
    return Index(index.const, tuple(factors.items()))


def mergeable(indices: Iterable[Index], outer: Variable, inner: Variable) -> bool:
    """Whether every index moves through both loops as if they were one."""
    return all(
        i.factor(outer) == i.factor(inner) * inner.size and not {outer, inner} & i.tangled
        for i in indices
    )
