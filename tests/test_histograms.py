"""Hidden values and gradients: against a net by hand in NumPy, and nets that are ill on purpose."""

from __future__ import annotations

import csv
import io
import json
import math

import numpy as np
import pytest
from cli_runner import names_in, refused, said

import microgd as mg
from microgd.data import read_dataset
from microgd.plots.hidden_values import draw_histograms
from microgd.training import Config, Trainer, histograms, histograms_of_run
from microgd.training.hidden_values import INITS, measure, some
from microgd.training.hidden_verdicts import times
from microgd.training.setup import assemble

DEEP = Config(hidden=(64,) * 6, activation="tanh", device="interpreter")
SMALL = ("--data", "moons", "--layers", "2", "--width", "8", "--examples", "40")


def by_hand(config, x, y):
    """Hidden values, per-example gradients and weight gradients of a tanh net, in NumPy."""
    params = assemble(config).net.init(config.seed, "float64")
    weights = [params[f"linear{i + 1}"] for i in range(len(config.hidden) + 1)]
    values = [x]
    for layer in weights[:-1]:
        values.append(np.tanh(values[-1] @ layer["w"] + layer["b"]))
    scores = values[-1] @ weights[-1]["w"] + weights[-1]["b"]
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(len(y)), y]).mean()
    back = p.copy()
    back[np.arange(len(y)), y] -= 1  # ∂L/∂s of cross entropy
    gradients, lengths = [], []
    for place in range(len(weights) - 1, 0, -1):
        upstream = back @ weights[place]["w"].T
        gradients.insert(0, upstream)
        back = upstream * (1 - values[place] ** 2)
        lengths.insert(0, np.linalg.norm(values[place - 1].T @ back / len(y)))
    return values[1:], gradients, lengths, loss


@pytest.mark.parametrize("init", ["xaviernormal(fan=in)", "normal(sigma=0.01)", "normal(sigma=1)"])
def test_a_tanh_net_by_hand(init):
    config = DEEP.changed(init=init)
    (found,) = histograms(config, examples=50)
    x, y = some(assemble(config).train, 50, 0)
    values, gradients, lengths, loss = by_hand(config, x, y)
    assert found.loss == pytest.approx(loss, rel=1e-12)
    for layer, h, g, length in zip(found.layers, values, gradients, lengths, strict=True):
        np.testing.assert_allclose(layer.values, h, rtol=1e-10, atol=1e-14)
        np.testing.assert_allclose(layer.gradients, g, rtol=1e-8, atol=1e-16)
        assert layer.weight_gradient == pytest.approx(length, rel=1e-9)
        assert layer.std == pytest.approx(h.std())
        assert layer.saturated == pytest.approx((np.abs(h) > math.sqrt(0.95)).mean())
        assert layer.gradient == pytest.approx(np.sqrt((np.linalg.norm(g, axis=1) ** 2).mean()))
    assert found.vanishing == pytest.approx(found.layers[0].gradient / found.layers[-1].gradient)


def test_the_lectures_slide():
    """Zeros, too small, too large, Xavier, He: what 004 says of each."""
    zeros, small, large, xavier, he = histograms(DEEP, INITS, examples=200)
    assert all(layer.alike for layer in zeros.layers)
    assert "symmetry" in zeros.verdict
    assert small.layers[5].std < 1e-3 * small.layers[0].std
    assert "shrink" in small.verdict
    assert "vanishes" in small.verdict
    assert large.layers[5].saturated > 0.5
    assert "saturated" in large.verdict
    assert xavier.findings == he.findings == ()


def test_relu_wants_he_and_not_xavier():
    deep = DEEP.changed(activation="relu", hidden=(256,) * 10)
    xavier, he = histograms(deep, ["xaviernormal(fan=in)", "henormal"], examples=200)
    assert "shrink" in xavier.verdict
    assert he.findings == ()
    ratio = xavier.layers[-1].std / xavier.layers[0].std
    assert ratio == pytest.approx(2**-4.5, rel=0.5)  # half of the variance is lost at each ReLU


def test_sigmoids_let_the_gradient_vanish():
    (found,) = histograms(DEEP.changed(activation="sigmoid", init="xaviernormal(fan=in)"))
    assert found.vanishing < 0.25**5 * 4  # σ' is at most ¼
    assert "vanishes" in found.verdict


def test_dead_units_are_counted():
    net = mg.nn.Sequential(
        [mg.nn.Linear(2, 4), mg.nn.Activation("relu"), mg.nn.Linear(4, 2)]
    )  # fmt: skip
    params = net.init(0, "float64")
    params["linear1"]["b"] = np.array([-100.0, -100.0, 100.0, 100.0])
    data = read_dataset("moons")
    found = measure(net, params, net.start("float64"), mg.losses.cross_entropy, data.x, data.y,
                    "classes")  # fmt: skip
    assert found.layers[0].dead == 0.5
    assert found.layers[0].zeros == 0.5
    assert (found.layers[0].gradients != 0).any()  # they come back, and go no further
    assert "50% of the units in layer 1 are dead" in found.verdict


def test_saturated_sigmoids_are_counted():
    net = mg.nn.Sequential(
        [mg.nn.Linear(2, 4), mg.nn.Activation("sigmoid"), mg.nn.Linear(4, 2)]
    )  # fmt: skip
    params = net.init(0, "float64")
    params["linear1"]["w"] = np.zeros((2, 4))
    params["linear1"]["b"] = np.array([-9.0, 0.0, 1.0, 9.0])
    data = read_dataset("moons")
    found = measure(net, params, {}, mg.losses.cross_entropy, data.x, data.y, "classes")
    assert found.layers[0].saturated == 0.5
    assert not found.layers[0].alike


def test_values_that_blow_up_are_told_and_written():
    wild = DEEP.changed(activation="relu", init="normal(sigma=1e35)", hidden=(64,) * 10)
    (found,) = histograms(wild, examples=20)
    assert "not finite" in found.verdict
    json.dumps(found.to_dict(), allow_nan=False)
    draw_histograms(found)


@pytest.mark.parametrize("options", [{"norm": "before"}, {"norm": "after"}, {"dropout": 0.5}])
def test_other_layers_are_in_between(options):
    (found,) = histograms(DEEP.changed(**options), examples=60)
    assert [layer.name for layer in found.layers] == [f"tanh{i}" for i in range(1, 7)]
    if options.get("norm") == "before":
        assert found.layers[0].std == pytest.approx(found.layers[5].std, rel=0.1)


@pytest.mark.parametrize("data", ["line", "moons", "digits"])
@pytest.mark.parametrize("loss", [None, "squared", "binarycrossentropy", "svm"])
def test_any_task(data, loss):
    config = Config(data=data, hidden=(6, 6), loss=loss)
    fits = {"squared": data != "digits", "binarycrossentropy": data == "moons",
            "svm": data != "line"}.get(loss, True)  # fmt: skip
    if fits:
        assert math.isfinite(histograms(config, examples=30)[0].loss)
    else:
        with pytest.raises(mg.errors.ArgumentError):
            histograms(config, examples=30)


def test_the_numbers_do_not_depend_on_the_batch_size():
    a, b = (histograms(DEEP, examples=n)[0].layers[3] for n in (200, 800))
    assert a.gradient == pytest.approx(b.gradient, rel=0.2)


def test_what_is_asked_wrongly_is_refused():
    for call in (
        lambda: histograms(DEEP, "zeros"),
        lambda: histograms(DEEP, ["nothing"]),
        lambda: histograms(DEEP, examples=0),
        lambda: histograms(DEEP.changed(hidden=())),
        lambda: draw_histograms([]),
        lambda: draw_histograms(histograms(DEEP, examples=9), show="all"),
    ):
        with pytest.raises(mg.errors.ArgumentError):
            call()


def test_the_arrays_are_read_only():
    layer = histograms(DEEP, examples=20)[0].layers[0]
    with pytest.raises(ValueError, match="read-only"):
        layer.values[0, 0] = 1.0


def test_ratios_in_words():
    assert [times(r) for r in (1e-7, 3e-3, 0.5, 30, 1e6, 0.0)] == [
        *("10⁻⁷", "0.003", "0.5", "30", "10⁶", "0"),
    ]  # fmt: skip


# -- a run ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "moons"
    config = Config(data="moons", hidden=(8, 8), activation="tanh", epochs=3, device="interpreter")
    list(Trainer(config, folder=folder).epochs())
    return folder


def test_a_runs_values_are_those_of_its_net(run_folder):
    found = histograms_of_run(run_folder, which="last", examples=64)
    model = mg.training.load_model(run_folder, "last")
    train = assemble(model.config.changed(standardise=False)).train
    x, y = some(train, 64, 0)
    scaled = (x - model.scale["mean"]) / model.scale["deviation"]
    first = np.tanh(scaled @ model.params["linear1"]["w"] + model.params["linear1"]["b"])
    np.testing.assert_allclose(found.layers[0].values, first, atol=1e-6)
    each = mg.losses.cross_entropy(np.asarray(model.outputs(x), float), y)
    assert found.loss == pytest.approx(float(each), rel=1e-5)


def test_the_command_looks_into_a_run(run_folder, tmp_path):
    printed = said("histograms", "--run", str(run_folder), "-o", str(tmp_path / "h.png"))
    assert "epoch 3" in printed
    assert names_in(tmp_path) == ["h.png"]
    assert "leave --init out" in refused(2, "histograms", "--run", "x", "--init", "zeros")
    refused(2, "histograms", "--run", str(tmp_path / "nothing"))


# -- the command ------------------------------------------------------------------------------


def test_the_command_shows_a_table_for_each():
    printed = said("histograms", *SMALL, "--init", "zeros,normal(sigma=1),xaviernormal(fan=in)")
    assert "symmetry is never broken" in printed
    assert printed.count("tanh2") == 3


def test_json_and_csv():
    arguments = ("histograms", *SMALL, "--init", "zeros,henormal", "--activation", "relu")
    nets = json.loads(said(*arguments, "--json"))
    assert [net["name"] for net in nets] == ["zeros", "henormal"]
    assert sum(nets[1]["layers"][0]["values"]["counts"]) == 40 * 8
    rows = list(csv.DictReader(io.StringIO(said(*arguments, "--csv", "-"))))
    assert len(rows) == 4
    assert float(rows[2]["std"]) == nets[1]["layers"][0]["std"]
    assert rows[2]["saturated"] == ""


def test_files_are_written(tmp_path):
    said("histograms", *SMALL, "-o", str(tmp_path / "a.svg"), "--csv", str(tmp_path / "a.csv"),
         "--show", "gradients")  # fmt: skip
    assert names_in(tmp_path) == ["a.csv", "a.svg"]


@pytest.mark.parametrize(
    "arguments",
    [("--init", "nothing"), ("--activation", "rleu"), ("--layers", "0"), ("--data", "nothing"),
     ("-o", "a.txt"), ("--json", "--csv", "-"), ("--init", ","), ("--examples", "0"),
     ("--init", ",".join(["zeros"] * 9), "-o", "a.svg"), ("--show", "all")],
)  # fmt: skip
def test_bad_usage_exits_with_2(arguments):
    refused(2, "histograms", *SMALL, *arguments)


# -- the picture ------------------------------------------------------------------------------


def test_the_picture_has_a_panel_for_each_layer_and_one_for_gradients():
    nets = histograms(DEEP, ["zeros", "normal(sigma=0.01)"], examples=50)
    figure = draw_histograms(nets).figure
    assert [len(part.axes) for part in figure.subfigs] == [7, 7]
    counts = figure.subfigs[1].axes[0].patches[0].get_data().values
    assert counts.sum() == 50 * 64
    assert [len(p.axes) for p in draw_histograms(nets, show="gradients").figure.subfigs] == [6, 6]


def test_of_many_layers_some_are_drawn():
    (net,) = histograms(DEEP.changed(hidden=(8,) * 20), examples=20)
    axes = draw_histograms(net).figure.subfigs[0].axes
    names = [one.get_xlabel() for one in axes[:-1]]
    assert (names[0], names[-1], len(names)) == ("layer 1", "layer 20", 6)
