"""Style: the sizes and colours that the circuit and lecture looks are set in."""

from __future__ import annotations

from dataclasses import dataclass

from microgd.draw.palette import Palette

#: Sizes in points, from the ordinary to the compact rendering.
_ORDINARY = {"number": 15, "leaf": 22, "gate": 0.52, "row": 20, "bar": 46, "name": 15, "sep": 0.24}
_COMPACT = {"number": 12, "leaf": 17, "gate": 0.42, "row": 15, "bar": 34, "name": 12, "sep": 0.15}


@dataclass(frozen=True, slots=True)
class Style:
    """How the wire looks are set."""

    palette: Palette
    badges: bool = False
    compact: bool = False
    gradients: bool = True

    def size(self, what: str) -> float:
        """A size by its name."""
        return (_COMPACT if self.compact else _ORDINARY)[what]
