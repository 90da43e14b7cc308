"""The passes of the compiler, one after the other, and what each of them made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from microgd.graph.node import Node
from microgd.opencl.fuse import fuse
from microgd.opencl.graph import Graph, numbered
from microgd.opencl.kernel import Kernel, twinned, write
from microgd.opencl.launch import Launch, launches_of
from microgd.opencl.layout import lay_out
from microgd.opencl.lower import lower
from microgd.opencl.plan import Plan, plan
from microgd.opencl.simplify import simplify
from microgd.opencl.source import program_source
from microgd.opencl.split import split
from microgd.opencl.target import Target


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
    launches: tuple[Launch, ...]
    source: str
    names: dict[Node, str] = field(repr=False)


def passes(
    prepared: Prepared, target: Target, donated: Sequence[Node], by_value: Sequence[Node]
) -> Passes:
    """The passes for one kind of device; nothing is built or run."""
    simplified = prepared.simplified
    workers = target.units * 4 if target.family == "cpu" else target.units * 256
    laid = lay_out(split(simplified, workers), target)
    names = numbered(laid.order)
    planned = plan(fuse(laid), donated, by_value, together=target.family == "cpu")
    by_number = frozenset(by_value)
    kernels = twinned(
        [
            write(group, number, target, names, planned.stored, by_number, planned.shared)
            for number, group in enumerate(planned.groups)
        ]
    )
    of = {kernel.group: kernel for kernel in kernels}
    launches = launches_of([[of[group] for group in step] for step in planned.steps])
    source = program_source(launches, target.double)
    return Passes(
        prepared.captured,
        prepared.lowered,
        simplified,
        laid,
        planned,
        kernels,
        launches,
        source,
        names,
    )
