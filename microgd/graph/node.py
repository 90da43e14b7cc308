"""Node: one entry of the record. Which gate made it, from which inputs, where, with what result."""

from __future__ import annotations

from itertools import count
from types import CodeType
from typing import Any, TypeVar

import numpy as np

from microgd.graph.row import CONSTANT, GateRow
from microgd.graph.scope import current_scope
from microgd.graph.shapes import Shape
from microgd.graph.source import Source, source_of
from microgd.graph.values import FLOAT64, Value, dtype_of, shape_of

#: The clock of the record. Every node is stamped with the tick at which its value was set, so that
#: inputs are always older than what was computed from them, unless somebody changed them since.
next_tick = count().__next__


class Node:
    """An entry of the record; immutable but for its name and, at a leaf, its value.

    Attributes:
        gate: the row of the table that made it; INPUT, CONSTANT or PLACEHOLDER at a leaf.
        params: the gate's named parameters (an axis, a slope).
        value: a Python float, an array, or None where only the shape is known.
        shape, dtype: of the value.
        name: what its user calls it, or None.
        scope: the region it was recorded in: `"net/layer1"`, or None.
        stamp: the tick at which its value was set.
    """

    # Two inputs have slots of their own instead of a tuple: most nodes of a graph of scalars have
    # two, and Python's garbage collector walks through every tuple there is.
    __slots__ = (
        "_code",
        "_first",
        "_offset",
        "_rest",
        "_second",
        "dtype",
        "gate",
        "name",
        "params",
        "scope",
        "shape",
        "stamp",
        "value",
    )

    gate: GateRow
    params: dict[str, Any] | None
    value: Value | None
    shape: Shape
    dtype: np.dtype[Any]
    name: str | None
    scope: str | None
    stamp: int
    _first: Node | None
    _second: Node | None
    _rest: tuple[Node, ...] | None
    _code: CodeType | Source | None
    _offset: int

    @property
    def inputs(self) -> tuple[Node, ...]:
        """The nodes it was computed from, in order; a node used twice stands there twice."""
        first = self._first
        if first is None:
            return ()
        second = self._second
        if second is not None:
            return (first, second)
        return self._rest or (first,)

    @inputs.setter
    def inputs(self, nodes: tuple[Node, ...]) -> None:
        self._first = nodes[0] if nodes else None
        self._second = nodes[1] if len(nodes) == 2 else None
        self._rest = nodes if len(nodes) > 2 else None

    @property
    def source(self) -> Source | None:
        """The line that recorded this node, or None where nobody outside microgd did."""
        code = self._code
        return source_of(code, self._offset) if isinstance(code, CodeType) else code

    @source.setter
    def source(self, place: Source) -> None:
        self._code = place

    @property
    def is_leaf(self) -> bool:
        """Whether no gate made this node."""
        return self._first is None

    @property
    def is_constant(self) -> bool:
        """Whether it is a plain number or array that an expression wrapped."""
        return self.gate is CONSTANT


N = TypeVar("N", bound=Node)


def leaf(cls: type[N], gate: GateRow, value: Value | None, name: str | None = None) -> N:
    """A new leaf of class `cls`: an INPUT or a CONSTANT."""
    node = object.__new__(cls)
    set_leaf(node, gate, value, name)
    return node


def set_leaf(node: Node, gate: GateRow, value: Value | None, name: str | None) -> None:
    """Fill the fields of a fresh leaf."""
    node.gate = gate
    node._first = node._second = node._rest = None
    node.params = None
    node.value = value
    if value.__class__ is float or value is None:
        node.shape = ()
        node.dtype = FLOAT64
    else:
        node.shape = shape_of(value)
        node.dtype = dtype_of(value)
    node.name = name
    node.scope = current_scope()
    node._code = None
    node._offset = 0
    node.stamp = next_tick()
