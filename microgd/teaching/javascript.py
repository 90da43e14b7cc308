"""JavaScript: a recorded program that a page can run again, with other inputs.

It is written from numbers and the table of gates alone: no text of a user's is in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from microgd.errors import ArgumentError, MicrogdError
from microgd.gates.activation import maxout
from microgd.gates.powers import power
from microgd.graph.node import Node
from microgd.opencl.step import expression
from microgd.teaching.unroll import MOST, unroll
from microgd.trace.lesson import Trace

#: Functions of C that JavaScript has, perhaps by another name.
_FUNCTIONS = {
    **{name: name for name in ("exp", "log", "sin", "cos", "tan", "tanh", "sqrt", "pow", "floor")},
    **{name: name for name in ("log1p", "expm1", "sinh", "cosh", "asin", "acos", "atan", "ceil")},
    "fabs": "abs",
    "fmax": "max",
    "fmin": "min",
}
_PLAIN = re.compile(r"(?:[\s\d.+\-*/<>=!?:&|(),]|\be[+-]?\d+|\{\d+\}|Math\.\w+|NaN|Infinity)*")
#: Comments and assignments.
_MORE = re.compile(r"//|/\*|(?<![<>=!])=(?!=)|\+\+|--")


@dataclass(frozen=True, slots=True)
class Script:
    """A program in JavaScript, or why there is none.

    Attributes:
        source: an arrow function `(x) => […]`. `x` is the flat list of all elements of the nodes of
            kind "input", in the order of `trace.nodes`; the answer is the flat list of the elements
            of every node, constants included, in that order. Empty if there is no such program.
        why: why there is none; empty if there is one.
    """

    source: str
    why: str


def javascript(trace: Trace, most: int = MOST) -> Script:
    """The recorded program in JavaScript, in double precision; arrays are written out as scalars.

    Arguments:
        trace: whose program.
        most: so many scalar gates at most.

    >>> import microgd as mg
    >>> javascript(mg.circuit("x * y + 1", x=2, y=3).trace()).source
    '(x) => {const a0=x[0],a1=x[1],a2=a0*a1,a3=a2+1;return [a0,a1,a2,1,a3]}'
    """
    try:
        unrolled = unroll(trace, most)
        names: dict[Node, str] = {n: f"a{i}" for i, n in enumerate(unrolled.inputs)}
        lines = [f"{name}=x[{place}]" for place, name in enumerate(names.values())]
        for node in unrolled.order:
            if node in names:
                continue
            if not node.inputs:
                names[node] = number(float(np.asarray(node.value)))
                continue
            text = _expression(node, names)
            names[node] = f"a{len(lines)}"
            lines.append(f"{names[node]}={text}")
    except MicrogdError as error:
        return Script("", str(error))
    answers = [names[e] for n in trace.nodes for e in unrolled.elements[n.id].ravel().tolist()]
    made = f"const {','.join(lines)};" if lines else ""
    return Script(f"(x) => {{{made}return [{','.join(answers)}]}}", "")


def number(x: float) -> str:
    """A number as JavaScript writes it: 1, 0.5, (-2).

    >>> number(1.0), number(-2.0), number(float("inf")), number(1e-7)
    ('1', '(-2)', 'Infinity', '1e-07')
    """
    if x != x:
        return "NaN"
    if x in (float("inf"), float("-inf")):
        return "Infinity" if x > 0 else "(-Infinity)"
    text = repr(x).removesuffix(".0")
    return f"({text})" if text.startswith("-") else text


def _expression(node: Node, names: Mapping[Node, str]) -> str:
    inputs = [names[i] for i in node.inputs]
    if node.gate is maxout:
        return f"Math.max({','.join(inputs)})"
    text = _text(node)
    if not re.search(r"[-+]\s+[-+]", text):  # a − (−b) must not become a--b
        text = re.sub(r" *([-+*/<>=!?:&|,]+) *", r"\1", text)
    return text.format(*inputs)


def _text(node: Node) -> str:
    """The gate's formula with its inputs as {0}, {1}, …"""
    if node.gate is power:  # 1 to any power, and ±1 to an infinite one, are NaN in JavaScript
        return "({0}===1||({0}===-1&&Math.abs({1})===Infinity))?1:Math.pow({0},{1})"
    name = node.gate.name
    if node.gate.opencl is None:
        raise ArgumentError(f"gate {name!r} has no formula in C that a page could compute by")
    text = expression(node, "double").replace("({R})", "")
    text = text.replace("INFINITY", "Infinity").replace("NAN", "NaN")
    for called in set(re.findall(r"([A-Za-z_]\w*)\s*\(", text)):
        if called not in _FUNCTIONS:
            raise ArgumentError(f"gate {name!r} calls {called}, which JavaScript has not")
    text = re.sub(r"([A-Za-z_]\w*)(?=\s*\()", lambda m: f"Math.{_FUNCTIONS[m[1]]}", text)
    if not _PLAIN.fullmatch(text) or _MORE.search(text):
        raise ArgumentError(f"the formula of gate {name!r} in C is more than a page can compute")
    return text
