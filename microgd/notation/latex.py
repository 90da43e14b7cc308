"""LaTeX: formulas for papers and slides, nothing in them misread."""

from __future__ import annotations

import re

from microgd.notation.latex_text import LETTERS, SIGNS, latex_text
from microgd.notation.names import split_name
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

_FUNCTIONS = {"exp", "ln", "log", "sin", "cos", "tanh", "max", "min"}
#: A name that mathematics sets as it is; what has spaces or other signs is set as text.
_PLAIN = re.compile(r"[A-Za-z0-9_']+")


def to_latex(part: Part) -> str:
    r"""The formula for LaTeX's mathematics mode.

    >>> from microgd.notation.reading import read
    >>> print(to_latex(read("−1/x² · w0")))
    -\frac{1}{x^{2}} \cdot w_{0}
    """
    match part:
        case Number("inf"):
            return r"\infty"
        case Number("NaN"):
            return r"\mathrm{NaN}"
        case Number(text):
            mantissa, _, exponent = text.replace("−", "-").partition("e")
            return rf"{mantissa} \cdot 10^{{{exponent}}}" if exponent else mantissa
        case Name(text):
            base, below = split_name(text)
            return _name(base) + (f"_{{{_name(below)}}}" if below else "")
        case Word("∂"):
            return r"\partial "
        case Word(text):
            return rf"\text{{{latex_text(text)}}}"
        case Sign(text):
            return r"\," if text == "@" else SIGNS.get(text) or latex_text(text)
        case Function(name):
            if name in _FUNCTIONS:
                return rf"\{name}"
            return LETTERS.get(name) or rf"\operatorname{{{_upright(name)}}}"
        case Group(opening, inner, closing):
            marks = {"|": ("|", "|"), "‖": (r"\|", r"\|")}
            left, right = marks.get(opening, (opening, closing))
            return rf"\left{left} {to_latex(inner)} \right{right}"
        case Matrix(rows):
            lines = r" \\ ".join(" & ".join(map(to_latex, row)) for row in rows)
            return rf"\begin{{bmatrix}} {lines} \end{{bmatrix}}"
        case Fraction(above, below):
            return rf"\frac{{{to_latex(above)}}}{{{to_latex(below)}}}"
        case Raised(base, power):
            upright = r"\top" if power == Name("T") else to_latex(power)
            held = to_latex(base)
            held = held if isinstance(base, Name | Number | Group) else f"{{{held}}}"
            return f"{held}^{{{upright}}}"
        case Root(inner):
            return rf"\sqrt{{{to_latex(inner)}}}"
        case Row(parts):
            return _row(parts)


def _row(parts: tuple[Part, ...]) -> str:
    text = ""
    for place, part in enumerate(parts):
        piece = to_latex(part)
        if isinstance(part, Word) and part.text != "∂":
            before, after = (" " * needed for needed in spaces(parts, place))
            piece = rf"\text{{{before}{latex_text(part.text)}{after}}}"
        first = place == 0 or isinstance(parts[place - 1], Sign)
        if isinstance(part, Sign) and part.text == "−" and first:
            text += piece  # a sign of its own, not a difference
        elif isinstance(part, Sign) and part.text in ",;":
            text += f"{piece} "
        elif isinstance(part, Sign):
            text += f" {piece} "
        elif text and text[-1].isalpha() and piece[:1].isalnum():
            text += f" {piece}"
        else:
            text += piece
    return " ".join(text.split())


def _name(text: str) -> str:
    if text in LETTERS:
        return LETTERS[text]
    if text.isascii() and (len(text) == 1 or text.isdigit()):
        return latex_text(text)
    upright = _upright(text)
    return rf"\mathrm{{{upright}}}" if _PLAIN.fullmatch(text) else upright


def _upright(text: str) -> str:
    """A word in mathematics, whose spaces are kept and whose accents stand."""
    written = latex_text(text)
    return written if _PLAIN.fullmatch(text) else rf"\textrm{{{written}}}"
