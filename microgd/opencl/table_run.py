"""Running a table: the executable of a graph of thousands of single numbers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from threading import Lock
from typing import Any

import numpy as np

from microgd.graph.shapes import element_count
from microgd.graph.values import FLOAT32
from microgd.opencl.array import (
    PADDING,
    DeviceArray,
    Part,
    Storage,
    Together,
    allocate,
    lost,
    upload,
)
from microgd.opencl.build import build
from microgd.opencl.capture import Captured
from microgd.opencl.devices import Device
from microgd.opencl.flow import Flow
from microgd.opencl.group import Group
from microgd.opencl.homes import Fused
from microgd.opencl.kernel import Kernel
from microgd.opencl.launch import launches_of
from microgd.opencl.passes import Passes, Prepared
from microgd.opencl.plan import Plan
from microgd.opencl.source import program_source
from microgd.opencl.table import table_dtype, table_source, tabulate

#: Work-items of a GPU that share a run of the table.
ITEMS = 256


class TableExecutable:
    """A program of one kernel, which reads the graph as a table."""

    def __init__(self, captured: Captured, prepared: Prepared, device: Device, family: str) -> None:
        self.captured = captured
        self.device = device
        simplified = prepared.simplified
        self.dtype = (table_dtype(simplified) if device.float64 else None) or FLOAT32
        real = "float" if self.dtype == FLOAT32 else "double"
        align = device.handle.mem_base_addr_align // 8
        self.table = table = tabulate(simplified, real, max(1, align // self.dtype.itemsize))
        gpu = family == "gpu"
        width, items = (1, ITEMS) if gpu else (16 if real == "float" else 8, 1)
        text = table_source(table.operations, real, width, items)
        group = Group(0, "table", ())
        group.at = {n: () for n in simplified.order if n.inputs}
        group.outputs = [o for o in dict.fromkeys(simplified.outputs) if o.inputs]
        kernel = Kernel("table", text, (), {}, group, (1, 1, 1), (items, 1, 1))
        plan = Plan(Fused(simplified, (group,)), ((group,),), {}, (), {})
        launches = launches_of([[kernel]])
        source = program_source(launches, device.float64)
        self.passes = Passes(
            captured.graph,
            prepared.lowered,
            simplified,
            simplified,
            plan,
            (kernel,),
            launches,
            source,
            {},
        )
        self.kernels = (kernel,)
        began = time.perf_counter()
        built = build(device, source)
        self.cached = built.cached
        self.build_seconds = time.perf_counter() - began
        self._lock = Lock()
        self._flow = Flow()
        self._pool: list[Any] = []
        #: Results that are inputs or constants themselves.
        self._passed = [o for o in simplified.outputs if not o.inputs]
        self._fill(built.kernel("table"), items)

    def _fill(self, kernel: Any, items: int) -> None:
        """Put the table on the device: once, for it does not change."""
        table = self.table
        put = [
            upload(self.device, a) for a in (table.start, table.runs, table.inputs.T, table.results)
        ]
        self._kept = put
        self._values = put[0].buffer
        self._kernel = kernel
        self._items = items
        first = len(table.start) - table.rows
        for position, argument in enumerate(
            (
                put[0].buffer,
                put[1].buffer,
                np.int32(len(table.runs)),
                put[2].buffer,
                np.int32(table.rows),
                np.int32(first),
                put[3].buffer,
                np.int32(len(table.results)),
            )
        ):
            kernel.set_arg(position, argument)

    def _input_count(self) -> int:
        return sum(element_count(n.shape) for n in self.captured.graph.inputs)

    def run(
        self, values: Sequence[Any], queue: Any = None, events: list[Any] | None = None
    ) -> list[Any]:
        """Start the program, as `Executable.run` does."""
        import pyopencl as cl

        queue = queue or self.device.queue
        size = len(self.table.results) * self.dtype.itemsize + PADDING
        with self._lock:
            out = self._pool.pop() if self._pool else allocate(self.device, size)
            try:
                self._bring(values, queue)
                self._kernel.set_arg(8, out)
                event = cl.enqueue_nd_range_kernel(
                    queue, self._kernel, (self._items, 1, 1), (self._items, 1, 1)
                )
            except cl.Error as error:
                raise lost(self.device, "kernel table", error) from error
            if events is not None:
                events.append(event)
            try:
                self._flow.started(event, queue)
            except cl.Error as error:
                raise lost(self.device, "running a program", error) from error
        return self._results(values, Storage(out, size, self._release))

    def _bring(self, values: Sequence[Any], queue: Any) -> None:
        """Numbers from the caller are copied to the front of the table's values, all at once."""
        import pyopencl as cl

        inputs = self.captured.graph.inputs
        if not any(hasattr(v, "buffer") for v in values):
            if inputs:
                self._write(cl, queue, np.array(values, self.dtype))
            return
        numbers = np.zeros(max(1, self._input_count()), self.dtype)
        moves = []
        place = 0
        for node, value in zip(inputs, values, strict=True):
            count = element_count(node.shape)
            if hasattr(value, "buffer"):
                moves.append((value.buffer, place, count))
            else:
                numbers[place] = value
            place += count
        if place:
            self._write(cl, queue, numbers[:place])
        for buffer, at, count in moves:
            size = self.dtype.itemsize
            cl.enqueue_copy(
                queue, self._values, buffer, byte_count=count * size, dst_offset=at * size
            )

    def _write(self, cl: Any, queue: Any, numbers: Any) -> None:
        flags = cl.mem_flags.READ_ONLY | cl.mem_flags.COPY_HOST_PTR
        staged = cl.Buffer(self.device.context, flags, hostbuf=numbers)
        cl.enqueue_copy(queue, self._values, staged, byte_count=numbers.nbytes)

    def _release(self, size: int, buffer: Any) -> None:
        if len(self._pool) < 4:
            self._pool.append(buffer)

    def _results(self, values: Sequence[Any], storage: Storage) -> list[Any]:
        graph = self.passes.simplified
        table = self.table
        together = Together(storage, len(table.results), self.dtype)
        device, dtype = self.device, self.dtype
        made: dict[Any, Any] = {}
        for node, first in table.handed.items():
            made[node] = DeviceArray(device, node.shape, dtype, Part(together, first))
        inputs = dict(zip(graph.inputs, values, strict=True)) if self._passed else {}
        for node in self._passed:
            value = inputs.get(node, node.value)
            if not hasattr(value, "buffer"):
                made[node] = value
        return [made[o] for o in graph.outputs]
