"""Labels in Graphviz's two languages, plain and HTML-like, with nothing in them misread."""

from __future__ import annotations

import html

from microgd.notation.names import printable

#: How every HTML-like table of ours begins: no borders, no space of its own.
TABLE = '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">'


def sign_size(sign: str, compact: bool) -> tuple[float, bool]:
    """The font size of a sign, and whether it fits a circle."""
    length = len(sign)
    shrink = 4 if compact else 0
    if length <= 1:
        return 20 - shrink, True
    if length == 2:
        return 17 - shrink, True
    if length == 3:
        return 14 - shrink / 2, True
    if length == 4:
        return 11.5 - shrink / 2, True
    return 13 - shrink / 2, False


def text_of(text: str) -> str:
    """Text for an HTML-like label: no character of it means anything to Graphviz.

    >>> text_of('<b>&"')
    '&lt;b&gt;&amp;&quot;'
    """
    return html.escape(printable(text)).replace("\\", "&#92;&#92;")


def plain_label(text: str) -> str:
    """Text for an ordinary label: backslashes and a leading < mean nothing."""
    clean = printable(text).replace("\\", "\\\\")
    return f" {clean}" if clean.startswith("<") and clean.endswith(">") else clean


def rows(*rows: tuple[str, float, str]) -> str:
    """An HTML-like label of several rows: text, size, further attributes of its font."""
    cells = "".join(
        f'<TR><TD><FONT POINT-SIZE="{size:g}" {more}>{text_of(text)}</FONT></TD></TR>'
        for text, size, more in rows
    )
    return f"<{TABLE}{cells}</TABLE>>"


def ported(border: str, inputs: int, *lines: tuple[str, float, str], thick: bool = False) -> str:
    """A rounded box with lines of text, and on its left a port for each input: i0, i1, …

    A thick border takes its place from the inside, so that the picture stays as large.
    """
    side = 5 if thick else 7
    inner = "".join(
        f'<TR><TD><FONT POINT-SIZE="{size:g}" {more}>{text_of(text)}</FONT></TD></TR>'
        for text, size, more in lines
    )
    inputs = max(inputs, 1)
    height = max(36 // inputs, 10) - (4 // inputs if thick else 0)
    ports = [f'<TD PORT="i{i}" WIDTH="{side}" HEIGHT="{height}"></TD>' for i in range(inputs)]
    first = (
        f'<TR>{ports[0]}<TD ROWSPAN="{inputs}">{TABLE}{inner}</TABLE></TD>'
        f'<TD ROWSPAN="{inputs}" WIDTH="{side}"></TD></TR>'
    )
    rest = "".join(f"<TR>{port}</TR>" for port in ports[1:])
    return (
        f'<<TABLE {border} STYLE="ROUNDED" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">'
        f"{first}{rest}</TABLE>>"
    )
