"""Hyper-parameter search: what is tried, how it is judged, and that it goes on where it was."""

from __future__ import annotations

import csv
import io
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_runner import refused, run, said, start
from numpy.testing import assert_allclose, assert_array_equal

from microgd.data import Dataset, read_dataset
from microgd.errors import ArgumentError, OutputError, TrainingError
from microgd.training import (
    Config,
    Search,
    Trainer,
    model_of,
    read_config,
    read_space,
    search,
)
from microgd.training.space import grid_trials, random_trials, shown

CONFIG = Config(data="moons(count=60)", hidden=(4,), epochs=2, device="interpreter")
SPACE = ["lr=1e-3..1e-1:log", "hidden=none|4|4,4"]


def results(found: Search) -> list[Any]:
    """All that a search found, without how long it took."""
    return [
        (t.number, t.options, [{**asdict(f), "seconds": 0} for f in t.folds]) for t in found.trials
    ]


# The space


def test_a_space_is_read_from_text():
    space = read_space(
        ["lr=1e-4..0.1:log", "batch=16..64", "hidden=none|64,32|8",
         "optimizer=sgd(momentum=0.9)|adamw", "norm=none|before", "standardise=yes|no",
         "schedule-per=step|epoch", "l2=0|1e-3",
         "frozen=none|linear1.*"]
    )  # fmt: skip
    assert {one.name: getattr(one, "values", None) for one in space} == {
        "lr": None,
        "batch": None,
        "hidden": ((), (64, 32), (8,)),
        "optimizer": ("sgd(momentum=0.9)", "adamw"),
        "norm": (None, "before"),
        "standardise": (True, False),
        "schedule_per": ("step", "epoch"),
        "l2": (0.0, 1e-3),
        "frozen": ((), ("linear1.*",)),
    }
    assert [str(one) for one in space[:3]] == ["lr=0.0001..0.1:log", "batch=16..64",
                                               "hidden=none|64,32|8"]  # fmt: skip
    again = read_space([str(one) for one in space])
    assert again == space


def test_a_space_is_read_from_a_table():
    table = {"hidden": [[], [64, 32]], "lr": "1e-4..1e-1:log:4", "norm": "none|after"}
    assert read_space(table) == read_space(
        ["hidden=none|64,32", "lr=1e-4..1e-1:log:4", "norm=none|after"]
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lr", "nothing to try"),
        ("lr=", "nothing to try"),
        ("hiden=4|8", "Did you mean 'hidden'"),
        ("data=moons|xor", "the same for all trials"),
        ("seed=1|2", "the same for all trials"),
        ("lr=1..0.1", "goes up"),
        ("lr=0..1:log", "above 0"),
        ("lr=1..2:lag", ":log"),
        ("lr=1..2:1", "2 points"),
        ("lr=fast|slow", "lr is a number, got 'fast'"),
        ("lr=0|0.1", "lr"),
        ("lr=-1..1", "lr"),
        ("batch=1.5..3", "whole number"),
        ("batch=0..4", "batch"),
        ("hidden=4..8", "range"),
        ("hidden=4|a", "hidden is a list of whole numbers"),
        ("hidden=4|4", "twice"),
        ("hidden=4||8", "empty"),
        ("hidden=4|-1", "hidden"),
        ("optimizer=sgd|adm", "adam"),
        ("schedule=cosinus", "schedule"),
        ("activation=rely", "relu"),
        ("loss=cross", "loss"),
        ("init=hee", "init"),
        ("standardise=maybe|yes", "true or false"),
        ("norm=both", "norm"),
    ],
)
def test_a_space_that_makes_no_sense(text, said):
    with pytest.raises(ArgumentError, match=said):
        read_space([text])


@pytest.mark.parametrize("table", [{}, {"lr": 3}, {"lr": []}, {"lr": [0.1, "x"]}, {"lr": {"a": 1}}])
def test_a_table_that_makes_no_sense(table):
    with pytest.raises(ArgumentError):
        read_space(table)


def test_an_option_is_tried_once():
    with pytest.raises(ArgumentError, match="twice"):
        read_space(["lr=1|2", "lr=3|4"])


def test_random_numbers_fill_their_range_evenly():
    space = read_space(["lr=1e-4..1:log", "l2=0..2", "batch=3..6", "steps_per_call=1..100:log"])
    trials = random_trials(space, 800, seed=5)
    lr, l2, batch, steps = (np.array([t[one.name] for t in trials]) for one in space)
    for values in ((np.log10(lr) + 4) / 4, l2 / 2):
        # Kolmogorov and Smirnov: the largest distance from the uniform distribution.
        ordered = np.sort(values)
        assert np.abs(ordered - np.linspace(0, 1, 800)).max() < 1.63 / np.sqrt(800)
    assert set(batch) == {3, 4, 5, 6}
    assert np.bincount(batch)[3:].min() > 150
    assert 300 < (steps <= 10).sum() < 520
    assert steps.min() == 1
    assert 95 < steps.max() <= 100
    assert all(float(f"{x:.4g}") == x for x in lr)


def test_trials_are_functions_of_seed_and_number():
    space = read_space(SPACE)
    many = random_trials(space, 9, seed=1)
    assert random_trials(space, 4, seed=1) == many[:4]
    assert random_trials(space, 4, seed=2) != many[:4]


def test_no_trial_is_there_twice():
    trials = random_trials(read_space(["hidden=4|8", "norm=none|before"]), 12, seed=0)
    assert len(trials) == 4
    assert sorted(map(str, trials)) == sorted(
        map(str, grid_trials(read_space(["hidden=4|8", "norm=none|before"])))
    )


def test_a_grid_has_all_combinations():
    found = list(grid_trials(read_space(["lr=1e-3..1e-1:log:3", "batch=8..16:3", "l2=0|1"])))
    assert len(found) == 18
    assert found[0] == {"lr": 0.001, "batch": 8, "l2": 0.0}
    assert found[1] == {"lr": 0.001, "batch": 8, "l2": 1.0}
    assert [t["lr"] for t in found[::6]] == [0.001, 0.01, 0.1]
    assert [t["batch"] for t in found[:6:2]] == [8, 12, 16]
    with pytest.raises(ArgumentError, match=r"lr=0.1..1:4"):
        list(grid_trials(read_space(["lr=0.1..1"])))


@pytest.mark.parametrize("value", [None, (), (4, 8), 0.1, "sgd", True])
def test_values_are_shown(value):
    assert shown(value) in ("none", "4,8", "0.1", "sgd", "yes")


# How it is judged


def test_a_fold_is_judged_as_a_model_that_never_saw_it():
    """Trained anew on the other folds, scaled by them alone, and asked about raw data."""
    found = search(CONFIG, ["lr=0.01|0.1"], trials=1, folds=3, seed=4)
    (trial,) = found.trials
    data = read_dataset(CONFIG.data)
    shared, _ = data.split(0.2, seed=CONFIG.seed)
    for fold, (train, test) in zip(trial.folds, shared.folds(3, seed=4), strict=True):
        own = Trainer(trial.config.changed(held_out=0.0), train)
        list(own.epochs())
        assert_array_equal(own.parts.scale["mean"], train.x.mean(axis=0))
        judged = model_of(own).evaluate(test)
        assert_allclose(fold.loss, judged["loss"], rtol=1e-5)
        assert_allclose(fold.accuracy, judged["accuracy"], rtol=1e-6)
    losses = [fold.loss for fold in trial.folds]
    assert_allclose(trial.mean("loss"), np.mean(losses))
    assert_allclose(trial.deviation("loss"), np.std(losses, ddof=1))


def test_folds_are_parts_of_what_is_not_held_out(monkeypatch):
    module = sys.modules[search.__module__]
    real, seen = module._run, []

    def watched(trial, place, train, test):
        seen.append((train.x, test.x))
        return real(trial, place, train, test)

    monkeypatch.setattr(module, "_run", watched)
    found = search(CONFIG, ["lr=0.01|0.1"], trials=1, folds=4)
    assert found.examples == (48, 12)
    _, held_out = read_dataset(CONFIG.data).split(0.2, seed=CONFIG.seed)
    rows = [{tuple(row) for row in test.tolist()} for _, test in seen]
    assert sum(map(len, rows)) == len(set().union(*rows)) == 48
    for train, test in seen:
        assert not {tuple(r) for r in train.tolist()} & {tuple(r) for r in test.tolist()}
        assert len(train) + len(test) == 48
    assert not set().union(*rows) & {tuple(row) for row in held_out.x.tolist()}


def test_the_best_comes_first():
    found = search(CONFIG, SPACE, trials=5, folds=2)
    accuracies = [trial.mean("accuracy") for trial in found.trials]
    assert accuracies == sorted(accuracies, reverse=True)
    by_loss = search(CONFIG, SPACE, trials=5, folds=2, by="loss")
    losses = [trial.mean("loss") for trial in by_loss.trials]
    assert losses == sorted(losses)
    assert found.best.config == CONFIG.changed(**found.best.options)
    assert results(found) == results(search(CONFIG, SPACE, trials=5, folds=2))


def test_targets_that_are_numbers_are_judged_by_the_loss():
    config = CONFIG.changed(data="line", hidden=())
    found = search(config, ["lr=0.01|0.1"], trials=2, folds=2)
    assert found.by == "loss"
    assert found.best.mean("accuracy") is None
    with pytest.raises(ArgumentError, match="no accuracy"):
        search(config, ["lr=0.01|0.1"], by="accuracy")


def test_a_rate_takes_the_place_of_a_schedule():
    config = CONFIG.changed(schedule="cosine(lr=0.01, steps=10)")
    found = search(config, ["lr=0.01|0.1"], trials=1, folds=2)
    assert found.best.config.schedule is None
    found = search(CONFIG.changed(lr=0.1), ["schedule=step"], trials=1, folds=2)
    assert found.best.config.lr is None


def test_diverged_trials_are_rows_that_say_so(tmp_path):
    config = CONFIG.changed(optimizer="sgd", loss="squared", data="line", hidden=())
    found = search(config, ["lr=0.01|1e30"], 2, 2, folder=tmp_path)
    assert [trial.options["lr"] for trial in found.trials] == [0.01, 1e30]
    bad = found.trials[-1]
    assert "learning rate" in bad.diverged
    assert len(bad.folds) == 1  # the others would tell nothing more
    assert bad.mean("loss") is None
    rows = list(csv.DictReader(io.StringIO(found.to_csv())))
    assert rows[0]["diverged"] == ""
    assert rows[1]["loss"] == ""
    assert "learning rate" in rows[1]["diverged"]
    json.dumps(found.to_dict(), allow_nan=False)
    again = search(config, ["lr=0.01|1e30"], 2, 2, folder=tmp_path)
    assert results(again) == results(found)
    worst = search(config, ["lr=1e30|1e31"], 2, 2)
    with pytest.raises(TrainingError, match="all 2 trials"):
        _ = worst.best


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"trials": 0}, "trials"),
        ({"folds": 1}, "k is"),
        ({"folds": 500}, "folds"),
        ({"method": "clever"}, "random or a grid"),
        ({"by": "luck"}, "loss or accuracy"),
    ],
)
def test_options_that_make_no_sense(options, said):
    with pytest.raises(ArgumentError, match=said):
        search(CONFIG, SPACE, **options)


def test_options_that_do_not_fit_each_other_are_named_with_their_trial():
    with pytest.raises(ArgumentError, match=r"trial 1 \(batch=1, norm=before\)"):
        search(CONFIG, ["batch=1", "norm=before"], method="grid", folds=2)
    with pytest.raises(ArgumentError, match="not both"):
        search(CONFIG, ["lr=0.1", "schedule=step"], trials=1)


# It goes on where it was


class Killed(BaseException):
    """As if the process had been killed."""


def counted(monkeypatch, fail_at: int | None = None) -> list[tuple[int, int]]:
    """Which runs there are; the process is killed before one of them."""
    module = sys.modules[search.__module__]
    real, seen = module._run, []

    def watched(trial, place, train, test):
        if fail_at is not None and len(seen) == fail_at:
            raise Killed
        seen.append((trial.number, place))
        return real(trial, place, train, test)

    monkeypatch.setattr(module, "_run", watched)
    return seen


@pytest.mark.parametrize("fail_at", [0, 2, 3])
def test_a_search_that_was_killed_goes_on(tmp_path, monkeypatch, fail_at):
    whole = search(CONFIG, SPACE, 3, 2, 7, tmp_path / "whole")
    with monkeypatch.context() as patch:
        counted(patch, fail_at)
        with pytest.raises(Killed):
            search(CONFIG, SPACE, 3, 2, 7, tmp_path / "part")
    seen = counted(monkeypatch)
    found = search(CONFIG, SPACE, 3, 2, 7, tmp_path / "part")
    assert seen == [(t, f) for t in (1, 2, 3) for f in (1, 2)][fail_at:]
    assert results(found) == results(whole)
    for name in ("best.toml",):
        assert (tmp_path / "part" / name).read_text() == (tmp_path / "whole" / name).read_text()
    assert sorted(p.name for p in (tmp_path / "part").iterdir()) == [
        "best.toml", "results.csv", "search.json"
    ]  # fmt: skip


def test_a_search_that_is_done_takes_more_trials(tmp_path, monkeypatch):
    search(CONFIG, SPACE, 2, 2, folder=tmp_path)
    seen = counted(monkeypatch)
    found = search(CONFIG, SPACE, 3, 2, folder=tmp_path)
    assert seen == [(3, 1), (3, 2)]
    assert results(found) == results(search(CONFIG, SPACE, 3, 2))
    assert read_config(tmp_path / "best.toml") == found.best.config


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"config": CONFIG.changed(epochs=3)}, "epochs 2 instead of 3"),
        ({"space": ["lr=0.1|0.2"]}, "space"),
        ({"folds": 3}, "folds 2 instead of 3"),
        ({"seed": 1}, "seed 0 instead of 1"),
        ({"method": "grid", "space": ["lr=1e-3..1e-1:log", "hidden=none|4|4,4"]}, "points"),
        ({"data": Dataset("moons", np.eye(60, 2), np.arange(60) % 2, ("0", "1"))}, "other data"),
    ],
)
def test_another_search_is_left_alone(tmp_path, change, said):
    search(CONFIG, SPACE, 1, 2, folder=tmp_path)
    before = (tmp_path / "search.json").read_bytes()
    given: dict[str, Any] = {"config": CONFIG, "space": SPACE, "trials": 1, "folds": 2, **change}
    with pytest.raises(ArgumentError, match=said):
        search(**given, folder=tmp_path)
    assert (tmp_path / "search.json").read_bytes() == before


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 99}', '{"format": 1, "about": {}}'])
def test_a_damaged_file_is_named(tmp_path, text):
    (tmp_path / "search.json").write_text(text)
    with pytest.raises(ArgumentError, match=r"search\.json"):
        search(CONFIG, SPACE, 1, 2, folder=tmp_path)


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        search(CONFIG, SPACE, 1, 2, folder=tmp_path / "file")


# The picture


def test_the_picture_has_every_trial_at_its_options():
    pytest.importorskip("matplotlib")
    from microgd.plots.search import draw_search

    found = search(CONFIG, [*SPACE, "norm=none|before"], 6, 2)
    plot = draw_search(found)
    means = [trial.mean("accuracy") for trial in found.trials]
    lr, hidden, norm = plot.figure.axes
    for axes in (lr, hidden, norm):
        x, y = axes.containers[0].lines[0].get_data()
        assert_allclose(y, means)
        (star,) = [line for line in axes.lines if line.get_marker() == "*"]
        assert (star.get_xdata()[0], star.get_ydata()[0]) == (x[0], y[0])
    x, _ = lr.containers[0].lines[0].get_data()
    assert_allclose(x, [trial.options["lr"] for trial in found.trials])
    assert lr.get_xscale() == "log"
    names = [text.get_text() for text in hidden.get_xticklabels()]
    x, _ = hidden.containers[0].lines[0].get_data()
    for place, trial in zip(x, found.trials, strict=True):
        assert names[round(place)] == shown(trial.options["hidden"])


def test_the_picture_shows_what_diverged():
    pytest.importorskip("matplotlib")
    from microgd.plots.search import draw_search

    config = CONFIG.changed(optimizer="sgd", loss="squared", data="line", hidden=())
    for tries in (["lr=0.01|1e30"], ["lr=1e30|1e31"]):
        found = search(config, tries, 2, 2)
        (axes,) = draw_search(found, dark=True).figure.axes
        (crosses,) = [line for line in axes.lines if line.get_marker() == "X"]
        assert len(crosses.get_xdata()) == sum(t.diverged is not None for t in found.trials)


# The command

NET = ("--data", "moons(count=60)", "--epochs", "2", "--device", "interpreter")
TRY = ("--try", "lr=1e-3..1e-1:log", "--try", "hidden=none|4", "--trials", "3", "--folds", "2")


def test_the_command_tells_the_table_and_keeps_it(tmp_path: Path):
    folder = str(tmp_path / "search")
    told = said("search", *NET, *TRY, "-o", folder)
    assert "saved" in said("search", *NET, *TRY, "-o", folder, "--plot", f"{folder}/s.svg")
    assert "3 trials, best first: 2 folds of 48 examples" in told
    assert "12 more examples" in " ".join(told.split())
    assert told.rstrip().endswith("best.toml")
    found = json.loads(said("search", *NET, *TRY, "-o", folder, "--json"))
    rows = list(csv.DictReader(io.StringIO(said("search", *NET, *TRY, "-o", folder, "--csv", "-"))))
    assert [int(row["trial"]) for row in rows] == [trial["trial"] for trial in found["trials"]]
    table = [line.split() for line in told.split("\n")]
    first = table.index(next(line for line in table if line[:2] == ["trial", "accuracy"])) + 2
    assert [line[0] for line in table[first : first + 3]] == [row["trial"] for row in rows]
    trained = said("train", "--config", f"{folder}/best.toml", "--run", str(tmp_path / "run"))
    assert "ended after 2 epochs" in trained


def test_the_command_reads_a_space_from_a_file(tmp_path: Path):
    (tmp_path / "space.toml").write_text('lr = "1e-3..1e-1:log"\nhidden = [[], [4]]\n')
    given = ("--space", str(tmp_path / "space.toml"), "--trials", "3", "--folds", "2")
    here = json.loads(said("search", *NET, *given, "--json"))
    there = json.loads(said("search", *NET, *TRY, "--json"))
    assert [t["options"] for t in here["trials"]] == [t["options"] for t in there["trials"]]
    file = tmp_path / "trials.csv"
    assert "the best, as a TOML file" in said("search", *NET, *given, "--csv", str(file))
    assert len(file.read_text().split("\n")) == 5


def test_all_diverged_is_a_failure():
    given = ("--data", "line", "--hidden", "none", "--optimizer", "sgd", "--try", "lr=1e30|1e31")
    result = run("search", *given, "--epochs", "2", "--device", "interpreter", "--trials", "2")
    assert result.exit_code == 1
    assert "all 2 trials diverged" in result.stderr
    assert result.stdout.count("diverged") >= 4


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Say what to try"),
        (("--try", "lr=1|2", "--space", "x.toml"), "not both"),
        (("--space", "missing.toml"), "missing.toml"),
        (("--try", "lr=0.1", "--lr", "0.1"), "--lr says what it is"),
        (("--try", "lr=0.1", "--grid", "--trials", "3"), "leave --trials out"),
        (("--try", "lr=0.1..1", "--grid"), "lr=0.1..1:4"),
        (("--try", "optimizer=adm"), "adm"),
        (("--try", "lr=0.1", "--json", "--csv", "-"), "choose one"),
        (("--try", "lr=0.1", "--folds", "1"), "--folds"),
        (("--try", "lr=0.1", "--plot", "x.gif"), "does not end in"),
    ],
)
def test_the_command_refuses(arguments: tuple[str, ...], said: str):
    result = run("search", *NET, *arguments)
    assert result.exit_code in (1, 2)
    assert said in " ".join(result.stderr.split())
    if "missing.toml" not in arguments:
        refused(2, "search", *NET, *arguments)


def test_a_process_that_is_killed_goes_on(tmp_path: Path):
    folder, given = tmp_path / "search", ("--try", "lr=1e-3..1e-1:log", "--folds", "2")
    process = start("search", *NET, *given, "--trials", "1000", "-o", str(folder))
    state = folder / "search.json"
    for _ in range(600):
        if state.exists() and len(json.loads(state.read_text())["results"]) >= 3:
            break
        time.sleep(0.05)
    process.kill()
    process.communicate()
    kept = json.loads(state.read_text())["results"]
    assert 3 <= len(kept) < 2000
    count = str(len(kept) // 2 + 1)
    found = json.loads(said("search", *NET, *given, "--trials", count, "-o", str(folder), "--json"))
    folds = sorted(
        (f for t in found["trials"] for f in t["folds"]), key=lambda f: (f["trial"], f["fold"])
    )
    assert folds[: len(kept)] == kept  # with the seconds they took then
    anew = json.loads(said("search", *NET, *given, "--trials", count, "--json"))
    for one, other in zip(found["trials"], anew["trials"], strict=True):
        assert one["options"] == other["options"]
        assert [f["loss"] for f in one["folds"]] == [f["loss"] for f in other["folds"]]
