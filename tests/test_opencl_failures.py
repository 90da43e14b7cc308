"""Compiled programs when things go wrong: caches, drivers, memory, gates of one's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from compiled import compiled, differ, expected, found
from numpy.testing import assert_allclose, assert_array_equal

import microgd as mg
from microgd.opencl.build import _MAGIC

X = np.linspace(-1, 1, 6, dtype=np.float32)


# -- the cache on disk -------------------------------------------------------------------------


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of this test's own."""
    folder = tmp_path / "microgd" / "kernels"
    monkeypatch.setattr("microgd.opencl.build.cache_directory", lambda: tmp_path / "microgd")
    return folder


def run(device: Any, number: float = 2.0) -> bool:
    """Build and run a program; whether it came from the cache."""
    program = mg.compile(lambda x: x * number, device=device)
    assert_allclose(program(X).numpy(), X * np.float32(number), rtol=1e-6)
    return bool(program.executable.cached)


def test_the_second_build_comes_from_disk(opencl_device: Any, cache: Path) -> None:
    assert not run(opencl_device)
    assert len(list(cache.iterdir())) == 1
    assert run(opencl_device)
    assert not run(opencl_device, 3.0)


SPOILT = {
    "empty": lambda data: b"",
    "cut off": lambda data: data[:-7],
    "only a head": lambda data: data[: len(_MAGIC) + 32],
    "a flipped bit": lambda data: data[:200] + bytes([data[200] ^ 1]) + data[201:],
    "another edition": lambda data: b"microgd binary 0\n" + data[len(_MAGIC) :],
    "foreign": lambda data: b"\x7fELF" + os.urandom(3000),
}


@pytest.mark.parametrize("how", SPOILT)
def test_spoilt_files_are_built_anew(opencl_device: Any, cache: Path, how: str) -> None:
    run(opencl_device)
    (file,) = cache.iterdir()
    file.write_bytes(SPOILT[how](file.read_bytes()))
    assert not run(opencl_device)
    assert run(opencl_device)


def test_the_file_of_another_program_is_not_taken(opencl_device: Any, cache: Path) -> None:
    run(opencl_device, 2.0)
    (first,) = cache.iterdir()
    run(opencl_device, 3.0)
    (second,) = set(cache.iterdir()) - {first}
    second.write_bytes(first.read_bytes())
    assert not run(opencl_device, 3.0)


def test_a_cache_that_is_a_folder_or_a_file_in_the_way(opencl_device: Any, cache: Path) -> None:
    run(opencl_device)
    (file,) = cache.iterdir()
    file.unlink()
    file.mkdir()
    assert not run(opencl_device)
    file.rmdir()
    cache.rmdir()
    cache.write_text("in the way")
    assert not run(opencl_device)


@pytest.mark.skipif(os.name == "nt", reason="permissions")
def test_a_cache_that_cannot_be_written(
    opencl_device: Any, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.mkdir(parents=True)
    cache.chmod(0o500)
    try:
        run(opencl_device)
        run(opencl_device)
    finally:
        cache.chmod(0o700)

    def refuse(*_: Any, **__: Any) -> Any:
        raise PermissionError("no")

    monkeypatch.setattr("microgd.opencl.build.write_whole", refuse)  # for root may write anywhere
    assert not run(opencl_device, 5.0)
    monkeypatch.setattr("microgd.opencl.build.cache_directory", refuse)
    assert not run(opencl_device, 5.0)
    monkeypatch.setattr(
        "microgd.opencl.build.cache_directory", lambda: Path(os.devnull) / "microgd"
    )
    assert not run(opencl_device, 5.0)


# -- gates of one's own ---------------------------------------------------------------------------


@pytest.fixture
def own() -> Iterator[Any]:
    """Registers gates for one test."""
    names: list[str] = []

    def register(name: str, **row: Any) -> Any:
        row = {"formula": "x", "local": ("1",), "sign": name, **row}
        gate = mg.Gate(name, ("x",), row.pop("forward", lambda x: x * 3.0), **row)
        mg.register(gate)
        names.append(name)
        return gate

    yield register
    for name in names:
        mg.unregister(name)


def test_gates_of_ones_own(opencl_device: Any, own: Any) -> None:
    rule = (lambda g, out, x: g * 3.0,)
    written = own("triple", opencl="{x} * 3", backward=rule)
    opened = own("triple2", expansion=lambda x: mg.add(mg.add(x, x), x), backward=rule)
    power = own(
        *("scaled",),
        forward=lambda x, by: x * by,
        params={"by": 2.0},
        opencl="{by} * {x}",
    )
    program = mg.compile(
        lambda x: (
            written(x),
            opened(x),
            power(x, by=0.5),
            mg.grad(lambda x: mg.sum(written(x)))(x),
        ),
        device=opencl_device,
    )
    for result, times in zip(program(X), (3, 3, 0.5), strict=False):
        assert_allclose(result.numpy(), X * times, rtol=1e-6)
    assert_array_equal(program(X)[3].numpy(), np.full(6, 3, np.float32))


def test_a_gate_with_neither_is_named(opencl_device: Any, own: Any) -> None:
    bare = own("bare")
    program = mg.compile(lambda x: bare(x * 2.0), device=opencl_device)
    with pytest.raises(mg.GateError, match=r"'bare'.*opencl=.*expansion=") as caught:
        program(X)
    assert Path(__file__).name in str(caught.value)
    assert_array_equal(mg.compile(lambda x: bare(x), device="interpreter")(X).numpy(), X * 3)


def test_opencl_c_that_no_compiler_takes(opencl_device: Any, own: Any, cache: Path) -> None:
    broken = own("broken", opencl="{x} * no_such_function({x})")
    program = mg.compile(lambda x: broken(x) + 1.0, device=opencl_device)
    for _ in range(2):
        with pytest.raises(mg.DeviceError) as caught:
            program(X)
        message = str(caught.value)
        assert "no_such_function" in message  # the compiler's log
        assert "k0_broken_add" in message
        assert "interpreter" in message
    assert not list(cache.glob("*"))
    assert not run(opencl_device)  # and the process goes on


# -- memory ----------------------------------------------------------------------------------------


def test_more_memory_than_there_is(opencl_device: Any) -> None:
    small = replace(opencl_device, largest_buffer=10_000)
    program = mg.compile(lambda x: mg.broadcast_to(x, (1000, 6)) * 2.0, device=small)
    for _ in range(2):
        with pytest.raises(mg.DeviceError, match=r"does not fit.*interpreter"):
            program(X)
    with pytest.raises(mg.DeviceError, match="does not fit"):
        mg.device_array(np.zeros(100_000), small)
    assert_array_equal(mg.compile(lambda x: x * 2.0, device=small)(X).numpy(), X * 2)


def test_a_real_allocation_that_fails(opencl_device: Any) -> None:
    size = opencl_device.memory  # more elements of 4 bytes than it has bytes
    program = mg.compile(lambda x: x[0] * mg.broadcast_to(x, (size, 6)), device=opencl_device)
    with pytest.raises(mg.DeviceError, match="interpreter"):
        program(X)
    assert_array_equal(mg.compile(lambda x: x * 2.0, device=opencl_device)(X).numpy(), X * 2)


# -- a device without float64 --------------------------------------------------------------------


def test_without_float64(opencl_device: Any) -> None:
    narrow = replace(opencl_device, float64=False)

    def fn(x: Any, number: Any) -> Any:
        total = mg.sum(x) * number
        return x * number + 0.1, number * 2.0, number, total, 3.5, mg.random_uniform(x, 2.0**32 - 1)

    for number in (0.3, mg.device_array(0.3, narrow)):
        program = mg.compile(fn, device=narrow)
        want = expected(fn, [X, 0.3])
        for one, other in zip(want, found(program, [X, number]), strict=True):
            assert differ(one, other, 1e-6, 1e-7) is None
        assert "double" not in program.source
    step = mg.compile(lambda x, rate: (x * rate, rate * 0.5), device=narrow)
    x, rate = step(X, 0.5)
    x, rate = step(x, rate)
    assert_allclose(x.numpy(), X * np.float32(0.125))
    assert float(rate) == 0.125


@pytest.mark.parametrize("x", [np.ones(3), np.ones((1,)), np.ones((2, 2))])
def test_float64_arrays_without_float64(opencl_device: Any, x: Any) -> None:
    narrow = replace(opencl_device, float64=False)
    with pytest.raises(mg.DeviceError, match="float32"):
        mg.compile(lambda x: x * 2.0, device=narrow)(x)
    with pytest.raises(mg.DeviceError, match="float32"):
        mg.compile(lambda y: y * x, device=narrow)(X[:1])


# -- graphs that are hard to build ---------------------------------------------------------------


def test_shared_nodes_do_not_multiply(opencl_device: Any) -> None:
    """Each of these doubles the paths through the graph at every step."""

    def scalars(x: Any) -> Any:
        for _ in range(60):
            x = x * x + x
        return x

    def views(x: Any) -> Any:
        for _ in range(6):
            x = mg.reshape(mg.transpose(x * x), x.shape)
        return x

    def rolls(x: Any) -> Any:
        for _ in range(12):
            x = mg.concatenate(x[1:], x[:1])
        return x * 2.0

    cases = [(scalars, 1e-3), (views, np.ones((3, 4))), (rolls, np.arange(20.0))]
    for fn, x in cases:
        for one, other in zip(
            expected(fn, [x]), found(compiled(fn, opencl_device), [x]), strict=True
        ):
            assert differ(one, other, 1e-9) is None


def test_results_of_a_table_are_arguments_like_others(opencl_device: Any) -> None:
    """Thousands of scalars run as a table, whose results lie together in one buffer."""

    def fn(a: Any, b: Any) -> Any:
        for n in range(300):
            a, b = mg.tanh(a * b + 0.1 * n), b - 0.01 * a
        return a, b, mg.stack(a, b, a * 2.0)

    program = compiled(fn, opencl_device)
    got = program(0.5, 0.25)
    want = expected(fn, [0.5, 0.25])
    for one, other in zip(want, map(np.asarray, got), strict=True):
        assert differ(one, other, 1e-9) is None
    a, b, both = got
    other = mg.compile(lambda a, v: (a, a * 2.0, v, v + a), device=opencl_device)
    results = other(a, both)
    assert all(isinstance(r, mg.DeviceArray) for r in results)
    assert_allclose(np.asarray(results[3]), want[2] + want[0])
    update = mg.compile(lambda v: v * 10.0, device=opencl_device, donate=(0,))
    assert_allclose(update(both).numpy(), want[2] * 10)
    assert_allclose([float(a), float(b)], want[:2])
    again = program(a, b)
    assert_allclose(np.asarray(again[0]), expected(fn, [float(a), float(b)])[0], rtol=1e-9)
