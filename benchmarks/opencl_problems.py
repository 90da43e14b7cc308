"""What benchmarks/opencl.py measures: the problems, their numbers and the results that are right.

A problem's formula is written once and is every peer's: `xp` is the peer's module of functions,
under the names that `Names` of opencl_peers.py gives them. NumPy in float64 says what is right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Formula = Callable[..., Any]


@dataclass(frozen=True)
class Problem:
    """One line of a table.

    Attributes:
        shapes: of the inputs, float32, drawn from a normal distribution.
        formula: `formula(xp, *inputs)`, one result.
        work: what one call does, in units of `unit`.
        scale: what the inputs are multiplied by.
        offset: what is added to them, so that no sum is next to nothing.
        labels: whether a last input of class numbers, one for each row, is added.
    """

    part: str
    name: str
    shapes: tuple[tuple[int, ...], ...]
    formula: Formula
    work: float = 0.0
    unit: str = ""
    scale: float = 1.0
    offset: float = 0.0
    labels: int = 0
    tolerance: float = 2e-5

    def inputs(self) -> list[Any]:
        """The same numbers in every process."""
        rng = np.random.default_rng(len(self.name))
        made: list[Any] = [
            rng.standard_normal(shape, np.float32) * np.float32(self.scale)
            + np.float32(self.offset)
            for shape in self.shapes
        ]
        if self.labels:
            made.append(rng.integers(0, self.labels, self.shapes[0][0]))
        return made

    def put(self, peer: Any) -> list[Any]:
        """The inputs where the peer wants them."""
        made = self.inputs()
        last = [peer.put_labels(made.pop())] if self.labels else []
        return [*(peer.put(a) for a in made), *last]

    def error(self, names: Any, results: list[Any]) -> float:
        """The largest difference from NumPy's float64, as a part of the largest number."""
        wide = [a.astype(np.float64) if a.dtype == np.float32 else a for a in self.inputs()]
        wanted = self.formula(names, *wide)
        wanted = wanted if isinstance(wanted, tuple) else (wanted,)
        worst = 0.0
        for right, found in zip(wanted, results, strict=True):
            right, found = np.asarray(right), np.asarray(found)
            if right.shape != found.shape:
                return float("inf")
            largest = float(np.abs(right).max()) or 1.0
            difference = float(np.abs(right - found).max())
            worst = max(worst, difference / largest if difference == difference else float("inf"))
        return worst


# -- matrix products ---------------------------------------------------------------------------

#: (rows, columns, inner, which operands are transposed in memory)
PRODUCTS = [
    (64, 128, 784, "NN"),
    (256, 512, 784, "NN"),
    (784, 512, 256, "TN"),
    (1024, 1024, 1024, "NN"),
    (1024, 1024, 1024, "NT"),
    (64, 10, 128, "NN"),
    (64, 128, 10, "NT"),
    (784, 128, 64, "TN"),
    (128, 10, 64, "TN"),
]


def _product(rows: int, columns: int, inner: int, layout: str) -> Problem:
    left = (inner, rows) if layout[0] == "T" else (rows, inner)
    right = (columns, inner) if layout[1] == "T" else (inner, columns)

    def formula(xp: Any, a: Any, b: Any) -> Any:
        return (a.T if layout[0] == "T" else a) @ (b.T if layout[1] == "T" else b)

    name = f"{rows}·{columns}·{inner} {layout}"
    flops = 2.0 * rows * columns * inner
    return Problem("matmul", name, (left, right), formula, flops / 1e9, "GFLOP/s")


# -- elementwise chains ------------------------------------------------------------------------


def gates(xp: Any, x: Any, a: Any, b: Any, c: Any) -> Any:
    """Seven gates, four inputs, one of them dear."""
    return xp.relu(x * a + b) * xp.tanh(c) - x * x


def exponentials(xp: Any, x: Any, a: Any, b: Any) -> Any:
    """Seven gates, three inputs, two exponentials."""
    return xp.exp(-(x * x)) * xp.sigmoid(x * a + b)


def cheap(xp: Any, x: Any, a: Any, b: Any) -> Any:
    """Six gates that are one instruction each: what is measured is memory."""
    return xp.relu(x * a + b) * x - a * b


CHAINS: list[tuple[str, Formula, int]] = [
    ("relu(x·a+b)·x − a·b", cheap, 3),
    ("relu(x·a+b)·tanh(c) − x²", gates, 4),
    ("exp(−x²)·σ(x·a+b)", exponentials, 3),
]
SIZES = (12, 14, 16, 18, 20, 22, 24)


def _chain(text: str, formula: Formula, count: int, power: int) -> Problem:
    shapes = ((2**power,),) * count
    traffic = 4.0 * (count + 1) * 2**power
    return Problem("chain", f"{text}, 2^{power}", shapes, formula, traffic / 1e9, "GB/s")


# -- reductions --------------------------------------------------------------------------------

MATRICES = ((64, 10), (256, 1000), (4096, 512), (1, 1_000_000))


def cross_entropy(xp: Any, z: Any, labels: Any) -> Any:
    """The mean loss of the rows, and its gradient."""
    return xp.cross_entropy_and_gradient(z, labels)


REDUCTIONS: list[tuple[str, Formula]] = [
    ("sum of all", lambda xp, x: xp.sum(x, None)),
    ("sums of rows", lambda xp, x: xp.sum(x, 1)),
    ("sums of columns", lambda xp, x: xp.sum(x, 0)),
    ("max of rows", lambda xp, x: xp.max(x, 1)),
    ("max of all", lambda xp, x: xp.max(x, None)),
    ("var of rows", lambda xp, x: xp.var(x, 1)),
    ("var of columns", lambda xp, x: xp.var(x, 0)),
    ("softmax", lambda xp, x: xp.softmax(x)),
    ("cross entropy + gradient", cross_entropy),
]


def _reduction(name: str, formula: Formula, shape: tuple[int, int]) -> Problem:
    labels = shape[1] if formula is cross_entropy else 0
    rows, columns = shape
    traffic = 4.0 * rows * columns * (2 if "softmax" in name or labels else 1)
    return Problem(
        "reduce",
        f"{name}, {rows}×{columns}",
        (shape,),
        formula,
        traffic / 1e9,
        "GB/s",
        offset=1.0,
        labels=labels,
        tolerance=1e-4,
    )


# -- launches ----------------------------------------------------------------------------------


def _launches(count: int) -> Problem:
    def formula(xp: Any, x: Any, w: Any) -> Any:
        for _ in range(count):
            x = x @ w
        return x

    return Problem("launch", f"{count} products of 8×8", ((8, 8), (8, 8)), formula, scale=0.3)


PROBLEMS: list[Problem] = [
    *(_product(*shape) for shape in PRODUCTS),
    *(_chain(*chain, power) for chain in CHAINS for power in SIZES),
    *(_reduction(*one, shape) for shape in MATRICES for one in REDUCTIONS),
    *(_launches(count) for count in (1, 4, 16)),
]


def problems(part: str) -> list[Problem]:
    """The lines of one table."""
    return [p for p in PROBLEMS if p.part == part]
