"""Circuits in this terminal: as wide as it is, in its signs, in colours where it has some."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .output import coloured, say_rendered
from .streams import fitted, say, width

if TYPE_CHECKING:
    from microgd.draw.terminal import Screen, TerminalCircuit
    from microgd.trace.lesson import Trace


def circuit_here(trace: Trace, **how: Any) -> TerminalCircuit:
    """The circuit laid out for this terminal."""
    from microgd.draw.terminal import TerminalCircuit

    return TerminalCircuit(trace, width=width(), spell=fitted, **how)


def show_screen(screen: Screen, palette: str = "default") -> None:
    """Print a circuit."""
    if coloured():
        say_rendered(screen.text(palette))
    else:
        say(str(screen))
