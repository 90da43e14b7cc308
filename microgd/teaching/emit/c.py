"""C: scalars, doubles and <math.h>; it compiles without a warning."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from microgd.graph.values import Value
from microgd.opencl.step import literal as opencl_literal
from microgd.teaching.emit.circuit import Circuit
from microgd.teaching.emit.lines import ARITHMETIC, accumulation, opening, results, sigmoid
from microgd.teaching.emit.names import C, Names
from microgd.teaching.emit.spelling import (
    ADD,
    AND,
    ATOM,
    CALLS,
    CHOICE,
    COMPARE,
    UNARY,
    Language,
    Text,
    call,
    infix,
    literal,
    template,
)
from microgd.teaching.emit.staged import staged
from microgd.teaching.emit.term import Term
from microgd.translation import _


def _power(args: Sequence[Text], term: Term) -> Text:
    base, exponent = args
    if term.args[1].is_only(2.0) and not term.args[0].args:
        return Text(f"{base.within(UNARY)} * {base.within(UNARY)}", ADD + 1)
    return Text(f"pow({base.text}, {exponent.text})")


def _square(args: Sequence[Text], term: Term) -> Text:
    return Text(f"{args[0].within(UNARY)} * {args[0].within(UNARY)}", ADD + 1)


def _choice(args: Sequence[Text], term: Term) -> Text:
    condition, yes, no = args
    first = yes.within(CHOICE + 1)
    return Text(f"{condition.within(AND)} ? {first} : {no.within(CHOICE)}", CHOICE)


def _largest(args: Sequence[Text], term: Term) -> Text:
    text = args[-1].text
    for one in reversed(args[:-1]):
        text = f"fmax({one.text}, {text})"
    return Text(text, args[-1].level if len(args) == 1 else ATOM)


def _own(args: Sequence[Text], term: Term) -> Text | None:
    """A gate of a user's that says in its row how OpenCL C spells it."""
    row = term.gate
    if row is None or row.opencl is None:
        return None
    given = {n: f"({{{i}}})" for i, n in enumerate(row.inputs)}
    values = {n: f"({opencl_literal(float(v), 'double')})" for n, v in term.params.items()}
    if callable(row.opencl):
        text = row.opencl(*given.values(), **dict(term.params))
    else:
        text = re.sub(r"\{(\w+)\}", lambda m: given.get(m[1], m[0]), row.opencl)
    text = re.sub(r"\{([A-Za-z]\w*)\}", lambda m: values.get(m[1], "double"), text)
    return Text(f"({text.format(*(a.text for a in args))})")


def number(value: Value) -> Text:
    """A double as C reads it."""
    return literal(value, "NAN", "INFINITY")


LANGUAGE = Language(
    gates={
        **ARITHMETIC,
        **{name: call(name) for name in CALLS},
        "pow": _power,
        "square": _square,
        "abs": call("fabs"),
        "sigmoid": sigmoid("exp"),
        "maximum": call("fmax"),
        "minimum": call("fmin"),
        "maxout": _largest,
        "relu": template("fmax(0.0, {0})", ATOM, CHOICE),
        "sign": template("({0} > 0.0) - ({0} < 0.0)", ADD, ADD),
        "logical_and": infix(" && ", AND),
        "where": _choice,
    },
    number=number,
    as_number=lambda t: Text(f"{t.within(ADD)} ? 1.0 : 0.0", CHOICE),
    as_truth=lambda t: Text(f"{t.within(ADD)} != 0.0", COMPARE, truth=True),
    fallback=_own,
)


def program(circuit: Circuit, title: str) -> str:
    """A program in C."""
    made = staged(circuit, LANGUAGE.gates, Names(C, ascii=True))
    body = [f"double {g.name} = {number(g.value).text};" for g in made.given]
    body += ["", f"// {_('forward')}"] if made.forward else []
    for step in made.forward:
        body += _line(made.fresh, f"double {step.name} =", step.term, step.number)
    if made.seeds:
        body += ["", f"// {_('backward, in reverse')}{accumulation(made)}"]
    body += [f"double {g.name} = {number(g.value).text};" for g in made.seeds]
    for one in made.backward:
        start = f"{one.name} +=" if one.place else f"double {one.name} ="
        body += _line(made.fresh, start, one.term, one.number)
    body += [f"double {g.name} = 0.0;  // {_('no gradient comes here')}" for g in made.idle]
    shown = [f'printf("{r.name} = %.15g\\n", {r.name});' for r in results(made)]
    unused = [f"(void){name};  // {_('not used')}" for name in _unused([*body, *shown])]
    lines = [*body, "", *shown, *unused, "return 0;"]
    return "\n".join(
        [
            *opening("//", title, made),
            "// cc -o f f.c -lm && ./f",
            "#include <math.h>",
            "#include <stdio.h>",
            "",
            "int main(void) {",
            *(f"    {line}" if line else "" for line in lines),
            "}",
            "",
        ]
    )


def _unused(lines: list[str]) -> list[str]:
    """Variables that are declared and never read, of which compilers warn."""
    code = [line.partition("//")[0] for line in lines]
    declared = [m[1] for line in code if (m := re.match(r"double (\w+) =", line))]
    read = re.findall(r"\w+", "\n".join(re.sub(r"^(double )?\w+ \+?=", "", x) for x in code))
    return [name for name in declared if name not in set(read)]


def _line(fresh: Callable[[], str], start: str, term: Term, number: int) -> list[str]:
    before, text = LANGUAGE.written(term, fresh)
    parts = [f"double {part} = {words};  // ({number})" for part, _, words in before]
    return [*parts, f"{start} {text};  // ({number})"]
