"""Settings of the documentation, read by sphinx-build."""

from importlib.metadata import version as installed_version

from docutils import nodes
from latex2mathml.converter import convert

project = "microgd"
author = "microgd contributors"
copyright = "2026, microgd contributors"
version = release = installed_version("microgd")

extensions = ["myst_parser"]
exclude_patterns = ["_build"]

myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = "microgd"

# Formulas become MathML, which every browser shows without fetching a script.
html_math_renderer = "mathml"


def _inline(translator, node):
    translator.body.append(convert(node.astext()))
    raise nodes.SkipNode


def _block(translator, node):
    translator.body.append(convert(node.astext(), display="block"))
    raise nodes.SkipNode


def setup(app):
    """Called by Sphinx."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
