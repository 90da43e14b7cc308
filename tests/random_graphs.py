"""Random programs of tensors for hypothesis: the same steps for interpreter and compiler."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

import microgd as mg

Draw = Callable[[st.SearchStrategy[Any]], Any]
Step = Callable[[list[Any]], Any]


@dataclass
class RandomProgram:
    """Arguments, steps that each make one more Tensor of those before, and what is returned."""

    args: list[np.ndarray]
    steps: list[Step]
    words: list[str]
    outputs: list[int]

    def __call__(self, *args: Any) -> list[Any]:
        made = list(args)
        for step in self.steps:
            made.append(step(made))
        return [made[n] for n in self.outputs]

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))

    def __repr__(self) -> str:
        shapes = ", ".join(str(a.shape) for a in self.args)
        return f"RandomProgram({shapes}; {'; '.join(self.words)} -> {self.outputs})"


UNARY = {
    "tanh": mg.tanh,
    "sigmoid": mg.sigmoid,
    "relu": mg.relu,
    "neg": mg.neg,
    "abs": mg.abs,
    "sin": mg.sin,
    "exp": lambda x: mg.exp(-mg.abs(x)),
    "half": lambda x: x * 0.5,
    "less": lambda x: 1.0 - x,
    "root": lambda x: mg.sqrt(mg.square(x) + 0.5),
    "over": lambda x: x / (1.0 + mg.abs(x)),
    "cube": lambda x: mg.tanh(x) ** 3,
}
BINARY = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: mg.tanh(x) * y,
    "max": lambda x, y: mg.maximum(x, y + 0.01371),
    "where": lambda x, y: mg.where(mg.greater(x, 0.01371), x, y),
}


@st.composite
def random_programs(draw: Draw, most: int = 12, dtype: Any = np.float64) -> RandomProgram:
    """A program of up to `most` steps."""
    numbers = np.random.default_rng(draw(st.integers(0, 2**16)))
    sizes = st.sampled_from([1, 2, 3, 4, 5, 16, 17])
    shapes = [
        tuple(draw(st.lists(sizes, min_size=0, max_size=3))) for _ in range(draw(st.integers(1, 3)))
    ]
    args = [np.asarray(numbers.uniform(-2, 2, s), dtype) for s in shapes]
    args.append(np.asarray(numbers.uniform(-2, 2, draw(sizes)), dtype))
    made: list[Any] = [mg.Tensor(a) for a in args]
    steps: list[Step] = []
    words: list[str] = []
    for _ in range(draw(st.integers(most // 2, most))):
        kind = draw(st.sampled_from(sorted(KINDS)))
        found = KINDS[kind](draw, made, numbers, dtype)
        if found is None:
            continue
        step, inputs = found
        new = step(made)
        if (
            new.size > 20_000
            or not np.isfinite(new.data).all()
            or np.abs(new.data).max(initial=0) > 1e3
        ):
            continue
        words.append(f"{len(made)} = {kind}{inputs}{new.shape}")
        steps.append(step)
        made.append(new)
    count = len(made)
    outputs = draw(st.lists(st.integers(0, count - 1), min_size=0, max_size=3))
    return RandomProgram(args, steps, words, [*outputs, count - 1])


def _pick(draw: Draw, made: list[Any]) -> int:
    late = draw(st.booleans())  # half of the time one of the latest: deep graphs, not wide ones
    first = max(0, len(made) - 3) if late else 0
    return int(draw(st.integers(first, len(made) - 1)))


def _unary(draw: Draw, made: list[Any], numbers: Any, dtype: Any) -> Any:
    n, name = _pick(draw, made), draw(st.sampled_from(sorted(UNARY)))
    return (lambda m: UNARY[name](m[n])), (name, n)


def _binary(draw: Draw, made: list[Any], numbers: Any, dtype: Any) -> Any:
    n = _pick(draw, made)
    shape = made[n].shape
    fitting = [k for k, t in enumerate(made) if _broadcasts(shape, t.shape)]
    k, name = draw(st.sampled_from(fitting)), draw(st.sampled_from(sorted(BINARY)))
    return (lambda m: BINARY[name](m[n], m[k])), (name, n, k)


def _broadcasts(one: Any, other: Any) -> bool:
    pairs = zip(reversed(one), reversed(other), strict=False)
    return all(a == b or 1 in (a, b) for a, b in pairs)


def _constant(draw: Draw, made: list[Any], numbers: Any, dtype: Any) -> Any:
    n = _pick(draw, made)
    shape = made[n].shape[draw(st.integers(0, len(made[n].shape))) :]
    value = np.asarray(numbers.uniform(-1, 1, shape), dtype)
    return (lambda m: m[n] + value), (n,)


def _reduce(draw: Draw, made: list[Any], numbers: Any, dtype: Any) -> Any:
    n = _pick(draw, made)
    rank = made[n].ndim
    if not made[n].size:
        return None
    axes: Any = draw(st.sets(st.integers(0, rank - 1))) if rank else None
    axis = tuple(sorted(axes)) if axes else None
    pick = draw(st.sampled_from(["sum", "mean", "max", "min", "logsumexp", "var"]))
    keep = draw(st.booleans())
    scale = 0.2 if pick == "sum" else 1.0
    return (lambda m: mg.TABLE[pick](m[n], axis=axis, keepdims=keep) * scale), (pick, n, axis, keep)


def _softmax(draw: Draw, made: list[Any], numbers: Any, dtype: Any) -> Any:
    n = _pick(draw, made)
    if not made[n].ndim or not made[n].size:
        return None
    axis = draw(st.integers(-made[n].ndim, made[n].ndim - 1))
    pick = draw(st.sampled_from(["softmax", "log_softmax"]))
    return (lambda m: mg.TABLE[pick](m[n], axis=axis)), (pick, n, axis)


def _reshape(draw: Draw, made: list[Any], numbers: Any, dtype: Any) -> Any:
    n = _pick(draw, made)
    count = made[n].size
    divisors = [d for d in range(1, count + 1) if count % d == 0] if count else []
    if not divisors:
        return None
    a = draw(st.sampled_from(divisors))
    b = draw(st.sampled_from([d for d in divisors if (count // a) % d == 0]))
    shape = draw(st.sampled_from([(-1,), (a, -1), (a, b, -1), (1, a, -1, 1)]))
    return (lambda m: mg.reshape(m[n], shape)), (n, shape)


def _transpose(draw: Draw, made: list[Any], numbers: Any, dtype: Any) -> Any:
    n = _pick(draw, made)
    axes = tuple(draw(st.permutations(range(made[n].ndim))))
    return (lambda m: mg.transpose(m[n], axes)), (n, axes)


def _key(draw: Draw, shape: Any) -> tuple[Any, ...]:
    parts: list[Any] = []
    for size in shape:
        kind = draw(st.sampled_from(["all", "all", "slice", "number", "None"]))
        if kind == "None":
            parts.append(None)
        if kind == "number" and size:
            parts.append(draw(st.integers(-size, size - 1)))
        elif kind == "slice":
            ends = st.none() | st.integers(-size - 1, size + 1)
            parts.append(slice(draw(ends), draw(ends), draw(st.sampled_from([None, 2, -1, -2, 3]))))
        else:
            parts.append(slice(None))
    return tuple(parts)


def _index(draw: Draw, made: list[Any], numbers: Any, dtype: Any) -> Any:
    n = _pick(draw, made)
    key = _key(draw, made[n].shape)
    return (lambda m: m[n][key] if key else m[n] * 1.0), (n, key)


def _place(draw: Draw, made: list[Any], numbers: Any, dtype: Any) -> Any:
    """Out of a larger array, and back into zeros: the key fits by construction."""
    n = _pick(draw, made)
    shape = made[n].shape
    key = _key(draw, shape)
    if not key:
        return None
    return (lambda m: mg.place(m[n][key], key, shape)), (n, key)


def _join(draw: Draw, made: list[Any], numbers: Any, dtype: Any) -> Any:
    n = _pick(draw, made)
    shape = made[n].shape
    alike = [k for k, t in enumerate(made) if t.shape == shape]
    k = draw(st.sampled_from(alike))
    if draw(st.booleans()) or not shape:
        axis = draw(st.integers(0, len(shape)))
        return (lambda m: mg.stack(m[n], m[k], m[n] * 2.0, axis=axis)), ("stack", n, k, axis)
    axis = draw(st.integers(0, len(shape) - 1))
    part = (slice(None),) * axis + (slice(1, None),)
    return (lambda m: mg.concatenate(m[n], m[k][part], axis=axis)), ("concatenate", n, k, axis)


def _take(draw: Draw, made: list[Any], numbers: Any, dtype: Any) -> Any:
    n = _pick(draw, made)
    shape = made[n].shape
    if not shape or not made[n].size:
        return None
    axis = draw(st.integers(0, len(shape) - 1))
    count = draw(st.integers(0, 5))
    where = numbers.integers(-shape[axis], shape[axis], count).astype(float)
    return (lambda m: mg.take(m[n], where, axis=axis)), (n, axis, where.tolist())


def _scatter(draw: Draw, made: list[Any], numbers: Any, dtype: Any) -> Any:
    n = _pick(draw, made)
    shape = made[n].shape
    if not shape:
        return None
    axis = draw(st.integers(0, len(shape) - 1))
    size = draw(st.integers(1, 6))
    where = numbers.integers(-size, size, shape[axis]).astype(float)
    return (lambda m: mg.scatter_add(m[n], where, axis=axis, size=size) * 0.3), (n, axis, size)


def _matmul(draw: Draw, made: list[Any], numbers: Any, dtype: Any) -> Any:
    n = _pick(draw, made)
    shape = made[n].shape
    if not shape or not made[n].size:
        return None
    other = [k for k, t in enumerate(made) if t.ndim == 2 and t.shape[0] == shape[-1]]
    if other and draw(st.booleans()):
        k = draw(st.sampled_from(other))
        return (lambda m: m[n] @ m[k] * 0.2), (n, k)
    if len(shape) > 1 and draw(st.booleans()):
        back = (*range(len(shape) - 2), len(shape) - 1, len(shape) - 2)
        return (lambda m: m[n] @ mg.transpose(m[n], back) * 0.2), (n, "with itself")
    width = draw(st.sampled_from([1, 4, 17]))
    w = np.asarray(numbers.uniform(-1, 1, (shape[-1], width)), dtype)
    return (lambda m: mg.matmul(m[n], w) * 0.2), (n, width)


KINDS: dict[str, Any] = {
    "unary": _unary,
    "unary again": _unary,
    "binary": _binary,
    "binary again": _binary,
    "constant": _constant,
    "reduce": _reduce,
    "softmax": _softmax,
    "reshape": _reshape,
    "transpose": _transpose,
    "index": _index,
    "place": _place,
    "join": _join,
    "take": _take,
    "scatter": _scatter,
    "matmul": _matmul,
}
