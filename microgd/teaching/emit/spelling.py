"""Spelling: terms written in a language, with brackets where its precedence needs them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.errors import GateError
from microgd.gates.arithmetic import add, mul, sub
from microgd.gates.selection import logical_and, where
from microgd.graph.values import Value
from microgd.teaching.emit.term import TRUTHS, Term, in_order

#: How tightly an operator binds.
CHOICE, AND, COMPARE, ADD, MUL, UNARY, POWER, ATOM = range(8)

#: Gates that every language has as a function of the same name.
CALLS = ("exp", "log", "expm1", "log1p", "sin", "cos", "tanh", "sqrt")

#: A part that is used twice, and is longer than this, gets a line and a name of its own.
SHORT = 16


@dataclass(frozen=True, slots=True)
class Text:
    """A term in words: how tightly they bind, and whether they answer yes or no."""

    text: str
    level: int = ATOM
    truth: bool = False

    def within(self, level: int) -> str:
        """In brackets, if it binds less than it must."""
        return self.text if self.level >= level else f"({self.text})"


#: How one gate is spelled: from its arguments, spelled, and the term that it is.
Spelling = Callable[[Sequence[Text], Term], Text]


def call(name: str) -> Spelling:
    """`math.exp(x)`."""
    return lambda args, term: Text(f"{name}({', '.join(a.text for a in args)})")


def infix(sign: str, level: int, left: int | None = None, right: int | None = None) -> Spelling:
    """`x + y`; unless told otherwise, brackets stand where the right side binds no more tightly."""
    first = level if left is None else left
    second = level + 1 if right is None else right
    truth = level in (COMPARE, AND)
    return lambda args, term: Text(
        f"{args[0].within(first)}{sign}{args[1].within(second)}", level, truth
    )


def template(text: str, level: int, *inside: int) -> Spelling:
    """`1.0 / (1.0 + exp(-{0}))`, where argument i binds at least as tightly as `inside[i]`."""
    return lambda args, term: Text(
        text.format(*(a.within(at) for a, at in zip(args, inside, strict=True))), level
    )


def negated(args: Sequence[Text], term: Term) -> Text:
    """`-x`, and `-x * y` for −(x · y), which is the same."""
    (x,) = args
    return Text(f"-{x.within(MUL)}", min(x.level, UNARY) if x.level >= MUL else UNARY)


@dataclass(frozen=True, slots=True)
class Language:
    """How a language writes terms.

    Attributes:
        gates: a spelling by gate name.
        number: how a number, or an array of them, is written.
        as_number: a yes or no as 1 or 0.
        as_truth: a number as a yes or no.
        fallback: how any other gate is spelled, if the language can.
    """

    gates: Mapping[str, Spelling]
    number: Callable[[Value], Text]
    as_number: Callable[[Text], Text]
    as_truth: Callable[[Text], Text]
    fallback: Callable[[Sequence[Text], Term], Text | None] = lambda args, term: None

    def written(
        self, term: Term, fresh: Callable[[], str] | None = None
    ) -> tuple[list[tuple[str, Term, str]], str]:
        """The text of a term, and before it (name, term, text) of parts that are used twice.

        `fresh` makes names for such parts; without it everything is written out.
        """
        order = in_order([term])
        uses: dict[Term, int] = {}
        for one in order:
            for arg in one.args:
                uses[arg] = uses.get(arg, 0) + 1
        done: dict[Term, Text] = {}
        before: list[tuple[str, Term, str]] = []
        for one in order:
            text = self._one(one, [done[a] for a in one.args])
            if (
                fresh is not None
                and one.gate is not None
                and uses.get(one, 0) > 1
                and len(text.text) > SHORT
            ):
                name = fresh()
                before.append((name, one, text.text))
                text = Text(name, ATOM, text.truth)
            done[one] = text
        found = done[term]
        return before, (self.as_number(found) if found.truth else found).text

    def _one(self, term: Term, args: list[Text]) -> Text:
        if term.gate is None:
            return Text(term.name) if term.name else self.number(term.value)
        spelling = self.gates.get(term.gate.name)
        if spelling is None:
            found = self.fallback([self._number(a) for a in args], term)
            if found is None:
                raise GateError(f"gate {term.gate.name!r} cannot be written in this language")
            return found
        return spelling(self._fitting(term, args), term)

    def _fitting(self, term: Term, args: list[Text]) -> list[Text]:
        """Truths where truths are wanted, and numbers where numbers are."""
        if term.gate is where:
            condition = args[0] if args[0].truth else self.as_truth(args[0])
            return [condition, *map(self._number, args[1:])]
        if term.gate is logical_and:
            return [a if a.truth else self.as_truth(a) for a in args]
        if term.gate in (mul, add, sub) and not all(a.truth for a in args):
            return args  # a truth beside a number counts as 1 or 0 by itself
        return [self._number(a) for a in args]

    def _number(self, text: Text) -> Text:
        return self.as_number(text) if text.truth else text


def decimal(value: Any) -> str:
    """A finite number as Python, C and NumPy read it.

    >>> decimal(-2.0), decimal(1e-7)
    ('-2.0', '1e-07')
    """
    return repr(float(value))


def literal(value: Any, nan: str, inf: str) -> Text:
    """A number in digits, or by the names that a language has for those without any.

    >>> literal(-2.5, "NAN", "INFINITY").text, literal(float("-inf"), "NAN", "INFINITY").text
    ('-2.5', '-INFINITY')
    """
    x = float(value)
    if math.isnan(x):
        return Text(nan)
    if math.isinf(x):
        return signed(inf if x > 0 else f"-{inf}")
    return signed(decimal(x))


def signed(text: str) -> Text:
    """A literal; a minus binds less than what is raised to a power."""
    return Text(text, UNARY if text.startswith("-") else ATOM)


def is_truth(term: Term) -> bool:
    """Whether a term answers yes or no."""
    return term.gate in TRUTHS


def is_finite(value: Value) -> bool:
    """Whether all of it can be written in digits."""
    return bool(np.isfinite(value).all())
