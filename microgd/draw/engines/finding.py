"""Which programs can draw, and in what order they are asked."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from microgd.errors import DrawingError

VERSION_TIMEOUT = 5.0
WHEEL = "graphviz-pure"
WHEEL_FORMATS = frozenset(
    {"svg", "png", "jpg", "jpeg", "jpe", "plain", "plain-ext", "dot", "gv", "canon"}
    | {"xdot", "xdot1.2", "xdot1.4", "xdot_json", "json", "json0", "dot_json"}
)
# pygraphviz has no timeout of its own, so it runs in a Python of its own, which can be stopped.
PYGRAPHVIZ_PROGRAM = """\
import sys, pygraphviz
graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode())
for setting in sys.argv[2:]:
    graph.graph_attr.update([setting.split("=", 1)])
sys.stdout.buffer.write(graph.draw(format=sys.argv[1], prog="dot"))
"""


@dataclass(frozen=True)
class Engine:
    """A way to turn DOT into pictures, usable or not (then `problem` says why, and what to do)."""

    name: str
    program: str | None = None
    version: str | None = None
    problem: str | None = None
    formats: frozenset[str] | None = None  # None: not known before it is asked
    explicit: bool = False

    @property
    def usable(self) -> bool:
        """Whether `render` would ask this engine."""
        return self.problem is None

    def draws(self, format: str) -> bool:
        """Whether this engine can be asked for `format`: only its own answer tells for sure."""
        return self.usable and (self.formats is None or format in self.formats)

    def command(self, format: str, dpi: float | None = None) -> list[str]:
        """The command line that reads DOT on its input and writes `format` to its output."""
        program = self.program or ""
        dpi_setting = [] if dpi is None else [f"dpi={dpi:g}"]
        if self.name == "pygraphviz":
            return [program, "-c", PYGRAPHVIZ_PROGRAM, format, *dpi_setting]
        quiet = ["-q"] if _is_wheel_program(program) else []  # its metric warnings say nothing new
        return [program, *quiet, f"-T{format}", *(f"-G{setting}" for setting in dpi_setting)]


def engines(dot: str | os.PathLike[str] | None = None) -> list[Engine]:
    """Every engine in the order in which it is asked, with versions, for `microgd doctor`.

    >>> [engine.name for engine in engines() if not engine.explicit]
    ['graphviz-pure', 'dot', 'pygraphviz']
    """
    try:
        asked = _explicit_engine(dot)
    except DrawingError as error:
        asked = Engine("explicit program", problem=str(error), explicit=True)
    found = [*([asked] if asked else []), *_known_engines()]
    return [_with_version(engine) for engine in found]


def candidates(dot: str | os.PathLike[str] | None) -> list[Engine]:
    """The engines `render` may ask: the one named by the user alone, else all that are known.

    Raises:
        DrawingError: the program named by `dot` or MICROGD_DOT is not there.
    """
    asked = _explicit_engine(dot)
    return [asked] if asked else _known_engines()


def lend_to_graphviz_package() -> str | None:
    """Let `graphviz.Digraph.render` use our engine where there is no system `dot`; return it.

    `graphviz.set_default_engine` names the layout; the program is a constant of the package.
    """
    import shutil

    from graphviz.backend import dot_command

    if shutil.which("dot"):
        return None
    wheel = _wheel_engine()
    if wheel.program:
        dot_command.DOT_BINARY = Path(wheel.program)
    return wheel.program


def _known_engines() -> list[Engine]:
    finders: tuple[Callable[[], Engine], ...] = (_wheel_engine, _system_engine, _pygraphviz_engine)
    return [find() for find in finders]


def _explicit_engine(dot: str | os.PathLike[str] | None) -> Engine | None:
    named = os.fspath(dot) if dot is not None else os.environ.get("MICROGD_DOT", "")
    if not named and dot is None:
        return None
    source = "dot=" if dot is not None else "MICROGD_DOT="
    program = _resolve(named)
    formats = WHEEL_FORMATS if _is_wheel_program(program) else None
    if problem := _why_not_executable(program):
        raise DrawingError(
            f"{source}{named}: {problem}; expected a Graphviz program. Correct the path, or leave "
            "it out and the engines that are installed are used"
        )
    return Engine(f"{source}{named}", program, formats=formats, explicit=True)


def _resolve(named: str) -> str:
    """A bare name is looked up on PATH, as a shell does; anything else is a path."""
    import shutil

    is_bare = Path(named).name == named
    return (shutil.which(named) if is_bare else None) or str(Path(named).expanduser())


def _why_not_executable(program: str) -> str | None:
    path = Path(program)
    if path.is_dir():
        return "this is a directory"
    if not path.is_file():
        return "there is no such program"
    return None if os.access(path, os.X_OK) else "this file is not executable"


def _wheel_engine() -> Engine:
    for place in _wheel_places():
        if _why_not_executable(place) is None:
            return Engine(WHEEL, place, formats=WHEEL_FORMATS)
    problem = f"not installed: pip install {WHEEL}"
    return Engine(WHEEL, problem=problem, formats=WHEEL_FORMATS)


def _wheel_places() -> Iterator[str]:
    """Where pip puts a wheel's program, likeliest first; the last is wherever PATH has it."""
    import shutil
    import sysconfig

    program = WHEEL + (".exe" if os.name == "nt" else "")
    yield str(Path(sysconfig.get_path("scripts"), program))
    yield str(Path(sys.executable).with_name(program))
    yield from _recorded_places(program)
    yield shutil.which(WHEEL) or ""


def _recorded_places(program: str) -> list[str]:
    """Where the wheel's own list of files says it is, as after `pip install --user`."""
    from importlib.metadata import PackageNotFoundError, files

    try:
        recorded = files(WHEEL) or []
    except PackageNotFoundError:
        return []
    return [os.path.realpath(str(entry.locate())) for entry in recorded if entry.name == program]


def _is_wheel_program(program: str) -> bool:
    return Path(program).stem.startswith(WHEEL)


def _system_engine() -> Engine:
    import shutil

    program = shutil.which("dot")
    how = "apt install graphviz, brew install graphviz, or winget install graphviz"
    return Engine("dot", program, problem=None if program else f"not on PATH: {how}")


def _pygraphviz_engine() -> Engine:
    from importlib.util import find_spec

    if find_spec("pygraphviz") is None:
        return Engine("pygraphviz", problem="not installed; needed only without the others")
    return Engine("pygraphviz", sys.executable)


def _with_version(engine: Engine) -> Engine:
    if not engine.usable:
        return engine
    try:
        return replace(engine, version=_version(engine))
    except DrawingError as error:
        return replace(engine, problem=f"{engine.program} does not run: {error}")


def _version(engine: Engine) -> str | None:
    from microgd.draw.engines.running import run

    if engine.name == "pygraphviz":
        from importlib.metadata import version

        return version("pygraphviz")
    outcome = run([engine.program or "", "-V"], b"", VERSION_TIMEOUT)
    answer = outcome.stdout.decode(errors="replace") + outcome.complaint
    if outcome.returncode != 0:
        raise DrawingError(f"exit status {outcome.returncode} {outcome.first_lines()}")
    number = re.search(r"version (\d[\w.]*)", answer)
    return number[1] if number else None
