"""`emit`: a circuit as a program, forward and backward, in the language of your choice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from microgd.errors import ArgumentError
from microgd.gates.table import did_you_mean
from microgd.teaching.emit import arrays, c, latex, python
from microgd.teaching.emit.circuit import recorded, scalars
from microgd.trace.build import trace as trace_of
from microgd.trace.lesson import Trace
from microgd.translation import _, speaking

#: A program in scalars of more gates than these is for nobody to read.
MOST_SCALARS = 300

_WRITERS: dict[str, Callable[[Trace, str], str]] = {
    "python": lambda trace, title: python.program(scalars(trace, MOST_SCALARS), title),
    "c": lambda trace, title: c.program(scalars(trace, MOST_SCALARS), title),
    "latex": latex.program,
    "numpy": lambda trace, title: arrays.program(recorded(trace), title),
}
#: What `to` can be.
LANGUAGES = tuple(_WRITERS)


def emit(given: Any, to: str = "python", *, title: str | None = None) -> str:
    """The staged program of a circuit, as somebody would write it by hand: one gate a line, then
    its gradients in reverse, with += where a value is used again.

    Arguments:
        given: a Tensor, a Circuit or a Trace, with numbers. A trace that starts from another
            upstream gradient, or that tells the forward pass only, gives such a program.
        to: `python` (scalars, the standard library), `numpy` (arrays), `c` (doubles, C99) or
            `latex` (equations, for a document with amsmath). Small arrays are written out as
            scalars in python and c.
        title: a comment for the first line.

    Returns:
        The text of a program that runs as it is, and prints the output and the gradients.

    Raises:
        ArgumentError: no such language, no numbers, arrays too large to write out as scalars.
        GateError: a gate of your own, without an expansion, that the language has no word for.

    >>> import microgd as mg
    >>> print(emit(mg.circuit("x * x", x=3.0)))
    # f, forward and backward
    x = 3.0
    <BLANKLINE>
    # forward
    f = x * x  # (1)
    <BLANKLINE>
    # backward, in reverse; += where a value is used again: its gradients add up
    df = 1.0
    dx = x * df  # (1)
    dx += x * df  # (1)
    <BLANKLINE>
    print(f"f = {f:.15g}")
    print(f"dx = {dx:.15g}")
    <BLANKLINE>
    """
    write = _WRITERS.get(to)
    if write is None:
        raise ArgumentError(
            f"{to!r} is none of {', '.join(LANGUAGES)}.{did_you_mean(to, LANGUAGES)}"
        )
    trace = given if isinstance(given, Trace) else trace_of(given)
    with speaking(trace.lang):
        if title is None:
            told = _("{f}, forward and backward") if trace.has_gradients else _("{f}, forward")
            title = told.format(f=trace.by_id[trace.output].label)
        return write(trace, title)
