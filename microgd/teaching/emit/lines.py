"""Lines: what programs in several languages have in common."""

from __future__ import annotations

from collections.abc import Sequence

from microgd.gates.arithmetic import div, neg, recip
from microgd.teaching.emit.names import shown
from microgd.teaching.emit.spelling import (
    ADD,
    ATOM,
    COMPARE,
    MUL,
    UNARY,
    Spelling,
    Text,
    infix,
    negated,
    template,
)
from microgd.teaching.emit.staged import Result, Staged
from microgd.teaching.emit.term import Term
from microgd.translation import _


def _product(args: Sequence[Text], term: Term) -> Text:
    """`(1.0 / u) * df`: what is local stands in brackets, though it need not."""
    x, y = args
    first = term.args[0].args[0] if term.args[0].gate is neg else term.args[0]
    left = x.within(ATOM if first.gate in (div, recip) else MUL)
    return Text(f"{left} * {y.within(UNARY)}", MUL)


#: What every language with + and brackets spells alike.
ARITHMETIC: dict[str, Spelling] = {
    "add": infix(" + ", ADD, right=ADD),
    "sub": infix(" - ", ADD),
    "mul": _product,
    "div": infix(" / ", MUL),
    "neg": negated,
    "recip": template("1.0 / {0}", MUL, UNARY),
    "identity": lambda args, term: args[0],
    "greater": infix(" > ", COMPARE, left=ADD),
    "less": infix(" < ", COMPARE, left=ADD),
    "greater_equal": infix(" >= ", COMPARE, left=ADD),
    "less_equal": infix(" <= ", COMPARE, left=ADD),
    "equal": infix(" == ", COMPARE, left=ADD),
    "not_equal": infix(" != ", COMPARE, left=ADD),
}


def sigmoid(exp: str) -> Spelling:
    """`1.0 / (1.0 + exp(-x))`."""
    return template(f"1.0 / (1.0 + {exp}(-{{0}}))", MUL, UNARY)


def accumulation(made: Staged) -> str:
    """Why some lines have += instead of =, where some have."""
    if not any(line.count > 1 for line in made.backward):
        return ""
    return _("; += where a value is used again: its gradients add up")


def opening(mark: str, title: str, made: Staged) -> list[str]:
    """The comments at the top: what it is, and what had to be renamed."""
    return [f"{mark} {shown(line)}" for line in (title, *made.remarks) if line]


def results(made: Staged) -> list[Result]:
    """What a program prints."""
    return [*made.outputs, *made.gradients]
