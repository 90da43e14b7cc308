"""A driver's checkup, run by a Python of its own: list its devices, and compute on each.

Being listed proves nothing: there are drivers whose every build fails, and drivers that crash or
hang whoever asks them. So this file is a program, imports nothing of microgd, and says each
thing it learns at once.
"""

from __future__ import annotations

import json
import os
from typing import Any

#: Before each line that is an answer; drivers print, too.
MARK = "microgd-checkup "

SOURCE = """
#ifdef WIDE
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
typedef double real;
#else
typedef float real;
#endif
__kernel void checkup(__global const real *x, __global const int *order, __global real *y,
                      __global real *relu, __global real *sums, __global int *nans,
                      __global long *far) {
    size_t i = get_global_id(0);
    size_t j = get_local_id(0);
    __local real part[16];
    real v = x[order[i]];
    y[i] = exp(v) / 3;
    relu[i] = v <= 0 ? (real)(0) : v;
    nans[i] = isnan(v) && v != v;
    far[i] = (long)(i) * 4294967299L - 5;
    part[j] = (real)(i);
    barrier(CLK_LOCAL_MEM_FENCE);
    if (j == 0) {
        real sum = 0;
        for (int k = 0; k < (int)(get_local_size(0)); k++) sum += part[k];
        sums[get_group_id(0)] = sum;
    }
}
"""


def identity(device: Any, number: int) -> str:
    """What a verdict is about: this device with this version of its driver."""
    platform = device.platform
    parts = (platform.name, platform.version, device.name, device.version, device.driver_version)
    return " | ".join([*(" ".join(str(part).split()) for part in parts), str(number)])


def problem(cl: Any, device: Any, *, wide: bool = False) -> str | None:
    """Why a device is of no use, or None. `wide` asks for float64."""
    try:
        return _compare(cl, device, wide)
    except Exception as error:
        return short(str(error)) or type(error).__name__


def short(text: str) -> str:
    """The first words of a complaint, in one line."""
    text = " ".join(text.split())
    return text if len(text) <= 160 else f"{text[:159]}…"


def _compare(cl: Any, device: Any, wide: bool) -> str | None:
    import numpy as np

    n, group = 256, 16
    if device.max_work_group_size < group:
        group = 1
    real = np.float64 if wide else np.float32
    x = np.linspace(-3, 3, n).astype(real)
    x[[7, 70, 200]] = np.nan
    x[[11, 100]] = np.inf, -np.inf
    order = np.arange(n, dtype=np.int32)[::-1].copy()
    results = [np.full(n, 77, dtype=t) for t in (real, real, real, np.int32, np.int64)]

    context = cl.Context([device])
    queue = cl.CommandQueue(context)
    # No cache: a compiler that works today is what is asked for.
    program = cl.Program(context, SOURCE).build(["-DWIDE"] if wide else [], cache_dir=False)
    flags = cl.mem_flags
    inputs = [
        cl.Buffer(context, flags.READ_ONLY | flags.COPY_HOST_PTR, hostbuf=a) for a in (x, order)
    ]
    outputs = [
        cl.Buffer(context, flags.READ_WRITE | flags.COPY_HOST_PTR, hostbuf=a) for a in results
    ]
    program.checkup(queue, (n,), (group,), *inputs, *outputs)
    for buffer, array in zip(outputs, results, strict=True):
        cl.enqueue_copy(queue, array, buffer)
    queue.finish()

    y, relu, sums, nans, far = results
    v: Any = x[order]
    count = np.arange(n, dtype=np.int64)
    with np.errstate(all="ignore"):
        expected: dict[str, tuple[Any, Any]] = {
            "exp(x) / 3": (y, np.exp(v) / real(3)),
            "relu, which keeps NaN": (relu, np.where(v <= 0, real(0), v)),
            "isnan": (nans, np.isnan(v)),
            "64-bit integers": (far, count * 4294967299 - 5),
            "sums in local memory": (sums[: n // group], count.reshape(-1, group).sum(1)),
        }
        tolerance = 16 * float(np.finfo(real).eps)
        for what, (got, right) in expected.items():
            if not np.allclose(got, right, rtol=tolerance, atol=0, equal_nan=True):
                return f"computes wrong numbers: {what}"
    return None


def _say(**answer: Any) -> None:
    print(MARK + json.dumps(answer), flush=True)


def main() -> None:
    """List and check every device of the drivers that the environment names."""
    import warnings

    warnings.simplefilter("ignore")
    home = os.environ.get("PYOPENCL_HOME")
    import pyopencl as cl

    if home is not None:  # importing pyopencl set it to where drivers lie that nobody asked for
        os.environ["PYOPENCL_HOME"] = home

    _say(at="being listed")
    try:
        platforms = cl.get_platforms()
    except cl.Error as error:
        if "PLATFORM_NOT_FOUND" not in str(error):
            raise
        platforms = []
    for platform in platforms:
        _say(platform=platform.name.strip())
        try:
            devices = platform.get_devices()
        except cl.Error:  # there is none; Apple's says so in another word than the others
            devices = []
        for number, device in enumerate(devices):
            name = identity(device, number)
            _say(at=f"running on {device.name.strip()}", device=name)
            found = problem(cl, device)
            wide = found is None and bool(device.double_fp_config)
            wide = wide and problem(cl, device, wide=True) is None
            _say(verdict=name, problem=found, float64=wide)
    _say(done=True)


if __name__ == "__main__":
    main()
