"""Merging: groups that can be one, and what need not be stored between them."""

from __future__ import annotations

from microgd.gates.activation import relu
from microgd.gates.arithmetic import add, mul, neg, sub
from microgd.gates.selection import (
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    not_equal,
)
from microgd.opencl.group import Group
from microgd.opencl.homes import Homes

#: Gates that are quicker done again than stored and read.
CHEAP = frozenset(
    {add, sub, mul, neg, greater, less, greater_equal, less_equal, equal, not_equal, relu}
)


def merge(homes: Homes) -> None:
    """Make of the groups as few as can be, and let them store as little as can be."""
    _merge(homes)
    _absorb(homes)
    _repeat(homes)


def _merge(homes: Homes) -> None:
    """Groups that walk the same loops, one reading the other turn by turn, become one."""
    again = True
    while again:
        again = False
        for group in list(homes.groups):
            for other in sorted(group.needs, key=lambda g: -g.number):
                if _mergeable(homes, other, group):
                    _into(homes, other, group)
                    again = True
                    break


def _mergeable(homes: Homes, first: Group, second: Group) -> bool:
    if first.loops != second.loops or first.limits or second.limits:
        return False
    if first.reduced and second.reduced and first.reduced != second.reduced:
        return False
    if second.kind == "matmul" or (first.kind == "matmul" and second.kind != "map"):
        return False
    if any(g is not first and g.depends_on(first) for g in second.needs):
        return False
    return all(homes.sees(first, list(homes.sources(node, second))) for node in second.at)


def _into(homes: Homes, first: Group, second: Group) -> None:
    """Put all of the second group into the first."""
    for node, at in second.at.items():
        homes.home[node] = first
        first.at[node] = at
    first.reduced = first.reduced | second.reduced
    if first.kind == "map":
        first.kind = second.kind
    first.needs |= second.needs - {first}
    for group in homes.groups:
        if second in group.needs:
            group.needs.remove(second)
            group.needs.add(first)
    homes.groups.remove(second)


def _absorb(homes: Homes) -> None:
    """Maps whose results one other group needs, once for each element, are computed there."""
    wanted = set(homes.graph.outputs)
    for group in reversed(homes.groups):
        readers = homes.readers(group)
        if group.kind != "map" or len(readers) != 1 or wanted.intersection(group.at):
            continue
        ((reader, turns),) = readers.items()
        if turns is None or turns > group.turns:
            continue
        if any(b.depends_on(reader) for b in group.needs):
            continue
        for node in group.at:
            del homes.home[node]
        reader.needs |= group.needs
        reader.needs.discard(group)
        homes.groups.remove(group)


def _repeat(homes: Homes) -> None:
    """What is worked out from one stored array in a step or two is not stored itself.

    A relu's mask, say: whoever reads it reads the relu's output, and compares again.
    """
    wanted = set(homes.graph.outputs)
    stored = homes.stored()
    for node in [n for n in stored if n not in wanted and n.gate in CHEAP]:
        group = homes.home[node]
        below = {base for base, place in homes.bases(node, group.at[node])}
        arrays = {i for i in node.inputs if i.shape == node.shape}
        if len(below) != 1 or arrays != below or not below <= set(stored):
            continue  # what is read has to be stored itself, and no view
        readers = [g for g in homes.groups if group in g.needs]
        if homes.is_operand(node):
            continue
        del homes.home[node], group.at[node]
        (base,) = below
        for reader in readers:
            if reader is not homes.home[base]:
                reader.needs.add(homes.home[base])
