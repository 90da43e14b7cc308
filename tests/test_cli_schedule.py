"""`microgd schedule`: rates as a table, bars, CSV, JSON and pictures; bad input ends with 2."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from cli_runner import names_in, refused, run, said

from microgd.schedules import SCHEDULES, SGDR, Cosine, read_schedule
from microgd_cli.sparkline import BARS, PLAIN, sparkline


def table_of(printed: str) -> list[list[str]]:
    """The cells of the lines that begin with a step number."""
    rows = [line.split() for line in printed.split("\n")]
    return [row for row in rows if row and row[0].isdigit()]


class TestList:
    def test_all_schedules_with_options_and_formulas(self) -> None:
        printed = said("schedule")
        for name, kind in SCHEDULES.items():
            assert f"\n{name}(" in printed
            assert " ".join(kind.formula.split()) in " ".join(printed.split())
        assert max(map(len, printed.split("\n"))) <= 80

    def test_as_json(self) -> None:
        listed = json.loads(said("schedule", "--json"))
        assert [entry["name"] for entry in listed] == list(SCHEDULES)
        for entry in listed:
            assert entry["formula"]
            assert entry["doc"]
        assert listed[8]["options"] == {"lr": 0.1, "steps": 100, "end": 0.0}

    @pytest.mark.parametrize(
        "option", ["--robbins-monro", "--csv=-", "-oa.svg", "--steps=3", "--losses=1", "--every=2"]
    )
    def test_options_need_a_schedule(self, option: str) -> None:
        assert "There is no schedule. Write one in quotes" in refused(2, "schedule", option)


class TestTable:
    def test_one_schedule(self) -> None:
        rows = table_of(said("schedule", "sgdr(lr=0.1, period=10, growth=2)", "--steps", "40"))
        assert [int(row[0]) for row in rows] == list(range(0, 40, 2))
        assert [float(row[1]) for row in rows] == pytest.approx(
            [SGDR(0.1, 10, 2)(t) for t in range(0, 40, 2)], rel=1e-5
        )

    def test_several_side_by_side(self) -> None:
        printed = said("schedule", "cosine(steps=4), cosine(lr=0.2,  steps=4)", "step", "--steps=3")
        assert "cosine 2: cosine(lr=0.2, steps=4)\n" in printed
        head = next(line for line in printed.split("\n") if line.startswith("t "))
        assert head.split() == ["t", "cosine", "1", "cosine", "2", "step"]
        assert table_of(printed)[2] == ["2", "0.05", "0.1", "0.1"]

    def test_how_many_rows(self) -> None:
        assert len(table_of(said("schedule", "cosine"))) == 25
        assert "every 4 steps of 100; --every 1 shows all" in said("schedule", "cosine")
        assert len(table_of(said("schedule", "cosine", "--every", "1"))) == 100
        assert len(table_of(said("schedule", "cosine", "--every", "1000"))) == 1
        assert "--every" not in said("schedule", "cosine", "--steps", "25")
        assert "every 40,000 steps of 1,000,000" in said("schedule", "cosine", "--steps=1000000")
        assert len(table_of(said("schedule", "cosine", "--steps", "1000000"))) == 25

    def test_plain_signs_where_there_are_no_others(self) -> None:
        result = run("schedule", "cosine", "--robbins-monro")
        assert "▇" in result.stdout
        from cli_runner import complete

        status, output, _ = complete(
            "schedule", "cosine", "--robbins-monro", env={"PYTHONIOENCODING": "ascii"}
        )
        assert status == 0
        assert b"?" not in output
        assert b"sum lr^2 converges" in output


class TestRobbinsMonro:
    def test_a_verdict_for_each(self) -> None:
        printed = said("schedule", "power(power=0.3)", "inversetime", "--robbins-monro")
        assert "Robbins–Monro: not met. Σ lr diverges and Σ lr² diverges." in printed
        assert "Robbins–Monro: met. Σ lr diverges and Σ lr² converges." in printed
        assert "p = 0.3\n  is too small" in printed
        assert "100,000   12.0901   1.64492" in printed

    def test_as_json(self) -> None:
        data = json.loads(
            said("schedule", "exponential(gamma=2)", "--steps=3", "--json", "--robbins-monro")
        )
        report = data["schedules"][0]["robbins_monro"]
        assert report["holds"] is False
        assert report["sums"][2] == {"steps": 100_000, "rates": "inf", "squares": "inf"}
        assert "robbins_monro" not in json.loads(said("schedule", "step", "--json"))["schedules"][0]


class TestForPrograms:
    def test_csv_has_every_digit(self) -> None:
        rows = list(csv.reader(io.StringIO(said("schedule", "cosine, sgdr", "--csv", "-"))))
        assert rows[0] == ["t", "cosine", "sgdr"]
        assert len(rows) == 101
        assert [float(x) for x in rows[34]] == [33, Cosine()(33), SGDR()(33)]
        thinned = said("schedule", "cosine", "--csv", "-", "--every", "50").split("\n")
        assert thinned == ["t,lr", "0,0.1", "50,0.05", ""]

    def test_csv_file(self, tmp_path: Path) -> None:
        file = tmp_path / "rates.csv"
        assert f"saved {file}" in said("schedule", "step", "--steps=2", "--csv", str(file))
        assert file.read_bytes() == b"t,lr\n0,0.1\n1,0.1\n"

    def test_json(self) -> None:
        data = json.loads(said("schedule", "step(size=1)", "--steps=5", "--every=2", "--json"))
        assert data["t"] == [0, 2, 4]
        (series,) = data["schedules"]
        assert series["lr"] == pytest.approx([0.1, 0.001, 0.00001])
        assert read_schedule(series["schedule"]) == read_schedule("step(size=1)")


class TestLosses:
    def test_a_plateau_is_told_its_losses(self) -> None:
        printed = said(
            "schedule", "reduceonplateau(patience=1, factor=0.5)", "--losses", "1, 1 1,0.5"
        )
        assert [row[1] for row in table_of(printed)] == ["0.1", "0.1", "0.1", "0.05", "0.05"]

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("reduceonplateau",), "depends on the losses: give them, as in --losses 1,0.8"),
            (("reduceonplateau", "--losses", "1,a"), "--losses is a list of numbers"),
            (("cosine", "--losses", "1"), "the others do not look at losses"),
            (("reduceonplateau", "--losses=1,1", "--steps=4"), "tell the rates of 3 steps, not"),
        ],
    )
    def test_bad_ones(self, arguments: tuple[str, ...], message: str) -> None:
        assert message in refused(2, "schedule", *arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("cosin",), "there is no schedule 'cosin'. Did you mean 'cosine'?"),
        (("cosine(",), "'cosine(' is no schedule"),
        (("cosine,",), "'' is no schedule"),
        (("cosine(lr=-1)",), "Cosine: lr must be a number above 0, got -1"),
        (("exponential(gamma=3)", "--steps=1000"), "is too large for a number at t = 647"),
        (("cosine", "--steps=0"), "'--steps'"),
        (("cosine", "--steps=1000001"), "'--steps'"),
        (("cosine", "--every=0"), "'--every'"),
        (("cosine", "-o", "a.gif"), "does not end in .svg, .png or .pdf"),
        (("cosine", "-o", "-"), "does not end in .svg, .png or .pdf"),
        (("cosine", "--json", "--csv=-"), "choose one"),
        (("cosine", "--robbins-monro", "--csv=-"), "leave --robbins-monro"),
        (("cosine", "--csv=a.svg", "-oa.svg"), "choose two files"),
        (("sequence((cosine, step), (3, 2))",), "increasing order"),
    ],
)
def test_bad_input(arguments: tuple[str, ...], message: str) -> None:
    assert message in refused(2, "schedule", *arguments)


def test_files_that_cannot_be_written(tmp_path: Path) -> None:
    assert "there is no directory" in refused(
        1, "schedule", "cosine", "--csv", str(tmp_path / "nowhere" / "a.csv")
    )
    kept = tmp_path / "kept.csv"
    kept.write_text("mine")
    refused(2, "schedule", "cosin", "--csv", str(kept))
    assert kept.read_text() == "mine"
    assert names_in(tmp_path) == ["kept.csv"]


class TestPictures:
    @pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
    def test_saved(self, ending: str, tmp_path: Path) -> None:
        pytest.importorskip("matplotlib")
        file = tmp_path / f"rates.{ending}"
        assert f"saved {file}" in said("schedule", "sgdr", "step", "-o", str(file))
        begin = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}[ending]
        assert file.read_bytes().startswith(begin)

    def test_beside_json_the_word_is_on_the_other_stream(self, tmp_path: Path) -> None:
        pytest.importorskip("matplotlib")
        result = run("schedule", "sgdr", "--json", "-o", str(tmp_path / "a.svg"))
        assert json.loads(result.stdout)
        assert "saved" in result.stderr

    def test_without_matplotlib(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
        complaint = refused(1, "schedule", "cosine", "-o", str(tmp_path / "a.svg"))
        assert 'pip install "microgd[plots]"' in complaint
        assert names_in(tmp_path) == []


class TestSparkline:
    def test_from_the_least_to_the_largest(self) -> None:
        assert sparkline([3, 2, 1, 0], 10, BARS) == "█▆▃▁"
        assert sparkline([1, 1, 1], 2, BARS) == "▅▅"
        assert sparkline([5], 10, BARS) == "▅"

    def test_means_of_many(self) -> None:
        line = sparkline([0.1 * i for i in range(1000)], 8, BARS)
        assert line == "▁▂▃▄▅▆▇█"
        assert sparkline([0, 1], 2, PLAIN) == "_#"
        assert len(sparkline([1.0, 2.0] * 500, 70)) == 70
