"""microgd train, evaluate and predict: what they print and what they write."""

from __future__ import annotations

import csv
import io
import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_runner import names_in, refused, said
from training_cases import FILES, files

from microgd.data import read_dataset
from microgd.nn import Activation, Linear, Sequential
from microgd.training import Config, Trainer, load_model
from microgd_cli.train_options import new_folder

INTERPRETER = ["--device", "interpreter"]
QUICK = [*INTERPRETER, "--epochs", "3", "--hidden", "4"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


# -- train -----------------------------------------------------------------------------------------


def test_digits_with_default_settings() -> None:
    found = json.loads(said("train", "--json"))
    assert found["history"][-1]["held_out_accuracy"] >= 0.97
    assert found["ended"] == "after 30 epochs"


def test_what_is_printed(here: Path) -> None:
    lines = said("train", "--data", "moons", *QUICK, "--run", "a").splitlines()
    assert lines[:6] == [
        "data: moons, 160 examples to train on, 40 held out",
        "net: 2-4-2 relu, 22 parameters",
        "optimizer: adamw(lr=0.003, weight_decay=0.1), batches of 64",
        "device: NumPy interpreter",
        "memory: 2.8 KiB on the device: parameters 88 B, states 180 B, data 2.5 KiB (all of it)",
        "run: a",
    ]
    assert lines[7].split() == [
        *("epoch", "loss", "accuracy", "held", "out", "accuracy", "lr", "steps/s"),
    ]
    rows = load_history(here / "a")
    for line, row in zip(lines[8:11], rows, strict=True):
        cells = line.split()
        assert cells[0] == f"{row['epoch']}/3"
        assert cells[1] == f"{row['loss']:.4f}"
        assert cells[2] == f"{row['accuracy']:.2%}"
        assert cells[3] == f"{row['held_out_loss']:.4f}"
        assert cells[4] == f"{row['held_out_accuracy']:.2%}"
    assert lines[12].startswith("ended after 3 epochs: loss ")
    assert lines[13] == "the run is in a"
    assert set(files(here / "a")) == set(FILES)


def load_history(folder: Path) -> list[dict[str, Any]]:
    with (folder / "history.csv").open() as stream:
        return [
            {k: float(v) if "." in v else int(v) for k, v in row.items() if v}
            for row in csv.DictReader(stream)
        ]


def test_quiet_and_json_say_the_same(here: Path) -> None:
    lines = said("train", "--data", "moons", *QUICK, "--run", "a", "--quiet").splitlines()
    assert len(lines) == 2
    found = json.loads(said("train", "--data", "moons", *QUICK, "--run", "b", "--json"))
    assert set(found) == {"run", "device", "ended", "config", "history"}
    last = found["history"][-1]
    assert f"loss {last['loss']:.4f}, accuracy {last['accuracy']:.2%}" in lines[0]
    assert found["run"] == "b"
    assert found["config"]["hidden"] == [4]
    assert files(here / "a") == files(here / "b")


def test_numbers_have_no_accuracy() -> None:
    text = said("train", "--data", "line", *QUICK, "--run", "a")
    assert "accuracy" not in text
    assert "held out: loss" in text
    text = said("train", "--data", "xor", *QUICK, "--run", "b")
    assert "none held out" in text
    assert "held out: loss" not in text


def test_losses_of_any_size(here: Path) -> None:
    rows = [f"{n},{n % 7},{1e5 + 1.5 * n}" for n in range(60)]
    (here / "t.csv").write_text("a,b,c\n" + "\n".join(rows) + "\n")
    text = said("train", "--data", "t.csv", *QUICK, "--run", "a")
    assert re.search(r"^ +1/3 +1\.\d{3}e\+10 +1\.\d{3}e\+10 ", text, re.MULTILINE)
    assert "e+10" in text.splitlines()[-2]
    assert re.search(r"loss 1\.\d{3}e\+10$", said("evaluate", "a"), re.MULTILINE)


def test_what_ended_it_without_held_out_data() -> None:
    text = said(
        "train", "--data", "xor", "--epochs", "9", "--lr", "1e-9", "--patience", "1", *INTERPRETER
    )
    assert "early, as the training loss has not fallen for 1 epoch" in text


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_pictures(ending: str, here: Path) -> None:
    text = said("train", "--data", "moons", *QUICK, "-o", f"h.{ending}", "--run", "a")
    assert text.splitlines()[-1] == f"saved h.{ending}"
    assert (here / f"h.{ending}").stat().st_size > 1000
    said("train", "--resume", "a", "-o", f"again.{ending}")  # of a finished run, too
    assert (here / f"again.{ending}").exists()


def test_runs_are_numbered(here: Path) -> None:
    for _ in range(2):
        said("train", "--data", "xor", *QUICK, "--quiet")
    said("train", "--data", "moons(noise=1/3)", *QUICK, "--quiet")
    assert names_in(here / "runs") == ["moons-1", "xor-1", "xor-2"]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("digits", "digits-1"),
        ("moons(count=9)", "moons-1"),
        ("some where/my data (1).csv", "my-data--1--csv-1"),
        ("ünï☃", "ünï-1"),
        ("..", "run-1"),
        ("x" * 300, f"{'x' * 40}-1"),
    ],
)
def test_names_of_folders(data: str, name: str) -> None:
    assert new_folder(None, data) == Path("runs") / name
    assert new_folder(" my run ☃", data) == Path(" my run ☃")


def test_runs_that_begin_together_have_folders_of_their_own(here: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: new_folder(None, "digits"), range(40)))
    assert len(set(found)) == 40


def test_no_folder_can_be_made(here: Path) -> None:
    (here / "runs").write_text("mine")
    assert "cannot make the folder" in refused(1, "train", "--data", "xor", *QUICK)
    assert (here / "runs").read_text() == "mine"
    assert "its name is empty" in refused(2, "train", "--data", "xor", *QUICK, "--run", "")
    assert names_in(here) == ["runs"]


def test_a_name_with_spaces_and_signs(here: Path) -> None:
    said("train", "--data", "xor", *QUICK, "--run", "mein Lauf ☃/1", "--quiet")
    assert set(files(here / "mein Lauf ☃" / "1")) == set(FILES)
    said("train", "--resume", "mein Lauf ☃/1", "--epochs", "4", "--quiet")
    said("predict", "mein Lauf ☃/1", "--input", "0,1")


def test_a_configuration_makes_the_same_run_again(here: Path) -> None:
    options = ["--dropout", "0.3", "--schedule", "cosine(lr=0.01, steps=9)", "--seed", "7"]
    said("train", "--data", "moons", *QUICK, *options, "--run", "a", "--quiet")
    said("train", "--config", "a/config.toml", "--run", "b", "--quiet")
    assert files(here / "a") == files(here / "b")


@pytest.mark.parametrize(
    "options",
    [
        ["--batch", "10000"],
        ["--batch", "1"],
        ["--epochs", "1"],
        ["--hidden", "none"],
        ["--seed", str(2**64 - 1), "--dropout", "0.5"],
        ["--loss", "binarycrossentropy"],
        ["--loss", "svm"],
        ["--loss", "squared"],
        ["--loss", "huber"],
        ["--frozen", "*"],
        ["--frozen", "linear1.*, linear2.b"],
        ["--held-out", "0"],
        ["--held-out", "30"],
        ["--raw", "--noise", "0.1"],
        ["--dtype", "float64"],
        ["--l1", "0.01", "--l2", "0.01"],
        ["--norm", "after", "--batch", "159"],
    ],
)
def test_what_must_work(options: list[str]) -> None:
    if "159" in options:
        assert "--batch 158" in refused(2, "train", "--data", "moons", *QUICK, *options)
        return
    said("train", "--data", "moons", *QUICK, *options, "--run", "a", "--quiet")
    said("train", "--resume", "a", "--epochs", "4", "--quiet")
    said("predict", "a", "--input", "1,2")
    if "0" not in options:
        said("evaluate", "a")


@pytest.mark.parametrize(
    "rows",
    [
        ["1,2,x"],
        ["1,2,x", "3,4,x"],
        ["1,5,x", "2,5,y", "3,5,x"],
        ["5,5,x", "5,5,y"],
        ["1,2,1.5", "3,4,2.5", "3,4,0.25"],
        ["1e150,2,x", "-1e150,1,y"],
    ],
)
def test_small_and_odd_tables(rows: list[str], here: Path) -> None:
    """One example, one class, constant columns, regression, huge numbers."""
    (here / "t.csv").write_text("a,b,c\n" + "\n".join(rows) + "\n")
    said("train", "--data", "t.csv", *QUICK, "--run", "a", "--quiet")
    assert np.isfinite([row["loss"] for row in load_history(here / "a")]).all()
    said("evaluate", "a", "--data", "t.csv")
    said("predict", "a", "--data", "t.csv")


# -- evaluate --------------------------------------------------------------------------------------


def test_what_was_held_out_is_what_the_history_says(here: Path) -> None:
    said("train", "--data", "moons", *QUICK, "--run", "a", "--quiet")
    last = load_history(here / "a")[-1]
    found = json.loads(said("evaluate", "a", "--checkpoint", "last", "--json"))
    assert found["examples"] == 40
    assert found["loss"] == pytest.approx(last["held_out_loss"], rel=1e-5)
    assert found["accuracy"] == pytest.approx(last["held_out_accuracy"])


def test_confusions_counted_by_hand(here: Path) -> None:
    said("train", "--data", "blobs", *QUICK, "--run", "a", "--quiet")
    data = read_dataset("blobs(seed=3, count=50)")
    guessed = load_model("a").predict(data.x)
    wanted = [[0] * 3 for _ in range(3)]
    for true, guess in zip(data.y, guessed, strict=True):
        wanted[int(true)][int(guess)] += 1
    found = json.loads(said("evaluate", "a", "--data", "blobs(seed=3, count=50)", "--json"))
    assert found["confusion"] == wanted
    assert found["accuracy"] == sum(wanted[i][i] for i in range(3)) / 50
    text = said("evaluate", "a", "--data", "blobs(seed=3, count=50)")
    for number, line in enumerate(text.splitlines()[-3:]):
        cells = ["0" if cell == "·" else cell for cell in line.split()]
        assert cells[:4] == [str(number), *map(str, wanted[number])]


def test_a_file_in_which_a_class_is_missing(here: Path) -> None:
    said("train", "--data", "blobs", *QUICK, "--run", "a", "--quiet")
    data = read_dataset("blobs")
    lines = [f"{x[0]},{x[1]},{y}" for x, y in zip(data.x, data.y, strict=True) if y != 1]
    (here / "t.csv").write_text("x1,x2,class\n" + "\n".join(reversed(lines)) + "\n")
    found = json.loads(said("evaluate", "a", "--data", "t.csv", "--json"))
    assert found["examples"] == len(lines)
    assert sum(found["confusion"][1]) == 0
    assert "digits has" in refused(2, "evaluate", "a", "--data", "digits")


def test_data_that_has_changed_since(here: Path) -> None:
    lines = [f"{n % 11},{n % 7},{'xy'[n % 2]}" for n in range(60)]
    (here / "t.csv").write_text("a,b,c\n" + "\n".join(lines) + "\n")
    said("train", "--data", "t.csv", *QUICK, "--run", "a", "--quiet")
    said("evaluate", "a")
    (here / "t.csv").write_text("a,b,c\n" + "\n".join(lines[1:]) + "\n")
    assert "what it held out is not known any more" in refused(2, "evaluate", "a")
    said("evaluate", "a", "--data", "t.csv")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no"], "there is no checkpoint no/last.safetensors"),
        (["a", "--part", "test"], "--part chooses of the data that --data names"),
        (["a", "--data", "line"], "has no classes"),
        (["c", "--data", "moons"], "the net is for numbers; moons has the classes 0, 1"),
        (["a", "--data", "moon"], "there is no data set 'moon'"),
        (["a", "--checkpoint", "wurst"], "none of best, last"),
        (["b"], "held nothing out; name data with --data"),
    ],
)
def test_evaluate_refuses(arguments: list[str], message: str) -> None:
    said("train", "--data", "moons", *QUICK, "--run", "a", "--quiet")
    said("train", "--data", "xor", *QUICK, "--run", "b", "--quiet")
    said("train", "--data", "line", *QUICK, "--run", "c", "--quiet")
    assert message in refused(2, "evaluate", *arguments)


# -- predict ---------------------------------------------------------------------------------------


def test_predictions_are_the_models(here: Path) -> None:
    said("train", "--data", "moons", *QUICK, "--run", "a", "--quiet")
    model, data = load_model("a"), read_dataset("moons")
    wanted = model.probabilities(data.x)
    rows = list(csv.DictReader(io.StringIO(said("predict", "a", "--data", "moons", "--csv", "-"))))
    assert [row["class"] for row in rows] == [str(n) for n in wanted.argmax(axis=1)]
    for row, shares in zip(rows, wanted, strict=True):
        assert [float(row["p_0"]), float(row["p_1"])] == shares.tolist()
        assert float(row["probability"]) == shares.max()
    found = json.loads(said("predict", "a", "--data", "moons", "--json"))
    assert [one["probabilities"] for one in found["answers"]] == wanted.tolist()
    assert said("predict", "a", "--data", "moons", "--csv", "o.csv") == "saved o.csv\n"
    with (here / "o.csv").open() as stream:
        assert list(csv.DictReader(stream)) == rows


def test_columns_are_found_by_name(here: Path) -> None:
    said("train", "--data", "moons", *QUICK, "--run", "a", "--quiet")
    (here / "new.csv").write_text("x2,more,x1\n0.5,7,-1\n0.25,7,1\n")
    by_name = said("predict", "a", "--data", "new.csv", "--csv", "-")
    assert by_name == said("predict", "a", "--input=-1,0.5", "--input", "1,0.25", "--csv", "-")


def test_a_table_for_people() -> None:
    said("train", "--data", "moons", *QUICK, "--run", "a", "--quiet")
    lines = said("predict", "a", "--input", "1,2", "--input=-1,0").splitlines()
    assert lines[0].split() == ["example", "class", "probability", "or", "else"]
    for number, line in enumerate(lines[2:], start=1):
        assert re.fullmatch(rf" +{number} +[01] +\d+\.\d% +[01] \d+\.\d%", line)


@pytest.mark.parametrize("loss", ["squared", "absolute"])
def test_numbers(loss: str) -> None:
    said("train", "--data", "line", *QUICK, "--run", "a", "--quiet", "--loss", loss)
    (wanted,) = load_model("a").outputs([[2.0]])
    assert repr(load_model("a", "last")) == "<model of line: 1-4-1 relu, after epoch 3>"
    assert said("predict", "a", "--input", "2", "--csv", "-") == f"y\n{float(wanted[0])!r}\n"
    assert said("predict", "a", "--input", "2").split()[-1] == f"{wanted[0]:.6g}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Give examples, with --input or with --data"),
        (["--input", "1,2", "--data", "moons"], "Give examples, with --input or with --data"),
        (["--input", "1"], "'1' has 1 number; this net takes 2"),
        (["--input", "a,b"], "no row of numbers"),
        (["--input", ""], "no row of numbers"),
        (["--input", "nan,1"], "a number that is not finite"),
        (["--data", "no.csv"], "cannot read no.csv"),
        (["--data", "three.csv"], "three.csv has 3 columns; this net takes 2: x1, x2"),
        (["--data", "digits"], "takes rows of 2 numbers"),
        (["--input", "1,2", "--json", "--csv", "-"], "choose one"),
    ],
)
def test_predict_refuses(arguments: list[str], message: str, here: Path) -> None:
    (here / "three.csv").write_text("a,b,c\n1,2,3\n")
    said("train", "--data", "moons", *QUICK, "--run", "a", "--quiet")
    assert message in refused(2, "predict", "a", *arguments)


# -- summary ---------------------------------------------------------------------------------------


def test_summary_of_a_run_and_of_options(here: Path) -> None:
    said("train", "--data", "moons", *QUICK, "--run", "a", "--quiet")
    assert said("summary", "a") == said("summary", "--data", "moons", "--hidden", "4")
    found = json.loads(said("summary", "a", "--json"))
    assert found["parameters"] == 22
    assert [layer["layer"] for layer in found["layers"]] == ["linear1", "relu1", "linear2"]
    assert "A run has its options already" in refused(2, "summary", "a", "--hidden", "3")
    assert "there is no checkpoint" in refused(2, "summary", "no")


def test_a_net_of_ones_own_is_not_taken_for_another(here: Path) -> None:
    net = Sequential([Linear(2, 4), Activation("relu"), Linear(4, 2), Activation("prelu")])
    run = Trainer(
        Config(data="moons", hidden=(4,), epochs=1, device="interpreter"), net=net, folder="a"
    )
    list(run.epochs())
    for command in (["summary"], ["evaluate"], ["predict", "--input", "1,2"]):
        told = refused(2, command[0], "a", *command[1:])
        assert "a is not of the net" in told.replace("/best.safetensors", "")
        assert "load_model(folder, net=…)" in told
    assert repr(load_model("a", net=net)) == "<model of moons: 4 layers, after epoch 1>"
    assert load_model("a", net=net).predict(np.zeros((3, 2))).shape == (3,)


def test_summary_draws_the_step(here: Path) -> None:
    assert "saved step.svg" in said("summary", "--data", "xor", "--hidden", "3", "-o", "step.svg")
    text = (here / "step.svg").read_text()
    assert "linear1" in text
    assert "loss" in text


def test_what_may_not_be_meant_is_remarked_upon(tmp_path: Path) -> None:
    quick = ("--epochs", "2", "--device", "interpreter")
    told = said(
        *("train", "--data", "blobs(count=60)", "--hidden", "4", *quick),
        *("--schedule", "cosine", "--run", str(tmp_path / "a")),
    )
    assert "note: the schedule is made for 100 steps, and this run has 2" in told
    prices = tmp_path / "prices.csv"
    prices.write_text("x,price\n" + "".join(f"{n},{n * 10_000.0}\n" for n in range(60)))
    told = said("train", "--data", str(prices), *quick, "--run", str(tmp_path / "b"))
    assert "note: the targets are as large as 5.9e+05" in told
    told = said("train", "--data", "blobs(count=60)", *quick, "--run", str(tmp_path / "c"))
    assert "note:" not in told
