"""Formulas in ink: pieces are parts of what was read, whatever the names in it are."""

from __future__ import annotations

import re

import pytest

import microgd as mg
from microgd.draw.palette import PALETTES
from microgd.notation.names import printable
from microgd.notation.tree import Name
from microgd.teaching.inked import (
    Formula,
    inked,
    mathml_formula,
    numbers_of,
    result_of,
    rule_of,
    symbols_of,
    typst_formula,
)
from microgd.teaching.panel import Panel, panels

#: Names that look like what formulas are taken apart by.
ODD = ("a = b", "u · v", "upstream", "p: q → r")


def roles(formula: Formula) -> list[str]:
    return [piece.role for piece in formula]


def told(kind: str, trace: mg.Trace) -> Panel:
    return next(p for p in panels(trace) if p.kind == kind)


def odd_product() -> mg.Trace:
    x, y = mg.Tensor(2.0, name=ODD[0]), mg.Tensor(3.0, name=ODD[1])
    z = x * y
    z.name = ODD[2]
    return mg.trace(z * mg.Tensor(5.0, name=ODD[3]))


def test_the_roles_of_each_kind_of_step() -> None:
    trace = mg.circuit("q = x * y; f = q + x", x=2, y=3).trace()
    expected = {
        "forward": (["value", "", ""], ["", "", "value"]),
        "seed": (["result", "", "result"], []),
        "contribution": (["result", "", "local", "", "upstream"],
                         ["local", "", "upstream", "", "result"]),
        "branch": (["result", "", ""], ["result", "", "result"]),
    }  # fmt: skip
    for kind, (symbols, numbers) in expected.items():
        panel = told(kind, trace)
        assert roles(symbols_of(panel)) == symbols, kind
        assert roles(numbers_of(panel)) == numbers, kind
    assert roles(rule_of(next(p for p in panels(trace) if p.rule))) == ["local"]
    assert roles(result_of(told("forward", trace))) == ["value"]
    assert roles(result_of(told("branch", trace))) == ["result"]


def test_no_sign_within_a_name_parts_a_formula() -> None:
    trace = odd_product()
    first = told("forward", trace)
    assert symbols_of(first)[0].part == Name("upstream")
    assert roles(symbols_of(first)) == ["value", "", ""]
    for panel in panels(trace):
        if panel.kind == "contribution":
            assert roles(symbols_of(panel)) == ["result", "", "local", "", "upstream"]
        for written in (mathml_formula(symbols_of(panel)),
                        typst_formula(symbols_of(panel), PALETTES["dark"])):  # fmt: skip
            # Each name of the step is in it as it is.
            used = [n for n in panel.names if n in panel.symbols and n in ODD]
            assert all(printable(n) in written for n in used)


def test_both_writers_colour_the_same_pieces() -> None:
    trace = mg.trace(mg.relu(mg.Tensor([[1.0, -2.0]], name="W") @ mg.Tensor([3.0, 4.0], name="x")))
    palette = PALETTES["default"]
    for panel in panels(trace):
        for formula in (symbols_of(panel), rule_of(panel), numbers_of(panel), result_of(panel)):
            wanted = [role for role in roles(formula) if role]
            assert re.findall('class="([a-z]+)"', mathml_formula(formula)) == wanted
            inks = re.findall(r'rgb\("(#\w+)"\)', typst_formula(formula, palette))
            names = {"result": "gradient", "upstream": "gradient"}
            assert inks == [getattr(palette, names.get(role, role)) for role in wanted]


def test_other_sides_than_expected() -> None:
    assert roles(inked("q = 1 + 2 = 3", ["q"], ("", "value"))) == ["", "", "", "", "value"]
    assert roles(inked("3", (), ("", "value"))) == ["value"]
    assert inked("", (), ("", "value")) == ()
    assert mathml_formula(()) == typst_formula((), PALETTES["mono"]) == ""


def test_a_jacobian_is_no_factor() -> None:
    """What a gate does with its upstream gradient may have dots of its own."""
    trace = mg.circuit("sum(softmax(s) * [1, 2, 3])", s=[1.0, 2.0, 0.5]).trace()
    panel = next(p for p in panels(trace) if p.title == "q: softmax → s")
    assert panel.right == "q · (∂f/∂q − Σ ∂f/∂q · q)"
    assert roles(symbols_of(panel)) == ["result", "", ""]


def test_no_local_derivative_is_called_what_the_whole_gradient_is_called() -> None:
    """In x·x + x the local derivative of + is 1, and ∂f/∂x is 7."""
    told = panels(mg.circuit("x*x + x", x=3).trace())
    assert [p.symbols for p in told[3:]] == [
        "∂f/∂q = 1 · ∂f/∂f",
        "∂f/∂x via f = 1 · ∂f/∂f",
        *["∂f/∂x via q = ∂q/∂x · ∂f/∂q"] * 2,
        "∂f/∂x = 1 · ∂f/∂f + ∂q/∂x · ∂f/∂q + ∂q/∂x · ∂f/∂q",
    ]
    assert {p.rule for p in told} == {"", "∂q/∂x = x"}


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("1/x", "∂f/∂x = (−1/x²) · ∂f/∂f"),
        ("-x", "∂f/∂x = −1 · ∂f/∂f"),
        ("sigmoid(x)", "∂f/∂x = ((1 − σ)·σ) · ∂f/∂f"),
        ("relu(x)", "∂f/∂x = (1 if x > 0, else 0) · ∂f/∂f"),
    ],
)
def test_a_local_derivative_in_full_is_one_factor(text: str, symbols: str) -> None:
    panel = panels(mg.circuit(text, x=3).trace())[-1]
    assert panel.symbols == symbols
    assert roles(symbols_of(panel)) == ["result", "", "local", "", "upstream"]
