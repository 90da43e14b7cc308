"""Panels: formulas and numbers tell the same, term by term."""

from __future__ import annotations

import pytest

import microgd as mg
from microgd.teaching.panel import panels


@pytest.mark.parametrize(
    "text",
    ["x*y + x", "x + x*y", "a = x*y; b = a*x; b + a", "x*y - (x + exp(x)*y)"],
)
def test_the_terms_of_a_branch_stand_in_the_order_of_their_numbers(text: str) -> None:
    trace = mg.circuit(text, x=3, y=2).trace()
    told = panels(trace)
    sums = [(e, p) for e, p in zip(trace.events, told, strict=True) if e.kind == "branch"]
    assert sums
    for event, panel in sums:
        # Of each term its upstream factor, whatever the local derivative is written as.
        ups = [t.split(" · ")[-1] for t in panel.symbols.partition(" = ")[2].split(" + ")]
        along: dict[str, list[float]] = {}
        for wire in trace.wires:
            if wire.source == event.node:
                q, f = trace.by_id[wire.target].label, trace.by_id[trace.output].label
                along.setdefault(f"∂{f}/∂{q}", []).append(float(wire.gradient or 0))
        assert sorted(ups) == sorted(up for up, values in along.items() for _ in values)
        assert all(float(part) in along[up] for up, part in zip(ups, event.parts, strict=True))
