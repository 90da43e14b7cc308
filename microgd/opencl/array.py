"""Device arrays: numbers that stay on the device until somebody reads them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from microgd.errors import DataError, DeviceError
from microgd.graph.shapes import Shape, element_count
from microgd.graph.values import FLOAT32, FLOAT64, value_from
from microgd.opencl.devices import Device, choose
from microgd.opencl.reading import Readable

#: Bytes that kernels may read (never write) beyond the end of an array.
PADDING = 128


class Storage:
    """A buffer on a device, or the interpreter's array; goes back to its pool when done with."""

    __slots__ = ("__weakref__", "buffer", "release", "size")

    def __init__(
        self, buffer: Any, size: int, release: Callable[[int, Any], None] | None = None
    ) -> None:
        self.buffer = buffer
        self.size = size
        self.release = release

    def __del__(self) -> None:
        if self.release is not None:
            self.release(self.size, self.buffer)

    def read(self, device: Device, shape: Shape, dtype: Any) -> Any:
        """A copy of its first numbers, once they are computed."""
        if isinstance(self.buffer, np.ndarray):
            return self.buffer.copy()
        return _read(device, self.buffer, shape, dtype)


class Part:
    """A piece of a storage that holds many small results, which are read all at once."""

    __slots__ = ("__weakref__", "_region", "first", "together")

    def __init__(self, together: Together, first: int) -> None:
        self.together = together
        self.first = first
        self._region: Any = None

    @property
    def buffer(self) -> Any:
        """A buffer of its own within the whole one, made when a kernel wants it."""
        if self._region is None:
            whole = self.together
            origin = self.first * whole.dtype.itemsize
            size = whole.storage.size - origin
            self._region = whole.storage.buffer.get_sub_region(origin, size)
        return self._region

    def alone(self) -> Storage:
        """The same place for somebody who writes over it: what all parts held is no longer so."""
        return Storage(self.buffer, self.buffer.size, lambda *_: self._keep())

    def _keep(self) -> None:
        """Called when nobody needs the place any more; until then it keeps the whole storage."""

    def read(self, device: Device, shape: Shape, dtype: Any) -> Any:
        """A copy of its numbers; the first of all the parts to be read reads them all."""
        numbers = self.together.numbers(device)
        piece = numbers[self.first : self.first + element_count(shape)]
        return piece.reshape(shape).astype(dtype)


class Together:
    """Many small results in one storage."""

    def __init__(self, storage: Storage, count: int, dtype: Any) -> None:
        self.storage = storage
        self.count = count
        self.dtype = np.dtype(dtype)
        self._numbers: Any = None

    def numbers(self, device: Device) -> Any:
        """All of them, read once."""
        if self._numbers is None:
            self._numbers = _read(device, self.storage.buffer, (self.count,), self.dtype)
        return self._numbers


def _read(device: Device, buffer: Any, shape: Shape, dtype: Any) -> Any:
    out = np.empty(shape, _held(device, np.dtype(dtype)))
    if out.size:
        import pyopencl as cl

        try:
            cl.enqueue_copy(device.queue, out, buffer)
        except cl.Error as error:
            raise lost(device, "reading an array", error) from error
    return out.astype(dtype, copy=False)


def _held(device: Device, dtype: np.dtype[Any]) -> np.dtype[Any]:
    """As what a device holds such numbers: float64 as float32 where there is none."""
    return FLOAT32 if dtype == FLOAT64 and not device.float64 else dtype


class DeviceArray(Readable):
    """An array on a device: the result of a compiled function, and welcome as its argument.

    Reading it waits until it is computed: `numpy()`, `float()`, printing, indexing, comparing and
    computing with it, which NumPy does, on the host. Nothing else waits.

    >>> import microgd as mg
    >>> x = mg.device_array([1.0, 2.0], device="interpreter")
    >>> x
    DeviceArray([1., 2.], dtype=float64, device='NumPy interpreter')
    >>> x.shape, x.tolist(), float(x[1]), x + 1
    ((2,), [1.0, 2.0], 2.0, array([2., 3.]))
    """

    __slots__ = ("_storage", "device", "dtype", "shape", "signature")

    def __init__(
        self, device: Device, shape: Shape, dtype: Any, storage: Storage | Part | None
    ) -> None:
        self.device = device
        self.shape = shape
        self.dtype = dtype if isinstance(dtype, np.dtype) else np.dtype(dtype)
        #: What a program that is compiled for such an array depends on.
        self.signature = (shape, self.dtype, True)
        self._storage = storage

    @property
    def storage(self) -> Storage | Part:
        """Where it lies.

        Raises:
            DataError: it was given away to a compiled function, which wrote over it.
        """
        if self._storage is None:
            raise DataError(
                f"this array of shape {self.shape} was given away (donated) to a compiled "
                "function, which has written over it: use the result, or keep x.copy() first"
            )
        return self._storage

    def given_away(self) -> Storage | Part:
        """Its storage, for somebody else to write over; the array is gone."""
        storage, self._storage = self.storage, None
        return storage

    @property
    def ndim(self) -> int:
        """How many axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """How many elements."""
        return element_count(self.shape)

    @property
    def nbytes(self) -> int:
        """How many bytes its elements take."""
        return int(self.size * self.dtype.itemsize)

    def numpy(self) -> Any:
        """A copy as a NumPy array; waits until it is computed."""
        return self.storage.read(self.device, self.shape, self.dtype)

    def copy(self) -> DeviceArray:
        """The same numbers in a place of their own on the same device."""
        return DeviceArray(self.device, self.shape, self.dtype, upload(self.device, self.numpy()))

    def __copy__(self) -> DeviceArray:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> DeviceArray:
        return self.copy()

    def __reduce__(self) -> Any:
        """Pickled as numbers; they are put on the device that is there when they are read."""
        wanted = "interpreter" if self.device.kind == "interpreter" else "auto"
        return device_array, (self.numpy(), wanted)

    def __repr__(self) -> str:
        if self._storage is None:
            return f"DeviceArray(given away, shape={self.shape}, dtype={self.dtype})"
        text = np.array2string(self.numpy(), separator=", ", threshold=20, prefix="DeviceArray(")
        return f"DeviceArray({text}, dtype={self.dtype}, device={self.device.name!r})"


def device_array(data: Any, device: str | Device = "auto", dtype: Any = None) -> DeviceArray:
    """Put numbers on a device, where compiled functions find them without another copy.

    Arguments:
        data: an array or a nested list; whole numbers become int64 (indices), float32 stays, all
            else becomes float64.
        device: as in `compile`.
        dtype: "float32", "float64" or "int64".

    Raises:
        DataError: data that is no array of numbers. DeviceError: no such device, or no memory.

    >>> device_array([[1, 2]], "interpreter").dtype
    dtype('int64')
    """
    chosen = choose(device)
    value = np.asarray(host_value(data, dtype))
    return DeviceArray(chosen, value.shape, value.dtype, upload(chosen, value))


def host_value(data: Any, dtype: Any = None) -> Any:
    """What was given, as an array that a device takes: whole numbers as int64."""
    if isinstance(data, DeviceArray):
        data = data.numpy()
    if dtype is None and not isinstance(data, float):
        with suppress(ValueError):  # value_from says what is wrong with it
            dtype = "int64" if np.asarray(data).dtype.kind in "iu" else None
    return value_from(data, dtype)


def upload(device: Device, value: Any) -> Storage:
    """A copy of an array on the device; the array may change at once."""
    if device.kind == "interpreter":
        return Storage(np.array(value, order="C"), value.nbytes)
    import pyopencl as cl

    value = np.ascontiguousarray(value)
    value = value.astype(_held(device, value.dtype), copy=False)
    padded = np.zeros(value.nbytes + PADDING, np.uint8)
    padded[: value.nbytes] = value.reshape(-1).view(np.uint8)
    flags = cl.mem_flags.READ_WRITE | cl.mem_flags.COPY_HOST_PTR
    if padded.nbytes > device.largest_buffer:
        raise DeviceError(_too_large(device, padded.nbytes))
    try:
        return Storage(cl.Buffer(device.context, flags, hostbuf=padded), padded.nbytes)
    except cl.Error as error:
        raise no_memory(device, padded.nbytes, error) from error


def allocate(device: Device, size: int) -> Any:
    """A buffer of so many bytes.

    Raises:
        DeviceError: the device has no room for it.
    """
    import pyopencl as cl

    try:
        if size > device.largest_buffer:
            raise DeviceError(_too_large(device, size))
        return cl.Buffer(device.context, cl.mem_flags.READ_WRITE, size=size)
    except cl.Error as error:
        raise no_memory(device, size, error) from error


def _too_large(device: Device, size: int) -> str:
    return (
        f"an array of {size:,} bytes does not fit on {device.label}, whose largest array has "
        f"{device.largest_buffer:,}: use smaller batches, or device='interpreter'"
    )


def no_memory(device: Device, size: int, error: Exception) -> DeviceError:
    """The device has no room."""
    return DeviceError(
        f"{device.label} has no room for {size:,} bytes more (it has {device.memory:,} in all): "
        f"use smaller batches or float32, or device='interpreter'. It said: {error}"
    )


def lost(device: Device, doing: str, error: Exception) -> DeviceError:
    """The device did not do what it was asked."""
    return DeviceError(
        f"{device.label} failed at {doing}: {error}. It may have been lost or be out of memory; "
        "the same program runs with device='interpreter'"
    )
