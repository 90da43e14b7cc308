"""Parquet files, which pyarrow reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from microgd.data.columns import label_place, targets_of
from microgd.data.content import wrong
from microgd.data.dataset import Dataset
from microgd.errors import FileFormatError, MissingExtraError


def load_parquet(path: Path, *, label: str | None = None, targets: str = "auto") -> Dataset:
    """A data set from a Parquet file: columns of numbers, and one that is learnt, as in a CSV.

    Raises:
        MissingExtraError: pyarrow is not installed. FileFormatError: no Parquet file, a column that
            is not of numbers, a value that is missing or NaN; says in which row, from 0.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtraError(
            f'{path} is a Parquet file, which pyarrow reads: pip install "microgd[parquet]"'
        ) from error
    try:
        table: Any = parquet.read_table(path)
    except (pyarrow.ArrowException, OSError) as error:
        size = path.stat().st_size
        raise wrong(path, f"a Parquet file of {size} bytes that cannot be read: {error}") from None
    names = [str(name) for name in table.column_names]
    if not names or not table.num_rows:
        raise wrong(path, "it has no rows")
    chosen = label_place(names, label, path)
    others = [c for c in range(len(names)) if c != chosen]
    x = np.stack([_numbers(path, names[c], table.column(c)) for c in others], axis=1)

    def about(row: int, text: str) -> FileFormatError:
        return wrong(path, f"column {names[chosen]!r}, row {row}: the cell {text}",
                     column=chosen + 1)  # fmt: skip

    cells = table.column(chosen).to_pylist()
    if any(isinstance(cell, float) for cell in cells) and targets == "auto":
        targets = "numbers"
    y, classes = targets_of(["" if c is None else str(c) for c in cells], targets, about)
    return Dataset(path.name.split(".")[0] or "data", x, y, classes,
                   tuple(names[c] for c in others), source=str(path),
                   note=f"{names[chosen]} is to be learnt.")  # fmt: skip


def _numbers(path: Path, name: str, column: Any) -> Any:
    if column.null_count:
        row = next(i for i, cell in enumerate(column.to_pylist()) if cell is None)
        raise wrong(path, f"column {name!r}, row {row}: the cell is empty")
    try:
        values = column.to_numpy().astype(np.float64)
    except (ValueError, TypeError):
        raise wrong(path, f"column {name!r} is of {column.type}, and not of numbers") from None
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise wrong(path, f"column {name!r}, row {bad[0]}: the cell is {values[bad[0]]}")
    return values
