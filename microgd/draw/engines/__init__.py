"""Graphviz programs: finding one, running it safely, and tidying the SVG that it writes.

>>> from microgd.draw.engines import render
>>> render("digraph { x -> y }", "svg")[-7:]
b'</svg>\\n'
"""

from microgd.draw.engines.finding import Engine, engines, lend_to_graphviz_package
from microgd.draw.engines.measuring import text_width
from microgd.draw.engines.rendering import render
from microgd.draw.engines.tidying import tidy_svg

__all__ = ["Engine", "engines", "lend_to_graphviz_package", "render", "text_width", "tidy_svg"]
