"""Loss landscapes: against closed forms, against the model's own loss, on devices, as pictures."""

from __future__ import annotations

import csv
import io
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_runner import refused, run, said
from numpy.testing import assert_allclose, assert_array_equal

from microgd.autodiff.tree import leaves
from microgd.data import Dataset, read_dataset
from microgd.errors import ArgumentError
from microgd.nn import Activation, BatchNorm, Linear, Sequential
from microgd.training import (
    Config,
    Landscape,
    Model,
    Trainer,
    landscape,
    model_of,
    plane_of,
    random_direction,
    snapshots,
)

RNG = np.random.default_rng(8)
OFFLINE = {"device": "interpreter"}


def linear_model(scale: bool = True) -> tuple[Model, Dataset]:
    """Three inputs, two outputs, squared loss, columns that have to be scaled."""
    x = RNG.normal(size=(40, 3)) * [1.0, 10.0, 0.1] + [0.0, 5.0, -2.0]
    data = Dataset("plane", x, RNG.normal(size=(40, 2)))
    config = Config(data="plane", hidden=(), dtype="float64", standardise=scale, **OFFLINE)
    return model_of(Trainer(config, data)), data


@pytest.fixture(scope="module")
def walked() -> tuple[list[Model], Dataset]:
    config = Config(data="moons", hidden=(6,), epochs=5, lr=0.02, norm="before", **OFFLINE)
    return [model for model, _ in snapshots(Trainer(config))], read_dataset("moons")


# The numbers


def test_the_slice_of_a_linear_model_is_its_parabola():
    model, data = linear_model()
    seen = landscape(model, data, size=7, reach=2.0, seed=3)
    x = (data.x - model.scale["mean"]) / model.scale["deviation"]
    own = model.params["linear1"]
    rest = x @ own["w"] + own["b"] - data.y
    u, v = (x @ d["linear1"]["w"] for d in (seen.first, seen.second))
    # mean (r + a·u + b·v)², multiplied out
    for (row, column), loss in np.ndenumerate(seen.loss):
        a, b = seen.a[column], seen.b[row]
        parabola = (
            (rest**2).mean()
            + 2 * a * (rest * u).mean()
            + 2 * b * (rest * v).mean()
            + a * a * (u * u).mean()
            + 2 * a * b * (u * v).mean()
            + b * b * (v * v).mean()
        )
        assert_allclose(loss, parabola, rtol=1e-10)


def test_the_centre_is_the_models_loss(walked):
    models, data = walked
    seen = landscape(models[-1], data, size=3)
    assert_allclose(seen.centre, models[-1].evaluate(data)["loss"], rtol=1e-6)
    assert seen.loss[1, 1] == seen.centre
    assert landscape(models[-1], data, size=4).centre == seen.centre  # no place of that grid


def test_each_filter_is_as_long_as_that_of_the_weights():
    net = Sequential([Linear(5, 4), BatchNorm(4), Activation("prelu"), Linear(4, 3)])
    params = net.init(2, "float64")
    params["linear1"]["b"] += 1.0
    params["linear2"]["w"][:, 1] = 0.0
    direction = random_direction(params, 7)
    for layer in ("linear1", "linear2"):
        lengths = (np.linalg.norm(tree[layer]["w"], axis=0) for tree in (params, direction))
        assert_allclose(*lengths, rtol=1e-12)
        assert not direction[layer]["b"].any()
    for leaf in (*leaves(direction["batchnorm1"]), direction["prelu1"]["alpha"]):
        assert not leaf.any()
    assert_array_equal(direction["linear2"]["w"][:, 1], 0.0)
    again, other = random_direction(params, 7), random_direction(params, 8)
    assert_array_equal(direction["linear1"]["w"], again["linear1"]["w"])
    assert (direction["linear1"]["w"] != other["linear1"]["w"]).all()


def test_a_net_that_is_the_same_function_has_the_same_landscape():
    """ReLU nets are the same with 10·w₁ and w₂/10; without normalisation their slices are not."""
    config = Config(data="moons", hidden=(6,), dtype="float64", **OFFLINE)
    data = read_dataset("moons")
    model = model_of(Trainer(config))
    own = model.params
    scaled = {
        "linear1": {name: 10.0 * value for name, value in own["linear1"].items()},
        "linear2": {"w": own["linear2"]["w"] / 10.0, "b": own["linear2"]["b"]},
    }
    one, two = (landscape(m, data, size=5) for m in (model, replace(model, params=scaled)))
    assert_allclose(one.loss, two.loss, rtol=1e-10)


def test_batch_normalisation_uses_what_it_has_learnt(walked):
    models, data = walked
    model = models[-1]
    seen = landscape(model, data, size=3, reach=0.5, seed=1)
    params = {
        layer: {name: own[name] + 0.5 * seen.first[layer][name] for name in own}
        for layer, own in model.params.items()
    }
    moved = replace(model, params=params)
    assert_allclose(seen.loss[1, 2], moved.evaluate(data)["loss"], rtol=1e-5)


def test_every_device_sees_the_same(opencl_device, walked):
    models, data = walked
    here, there = (
        landscape(models[-1], data, size=4, device=d) for d in ("interpreter", opencl_device)
    )
    assert_allclose(there.loss, here.loss, rtol=2e-5)


def test_data_in_several_parts(monkeypatch, walked):
    models, data = walked
    whole = landscape(models[-1], data, size=3)
    monkeypatch.setattr(sys.modules[landscape.__module__], "CHUNK", 7)
    assert_allclose(landscape(models[-1], data, size=3).loss, whole.loss, rtol=1e-5)


def test_far_away_the_loss_may_be_beyond_all_numbers(walked):
    models, data = walked
    seen = landscape(models[-1], data, size=3, reach=1e38)
    assert not np.isfinite(seen.loss[0, 0])
    assert np.isfinite(seen.centre)
    assert seen.to_dict()["loss"][0][0] is None
    json.dumps(seen.to_dict(), allow_nan=False)


# The path


def test_the_plane_of_a_path_is_the_best_one(walked):
    models, _ = walked
    path = [m.params for m in models]
    plane = plane_of(path, path[-1])
    flat = [np.concatenate([np.ravel(x) for x in leaves(p)]).astype(float) for p in path]
    away = np.array(flat) - flat[-1]
    pair = np.array([np.concatenate([np.ravel(x) for x in leaves(t)])
                     for t in (plane.first, plane.second)])  # fmt: skip
    assert_allclose(pair @ pair.T, np.eye(2), atol=1e-9)
    assert_allclose(plane.walk, away @ pair.T, atol=1e-9)
    # Eckart and Young: what is left over is the sum of the other eigenvalues.
    values = np.sort(np.linalg.eigvalsh(away @ away.T))[::-1]
    left = ((away - plane.walk @ pair) ** 2).sum()
    assert_allclose(left, values[2:].sum(), rtol=1e-6, atol=1e-9)
    assert_allclose(plane.shares, values[:2] / values.sum(), rtol=1e-6)


def test_the_places_of_a_short_path_lie_in_the_plane():
    config = Config(data="moons", hidden=(4,), epochs=2, dtype="float64", **OFFLINE)
    models = [model for model, _ in snapshots(Trainer(config))]
    data = read_dataset("moons")
    seen = landscape(models[-1], data, size=3, path=[m.params for m in models])
    assert_allclose(seen.walk[-1], 0.0, atol=1e-12)
    assert_allclose(sum(seen.shares), 1.0)
    a, b = seen.walk[0]
    for layer, own in models[-1].params.items():
        for name in own:
            back = own[name] + a * seen.first[layer][name] + b * seen.second[layer][name]
            assert_allclose(back, models[0].params[layer][name], atol=1e-9)
    assert seen.a[0] < seen.walk[:, 0].min() < seen.walk[:, 0].max() < seen.a[-1]
    assert seen.b[0] < seen.walk[:, 1].min() <= seen.walk[:, 1].max() < seen.b[-1]
    assert seen.seed is None


def test_a_path_on_a_line_is_no_plane(walked):
    models, data = walked
    for path in ([models[-1].params], [models[0].params, models[-1].params]):
        with pytest.raises(ArgumentError, match="2 epochs"):
            landscape(models[-1], data, size=3, path=path)


# What is refused, and what is written


@pytest.mark.parametrize(
    ("options", "said"),
    [({"size": 1}, "size"), ({"reach": 0.0}, "^reach must be"), ({"size": 2.5}, "^size")],
)
def test_options_that_make_no_sense(walked, options, said):
    with pytest.raises(ArgumentError, match=said):
        landscape(walked[0][-1], walked[1], **options)


def test_data_of_another_kind(walked):
    for other in ("digits", "spirals", "line"):
        with pytest.raises(ArgumentError, match="kind of data"):
            landscape(walked[0][-1], read_dataset(other), size=2)


def test_lowest_is_the_lowest_place():
    flat = {"w": np.zeros((1, 1))}
    axis = np.array([-1.0, 0.0, 1.0])
    loss = np.array([[9.0, 8.0, 7.0], [6.0, 5.0, 4.0], [np.nan, 2.0, 3.0]])
    seen = Landscape(axis, axis, loss, 5.0, flat, flat, 1, "x")
    assert seen.lowest == (0.0, 1.0, 2.0)
    assert replace(seen, loss=loss + 9).lowest == (0.0, 0.0, 5.0)
    rows = list(csv.reader(io.StringIO(seen.to_csv())))
    assert rows[0] == ["a", "b", "loss"]
    assert [float(x) for x in rows[8]] == [0.0, 1.0, 2.0]
    assert len(rows) == 10


# The picture

pytest.importorskip("matplotlib")


def test_levels_are_round_and_rise():
    from microgd.plots.landscape import LINES, loss_levels

    for low, high in ((0.05, 5.0), (1e-9, 1e9), (1.0, 1.2), (0.0, 3.0), (-2.0, 2.0), (1e-3, 0.02)):
        levels = loss_levels(np.array([low, high]))
        assert 2 <= len(levels) <= LINES[1]
        assert (np.diff(levels) > 0).all()
        assert low <= levels[0] <= levels[-1] <= high
        assert all(float(f"{level:.3g}") == pytest.approx(level, rel=1e-9) for level in levels)
    ratios = np.divide(*np.array([loss_levels(np.array([0.1, 1e4]))[i:][:4] for i in (1, 0)]))
    assert ratios.min() > 1.5  # log-spaced
    assert loss_levels(np.array([np.nan, np.inf, 2.0, 2.0])) == []


def test_the_picture_marks_the_net_the_lowest_place_and_the_path(walked):
    from microgd.plots.landscape import draw_landscape

    models, data = walked
    seen = landscape(models[-2], data, size=9, path=[m.params for m in models])
    plot = draw_landscape(seen)
    lines = {
        line.get_label().split(":")[0]: line.get_xydata() for line in plot.figure.axes[0].lines
    }
    assert_array_equal(lines["the net"], [[0.0, 0.0]])
    assert_array_equal(lines["lowest here"], [seen.lowest[:2]])
    assert_array_equal(lines["after each epoch"], seen.walk)
    assert_array_equal(lines["start"], seen.walk[:1])
    for dark in (False, True):
        assert draw_landscape(landscape(models[-1], data, size=5), dark=dark).png


@pytest.mark.parametrize("fill", [1.0, np.nan, np.inf])
def test_a_landscape_without_hills_says_so(walked, fill):
    from microgd.plots.landscape import draw_landscape

    seen = landscape(walked[0][-1], walked[1], size=3)
    plot = draw_landscape(replace(seen, loss=np.full((3, 3), fill)))
    (text,) = plot.figure.axes[0].texts
    assert text.get_text().startswith("the loss is ")


# The command


NET = ("--data", "moons(count=60)", "--hidden", "4", "--epochs", "3", "--device", "interpreter")


@pytest.fixture
def folder(tmp_path: Path) -> str:
    said("train", *NET, "--run", str(tmp_path / "run"), "--quiet")
    return str(tmp_path / "run")


def test_the_command_sees_a_run(folder: str, tmp_path: Path):
    found: dict[str, Any] = json.loads(said("landscape", folder, "--size", "3", "--json"))
    evaluated = json.loads(said("evaluate", folder, "--json"))
    held = json.loads(said("landscape", folder, "--size", "2", "--on", "held-out", "--json"))
    assert_allclose(held["centre"], evaluated["loss"], rtol=1e-5)
    assert found["examples"] == 48
    assert found["loss"][1][1] == found["centre"]
    few = json.loads(said("landscape", folder, "--size", "2", "--examples", "7", "--json"))
    assert few["examples"] == 7
    assert len(said("landscape", folder, "--size", "4", "--csv", "-").split("\n")) == 4 * 4 + 2
    picture = tmp_path / "seen.svg"
    told = said("landscape", folder, "--size", "5", "-o", str(picture))
    assert "the net's loss on 48 examples of moons" in told
    assert "<svg" in picture.read_text()


def test_the_command_walks_a_run_again(folder: str):
    found = json.loads(said("landscape", folder, "--checkpoint", "last", "--path", "--json"))
    assert len(found["walk"]) == 4
    assert_allclose(found["walk"][-1], [0, 0], atol=1e-6)
    assert "of the way of 3 epochs" in said("landscape", folder, "--path", "--checkpoint", "last")


def test_the_command_trains_where_there_is_no_run():
    told = said("landscape", *NET, "--size", "3", "--path")
    assert told.startswith("training 2-4-2 relu on 48 examples of moons, 3 epochs")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "There is no net"),
        (("nowhere",), "no checkpoint"),
        (("--checkpoint", "best"), "name its folder"),
        (("nowhere", "--hidden", "4"), "leave --hidden out"),
        ((*NET, "--path", "--reach", "2"), "leave --reach"),
        ((*NET, "--on", "held-out", "--held-out", "0"), "Nothing was held out"),
        ((*NET, "-o", "x.gif"), "does not end in"),
        ((*NET, "--json", "--csv", "-"), "choose one"),
        ((*NET, "--size", "1"), "--size"),
        ((*NET, "--path", "--epochs", "1"), "2 epochs"),
    ],
)
def test_the_command_refuses(arguments: tuple[str, ...], said: str):
    assert said in " ".join(refused(2, "landscape", *arguments).split())


def test_a_folder_that_is_not_there(tmp_path: Path):
    result = run("landscape", *NET, "--size", "2", "-o", str(tmp_path / "missing" / "x.svg"))
    assert result.exit_code == 1
    assert "no directory" in result.stderr
