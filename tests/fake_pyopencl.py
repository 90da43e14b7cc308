"""A stand-in for pyopencl, whose drivers do what their library files say: work, crash, hang, lie.

A test copies this file to a folder of its own as `pyopencl.py`. A driver's library is a text file
of words: `cpu` or `gpu`, and one kind of trouble.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np


class Error(Exception):
    pass


class CompilerWarning(UserWarning):
    pass


device_type = SimpleNamespace(CPU=2, GPU=4)
device_local_mem_type = SimpleNamespace(LOCAL=1, GLOBAL=2)
mem_flags = SimpleNamespace(READ_ONLY=1, READ_WRITE=2, COPY_HOST_PTR=4)


class Device:
    max_compute_units = 4
    global_mem_size = 1 << 30
    local_mem_size = 1 << 15
    max_mem_alloc_size = 1 << 28
    max_work_group_size = 64
    native_vector_width_float = 8
    local_mem_type = 1
    host_unified_memory = True
    extensions = "cl_khr_fp64"
    vendor = "Fake"
    driver_version = "1.0"
    version = "OpenCL 3.0 Fake"

    def __init__(self, platform: Platform, words: list[str]) -> None:
        self.platform = platform
        self.words = words
        self.name = f"  Fake {words[0].upper()}  "
        self.type = getattr(device_type, words[0].upper())
        self.double_fp_config = 0 if "nofp64" in words else 63
        self.int_ptr = id(self)


class Platform:
    version = "OpenCL 3.0"

    def __init__(self, name: str, words: list[str]) -> None:
        self.name = name
        self.words = words
        self.devices = [Device(self, words)]

    def get_devices(self) -> list[Device]:
        if "nodevices" in self.words:
            raise Error("clGetDeviceIDs failed: DEVICE_NOT_FOUND")
        return self.devices


_platforms: list[Platform] | None = None


def get_platforms() -> list[Platform]:
    """Like a loader: the folder of drivers is read at the first call, and never again."""
    global _platforms
    if _platforms is None:
        _platforms = []
        for icd in sorted(Path(os.environ["OCL_ICD_VENDORS"]).glob("*.icd")):
            text = icd.read_text()
            assert text.endswith("\n")
            if Path(text[:-1]).suffix == ".fake":
                _platforms.append(_load(Path(text[:-1])))
    if not _platforms:
        raise Error("clGetPlatformIDs failed: PLATFORM_NOT_FOUND_KHR")
    return _platforms


def _load(library: Path) -> Platform:
    words = library.read_text().split()
    if "crash" in words:
        print("noise before the end", flush=True)
        os.abort()
    if "hang" in words:
        time.sleep(60)
    return Platform(f"{library.stem} platform", words)


class Context:
    def __init__(self, devices: list[Device]) -> None:
        (self.device,) = devices
        if "crash-open" in self.device.words:
            os.abort()


class CommandQueue:
    def __init__(self, context: Context) -> None:
        self.context = context

    def finish(self) -> None:
        pass


class Buffer:
    def __init__(self, context: Context, flags: int, hostbuf: Any) -> None:
        self.array = hostbuf.copy()


def enqueue_copy(queue: CommandQueue, to: Any, source: Buffer) -> None:
    to[...] = source.array


class Program:
    def __init__(self, context: Context, source: str) -> None:
        self.words = context.device.words

    def build(self, options: list[str], cache_dir: Any = None) -> Program:
        if "nobuild" in self.words or ("nobuild64" in self.words and options):
            raise Error("clBuildProgram failed:\n  unknown target CPU 'generic'")
        print("a driver prints, too")
        return self

    def checkup(self, queue: Any, size: Any, group: Any, *buffers: Buffer) -> None:
        x, order, y, relu, sums, nans, far = (buffer.array for buffer in buffers)
        v = x[order]
        with np.errstate(all="ignore"):
            y[:] = np.exp(v) / x.dtype.type(3)
        relu[:] = np.where(v <= 0, 0, v)
        if "losesnan" in self.words:
            relu[:] = np.nan_to_num(relu)
        if "wrong" in self.words:
            y[5] += 1
        nans[:] = np.isnan(v)
        far[:] = np.arange(len(x)) * 4294967299 - 5
        per = group[0]
        sums[: len(x) // per] = np.arange(len(x)).reshape(-1, per).sum(1)
