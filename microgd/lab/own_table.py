"""Somebody's own table, as CSV: its numbers, and how far each may be rounded."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from microgd.errors import ArgumentError

#: More rows than anybody works out by hand.
MOST_ROWS = 1000

#: Other names of the columns.
ALIASES = {
    **dict.fromkeys(("t", "step_number", "iteration", "i", "k"), "t"),
    **dict.fromkeys(("g", "grad", "gradient"), "g"),
    **dict.fromkeys(("step", "delta", "Δ", "dx", "update", "dtheta"), "Δ"),
    **dict.fromkeys(("before", "old", "theta_before", "x_before"), "before"),
    **dict.fromkeys(("after", "new", "theta_after", "x_after"), "after"),
    **dict.fromkeys(("x", "theta", "θ", "w", "param"), "θ"),
    **dict.fromkeys(("m_hat", "mhat", "m_corrected"), "m̂"),
    **dict.fromkeys(("v_hat", "vhat", "v_corrected"), "v̂"),
}
#: What is not compared: columns of our own CSV that say something else.
SILENT = ("parameter", "lr", "rate", "at", "f", "loss")


@dataclass(frozen=True, slots=True)
class Number:
    """A number of somebody's table: as written, what it says, and how far it may be rounded."""

    text: str
    value: float
    rounding: float


@dataclass(frozen=True)
class Mine:
    """Somebody's table: its column names, and for each row its numbers by column."""

    file: str
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Number], ...]


def read_mine(text: str, file: str) -> Mine:
    """A table in CSV, with a line of names: t, and any of the columns of the X-ray.

    Numbers may be rounded; empty cells and columns of words are left out.

    Raises:
        ArgumentError: no table, a column named twice, a cell that is no number.
    """
    lines = [line for line in text.lstrip("\ufeff").splitlines() if line.strip()]
    if not lines:
        raise ArgumentError(f"{file} is empty: write a line of names such as t,m,v,mhat,vhat,step")
    head = lines[0]
    sign = max(";\t,", key=head.count)
    names = [name.strip() for name in next(csv.reader([head], delimiter=sign))]
    known = [_known_name(name) for name in names]
    for name in known:
        if known.count(name) > 1:
            raise ArgumentError(f"{file} has two columns for {name!r}: {', '.join(names)}")
    table = list(csv.reader(io.StringIO("\n".join(lines[1:])), delimiter=sign))
    if not table:
        raise ArgumentError(f"{file} has a line of names, and no row of numbers under it")
    if len(table) > MOST_ROWS:
        raise ArgumentError(f"{file} has more than {MOST_ROWS} rows")
    columns: dict[str, list[str]] = {name: [] for name in known}
    for place, row in enumerate(table, start=2):
        if len(row) > len(names):
            raise ArgumentError(
                f"{file}, line {place}: {len(row)} cells under {len(names)} names"
                + ("; a decimal comma? Write a point, or separate cells by ;" * (sign == ","))
            )
        for name, cell in zip(known, [*row, *[""] * len(names)], strict=False):
            columns[name].append(cell.strip())
    rows: list[dict[str, Number]] = [{} for _ in table]
    for name, cells in columns.items():
        if name in SILENT:
            continue
        for place, number in enumerate(_numbers(cells, name, file)):
            if number is not None:
                rows[place][name] = number
    return Mine(file, tuple(known), tuple(rows))


def _known_name(name: str) -> str:
    return ALIASES.get(name) or ALIASES.get(name.lower().replace(" ", "_")) or name


def _numbers(cells: list[str], column: str, file: str) -> Iterator[Number | None]:
    """The numbers of a column; how far one is rounded shows in the digits of all of them."""
    plain = [cell.replace("−", "-").replace(",", ".") for cell in cells]
    shapes = [_digits(cell) for cell in plain]
    decimals = max((d for d, _, _ in filter(None, shapes)), default=0)
    significant = max((s for _, s, _ in filter(None, shapes)), default=0)
    for place, (cell, shape) in enumerate(zip(plain, shapes, strict=True), start=2):
        if not cell or cell in ("-", "–"):
            yield None
            continue
        try:
            value = float(cell)
        except ValueError:
            raise ArgumentError(f"{file}, line {place}: {column} is {cell!r}, no number") from None
        if shape is None or decimals == 0:
            yield Number(cell, value, 0.0)
            continue
        own, _, before = shape
        # 3.0 among 2.8001 is 3.0000; 123.456 among 0.000123456 is no more than it says
        places = max(own, min(decimals, significant - before))
        yield Number(cell, value, 0.5 * 10.0**-places)


def _digits(cell: str) -> tuple[int, int, int] | None:
    """Decimals, significant digits, and digits before the point; None where it is no number."""
    try:
        _, digits, exponent = Decimal(cell).as_tuple()
    except InvalidOperation:
        return None
    if not isinstance(exponent, int):
        return None
    count = len(digits) if any(digits) else 0
    return max(-exponent, 0), count, count + exponent


def fits(number: Number, right: float) -> bool:
    """Whether a number is the right one, as far as it is rounded."""
    if math.isnan(number.value) or math.isnan(right):
        return math.isnan(number.value) and math.isnan(right)
    if math.isinf(number.value) or math.isinf(right):
        return number.value == right
    slack = number.rounding * 1.001 + 1e-9 * abs(right) + 1e-15
    return abs(number.value - right) <= slack
