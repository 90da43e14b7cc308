"""Style: the sizes and colours that the circuit and lecture looks are set in."""

from __future__ import annotations

from dataclasses import dataclass

from microgd.draw.palette import Palette

#: Sizes in points, from the ordinary to the compact rendering.
_ORDINARY = {"number": 15, "leaf": 22, "gate": 0.52, "row": 20, "bar": 46, "name": 15, "sep": 0.24}
#: What is larger where boxes are to be written into by hand.
_BLANKS = {"row": 30, "bar": 46}
_COMPACT = {"number": 12, "leaf": 17, "gate": 0.42, "row": 15, "bar": 34, "name": 12, "sep": 0.15}


@dataclass(frozen=True, slots=True)
class Style:
    """How the wire looks are set."""

    palette: Palette
    badges: bool = False
    compact: bool = False
    gradients: bool = True
    blanks: bool = False

    def size(self, what: str) -> float:
        """A size by its name."""
        if self.blanks and what in _BLANKS:
            return _BLANKS[what]
        return (_COMPACT if self.compact else _ORDINARY)[what]
