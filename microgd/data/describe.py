"""Data sets as tables: what is in them, how many of each class, and the range of each column."""

from __future__ import annotations

from microgd.data.dataset import Dataset
from microgd.data.scaling import moments
from microgd.trace.numbers import short_number
from microgd.trace.table import Table

#: Columns and classes that are worth a line each.
MOST_COLUMNS, MOST_CLASSES = 20, 12


def description(data: Dataset) -> Table:
    """What there is to say of a data set, a line for each."""
    rows = [
        ("examples", str(len(data))),
        ("features", _features(data)),
        ("values", f"{_range(data)}, {data.x.dtype}"),
        ("targets" if not data.classes else "classes", _targets(data)),
    ]
    more = {"source": data.source, "licence": data.licence, "note": data.note}
    rows += [(name, text) for name, text in more.items() if text]
    return Table(data.name, ("what", "value"), tuple(rows))


def class_table(parts: dict[str, Dataset]) -> Table:
    """How many examples each class has, in each part of a data set."""
    first = next(iter(parts.values()))
    columns = [f"{part}>" if part != "all" else "examples>" for part in parts]
    rows = [
        (str(c), name, *(str(data.counts[c]) for data in parts.values()))
        for c, name in enumerate(first.classes)
    ]
    named = first.classes != tuple(map(str, range(len(first.classes))))
    if not named:
        return Table("", ("class>", *columns), tuple((row[0], *row[2:]) for row in rows))
    return Table("", ("label>", "class", *columns), tuple(rows))


def feature_table(data: Dataset) -> Table:
    """Least and largest value, mean and standard deviation of each column."""
    mean, spread = moments(data.x)
    least, largest = data.x.min(axis=0), data.x.max(axis=0)
    spread = spread * (least != largest)
    columns = list(zip(data.features, least, largest, mean, spread, strict=True))
    if not data.classes and data.y.ndim == 1:
        y = data.y
        columns.append(("target", y.min(), y.max(), y.mean(), y.std()))
    rows = tuple(
        (name, *(short_number(float(value)) for value in values)) for name, *values in columns
    )
    return Table("", ("column", "least>", "largest>", "mean>", "σ>"), rows)


def _features(data: Dataset) -> str:
    count = data.x.shape[1]
    if len(data.shape) > 1:
        return f"{count}: images of {' × '.join(map(str, data.shape))}"
    shown = ", ".join(data.features[:MOST_CLASSES])
    return f"{count}: {shown}{', …' * (count > MOST_CLASSES)}"


def _range(data: Dataset) -> str:
    low, high = (short_number(float(value)) for value in (data.x.min(), data.x.max()))
    text = f"{low} to {high}"
    if data.limits and data.limits != (float(data.x.min()), float(data.x.max())):
        text += f" (possible: {data.limits[0]:g} to {data.limits[1]:g})"
    return text


def _targets(data: Dataset) -> str:
    if not data.classes:
        low, high = (short_number(float(value)) for value in (data.y.min(), data.y.max()))
        return f"numbers from {low} to {high}"
    pairs = list(zip(data.classes, data.counts.tolist(), strict=True))
    shown = ", ".join(f"{name} ({count})" for name, count in pairs[:MOST_CLASSES])
    return f"{len(pairs)}: {shown}{', …' * (len(pairs) > MOST_CLASSES)}"
