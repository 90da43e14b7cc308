"""Programs: functions that run as OpenCL kernels, with the results of the functions they were."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, update_wrapper
from threading import Lock
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from microgd.autodiff.tree import leaves, rebuilt
from microgd.collector import collector_paused
from microgd.errors import ArgumentError, DataError
from microgd.graph.node import Node
from microgd.graph.variables import running
from microgd.opencl.arguments import (
    FIXED,
    arguments,
    check_donated,
    is_fixed,
    positions,
    signature,
    spec,
    stand_in,
)
from microgd.opencl.array import DeviceArray, Storage, host_value, upload
from microgd.opencl.capture import capture, capturing
from microgd.opencl.devices import INTERPRETER, Device, choose
from microgd.opencl.executable import Executable, Interpreted
from microgd.opencl.kernel import Kernel
from microgd.opencl.passes import prepare
from microgd.opencl.table import is_table
from microgd.opencl.table_run import TableExecutable
from microgd.tensor import constant

if TYPE_CHECKING:
    from microgd.opencl.compare import Comparison
    from microgd.opencl.profile import Profile


Runnable = Executable | TableExecutable | Interpreted


class Program:
    """A compiled function. Call it as you would the function.

    It is compiled when first called, and again for arguments of other shapes or dtypes. Results are
    `DeviceArray`s; they are computed while the program goes on, and waited for when read.
    """

    def __init__(
        self, fn: Callable[..., Any], device: str | Device = "auto", donate: Sequence[int] = ()
    ) -> None:
        self.fn = fn
        self.wanted = device
        self.donate = positions(donate)
        self._family: str | None = None
        self._executables: dict[Any, tuple[Runnable, tuple[bool, ...]]] = {}
        #: Tensors from outside: the stamp of the numbers that were uploaded, and where they lie.
        self._kept: dict[Node, tuple[int, Storage]] = {}
        self._latest: Runnable | None = None
        self._lock = Lock()
        update_wrapper(self, fn, updated=())

    def __call__(self, *args: Any, **options: Any) -> Any:
        found, structure = arguments(args, options)
        if capturing.get() or running.get():
            return self._recorded(found, args, options)
        executable, given = self._executable(found, structure, args, options)
        if True in given:
            check_donated(found, given)
        values = [
            x if x.__class__ is float else self._value(x, away)
            for x, away in zip(found, given, strict=True)
        ]
        numbers = [v for v in values if v is not FIXED]
        numbers += [self._outside(node) for node in executable.captured.outside]
        results = executable.run(numbers)
        return rebuilt(executable.captured.tree, iter(results))

    def _recorded(self, found: list[Any], args: Any, options: dict[str, Any]) -> Any:
        """The function's own result, gate by gate, as a part of a greater record.

        So it is while another function is compiled that calls this one, and while one is
        differentiated, whose gradient would end at a kernel.
        """
        tensors = [
            x if isinstance(x, Node) or is_fixed(x) else constant(host_value(x)) for x in found
        ]
        call, named = rebuilt((list(args), options), iter(tensors))
        return self.fn(*call, **named)

    def __set_name__(self, owner: type, name: str) -> None:
        self._attribute = name

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """As a method: a program of its own for each object, which is kept with the object."""
        if instance is None:
            return self
        bound = Program(self.fn.__get__(instance, owner), self.wanted, self.donate)
        instance.__dict__[self._attribute] = bound
        return bound

    def __repr__(self) -> str:
        name = getattr(self.fn, "__qualname__", None) or repr(self.fn)
        wanted = self.wanted.label if isinstance(self.wanted, Device) else self.wanted
        return f"<Program {name} on {wanted}, compiled {len(self._executables)} times>"

    @cached_property
    def device(self) -> Device:
        """The device it runs on; chosen when first needed, for finding devices loads drivers."""
        return choose(self.wanted)

    # -- arguments ------------------------------------------------------------

    def _executable(
        self, found: list[Any], structure: Any, args: Any, options: dict[str, Any]
    ) -> tuple[Runnable, tuple[bool, ...]]:
        signatures = [
            float
            if x.__class__ is float
            else x.signature
            if x.__class__ is DeviceArray
            else signature(x)
            for x in found
        ]
        key = (tuple(signatures), structure)
        ready = self._executables.get(key)
        if ready is None:
            with self._lock:
                ready = self._executables.get(key)
                if ready is None:
                    with collector_paused():
                        ready = self._compiled(found, args, options)
                self._executables[key] = ready
        self._latest = ready[0]
        return ready

    def _compiled(
        self, found: list[Any], args: Any, options: dict[str, Any]
    ) -> tuple[Runnable, tuple[bool, ...]]:
        specs = [spec(x) for x in found]
        captured = capture(self.fn, args, options, specs)
        if self.donate and max(self.donate) >= len(args):
            raise ArgumentError(
                f"donate names the argument at position {max(self.donate)}, but only {len(args)} "
                "came by position: they count from 0, and keyword arguments cannot be given away"
            )
        given: list[bool] = []
        for position, arg in enumerate(args):
            given += [position in self.donate] * len(leaves(arg))
        given += [False] * (len(found) - len(given))
        if self.device is INTERPRETER:
            return Interpreted(captured, self.device), tuple(given)
        numeric = [n for n, s in enumerate(specs) if s.dtype is not None]
        by_value = [not isinstance(found[n], DeviceArray) and not specs[n].shape for n in numeric]
        donated = [given[n] for n in numeric]
        extra = len(captured.outside)
        by_value += [node.shape == () for node in captured.outside]
        family = self._family or self.device.family
        prepared = prepare(captured.graph)
        if is_table(prepared.simplified):
            return TableExecutable(captured, prepared, self.device, family), tuple(given)
        away = [*donated, *[False] * extra]
        return Executable(captured, prepared, self.device, by_value, away, family), tuple(given)

    def _value(self, x: Any, given: bool) -> Any:
        """An argument as the executable takes it."""
        if isinstance(x, DeviceArray):
            if x.device is not self.device:
                return upload(self.device, x.numpy())
            if given:
                return x.given_away()
            return x.storage
        if is_fixed(x):
            return FIXED
        value = host_value(x.value if isinstance(x, Node) else x)
        if np.ndim(value) == 0:
            return value
        return upload(self.device, value)

    def _outside(self, node: Node) -> Any:
        """The numbers, as they are now, of a Tensor that the function refers to."""
        if node.shape == ():
            return node.value
        kept = self._kept.get(node)
        if kept is None or kept[0] != node.stamp:
            kept = self._kept[node] = (node.stamp, upload(self.device, np.asarray(node.value)))
        return kept[1]

    # -- looking inside ------------------------------------------------------------

    def prepare(self, *args: Any, **options: Any) -> Program:
        """Compile for arguments like these, and run nothing; placeholders stand for shapes.

        >>> import microgd as mg
        >>> double = compile(lambda x: x * 2.0, device="interpreter")
        >>> double.prepare(mg.placeholder((2, 3), dtype="float32")).kernels
        ()
        """
        found, structure = arguments(args, options)
        self._executable([stand_in(x) for x in found], structure, args, options)
        return self

    @property
    def executable(self) -> Runnable:
        """What the latest call ran, or `prepare` compiled."""
        if self._latest is None:
            raise ArgumentError(
                "nothing was compiled yet: call the program once, or prepare(…) it, for its shapes"
            )
        return self._latest

    @property
    def kernels(self) -> tuple[Kernel, ...]:
        """The kernels of the latest call, in the order in which they run; the interpreter's: ()."""
        return self.executable.kernels

    @property
    def source(self) -> str:
        """The OpenCL C of the latest call: of all its kernels."""
        executable = self.executable
        return "" if isinstance(executable, Interpreted) else executable.passes.source

    def explain(self) -> str:
        """What every pass of the compiler made of the latest call: see docs/compiler.md."""
        from microgd.opencl.explain import executable_text

        return executable_text(self.executable)

    def draw(self, **looks: Any) -> Any:
        """Which gates went into which kernel: a Drawing, to save("f.svg") or to show in a notebook.

        Arguments:
            looks: as for `microgd.draw.kernels.draw_kernels`: palette, gates, engine, timeout.
        """
        from microgd.opencl.showing import drawn

        return drawn(self, **looks)

    def compare(self, *args: Any, **options: Any) -> Comparison:
        """Run beside the interpreter: every gate, value by value, and what rounding explains.

        >>> report = compile(lambda x: (x * x).exp(), device="interpreter").compare(2.0)
        >>> report.ok, [d.gate for d in report.nodes]
        (True, ['mul', 'exp'])
        """
        from microgd.opencl.compare import compare

        return compare(self, args, options)

    def profile(self, *args: Any, repeats: int = 20, **options: Any) -> Profile:
        """How long each kernel takes: the median of `repeats` runs, from OpenCL's own events.

        Arrays that a call would be given away are copied first.

        Raises:
            ArgumentError: the program runs in the interpreter, which has no kernels.
        """
        from microgd.opencl.profile import profiled

        found, structure = arguments(args, options)
        executable, _ = self._executable(found, structure, args, options)
        values = [
            upload(self.device, x.numpy()) if isinstance(x, DeviceArray) else self._value(x, False)
            for x in found
        ]
        numbers = [v for v in values if v is not FIXED]
        numbers += [self._outside(node) for node in executable.captured.outside]
        return profiled(executable, numbers, repeats)


@overload
def compile(
    fn: Callable[..., Any], *, device: str | Device = ..., donate: Sequence[int] = ...
) -> Program: ...
@overload
def compile(
    fn: None = ..., *, device: str | Device = ..., donate: Sequence[int] = ...
) -> Callable[[Callable[..., Any]], Program]: ...
def compile(
    fn: Callable[..., Any] | None = None,
    *,
    device: str | Device = "auto",
    donate: Sequence[int] = (),
) -> Any:
    """Turn a function on Tensors into an OpenCL program with the same results.

    Arguments:
        fn: takes and returns numbers, arrays and trees of them, computed with gates; gradients and
            updates inside it are gates, too. Without it, `compile` is a decorator.
        device: "auto", "gpu", "cpu", "interpreter", or a platform and device (see `devices`).
        donate: positions of arguments whose arrays are given away, to be written over by results.

    Raises:
        DeviceError: no such device.

    >>> double = compile(lambda x: x * 2.0, device="interpreter")
    >>> float(double(3.0))
    6.0
    """
    if fn is None:
        return lambda given: compile(given, device=device, donate=donate)
    if not callable(fn):
        raise DataError(f"compile takes a function, got {type(fn).__name__}")
    return Program(fn, device, donate)
