"""Slides: one page a step, as PDF and as HTML."""
