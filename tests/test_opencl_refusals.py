"""What a compiled function cannot do, and what it says then: the line, and what to use instead."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy import exp

import microgd as mg

X = np.linspace(-1, 1, 6, dtype=np.float32)


def branch(x: Any) -> Any:
    return x if x > 0 else -x


def branch_beside_numpy(x: Any) -> Any:
    return np.sqrt(2.0) if x > 0 else x


def assignment(x: Any) -> Any:
    x[0] = 1.0
    return x


def counted(x: Any) -> Any:
    for _ in range(x):
        x = x + 1.0
    return x


def list_of(x: Any) -> Any:
    return mg.sum(x) + [1.0, 2.0][x]


NEEDS_NUMBERS: list[tuple[Callable[[Any], Any], Any, list[str]]] = [
    (branch, 1.0, ["mg.where", "return x if x > 0 else -x"]),
    (branch_beside_numpy, 1.0, ["mg.where", "if x > 0"]),
    (assignment, X, ["mg.where", "x[0] = 1.0"]),
    (counted, 3.0, ["integer", "range(x)"]),
    (list_of, 1.0, ["[1.0, 2.0][x]"]),
    (lambda x: np.exp(x), X, ["np.exp", "mg.exp", "lambda"]),
    (lambda x: exp(x), X, ["gates", "exp(x)"]),
    (lambda x: np.sum(x), X, ["np.sum", "mg.sum"]),
    (lambda x: np.max(x, axis=0), X, ["np.max", "mg.max"]),
    (lambda x: np.dot(x, x), X, ["np.dot", "mg.matmul"]),
    (lambda x: np.power(x, 2.0), X, ["np.power", "mg.pow"]),
    (lambda x: np.linalg.norm(x), X, ["np.linalg.norm", "gates"]),
    (lambda x: np.stack([x, x]), X, ["np.stack", "mg.stack"]),
    (lambda x: math.exp(x), 1.0, ["math.exp", "mg.exp"]),
    (lambda x: x * float(x), 1.0, ["no numbers", "float(x)"]),
    (lambda x: x * int(x), 1.0, ["Tensor", "int(x)"]),
    (lambda x: x * x.item(), 1.0, ["no numbers", "x.item()"]),
    (lambda x: bool(x), 1.0, ["mg.where"]),
    (lambda x: x + np.asarray(x), X, ["np.asarray"]),
]


@pytest.mark.parametrize(("fn", "arg", "words"), NEEDS_NUMBERS)
def test_what_needs_numbers(fn: Any, arg: Any, words: list[str]) -> None:
    with pytest.raises((mg.PlaceholderError, mg.DataError)) as caught:
        mg.compile(fn, device="interpreter")(arg)
    message = str(caught.value)
    assert f"{__file__}:" in message
    for word in words:
        assert word in message, message


def test_errors_that_have_nothing_to_do_with_compiling_stay_what_they_are() -> None:
    def wrong_shape(x: Any) -> Any:
        return x + np.zeros(3).reshape(7)

    def own(x: Any) -> Any:
        raise ValueError(f"not {np.sqrt(4.0)}")

    def unknown(x: Any) -> Any:
        return len(3) + x  # type: ignore[arg-type]

    for fn, words in ((wrong_shape, "cannot reshape"), (own, "not 2.0"), (unknown, "has no len")):
        with pytest.raises((ValueError, TypeError), match=words) as caught:
            mg.compile(fn, device="interpreter")(1.0)
        assert not isinstance(caught.value, mg.MicrogdError)


def test_shapes_that_do_not_fit_name_the_line() -> None:
    with pytest.raises(mg.ShapeError, match=r"broadcast.*test_opencl_refusals.py:\d+"):
        mg.compile(lambda x: x + np.ones(5), device="interpreter")(X)


@pytest.mark.parametrize("nonsense", [None, "text", True, object(), {1, 2}, b"x", [1.0, "x"]])
def test_nonsense_as_result(nonsense: Any) -> None:
    with pytest.raises(mg.DataError, match="returns"):
        mg.compile(lambda x: nonsense, device="interpreter")(X)


@pytest.mark.parametrize(
    "nonsense", [np.array(["a"]), np.array([1j]), np.ma.masked_array([1.0], [True]), b"bytes", 1j]
)
def test_nonsense_as_argument(nonsense: Any) -> None:
    with pytest.raises(mg.DataError):
        mg.compile(lambda x: x * 2.0, device="interpreter")(nonsense)


def test_a_placeholder_as_argument() -> None:
    with pytest.raises(mg.DataError, match="placeholder"):
        mg.compile(lambda x: x * 2.0, device="interpreter")(mg.placeholder((2,)))


def test_what_is_no_function_or_no_device() -> None:
    with pytest.raises(mg.DataError, match="function"):
        mg.compile(3.0)  # type: ignore[call-overload]
    with pytest.raises(mg.DeviceError, match="no OpenCL device"):
        mg.compile(lambda x: x, device="quantum:7")(X)
    with pytest.raises(mg.ArgumentError, match="call the program"):
        _ = mg.compile(lambda x: x, device="interpreter").executable


@pytest.mark.parametrize("donate", [(5,), (-1,), ("x",), 0, (0.5,)])
def test_wrong_positions_to_donate(donate: Any) -> None:
    with pytest.raises(mg.MicrogdError, match="donate"):
        mg.compile(lambda x: x * 2.0, device="interpreter", donate=donate)(X)
