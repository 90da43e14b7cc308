"""The schedules by name, and a reader of the text that their `repr` writes."""

from __future__ import annotations

import ast
from typing import Any

from microgd import options
from microgd.schedules.annealing import Cosine, OneCycle
from microgd.schedules.compose import Sequence, Warmup
from microgd.schedules.cycles import SGDR, CyclicCosine, Triangular
from microgd.schedules.decay import (
    Constant,
    Exponential,
    InverseTime,
    MultiStep,
    Piecewise,
    Polynomial,
    Power,
    Step,
)
from microgd.schedules.plateau import ReduceOnPlateau

SCHEDULES: dict[str, type] = {
    kind.__name__.lower(): kind
    for kind in (
        *(Constant, Power, InverseTime, Polynomial, Step, MultiStep, Piecewise, Exponential),
        *(Cosine, OneCycle, Triangular, CyclicCosine, SGDR, Warmup, Sequence, ReduceOnPlateau),
    )
}


def read_schedule(text: str) -> Any:
    """The schedule that a text names, such as `warmup(cosine(lr=0.1, steps=90), steps=10)`.

    The text is parsed and never executed; the `repr` of a schedule is such a text.

    Raises:
        ArgumentError: text of another form, an unknown name or option, a value out of range.

    >>> read_schedule("sgdr(lr=0.1, period=10, growth=2)")(10)
    0.1
    """
    return options.read(_with_parts_as_text(text), SCHEDULES, "schedule")


class _PartsAsText(ast.NodeTransformer):
    """`(constant, cosine())` → `'constant, cosine()'`, which `Sequence` reads."""

    def _visit_list(self, node: ast.Tuple | ast.List) -> ast.expr:
        if not any(isinstance(part, ast.Call | ast.Name) for part in node.elts):
            return node
        return ast.Constant(", ".join(map(ast.unparse, node.elts)))

    visit_Tuple = visit_List = _visit_list


def _with_parts_as_text(text: str) -> str:
    # `options.read` knows lists of numbers and words only.
    try:
        tree = ast.parse(text.strip(), mode="eval")
        if isinstance(tree.body, ast.Call) and any(
            isinstance(node, ast.Tuple | ast.List) for node in ast.walk(tree)
        ):
            return ast.unparse(_PartsAsText().visit(tree))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass  # `options.read` says what is wrong
    return text
