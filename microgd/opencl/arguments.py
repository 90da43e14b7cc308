"""Arguments: what a call of a compiled function is given, sorted for the program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from microgd.errors import ArgumentError, DataError
from microgd.graph.node import Node
from microgd.graph.values import FLOAT32, FLOAT64
from microgd.opencl.array import DeviceArray, host_value
from microgd.opencl.capture import Spec

#: Stands for an argument that is a part of the program.
FIXED = object()


def stand_in(x: Any) -> Any:
    """Something of the same shape and dtype that has numbers, which nobody will read."""
    if not isinstance(x, Node) or x.value is not None:
        return x
    if not x.shape and x.dtype == FLOAT64:
        return 0.0
    return np.broadcast_to(np.zeros((), x.dtype), x.shape) if x.shape else x.dtype.type(0)


def positions(donate: Any) -> tuple[int, ...]:
    """The positions of arguments that are given away."""
    known = isinstance(donate, tuple | list | set | frozenset | range)
    if not known or any(type(n) is not int or n < 0 for n in donate):
        raise ArgumentError(f"donate takes positions of arguments, (0,) or so, got {donate!r:.60}")
    return tuple(donate)


def check_donated(found: Sequence[Any], given: Sequence[bool]) -> None:
    """An array that is given away is no argument a second time."""
    places = [id(x.storage) for x in found if x.__class__ is DeviceArray]
    if len(set(places)) == len(places):
        return
    for x, away in zip(found, given, strict=True):
        if away and isinstance(x, DeviceArray) and places.count(id(x.storage)) > 1:
            raise DataError(
                "an array that is given away (donated) is an argument twice, and would change "
                "while it is read: give a copy of it, x.copy()"
            )


def is_fixed(x: Any) -> bool:
    """Whether an argument is no number, and a part of the program instead."""
    return x is None or isinstance(x, str | bool) or callable(x)


def signature(x: Any) -> Any:
    """What of an argument the compiled program depends on."""
    if isinstance(x, DeviceArray):
        return (x.shape, x.dtype, True)
    if x.__class__ is float:
        return float
    if is_fixed(x):
        return ("fixed", x)
    if isinstance(x, Node):
        if x.value is None:
            raise DataError("a compiled function runs on numbers; this argument is a placeholder")
        return (x.shape, x.dtype, False)
    if isinstance(x, np.ndarray):
        return (x.shape, x.dtype, False)
    value = host_value(x)
    return (np.shape(value), np.asarray(value).dtype, False)


def spec(x: Any) -> Spec:
    """What a captured function is given in place of an argument."""
    if isinstance(x, DeviceArray):
        return Spec(x.shape, x.dtype)
    if is_fixed(x):
        return Spec(fixed=x)
    value = host_value(x.value if isinstance(x, Node) else x)
    dtype = np.asarray(value).dtype
    if np.ndim(value) == 0 and dtype != FLOAT32:
        dtype = FLOAT64
    return Spec(np.shape(value), dtype)


def arguments(args: Any, options: dict[str, Any]) -> tuple[list[Any], Any]:
    """All leaves of a call's arguments, and the structure that they hang on."""
    found: list[Any] = []
    return found, (_read(args, found), _read(options, found) if options else None)


def _read(tree: Any, found: list[Any]) -> Any:
    """Put a tree's leaves, in order, into a list; what is left is its structure."""
    kind = tree.__class__
    if kind is float or kind is DeviceArray:
        found.append(tree)
        return None
    if isinstance(tree, dict):
        return (kind, *tree, *[_read(part, found) for part in tree.values()])
    if isinstance(tree, list | tuple):
        parts: list[Any] = [kind]
        for part in tree:
            if part.__class__ is float:  # long lists of numbers are common, and calls are slow
                found.append(part)
                parts.append(None)
            else:
                parts.append(_read(part, found))
        return tuple(parts)
    found.append(tree)
    return None
