"""From arguments to a trace: parse, open composite gates, record the lesson."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from .arguments import read_circuit, value_of

if TYPE_CHECKING:
    from microgd.language.circuit import Circuit
    from microgd.tensor import Tensor
    from microgd.trace.lesson import Trace


@dataclass(frozen=True)
class Lesson:
    """A program's circuit, its output with the wanted gates opened, and its story."""

    circuit: Circuit
    output: Tensor
    trace: Trace
    upstream: Any = None


def read_lesson(
    words: Sequence[str],
    file: str | None,
    *,
    forward: bool = False,
    upstream: str | None = None,
    expand: Sequence[str] = (),
    digits: int | None = None,
    numbers: bool = False,
) -> Lesson:
    """The lesson that the arguments of `trace` and `draw` ask for."""
    if forward and upstream is not None:
        raise click.UsageError("--forward tells no gradient, so --upstream has nothing to say.")
    circuit = read_circuit(words, file, numbers=numbers)
    output = opened(circuit.output, expand)
    start = None if upstream is None else value_of("--upstream", upstream)
    from microgd.trace.build import trace

    told = trace(output, upstream=start, backward=not forward, digits=digits)
    return Lesson(circuit, output, told, start)


def no_gate(lesson: Lesson) -> str:
    """What is told of a program that is a mere value, or a mere shape."""
    from microgd.trace.numbers import format_value
    from microgd.translation import _

    output = lesson.output
    if output.data is None:
        value = f"{output.name}:{'x'.join(map(str, output.shape))}"  # as it was given
    else:
        value = format_value(output.value, lesson.trace.digits)
    return _("There is no gate in it, only the value {value}.").format(value=value)


def opened(output: Tensor, names: Sequence[str]) -> Any:
    """The output with these composite gates written in simpler ones; `all` opens every gate."""
    if not names:
        return output
    from microgd.gates.table import TABLE, find
    from microgd.graph.order import topological_order
    from microgd.graph.rewrite import expand

    if "all" in names:
        return expand([output])[0]
    used = {node.gate.name for node in topological_order([output]) if node.inputs}
    for name in names:
        if find(name).expansion is None:
            composite = ", ".join(n for n in sorted(used) if TABLE[n].expansion is not None)
            here = f"The ones here that open: {composite}." if composite else "None here opens."
            raise click.UsageError(f"Gate {name!r} is primitive, there is nothing to open. {here}")
        if name not in used:
            there = ", ".join(sorted(used)) or "none"
            raise click.UsageError(f"There is no gate {name!r} in this program. It has: {there}.")
    return expand([output], names, deep=False)[0]
