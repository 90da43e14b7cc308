"""Shapes: what a result's shape is mistaken for."""

from __future__ import annotations

from collections.abc import Iterator

from microgd.graph.shapes import Shape
from microgd.graph.values import shape_of
from microgd.teaching.quiz.mistakes import Wrong
from microgd.trace.events import Event
from microgd.trace.lesson import Trace
from microgd.trace.numbers import format_shape
from microgd.translation import _


def shape_wrongs(trace: Trace, event: Event, right: Shape) -> Iterator[Wrong]:
    """Wrong shapes, likelier ones first; `symbols` is the shape."""
    node = trace.by_id[event.node]
    found: list[tuple[str, str, Shape]] = []
    if event.upstream is not None:
        text = _("the gradient is given the shape of {q}; it has that of what it is a gradient of")
        found.append(("upstream-shape", text.format(q=node.label), shape_of(event.upstream)))
    if event.kind == "broadcast":
        text = _("the gradients of the copies are not summed")
        found.append(("broadcast-not-summed", text, shape_of(event.parts[0])))
    for one in trace.inputs_of(node):
        text = _("it is given the shape of {x}").format(x=one.label)
        found.append(("input-shape", text, one.shape))
    found.append(("transposed", _("rows and columns are exchanged"), right[::-1]))
    if len(right) > 1:
        found.append(("axis-lost", _("an axis is lost"), right[:-1]))
        found.append(("axis-lost", _("an axis is lost"), right[1:]))
    else:
        found.append(("one-number", _("it is taken to be one number"), ()))
        found.append(("square", _("it is taken to be a matrix"), (right[0], right[0])))
    for name, text, shape in found:
        if shape != right:
            yield Wrong(name, text, 0.0, format_shape(shape))
