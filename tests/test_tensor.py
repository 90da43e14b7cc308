"""Tensor: data in and out, operators from both sides, comparisons, copies, placeholders."""

from __future__ import annotations

import copy
import operator
import pickle
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import microgd as mg

# -- data ------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [3, True, np.int32(3), np.uint8(3), np.float16(3), np.bool_(1)])
def test_numbers_become_floats(data: Any) -> None:
    x = mg.Tensor(data)
    assert x.data.__class__ is float
    assert x.data == float(data)
    assert x.shape == ()
    assert x.dtype == np.float64


@pytest.mark.parametrize(
    "data", [[1, 2], (1, 2), np.array([1, 2]), range(1, 3), np.array([1, 2.0])]
)
def test_whole_arrays_become_float64(data: Any) -> None:
    x = mg.Tensor(data)
    assert x.dtype == x.data.dtype == np.float64
    assert_array_equal(x.data, [1.0, 2.0])


def test_integers_do_not_divide_or_power_as_integers() -> None:
    assert (mg.Tensor(1) / 2).data == 0.5
    assert (mg.Tensor([2]) ** -1).data == [0.5]
    assert mg.recip(4) == 0.25
    assert mg.pow(2, -1) == 0.5


def test_dtypes() -> None:
    assert mg.Tensor(np.float32(1.5)).dtype == np.float32
    assert mg.Tensor([1.0], dtype="float32").dtype == np.float32
    assert mg.Tensor([1, 2], dtype="int64").dtype == np.int64
    with pytest.raises(mg.DataError, match="float64, float32"):
        mg.Tensor([1.0], dtype="float16")


NARROW = np.array([1.0, 2.0], np.float32)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (NARROW, NARROW, np.float32),
        (NARROW, 2.0, np.float32),
        (NARROW, np.float64(2.0), np.float32),
        (NARROW, mg.Tensor(2.0), np.float32),
        (NARROW, np.array([1.0, 2.0]), np.float64),
        (np.float32(1.0), 2.0, np.float32),
        (np.float32(1.0), np.array([1.0]), np.float64),
        (2.0, 3.0, np.float64),
    ],
)
def test_a_scalar_never_widens(left: Any, right: Any, expected: Any) -> None:
    for a, b in ((left, right), (right, left)):
        x = a if isinstance(a, mg.Tensor) else mg.Tensor(a)
        node = x * b
        assert node.dtype == expected
        assert np.asarray(node.value).dtype == expected
        assert mg.maximum(x, b).dtype == expected
        assert mg.where(1.0, x, b).dtype == expected


@pytest.mark.parametrize(
    "data", [None, "3", [1, [2, 3]], {"a": 1}, 1j, [1j], object(), np.array(["a"])]
)
def test_what_is_no_data(data: Any) -> None:
    with pytest.raises(mg.DataError):
        mg.Tensor(data)
    with pytest.raises(mg.DataError):
        mg.Tensor(1.0) * data


@pytest.mark.parametrize("data", [[np.nan, 1.5], 1.5, np.inf, [1e30], np.array([2**63], np.uint64)])
def test_indices_are_never_cut_to_whole_numbers(data: Any) -> None:
    with pytest.raises(mg.DataError, match="whole numbers"):
        mg.Tensor(data, dtype="int64")
    assert mg.Tensor([1.0, 2.0], dtype="int64").data.tolist() == [1, 2]
    x = mg.Tensor([1], dtype="int64")
    with pytest.raises(mg.DataError, match="whole numbers"):
        x.data = [0.5]


def test_float32_refuses_what_it_cannot_hold() -> None:
    for data in (1e300, [1.0, -1e39]):
        with pytest.raises(mg.DataError, match=r"up to 3\.4e\+38"):
            mg.Tensor(data, dtype="float32")
    assert mg.Tensor(np.inf, dtype="float32").data == np.inf
    assert np.isnan(mg.Tensor(np.nan, dtype="float32").data)
    assert mg.Tensor(1e-300, dtype="float32").data == 0.0  # a matter of precision
    x = mg.Tensor(1.0, dtype="float32")
    with pytest.raises(mg.DataError):
        x.data = 1e300


def test_masked_arrays_would_lose_their_mask() -> None:
    masked = np.ma.masked_array([1.0, 2.0], [True, False])
    with pytest.raises(mg.DataError, match="filled"):
        mg.Tensor(masked)
    with pytest.raises(mg.DataError, match="filled"):
        mg.Tensor(1.0) * masked


def test_large_whole_numbers() -> None:
    assert (mg.Tensor(1.0) * 2**70).data == 2.0**70
    with pytest.raises(mg.DataError, match="no float64"):
        mg.Tensor(10**400)


def test_lists_of_tensors_are_no_data() -> None:
    x = mg.Tensor(1.0)
    for data in ([x, x], [[x, 1.0], [2.0, x]], [(1.0, x)]):
        with pytest.raises(mg.DataError, match=r"mg\.stack"):
            mg.Tensor(data)
        with pytest.raises(mg.DataError, match=r"mg\.stack"):
            x + data


def test_a_tensor_of_a_tensor_is_a_fresh_leaf() -> None:
    x = mg.Tensor(2.0)
    y = mg.Tensor(x * x)
    assert y.data == 4.0
    assert y.is_leaf


def test_conversions() -> None:
    x = mg.Tensor([[2.5]])
    assert float(x) == x.item() == 2.5
    assert x.numpy().tolist() == np.asarray(x).tolist() == [[2.5]]
    assert np.asarray(x, dtype=np.float32).dtype == np.float32
    assert np.isclose(mg.Tensor(2.5), 2.5)
    assert (x.ndim, x.size, len(x), x.shape) == (2, 1, 1, (1, 1))
    copied = x.numpy()
    copied[0, 0] = 7.0
    assert x.item() == 2.5
    with pytest.raises(ValueError, match="size 1"):
        mg.Tensor([1.0, 2.0]).item()


def test_repr() -> None:
    assert repr(mg.Tensor(-2.0, name="x")) == "Tensor(-2, name='x')"
    assert repr(mg.Tensor([1.0, 2.0])) == "Tensor([1., 2.])"
    assert repr(mg.Tensor(np.float32(1.5))) == "Tensor(1.5, dtype=float32)"
    assert repr(mg.placeholder((2, 3), name="x")) == "Tensor(shape=(2, 3), name='x')"
    assert len(repr(mg.Tensor(np.zeros((1000, 1000))))) < 300


# -- assignment ------------------------------------------------------------------------------


def test_elements_of_a_tensor_cannot_be_assigned() -> None:
    x = mg.Tensor([1.0, 2.0])
    with pytest.raises(mg.DataError, match=r"mg\.where"):
        x[0] = 5.0
    with pytest.raises(mg.DataError, match=r"mg\.where"):
        mg.grad(lambda v: v.__setitem__(0, 1.0))(np.ones(2))


def test_only_a_leafs_data_can_be_assigned() -> None:
    x = mg.Tensor([1.0, 2.0], name="x")
    x.data = [3, 4]
    assert_array_equal(x.data, [3.0, 4.0])
    with pytest.raises(mg.ShapeError, match=r"'x' has shape \(2,\).*\(3,\)"):
        x.data = [1.0, 2.0, 3.0]
    with pytest.raises(mg.DataError, match="computed by gate 'mul'"):
        (x * 2).data = [1.0, 2.0]
    with pytest.raises(mg.DataError, match="placeholder"):
        mg.placeholder((2,)).data = [1.0, 2.0]
    with pytest.raises(mg.DataError):
        x.data = "12"


def test_assignment_keeps_the_dtype() -> None:
    x = mg.Tensor([1.0, 2.0], dtype="float32")
    x.data = [3.0, 4.0]
    x.data -= np.array([1.0, 1.0])
    assert x.data.dtype == np.float32
    i = mg.Tensor([1, 2], dtype="int64")
    i.data = [0, 1]
    assert i.data.dtype == np.int64


def test_grad_can_be_read_and_set() -> None:
    x = mg.Tensor(1.0)
    assert x.grad is None
    x.grad = 0
    assert x.grad == 0
    (x * 3).backward()
    x.data -= 0.1 * x.grad
    assert x.data == 1.0 - 0.1 * 3.0


# -- operators -------------------------------------------------------------------------------

BINARY = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    "greater": lambda a, b: a > b,
    "less": lambda a, b: a < b,
    "greater_equal": lambda a, b: a >= b,
    "less_equal": lambda a, b: a <= b,
    "equal": lambda a, b: a == b,
    "not_equal": lambda a, b: a != b,
}


@pytest.mark.parametrize("name", sorted(BINARY))
@pytest.mark.parametrize(
    "other", [2, 2.0, True, np.float64(2.0), np.int64(2), np.array([2.0, 3.0]), [2.0, 3.0], 2.5]
)
def test_operators_from_both_sides(name: str, other: Any) -> None:
    point = np.array([3.0, 0.5])
    x = mg.Tensor(point)
    apply = BINARY[name]
    plain = np.asarray(other, float)
    assert_array_equal(apply(x, other).data, apply(point, plain))
    reflected = apply(other, x)
    assert isinstance(reflected, mg.Tensor)
    assert_array_equal(reflected.data, apply(plain, point))
    scalar = mg.Tensor(3.0)
    assert_array_equal(apply(other, scalar).data, apply(plain, 3.0))


def test_gradients_of_reflected_operators() -> None:
    for fn, slope in [
        (lambda x: 3 - x, -1.0),
        (lambda x: 3 / x, -0.75),
        (lambda x: 1 / x, -0.25),
        (lambda x: 3**x, 9 * np.log(3)),
        (lambda x: 3 * x, 3.0),
        (lambda x: np.float64(3.0) - x, -1.0),
        (lambda x: (np.array([3.0, 1.0]) / x).sum(), -1.0),
    ]:
        assert np.isclose(mg.grad(fn)(2.0), slope, rtol=1e-15)


def test_matmul_from_both_sides() -> None:
    a, b = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    for product in (mg.Tensor(a) @ b, a @ mg.Tensor(b), mg.Tensor(a) @ mg.Tensor(b)):
        assert isinstance(product, mg.Tensor)
        assert_array_equal(product.data, a @ b)
    with pytest.raises(mg.ShapeError, match=r"matmul: .*\(3\).*\(2\)"):
        mg.Tensor(a) @ a
    with pytest.raises(mg.ShapeError, match=r"use \*"):
        mg.Tensor(a) @ 2.0


def test_unary() -> None:
    x = mg.Tensor([-1.0, 2.0])
    assert_array_equal((-x).data, [1.0, -2.0])
    assert_array_equal(abs(x).data, [1.0, 2.0])
    assert +x is x


def test_methods_are_the_functions() -> None:
    x = mg.Tensor([[0.5, 2.0], [1.0, 3.0]])
    for name in (
        *("exp", "log", "sin", "cos", "tanh", "sigmoid", "softplus", "relu", "abs", "sqrt"),
        *("square", "sum", "mean", "max", "min", "var", "logsumexp", "softmax", "log_softmax"),
    ):
        method, function = getattr(x, name)(), getattr(mg, name)(x)
        assert method.gate is function.gate
        assert method.params == function.params
        assert_array_equal(method.data, function.data)
    assert_array_equal(x.clip(1.0, 2.0).data, [[1.0, 2.0], [1.0, 2.0]])
    assert_array_equal(x.sum(axis=-1, keepdims=True).data, [[2.5], [4.0]])
    assert_array_equal(x.var(axis=0, ddof=1).data, [0.125, 0.5])
    assert x.broadcast_to((3, 2, 2)).shape == (3, 2, 2)


def test_reshape_and_transpose_take_sizes_or_a_tuple() -> None:
    x = mg.Tensor(np.arange(6.0).reshape(2, 3))
    for made in (x.reshape(3, 2), x.reshape((3, 2)), x.reshape([3, -1]), x.reshape(np.int64(3), 2)):
        assert made.shape == (3, 2)
    for made in (x.reshape(6), x.reshape(-1), x.reshape((6,)), x.reshape(np.int64(6))):
        assert made.shape == (6,)
    for made in (x.T, x.transpose(), x.transpose(1, 0), x.transpose((1, 0)), x.transpose(-1, 0)):
        assert_array_equal(made.data, x.data.T)
    assert mg.Tensor([1.0]).reshape(()).shape == ()


def test_other_objects_are_refused() -> None:
    x = mg.Tensor(1.0)
    for name in ("add", "mul", "sub", "div", "pow"):
        for other in ("a", None, object(), {}):
            with pytest.raises(TypeError):
                BINARY[name](x, other)
            with pytest.raises(TypeError):
                BINARY[name](other, x)


# -- comparison and identity -----------------------------------------------------------------


def test_equality_compares_values_and_hash_identity() -> None:
    x, y = mg.Tensor(1.0), mg.Tensor(1.0)
    assert (x == y).data == 1.0
    assert (x != y).data == 0.0
    assert (x == 1).data == 1.0
    assert operator.eq(1, x).data == 1.0
    assert len({x, y}) == 2
    assert {x: "a"}[x] == "a"
    assert y not in {x: "a"}
    assert hash(x) == hash(x)


def test_comparison_with_what_is_no_number() -> None:
    x = mg.Tensor(1.0)
    assert (x == None) is False  # noqa: E711
    assert (x != None) is True  # noqa: E711
    assert (x == "x") is False
    assert x not in ("x", None)
    with pytest.raises(TypeError):
        x < "x"  # noqa: B015


def test_in_a_list_compares_values_as_for_floats() -> None:
    x, y, z = mg.Tensor(1.0), mg.Tensor(1.0), mg.Tensor(2.0)
    assert x in [z, x]
    assert y in [x]  # equal numbers, as for floats; identity is `any(t is y for t in ts)`
    assert z not in [x, y]
    arrays = [mg.Tensor([1.0, 2.0]), mg.Tensor([1.0, 2.0])]
    assert arrays[0] in arrays
    with pytest.raises(mg.ShapeError, match="neither true nor false"):
        assert mg.Tensor([1.0, 3.0]) in arrays


def test_truth() -> None:
    assert mg.Tensor(1.0)
    assert not mg.Tensor(0.0)
    assert mg.Tensor([[2.0]])
    assert mg.Tensor(1.0) < mg.Tensor(2.0)
    assert max(mg.Tensor(1.0), mg.Tensor(3.0), mg.Tensor(2.0)).data == 3.0
    with pytest.raises(mg.ShapeError, match=r"shape \(2,\) is neither.*min\(\)"):
        bool(mg.Tensor([1.0, 2.0]))


# -- indexing, iteration ---------------------------------------------------------------------


def test_iteration_and_length() -> None:
    x = mg.Tensor([[1.0, 2.0], [3.0, 4.0]])
    assert len(x) == 2
    rows = list(x)
    assert [r.data.tolist() for r in rows] == [[1.0, 2.0], [3.0, 4.0]]
    (a, b), _ = x
    (a * b).backward()
    assert_array_equal(x.grad, [[2.0, 1.0], [0.0, 0.0]])
    assert list(mg.Tensor(np.zeros((0, 2)))) == []
    with pytest.raises(mg.ShapeError, match="no length"):
        len(mg.Tensor(1.0))
    with pytest.raises(mg.ShapeError, match="no length"):
        list(mg.Tensor(1.0))
    assert sum(mg.Tensor([1.0, 2.0, 3.0])).data == 6.0


@pytest.mark.parametrize(
    "key",
    [
        *(0, -1, slice(1, None), (0, 1), (slice(None), -1), (None, 0), (Ellipsis, 0)),
        *(np.int64(1), (np.int64(1), 0), slice(None, None, -1)),
    ],
)
def test_indexing(key: Any) -> None:
    array = np.arange(6.0).reshape(2, 3)
    x = mg.Tensor(array)
    assert_array_equal(x[key].data, array[key])
    x[key].sum().backward()
    expected = np.zeros((2, 3))
    expected[key] = 1.0
    assert_array_equal(x.grad, expected)


@pytest.mark.parametrize("key", [[1, 0, 1], np.array([1, 0, 1]), np.array([[0], [1]]), [-1], []])
def test_indexing_by_whole_numbers(key: Any) -> None:
    array = np.arange(6.0).reshape(2, 3)
    x = mg.Tensor(array)
    expected = array[np.array(key, int)]
    assert_array_equal(x[key].data, expected)
    assert_array_equal(x[mg.Tensor(key)].data, expected)


@pytest.mark.parametrize(
    "key",
    [0.5, "a", True, (0, True), (slice(None), [0, 1]), (0, 0, 0), 2, -3, (0, np.array([1])), {}],
)
def test_wrong_indices(key: Any) -> None:
    x = mg.Tensor(np.zeros((2, 3)))
    with pytest.raises(mg.ShapeError, match="index"):
        x[key]


@pytest.mark.parametrize("key", [[0.5], [2], [-3], [np.nan]])
def test_wrong_lists_of_indices(key: Any) -> None:
    with pytest.raises(mg.ShapeError, match="ind"):
        mg.Tensor(np.zeros((2, 3)))[key]


def test_masks_are_refused_instead_of_read_as_the_numbers_0_and_1() -> None:
    x = mg.Tensor([1.0, -2.0, 3.0])
    for mask in (x > 0, x.data > 0, [True, False, True], mg.logical_and(x > 0, x < 2), x == 1):
        with pytest.raises(mg.ShapeError, match=r"mg\.where.*flatnonzero"):
            x[mask]
    assert_array_equal(x[np.flatnonzero(x.data > 0)].data, [1.0, 3.0])


def test_the_index_gate_takes_no_arrays() -> None:
    """Its reverse, place, would lose what a repeated index sends back."""
    with pytest.raises(mg.ShapeError, match=r"mg\.take"):
        mg.index(mg.Tensor([1.0, 2.0]), np.array([0, 0]))


# -- placeholders ----------------------------------------------------------------------------


def test_placeholders_have_shapes_only() -> None:
    x = mg.placeholder((2, 3), name="x")
    w = mg.placeholder((3, 4), dtype="float32")
    h = mg.relu(x @ w + 1.0)
    assert (h.shape, h.data, h.name) == ((2, 4), None, None)
    assert mg.placeholder(5).shape == (5,)
    assert mg.placeholder().shape == ()
    assert repr(h) == "Tensor(shape=(2, 4), gate=relu)"
    with pytest.raises(mg.ShapeError, match=r"matmul.*\(2, 3\), \(2, 3\)"):
        x @ x
    with pytest.raises(mg.ShapeError, match="whole numbers"):
        mg.placeholder((2, -1))


@pytest.mark.parametrize(
    "use",
    [
        bool,
        float,
        lambda x: x.item(),
        lambda x: x.numpy(),
        np.asarray,
        lambda x: 1 if x > 0 else 2,
        lambda x: x in [mg.Tensor(1.0)],
        lambda x: max(x, 1.0),
        lambda x: x.backward(),
    ],
)
def test_numbers_of_placeholders(use: Any) -> None:
    x = mg.placeholder(name="speed")
    with pytest.raises(mg.PlaceholderError, match=r"no numbers.*mg\.where\(condition, a, b\)"):
        use(x)


# -- copies ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
@pytest.mark.parametrize("data", [2.5, [1.0, 2.0], np.float32(1.5)])
def test_leaves_can_be_copied(again: Any, data: Any) -> None:
    x = mg.Tensor(data, name="x")
    (x * x).sum().backward()
    y = again(x)
    assert y is not x
    assert_array_equal(y.data, x.data)
    assert_array_equal(y.grad, x.grad)
    assert (y.name, y.shape, y.dtype, y.gate) == ("x", x.shape, x.dtype, x.gate)
    y.data = y.data * 3
    y.grad = None
    assert_array_equal(x.data, data)
    assert x.grad is not None
    (y * y).sum().backward()
    assert_array_equal(y.grad, 6 * np.asarray(data))
    assert mg.constant(data).is_constant
    assert again(mg.constant(data)).is_constant
    ghost = again(mg.placeholder((2, 3), name="ghost"))
    assert (ghost.shape, ghost.data, ghost.name) == ((2, 3), None, "ghost")


def test_deep_copies_of_parameter_trees() -> None:
    shared = mg.Tensor([1.0, 2.0])
    tree = {"w": shared, "layers": [shared, mg.Tensor(3.0)], "act": mg.relu}
    again = copy.deepcopy(tree)
    assert again["w"] is again["layers"][0]
    assert again["w"] is not shared
    assert again["act"] is mg.relu
    assert pickle.loads(pickle.dumps(tree))["act"] is mg.relu


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, pickle.dumps])
def test_computed_tensors_cannot_be_copied(again: Any) -> None:
    with pytest.raises(mg.DataError, match=r"only a leaf.*'mul'.*mg\.Tensor\(t\.data\)"):
        again(mg.Tensor(2.0) * 3)
