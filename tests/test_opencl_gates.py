"""Every gate of the table on every device: values, gradients and gradients of gradients."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from compiled import (
    DTYPES,
    FAMILIES_OF_KERNELS,
    compiled,
    differ,
    expected,
    found,
    narrowed,
    other_family,
    with_gradients,
)
from gate_cases import CASES

import microgd as mg
from microgd.gates.table import FAMILIES
from microgd.opencl.graph import Graph
from microgd.opencl.lower import LOWERINGS, REDUCTIONS, STRUCTURAL, lower
from microgd.opencl.recipe import expression
from microgd.opencl.views import MOVEMENT

FAMILY_NAMES = [name for name, rows in FAMILIES.items() if rows and name != "custom"]

#: A result here takes at most some thirty gates one after the other, on numbers of about 1 (the
#: points of `gate_cases`; the largest gradients of gradients are some hundreds). Each gate is
#: rounded once, or is one of OpenCL's functions, off by some ulp (exp, log: 3, tanh: 5, pow: 16).
#: That adds up to some 200 ε of the largest number on the way, and what is subtracted may leave a
#: result smaller than that number, hence the same absolute limit.
ULPS = 200


def test_every_gate_is_tested_here() -> None:
    tested = {name for family in FAMILY_NAMES for name in FAMILIES[family]}
    assert tested == set(CASES)


def test_no_gate_of_the_table_is_without_a_way_to_a_kernel() -> None:
    known = STRUCTURAL | set(LOWERINGS)
    assert not [n for n, g in mg.TABLE.items() if not (g in known or g.opencl or g.expansion)]


@pytest.mark.parametrize("name", sorted(CASES))
def test_lowering_ends_at_gates_with_kernels(name: str) -> None:
    for shapes, params in CASES[name].draws:
        inputs = [mg.placeholder(s) for s in shapes]
        out = mg.TABLE[name](*inputs, **params)
        for node in lower(Graph(tuple(inputs), (out,))).order:
            if node.inputs and node.gate not in MOVEMENT | REDUCTIONS | STRUCTURAL:
                text = expression(node, "double")
                left = re.sub(r"\{(\d|R)\}", "", text)
                assert "{" not in left, f"{name}: {text}"


Draws = list[tuple[str, Any, dict[str, Any], list[Any]]]


def draws_of(names: Sequence[str], every: int = 1) -> Draws:
    """(gate, shapes, parameters, points) of every so-many-th draw of each gate."""
    return [
        (name, shapes, params, CASES[name].points(shapes, number))
        for name in names
        for number, (shapes, params) in enumerate(CASES[name].draws)
        if number % every == every - 1 or len(CASES[name].draws) < every
    ]


def check(draws: Draws, dtype: Any, device: Any, family: str | None, second: bool) -> None:
    """Every value and gradient of all draws, in one program."""
    if dtype == np.float64 and not device.float64:
        pytest.skip("no double precision")

    def whole(*flat: Any) -> list[Any]:
        rest = iter(flat)
        results = []
        for name, shapes, params, _ in draws:
            xs = [next(rest) for _ in shapes]
            out = mg.TABLE[name](*xs, **params)
            free = [x for n, x in enumerate(xs) if n not in CASES[name].blocked]
            results += with_gradients(out, free, second)
        return results

    args = [narrowed(x, dtype) for *_, points in draws for x in points]
    close = ULPS * float(np.finfo(dtype).eps)
    want, got = expected(whole, args), found(compiled(whole, device, family), args)
    assert len(want) == len(got)
    for number, (one, other) in enumerate(zip(want, got, strict=True)):
        trouble = differ(one, other, close, close)
        assert trouble is None, f"result {number} of {[d[0] for d in draws]}: {trouble}"


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_values_and_first_gradients(opencl_device: Any, family: str) -> None:
    dtype = DTYPES[not opencl_device.float64]
    check(draws_of(list(FAMILIES[family]), 3), dtype, opencl_device, None, second=False)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@FAMILIES_OF_KERNELS
@pytest.mark.parametrize("name", sorted(CASES))
def test_second_gradients(opencl_device: Any, name: str, dtype: Any, other: bool) -> None:
    family = other_family(opencl_device) if other else None
    check(draws_of([name]), dtype, opencl_device, family, second=True)


@pytest.mark.parametrize("names", [["softmax", "max", "var"], ["take", "place", "one_hot"]])
def test_second_gradients_in_the_other_family_of_kernels(
    opencl_device: Any, names: list[str]
) -> None:
    """Gates whose kernels differ most between the families, in float32."""
    check(draws_of(names, 4), DTYPES[1], opencl_device, other_family(opencl_device), second=True)


#: IEEE says what these give, to the last bit; and products and sums are not contracted to fma.
EXACT: dict[str, Any] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "recip": lambda x, y: mg.recip(x),
    "sqrt": lambda x, y: mg.sqrt(mg.abs(x)),
    "neg": lambda x, y: -x,
    "square": lambda x, y: mg.square(x),
    "x·y + x": lambda x, y: x * y + x,
    "x·y − y·y": lambda x, y: x * y - y * y,
    "leaky": lambda x, y: mg.leaky_relu(x, slope=0.01) + mg.relu(y),
    "max, min": lambda x, y: mg.maximum(x, y) - mg.minimum(x, y) * 0.3,
    "where": lambda x, y: mg.where(mg.greater(x, y), x * 0.1, y),
    "clip": lambda x, y: mg.clip(x, -0.3, 0.7) * y,
    "sign, abs": lambda x, y: mg.sign(x) * mg.abs(y),
    "maxout": lambda x, y: mg.maxout(x, y, x * y),
}


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("other", [False, True], ids=["own kernels", "other family"])
def test_arithmetic_is_equal_to_the_last_bit(opencl_device: Any, dtype: Any, other: bool) -> None:
    if dtype == np.float64 and not opencl_device.float64:
        pytest.skip("no double precision")
    random = np.random.default_rng(1)
    x, y = (
        (random.standard_normal(10_007) * 10.0 ** random.integers(-12, 12, 10_007)).astype(dtype)
        for _ in range(2)
    )

    def fn(x: Any, y: Any) -> list[Any]:
        return [rule(x, y) for rule in EXACT.values()]

    family = other_family(opencl_device) if other else None
    got = found(compiled(fn, opencl_device, family), [x, y])
    for name, one, other_result in zip(EXACT, expected(fn, [x, y]), got, strict=True):
        assert one.tobytes() == other_result.tobytes(), f"{name}: {differ(one, other_result)}"


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_functions_are_within_the_ulps_that_opencl_promises(opencl_device: Any, dtype: Any) -> None:
    """Against NumPy in longer precision (float64: NumPy's own, at most 1 ulp off itself)."""
    if dtype == np.float64 and not opencl_device.float64:
        pytest.skip("no double precision")
    random = np.random.default_rng(2)
    x = random.uniform(-20, 20, 10_000).astype(dtype)
    promised = {  # table 12 of the OpenCL C specification, and what stands before it
        "exp": 3,
        "expm1": 3,
        "sin": 4,
        "cos": 4,
        "tanh": 5,
        "log": 3,
        "log1p": 2,
        "pow": 16,
    }
    near = {"log": np.abs(x) + 1.5, "log1p": np.abs(x)}  # log near 1 is promised by no ulps

    def fn(x: Any, log: Any, log1p: Any) -> list[Any]:
        own = {"log": log, "log1p": log1p}
        return [
            mg.pow(log1p, 1.7) if name == "pow" else mg.TABLE[name](own.get(name, x))
            for name in promised
        ]

    args = [x, near["log"], near["log1p"]]
    got = found(compiled(fn, opencl_device), args)
    exact = expected(fn, [a.astype(float) for a in args])
    for (name, ulps), one, other in zip(promised.items(), exact, got, strict=True):
        off = np.abs(other - one) / np.spacing(np.abs(one).astype(dtype))
        assert off.max() <= ulps + 1, f"{name}: {off.max():.1f} ulp"


KEYS = (7.0, 2.0**24 + 1, 2.0**32 - 1)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@FAMILIES_OF_KERNELS
def test_random_bits(opencl_device: Any, dtype: Any, other: bool) -> None:
    """The same on every device, with the key a constant, or an argument."""
    if dtype == np.float64 and not opencl_device.float64:
        pytest.skip("no double precision")
    x = np.linspace(-1, 1, 1003).astype(dtype).reshape(17, 59)

    def fn(x: Any, *numbers: Any) -> list[Any]:
        one, *_, last = numbers
        return [
            *(mg.random_uniform(x, key, seed=3) for key in KEYS[-2:]),
            *(mg.random_uniform(x, n, low=-0.3, high=0.7, seed=2**32 - 1) for n in numbers),
            mg.rrelu(x, one, seed=5),
            mg.random_uniform(mg.transpose(x), last) + 1.0,
            mg.random_uniform(x, last)[3:, ::2],
        ]

    family = other_family(opencl_device) if other else None
    got = found(compiled(fn, opencl_device, family), [x, *KEYS])
    for one, result in zip(expected(fn, [x, *KEYS]), got, strict=True):
        assert one.tobytes() == result.tobytes(), differ(one, result)
