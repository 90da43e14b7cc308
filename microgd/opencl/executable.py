"""Executables: a captured graph, made ready to run for one set of shapes and dtypes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

import numpy as np

from microgd.errors import DeviceError
from microgd.graph.node import Node
from microgd.graph.row import CONSTANT
from microgd.graph.shapes import element_count
from microgd.graph.values import FLOAT64
from microgd.interpreter.replay import replay
from microgd.opencl.array import DeviceArray, Part, Storage, allocate, lost, upload
from microgd.opencl.build import build
from microgd.opencl.capture import Captured
from microgd.opencl.devices import Device
from microgd.opencl.flow import Flow
from microgd.opencl.graph import Graph
from microgd.opencl.kernel import Kernel
from microgd.opencl.launch import Launch
from microgd.opencl.passes import Prepared, passes
from microgd.opencl.plan import size_of
from microgd.opencl.target import target_of


class Executable:
    """A program for one device and one set of shapes and dtypes.

    Arguments:
        by_value: for each input, whether it comes as a number instead of an array.
        donated: for each input, whether it is given away.
    """

    def __init__(
        self,
        captured: Captured,
        prepared: Prepared,
        device: Device,
        by_value: Sequence[bool],
        donated: Sequence[bool],
        family: str | None = None,
    ) -> None:
        self.captured = captured
        self.device = device
        graph = captured.graph
        scalars = [n for n, yes in zip(graph.inputs, by_value, strict=True) if yes]
        given = [n for n, yes in zip(graph.inputs, donated, strict=True) if yes]
        self.by_value = tuple(by_value)
        self.donated = tuple(donated)
        self._lock = Lock()
        self._flow = Flow()
        self._require_precision(graph)
        self.passes = passes(prepared, target_of(device, family), given, scalars)
        began = time.perf_counter()
        self.kernels = self.passes.kernels
        built = build(device, self.passes.source) if self.kernels else None
        self.cached = built is not None and built.cached
        self.build_seconds = time.perf_counter() - began
        self._launches = (
            [_Started(one, built.kernel(one.name)) for one in self.passes.launches] if built else []
        )
        self._pool: dict[int, list[Any]] = {}
        self._prepare(scalars)

    def _require_precision(self, graph: Graph) -> None:
        if self.device.float64:
            return
        for node in graph.order:
            if node.dtype == FLOAT64 and node.shape and element_count(node.shape):
                raise DeviceError(
                    f"{self.device.label} has no float64, which {node.name or node.gate.name!r} of "
                    f"shape {node.shape} needs: give float32 arrays (x.astype('float32'))"
                )

    def _prepare(self, scalars: Sequence[Node]) -> None:
        """Buffers that stay: constants and temporaries; and where each kernel's arguments lie."""
        made = self.passes.plan
        graph = made.fused.graph
        # A kernel does not keep its arguments alive.
        slots = self._slots = [allocate(self.device, size) for size in made.slots]
        inputs = {node: number for number, node in enumerate(graph.inputs)}
        self._outputs: list[tuple[Node, int | None]] = []
        fresh: dict[Node, int] = {}
        for node in dict.fromkeys(graph.outputs):
            if node in made.shared or node in inputs or node.gate is CONSTANT:
                continue
            if element_count(node.shape):
                fresh[node] = len(fresh)
        self._fresh = [(node, size_of(node)) for node in fresh]
        self._constants: dict[Node, Storage] = {}
        self._inputs = inputs
        for launch in self._launches:
            for position, (node, real) in enumerate(launch.arguments):
                source: tuple[str, Any]
                if real is not None:
                    launch.numbers.append((position, inputs[node], _REALS[real]))
                    continue
                node = made.shared.get(node, node)
                if node in inputs:
                    source = ("input", inputs[node])
                elif node in fresh:
                    source = ("fresh", fresh[node])
                elif node in made.places:
                    source = ("fixed", slots[made.places[node]])
                else:
                    source = ("fixed", self._constant(node).buffer)
                if source[0] == "fixed":
                    launch.built.set_arg(position, source[1])
                else:
                    launch.moving.append((position, source[0] == "fresh", source[1]))
        self._fresh_number = fresh

    def _constant(self, node: Node) -> Storage:
        found = self._constants.get(node)
        if found is None:
            value = np.asarray(node.value, node.dtype)
            found = self._constants[node] = upload(self.device, value)
        return found

    # -- running ------------------------------------------------------------

    def run(
        self, values: Sequence[Any], queue: Any = None, events: list[Any] | None = None
    ) -> list[Any]:
        """Start the program; the results are there when somebody reads them.

        Arguments:
            values: for each input a number, or a Storage that is on the device.
            queue: where to run it, instead of the device's own queue.
            events: collects pyopencl's events of the launches.
        """
        import pyopencl as cl

        queue = queue or self.device.queue
        enqueue = cl.enqueue_nd_range_kernel
        with self._lock:
            fresh = [self._buffer(size) for _, size in self._fresh]
            for launch in self._launches:
                launch.bind(values, fresh)
                try:
                    event = enqueue(queue, launch.built, launch.items, launch.local)
                except cl.Error as error:
                    raise lost(self.device, f"kernel {launch.launch.title}", error) from error
                if events is not None:
                    events.append(event)
            if self._launches:
                try:
                    self._flow.started(event, queue)
                except cl.Error as error:
                    raise lost(self.device, "running a program", error) from error
        return self._results(values, fresh)

    def _buffer(self, size: int) -> Any:
        pool = self._pool.get(size)
        return pool.pop() if pool else allocate(self.device, size)

    def _release(self, size: int, buffer: Any) -> None:
        pool = self._pool.setdefault(size, [])
        if len(pool) < 4:
            pool.append(buffer)

    def _results(self, values: Sequence[Any], fresh: list[Any]) -> list[Any]:
        made: set[Node] = set()
        results = []
        for node in self.passes.plan.fused.graph.outputs:
            storage = self._result(node, values, fresh, node in made)
            results.append(DeviceArray(self.device, node.shape, node.dtype, storage))
            made.add(node)
        return results

    def _result(
        self, node: Node, values: Sequence[Any], fresh: list[Any], again: bool
    ) -> Storage | Part:
        """Where a result lies: nowhere that belongs to another result, or to an argument kept."""
        if node in self._fresh_number:
            number = self._fresh_number[node]
            if again:
                return self._copied(node, fresh[number])
            return Storage(fresh[number], self._fresh[number][1], self._release)
        given = self.passes.plan.shared.get(node, node)
        if given in self._inputs:
            number = self._inputs[given]
            found: Any = values[number]
            if not isinstance(found, Storage | Part):
                return upload(self.device, np.asarray(found, node.dtype))
            kept = again or not self.donated[number]
            if kept:
                return self._copied(node, found.buffer)
            return found.alone() if isinstance(found, Part) else found
        if node.gate is CONSTANT:
            return upload(self.device, np.array(node.value, node.dtype))
        return upload(self.device, np.empty(node.shape, node.dtype))

    def _copied(self, node: Node, buffer: Any) -> Storage:
        import pyopencl as cl

        size = size_of(node)
        new = allocate(self.device, size)
        count = element_count(node.shape) * node.dtype.itemsize
        if count:
            try:
                cl.enqueue_copy(self.device.queue, new, buffer, byte_count=count)
            except cl.Error as error:
                raise lost(self.device, "copying an array", error) from error
        return Storage(new, size)


_REALS: dict[str, Callable[[Any], Any]] = {
    "float": np.float32,
    "double": np.float64,
    "long": np.int64,
}


class _Started:
    """One launch, and what of its arguments changes from run to run."""

    def __init__(self, launch: Launch, built: Any) -> None:
        self.launch = launch
        self.built = built
        self.items = launch.items
        self.local = launch.local
        #: Node and, of a number, its C type.
        self.arguments = [(n, k.by_value.get(n)) for k in launch.kernels for n in k.arguments]
        #: (position, whether it is a result, number of the result or the input)
        self.moving: list[tuple[int, bool, int]] = []
        #: (position, number of the input, the C type's NumPy twin)
        self.numbers: list[tuple[int, int, Callable[[Any], Any]]] = []
        self._bound: dict[int, Any] = {}

    def bind(self, values: Sequence[Any], fresh: Sequence[Any]) -> None:
        """Set the arguments that are not what they were."""
        bound, set_arg = self._bound, self.built.set_arg
        for position, is_fresh, number in self.moving:
            buffer = fresh[number] if is_fresh else values[number].buffer
            if bound.get(position) is not buffer:
                set_arg(position, buffer)
                bound[position] = buffer
        for position, number, real in self.numbers:
            value = values[number]
            if bound.get(position) != value or value == 0:  # −0.0 equals 0.0
                set_arg(position, real(value))
                bound[position] = value


class Interpreted:
    """The same for the interpreter: the record is replayed by NumPy."""

    def __init__(self, captured: Captured, device: Device) -> None:
        self.captured = captured
        self.device = device
        self.kernels: tuple[Kernel, ...] = ()
        self.cached = False
        self.build_seconds = 0.0

    def run(self, values: Sequence[Any]) -> list[Any]:
        """The results, at once."""
        graph = self.captured.graph
        numbers = {
            node: value.buffer if isinstance(value, Storage) else value
            for node, value in zip(graph.inputs, values, strict=True)
        }
        numbers = {
            n: v[()] if np.ndim(v) == 0 and n.dtype != FLOAT64 else v for n, v in numbers.items()
        }
        numbers = {
            n: float(v) if n.shape == () and n.dtype == FLOAT64 else v for n, v in numbers.items()
        }
        results = []
        for node, value in zip(graph.outputs, replay(graph.outputs, numbers), strict=True):
            array = np.array(value, node.dtype)
            results.append(
                DeviceArray(self.device, node.shape, node.dtype, Storage(array, array.nbytes))
            )
        return results
