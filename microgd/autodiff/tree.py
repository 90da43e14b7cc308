"""Trees: nested lists, tuples and dictionaries of numbers and Tensors, as nets' parameters are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def leaves(tree: Any) -> list[Any]:
    """The leaves from left to right; dictionaries in the order of their keys' insertion.

    >>> leaves({"w": [1.0, 2.0], "b": 3.0})
    [1.0, 2.0, 3.0]
    """
    found: list[Any] = []
    _collect(tree, found)
    return found


def _collect(tree: Any, found: list[Any]) -> None:
    kind = tree.__class__
    if kind is float or not isinstance(tree, dict | list | tuple):
        found.append(tree)
        return
    for part in tree.values() if isinstance(tree, dict) else tree:
        if part.__class__ is float:  # long lists of numbers are common, and calls are slow
            found.append(part)
        else:
            _collect(part, found)


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
        trees = (dict, list, tuple)
        return type(tree)(
            [
                rebuilt(part, replacements) if isinstance(part, trees) else next(replacements)
                for part in tree
            ]
        )
    return next(replacements)


def paths(tree: Any, prefix: str = "") -> list[str]:
    """A name for each leaf, from left to right: keys, fields and positions joined by dots.

    >>> paths({"layers": [{"w": 1.0, "b": 2.0}], "scale": 3.0})
    ['layers.0.w', 'layers.0.b', 'scale']
    """
    if isinstance(tree, dict):
        parts: Any = tree.items()
    elif isinstance(tree, tuple) and hasattr(tree, "_fields"):
        parts = zip(tree._fields, tree, strict=True)
    elif isinstance(tree, list | tuple):
        parts = enumerate(tree)
    else:
        return [prefix]
    inside = f"{prefix}." if prefix else ""
    return [path for key, part in parts for path in paths(part, f"{inside}{key}")]
