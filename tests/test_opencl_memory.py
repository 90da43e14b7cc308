"""A program that is run thousands of times leaks neither the host's memory nor the device's."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import microgd as mg

pytestmark = pytest.mark.slow


def resident() -> int:
    """Bytes of this process in memory, a CPU device's buffers among them."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


@pytest.fixture
def buffers(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of all buffers that are made from now on."""
    import pyopencl as cl

    made: list[int] = []
    kept = cl.Buffer

    def counted(context: Any, flags: Any, size: int = 0, hostbuf: Any = None) -> Any:
        made.append(size or hostbuf.nbytes)
        return kept(context, flags, size=size, hostbuf=hostbuf)

    monkeypatch.setattr(cl, "Buffer", counted)
    return made


def step(state: dict[str, Any], x: Any, rate: Any) -> Any:
    loss, slope = mg.value_and_grad(lambda w: mg.mean(mg.square(mg.tanh(x @ w))))(state["w"])
    m = 0.9 * state["m"] + slope
    return {"w": state["w"] - rate * m, "m": m}, loss


def begin(device: Any) -> tuple[Any, Any, Any]:
    random = np.random.default_rng(0)
    program = mg.compile(step, device=device, donate=(0,))
    state = {n: mg.device_array(random.random((256, 64), dtype=np.float32), device) for n in "wm"}
    return program, state, mg.device_array(random.random((32, 256), dtype=np.float32), device)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_ten_thousand_runs(opencl_device: Any, buffers: list[int]) -> None:
    program, state, x = begin(opencl_device)
    for _ in range(500):
        state, loss = program(state, x, 0.01)
    float(loss)
    before, made = resident(), len(buffers)
    for turn in range(10_000):
        state, loss = program(state, x, 0.01)
        if turn % 1000 == 0:
            float(loss)
    assert np.isfinite(float(loss))
    # Two results of 64 kB that leaked at each run would be 1.3 GB.
    assert resident() - before < 20e6
    assert len(buffers) - made <= 4


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_results_arguments_and_programs_are_given_back(opencl_device: Any) -> None:
    x = np.ones((500, 500), np.float32)
    program = mg.compile(lambda x: (x * 2.0, x, mg.sum(x, axis=0)), device=opencl_device)

    def turns(count: int) -> None:
        for _ in range(count):
            double, _same, total = program(x)
            np.asarray(total)
            program(double)

    turns(50)
    before = resident()
    turns(1000)  # of 2 MB each
    assert resident() - before < 50e6


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_programs_that_are_dropped_give_their_buffers_back(opencl_device: Any) -> None:
    x = np.ones((1000, 1000), np.float32)

    def once(number: int) -> None:
        big = np.full((1000, 1000), number + 1.0, np.float32) * x
        big[0, 0] = 0.0
        program = mg.compile(lambda x: mg.transpose(x * big) @ x, device=opencl_device)
        program(x).numpy()

    for number in range(5):
        once(number)
    before = resident()
    for number in range(5, 30):  # of some 12 MB each
        once(number)
    assert resident() - before < 100e6
