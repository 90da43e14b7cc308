"""Writing pictures: each file whole or not at all; without an engine, the .dot file instead."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .failures import BadInput, Failed, NoEngine

if TYPE_CHECKING:
    from microgd.draw.drawing import Drawing

NO_ENGINE = """\
there is no program here that draws {format}. {what}
To get one:
  pip install graphviz-pure     a small one, for Linux, macOS and Windows
  apt install graphviz          Debian, Ubuntu
  brew install graphviz         macOS
  winget install graphviz       Windows
`microgd doctor` shows what was looked for."""


def require_endings(outputs: tuple[str, ...]) -> None:
    """Refuse names without an ending before anything is computed."""
    for name in outputs:
        if name != "-" and not Path(name).suffix.removeprefix("."):
            raise click.BadParameter(
                f"{name!r} has no ending to tell the format; write {name}.svg, .png, .dot or .pdf",
                param_hint="'-o'",
            )


def save(drawing: Drawing, path: Path, dpi: float | None) -> Path:
    """Write one picture.

    Raises:
        Failed: it cannot be drawn or written; without any engine the .dot file is there instead.
    """
    from microgd.errors import DrawingError

    try:
        return drawing.save(path, dpi=dpi)
    except DrawingError as error:
        if _any_engine(drawing):
            raise Failed(_in_options(str(error))) from error
        return _save_dot_instead(drawing, path)


def picture(drawing: Drawing, format: str, dpi: float | None) -> bytes:
    """One picture for standard output."""
    if format == "svg":
        return drawing.svg.encode()
    if format in ("dot", "gv"):
        return drawing.dot.encode()
    return drawing.render(format, dpi=dpi or (192 if format == "png" else None))


def _any_engine(drawing: Drawing) -> bool:
    from microgd.draw.engines.finding import candidates
    from microgd.errors import DrawingError

    try:
        return any(engine.usable for engine in candidates(drawing.engine))
    except DrawingError as error:  # the one that --dot or MICROGD_DOT names is not there
        raise BadInput(_in_options(str(error))) from error


def _in_options(message: str) -> str:
    """A message for Python users, with this command's options."""
    return message.replace("timeout=", "--timeout").replace("dot=/", "--dot /")


def _save_dot_instead(drawing: Drawing, path: Path) -> Path:
    beside = path.with_suffix(".dot")
    if beside.exists() and not beside.read_bytes().startswith(b"digraph"):
        what = f"{beside} is something else already, so the graph was not written either."
    else:
        what = f"The graph is in {drawing.save(beside)}, which any Graphviz viewer opens."
    raise NoEngine(NO_ENGINE.format(format=path.suffix.removeprefix("."), what=what))
