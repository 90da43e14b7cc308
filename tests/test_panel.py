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
        terms = panel.symbols.partition(" = ")[2].split(" + ")
        along: dict[str, list[float]] = {}
        for wire in trace.wires:
            if wire.source == event.node:
                q, x, f = (trace.by_id[i].label for i in (wire.target, wire.source, trace.output))
                term = f"\u2202{q}/\u2202{x} \u00b7 \u2202{f}/\u2202{q}"
                along.setdefault(term, []).append(float(wire.gradient or 0))
        assert sorted(terms) == sorted(t for t, values in along.items() for _ in values)
        assert all(float(part) in along[t] for t, part in zip(terms, event.parts, strict=True))
