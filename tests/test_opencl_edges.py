"""Compiled programs where numbers and shapes are at an edge: NaN, ties, empty axes, vector ends."""

from __future__ import annotations

from itertools import combinations
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
    other_family,
    with_gradients,
)
from gate_cases import CASES, EDGES

import microgd as mg
from microgd.gates.table import FAMILIES

ELEMENTWISE = [name for name, case in CASES.items() if case.elementwise and case.edges]


def gates_at_edges(names: list[str]) -> Any:
    """Values and gradients of some gates, every input at every edge."""

    def fn(*flat: Any) -> list[Any]:
        results = []
        for name in names:
            gate, case = mg.TABLE[name], CASES[name]
            xs = list(flat[: len(gate.inputs)])
            free = [x for n, x in enumerate(xs) if n not in case.blocked]
            for params in {repr(p): p for _, p in case.draws}.values():
                results += with_gradients(gate(*xs, **params), free, second=False)
        return results

    return fn


def edges(dtype: Any) -> list[np.ndarray]:
    """All pairs of edges, as two arrays, and a third that goes through them once more."""
    with np.errstate(over="ignore"):
        numbers = np.array(EDGES).astype(dtype)
    x, y = np.meshgrid(numbers, numbers, indexing="ij")
    return [x.ravel().copy(), y.ravel().copy(), np.roll(x.ravel(), 40)]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize(
    "family", ["selection", "arithmetic", "exponential", "activation", "powers"]
)
def test_edges(opencl_device: Any, family: str, dtype: Any) -> None:
    """NaN, infinities and zeros as in the interpreter, in the same places.

    A device may take subnormal numbers for 0 (OpenCL leaves it free, and GPUs do in float32):
    elements where an input is one are left out. Results may be off by some ulp, or subnormal; and
    the gradient of tanh, 1 − out², by twice the 5 ulp of an output near 1.
    """
    if dtype == np.float64 and not opencl_device.float64:
        pytest.skip("no double precision")
    names = [n for n in FAMILIES[family] if n in ELEMENTWISE]
    args = edges(dtype)
    tiny = float(np.finfo(dtype).tiny)
    plain = np.all([(a == 0) | ~(np.abs(a) < tiny) for a in args], axis=0)
    fn = gates_at_edges(names)
    got = found(compiled(fn, opencl_device), args)
    for number, (one, other) in enumerate(zip(expected(fn, args), got, strict=True)):
        close = 16 * float(np.finfo(dtype).eps) if family == "exponential" else 2 * tiny
        trouble = differ(one[plain], other[plain], 50 * float(np.finfo(dtype).eps), close)
        assert trouble is None, f"result {number} of {names}: {trouble}"


def test_zeros_keep_their_signs(opencl_device: Any) -> None:
    x = np.array([0.0, -0.0, 1.0, -1.0], np.float32)

    def fn(x: Any) -> list[Any]:
        zero = x - x
        return [
            *(1.0 / (f + 0.0 * x) for f in (x * 0.0, x - 0.0, x - (-0.0), x + 0.0, x + -0.0)),
            *(1.0 / f for f in (-x * 0.0, x * 1.0, x / 1.0, -zero, mg.pow(x, 3.0))),
            *(1.0 / f for f in (mg.pow(x, -1.0), mg.abs(x), mg.square(x), mg.sqrt(mg.abs(x)))),
            *(1.0 / f for f in (mg.tanh(x), mg.sin(x), mg.expm1(x), mg.log1p(mg.maximum(x, -0.5)))),
        ]

    for one, other in zip(expected(fn, [x]), found(compiled(fn, opencl_device), [x]), strict=True):
        assert differ(one, other, 1e-6) is None


def test_constants_beyond_float32(opencl_device: Any) -> None:
    x = np.array([-1.0, 0.5, 2.0], np.float32)

    def fn(x: Any) -> list[Any]:
        return [x * 1e39, x * -1e300, x + np.inf, x * np.nan, x * 1e-46, mg.clip(x, -1e40, 1e40)]

    for one, other in zip(expected(fn, [x]), found(compiled(fn, opencl_device), [x]), strict=True):
        assert differ(one, other) is None


# -- ties ------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", [False, True], ids=["own kernels", "other family"])
def test_ties_share_the_gradient(opencl_device: Any, other: bool) -> None:
    x = np.array([[1.0, 3.0, 3.0, 0.0], [2.0, 2.0, 2.0, -0.0], [np.nan, 1.0, 1.0, 0.0]], np.float32)
    y = np.array([[1.0, 3.0, 2.0, -0.0]], np.float32)

    def fn(x: Any, y: Any) -> list[Any]:
        outs = [mg.maximum(x, y), mg.minimum(x, y), mg.maxout(x, y, x), mg.relu(x), mg.abs(x)]
        outs += [mg.max(x, axis=a) for a in (None, 0, 1)] + [
            mg.min(x, axis=a) for a in (None, 0, 1)
        ]
        outs += [mg.clip(x, 0.0, 3.0), mg.leaky_relu(x), mg.elu(x), mg.sign(x)]
        return [r for out in outs for r in with_gradients(out, [x, y], second=False)]

    program = compiled(fn, opencl_device, other_family(opencl_device) if other else None)
    for one, result in zip(expected(fn, [x, y]), found(program, [x, y]), strict=True):
        assert differ(one, result, 1e-6) is None


@FAMILIES_OF_KERNELS
def test_the_largest_of_computed_numbers_is_found_again(opencl_device: Any, other: bool) -> None:
    """Backward asks which element equals the maximum: computed twice, it must be the same bits."""
    random = np.random.default_rng(5)
    xs = [random.uniform(-2, 2, (5, n)).astype(np.float32) for n in (3, 17, 33)]

    def fn(*xs: Any) -> list[Any]:
        results = []
        for x in xs:
            for axis, f in ((0, mg.exp), (1, mg.tanh), (None, mg.softplus), (1, mg.exp)):
                top = mg.sum(mg.max(f(x), axis=axis))
                results += with_gradients(top, [x], second=False)
        return results

    program = compiled(fn, opencl_device, other_family(opencl_device) if other else None)
    for one, got in zip(expected(fn, xs), found(program, xs), strict=True):
        assert differ(one, got, 2e-5, 1e-6) is None


# -- shapes ------------------------------------------------------------------------------------


@FAMILIES_OF_KERNELS
def test_empty_and_short_axes_and_every_rank(opencl_device: Any, other: bool) -> None:
    shapes = [(), (1,), (0,), (1, 1), (3, 0), (0, 3), (2, 0, 3), (1, 4, 1), (2, 1, 3, 1, 2)]
    shapes += [(1, 1, 1, 1, 1), (2, 3, 1, 2)]
    args = [np.arange(np.prod(s), dtype=np.float32).reshape(s) + 0.5 for s in shapes]

    def fn(*xs: Any) -> list[Any]:
        results = []
        for x in xs:
            rank = len(x.shape)
            results += [x * 2.0 + 1.0, mg.exp(-x), mg.sum(x), mg.mean(x), x]
            results += [mg.sum(x, axis=a, keepdims=k) for a in range(rank) for k in (False, True)]
            results += [mg.reshape(x, (-1,)) * 1.0] if x.size else []
            results += [mg.transpose(x), mg.stack(x, x), mg.broadcast_to(x, (2, *x.shape))]
            if rank:
                results += [mg.concatenate(x, x * 2.0, axis=-1), x[..., ::-1], x[:0], x[None] - 1.0]
            if x.size:
                results += [mg.max(x), mg.min(x, axis=rank - 1 if rank else None)]
        return results

    program = compiled(fn, opencl_device, other_family(opencl_device) if other else None)
    want = expected(fn, args)
    for number, (one, got) in enumerate(zip(want, found(program, args), strict=True)):
        assert differ(one, got, 1e-6) is None, number


LENGTHS = [*range(1, 68), 127, 128, 129, 255, 256, 257, 1000, 4097]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("kind", ["map", "sum", "max"])
def test_every_length_around_a_vector(opencl_device: Any, kind: str, dtype: Any) -> None:
    """Sums of whole numbers are exact in any order, so all bits must be equal.

    One dtype tries the odd lengths, the other the even ones.
    """
    if dtype == np.float64 and not opencl_device.float64:
        pytest.skip("no double precision")
    lengths = LENGTHS[dtype == np.float64 :: 2 if kind == "map" else 4] + LENGTHS[-8:]
    random = np.random.default_rng(3)
    args = [random.integers(-9, 9, n).astype(dtype) for n in lengths]

    def fn(*xs: Any) -> list[Any]:
        if kind == "map":
            return [x * x - 3.0 for x in xs] + [x[::-1] * 0.5 for x in xs[::3]]
        pick = mg.TABLE[kind]
        return [f for x in xs for f in (pick(x * 2.0 - 1.0), pick(mg.reshape(x, (1, -1)), axis=0))]

    for one, other in zip(
        expected(fn, args), found(compiled(fn, opencl_device), args), strict=True
    ):
        assert one.tobytes() == other.tobytes(), one.shape


def shapes_at_edges(seed: int, count: int) -> list[tuple[int, ...]]:
    random = np.random.default_rng(seed)
    sizes = [1, 2, 3, 5, 8, 15, 16, 17, 31, 33, 64, 65]
    shapes = []
    while len(shapes) < count:
        rank = int(random.integers(2, 5))
        shape = tuple(int(n) for n in random.choice(sizes, rank))
        if np.prod(shape) < 60_000:
            shapes.append(shape)
    return shapes


@FAMILIES_OF_KERNELS
@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_reductions_over_any_axes(opencl_device: Any, seed: int, other: bool) -> None:
    shapes = shapes_at_edges(seed, 8 if seed else 4)
    random = np.random.default_rng(seed)
    args = [random.integers(-9, 9, s).astype(np.float32) for s in shapes]

    def fn(*xs: Any) -> list[Any]:
        results = []
        for number, x in enumerate(xs):
            rank = len(x.shape)
            for axes in [c for n in range(1, rank + 1) for c in combinations(range(rank), n)]:
                pick = (mg.sum, mg.max, mg.min)[(len(results) + number) % 3]
                results.append(pick(x, axis=axes))
                results.append(pick(mg.transpose(x), axis=axes, keepdims=True) * 1.0)
        return results

    program = compiled(fn, opencl_device, other_family(opencl_device) if other else None)
    for one, got in zip(expected(fn, args), found(program, args), strict=True):
        assert one.tobytes() == got.tobytes(), one.shape


def test_sums_of_what_does_not_change_along_the_way(opencl_device: Any) -> None:
    xs = [np.linspace(-1, 1, n, dtype=np.float32).reshape(1, n) for n in (3, 16, 128, 200)]

    def fn(*xs: Any) -> list[Any]:
        wide = [mg.where(mg.greater(x, 0.1), x, 2.0) for x in xs]
        return [
            mg.sum(mg.broadcast_to(w, (5, w.shape[1])) * f, axis=axis)
            for w in wide
            for f in (1.0, 0.5 * w)
            for axis in (0, 1, None)
        ]

    for one, other in zip(expected(fn, xs), found(compiled(fn, opencl_device), xs), strict=True):
        assert differ(one, other, 1e-5) is None


def test_sines_of_sines(opencl_device: Any) -> None:
    """Three derivatives of them: sin and cos of a number, and of its sine, in one kernel."""

    def fn(x: Any, y: Any) -> list[Any]:
        results = []
        for one in (x, y):
            out = mg.sin(mg.sin(one)) * mg.cos(one)
            results += with_gradients(out, [one])
        return results

    args = [0.3, np.linspace(-3, 3, 21, dtype=np.float32)]
    for one, other in zip(
        expected(fn, args), found(compiled(fn, opencl_device), args), strict=True
    ):
        assert differ(one, other, 1e-4, 1e-5) is None


@FAMILIES_OF_KERNELS
def test_large_reductions_in_parts(opencl_device: Any, other: bool) -> None:
    """So large that `split` cuts them, into parts whose last one is shorter."""
    random = np.random.default_rng(4)
    shapes = [(300_007,), (3, 100_003), (100_003, 3), (70_001, 5), (2, 50_021, 3), (40, 40, 41)]
    args = [random.integers(-9, 9, s).astype(np.float32) for s in shapes]

    def fn(*xs: Any) -> list[Any]:
        results = []
        for x in xs:
            results += [mg.sum(x), mg.max(x * 2.0), mg.min(x), mg.sum(x, axis=0)]
            results += [mg.sum(x, axis=-1), mg.max(x, axis=len(x.shape) // 2, keepdims=True)]
        return results

    program = compiled(fn, opencl_device, other_family(opencl_device) if other else None)
    first = found(program, args)
    assert any(
        k.name.endswith("partial") or "partial" in k.source for k in program.executable.kernels
    )
    for one, got in zip(expected(fn, args), first, strict=True):
        assert one.tobytes() == got.tobytes(), one.shape
    again = found(program, args)
    assert all(a.tobytes() == b.tobytes() for a, b in zip(first, again, strict=True))


def test_a_sum_of_a_million_float32_is_accurate_and_repeats(opencl_device: Any) -> None:
    """Lanes and parts are summed by themselves: at most n / (16 · parts) numbers in a row.

    With at least two parts each lane adds up 31 250 numbers; rounded to nearest, the error of such
    a sum is about √31250 · ε/2 relative, some 1e-5, and its bound 31 250 · ε = 4e-3.
    """
    x = np.random.default_rng(6).uniform(0, 1, 1_000_000).astype(np.float32)
    program = compiled(lambda x: (mg.sum(x), mg.mean(x)), opencl_device)
    total, mean = found(program, [x])
    exact = float(np.sum(x, dtype=float))
    assert abs(float(total) - exact) < 2e-5 * exact
    assert abs(float(mean) - exact / 1e6) < 2e-5
    assert found(program, [x])[0].tobytes() == total.tobytes()


def test_zeros_of_an_empty_place_take_any_precision(opencl_device: Any) -> None:
    """A literal in single precision that stands for no node is added up in double."""

    def fn(x: Any) -> Any:
        zeros = mg.place(x[:, :0], (slice(None), slice(None, 0)), (1, 1))
        return mg.scatter_add(zeros, np.array([0]), axis=0, size=1) * 0.3

    args = [np.ones((1, 1), np.float32)]
    (want,) = expected(fn, args)
    (got,) = found(compiled(fn, opencl_device), args)
    assert differ(want, got) is None
