"""Notation: formulas as the lesson writes them, typeset for pages, slides and LaTeX."""
