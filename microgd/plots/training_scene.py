"""A net that learns, epoch by epoch, as an animation: regions that move under the data."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from microgd.errors import ArgumentError
from microgd.files import write_whole
from microgd.plots import style
from microgd.plots.boundary import (
    STEPS,
    colours_of,
    extent_of,
    frame_of,
    legend_of,
    levels_of,
    line_of,
    opacity,
    parts_of,
    plot_points,
)
from microgd.plots.scene import Scene

if TYPE_CHECKING:
    from microgd.plots.page import Told
    from microgd.training.boundary import Boundary

FORMATS = ("gif", "svg", "html")


def animate_boundary(
    seen: Sequence[Boundary],
    path: str | os.PathLike[str],
    *,
    title: str = "",
    name: str = "",
    dark: bool = False,
) -> Path:
    """Write how a boundary came about, as `boundaries` saw it; the ending says what it is.

    `.gif` loops; `.svg` plays by itself in every browser, without a script; `.html` is one page
    with buttons, a slider, keys and the losses, which asks for nothing from outside.

    Arguments:
        name: of the run, for the page's table.
        dark: for dark slides; the page follows the reader's setting instead.

    Raises:
        ArgumentError: another ending, or nothing to show. OutputError: it cannot be written.
        DrawingError: no matplotlib.

    >>> import tempfile
    >>> from microgd.data import read_dataset
    >>> from microgd.training import Config, Trainer, boundaries
    >>> run = Trainer(Config(data="xor", hidden=(8,), epochs=3, device="interpreter"))
    >>> folder = Path(tempfile.mkdtemp())
    >>> animate_boundary(boundaries(run, read_dataset("xor"), size=9), folder / "xor.svg").name
    'xor.svg'
    """
    format = style.format_of(path, FORMATS)
    return write_whole(path, boundary_animation(seen, format, title=title, name=name, dark=dark))


def boundary_animation(
    seen: Sequence[Boundary],
    format: str,
    *,
    title: str = "",
    name: str = "",
    dark: bool = False,
) -> bytes:
    """The same as bytes: "gif", "svg" or "html"."""
    if format not in FORMATS:
        raise ArgumentError(f"there is no animation {format!r}; choose {', '.join(FORMATS)}")
    if not seen:
        raise ArgumentError("there is nothing to show: give the boundary after some epochs")
    with style.context(dark and format != "html"):
        if format == "html":
            from microgd.plots.page import page_of

            scene = _scene(seen, title, dark=False, bare=True)
            return page_of(scene, _told(scene, name)).encode("utf-8")
        scene = _scene(seen, title, dark)
        if format == "svg":
            from microgd.plots.svg import moving_svg

            _see_through(scene)
            return moving_svg(scene).encode("utf-8")
        from microgd.plots.gif import gif_bytes

        scene.moving  # noqa: B018 - before the background is drawn, of which it is no part
        return gif_bytes(scene)


@dataclass(frozen=True, eq=False)
class TrainingScene(Scene):
    """Axes with the data in them, and under these the regions after each epoch."""

    seen: tuple[Boundary, ...] = ()
    points: tuple[Any, ...] = ()

    @property
    def about(self) -> str:
        classes = ", ".join(self.seen[-1].classes)
        return f"{self.title}: the regions of the classes {classes} while the net learns"

    @property
    def colours(self) -> list[str]:
        """The regions' colours, from undecided to sure."""
        page = np.array(parts_of(style.palette_of(self.dark).page))
        shares = opacity(np.arange(0, STEPS, 2))[:, None]
        own = [self._colour(c) for c in range(min(len(self.seen[-1].classes), 7))]
        mixed = [page + shares * (np.array(parts_of(colour)) - page) for colour in own]
        found = np.concatenate(mixed).round().astype(int)
        return [*own, *("#" + "".join(f"{x:02x}" for x in row) for row in found.tolist())]

    def said(self, frame: int) -> str:
        row = self.seen[frame].row
        parts = [f"epoch = {self.frames[frame]}"]
        if row is not None:
            parts.append(f"loss = {row.loss:.3f}")
            if row.held_out_loss is not None:
                parts.append(f"held out = {row.held_out_loss:.3f}")
        return "    ".join(parts)

    def layers(self) -> list[str]:
        left, right, low, high = extent_of(self.seen[0])
        (x, y), (x2, y2) = self.on_page(np.array([[left, high], [right, low]]))
        place = f'x="{x:.2f}" y="{y:.2f}" width="{x2 - x:.2f}" height="{y2 - y:.2f}"'
        ink = style.palette_of(self.dark).ink
        return [
            f'<image {place} preserveAspectRatio="none" '
            f'href="data:image/png;base64,{self._png(one)}"/>'
            f'<path d="{self._outline(one)}" style="fill: none; stroke: {ink}; stroke-width: 1.6"/>'
            for one in self.seen
        ]

    def artists(self, frame: int) -> list[Any]:
        image, line = self.moving
        image.set_data(colours_of(self.seen[frame], self.dark))
        line.set_data(*line_of(self.seen[frame]).T)
        return [image, line, *self.points, *self.axes.spines.values()]

    @cached_property
    def moving(self) -> tuple[Any, Any]:
        """For a picture of pixels: regions and line, drawn anew in each frame with the points."""
        one, axes = self.seen[0], self.axes
        image = axes.imshow(colours_of(one, self.dark), extent=extent_of(one), origin="lower",
                            interpolation="nearest", aspect=axes.get_aspect(),
                            animated=True)  # fmt: skip
        ink = style.palette_of(self.dark).ink
        (line,) = axes.plot([], [], color=ink, linewidth=1.6, animated=True)
        for artist in self.points:
            artist.set_animated(True)
        return image, line

    def _colour(self, label: int) -> str:
        return style.series(label, dark=self.dark).colour

    def _png(self, one: Boundary) -> str:
        """The regions as a picture of few colours through which the page is seen."""
        from PIL import Image

        classes = len(one.classes)
        drawn = min(classes, 7)
        picture = Image.fromarray(
            ((one.winners % drawn) * STEPS + levels_of(one))[::-1].astype("u1")
        )
        colours = [parts_of(self._colour(c)) for c in range(drawn)]
        picture.putpalette([part for colour in colours for part in colour * STEPS])
        share = (opacity(np.arange(STEPS)) * 255).round().astype(np.uint8).tobytes() * drawn
        out = io.BytesIO()
        picture.save(out, "PNG", transparency=share, optimize=True)
        return base64.b64encode(out.getvalue()).decode("ascii")

    def _outline(self, one: Boundary) -> str:
        """The boundary as an SVG path; straight stretches need no more than their ends."""
        lines: list[list[str]] = [[]]
        for x, y in self.on_page(line_of(one)).round(1).tolist():
            if np.isnan(x):
                lines.append([])
            elif not lines[-1] or lines[-1][-1] != f"{x:g} {y:g}":
                lines[-1].append(f"{x:g} {y:g}")
        return "".join("M" + "L".join(line) for line in lines if len(line) > 1)


def _scene(seen: Sequence[Boundary], title: str, dark: bool, bare: bool = False) -> TrainingScene:
    """The scene; bare, in small and without a title, for the page."""
    first = seen[0]
    figure, axes = frame_of(first, "" if bare else title, dark, 0.78 if bare else 1.0)
    if not bare:
        axes.set_title(" ", loc="left")  # room for what changes
    points = plot_points(axes, first, dark)
    legend_of(figure, first, dark)
    for _ in range(3):  # axes of a fixed shape get their place step by step
        figure.draw_without_rendering()
    figure.set_layout_engine("none")
    epochs = tuple(one.epoch for one in seen)
    scene = TrainingScene(figure, axes, (), epochs, style.shown(title, 80), "", dark,
                          tuple(seen), tuple(points))  # fmt: skip
    if bare:
        _see_through(scene)
    return scene


def _see_through(scene: TrainingScene) -> None:
    """Let be seen what lies under the background."""
    scene.figure.set_facecolor("none")
    scene.axes.set_facecolor("none")


def _told(scene: TrainingScene, name: str) -> Told:
    """The page's table: losses and accuracies."""
    from html import escape

    from microgd.plots.page import Told

    rows = [one.row for one in scene.seen]
    named: dict[str, list[float | None]] = {
        "loss": [row.loss if row else None for row in rows],
        "right": [row.accuracy if row else None for row in rows],
        "held out: loss": [row.held_out_loss if row else None for row in rows],
        "held out: right": [row.held_out_accuracy if row else None for row in rows],
    }
    used = {head: values for head, values in named.items() if any(x is not None for x in values)}
    cells = [[_cell(head, used[head][frame]) for head in used] for frame in range(len(rows))]
    shown = style.shown(name or "net", 60)
    run: dict[str, Any] = {"name": shown, "places": [], "lengths": [], "cells": cells}
    line = f"<tr><td></td><th scope=row>{escape(shown)}</th>{'<td></td>' * len(used)}</tr>"
    return Told(
        heads=list(used),
        rows=[line],
        runs=[{**run, "ends": scene.frames[-1]}],
        notes=["Epoch 0 is before training: the weights are random."],
        clock="epoch",
        what="training",
        where="What was measured",
    )


def _cell(head: str, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.1%}" if "right" in head else f"{value:.4f}"
