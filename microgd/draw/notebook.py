"""How notebooks show a Tensor and a Trace, and what draws compiled programs: pictures, where one
can be drawn and read.
"""

from __future__ import annotations

import html
from typing import Any

from microgd.draw.drawing import Drawing, draw
from microgd.errors import MicrogdError
from microgd.language.circuit import Circuit
from microgd.tensor import Tensor
from microgd.trace.lesson import Trace


def tensor_svg(tensor: Tensor) -> str | None:
    """The circuit of a computed Tensor; None (the notebook then prints it) where it is a leaf,
    too large to read, or no engine is there to draw it.
    """
    if not tensor.inputs:
        return None
    try:
        return draw(tensor).svg
    except MicrogdError:
        return None


def circuit_svg(circuit: Circuit) -> str | None:
    """The circuit of a program."""
    return tensor_svg(circuit.output)


def trace_html(trace: Trace) -> str:
    """The circuit above the table; why there is no picture, where there is none."""
    try:
        picture = draw(trace, names="all").svg
    except MicrogdError as problem:
        picture = f"<p>{html.escape(str(problem))}</p>"
    return picture + trace.table()._repr_html_()


def program_drawing(program: Any, **looks: Any) -> Drawing:
    """Which gates of a compiled program went into which kernel; the compiler is there by then."""
    from microgd.draw.kernels import draw_kernels

    return draw_kernels(program, **looks)
