"""Progress: what can be seen on a circuit once the first so many steps of its trace were told."""

from __future__ import annotations

from dataclasses import dataclass, field

from microgd.errors import DrawingError
from microgd.trace.lesson import Trace


@dataclass(frozen=True, slots=True)
class Progress:
    """Which numbers are visible, and where the current step takes place.

    Attributes:
        values: ids of nodes whose value is known.
        along: ids of wires whose own contribution is known.
        totals: ids of nodes whose whole gradient is known.
        node, wire: of the current step, to highlight; None when the whole lesson is shown.
        told: the last step that was told, −1 before the first; None when all were.
    """

    values: frozenset[str]
    along: frozenset[str]
    totals: frozenset[str]
    node: str | None
    wire: str | None
    told: int | None = None


@dataclass(frozen=True, slots=True)
class Appearances:
    """At which step each number appears; −1: it is there from the start.

    Attributes:
        values: node id → the step that computes its value.
        along: wire id → the step that settles its own contribution: the broadcast sum, if any.
        totals: node id → the step that settles its whole gradient: the branch sum, if any.
        changes: node id → the step that changes its data, of an input to which that happens.
    """

    values: dict[str, int]
    along: dict[str, int]
    totals: dict[str, int]
    changes: dict[str, int] = field(default_factory=dict)


def appearances(trace: Trace) -> Appearances:
    """At which step each number of a circuit appears.

    >>> import microgd as mg
    >>> appearances(mg.circuit("x * y", x=2, y=3).trace())
    Appearances(values={'n0': -1, 'n1': -1, 'n2': 0}, along={'n2.0': 2, 'n2.1': 3},
    totals={'n0': 2, 'n1': 3, 'n2': 1}, changes={})
    """
    values = {n.id: -1 for n in trace.nodes if n.kind != "gate"}
    along: dict[str, int] = {}
    settled: dict[str, int] = {}
    for event in trace.events:
        if event.kind == "forward":
            values.setdefault(event.node, event.step)  # an input whose data change had some before
        elif event.kind in ("branch", "seed"):
            settled[event.node] = event.step
        elif event.target is not None:
            settled[event.target] = event.step
            along[event.wire or ""] = event.step
    last = len(trace.events) - 1  # where nothing arrives, that is known at the end
    totals = {n.id: settled.get(n.id, last) for n in trace.nodes if n.gradient is not None}
    return Appearances(values, along, totals, {e.node: e.step for e in trace.changes})


def progress(trace: Trace, step: int | None, *, gradients: bool = True) -> Progress:
    """What is visible after the steps 0 … `step` (None: after all of them).

    Raises:
        DrawingError: a step that the trace does not have.
    """
    if step is not None and not 0 <= step < len(trace.events):
        raise DrawingError(f"there is no step {step}: the trace has steps 0 to {len(trace) - 1}")
    event = None if step is None else trace.events[step]
    now = len(trace.events) if step is None else step
    found = appearances(trace)
    values = _until(found.values, now)
    if not gradients or not trace.has_gradients:
        node = event.node if event else None
        return Progress(values, frozenset(), frozenset(), node, None, step)
    return Progress(
        values,
        _until(found.along, now),
        _until(found.totals, now),
        event.node if event else None,
        event.wire if event else None,
        step,
    )


def _until(steps: dict[str, int], now: int) -> frozenset[str]:
    return frozenset(key for key, step in steps.items() if step <= now)
