"""A table that somebody worked out by hand, beside the right one: the first wrong number, and why.

>>> table = read_mine("t,m,mhat\\n1,0.6,0.06\\n2,1.04,0.1976", "mine.csv")
>>> found = check_mine("adam", table, gradients=[6.0, 5.0], lr=0.1)
>>> found.sentences[0]
't=1: m̂ is 0.06, and should be 6'
>>> found.guesses[0]
('m̂ is multiplied by its correction instead of divided', 4)
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from microgd.errors import ArgumentError, MicrogdError
from microgd.gates.table import did_you_mean
from microgd.lab.mistakes import mistakes
from microgd.lab.own_table import MOST_ROWS, SILENT, Mine, Number, fits, read_mine
from microgd.lab.side_by_side import apart
from microgd.lab.slopes import problem_of
from microgd.lab.xray import Rule, XRay, xray
from microgd.lab.xray_table import Read, plain_name

__all__ = ["Cell", "Finding", "Mine", "check_mine", "read_mine"]

#: How many guesses are worth a look.
GUESSES = 3

FROM_0 = "your t counts from 0: your t=0 is t=1 here, the first step"


@dataclass(frozen=True, slots=True)
class Cell:
    """A number that was to be compared, and the right one."""

    t: int
    column: str
    number: Number
    right: float

    @property
    def fits(self) -> bool:
        """Whether it is right but for rounding."""
        return fits(self.number, self.right)


@dataclass(frozen=True)
class Finding:
    """What came of the comparison.

    Attributes:
        cells: all numbers, in the order of computation.
        wrong: the first that is wrong; None if all are right.
        guesses: mistakes that make this very number, with how many of all numbers they make; those
            that make most come first, and others are left out.
        notes: how the table was read.
    """

    cells: tuple[Cell, ...]
    wrong: Cell | None
    guesses: tuple[tuple[str, int], ...]
    notes: tuple[str, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """The verdict in words."""
        total = len(self.cells)
        if self.wrong is None:
            all_right = f"all {total} numbers are right, as far as they are rounded"
            one_right = "the one number is right, as far as it is rounded"
            return (one_right if total == 1 else all_right, *self.notes)
        cell = self.wrong
        _, right = apart(cell.number.value, cell.right)
        found = [f"t={cell.t}: {cell.column} is {cell.number.text}, and should be {right}"]
        before = self.cells.index(cell)
        if before:
            are = "number before it is" if before == 1 else "numbers before it are"
            found.append(f"{before} {are} right")
        for place, (text, count) in enumerate(self.guesses):
            share = "all" if count == total else f"{count} of"
            share = "the number is" if total == 1 else f"{share} {total} numbers are"
            begin = "or when" if place else f"{share} what you get when"
            found.append(f"{begin} {text}")
        if not self.guesses:
            found.append(self._unknown(cell))
        return (*found, *self.notes)

    def _unknown(self, cell: Cell) -> str:
        off = abs(cell.number.value - cell.right)
        if math.isfinite(off) and off <= 20 * cell.number.rounding:
            return (
                "it is close: working on with rounded numbers may be all that is wrong; keep more "
                "digits on the way"
            )
        return "none of the known mistakes makes this number"

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data."""
        wrong = self.wrong
        return {
            "numbers": len(self.cells),
            "right": sum(cell.fits for cell in self.cells),
            "wrong": None
            if wrong is None
            else {
                "t": wrong.t,
                "column": wrong.column,
                "given": wrong.number.text,
                "right": wrong.right if math.isfinite(wrong.right) else str(wrong.right),
            },
            "guesses": [{"text": text, "numbers": count} for text, count in self.guesses],
            "sentences": list(self.sentences),
        }


def check_mine(optimizer: Rule | str, mine: Mine, problem: Any = None, **options: Any) -> Finding:
    """Compare somebody's table with an optimizer's numbers. Options as in `xray`.

    Raises:
        ArgumentError: a table that has no number to compare, or names columns that are not there.
    """
    options.pop("steps", None)
    if options.get("gradients") is None:
        problem = problem_of(problem, options.pop("start", None))
    first = xray(optimizer, problem, steps=1, **options)
    mine = _in_our_names(mine, first)
    offset = 1 if _counts_from_0(mine, first) else 0
    steps = [_step(row, place, offset) for place, row in enumerate(mine.rows)]
    if min(steps) < 0 or max(steps) > MOST_ROWS:
        raise ArgumentError(f"{mine.file}: t is a step from 1 to {MOST_ROWS}")
    right = xray(optimizer, problem, steps=max(1, *steps), **options)
    notes = (FROM_0,) if offset else ()
    wrong_runs: list[tuple[str, XRay]] = []
    findings = []
    # θ without more words is the one after the step, or before it where it begins at the start;
    # but it may also be a mistake that leaves θ at the start
    for is_before in (True, False) if _may_be_before(mine, right, steps) else (False,):
        cells = list(_cells(mine, right, steps, is_before))
        if not cells:
            raise ArgumentError(
                f"{mine.file} has nothing to compare, only {', '.join(mine.columns)}: give it "
                f"columns such as t, g, {', '.join(map(plain_name, right.columns))}, step"
            )
        wrong = next((cell for cell in cells if not cell.fits), None)
        if wrong is not None and not wrong_runs:
            wrong_runs = list(_mistaken(right, problem, options))
        guesses = []
        for text, run in wrong_runs if wrong else ():
            own = list(_cells(mine, run, steps, is_before))
            if any((c.t, c.column) == (wrong.t, wrong.column) and c.fits for c in own):  # type: ignore[union-attr]
                guesses.append((text, sum(c.fits for c in own)))
        most = max((count for _, count in guesses), default=0)
        best = tuple(one for one in guesses if one[1] == most)[:GUESSES]
        findings.append(Finding(tuple(cells), wrong, best, notes))
    return max(findings, key=_explains)


def _explains(finding: Finding) -> tuple[bool, int, int]:
    """How well a way to read the table explains its numbers."""
    guessed = finding.guesses[0][1] if finding.guesses else 0
    return finding.wrong is None, guessed, sum(cell.fits for cell in finding.cells)


def _mistaken(right: XRay, problem: Any, options: Mapping[str, Any]) -> Iterator[tuple[str, XRay]]:
    for mistake in mistakes(right):
        try:
            yield mistake.text, mistake.run(problem, **{**options, "steps": right.steps})
        except MicrogdError:  # a mistake that this rule cannot be run with
            continue


def _in_our_names(mine: Mine, run: XRay) -> Mine:
    """The table with the X-ray's names for its columns."""
    if len(run.names) > 1:
        raise ArgumentError("a table of your own is compared for one number, not for several")
    names = {run.names[0]: "θ", **{plain_name(part): part for part in run.columns}}
    usual = ["t", "g", *map(plain_name, run.columns), "step", run.names[0]]
    allowed = {"t", "g", "before", "θ", "after", "Δ", "m̂", "v̂", *run.columns, *SILENT}
    for name in mine.columns:
        if names.get(name, name) not in allowed:
            raise ArgumentError(
                f"{mine.file}: {run.rule.text} has no column {name!r}."
                f"{did_you_mean(name, usual)} It has: {', '.join(usual)}"
            )
    rows = tuple({names.get(name, name): x for name, x in row.items()} for row in mine.rows)
    return replace(mine, columns=tuple(names.get(n, n) for n in mine.columns), rows=rows)


def _counts_from_0(mine: Mine, run: XRay) -> bool:
    """Whether their t=0 is the first step, and not the start before it."""
    row = mine.rows[0]
    if "t" not in row or row["t"].value != 0:
        return False
    start = row.get("θ") or row.get("after") or row.get("before")
    steps = any(number.value for name, number in row.items() if name in ("g", "Δ", *run.columns))
    return steps or start is None or not fits(start, run.rows[0].before)


def _step(row: Mapping[str, Number], place: int, offset: int) -> int:
    if "t" not in row:
        return place + 1
    t = row["t"].value
    if not float(t).is_integer():
        raise ArgumentError(f"t is the number of a step, got {row['t'].text}")
    return int(t) + offset


def _may_be_before(mine: Mine, run: XRay, steps: list[int]) -> bool:
    """Whether their θ in the row of the first step is the start."""
    first = next((row for row, t in zip(mine.rows, steps, strict=True) if t == 1), {})
    return "θ" in first and fits(first["θ"], run.rows[0].before)


def _cells(mine: Mine, run: XRay, steps: list[int], is_before: bool) -> Iterator[Cell]:
    """Their numbers with an X-ray's, step by step, in the order of computation."""
    by_t = {row.t: row for row in run.rows}
    reads: dict[str, Read] = {"before": lambda row: row.before}
    if is_before:
        reads["θ"] = reads["before"]
    reads["g"] = lambda row: row.g
    for part in dict.fromkeys((*run.columns, "m̂", "v̂")):
        # who forgets the correction has m for m̂
        there = part if part in run.columns else part[0]
        reads[part] = lambda row, there=there: row.parts.get(there)  # type: ignore[misc]
    reads["Δ"] = lambda row: row.delta
    reads["θ" if not is_before else "after"] = reads["after"] = lambda row: row.after
    for numbers, t in zip(mine.rows, steps, strict=True):
        for name, read in reads.items():
            if name not in numbers:
                continue
            if t == 0 and name in ("θ", "before", "after"):  # the start, before any step
                yield Cell(0, name, numbers[name], run.rows[0].before)
            value = read(by_t[t]) if t in by_t else None
            if value is not None:
                yield Cell(t, name, numbers[name], value)
