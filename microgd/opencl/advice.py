"""How to get an OpenCL device, on this system and on others."""

from __future__ import annotations

import platform
import sys

_INTEL = "pip install pyopencl intel-opencl-rt intel-cmplr-lib-rt (x86-64)"

#: System → what gives it a device.
WAYS = {
    "Linux": f"a GPU's driver brings OpenCL; CPU: {_INTEL}, or sudo apt install pocl-opencl-icd",
    "macOS": "the system brings OpenCL: pip install pyopencl; or conda install pyopencl pocl",
    "Windows": f"a GPU's driver brings OpenCL; CPU: {_INTEL}",
}


def pip(packages: str) -> str:
    """The command that installs packages for the Python that runs this."""
    python = f'"{sys.executable}"' if " " in sys.executable else sys.executable
    return f"{python or 'python'} -m pip install {packages}"


def commands() -> tuple[str, ...]:
    """What to type on this computer to get a device that every such computer can have: its CPU."""
    from importlib.util import find_spec

    needed = [] if find_spec("pyopencl") else ["pyopencl"]
    machine = platform.machine().lower()
    wheels = sys.platform in ("linux", "win32") and machine in ("x86_64", "amd64")
    if wheels:
        needed += ["intel-opencl-rt", "intel-cmplr-lib-rt"]
    found = [pip(" ".join(needed))] if needed else []
    if sys.platform.startswith("linux") and not wheels:
        found.append("sudo apt install pocl-opencl-icd")
    return tuple(found)


def how_to() -> str:
    """The ways of every system, in lines; the one of this system first."""
    names = {"linux": "Linux", "darwin": "macOS", "win32": "Windows"}
    own = names.get(sys.platform, "Linux")
    order = sorted(WAYS, key=lambda system: system != own)
    return "\n".join(f"  {system}: {WAYS[system]}" for system in order)
