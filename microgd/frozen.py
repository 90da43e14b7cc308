"""The array that `Tensor.data` shows: read-only, so that no change goes unnoticed by the record."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from microgd.errors import DataError


def _in_place(name: str) -> Callable[[Any, Any], Any]:
    compute, change = getattr(operator, name), getattr(np.ndarray, f"__i{name}__")

    def method(self: Any, other: Any) -> Any:
        return change(self, other) if self.flags.writeable else compute(np.asarray(self), other)

    return method


class FrozenArray(np.ndarray[Any, Any]):
    """An array whose elements cannot be assigned, while `t.data -= step` still works.

    The in-place operators answer with a new, plain array, which the assignment then hands to the
    Tensor's `data` setter; so the record learns of the change. A copy is an array like any other.
    """

    def __setitem__(self, key: Any, value: Any) -> None:
        if self.flags.writeable:  # a copy
            super().__setitem__(key, value)
            return
        raise DataError(
            "the elements of .data cannot be assigned, for a recorded graph would not notice: "
            "take a copy with .numpy(), change that, and assign it: t.data = copy"
        )

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        plain = np.asarray(array)
        return plain[()] if return_scalar else plain

    if not TYPE_CHECKING:  # in place, but with a new result: no checker allows for that
        __iadd__ = _in_place("add")
        __isub__ = _in_place("sub")
        __imul__ = _in_place("mul")
        __itruediv__ = _in_place("truediv")
        __ipow__ = _in_place("pow")


def frozen(value: Any) -> Any:
    """A read-only view of an array that explains itself when written to."""
    view = np.asarray(value).view(FrozenArray)
    view.flags.writeable = False
    return view
