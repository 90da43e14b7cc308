"""DOT in, picture out: each engine is asked in turn, and only a whole picture is accepted."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator

from microgd.draw.engines.finding import Engine, candidates
from microgd.draw.engines.running import OutOfTime, run
from microgd.errors import DrawingError

TIMEOUT = 30.0
MOST_DPI = 2400  # a picture of a few inches then takes a gigabyte already
RASTER_FORMATS = frozenset({"png", "jpg", "jpeg", "jpe", "gif", "webp", "bmp", "tif", "tiff"})
HOW_TO_GET_ONE = (
    "pip install graphviz-pure, or install Graphviz itself "
    "(apt install graphviz, brew install graphviz, winget install graphviz)"
)
# graphviz-pure rarely loses an edge while routing ("lost w b edge"); a nudged layout has no such
# coincidence of coordinates.
LOST_EDGE = re.compile(r"\blost\b.*\bedge\b")
CELL_WIDTH = re.compile(r'(<TD\b[^>]*\bWIDTH=")(\d+)(")', re.IGNORECASE)
RANK_GAP = re.compile(r'(\branksep="?)(\d*\.?\d+)')


def render(
    dot_source: str,
    format: str,
    *,
    dot: str | os.PathLike[str] | None = None,
    timeout: float = TIMEOUT,
    dpi: float | None = None,
) -> bytes:
    """Draw DOT as `format` ("svg", "png", "plain", "pdf", …) with the first engine that can.

    Args:
        dot_source: a graph in the DOT language.
        format: what Graphviz's `-T` takes.
        dot: a Graphviz program to use and no other; the environment's MICROGD_DOT does the same.
        timeout: seconds for everything, retries and further engines included.
        dpi: dots per inch of a PNG or JPEG: 96 unless told, 192 for screens of double density.

    >>> render("digraph { x -> f }", "plain").split()[0]
    b'graph'

    Raises:
        DrawingError: no engine, none that draws this format, or none that succeeded; says why.
    """
    text = _checked(dot_source, format, dpi)
    asked = candidates(dot)
    able = [engine for engine in asked if engine.draws(format)]
    if not able:
        raise DrawingError(_nobody_draws(format, asked))
    deadline = time.monotonic() + timeout
    failures = []
    for engine in able:
        try:
            return _ask(engine, text, format, dpi, deadline)
        except OutOfTime as error:
            raise DrawingError(_too_slow(error, timeout)) from None
        except DrawingError as error:
            failures.append(f"{engine.name}: {error}")
    raise DrawingError(_all_failed(format, asked, failures))


def _checked(dot_source: str, format: str, dpi: float | None) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][\w.:+-]*", format):
        raise DrawingError(f"{format!r} is not a format; expected one such as svg, png or pdf")
    if dpi is not None and not 1 <= dpi <= MOST_DPI:
        raise DrawingError(f"dpi={dpi:g}; expected between 1 and {MOST_DPI}, and mostly 96 to 300")
    if "\0" in dot_source:
        raise DrawingError("the DOT text has a null character, where Graphviz would stop reading")
    # A lone surrogate, as from a badly decoded file name, becomes a question mark.
    return dot_source.encode("utf-8", "replace").decode("utf-8")


def _ask(engine: Engine, text: str, format: str, dpi: float | None, deadline: float) -> bytes:
    """Ask one engine, again with a nudged layout where it lost an edge."""
    command = engine.command(format, dpi if format in RASTER_FORMATS else None)
    complaint = ""
    for attempt in _nudged(text):
        outcome = run(command, attempt.encode("utf-8"), max(deadline - time.monotonic(), 0.0))
        if outcome.returncode == 0 and _is_whole(outcome.stdout, format):
            return outcome.stdout
        complaint = f"exit status {outcome.returncode}\n{outcome.first_lines()}".strip()
        if outcome.returncode == 0:
            raise DrawingError(f"it wrote no whole {format} picture")
        if not LOST_EDGE.search(outcome.complaint):
            break
    raise DrawingError(complaint)


def _nudged(text: str) -> Iterator[str]:
    yield text
    yield CELL_WIDTH.sub(lambda cell: f"{cell[1]}{int(cell[2]) + 1}{cell[3]}", text)
    yield RANK_GAP.sub(lambda gap: f"{gap[1]}{float(gap[2]) + 0.01:.4g}", text)


def _is_whole(picture: bytes, format: str) -> bool:
    """Whether the picture has its end: an exit status of 0 has been seen on half a file."""
    if format == "svg":
        return picture.rstrip().endswith(b"</svg>")
    if format == "png":
        return picture.startswith(b"\x89PNG") and b"IEND" in picture[-12:]
    return bool(picture)


def _too_slow(error: OutOfTime, timeout: float) -> str:
    return (
        f"the layout was not ready after {timeout:g} s ({error}). Draw less of the graph, collapse "
        "its scopes, or allow more time with timeout="
    )


def _nobody_draws(format: str, asked: list[Engine]) -> str:
    usable = [engine.name for engine in asked if engine.usable]
    if not usable:
        return (
            f"no engine to draw {format} with: {_problems(asked)}. Get one: {HOW_TO_GET_ONE}. "
            "Without one the .dot file can still be saved and opened in any Graphviz viewer"
        )
    return (
        f"{' and '.join(usable)} cannot draw {format}. Graphviz itself can: apt install graphviz, "
        "brew install graphviz, or winget install graphviz; or save as .svg or .png instead"
    )


def _all_failed(format: str, asked: list[Engine], failures: list[str]) -> str:
    reasons = "\n".join(f"  {failure}".replace("\n", "\n    ") for failure in failures)
    missing = [engine for engine in asked if not engine.usable]
    advice = f"\nNot tried: {_problems(missing)}" if missing else ""
    return (
        f"no engine could draw {format}:\n{reasons}{advice}\n"
        "The .dot file can still be saved, and shows where the trouble is"
    )


def _problems(asked: list[Engine]) -> str:
    return "; ".join(f"{engine.name} ({engine.problem})" for engine in asked if engine.problem)
