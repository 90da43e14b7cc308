"""Kinks: which gates went another way at x−h, x and x+h, so that no difference tells a gradient."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from microgd.graph.node import Node
from microgd.graph.order import topological_order


def crossed(sides: Sequence[Node]) -> list[str]:
    """In words, what changed its branch between the same function recorded at several points."""
    orders = [[n for n in topological_order([s]) if n.inputs] for s in sides]
    shapes = [[n.gate.name for n in order] for order in orders]
    if shapes[0] != shapes[1] or shapes[1] != shapes[2]:
        return ["the program took another path between x−h and x+h (a Python `if`): a kink"]
    found = []
    for nodes in zip(*orders, strict=True):
        gate = nodes[0].gate
        if gate.branch is None:
            continue
        with np.errstate(all="ignore"):
            ways = [
                np.asarray(gate.branch(*(i.value for i in n.inputs), **(n.params or {})))
                for n in nodes
            ]
        if not all(np.array_equal(ways[0], w) for w in ways[1:]):
            word = "winner" if gate.pattern == "routes" else "side"
            place = f" (at {nodes[1].source})" if nodes[1].source else ""
            found.append(
                f"a {gate.name} changed its {word} between x−h and x+h: a kink was crossed{place}"
            )
    return found
