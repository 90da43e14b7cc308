"""The trace: which events there are, and what they say of branches, ties, shapes and precision."""

from __future__ import annotations

import numpy as np
import pytest

import microgd as mg
from microgd.errors import DataError, GateError, ShapeError, StaleDataError
from microgd.trace.build import trace
from microgd.trace.events import Event
from microgd.trace.lesson import Trace


def kinds(told: Trace) -> list[str]:
    return [e.kind for e in told.events]


def of_kind(told: Trace, kind: str) -> list[Event]:
    return [e for e in told.events if e.kind == kind]


def test_a_circuit_step_by_step() -> None:
    x, y, z = mg.Tensor(-2.0, "x"), mg.Tensor(5.0, "y"), mg.Tensor(-4.0, "z")
    told = trace((x + y) * z)
    assert kinds(told) == ["forward"] * 2 + ["seed"] + ["contribution"] * 4
    assert [e.step for e in told.events] == list(range(7))
    first = of_kind(told, "contribution")[0]
    assert (first.node, first.wire, first.target, first.position) == ("n4", "n4.0", "n2", 0)
    assert (first.pattern, first.rule, first.local) == ("swaps", "z", -4.0)
    assert (first.upstream, first.value) == (1.0, -4.0)
    assert [told.node(n).gradient for n in "xyzqf"] == [-4.0, -4.0, 3.0, -4.0, 1.0]
    assert [n.kind for n in told.nodes] == ["input", "input", "gate", "input", "gate"]
    assert [w.gradient for w in told.wires] == [-4.0, -4.0, -4.0, 3.0]
    assert told.digits == 0
    assert len(told) == 7
    assert repr(told) == "<trace of 2 gates in 7 steps>"


def test_a_node_used_twice_branches() -> None:
    x = mg.Tensor(3.0, "x")
    told = trace(x * x)
    assert kinds(told) == ["forward", "seed", "contribution", "contribution", "branch"]
    branch = told.events[-1]
    assert (branch.node, branch.value, branch.parts) == ("n0", 6.0, (3.0, 3.0))
    assert branch.wire is None
    assert [w.id for w in told.wires] == ["n1.0", "n1.1"]


def test_branch_of_a_sum_and_a_maximum() -> None:
    x, y = mg.Tensor(3.0, "x"), mg.Tensor(2.0, "y")
    told = trace(x + x * mg.maximum(x, y))
    branch = told.events[-2]
    assert (branch.kind, branch.node, branch.parts, branch.value) == (
        *("branch", "n0", (1.0, 3.0, 3.0), 7.0),
    )
    assert told.events[-1].target == told.node("y").id
    assert told.node("y").gradient == 0.0


def test_broadcasting_is_summed_in_a_step_of_its_own() -> None:
    X, b = mg.Tensor(np.ones((2, 3)), "X"), mg.Tensor([1.0, 2.0, 3.0], "b")
    told = trace(mg.sum(X + b))
    contribution, broadcast = told.events[-2:]
    assert (contribution.kind, broadcast.kind) == ("contribution", "broadcast")
    assert np.shape(contribution.value) == (2, 3)
    assert (broadcast.wire, broadcast.axes) == (contribution.wire, (0,))
    assert np.asarray(broadcast.value).tolist() == [2.0, 2.0, 2.0]
    assert broadcast.parts[0] is contribution.value
    assert told.wires[1].gradient is broadcast.value


def test_broadcast_then_branch() -> None:
    X, b = mg.Tensor(np.ones((2, 3)), "X"), mg.Tensor(2.0, "b")
    told = trace(mg.sum(X * b + b))
    assert kinds(told)[3:] == [
        *("seed", "contribution", "contribution", "contribution", "broadcast"),
        *("contribution", "contribution", "broadcast", "branch"),
    ]
    assert told.events[-1].value == told.node("b").gradient == 12.0


def test_no_gradient_passes_a_comparison() -> None:
    x = mg.Tensor(3.0, "x")
    told = trace(mg.where(x > 1.0, x, 0.0))
    blocked = [e for e in told.events if e.pattern == "blocks"]
    assert [(e.target, e.value, e.local) for e in blocked] == [("n2", 0.0, 0.0)]
    assert told.node("q").gradient == 0.0
    assert "branch" not in kinds(told)
    assert told.node("x").gradient == 1.0


def test_ties_are_said() -> None:
    x, y = mg.Tensor(2.0, "x"), mg.Tensor(2.0, "y")
    told = trace(mg.maximum(x, y))
    assert told.node("f").tie == "tie: equal inputs share the gradient equally"
    assert [e.value for e in of_kind(told, "contribution")] == [0.5, 0.5]
    assert trace(mg.maximum(x, 1.0)).node("f").tie is None
    assert trace(mg.relu(mg.Tensor([0.0, 1.0]))).node("f").tie == (
        "at the kink of relu: the gradient there is a convention (1 of 2 elements)"
    )
    row = mg.max(mg.Tensor([[1.0, 1.0], [0.0, 1.0]]), axis=1)
    assert trace(row).node("f").tie == (
        "tie: equal inputs share the gradient equally (1 of 2 elements)"
    )
    assert trace(mg.sign(x - 2.0)).node("f").tie is None


def test_constants_are_folded_into_signs() -> None:
    x = mg.Tensor(3.0, "x")
    told = trace((x + 1) * 2)
    assert [(n.sign, n.folded) for n in told.nodes if n.kind == "gate"] == [
        ("+1", (1,)),
        ("×2", (1,)),
    ]
    assert [n.gradient for n in told.nodes if n.kind == "constant"] == [None, None]
    assert all(e.target not in ("n1", "n3") for e in told.events)


def test_non_scalar_outputs() -> None:
    x = mg.Tensor([1.0, 2.0], "x")
    plain, weighed = trace(x * x), trace(x * x, upstream=[1.0, 10.0])
    assert np.asarray(plain.node("x").gradient).tolist() == [2.0, 4.0]
    assert np.asarray(weighed.node("x").gradient).tolist() == [2.0, 40.0]
    assert (
        plain.events[1].sentence == "seed: 1 for each element of f, as for the gradient of its sum"
    )
    assert weighed.events[1].sentence == "seed: the upstream gradient of f is [1, 10]"
    assert trace(mg.sum(x), upstream=mg.Tensor(3.0)).node("f").gradient == 3.0
    with pytest.raises(ShapeError, match=r"upstream has shape \(\), the output \(2,\)"):
        trace(x * x, upstream=1.0)


def test_forward_only() -> None:
    x = mg.Tensor(3.0, "x")
    told = trace(x * x, backward=False)
    assert kinds(told) == ["forward"]
    assert not told.has_gradients
    assert told.node("x").gradient is None
    assert told.wires[0].gradient is None


def test_placeholders_have_shapes_only() -> None:
    told = trace(mg.placeholder((2, 3), "W") @ mg.placeholder(3, "x") + 1.0)
    assert kinds(told) == ["forward", "forward"]
    assert told.sentences == ("q = W @ x, of shape [2]", "f = q + 1, of shape [2]")
    assert told.nodes[0].kind == "placeholder"
    assert trace(mg.placeholder() * 2).sentences == ("f = x1 · 2, a scalar",)


def test_a_leaf_alone() -> None:
    told = trace(mg.Tensor(3.0, "x"))
    assert kinds(told) == ["seed"]
    assert told.node("x").gradient == 1.0
    assert kinds(trace(mg.constant(3.0))) == []


def test_circuits_and_other_things() -> None:
    class Circuit:
        output = mg.Tensor(2.0, "x") * 3.0

    assert trace(Circuit()).node("x").gradient == 3.0
    with pytest.raises(DataError, match="needs a Tensor that was computed from others, got float"):
        trace(3.0)


def test_changed_data_is_refused_even_forward() -> None:
    x = mg.Tensor(3.0, "x")
    f = x * x
    x.data = 4.0
    for backward in (True, False):
        with pytest.raises(StaleDataError, match="'x' changed"):
            trace(f, backward=backward)


def test_a_gate_without_rules_is_told_forward_only() -> None:
    floor = mg.Gate("floor", ("x",), np.floor)
    f = floor(mg.Tensor(1.5, "x"))
    with pytest.raises(GateError, match="no backward rule"):
        trace(f)
    assert trace(f, backward=False).sentences == ("f = floor(x) = floor(1.50) = 1.00",)


def test_float32_stays_float32() -> None:
    x = mg.Tensor(np.array([1.0, 2.0], np.float32), "x")
    told = trace(mg.sum(mg.where(x > 1.0, x * x, 0.5)))
    for event in told.events:
        for value in (event.value, event.upstream):
            if np.ndim(value):  # type: ignore[arg-type]
                assert np.asarray(value).dtype == np.float32, event.sentence
    assert told.nodes[0].dtype == "float32"


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan, -0.0, 1e308])
def test_awkward_numbers(bad: float) -> None:
    for data in (bad, [bad, 1.0], np.full(9, bad)):
        x = mg.Tensor(data, "x")
        told = trace(mg.sum(mg.log(x * x) * x + mg.maximum(x, 0.0) / x))
        assert str(told)
        assert str(told.table())
        assert str(told.gradients())


def test_negative_zero_is_kept_but_written_as_zero() -> None:
    told = trace(mg.Tensor(-0.0, "x") * 1.5)
    value = told.nodes[0].value
    assert isinstance(value, float)
    assert np.signbit(value)
    assert told.events[0].sentence == "f = x · 1.5 = 0.00 · 1.5 = 0.00"


def test_finding_a_node() -> None:
    x = mg.Tensor(2.0, "n1")
    told = trace(x * 3.0)
    assert told.node("n1").kind == "input"
    assert told.node("n2").label == "f"
    assert told.by_id["n1"].kind == "constant"
    with pytest.raises(KeyError, match="no node 'y'; there are: n1, 3, f"):
        told.node("y")
