"""`microgd optimizer`: the list, the page, conventions, somebody's own table, pictures."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from cli_runner import names_in, refused, run, said

from microgd.optim import OPTIMIZERS
from microgd.trace.numbers import read_number


def test_the_list_has_every_optimizer() -> None:
    printed = said("optimizer")
    lines = printed.split("\n")
    for name in OPTIMIZERS:
        assert any(line.split(",")[0] == name for line in lines), name
    assert "θ ← θ − γ·m̂ / (√v̂ + ε)" in printed
    assert "Kingma and Ba, 2015" in printed
    listed = json.loads(said("optimizer", "--json"))
    assert [one["name"] for one in listed] == list(OPTIMIZERS)
    assert all(one["formula"] for one in listed)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_has_a_page(name: str) -> None:
    text = {"lookahead": "lookahead(adam, k=2)", "clipped": "clipped(sgd, norm=1.0)"}.get(
        name, name
    )
    printed = said("optimizer", text)
    assert printed.startswith(f"{text}\n  ")
    assert "options: " in printed
    assert "f = x**2 from x = 3, the first" in printed
    assert max(map(len, printed.split("\n"))) <= 80


def test_the_table_turns_where_it_is_narrow() -> None:
    printed = said("optimizer", "adam", "--lr", "0.1")
    assert "\nm̂              6     5.8947     5.7861      5.674     5.5587\n" in printed
    wide = said("optimizer", "adam", "--lr", "0.1", COLUMNS="160")
    row = next(line.split() for line in wide.split("\n") if line.startswith("2 "))
    assert [read_number(cell) for cell in row[:4]] == [2, 2.9, 5.8, 1.12]


def test_expressions_functions_and_gradients() -> None:
    printed = said("optimizer", "sgd", "x**2 + x", "x=2", "--lr", "0.1", "--steps", "1")
    assert "1   2   5   0.5   0.1     1.5" in printed
    rows = json.loads(said("optimizer", "sgd", "rosenbrock", "x=0", "--json"))["rows"]
    assert [(row["parameter"], row["before"]) for row in rows[:2]] == [("x", 0.0), ("y", 1.0)]
    rows = json.loads(said("optimizer", "sgd", "--gradients", "1,-1/2", "x=3", "--json"))["rows"]
    assert [row["g"] for row in rows] == [1.0, -0.5, 1.0, -0.5, 1.0]
    assert rows[0]["before"] == 3.0
    rows = json.loads(said("optimizer", "sgd", "--gradients", "[1,2]", "--json"))["rows"]
    assert [row["parameter"] for row in rows[:2]] == ["θ[0]", "θ[1]"]
    assert "0.300" in said("optimizer", "sgd", "x=1.5", "--digits", "3")


def test_json_and_csv_have_every_digit() -> None:
    data = json.loads(said("optimizer", "adam", "--lr", "0.1", "--steps", "2", "--json"))
    keys = {
        "optimizer",
        "formula",
        "source",
        "problem",
        "parameters",
        "columns",
        "rows",
        "variants",
    }
    assert set(data) == keys
    first = data["rows"][0]
    assert set(first) == {
        *("t", "parameter", "before", "at", "g", "parts", "step", "rate", "after", "lr"),
    }
    assert list(first["parts"]) == data["columns"]
    assert first["parts"]["m"] == pytest.approx(0.6)
    lines = said("optimizer", "adam", "--lr", "0.1", "--steps", "2", "--csv", "-")
    rows = list(csv.DictReader(io.StringIO(lines)))
    assert [float(row["after"]) for row in rows] == [row["after"] for row in data["rows"]]


def test_conventions_side_by_side() -> None:
    arguments = ("optimizer", "adam", "--gradients", "1,1,0.5", "--lr", "0.1")
    printed = said(*arguments, "--compare", "torch,uncorrected")
    assert "torch: adam, torch.optim (PyTorch 2)" in printed
    assert "torch: the same rule with the same numbers as adam" in printed
    assert "uncorrected: differs first at t=1 in Δ: 0.1 against 0.31623" in printed
    assert printed.count("*\n") == 1
    data = json.loads(said(*arguments, "--compare", "adam(betas=(0.9,0.5)),torch", "--json"))
    assert data["labels"] == ["adam", "adam(betas=(0.9, 0.5))", "torch"]
    assert data["differences"][0]["column"] == "v"
    assert data["differences"][1] is None
    lines = said(*arguments, "--compare", "sgd", "--csv", "-", "--steps", "1").split("\n")
    assert lines[0].startswith("optimizer,t,parameter,before,at,g,m,v,")
    assert [line.partition(",")[0] for line in lines[1:3]] == ["adam", "sgd"]


def test_the_first_wrong_number(tmp_path: Path) -> None:
    mine = tmp_path / "mine.csv"
    mine.write_text("t,g,m,v,mhat,vhat,step,x\n1,6,0.6,0.036,0.06,0.000036,1,2\n")
    result = run("optimizer", "adam", "--lr", "0.1", "--mine", str(mine))
    assert result.exit_code == 1
    assert result.stderr == ""
    assert result.stdout.startswith(
        "t=1: m̂ is 0.06, and should be 6\n3 numbers before it are right"
    )
    assert "m̂ and v̂ are multiplied by their" in result.stdout
    data = json.loads(run("optimizer", "adam", "--lr", "0.1", "--mine", str(mine), "--json").stdout)
    assert data["wrong"] == {"t": 1, "column": "m̂", "given": "0.06", "right": 6.0}
    own = said("optimizer", "nadam", "--csv", "-")
    assert "all" in said("optimizer", "nadam", "--mine", "-", input=own)


def test_pictures_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert said("optimizer", "adam", "--draw").endswith("saved adam.svg\n")
    said("optimizer", "adamw", "-o", "b.dot", "--step", "7", "--look", "lecture", "--csv", "b.csv")
    assert names_in(tmp_path) == ["adam.svg", "b.csv", "b.dot"]
    svg = Path("adam.svg").read_text(encoding="utf-8")
    assert "1−β₁ᵗ" in svg
    assert "x₇" in Path("b.dot").read_text(encoding="utf-8")
    assert len(Path("b.csv").read_text(encoding="utf-8").splitlines()) == 8
    result = run("optimizer", "adam", "-o", "c.svg", "--json", "--backward")
    assert json.loads(result.stdout)
    assert result.stderr == "saved c.svg\n"


def test_what_is_not_finite() -> None:
    assert "first inf or NaN is at t=1 in Δ" in refused(
        1, "optimizer", "adam(eps=0)", "--gradients", "0"
    )
    result = run("optimizer", "sgd", "--gradients", "1,inf", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["rows"][1]["g"] == "inf"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("nope",), "no optimizer"),
        (("adamm",), "Did you mean 'adam"),
        (("adam(",), "is no optimizer"),
        (("adam(eps=-1)",), "eps"),
        (("__import__('os')",), "optimizer"),
        (("adam(" * 3000,), "optimizer"),
        (("\x00\x1b[31m",), "optimizer"),
        (("adam", "x**2"), "no value"),
        (("adam", "x**2", "x:3"), "no numbers"),
        (("adam", "[x, x]", "x=1"), "one number"),
        (("adam", "rosenbrock", "z=1"), "no coordinate"),
        (("adam", "y=1"), "no coordinate"),
        (("adam", "sum(x)", f"x=[{','.join('1' * 99)}]"), "24 parameters"),
        (("adam", "--gradients", ""), "list"),
        (("adam", "--gradients", "a,b"), "is no number"),
        (("adam", "--gradients", "1,[2]"), "list"),
        (("adam", "--gradients", "[[1]],[[2]]"), "list"),
        (("adam", "--gradients", "1", "x=1", "y=2"), "one parameter"),
        (("adam", "--gradients", "1", "x:3"), "one parameter"),
        (("adam", "--gradients", "1", "x**2"), "leave 'x**2' out"),
        (("adam", "--lr", "-1"), "--lr"),
        (("adam", "--lr", "nan"), "finite"),
        (("adam", "--steps", "0"), "--steps"),
        (("adam", "--compare", "nope"), "Variants of adam"),
        (("adam", "--compare", ","), "no optimizer"),
        (("adam", "--mine", "missing.csv"), "cannot read"),
        (("adam", "--mine", "-", "--draw"), "--draw"),
        (("adam", "--json", "--csv", "-"), "both print"),
        (("adam", "-o", "x.xyz"), "no format"),
        (("adam", "-o", "-"), "microgd draw"),
        (("adam", "--look", "lecture"), "--draw"),
        (("adam", "--draw", "--step", "9", "--steps", "3"), "no step 9"),
        (("clipped(adam)",), "norm"),
        (("lookahead(sgd, alpha=fitted)", "--gradients", "1"), "loss"),
        (("--lr", "1"), "no optimizer"),
    ],
)
def test_what_is_refused(arguments: tuple[str, ...], word: str) -> None:
    assert word in refused(2, "optimizer", *arguments)


def test_a_hostile_table_is_refused() -> None:
    for text in ("", "t,m\n1,\x1b[31m", "a" * 100_000, "t,m\n1,2\n\x00,3"):
        refused(2, "optimizer", "adam", "--mine", "-", input=text)
