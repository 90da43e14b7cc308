"""Profile: how long each kernel of a program takes, as the device itself measures it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod
from statistics import median
from typing import TYPE_CHECKING, Any

from microgd.errors import ArgumentError, DeviceError
from microgd.gates.linear import matmul
from microgd.graph.node import Node
from microgd.graph.shapes import element_count
from microgd.opencl.group import inside
from microgd.opencl.kernel import Kernel
from microgd.opencl.launch import Launch
from microgd.opencl.layout import inner_loop
from microgd.opencl.passes import Passes

if TYPE_CHECKING:
    from microgd.trace.table import Table

#: Runs before the first that is timed: caches fill, buffers are made.
WARMING = 2


@dataclass(frozen=True, slots=True)
class KernelTime:
    """One kernel's part of a profile.

    Attributes:
        name: the kernel's.
        seconds: from its start to its end on the device; the median of all runs.
        share: of the sum of all kernels' seconds, from 0 to 1.
        items: work-items.
        bytes: what its arrays hold that it reads and writes, each counted once; None where the
            kernel is a table.
        flops: multiplications and additions of its matrix product; None without one.
    """

    name: str
    seconds: float
    share: float
    items: int
    bytes: int | None
    flops: int | None

    @property
    def bandwidth(self) -> float | None:
        """Bytes a second."""
        return self.bytes / self.seconds if self.bytes is not None and self.seconds else None

    @property
    def rate(self) -> float | None:
        """Floating-point operations a second, of the matrix product."""
        return self.flops / self.seconds if self.flops is not None and self.seconds else None


@dataclass(frozen=True, slots=True)
class Profile:
    """The times of a program's kernels, in the order in which they run.

    Attributes:
        device: the device's name and its platform's.
        repeats: how many runs the medians are of.
        seconds: from the first kernel's start to the last one's end: with the gaps between.
        kernels: one entry for each.
    """

    device: str
    repeats: int
    seconds: float
    kernels: tuple[KernelTime, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain data: seconds, bytes, bytes and operations a second; None where unknown."""
        rows = [
            {
                "name": k.name,
                "seconds": k.seconds,
                "share": k.share,
                "items": k.items,
                "bytes": k.bytes,
                "bytes_per_second": k.bandwidth,
                "flops": k.flops,
                "flops_per_second": k.rate,
            }
            for k in self.kernels
        ]
        return {
            "device": self.device,
            "repeats": self.repeats,
            "seconds": self.seconds,
            "kernels": rows,
        }

    def to_json(self) -> str:
        """The same as JSON."""
        return json.dumps(self.to_dict())

    def table(self) -> Table:
        """The times as a table."""
        from microgd.trace.table import Table

        rows = tuple(
            (
                k.name,
                f"{k.seconds * 1e6:,.1f}",
                f"{k.share:.0%}",
                f"{k.items:,}",
                "-" if k.bytes is None else f"{k.bytes:,}",
                "-" if k.bandwidth is None else f"{k.bandwidth / 1e9:.2f}",
                "-" if k.rate is None else f"{k.rate / 1e9:.1f}",
            )
            for k in self.kernels
        )
        columns = ("kernel", "µs>", "share>", "work-items>", "bytes>", "GB/s>", "GFLOP/s>")
        whole = sum(k.seconds for k in self.kernels)
        notes = (
            f"medians of {self.repeats} runs on {self.device}",
            f"all kernels {whole * 1e6:,.1f} µs; from the first start to the last end, with the "
            f"gaps between, {self.seconds * 1e6:,.1f} µs",
        )
        return Table("profile", columns, rows, notes)

    def __str__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def profiled(executable: Any, values: Sequence[Any], repeats: int) -> Profile:
    """Run an executable on a queue that takes times.

    Arguments:
        values: as `run` takes them; arrays that are given away are written over at each run.
    """
    import pyopencl as cl

    if repeats < 1:
        raise ArgumentError(f"repeats counts runs: 1 or more, got {repeats}")
    device = executable.device
    if device.kind == "interpreter":
        raise ArgumentError(
            "there is nothing to profile: the interpreter runs no kernels (`microgd devices` "
            "lists what does)"
        )
    launches: tuple[Launch, ...] = executable.passes.launches
    label: str = device.label
    runs: list[list[tuple[int, int]]] = []
    try:
        device.queue.finish()
        queue = cl.CommandQueue(
            device.context, properties=cl.command_queue_properties.PROFILING_ENABLE
        )
        for _ in range(WARMING + repeats):
            events: list[Any] = []
            results = executable.run(values, queue, events)
            queue.finish()  # before the results, and with them their buffers, are let go
            del results
            runs.append([(e.profile.start, e.profile.end) for e in events])
    except cl.Error as error:
        raise DeviceError(f"{label} takes no times: {error}") from error
    runs = runs[WARMING:]
    seconds = [median((run[n][1] - run[n][0]) * 1e-9 for run in runs) for n in range(len(launches))]
    whole = sum(seconds)
    times = tuple(
        KernelTime(
            launch.title,
            taken,
            taken / whole if whole else 0.0,
            prod(launch.items),
            _sum(bytes_moved(kernel, executable.passes) for kernel in launch.kernels),
            _sum(operations(kernel) for kernel in launch.kernels),
        )
        for launch, taken in zip(launches, seconds, strict=True)
    )
    ends = [(run[-1][1] - run[0][0]) * 1e-9 for run in runs if run]
    return Profile(label, repeats, median(ends) if ends else 0.0, times)


def _sum(parts: Iterable[int | None]) -> int | None:
    """All that is known together; None if nothing is."""
    known = [part for part in parts if part is not None]
    return sum(known) if known else None


def bytes_moved(kernel: Kernel, passes: Passes) -> int | None:
    """What the kernel has to read and to write at least: each array once.

    Of an array that is longer than the loops, elements are picked: only those count.
    """
    group = kernel.group
    if group.kind == "table":
        return None
    given = set(kernel.arguments) - set(kernel.by_value)
    over = {passes.plan.shared.get(n) for n in group.outputs}
    computed, read = inside(group, passes.plan.stored)
    turns = group.turns * max([inner_loop(n).size for n in group.at if n.gate is matmul] or [1])
    moved = sum(_bytes(node) for node in group.outputs)
    users = Counter(i for node in computed for i in node.inputs)
    for node in read:
        if node in given or node in over:
            moved += min(_bytes(node), turns * users[node] * node.dtype.itemsize)
    return moved


def operations(kernel: Kernel) -> int | None:
    """Multiplications and additions of a matrix product."""
    products = [n for n in kernel.group.at if n.gate is matmul]
    if not products:
        return None
    return sum(2 * element_count(n.shape) * inner_loop(n).size for n in products)


def _bytes(node: Node) -> int:
    return element_count(node.shape) * node.dtype.itemsize
