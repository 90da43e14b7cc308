"""A descent as a table: t, the point, f, the gradient; and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from .numbers import plain_number

if TYPE_CHECKING:
    from microgd.lab import Descent, Problem, Row
    from microgd.trace.table import Table

#: More rows than that are thinned, and more coordinates told by their norm.
ROWS, COORDINATES = 40, 6


def table_of(walk: Descent, digits: int, every: int | None) -> Table:
    """The rows of one walk."""
    from microgd.trace.table import Table

    names = walk.problem.names
    wide = len(names) > COORDINATES
    axes = () if wide else names
    slopes = ("‖∇f‖",) if wide else tuple(_slope(name, len(names)) for name in names)
    kind = "numeric" if walk.numeric else "analytic"
    beside = any(row.beside is not None for row in walk)
    other = "analytic" if walk.numeric else "numeric"
    columns = ["t", *axes, "f", *slopes]
    if beside:
        columns = [*columns[: len(columns) - len(slopes)]]
        columns += [f"{s} {kind}" for s in slopes] + [f"{s} {other}" for s in slopes]
    changing = len({row.rate for row in walk}) > 1
    if changing:
        columns.append("lr")
    rows = []
    for row in shown_rows(walk, every):
        cells = [str(row.t)]
        cells += [] if wide else [_number(x, digits) for x in row.point]
        cells.append(_number(row.value, digits))
        cells += _slopes(row.gradient, wide, digits)
        if beside:
            cells += _slopes(row.beside, wide, digits)
        if changing:
            cells.append(f"{row.rate:.4g}")
        rows.append(tuple(cells))
    return Table(walk.label, tuple(f"{c}>" for c in columns), tuple(rows))


def shown_rows(walk: Descent, every: int | None) -> list[Row]:
    """The rows that are shown: all of a short walk, every nth and the last of a long one."""
    rows = list(walk.rows)
    if every is None:
        every = 1 if len(rows) <= ROWS else _round_step(len(rows) / 20)
    return [row for row in rows if row.t % every == 0 or row is rows[-1]]


def _round_step(wanted: float) -> int:
    """The next of 1, 2, 5, 10, 20, 50, …"""
    power = 1
    while True:
        for digit in (1, 2, 5):
            if digit * power >= wanted:
                return digit * power
        power *= 10


def _slope(name: str, count: int) -> str:
    return f"df/d{name}" if count == 1 else f"∂f/∂{name}"


def _slopes(gradient: Any, wide: bool, digits: int) -> list[str]:
    import numpy as np

    if wide:
        return [_number(float(np.linalg.norm(gradient)), digits)]
    return [_number(x, digits) for x in gradient]


def _number(x: float, digits: int) -> str:
    from microgd.trace.numbers import format_number

    return format_number(x, digits)


def cost_of(walk: Descent) -> str:
    """What the gradients cost, and what numeric ones would cost for a small net."""
    gradients = len(walk.rows)
    size = walk.problem.dimensions
    if walk.numeric is None:
        counted = "1 gradient:" if gradients == 1 else f"{gradients} gradients, each"
        return f"{counted} one sweep forward and one backward"
    each = walk.rows[0].evaluations
    inputs = "input" if size == 1 else "inputs"
    return (
        f"{_counted(gradients, 'numeric gradient')}: {walk.last.evaluations} evaluations of f, "
        f"{each} for each ({size} {inputs}); analytic ones: {_counted(gradients, 'sweep')} forward "
        "and back. For a linear "
        "softmax on CIFAR-10 (10·3072 weights, 10 biases) one numeric gradient is 30 731 "
        "evaluations of the loss on all the data, which is why nobody does it"
    )


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def as_csv(walks: Sequence[Descent]) -> str:
    """All rows of all walks, with every digit; one head line. An input t is the column t_."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n")
    names = [f"{n}_" if n in ("walk", "t", "f", "lr") else n for n in walks[0].problem.names]
    beside = any(row.beside is not None for walk in walks for row in walk)
    other = [f"other_d_{name}" for name in names] if beside else []
    write.writerow(["walk", "t", *names, "f", *(f"d_{name}" for name in names), *other, "lr"])
    for walk in walks:
        for row in walk:
            numbers = [*row.point, row.value, *row.gradient]
            if beside:
                numbers += list(row.beside if row.beside is not None else [])
            cells = [plain_number(x) for x in [*numbers, row.rate]]
            write.writerow([walk.label, row.t, *cells])
    return out.getvalue()


def end_of(walk: Descent, digits: int) -> str:
    """A sentence about where it ended."""
    last = walk.last
    where = f"f = {_number(last.value, digits)}"
    if len(walk.problem.names) <= COORDINATES:
        where += " at " + _point(walk.problem.names, last.point, digits)
    text = f"Ended {walk.ended}: {where}" if walk.ended.startswith("after") else (
        f"Ended at step {last.t}, as {walk.ended}: {where}"
    )  # fmt: skip
    if walk.best.value < last.value:
        text += f"; the lowest was {_number(walk.best.value, digits)} at step {walk.best.t}"
    if walk.problem.minima:
        nearest, distance = nearest_minimum(walk)
        known = _point(walk.problem.names, nearest, max(digits, 5))
        text += f"; the nearest known minimum, {known}, is {distance:.3g} away"
    return text + "."


def nearest_minimum(walk: Descent) -> tuple[tuple[float, ...], float]:
    """The known minimum that is nearest to the end, and how far it is."""
    from math import dist

    end = tuple(map(float, walk.last.point))
    nearest = min(walk.problem.minima, key=lambda minimum: dist(minimum, end))
    return nearest, dist(nearest, end)


def summary_of(problem: Problem, walks: Sequence[Descent], digits: int, *, noted: bool) -> Table:
    """A line for each walk, and below them why those ended that ended early, if `noted`."""
    from microgd.trace.table import Table

    from .streams import fitted

    known = bool(problem.minima)
    columns = ["walk", "steps>", "f at the end>", "lowest f>", *(["to minimum>"] if known else [])]
    rows = []
    notes = []
    for walk in walks:
        cells = [walk.label, str(walk.last.t), _number(walk.last.value, digits)]
        cells.append(_number(walk.best.value, digits))
        if known:
            cells.append("" if walk.diverged is not None else f"{nearest_minimum(walk)[1]:.3g}")
        rows.append(tuple(cells))
        if noted and (walk.diverged is not None or not walk.ended.startswith("after")):
            notes.append(fitted(f"{walk.label}: {walk.ended}"))
    return Table(problem.text or problem.name, tuple(columns), tuple(rows), tuple(notes))


def _point(names: Sequence[str], point: Iterable[float], digits: int) -> str:
    return ", ".join(f"{n} = {_number(x, digits)}" for n, x in zip(names, point, strict=True))
