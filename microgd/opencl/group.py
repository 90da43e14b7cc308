"""Group: the gates that one kernel computes, and the loops around them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from microgd.graph.node import Node
from microgd.graph.shapes import Shape
from microgd.opencl.index import ZERO, Index, Variable
from microgd.opencl.views import Place


@dataclass(frozen=True)
class Limit:
    """Where a loop ends that may stop early.

    Attributes:
        text: the C expression.
        last: how long the loop is where it does stop early.
    """

    text: str
    last: int


@dataclass(eq=False)
class Group:
    """Gates that are computed together, each element at one turn of the same loops.

    Attributes:
        kind: "map" (every turn by itself), "rows" (some loops are summed over) or "matmul".
        loops: a variable for each axis that is longer than 1.
        reduced: the loops that its reductions run over; none in a map.
        at: its nodes, in order, and the place that a turn of the loops computes.
        limits: loops that stop early, and the C expression where.
        outputs: the nodes it leaves in buffers.
    """

    number: int
    kind: str
    loops: tuple[Variable, ...]
    at: dict[Node, Place] = field(default_factory=dict)
    reduced: frozenset[Variable] = frozenset()
    limits: dict[Variable, Limit] = field(default_factory=dict)
    needs: set[Group] = field(default_factory=set)
    outputs: list[Node] = field(default_factory=list)

    @property
    def outer(self) -> tuple[Variable, ...]:
        """The loops that are not reduced."""
        return tuple(v for v in self.loops if v not in self.reduced)

    @property
    def turns(self) -> int:
        """How often its innermost statements are run."""
        count = 1
        for loop in self.loops:
            count *= loop.size
        return count

    def depends_on(self, other: Group) -> bool:
        """Whether it needs what the other computes, directly or through others."""
        seen: set[Group] = set()
        waiting = [self]
        while waiting:
            group = waiting.pop()
            if group is other:
                return True
            new = group.needs - seen
            seen |= new
            waiting += new
        return False


def inside(group: Group, stored: Collection[Node]) -> tuple[list[Node], list[Node]]:
    """What one kernel computes, inputs first, and the leaves and stored nodes that it starts from.

    Views, and single numbers that every kernel works out for itself, are among the former.

    Arguments:
        stored: the nodes that lie in buffers, as a set.
    """
    computed: dict[Node, None] = {}
    read: dict[Node, None] = {}
    waiting: list[tuple[Node, bool]] = [(node, False) for node in reversed(list(group.at))]
    while waiting:
        node, ready = waiting.pop()
        if node in computed or node in read:
            continue
        if node not in group.at and (not node.inputs or node in stored):
            read[node] = None
        elif ready:
            computed[node] = None
        else:
            waiting.append((node, True))
            waiting += [(i, False) for i in reversed(node.inputs)]
    return list(computed), list(read)


def loops_over(shape: Shape, names: str = "i") -> tuple[Variable, ...]:
    """A loop for every axis longer than 1."""
    return tuple(Variable(f"{names}{n}", size) for n, size in enumerate(shape) if size != 1)


def fit(shape: Shape, loops: Sequence[Variable]) -> Place | None:
    """The place in an array of this shape that a turn of the loops means; None if they differ.

    >>> i, j = loops_over((4, 3))
    >>> [p.text() for p in fit((4, 1, 3), (i, j)) or ()]
    ['i0', '0', 'i1']
    """
    if [n for n in shape if n != 1] != [loop.size for loop in loops]:
        return None
    rest = iter(loops)
    return tuple(ZERO if size == 1 else Index.of(next(rest)) for size in shape)


def in_order(groups: Sequence[Group], after: Mapping[Group, set[Group]]) -> list[Group]:
    """Every group after those it must follow; otherwise as they were."""
    order: list[Group] = []
    placed: set[Group] = set()
    position = {group: number for number, group in enumerate(groups)}
    stack = list(reversed(groups))
    while stack:
        group = stack[-1]
        waits = sorted(after[group] - placed, key=lambda g: -position[g])
        if waits:
            stack += waits
            continue
        stack.pop()
        if group not in placed:
            placed.add(group)
            order.append(group)
    return order
