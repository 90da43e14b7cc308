"""Step: a line of OpenCL C to be, and how numbers and gates are written in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from microgd.graph.node import Node
from microgd.opencl.index import Index, Variable
from microgd.opencl.views import Test


@dataclass(eq=False)
class Step:
    """One line to be.

    Attributes:
        name: the C variable it fills, or the C text of a literal or an argument.
        kind: "literal", "load", "op", "convert", "random", "whole", "valid", "test", "clamp",
            "select", "given", "reduce" or "store".
        real: the C type of one number: "float", "double" or "long".
        args: the steps whose results it uses.
        variables: the loop variables it depends on.
        stage: how many reductions, one after the other, have to be done before.
        number: a literal's number.
    """

    name: str
    kind: str
    real: str
    args: tuple[Step, ...] = ()
    variables: frozenset[Variable] = frozenset()
    stage: int = 0
    text: str = ""
    index: Index = field(default_factory=Index)
    tests: tuple[Test, ...] = ()
    node: Node | None = None
    number: float = 0.0


def is_uniform(node: Node) -> bool:
    """Whether all elements of a constant are the same, so that a literal says it."""
    value = np.asarray(node.value)
    first = value.ravel()[:1]
    return value.size == 1 or (value.size > 0 and bool((value == first).all()))


def literal(number: float, real: str) -> str:
    """A number in OpenCL C."""
    if np.isnan(number):
        return "NAN"
    if np.isinf(number):
        return "INFINITY" if number > 0 else "-INFINITY"
    if real == "float":
        with np.errstate(over="ignore"):
            narrow = np.float32(number)
        return f"{_short(narrow)}f" if np.isfinite(narrow) else literal(float(narrow), "double")
    return _short(number) if real == "double" else str(int(number))


def _short(number: Any) -> str:
    text = str(number)
    return text if "." in text or "e" in text or "inf" in text else f"{text}.0"


def expression(node: Node, real: str) -> str:
    """The gate's OpenCL C, with inputs as `{0}`, `{1}` … and the type of the numbers as `{R}`."""
    rule: Any = node.gate.opencl
    names = [f"{{{n}}}" for n in range(len(node.inputs))]
    params = dict(node.params or {})
    if callable(rule):
        text = rule(*names, **params)
    else:
        text = rule
        for name, mark in zip(node.gate.inputs, names, strict=True):
            text = text.replace(f"{{{name}}}", mark)
    for name, value in params.items():
        if value is not None and not isinstance(value, str):
            text = text.replace(f"{{{name}}}", f"({{R}})({literal(float(value), real)})")
    return str(text)
