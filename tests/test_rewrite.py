"""Rewriting: rebuilding a graph with parts replaced, opening composite gates, replaying."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import microgd as mg
from microgd.graph.rewrite import rebuild


def test_rebuild_replaces_and_leaves_the_rest_alone() -> None:
    x, y, z = mg.Tensor(2.0), mg.Tensor(5.0), mg.Tensor(7.0)
    untouched = y * y
    with mg.scope("here"):
        f = (x * x + untouched).named("f")
    new = rebuild([f], {x: z})
    assert new[f].data == 49.0 + 25.0
    assert f.data == 29.0
    assert new[untouched] is untouched
    assert new[y] is y
    assert (new[f].name, new[f].scope, str(new[f].source)) == ("f", "here", str(f.source))
    new[f].backward()
    assert (z.grad, x.grad, y.grad) == (14.0, None, 10.0)


def test_rebuild_with_a_node_of_another_shape() -> None:
    x = mg.Tensor(2.0)
    f = mg.sum(x * 3)
    assert rebuild([f], {x: mg.Tensor([1.0, 2.0])})[f].data == 9.0


def test_rewrite_sees_every_gate_with_its_new_inputs() -> None:
    x = mg.Tensor(2.0)
    f = mg.neg(-x) + (-x)

    def flat(node: Any, inputs: Any) -> Any:
        return inputs[0] if node.gate is mg.neg else None

    new = rebuild([f], rewrite=flat)[f]
    assert new.data == 4.0
    assert new.inputs == (x, x)


def test_handing_on_an_input_does_not_rename_it() -> None:
    """mg.clip without bounds expands into its input itself."""
    x = mg.Tensor(2.0, name="x")
    with mg.scope("inside"):
        f = mg.clip(x).named("clipped")
    (opened,) = mg.expand([f])
    assert opened is x
    assert (x.name, x.scope) == ("x", None)


def test_expand_by_name_and_one_level() -> None:
    x = mg.Tensor([0.5, -1.0])
    f = mg.tanh(x) + mg.relu(x)

    def gates(outputs: Any) -> list[str]:
        return [n.gate.name for n in mg.topological_order(outputs) if n.inputs]

    assert gates(mg.expand([f], deep=False)) == ["mul", "sigmoid", "mul", "sub", "maximum", "add"]
    assert gates(mg.expand([f], names=["relu"])) == ["tanh", "maximum", "add"]
    assert gates(mg.expand([f], names=[])) == gates([f])
    deep = gates(mg.expand([f]))
    assert "sigmoid" not in deep
    assert "sub" not in deep
    assert_allclose(mg.expand([f])[0].data, f.data, rtol=1e-14)
    assert gates([f]) == ["tanh", "relu", "add"]


def test_expand_keeps_names_scopes_and_shared_parts() -> None:
    x = mg.Tensor(0.5, name="x")
    with mg.scope("layer"):
        h = mg.sigmoid(x).named("h")
    a, b = mg.expand([h * h, h + 1])
    assert a.inputs[0] is a.inputs[1] is b.inputs[0]
    assert (a.inputs[0].name, a.inputs[0].scope) == ("h", "layer")
    assert mg.expand([x]) == [x]


def test_expand_works_on_placeholders() -> None:
    (opened,) = mg.expand([mg.softmax(mg.placeholder((2, 3)))])
    assert opened.shape == (2, 3)
    assert opened.data is None


def test_replay() -> None:
    x, y = mg.Tensor(3.0), mg.Tensor([1.0, 2.0])
    h = x * y
    f = h.sum()
    assert mg.replay([f], {x: 5.0}) == [15.0]
    assert mg.replay([f], {h: np.array([1.0, 1.0])}) == [2.0]
    one, two = mg.replay([h, f], {})
    assert_array_equal(one, [3.0, 6.0])
    assert two == 9.0
    assert f.data == 9.0
    with pytest.raises(mg.ShapeError, match=r"shape \(2,\), got \(3,\)"):
        mg.replay([f], {y: np.zeros(3)})


def test_replay_gives_placeholders_numbers() -> None:
    p, q = mg.placeholder((2,), name="p"), mg.placeholder(name="q")
    f = (p * q).sum()
    assert mg.replay([f], {p: np.array([1.0, 2.0]), q: 10.0}) == [30.0]
    with pytest.raises(mg.PlaceholderError, match="'q' was given no numbers"):
        mg.replay([f], {p: np.array([1.0, 2.0])})


def test_replay_sees_data_assigned_since() -> None:
    x = mg.Tensor(3.0)
    f = x * x
    x.data = 4.0
    assert mg.replay([f], {}) == [16.0]


# -- what expand takes and refuses -----------------------------------------------------------


def gates(output: Any) -> list[str]:
    return [n.gate.name for n in mg.topological_order([output]) if n.inputs]


def test_expand_takes_one_tensor_and_one_name() -> None:
    x = mg.Tensor(0.5)
    f = mg.relu(mg.square(x))
    assert gates(mg.expand(f)) == ["mul", "maximum"]
    assert gates(mg.expand(f, "relu")) == ["square", "maximum"]
    assert mg.expand(f, "sigmoid") is f  # a gate that has an expansion, but is not there
    assert isinstance(mg.expand([f], "relu"), list)
    with pytest.raises(mg.GateError, match=r"no gate 'sigmod'\. Did you mean 'sigmoid'"):
        mg.expand(f, names=["sigmod"])
    with pytest.raises(mg.GateError, match="'exp' is primitive"):
        mg.expand(f, "exp")
    with pytest.raises(mg.DataError, match="got float"):
        mg.expand([1.0])


def test_expansions_of_gates_of_ones_own() -> None:
    def own(**row: Any) -> Any:
        return mg.Gate("own", ("x",), lambda x: x * 0 + 5.0, (lambda g, out, x: 0.0,), **row)

    x = mg.Tensor(2.0)
    five = mg.expand(own(expansion=lambda x: 5.0)(x) + x, "own")
    assert five.data == 7.0
    assert five.inputs[0].is_constant
    with pytest.raises(mg.GateError, match=r"'own' has shape \(2,\), the gate \(\)"):
        mg.expand(own(expansion=lambda x: mg.stack(x, x))(x))
    again = own(expansion=lambda x: again(x) + 1.0)
    with pytest.raises(mg.GateError, match="leads back to the gate itself"):
        mg.expand(again(x))
    assert gates(mg.expand(again(x), deep=False)) == ["own", "add"]


def test_what_expand_records_belongs_to_the_scope_of_its_gate() -> None:
    x = mg.Tensor(0.5)
    with mg.scope("layer"):
        f = mg.tanh(x).named("f")
    opened = mg.expand(f)
    assert {n.scope for n in mg.topological_order([opened]) if n.inputs} == {"layer"}
    assert {str(n.source) for n in mg.topological_order([opened]) if n.inputs} == {str(f.source)}
    assert [n.name for n in mg.topological_order([opened]) if n.name] == ["f"]


@pytest.mark.parametrize("use", [mg.expand, mg.check_gradients, lambda f: rebuild([f], {})])
def test_stale_graphs_are_refused(use: Any) -> None:
    x = mg.Tensor(0.5, name="x")
    f = mg.tanh(x * 2) + x
    x.data = 1.0
    with pytest.raises(mg.StaleDataError, match="'x' changed after gate 'mul' used it"):
        use(f)


def test_a_stale_leaf_that_is_replaced_does_no_harm() -> None:
    x, y = mg.Tensor(0.5), mg.Tensor(2.0)
    f = x * y
    x.data = 1.0
    assert rebuild([f], {x: mg.Tensor(3.0)})[f].data == 6.0


def test_expanding_a_long_chain_takes_one_walk() -> None:
    f: Any = mg.Tensor(0.5)
    for _ in range(20_000):
        f = mg.square(f)
    began = time.perf_counter()
    opened = mg.expand(f)
    assert time.perf_counter() - began < 5.0
    assert gates(opened) == ["mul"] * 20_000
    assert mg.expand(opened) is opened
