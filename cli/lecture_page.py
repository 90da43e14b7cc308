"""What `microgd lecture` prints: lists, a lecture with its numbers, the lines of a check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from textwrap import wrap
from typing import TYPE_CHECKING

from microgd.trace.table import Table
from microgd.translation import _, ngettext

from .output import gap, heading, say_wrapped, show_table
from .streams import fitted, say, speaks_unicode, width

if TYPE_CHECKING:
    from microgd.teaching.lectures import Finding, Lecture


def show_list(rows: Iterable[Lecture]) -> None:
    """A table for each part."""
    from microgd.teaching.lectures import part_titles

    titles = part_titles()
    by_part: dict[str, list[Lecture]] = {}
    for row in rows:
        by_part.setdefault(row.part, []).append(row)
    columns = ("", _("lecture"), _("decks"), _("numbers") + ">", _("rules") + ">")
    for part, listed in by_part.items():
        lines = tuple(
            (r.id, r.title, " ".join(r.decks), str(len(r.numbers) or ""), str(len(r.claims) or ""))
            for r in listed
        )
        show_table(Table(f"{part}. {titles[part]}", columns, lines))
    gap()
    say(_("To see one: {command}").format(command="microgd lecture show A2"))


def show_lecture(row: Lecture, findings: Sequence[Finding]) -> None:
    """Title, source, text, how to run it, the circuit told, numbers, rules and notes."""
    heading(f"{row.id}  {row.title}")
    for deck in row.sources:
        _item("·", str(deck))
    gap()
    say_wrapped(row.text)
    _how(row)
    if row.words:
        _circuit(row)
    numbers = [f for f in findings if f.kind != "rule"]
    if numbers:
        show_table(_numbers(numbers))
    if rules := [f for f in findings if f.kind == "rule"]:
        heading(_("rules, each computed in two ways"))
        for rule in rules:
            _item(mark(rule.ok), rule.what if rule.ok else f"{rule.what}: {rule.got}")
    if row.notes:
        heading(_("where the slides differ"))
        for note in row.notes:
            _item("–", note)


def _how(row: Lecture) -> None:
    heading(_("to run it"))
    made = [f"microgd lecture play {row.id} -o {row.id}.html"] if row.words else []
    for line in [*filter(None, (row.command,)), *row.commands, *made]:
        say(f"  {line}")
    if row.python:
        say("\n".join(f"  {line}" for line in row.python.rstrip("\n").split("\n")))


def _circuit(row: Lecture) -> None:
    from .lesson import read_lesson
    from .trace import tell

    tell(read_lesson(row.words, None), {"table": False, "sentences": False, "jacobian": False})


def _numbers(findings: Sequence[Finding]) -> Table:
    """The deck's numbers beside ours; where they differ, how the deck came to its own."""
    reasons = {before.what: f for before, f in pairwise(findings) if f.kind == "explained"}
    columns = ["", _("deck") + ">", "microgd>", _("before rounding") + ">"]
    rows = []
    for f in findings:
        if f.kind == "explained":
            continue
        reason = reasons.get(f.what)
        wrong = [_("not {number}").format(number=g.expected) for g in (f, reason) if g and not g.ok]
        theirs = (_exact(reason) or reason.got) if reason else "?" if f.kind == "deviation" else ""
        rows.append((f.what, f.deck, f.got, _exact(f), theirs, "; ".join(wrong)))
    used = 6 if any(row[5] for row in rows) else 5 if any(row[4] for row in rows) else 4
    columns += [_("the deck's way") + ">", ""]
    return Table(_("the deck's numbers"), tuple(columns[:used]), tuple(r[:used] for r in rows))


def _exact(finding: Finding) -> str:
    """The number with three decimals more than are printed, where that tells anything."""
    if finding.exact is None:
        return ""
    decimals = len(finding.got.partition(".")[2]) + 3
    text = f"{finding.exact:.{decimals}f}".rstrip("0").rstrip(".").replace("-", "−")
    same = finding.got.rstrip("0").rstrip(".") if "." in finding.got else finding.got
    return "" if text == same or (text in ("0", "−0") and not float(same)) else text


def show_checked(row: Lecture, findings: Sequence[Finding]) -> None:
    """One line: how many numbers and rules came out."""
    ok = all(finding.ok for finding in findings)
    say(fitted(f"{mark(ok)} {row.id:>3}  {_counted(findings):40}  {row.title}").rstrip())


def show_summary(rows: Sequence[Lecture], findings: Sequence[Finding]) -> None:
    """The whole in a line."""
    gap()
    lectures = ngettext("{n} lecture", "{n} lectures", len(rows)).format(n=len(rows))
    wrong = sum(not finding.ok for finding in findings)
    end = (
        ngettext("{n} is wrong", "{n} are wrong", wrong).format(n=wrong)
        if wrong
        else _("everything came out")
    )
    say(f"{lectures}: {_counted(findings)}: {end}")


def _counted(findings: Sequence[Finding]) -> str:
    counts = Counter(finding.kind for finding in findings)
    parts = [
        ngettext("{n} number", "{n} numbers", counts["number"]),
        ngettext("{n} deviation", "{n} deviations", counts["deviation"]),
        ngettext("{n} rule", "{n} rules", counts["rule"]),
    ]
    shown = zip(parts, ("number", "deviation", "rule"), strict=True)
    return ", ".join(part.format(n=counts[kind]) for part, kind in shown if counts[kind])


def mark(ok: bool) -> str:
    """Whether it came out, as a sign."""
    return ("✓" if ok else "✗") if speaks_unicode() else ("ok" if ok else "NO")


def _item(sign: str, text: str) -> None:
    """A paragraph behind a sign."""
    for number, line in enumerate(wrap(text, min(width(), 80) - 4)):
        say(f"  {sign if number == 0 else ' ' * len(sign)} {line}")
