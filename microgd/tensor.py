"""Tensor: what users hold. A Node with operators and methods, each one line into the gates."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any, ClassVar

import numpy as np

from microgd.errors import DataError, PlaceholderError, ShapeError
from microgd.frozen import frozen
from microgd.gates.activation import relu
from microgd.gates.arithmetic import add, div, mul, neg, recip, sub
from microgd.gates.exponential import cos, exp, log, sigmoid, sin, softplus, tanh
from microgd.gates.indexing import index, take
from microgd.gates.linear import matmul
from microgd.gates.movement import broadcast_to, reshape, transpose
from microgd.gates.powers import absolute, power, sqrt, square
from microgd.gates.reduction import (
    largest,
    log_softmax,
    logsumexp,
    mean,
    smallest,
    softmax,
    total,
    variance,
)
from microgd.gates.selection import (
    clip,
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    logical_and,
    not_equal,
)
from microgd.graph.gate import Gate
from microgd.graph.node import Node, next_tick, set_leaf
from microgd.graph.record import record, wrap
from microgd.graph.row import CONSTANT, INPUT, PLACEHOLDER
from microgd.graph.shapes import Axis, Shape, checked_shape
from microgd.graph.values import FLOAT64, Value, checked_dtype, shape_of, value_from
from microgd.graph.variables import refuse_to_lose
from microgd.interpreter.reverse import leaf_gradients


class Tensor(Node):
    """A number or an array that remembers how it was computed.

    Arguments:
        data: a number, a nested list or an array; whole numbers become float64, float32 stays.
        name: what to call it in tables and pictures.
        dtype: "float64", "float32", or "int64" for indices.

    Raises:
        DataError: data that is no number and no rectangular array of numbers.

    >>> x = Tensor(-2.0, name="x"); y = Tensor(5.0, name="y"); z = Tensor(-4.0, name="z")
    >>> f = (x + y) * z
    >>> f.backward(); (x.grad, y.grad, z.grad)
    (-4.0, -4.0, 3.0)
    """

    __slots__ = ("_grad",)

    #: How a notebook shows a Tensor; given by the floor that can draw (`draw/notebook.py`).
    _repr_svg_: ClassVar[Callable[[Tensor], str | None]]

    #: NumPy leaves mixed expressions such as `array + tensor` to the Tensor.
    __array_ufunc__ = None

    def __init__(self, data: Any, name: str | None = None, dtype: Any = None) -> None:
        if isinstance(data, Node):
            data = data.value
        if name is not None:
            checked_name(name)
        set_leaf(self, INPUT, value_from(data, dtype), name)

    # -- reading -----------------------------------------------------------------------------

    @property
    def data(self) -> Any:
        """The value: a Python float for a scalar, else a read-only array; None for a placeholder.

        At a leaf it can be assigned: `p.data = p.data - lr * p.grad` (or `-=`). A graph recorded
        before still holds the old numbers, and its `backward()` then raises StaleDataError.
        """
        value = self.value
        return value if value is None or self.shape == () else frozen(value)

    @data.setter
    def data(self, new: Any) -> None:
        if self.gate is PLACEHOLDER or self.inputs:
            what = f"computed by gate {self.gate.name!r}" if self.inputs else "a placeholder"
            raise DataError(f"only a leaf's data can be assigned; this Tensor is {what}")
        value = value_from(new, self.dtype if self.dtype.kind == "i" else None)
        if shape_of(value) != self.shape:
            raise ShapeError(
                f"the data of {self.name or 'this Tensor'!r} has shape {self.shape}; "
                f"it cannot become {shape_of(value)}"
            )
        self.value = value if self.dtype.kind == "i" else value_from(value, self.dtype)
        self.stamp = next_tick()

    def _number(self) -> Value:
        if self.value is None:
            raise PlaceholderError(
                f"{self!r} has a shape but no numbers, so Python cannot branch on it or convert "
                "it; to choose between values use mg.where(condition, a, b)"
            )
        return self.value

    def item(self) -> float:
        """The one number of a Tensor with one element."""
        return float(np.asarray(self._number()).item())

    def numpy(self) -> Any:
        """A copy of the value as a NumPy array."""
        return np.array(self._number())

    def __float__(self) -> float:
        refuse_to_lose(self, "float()")
        return self.item()

    def __bool__(self) -> bool:
        number = self._number()
        if np.size(number) != 1:
            raise ShapeError(
                f"an array of shape {self.shape} is neither true nor false: reduce it first "
                "(mask.min() is 1 where all hold, mask.max() where any does)"
            )
        return bool(number)

    def __len__(self) -> int:
        if not self.shape:
            raise ShapeError("a scalar has no length")
        return self.shape[0]

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        refuse_to_lose(self, "NumPy")
        return np.array(self._number(), dtype=dtype)

    @property
    def ndim(self) -> int:
        """How many axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """How many elements."""
        return int(np.prod(self.shape))

    def __repr__(self) -> str:
        parts = []
        if self.value is None:
            parts.append(f"shape={self.shape}")
        elif self.shape == ():
            parts.append(f"{float(self.value):.12g}")
        else:
            parts.append(np.array2string(np.asarray(self.value), separator=", ", threshold=20))
        if self.name:
            parts.append(f"name={self.name!r}")
        if self.dtype != np.float64:
            parts.append(f"dtype={self.dtype}")
        if self.inputs:
            parts.append(f"gate={self.gate.name}")
        return f"Tensor({', '.join(parts)})"

    def __reduce__(self) -> Any:
        """Leaves can be copied and pickled, with their name and gradient."""
        if self.inputs:
            raise DataError(
                f"only a leaf can be copied or pickled; this Tensor was computed by gate "
                f"{self.gate.name!r}. Copy its numbers, mg.Tensor(t.data), or its leaves"
            )
        kept = {n: getattr(self, n) for n in ("value", "shape", "dtype", "name", "scope", "grad")}
        return _leaf_again, (self.__class__, self.gate.name, kept)

    def named(self, name: str) -> Tensor:
        """This Tensor itself, with a name for tables and pictures."""
        self.name = checked_name(name)
        return self

    # -- gradients ---------------------------------------------------------------------------

    @property
    def grad(self) -> Any:
        """At a leaf, what `backward()` has added up so far; None before, and at inner nodes."""
        return getattr(self, "_grad", None)

    @grad.setter
    def grad(self, new: Any) -> None:
        self._grad = new

    def backward(self, upstream: Any = None) -> None:
        """Add ∂self/∂leaf to the `.grad` of every leaf this Tensor was computed from.

        `upstream` is needed (in this Tensor's shape) unless it is a scalar. As in PyTorch, grads of
        several calls add up until `leaf.grad = None`. Inner nodes keep no gradient: `mg.trace`
        shows them.

        Raises:
            ShapeError: an array without `upstream`. StaleDataError: data changed meanwhile.
        """
        self._number()
        if upstream is None:
            if self.shape != ():
                raise ShapeError(
                    f"backward() starts from a scalar, this Tensor has shape {self.shape}: "
                    "reduce it first (.sum() or .mean()), or give backward(upstream) in this shape"
                )
            upstream = 1.0
        else:
            upstream = value_from(upstream.value if isinstance(upstream, Node) else upstream)
            if shape_of(upstream) != self.shape:
                raise ShapeError(
                    f"upstream has shape {shape_of(upstream)}, this Tensor {self.shape}"
                )
        gradients = leaf_gradients(self, upstream)
        with _adding_up:
            for leaf, gradient in gradients.items():
                assert isinstance(leaf, Tensor)
                if leaf.grad is not None:
                    gradient = leaf.grad + gradient
                leaf.grad = gradient if leaf.shape == () else np.array(gradient)

    # -- operators ---------------------------------------------------------------------------

    def __add__(self, other: Any) -> Tensor:
        return record(add, (self, other))

    def __radd__(self, other: Any) -> Tensor:
        if other.__class__ is int and other == 0:  # where Python's sum() starts: no gate for that
            return self
        return record(add, (wrap(other, Tensor), self))

    def __sub__(self, other: Any) -> Tensor:
        return record(sub, (self, other))

    def __rsub__(self, other: Any) -> Tensor:
        return record(sub, (wrap(other, Tensor), self))

    def __mul__(self, other: Any) -> Tensor:
        return record(mul, (self, other))

    def __rmul__(self, other: Any) -> Tensor:
        return record(mul, (wrap(other, Tensor), self))

    def __truediv__(self, other: Any) -> Tensor:
        return record(div, (self, other))

    def __rtruediv__(self, other: Any) -> Tensor:
        if isinstance(other, int | float) and other == 1:
            return record(recip, (self,))
        return record(div, (wrap(other, Tensor), self))

    def __pow__(self, other: Any) -> Tensor:
        return record(power, (self, other))

    def __rpow__(self, other: Any) -> Tensor:
        return record(power, (wrap(other, Tensor), self))

    def __matmul__(self, other: Any) -> Tensor:
        return record(matmul, (self, other))

    def __rmatmul__(self, other: Any) -> Tensor:
        return record(matmul, (wrap(other, Tensor), self))

    def __neg__(self) -> Tensor:
        return record(neg, (self,))

    def __pos__(self) -> Tensor:
        return self

    def __abs__(self) -> Tensor:
        return record(absolute, (self,))

    def __gt__(self, other: Any) -> Tensor:
        return record(greater, (self, other))

    def __lt__(self, other: Any) -> Tensor:
        return record(less, (self, other))

    def __ge__(self, other: Any) -> Tensor:
        return record(greater_equal, (self, other))

    def __le__(self, other: Any) -> Tensor:
        return record(less_equal, (self, other))

    def __eq__(self, other: Any) -> Any:
        return record(equal, (self, other)) if _is_data(other) else NotImplemented

    def __ne__(self, other: Any) -> Any:
        return record(not_equal, (self, other)) if _is_data(other) else NotImplemented

    #: Nodes are compared by identity in sets and dictionaries.
    __hash__ = object.__hash__

    def __getitem__(self, key: Any) -> Tensor:
        if isinstance(key, Tensor | np.ndarray | list):
            if _is_mask(key):
                raise ShapeError(
                    "a mask cannot pick elements, for the shape would depend on the numbers: keep "
                    "the shape with mg.where(mask, x, 0.0), or pick by whole numbers, "
                    "x[np.flatnonzero(mask)]"
                )
            return record(take, (self, key), {"axis": 0})
        return self._apply(index, key=key)

    def __setitem__(self, key: Any, new: Any) -> None:
        raise DataError(
            "a Tensor is a record: its elements cannot be assigned. Build the new Tensor with "
            "mg.where(condition, new, x) or mg.concatenate, or assign a leaf's whole x.data"
        )

    # -- methods: the gates most used ----------------------------------------------------------

    def _apply(self, gate: Gate, **params: Any) -> Tensor:
        return record(gate, (self,), gate.bind((self,), params)[1])

    def exp(self) -> Tensor:
        """eˣ."""
        return record(exp, (self,))

    def log(self) -> Tensor:
        """The natural logarithm."""
        return record(log, (self,))

    def sin(self) -> Tensor:
        """The sine of radians."""
        return record(sin, (self,))

    def cos(self) -> Tensor:
        """The cosine of radians."""
        return record(cos, (self,))

    def tanh(self) -> Tensor:
        """The hyperbolic tangent."""
        return record(tanh, (self,))

    def sigmoid(self) -> Tensor:
        """1 / (1 + e⁻ˣ)."""
        return record(sigmoid, (self,))

    def softplus(self) -> Tensor:
        """ln(1 + eˣ)."""
        return record(softplus, (self,))

    def relu(self) -> Tensor:
        """max(0, x)."""
        return record(relu, (self,))

    def abs(self) -> Tensor:
        """|x|."""
        return record(absolute, (self,))

    def sqrt(self) -> Tensor:
        """The square root."""
        return record(sqrt, (self,))

    def square(self) -> Tensor:
        """x²."""
        return record(square, (self,))

    def clip(self, low: float | None = None, high: float | None = None) -> Tensor:
        """x kept between low and high."""
        return self._apply(clip, low=low, high=high)

    def sum(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """The sum over axes."""
        return self._apply(total, axis=axis, keepdims=keepdims)

    def mean(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """The mean over axes."""
        return self._apply(mean, axis=axis, keepdims=keepdims)

    def max(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """The largest element over axes."""
        return self._apply(largest, axis=axis, keepdims=keepdims)

    def min(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """The smallest element over axes."""
        return self._apply(smallest, axis=axis, keepdims=keepdims)

    def var(self, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
        """The variance over axes."""
        return self._apply(variance, axis=axis, ddof=ddof, keepdims=keepdims)

    def logsumexp(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """ln Σ eˣ over axes."""
        return self._apply(logsumexp, axis=axis, keepdims=keepdims)

    def softmax(self, axis: int = -1) -> Tensor:
        """Probabilities along an axis."""
        return self._apply(softmax, axis=axis)

    def log_softmax(self, axis: int = -1) -> Tensor:
        """Log-probabilities along an axis."""
        return self._apply(log_softmax, axis=axis)

    def reshape(self, *shape: Any) -> Tensor:
        """The same elements in another shape: reshape(2, 3) or reshape((2, 3))."""
        return self._apply(reshape, shape=_spread_out(shape))

    def transpose(self, *axes: Any) -> Tensor:
        """The axes in another order, transpose(1, 0) or transpose((1, 0)), or all reversed."""
        return self._apply(transpose, axes=_spread_out(axes) if axes else None)

    @property
    def T(self) -> Tensor:
        """All axes reversed."""
        return self.transpose()

    def broadcast_to(self, shape: Shape) -> Tensor:
        """Repeated along new or size-1 axes."""
        return self._apply(broadcast_to, shape=shape)


#: Threads that go backward into the same leaf take turns in adding to its gradient.
_adding_up = Lock()


def checked_name(name: Any) -> str:
    """A name for tables and pictures; a DataError if it is no text."""
    if not isinstance(name, str):
        raise DataError(f"a Tensor's name is text, got {name!r:.60}")
    return name


def _leaf_again(cls: type[Tensor], kind: str, kept: dict[str, Any]) -> Tensor:
    node = object.__new__(cls)
    rows = {row.name: row for row in (INPUT, CONSTANT, PLACEHOLDER)}
    value = kept["value"]
    set_leaf(node, rows[kind], None if value is None else value_from(value, kept["dtype"]), None)
    for field in ("shape", "dtype", "name", "scope", "grad"):
        setattr(node, field, kept[field])
    return node


def _spread_out(sizes: tuple[Any, ...]) -> tuple[Any, ...]:
    """(2, 3) from both f(2, 3) and f((2, 3))."""
    return tuple(sizes[0]) if len(sizes) == 1 and np.ndim(sizes[0]) else sizes


def _is_data(other: Any) -> bool:
    return isinstance(other, Node | int | float | list | tuple | np.ndarray | np.number)


#: The gates whose answers are truths, 1 or 0.
_TRUTHS = (greater, less, greater_equal, less_equal, equal, not_equal, logical_and)


def _is_mask(key: Any) -> bool:
    if isinstance(key, Node):
        return key.gate in _TRUTHS
    return bool(np.asarray(key).dtype == bool)


def placeholder(shape: Shape | int = (), name: str | None = None, dtype: Any = None) -> Tensor:
    """A Tensor with a shape and no numbers; whatever is computed from it has a shape only.

    >>> (placeholder((2, 3)) @ placeholder((3, 4))).shape
    (2, 4)
    """
    node = object.__new__(Tensor)
    set_leaf(node, PLACEHOLDER, None, None if name is None else checked_name(name))
    node.shape = checked_shape(shape)
    node.dtype = FLOAT64 if dtype is None else checked_dtype(dtype)
    return node


def constant(data: Any) -> Tensor:
    """A Tensor that collects no gradient, as the plain numbers in an expression are.

    >>> c = constant([1.0, 2.0]); (c * Tensor(3.0)).sum().backward(); c.grad is None
    True
    """
    return _detached(data) if isinstance(data, Node) else wrap(data, Tensor)


def _detached(node: Node) -> Tensor:
    fresh = object.__new__(Tensor)
    set_leaf(fresh, CONSTANT, node.value, node.name)
    return fresh
