"""MathML: formulas for pages. Browsers set it themselves, and screen readers read it out."""

from __future__ import annotations

from html import escape

from microgd.notation.names import printable, split_name
from microgd.notation.tree import (
    Fraction,
    Function,
    Group,
    Matrix,
    Name,
    Number,
    Part,
    Raised,
    Root,
    Row,
    Sign,
    Word,
    spaces,
)


def to_mathml(part: Part, *, block: bool = False) -> str:
    """The formula as a `<math>` element.

    >>> from microgd.notation.reading import read
    >>> to_mathml(read("x²"))
    '<math><msup><mi>x</mi><mn>2</mn></msup></math>'
    """
    display = ' display="block"' if block else ""
    return f"<math{display}>{inner_mathml(part)}</math>"


def inner_mathml(part: Part) -> str:
    """The formula without the `<math>` around it."""
    match part:
        case Number(text):
            return f"<mn>{_text(text)}</mn>"
        case Name(text):
            base, below = split_name(text)
            name = f"<mi>{_text(base)}</mi>"  # one letter is set italic, several upright
            return f"<msub>{name}<mn>{_text(below)}</mn></msub>" if below else name
        case Word("∂"):
            return "<mi>∂</mi>"
        case Word(text):
            return f"<mtext>{_text(text)}</mtext>"
        case Sign(text):
            return f"<mo>{_text(text)}</mo>"
        case Function(name):
            return f"<mi>{_text(name)}</mi>"
        case Group(opening, inner, closing):
            return (
                f'<mrow><mo stretchy="false">{_text(opening)}</mo>{_signed(inner)}'
                f'<mo stretchy="false">{_text(closing)}</mo></mrow>'
            )
        case Matrix(rows):
            cells = ("".join(f"<mtd>{inner_mathml(cell)}</mtd>" for cell in row) for row in rows)
            table = "".join(f"<mtr>{row}</mtr>" for row in cells)
            return f"<mrow><mo>[</mo><mtable>{table}</mtable><mo>]</mo></mrow>"
        case Fraction(above, below):
            return f"<mfrac>{_one(above)}{_one(below)}</mfrac>"
        case Raised(base, power):
            return f"<msup>{_one(base)}{_one(power)}</msup>"
        case Root(inner):
            return f"<msqrt>{inner_mathml(inner)}</msqrt>"
        case Row(parts):
            return "".join(_spaced(parts))


def _signed(part: Part) -> str:
    """What stands in brackets; a sign that begins it is one of a number, and sets no space."""
    begins = isinstance(part, Row) and bool(part.parts) and isinstance(part.parts[0], Sign)
    return _one(part) if begins else inner_mathml(part)


def _one(part: Part) -> str:
    """One element, as fractions and powers need it."""
    inner = inner_mathml(part)
    return f"<mrow>{inner}</mrow>" if isinstance(part, Row) else inner


def _spaced(parts: tuple[Part, ...]) -> list[str]:
    """Words have spaces around them; other parts space themselves."""
    found = []
    for place, part in enumerate(parts):
        if isinstance(part, Word) and part.text != "∂":
            before, after = ("\u00a0" * needed for needed in spaces(parts, place))
            found.append(f"<mtext>{before}{_text(part.text)}{after}</mtext>")
            continue
        if place and isinstance(parts[place - 1], Function) and not isinstance(part, Group | Sign):
            found.append('<mspace width="0.17em"/>')  # sin x
        written = inner_mathml(part)
        if place and part == Sign("−") and isinstance(parts[place - 1], Sign):
            written = '<mo form="prefix">−</mo>'  # of a number: [1, −2]
        found.append(written)
    return found


def _text(text: str) -> str:
    return escape(printable(text), quote=False)
