"""Building: OpenCL C to a program on a device, and the binaries kept on disk for the next time.

A kept binary carries a checksum, for a driver may crash on a damaged one. A cache that cannot be
read or written costs time, never a result.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from microgd.errors import DeviceError, OutputError
from microgd.files import write_whole
from microgd.opencl.devices import Device
from microgd.opencl.places import cache_directory

OPTIONS = ("-cl-std=CL1.2",)
#: Divisions and square roots as IEEE wants them, where a device can.
EXACT = "-cl-fp32-correctly-rounded-divide-sqrt"
_MAGIC = b"microgd binary 2\n"


@dataclass(frozen=True)
class Built:
    """A program on a device, and whether its binary was found on disk."""

    program: Any
    cached: bool

    def kernel(self, name: str) -> Any:
        """One of its kernels, with arguments of its own."""
        import pyopencl as cl

        return cl.Kernel(self.program, name)


def build(device: Device, source: str) -> Built:
    """The program of a source text, from the cache on disk or newly built.

    Raises:
        DeviceError: the device's compiler refuses it; the message holds its log.
    """
    path = _cache_file(device, source)
    binary = _read(path)
    if binary is not None:
        with suppress(Exception):  # a driver that no longer takes its own binary: build anew
            return Built(_from_binary(device, binary), True)
    program = _from_source(device, source)
    _keep(path, program)
    return Built(program, False)


def options_for(device: Device) -> list[str]:
    """What the device's compiler is told."""
    import pyopencl as cl

    exact = cl.device_fp_config.CORRECTLY_ROUNDED_DIVIDE_SQRT
    can = device.handle.single_fp_config & exact
    return [*OPTIONS, EXACT] if can else list(OPTIONS)


def _cache_file(device: Device, source: str) -> Path | None:
    key = "\0".join(
        [device.name, device.platform, device.driver, device.version, *options_for(device), source]
    )
    with suppress(Exception):  # no home directory, say
        return cache_directory() / "kernels" / hashlib.sha256(key.encode()).hexdigest()
    return None


def _read(path: Path | None) -> bytes | None:
    """The binary, if the file is there, whole and undamaged."""
    if path is None:
        return None
    try:
        content = path.read_bytes()
    except OSError:
        return None
    head = len(_MAGIC) + 32
    binary = content[head:]
    good = content.startswith(_MAGIC) and content[len(_MAGIC) : head] == _digest(path, binary)
    return binary if good and binary else None


def _digest(path: Path, binary: bytes) -> bytes:
    """A checksum that no binary of another program has: the file's name says of which it is."""
    return hashlib.sha256(path.name.encode() + binary).digest()


def _keep(path: Path | None, program: Any) -> None:
    if path is None:
        return
    import pyopencl as cl

    with suppress(OSError, OutputError, cl.Error):
        (binary,) = program.get_info(cl.program_info.BINARIES)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, _MAGIC + _digest(path, binary) + binary)


def _from_binary(device: Device, binary: bytes) -> Any:
    import pyopencl as cl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cl.Program(device.context, [device.handle], [binary]).build(options_for(device))


def _from_source(device: Device, source: str) -> Any:
    import pyopencl as cl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = cl.Program(device.context, source)
        try:
            # Compiled and linked in two steps, which goes around pyopencl's own cache of pickles.
            program.compile(options_for(device))
            link: Any = cl.link_program
            return link(device.context, [program], options=[])
        except cl.Error as error:
            log = _log(program, device)
            raise DeviceError(
                f"{device.label} could not build {_blamed(source, log)}; the same program runs "
                f"with device='interpreter'. {error}\n{log}"
            ) from error


def _blamed(source: str, log: str) -> str:
    """The kernels that the compiler's log speaks of, by the numbers of its lines."""
    lines = source.splitlines()
    names = []
    for number in sorted({int(n) for n in re.findall(r":(\d+):\d+:", log)}):
        heads = [re.match(r"void (\w+)\(", line) for line in lines[:number]]
        names += [head[1] for head in heads[::-1] if head][:1]
    found = list(dict.fromkeys(names))
    return f"kernel {', '.join(found)}" if found else "a kernel"


def _log(program: Any, device: Device) -> str:
    """What the device's compiler said."""
    import pyopencl as cl

    with suppress(Exception):
        log = str(program.get_build_info(device.handle, cl.program_build_info.LOG)).strip()
        return f"Its compiler said:\n{log}"
    return "Its compiler said nothing."
