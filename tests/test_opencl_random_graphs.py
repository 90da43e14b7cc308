"""Random programs: the device agrees with the interpreter, in values and in gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from compiled import compiled, differ, expected, found, other_family
from hypothesis import HealthCheck, given, settings
from random_graphs import RandomProgram, random_programs

import microgd as mg
from microgd.interpreter.reverse import gradients_of

#: Twelve steps on numbers below 1000, each off by a few ε of them; sums of 17² numbers.
CLOSE = {np.dtype(np.float64): 1e-10, np.dtype(np.float32): 1e-3}
QUIET = settings(
    deadline=None,
    suppress_health_check=[
        *(HealthCheck.too_slow, HealthCheck.data_too_large),
        HealthCheck.function_scoped_fixture,
    ],
    database=None,
)


def values_and_gradients(program: RandomProgram) -> Any:
    def fn(*args: Any) -> list[Any]:
        outputs = program(*args)
        total = mg.sum(outputs[-1] * 0.7)
        slopes = gradients_of(total, list(args), 1.0, as_graph=True)
        return [*outputs, *(s if isinstance(s, mg.Tensor) else mg.constant(s) for s in slopes)]

    return fn


def check(program: RandomProgram, device: Any, family: str | None = None) -> None:
    dtype = program.args[0].dtype
    if dtype == np.float64 and not device.float64:
        pytest.skip("no double precision")
    fn = values_and_gradients(program)
    # Scalars are float64 numbers beside whatever arrays there are, in both.
    args = [float(a) if a.shape == () and dtype == np.float64 else a for a in program.args]
    args = [a if isinstance(a, float) or a.shape else a[()] for a in args]
    want = expected(fn, args)
    got = found(compiled(fn, device, family), args)
    for number, (one, other) in enumerate(zip(want, got, strict=True)):
        largest = float(np.abs(one).max(initial=1.0))
        close = CLOSE[dtype] * max(1.0, largest)
        assert differ(one, other, CLOSE[dtype], close) is None, f"result {number}"


@settings(QUIET, max_examples=25)
@given(program=random_programs())
def test_random_programs(opencl_device: Any, program: RandomProgram) -> None:
    check(program, opencl_device)


@pytest.mark.slow
@settings(QUIET, max_examples=400)
@given(program=random_programs(most=20))
def test_many_random_programs(opencl_device: Any, program: RandomProgram) -> None:
    check(program, opencl_device)


@pytest.mark.slow
@settings(QUIET, max_examples=100)
@given(program=random_programs(dtype=np.float32))
def test_random_programs_in_float32(opencl_device: Any, program: RandomProgram) -> None:
    check(program, opencl_device)


@pytest.mark.slow
@settings(QUIET, max_examples=100)
@given(program=random_programs())
def test_random_programs_in_the_other_family(opencl_device: Any, program: RandomProgram) -> None:
    if opencl_device.kind == "cpu" and "Intel" in opencl_device.platform:
        pytest.skip(
            "its compiler (2026.22) gives the rows of small work-groups each other's results"
        )
    check(program, opencl_device, other_family(opencl_device))
