"""Formulas in ink: which piece of a step is a value, a gradient, a local derivative.

The pieces are parts of formulas that have been read, so that no sign within a name parts anything.
Each has a role; the palette of a circuit gives it its colour, on pages and on slides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from microgd.draw.palette import Palette
from microgd.notation.mathml import inner_mathml
from microgd.notation.reading import read
from microgd.notation.tree import Part, Row, Sign
from microgd.notation.typst import to_typst, typst_string
from microgd.teaching.panel import Panel

#: What a piece is: a value; the gradient that results; the local derivative and the upstream
#: gradient that it is the product of; or nothing of the kind.
Role = Literal["value", "result", "local", "upstream", ""]


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a formula and its role."""

    part: Part
    role: Role = ""


Formula = tuple[Piece, ...]

#: Of each side of an equation: its role, or those of its two factors.
Roles = tuple[Role | tuple[Role, Role], ...]

_PRODUCT: tuple[Role, Role] = ("local", "upstream")
#: Kind of a step → the roles in its formula in symbols, and in numbers.
_ROLES: dict[str, tuple[Roles, Roles]] = {
    "forward": (("value", ""), ("", "value")),
    "seed": (("result", "result"), ("result",)),
    "contribution": (("result", _PRODUCT), (_PRODUCT, "result")),
    "broadcast": (("result", ""), ("", "result")),
    "branch": (("result", ""), ("result", "result")),
}


def symbols_of(panel: Panel) -> Formula:
    """The step in symbols.

    >>> import microgd as mg
    >>> from microgd.teaching.panel import panels
    >>> [p.role for p in symbols_of(panels(mg.circuit("x * y", x=2, y=3).trace())[2])]
    ['result', '', 'local', '', 'upstream']
    """
    left, right = _ROLES[panel.kind][0]
    pieces = list(_side(read(panel.left, panel.names), left))
    if panel.right:
        # A Jacobian that is never built is no factor, whatever stands around a dot.
        roles = right if isinstance(right, str) or panel.local else ""
        pieces += [Piece(Sign("=")), *_side(read(panel.right, panel.names), roles)]
    return tuple(pieces)


def rule_of(panel: Panel) -> Formula:
    """The rule of the gate: its local derivative in symbols."""
    return (Piece(read(panel.rule, panel.names), "local"),) if panel.rule else ()


def numbers_of(panel: Panel) -> Formula:
    """The step in numbers; empty where they would be too many."""
    return inked(panel.numbers, panel.names, _ROLES[panel.kind][1])


def result_of(panel: Panel) -> Formula:
    """What the step finds, alone."""
    role: Role = "value" if panel.kind == "forward" else "result"
    return inked(panel.value, panel.names, (role,))


def inked(text: str, names: Iterable[str], roles: Roles) -> Formula:
    """A formula in its pieces; where it has other sides than expected, the last is its result.

    >>> [p.role for p in inked("q = 3", ["q"], ("", "value"))]
    ['', '', 'value']
    """
    if not text:
        return ()
    sides = _split(read(text, names), "=")
    if len(sides) != len(roles):
        nothing: Roles = ("",)
        roles = (*nothing * (len(sides) - 1), roles[-1])
    pieces = list(_side(sides[0], roles[0]))
    for side, role in zip(sides[1:], roles[1:], strict=True):
        pieces += [Piece(Sign("=")), *_side(side, role)]
    return tuple(pieces)


def _side(side: Part, roles: Role | tuple[Role, Role]) -> Iterator[Piece]:
    """A side of an equation: of one role, or two factors."""
    if isinstance(roles, str):
        yield Piece(side, roles)
        return
    factors = _split(side, "·")
    if len(factors) != len(roles):
        yield Piece(side)
        return
    yield Piece(factors[0], roles[0])
    yield Piece(Sign("·"))
    yield Piece(factors[1], roles[1])


def _split(part: Part, sign: str) -> list[Part]:
    """What stands between signs of this kind, outside of all brackets."""
    if not isinstance(part, Row):
        return [part]
    pieces: list[list[Part]] = [[]]
    for piece in part.parts:
        if piece == Sign(sign):
            pieces.append([])
        else:
            pieces[-1].append(piece)
    return [p[0] if len(p) == 1 else Row(tuple(p)) for p in pieces]


# -- writers ---------------------------------------------------------------------------------------


def mathml_formula(formula: Formula, *, block: bool = False) -> str:
    """The formula as a `<math>` element, where a role is a class; an empty one is no element.

    >>> mathml_formula(inked("q = 3", ["q"], ("", "value")))
    '<math><mi>q</mi><mo>=</mo><mrow class="value"><mn>3</mn></mrow></math>'
    """
    if not formula:
        return ""
    display = ' display="block"' if block else ""
    return f"<math{display}>{''.join(map(_element, formula))}</math>"


def _element(piece: Piece) -> str:
    inner = inner_mathml(piece.part)
    if piece.role:
        return f'<mrow class="{piece.role}">{inner}</mrow>'
    # In a row of its own a minus at its beginning is a sign, not a difference.
    signed = isinstance(piece.part, Row) and isinstance(piece.part.parts[0], Sign)
    return f"<mrow>{inner}</mrow>" if signed else inner


def typst_formula(formula: Formula, palette: Palette) -> str:
    """The formula as typst content, set large.

    >>> from microgd.draw.palette import PALETTES
    >>> print(typst_formula(inked("3", (), ("value",)), PALETTES["default"]))
    $ #text(fill: rgb("#1a7f37"), $display(upright("3"))$) $
    """
    parts = []
    for piece in formula:
        set_ = to_typst(piece.part)
        if piece.role:
            ink = typst_string(colour_of(piece.role, palette))
            set_ = f"#text(fill: rgb({ink}), $display({set_})$)"
        parts.append(set_)
    return f"$ {' '.join(parts)} $" if parts else ""


def colour_of(role: str, palette: Palette) -> str:
    """The colour of a role; in a circuit, gradients are of one colour."""
    name = {"": "ink", "result": "gradient", "upstream": "gradient"}.get(role, role)
    found: str = getattr(palette, name)
    return found
