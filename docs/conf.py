"""Settings of the documentation, read by sphinx-build."""

from importlib.metadata import version as installed_version

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
