"""The X-ray of optimizers: numbers, where two rules part, and mistakes known by their numbers."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import microgd as mg
from microgd.errors import ArgumentError, LanguageError, ShapeError
from microgd.lab import check_mine, compare, draw_update, read_mine, update_circuit, xray
from microgd.lab.xray_table import table, to_csv, to_dict, turned
from microgd.optim import OPTIMIZERS, SGD, Group, Groups, read_optimizer
from microgd.optim.variants import SOURCES, VARIANTS, variant
from microgd.trace.numbers import is_number

RULES = [
    *(name for name in OPTIMIZERS if name not in ("lookahead", "clipped")),
    "sgd(momentum=0.9, dampening=0.5)",
    "sgd(momentum=0.9, nesterov=True, weight_decay=0.1)",
    *(f"momentum(form='{form}')" for form in ("velocity", "displacement", "rolling")),
    *(f"nesterov(form='{form}')" for form in ("shifted", "look-ahead", "displacement", "rolling")),
    "rprop(variant='rprop+')",
    "rprop(variant='rprop-', zero_shrinks=True)",
    "rmsprop(centered=True, momentum=0.9)",
    "adam(bias_correction=False, eps_inside_root=True)",
    "adam(bias_correction=compounded)",
    "adam(eps_before_correction=True, weight_decay=0.1, penalty=whole)",
    "adam(amsgrad=True, amsgrad_of='v̂', maximize=True)",
    "nadam(form=simple)",
    "lookahead(adam, k=2)",
    "lookahead(nesterov(form='look-ahead'), k=3, restart=True)",
    "lookahead(sgd, k=2, alpha=fitted)",
    "clipped(adamw, norm=1.0)",
    "clipped(normalizedgradient, norm=0.5, value=0.7)",
]


@pytest.mark.parametrize("text", RULES)
def test_it_is_the_optimizers_own_path_bit_for_bit(text: str) -> None:
    rule = read_optimizer(text)
    found = xray(rule, "bowl", lr=0.1, steps=7)
    problem = mg.lab.function("bowl")
    params: Any = problem.start
    state = rule.init(params)
    for t in range(1, 8):
        point = rule.gradient_point(params, state)
        loss, gradient = mg.value_and_grad(problem)(point)
        loss = loss if point is params else problem(params)
        new, state = rule.update(params, gradient, state, 0.1, float(loss))
        rows = [row for row in found.rows if row.t == t]
        assert [row.before for row in rows] == list(params.values())
        assert [row.at for row in rows] == list(point.values())
        assert [row.g for row in rows] == list(gradient.values())
        assert [row.after for row in rows] == list(new.values())
        params = new


@pytest.mark.parametrize("text", RULES)
def test_delta_is_what_was_taken_off(text: str) -> None:
    for row in xray(text, "rosenbrock", lr=0.001, steps=5).rows:
        assert row.delta == pytest.approx(row.before - row.after, rel=1e-9, abs=1e-12)
        assert row.rate is None if row.g == 0 else row.rate == row.delta / row.g


def test_adam_by_fractions() -> None:
    """The first three steps by hand, with gradients 1, 1, ½ and γ = 1/10, as exact as fractions."""
    m = v = Fraction(0)
    b1, b2 = Fraction(9, 10), Fraction(999, 1000)
    rows = xray("adam", gradients=[1, 1, 0.5], lr=0.1, steps=3).rows
    theta = 1.0
    for row in rows:
        t, g = row.t, Fraction(row.g)
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        parts = {
            "m": m, "v": v, "1−β₁ᵗ": 1 - b1**t, "m̂": m / (1 - b1**t),
            "1−β₂ᵗ": 1 - b2**t, "v̂": v / (1 - b2**t),
        }  # fmt: skip
        assert list(row.parts) == list(parts)
        for name, exact in parts.items():
            assert row.parts[name] == pytest.approx(float(exact), rel=1e-13), name
        delta = 0.1 * float(parts["m̂"]) / (math.sqrt(parts["v̂"]) + 1e-8)
        assert row.delta == pytest.approx(delta, rel=1e-13)
        theta -= delta
        assert row.after == pytest.approx(theta, rel=1e-13)
    assert rows[0].parts["m̂"] == rows[0].parts["v̂"] == 1.0
    assert float(m / (1 - b1**3)) == pytest.approx(0.221 / 0.271)  # (0.081 + 0.09 + 0.05) / 0.271


def test_columns_are_in_the_order_of_computation() -> None:
    assert xray("amsgrad").columns == ("m", "v", "v⁺", "1−β₁ᵗ", "m̂", "1−β₂ᵗ", "v̂")
    assert xray("amsgrad(amsgrad_of='v̂')").columns[-1] == "v⁺"
    assert xray("clipped(rmsprop, norm=1.0)").columns == ("‖g‖", "u")
    assert xray("adam(eps_before_correction=True)").columns == xray("adam").columns
    assert xray("adam(betas=(0.0, 0.9))").columns == ("m", "v", "m̂", "1−β₂ᵗ", "v̂")
    assert xray("sgd").columns == ()


def test_what_is_not_used_is_not_shown() -> None:
    """A fitted α counts where the path goes back, and there the inner optimizer rests."""
    rows = xray("lookahead(adam, k=2, alpha=fitted)", steps=3).rows
    assert ["α" in row.parts for row in rows] == [False, False, True]
    assert ["m̂" in row.parts for row in rows] == [True, True, False]


def test_parameters_have_their_own_columns_and_share_the_norm() -> None:
    rows = xray("clipped(adam, norm=1.0)", "bowl", steps=1).rows
    assert [row.name for row in rows] == ["x1", "x2"]
    assert rows[0].parts["‖g‖"] == rows[1].parts["‖g‖"] == pytest.approx(math.hypot(0.3, 3.55))
    assert rows[0].parts["m"] != rows[1].parts["m"]


def test_a_parameter_may_be_called_like_a_slot() -> None:
    for name in ("m", "v", "t", "g", "start"):
        row = xray("lookahead(adam, k=1)", f"{name}**2", start={name: 3.0}, steps=1).rows[0]
        assert (row.name, row.g) == (name, 6.0)
        assert row.parts["m"] == pytest.approx(0.6)


def test_groups() -> None:
    rule = Groups([Group("a", SGD())], rest=read_optimizer("adam"))
    found = xray(rule, "a**2 + b**2", start={"a": 1.0, "b": 2.0}, lr=0.1, steps=2)
    assert not found.of("a")[0].parts
    assert found.of("b")[1].parts["m̂"] == pytest.approx(found.of("b")[1].parts["m"] / 0.19)


def test_vectors_have_a_row_for_each_element() -> None:
    whole = xray("adam", gradients=[[1.0, -2.0], [0.0, 4.0]], lr=0.1, steps=4)
    assert whole.names == ("θ[0]", "θ[1]")
    for place, name in enumerate(whole.names):
        alone = xray("adam", gradients=[[1.0, 0.0], [-2.0, 4.0]][place], lr=0.1, steps=4)
        for row, other in zip(whole.of(name), alone.rows, strict=True):
            assert (row.g, row.after, dict(row.parts)) == (other.g, other.after, dict(other.parts))
    assert whole.of("θ[0]")[1].rate is None


def test_gradients_begin_anew_and_a_schedule_is_followed() -> None:
    rows = xray("sgd", gradients=[1.0, 2.0], lr=lambda t: 0.1 / (t + 1), steps=3).rows
    assert [row.g for row in rows] == [1.0, 2.0, 1.0]
    assert [row.lr for row in rows] == [0.1, 0.05, 0.1 / 3]
    assert "γ" in str(table(xray("sgd", lr=lambda t: 0.1 / (t + 1))))


def test_the_path_is_that_of_descend() -> None:
    for name in ("quartic", "amsgrad", "rosenbrock"):
        walk = mg.lab.descend(name, "adam", lr=0.3, steps=6)
        rows = xray("adam", name, lr=0.3, steps=6).rows
        points = np.array([row.before for row in rows]).reshape(6, -1)
        assert (points == walk.points[:6]).all()


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"optimizer": "nope"}, ArgumentError),
        ({"steps": 0}, ArgumentError),
        ({"steps": True}, ArgumentError),
        ({"lr": -1.0}, ArgumentError),
        ({"lr": math.nan}, ArgumentError),
        ({"gradients": []}, ArgumentError),
        ({"gradients": [1.0], "problem": "x**2"}, ArgumentError),
        ({"gradients": [1.0], "start": {"x": 1.0, "y": 2.0}}, ArgumentError),
        ({"gradients": [1.0, [1.0, 2.0]]}, ShapeError),
        ({"gradients": [1.0], "start": {"x": [1.0, 2.0]}}, ShapeError),
        ({"problem": "x**2"}, LanguageError),
        ({"problem": "__import__('os')", "start": {"x": 1.0}}, LanguageError),
    ],
)
def test_what_is_refused(options: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        xray(**options)


# -- tables ----------------------------------------------------------------------------------------


def test_tables_and_data_say_the_same() -> None:
    found = xray("adam", steps=3)
    rows, data, lines = (
        table(found).rows,
        to_dict(found),
        csv.DictReader(io.StringIO(to_csv(found))),
    )
    assert len(rows) == len(data["rows"]) == 3
    assert turned(found, "x").rows[3][1:] == tuple(row[4] for row in rows)  # v
    for line, row, cells in zip(lines, data["rows"], rows, strict=True):
        assert float(line["mhat"]) == row["parts"]["mhat"]
        assert float(line["after"]) == row["after"]
        assert all(map(is_number, cells))
    assert data["columns"] == ["m", "v", "1-beta1^t", "mhat", "1-beta2^t", "vhat"]
    assert str(found) == str(table(found))


def test_what_is_not_finite_is_text_in_json() -> None:
    import json

    found = xray("sgd", gradients=[math.inf, 0.0], steps=2)
    data = to_dict(found)
    json.dumps(data, allow_nan=False)
    assert data["rows"][0]["g"] == "inf"
    assert data["rows"][1]["rate"] is None
    assert found.lost == (1, "g")
    assert xray("sgd").lost is None


# -- side by side ----------------------------------------------------------------------------------


def first(*names: str, **options: Any) -> Any:
    base, *others = names
    return compare(base, others, **{"lr": 0.1, "steps": 3, **options}).differences


def test_where_two_rules_part() -> None:
    (found,) = first("adam", "uncorrected", gradients=[0.5])
    assert (found.t, found.column) == (1, "Δ")
    assert found.second == pytest.approx(0.1 * 0.05 / (math.sqrt(0.00025) + 1e-8))
    (found,) = first("adam", "adam(betas=(0.9, 0.5))", gradients=[0.5])
    assert (found.t, found.column) == (1, "v")
    assert str(found) == "at t=1 in v: 0.00025 against 0.125"
    (found,) = first("adam", "amsgrad", gradients=[4.0, 0.001, 0.001])
    assert (found.t, found.column) == (2, "v̂")
    assert first("adam", "adam(eps=1e-8)", "torch", "classic", "optax", "000") == (None,) * 5


def test_the_mark_is_in_the_right_cell() -> None:
    both = compare("adam", ["adam(betas=(0.9, 0.5))", "torch"], gradients=[0.5], lr=0.1, steps=2)
    shown = both.table()
    marked = [
        (row[1], shown.columns[i].rstrip(">"), cell)
        for row in shown.rows
        for i, cell in enumerate(row)
        if cell.endswith("*")
    ]
    assert marked == [("adam(betas=(0.9, 0.5))", "v", "0.125*")]
    assert len(shown.rows) == 6
    small = compare("adam", ["keras"], lr=0.1, steps=1)  # a difference in the seventh digit shows
    cells = [row[-3] for row in small.table().rows]
    assert cells[0] != cells[1].rstrip("*")
    assert small.at_step(1, "x").rows[-3][2].endswith("*")


def test_the_same_path_in_other_letters() -> None:
    both = compare("momentum", ["000", "003"], lr=0.1, steps=4)
    assert both.sentences[0].endswith("in v: 6 against −0.6; yet x walks the same path")
    assert both.sentences[1].endswith("the step differs first at t=1 in Δ: 0.6 against 0")
    assert compare("adam", ["sgd"]).sentences[0].endswith("it has no m, v, 1−β₁ᵗ, m̂, 1−β₂ᵗ, v̂")


@pytest.mark.parametrize("text", ["nope", "", "adam(", "005", "__import__('os')", "adam(eps=-1)"])
def test_what_is_no_variant(text: str) -> None:
    with pytest.raises(ArgumentError):
        compare("adam", [text])


def test_every_variant_is_made_of_options() -> None:
    for name, variants in VARIANTS.items():
        rule = read_optimizer(name)
        for label, one in variants.items():
            found = variant(rule, label)
            assert {n: getattr(found, n) for n in one.options} == dict(one.options)
            assert label in SOURCES
            assert variant(read_optimizer(f"lookahead({name}, k=3)"), label).inner == found


def test_numbers_that_were_set_stay() -> None:
    rule = read_optimizer("adam(betas=(0.5, 0.6), amsgrad=True)")
    assert variant(rule, "004").text == (
        "adam(betas=(0.5, 0.6), eps_inside_root=True, bias_correction=False, amsgrad=True)"
    )


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("name", "torch_name", "options"),
    [
        ("sgd", "SGD", {}),
        ("momentum", "SGD", {"momentum": 0.9}),
        ("nesterov", "SGD", {"momentum": 0.9, "nesterov": True}),
        ("rprop", "Rprop", {}),
        ("adagrad", "Adagrad", {}),
        ("adadelta", "Adadelta", {}),
        ("rmsprop", "RMSprop", {}),
        ("adam", "Adam", {}),
        ("adamw", "AdamW", {}),
        ("amsgrad", "Adam", {"amsgrad": True}),
        ("adamax", "Adamax", {}),
        ("nadam", "NAdam", {}),
    ],
)
def test_the_variant_torch_is_torch(name: str, torch_name: str, options: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    slopes = [1.0, -0.5, 0.25, 4.0, 0.0, -1e-3]
    theta = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
    theirs = getattr(torch.optim, torch_name)([theta], lr=0.1, **options)
    rule = variant(read_optimizer(name), "torch")
    rows = xray(rule, gradients=slopes, start={"x": 3.0}, lr=0.1, steps=12).rows
    for row in rows:
        theta.grad = torch.tensor(row.g, dtype=torch.float64)
        theirs.step()
        # PyTorch keeps NAdam's product of μ in float32
        near = 1e-8 if name == "nadam" else 1e-12
        assert row.after == pytest.approx(theta.item(), rel=near)
    memory = theirs.state[theta]
    for part, key in {"m": "exp_avg", "v": "exp_avg_sq", "u": "exp_inf"}.items():
        if part in rows[-1].parts and key in memory:
            assert rows[-1].parts[part] == pytest.approx(memory[key].item(), rel=1e-12)


# -- somebody's own table --------------------------------------------------------------------------

SLOPES = [0.5, 0.2, 0.3, 0.4]


def by_hand(mistake: str = "", lr: float = 0.1, eps: float = 1e-8) -> list[list[float]]:
    """Adam as somebody might write it, with one thing wrong: t, g, m, v, m̂, v̂, Δ, x."""
    x, m, v, rows = 1.0, 0.0, 0.0, []
    b1, b2 = (0.999, 0.9) if mistake == "swapped" else (0.9, 0.999)
    for t, g in enumerate(SLOPES, start=1):
        old, old_v = m, v
        m = b1 * g + (1 - b1) * m if mistake == "exchanged" else b1 * m + (1 - b1) * g
        square = {"mean squared": m * m, "not squared": g}.get(mistake, g * g)
        v = b2 * v + (1 - b2) * square
        if mistake == "no share":
            m, v = b1 * old + g, b2 * old_v + g * g
        count = {"t from 0": t - 1, "t too large": t + 1}.get(mistake, t)
        c1, c2 = 1 - b1**count, 1 - b2**count
        used = old if mistake in ("old m", "old") else m
        used_v = old_v if mistake == "old" else v
        m_hat = used * c1 if mistake == "multiplied" else used / c1 if c1 else math.inf
        v_hat = used_v * c2 if mistake == "multiplied" else used_v / c2 if c2 else math.inf
        if mistake == "forgotten":
            m_hat, v_hat = used, v
        root = math.sqrt(v_hat) + eps
        if mistake == "inside":
            root = math.sqrt(v_hat + eps)
        if mistake == "no root":
            root = v_hat + eps
        step = (1.0 if mistake == "no rate" else lr) * m_hat / root
        x = x + step if mistake == "plus" else x - step
        rows.append([t, g, m, v, m_hat, v_hat, step, x])
    return rows


HEAD = ["t", "g", "m", "v", "mhat", "vhat", "step", "x"]


def written(rows: list[list[float]], names: list[str], form: str) -> str:
    places = [HEAD.index(name) for name in names]
    lines = [",".join(form.format(row[i]) if i else str(row[0]) for i in places) for row in rows]
    return "\n".join([",".join(names), *lines])


def verdict(text: str, optimizer: str = "adam", **options: Any) -> Any:
    table = read_mine(text, "mine.csv")
    return check_mine(optimizer, table, **{"gradients": SLOPES, "lr": 0.1, **options})


MISTAKES = [
    ("forgotten", "m̂", "the bias correction is left out"),
    ("multiplied", "m̂", "m̂ and v̂ are multiplied by their correction instead of divided"),
    ("t from 0", "m̂", "t starts at 0, so that the first step divides by 0"),
    ("t too large", "m̂", "t is one too large"),
    ("inside", "Δ", "ε stands inside the root"),
    ("swapped", "m", "β₁ and β₂ are swapped"),
    ("exchanged", "m", "β₁ and 1 − β₁ are exchanged"),
    ("mean squared", "v", "the mean is squared: v is the mean of m², not of g²"),
    ("not squared", "v", "g is not squared"),
    ("old m", "m̂", "the step uses the old m, from before this step"),
    ("old", "m̂", "the step uses the old m and v, from before this step"),
    ("no share", "m", "1 − β is left out of both means"),
    ("no root", "Δ", "the square root is left out"),
    ("no rate", "Δ", "the learning rate is left out"),
    ("plus", "θ", "Δ is added to θ instead of taken off"),
]


@pytest.mark.parametrize("form", ["{!r}", "{:.9f}", "{:.8g}"])
@pytest.mark.parametrize(("mistake", "column", "text"), MISTAKES)
def test_a_mistake_is_known_by_its_numbers(mistake: str, column: str, text: str, form: str) -> None:
    found = verdict(written(by_hand(mistake), HEAD, form))
    assert found.wrong.column == column
    assert (text, len(found.cells)) in found.guesses
    assert found.wrong.t == (2 if mistake == "inside" else 1)  # √¼ + ε is √(¼ + ε), nearly


# old m and v with the new t walk the path that a t which is one too large walks, a step later
@pytest.mark.parametrize(("mistake", "column", "text"), [x for x in MISTAKES if x[0] != "old"])
def test_the_path_alone_gives_it_away(mistake: str, column: str, text: str) -> None:
    found = verdict(written(by_hand(mistake), ["t", "x"], "{!r}"))
    assert (text, 4) in found.guesses


@pytest.mark.parametrize("form", ["{!r}", "{:.5f}", "{:.4g}", "{:.3f}"])
def test_right_numbers_are_right(form: str) -> None:
    found = verdict(written(by_hand(), HEAD, form))
    assert found.wrong is None
    assert found.sentences == ("all 28 numbers are right, as far as they are rounded",)
    assert verdict(to_csv(xray("adam", gradients=SLOPES, lr=0.1))).wrong is None
    assert verdict("t,m\n1,0.05").sentences == ("the one number is right, as far as it is rounded",)


def test_rounding_that_was_carried_along() -> None:
    found = verdict("t,m,mhat\n1,0.05,0.50\n2,0.07,0.37")  # 0.065 became 0.07, and 0.342 0.37
    assert (found.wrong.t, found.wrong.column) == (2, "m̂")
    assert "rounded numbers" in found.sentences[-1]
    assert "none of the known" in verdict("t,m\n1,17").sentences[-1]


def test_a_table_may_be_read_in_several_ways() -> None:
    rows = by_hand()
    start = "t,x\n0,1.0\n" + "\n".join(f"{row[0]},{row[-1]!r}" for row in rows)
    before = "t,x,g\n" + "\n".join(
        f"{t},{x!r},{SLOPES[t]}" for t, x in enumerate([1.0, *(row[-1] for row in rows[:-1])])
    )
    assert verdict(start).wrong is None
    assert len(verdict(start).cells) == 5
    found = verdict(before)
    assert found.wrong is None
    assert "counts from 0" in found.sentences[-1]
    assert verdict(before.replace("\n0,", "\n1,", 1).replace("t,x,g\n1", "t,x,g\n0")).wrong is None
    assert verdict("m;Δ\n0,05;0,1\n0,065;").wrong is None  # decimal commas, no t, an empty cell
    assert (
        verdict("\ufeffT,Momentum\n1,2".replace("Momentum", "M_hat").replace("2", "0.5")).wrong
        is None
    )


def test_momentum_and_others_have_their_mistakes_too() -> None:
    slow = xray("momentum", gradients=SLOPES, lr=0.1, steps=4, rewrite=None)
    text = to_csv(xray("momentum(form=rolling)", gradients=SLOPES, lr=0.1))
    found = verdict("\n".join(text.splitlines()), "momentum(form=velocity)")
    assert found.guesses[0][0].startswith(("the step uses the old v", "it is momentum"))
    assert slow.rows[0].parts["v"] == 0.5
    found = verdict(to_csv(xray("rmsprop(alpha=0.01)", gradients=SLOPES, lr=0.1)), "rmsprop")
    assert found.guesses[0][0] == "α and 1 − α are exchanged"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "t,m",
        "t,m\n1,abc",
        "t,m,m_\n1,2,3",
        "t,m,m\n1,2,3",
        "t,m\n1,2,3",
        "t,m\n1.5,2",
        "t,m\n-1,2",
        "t,m\n5000,2",
        "t,m\ninf,2",
        "t,m\nnan,2",
        "t,q\n1,2",
        "t\n1",
        "t,m\n1,",
        "\0\0,\0",
        '"unclosed\n1,2',
        "t,m\n" + "1,2\n" * 1001,
        "t,m\n1," + "9" * 5000 + "x",
    ],
)
def test_what_is_no_table(text: str) -> None:
    with pytest.raises(ArgumentError):
        verdict(text)


def test_one_parameter_only() -> None:
    with pytest.raises(ArgumentError, match="one number"):
        check_mine("adam", read_mine("t,m\n1,2", "f"), "bowl")


# -- pictures --------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", RULES)
def test_the_circuit_computes_the_step(text: str) -> None:
    found = xray(text, lr=0.1, steps=5)
    for t in range(1, 6):
        assert update_circuit(found, t).item() == found.rows[t - 1].after


def test_the_circuit_is_free_of_noise() -> None:
    order = mg.topological_order([update_circuit(xray("adam"))])
    names = {node.name for node in order if node.name}
    assert names == {"x₁", "x₂", "g", "m₁", "v₁", "m", "v", "m̂", "v̂", "1−β₁ᵗ", "1−β₂ᵗ", "γ", "Δ"}
    assert not {"expm1", "where", "equal"} & {node.gate.name for node in order}
    step = mg.topological_order([update_circuit(xray("lookahead(sgd, k=3)"))])
    assert [node.gate.name for node in step if node.inputs] == ["mul", "mul", "sub", "mul", "add"]
    assert update_circuit(xray("adam", "bowl"), name="x2").name == "x2′"


@pytest.mark.parametrize("change", [{"t": 9}, {"t": 0}, {"name": "z"}])
def test_there_is_no_such_step(change: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError):
        update_circuit(xray("adam"), **change)


@pytest.mark.parametrize("look", ["circuit", "lecture", "cards"])
@pytest.mark.parametrize("text", ["adam", "lookahead(momentum, k=2)", "frozen"])
def test_pictures(text: str, look: str) -> None:
    draw: Callable[..., Any] = draw_update
    assert "x₂" in draw(xray(text), look=look).dot
    assert draw(xray(text), look=look).dot == draw(xray(text), look=look).dot
    assert len(draw(xray(text), look=look, gradients=True).dot) > 200


def test_an_array_can_be_drawn() -> None:
    assert "m̂" in draw_update(xray("adam", gradients=[[1.0, 2.0]])).dot
