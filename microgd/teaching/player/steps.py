"""Steps: what the page's script knows of the lesson, as plain data for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

import numpy as np

from microgd.draw.progress import Appearances
from microgd.draw.view import pretty
from microgd.graph.values import Value
from microgd.teaching.inked import mathml_formula, numbers_of, result_of, rule_of, symbols_of
from microgd.teaching.panel import Panel, panels
from microgd.teaching.player.circuit import Board
from microgd.teaching.player.timeline import Moment
from microgd.teaching.player.words import KINDS, spoken
from microgd.trace.events import Event, TraceNode
from microgd.trace.export import plain
from microgd.trace.lesson import Trace
from microgd.trace.numbers import format_value


def steps_of(
    trace: Trace, moments: Sequence[Moment], boards: Sequence[Board | None]
) -> list[dict[str, Any]]:
    """Each step: its formulas, and what it lights up in the circuit, or in both."""
    places = {node.id: place for place, node in enumerate(trace.nodes)}
    told = panels(trace)
    return [
        {
            "kind": kind_of(moment.event),
            **_formulas(moment.right, told),
            "node": places[moment.event.node],
            "target": places.get(moment.event.target or "", -1),
            "lit": [
                _lit(event, board) if event and board else {}
                for event, board in zip((moment.right, moment.wrong), boards, strict=False)
            ],
        }
        for moment in moments
    ]


def kind_of(event: Event) -> str:
    """What kind of step it is; new data stand among the forward steps."""
    return "changes" if event.pattern == "changes" else event.kind


def _formulas(event: Event | None, told: Sequence[Panel]) -> dict[str, str]:
    if event is None or kind_of(event) == "changes":  # the sentence says it all
        return {"symbols": "", "rule": "", "numbers": ""}
    panel = told[event.step]
    numbers = numbers_of(panel)
    if not numbers and panel.kind != "seed":
        numbers = result_of(panel)
    return {
        "symbols": mathml_formula(symbols_of(panel)),
        "rule": mathml_formula(rule_of(panel)),
        "numbers": mathml_formula(numbers),
    }


def title_of_step(trace: Trace, event: Event) -> str:
    """The step in a line of a list: `q: + → x`; names are set as in the circuit."""
    node = trace.by_id[event.node]
    if event.kind == "forward":
        return f"{pretty(node.label)}: {node.sign}" if node.sign else f"{pretty(node.label)} ←"
    if event.kind == "contribution" and event.target:
        return f"{pretty(node.label)}: {node.sign} → {pretty(trace.by_id[event.target].label)}"
    return f"{spoken(KINDS[event.kind])}: {pretty(trace.by_id[event.target or event.node].label)}"


def _lit(event: Event, board: Board) -> dict[str, int]:
    """The places of what a step lights up: item, line, branch, and the line of its upstream."""
    found = {"item": board.item_of.get(event.node)}
    if event.kind in ("forward", "seed"):
        found["line"] = board.line_of.get(event.node)
    elif event.kind == "branch":
        found = {"line": board.line_of.get(event.node), "branch": board.branch_of.get(event.node)}
    else:
        found["line"] = board.line_of.get(event.wire or "")
        found["from"] = board.line_of.get(event.node)
    return {key: place for key, place in found.items() if place is not None}


def nodes_of(trace: Trace, when: Appearances) -> list[dict[str, Any]]:
    """Each node: its names, numbers and place in the code, and when its numbers appear."""
    return [
        {
            "label": pretty(node.label),
            "kind": node.kind,
            "gate": node.gate,
            "sign": node.sign,
            "value": format_value(node.value, trace.digits) if node.value is not None else "",
            "gradient": format_value(node.gradient, trace.digits)
            if node.gradient is not None
            else "",
            "at": when.values.get(node.id, -1),
            "back": when.totals.get(node.id, -1),
            "size": int(np.prod(node.shape)),
            "shape": list(node.shape),
            "whole": not node.dtype.startswith("float"),
            "source": _place(node),
            **({"tie": node.tie} if node.tie else {}),
            **_earlier(trace, node, when),
        }
        for node in trace.nodes
    ]


def _earlier(trace: Trace, node: TraceNode, when: Appearances) -> dict[str, Any]:
    """Of an input whose data change midway: what it is until which step."""
    if node.id not in when.changes:
        return {}
    old = next(e.parts[0] for e in trace.changes if e.node == node.id)
    return {"was": format_value(old, trace.digits), "until": when.changes[node.id]}


def _place(node: TraceNode) -> str:
    """Where it was written; the file without its folders, for a page is handed around."""
    source = node.source
    if source is None or source.file.startswith("<"):
        return ""
    return f"{PurePath(source.file).name}:{source.line}"


def inputs_of(trace: Trace) -> list[dict[str, Any]]:
    """Each element of each input, in the order in which a recomputed program takes them."""
    found: list[dict[str, Any]] = []
    for place, node in enumerate(trace.nodes):
        if node.kind != "input":
            continue
        values, slopes = _flat(node.value), _flat(node.gradient)
        for number, (index, value) in enumerate(zip(np.ndindex(node.shape), values, strict=True)):
            at = f"[{','.join(map(str, index))}]" if index else ""
            slope = slopes[number] if node.gradient is not None else None
            found.append(
                {"label": f"{pretty(node.label)}{at}", "node": place, "x": value, "slope": slope}
            )
    return found


def _flat(value: Value | None) -> list[Any]:
    listed = [] if value is None else np.asarray(value, dtype=np.float64).ravel().tolist()
    return [plain(x) for x in listed]


def seed_of(trace: Trace) -> list[Any]:
    """The gradient that the backward pass starts from, element by element."""
    return _flat(next((e.value for e in trace.events if e.kind == "seed"), None))
