"""Pictures of a trace: DOT, SVG and PNG in several looks, in a notebook or a file."""
