"""Palettes: what each part of a circuit is coloured with."""

from __future__ import annotations

from dataclasses import dataclass

from microgd.errors import DrawingError


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as `#rrggbb`. Position (above or below the wire) carries the meaning too.

    `page` is what is painted behind the circuit: the background unless it says otherwise.
    """

    value: str = "#1a7f37"
    gradient: str = "#c4161c"
    wire: str = "#57606a"
    faint: str = "#b8c0c8"
    ink: str = "#1f2328"
    name: str = "#6e7781"
    active: str = "#0969da"
    tie: str = "#9a6700"
    local: str = "#6639ba"
    mark: str = "#fff1b8"
    background: str = "#ffffff"
    gate: str = "#ffffff"
    page: str = ""
    scope: str = "#8c959f"
    #: pattern → (ink, fill) of its badge in the lecture look
    distributes: tuple[str, str] = ("#2f5f9e", "#e7f0ff")
    swaps: tuple[str, str] = ("#8f5c08", "#fff3dc")
    routes: tuple[str, str] = ("#7446b0", "#efe7fb")
    scales: tuple[str, str] = ("#2b7a4b", "#eaf6ee")
    blocks: tuple[str, str] = ("#57606a", "#f0f2f4")

    @property
    def hidden(self) -> str:
        """A colour that no engine shows: the background's, and transparent where that is known."""
        return f"{self.background}00"

    def badge(self, pattern: str) -> tuple[str, str]:
        """Ink and fill for a gate of this pattern."""
        if pattern in ("routes", "masks"):
            return self.routes
        if pattern in ("distributes", "sums", "moves"):
            return self.distributes
        if pattern == "swaps":
            return self.swaps
        return self.blocks if pattern == "blocks" else self.scales


PALETTES = {
    "default": Palette(),
    "colour-blind": Palette(value="#0058a3", gradient="#c24e00", active="#000000"),
    "mono": Palette(
        value="#1f2328",
        gradient="#57606a",
        active="#000000",
        tie="#1f2328",
        local="#1f2328",
        mark="#e4e7eb",
        distributes=("#1f2328", "#f6f8fa"),
        swaps=("#1f2328", "#f6f8fa"),
        routes=("#1f2328", "#f6f8fa"),
        scales=("#1f2328", "#f6f8fa"),
        blocks=("#1f2328", "#f6f8fa"),
    ),
    "dark": Palette(
        value="#56d364",
        gradient="#ff7b72",
        wire="#9aa4af",
        faint="#484f58",
        ink="#e6edf3",
        name="#9aa4af",
        active="#58a6ff",
        tie="#e3b341",
        local="#d2a8ff",
        mark="#4d3800",
        background="#0d1117",
        gate="#161b22",
        scope="#6e7681",
        distributes=("#a5d6ff", "#12263f"),
        swaps=("#f2cc60", "#332701"),
        routes=("#d2a8ff", "#271b40"),
        scales=("#7ee787", "#12261a"),
        blocks=("#9aa4af", "#21262d"),
    ),
}


def palette_named(name: str) -> Palette:
    """The palette of that name; a DrawingError lists them."""
    if name not in PALETTES:
        raise DrawingError(f"there is no palette {name!r}; choose {', '.join(PALETTES)}")
    return PALETTES[name]
