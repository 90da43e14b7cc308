"""Progress: what can be seen on a circuit once the first so many steps of its trace were told."""

from __future__ import annotations

from dataclasses import dataclass

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
    """

    values: frozenset[str]
    along: frozenset[str]
    totals: frozenset[str]
    node: str | None
    wire: str | None


def progress(trace: Trace, step: int | None, *, gradients: bool = True) -> Progress:
    """What is visible after the steps 0 … `step` (None: after all of them).

    Raises:
        DrawingError: a step that the trace does not have.
    """
    if step is not None and not 0 <= step < len(trace.events):
        raise DrawingError(f"there is no step {step}: the trace has steps 0 to {len(trace) - 1}")
    told = trace.events if step is None else trace.events[: step + 1]
    values = {n.id for n in trace.nodes if n.kind != "gate"}
    values |= {e.node for e in told if e.kind == "forward"}
    if not gradients or not trace.has_gradients:
        current = None if step is None else trace.events[step].node
        return Progress(frozenset(values), frozenset(), frozenset(), current, None)
    event = None if step is None else trace.events[step]
    return Progress(
        frozenset(values),
        frozenset(_along(trace, len(told))),
        frozenset(_totals(trace, len(told))),
        event.node if event else None,
        event.wire if event else None,
    )


def _along(trace: Trace, count: int) -> set[str]:
    """Wires whose contribution has settled: after the broadcast sum, where there is one."""
    settled = {
        e.wire: e.step for e in trace.events if e.kind in ("contribution", "broadcast") and e.wire
    }
    return {wire for wire, step in settled.items() if step < count}


def _totals(trace: Trace, count: int) -> set[str]:
    """Nodes whose every contribution has arrived and, at a branch, has been added."""
    settled: dict[str, int] = {}
    for event in trace.events:
        if event.kind in ("branch", "seed"):
            settled[event.node] = event.step
        elif event.target is not None:
            settled[event.target] = event.step
    last = len(trace.events) - 1  # where nothing arrives, that is known at the end
    return {n.id for n in trace.nodes if n.gradient is not None and settled.get(n.id, last) < count}
