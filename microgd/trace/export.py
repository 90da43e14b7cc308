"""A trace as JSON: plain numbers and text, for players, other programs and tests."""

from __future__ import annotations

import json
import math
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from microgd.graph.values import Value
from microgd.pages import without_unseen
from microgd.trace.events import Event, TraceNode, Wire
from microgd.trace.formula import key_text
from microgd.trace.numbers import norm

if TYPE_CHECKING:
    from microgd.trace.lesson import Trace

#: The version of the schema; it grows when a reader would have to change.
SCHEMA = 1

#: Arrays with more elements are summed up (shape, norm, smallest, largest) instead of listed.
MOST_LISTED = 1000


def to_dict(trace: Trace) -> dict[str, Any]:
    """The trace as plain lists, dictionaries, numbers and text."""
    return {
        "schema": SCHEMA,
        "output": trace.output,
        "digits": trace.digits,
        "nodes": [_node(n) for n in trace.nodes],
        "wires": [_wire(w) for w in trace.wires],
        "events": [_event(e) for e in trace.events],
    }


def to_json(trace: Trace, indent: int | None = None) -> str:
    """The trace as JSON text. inf and NaN, which JSON lacks, become the strings "inf", "nan"."""
    text = json.dumps(to_dict(trace), ensure_ascii=False, indent=indent, allow_nan=False)
    return without_unseen(text)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what `to_json` writes.

    >>> json_schema()["properties"]["schema"]["const"] == SCHEMA
    True
    """
    text = resources.files("microgd.trace").joinpath("schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def plain(value: Value | None) -> Any:
    """A value for JSON: a number, nested lists, or a summary of a large array."""
    if value is None:
        return None
    array = np.asarray(value, dtype=np.float64)
    if array.size > MOST_LISTED:
        return {
            "shape": list(array.shape),
            "norm": _number(norm(array)),
            "min": _number(float(array.min())),
            "max": _number(float(array.max())),
        }
    return _listed(array.tolist())


def _listed(item: Any) -> Any:
    return [_listed(i) for i in item] if isinstance(item, list) else _number(item)


def _number(x: float) -> float | str:
    if math.isfinite(x):
        return x
    return "nan" if math.isnan(x) else "inf" if x > 0 else "-inf"


def _node(node: TraceNode) -> dict[str, Any]:
    source = node.source
    return {
        "id": node.id,
        "label": node.label,
        "named": node.named,
        "name": node.name,
        "kind": node.kind,
        "gate": node.gate,
        "sign": node.sign,
        "pattern": node.pattern,
        "badge": node.badge,
        "params": {k: _param(v) for k, v in node.params.items()},
        "wires": list(node.wires),
        "folded": list(node.folded),
        "commutative": node.commutative,
        "shape": list(node.shape),
        "dtype": node.dtype,
        "value": plain(node.value),
        "gradient": plain(node.gradient),
        "scope": node.scope,
        "source": None
        if source is None
        else {"file": source.file, "line": source.line, "column": source.column},
        "tie": node.tie,
    }


def _param(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_param(v) for v in value]
    if isinstance(value, float):
        return _number(value)
    if value is None or isinstance(value, bool | int | str):
        return value
    return key_text(value)


def _wire(wire: Wire) -> dict[str, Any]:
    return {
        "id": wire.id,
        "source": wire.source,
        "target": wire.target,
        "position": wire.position,
        "gradient": plain(wire.gradient),
    }


def _event(event: Event) -> dict[str, Any]:
    return {
        "step": event.step,
        "kind": event.kind,
        "node": event.node,
        "wire": event.wire,
        "target": event.target,
        "position": event.position,
        "pattern": event.pattern,
        "rule": event.rule,
        "local": plain(event.local),
        "upstream": plain(event.upstream),
        "value": plain(event.value),
        "parts": [plain(p) for p in event.parts],
        "axes": list(event.axes),
        "sentence": event.sentence,
    }
