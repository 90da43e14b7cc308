"""What device arrays do as NumPy's do: they read their numbers, and NumPy computes with those."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from microgd.graph.node import Node


def _left(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        return NotImplemented if isinstance(other, Node) else operation(self.numpy(), _plain(other))

    return method


def _right(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        return NotImplemented if isinstance(other, Node) else operation(_plain(other), self.numpy())

    return method


def _plain(x: Any) -> Any:
    return x.numpy() if isinstance(x, Readable) else x


class Readable:
    """Operators, indexing and conversions of something that has `numpy()`, `shape` and `size`.

    All of them wait for the numbers, and answer with NumPy's. With Tensors the Tensor answers.
    """

    __slots__ = ()

    shape: tuple[int, ...]

    def numpy(self) -> Any:
        """The numbers."""
        raise NotImplementedError

    __add__, __radd__ = _left(operator.add), _right(operator.add)
    __sub__, __rsub__ = _left(operator.sub), _right(operator.sub)
    __mul__, __rmul__ = _left(operator.mul), _right(operator.mul)
    __truediv__, __rtruediv__ = _left(operator.truediv), _right(operator.truediv)
    __floordiv__, __rfloordiv__ = _left(operator.floordiv), _right(operator.floordiv)
    __mod__, __rmod__ = _left(operator.mod), _right(operator.mod)
    __pow__, __rpow__ = _left(operator.pow), _right(operator.pow)
    __matmul__, __rmatmul__ = _left(operator.matmul), _right(operator.matmul)
    __lt__, __le__ = _left(operator.lt), _left(operator.le)
    __gt__, __ge__ = _left(operator.gt), _left(operator.ge)
    __eq__, __ne__ = _left(operator.eq), _left(operator.ne)
    __hash__ = object.__hash__

    def __neg__(self) -> Any:
        return -self.numpy()

    def __abs__(self) -> Any:
        return abs(self.numpy())

    def __round__(self, digits: int | None = None) -> Any:
        return round(self.item(), digits)

    def __getitem__(self, key: Any) -> Any:
        if any(isinstance(k, Node) for k in (key if isinstance(key, tuple) else (key,))):
            from microgd.tensor import Tensor

            return Tensor(self.numpy())[key]
        return self.numpy()[_plain(key)]

    def __setitem__(self, key: Any, new: Any) -> None:
        raise TypeError(
            "a DeviceArray's elements cannot be assigned: change a copy, x.numpy(), and put that "
            "on the device with mg.device_array; or build the new array in a compiled function, "
            "with mg.where"
        )

    def __iter__(self) -> Iterator[Any]:
        return iter(self.numpy())

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a scalar has no length")
        return self.shape[0]

    def item(self) -> Any:
        """The one number of an array with one element."""
        return self.numpy().item()

    def tolist(self) -> Any:
        """The numbers in nested lists."""
        return self.numpy().tolist()

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        return operator.index(self.numpy())

    def __bool__(self) -> bool:
        return bool(self.numpy())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self.numpy(), dtype=dtype)

    def __str__(self) -> str:
        return str(self.numpy())

    def __format__(self, spec: str) -> str:
        return format(self.numpy() if self.shape else self.item(), spec) if spec else str(self)

    def __getattr__(self, name: str) -> Any:
        known = f"{type(self).__name__!r} object has no attribute {name!r}"
        if name in ("backward", "grad"):
            known += (
                ": results of compiled functions are numbers without a record. Compile the "
                "gradient, too: mg.compile(mg.value_and_grad(f))"
            )
        elif name == "data":
            known += ": its numbers are x.numpy()"
        elif not name.startswith("_") and hasattr(np.ndarray, name):
            known += f": read it first, x.numpy().{name}, or compute that in the compiled function"
        raise AttributeError(known)
