"""How wide a text will be, so that a cell can be made wide enough before any engine measures it."""

from __future__ import annotations

from functools import cache

# Advance widths in thousandths of the font size. Arimo, Liberation Sans and Helvetica share
# Arial's, and Tinos and Liberation Serif share those of Times.
WIDTHS: dict[str, dict[int, str]] = {
    "Arial": {
        191: "'",
        222: "ijl",
        260: "|",
        278: " !,./:;I[\\]ft",
        333: "()-`r",
        334: "{}",
        355: '"',
        389: "*",
        469: "^",
        500: "Jcksvxyz",
        556: "#$0123456789?L_abdeghnopqu",
        584: "+<=>~",
        611: "FTZ",
        667: "&ABEKPSVXY",
        722: "CDHNRUw",
        778: "GOQ",
        833: "Mm",
        889: "%",
        944: "W",
        1015: "@",
    },
    "Arial bold": {
        238: "'",
        278: " ,./I\\ijl",
        280: "|",
        333: "!()-:;[]`ft",
        389: "*r{}",
        474: '"',
        500: "z",
        556: "#$0123456789J_aceksvxy",
        584: "+<=>^~",
        611: "?FLTZbdghnopqu",
        667: "EPSVXY",
        722: "&ABCDHKNRU",
        778: "GOQw",
        833: "M",
        889: "%m",
        944: "W",
        975: "@",
    },
    "Times": {
        180: "'",
        200: "|",
        250: " ,.",
        278: "/:;\\ijlt",
        333: "!()-I[]`fr",
        389: "Js",
        408: '"',
        444: "?acez",
        469: "^",
        480: "{}",
        500: "#$*0123456789_bdghknopquvxy",
        541: "~",
        556: "FPS",
        564: "+<=>",
        611: "ELTZ",
        667: "BCR",
        722: "ADGHKNOQUVXYw",
        778: "&m",
        833: "%",
        889: "M",
        921: "@",
        944: "W",
    },
    "Times italic": {
        214: "'",
        250: " ,.",
        275: "|",
        278: "/\\fijlt",
        333: "!()-:;I`",
        389: "[]rsz",
        400: "{}",
        420: '"',
        422: "^",
        444: "Jcekvxy",
        500: "#$*0123456789?S_abdghnopqu",
        541: "~",
        556: "LTYZ",
        611: "ABEFPRVX",
        667: "CKNw",
        675: "+<=>",
        722: "DGHOQUm",
        778: "&",
        833: "%MW",
        920: "@",
    },
}
# graphviz-pure takes each byte outside ASCII for a space; real glyphs may be wider or narrower.
# These are the wider of the two for the letters and signs that formulas use.
TWO_BYTES, THREE_BYTES, FOUR_BYTES = 650, 1000, 1200
# What they take in Liberation Serif and Tinos, of the signs in names.
_GLYPHS = {**dict.fromkeys("₀₁₂₃₄₅₆₇₈₉", 348), **dict.fromkeys("⁰¹²³⁴⁵⁶⁷⁸⁹", 300), "̂": 0}
MINUS_SIGNS = dict.fromkeys("−–", 834)


def text_width(text: str, size: float, face: str = "Arial") -> float:
    """Points that `text` takes in the engine that takes most, a little too many outside ASCII.

    Args:
        text: one line.
        size: the font size in points.
        face: "Arial", "Arial bold", "Times" or "Times italic".

    >>> round(text_width("−12.00", 15), 2)
    50.04
    """
    widths = _widths(face)
    return sum(widths.get(char) or _outside_ascii(char) for char in text) * size / 1000


def glyphs_width(text: str, size: float, face: str = "Arial") -> float:
    """Points that `text` takes in a viewer, near enough where it is outside ASCII.

    >>> round(glyphs_width("d₂", 15, "Times italic"), 2), round(text_width("d₂", 15), 2)
    (12.72, 23.34)
    """
    widths = _widths(face)
    return sum(_GLYPHS.get(char, widths.get(char, 500)) for char in text) * size / 1000


def _outside_ascii(char: str) -> int:
    bytes_taken = len(char.encode("utf-8", "replace"))
    return {1: 0, 2: TWO_BYTES, 3: THREE_BYTES}.get(bytes_taken, FOUR_BYTES)


@cache
def _widths(face: str) -> dict[str, int]:
    by_char = {char: width for width, chars in WIDTHS[face].items() for char in chars}
    return by_char | MINUS_SIGNS
