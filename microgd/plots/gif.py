"""An animation as a GIF that loops: one picture for each step."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from microgd.graph.values import Array
from microgd.plots import style
from microgd.plots.parts import halo
from microgd.plots.scene import DOTS, HOLD, Scene

#: Dots per inch: a figure of 9 inches is 810 pixels wide.
DPI = 90

#: Of the 256 colours that a GIF may have, those chosen by how much of the picture they cover.
CHOSEN = 160


def gif_bytes(scene: Scene) -> bytes:
    """The scene as a GIF; within `context`."""
    from PIL import Image

    pictures = _pictures(scene)
    colours = _palette(scene, Image.fromarray(pictures[-1]))
    nearest: dict[int, int] = {}
    frames = []
    places = _indexed(pictures[0], colours, nearest)
    for before, pixels in zip([pictures[0], *pictures], pictures, strict=False):
        changed = (pixels != before).any(axis=2)
        places = places.copy()
        places[changed] = _indexed(pixels[changed], colours, nearest)
        frame = Image.fromarray(places)
        frame.putpalette(colours.reshape(-1).tolist())
        frames.append(frame)
    waits = [scene.pace] * (len(frames) - 1) + [HOLD]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=waits, loop=0,
                   optimize=False, disposal=1)  # fmt: skip
    return buffer.getvalue()


def _palette(scene: Scene, last: Any) -> Array:
    """One palette for all pictures keeps them steady. The thin lines are what matters and cover
    next to nothing: their colours are in it as they are, and on their way to the page's.
    """
    from PIL import Image

    colours = style.palette_of(scene.dark)
    page = _parts(colours.page)
    named = [colours.page, colours.ink, colours.muted, colours.grid, colours.star]
    exact = [_parts(colour) for colour in [*named, *(one.series.colour for one in scene.tracks)]]
    soft = [
        [round(p + (c - p) * share) for c, p in zip(colour, page, strict=True)]
        for colour in exact[1:16]
        for share in (0.75, 0.5, 0.25)
    ]
    flat = last.quantize(CHOSEN, method=Image.Quantize.MEDIANCUT).getpalette()
    also = [_parts(colour) for colour in scene.colours]
    found = [*exact, *soft, *also, *(flat[i : i + 3] for i in range(0, len(flat), 3))]
    return np.array(found[:256], dtype=np.uint8)


def _indexed(pixels: Array, colours: Array, nearest: dict[int, int]) -> Array:
    """Pixels as places in the palette. Pillow's own search misses exact colours by a little."""
    packed = (pixels.astype(np.int64) << np.array([16, 8, 0])).sum(axis=-1)
    found, where = np.unique(packed.reshape(-1), return_inverse=True)
    for colour in found.tolist():
        if colour not in nearest:
            parts = np.array([colour >> 16, colour >> 8 & 255, colour & 255])
            nearest[colour] = int(((colours.astype(int) - parts) ** 2).sum(axis=1).argmin())
    places = np.array([nearest[colour] for colour in found.tolist()], dtype=np.uint8)
    return places[where].reshape(packed.shape)


def _parts(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


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
        under = scene.artists(frame)
        for way, line, head in zip(ways, lines, heads, strict=True):
            line.set_data(way[: frame + 1].T if len(way) else ([], []))
            head.set_data(way[frame : frame + 1].T if len(way) else ([], []))
        told.set_text(scene.said(frame))
        for artist in (*under, *lines, *heads, told):
            axes.draw_artist(artist)
        pictures.append(np.asarray(canvas.buffer_rgba())[:, :, :3].copy())
    return pictures
