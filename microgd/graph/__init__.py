"""The record: what was computed, from what, by which gate. It knows no gate by name."""

from microgd.graph.gate import Gate
from microgd.graph.node import Node
from microgd.graph.order import topological_order
from microgd.graph.record import record
from microgd.graph.row import CONSTANT, INPUT, PLACEHOLDER, GateRow
from microgd.graph.scope import scope
from microgd.graph.source import Source

__all__ = [
    "CONSTANT",
    "INPUT",
    "PLACEHOLDER",
    "Gate",
    "GateRow",
    "Node",
    "Source",
    "record",
    "scope",
    "topological_order",
]
