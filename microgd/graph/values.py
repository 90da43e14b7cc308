"""Values: what a node holds. A float64 scalar is a Python float (quick); the rest is NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from microgd.errors import DataError

Array = NDArray[Any]
Value = float | Array

FLOAT64 = np.dtype(np.float64)
FLOAT32 = np.dtype(np.float32)
INT64 = np.dtype(np.int64)


def as_value(result: Any) -> Value:
    """NumPy's result as a value: a Python float where it is a float64 scalar."""
    if result.__class__ is float:
        return result
    array = np.asarray(result)
    if array.dtype.kind != "f":
        if array.dtype.kind not in "biu":
            raise DataError(f"expected real numbers, got {array.dtype} {result!r:.60}")
        array = array.astype(FLOAT64)
    if array.ndim == 0:
        return float(array) if array.dtype == FLOAT64 else array[()]
    return array


def value_from(data: Any, dtype: Any = None) -> Value:
    """What a user gave, as a value of its own: floats stay, whole numbers become floats.

    float32 stays float32, everything else becomes float64 unless `dtype` says otherwise
    (`"float64"`, `"float32"`, or `"int64"` for indices). A number that the dtype cannot hold, such
    as ½ among indices or 1e300 as float32, is a DataError.
    """
    if data.__class__ is float and dtype is None:
        return data
    if data.__class__ is int and dtype is None:
        try:
            return float(data)
        except OverflowError:
            raise DataError("a whole number as large as this is no float64") from None
    if isinstance(data, list | tuple) and _holds_nodes(data):
        raise DataError("a list of Tensors is not data: join them with mg.stack([...])")
    if isinstance(data, np.ma.MaskedArray):
        raise DataError(
            "a masked array would lose its mask: fill it, data.filled(0.0), and keep the mask apart"
        )
    try:
        array = np.array(data)
    except ValueError as error:
        raise DataError(f"expected a number or a rectangular array of numbers: {error}") from None
    if array.dtype.kind not in "biuf":
        raise DataError(
            f"expected a number or an array of numbers, got {type(data).__name__} {data!r:.60}"
        )
    if dtype is None:
        wanted = FLOAT32 if array.dtype == FLOAT32 else FLOAT64
    else:
        wanted = checked_dtype(dtype)
    array = _converted(array, wanted)
    if array.ndim == 0:
        return float(array) if wanted == FLOAT64 else array[()]
    array.flags.writeable = False
    return array


def checked_dtype(dtype: Any) -> np.dtype[Any]:
    """One of the three dtypes that a value can have."""
    try:
        wanted = np.dtype(dtype)
    except TypeError:
        wanted = np.dtype(object)
    for known in (FLOAT64, FLOAT32, INT64):
        if wanted == known:
            return known
    raise DataError(f"dtype is float64, float32, or int64 for indices, got {dtype!r}")


def _converted(array: Array, wanted: np.dtype[Any]) -> Array:
    """A copy in another dtype, or a DataError where that would change more than the precision."""
    with np.errstate(all="ignore"):
        new = array.astype(wanted)
    if wanted == INT64 and array.dtype != INT64 and not np.array_equal(new, array):
        raise DataError("int64 data must be whole numbers that int64 can hold")
    if wanted.itemsize < array.dtype.itemsize and not np.array_equal(
        np.isfinite(new), np.isfinite(array)
    ):
        raise DataError(f"{wanted} holds numbers up to {np.finfo(wanted).max:.3g}; this is larger")
    return new


def _holds_nodes(items: list[Any] | tuple[Any, ...]) -> bool:
    """Whether a nested list has nodes in it, whose gradients would be lost."""
    return any(
        _holds_nodes(i) if isinstance(i, list | tuple) else hasattr(i, "gate") for i in items
    )


def plain(x: Any) -> Value:
    """A number or array to compute with: arrays of numbers are taken as they are, uncopied."""
    if x.__class__ is float or (isinstance(x, np.ndarray) and x.dtype in (FLOAT64, FLOAT32, INT64)):
        return x
    return value_from(x)


def dtype_of(value: Value) -> np.dtype[Any]:
    """The dtype of a value; a Python float is float64."""
    return FLOAT64 if value.__class__ is float else np.asarray(value).dtype


def shape_of(x: Any) -> tuple[int, ...]:
    """The shape of a value or a node; a Python float has shape ()."""
    return getattr(x, "shape", ())
