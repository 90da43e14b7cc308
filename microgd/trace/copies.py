"""Copies: what a trace keeps of a graph, so that nothing done to the one reaches the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from microgd.graph.node import Node


def sealed(value: Any) -> Any:
    """A view of an array that cannot be made writeable again; other values as they are.

    The array itself is sealed, too, so it has to be nobody else's.

    >>> sealed(np.zeros(2)).flags.writeable = True
    Traceback (most recent call last):
    ValueError: cannot set WRITEABLE flag to True of this array
    """
    if not isinstance(value, np.ndarray):
        return value
    value.flags.writeable = False
    return value.view(np.ndarray)


class Copies:
    """Sealed copies of arrays, one of each however often it is asked for."""

    def __init__(self) -> None:
        #: By identity; the original is kept beside its copy, so that no other takes its identity.
        self._made: dict[int, tuple[Any, Any]] = {}

    def of(self, value: Any) -> Any:
        """A copy of an array; a number as it is."""
        if value.__class__ is float or not isinstance(value, np.ndarray):
            return value
        made = self._made.get(id(value))
        if made is None:
            made = self._made[id(value)] = value, _copy(value)
        return made[1]


def _copy(array: Any) -> Any:
    """What broadcasting repeats is copied once, and repeated again."""
    axes = zip(array.strides, array.shape, strict=True)
    own = array[tuple(slice(0, 1) if stride == 0 < size else slice(None) for stride, size in axes)]
    copied = sealed(np.array(own))
    return copied if copied.shape == array.shape else np.broadcast_to(copied, array.shape)


def snapshot(order: Sequence[Node], copies: Copies) -> dict[Node, Node]:
    """Each node as it is now, for whoever tells of it later: node → a Node with copied numbers.

    The record's own nodes may get other names, and its leaves other data. A copy is stamped with
    its place in the order.
    """
    made: dict[Node, Node] = {}
    for place, node in enumerate(order):
        twin = made[node] = object.__new__(Node)
        twin.gate = node.gate
        twin.inputs = tuple([made[i] for i in node.inputs])
        twin.params = {k: copies.of(v) for k, v in node.params.items()} if node.params else None
        twin.value = copies.of(node.value)
        twin.shape = node.shape
        twin.dtype = node.dtype
        twin.name = node.name
        twin.scope = node.scope
        twin.stamp = place
        twin._code = node._code
        twin._offset = node._offset
    return made
