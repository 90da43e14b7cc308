"""Tables of a trace: what stands in them, and that they fit a terminal."""

from __future__ import annotations

import time

import numpy as np
from rich.console import Console

import microgd as mg
from microgd.trace.table import Table


def neuron() -> mg.Tensor:
    w0, x0, w1, x1, w2 = (
        mg.Tensor(v, n)
        for v, n in ((2.0, "w0"), (-1.0, "x0"), (-3.0, "w1"), (-2.0, "x1"), (-3.0, "w2"))
    )
    return 1 / (1 + mg.exp(-(w0 * x0 + w1 * x1 + w2)))


def net() -> mg.Tensor:
    rng = np.random.default_rng(0)
    X, W1 = mg.Tensor(rng.normal(size=(40, 30)), "X"), mg.Tensor(rng.normal(size=(30, 50)), "W1")
    b1, W2 = mg.Tensor(np.zeros(50), "b1"), mg.Tensor(rng.normal(size=(50, 3)), "W2")
    targets = mg.one_hot(np.arange(40) % 3, 3)
    return mg.mean(mg.log_softmax(mg.relu(X @ W1 + b1) @ W2) * targets)


def width(table: Table) -> int:
    return max(map(len, str(table).splitlines()))


def test_a_circuit() -> None:
    x, y, z = mg.Tensor(-2.0, "x"), mg.Tensor(5.0, "y"), mg.Tensor(-4.0, "z")
    assert mg.trace((x + y) * z).table().rows == (
        ("seed", "f", "", "", "1", ""),
        ("f: ×", "q", "z = −4", "1", "−4", "−4"),
        ("f: ×", "z", "q = 3", "1", "3", "3"),
        ("q: +", "x", "1", "−4", "−4", "−4"),
        ("q: +", "y", "1", "−4", "−4", "−4"),
    )


def test_widths() -> None:
    assert width(mg.trace(neuron()).table()) <= 80
    assert width(mg.trace(net()).table()) <= 110
    assert width(mg.trace(neuron()).gradients()) <= 40


def test_it_folds_in_a_narrow_terminal_without_losing_text() -> None:
    console = Console(width=50, color_system=None, file=None, record=True, quiet=False)
    with console.capture() as shown:
        console.print(mg.trace(neuron()).table())
    assert max(map(len, shown.get().splitlines())) <= 50
    assert "…" not in shown.get()


def test_sum_so_far_grows_at_a_branch() -> None:
    x = mg.Tensor(3.0, "x")
    rows = mg.trace(x + x * mg.maximum(x, 2.0)).table().rows
    assert [r[-1] for r in rows if r[1] == "x"] == ["1", "4", "7"]


def test_broadcast_rows_settle_the_sum() -> None:
    X, b = mg.Tensor(np.ones((2, 3)), "X"), mg.Tensor([1.0, 2.0, 3.0], "b")
    rows = mg.trace(mg.sum(X + b)).table().rows
    assert rows[-2:] == (
        ("f: +", "b", "1", "2×3, norm 2.45", "2×3, norm 2.45", "")
        if rows[-2][0] == "f: +"
        else ("q: +", "b", "1", "2×3, norm 2.45", "2×3, norm 2.45", ""),
        ("Σ broadcast", "b", "over axis 0", "", "[2, 2, 2]", "[2, 2, 2]"),
    )


def test_blocked_rows_show_zero() -> None:
    x = mg.Tensor(3.0, "x")
    rows = mg.trace(mg.where(x > 1.0, x, 0.0)).table().rows
    assert rows[1] == ("f: ?", "q", "0", "1", "0", "0")


def test_forward_only() -> None:
    x = mg.Tensor(3.0, "x")
    table = mg.trace(x * x, backward=False).table()
    assert (table.title, table.rows) == ("forward", (("f", "×", "f = x · x = 3 · 3 = 9"),))


def test_inputs() -> None:
    x, i = mg.Tensor([5.0, 6.0, 7.0], "x"), mg.Tensor([2, 0], "i", dtype="int64")
    told = mg.trace(mg.sum(mg.take(x, i)))
    assert told.gradients().rows == (
        ("x", "[5, 6, 7]", "[1, 0, 1]"),
        ("i", "[2, 0]", "none: indices"),
    )
    told = mg.trace(mg.placeholder((2, 3), "W") * mg.Tensor(2.0, "s"))
    assert told.gradients().rows == (
        ("W", "2×3, no numbers", "2×3, no numbers"),
        ("s", "2", "not computed"),
    )


def test_odd_names_are_text_and_not_markup() -> None:
    x = mg.Tensor(3.0, '<b>&"[red]')
    table = mg.trace(x * x).table()
    assert '<b>&"[red]' in str(table)
    assert "&lt;b&gt;&amp;&quot;[red]" in table._repr_html_()
    assert "<b>" not in table._repr_html_()


def test_thousands_of_rows_take_no_time_and_as_text_nothing_folds() -> None:
    table = Table("many", ("gate", "value>"), (("日本" * 60, "1"), *[("q: +", "3.00")] * 6000))
    start = time.process_time()
    lines = str(table).splitlines()
    assert time.process_time() - start < 0.5
    assert len(lines) == 6005
    assert lines[4] == " " + "日本" * 60 + "       1"
    assert lines[5] == " q: +" + " " * 236 + "   " + " 3.00"
