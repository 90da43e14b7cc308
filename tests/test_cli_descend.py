"""`microgd descend` and `microgd noise`: tables, races, files, and what they refuse."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from cli_runner import names_in, refused, run, said

from microgd.lab import FUNCTIONS, descend, gradient_noise


def rows_of(printed: str) -> list[list[str]]:
    """The cells of the lines that have only numbers."""
    lines = (line.replace("−", "-").split() for line in printed.split("\n"))
    return [cells for cells in lines if cells and all(map(is_number, cells))]


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


class TestTable:
    def test_every_row_is_the_records(self) -> None:
        told = rows_of(said("descend", "rosenbrock", "--steps", "5", "--digits", "6"))
        walk = descend("rosenbrock", steps=5)
        assert [int(cells[0]) for cells in told] == list(range(6))
        for cells, row in zip(told, walk, strict=True):
            numbers = [float(cell) for cell in cells[1:]]
            assert numbers == pytest.approx([*row.point, row.value, *row.gradient], abs=1e-6)

    def test_long_walks_are_thinned_and_end_with_the_last(self) -> None:
        steps = [int(cells[0]) for cells in rows_of(said("descend", "bowl", "--steps", "123"))]
        assert steps[:3] == [0, 10, 20]
        assert steps[-1] == 123
        told = said("descend", "bowl", "--steps", "9", "--every", "4")
        assert [cells[0] for cells in rows_of(told)] == ["0", "4", "8", "9"]

    def test_a_changing_rate_is_a_column(self) -> None:
        told = said("descend", "bowl", "--schedule", "step(lr=0.5, size=2, gamma=0.5)", "--steps=3")
        assert [cells[-1] for cells in rows_of(told)] == ["0.5", "0.5", "0.25", "0.25"]

    def test_many_coordinates_are_told_by_the_gradients_length(self) -> None:
        told = said("descend", "sum(w**2)", "w=[3, 4, 0, 0, 0, 0, 0]", "--steps", "0")
        assert "‖∇f‖" in told
        assert rows_of(told) == [["0", "25.000", "10.000"]]

    def test_inputs_that_are_not_walked_along_stay(self) -> None:
        told = said("descend", "a*x**2", "a=3", "x=1", "--wrt", "x", "--lr", "0.1", "--steps", "1")
        assert rows_of(told) == [["0", "1.000", "3.000", "6.000"], ["1", "0.400", "0.480", "2.400"]]

    def test_a_known_expression_brings_its_note(self) -> None:
        assert "Himmelblau" in said("descend", "(x**2+y-11)**2 + (x+y**2-7)**2", "x=1", "y=1")
        other = "(x**2+y-12)**2 + (x+y**2-7)**2"
        assert "Himmelblau" not in said("descend", other, "x=1", "y=1", "--lr", "1e-3")

    def test_a_program_from_standard_input(self) -> None:
        told = said("descend", "-", "--steps", "1", "--lr=0.25", input="x = 3\nq = x - 1\nq * q")
        assert rows_of(told) == [["0", "3.000", "4.000", "4.000"], ["1", "2.000", "1.000", "2.000"]]

    def test_one_is_one(self) -> None:
        assert "\n1 gradient: one sweep" in said("descend", "bowl", "--steps", "0")
        told = said("descend", "bowl", "--steps", "0", "--numeric", "0.1")
        assert "\n1 numeric gradient: 3 evaluations of f" in told


class TestRace:
    def test_optimizers_times_rates(self) -> None:
        told = said("descend", "bowl", "--optimizer", "sgd,adam(eps=1e-6)", "--lr", "0.1,0.5")
        for label in (
            "sgd, γ 0.1",
            "sgd, γ 0.5",
            "adam(eps=1e-06), γ 0.1",
            "adam(eps=1e-06), γ 0.5",
        ):
            assert label in told
        assert rows_of(told) == []
        assert rows_of(said("descend", "bowl", "--lr", "0.1,0.5", "--tables"))

    def test_starts(self) -> None:
        told = said(
            *("descend", "double-well", "--start", "x=-0.5", "--start", "x=1", "--steps", "200")
        )
        assert "from x = -0.5" in told
        assert "from x = 1 " in told
        told = said("descend", "himmelblau", "--random-starts", "5", "--seed", "2")
        assert told.count("from x = ") == 5
        assert told == said("descend", "himmelblau", "--random-starts", "5", "--seed", "2")

    def test_four_rates_and_their_reasons(self) -> None:
        told = said("descend", "bowl", "--rates")
        for name in ("too small", "good", "too large", "far too large"):
            assert f"\n  {name}: " in told

    def test_a_race_goes_on_though_one_diverges(self) -> None:
        told = said("descend", "parabola", "--lr", "0.1,3", "--steps", "400")
        assert "sgd, γ 3: diverged at step" in told


class TestRemarks:
    def test_a_schedule_made_for_more_steps_is_told_of(self) -> None:
        told = said("descend", "quartic", "--schedule", "cosine", "--steps", "5")
        assert "made for 100 steps, and this walk has 5" in told
        told = said("descend", "quartic", "--schedule", "cosine(steps=5)", "--steps", "5")
        assert "made for" not in told

    def test_a_start_alone_gives_the_inputs_their_values(self) -> None:
        told = said("descend", "x**2 + y**2", "--start", "x=1 y=2", "--steps", "0")
        assert rows_of(told) == [["0", "1.000", "2.000", "5.000", "2.000", "4.000"]]

    def test_a_loss_that_is_no_mean_is_told_of(self) -> None:
        assert "this loss is no mean" in " ".join(said("noise", "sum(w*x)", "w=1").split())
        assert "no mean" not in said("noise")


class TestData:
    def test_csv_has_every_digit(self) -> None:
        told = list(csv.reader(io.StringIO(said("descend", "bowl", "--steps", "3", "--csv", "-"))))
        assert told[0] == ["walk", "t", "x1", "x2", "f", "d_x1", "d_x2", "lr"]
        walk = descend("bowl", steps=3)
        assert [float(cell) for cell in told[3][2:4]] == walk.rows[2].point.tolist()

    def test_no_two_columns_have_the_same_name(self) -> None:
        told = said("descend", "t**2 + f", "t=1", "f=2", "--steps", "1", "--csv", "-")
        assert told.splitlines()[0] == "walk,t,t_,f_,f,d_t_,d_f_,lr"

    def test_json_is_the_record(self) -> None:
        told = json.loads(said("descend", "bowl", "--steps", "3", "--json"))
        assert told["walks"] == [descend("bowl", steps=3).to_dict()]
        assert [f["name"] for f in json.loads(said("descend", "--json"))] == list(FUNCTIONS)

    def test_json_of_a_walk_that_diverges(self) -> None:
        result = run("descend", "parabola", "--lr", "3", "--steps", "400", "--json")
        assert result.exit_code == 1
        assert json.loads(result.stdout)["walks"][0]["rows"][-1]["f"] == "inf"
        assert "diverged at step" in result.stderr

    def test_files_are_written_whole(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        files = ["walk.svg", "walk.png", "moving.svg", "walk.csv"]
        told = said(
            *("descend", "bowl", "--steps", "4", "-o", files[0], "-o", files[1]),
            *("--animate", files[2], "--csv", files[3]),
        )
        assert names_in(tmp_path) == sorted(files)
        assert all(f"saved {name}" in told for name in files)
        assert Path("walk.png").read_bytes().startswith(b"\x89PNG")
        assert Path("walk.csv").read_text().startswith("walk,t,x1,x2,f")
        refused(1, "descend", "bowl", "--csv", str(tmp_path / "no" / "walk.csv"))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["x**2"], "'x' has no value"),
        (["x**2 + y", "x=1"], "'y' has no value"),
        (["3 + 4"], "no free variable"),
        (["rosenbrok"], "Did you mean 'rosenbrock'"),
        (["rosenbrock", "z=1"], "no coordinate 'z'"),
        (["w*2", "w=[1,2]"], "one number"),
        (["x**2", "x:3"], "a shape and no numbers"),
        (["x**2", "x=1", "--lr", "-1"], "got -1"),
        (["x**2", "x=1", "--lr", "nan"], "got nan"),
        (["x**2", "x=1", "--lr", "fast"], "'fast' is no number"),
        (["x**2", "x=1", "--optimizer", "adm"], "Did you mean 'adam'"),
        (["x**2", "x=1", "--optimizer", "adam(betas=(0.9, 1))"], "betas"),
        (["x**2", "x=1", "--optimizer", "adam(beta=0.9)"], "Did you mean 'betas'"),
        (["x**2", "x=1", "--optimizer", "sgd("], "is no optimizer"),
        (["x**2", "x=1", "--optimizer", "sgd(nesterov=True)"], "momentum"),
        (["x**2", "x=1", "--schedule", "cosin"], "Did you mean 'cosine'"),
        (["x**2", "x=1", "--schedule", "cosine", "--lr", "1"], "choose one"),
        (["x**2", "x=1", "--stop", "smalgradient(1)"], "smallgradient"),
        (["x**2", "x=1", "--stop", "validationrises(3"], "no stopping rule"),
        (["x**2", "x=1", "--stop", "validationrises(3)"], "take nofall"),
        (["x**2", "x=1", "--numeric", "1e-300"], "too small"),
        (["double_wel"], "Did you mean 'double-well'"),
        (["-x", "x=1", "--rates"], "no lowest point"),
        (["x**2", "x=1", "--numeric", "0"], "--numeric"),
        (["x**2", "x=1", "--central"], "--numeric"),
        (["x**2", "x=1", "--numeric", "0.1", "--device", "cpu"], "--device"),
        (["x**2", "x=1", "--start", "y=2"], "no coordinate 'y'"),
        (["x**2", "x=1", "--start", "x"], "x=2"),
        (["x**2", "x=1", "--rates", "--lr", "1"], "--rates"),
        (["x**2", "x=1", "--rates", "--optimizer", "sgd,adam"], "one optimizer"),
        (["0*x", "x=1", "--rates"], "flat"),
        (["x**2", "x=1", "--wrt", "y"], "no input 'y'"),
        (["x**2", "x=1", "-o", "walk.gif"], "--animate makes .gif"),
        (["x**2", "x=1", "--animate", "walk.png"], ".html"),
        (["x**2", "x=1", "-o", "a.svg", "--animate", "a.svg"], "named twice"),
        (["x**2", "x=1", "--csv", "-", "--json"], "choose one"),
    ],
    ids=lambda x: " ".join(x) if isinstance(x, list) else "",
)
def test_bad_input_is_refused(arguments: list[str], told: str) -> None:
    assert told in " ".join(refused(2, "descend", *arguments).split())


class TestNoise:
    def test_the_table_is_the_studys(self) -> None:
        told = rows_of(said("noise", "--draws", "50"))
        assert told[0][:2] == ["1", "50"]
        assert [cells[0] for cells in told] == ["1", "4", "16", "64", "256", "512"]
        assert told[-1][1:] == ["1", "0.0000", "0.0000"]

    def test_columns_of_a_file(self, tmp_path: Path) -> None:
        data = tmp_path / "points.csv"
        data.write_text("x, y,unused\n1,2,0\n2,4,0\n3,5,0\n4,9,0\n")
        told = json.loads(
            said("noise", "mean((w*x - y)**2)", "w=0", "--data", str(data), "--json", "--batch=1,4")
        )
        # −2·x·y for each row: −4, −16, −30, −72
        assert told["full"] == [pytest.approx((-4 - 16 - 30 - 72) / 4)]
        drawn = {g for (g,) in told["sizes"][0]["gradients"]}
        assert drawn == {-4.0, -16.0, -30.0, -72.0}
        assert told["sizes"][1]["spread"] == 0.0

    def test_pictures_and_csv(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        told = said("noise", "-o", "noise.svg", "--csv", "noise.csv", "--draws", "20")
        assert "saved noise.csv" in told
        lines = Path("noise.csv").read_text().splitlines()
        assert lines[0] == "batch,d_w,d_b"
        assert len(lines) == 1 + 5 * 20 + 1
        said("noise", "mean((w*x - y)**2)", "w=0", "-o", "one.svg", "--draws", "20")
        assert names_in(tmp_path) == ["noise.csv", "noise.svg", "one.svg"]

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("x,y\n1,2\n2,z\n", r"line 3, column 2 \(y\): the cell is 'z', which is no number"),
            ("x,y\n1,2\n2\n", "line 3 has 1 cells, and line 1 has 2"),
            ("1,2\n3,4\n", "must name the columns"),
            ("x,y\n", "a head line .* and a line for each example"),
            ("x,y\n1,2\n", "at least 2 rows"),
        ],
    )
    def test_bad_data(self, tmp_path: Path, text: str, told: str) -> None:
        import re

        data = tmp_path / "points.csv"
        data.write_text(text)
        found = refused(2, "noise", "mean((w*x - y)**2)", "w=0", "--data", str(data))
        assert re.search(told, " ".join(found.split()))

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (["mean((w*x - y)**2)"], "no parameter"),
            (["w=0"], "There is no loss"),
            (["mean((w*x - z)**2)", "w=0"], "'z' has no value"),
            (["mean((x - y)**2)", "x=0"], "a column of the data and a parameter"),
            (["(w*x - y)**2", "w=0"], "mean"),
            (["--batch", "1,many"], "no list of whole numbers"),
            (["--batch", "0"], "from 1 to 512"),
            (["--data", "nowhere.csv", "mean(w*x)", "w=0"], "cannot read nowhere.csv"),
            (["-o", "noise.gif"], ".svg, .png or .pdf"),
        ],
        ids=lambda x: " ".join(x) if isinstance(x, list) else "",
    )
    def test_bad_input(self, arguments: list[str], told: str) -> None:
        assert told in " ".join(refused(2, "noise", *arguments).split())

    def test_bad_studies_in_python(self) -> None:
        from microgd.errors import ArgumentError, ShapeError

        def loss(w, batch):  # type: ignore[no-untyped-def]
            return (w * batch["x"]).mean()

        with pytest.raises(ArgumentError, match="not finite"):
            gradient_noise(loss, 1.0, {"x": [1.0, float("nan")]})
        with pytest.raises(ShapeError, match="x has 3, y has 2"):
            gradient_noise(loss, 1.0, {"x": [1, 2, 3], "y": [1, 2]})
        with pytest.raises(ArgumentError, match="no data"):
            gradient_noise(loss, 1.0, {})
        with pytest.raises(ArgumentError, match="at least 2 batches"):
            gradient_noise(loss, 1.0, {"x": [1, 2, 3]}, draws=1)
