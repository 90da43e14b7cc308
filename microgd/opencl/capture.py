"""Capture: call a function on placeholders, and keep the graph that it records.

What the function takes from outside is looked at, too: Tensors that it refers to become inputs of
the program, read anew at each run; everything else is a constant.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from microgd.autodiff.tree import leaves, rebuilt
from microgd.errors import DataError, MicrogdError, PlaceholderError
from microgd.gates.table import TABLE
from microgd.graph.node import Node, next_tick
from microgd.graph.order import topological_order
from microgd.graph.record import wrap
from microgd.graph.rewrite import rebuild
from microgd.graph.row import INPUT
from microgd.graph.source import OWN_FILES
from microgd.opencl.graph import Graph
from microgd.tensor import Tensor, placeholder

#: Whether a function is being recorded to be compiled; what it calls is recorded with it.
capturing: ContextVar[bool] = ContextVar("microgd_capturing", default=False)


@dataclass(frozen=True, eq=False)
class Captured:
    """A function's graph.

    Attributes:
        graph: its inputs are the placeholders of the arguments, then those of `outside`.
        outside: Tensors with numbers that the function refers to.
        tree: what the function returned, with the number of an output at each leaf.
    """

    graph: Graph
    outside: tuple[Node, ...]
    tree: Any


@dataclass(frozen=True)
class Spec:
    """Shape and dtype of one argument, or the argument itself where it is no number."""

    shape: tuple[int, ...] = ()
    dtype: Any = None
    fixed: Any = None


def capture(
    fn: Callable[..., Any], args: Any, options: dict[str, Any], specs: Sequence[Spec]
) -> Captured:
    """Call `fn` with placeholders in place of the numbers in its arguments.

    Raises:
        PlaceholderError: the function asks for a number, in a Python `if`, say, or a call of
            NumPy's; the message names the line and what to write instead.
    """
    names = _names(fn, args, options)
    inputs = [
        placeholder(s.shape, name, s.dtype) if s.dtype is not None else s.fixed
        for s, name in zip(specs, names, strict=True)
    ]
    began = next_tick()
    fresh = iter(inputs)
    token = capturing.set(True)
    try:
        called = rebuilt((list(args), options), fresh)
        result = fn(*called[0], **called[1])
    except (MicrogdError, TypeError, ValueError) as error:
        explained = _explained(error)
        if explained is None:
            raise
        raise explained from error
    finally:
        capturing.reset(token)
    found = leaves(result)
    outputs = [_output(x) for x in found]
    given = [x for x in inputs if isinstance(x, Node)]
    outside = [n for n in topological_order(outputs) if n.gate is INPUT and n.value is not None]
    replaced: dict[Node, Node] = {n: _stand_in(n) for n in outside}
    for node in topological_order(outputs):
        if node.inputs and node.value is not None and node.stamp < began:
            replaced[node] = wrap(node.value, Tensor)  # computed before, and for good
    new = rebuild(outputs, replaced)
    used = [n for n in outside if n in new]
    tree = rebuilt(result, iter(range(len(found))))
    graph = Graph((*given, *(replaced[n] for n in used)), tuple(new[o] for o in outputs))
    return Captured(graph, tuple(used), tree)


def _stand_in(node: Node) -> Node:
    return placeholder(node.shape, node.name, node.dtype)


def _output(x: Any) -> Node:
    if isinstance(x, Node):
        return x
    if isinstance(x, int | float | np.ndarray | np.number) and not isinstance(x, bool):
        return wrap(x, Tensor)
    raise DataError(
        "a compiled function returns Tensors and numbers, in tuples, lists and dictionaries; "
        f"it returned {type(x).__name__} {x!r:.40}"
    )


def _names(fn: Callable[..., Any], args: Any, options: dict[str, Any]) -> list[str | None]:
    """The parameters' names, for what is a single array; a tree's leaves count on: `params_0`."""
    code = getattr(fn, "__code__", None)
    known = list(code.co_varnames[: code.co_argcount]) if code else []
    names: list[str | None] = []
    parts = [(known[n] if n < len(known) else f"arg{n}", a) for n, a in enumerate(args)]
    for name, part in [*parts, *options.items()]:
        if isinstance(part, dict | list | tuple):
            names += _leaf_names(part, name)
        else:
            names.append(name)
    return names


def _leaf_names(tree: Any, path: str) -> list[str | None]:
    if isinstance(tree, dict):
        return [n for key, part in tree.items() for n in _leaf_names(part, f"{path}_{key}")]
    if isinstance(tree, list | tuple):
        keys = getattr(tree, "_fields", range(len(tree)))
        return [n for k, p in zip(keys, tree, strict=True) for n in _leaf_names(p, f"{path}_{k}")]
    return [path]


def _explained(error: Exception) -> MicrogdError | None:
    """The error, with the user's line and, after a call of NumPy's, the gate to use instead."""
    trace = traceback.extract_tb(error.__traceback__)
    frames = [
        f for f in trace if not OWN_FILES[f.filename] and f"{Path('/numpy/')}/" not in f.filename
    ]
    if not frames:
        return None
    frame = frames[-1]
    place = f"{frame.filename}:{frame.lineno}: {frame.line}"
    asked = isinstance(error, PlaceholderError) and all(f.name != "__bool__" for f in trace)
    # Python and NumPy say what they were given: "operand 'Tensor' does not support ufuncs".
    asked = asked or (not isinstance(error, MicrogdError) and "Tensor" in str(error))
    called = re.search(r"\b(?:np|numpy|math)\.(?:\w+\.)*(\w+)\s*\(", frame.line or "")
    if asked and called:
        name = called[1]
        known = {"abs": "abs", "power": "pow", "amax": "max", "amin": "min", "dot": "matmul"}
        gate = known.get(name, name)
        instead = f"use mg.{gate}" if gate in TABLE else "use gates (`microgd gates` lists them)"
        return PlaceholderError(
            f"{called[0].rstrip('( ')} computes with numbers, and while a function is compiled its "
            f"arguments have none: {instead}, at {place}"
        )
    if asked and re.search(r"\.backward\(", frame.line or ""):
        return PlaceholderError(
            "backward() needs numbers, and while a function is compiled its arguments have none: "
            f"use mg.grad or mg.value_and_grad, whose results are gates, too, at {place}"
        )
    read = re.search(r"\b(float|int)\(|\.(item|numpy|tolist)\(", frame.line or "")
    if asked and read:
        return PlaceholderError(
            f"{read[1] or read[2]}() asks for numbers, and while a function is compiled its "
            "arguments have none: compute with the Tensor itself, or return it and read it then, "
            f"at {place}"
        )
    without = re.search(r"\.(?:data|grad)\b", frame.line or "")
    if without and "None" in str(error):
        return PlaceholderError(
            f"x{without[0]} is None while a function is compiled, for its arguments have no "
            "numbers: compute with the Tensor itself, take gradients with mg.value_and_grad, and "
            f"return what is new instead of assigning it, at {place}"
        )
    if isinstance(error, MicrogdError):
        return type(error)(f"{error}{_hint(str(error), frame.line or '')}, at {place}")
    if asked:
        return PlaceholderError(
            f"{error}. While a function is compiled its arguments are Tensors without numbers: use "
            f"gates (mg.exp for exp), and static numbers for sizes and counts, at {place}"
        )
    return None


#: What the line of a branch may show, and what there is instead.
HINTS = (
    (r"\b(?:and|or|not)\b", "for a and b write a * b, for a or b mg.maximum(a, b)"),
    (r"(?<![\w.])(?:max|min)\(", "for the larger of two write mg.maximum(a, b)"),
    (r"[<>][^()<>,]*[<>]", "for a < x < b write (a < x) * (x < b)"),
)


def _hint(message: str, line: str) -> str:
    """More on what to write instead, where the line shows what was meant."""
    if "a list of Tensors is not data" in message:
        return " (a list argument is so many single numbers; give np.array(…) for an array)"
    if "cannot branch" not in message:
        return ""
    return next((f" ({more})" for pattern, more in HINTS if re.search(pattern, line)), "")
