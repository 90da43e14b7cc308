"""Formulas of a page: MathML, with the local derivative, the upstream and the result coloured."""

from __future__ import annotations

from collections.abc import Iterable

from microgd.notation.mathml import inner_mathml
from microgd.notation.reading import read
from microgd.notation.tree import Part, Row, Sign
from microgd.teaching.panel import Panel

#: Of each side of an equation: its colour, or those of its two factors.
Colours = tuple[str | tuple[str, str], ...]

#: Kind of a step → the colours of its formula in symbols, and in numbers.
_COLOURS: dict[str, tuple[Colours, Colours]] = {
    "forward": (("value", ""), ("", "value")),
    "seed": (("result", "result"), ()),
    "contribution": (("result", ("local", "upstream")), (("local", "upstream"), "result")),
    "broadcast": (("result", ""), ("", "result")),
    "branch": (("result", ""), ("", "result")),
}


def symbols(panel: Panel) -> str:
    """The step in symbols."""
    return formula(panel.symbols, panel.names, _COLOURS[panel.kind][0])


def rule(panel: Panel) -> str:
    """The local derivative in symbols."""
    return formula(panel.rule, panel.names, ("local", ""))


def numbers(panel: Panel) -> str:
    """The step in numbers; where it has none of its own, its result."""
    told = panel.numbers
    if not told and panel.kind == "forward":
        return formula(panel.value, panel.names, ("value",))
    if not told and panel.kind != "seed":
        return formula(panel.value, panel.names, ("result",))
    return formula(told, panel.names, _COLOURS[panel.kind][1])


def formula(text: str, names: Iterable[str], colours: Colours) -> str:
    """A formula as a `<math>` element; where it has other parts than expected, it is all of one
    colour.

    >>> formula("q = 3", ["q"], ("", "value"))
    '<math><mi>q</mi><mo>=</mo><mrow class="value"><mn>3</mn></mrow></math>'
    """
    if not text:
        return ""
    part = read(text, names)
    sides = _split(part, "=")
    if len(sides) != len(colours):
        return f"<math>{inner_mathml(part)}</math>"
    written = (_side(side, colour) for side, colour in zip(sides, colours, strict=True))
    return f"<math>{'<mo>=</mo>'.join(written)}</math>"


def _side(side: Part, colour: str | tuple[str, str]) -> str:
    if isinstance(colour, str):
        return _coloured(side, colour)
    factors = _split(side, "·")
    if len(factors) != len(colour):
        return inner_mathml(side)
    return "<mo>·</mo>".join(_coloured(f, c) for f, c in zip(factors, colour, strict=True))


def _coloured(part: Part, colour: str) -> str:
    inner = inner_mathml(part)
    return f'<mrow class="{colour}">{inner}</mrow>' if colour else inner


def _split(part: Part, sign: str) -> list[Part]:
    """What stands between signs of this kind, outside of all brackets."""
    if not isinstance(part, Row):
        return [part]
    pieces: list[list[Part]] = [[]]
    for piece in part.parts:
        if isinstance(piece, Sign) and piece.text == sign:
            pieces.append([])
        else:
            pieces[-1].append(piece)
    return [p[0] if len(p) == 1 else Row(tuple(p)) for p in pieces]
