"""Paths: a derivative as a sum over all paths, and what that costs."""
