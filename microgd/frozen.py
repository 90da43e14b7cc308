"""The array that `Tensor.data` shows: read-only, so that no change goes unnoticed by the record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from microgd.errors import DataError


class FrozenArray(np.ndarray[Any, Any]):
    """An array whose elements cannot be assigned, while `t.data -= step` still works.

    The in-place operators answer with a new, plain array, which the assignment then hands to the
    Tensor's `data` setter; so the record learns of the change.
    """

    def __setitem__(self, key: Any, value: Any) -> None:
        raise DataError(
            "the elements of .data cannot be assigned, for a recorded graph would not notice: "
            "take a copy with .numpy(), change that, and assign it: t.data = copy"
        )

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        plain = np.asarray(array)
        return plain[()] if return_scalar else plain

    if not TYPE_CHECKING:  # in place, but with a new result: no checker allows for that

        def __iadd__(self, other: Any) -> Any:
            return np.asarray(self) + other

        def __isub__(self, other: Any) -> Any:
            return np.asarray(self) - other

        def __imul__(self, other: Any) -> Any:
            return np.asarray(self) * other

        def __itruediv__(self, other: Any) -> Any:
            return np.asarray(self) / other

        def __ipow__(self, other: Any) -> Any:
            return np.asarray(self) ** other


def frozen(value: Any) -> Any:
    """A read-only view of an array that explains itself when written to."""
    view = np.asarray(value).view(FrozenArray)
    view.flags.writeable = False
    return view
