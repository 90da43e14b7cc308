"""What the doctor looks at. Each check answers with findings and never raises."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        state: "ok", "optional" (missing, and not needed) or "bad" (the main job does not work).
        mend: the commands that mend it.
        note: lines to read after them.
    """

    name: str
    state: str
    text: str
    mend: tuple[str, ...] = ()
    note: str = ""


def findings() -> list[Finding]:
    """Everything the doctor finds, in the order of the report."""
    found: list[Finding] = []
    checks: tuple[Callable[[], list[Finding]], ...] = (
        _python,
        _numbers,
        _engines,
        _slides,
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


def _slides() -> list[Finding]:
    """Whether slides and worksheets can be PDFs."""
    from microgd.errors import MicrogdError, MissingExtraError
    from microgd.teaching.typesetting import pdf_of, require_typst

    try:
        version = require_typst("slides").__version__
        pdf_of("$ x^2 $", "slides")
    except MissingExtraError:
        text = "not installed: slides are .html, not .pdf"
        return [Finding("typst", "optional", text, (_pip('"typst>=0.13"'),))]
    except MicrogdError as error:
        return [Finding("typst", "optional", _first_line(str(error)))]
    return [Finding("typst", "ok", f"{version}, sets slides as PDF")]


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
    """Every device, after it has computed, and what is known of drivers that show none."""
    from microgd.opencl.advice import commands, how_to
    from microgd.opencl.devices import discover

    try:
        seen = discover()
    except Exception as error:  # a device is not needed for the main job
        return [Finding("OpenCL", "optional", _first_line(str(error)))]
    found = [
        Finding("OpenCL", "ok", d.label)
        if d.problem is None
        else Finding("OpenCL", "optional", f"{d.label} cannot be used: {d.problem}")
        for d in seen.devices
    ]
    found += [Finding("OpenCL", "optional", note) for note in seen.notes]
    if any(d.healthy for d in seen.devices):
        return found
    text = "no device works; the interpreter computes everything, only slower"
    how = f"OpenCL devices, on\n{how_to()}"
    return [*found, Finding("OpenCL", "optional", text, commands(), how)]


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
