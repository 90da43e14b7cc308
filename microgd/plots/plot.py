"""Plot: a finished figure that saves itself and shows itself in notebooks."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from microgd.plots import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, repr=False)
class Plot:
    """A picture.

    Attributes:
        figure: the `matplotlib.figure.Figure`, to change or add to. Its layout is settled, so that
            it is the same in every format; `set_layout_engine("constrained")` settles it anew.

    >>> with style.context():
    ...     figure, axes = style.new_figure(3, 2)
    >>> Plot(figure)
    <plot, 3 × 2 inches>
    """

    figure: Figure

    def __post_init__(self) -> None:
        with style.context():
            self.figure.draw_without_rendering()
        self.figure.set_layout_engine("none")

    @property
    def svg(self) -> str:
        """The picture as SVG text."""
        return style.to_bytes(self.figure, "svg").decode("utf-8")

    @property
    def png(self) -> bytes:
        """The picture as a PNG of 160 dots per inch."""
        return style.to_bytes(self.figure, "png")

    def save(self, path: str | os.PathLike[str], dpi: float = style.PNG_DPI) -> Path:
        """Write the picture as the ending says: .svg, .png or .pdf; whole or not at all.

        Raises:
            ArgumentError: another ending. OutputError: the file cannot be written.
        """
        return style.save(self.figure, path, dpi=dpi)

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_png_(self) -> bytes:
        return self.png

    def __repr__(self) -> str:
        width, height = self.figure.get_size_inches()
        return f"<plot, {width:g} × {height:g} inches>"
