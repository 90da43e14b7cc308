"""The devices of this computer: found, checked, and opened when they are first used.

    for device in devices():
        print(device.label, device.problem or "healthy")

Processes that use OpenCL must start their workers with `spawn`: a driver's threads do not survive
a fork, and a forked child would wait for them for ever. It gets a `DeviceError` instead.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from threading import Lock, RLock
from typing import Any

from microgd.errors import DeviceError


class Opened:
    """A device's context and queue, made when they are first asked for, by one thread."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.context: Any = None
        self.queue: Any = None


@dataclass(frozen=True, eq=False)
class Device:
    """One OpenCL device, or the NumPy interpreter.

    Attributes:
        kind: "gpu", "cpu", "accelerator" or "interpreter".
        units: compute units: cores, multiprocessors.
        memory: bytes of its memory; 0 for the interpreter, which has all of the computer's.
        local_memory: bytes that a work-group shares.
        largest_buffer: bytes of the largest array.
        vector_width: floats in a native vector.
        family: which kernels suit it: "cpu" (explicit vectors) or "gpu" (local memory).
        problem: why it cannot be used; None if it is healthy.
        index: the numbers of its platform and of itself, as `--device 0:1` names them.
        handle: pyopencl's device.
        opened: its context and queue, once they are made.
    """

    name: str
    platform: str
    vendor: str
    kind: str
    units: int
    memory: int
    local_memory: int
    largest_buffer: int
    float64: bool
    float16: bool
    vector_width: int
    family: str
    driver: str
    version: str
    problem: str | None
    index: tuple[int, int]
    handle: Any = field(default=None, repr=False)
    opened: Opened = field(default_factory=Opened, repr=False)

    @property
    def healthy(self) -> bool:
        """Whether it computes, and computes rightly."""
        return self.problem is None

    @property
    def label(self) -> str:
        """Its name and its platform's, for people.

        >>> INTERPRETER.label
        'NumPy interpreter'
        """
        return f"{self.name} ({self.platform})" if self.platform else self.name

    @property
    def context(self) -> Any:
        """The one OpenCL context of this device."""
        self._open()
        return self.opened.context

    @property
    def queue(self) -> Any:
        """The one command queue of this device: in order, without profiling."""
        self._open()
        return self.opened.queue

    def _open(self) -> None:
        _refuse_after_fork()
        opened = self.opened
        if opened.queue is not None:
            return
        if self.handle is None:
            raise DeviceError(f"the {self.name} is no OpenCL device: it has no context, no queue")
        if self.problem is not None:
            raise DeviceError(f"{self.label} cannot be used: {self.problem}")
        import pyopencl as cl

        with opened.lock:
            if opened.queue is None:
                try:
                    opened.context = cl.Context([self.handle])
                    opened.queue = cl.CommandQueue(opened.context)
                except cl.Error as error:
                    raise DeviceError(f"{self.label} cannot be opened: {error}") from error


#: What computes without any OpenCL device.
INTERPRETER = Device(
    name="NumPy interpreter",
    platform="",
    vendor="",
    kind="interpreter",
    units=1,
    memory=0,
    local_memory=0,
    largest_buffer=sys.maxsize,
    float64=True,
    float16=False,
    vector_width=1,
    family="cpu",
    driver="",
    version="",
    problem=None,
    index=(-1, -1),
)


@dataclass(frozen=True)
class Discovery:
    """What was found.

    Attributes:
        devices: all of them, GPUs first.
        notes: sentences about drivers that could not be loaded or asked.
    """

    devices: tuple[Device, ...]
    notes: tuple[str, ...]
    process: int


_LOCK = RLock()
_FOUND: dict[bool, Discovery] = {}


def devices(*, check: bool = True) -> list[Device]:
    """All OpenCL devices, healthy or not, GPUs first; found once per process.

    Without `check` nothing is computed on them, and each has the problem "not checked".
    """
    return list(discover(check=check).devices)


def discover(*, check: bool = True, again: bool = False) -> Discovery:
    """The devices, and what there is to say about drivers that show none.

    With `again`, nothing that is remembered counts: every device is checked now.
    """
    with _LOCK:
        _refuse_after_fork()
        if check not in _FOUND or again:
            from .discovery import find

            found, notes = find(check=check, again=again)
            _FOUND[check] = Discovery(found, notes, os.getpid())
        return _FOUND[check]


def choose(wanted: str | Device = "auto") -> Device:
    """The device that is meant.

    Arguments:
        wanted: "auto" (the first healthy GPU, else the first healthy OpenCL CPU, else the
            interpreter), "gpu", "cpu", "interpreter", or `PLATFORM:DEVICE` in the numbers of
            `devices()` or in parts of names: "0:1", "intel", "pocl:0". Or a device itself.

    Raises:
        DeviceError: there is no such device, or it does not work. Only "auto" ends at the
            interpreter by itself.

    >>> choose("interpreter").label
    'NumPy interpreter'
    """
    if isinstance(wanted, Device):
        return _healthy([wanted], wanted.label)
    if not isinstance(wanted, str):
        raise DeviceError(f"a device is named by a text, such as 'auto' or 'gpu', got {wanted!r}")
    word = wanted.strip().lower()
    if word == "interpreter":
        return INTERPRETER
    found = devices()
    if word == "auto":
        healthy = [d for d in found if d.healthy]
        kinds = [next((d for d in healthy if d.kind == kind), None) for kind in ("gpu", "cpu")]
        return next((d for d in kinds if d is not None), INTERPRETER)
    if word in ("gpu", "cpu"):
        return _healthy([d for d in found if d.kind == word], word.upper())
    return _healthy(_named(word, found), repr(wanted))


def _named(word: str, found: list[Device]) -> list[Device]:
    """The devices that `PLATFORM:DEVICE`, or one half of it, may mean."""
    first, colon, second = word.partition(":")
    if colon or first.isdecimal():
        return [
            d
            for d in found
            if _means(first.strip(), d.index[0], f"{d.platform} {d.version} {d.vendor}")
            and _means(second.strip(), d.index[1], d.name)
        ]
    everything = {d: f"{d.name} {d.platform} {d.version} {d.vendor}".lower() for d in found}
    return [d for d in found if word and word in everything[d]]


def _means(word: str, number: int, text: str) -> bool:
    return int(word) == number if word.isdecimal() else word in text.lower()


def _healthy(candidates: list[Device], wanted: str) -> Device:
    """The first that works; else an error that says why none does."""
    for device in candidates:
        if device.healthy:
            return device
    from .advice import how_to

    if candidates:
        lines = [f"{wanted} cannot be used:"]
        lines += [f"  {d.label}: {d.problem}" for d in candidates]
    else:
        lines = [f"there is no OpenCL device for {wanted}. Found:"]
        found = [f"  {_numbers(d)} {d.label}: {d.problem or 'healthy'}" for d in devices()]
        lines += found or ["  no device"]
    lines += [f"  {note}" for note in discover().notes]
    names = "auto, gpu, cpu, interpreter, a number as listed, or a part of a name"
    lines.append(f"A device is asked for by one of: {names}")
    raise DeviceError("\n".join([*lines, "How to get a device:", how_to()]))


def _numbers(device: Device) -> str:
    return "{}:{}".format(*device.index)


def _refuse_after_fork() -> None:
    if any(found.devices and found.process != os.getpid() for found in _FOUND.values()):
        raise DeviceError(
            "this process was forked from one that had opened OpenCL devices, whose drivers do not "
            'survive that: start it with multiprocessing.get_context("spawn")'
        )
