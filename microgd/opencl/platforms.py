"""The OpenCL drivers of this computer, named to the loader without root and without variables.

A loader reads a folder of `.icd` files, one library's name in each, at the first question for
platforms, and never again. pip installs drivers but can register none, so microgd writes a folder
of its own for that moment: the system's drivers, pip's, and NVIDIA's where nobody registered it.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from .places import cache_directory

#: Where the loader that comes with pyopencl looks, unless told otherwise.
SYSTEM = Path("/etc/OpenCL/vendors")

NVIDIA = "libnvidia-opencl.so.1"
NVIDIA_FOLDERS = ("", "/usr/local/nvidia/lib64/", "/usr/lib/", "/usr/lib64/")


@dataclass(frozen=True)
class Driver:
    """A driver to load.

    Attributes:
        library: its path or name; empty for whatever the system's own loader finds.
        source: who names it: an .icd file, a package.
    """

    library: str
    source: str

    @property
    def key(self) -> str:
        """What changes with the library, as far as that is known without loading it."""
        try:
            seen = Path(self.library).stat()
        except OSError:
            return self.library
        return f"{self.library} {seen.st_size} {seen.st_mtime_ns}"


def drivers() -> list[Driver]:
    """The drivers to load, each once: the user's or the system's first, then pip's, NVIDIA's last.

    Where the folder of drivers is not the loader's only source (Windows' registry, Apple's
    framework), there is one entry for all of them.
    """
    if not sys.platform.startswith("linux"):
        return [Driver("", "the system")]
    found = [*_named_by_user(), *_registered(), *_of_pip(), *_of_nvidia()]
    chosen: dict[str, Driver] = {}
    for driver in found:
        if not Path(driver.library).is_absolute() or Path(driver.library).exists():
            chosen.setdefault(_family(driver.library), driver)
    return list(chosen.values())


def _family(library: str) -> str:
    """Two versions of one driver in one process disturb each other; the first found is taken."""
    return Path(library).name.split(".so")[0]


def _named_by_user() -> Iterator[Driver]:
    """OCL_ICD_FILENAMES, which the Khronos loader reads and the one of pyopencl does not."""
    for library in os.environ.get("OCL_ICD_FILENAMES", "").split(os.pathsep):
        if library:
            yield Driver(library, "OCL_ICD_FILENAMES")


def _registered() -> Iterator[Driver]:
    """What .icd files name: those of OCL_ICD_VENDORS where the user sets it, else the system's."""
    wanted = os.environ.get("OCL_ICD_VENDORS")
    if wanted and Path(wanted).is_dir():
        yield from _of_files(Path(wanted).glob("*.icd"))
    elif wanted and wanted.endswith(".icd"):
        yield from _of_files([SYSTEM / wanted])  # an absolute path stays as it is
    elif wanted:
        yield Driver(wanted, "OCL_ICD_VENDORS")
    else:
        folders = [Path(os.environ.get("OPENCL_VENDOR_PATH") or SYSTEM)]
        if Path(sys.prefix, "conda-meta").is_dir():
            folders.append(Path(sys.prefix, "etc/OpenCL/vendors"))
        if (package := _folder_of("pyopencl")) is not None:
            folders.append(package / ".libs")
        for folder in folders:
            yield from _of_files(folder.glob("*.icd"))


def _of_files(paths: Iterable[Path]) -> Iterator[Driver]:
    for path in sorted(paths):
        try:
            text = path.read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            continue
        if library := text.partition("\n")[0].strip():
            yield Driver(library, str(path))


def _folder_of(package: str) -> Path | None:
    from importlib.util import find_spec

    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        return None
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def pip_driver() -> Path | None:
    """The library of the package intel-opencl-rt, if that is installed."""
    from importlib.metadata import PackageNotFoundError, files

    name = "intelocl64.dll" if os.name == "nt" else "libintelocl.so"
    try:
        listed = files("intel-opencl-rt") or []
    except PackageNotFoundError:
        return None
    for entry in listed:
        # Beside it lie libintelocl.so-gdb.py, its .pyc, and libintelocl.so.VERSION.
        if entry.name == name:
            path = Path(str(entry.locate())).resolve()
            return path if path.is_file() else None
    return None


def _of_pip() -> Iterator[Driver]:
    path = pip_driver()
    if path is not None:
        yield Driver(str(path), "the package intel-opencl-rt")


def _of_nvidia() -> Iterator[Driver]:
    """NVIDIA's driver as containers have it: the library is there, its .icd file is not."""
    for folder in NVIDIA_FOLDERS:
        try:
            ctypes.CDLL(folder + NVIDIA)
        except OSError:
            continue
        yield Driver(folder + NVIDIA, "NVIDIA's driver, which no .icd file names")
        return


@contextmanager
def named(chosen: Iterable[Driver], *, set_here: bool = True) -> Iterator[dict[str, str]]:
    """Write the folder and set the variables that name it; all is undone at the end.

    What is yielded are those variables, for processes that are started meanwhile; without
    `set_here` they are for those only. A loader reads them once, so nothing is lost when they go.
    """
    with ExitStack() as stack:
        if sys.platform.startswith("linux"):
            folder = stack.enter_context(_scratch())
            for number, driver in enumerate(chosen):
                # Without the newline the loader takes the last character off.
                line = f"{driver.library}\n".encode("utf-8", "surrogateescape")
                Path(folder, f"{number:02}.icd").write_bytes(line)
            # PYOPENCL_HOME is a second folder that pyopencl's loader looks into.
            values = {"OCL_ICD_VENDORS": folder, "PYOPENCL_HOME": folder}
        else:
            values = _for_khronos()
        before = {name: os.environ.get(name) for name in values} if set_here else {}
        if set_here:
            os.environ.update(values)
        try:
            yield values
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def _for_khronos() -> dict[str, str]:
    """Windows: the loader opens what this variable names, besides what is registered."""
    path = pip_driver() if os.name == "nt" else None
    if path is None:
        return {}
    user = os.environ.get("OCL_ICD_FILENAMES")
    return {"OCL_ICD_FILENAMES": os.pathsep.join(filter(None, (user, str(path))))}


@contextmanager
def _scratch() -> Iterator[str]:
    """A folder for a moment; in the cache or in memory where there is no temporary one."""
    from microgd.errors import DeviceError

    for place in (None, cache_directory(), Path("/dev/shm")):
        try:
            folder = TemporaryDirectory(prefix="microgd-", dir=place, ignore_cleanup_errors=True)
        except OSError:
            continue
        with folder as name:
            yield name
        return
    raise DeviceError(
        "OpenCL drivers are named to their loader in a folder of files, and no folder can be "
        "written to: neither the temporary one nor the cache. Set TMPDIR to one that can"
    )
