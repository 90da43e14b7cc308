"""Every gate of the table computes what NumPy, or its formula, says."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from gate_cases import CASES, EDGES, cases, gate
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes
from numpy.testing import assert_allclose, assert_array_equal

import microgd as mg

#: Two formulas for one number differ by a few roundings; the largest sums here have 24 terms.
CLOSE = {"rtol": 1e-13, "atol": 1e-15}


def reference(name: str, points: list[Any], params: dict[str, Any]) -> Any:
    with np.errstate(all="ignore"):
        return np.asarray(CASES[name].reference(*map(np.asarray, points), **params))


def test_every_gate_has_a_case() -> None:
    assert set(CASES) == set(mg.TABLE)


@pytest.mark.parametrize(("name", "shapes", "params"), cases())
def test_values(name: str, shapes: Any, params: dict[str, Any]) -> None:
    points = CASES[name].points(shapes, seed=1)
    expected = reference(name, points, params)

    computed = gate(name)(*points, **params)
    assert_allclose(computed, expected, **CLOSE)
    assert np.shape(computed) == expected.shape
    assert isinstance(computed, float) if expected.shape == () else computed.dtype == np.float64

    node = gate(name)(*map(mg.Tensor, points), **params)
    assert_array_equal(node.data, computed)
    assert node.shape == expected.shape
    assert node.dtype == np.float64

    assert_array_equal(mg.replay([node], {})[0], computed)


@pytest.mark.parametrize(("name", "shapes", "params"), cases())
def test_a_placeholder_gets_the_shape(name: str, shapes: Any, params: dict[str, Any]) -> None:
    points = CASES[name].points(shapes, seed=1)
    expected = reference(name, points, params)
    node = gate(name)(*(mg.placeholder(s) for s in shapes), **params)
    assert node.shape == expected.shape
    assert node.data is None


@pytest.mark.parametrize(("name", "shapes", "params"), cases())
def test_float32_stays_float32(name: str, shapes: Any, params: dict[str, Any]) -> None:
    case = CASES[name]
    points = case.points(shapes, seed=1)
    expected = reference(name, points, params)
    narrow = [mg.Tensor(p, dtype="float32") for p in points]
    node = gate(name)(*narrow, **params)
    assert node.dtype == np.float32
    assert np.asarray(node.value).dtype == np.float32
    # float32 keeps 24 bits; sums of up to 24 terms and a chain of a few roundings cost some.
    assert_allclose(node.data, expected, rtol=1e-5, atol=1e-6)
    replayed = np.asarray(mg.replay([node], {})[0])
    assert replayed.dtype == np.float32
    assert_array_equal(replayed, node.data)


ELEMENTWISE = [name for name, case in CASES.items() if case.elementwise]


@pytest.mark.parametrize("name", ELEMENTWISE)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_values_on_drawn_shapes(name: str, data: st.DataObject) -> None:
    case = CASES[name]
    count = len(gate(name).inputs)
    drawn = mutually_broadcastable_shapes(num_shapes=count, max_dims=3, max_side=3, min_side=0)
    shapes = data.draw(drawn).input_shapes
    params = data.draw(st.sampled_from([p for _, p in case.draws]))
    points = case.points(shapes, seed=data.draw(st.integers(0, 99)))
    expected = reference(name, points, params)
    node = gate(name)(*map(mg.Tensor, points), **params)
    assert node.shape == expected.shape
    assert_allclose(node.data, expected, **CLOSE)


def edge_rows(count: int) -> list[Any]:
    """All combinations of edge values, as one array per input."""
    return list(np.array(list(itertools.product(EDGES, repeat=count))).T)


@pytest.mark.parametrize("name", [n for n in ELEMENTWISE if CASES[n].edges])
def test_edge_values_of_arrays(name: str) -> None:
    case = CASES[name]
    inputs = edge_rows(len(gate(name).inputs))
    for params in {str(p): p for _, p in case.draws}.values():
        # 1e-13 of the value, or the smallest normal float where it is subnormal.
        assert_allclose(
            gate(name)(*inputs, **params),
            reference(name, inputs, params),
            rtol=1e-13,
            atol=2.3e-308,
            err_msg=f"{name} {params}",
        )


@pytest.mark.parametrize("name", [n for n in mg.TABLE if mg.TABLE[n].scalar is not None])
def test_the_scalar_path_agrees_with_numpy(name: str) -> None:
    row = gate(name)
    inputs = edge_rows(len(row.inputs))
    with np.errstate(all="ignore"):
        slow = np.asarray(row.forward(*inputs), float)
    assert row.scalar is not None
    for *values, expected in zip(*inputs, slow, strict=True):
        floats = [float(v) for v in values]
        quick = row.scalar(*floats)
        assert quick.__class__ is float
        # C's math library and NumPy's own loops may round the last bits differently.
        assert_allclose(quick, expected, rtol=4e-16, atol=0, err_msg=f"{name}{floats}")
        if quick == 0.0 and name not in {"relu", "maximum", "minimum", "sign"}:
            assert np.signbit(quick) == np.signbit(expected), f"{name}{floats}"
        assert_array_equal(row(*floats), quick)
        assert_array_equal(row(*map(mg.Tensor, floats)).data, quick)


@pytest.mark.parametrize(
    ("name", "x", "expected"),
    [
        ("sum", np.zeros((2, 0)), 0.0),
        ("mean", np.zeros(0), np.nan),
        ("var", np.zeros(0), np.nan),
        ("logsumexp", [-np.inf, -np.inf], -np.inf),
        ("logsumexp", [np.inf, 0.0], np.inf),
        ("logsumexp", [1000.0, 1000.0], 1000.0 + np.log(2.0)),
        ("logsumexp", [-1000.0, -1000.0], -1000.0 + np.log(2.0)),
        ("softmax", [1000.0, 0.0, -1000.0], [1.0, 0.0, 0.0]),
        ("softmax", [-np.inf, 0.0], [0.0, 1.0]),
        ("log_softmax", [1000.0, 0.0], [0.0, -1000.0]),
        ("log_softmax", [-1e5, -1e5], [-np.log(2.0), -np.log(2.0)]),
        ("max", [1.0, np.nan, 2.0], np.nan),
        ("min", [1.0, np.nan, 2.0], np.nan),
        ("max", [-np.inf, -np.inf], -np.inf),
        ("var", [1e8, 1e8 + 1], 0.25),
    ],
)
def test_edges_of_reductions(name: str, x: Any, expected: Any) -> None:
    assert_allclose(gate(name)(np.array(x)), expected, rtol=1e-14)
    assert_allclose(gate(name)(mg.Tensor(x)).data, expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("x", "ddof", "expected"),
    [([1.0], 1, np.nan), ([1.0, 3.0], 2, np.inf), ([], 1, np.nan)],
)
def test_variance_without_degrees_of_freedom(x: list[float], ddof: int, expected: float) -> None:
    """As NumPy answers, but without its warning."""
    assert_array_equal(mg.var(np.array(x), ddof=ddof), expected)


@pytest.mark.parametrize("name", ["max", "min", "logsumexp", "softmax", "log_softmax"])
def test_an_empty_axis_has_no_largest_element(name: str) -> None:
    with pytest.raises(mg.ShapeError, match="without elements"):
        gate(name)(mg.Tensor(np.zeros((3, 0))), axis=1)


def test_one_rule_for_nan_in_maximum() -> None:
    for x, y in [(np.nan, 1.0), (1.0, np.nan), (np.nan, np.nan)]:
        assert np.isnan(mg.maximum(x, y))
        assert np.isnan(mg.minimum(x, y))
        assert np.isnan(mg.maximum(np.array([x]), np.array([y])))
    assert np.isnan(mg.relu(np.nan))
    assert np.isnan(mg.Tensor([1.0, np.nan]).relu().data[1])


def test_no_gate_changes_its_inputs() -> None:
    for name, case in CASES.items():
        for shapes, params in case.draws:
            points = case.points(shapes, seed=2)
            before = [np.array(p) for p in points]
            gate(name)(*points, **params)
            for x, old in zip(points, before, strict=True):
                assert_array_equal(x, old, err_msg=name)
