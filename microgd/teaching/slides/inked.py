"""Formulas in ink: which piece of a step is a value, a gradient, a local derivative.

The pieces carry roles; the palette of a circuit gives each its colour, on pages and on slides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from microgd.draw.palette import Palette
from microgd.notation.mathml import inner_mathml
from microgd.notation.reading import read
from microgd.notation.typst import to_typst, typst_string
from microgd.teaching.panel import Panel


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a formula and its role: `value`, `gradient`, `local`, or none."""

    text: str
    role: str = ""


Formula = tuple[Piece, ...]


def symbols_of(panel: Panel) -> Formula:
    """The step in symbols; a product of local and upstream in its colours.

    >>> import microgd as mg
    >>> from microgd.teaching.panel import panels
    >>> [p.role for p in symbols_of(panels(mg.circuit("x * y", x=2, y=3).trace())[2])]
    ['gradient', '', 'local', '', 'gradient']
    """
    left, equals, right = panel.symbols.partition(" = ")
    if panel.kind == "forward":
        return (Piece(panel.symbols),)
    local, dot, upstream = right.rpartition(" · ")
    if panel.kind == "contribution" and panel.local and dot:
        return (
            Piece(left, "gradient"),
            Piece("="),
            Piece(local, "local"),
            Piece("·"),
            Piece(upstream, "gradient"),
        )
    right_role = "gradient" if panel.kind == "seed" else ""
    return (
        (Piece(left, "gradient"), Piece("="), Piece(right, right_role))
        if equals
        else (Piece(left, "gradient"),)
    )


def numbers_of(panel: Panel) -> Formula:
    """The step in numbers, coloured like the circuit's."""
    if not panel.numbers:
        return ()
    role = "value" if panel.kind == "forward" else "gradient"
    before, equals, after = panel.numbers.rpartition(" = ")
    if not equals:
        return (Piece(after, role),)
    if panel.kind == "contribution":
        upstream = before.removeprefix(f"{panel.local} · ")
        return (
            Piece(panel.local, "local"),
            Piece("·"),
            Piece(upstream, "gradient"),
            Piece("="),
            Piece(after, role),
        )
    return (Piece(before, "gradient" if panel.kind == "branch" else ""), Piece("="),
            Piece(after, role))  # fmt: skip


def rule_of(panel: Panel) -> Formula:
    """The rule of the gate: its local derivative in symbols."""
    return (Piece(panel.rule, "local"),) if panel.rule else ()


def colour_of(role: str, palette: Palette) -> str:
    """The colour of a role."""
    found: str = getattr(palette, role or "ink")
    return found


def typst_formula(formula: Formula, names: Iterable[str], palette: Palette) -> str:
    """The formula as typst content, set large.

    >>> from microgd.draw.palette import PALETTES
    >>> print(typst_formula((Piece("3", "value"),), (), PALETTES["default"]))
    $ #text(fill: rgb("#1a7f37"), $display(upright("3"))$) $
    """
    known = tuple(names)
    parts = []
    for piece in formula:
        set_ = to_typst(read(piece.text, known))
        if piece.role:
            ink = typst_string(colour_of(piece.role, palette))
            set_ = f"#text(fill: rgb({ink}), $display({set_})$)"
        parts.append(set_)
    return f"$ {' '.join(parts)} $" if parts else ""


def mathml_formula(formula: Formula, names: Iterable[str]) -> str:
    """The formula as MathML, set large; a role is a class."""
    known = tuple(names)
    parts = []
    for piece in formula:
        inner = inner_mathml(read(piece.text, known))
        parts.append(f'<mrow class="{escape(piece.role)}">{inner}</mrow>' if piece.role else inner)
    return f'<math display="block">{"".join(parts)}</math>' if parts else ""
