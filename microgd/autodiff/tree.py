"""Trees: nested lists, tuples and dictionaries of numbers and Tensors, as nets' parameters are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def leaves(tree: Any) -> list[Any]:
    """The leaves from left to right; dictionaries in the order of their keys' insertion.

    >>> leaves({"w": [1.0, 2.0], "b": 3.0})
    [1.0, 2.0, 3.0]
    """
    if isinstance(tree, dict):
        return [leaf for part in tree.values() for leaf in leaves(part)]
    if isinstance(tree, list | tuple):
        return [leaf for part in tree for leaf in leaves(part)]
    return [tree]


def rebuilt(tree: Any, replacements: Iterator[Any]) -> Any:
    """The same tree with its leaves taken from `replacements`, from left to right.

    >>> rebuilt({"w": [1.0, 2.0], "b": 3.0}, iter("xyz"))
    {'w': ['x', 'y'], 'b': 'z'}
    """
    if isinstance(tree, dict):
        return {key: rebuilt(part, replacements) for key, part in tree.items()}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(rebuilt(part, replacements) for part in tree))
    if isinstance(tree, list | tuple):
        return type(tree)(rebuilt(part, replacements) for part in tree)
    return next(replacements)
