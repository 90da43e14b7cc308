"""The X-ray's numbers as a table for people, as CSV and as plain data for JSON."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Sequence
from typing import Any

from microgd.lab.xray import Step, XRay
from microgd.trace.numbers import format_number
from microgd.trace.table import Table

#: Significant digits of a number unless decimals are asked for.
SIGNIFICANT = 5

#: What there is no number for.
NONE = "–"

Read = Callable[[Step], float | None]

#: Column → its name in CSV and JSON, in ASCII.
PLAIN_NAMES = {"m̂": "mhat", "v̂": "vhat", "v⁺": "vmax", "‖g‖": "norm", "α": "alpha"}
_ASCII = str.maketrans({"−": "-", "β": "beta", "₁": "1", "₂": "2", "ᵗ": "^t", "⁺": "+", "¹": "1"})


def shown(x: float | None, digits: int | None = None, significant: int = SIGNIFICANT) -> str:
    """A number in a cell: five significant digits, or so many decimals.

    >>> shown(0.0999972), shown(1e-8), shown(None), shown(2/3, 2)
    ('0.099997', '1e−8', '–', '0.67')
    """
    if x is None:
        return NONE
    if digits is not None or not math.isfinite(x):
        return format_number(x, digits or 0)
    mantissa, e, exponent = f"{x + 0.0:.{significant}g}".partition("e")
    return (mantissa + (f"e{int(exponent)}" if e else "")).replace("-", "−")


def columns_of(*xrays: XRay) -> dict[str, Read]:
    """The columns that some X-rays share or have alone, in the order of computation."""
    first = xrays[0]
    theta = first.names[0] if len(first.names) == 1 else "θ"
    found: dict[str, Read] = {theta: lambda row: row.before}
    if any(one.looks_ahead for one in xrays):
        found["at"] = lambda row: row.at
    found["g"] = lambda row: row.g
    for part in _merged([one.columns for one in xrays]):
        found[part if part not in found else f"{part}′"] = lambda row, part=part: row.parts.get(  # type: ignore[misc]
            part
        )
    found["Δ"] = lambda row: row.delta
    found["Δ/g"] = lambda row: row.rate
    found[after_name(theta)] = lambda row: row.after
    if len({row.lr for one in xrays for row in one.rows}) > 1:
        found["γ"] = lambda row: row.lr
    return found


def after_name(theta: str) -> str:
    """What θ after the step is called."""
    return f"new {theta}"


def _merged(lists: Sequence[Sequence[str]]) -> list[str]:
    """All names once, each after those that it follows in its own list."""
    found = list(lists[0])
    for names in lists[1:]:
        place = 0
        for name in names:
            if name in found:
                place = found.index(name) + 1
            else:
                found.insert(place, name)
                place += 1
    return found


def table(xray: XRay, digits: int | None = None) -> Table:
    """A row for every step.

    >>> from microgd.lab.xray import xray
    >>> print(table(xray("sgd", steps=2)))
    sgd, f = x**2, γ 0.1
    <BLANKLINE>
     t     x     g      Δ   Δ/g   new x
     ──────────────────────────────────
     1     3     6    0.6   0.1     2.4
     2   2.4   4.8   0.48   0.1    1.92
    <BLANKLINE>
    """
    columns = columns_of(xray)
    several = len(xray.names) > 1
    rows = tuple(
        (
            str(row.t),
            *((row.name,) if several else ()),
            *(shown(read(row), digits) for read in columns.values()),
        )
        for row in xray.rows
    )
    heads = ("t>", *(("of",) if several else ()), *(f"{name}>" for name in columns))
    return Table(title(xray), heads, rows)


def turned(xray: XRay, name: str, digits: int | None = None) -> Table:
    """One parameter's numbers with a column for every step, to be read downwards.

    It takes less width than a row for every step, where there are few.
    """
    rows = xray.of(name)
    columns = columns_of(xray)
    lines = tuple(
        (label, *(shown(read(row), digits) for row in rows)) for label, read in columns.items()
    )
    head = title(xray) if len(xray.names) == 1 else f"{name}: {title(xray)}"
    return Table(head, ("t", *(f"{row.t}>" for row in rows)), lines)


def title(xray: XRay) -> str:
    """What ran, on what, with which learning rate."""
    rates = {row.lr for row in xray.rows}
    gamma = f"γ {shown(rates.pop())}" if len(rates) == 1 else "γ changes"
    return f"{xray.rule.text}, {xray.problem}, {gamma}"


def plain_name(column: str) -> str:
    """A column's name for programs: ASCII letters.

    >>> plain_name("m̂"), plain_name("1−β₁ᵗ")
    ('mhat', '1-beta1^t')
    """
    base, primes = column.rstrip("′"), column.count("′")
    written = PLAIN_NAMES.get(base, base)
    return written.translate(_ASCII) + "_2" * primes


def to_csv(*xrays: XRay, labels: Sequence[str] = ()) -> str:
    """A line of names, and a line for each row, with every digit.

    Several X-rays stand one under the other, with their labels in the first column.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    names = _merged([one.columns for one in xrays])
    who = ["optimizer"] if labels else []
    parts = [plain_name(part) for part in names]
    writer.writerow(
        [*who, "t", "parameter", "before", "at", "g", *parts, "step", "rate", "after", "lr"]
    )
    for place, one in enumerate(xrays):
        who = [labels[place]] if labels else []
        for row in one.rows:
            inner = [row.parts.get(part) for part in names]
            begin = [*who, row.t, row.name, row.before, row.at, row.g]
            writer.writerow([*begin, *inner, row.delta, row.rate, row.after, row.lr])
    return buffer.getvalue()


def to_dict(xray: XRay) -> dict[str, Any]:
    """All of it as plain numbers, lists and text; inf and NaN become text, as JSON has none."""
    return {
        "optimizer": xray.rule.text,
        "formula": list(xray.rule.formula()),
        "source": xray.rule.source,
        "problem": xray.problem,
        "parameters": list(xray.names),
        "columns": [plain_name(part) for part in xray.columns],
        "rows": [
            {
                "t": row.t,
                "parameter": row.name,
                "before": _plain(row.before),
                "at": _plain(row.at),
                "g": _plain(row.g),
                "parts": {plain_name(part): _plain(x) for part, x in row.parts.items()},
                "step": _plain(row.delta),
                "rate": _plain(row.rate),
                "after": _plain(row.after),
                "lr": _plain(row.lr),
            }
            for row in xray.rows
        ],
    }


def _plain(x: float | None) -> float | str | None:
    return x if x is None or math.isfinite(x) else str(x)
