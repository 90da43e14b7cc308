"""An animation as a GIF that loops: one picture for each step."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from microgd.plots import style
from microgd.plots.parts import halo
from microgd.plots.scene import DOTS, HOLD, Scene

#: Dots per inch: a figure of 9 inches is 810 pixels wide.
DPI = 90

#: Of the 256 that a GIF may have; flat pictures need no more.
COLOURS = 96


def gif_bytes(scene: Scene) -> bytes:
    """The scene as a GIF; within `context`."""
    from PIL import Image

    pictures = [Image.fromarray(pixels) for pixels in _pictures(scene)]
    # The last picture has every colour that there is: one palette for all keeps them steady.
    palette = pictures[-1].quantize(COLOURS, method=Image.Quantize.MEDIANCUT)
    frames = [p.quantize(palette=palette, dither=Image.Dither.NONE) for p in pictures]
    waits = [scene.pace] * (len(frames) - 1) + [HOLD]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=waits, loop=0,
                   optimize=False, disposal=1)  # fmt: skip
    return buffer.getvalue()


def _pictures(scene: Scene) -> list[Any]:
    """Every frame as height × width × 3 bytes: the background once, the runs over copies of it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure, axes = scene.figure, scene.axes
    palette = style.palette_of(scene.dark)
    figure.set_dpi(DPI)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    ground = canvas.copy_from_bbox(figure.bbox)
    dots = len(scene.frames) <= DOTS
    lines, heads = [], []
    for one in scene.tracks:
        looks = one.series
        (line,) = axes.plot([], [], color=looks.colour, linewidth=2.2, marker="o" if dots else "",
                            markersize=5, markeredgecolor=palette.page,
                            markeredgewidth=0.6)  # fmt: skip
        (head,) = axes.plot([], [], linestyle="none", marker=looks.marker, markersize=12,
                            color=looks.colour, markeredgecolor=palette.page,
                            markeredgewidth=1.4)  # fmt: skip
        lines.append(line)
        heads.append(head)
    told = axes.text(0, 1.02, "", transform=axes.transAxes, fontsize=style.TEXT, va="bottom",
                     path_effects=halo(palette.page))  # fmt: skip
    ways = [scene.at(one) for one in scene.tracks]
    pictures = []
    for frame in range(len(scene.frames)):
        canvas.restore_region(ground)
        for way, line, head in zip(ways, lines, heads, strict=True):
            line.set_data(way[: frame + 1].T if len(way) else ([], []))
            head.set_data(way[frame : frame + 1].T if len(way) else ([], []))
        told.set_text(scene.said(frame))
        for artist in (*lines, *heads, told):
            axes.draw_artist(artist)
        pictures.append(np.asarray(canvas.buffer_rgba())[:, :, :3].copy())
    return pictures
