"""Sums over paths: against the backward sweep, against counting by hand, against brute force."""

from __future__ import annotations

import itertools
import random
from typing import Any

import numpy as np
import pytest

import microgd as mg
from microgd.draw.drawing import draw
from microgd.draw.highlight import highlighted
from microgd.errors import ArgumentError, DrawingError
from microgd.teaching.factors import as_factor
from microgd.teaching.paths.finding import all_paths, in_scalars, paths
from microgd.teaching.paths.sums import count_text


def by_hand(trace: mg.Trace, start: str) -> list[list[str]]:
    """All sequences of wires from a node to the output, by recursion over the wires."""
    if start == trace.output:
        return [[]]
    found = []
    for wire in trace.wires:
        if wire.source == start:
            found += [[wire.id, *rest] for rest in by_hand(trace, wire.target)]
    return found


def wires_touched(trace: mg.Trace, starts: list[str]) -> int:
    return len({w for start in starts for way in by_hand(trace, start) for w in way})


def grown(seed: int) -> mg.Circuit:
    """A small circuit of differentiable gates, at random."""
    dice = random.Random(seed)
    names = ["x", "y"]
    lines = []
    for number in range(dice.randint(2, 7)):
        a, b = dice.choice(names), dice.choice(names)
        form = dice.choice(["{a} * {b}", "{a} + {b}", "{a} - {b}", "sin({a})", "max({a}, {b})"])
        names.append(f"v{number}")
        lines.append(f"v{number} = {form.format(a=a, b=b)}")
    unused = [n for n in names[2:] if not any(f" {n}" in x or f"({n}" in x for x in lines)]
    return mg.circuit("\n".join([*lines, " + ".join(["x*y", *unused])]), x=0.7, y=-1.3)


@pytest.mark.parametrize("seed", range(40))
def test_random_circuits(seed: int) -> None:
    trace = grown(seed).trace()
    told = {p.source: p for p in all_paths(trace, most=10_000)}
    inputs = [n for n in trace.nodes if n.kind == "input"]
    for node in inputs:
        found = told[node.label]
        ways = by_hand(trace, node.id)
        assert sorted(p.wires for p in found.listed) == sorted(map(tuple, ways))
        assert found.count == len(ways)
        assert sum(p.product for p in found.listed) == pytest.approx(node.gradient, rel=1e-12)
        for path in found.listed:
            assert np.prod(path.locals) == pytest.approx(path.product, rel=1e-12)
            assert len(path.nodes) == len(path.locals) + 1 == len(path.products)
    costs = told["x"].costs
    assert costs.paths == sum(len(w) for n in inputs for w in by_hand(trace, n.id))
    assert costs.forward == sum(wires_touched(trace, [n.id]) for n in inputs)
    assert costs.backward == wires_touched(trace, [n.id for n in inputs])


def test_by_hand() -> None:
    found = paths(mg.circuit("x*y + x + x*x", x=3, y=2), "x")
    assert [p.nodes for p in found.listed] == [
        ("x", "q", "p", "f"),
        ("x", "p", "f"),
        ("x", "r", "f"),
        ("x", "r", "f"),
    ]
    assert [p.rules for p in found.listed] == [("y", "1", "1"), ("1", "1"), ("x", "1"), ("x", "1")]
    assert [p.product for p in found.listed] == [2.0, 1.0, 3.0, 3.0]
    assert found.listed[0].products == (2.0, 1.0, 1.0, 1.0)
    assert found.gradient == 9.0
    # x → q → p → f and so on: 3 + 2 + 2 + 2 for x, 3 for y; each of the 8 wires once, backward.
    assert (found.costs.paths, found.costs.forward, found.costs.backward) == (12, 10, 8)


def doubled(times: int) -> mg.Circuit:
    """b0 = a + a; b1 = b0 + b0; …"""
    lines = itertools.chain(["b0 = a+a"], (f"b{i} = b{i - 1}+b{i - 1}" for i in range(1, times)))
    return mg.circuit("\n".join(lines), a=1.0)


def test_paths_explode_and_a_sweep_does_not() -> None:
    found = paths(doubled(50), "a", most=3)
    assert found.count == 2**50
    assert found.gradient == 2.0**50
    assert found.costs.paths == 50 * 2**50
    assert found.costs.forward == found.costs.backward == 100
    assert len(found.listed) == 3
    assert found.title == "∂b49/∂a: 1.13 · 10¹⁵ paths"
    assert found.table().rows[-2][0] == "… and 1.13 · 10¹⁵ more"
    assert paths(doubled(1500), "a", most=0).count == 2**1500  # beyond the range of floats


def test_counts_as_text() -> None:
    texts = {9_999_999: "9999999", 10**7: "1.00 · 10⁷", 9999 * 10**5: "1.00 · 10⁹"}
    assert {n: count_text(n) for n in texts} == texts
    assert count_text(2**1500) == "3.51 · 10⁴⁵¹"


def test_no_path_passes_a_comparison() -> None:
    found = paths(mg.circuit("x * (x > 1)", x=3), "x")
    assert [p.nodes for p in found.listed] == [("x", "f")]
    nothing = paths(mg.circuit("x > 2", x=3), "x")
    assert (nothing.count, nothing.gradient, nothing.sentences()) == (0, 0.0, ())
    assert nothing.title == "∂f/∂x: no path that a gradient passes"


def test_a_path_of_no_wires() -> None:
    found = paths(mg.circuit("x", x=3), "x")
    assert (found.count, found.listed[0].nodes, found.listed[0].product) == (1, ("x",), 1.0)


def test_another_upstream_gradient_is_the_last_factor() -> None:
    found = paths(mg.trace(mg.circuit("x * y", x=2, y=3), upstream=-5.0), "x")
    assert found.listed[0].products == (-15.0, -5.0)
    assert found.table().rows[0] == ("x → f (×)", "y", "3 · (−5)", "−15")


def test_arrays_are_taken_apart() -> None:
    circuit = mg.circuit("sum(softmax(W @ x) * x)", W=[[1.0, 2.0], [3.0, 4.0]], x=[0.5, -1.0])
    trace = circuit.trace()
    for label, place in (("W[0, 1]", (0, 1)), ("x[1]", (1,))):
        found = paths(trace, label, most=1000)
        gradient = np.asarray(trace.node(label[0]).gradient)[place]
        assert found.count == len(found.listed) > 2
        assert sum(p.product for p in found.listed) == pytest.approx(gradient, rel=1e-12)
    assert len(all_paths(trace)) == 6
    plain = mg.circuit("x * 2", x=1).trace()
    assert in_scalars(plain) is plain


def test_no_scalar_is_called_as_an_array_is() -> None:
    """Beside q[0], an element of W @ x, no product is q; beside p[0], none is p."""
    given = {"W": [[1.0, 2.0], [3.0, 4.0]], "x": [1.0, 2.0]}
    labels = {n.label for n in in_scalars(mg.circuit("sum(relu(W @ x))", **given).trace()).nodes}
    elements = {n for n in labels if "[" in n}
    assert {n.partition("[")[0] for n in elements} == {"W", "x", "q", "p"}
    assert len(labels - elements) == 5  # four products and f
    assert not labels & {"W", "x", "q", "p"}


def test_steps_tell_twin_wires_apart_and_long_paths_are_cut() -> None:
    assert paths(doubled(2), "a").listed[1].steps == ("a", "→₁ b0 (+)", "→₂ b1 (+)")
    assert " … →₁ b48 (+)" in paths(doubled(50), "a").table().rows[0][0]


def test_what_it_costs_is_told_as_it_is() -> None:
    def last(text: str, **values: Any) -> str:
        return all_paths(mg.circuit(text, **values))[0].sentences()[-1]

    assert last("(x + y) * x", x=3, y=2).startswith("Backward wins")
    assert last("(x + x) * (y + y)", x=3, y=2).endswith("cost the same here.")
    assert last("x * y", x=3, y=2).startswith("No wire is on two paths")


@pytest.mark.parametrize(
    ("text", "values", "to", "message"),
    [
        ("x * y", {"x": 1, "y": 2}, "z", "no input 'z'; there are: x, y"),
        ("x * speed", {"x": 1, "speed": 2}, "sped", "Did you mean 'speed'?"),
        ("q = x * 2; q + 1", {"x": 1}, "q", "q is no input: paths start at x"),
        ("sum(x)", {"x": [1, 2]}, "x", r"choose an element, 'x\[0\]', 'x\[1\]'"),
        ("x * 2", {"x": [1, 2]}, "x", "f is an array.*sum"),
        ("3 + 4", {}, "x", "no input in it"),
    ],
)
def test_what_cannot_be_asked(text: str, values: dict[str, Any], to: str, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        paths(mg.circuit(text, **values), to)


def test_an_element_is_named_as_in_numpy() -> None:
    given = mg.circuit("sum(X * X)", X=[[1, 2], [3, 4]])
    assert [paths(given, to).gradient for to in ("X[1,0]", " X[1, 0]", "X[0, 1]")] == [6, 6, 4]


def test_a_shape_alone_has_no_paths() -> None:
    shape = mg.circuit("sum(W @ x)", W=mg.placeholder((2, 3)), x=mg.placeholder((3,)))
    with pytest.raises(ArgumentError, match="W has a shape only; give it numbers"):
        paths(shape, "W[0,0]")


def test_a_trace_without_gradients() -> None:
    with pytest.raises(ArgumentError, match="tell it backward"):
        paths(mg.trace(mg.circuit("x * 2", x=1), backward=False), "x")


def test_factors() -> None:
    assert as_factor("1 or slope") == "(1 or slope)"
    assert as_factor("1 inside") == "(1 inside)"
    assert as_factor("1 if p > 0, else 0") == "(1 if p > 0, else 0)"
    assert as_factor("W[0, 0]") == "W[0, 0]"
    assert as_factor("gift") == "gift"


# -- pictures -------------------------------------------------------------------------


def test_each_picture_shows_one_path() -> None:
    found = paths(mg.circuit("x*y + x*x", x=3, y=2), "x")
    for path, drawing in zip(found.listed, found.drawings(), strict=True):
        assert drawing.view is not None
        on = {line for line in drawing.view.lines if line.active}
        assert {w for line in on for w in line.wires} == set(path.wires)
        assert {line.below for line in on} == {f"{p:g}" for p in path.products}
        assert not any(line.below for line in drawing.view.lines if not line.active)
        assert {i.nodes[0] for i in drawing.view.items if i.active and i.nodes} >= set(path.ids)


def test_cards_have_no_wires_to_highlight() -> None:
    with pytest.raises(DrawingError, match="circuit and lecture"):
        highlighted(draw(mg.circuit("x * 2", x=1).trace(), "cards"), [], {})
