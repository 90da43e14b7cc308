"""The trace: which events there are, in which order, and that their numbers are the gradients."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import microgd as mg
from microgd.errors import DataError, GateError, ShapeError, StaleDataError
from microgd.trace.build import trace
from microgd.trace.events import Event
from microgd.trace.lesson import Trace


def kinds(told: Trace) -> list[str]:
    return [e.kind for e in told.events]


def of_kind(told: Trace, kind: str) -> list[Event]:
    return [e for e in told.events if e.kind == kind]


def a_net() -> mg.Tensor:
    rng = np.random.default_rng(0)
    X = mg.Tensor(rng.normal(size=(4, 3)), name="X")
    W1, b1 = mg.Tensor(rng.normal(size=(3, 5)), "W1"), mg.Tensor(np.zeros(5), "b1")
    W2 = mg.Tensor(rng.normal(size=(5, 2)), "W2")
    return mg.mean(mg.log_softmax(mg.relu(X @ W1 + b1) @ W2) * mg.one_hot([0, 1, 0, 1], 2))


# -- the events ------------------------------------------------------------------------------------


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


# -- what holds for every trace --------------------------------------------------------------------


def check(output: mg.Tensor) -> None:
    """Order of events, sums of contributions, agreement with `.backward()`."""
    told = trace(output)
    sent: dict[str, Any] = {}
    parts: dict[str, int] = {}
    for wire in told.wires:
        if wire.gradient is not None:
            sent[wire.source] = sent.get(wire.source, 0.0) + wire.gradient
            parts[wire.source] = parts.get(wire.source, 0) + 1
    spoken: set[str] = set()
    for before, event in pairwise((None, *told.events)):
        if event.kind == "contribution":
            spoken.add(event.node)
            assert event.target is not None
            assert event.target not in spoken, "a node spoke before all of its users had"
            if event.local is not None:
                product = np.asarray(event.local) * event.upstream
                np.testing.assert_allclose(event.value, product, rtol=1e-12, atol=1e-300)
        elif event.kind == "branch":
            assert before is not None
            assert before.target == event.node
            assert event.node not in spoken
            assert len(event.parts) == parts[event.node] > 1
            np.testing.assert_allclose(event.value, sum(event.parts), rtol=1e-12, atol=1e-15)
    branches = {e.node for e in of_kind(told, "branch")}
    assert branches == {n for n, count in parts.items() if count > 1}
    for node in told.nodes:
        if node.id != told.output and node.gradient is not None:
            np.testing.assert_allclose(node.gradient, sent.get(node.id, 0.0), rtol=1e-9, atol=1e-12)
            assert np.shape(node.gradient) == node.shape


SCALAR_GATES: tuple[Callable[..., Any], ...] = (
    *(mg.add, mg.sub, mg.mul, mg.maximum, mg.minimum),
    *(lambda a, b: mg.tanh(a) + b, lambda a, b: mg.sigmoid(a) * b, lambda a, b: mg.relu(a) - b),
    *(lambda a, b: a**2 / (b * b + 1), lambda a, b: mg.where(a > b, a, 2 * b)),
)


@st.composite
def circuits(draw: st.DrawFn) -> mg.Tensor:
    numbers = st.floats(-3, 3).map(lambda v: round(v, 2))
    nodes = [mg.Tensor(draw(numbers), name=f"x{i}") for i in range(draw(st.integers(1, 3)))]
    for _ in range(draw(st.integers(1, 8))):
        gate = draw(st.sampled_from(SCALAR_GATES))
        nodes.append(gate(draw(st.sampled_from(nodes)), draw(st.sampled_from(nodes))))
    return nodes[-1]


@settings(max_examples=80, deadline=None)
@given(circuits())
def test_random_circuits(output: mg.Tensor) -> None:
    check(output)
    told = trace(output)
    output.backward()
    for node, leaf in zip(told.nodes, mg.topological_order([output]), strict=True):
        if node.kind == "input":
            assert node.gradient == leaf.grad  # type: ignore[attr-defined]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([(3,), (2, 3), (2, 1), ()]), min_size=2, max_size=4))
def test_random_broadcasts(shapes: list[tuple[int, ...]]) -> None:
    rng = np.random.default_rng(0)
    inputs = [mg.Tensor(rng.normal(size=s)) for s in shapes]
    total: Any = inputs[0]
    for x in inputs[1:]:
        total = total * x + mg.sigmoid(x)
    check(mg.sum(total))


def test_a_net_agrees_with_backward_and_leaves_grad_alone() -> None:
    loss = a_net()
    check(loss)
    leaves = [n for n in mg.topological_order([loss]) if n.is_leaf and not n.is_constant]
    assert all(n.grad is None for n in leaves)  # type: ignore[attr-defined]
    told = trace(loss)
    loss.backward()
    for leaf in leaves:
        np.testing.assert_array_equal(told.node(leaf.name or "").gradient, leaf.grad)  # type: ignore[attr-defined]
    kept = [n.grad.copy() for n in leaves]  # type: ignore[attr-defined]
    trace(loss)
    for leaf, grad in zip(leaves, kept, strict=True):
        np.testing.assert_array_equal(leaf.grad, grad)  # type: ignore[attr-defined]


def test_twice_gives_the_same() -> None:
    loss = a_net()
    assert trace(loss).to_json() == trace(loss).to_json()
    assert trace(a_net()).sentences == trace(a_net()).sentences


def test_nothing_in_a_trace_can_be_changed() -> None:
    loss = a_net()
    upstream = np.array(2.0)
    told = trace(loss, upstream=upstream)
    arrays: list[Any] = []
    for event in told.events:
        arrays += [event.local, event.upstream, event.value, *event.parts]
    for node in told.nodes:
        arrays += [node.value, node.gradient]
    arrays += [w.gradient for w in told.wires]
    found = [a for a in arrays if isinstance(a, np.ndarray) and a.ndim]
    assert len(found) > 50
    assert not any(a.flags.writeable for a in found)
    with pytest.raises(FrozenInstanceError):
        told.digits = 3  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        told.events[0].step = 3  # type: ignore[misc]
    with pytest.raises(TypeError):
        told.node("f").params["axis"] = 1  # type: ignore[index]


def test_a_rule_s_own_array_is_not_frozen_for_its_owner() -> None:
    weights = np.array([2.0, 3.0])
    weigh = mg.Gate(
        "weigh", ("x",), lambda x: x @ weights, (lambda g, out, x: weights,), shape=lambda x: ()
    )
    trace(weigh(mg.Tensor([1.0, 1.0])))
    weights[0] = 5.0


def test_a_long_chain_takes_linear_time() -> None:
    def seconds(length: int) -> float:
        x = mg.Tensor(1.0, "x")
        f = x
        for _ in range(length):
            f = (f * 0.999).named("f") + x
        start = time.perf_counter()
        told = trace(f)
        assert "f_2" in str(told)
        assert len(told.events) > len(told.table().rows) > 3 * length
        return time.perf_counter() - start

    seconds(100)
    assert seconds(2000) < 4 * 5 * seconds(500) + 1


def test_finding_a_node() -> None:
    x = mg.Tensor(2.0, "n1")
    told = trace(x * 3.0)
    assert told.node("n1").kind == "input"
    assert told.node("n2").label == "f"
    assert told.by_id["n1"].kind == "constant"
    with pytest.raises(KeyError, match="no node 'y'; there are: n1, 3, f"):
        told.node("y")
