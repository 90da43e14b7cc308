"""Where the first inf or NaN comes from: which gate, at which column, with which inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .lesson import Lesson

if TYPE_CHECKING:
    from microgd.graph.source import Source
    from microgd.trace.events import Event


def trouble(lesson: Lesson) -> str | None:
    """Why the result is of no use: the output or a gradient is inf or NaN. None if all is well."""
    if _bad(lesson.output.value):
        return forward_trouble(lesson)
    if _bad(lesson.upstream):
        numbers = np.asarray(lesson.upstream, dtype=float)
        if numbers.ndim == 0:
            return f"the upstream gradient you gave is {_kind(float(numbers))}"
        first = numbers[~np.isfinite(numbers)][0]
        return f"the upstream gradient you gave has {_kind(float(first))} in it"
    inputs = (n for n in lesson.trace.nodes if n.kind == "input")
    return backward_trouble(lesson) if any(_bad(n.gradient) for n in inputs) else None


def remark(lesson: Lesson) -> str | None:
    """The same where an inf or NaN arose on the way, and nothing came of it."""
    return None if trouble(lesson) else forward_trouble(lesson)


def forward_trouble(lesson: Lesson) -> str | None:
    """The first value that is not finite, with its place in the program."""
    from microgd.interpreter.finite import first_nonfinite

    found = first_nonfinite(lesson.circuit.output)
    if found is None:
        return None
    node = found.node
    if not found.made:
        return f"the input {node.name or node.gate.name!r} is {found.kind} already"
    inputs = _given([(i.name or "", i.value) for i in node.inputs])
    return f"gate {node.gate.name!r} made the first {found.kind}: it was given {inputs}" + _place(
        lesson.circuit.text, node.source
    )


def backward_trouble(lesson: Lesson) -> str | None:
    """The first gradient that is not finite, though all values were."""
    for event in lesson.trace.events:
        if event.kind == "contribution" and _bad(event.value):
            return _sent(lesson, event)
    return None


def _sent(lesson: Lesson, event: Event) -> str:
    trace = lesson.trace
    gate = trace.by_id[event.node]
    assert event.target is not None
    target = trace.by_id[event.target].label
    sources = [trace.by_id[w.source] for w in trace.wires if w.target == gate.id]
    inputs = _given([(n.label if n.kind != "constant" else "", n.value) for n in sources])
    return (
        f"all values are finite, but gate {gate.gate!r} sent the first gradient that is not, to "
        f"{target}: its local derivative {event.rule or ''} at {inputs}"
    ).replace("  ", " ") + _place(lesson.circuit.text, gate.source)


def _kind(number: float) -> str:
    return "NaN" if np.isnan(number) else "inf" if number > 0 else "-inf"


def _bad(value: object) -> bool:
    return value is not None and not np.isfinite(np.asarray(value, dtype=float)).all()


def _given(values: list[tuple[str, object]]) -> str:
    from microgd.trace.numbers import format_shape, short_number

    shown = []
    for name, value in values:
        array = np.asarray(value, dtype=float)
        if array.ndim == 0:
            text = short_number(float(array))
        elif not array.size:
            text = f"{format_shape(array.shape)}, empty"
        else:
            low, high = short_number(float(array.min())), short_number(float(array.max()))
            text = f"{format_shape(array.shape)} from {low} to {high}"
        shown.append(f"{name} = {text}" if name else text)
    return ", ".join(shown)


def _place(program: str, source: Source | None) -> str:
    """The line of the program with the gate's part underlined."""
    lines = program.split("\n")
    if source is None or not source.file.startswith("<") or source.line > len(lines):
        return f"\n  at {source}" if source is not None else ""
    line = lines[source.line - 1]
    where = f"column {source.column}"
    if len(lines) > 1:
        where = f"line {source.line}, {where}"
    length = max(1, min(len(source.text), len(line) - source.column + 1))
    if len(line) > 76 or not line.isprintable():
        return f"\n  at {where}:\n    {source.text}"
    return f"\n  at {where}:\n    {line}\n    {' ' * (source.column - 1)}{'^' * length}"
