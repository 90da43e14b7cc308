"""Highlighting a way through a circuit: its wires and gates stand out, with their numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from microgd.draw import circuit
from microgd.draw.drawing import Drawing
from microgd.draw.view import Line, View
from microgd.errors import DrawingError


def highlighted(drawing: Drawing, wires: Collection[str], below: Mapping[str, str]) -> Drawing:
    """The same picture with some of its wires highlighted.

    Arguments:
        wires: the ids of the trace's wires that stand out.
        below: node id → what stands below the highlighted wires that come from it; there is nothing
            below the others. These nodes stand out, too.

    Raises:
        DrawingError: a picture without wires: cards, or kernels.

    >>> import microgd as mg
    >>> trace = mg.circuit("x * y", x=2, y=3).trace()
    >>> shown = highlighted(mg.draw(trace), ["n2.0"], {"n0": "3", "n2": "1"}).view
    >>> [(line.id, line.below) for line in shown.lines if line.active]
    [('n2.output', '1'), ('n2.0', '3')]
    """
    if drawing.view is None or drawing.style is None:
        raise DrawingError("only the looks circuit and lecture have wires to highlight")
    chosen = frozenset(wires)
    view = View(
        [replace(i, active=any(n in below for n in i.nodes)) for i in drawing.view.items],
        [replace(j, active=False) for j in drawing.view.junctions],
        [_line(line, chosen, below) for line in drawing.view.lines],
    )
    return replace(drawing, graph=circuit.to_dot(view, drawing.style), view=view, _cache={})


def _line(line: Line, wires: frozenset[str], below: Mapping[str, str]) -> Line:
    node = next((n for n in line.nodes if n in below), None)
    on = node is not None and (not line.wires or not wires.isdisjoint(line.wires))
    if not on or node is None:
        return replace(line, active=False, below="", loses=False, note=None)
    return replace(line, active=True, below=below[node], shows_below=True, loses=False, note=None)
