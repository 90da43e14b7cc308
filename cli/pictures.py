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


#: What the engines can draw between them: graphviz-pure the first few, Graphviz all.
FORMATS = (
    *("svg", "png", "dot", "gv", "pdf", "jpg", "jpeg", "jpe", "gif", "webp", "bmp", "tif", "tiff"),
    *("ps", "ps2", "eps", "svgz", "xdot", "json", "plain", "fig", "ico", "psd", "jp2", "tga"),
    *("imap", "cmapx", "canon", "vml", "vmlz", "emf", "emfplus", "wmf", "plain-ext"),
    *("json0", "dot_json", "xdot_json", "xdot1.2", "xdot1.4"),
)


def require_endings(outputs: tuple[str, ...], option: str = "-o") -> None:
    """Refuse names that tell no format before anything is computed."""
    hint = f"'{option}'"
    for name in outputs:
        if name != "-":
            ending = Path(name).suffix.removeprefix(".")
            if not ending:
                raise click.BadParameter(_no_ending(name), param_hint=hint)
            require_format(ending, f"{name!r} ends in .{ending}, which is no format", hint)


def _no_ending(name: str) -> str:
    stem = Path(name).name.lstrip(".")
    if stem.lower() in FORMATS:  # `.svg`
        return f"{name!r} is an ending without a name; write circuit.{stem}"
    return f"{name!r} has no ending to tell the format; write {name}.svg, .png, .dot or .pdf"


def require_format(format: str, otherwise: str, option: str) -> None:
    """Refuse a format that no engine has."""
    if format.lower() not in FORMATS:
        from difflib import get_close_matches

        near = get_close_matches(format.lower(), FORMATS, n=1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise click.BadParameter(
            f"{otherwise}. {hint}There are svg, png, dot and pdf, also jpg, gif, webp, tiff, ps",
            param_hint=option,
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
        if any_engine(drawing.engine):
            raise Failed(in_options(str(error))) from error
        return _save_dot_instead(drawing, path)


def picture(drawing: Drawing, format: str, dpi: float | None) -> bytes:
    """One picture for standard output."""
    if format == "svg":
        return drawing.svg.encode()
    if format in ("dot", "gv"):
        return drawing.dot.encode()
    return drawing.render(format, dpi=dpi or (192 if format == "png" else None))


def any_engine(dot: str | None) -> bool:
    """Whether there is a program here that draws, be it this one.

    Raises:
        BadInput: the one that was named is not there.
    """
    from microgd.draw.engines.finding import candidates
    from microgd.errors import DrawingError

    try:
        return any(engine.usable for engine in candidates(dot))
    except DrawingError as error:  # the one that --dot or MICROGD_DOT names is not there
        raise BadInput(in_options(str(error))) from error


def in_options(message: str) -> str:
    """A message for Python users, with this command's options."""
    return message.replace("timeout=", "--timeout").replace("dot=", "--dot ")


def _save_dot_instead(drawing: Drawing, path: Path) -> Path:
    beside = path.with_suffix(".dot")
    if beside.exists() and not beside.read_bytes().startswith(b"digraph"):
        what = f"{beside} is something else already, so the graph was not written either."
    else:
        what = f"The graph is in {drawing.save(beside)}, which any Graphviz viewer opens."
    raise NoEngine(NO_ENGINE.format(format=path.suffix.removeprefix("."), what=what))
