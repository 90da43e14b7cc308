"""Python: scalars and the standard library's math."""

from __future__ import annotations

from collections.abc import Sequence

from microgd.errors import ArgumentError
from microgd.graph.values import Value
from microgd.teaching.emit.circuit import Circuit
from microgd.teaching.emit.lines import ARITHMETIC, accumulation, opening, results, sigmoid
from microgd.teaching.emit.names import PYTHON, Names
from microgd.teaching.emit.spelling import (
    ADD,
    AND,
    ATOM,
    CALLS,
    CHOICE,
    COMPARE,
    POWER,
    UNARY,
    Language,
    Text,
    call,
    infix,
    literal,
    template,
)
from microgd.teaching.emit.staged import Staged, staged
from microgd.teaching.emit.stopping import stops_at
from microgd.teaching.emit.term import Term
from microgd.translation import _


def power(args: Sequence[Text], term: Term) -> Text:
    """`x**3`: a whole exponent is written as one."""
    base, exponent = args
    given = term.args[1]
    text = exponent.within(UNARY)
    if given.is_number and given.shape == () and float(given.value).is_integer():
        whole = int(float(given.value))
        text = str(whole) if abs(whole) < 1000 else text
    return Text(f"{base.within(ATOM)}**{text}", POWER)


def _choice(args: Sequence[Text], term: Term) -> Text:
    condition, yes, no = args
    first = yes.within(CHOICE + 1)
    return Text(f"{first} if {condition.within(AND)} else {no.within(CHOICE)}", CHOICE)


def number(value: Value) -> Text:
    """A float as Python reads it."""
    return literal(value, "math.nan", "math.inf")


LANGUAGE = Language(
    gates={
        **ARITHMETIC,
        **{name: call(f"math.{name}") for name in CALLS},
        "pow": power,
        "square": template("{0}**2", POWER, ATOM),
        "abs": call("abs"),
        "sigmoid": sigmoid("math.exp"),
        "maximum": call("max"),
        "minimum": call("min"),
        "maxout": lambda args, term: call("max")(args, term) if args[1:] else args[0],
        "relu": template("max(0.0, {0})", ATOM, CHOICE),
        "sign": template("({0} > 0.0) - ({0} < 0.0)", ADD, ADD),
        "logical_and": infix(" and ", AND),
        "where": _choice,
    },
    number=number,
    as_number=lambda t: Text(f"float({t.text})"),
    as_truth=lambda t: Text(f"{t.within(ADD)} != 0.0", COMPARE, truth=True),
)


def program(circuit: Circuit, title: str) -> str:
    """A program in Python."""
    made = staged(circuit, LANGUAGE.gates, Names(PYTHON))
    if (stop := stops_at(made)) is not None:
        raise ArgumentError(
            f"Python stops at {stop} with an error; NumPy and C go on, with inf or NaN: --to numpy"
        )
    lines = [f"{g.name} = {number(g.value).text}" for g in made.given]
    lines += ["", f"# {_('forward')}"] if made.forward else []
    for step in made.forward:
        lines += _line(made, step.name, "=", step.term, step.number)
    if made.seeds:
        lines += ["", f"# {_('backward, in reverse')}{accumulation(made)}"]
    lines += [f"{g.name} = {number(g.value).text}" for g in made.seeds]
    for one in made.backward:
        lines += _line(made, one.name, "+=" if one.place else "=", one.term, one.number)
    lines += [f"{g.name} = 0.0  # {_('no gradient comes here')}" for g in made.idle]
    lines += ["", *(f'print(f"{r.name} = {{{r.name}:.15g}}")' for r in results(made))]
    needs = ["import math", ""] if any("math." in line for line in lines) else []
    return "\n".join([*opening("#", title, made), *needs, *lines, ""])


def _line(made: Staged, name: str, sign: str, term: Term, number: int) -> list[str]:
    before, text = LANGUAGE.written(term, made.fresh)
    parts = [f"{part} = {words}  # ({number})" for part, _, words in before]
    return [*parts, f"{name} {sign} {text}  # ({number})"]
