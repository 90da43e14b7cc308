"""The check of the lectures: every printed number and every rule, computed anew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from microgd.errors import ArgumentError
from microgd.teaching.lectures.lecture import Claim, Lecture, PrintedNumber
from microgd.trace.numbers import format_number, read_number, short_number
from microgd.translation import _

if TYPE_CHECKING:
    from microgd.trace.lesson import Trace

#: `∂f/∂s[1]`, or `s[1]`: a node of the circuit, and which element.
_READ = re.compile(r"(?P<partial>∂\w+/∂)?(?P<label>[^\W\d]\w*)(\[(?P<index>\d+(, ?\d+)*)\])?")


@dataclass(frozen=True, slots=True)
class Finding:
    """What came out for one number or rule.

    Attributes:
        lecture: the id of the row.
        what: the number or the rule.
        kind: `number`; `deviation`, where the deck prints something else than what is right;
            `explained`, the deck's number by the way it came to it; or `rule`.
        deck: what the deck prints; empty for rules.
        expected: what should come out: text, as it is printed, or how close two sides should be.
        got: what came out, as precise as `expected`.
        exact: the same before rounding; None for rules.
        ok: whether it is as expected.
    """

    lecture: str
    what: str
    kind: str
    deck: str
    expected: str
    got: str
    exact: float | None
    ok: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        return _("{lecture}, {what}: expected {expected}, got {got}").format(
            lecture=self.lecture, what=self.what, expected=self.expected, got=self.got
        )


def check(lecture: Lecture, *, slow: bool = False) -> tuple[Finding, ...]:
    """Compute every number and every rule of a lecture; with `slow` also those that take seconds.

    >>> from microgd.teaching.lectures import lecture
    >>> all(finding.ok for finding in check(lecture("A1")))
    True
    """
    trace = lecture.trace()
    numbers = (f for n in lecture.numbers for f in _number(lecture, n, trace))
    rules = (_rule(lecture, claim) for claim in lecture.claims if slow or not claim.slow)
    return (*numbers, *rules)


def _number(lecture: Lecture, number: PrintedNumber, trace: Trace | None) -> Iterator[Finding]:
    exact = _measured(lecture, number, trace)
    right = number.ours or number.printed
    kind = "deviation" if number.ours else "number"
    one = Finding(
        lecture.id, number.title, kind, number.printed, right, as_printed(exact, right), exact,
        printed_as(right, exact),
    )  # fmt: skip
    yield one
    if not number.ours:
        return
    title = _("{what}, as the deck has it").format(what=number.title)
    if number.because is not None:
        theirs = float(number.because())
        got, ok = as_printed(theirs, number.printed), printed_as(number.printed, theirs)
        yield Finding(
            lecture.id, title, "explained", number.printed, number.printed, got, theirs, ok
        )
    if printed_as(number.printed, exact):  # then there is no deviation, and the note is wrong
        yield Finding(
            lecture.id, title, kind, number.printed, f"≠ {number.printed}",
            as_printed(exact, number.printed), exact, False,
        )  # fmt: skip


def _measured(lecture: Lecture, number: PrintedNumber, trace: Trace | None) -> float:
    if number.measure is not None:
        return float(number.measure())
    if trace is None:
        raise ArgumentError(
            f"{lecture.id}: {number.what!r} has no measure, and there is no circuit"
        )
    return read_from(trace, number.what)


def read_from(trace: Trace, what: str) -> float:
    """A value (`q`) or a gradient (`∂f/∂x`, `∂f/∂s[1]`) in a trace.

    Raises:
        ArgumentError: it names nothing that is there.

    >>> import microgd as mg
    >>> read_from(mg.circuit("(x + y) * z", x=-2, y=5, z=-4).trace(), "∂f/∂z")
    3.0
    """
    found = _READ.fullmatch(what)
    nodes = {node.label: node for node in trace.nodes}
    if found is None or found["label"] not in nodes:
        raise ArgumentError(f"{what!r} names no value or gradient; there are {', '.join(nodes)}")
    node = nodes[found["label"]]
    value = node.gradient if found["partial"] else node.value
    index = tuple(map(int, found["index"].split(","))) if found["index"] else ()
    return float(np.asarray(value)[index])


def printed_as(printed: str, exact: float) -> bool:
    """Whether a number, rounded to the decimals of what is printed, is that.

    >>> printed_as("0.39", 0.3932), printed_as("0.40", 0.3932), printed_as("−12", -12.0)
    (True, False, True)
    """
    decimals = _decimals(printed)
    rounding = 0.5 * 10.0**-decimals if decimals else 0.0
    # half of the last decimal either way, and a few places that a double may lose
    return abs(_plain(printed) - exact) <= rounding * 1.001 + 1e-15 * max(1.0, abs(exact))


def as_printed(exact: float, printed: str) -> str:
    """A number with the decimals of what is printed; a whole one that is not so, unrounded."""
    decimals = _decimals(printed)
    if not decimals:
        return short_number(exact) if exact != int(exact) else f"{exact:.0f}".replace("-", "−")
    text = format_number(exact, decimals)
    return format_number(0.0, decimals) if "e" in text and abs(exact) < 1 else text


def _decimals(printed: str) -> int:
    return len(printed.partition(".")[2])


def _plain(printed: str) -> float:
    return read_number(printed.replace(" ", ""))


def _rule(lecture: Lecture, claim: Claim) -> Finding:
    apart = _apart(*claim.sides())
    ok = apart <= claim.within
    expected = _("both sides agree within {within}").format(within=short_number(claim.within))
    got = _("they agree") if ok else _("they are {apart} apart").format(apart=short_number(apart))
    return Finding(lecture.id, claim.title, "rule", "", expected, got, None, ok)


def _apart(one: Any, other: Any) -> float:
    """The largest difference, relative to the larger of 1 and the second side; inf if no shape."""
    a, b = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    if a.shape != b.shape or not a.size:
        return float("inf")
    with np.errstate(invalid="ignore"):
        difference = np.where(a == b, 0.0, np.abs(a - b) / np.maximum(1.0, np.abs(b)))
    return float(np.nan_to_num(difference, nan=np.inf).max())
