"""Heading: a page's title as HTML. Where it is the program itself, it is set as a formula."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from microgd.errors import MicrogdError
from microgd.language.circuit import circuit
from microgd.notation.mathml import inner_mathml
from microgd.notation.names import printable
from microgd.notation.reading import read
from microgd.notation.tree import Part, Row, Sign
from microgd.teaching.whole import formulas_of, labels_of
from microgd.trace.lesson import Trace

#: Where a formula that is too long for its line is broken, outside of all brackets.
_BREAKS = ("=", "+", "−", "·", "@", ";")


def heading(title: str, trace: Trace) -> str:
    """The title; the program that the lesson is about is set as a formula.

    >>> import microgd as mg
    >>> trace = mg.circuit("x**2", x=3).trace()
    >>> heading("x**2", trace), heading("A square & more", trace)
    ('<math><msup><mi>x</mi><mn>2</mn></msup></math>', 'A square &amp; more')
    """
    formula = _formula(title, trace)
    if not formula:
        return escape(printable(title))
    return "<wbr>".join(f"<math>{piece}</math>" for piece in _pieces(formula, trace))


def _formula(title: str, trace: Trace) -> str:
    """What the title is as a formula; empty where it is none."""
    if title == trace.by_id[trace.output].label:
        return "; ".join(formulas_of(trace))
    inputs = {n.name: n.value for n in trace.nodes if n.kind == "input" and n.name}
    try:
        circuit(title, **inputs)
    except MicrogdError:  # it says something else, or has no numbers
        return ""
    return re.sub(r"(?<!\*)\*(?!\*)", "·", title)


def _pieces(formula: str, trace: Trace) -> Iterator[str]:
    """The formula in pieces, between which a line may end; a sign begins the next one."""
    part = read(formula, labels_of(trace))
    sign = ""
    waiting: list[Part] = []
    for piece in part.parts if isinstance(part, Row) else (part,):
        if isinstance(piece, Sign) and piece.text in _BREAKS and waiting:
            yield sign + inner_mathml(Row(tuple(waiting)))
            sign, waiting = f'<mo form="infix">{piece.text}</mo>', []
        else:
            waiting.append(piece)
    yield sign + inner_mathml(Row(tuple(waiting)))
