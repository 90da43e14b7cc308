"""How every plot looks: colours, lines, markers and sizes; and figures as bytes and files."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from microgd.errors import ArgumentError, DrawingError
from microgd.files import write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("svg", "png", "pdf")

#: Dots per inch of a PNG: sharp on a slide.
PNG_DPI = 160

#: Points, for a figure of 9 inches that fills a slide: readable from the last row.
TEXT, TITLE, SMALL = 15.0, 18.0, 13.0

LINE, MARKER = 2.4, 7.0

#: Series differ in these as well as in colour, so that a greyscale print works.
DASHES: tuple[Any, ...] = (
    "solid",
    (0, (5, 2)),
    (0, (5, 1.6, 1.2, 1.6)),
    (0, (1.2, 1.2)),
    (0, (9, 2.5)),
    (0, (5, 1.6, 1.2, 1.6, 1.2, 1.6)),
    (0, (2.5, 1.5)),
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as `#rrggbb`; `series` is Okabe and Ito's set, in the order to use it."""

    page: str
    ink: str
    muted: str
    grid: str
    star: str
    series: tuple[str, ...]


LIGHT = Palette(
    page="#ffffff",
    ink="#1f2328",
    muted="#57606a",
    grid="#d0d7de",
    star="#ffcf33",
    series=("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"),
)
DARK = Palette(
    page="#0d1117",
    ink="#e6edf3",
    muted="#9aa4af",
    grid="#30363d",
    star="#ffcf33",
    series=("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#f0e442", "#ffffff"),
)


def palette_of(dark: bool) -> Palette:
    """The palette for a dark or a light page."""
    return DARK if dark else LIGHT


@dataclass(frozen=True, slots=True)
class Series:
    """How one line is drawn: `axes.plot(x, y, **series(0).line)`."""

    colour: str
    dash: Any
    marker: str

    @property
    def line(self) -> dict[str, Any]:
        """Keywords for a line without markers."""
        return {"color": self.colour, "linestyle": self.dash, "linewidth": LINE}

    @property
    def marked(self) -> dict[str, Any]:
        """Keywords for a line with markers."""
        return {**self.line, "marker": self.marker, "markersize": MARKER}


def series(index: int, *, dark: bool = False) -> Series:
    """Colour, dash and marker of line number `index`, from 0; they repeat after seven.

    >>> series(0).colour, series(1).marker
    ('#0072b2', 's')
    """
    colours = palette_of(dark).series
    place = index % len(colours)
    return Series(colours[place], DASHES[place], MARKERS[place])


def legible(colour: str, page: str, ratio: float = 4.5) -> str:
    """The colour, darkened (on a dark page: lightened) until text in it has this contrast.

    >>> legible("#e69f00", "#ffffff") != "#e69f00", legible("#000000", "#ffffff")
    (True, '#000000')
    """
    target = 0 if _luminance(page) > 0.5 else 255
    parts = _parts(colour)
    for amount in range(0, 101, 4):
        mixed = "#" + "".join(f"{round(p + (target - p) * amount / 100):02x}" for p in parts)
        light, dark = sorted((_luminance(mixed), _luminance(page)), reverse=True)
        if (light + 0.05) / (dark + 0.05) >= ratio:
            return mixed
    return mixed


def new_figure(
    width: float = 9.0,
    height: float = 5.5,
    rows: int = 1,
    columns: int = 1,
    *,
    dark: bool = False,
    title: str = "",
) -> tuple[Figure, list[Axes]]:
    """An empty figure of inches and its axes, row by row; call it within `context(dark)`.

    Raises:
        DrawingError: matplotlib is not installed.

    >>> with context():
    ...     figure, axes = new_figure(9, 5, columns=2)
    >>> len(axes)
    2
    """
    require_matplotlib()
    from matplotlib.figure import Figure

    palette = palette_of(dark)
    figure = Figure(figsize=(width, height), facecolor=palette.page, layout="constrained")
    engine: Any = figure.get_layout_engine()
    engine.set(w_pad=0.12, h_pad=0.12, wspace=0.04, hspace=0.05)
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    if title:
        figure.suptitle(shown(title, int(width * 6.5)), fontsize=TITLE)
    return figure, axes


@contextmanager
def context(dark: bool = False) -> Iterator[None]:
    """Our settings for as long as it lasts; matplotlib's own, and the user's, come back after it.

    Figures are made *and* saved in it (`to_bytes` does so by itself). Text is never read as
    mathematics, so that a name with a `$` is only a name; `log_axis` labels powers without it.
    """
    require_matplotlib()
    import matplotlib

    # From the defaults up: a user's matplotlibrc must not change a picture.
    settings: Any = _defaults() | _settings(palette_of(dark))
    with matplotlib.rc_context(settings):
        yield


def to_bytes(figure: Figure, format: str, *, dpi: float = PNG_DPI) -> bytes:
    """A figure as "svg", "png" or "pdf"; the same figure gives the same bytes.

    Raises:
        ArgumentError: another format.

    >>> with context():
    ...     figure, _ = new_figure(3, 2)
    >>> to_bytes(figure, "png")[1:4]
    b'PNG'
    """
    if format not in FORMATS:
        raise ArgumentError(f"there is no format {format!r} for plots; choose {', '.join(FORMATS)}")
    undated: dict[str, dict[str, str | None]] = {
        "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
        "png": {"Software": None},
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    }
    buffer = io.BytesIO()
    with context():
        figure.savefig(buffer, format=format, dpi=dpi, metadata=undated[format])
    return _rounded(buffer.getvalue()) if format == "svg" else buffer.getvalue()


def format_of(path: str | os.PathLike[str], formats: tuple[str, ...] = FORMATS) -> str:
    """The format that the ending of `path` names.

    Raises:
        ArgumentError: an ending that is none of `formats`.

    >>> format_of("path.SVG")
    'svg'
    """
    format = Path(path).suffix.removeprefix(".").lower()
    if format not in formats:
        endings = ", ".join(f".{name}" for name in formats)
        given = f"the ending .{format}" if format else "no ending"
        raise ArgumentError(f"{str(path)!r} has {given}, which tells no format: use {endings}")
    return format


def save(figure: Figure, path: str | os.PathLike[str], *, dpi: float = PNG_DPI) -> Path:
    """Write a figure as the ending of `path` says, whole or not at all; return the path.

    Raises:
        ArgumentError: an ending other than .svg, .png and .pdf. OutputError: it cannot be written.
    """
    return write_whole(path, to_bytes(figure, format_of(path), dpi=dpi))


def shown(text: str, limit: int = 60) -> str:
    """A user's text as it can stand in a picture: one line, not endless, no missing letters.

    >>> shown("a  name\\nof two lines"), shown("abcdefgh", 5)
    ('a name of two lines', 'abcd…')
    """
    words = " ".join(str(text).split())
    line = words if len(words) <= limit else words[: limit - 1].rstrip() + "…"
    known = _letters()
    return "".join(c if ord(c) in known and c.isprintable() else "□" for c in line)


def log_axis(axes: Axes, which: str = "y") -> None:
    """Make the "x" or "y" axis logarithmic, its powers written as 10⁻³."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis: Any = axes.xaxis if which == "x" else axes.yaxis
    (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    axis.set_major_locator(LogLocator(numticks=8))
    axis.set_major_formatter(FuncFormatter(lambda value, _: power_of_ten(value)))
    axis.set_minor_formatter(NullFormatter())


def power_of_ten(value: float) -> str:
    """A tick of a logarithmic axis.

    >>> power_of_ten(1e-3), power_of_ten(10), power_of_ten(200)
    ('10⁻³', '10', '200')
    """
    from math import isclose, log10

    exponent = round(log10(value)) if value > 0 else 0
    if value <= 0 or not isclose(value, 10.0**exponent, rel_tol=1e-9) or 0 <= exponent <= 2:
        return f"{value:g}"
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def require_matplotlib() -> None:
    """Say what to install where matplotlib is not.

    Raises:
        DrawingError: it cannot be imported.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise DrawingError(
            'plots are drawn with matplotlib, which is not here: pip install "microgd[plots]"'
        ) from error


def _rounded(svg: bytes) -> bytes:
    """Places to a hundredth of a point: a third less to load, and nothing to see of it."""
    places = re.compile(rb'(?<= )(?:d|x|y)="[^"]*"')
    return places.sub(lambda m: re.sub(rb"(\.\d\d)\d+", rb"\1", m[0]), svg)


@cache
def _defaults() -> dict[str, Any]:
    import matplotlib

    # These belong to the session, not to a picture.
    kept = ("backend", "interactive", "toolbar", "timezone", "date.epoch", "tk.", "webagg.")
    return {
        name: value
        for name, value in matplotlib.rcParamsDefault.items()
        if not name.startswith(kept)
    }


def _settings(palette: Palette) -> dict[str, Any]:
    return {
        "font.family": ["DejaVu Sans"],  # comes with matplotlib: the same picture everywhere
        "font.size": TEXT,
        "text.color": palette.ink,
        "text.parse_math": False,
        "axes.titlesize": TEXT + 1,
        "axes.titlepad": 10.0,
        "axes.labelsize": TEXT,
        "axes.labelcolor": palette.ink,
        "axes.facecolor": palette.page,
        "axes.edgecolor": palette.muted,
        "axes.linewidth": 1.2,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.formatter.useoffset": False,
        "grid.color": palette.grid,
        "grid.linewidth": 0.8,
        "xtick.color": palette.muted,
        "ytick.color": palette.muted,
        "xtick.labelcolor": palette.ink,
        "ytick.labelcolor": palette.ink,
        "xtick.labelsize": SMALL,
        "ytick.labelsize": SMALL,
        "legend.fontsize": SMALL,
        "legend.frameon": False,
        "legend.handlelength": 2.6,
        "lines.linewidth": LINE,
        "lines.markersize": MARKER,
        "figure.facecolor": palette.page,
        "figure.titlesize": TITLE,
        "savefig.facecolor": "auto",
        "savefig.bbox": None,
        "svg.fonttype": "path",
        "svg.hashsalt": "microgd",
        "path.simplify": False,
    }


@cache
def _letters() -> frozenset[int]:
    require_matplotlib()
    from matplotlib import font_manager

    font = font_manager.get_font(font_manager.findfont("DejaVu Sans"))
    return frozenset(font.get_charmap())


def _parts(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def _luminance(colour: str) -> float:
    linear = [
        c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4
        for c in (part / 255 for part in _parts(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
