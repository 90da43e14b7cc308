"""Tables of a bug: right and wrong side by side, marked where they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from microgd.teaching.bugs.buggy import close
from microgd.trace.numbers import format_cell
from microgd.trace.table import Table
from microgd.translation import _

if TYPE_CHECKING:
    from microgd.teaching.bugs.buggy import Buggy

#: What marks a row in which right and wrong differ.
MARK = "≠"


def gradients_table(buggy: Buggy) -> Table:
    """Every input and gate with its two gradients; with its two values, where those differ."""
    right, wrong = buggy.right, buggy.wrong
    digits = right.digits
    both = [(n, m) for n, m in zip(right.nodes, wrong.nodes, strict=True) if n.gradient is not None]
    both.sort(key=lambda pair: pair[0].kind != "input")
    values = any(not close(n.value, m.value) for n, m in both)
    rows = []
    for n, m in both:
        known = (format_cell(n.value, digits), format_cell(m.value, digits)) if values else ()
        mark = "" if close(n.gradient, m.gradient) else MARK
        cells = (format_cell(n.gradient, digits), format_cell(m.gradient, digits), mark)
        rows.append((n.label, *known, *cells))
    columns: tuple[str, ...] = (_("value"), _("right") + ">", _("wrong") + ">", "")
    if values:
        columns = (
            _("value"), _("new data") + ">", _("what is there") + ">",
            _("right gradient") + ">", _("wrong gradient") + ">", "",
        )  # fmt: skip
    notes = (buggy.note,) if buggy.note else ()
    return Table(_("right and wrong"), columns, tuple(rows), notes)


def steps_table(buggy: Buggy) -> Table:
    """Every step of a descent with zero_grad and without it."""
    digits = buggy.right.digits
    rows: list[tuple[str, ...]] = []
    for number, (right, wrong) in enumerate(buggy.taken, 1):
        for name, grad in right.grad.items():
            at, there = right.trace.node(name).value, wrong.trace.node(name).value
            mark = "" if close(grad, wrong.grad[name]) else MARK
            cells = (at, grad, there, wrong.fresh[name], wrong.grad[name])
            rows.append((str(number), name, *(format_cell(c, digits) for c in cells), mark))
    last_right, last_wrong = buggy.taken[-1]
    for name, value in last_right.after.items():
        end, other = format_cell(value, digits), format_cell(last_wrong.after[name], digits)
        mark = "" if close(value, last_wrong.after[name]) else MARK
        rows.append(("", name, end, "", other, "", "", mark))
    columns = (
        _("step") + ">", _("input"), _("right") + ">", ".grad>", _("wrong") + ">",
        _("new gradient") + ">", ".grad>", "",
    )  # fmt: skip
    notes = (buggy.note,) if buggy.note else ()
    return Table(_("right and wrong"), columns, tuple(rows), notes)
