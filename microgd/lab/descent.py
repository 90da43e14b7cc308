"""The record of a descent: a row for every step. Tables, pictures, CSV and JSON read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.graph.values import Array
from microgd.lab.problem import Problem


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One point of the walk, before step t is taken from it.

    Attributes:
        t: the number of the step, from 0.
        point: the coordinates, flat.
        value: f there.
        gradient: what the optimizer was given, flat; a look-ahead rule takes it at another point.
        beside: the other kind of gradient, numeric or analytic, where both are wanted; else None.
        rate: the learning rate of step t.
        evaluations: how often f was evaluated for gradients, this row included.
    """

    t: int
    point: Array
    value: float
    gradient: Array
    beside: Array | None
    rate: float
    evaluations: int


@dataclass(frozen=True, slots=True, eq=False)
class Descent:
    """A walk down a function, as it happened.

    Attributes:
        problem: what was minimised.
        label: who walked, for legends: "adam", "sgd lr 0.1".
        rows: the points, from the start; `steps` steps make `steps + 1` rows.
        ended: why it ended, as a sentence: "after 7 steps", "‖∇L‖ = 8e-07 is below 1e-06".
        diverged: the row in which the first inf or NaN is; None where all is finite.
        numeric: the step h of numeric gradients; None if they are analytic.
    """

    problem: Problem
    label: str
    rows: tuple[Row, ...]
    ended: str
    diverged: int | None = None
    numeric: float | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    @property
    def points(self) -> Array:
        """All points: rows × coordinates."""
        return np.array([row.point for row in self.rows])

    @property
    def values(self) -> Array:
        """f at every point."""
        return np.array([row.value for row in self.rows])

    @property
    def rates(self) -> Array:
        """The learning rate of every step."""
        return np.array([row.rate for row in self.rows])

    @property
    def last(self) -> Row:
        """Where it ended."""
        return self.rows[-1]

    @property
    def best(self) -> Row:
        """The lowest point that it passed."""
        finite = [row for row in self.rows if np.isfinite(row.value)]
        return min(finite, key=lambda row: row.value) if finite else self.rows[0]

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain numbers, lists and text; inf and NaN become text, as in JSON."""
        return {
            "problem": self.problem.name,
            "formula": self.problem.text,
            "label": self.label,
            "coordinates": list(self.problem.names),
            "numeric": self.numeric,
            "ended": self.ended,
            "diverged": self.diverged,
            "rows": [
                {
                    "t": row.t,
                    "point": _plain(row.point),
                    "f": _plain(row.value),
                    "gradient": _plain(row.gradient),
                    "beside": _plain(row.beside),
                    "lr": _plain(row.rate),
                    "evaluations": row.evaluations,
                }
                for row in self.rows
            ],
        }


def _plain(x: Any) -> Any:
    if x is None:
        return None
    listed = np.asarray(x, dtype=float).tolist()
    if isinstance(listed, list):
        return [_plain(item) for item in listed]
    return listed if np.isfinite(listed) else str(listed)
