"""The noise of minibatch gradients: how they scatter around the full one, by batch size (C5)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.autodiff.functional import value_and_grad
from microgd.autodiff.tree import leaves
from microgd.errors import ArgumentError, ShapeError
from microgd.graph.values import Array, shape_of
from microgd.lab.problem import coordinates_of

#: How many batches of each size are drawn.
DRAWS = 200


@dataclass(frozen=True, eq=False)
class Noise:
    """Gradients of many minibatches at one point.

    Attributes:
        names: the gradient's coordinates.
        examples: N, how many examples the data has.
        full: the gradient of all of them.
        batches: batch size B → gradients of minibatches, draws × coordinates.
    """

    names: tuple[str, ...]
    examples: int
    full: Array
    batches: dict[int, Array]

    def spread(self, size: int) -> float:
        """The root mean square distance of a minibatch gradient from the full one."""
        apart = self.batches[size] - self.full
        return float(np.sqrt((apart**2).sum(axis=1).mean()))

    def expected(self, size: int) -> float:
        """What the spread of single examples predicts: σ/√B · √((N − B)/(N − 1)).

        The second root is there because a batch is drawn without putting back; at B = N no noise
        is left. It holds for losses that are means over examples.
        """
        smallest = min(self.batches)
        return self.spread(smallest) * _share(size, self.examples) / _share(smallest, self.examples)

    @property
    def unbiased(self) -> bool:
        """Whether the smallest batches' gradients are the full one on average, as of a mean."""
        smallest = self.batches[min(self.batches)]
        error = self.spread(min(self.batches)) / math.sqrt(len(smallest))
        apart = float(np.linalg.norm(smallest.mean(axis=0) - self.full))
        return apart <= 6.0 * error + 1e-9 * float(np.linalg.norm(self.full))

    def to_dict(self) -> dict[str, Any]:
        """The table as plain numbers."""
        return {
            "coordinates": list(self.names),
            "examples": self.examples,
            "full": self.full.tolist(),
            "sizes": [
                {
                    "batch": size,
                    "draws": len(drawn),
                    "spread": self.spread(size),
                    "expected": self.expected(size),
                    "gradients": drawn.tolist(),
                }
                for size, drawn in self.batches.items()
            ],
        }


def gradient_noise(
    loss: Callable[[Any, dict[str, Array]], Any],
    params: Any,
    data: Mapping[str, Any],
    *,
    sizes: Sequence[int] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Noise:
    """Draw minibatches of several sizes, and take the gradient of each.

    Arguments:
        loss: a function of the parameters and a batch (a dictionary of arrays), a mean over it.
        params: where the gradients are taken.
        data: columns of the data set: name → array of N rows.
        sizes: the batch sizes; by default powers of four up to N, and N.
        draws: how many batches of each size, drawn without putting back.

    Raises:
        ArgumentError: a size below 1 or above N, data without rows, a gradient that is not finite.
            ShapeError: columns that differ in length.

    >>> x = np.arange(8.0)
    >>> found = gradient_noise(lambda w, b: ((w * b["x"]) ** 2).mean(), 1.0, {"x": x}, draws=50)
    >>> list(found.batches), found.spread(8)
    ([1, 4, 8], 0.0)
    """
    columns = {name: np.asarray(column, dtype=float) for name, column in data.items()}
    count = _examples(columns)
    chosen = _sizes(sizes, count)
    if draws < 2:
        raise ArgumentError(f"draw at least 2 batches of each size, not {draws}")
    random = np.random.default_rng(seed)
    gradient = value_and_grad(loss)

    def of(rows: Array | None) -> Array:
        batch = columns if rows is None else {name: c[rows] for name, c in columns.items()}
        _, slopes = gradient(params, batch)
        return np.concatenate([np.asarray(g, dtype=float).reshape(-1) for g in leaves(slopes)])

    full = of(None)
    if not np.isfinite(full).all():
        raise ArgumentError("the gradient of all the data is not finite: look at it with mg.trace")
    batches = {}
    for size in chosen:
        times = 1 if size == count else draws
        drawn = [random.choice(count, size, replace=False) for _ in range(times)]
        batches[size] = np.array([full if size == count else of(rows) for rows in drawn])
    names = tuple(coordinates_of(params if isinstance(params, dict) else {"w": params}))
    return Noise(names, count, full, batches)


def toy_data(count: int = 512, seed: int = 0) -> dict[str, Array]:
    """Points around the line y = 2x + 1, with noise of σ = 0.5.

    >>> {name: column.shape for name, column in toy_data(64).items()}
    {'x': (64,), 'y': (64,)}
    """
    random = np.random.default_rng(seed)
    x = random.uniform(-2.0, 2.0, count)
    return {"x": x, "y": 2.0 * x + 1.0 + random.normal(0.0, 0.5, count)}


def _share(size: int, count: int) -> float:
    return math.sqrt((count - size) / (size * max(count - 1, 1)))


def _examples(columns: Mapping[str, Array]) -> int:
    if not columns:
        raise ArgumentError("there is no data: give at least one column")
    lengths = {name: shape_of(column)[0] if column.ndim else 0 for name, column in columns.items()}
    if len(set(lengths.values())) != 1:
        told = ", ".join(f"{name} has {n}" for name, n in lengths.items())
        raise ShapeError(f"all columns need the same number of rows: {told}")
    count = next(iter(lengths.values()))
    if count < 2:
        raise ArgumentError(f"noise needs at least 2 rows of data, got {count}")
    return count


def _sizes(sizes: Sequence[int] | None, count: int) -> list[int]:
    if sizes is None:
        powers = [4**n for n in range(16) if 4**n < count]
        return [*powers, count]
    for size in sizes:
        if not 1 <= size <= count:
            raise ArgumentError(
                f"a batch has from 1 to {count} examples (all the data), got {size!r}"
            )
    return sorted(set(sizes))
