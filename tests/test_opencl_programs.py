"""Programs as users call them: arguments, results, rebuilding, donated arrays, threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import pytest
from compiled import compiled, differ, expected, found
from numpy.testing import assert_allclose, assert_array_equal

import microgd as mg
from microgd.opencl.devices import INTERPRETER

X = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)


class Pair(NamedTuple):
    w: Any
    b: Any


@pytest.fixture(params=["device", "interpreter"])
def place(request: pytest.FixtureRequest, opencl_device: Any) -> Any:
    """The device, and the interpreter: the same calls give the same results."""
    return opencl_device if request.param == "device" else INTERPRETER


# -- arguments and results -------------------------------------------------------------------


def test_the_decorator(place: Any) -> None:
    @mg.compile(device=place)
    def scaled(x: Any, by: float = 2.0) -> Any:
        """Times two."""
        return x * by

    assert (scaled.__name__, scaled.__doc__) == ("scaled", "Times two.")
    assert_allclose(scaled(X).numpy(), X * 2)
    assert_allclose(scaled(X, by=3.0).numpy(), X * 3)
    assert_allclose(scaled(x=X, by=-1.0).numpy(), -X)


def test_trees(place: Any) -> None:
    def fn(net: dict[str, Any], pair: Pair, *, more: list[Any]) -> Any:
        h = net["w"] * pair.w + pair.b
        return {"h": h, "parts": [h[0], (more[0], h * 2.0)], "pair": Pair(h + 1.0, pair.b)}

    args = ({"w": X, "deep": [1.0, (X,)]}, Pair(2.0, X[0]))
    result = mg.compile(fn, device=place)(*args, more=[3.0])
    assert isinstance(result["pair"], Pair)
    assert isinstance(result["parts"], list)
    assert isinstance(result["parts"][1], tuple)
    h = X * 2 + X[0]
    assert_allclose(result["h"], h)
    assert_allclose(result["parts"][0], h[0])
    assert float(result["parts"][1][0]) == 3.0
    assert_allclose(result["pair"].w, h + 1)
    assert_allclose(result["pair"].b, X[0])


ARGUMENTS = {
    "float32": X,
    "float64": X.astype(float),
    "int64": np.arange(6).reshape(2, 3),
    "int32": np.arange(6, dtype=np.int32),
    "bool": np.array([True, False]),
    "float": 0.1,
    "int": 3,
    "np.float32": np.float32(0.1),
    "np.float64": np.float64(0.1),
    "np.int64": np.int64(4),
    "Tensor": mg.Tensor(X),
    "Tensor scalar": mg.Tensor(0.1),
    "strided": np.arange(24.0).reshape(4, 6)[::-2, 1::2],
    "Fortran": np.asfortranarray(X),
    "empty": np.zeros((0, 3), np.float32),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_kinds_of_arguments(place: Any, name: str) -> None:
    if not place.float64:
        pytest.skip("no double precision")
    arg = ARGUMENTS[name]

    whole = np.ndim(arg) and np.asarray(arg).dtype.kind == "i"  # indices, and so they stay

    def fn(x: Any) -> Any:
        return x * 0.5, x + X[0, 0], x * x, mg.sum(x)

    want = expected(fn, [mg.Tensor(arg, dtype="int64") if whole else arg])
    for one, other in zip(want, found(compiled(fn, place), [arg]), strict=True):
        assert differ(one, other, 1e-6, 1e-6) is None


def test_numbers_of_python_do_not_widen(place: Any) -> None:
    def fn(x: Any, number: Any) -> Any:
        return x * number, x + 0.1, mg.sum(x) * number, mg.where(x > 0.0, number, x)

    for result in mg.compile(fn, device=place)(X, 0.1):
        assert result.dtype == np.float32
    if place.float64:
        wide = mg.compile(fn, device=place)(X, np.ones(3))
        assert wide[0].dtype == np.float64


def test_results_are_device_arrays_whatever_they_are(place: Any) -> None:
    """An argument, a constant, a view, the same twice: arrays of their own."""

    def fn(x: Any, number: Any) -> Any:
        same = x * 2.0
        return (
            x,
            number,
            3.0,
            np.ones(2),
            x.T,
            same,
            same,
            x * 2.0,
            x[:0],
            mg.reshape(number, (1, 1)),
        )

    want = [X, 0.25, 3.0, np.ones(2), X.T, X * 2, X * 2, X * 2, X[:0], [[0.25]]]
    for x in (X, mg.device_array(X, place)):
        got = mg.compile(fn, device=place)(x, 0.25)
        assert all(isinstance(g, mg.DeviceArray) for g in got)
        assert len({id(g.storage) for g in got}) == len(got)
        for one, other in zip(want, got, strict=True):
            assert_array_equal(other.numpy(), one)
            assert other.shape == np.shape(one)
            assert other.ndim == np.ndim(one)


def test_a_result_never_shares_an_arguments_buffer(opencl_device: Any) -> None:
    x = mg.device_array(X, opencl_device)
    same, _ = mg.compile(lambda x: (x, x * 2.0), device=opencl_device)(x)
    mg.compile(lambda x: x * 10.0, device=opencl_device, donate=(0,))(x)
    assert_array_equal(same.numpy(), X)


def test_results_that_are_kept_are_not_written_over(place: Any) -> None:
    program = mg.compile(lambda x: (x * 2.0, mg.sum(x)), device=place)
    kept = [program(X + n) for n in range(12)]
    for n, (double, total) in enumerate(kept):
        assert_array_equal(double.numpy(), (X + n) * np.float32(2))
        assert float(total) == pytest.approx(float((X + n).sum()), abs=1e-5)


def test_results_are_arguments_again(place: Any) -> None:
    step = mg.compile(lambda x, rate: x - rate * mg.tanh(x), device=place)
    x, here = X, mg.Tensor(X)
    for _ in range(5):
        x = step(x, 0.1)
        here = here - 0.1 * mg.tanh(here)
    assert_allclose(x.numpy(), here.data, rtol=1e-5)


def test_arrays_of_another_device(place: Any) -> None:
    other = mg.device_array(X, "interpreter")
    assert_array_equal(mg.compile(lambda x: x * 2.0, device=place)(other).numpy(), X * 2)
    there = mg.compile(lambda x: x * 2.0, device=place)(X)
    assert_array_equal(mg.compile(lambda x: x + 1.0, device="interpreter")(there), X * 2 + 1)


def test_gradients_inside(place: Any) -> None:
    def loss(w: Any, x: Any) -> Any:
        return mg.mean(mg.square(mg.tanh(x @ w)))

    w = np.ones((3, 2), np.float32) * 0.3
    value, slope = mg.compile(mg.value_and_grad(loss), device=place)(w, X)
    want_value, want_slope = mg.value_and_grad(loss)(w, X)
    assert float(value) == pytest.approx(float(want_value), rel=1e-5)
    assert_allclose(slope.numpy(), want_slope, rtol=1e-4, atol=1e-6)


# -- when it is built --------------------------------------------------------------------------


def test_it_is_built_again_for_other_shapes_and_dtypes_only(place: Any) -> None:
    calls = []

    def fn(x: Any, mode: str | None = "double", flag: bool = True) -> Any:
        calls.append(x.shape)
        return x * (2.0 if mode == "double" else 3.0) * (1.0 if flag else -1.0)

    program = mg.compile(fn, device=place)
    for x in (X, X + 1, mg.Tensor(X), np.asfortranarray(X)):
        program(x)
    assert len(calls) == 1
    program(X[0])
    program(X.astype(float) if place.float64 else X[:, 0])
    assert len(calls) == 3
    assert float(program(1.0)) == 2.0
    assert float(program(5.0)) == 10.0
    assert len(calls) == 4
    assert_array_equal(program(X, "triple").numpy(), X * 3)
    assert_array_equal(program(X, None, False).numpy(), X * -3)
    assert_array_equal(program(X, None, True).numpy(), X * 3)
    assert len(calls) == 7
    program(X)
    assert len(calls) == 7


def test_tensors_from_outside_are_read_at_each_run(place: Any) -> None:
    weights, bias = mg.Tensor(X), mg.Tensor(1.0)
    computed = mg.Tensor(2.0) * 3.0
    program = mg.compile(lambda x: x * weights + bias + computed, device=place)
    assert_allclose(program(1.0).numpy(), X + 7)
    weights.data = X * 2
    assert_allclose(program(1.0).numpy(), X * 2 + 7)
    bias.data = -1.0
    assert_allclose(program(2.0).numpy(), X * 4 + 5)


def test_zeros_of_both_signs_are_different_arguments(place: Any) -> None:
    program = mg.compile(lambda a, x: x / a, device=place)
    for number in (0.0, -0.0, 0.0):
        assert_array_equal(program(number, X + 5).numpy(), np.copysign(np.inf, number) * (X + 5))


# -- donated arrays ------------------------------------------------------------------------------


def test_donated_arrays_are_updated_in_place(place: Any) -> None:
    step = mg.compile(lambda w, g: w - 0.1 * g, device=place, donate=(0,))
    w = mg.device_array(X, place)
    buffer = w.storage.buffer
    new = step(w, X)
    assert_allclose(new.numpy(), X - np.float32(0.1) * X)
    if place is not INTERPRETER:
        assert new.storage.buffer is buffer
    with pytest.raises(mg.DataError, match="given away"):
        step(w, X)
    with pytest.raises(mg.DataError, match="given away"):
        w.numpy()
    assert "given away" in repr(w)


def test_donated_numpy_arrays_are_untouched(place: Any) -> None:
    x = X.copy()
    result = mg.compile(lambda x: x * 2.0, device=place, donate=(0,))(x)
    assert_array_equal(x, X)
    assert_array_equal(result.numpy(), X * 2)


def test_a_donated_array_is_no_argument_twice(place: Any) -> None:
    for donate in ((0,), (1,), (0, 1)):
        program = mg.compile(lambda a, b: (a * 2.0, mg.sum(a + b)), device=place, donate=donate)
        x = mg.device_array(X, place)
        with pytest.raises(mg.DataError, match="twice"):
            program(x, x)
        assert_array_equal(x.numpy(), X)  # and is still there
    program = mg.compile(lambda a, b: a + b, device=place)
    assert_array_equal(program(x, x).numpy(), X + X)


def test_in_place_only_where_nobody_reads_the_old_numbers(place: Any) -> None:
    """Each result here needs elements of the donated array that another turn writes."""
    n = 1000
    x = np.arange(n * n, dtype=np.float32).reshape(n, n) % 7

    def fn(w: Any) -> Any:
        return mg.transpose(w) * 2.0, w[::-1] + 1.0, w - mg.sum(w, axis=0), mg.sum(w * w, axis=1)

    for pick in range(4):
        program = mg.compile(lambda w, pick=pick: fn(w)[pick], device=place, donate=(0,))
        assert_array_equal(program(mg.device_array(x, place)).numpy(), fn(mg.Tensor(x))[pick].data)
    program = mg.compile(lambda w: (w * 2.0, *fn(w)), device=place, donate=(0,))
    for one, got in zip(
        [x * 2, *(f.data for f in fn(mg.Tensor(x)))],
        program(mg.device_array(x, place)),
        strict=True,
    ):
        assert_array_equal(got.numpy(), one)


def test_trees_are_donated_whole_and_swapped(place: Any) -> None:
    def step(state: dict[str, Any], x: Any) -> Any:
        return {"m": state["v"] + x, "v": state["m"] * 2.0}

    program = mg.compile(step, device=place, donate=(0,))
    state: Any = {"m": mg.device_array(X, place), "v": mg.device_array(X * 3, place)}
    here = {"m": X, "v": X * 3}
    for _ in range(4):
        state = program(state, X)
        here = {"m": here["v"] + X, "v": here["m"] * 2}
    assert_allclose(state["m"].numpy(), here["m"], rtol=1e-5)
    assert_allclose(state["v"].numpy(), here["v"], rtol=1e-5)


# -- taking ------------------------------------------------------------------------------------


def test_indices_from_the_end_and_out_of_range(opencl_device: Any) -> None:
    x = np.arange(20, dtype=np.float32).reshape(4, 5)
    indices = np.array([0, -1, 3, -4, 4, -5, 10**12])
    program = mg.compile(
        lambda x, i: (mg.take(x, i), mg.sum(mg.take(x, i, axis=1), axis=0)), device=opencl_device
    )
    rows, columns = program(x, indices)
    assert_array_equal(rows.numpy()[:4], x[[0, -1, 3, -4]])
    assert np.isnan(rows.numpy()[4:]).all()
    assert_array_equal(np.isnan(columns.numpy()), [False] * 6 + [True])
    halves = program(x, np.array([0.5, np.nan, np.inf, 1.0]))[0].numpy()
    assert np.isnan(halves[:3]).all()
    assert_array_equal(halves[3], x[1])


def test_taken_views_and_pieces(place: Any) -> None:
    """A looked-up place goes through a reshape, a joined piece, another taking."""
    x, y = np.arange(24.0, dtype=np.float32).reshape(4, 6), np.ones((2, 6), np.float32)
    i, j = np.array([3, 0, 5, 1, 4]), np.array([1, -1, 0])

    def fn(x: Any, y: Any, i: Any, j: Any) -> Any:
        joined = mg.concatenate(x, y * 2.0)
        flat = mg.reshape(mg.transpose(x), (8, 3))
        placed = mg.place(x, (slice(1, 9, 2), slice(None)), (9, 6))
        results = [mg.take(v, i) for v in (joined, flat, placed)]
        results += [mg.take(mg.take(joined, i), j, axis=1)]
        return [*results, *(mg.sum(r, axis=0) for r in results), *(mg.sum(r) for r in results)]

    args = [x, y, i, j]
    tensors = [mg.Tensor(x), mg.Tensor(y), mg.Tensor(i, dtype="int64"), mg.Tensor(j, dtype="int64")]
    for one, other in zip(expected(fn, tensors), found(compiled(fn, place), args), strict=True):
        assert differ(one, other, 1e-6) is None


# -- threads -------------------------------------------------------------------------------------


def test_threads_share_a_program(place: Any) -> None:
    program = mg.compile(lambda x, n: (mg.tanh(x) * n, mg.sum(x * n)), device=place)

    def work(number: int) -> bool:
        for turn in range(20):
            x = np.full(5000 + number % 3, number + turn, np.float32)
            scaled, total = program(x, float(number))
            if not np.allclose(scaled.numpy(), np.tanh(x) * number, rtol=1e-5):
                return False
            if not np.isclose(float(total), x.sum(dtype=float) * number, rtol=1e-4):
                return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(16)))
