"""What the doctor looks at. Each check answers with findings and never raises."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

#: Seconds that an OpenCL driver may take to list its devices; a broken one may hang for ever.
OPENCL_TIMEOUT = 30.0

#: Lists the devices and adds two numbers on each: being listed proves nothing. It runs in a Python
#: of its own, because a broken driver crashes the program that asks.
OPENCL_PROGRAM = """\
import json, warnings
warnings.simplefilter("ignore")
import numpy as np, pyopencl as cl
found = []
for platform in cl.get_platforms():
    for device in platform.get_devices():
        problem = None
        try:
            context = cl.Context([device])
            queue = cl.CommandQueue(context)
            text = "__kernel void f(__global float *x) { x[0] = x[0] + 1.0f; }"
            program = cl.Program(context, text).build()
            flags = cl.mem_flags.READ_WRITE | cl.mem_flags.COPY_HOST_PTR
            x = np.array([1.0], dtype=np.float32)
            buffer = cl.Buffer(context, flags, hostbuf=x)
            program.f(queue, (1,), None, buffer)
            cl.enqueue_copy(queue, x, buffer)
            queue.finish()
            problem = None if x[0] == 2.0 else "it adds wrongly"
        except Exception as error:
            problem = " ".join(str(error).split())[:160] or type(error).__name__
        found.append([device.name.strip(), platform.name.strip(), problem])
print("DEVICES" + json.dumps([cl.VERSION_TEXT, found]))
"""


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        state: "ok", "optional" (missing, and not needed) or "bad" (the main job does not work).
        mend: the commands that mend it.
    """

    name: str
    state: str
    text: str
    mend: tuple[str, ...] = ()


def findings() -> list[Finding]:
    """Everything the doctor finds, in the order of the report."""
    found: list[Finding] = []
    checks: tuple[Callable[[], list[Finding]], ...] = (
        _python,
        _numbers,
        _engines,
        _opencl,
        _terminal,
        _folder,
    )
    for check in checks:
        try:
            found += check()
        except Exception as error:  # the report is most wanted where something is badly broken
            name = check.__name__.strip("_")
            found.append(Finding(name, "bad", f"{type(error).__name__}: {error}"))
    return found


def _pip(package: str) -> str:
    python = f'"{sys.executable}"' if " " in sys.executable else sys.executable
    return f"{python} -m pip install {package}"


def _python() -> list[Finding]:
    where = f"{platform.system()} {platform.machine()}, {sys.executable}"
    return [Finding("Python", "ok", f"{platform.python_version()}, {where}")]


def _numbers() -> list[Finding]:
    """Versions, and the README's circuit computed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        own = version("microgd")
    except PackageNotFoundError:
        own = "(not installed, run from its folder)"
    try:
        import numpy as np

        from microgd.language.circuit import circuit
    except ImportError as error:
        return [Finding("microgd", "bad", f"{own}: {error}", (_pip("numpy"),))]
    c = circuit("(x + y) * z", x=-2, y=5, z=-4)
    c.output.backward()
    got = [c.output.data, *(t.grad for t in c.inputs.values())]
    if got != [-12.0, -4.0, -4.0, 3.0]:
        return [Finding("microgd", "bad", f"{own}: computes {got} for the README's circuit")]
    return [Finding("microgd", "ok", own), Finding("numpy", "ok", np.__version__)]


def _engines() -> list[Finding]:
    """The programs that draw, and a picture drawn by the first that can."""
    from microgd.draw.engines import engines

    found = []
    asked = engines()
    if any(e.explicit for e in asked):
        # No other will be asked; what is wrong with it, the picture's finding says.
        asked = [e for e in asked if e.explicit and e.usable]
    for engine in asked:
        if engine.usable:
            text = f"{engine.version or 'unknown version'}, {engine.program}"
            found.append(Finding(engine.name, "ok", text))
        else:
            found.append(Finding(engine.name, "optional", engine.problem or ""))
    return [*found, _picture()]


def _picture() -> Finding:
    from microgd.draw.drawing import draw
    from microgd.errors import DrawingError
    from microgd.language.circuit import circuit

    drawing = draw(circuit("(x + y) * z", x=-2, y=5, z=-4))
    began = time.perf_counter()
    try:
        drawing.render("svg")
        seconds = time.perf_counter() - began
    except DrawingError as error:
        mend = how_to_get_an_engine()
        if os.environ.get("MICROGD_DOT"):
            mend = ("set MICROGD_DOT=" if os.name == "nt" else "unset MICROGD_DOT",)
        return Finding("picture", "bad", _first_line(str(error)), mend)
    try:
        drawing.render("png")
    except DrawingError as error:
        return Finding("picture", "bad", f"SVG works, PNG does not: {_first_line(str(error))}")
    return Finding("picture", "ok", f"SVG and PNG are drawn, in {seconds:.2f} s")


def how_to_get_an_engine() -> tuple[str, ...]:
    """The commands that install a drawing engine on this system."""
    machine = platform.machine().lower()
    wheels = {
        "linux": (("x86_64", "aarch64"), "sudo apt install graphviz"),
        "darwin": (("x86_64", "arm64"), "brew install graphviz"),
        "win32": (("amd64", "arm64"), "winget install graphviz"),
    }
    machines, system = wheels.get(sys.platform, ((), "your system's package graphviz"))
    return (_pip('"graphviz-pure>=0.2.2,<0.3"'),) if machine in machines else (system,)


def _opencl() -> list[Finding]:
    import json
    from importlib.util import find_spec

    from microgd.draw.engines.running import OutOfTime, run

    if find_spec("pyopencl") is None:
        text = "pyopencl is not installed; needed only to compute on OpenCL devices"
        return [Finding("OpenCL", "optional", text, (_pip("pyopencl"),))]
    try:
        outcome = run([sys.executable, "-c", OPENCL_PROGRAM], b"", OPENCL_TIMEOUT)
    except OutOfTime:
        text = f"a driver did not answer in {OPENCL_TIMEOUT:g} s; update or remove it"
        return [Finding("OpenCL", "optional", text)]
    _, marked, answer = outcome.stdout.decode("utf-8", "replace").rpartition("DEVICES")
    if not marked:
        last = (outcome.complaint.strip().splitlines() or ["no message"])[-1]
        if "PLATFORM_NOT_FOUND" in last:
            return [Finding("OpenCL", "optional", "pyopencl finds no driver", _opencl_driver())]
        ended = f"asking for devices ended with status {outcome.returncode}: {last:.160}"
        return [Finding("OpenCL", "optional", ended)]
    version, devices = json.loads(answer)
    if not devices:
        return [Finding("OpenCL", "optional", "no device", _opencl_driver())]
    return [
        Finding("OpenCL", "ok", f"{device} ({driver}), pyopencl {version}")
        if problem is None
        else Finding("OpenCL", "optional", f"{device} ({driver}) does not work: {problem}")
        for device, driver, problem in devices
    ]


def _opencl_driver() -> tuple[str, ...]:
    if sys.platform in ("linux", "win32") and platform.machine().lower() in ("x86_64", "amd64"):
        return (_pip("intel-opencl-rt intel-cmplr-lib-rt"),)
    return ("sudo apt install pocl-opencl-icd",) if sys.platform == "linux" else ()


def _terminal() -> list[Finding]:
    from .output import console
    from .streams import speaks_unicode, width

    encoding = getattr(sys.stdout, "encoding", None) or "unknown encoding"
    colour = "colour" if console().color_system else "no colour"
    kind = "terminal" if sys.stdout.isatty() else "not a terminal"
    text = f"{kind}, {encoding}, {width()} columns, {colour}"
    if speaks_unicode():
        return [Finding("output", "ok", text)]
    way = "set PYTHONUTF8=1" if os.name == "nt" else "export PYTHONUTF8=1"
    return [Finding("output", "optional", f"{text}: signs such as x^2 are spelled out", (way,))]


def _folder() -> list[Finding]:
    from tempfile import TemporaryFile

    try:
        with TemporaryFile(dir="."):
            pass
    except OSError as error:
        text = f"no files can be written here: {error.strerror or error}; name another with -o"
        return [Finding("folder", "optional", text)]
    return [Finding("folder", "ok", "files can be written here")]


def _first_line(text: str) -> str:
    return text.strip().split("\n")[0]
