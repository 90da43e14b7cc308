"""Colours: the picture's palettes as CSS variables, so that a page can change them at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace

from microgd.draw.palette import PALETTES, Palette

#: The palettes that the page can switch between, each on a light and on a dark page.
SWITCHED: Mapping[str, tuple[Palette, Palette]] = {
    "default": (PALETTES["default"], PALETTES["dark"]),
    "colour-blind": (
        PALETTES["colour-blind"],
        replace(PALETTES["dark"], value="#79c0ff", gradient="#ffa657", active="#ffffff"),
    ),
    "mono": (
        PALETTES["mono"],
        replace(
            PALETTES["dark"],
            value="#e6edf3",
            gradient="#9aa4af",
            active="#ffffff",
            tie="#e6edf3",
            local="#e6edf3",
            distributes=("#e6edf3", "#161b22"),
            swaps=("#e6edf3", "#161b22"),
            routes=("#e6edf3", "#161b22"),
            scales=("#e6edf3", "#161b22"),
            blocks=("#e6edf3", "#161b22"),
        ),
    ),
}


def variables(palette: Palette) -> dict[str, str]:
    """Every colour of a palette by the name of its variable: `--value`, `--swaps-fill`, …"""
    found: dict[str, str] = {}
    for field in fields(palette):
        colour = getattr(palette, field.name)
        if isinstance(colour, tuple):
            found[f"--{field.name}"], found[f"--{field.name}-fill"] = colour
        elif colour:
            found[f"--{field.name}"] = colour
    return found


def style_sheet() -> str:
    """The rules that set the variables: by palette, and dark on screens where the script says."""
    base = PALETTES["default"]
    rules = [f":root{{{_set(variables(base))}}}"]
    for name, (light, _) in SWITCHED.items():
        if name != "default":
            rules.append(f":root[data-palette={name}]{{{_changed(base, light)}}}")
    dark_base = PALETTES["dark"]
    dark = f":root[data-theme=dark]{{{_set(variables(dark_base))}}}"
    for name, (_, own) in SWITCHED.items():
        if name != "default":
            rule = _changed(dark_base, own)
            dark += f":root[data-theme=dark][data-palette={name}]{{{rule}}}"
    rules.append(f"@media screen{{{dark}}}")
    return "".join(rules)


def _changed(before: Palette, after: Palette) -> str:
    old = variables(before)
    return _set({name: c for name, c in variables(after).items() if old[name] != c})


def _set(colours: Mapping[str, str]) -> str:
    return "".join(f"{name}:{colour};" for name, colour in colours.items())


def variable_of() -> dict[str, str]:
    """The colour of the default palette → its variable; Graphviz calls a few colours by name."""
    found: dict[str, str] = {}
    for name, colour in variables(PALETTES["default"]).items():
        found.setdefault(colour, f"var({name})")
    found["#ffffff"] = found["white"] = "var(--gate)"
    return found
