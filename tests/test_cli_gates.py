"""`microgd gates`: the table, and one row in full."""

from __future__ import annotations

import json

import pytest
from cli_runner import refused, said

import microgd as mg
from microgd_cli.gate_page import PATTERNS, expansion


def test_every_gate_is_listed() -> None:
    printed = said("gates", COLUMNS="200")
    assert all(f"\n{name} " in printed for name in mg.TABLE)
    assert max(map(len, said("gates").split("\n"))) <= 80


def test_one_family() -> None:
    printed = said("gates", "--family", "linear")
    assert printed.startswith("linear\n")
    assert "matmul" in printed
    assert "sigmoid" not in printed
    assert "Did you mean 'activation'?" in refused(2, "gates", "--family", "activations")


def test_json() -> None:
    rows = {row["name"]: row for row in json.loads(said("gates", "--json"))}
    assert set(rows) == set(mg.TABLE)
    assert rows["reshape"]["required"] == ["shape"]
    assert rows["leaky_relu"]["parameters"] == {"slope": 0.01}
    assert json.loads(said("gates", "mul", "--json"))["operator"] == "*"


def test_markdown() -> None:
    lines = said("gates", "--markdown").strip().split("\n")
    assert len(lines) == 2 + len(mg.TABLE)
    assert {len(line.replace("\\|", "").split("|")) for line in lines} == {8}


@pytest.mark.parametrize("name", mg.TABLE)
def test_every_gate_has_a_page(name: str) -> None:
    gate = mg.TABLE[name]
    printed = said("gates", name)
    assert printed.startswith(f"{name}(")
    assert gate.pattern in PATTERNS
    assert ("opens into" in printed) == (gate.expansion is not None)


@pytest.mark.parametrize("name", [n for n, g in mg.TABLE.items() if g.expansion is not None])
def test_every_expansion_is_a_program(name: str) -> None:
    program = expansion(mg.TABLE[name])
    assert program is not None
    assert f"{name}(" not in program


@pytest.mark.parametrize(
    ("asked", "name"), [("*", "mul"), ("ln", "log"), ("σ", "sigmoid"), ("÷", "div")]
)
def test_signs_and_other_names(asked: str, name: str) -> None:
    assert said("gates", asked).startswith(f"{name}(")


def test_did_you_mean() -> None:
    assert "Did you mean 'sigmoid'?" in refused(2, "gates", "sigmod")
    assert "choose one" in refused(2, "gates", "--json", "--markdown")
    assert "not both" in refused(2, "gates", "mul", "--family", "linear")
