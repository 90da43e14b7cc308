"""grad, vjp, jvp, Jacobians and Hessians against results worked out by hand, and each other."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import microgd as mg

CLOSE = {"rtol": 1e-13, "atol": 1e-14}

# -- grad ------------------------------------------------------------------------------------


def test_derivatives_of_a_polynomial() -> None:
    def f(x: Any) -> Any:
        return x**4 * 0.5 - 2 * x**2 + x + 5

    first = mg.grad(f)
    second = mg.grad(first)
    third = mg.grad(second)
    for x in (-1.5, 0.0, 2.0):
        assert_allclose(first(x), 2 * x**3 - 4 * x + 1, **CLOSE)
        assert_allclose(second(x), 6 * x**2 - 4, **CLOSE)
        assert_allclose(third(x), 12 * x, **CLOSE)
        assert_allclose(mg.grad(mg.grad(third))(x), 0.0)


def test_numbers_in_numbers_out() -> None:
    value, slope = mg.value_and_grad(lambda x: x * x)(3)
    assert (value, slope) == (9.0, 6.0)
    assert value.__class__ is float
    assert slope.__class__ is float
    array = mg.grad(lambda x: (x * x).sum())(np.array([1, 2]))
    assert type(array) is np.ndarray
    assert array.flags.writeable
    assert_array_equal(array, [2.0, 4.0])
    given = np.array([1.0, 2.0])
    mg.grad(lambda x: x.sum())(given)[0] = 9.0
    assert_array_equal(given, [1.0, 2.0])


def test_tensors_in_tensors_out() -> None:
    x = mg.Tensor(3.0, name="x")
    value, slope = mg.value_and_grad(lambda x: x**3)(x)
    assert isinstance(value, mg.Tensor)
    assert slope.data == 27.0
    slope.backward()
    assert x.grad == 18.0


def test_nothing_accumulates() -> None:
    x = mg.Tensor(3.0)
    for _ in range(3):
        assert mg.grad(lambda x: x * x)(x).data == 6.0
    assert x.grad is None


def test_wrt() -> None:
    def f(x: Any, y: Any, z: Any = 1.0) -> Any:
        return x * y * y * z

    assert mg.grad(f)(2.0, 3.0) == 9.0
    assert mg.grad(f, 1)(2.0, 3.0) == 12.0
    assert mg.grad(f, -1)(2.0, 3.0) == 12.0
    assert mg.grad(f, (0, 1))(2.0, 3.0) == (9.0, 12.0)
    assert mg.grad(f, (1, 0))(2.0, 3.0, z=10.0) == (120.0, 90.0)
    with pytest.raises(mg.ShapeError, match="wrt names argument 2, but 2 were given"):
        mg.grad(f, 2)(2.0, 3.0)
    with pytest.raises(mg.ShapeError, match="wrt"):
        mg.jacobian(f, 2)(2.0, 3.0)


class Layer(NamedTuple):
    w: Any
    b: Any


def test_trees() -> None:
    def loss(net: Any, x: Any) -> Any:
        h = x
        for layer in net["layers"]:
            h = h @ layer.w + layer.b
        return (h * net["scale"]).sum()

    net = {
        "layers": [
            Layer(np.ones((3, 2)), np.zeros(2)),
            Layer(np.full((2, 2), 2.0), (np.zeros(2))),
        ],
        "scale": 0.5,
    }
    x = np.array([1.0, 2.0, 3.0])
    g = mg.grad(loss)(net, x)
    assert list(g) == ["layers", "scale"]
    assert isinstance(g["layers"][0], Layer)
    assert_array_equal(g["layers"][1].b, [0.5, 0.5])
    assert_array_equal(g["layers"][1].w, np.full((2, 2), 3.0))
    assert_array_equal(g["layers"][0].b, [2.0, 2.0])
    assert_array_equal(g["layers"][0].w, np.outer(x, [2.0, 2.0]))
    assert g["scale"] == 48.0
    both = mg.grad(loss, (0, 1))(net, x)
    assert_array_equal(both[1], [4.0, 4.0, 4.0])
    assert mg.grad(lambda t: t[0] * t[1][0])((2.0, [3.0])) == (3.0, [2.0])


def test_an_argument_that_is_not_used() -> None:
    g = mg.grad(lambda x, y: x * x, (0, 1))(3.0, np.ones((2, 2)))
    assert g[0] == 6.0
    assert_array_equal(g[1], np.zeros((2, 2)))
    assert mg.grad(lambda x: 5.0)(1.0) == 0.0
    assert mg.grad(mg.grad(lambda x: 3 * x))(1.0) == 0.0
    assert mg.grad(lambda x: x)(1.0) == 1.0


@pytest.mark.parametrize(
    ("fn", "error", "message"),
    [
        (lambda x: x * np.ones(2), mg.ShapeError, r"shape \(2,\): reduce it .*jacobian"),
        (lambda x: None, mg.DataError, "returned NoneType"),
        (lambda x: (x, x), mg.DataError, "returned tuple"),
        (lambda x: "x", mg.DataError, "returned str"),
    ],
)
def test_what_grad_needs(fn: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        mg.grad(fn)(1.0)


@pytest.mark.parametrize(
    "convert",
    [
        lambda x: math.sin(x),
        lambda x: float(x * 2),
        lambda x: np.array(x),
        lambda x: np.asarray(x * 2),
        lambda x: np.sum(np.array([x, 2 * x])),
        lambda x: mg.Tensor(1.0) * np.array(x),
    ],
)
@pytest.mark.parametrize(
    "differentiate",
    [
        lambda fn: mg.grad(fn)(3.0),
        lambda fn: mg.grad(fn)(mg.Tensor(3.0)),
        lambda fn: mg.value_and_grad(lambda y: mg.grad(lambda x: x * fn(y))(2.0))(3.0),
        lambda fn: mg.vjp(fn, 3.0),
        lambda fn: mg.jvp(fn, (3.0,), (1.0,)),
        lambda fn: mg.jacobian(fn)(3.0),
    ],
)
def test_no_gradient_is_lost_in_a_conversion(convert: Any, differentiate: Any) -> None:
    with pytest.raises(mg.DataError, match=r"mg\.sin .*\.item\(\)"):
        differentiate(lambda x: x * convert(x))


def test_conversions_that_lose_nothing() -> None:
    other = mg.Tensor(2.0)
    assert mg.grad(lambda x: x * float(other) * np.asarray(other))(3.0) == 4.0
    assert mg.grad(lambda x: x * x.item() + x.data * 5)(3.0) == 3.0
    assert mg.grad(lambda x: x * 2 if x > 1 else x)(3.0) == 2.0
    x = mg.Tensor(3.0)
    f = x * math.sin(x)
    mg.grad(lambda y: y * y)(1.0)
    assert float(f) == 3.0 * math.sin(3.0)


def test_placeholders_give_graphs() -> None:
    x = mg.placeholder((3,), name="x")
    g = mg.grad(lambda x: (x * x).sum())(x)
    assert (g.shape, g.data) == ((3,), None)
    y = mg.placeholder(name="y")
    g = mg.grad(lambda x: x * y)(2.0)  # no numbers to answer with: a graph again
    assert (g.shape, g.data) == ((), None)


# -- nesting through closures ----------------------------------------------------------------


def test_perturbation_confusion() -> None:
    """d/dx [x · d/dy (x + y)] is 1, not 2 (Siskind & Pearlmutter, 2005)."""
    assert mg.grad(lambda x: x * mg.grad(lambda y: x + y)(1.0))(1.0) == 1.0
    assert mg.grad(lambda x: x * mg.grad(lambda y: x + y)(x))(1.0) == 1.0


def test_an_inner_gradient_that_depends_on_the_outer_variable() -> None:
    """d/dx [x · d/dy (x·y)] = d/dx x² = 2x, whatever y is."""
    assert mg.grad(lambda x: x * mg.grad(lambda y: x * y)(1.0))(3.0) == 6.0
    assert mg.grad(lambda x: mg.grad(lambda y: x * x * y * y)(5.0))(3.0) == 60.0
    triple = mg.grad(lambda x: mg.grad(lambda y: mg.grad(lambda z: x * y * y * z)(1.0))(2.0))
    assert triple(3.0) == 4.0
    values = mg.grad(lambda x: mg.value_and_grad(lambda y: x * y)(2.0)[0])(3.0)
    assert values == 2.0


def test_the_same_through_vjp_jvp_and_jacobian() -> None:
    assert mg.grad(lambda x: mg.vjp(lambda y: x * y, 2.0)[1](1.0)[0] * x)(3.0) == 6.0
    assert mg.grad(lambda x: mg.jvp(lambda y: x * y * y, [2.0], [1.0])[1])(3.0) == 4.0
    rows = mg.jacobian(lambda x: mg.jacobian(lambda y: x * y)(np.array([1.0, 2.0])).sum())
    assert_array_equal(rows(np.array([3.0, 4.0])), [1.0, 1.0])


def test_an_outer_call_does_not_leak_into_the_next() -> None:
    with pytest.raises(ZeroDivisionError):
        mg.grad(lambda x: 1 // 0)(1.0)
    assert mg.grad(lambda x: x * x)(3.0).__class__ is float
    seen = []

    def outer(x: Any) -> Any:
        seen.append(mg.grad(lambda y: y * y)(2.0))  # does not use x: a plain number
        return x * seen[0]

    assert mg.grad(outer)(1.0) == 4.0
    assert seen == [4.0]
    assert seen[0].__class__ is float


def test_tensors_of_a_closure_count_as_numbers() -> None:
    w = mg.Tensor([2.0, 3.0])
    g = mg.grad(lambda x: (w * x).sum())(np.array([1.0, 1.0]))
    assert type(g) is np.ndarray
    assert_array_equal(g, [2.0, 3.0])
    assert w.grad is None


# -- vjp and jvp -----------------------------------------------------------------------------


def test_vjp() -> None:
    out, pull = mg.vjp(lambda x, y: x @ y, np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]))
    assert_array_equal(out, [[11.0]])
    gx, gy = pull(np.array([[10.0]]))
    assert_array_equal(gx, [[30.0, 40.0]])
    assert_array_equal(gy, [[10.0], [20.0]])
    assert_array_equal(pull([[1.0]])[0], [[3.0, 4.0]])
    with pytest.raises(mg.ShapeError, match=r"shape \(1, 1\), got \(\)"):
        pull(1.0)


def test_jvp() -> None:
    out, tangent = mg.jvp(lambda x, y: x * y, (3.0, 4.0), (1.0, 10.0))
    assert (out, tangent) == (12.0, 34.0)
    assert tangent.__class__ is float
    out, tangent = mg.jvp(mg.sin, [2.0], [1.0])
    assert_allclose(tangent, math.cos(2.0), **CLOSE)
    out, tangent = mg.jvp(lambda x: 5.0, [2.0], [1.0])
    assert (out, tangent) == (5.0, 0.0)
    out, tangent = mg.jvp(lambda x: x.sum(), [[1, 2]], [[1, 1]])
    assert (out, tangent) == (3.0, 2.0)
    with pytest.raises(mg.ShapeError, match="2 inputs need as many tangents"):
        mg.jvp(lambda x, y: x, (1.0, 2.0), (1.0,))
    with pytest.raises(mg.ShapeError, match=r"tangent has shape \(2,\), its input \(\)"):
        mg.jvp(lambda x: x, (1.0,), ([1.0, 2.0],))


@pytest.mark.parametrize("x", [np.float32(2.0), np.array([1.0, 2.0], np.float32)])
def test_jvp_stays_in_float32(x: Any) -> None:
    out, tangent = mg.jvp(lambda x: x * x, (x,), (x,))
    assert (out.dtype, tangent.dtype) == (np.float32, np.float32)
    assert_array_equal(tangent, 2 * x * x)


FUNCTIONS = {
    "softmax": lambda x: mg.softmax(x * 2),
    "matrix": lambda x: np.arange(6.0).reshape(2, 3) @ x,
    "scalar": lambda x: mg.logsumexp(x * x),
    "outer": lambda x: x.reshape(3, 1) * mg.tanh(x),
    "linear": lambda x: x + 1,
    "picked": lambda x: mg.concatenate([x[1:], x[[0, 0]]]),
}


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_vjp_jvp_and_jacobian_agree(name: str) -> None:
    fn = FUNCTIONS[name]
    random = np.random.default_rng(0)
    x, tangent = random.normal(size=3), random.normal(size=3)
    table = mg.jacobian(fn)(x)
    out, pull = mg.vjp(fn, x)
    assert np.shape(table) == (*np.shape(out), 3)
    upstream = random.normal(size=np.shape(out))
    assert_allclose(pull(upstream)[0], np.tensordot(upstream, table, np.ndim(out)), **CLOSE)
    pushed = mg.jvp(fn, [x], [tangent])[1]
    assert_allclose(pushed, table @ tangent, **CLOSE)
    for place in range(3):
        step = np.eye(3)[place] * 1e-6
        ahead, behind = fn(mg.Tensor(x + step)).data, fn(mg.Tensor(x - step)).data
        # The central difference is good to h² = 1e-12 and ε/h = 1e-10.
        assert_allclose(table[..., place], (ahead - behind) / 2e-6, rtol=1e-7, atol=1e-8)
    as_tensor = mg.jacobian(fn)(mg.Tensor(x))
    assert isinstance(as_tensor, mg.Tensor)
    assert_allclose(as_tensor.data, table, **CLOSE)


# -- Jacobians and Hessians ------------------------------------------------------------------


def test_jacobian_by_hand() -> None:
    """Polar coordinates: ∂(x, y)/∂(r, φ), whose determinant is r."""
    r, phi = 2.0, 0.7

    def polar(v: Any) -> Any:
        return mg.stack([v[0] * mg.cos(v[1]), v[0] * mg.sin(v[1])])

    table = mg.jacobian(polar)(np.array([r, phi]))
    c, s = math.cos(phi), math.sin(phi)
    assert_allclose(table, [[c, -r * s], [s, r * c]], **CLOSE)
    assert_allclose(np.linalg.det(table), r, **CLOSE)


def test_jacobian_shapes() -> None:
    assert mg.jacobian(lambda x: x * 2)(3.0) == 2.0
    assert mg.jacobian(lambda x: x * 2)(3.0).__class__ is float
    assert mg.jacobian(lambda x: x.reshape(3, 2))(np.zeros((2, 3))).shape == (3, 2, 2, 3)
    assert mg.jacobian(lambda x, y: x * y, wrt=1)(np.ones(2), 3.0).shape == (2,)
    assert mg.jacobian(lambda x: x[:0])(np.ones(2)).shape == (0, 2)
    assert mg.jacobian(lambda x: x[:0])(mg.Tensor([1.0, 1.0])).shape == (0, 2)
    assert mg.jacobian(lambda x: x * 2)(np.ones(2, np.float32)).dtype == np.float32


def test_elementwise_jacobians_are_diagonal() -> None:
    """Lecture A7: of max(0, x) on n inputs only the diagonal is not zero."""
    x = np.array([-1.0, 2.0, 0.0, 3.0])
    assert_array_equal(mg.jacobian(mg.relu)(x), np.diag([0.0, 1.0, 0.0, 1.0]))


def test_hessian_by_hand() -> None:
    """Rosenbrock's valley (1−x)² + 100 (y−x²)² at (1, 1)."""

    def valley(v: Any) -> Any:
        return (1 - v[0]) ** 2 + 100 * (v[1] - v[0] ** 2) ** 2

    assert_allclose(mg.hessian(valley)(np.array([1.0, 1.0])), [[802, -400], [-400, 200]], **CLOSE)
    x, y = -1.2, 0.5
    expected = [[2 - 400 * (y - 3 * x * x), -400 * x], [-400 * x, 200]]
    assert_allclose(mg.hessian(valley)(np.array([x, y])), expected, **CLOSE)
    assert mg.hessian(lambda x: x**3)(2.0) == 12.0


def test_hessian_of_log_sum_exp() -> None:
    x = np.array([0.3, -1.0, 2.0])
    s = np.exp(x) / np.exp(x).sum()
    expected = np.diag(s) - np.outer(s, s)
    assert_allclose(mg.hessian(lambda x: mg.logsumexp(x))(x), expected, **CLOSE)
    assert_allclose(mg.jacobian(lambda x: mg.softmax(x))(x), expected, **CLOSE)


def test_hessian_vector_product_without_the_hessian() -> None:
    def f(x: Any) -> Any:
        return mg.sum(mg.tanh(x) * x * x)

    random = np.random.default_rng(1)
    x, v = random.normal(size=4), random.normal(size=4)
    whole = mg.hessian(f)(x)
    assert_allclose(whole, whole.T, **CLOSE)
    forward_over_reverse = mg.jvp(mg.grad(f), [x], [v])[1]
    reverse_over_reverse = mg.grad(lambda x: mg.sum(mg.grad(f)(x) * v))(x)
    assert_allclose(forward_over_reverse, whole @ v, **CLOSE)
    assert_allclose(reverse_over_reverse, whole @ v, **CLOSE)


@pytest.mark.parametrize("order", range(1, 7))
def test_derivatives_of_any_order(order: int) -> None:
    """sin, whose derivatives go round, and e^(2x), whose nth is 2ⁿ times itself."""
    turning: Any = mg.sin
    growing: Any = lambda x: mg.exp(2 * x)  # noqa: E731
    for _ in range(order):
        turning, growing = mg.grad(turning), mg.grad(growing)
    assert_allclose(turning(0.7), math.sin(0.7 + order * math.pi / 2), **CLOSE)
    assert_allclose(growing(0.7), 2**order * math.exp(1.4), **CLOSE)
