"""watch(): an animation in a notebook, with a slider, keys and the numbers of each step."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path

from microgd.errors import ArgumentError
from microgd.files import write_whole
from microgd.lab.descent import Descent
from microgd.plots.animate import animation
from microgd.plots.tracks import Box

#: What the page is as tall as in a notebook, in pixels.
HEIGHT = 720


@dataclass(frozen=True, repr=False)
class Animation:
    """A page that plays; a notebook shows it in a frame of its own, which nothing gets out of.

    Attributes:
        page: the page, as HTML.
        frames: how many points the longest walk has.
    """

    page: str
    frames: int

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page, whole or not at all.

        Raises:
            ArgumentError: another ending than .html. OutputError: the file cannot be written.
        """
        if Path(path).suffix.lower() not in (".html", ".htm"):
            raise ArgumentError(
                f"{str(path)!r} does not end in .html; mg.plots.animate writes others"
            )
        return write_whole(path, self.page)

    def _repr_html_(self) -> str:
        return (
            f'<iframe sandbox="allow-scripts" title="animation" height="{HEIGHT}" '
            f'style="width:100%;border:0" srcdoc="{escape(self.page, quote=True)}"></iframe>'
        )

    def __repr__(self) -> str:
        return f"<animation of {self.frames} points: run this in a notebook to watch it>"


def watch(
    descents: Descent | Iterable[Descent], *, box: Box | None = None, title: str | None = None
) -> Animation:
    """Descents step by step, to be watched in a notebook. The arguments are those of `animate`.

    >>> from microgd.lab.descend import descend
    >>> watch(descend("bowl", steps=5))
    <animation of 6 points: run this in a notebook to watch it>
    """
    found = [descents] if isinstance(descents, Descent) else list(descents)
    page = animation(found, "html", box=box, title=title).decode("utf-8")
    return Animation(page, max(map(len, found), default=0))
