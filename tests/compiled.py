"""What the tests of compiled programs share: run a function both ways, and compare."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import microgd as mg
from microgd.autodiff.tree import leaves
from microgd.interpreter.reverse import gradients_of

DTYPES = (np.dtype(np.float64), np.dtype(np.float32))


def compiled(fn: Callable[..., Any], device: Any, family: str | None = None, **more: Any) -> Any:
    """A program; with `family`, of the kernels that are meant for the other kind of device."""
    program = mg.compile(fn, device=device, **more)
    program._family = family
    return program


def other_family(device: Any) -> str:
    return "gpu" if device.family == "cpu" else "cpu"


#: Both families of kernels; the one that is not meant for the device takes long to build.
FAMILIES_OF_KERNELS = pytest.mark.parametrize(
    "other",
    [pytest.param(False, id="own"), pytest.param(True, id="other", marks=pytest.mark.slow)],
)


def narrowed(x: Any, dtype: np.dtype[Any]) -> Any:
    """The number or array in this dtype; a float64 scalar is a Python float."""
    if np.ndim(x):
        return np.asarray(x, dtype)
    return float(x) if dtype == np.float64 else dtype.type(x)


def expected(fn: Callable[..., Any], args: Sequence[Any]) -> list[np.ndarray]:
    """The interpreter's results."""
    return [
        np.asarray(x.data if isinstance(x, mg.Tensor) else x)
        for x in leaves(fn(*map(tensor, args)))
    ]


def tensor(x: Any) -> mg.Tensor:
    return x if isinstance(x, mg.Tensor) else mg.Tensor(x)


def found(program: Any, args: Sequence[Any]) -> list[np.ndarray]:
    """The program's results."""
    return [np.asarray(x) for x in leaves(program(*args))]


def differ(want: np.ndarray, got: np.ndarray, rtol: float = 0.0, atol: float = 0.0) -> str | None:
    """How two arrays differ, in words; None if they do not. NaN equals NaN."""
    if want.shape != got.shape or want.dtype != got.dtype:
        return f"{got.dtype}{list(got.shape)} instead of {want.dtype}{list(want.shape)}"
    with np.errstate(all="ignore"):
        off = np.abs(got.astype(float) - want.astype(float))
        fine = (off <= atol + rtol * np.abs(want)) | (got == want)
    fine |= np.isnan(want) & np.isnan(got)
    if fine.all():
        return None
    place = tuple(int(n) for n in np.argwhere(~fine)[0])
    return f"{got[place]!r} instead of {want[place]!r} at {place} ({np.sum(~fine)} of {fine.size})"


def with_gradients(out: Any, wanted: Sequence[Any], second: bool = True) -> list[Any]:
    """The output, its gradients, and the gradients of the sum of their squares."""
    results = [out]
    if not wanted or not out.size:
        return results
    ramp = np.linspace(0.5, 1.5, out.size).reshape(out.shape).astype(out.dtype)
    first = gradients_of(out, wanted, mg.constant(ramp), as_graph=True)
    results += [mg.constant(g) if not isinstance(g, mg.Tensor) else g for g in first]
    squares = [mg.sum(g * g) for g in first if isinstance(g, mg.Tensor)]
    if second and squares:
        total = squares[0]
        for one in squares[1:]:
            total = total + one
        results += [
            g if isinstance(g, mg.Tensor) else mg.constant(g)
            for g in gradients_of(total, wanted, 1.0, as_graph=True)
        ]
    return results
