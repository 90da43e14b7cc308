"""Results of compiled functions in the hands of NumPy and Python; compiled functions in others."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import microgd as mg

NUMBERS = np.arange(6, dtype=np.float32).reshape(2, 3)


def array(numbers: Any = NUMBERS) -> mg.DeviceArray:
    return mg.device_array(numbers, "interpreter")


def number(value: float = 7.0) -> mg.DeviceArray:
    return array(value)


@pytest.mark.parametrize(
    "compute",
    [
        lambda x: x + 1,
        lambda x: 1 - x,
        lambda x: 2 * x / 3,
        lambda x: x**2 // 2 % 3,
        lambda x: 2**x,
        lambda x: x @ np.ones((3, 2)),
        lambda x: np.ones((3, 2)) @ x,
        lambda x: x + x,
        lambda x: abs(-x),
        lambda x: np.round(x / 3, 1),
        lambda x: np.float32(2) * x,
        lambda x: (x < 3) | (x >= 4),
        lambda x: (x == x) & (x != 2) & (x <= 9) & (x > -1),
        lambda x: x[1],
        lambda x: x[:, 1:],
        lambda x: x[..., None],
        lambda x: x[np.array([1, 1])],
        lambda x: sum(x),
        lambda x: np.stack(list(x)),
        lambda x: np.exp(x).sum(),
        lambda x: x.tolist(),
        lambda x: len(x),
        str,
    ],
)
def test_it_computes_as_numpy_does(compute: Callable[[Any], Any]) -> None:
    want, got = compute(NUMBERS), compute(array())
    assert type(got) is type(want)
    assert np.array_equal(got, want)
    assert getattr(got, "dtype", None) == getattr(want, "dtype", None)


def test_one_number_is_a_number() -> None:
    x = number()
    assert (float(x), int(x), bool(x), x.item(), bool(number(0.0))) == (7.0, 7, True, 7.0, False)
    assert (f"{x:.3f}", f"{x}", f"{x:>5}") == ("7.000", "7.0", "  7.0")
    assert x < 8
    assert x == 7.0
    assert max(x, 3.0) is x
    assert (round(x / 3, 1), round(x)) == (2.3, 7)
    assert [1, 2, 3][array(1)] == 2
    assert isinstance(array(1).item(), int)
    total = 1.0
    total += x
    assert total == 8.0
    with pytest.raises(TypeError, match="no length"):
        len(x)
    with pytest.raises(ValueError, match="ambiguous"):
        bool(array())


def test_it_shows_its_numbers() -> None:
    x = array([1.0, 2.0])
    assert repr(x) == "DeviceArray([1., 2.], dtype=float64, device='NumPy interpreter')"
    mg.compile(lambda x: x + 1, device="interpreter", donate=(0,))(x)
    assert repr(x) == "DeviceArray(given away, shape=(2,), dtype=float64)"
    assert len(repr(array(np.zeros(10_000)))) < 200


def test_a_tensor_takes_it_as_a_constant() -> None:
    w = mg.Tensor(np.ones((3, 2)))
    for product in (array() @ w, mg.Tensor(2.0) * array(), array() * mg.Tensor(2.0)):
        assert isinstance(product, mg.Tensor)
    (array() @ w).sum().backward()
    assert np.array_equal(w.grad, NUMBERS.sum(0)[:, None] * np.ones((1, 2)))
    rows = mg.compile(lambda i: array()[i] * 10, device="interpreter")
    assert np.array_equal(rows(np.array([1, 0])), NUMBERS[[1, 0]] * 10)


@pytest.mark.parametrize(
    "again",
    [mg.DeviceArray.copy, copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))],
    ids=["copy", "copy.copy", "deepcopy", "pickle"],
)
def test_copies_are_their_own(again: Callable[[Any], Any]) -> None:
    x = array()
    kept = again(x)
    mg.compile(lambda x: x * 0, device="interpreter", donate=(0,))(x)
    assert isinstance(kept, mg.DeviceArray)
    assert kept.dtype == np.float32
    assert np.array_equal(kept, NUMBERS)


def test_a_copy_on_a_device(opencl_device: Any) -> None:
    program = mg.compile(lambda x: x * 2, device=opencl_device, donate=(0,))
    first = mg.device_array(NUMBERS, opencl_device)
    kept = first.copy()
    assert kept.device is opencl_device
    assert np.array_equal(program(first), NUMBERS * 2)
    assert np.array_equal(kept, NUMBERS)
    assert kept[1, 2] == 5
    assert np.array_equal(pickle.loads(pickle.dumps(kept)), NUMBERS)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("sum", r"x\.numpy\(\)\.sum"),
        ("T", r"x\.numpy\(\)\.T"),
        ("data", r"x\.numpy\(\)$"),
        ("backward", "value_and_grad"),
        ("grad", "value_and_grad"),
        ("nothing", "no attribute 'nothing'$"),
    ],
)
def test_what_it_has_not_says_what_to_do(name: str, words: str) -> None:
    with pytest.raises(AttributeError, match=words):
        getattr(array(), name)
    assert not hasattr(array(), name)


def test_elements_are_not_assigned() -> None:
    with pytest.raises(TypeError, match="device_array"):
        array()[0] = 1.0


# -- compiled functions within others ------------------------------------------------------------


def cube() -> Any:
    return mg.compile(lambda x: x * x * x, device="interpreter")


def test_a_compiled_function_is_differentiated_like_any_other() -> None:
    f = cube()
    assert mg.grad(f)(2.0) == 12.0
    assert mg.grad(mg.grad(f))(2.0) == 12.0
    assert mg.value_and_grad(f)(2.0) == (8.0, 12.0)
    assert mg.vjp(f, 2.0)[1](1.0) == (12.0,)
    assert mg.hessian(f)(2.0) == 12.0
    assert np.array_equal(mg.jacobian(f)(np.array([1.0, 2.0])), np.diag([3.0, 12.0]))
    assert mg.check_gradients(f, np.array([1.0, 2.0])).ok


def test_so_is_one_that_refers_to_the_variable() -> None:
    assert mg.grad(lambda w: mg.compile(lambda x: x * w, device="interpreter")(2.0))(3.0) == 2.0


def test_its_other_arguments_are_what_they_were() -> None:
    def loss(w: Any, x: Any, rows: Any, square: bool) -> Any:
        out = mg.take(x @ w, rows)
        return mg.sum(out * out if square else out)

    w, x, rows = np.ones((3, 2)), array(), np.array([1, 1])
    program = mg.compile(loss, device="interpreter")
    want = mg.grad(loss)(w, mg.Tensor(NUMBERS), rows, True)
    assert np.array_equal(mg.grad(program)(w, x, rows, True), want)


def test_a_compiled_function_is_compiled_into_another() -> None:
    f = cube()
    assert float(mg.compile(lambda x: f(x) + 1, device="interpreter")(2.0)) == 9.0
    assert float(mg.compile(mg.grad(f), device="interpreter")(2.0)) == 12.0
    inner = mg.compile(
        lambda x: mg.compile(lambda: x * 2, device="interpreter")() + 1, device="interpreter"
    )
    assert float(inner(2.0)) == 5.0
    assert float(f(2.0)) == 8.0


class Layer:
    def __init__(self, scale: float) -> None:
        self.w = mg.Tensor(np.full((3, 2), scale))

    @mg.compile(device="interpreter")
    def forward(self, x: Any) -> Any:
        return x @ self.w

    @mg.compile(device="interpreter", donate=(0,))
    def more(self, x: Any) -> Any:
        return x + 1


def test_a_method_can_be_compiled() -> None:
    one, two = Layer(1.0), Layer(2.0)
    assert (one.forward(NUMBERS)[0, 0], two.forward(NUMBERS)[0, 0]) == (3, 6)
    assert one.forward is one.__dict__["forward"]
    one.w.data = np.zeros((3, 2))
    assert (one.forward(NUMBERS)[0, 0], two.forward(NUMBERS)[0, 0]) == (0, 6)
    given = array()
    assert one.more(given)[0, 0] == 1
    with pytest.raises(mg.DataError, match="given away"):
        given.numpy()


def test_a_program_says_what_it_is() -> None:
    f = cube()
    f(1.0)
    assert repr(f).endswith("<lambda> on interpreter, compiled 1 times>")


@pytest.mark.parametrize("name", [None, 3])
def test_a_device_is_named_by_a_text(name: Any) -> None:
    with pytest.raises(mg.DeviceError, match="text"):
        mg.device_array(1.0, name)


def _backward(x: Any) -> Any:
    mg.sum(x * x).backward()
    return x.grad


def _assigned(x: Any) -> Any:
    x.data -= 0.1 * x.grad
    return x


@pytest.mark.parametrize(
    ("fn", "words"),
    [
        (_backward, "mg.value_and_grad"),
        (_assigned, "x.data is None.*mg.value_and_grad"),
        (lambda x: x.data - 0.1, "x.data is None"),
        (lambda x: x * float(mg.sum(x)), r"^float\(\) asks for numbers"),
        (lambda x: x * mg.sum(x).item(), r"^item\(\) asks for numbers"),
        (lambda x: x * x.numpy(), r"^numpy\(\) asks for numbers"),
        (lambda x: x * int(mg.sum(x)), r"^int\(\) asks for numbers"),
    ],
)
def test_reading_while_compiling_says_what_to_do(fn: Callable[[Any], Any], words: str) -> None:
    with pytest.raises(mg.PlaceholderError, match=words) as caught:
        mg.compile(fn, device="interpreter")(np.ones(3))
    assert "test_device_array.py:" in str(caught.value)


@pytest.mark.parametrize(
    ("fn", "words"),
    [
        (lambda x: mg.where((x > 0) and (x < 1), x, 0), r"for a and b write a \* b"),
        (lambda x: mg.where(not x, x, 0), r"for a or b mg\.maximum"),
        (lambda x: mg.where(0 < x < 1, x, 0), r"for a < x < b write"),
        (lambda x: max(x[0], x[1]), r"larger of two write mg\.maximum"),
        (lambda x: x if x[0] > 0 else -x, r"use mg\.where\(condition, a, b\), at "),
    ],
)
def test_conditions_say_how_to_write_them(fn: Callable[[Any], Any], words: str) -> None:
    with pytest.raises(mg.PlaceholderError, match=words):
        mg.compile(fn, device="interpreter")(np.ones(3))


def test_a_list_of_numbers_is_a_tree() -> None:
    with pytest.raises(mg.DataError, match=r"np\.array"):
        mg.compile(lambda x: mg.sum(x), device="interpreter")([[1.0, 2.0]])
    with pytest.raises(mg.DataError, match="rectangular"):
        array([[1], [1, 2]])
