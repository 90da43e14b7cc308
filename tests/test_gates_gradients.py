"""Every gate's gradient against finite differences that know nothing of microgd, and the
conventions at ties, kinks and poles.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from gate_cases import CASES, cases, gate
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes
from numpy.testing import assert_allclose, assert_array_equal

import microgd as mg
from microgd.graph.rewrite import expand

#: The five-point difference errs by h⁴/30 · f⁽⁵⁾ + ε/h · |f|: at most about 1e-9 and 1e-12 for the
#: points of `gate_cases`, where fifth derivatives stay below 1e4 and values below 1e2.
H = 1e-3
CLOSE = {"rtol": 1e-7, "atol": 1e-8}

BLOCKING = {
    *("greater", "less", "greater_equal", "less_equal", "equal", "not_equal", "logical_and"),
    *("sign", "one_hot", "random_uniform"),
}


def five_points(f: Callable[[float], Any]) -> Any:
    """f′(0) from f at ±h and ±2h."""
    return (8 * (f(H) - f(-H)) - (f(2 * H) - f(-2 * H))) / (12 * H)


def moved(points: list[Any], directions: list[Any], step: float) -> list[Any]:
    return [p + step * d for p, d in zip(points, directions, strict=True)]


def differentiable(name: str, count: int) -> tuple[int, ...]:
    return tuple(i for i in range(count) if i not in CASES[name].blocked)


def weighted(name: str, params: dict[str, Any], seed: int) -> Callable[..., Any]:
    """Σ w · gate(inputs): a scalar that sees each output element with a weight of its own."""

    def scalar(*inputs: Any) -> Any:
        out = gate(name)(*inputs, **params)
        weights = np.random.default_rng(seed).uniform(0.5, 1.5, np.shape(out))
        return mg.sum(mg.mul(out, weights))

    return scalar


def numeric_gradient(f: Callable[..., float], points: list[Any], position: int) -> Any:
    found = np.zeros(np.shape(points[position]))
    for place in np.ndindex(found.shape):
        step = np.zeros(found.shape)
        step[place] = 1.0

        def along(t: float, step: Any = step) -> float:
            changed = list(points)
            changed[position] = points[position] + t * step
            return float(f(*changed))

        found[place] = five_points(along)
    return found


def check_first_order(name: str, shapes: Any, params: dict[str, Any], seed: int) -> None:
    points = CASES[name].points(shapes, seed)
    f = weighted(name, params, seed)
    leaves = [mg.Tensor(p) for p in points]
    f(*leaves).backward()
    for position, leaf in enumerate(leaves):
        assert np.shape(leaf.grad) == leaf.shape
        if position in CASES[name].blocked:
            assert not np.any(leaf.grad)
            continue
        numeric = numeric_gradient(f, points, position)
        assert_allclose(leaf.grad, numeric, err_msg=f"{name} input {position}", **CLOSE)


@pytest.mark.parametrize(("name", "shapes", "params"), cases())
def test_first_order(name: str, shapes: Any, params: dict[str, Any]) -> None:
    check_first_order(name, shapes, params, seed=3)


@pytest.mark.parametrize("name", [n for n, case in CASES.items() if case.elementwise])
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_first_order_on_drawn_shapes(name: str, data: st.DataObject) -> None:
    count = len(gate(name).inputs)
    drawn = mutually_broadcastable_shapes(num_shapes=count, max_dims=3, max_side=3, min_side=0)
    shapes = data.draw(drawn).input_shapes
    params = data.draw(st.sampled_from([p for _, p in CASES[name].draws]))
    check_first_order(name, shapes, params, seed=data.draw(st.integers(0, 99)))


@settings(max_examples=40, deadline=None)
@given(
    shapes=mutually_broadcastable_shapes(signature="(n?,k),(k,m?)->(n?,m?)", max_dims=2, max_side=3)
)
def test_matmul_on_drawn_shapes(shapes: Any) -> None:
    check_first_order("matmul", shapes.input_shapes, {}, seed=5)


@pytest.mark.parametrize(
    ("name", "shapes", "params"),
    [c for c in cases() if differentiable(c.values[0], len(c.values[1]))],
)
def test_second_order(name: str, shapes: Any, params: dict[str, Any]) -> None:
    """The gradient of (gradient · direction) is the gradient's own finite difference."""
    case = CASES[name]
    points = case.points(shapes, seed=4)
    wrt = differentiable(name, len(shapes))
    random = np.random.default_rng(6)
    directions = [
        random.uniform(-1, 1, np.shape(p)) if i in wrt else np.zeros(np.shape(p))
        for i, p in enumerate(points)
    ]
    first = mg.grad(weighted(name, params, 4), wrt=wrt)

    def slope(*inputs: Any) -> Any:
        return sum(mg.sum(g * directions[i]) for i, g in zip(wrt, first(*inputs), strict=True))

    second = mg.grad(slope, wrt=wrt)(*points)
    for position, place in enumerate(wrt):
        numeric = five_points(
            lambda t, position=position: first(*moved(points, directions, t))[position]
        )
        assert np.shape(second[position]) == np.shape(points[place])
        assert_allclose(second[position], numeric, err_msg=f"{name} input {place}", **CLOSE)


@pytest.mark.parametrize("name", sorted(CASES))
def test_check_gradients_agrees(name: str) -> None:
    """Through the public check, too, with every element of the first case of the table."""
    shapes, params = CASES[name].draws[0]
    points = CASES[name].points(shapes, seed=7)
    wrt = differentiable(name, len(shapes))

    def of(*chosen: Any) -> Any:
        inputs = list(points)
        for position, x in zip(wrt, chosen, strict=True):
            inputs[position] = x
        return gate(name)(*inputs, **params)

    if wrt:
        report = mg.check_gradients(of, *(points[i] for i in wrt))
        assert report.ok, str(report)
        assert not report.kinks


def test_the_blocking_gates() -> None:
    assert {n for n, row in mg.TABLE.items() if row.pattern == "blocks"} == BLOCKING
    for name in BLOCKING:
        assert all(rule is None for rule in mg.TABLE[name].backward), name


def test_no_gate_is_without_rules() -> None:
    for name, row in mg.TABLE.items():
        assert row.backward, name
        if isinstance(row.backward, tuple):
            assert len(row.backward) == len(row.inputs)
        assert row.local
        assert row.formula
        assert row.sign
        assert row.doc


# -- expansions ------------------------------------------------------------------------------


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize(
    ("name", "shapes", "params"), [c for c in cases() if mg.TABLE[c.values[0]].expansion]
)
def test_expansions(name: str, shapes: Any, params: dict[str, Any], deep: bool) -> None:
    """A composite gate and its expansion: the same value and the same gradients away from ties."""
    points = CASES[name].points(shapes, seed=8)
    leaves = [mg.Tensor(p, name=f"input{i}") for i, p in enumerate(points)]
    whole = gate(name)(*leaves, **params)
    (opened,) = expand([whole], deep=deep)
    # Subtracting 1 from eˣ and the like costs the digits that expm1 exists to keep: x ≥ 0.04 here,
    # so at most 25 roundings of 1.
    close = {"rtol": 1e-13, "atol": 1e-14}
    assert_allclose(opened.data, whole.data, **close)
    assert opened.shape == whole.shape
    if deep:
        gates = {n.gate.name for n in mg.topological_order([opened]) if n.inputs}
        assert all(mg.TABLE[n].expansion is None for n in gates)
    gradients = []
    for out in (whole, opened):
        weights = np.random.default_rng(8).uniform(0.5, 1.5, out.shape)
        for leaf in leaves:
            leaf.grad = None
        mg.sum(out * weights).backward()
        gradients.append([leaf.grad for leaf in leaves])
    for one, other in zip(*gradients, strict=True):
        if other is not None:  # an input that the expansion does not reach gets nothing
            assert_allclose(other, one, rtol=1e-12, atol=1e-13)
    assert [leaf.name for leaf in leaves] == [f"input{i}" for i in range(len(leaves))]


#: Where an expansion is the lectures' and not the gate's: ties of maximum share, eˣ overflows.
LECTURE_TIES = {("relu", 0.0), ("clip", 0.0), ("clip", 1.0), ("apl", 0.0)}
OVERFLOWING = {"sigmoid": (-720.0, -1e4), "tanh": (-720.0, -1e4)}
EXTREMES = (0.0, 1.0, 720.0, -720.0, 1e4, -1e4, -40.0, 40.0)


@pytest.mark.parametrize("x", EXTREMES)
@pytest.mark.parametrize(
    "name", [n for n, g in mg.TABLE.items() if g.expansion and len(g.inputs) == 1 and n != "maxout"]
)
@pytest.mark.parametrize("deep", [False, True])
def test_expansions_at_extremes_and_ties(name: str, x: float, deep: bool) -> None:
    """The gradients of a gate and of its expansion where numbers overflow, and at kinks."""
    params: dict[str, Any] = {"low": 0.0, "high": 1.0} if name == "clip" else {}
    for point in (x, np.array([x, x]), np.array([x, 0.0 - x]), np.array([x, 0.0, x])):
        if np.ndim(point) == 0 and "softmax" in name:
            continue
        leaf = mg.Tensor(point)
        whole = mg.TABLE[name](leaf, **params)
        weights = np.linspace(1.0, 2.0, max(np.size(whole.data), 1)).reshape(whole.shape)
        found = [
            mg.vjp(lambda t, f=f: f(t), point)[1](weights)[0]
            for f in (
                lambda t: mg.TABLE[name](t, **params),
                lambda t: expand([mg.TABLE[name](t, **params)], deep=deep)[0],
            )
        ]
        places = {float(p) for p in np.ravel(point)}
        if any((name, p) in LECTURE_TIES for p in places):
            continue
        if places.intersection(OVERFLOWING.get(name, ())) and (deep or name == "sigmoid"):
            continue
        (opened,) = expand([whole], deep=deep)
        assert_allclose(opened.data, whole.data, rtol=1e-12, atol=1e-12)
        # sqrt below its domain, expm1 above its range: the same NaN and inf.
        assert_allclose(found[1], found[0], rtol=1e-12, atol=1e-15)


def test_the_lectures_expansions_differ_where_the_docs_say() -> None:
    def slope(f: Any, x: float, **params: Any) -> Any:
        return mg.grad(lambda x: mg.expand(f(x, **params)))(x)

    assert slope(mg.relu, 0.0) == 0.5
    assert slope(mg.clip, 0.0, low=0.0) == 0.5
    assert math.isnan(slope(mg.sigmoid, -720.0))
    assert math.isnan(slope(mg.tanh, -360.0))
    assert slope(mg.sigmoid, -700.0) == pytest.approx(math.exp(-700.0))


@pytest.mark.parametrize("branches", [(1.0, 1.0), (1.0, 1.0, 1.0), (0.0, 1.0, 1.0), (2.0,) * 4])
def test_expanded_maxout_shares_ties_like_the_gate(branches: tuple[float, ...]) -> None:
    wrt = tuple(range(len(branches)))
    whole = mg.grad(mg.maxout, wrt=wrt)(*branches)
    assert mg.grad(lambda *bs: mg.expand(mg.maxout(*bs)), wrt=wrt)(*branches) == whole


def test_expanded_maxout_broadcasts() -> None:
    rows, scalar = np.array([[0.0, 2.0], [3.0, 1.0]]), 1.0
    leaves = [mg.Tensor(rows), mg.Tensor(scalar), mg.Tensor([1.0, 1.0])]
    whole = mg.maxout(*leaves)
    opened = mg.expand(whole)
    assert_array_equal(opened.data, whole.data)
    for leaf in leaves:
        one, other = (
            mg.vjp(lambda t, f=f, leaf=leaf: f(*[t if x is leaf else x for x in leaves]), leaf.data)
            for f in (mg.maxout, lambda *bs: mg.expand(mg.maxout(*bs)))
        )
        assert_allclose(one[1](np.ones((2, 2)))[0], other[1](np.ones((2, 2)))[0], rtol=1e-15)


@pytest.mark.parametrize("x", [-20.0, -40.0, -300.0])
def test_tails_keep_their_digits(x: float) -> None:
    """eˣ, and not the difference of numbers near 1."""
    assert both_paths(mg.elu, x) == pytest.approx((math.exp(x),), rel=1e-14)
    assert both_paths(mg.expm1, x) == pytest.approx((math.exp(x),), rel=1e-14)
    (selu,) = both_paths(mg.selu, x)
    assert selu == pytest.approx(1.0507009873554805 * 1.6732632423543772 * math.exp(x), rel=1e-14)
    assert mg.grad(mg.grad(mg.elu))(x) == pytest.approx(math.exp(x), rel=1e-14)
    assert mg.grad(mg.grad(mg.elu))(0.0) == 1.0


def test_sigmoid_expands_into_the_lectures_gates() -> None:
    (f,) = expand([mg.sigmoid(mg.Tensor(1.0))])
    assert [n.gate.name for n in mg.topological_order([f]) if n.inputs] == [
        *("neg", "exp", "add", "recip")
    ]


# -- conventions -----------------------------------------------------------------------------


def gradients(fn: Callable[..., Any], *points: float) -> tuple[float, ...]:
    found = mg.grad(fn, wrt=tuple(range(len(points))))(*points)
    assert isinstance(found, tuple)
    return found


def both_paths(fn: Callable[..., Any], *points: float) -> tuple[float, ...]:
    """The gradients by the scalar path, after making sure that the array path agrees."""
    quick = gradients(fn, *points)
    arrays = gradients(lambda *xs: mg.sum(fn(*xs)), *(np.array([p]) for p in points))
    assert_array_equal(np.ravel(arrays), quick)
    return quick


def test_maximum_ties_share() -> None:
    assert both_paths(mg.maximum, 2.0, 2.0) == (0.5, 0.5)
    assert both_paths(mg.minimum, 2.0, 2.0) == (0.5, 0.5)
    assert both_paths(mg.maximum, 2.0, 3.0) == (0.0, 1.0)
    assert both_paths(mg.minimum, 2.0, 3.0) == (1.0, 0.0)
    assert both_paths(lambda x: mg.maximum(x, x), 2.0) == (1.0,)


def test_maxout_ties_share() -> None:
    assert gradients(mg.maxout, 1.0, 1.0, 1.0) == (1 / 3, 1 / 3, 1 / 3)
    assert gradients(mg.maxout, 1.0, 0.0, 1.0) == (0.5, 0.0, 0.5)


@pytest.mark.parametrize("pick", [mg.max, lambda x, **over: -mg.min(-x, **over)])
def test_max_over_an_axis_shares_ties(pick: Any) -> None:
    x = np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]])
    rows = mg.grad(lambda x: mg.sum(pick(x, axis=1) * np.array([1.0, 10.0])))(x)
    assert_allclose(rows, [[0, 0.5, 0.5], [10 / 3, 10 / 3, 10 / 3]], rtol=1e-15)
    whole = mg.grad(lambda x: pick(x))(x)
    assert_array_equal(whole, [[0, 0.5, 0.5], [0, 0, 0]])


def test_a_tie_is_said_on_the_gate() -> None:
    assert mg.TABLE["maximum"].tie(2.0, 2.0)
    assert not mg.TABLE["maximum"].tie(2.0, 3.0)
    assert mg.TABLE["relu"].tie(0.0)
    assert mg.TABLE["abs"].tie(0.0)
    assert_array_equal(
        mg.TABLE["max"].tie(np.array([[1.0, 1.0], [1.0, 2.0]]), axis=1, keepdims=False),
        [True, False],
    )
    assert mg.TABLE["clip"].tie(1.0, low=0.0, high=1.0)
    assert mg.TABLE["maxout"].tie(1.0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("fn", "x", "expected"),
    [
        (mg.relu, 0.0, 0.0),
        (mg.relu, -0.0, 0.0),
        (mg.abs, 0.0, 0.0),
        (mg.abs, -0.0, 0.0),
        (mg.leaky_relu, 0.0, 0.01),
        (mg.elu, 0.0, 1.0),
        (mg.selu, 0.0, 1.0507009873554805 * 1.6732632423543772),
        (lambda x: mg.clip(x, 0.0, 1.0), 0.0, 1.0),
        (lambda x: mg.clip(x, 0.0, 1.0), 1.0, 1.0),
        (lambda x: mg.clip(x, 0.0, 1.0), 1.5, 0.0),
        (mg.sqrt, 0.0, math.inf),
        (mg.log, 0.0, math.inf),
        (mg.recip, 0.0, -math.inf),
    ],
)
def test_kinks_and_poles(fn: Any, x: float, expected: float) -> None:
    assert both_paths(fn, x) == (expected,)


@pytest.mark.parametrize(
    ("x", "p", "base", "exponent"),
    [
        (2.0, 3.0, 12.0, 8 * math.log(2)),
        (2.0, 0.0, 0.0, math.log(2)),
        (0.0, 0.0, 0.0, 0.0),  # 0⁰ = 1
        (0.0, 1.0, 1.0, 0.0),
        (0.0, 2.0, 0.0, 0.0),
        (0.0, 0.5, math.inf, 0.0),
        (0.0, -1.0, -math.inf, -math.inf),
        (-2.0, 2.0, -4.0, math.nan),
        (-2.0, 3.0, 12.0, math.nan),
        (-2.0, 0.0, 0.0, math.nan),
        (-2.0, 0.5, math.nan, math.nan),
        (-2.0, -1.0, -0.25, math.nan),
    ],
)
def test_power(x: float, p: float, base: float, exponent: float) -> None:
    expected = [base, exponent]
    assert_allclose(gradients(mg.pow, x, p), expected, rtol=1e-15)
    found = mg.grad(lambda x, p: mg.sum(x**p), wrt=(0, 1))(np.array([x]), np.array([p]))
    assert_allclose(np.ravel(found), expected, rtol=1e-15)
    # As a graph, so that second derivatives start from the same numbers.
    tensors = mg.grad(mg.pow, wrt=(0, 1))(mg.Tensor(x), mg.Tensor(p))
    assert_allclose([t.data for t in tensors], expected, rtol=1e-15)
    # With the exponent a plain number, and with the base one: 2**v.
    assert_allclose(mg.grad(lambda x: x**p)(x), base, rtol=1e-15)
    assert_allclose(mg.grad(lambda p: x**p)(p), exponent, rtol=1e-15)


def repeated(fn: Callable[..., Any], x: Any, times: int) -> list[float]:
    found = []
    for _ in range(times):
        fn = mg.grad(fn)
        found.append(float(fn(x)))
    return found


@pytest.mark.parametrize("exponent", [float, mg.Tensor, lambda p: mg.constant([p])[0]])
def test_derivatives_of_powers_at_zero(exponent: Any) -> None:
    two, three, one, none = map(exponent, (2.0, 3.0, 1.0, 0.0))
    assert repeated(lambda x: x**two, 0.0, 4) == [0.0, 2.0, 0.0, 0.0]
    assert repeated(lambda x: x**three, 0.0, 5) == [0.0, 0.0, 6.0, 0.0, 0.0]
    assert repeated(lambda x: x**one, 0.0, 3) == [1.0, 0.0, 0.0]
    assert repeated(lambda x: x**none, 0.0, 3) == [0.0, 0.0, 0.0]


def test_array_of_exponents_at_zero() -> None:
    powers = np.array([0.0, 1.0, 2.0, 3.0])
    second = mg.grad(lambda x: mg.sum(mg.grad(lambda x: mg.sum(x**powers))(x)))
    assert_array_equal(second(np.zeros(4)), [0.0, 0.0, 2.0, 0.0])


@pytest.mark.parametrize("p", [0.0, 1.0, 2.5])
def test_the_hessian_of_a_power_is_symmetric(p: float) -> None:
    x = 2.0
    hessian = mg.hessian(lambda v: v[0] ** v[1])(np.array([x, p]))
    mixed = x ** (p - 1) * (1 + p * math.log(x))
    expected = [[p * (p - 1) * x ** (p - 2), mixed], [mixed, x**p * math.log(x) ** 2]]
    assert_allclose(hessian, expected, rtol=1e-14, atol=1e-15)


def test_stable_gradients_far_out() -> None:
    for x in (-1000.0, -50.0, 50.0, 1000.0):
        (s,) = both_paths(mg.sigmoid, x)
        assert 0.0 <= s <= math.exp(-50.0)
        assert_allclose(both_paths(mg.softplus, x), [1.0 if x > 0 else math.exp(x)], rtol=1e-15)
        assert both_paths(mg.tanh, x) == (0.0,)
    both = mg.grad(lambda x: mg.logsumexp(x))(np.array([1000.0, -1000.0]))
    assert_array_equal(both, [1.0, 0.0])
    logs = mg.grad(lambda x: mg.log_softmax(x)[1])(np.array([1000.0, -1000.0]))
    assert_array_equal(logs, [-1.0, 1.0])


def test_gradients_overflow_without_a_warning() -> None:
    x = np.array([1e200, 2.0])
    assert_array_equal(mg.grad(lambda x: mg.sum(x * x * x))(x), [np.inf, 12.0])
    assert mg.grad(lambda x: mg.recip(x))(1e-200) == -math.inf


def test_variance_with_too_few_elements() -> None:
    """0 / 0 forward, and NaN backward, without a warning."""
    assert np.isnan(mg.grad(lambda x: mg.var(x, ddof=1))(np.array([1.0]))).all()


def test_an_element_taken_twice_gets_both_gradients() -> None:
    x = mg.Tensor([1.0, 2.0, 3.0])
    (x[[2, 2, 0, -1]] * np.array([1.0, 10.0, 100.0, 1000.0])).sum().backward()
    assert_array_equal(x.grad, [100.0, 0.0, 1011.0])
