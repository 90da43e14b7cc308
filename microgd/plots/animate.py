"""animate(): descents step by step, as a GIF, an SVG that plays by itself, or a page to play."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from microgd.errors import ArgumentError
from microgd.files import write_whole
from microgd.lab.descent import Descent
from microgd.plots import style
from microgd.plots.tracks import Box, as_descents

FORMATS = ("gif", "svg", "html")


def animate(
    descents: Descent | Iterable[Descent],
    path: str | os.PathLike[str],
    *,
    box: Box | None = None,
    title: str | None = None,
    dark: bool = False,
) -> Path:
    """Write an animation of one or several descents, in step; the ending says what it is.

    `.gif` loops; `.svg` plays by itself in every browser, `<img>` included, without a script;
    `.html` is one page with buttons, a slider, keys and a table of the current point, which asks
    for nothing from outside. Runs of more than 200 steps show every second, third, … step.

    Arguments:
        box, title: as in `draw_descent`.
        dark: for dark slides; the page follows the reader's setting instead.

    Raises:
        ArgumentError: another ending, or descents that do not fit in one picture. OutputError: it
        cannot be written. DrawingError: no matplotlib.

    >>> import tempfile
    >>> from microgd.lab.descend import descend
    >>> folder = Path(tempfile.mkdtemp())
    >>> animate(descend("bowl", steps=5), folder / "bowl.svg").name
    'bowl.svg'
    """
    format = style.format_of(path, FORMATS)
    return write_whole(path, animation(descents, format, box=box, title=title, dark=dark))


def animation(
    descents: Descent | Iterable[Descent],
    format: str,
    *,
    box: Box | None = None,
    title: str | None = None,
    dark: bool = False,
) -> bytes:
    """The same as bytes: "gif", "svg" or "html".

    >>> from microgd.lab.descend import descend
    >>> animation(descend("bowl", steps=5), "gif")[:6]
    b'GIF89a'
    """
    found = as_descents(descents)
    if format not in FORMATS:
        raise ArgumentError(f"there is no animation {format!r}; choose {', '.join(FORMATS)}")
    from microgd.plots.scene import build_scene

    with style.context(dark and format != "html"):
        if format == "html":
            from microgd.plots.page import page_of

            # Small, so that its letters can be read on a phone.
            scene = build_scene(found, box=box, title=title, width=6.4, height=5.2, bare=True)
            return page_of(scene).encode("utf-8")
        scene = build_scene(found, box=box, title=title, dark=dark)
        if format == "svg":
            from microgd.plots.svg import moving_svg

            return moving_svg(scene).encode("utf-8")
        from microgd.plots.gif import gif_bytes

        return gif_bytes(scene)
