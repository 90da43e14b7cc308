"""Stopping: where plain Python ends a program with an error, and others go on with inf or NaN."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence

import numpy as np

from microgd.gates.selection import where
from microgd.teaching.emit.staged import Staged
from microgd.teaching.emit.term import Term

_FUNCTIONS = ("exp", "log", "expm1", "log1p", "sin", "cos", "sqrt")
#: What Python checks; it does not check sums and products.
_CHECKED = frozenset({*_FUNCTIONS, "pow", "div", "recip", "sigmoid"})
#: Below this, e⁻ˣ overflows.
_SMALLEST = -math.log(sys.float_info.max)


def stops_at(made: Staged) -> str | None:
    """The first call that Python would stop at, with its numbers: `log(-2)`; None if none does."""
    lines = [line.term for line in made.forward] + [line.term for line in made.backward]
    for term in _computed(lines):
        if term.gate is None or term.gate.name not in _CHECKED or term.shape:
            continue
        given = [float(np.asarray(a.value)) for a in term.args]
        out = float(np.asarray(term.value))
        invented = math.isnan(out) and not any(map(math.isnan, given))
        overflown = math.isinf(out) and all(map(math.isfinite, given))
        if invented or overflown or (term.gate.name == "sigmoid" and given[0] < _SMALLEST):
            return f"{term.gate.name}({', '.join(f'{x:g}' for x in given)})"
    return None


def _computed(roots: Sequence[Term]) -> list[Term]:
    """The terms that are computed: of a choice between numbers, only the branch that is taken."""
    found: dict[Term, None] = {}
    waiting = list(reversed(roots))
    while waiting:
        term = waiting.pop()
        if term in found:
            continue
        found[term] = None
        if term.gate is where and term.shape == ():
            condition, yes, no = term.args
            waiting += [yes if condition.value else no, condition]
        else:
            waiting += reversed(term.args)
    return list(found)
