"""Naming: a name of its own for every part of a graph that a program has to call by one."""

from __future__ import annotations

import keyword
import unicodedata
from collections.abc import Sequence
from itertools import count

from microgd.graph.node import Node
from microgd.graph.order import topological_order
from microgd.graph.row import CONSTANT
from microgd.graph.shapes import element_count
from microgd.graph.values import FLOAT64
from microgd.language.functions import RESERVED
from microgd.language.limits import MAX_NUMBER

#: Elements of an array that is still written out as a list.
MAX_WRITTEN = 1_000


class Naming:
    """The names of a graph's nodes.

    A node keeps its name if a program can write it and no other node has it; otherwise it gets a
    fresh one: `x1` an input, `c1` a constant that is no plain literal, `t1` a gate.
    """

    def __init__(self, output: Node) -> None:
        self.order: Sequence[Node] = topological_order([output])
        self.uses: dict[Node, int] = {}
        for node in self.order:
            for source in node.inputs:
                self.uses[source] = self.uses.get(source, 0) + 1
        self._literals = {n for n in self.order if n.gate is CONSTANT and self._written(n)}
        self.names: dict[Node, str] = {}
        self._taken: set[str] = set()
        self._counts = {letter: count(1) for letter in "xct"}
        for node in self.order:
            name = node.name
            if name is not None and name not in self._taken and is_writable(name):
                self.names[node] = name
                self._taken.add(name)
        for node in self.order:
            if node.is_leaf and not self.is_literal(node):
                self.name_of(node)

    def is_literal(self, node: Node) -> bool:
        """Whether a leaf is written as a number or a list, where it is used."""
        return node in self._literals

    def _written(self, node: Node) -> bool:
        """Whether nothing of a constant is lost when it is written out."""
        return (
            node.name is None
            and node.dtype == FLOAT64
            and self.uses.get(node, 0) < 2
            and 0 < element_count(node.shape) <= MAX_WRITTEN
        )

    def name_of(self, node: Node) -> str:
        """The node's name, a fresh one if it has none yet."""
        name = self.names.get(node)
        if name is None:
            letter = "t" if node.inputs else "c" if node.gate is CONSTANT else "x"
            name = next(n for i in self._counts[letter] if (n := f"{letter}{i}") not in self._taken)
            self.names[node] = name
            self._taken.add(name)
        return name


def is_writable(name: str) -> bool:
    """Whether the language reads this as a name, spelled just so."""
    return (
        name.isidentifier()
        and not keyword.iskeyword(name)
        and name not in RESERVED
        and len(name) <= 40
        and (name.isascii() or unicodedata.normalize("NFKC", name) == name)
    )


def number(value: float) -> str:
    """A float that reads back as itself, and without `.0` where it is a whole number."""
    if value != value or abs(value) > MAX_NUMBER:
        return repr(value)
    whole = value.is_integer() and abs(value) < 1e16 and (value or str(value)[0] != "-")
    return str(int(value)) if whole else repr(value)
