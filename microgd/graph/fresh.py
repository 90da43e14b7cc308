"""Freshness: whether a record still holds the numbers that its leaves have now."""

from __future__ import annotations

from collections.abc import Iterable

from microgd.errors import StaleDataError
from microgd.graph.node import Node


def require_fresh(nodes: Iterable[Node]) -> None:
    """Raise a StaleDataError if the data of an input changed after one of the nodes used it."""
    for node in nodes:
        stamp = node.stamp
        for source in node.inputs:
            if source.stamp > stamp:
                raise StaleDataError(stale_message(source, node))


def stale_message(source: Node, node: Node) -> str:
    """What to say when data changed after it was used."""
    place = f" at {node.source}" if node.source else ""
    return (
        f"the data of {source.name or 'an input'!r} changed after gate {node.gate.name!r} used it"
        f"{place}: the gradient would mix old and new numbers. "
        "Change data before recording, or record the graph again."
    )
