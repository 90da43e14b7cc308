"""Showing: how a program becomes a picture. The floor that can draw puts its function here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from microgd.errors import DrawingError

_draw: Callable[..., Any] | None = None


def drawn_by(function: Callable[..., Any]) -> None:
    """Take `function(program, **looks)` for all pictures of programs."""
    global _draw
    _draw = function


def drawn(program: Any, **looks: Any) -> Any:
    """The picture of a program."""
    if _draw is None:
        raise DrawingError("nothing here draws programs: import microgd first")
    return _draw(program, **looks)
