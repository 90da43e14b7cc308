"""The moving part of an animation as SVG: paths, dots and markers over a still background."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from html import escape

import numpy as np

from microgd.graph.values import Array
from microgd.plots import style
from microgd.plots.scene import DOTS, HOLD, Scene

#: Markers of 18 points around (0, 0), by matplotlib's letters for them.
SHAPES = {
    "o": "M-7 0a7 7 0 1 0 14 0a7 7 0 1 0 -14 0Z",
    "s": "M-6.5 -6.5H6.5V6.5H-6.5Z",
    "^": "M0 -8L7.5 6H-7.5Z",
    "D": "M0 -8L8 0L0 8L-8 0Z",
    "v": "M0 8L7.5 -6H-7.5Z",
    "P": "M-3 -8H3V-3H8V3H3V8H-3V3H-8V-3H-3Z",
    "X": "M-7.5 -4L-4 -7.5L0 -3.5L4 -7.5L7.5 -4L3.5 0L7.5 4L4 7.5L0 3.5L-4 7.5L-7.5 4L-3.5 0Z",
}

FONT = "font-family:'DejaVu Sans',Verdana,Arial,sans-serif"


def moving_svg(scene: Scene) -> str:
    """One SVG file that plays by itself, wherever an image may stand: no script, no request.

    Without animation (in print, in an editor, where motion is unwelcome) it shows the end.
    """
    ground = ground_of(scene)
    key = "mg" + hashlib.sha256((ground + repr(scene.frames)).encode()).hexdigest()[:8]
    width, height = scene.size
    last = len(scene.frames) - 1
    total = last * scene.pace + HOLD
    # Percent of the cycle at which each frame is reached.
    clock = [100 * i * scene.pace / total for i in range(last + 1)]
    ink = style.palette_of(scene.dark).ink
    about = f"{scene.about}: {scene.frames[-1]} steps, animated"
    x, y, _, _ = scene.frame
    strip = "".join(
        f'<text y="{30 * i}" style="{FONT};font-size:17px;fill:{ink}" xml:space="preserve">'
        f"{escape(scene.said(i))}</text>"
        for i in range(last + 1)
    )
    strip = strip.replace("    ", " \u2003")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'id="{key}" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" '
        f'role="img" aria-labelledby="{key}-t {key}-d">\n'
        f'<title id="{key}-t">{escape(scene.title)}</title>\n'
        f'<desc id="{key}-d">{escape(about)}</desc>\n'
        f"<style>{_still(key)}{_motion(scene, key, clock, total)}</style>\n"
        f"{under(scene, key)}{ground}\n{overlay(scene, key)}\n"
        f'<clipPath id="{key}-c"><rect x="{x:.2f}" y="{y - 29:.2f}" width="{width - x:.2f}" '
        f'height="27"/></clipPath>\n'
        f'<g clip-path="url(#{key}-c)"><g transform="translate({x + 2:.2f} {y - 9:.2f})">'
        f'<g class="{key}-t" style="transform:translate(0,{-30 * last}px)">{strip}</g></g></g>\n'
        "</svg>\n"
    )


def ground_of(scene: Scene) -> str:
    """The background's elements, without what only a file of its own needs."""
    text = style.to_bytes(scene.figure, "svg").decode("utf-8")
    text = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    inner = text[text.index(">", text.index("<svg")) + 1 : text.rindex("</svg>")]
    inner = re.sub(r"<style.*?</style>", "", inner, count=1, flags=re.DOTALL)
    return re.sub(r"\n\s*", "\n", inner).strip()


def under(scene: Scene, key: str) -> str:
    """What changes under the background, as it stands at the end; classes KEY-f0, KEY-f1, …"""
    layers = scene.layers()
    if not layers:
        return ""
    x, y, width, height = scene.frame
    wide, high = scene.size
    page = style.palette_of(scene.dark).page
    shown = [int(frame == len(layers) - 1) for frame in range(len(layers))]
    return "\n".join(
        [
            f'<rect width="{wide:g}" height="{high:g}" style="fill: {page}"/>',
            f'<clipPath id="{key}-b"><rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" '
            f'height="{height:.2f}"/></clipPath>',
            f'<g clip-path="url(#{key}-b)">',
            *(
                f'<g class="{key}-f{frame}" style="opacity:{seen}">{layer}</g>'
                for frame, (layer, seen) in enumerate(zip(layers, shown, strict=True))
            ),
            "</g>\n",
        ]
    )


def overlay(scene: Scene, key: str) -> str:
    """Path, dots and marker of each run, as they stand at the end; classes KEY-p0, KEY-m0, …"""
    x, y, width, height = scene.frame
    parts = [
        f'<clipPath id="{key}-a"><rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" '
        f'height="{height:.2f}"/></clipPath>',
        f'<g clip-path="url(#{key}-a)">',
    ]
    page = style.palette_of(scene.dark).page
    for place, (one, points) in enumerate(zip(scene.tracks, scene.places, strict=True)):
        if not len(points):
            continue
        colour = one.series.colour
        long = lengths(points)[-1] + 1
        parts.append(
            f'<path class="{key}-p{place}" d="{path_of(points)}" style="fill:none;stroke:{colour};'
            f'stroke-width:3;stroke-linejoin:round;stroke-dasharray:{long:.2f}"/>'
        )
        if len(scene.frames) <= DOTS:
            parts += [
                f'<circle class="{key}-k{frame}" cx="{px:.2f}" cy="{py:.2f}" r="3.6" '
                f'style="fill:{colour};stroke:{page};stroke-width:0.8"/>'
                for frame, (px, py) in _stops(points)
            ]
    # Markers above all paths, so that none is hidden by another's path.
    for place, (one, points) in enumerate(zip(scene.tracks, scene.places, strict=True)):
        if len(points):
            px, py = points[-1]
            parts.append(
                f'<g class="{key}-m{place}" style="transform:translate({px:.2f}px,{py:.2f}px)">'
                f'<path d="{SHAPES[one.series.marker]}" style="fill:{one.series.colour};'
                f'stroke:{page};stroke-width:1.8;stroke-linejoin:round"/></g>'
            )
    return "\n".join([*parts, "</g>"])


def path_of(points: Array) -> str:
    """Points as an SVG path."""
    return "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in points)


def lengths(points: Array) -> list[float]:
    """How long the path is up to each point."""
    steps = np.hypot(*np.diff(points, axis=0).T) if len(points) > 1 else np.array([])
    return [0.0, *np.cumsum(steps).tolist()]


def _stops(points: Array) -> list[tuple[int, tuple[float, float]]]:
    """The frames in which a run is at a new place."""
    return [
        (i, (float(x), float(y)))
        for i, (x, y) in enumerate(points)
        if i == 0 or not np.array_equal(points[i], points[i - 1])
    ]


def _still(key: str) -> str:
    # What matplotlib says of everything, said of this picture only.
    return (
        f"#{key} *{{stroke-linejoin:round;stroke-linecap:butt}}"
        f"@media (prefers-reduced-motion:reduce){{#{key} *{{animation:none!important}}}}"
    )


def _motion(scene: Scene, key: str, clock: Sequence[float], total: int) -> str:
    """The key frames: in each, how much of a path is drawn, and where its marker stands."""
    if len(clock) < 2:
        return ""
    rules = []
    for place, points in enumerate(scene.places):
        if not len(points):
            continue
        done = lengths(points)
        whole = done[-1] + 1
        drawn = [
            (p, f"stroke-dashoffset:{whole - d:.2f}px") for p, d in zip(clock, done, strict=True)
        ]
        drawn[-1] = (drawn[-1][0], "stroke-dashoffset:0px")
        moved = [
            (p, f"transform:translate({x:.2f}px,{y:.2f}px)")
            for p, (x, y) in zip(clock, points, strict=True)
        ]
        rules += [_rule(f"{key}-p{place}", drawn, total), _rule(f"{key}-m{place}", moved, total)]
    for i in range(len(scene.layers())):
        ends = [*clock[1:], 100.0][i]
        seen = [(0.0, "opacity:0")] * (i > 0) + [(clock[i], "opacity:1")]
        rules.append(_rule(f"{key}-f{i}", [*seen, (ends, "opacity:0")], total, "step-end"))
    told = [(p, f"transform:translate(0,{-30 * i}px)") for i, p in enumerate(clock)]
    rules.append(_rule(f"{key}-t", told, total, "step-end"))
    if len(scene.frames) <= DOTS:
        for i, p in enumerate(clock):
            if i:
                seen = [(0.0, "opacity:0"), (p, "opacity:1")]
                rules.append(_rule(f"{key}-k{i}", seen, total, "step-end"))
    return "".join(rules)


def _rule(name: str, states: Sequence[tuple[float, str]], total: int, pace: str = "linear") -> str:
    steps = "".join(f"{percent:.3f}%{{{state}}}" for percent, state in states)
    return (
        f".{name}{{animation:{name} {total}ms {pace} infinite}}"
        f"@keyframes {name}{{{steps}100%{{{states[-1][1]}}}}}"
    )
