"""What holds for every trace: order of events, sums of contributions, agreement, immutability."""

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
from microgd.trace import sentences
from microgd.trace.build import trace


def a_net() -> mg.Tensor:
    rng = np.random.default_rng(0)
    X = mg.Tensor(rng.normal(size=(4, 3)), name="X")
    W1, b1 = mg.Tensor(rng.normal(size=(3, 5)), "W1"), mg.Tensor(np.zeros(5), "b1")
    W2 = mg.Tensor(rng.normal(size=(5, 2)), "W2")
    return mg.mean(mg.log_softmax(mg.relu(X @ W1 + b1) @ W2) * mg.one_hot([0, 1, 0, 1], 2))


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
    branches = {e.node for e in told.events if e.kind == "branch"}
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


def chain(length: int) -> mg.Tensor:
    x, w = mg.Tensor(1.25, name="x"), mg.Tensor(0.5, name="w")
    f = x
    for _ in range(length // 4):
        f = mg.tanh(f * w + 1.0) + x
    return f


def test_no_sentence_is_made_before_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def speak(*told: Any) -> str:
        asked.append("")
        return "said"

    for name in ("forward", "contribution", "branch"):
        monkeypatch.setattr(sentences, f"{name}_sentence", speak)
    told = trace(chain(40))
    assert asked == []
    assert [told.events[3].sentence, told.events[3].sentence] == ["said", "said"]
    assert len(asked) == 1, "a sentence is made once"


@pytest.mark.slow
def test_a_million_gates() -> None:
    output = chain(1_000_000)
    start = time.process_time()
    told = trace(output)
    assert time.process_time() - start < 120
    assert told.events[-1].sentence.startswith("branch")
