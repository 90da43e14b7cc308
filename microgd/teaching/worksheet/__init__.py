"""Worksheets: circuits to fill in by hand, and their answers."""
