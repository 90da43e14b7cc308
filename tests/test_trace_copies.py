"""A trace is the reader's own: nothing done to it reaches the graph, and nothing the other way."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import microgd as mg
from microgd.trace.build import trace
from microgd.trace.lesson import Trace


def a_net() -> mg.Tensor:
    x, b = mg.Tensor([[1.0, -2.0], [3.0, 4.0]], name="x"), mg.Tensor([0.5, 0.25], name="b")
    output: mg.Tensor = mg.clip(mg.relu(x @ x + b) * 2.0, low=0.0, high=5.0).sum(axis=0).mean()
    return output


def numbers(told: Trace) -> list[Any]:
    """Every number and array that a trace hands out."""
    found: list[Any] = [w.gradient for w in told.wires]
    for node in told.nodes:
        found += [node.value, node.gradient]
    for event in told.events:
        found += [event.local, event.upstream, event.value, *event.parts]
    return found


@pytest.mark.parametrize("read_back", [False, True])
def test_no_array_can_be_made_writeable(read_back: bool) -> None:
    told = trace(a_net())
    if read_back:
        told = pickle.loads(pickle.dumps(told))
    arrays = [n for n in numbers(told) if isinstance(n, np.ndarray)]
    assert len(arrays) > 20
    for array in arrays:
        with pytest.raises(ValueError, match="WRITEABLE"):
            array.flags.writeable = True


def test_no_array_is_the_graphs() -> None:
    output = a_net()
    own = [n.value for n in mg.topological_order([output]) if isinstance(n.value, np.ndarray)]
    for number in numbers(trace(output)):
        assert not any(np.shares_memory(number, o) for o in own if isinstance(number, np.ndarray))


def test_what_a_custom_gate_sends_is_copied_too() -> None:
    ours = np.array([1.0, 2.0])
    gate = mg.Gate("ours", ("x",), lambda x: x * ours, (lambda g, out, x: ours,), local=("c",))
    told = trace(gate(mg.Tensor([3.0, 4.0], name="x")))
    before = told.to_json()
    ours[:] = 7.0
    assert told.to_json() == before


def test_an_array_is_copied_once() -> None:
    x = mg.Tensor(np.ones(1000), name="x")
    told = trace((x + 1.0) + 1.0)
    passed = {id(e.value) for e in told.events if e.kind == "contribution" and e.target != "n1"}
    assert len(passed) == 1


def test_what_is_repeated_stays_small() -> None:
    x = mg.Tensor(np.ones((1000, 1000)), name="x")
    (sent,) = (e.value for e in trace(x.sum()).events if e.kind == "contribution")
    assert isinstance(sent, np.ndarray)
    assert sent.shape == (1000, 1000)
    assert set(sent.strides) == {0}


def test_sentences_tell_of_the_time_of_the_trace() -> None:
    def graph() -> tuple[mg.Tensor, mg.Tensor]:
        x = mg.Tensor(2.0, name="x")
        return x, mg.tanh(x * x + 1.0)

    expected = trace(graph()[1]).sentences
    x, output = graph()
    told = trace(output)
    x.data, x.name, output.name = 5.0, "z", "out"
    assert told.sentences == expected


def test_by_id_cannot_be_changed() -> None:
    told = trace(a_net())
    with pytest.raises(TypeError):
        told.by_id["n0"] = told.nodes[1]  # type: ignore[index]


def test_it_goes_through_a_pickle() -> None:
    told = trace(a_net(), upstream=2.0)
    assert told.by_id
    read: Trace = pickle.loads(pickle.dumps(told))
    assert read.to_json() == told.to_json()
    assert str(read) == str(told)
    assert str(read.table()) == str(told.table())
    assert type(read.nodes[3].params) is type(told.nodes[3].params)
    for part in (told.nodes[-1], told.wires[0], told.events[-1]):
        assert type(pickle.loads(pickle.dumps(part))) is type(part)


def test_copies_are_itself_for_nothing_in_it_changes() -> None:
    told = trace(a_net())
    assert copy.copy(told) is copy.deepcopy(told) is told
    assert copy.deepcopy([told.events[0]])[0] is told.events[0]
