"""Collapsing: large graphs are drawn with a box for each scope, or only around one node."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from microgd.draw.view import LONGEST_NAME
from microgd.errors import DrawingError
from microgd.gates.table import did_you_mean
from microgd.trace.lesson import Trace

#: With scopes, a graph of more gates than this is collapsed.
COLLAPSED = 30
#: What pictures can do and pages cannot.
AROUND_ONE = "draw around one node (focus='NAME', hops=2; --focus NAME --hops 2)"

#: A chain of more gates than this is set compact, to fit a slide; boxes take more room.
LONG = 10
LONG_BOXES = 8

#: Up to so many drawn gates the picture is set large; up to the next, compact; more are refused.
FULL = 60
COMPACT = 150
FORCED = 1000

#: A box takes in the named inputs that only it uses if there are more than so many of them.
MOST_INPUTS = 6


def scopes_of(trace: Trace) -> list[str]:
    """All scopes, outer ones included, in the order they first appear."""
    found: dict[str, None] = {}
    for node in trace.nodes:
        for scope in _with_parents(node.scope):
            found.setdefault(scope)
    return list(found)


def _with_parents(scope: str | None) -> Iterable[str]:
    parts = scope.split("/") if scope else []
    return ("/".join(parts[: i + 1]) for i in range(len(parts)))


def boxes_of(trace: Trace, opened: Collection[str]) -> dict[str, str]:
    """Node id → the outermost scope around it that is not opened.

    An input that only one box uses goes into it if it has no name of its own, or is one of many:
    the weights of a layer.
    """
    boxes: dict[str, str] = {}
    for node in trace.nodes:
        box = next((s for s in _with_parents(node.scope) if s not in opened), None)
        if box is not None:
            boxes[node.id] = box
    users: dict[str, set[str | None]] = {}
    for wire in trace.wires:
        users.setdefault(wire.source, set()).add(boxes.get(wire.target))
    private: dict[str, list[str]] = {}
    for node in trace.nodes:
        where = users.get(node.id, set())
        if node.kind == "gate" or node.id in boxes or len(where) != 1:
            continue
        (box,) = where
        if (box is not None and node.kind == "constant") or (box is not None and not node.named):
            boxes[node.id] = box
        elif box is not None:
            private.setdefault(box, []).append(node.id)
    for box, inputs in private.items():
        if len(inputs) > MOST_INPUTS:
            boxes.update(dict.fromkeys(inputs, box))
    return boxes


def drawn_gates(trace: Trace, boxes: dict[str, str], kept: frozenset[str] | None) -> int:
    """How many gates and boxes a picture will have."""
    gates = sum(
        n.kind == "gate" and n.id not in boxes and (kept is None or n.id in kept)
        for n in trace.nodes
    )
    return gates + len(set(boxes.values()))


def depth(trace: Trace, kept: frozenset[str] | None) -> int:
    """How many gates the longest drawn path from an input to the output has."""
    source = {w.id: w.source for w in trace.wires}
    depths: dict[str, int] = {}
    for node in trace.nodes:
        drawn = node.kind == "gate" and (kept is None or node.id in kept)
        before = max((depths[source[w]] for w in node.wires), default=0)
        depths[node.id] = before + drawn
    return max(depths.values(), default=0)


def require_drawable(count: int, trace: Trace, *, full: bool, force: bool) -> None:
    """Refuse a picture that nobody could read, and say what to do instead."""
    if count <= COMPACT or force or (full and count <= FORCED):
        return
    scopes = scopes_of(trace)
    hints = []
    if scopes and not full:
        hints.append(f"expand less (scopes: {', '.join(scopes[:6])})")
    elif not scopes:
        hints.append("give it regions to collapse (with mg.scope('layer1'): …)")
    hints.append(AROUND_ONE)
    way = "full=True (--full)" if count <= FORCED else "full=True, force=True (--full --force)"
    hints.append(f"or draw all of it with {way}, which takes long")
    raise DrawingError(f"{count} gates are too many for one picture: {'; '.join(hints)}")


def neighbourhood(trace: Trace, focus: str, hops: int) -> frozenset[str]:
    """The ids of all nodes at most `hops` wires away from the node labelled `focus`."""
    labels = {n.label: n.id for n in trace.nodes}
    labels.update({n.id: n.id for n in trace.nodes})
    if focus not in labels:
        known = ", ".join(n.label for n in trace.nodes if n.named)
        raise DrawingError(
            f"there is no node {focus[:LONGEST_NAME]!r} to focus on.{did_you_mean(focus, labels)}"
            + (f" Named nodes: {known:.200}" if known else "")
        )
    if hops < 0:
        raise DrawingError(f"hops counts wires from the focus: 0 or more, got {hops}")
    beside: dict[str, set[str]] = {}
    for wire in trace.wires:
        beside.setdefault(wire.source, set()).add(wire.target)
        beside.setdefault(wire.target, set()).add(wire.source)
    kept = edge = {labels[focus]}
    for _ in range(hops):
        edge = {n for e in edge for n in beside.get(e, ())} - kept
        kept = kept | edge
    return frozenset(kept)
