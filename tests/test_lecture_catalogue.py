"""The lectures' catalogue: every number and rule of the decks, and that the check can fail."""

from __future__ import annotations

import doctest
import math
import re
import runpy
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_runner import run

import microgd as mg
from microgd.errors import ArgumentError
from microgd.teaching.lectures import DECKS, LECTURES, Claim, Lecture, check, lecture, of_part
from microgd.teaching.lectures import PrintedNumber as Number
from microgd.teaching.lectures import rules_d as decks
from microgd.teaching.lectures.check import as_printed, printed_as, read_from
from microgd.teaching.lectures.workings_d import same

ROOT = Path(__file__).parent.parent
ROWS = list(LECTURES.values())
NUMBERS = [(row, number) for row in ROWS for number in row.numbers]
CLAIMS = [(row, claim) for row in ROWS for claim in row.claims if not claim.slow]


def named(what: Any) -> str:
    return what.id if isinstance(what, Lecture) else getattr(what, "what", "")


@pytest.mark.parametrize("row", ROWS, ids=named)
def test_everything_comes_out(row: Lecture) -> None:
    findings = check(row)
    assert findings
    assert [str(finding) for finding in findings if not finding.ok] == []


@pytest.mark.slow
@pytest.mark.parametrize("row", [r for r in ROWS if any(c.slow for c in r.claims)], ids=named)
def test_everything_comes_out_slowly(row: Lecture) -> None:
    findings = check(row, slow=True)
    assert len(findings) > len(check(row))
    assert all(finding.ok for finding in findings)


def test_every_system_of_the_lectures_is_there() -> None:
    counts = {"A": 11, "B": 8, "C": 8, "D": 15, "E": 7, "F": 8}
    assert list(LECTURES) == [f"{p}{n}" for p, last in counts.items() for n in range(1, last + 1)]
    assert {deck for row in ROWS for deck in row.decks} == set(DECKS)


@pytest.mark.parametrize("row", ROWS, ids=named)
def test_a_row_is_whole(row: Lecture) -> None:
    assert row.title
    assert 1 <= len(re.findall(r"[.?](?= |$)", row.text)) <= 8
    assert 80 < len(row.text) < 700
    assert row.program or row.commands
    assert row.sources
    # what differs from a deck is said in words
    assert row.notes or not any(number.ours for number in row.numbers)
    assert "  " not in row.text + " ".join(row.notes)


@pytest.mark.parametrize("row", [row for row in ROWS if row.program], ids=named)
def test_a_program_is_a_lesson(row: Lecture) -> None:
    told = row.trace()
    assert told is not None
    assert told.has_gradients
    circuit = row.circuit()
    assert circuit is not None
    # every input counts: something comes back to it
    assert all(told.by_id[n.id].gradient is not None for n in told.nodes if n.kind == "input")
    assert set(circuit.inputs) == set(row.inputs)
    assert run(*shlex.split(row.command)[1:]).exit_code == 0


# -- mutations: whatever is changed, the check has to notice --------------------------------------


def bumped(printed: str, by: int) -> str:
    """A printed number with its last digit changed."""
    decimals = len(printed.partition(".")[2])
    by *= 50 if decimals > 15 else 1  # the last digits that a double has
    value = float(printed.replace("−", "-").replace(" ", "")) + by * 10.0**-decimals
    return f"{value:.{decimals}f}".replace("-", "−")


def wrong(row: Lecture, number: Number) -> list[str]:
    """What the check finds wrong, if the row has this one number."""
    return [f.what for f in check(replace(row, numbers=(number,), claims=())) if not f.ok]


@pytest.mark.parametrize(("row", "number"), NUMBERS, ids=named)
@pytest.mark.parametrize("by", [-1, 1])
def test_another_last_digit_is_noticed(row: Lecture, number: Number, by: int) -> None:
    right = number.ours or number.printed
    changed = bumped(right, by)
    exact = check(replace(row, numbers=(number,), claims=()))[0].exact
    assert exact is not None
    half = 0.5 * 10.0 ** -len(right.partition(".")[2])
    value = float(changed.replace("−", "-"))
    if "." in right and math.isclose(abs(exact - value), half, rel_tol=1e-6):
        pytest.skip("it lies half way between two, and either is right")
    if number.ours:
        assert wrong(row, replace(number, ours=changed))
        if number.because is not None and not math.isclose(
            abs(float(number.because()) - float(bumped(number.printed, by).replace("−", "-"))),
            0.5 * 10.0 ** -len(number.printed.partition(".")[2]),
            rel_tol=1e-6,
        ):
            assert wrong(row, replace(number, printed=bumped(number.printed, by)))
    else:
        assert wrong(row, replace(number, printed=changed))


def test_a_deviation_that_is_none_is_noticed() -> None:
    row = lecture("A1")
    assert wrong(row, Number("∂f/∂z", "3", ours="3.0", because=lambda: 3.0))
    assert not wrong(row, Number("∂f/∂z", "4", ours="3", because=lambda: 4.0))
    assert wrong(row, Number("∂f/∂z", "4", ours="3", because=lambda: 5.0))
    assert wrong(row, Number("∂f/∂z", "4", ours="5"))


@pytest.mark.parametrize(("row", "claim"), CLAIMS, ids=named)
def test_a_side_that_moves_is_noticed(row: Lecture, claim: Claim) -> None:
    found, expected = claim.sides()
    within = max(0.11, 2 * claim.within) * max(1.0, float(np.abs(np.asarray(expected)).max()))
    moved = np.array(found, dtype=float)
    moved.flat[-1] += within
    (finding,) = check(
        replace(row, numbers=(), claims=(replace(claim, sides=lambda: (moved, expected)),))
    )
    assert not finding.ok
    assert "apart" in finding.got


@pytest.mark.parametrize(
    ("ours", "deck"),
    [
        ("momentum(form='velocity', momentum=0.95)", lambda: decks.momentum_000(0.9)),
        ("momentum(form='velocity', momentum=0.9)", lambda: decks.momentum_003(-0.9)),
        ("nesterov(form='look-ahead', momentum=0.9)", lambda: decks.momentum_002(0.9)),
        ("adagrad(eps=0.001)", decks.adagrad_002),
        ("rmsprop(alpha=0.99, eps=0.001)", lambda: decks.rmsprop_inside(0.99)),
        ("adam(eps=0.001)", lambda: decks.adam(corrected=False, inside=False)),
        ("adam(eps=0.001)", lambda: decks.adam(corrected=True, inside=True)),
        ("adam(eps=0.001, eps_inside_root=True)", decks.adam_002),
        ("adam(eps=0.001, bias_correction=False)", lambda: decks.adam_003(0.9, 0.999)),
        ("adamw(weight_decay=0.1, eps=0.001)",
         lambda: decks.adam(corrected=True, inside=False, decay=0.1)),
        ("adam(eps=0.001)", decks.amsgrad),
        ("adam(eps=1e-16)", decks.adabelief),
        ("lookahead(sgd, k=4, alpha=0.3)", lambda: decks.lookahead(4, 0.5)),
        ("sgd(weight_decay=0.1)", lambda: decks.penalised(0.1)),
        ("rprop", decks.rprop),
        ("sgd", decks.normalised),
    ],
)  # fmt: skip
def test_another_rule_is_noticed(ours: str, deck: Any) -> None:
    """Rules that a student could take for each other walk apart within forty steps."""
    row = replace(lecture("D1"), claims=(Claim("the rule", same(ours, deck, 40)),))
    (finding,) = check(row)
    assert not finding.ok


def test_shapes_and_nan_are_noticed() -> None:
    for sides in ((np.zeros(3), np.zeros((3, 1))), (np.nan, 0.0), (np.inf, 0.0), ([], [])):
        (finding,) = check(replace(lecture("D1"), claims=(Claim("x", lambda s=sides: s),)))
        assert not finding.ok


# -- the parts of it ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "exact", "fits"),
    [
        *(("0.39", 0.3932, True), ("0.40", 0.3932, False), ("−0.59", -0.5898, True)),
        *(("0.59", -0.5898, False), ("3", 3.0, True), ("3", 3.4, False), ("409 600", 409600, True)),
        *(("14.12", 14.125, True), ("14.13", 14.125, True), ("14.11", 14.125, False)),
        *(("0.00", 0.004, True), ("0.00", 0.006, False), ("1", float("nan"), False)),
        ("1.6732632423543772", 1.6732632423543772, True),
        ("1.6732632423543772", 1.6732632423543872, False),
    ],
)
def test_printed_as(printed: str, exact: float, fits: bool) -> None:
    assert printed_as(printed, exact) is fits


def test_as_printed() -> None:
    assert as_printed(-0.5898, "0.39") == "−0.59"
    assert as_printed(0.001, "0.00") == "0.00"
    assert as_printed(3.0, "4") == "3"
    assert as_printed(3.25, "4") == "3.25"


def test_what_is_read_from_a_circuit() -> None:
    told = lecture("B8").trace()
    assert told is not None
    assert read_from(told, "s[2]") == pytest.approx(-0.4)
    assert read_from(told, "∂f/∂f") == 1.0
    with pytest.raises(ArgumentError, match="names no value or gradient; there are "):
        read_from(told, "∂f/∂nobody")


def test_lectures_that_there_are_not() -> None:
    assert lecture(" a10 ") is LECTURES["A10"]
    with pytest.raises(ArgumentError, match=r"no lecture 'A12'.*A1 to A11, B1 to B8"):
        lecture("A12")
    with pytest.raises(ArgumentError, match="no part 'G'; choose A, B, C, D, E, F"):
        of_part("G")
    assert mg.lecture("A1") is LECTURES["A1"]


def commands() -> Iterator[Any]:
    for row in ROWS:
        for line in row.commands:
            training = " train " in line or "histograms" in line or "sanity" in line
            marks = [pytest.mark.slow] if training else []
            yield pytest.param(line, id=f"{row.id} {line}", marks=marks)


@pytest.mark.parametrize("line", list(commands()))
def test_commands_work(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program, *arguments = shlex.split(line)
    if program == "python":
        assert (ROOT / arguments[0]).exists()
        return
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("row", [row for row in ROWS if row.python], ids=named)
def test_python_works(row: Lecture) -> None:
    parsed = doctest.DocTestParser().get_doctest(row.python, {}, row.id, None, 0)
    assert doctest.DocTestRunner().run(parsed).failed == 0


def test_the_page_is_up_to_date() -> None:
    docs = ROOT / "docs"
    made = runpy.run_path(str(docs / "make_lectures.py"))["page"]()
    assert (docs / "lectures.md").read_text(encoding="utf-8") == made, "run docs/make_lectures.py"
