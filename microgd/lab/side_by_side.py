"""X-rays side by side: where two rules, or two conventions of one rule, part."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from microgd.errors import ArgumentError
from microgd.gates.table import did_you_mean
from microgd.lab.slopes import problem_of
from microgd.lab.xray import Rule, XRay, xray
from microgd.lab.xray_table import after_name, columns_of, plain_name, shown, title, to_dict
from microgd.optim import OPTIMIZERS, read_optimizer
from microgd.optim.variants import innermost, variant, variants_of
from microgd.options import split
from microgd.trace.table import Table

#: Numbers count as equal that differ by rounding alone.
ROUNDING = 1e-12

#: What stands after the first number that differs.
MARK = "*"


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell in which two X-rays differ.

    Attributes:
        t, name: the step and the parameter.
        column: as in the tables: "m̂", "Δ".
        first, second: the two numbers.
    """

    t: int
    name: str
    column: str
    first: float
    second: float

    def __str__(self) -> str:
        one, other = apart(self.first, self.second)
        return f"at t={self.t} in {self.column}: {one} against {other}"


@dataclass(frozen=True, eq=False)
class Comparison:
    """X-rays of the same steps; each is compared with the first.

    Attributes:
        labels: what each is called.
        xrays: the X-rays, with one problem and one learning rate.
        differences: for each but the first, the first cell that differs; None where all agree.
    """

    labels: tuple[str, ...]
    xrays: tuple[XRay, ...]
    differences: tuple[Difference | None, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """Where each parts from the first, and whether its path does."""
        found = []
        for label, other, difference in zip(
            self.labels[1:], self.xrays[1:], self.differences, strict=True
        ):
            found.append(self._sentence(label, other, difference))
        return tuple(found)

    def _sentence(self, label: str, other: XRay, difference: Difference | None) -> str:
        base = self.xrays[0]
        if other.rule == base.rule:
            return f"{label}: the same rule with the same numbers as {self.labels[0]}"
        more = [part for part in base.columns if part not in other.columns]
        less = [part for part in other.columns if part not in base.columns]
        has = f"; it has no {', '.join(more)}" if more else ""
        has += f"; it has {', '.join(less)} besides" if less else ""
        if difference is None:
            return f"{label}: the numbers are the same in all {base.steps} steps{has}"
        theta = base.names[0] if len(base.names) == 1 else "θ"
        path = first_difference(base, other, ("Δ", after_name(theta)))
        text = f"{label}: differs first {difference}{has}"
        if path is None:
            return f"{text}; yet {theta} walks the same path"
        if path.column != difference.column or path.t != difference.t:
            text += f"; the step differs first {path}"
        return text

    def table(self, digits: int | None = None) -> Table:
        """For every step a line of each; the first number that differs has a mark."""
        columns = columns_of(*self.xrays)
        several = len(self.xrays[0].names) > 1
        rows: list[tuple[str, ...]] = []
        for place, row in enumerate(self.xrays[0].rows):
            for number, (label, one) in enumerate(zip(self.labels, self.xrays, strict=True)):
                own = one.rows[place]
                cells = []
                for column, read in columns.items():
                    text = shown(read(own), digits)
                    seen = self._marked(number, column, row.t, row.name, digits)
                    cells.append(text if seen is None else seen)
                begin = (str(row.t) if number == 0 else "", *((row.name,) if several else ()))
                rows.append((*begin, label, *cells))
        heads = ("t>", *(("of",) if several else ()), "", *(f"{name}>" for name in columns))
        head = title(self.xrays[0]).partition(", ")[2]
        notes = (f"{MARK} the first number that differs",) if any(self.differences) else ()
        return Table(f"{', '.join(self.labels)}: {head}", heads, tuple(rows), notes)

    def at_step(self, t: int, name: str, digits: int | None = None) -> Table:
        """One step with a column for each, to be read downwards: the table where width is short."""
        columns = columns_of(*self.xrays)
        own = [next(r for r in one.of(name) if r.t == t) for one in self.xrays]
        rows = []
        for column, read in columns.items():
            cells = [
                self._marked(number, column, t, name, digits) or shown(read(row), digits)
                for number, row in enumerate(own)
            ]
            rows.append((column, *cells))
        head = f"t={t}" if len(self.xrays[0].names) == 1 else f"{name}, t={t}"
        return Table(head, ("", *(f"{label}>" for label in self.labels)), tuple(rows))

    def _marked(
        self, number: int, column: str, t: int, name: str, digits: int | None
    ) -> str | None:
        """A number that has to be seen to differ, with as many digits as that takes."""
        for other, difference in enumerate(self.differences, start=1):
            if difference is None or (difference.column, difference.t, difference.name) != (
                column,
                t,
                name,
            ):
                continue
            one, second = apart(difference.first, difference.second, digits)
            if number == other:
                return second + MARK
            if number == 0 and other == 1:
                return one
        return None

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data."""
        return {
            "labels": list(self.labels),
            "xrays": [to_dict(one) for one in self.xrays],
            "differences": [
                None
                if one is None
                else {
                    "t": one.t,
                    "parameter": one.name,
                    "column": plain_name(one.column),
                    "first": _plain(one.first),
                    "second": _plain(one.second),
                }
                for one in self.differences
            ],
            "sentences": list(self.sentences),
        }

    def __str__(self) -> str:
        return "\n".join([str(self.table()), *self.sentences])


def compare(
    optimizer: Rule | str,
    others: Sequence[Rule | str] | str,
    problem: Any = None,
    **options: Any,
) -> Comparison:
    """X-ray an optimizer, and others or its own variants beside it. Options as in `xray`.

    Arguments:
        others: variants ("torch", "classic", "002") and optimizers ("adam(eps=1e-3)"), as a list or
            as one text with commas.

    Raises:
        ArgumentError: a text that is neither.

    >>> both = compare("adam", ["uncorrected"], gradients=[0.5], lr=0.1, steps=2)
    >>> both.sentences[0].partition("; ")[0]
    'uncorrected: differs first at t=1 in Δ: 0.1 against 0.31623'
    """
    rule = read_optimizer(optimizer) if isinstance(optimizer, str) else optimizer
    others = split(others) if isinstance(others, str) else others
    if not others:
        raise ArgumentError("there is nothing to compare with: name a variant or an optimizer")
    if options.get("gradients") is None:  # one problem, made once
        problem = problem_of(problem, options.pop("start", None))
    base = xray(rule, problem, **options)
    rates = [record.lr.value for record in base.records]
    if options.get("lr") is None:
        options["lr"] = lambda t: rates[t]
    labels, xrays = [rule.text], [base]
    for one in others:
        label, other = _read(rule, one)
        own = dict(options)
        given = getattr(innermost(other), "lr", None)
        if given is not None and given != getattr(innermost(rule), "lr", None):
            own["lr"] = given
        labels.append(label)
        xrays.append(xray(other, problem, **own))
    differences = tuple(first_difference(base, other) for other in xrays[1:])
    return Comparison(tuple(labels), tuple(xrays), differences)


def _read(rule: Rule, one: Rule | str) -> tuple[str, Rule]:
    if not isinstance(one, str):
        return one.text, one
    known = variants_of(rule)
    name = one.strip()
    if name in known:
        return name, variant(rule, name)
    if name.isidentifier() or name.isdigit():  # a word: a variant, or an optimizer's name
        simple = name.lower().replace("_", "")
        if simple not in OPTIMIZERS:
            kind = type(innermost(rule)).__name__.lower()
            there = ", ".join(known) or "none"
            hint = did_you_mean(name, [*known, *OPTIMIZERS])
            raise ArgumentError(
                f"{name!r} is no variant of {kind} and no optimizer.{hint} "
                f"Variants of {kind}: {there}"
            )
    other = read_optimizer(name)
    return other.text, other


def first_difference(
    one: XRay, other: XRay, only: Sequence[str] | None = None
) -> Difference | None:
    """The first cell in which two X-rays differ, step by step, in the order of computation.

    What only one of them has is left out, and so is Δ/g, which follows from the others.
    """
    columns = {
        name: read
        for name, read in columns_of(one, other).items()
        if name != "Δ/g" and (only is None or name in only)
    }
    for row, beside in zip(one.rows, other.rows, strict=True):
        for name, read in columns.items():
            first, second = read(row), read(beside)
            if first is None or second is None:
                continue
            if not same(first, second):
                return Difference(row.t, row.name, name, first, second)
    return None


def same(one: float, other: float, rounding: float = ROUNDING) -> bool:
    """Whether two numbers are equal but for rounding; NaN equals NaN."""
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return one == other or math.isclose(one, other, rel_tol=rounding, abs_tol=1e-300)


def apart(one: float, other: float, digits: int | None = None) -> tuple[str, str]:
    """Two different numbers, with as many digits as it takes to see it.

    >>> apart(0.1, 0.25), apart(1.0, 1.0000001)
    (('0.1', '0.25'), ('1', '1.0000001'))
    """
    texts = shown(one, digits), shown(other, digits)
    for significant in range(5, 18):
        if texts[0] != texts[1]:
            break
        texts = shown(one, None, significant), shown(other, None, significant)
    return texts


def _plain(x: float) -> float | str:
    return x if math.isfinite(x) else str(x)
