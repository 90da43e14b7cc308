"""The passes of the compiler, one after the other, and what each of them made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from microgd.graph.node import Node
from microgd.opencl.devices import Device
from microgd.opencl.fuse import fuse
from microgd.opencl.graph import Graph, numbered
from microgd.opencl.kernel import Kernel, Target, twinned, write
from microgd.opencl.layout import lay_out
from microgd.opencl.lower import lower
from microgd.opencl.plan import Plan, plan
from microgd.opencl.simplify import simplify
from microgd.opencl.source import program_source
from microgd.opencl.split import split


@dataclass(frozen=True, eq=False)
class Prepared:
    """A graph after the passes that every device shares."""

    captured: Graph
    lowered: Graph
    simplified: Graph


def prepare(graph: Graph) -> Prepared:
    """Lower a graph, and simplify it."""
    lowered = lower(graph)
    return Prepared(graph, lowered, simplify(lowered))


@dataclass(frozen=True, eq=False)
class Passes:
    """What each pass of the compiler made, for `explain`."""

    captured: Graph
    lowered: Graph
    simplified: Graph
    laid_out: Graph
    plan: Plan
    kernels: tuple[Kernel, ...]
    source: str
    names: dict[Node, str] = field(repr=False)


def target_of(device: Device, family: str | None = None) -> Target:
    """What kernels for the device look like."""
    return Target(
        family or device.family, max(1, device.units), device.float64, device.vector_width
    )


def passes(
    prepared: Prepared, target: Target, donated: Sequence[Node], by_value: Sequence[Node]
) -> Passes:
    """The passes for one kind of device; nothing is built or run."""
    simplified = prepared.simplified
    workers = target.units * 4 if target.family == "cpu" else target.units * 256
    laid = lay_out(split(simplified, workers), target.family)
    names = numbered(laid.order)
    planned = plan(fuse(laid), donated, by_value)
    by_number = frozenset(by_value)
    kernels = twinned(
        [
            write(group, number, target, names, planned.stored, by_number, planned.shared)
            for number, group in enumerate(planned.groups)
        ]
    )
    source = program_source(kernels, target.double)
    return Passes(
        prepared.captured, prepared.lowered, simplified, laid, planned, kernels, source, names
    )
