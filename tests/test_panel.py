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


@pytest.mark.parametrize(
    ("text", "values", "rule"),
    [
        ("relu(x) * 2", {"x": -1}, "1 if x > 0, else 0"),
        ("relu(x) * 2", {"x": [1, -1]}, "1 if x > 0, else 0"),
        ("clip(x, 0, 1) * 2", {"x": 3}, "1 inside, else 0"),
        ("max(x, y) * 2", {"x": 1, "y": 2}, "1 if x > y, else 0"),
        ("max(x, y) * 2", {"x": 2, "y": 2}, "1 if x > y, shared at ties, else 0"),
        ("where(y, x, 3) * 2", {"x": 1, "y": 0}, "1 where chosen, else 0"),
        ("elu(x) * 2", {"x": 1}, "1 or α·eˣ"),
        ("x * y * 2", {"x": 1, "y": 2}, "y"),
    ],
)
def test_a_rule_with_a_condition_says_what_it_is_otherwise(
    text: str, values: dict[str, object], rule: str
) -> None:
    trace = mg.circuit(text, **values).trace()
    if trace.by_id[trace.output].shape:
        trace = mg.circuit(f"sum({text})", **values).trace()
    found = [p.rule for p in panels(trace) if p.kind == "contribution" and "∂x = " in p.rule]
    assert found == [f"∂q/∂x = {rule}"]


def test_the_rule_at_the_end_and_in_latex_is_whole_and_one_factor() -> None:
    trace = mg.circuit("relu(x)", x=-1).trace()
    assert panels(trace)[-1].right == "(1 if x > 0, else 0) · ∂f/∂f"
    source = mg.emit(trace, "latex")
    assert r"\left( 1\text{ if }x > 0, \text{ else }0 \right) \cdot" in source
    inside = mg.emit(mg.circuit("clip(x, 0, 1)", x=3).trace(), "latex")
    assert r"\left( 1\text{ inside}, \text{ else }0 \right) \cdot" in inside
