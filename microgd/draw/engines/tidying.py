"""What Graphviz's SVG needs before it is shown: real fonts, stable bytes, texts in their middle."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape, unescape

from microgd.draw.engines.measuring import glyphs_width
from microgd.notation.names import printable

# graphviz-pure measures text well only under one plain font name; viewers want a list of them.
FAMILIES = {
    "Arial": "Arial, Helvetica, 'Liberation Sans', Arimo, sans-serif",
    "Times": "'Times New Roman', 'Liberation Serif', Tinos, Times, serif",
    "Courier": "'Courier New', 'Liberation Mono', Cousine, Courier, monospace",
}
PIXELS_PER_POINT = 96 / 72
# Names the engines (with versions), the graph, and every node and edge by its DOT name.
COMMENT = re.compile(r"<!--.*?-->\s*", re.DOTALL)
PROLOGUE = re.compile(r"^\s*(<\?xml[^>]*\?>\s*)?(<!DOCTYPE[^>]*>\s*)?")
NO_XML_CHARACTER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
FONT = re.compile(r' font-family="(Arial|Times|Courier)\b[^"]*"')
NAME_TITLE = re.compile(r'(<g id="([^"]*)" class="[^"]*"[^>]*>\s*)<title>.*?</title>\n?', re.DOTALL)
REFERENCE = re.compile(r'(\bid="|href="#|url\(#)')
ROOT_SIZE = re.compile(r'<svg width="([\d.]+)pt" height="([\d.]+)pt"')
NODE = re.compile(r'<g id="[^"]*" class="node ([^"]*)">.*?</g>', re.DOTALL)
POLYGON = re.compile(r'<polygon [^>]*points="([^"]*)"')
# A name before a value, in three texts of one line: d₂, =, 3.90.
NAMED_VALUE = re.compile(
    r'(?P<name><text [^>]*?\bx=")(?P<x>[-\d.]+)'
    r'(?P<size>"[^>]*?font-size="(?P<points>[\d.]+)"[^>]*>)'
    r"(?P<text>[^<]*[^\x00-\x7f<][^<]*)"
    r'(?P<equals></text>\s*<text [^>]*?\bx=")(?P<x2>[-\d.]+)(?P<sign>"[^>]*> = </text>)'
    r'(?P<value>\s*<text [^>]*?\bx=")(?P<x3>[-\d.]+)'
)
TEXT_PLACE = re.compile(r'text-anchor="(?:start|middle)" x="[^"]*" y="([^"]*)"([^>]*)')


def tidy_svg(
    picture: bytes | str,
    *,
    centred: tuple[str, ...] = ("wire",),
    titles: Mapping[str, str] | None = None,
    prefix: str = "",
) -> str:
    """SVG from either engine, made fit for files, notebooks and web pages.

    The same drawing gives the same bytes: comments with versions and names go. The picture gives
    way to a narrow page. Element ids are those of the DOT text, or count its nodes and edges.

    Args:
        picture: what `render(…, "svg")` returned.
        centred: classes of nodes whose bar (their first polygon) is the middle of their texts.
        titles: tooltips by element id; the DOT names that Graphviz puts there are dropped.
        prefix: put before every id, so that several drawings can share a page.

    >>> from microgd.draw.engines import render
    >>> tidy_svg(render("digraph { x -> f }", "svg")).startswith("<svg ")
    True
    """
    svg = picture.decode("utf-8") if isinstance(picture, bytes) else picture
    svg = COMMENT.sub("", svg)
    svg = PROLOGUE.sub("", svg)
    svg = NO_XML_CHARACTER.sub("", svg).replace("&#45;", "-")
    # Graphviz 2.43 paints with a colour that SVG 1.1 does not know.
    svg = svg.replace('="transparent"', '="none"')
    svg = _retitle(svg, titles or {})
    svg = NODE.sub(lambda node: _centre_texts(node, centred), svg)
    svg = NAMED_VALUE.sub(_close_up, svg)
    svg = FONT.sub(_family, svg)
    # Square ends of lines cover the hairline between an edge and a wire's bar, but fill up dashes.
    svg = svg.replace(" stroke-dasharray=", ' stroke-linecap="butt" stroke-dasharray=')
    svg = ROOT_SIZE.sub(_root, svg, count=1)
    return REFERENCE.sub(lambda use: use[1] + prefix, svg) if prefix else svg


def _retitle(svg: str, titles: Mapping[str, str]) -> str:
    def retitled(group: re.Match[str]) -> str:
        title = "\n".join(map(printable, titles.get(group[2], "").split("\n")))
        return group[1] + (f"<title>{escape(title)}</title>\n" if title else "")

    return NAME_TITLE.sub(retitled, svg)


def _family(font: re.Match[str]) -> str:
    """Arial is said once, on the root, and not on each of hundreds of texts."""
    return "" if font[1] == "Arial" else f' font-family="{FAMILIES[font[1]]}"'


def _root(size: re.Match[str]) -> str:
    # In pixels: some programs take a point for a pixel, or have no resolution to convert it with.
    width, height = (f"{float(points) * PIXELS_PER_POINT:.0f}" for points in size.groups())
    family = FAMILIES["Arial"]
    style = "max-width:100%;height:auto"
    return (
        f'<svg width="{width}" height="{height}" font-family="{family}" '
        f'stroke-linecap="square" style="{style}"'
    )


def _centre_texts(node: re.Match[str], classes: tuple[str, ...]) -> str:
    """Anchor a node's texts in the middle of its bar.

    Graphviz anchors them at a start computed from its own measure of the text, which is wrong
    outside ASCII (graphviz-pure) and wherever the viewer has another font.
    """
    shapes = [
        [(float(x), float(y)) for x, y in (point.split(",") for point in points.split())]
        for points in POLYGON.findall(node[0])
    ]
    if not shapes or not set(node[1].split()) & set(classes):
        return node[0]
    level = {y for _, y in shapes[0]}  # a dashed bar has several pieces at one height
    middle = _middle([x for shape in shapes if {y for _, y in shape} == level for x, _ in shape])
    rows = [place[1] for place in TEXT_PLACE.finditer(node[0])]

    def centred(place: re.Match[str]) -> str:
        several = rows.count(place[1]) > 1  # a line of several fonts: its parts stay side by side
        if several or "Times" in place[2]:  # and a leaf's name stays beside the bar
            return place[0]
        return f'text-anchor="middle" x="{middle}" y="{place[1]}"{place[2]}'

    return TEXT_PLACE.sub(centred, node[0])


def _close_up(row: re.Match[str]) -> str:
    """A name outside ASCII moves up to its equals sign, and both to the middle.

    Graphviz leaves room for a sign per byte, and a subscript has three bytes and is narrow.
    """
    width = glyphs_width(unescape(row["text"]), float(row["points"]), "Times italic")
    half = (float(row["x2"]) - float(row["x"]) - width) / 2
    name, equals, value = float(row["x"]) + half, float(row["x2"]) - half, float(row["x3"]) - half
    return (
        f"{row['name']}{name:.2f}{row['size']}{row['text']}"
        f"{row['equals']}{equals:.2f}{row['sign']}{row['value']}{value:.2f}"
    )


def _middle(coordinates: list[float]) -> str:
    return f"{(min(coordinates) + max(coordinates)) / 2:.2f}".rstrip("0").rstrip(".")
