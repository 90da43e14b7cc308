"""Blanks: a circuit to fill in. Boxes stand where a student writes what is computed."""

from __future__ import annotations

from dataclasses import replace

from microgd.draw.view import Item, Junction, Line, View
from microgd.trace.lesson import Trace
from microgd.trace.numbers import format_shape

#: Without boxes, with empty ones, and with the answers in them.
BLANKS = ("", "empty", "filled")


def with_blanks(view: View, trace: Trace, *, filled: bool) -> View:
    """The view with a box for the value of each gate and for each gradient but the output's.

    An empty one gives nothing away: no tooltips, and no dashes where nothing comes back.
    """
    lines = [_boxed(line, trace, filled=filled) for line in view.lines]
    if filled:
        return View(view.items, view.junctions, lines)
    items: list[Item] = [replace(i, title="", tie="") for i in view.items]
    junctions: list[Junction] = [replace(j, title="") for j in view.junctions]
    return View(items, junctions, lines)


def _boxed(line: Line, trace: Trace, *, filled: bool) -> Line:
    node = trace.by_id[line.nodes[0]]
    computed = node.kind == "gate"
    seed = line.id == f"{node.id}.output"
    small = node.shape == ()  # an array has its shape above, and its numbers elsewhere
    # After a branch the value is that before it: it is asked for once.
    above = small and computed and line.whole and not (seed and _branches(trace, node.id))
    below = small and bool(line.below) and not seed
    if filled:
        return replace(line, boxes=(above, below))
    asked = "" if small else format_shape(node.shape)
    return replace(
        line,
        above=asked if computed else line.above,
        below=line.below if seed else "",
        boxes=(above, below),
        loses=False,
        title="",
    )


def _branches(trace: Trace, node: str) -> bool:
    return any(w.source == node for w in trace.wires)
