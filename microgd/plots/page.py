"""An animation as one HTML page: the scene as SVG, a player, and a table of where each run is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import Any

import numpy as np

from microgd.lab.descent import Row
from microgd.pages import filled, json_in_page
from microgd.plots import style
from microgd.plots.contours import AREAS, shade
from microgd.plots.scene import Scene
from microgd.plots.svg import SHAPES, ground_of, lengths, overlay, under
from microgd.plots.tracks import Track
from microgd.plots.words import number, pretty

KEY = "scene"

#: Coordinates that have a column of their own.
COLUMNS = 3


@dataclass(frozen=True)
class Told:
    """What the page says beside the picture.

    Attributes:
        heads: of the table's columns, after a swatch and a name.
        rows: the lines of the table, as HTML.
        runs: for the script, one for each line: name, places, lengths, cells, ends.
        notes: what stands under the table.
        clock: what the frames count. what: what is seen, and where: of the table.
    """

    heads: list[str]
    rows: list[str]
    runs: list[dict[str, Any]]
    notes: list[str]
    clock: str = "t"
    what: str = "walk"
    where: str = "Where each run is"


def page_of(scene: Scene, told: Told | None = None) -> str:
    """The page; it is built for a light scene, and its colours follow the reader's setting."""
    width, height = scene.size
    told = _told(scene) if told is None else told
    colours = _colours()
    picture = (
        f'<svg id="{KEY}" viewBox="0 0 {width:g} {height:g}" role="img" aria-label="'
        f'{escape(_described(scene), quote=True)}" xmlns:xlink="http://www.w3.org/1999/xlink">\n'
        f"{under(scene, KEY)}{ground_of(scene)}\n{overlay(scene, KEY)}\n</svg>"
    )
    places = {light: f"var(--c{place})" for place, light in enumerate(colours)}
    # Only as a whole value: a user's text stands outside of the picture's styles.
    picture = re.sub(r"(?<=: |.:)#[0-9a-f]{6}\b", lambda m: places.get(m[0], m[0]), picture)
    parts = {
        "title": escape(scene.title),
        "colours": _rule(colours.keys()),
        "dark": _rule(colours.values()),
        "style": _part("page.css"),
        "picture": picture,
        "head": "".join(f"<th scope=col>{escape(h)}</th>" for h in ["", "run", *told.heads]),
        "rows": "\n".join(told.rows),
        "notes": "".join(f"<p>{escape(note)}</p>" for note in told.notes),
        "last": str(len(scene.frames) - 1),
        "what": told.what,
        "where": told.where,
        "clock": told.clock,
        "data": _data(scene, told),
        "script": _part("page.js"),
    }
    return filled(_part("page.html"), parts)


def _told(scene: Scene) -> Told:
    """What it says of runs: where each of them is."""
    colours = list(_colours())
    return Told(
        heads=_heads(scene),
        rows=[_row(scene, one, colours) for one in scene.tracks],
        runs=_runs(scene),
        notes=_notes(scene),
    )


def _part(name: str) -> str:
    return files("microgd.plots").joinpath(name).read_text(encoding="utf-8")


def _colours() -> dict[str, str]:
    """Every colour of a light scene, and what it is on a dark page."""
    light, dark = style.LIGHT, style.DARK
    found = {getattr(light, n): getattr(dark, n) for n in ("page", "ink", "muted", "grid")}
    count = len(AREAS)
    shades = {shade(i / count, False): shade(i / count, True) for i in range(count + 1)}
    return {**dict(zip(light.series, dark.series, strict=True)), **shades, **found}


def _rule(colours: Any) -> str:
    return "".join(f"--c{place}:{colour};" for place, colour in enumerate(colours))


def _described(scene: Scene) -> str:
    return f"{scene.title}: the paths of {scene.about}" if scene.tracks else scene.about


def _heads(scene: Scene) -> list[str]:
    names = scene.tracks[0].descent.problem.names
    if len(names) > COLUMNS:
        return ["f", "‖∇f‖"]
    shown = [style.shown(pretty(name), 20) for name in names]
    return [*shown, "f", *(f"∂f/∂{name}" if len(shown) > 1 else f"df/d{name}" for name in shown)]


def _row(scene: Scene, one: Track, colours: list[str]) -> str:
    colour = f"var(--c{colours.index(one.series.colour)})"
    shape = f'<path d="{SHAPES[one.series.marker]}" fill="{colour}"/>'
    swatch = f'<svg viewBox="-10 -10 20 20" aria-hidden="true">{shape}</svg>'
    cells = "<td></td>" * len(_heads(scene))
    return f"<tr><td>{swatch}</td><th scope=row>{escape(one.label)}</th>{cells}</tr>"


def _notes(scene: Scene) -> list[str]:
    return [
        *(f"{one.label}: {one.note}." for one in scene.tracks if one.note),
        *([f"{scene.thinned[0].upper()}{scene.thinned[1:]}."] if scene.thinned else []),
    ]


def _cells(row: Row) -> list[str]:
    if len(row.point) > COLUMNS:
        with np.errstate(all="ignore"):
            return [number(row.value), number(float(np.linalg.norm(row.gradient)))]
    return [number(float(v)) for v in (*row.point, row.value, *row.gradient)]


def _runs(scene: Scene) -> list[dict[str, Any]]:
    """Each run for the script: places, and what the table says of them."""
    runs = []
    for one, points in zip(scene.tracks, scene.places, strict=True):
        rows = one.descent.rows
        runs.append(
            {
                "name": one.label,
                "places": np.round(points, 2).tolist(),
                "lengths": [round(done, 2) for done in lengths(points)],
                "cells": [_cells(rows[min(i, len(rows) - 1)]) for i in scene.frames],
                "ends": len(rows) - 1,
            }
        )
    return runs


def _data(scene: Scene, told: Told) -> str:
    """What the script reads, as JSON that no text in it can break out of."""
    data = {"frames": scene.frames, "pace": scene.pace, "clock": told.clock, "runs": told.runs}
    return json_in_page(data)
