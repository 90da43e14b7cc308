"""The history of a run: a row for every epoch. Tables, CSV, JSON and pictures read it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class EpochRow:
    """One epoch.

    Attributes:
        epoch: from 1. step: how many steps have been taken.
        loss, accuracy: over the epoch's training examples, as they went by.
        held_out_loss, held_out_accuracy: after the epoch, on the examples that are not trained on;
            None where there are none. The accuracies are None where targets are numbers.
        lr: the learning rate of the epoch's last step.
    """

    epoch: int
    step: int
    loss: float
    accuracy: float | None
    held_out_loss: float | None
    held_out_accuracy: float | None
    lr: float


def told(row: EpochRow) -> str:
    """A row as a line of a log.

    >>> told(EpochRow(1, 23, 0.5, 0.75, None, None, 0.001))
    'epoch 1, step 23: loss 0.5, accuracy 0.75, lr 0.001'
    """
    found = {
        "loss": row.loss,
        "accuracy": row.accuracy,
        "held-out loss": row.held_out_loss,
        "held-out accuracy": row.held_out_accuracy,
        "lr": row.lr,
    }
    numbers = ", ".join(f"{name} {x:.6g}" for name, x in found.items() if x is not None)
    return f"epoch {row.epoch}, step {row.step}: {numbers}"


COLUMNS = tuple(field.name for field in fields(EpochRow))


def to_csv(rows: Iterable[EpochRow]) -> str:
    """The rows with every digit, and a head line; empty cells where there is no number.

    >>> to_csv([EpochRow(1, 23, 0.5, None, None, None, 0.001)]).splitlines()[1]
    '1,23,0.5,,,,0.001'
    """
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n")
    write.writerow(COLUMNS)
    for row in rows:
        write.writerow(["" if v is None else repr(v) for v in asdict(row).values()])
    return out.getvalue()


def to_dicts(rows: Iterable[EpochRow]) -> list[dict[str, Any]]:
    """The rows as dictionaries, for JSON."""
    return [asdict(row) for row in rows]


def from_dicts(rows: Sequence[dict[str, Any]]) -> list[EpochRow]:
    """The rows from dictionaries."""
    return [EpochRow(**row) for row in rows]
