"""Views: gates that move no data. Where the output's element lies in the input, gate by gate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from microgd.gates.indexing import index as index_gate
from microgd.gates.indexing import place as place_gate
from microgd.gates.indexing import take
from microgd.gates.movement import (
    broadcast_to,
    concatenate,
    reshape,
    stack,
    transpose,
    transposed_axes,
)
from microgd.graph.node import Node
from microgd.graph.row import GateRow
from microgd.graph.shapes import Shape, element_count, one_axis
from microgd.opencl.index import ZERO, Index, address, position

Place: TypeAlias = tuple[Index, ...]

#: Gates whose output is one input's elements at other places.
VIEWS: dict[GateRow, Callable[[Node, Place], Place]] = {}
#: Gates whose output takes each element from one of several inputs, or is 0 there.
PIECES = frozenset({concatenate, stack, place_gate})
#: Everything that a kernel can read through without a buffer of its own.
MOVEMENT = frozenset({index_gate, reshape, transpose, broadcast_to, take}) | PIECES


def is_movement(node: Node) -> bool:
    """Whether the node only rearranges, repeats or picks elements."""
    return node.gate in MOVEMENT


def through(node: Node, at: Place) -> Place:
    """The place in the view's input that holds the element `at` of its output."""
    return VIEWS[node.gate](node, at)


def broadcast(shape: Shape, at: Place) -> Place:
    """The place in an input of this shape, which is broadcast to the place `at`."""
    tail = at[len(at) - len(shape) :]
    return tuple(i if size > 1 else ZERO for i, size in zip(tail, shape, strict=True))


def _view(gate: GateRow) -> Callable[[Any], Any]:
    def keep(rule: Callable[[Node, Place], Place]) -> Callable[[Node, Place], Place]:
        VIEWS[gate] = rule
        return rule

    return keep


@_view(reshape)
def _reshape(node: Node, at: Place) -> Place:
    shape = node.inputs[0].shape
    # Axes of length 1 that come or go leave the other axes as they are.
    long = [i for i, size in zip(at, node.shape, strict=True) if size != 1]
    if [n for n in node.shape if n != 1] == [n for n in shape if n != 1]:
        rest = iter(long)
        return tuple(ZERO if size == 1 else next(rest) for size in shape)
    return position(address(at, node.shape), shape)


@_view(transpose)
def _transpose(node: Node, at: Place) -> Place:
    order = transposed_axes(len(at), (node.params or {})["axes"])
    return tuple(at[order.index(axis)] for axis in range(len(at)))


@_view(broadcast_to)
def _broadcast_to(node: Node, at: Place) -> Place:
    return broadcast(node.inputs[0].shape, at)


@_view(index_gate)
def _index(node: Node, at: Place) -> Place:
    rest = iter(at)
    place = []
    for one in cuts((node.params or {})["key"], node.inputs[0].shape):
        if one.new:
            next(rest)
        elif one.size is None:
            place.append(Index(one.start))
        else:
            place.append(next(rest) * one.step + one.start)
    return tuple(place)


@dataclass(frozen=True, slots=True)
class Cut:
    """What a key does along one axis: start, step and size of a slice; no size for a number."""

    start: int = 0
    step: int = 1
    size: int | None = None
    new: bool = False


def cuts(key: Any, shape: Shape) -> list[Cut]:
    """A key of numbers, slices, None and `...`, axis by axis."""
    parts = list(key) if isinstance(key, tuple) else [key]
    missing = len(shape) - sum(p is not None and p is not Ellipsis for p in parts)
    fill = [slice(None)] * missing
    if Ellipsis in [p for p in parts if p is Ellipsis]:
        at = next(i for i, p in enumerate(parts) if p is Ellipsis)
        parts[at : at + 1] = fill
    else:
        parts += fill
    sizes = iter(shape)
    found = []
    for part in parts:
        if part is None:
            found.append(Cut(new=True))
        elif isinstance(part, slice):
            run = range(*part.indices(next(sizes)))
            found.append(Cut(run.start, run.step, len(run)))
        else:
            size = next(sizes)
            found.append(Cut(int(part) % size))
    return found


@dataclass(frozen=True, slots=True)
class Piece:
    """One input of a piecewise gate: where its elements lie, and when they are the ones to take.

    Attributes:
        tests: (index, low, high, step, start): the piece is meant where low ≤ index < high and
            index is `start` plus a multiple of step.
    """

    source: Node
    at: Place
    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Test:
    """low ≤ index < high, and every step-th from low on."""

    index: Index
    low: int
    high: int
    step: int = 1

    @property
    def always(self) -> bool:
        return self.low <= self.index.low and self.index.high < self.high and self.step == 1

    @property
    def never(self) -> bool:
        return self.high <= self.low or self.index.low >= self.high or self.index.high < self.low


def pieces(node: Node, at: Place) -> list[Piece]:
    """The inputs that the element `at` may come from; elsewhere it is 0."""
    params = node.params or {}
    if node.gate is place_gate:
        return _placed(node, at)
    found = []
    if node.gate is stack:
        axis = one_axis(params["axis"], len(at))
        for number, source in enumerate(node.inputs):
            rest = (*at[:axis], *at[axis + 1 :])
            found.append(Piece(source, rest, (Test(at[axis], number, number + 1),)))
        return found
    axis = one_axis(params["axis"], len(at))
    start = 0
    for source in node.inputs:
        size = source.shape[axis]
        moved = (*at[:axis], at[axis] + -start, *at[axis + 1 :])
        found.append(Piece(source, moved, (Test(at[axis], start, start + size),)))
        start += size
    return [p for p in found if element_count(p.source.shape)]


def _placed(node: Node, at: Place) -> list[Piece]:
    (source,) = node.inputs
    if not element_count(source.shape):
        return []
    place: list[Index] = []
    tests = []
    axes = iter(at)
    for one in cuts((node.params or {})["key"], node.shape):
        if one.new:
            place.append(ZERO)
            continue
        here = next(axes)
        if one.size is None:
            tests.append(Test(here, one.start, one.start + 1))
            continue
        step, start = one.step, one.start
        if step < 0:  # counted from its other end
            last = start + step * (one.size - 1)
            tests.append(Test(here, last, start + 1, -step))
            place.append(((here * -1) + start) // -step if step != -1 else (here * -1) + start)
        else:
            tests.append(Test(here, start, start + step * (one.size - 1) + 1, step))
            place.append((here + -start) // step if step != 1 else here + -start)
    return [Piece(source, tuple(place), tuple(tests))]
