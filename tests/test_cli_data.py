"""`microgd data`: lists, descriptions, checks, CSV, JSON and pictures; bad input ends with 2."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from cli_runner import names_in, refused, run, said
from test_data_files import cifar, mnist, record

from microgd.data import DATASETS, load_csv, read_dataset


class TestList:
    def test_all_of_them(self) -> None:
        printed = said("data")
        for name, kind in DATASETS.items():
            assert f"\n{name}" in printed
            assert kind.about in " ".join(printed.split())
        assert max(map(len, printed.split("\n"))) <= 80

    def test_as_json(self) -> None:
        listed = json.loads(said("data", "--json"))
        assert [entry["name"] for entry in listed] == list(DATASETS)
        assert listed[2]["options"] == {"count": 200, "noise": 0.1, "seed": 0}

    @pytest.mark.parametrize("option", ["--part=test", "--label=a", "-oa.svg", "--csv=-"])
    def test_options_need_a_data_set(self, option: str) -> None:
        assert "There is no data set" in refused(2, "data", option)


class TestDescription:
    def test_digits(self) -> None:
        printed = said("data", "digits")
        assert "images of 8 × 8" in printed
        assert "0 to 16, float32" in printed
        assert "CC BY 4.0" in printed
        assert "    9        180\n" in printed

    def test_points_and_regression(self) -> None:
        rows = [line.split() for line in said("data", "moons(count=10, noise=0)").split("\n")]
        assert ["x2", "−0.5", "1", "0.25"] in [row[:4] for row in rows]
        assert "numbers from" in said("data", "line")
        assert "target" in said("data", "line")

    def test_both_parts_of_a_folder(self, tmp_path: Path) -> None:
        printed = said("data", str(cifar(tmp_path)))
        assert "cifar-10, train" in printed
        assert "cifar-10, test" in printed
        rows = [line.split() for line in printed.split("\n")]
        assert ["label", "class", "train", "test"] in rows
        assert ["9", "truck", "0", "1"] in rows
        assert ["0", "airplane", "5", "0"] in rows
        assert "truck" in said("data", str(tmp_path), "--part", "test")

    def test_json(self, tmp_path: Path) -> None:
        found = json.loads(said("data", str(mnist(tmp_path)), "--json"))
        assert list(found["parts"]) == ["train", "test"]
        assert found["parts"]["train"]["shape"] == [2, 2]
        assert sum(found["parts"]["test"]["counts"]) == 3

    def test_csv_options(self, tmp_path: Path) -> None:
        file = tmp_path / "a.csv"
        file.write_text("kind,size\n1,2\n2,3\n1,2.5\n")
        assert "targets" in said("data", str(file))
        assert "label" in said("data", str(file), "--label", "kind")
        assert "targets" in said("data", str(file), "--label", "kind", "--targets", "numbers")
        assert "line 1, column 1" in refused(2, "data", str(file), "--no-head")


class TestBadInput:
    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (("mons",), "Did you mean 'moons'?"),
            (("moons(noise=-1)",), "noise must be 0 or a number above it"),
            (("nowhere.npz",), "cannot read nowhere.npz"),
            (("moons", "--part", "test"), "has no part 'test'"),
            (("moons", "--label", "x"), "this is built in"),
            (("moons", "--targets", "number"), "Did you mean 'numbers'?"),
            (("moons", "-o", "a.gif"), "does not end in .svg, .png or .pdf"),
            (("moons", "-o", "a.svg", "--columns", "x1,x3"), "no column 'x3'. It has: x1, x2"),
            (("moons", "-o", "a.svg", "--columns", "x1"), "shows 2 columns, got x1"),
            (("moons", "--json", "--csv", "-"), "choose one"),
        ],
    )
    def test_it_is_said(
        self, arguments: tuple[str, ...], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert told in " ".join(refused(2, "data", *arguments).split())
        assert names_in(tmp_path) == []

    def test_a_file_that_is_wrong(self, tmp_path: Path) -> None:
        (cifar(tmp_path) / "data_batch_2.bin").write_bytes(record(1) + record(17))
        told = refused(2, "data", str(tmp_path))
        assert "the label at byte 3073, of record 1, is 17: there are 10 classes" in told

    def test_what_is_not_installed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(__import__("sys").modules, "sklearn.datasets", None)
        assert 'pip install "microgd[sklearn]"' in refused(1, "data", "iris")


class TestFiles:
    def test_csv(self, tmp_path: Path) -> None:
        file = tmp_path / "spirals.csv"
        assert f"saved {file}" in said("data", "spirals(count=30)", "--csv", str(file))
        data, again = read_dataset("spirals(count=30)"), load_csv(file)
        assert np.array_equal(data.x, again.x)
        assert np.array_equal(data.y, again.y)
        rows = list(csv.reader(io.StringIO(said("data", "line(count=5)", "--csv", "-"))))
        assert rows[0] == ["x", "y"]
        assert len(rows) == 6

    def test_its_csv_is_what_noise_reads(self, tmp_path: Path) -> None:
        file = tmp_path / "line.csv"
        said("data", "line", "--csv", str(file))
        assert "100 examples" in said(
            "noise", "mean((w*x + b - y)**2)", "w=0", "b=0", "--data", str(file), "--draws=5"
        )

    @pytest.mark.parametrize("name", ["digits", "moons", "line", "xor"])
    def test_pictures(self, name: str, tmp_path: Path) -> None:
        pytest.importorskip("matplotlib")
        said("data", name, "-o", str(tmp_path / "a.svg"), "-o", str(tmp_path / "a.png"))
        assert names_in(tmp_path) == ["a.png", "a.svg"]

    def test_colour_images_and_one_feature(self, tmp_path: Path) -> None:
        pytest.importorskip("matplotlib")
        said("data", str(cifar(tmp_path)), "-o", str(tmp_path / "a.png"))
        file = tmp_path / "one.csv"
        file.write_text("size,kind\n1,a\n2,b\n3,a\n")
        said("data", str(file), "-o", str(tmp_path / "b.png"))
        assert {"a.png", "b.png"} <= set(names_in(tmp_path))

    def test_beside_json_the_word_is_on_the_other_stream(self, tmp_path: Path) -> None:
        result = run("data", "xor", "--json", "--csv", str(tmp_path / "a.csv"))
        assert json.loads(result.stdout)
        assert "saved" in result.stderr


class TestPicture:
    def test_too_many_classes(self) -> None:
        pytest.importorskip("matplotlib")
        from microgd.errors import ArgumentError
        from microgd.plots.data import draw_dataset

        with pytest.raises(ArgumentError, match="room for 20 classes"):
            draw_dataset(read_dataset("blobs(classes=21)"))
        draw_dataset(read_dataset("blobs(classes=20)"), dark=True)

    def test_ink_is_dark_and_colours_are_colours(self) -> None:
        pytest.importorskip("matplotlib")
        from microgd.data import Dataset
        from microgd.plots.data import _pictures

        x = [[0.0, 255.0, 0.0, 255.0]]
        grey = Dataset("g", x, [0], ("a",), shape=(2, 2), limits=(0, 255))
        assert _pictures(grey, np.array([0]))[0, :, :, 0].tolist() == [[1, 0], [1, 0]]
        red = Dataset("r", [[255.0, 0.0, 0.0]], [0], ("a",), shape=(3, 1, 1), limits=(0, 255))
        assert _pictures(red, np.array([0]))[0, 0, 0].tolist() == [1, 0, 0]
