"""Checks before training: each is passed by a healthy run, and failed by an illness on purpose."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from cli_runner import names_in, refused, run, said

import microgd as mg
from microgd.data import Dataset, read_dataset
from microgd.nn import Activation, Linear, Sequential
from microgd.nn.layer import Layer
from microgd.training import Config, sanity
from microgd.training import sanity_checks as still
from microgd.training import sanity_runs as moving
from microgd.training.sanity_checks import ignorant_loss
from microgd.training.setup import assemble

HEALTHY = Config(data="moons", hidden=(16,), lr=0.01, device="interpreter")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """What learns nothing is given up earlier."""
    monkeypatch.setattr(moving, "HEART_STEPS", 200)


def failed(config: Config, *rest: Any, **options: Any) -> set[str]:
    return {check.name for check in sanity(config, *rest, **options).failed}


@pytest.mark.parametrize(
    "options",
    [{}, {"data": "line"}, {"data": "line", "hidden": ()}, {"data": "digits"}, {"data": "xor"},
     {"loss": "svm"}, {"loss": "binarycrossentropy"},
     {"norm": "before", "dropout": 0.2}, {"activation": "tanh", "init": "xaviernormal"},
     {"data": "blobs", "l2": 1e-4}, {"dtype": "float64"}],
)  # fmt: skip
def test_a_healthy_run_passes(options):
    report = sanity(HEALTHY.changed(**options), thorough="data" not in options)
    assert report, [(c.name, c.found, c.expected) for c in report.failed]


def test_the_same_on_a_device(opencl_device):
    report = sanity(HEALTHY.changed(device="{}:{}".format(*opencl_device.index)))
    assert report
    here = sanity(HEALTHY)
    assert report.begun == pytest.approx(here.begun, rel=1e-3)


# -- data -------------------------------------------------------------------------------------


def blob(scale: float = 1.0, rare: int = 50, often: int = 50) -> Dataset:
    rng = np.random.default_rng(0)
    y = np.array([0] * often + [1] * rare)
    x = rng.normal(size=(len(y), 2)) + 2.0 * y[:, None]
    return Dataset("two", scale * x, y, ("a", "b"))


@pytest.mark.parametrize("scale", [1e-3, 100.0])
def test_data_of_a_wrong_scale(scale):
    raw = HEALTHY.changed(standardise=False)
    assert "inputs scaled" in failed(raw, blob(scale))
    assert still.inputs_scaled(assemble(raw, blob())).passed
    assert still.inputs_scaled(assemble(HEALTHY, blob(scale))).passed


def test_one_column_that_is_far_larger_is_named():
    data = blob()
    wide = replace(data, x=data.x * [1.0, 100.0], features=("height", "income"))
    check = still.inputs_scaled(assemble(HEALTHY.changed(standardise=False), wide))
    assert not check.passed
    assert "income" in check.advice


def test_labels_out_of_balance():
    assert "labels balanced" in failed(HEALTHY.changed(held_out=0.0), blob(rare=4))
    assert still.targets_fit(assemble(HEALTHY, blob(rare=20))).passed


def test_a_single_class():
    one = Dataset("one", np.random.default_rng(0).normal(size=(40, 2)), np.zeros(40, int), ("x",))
    (check,) = (one for one in sanity(HEALTHY, one).failed if one.name == "labels balanced")
    assert check.found == "all are x"


def test_targets_of_a_wrong_scale():
    line = read_dataset("line")
    huge = replace(line, y=line.y * 1e4)
    assert "targets scaled" in failed(HEALTHY.changed(data="line"), huge)


# -- the net ----------------------------------------------------------------------------------


@pytest.mark.parametrize("last", ["relu", "sigmoid", "tanh"])
def test_outputs_that_do_not_fit(last):
    net = Sequential([Linear(2, 16), Activation("relu"), Linear(16, 2), Activation(last)])
    check = still.output_range(assemble(HEALTHY, None, net))
    assert not check.passed
    assert last in check.advice


def test_targets_outside_of_the_outputs():
    net = Sequential([Linear(1, 16), Activation("relu"), Linear(16, 1), Activation("sigmoid")])
    line = HEALTHY.changed(data="line")
    assert "output range" in failed(line, None, net)
    data = read_dataset("line")
    inside = replace(data, y=(data.y - data.y.min()) / np.ptp(data.y))
    assert still.output_range(assemble(line, inside, net)).passed


@pytest.mark.parametrize(
    ("data", "loss", "wanted"),
    [("digits", None, math.log(10)), ("moons", "binarycrossentropy", math.log(2)),
     ("digits", "svm", 9.0), ("blobs", "crossentropy", math.log(3))],
)  # fmt: skip
def test_the_loss_of_knowing_nothing(data, loss, wanted):
    parts = assemble(Config(data=data, loss=loss))
    assert ignorant_loss(parts) == pytest.approx(wanted)


def test_of_squared_error_it_is_the_variance():
    parts = assemble(Config(data="line"))
    assert ignorant_loss(parts) == pytest.approx(np.var(parts.train.y))


def test_weights_that_are_too_large():
    found = failed(HEALTHY.changed(init="normal(sigma=10)"))
    assert "first loss" in found


def test_a_net_that_knows_too_much():
    """Labels among the inputs, and weights that read them."""
    data = blob()
    told = replace(data, x=np.c_[20.0 * (data.y - 0.5), data.x[:, 1]], features=())
    net = Sequential([Knowing(2)])
    config = HEALTHY.changed(standardise=False, optimizer="sgd", held_out=0.0)
    check = sanity(config, told, net).check("first loss")
    assert not check.passed
    assert "labels among the inputs" in check.advice


@dataclass(frozen=True)
class Knowing(Layer):
    """Scores from the first column."""

    width: int = 2

    def init(self, key: Any = 0) -> Any:
        return {"w": np.array([[-1.0, 1.0], [0.0, 0.0]])}

    def forward(self, params: Any, state: Any, x: Any, mode: Any) -> Any:
        return x @ params["w"], {}


def test_zeros_keep_units_alike():
    found = failed(HEALTHY.changed(init="zeros"))
    assert {"units at the start", "overfits a batch", "loss falls"} <= found


def test_a_dead_net():
    """Biases far below zero: no ReLU is ever on."""
    net = Sequential(
        [Linear(2, 16, biases=mg.init.Constant(-100.0)), Activation("relu"), Linear(16, 2)]
    )
    report = sanity(HEALTHY, None, net)
    check = report.check("units at the start")
    assert not check.passed
    assert "100% dead" in check.found


def test_a_saturated_net():
    report = sanity(HEALTHY.changed(activation="sigmoid", init="normal(sigma=50)"))
    check = report.check("units at the start")
    assert not check.passed
    assert "saturated" in check.found


def test_a_net_through_which_no_gradient_comes():
    deep = HEALTHY.changed(activation="sigmoid", hidden=(8,) * 8, init="normal(sigma=0.1)")
    for config, passed in ((deep, False), (HEALTHY.changed(hidden=(16,) * 3), True)):
        parts = assemble(config)
        untrained = parts.net.init(0, "float64"), parts.net.start("float64")
        assert still.units(parts, untrained, "")[1].passed is passed


def test_units_that_die_in_the_first_steps():
    report = sanity(HEALTHY.changed(data="line", optimizer="adam", lr=3.0))
    assert report.check("units at the start").passed
    check = report.check("units after 50 steps")
    assert not check.passed
    assert "100% dead" in check.found
    assert "smaller --lr" in check.advice


@pytest.fixture
def wrong_gate():
    """A gate whose gradient is a tenth too large."""
    gate = mg.Gate(
        name="wrong_tanh", sign="tanh?", inputs=("x",), forward=np.tanh,
        backward=(lambda g, out, x: 1.1 * g * (1.0 - out * out),), local=("1.1·(1 − out²)",),
        doc="tanh, and a gradient that is wrong.", formula="tanh x", example="mg.wrong_tanh(1.0)",
    )  # fmt: skip
    yield mg.register(gate)
    mg.unregister("wrong_tanh")


def test_a_wrong_gradient(wrong_gate):
    @dataclass(frozen=True)
    class Wrong(Layer):
        def forward(self, params: Any, state: Any, x: Any, mode: Any) -> Any:
            return wrong_gate(x), {}

    net = Sequential([Linear(2, 16), Wrong(), Linear(16, 2)])
    assert "gradient" in failed(HEALTHY, None, net)
    right = Sequential([Linear(2, 16), Activation("tanh"), Linear(16, 2)])
    assert "gradient" not in failed(HEALTHY, None, right)


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "elu", "tanh", "prelu", "selu"])
@pytest.mark.parametrize("hidden", [(3,), (64, 64)])
def test_kinks_are_no_wrong_gradient(activation, hidden):
    parts = assemble(HEALTHY.changed(activation=activation, hidden=hidden))
    assert still.gradient_right(parts, (parts.net.init(0, "float64"), {})).passed


# -- training ---------------------------------------------------------------------------------


def test_a_learning_rate_far_too_large():
    found = failed(HEALTHY.changed(data="line", optimizer="sgd", lr=10.0))
    assert {"learning rate", "loss falls"} <= found


def test_a_learning_rate_far_too_small():
    found = failed(HEALTHY.changed(lr=1e-9))
    assert {"overfits a batch", "loss falls"} <= found
    assert "learning rate" not in found


def test_examples_that_contradict_each_other():
    data = blob()
    same = replace(data, x=np.ones_like(data.x), y=data.y[::-1].copy())
    assert "overfits a batch" in failed(HEALTHY.changed(standardise=False), same)


def test_frozen_parameters_learn_nothing():
    assert "loss falls" in failed(HEALTHY.changed(frozen=("*",)))


def test_labels_that_were_not_shuffled_are_learnt(monkeypatch):
    """The last check, shown labels as they are, must see that the net knows them."""
    many = blob(rare=200, often=200)
    assert "shuffled labels" not in failed(HEALTHY, many, thorough=True)
    monkeypatch.setattr(moving, "order_of", lambda count, seed: np.arange(count))
    assert "shuffled labels" in failed(HEALTHY, many, thorough=True)
    assert "shuffled labels" in failed(HEALTHY.changed(data="line", lr=0.05), thorough=True)


# -- the report -------------------------------------------------------------------------------


def test_every_failure_says_what_to_do():
    for options in ({"init": "zeros"}, {"lr": 100.0, "optimizer": "sgd"}, {"standardise": False}):
        report = sanity(HEALTHY.changed(**options))
        assert all(check.advice and check.found and check.expected for check in report.failed)


def test_a_report_is_json_whatever_happened():
    report = sanity(HEALTHY.changed(data="line", optimizer="sgd", lr=1e3))
    assert not report
    json.dumps(report.to_dict(), allow_nan=False)
    with pytest.raises(AttributeError):
        report.expected = 1.0


def test_it_is_deterministic():
    assert sanity(HEALTHY) == sanity(HEALTHY)


# -- the command ------------------------------------------------------------------------------

SMALL = ("--data", "moons", "--hidden", "16", "--lr", "0.01", "--device", "interpreter")


def test_the_command_prints_a_table():
    printed = said("sanity", *SMALL)
    assert "Nothing speaks against training." in printed
    assert "overfits a batch" in printed
    assert max(map(len, printed.split("\n"))) <= 80


def test_a_failure_exits_with_1_and_says_what_to_do():
    result = run("sanity", *SMALL, "--init", "zeros", "--activation", "tanh")
    assert result.exit_code == 1
    assert "FAILED" in result.stdout
    assert "--init henormal" in result.stdout


def test_json_csv_and_pictures(tmp_path):
    found = json.loads(said("sanity", *SMALL, "--json"))
    assert found["passed"] is True
    rows = list(csv.DictReader(io.StringIO(said("sanity", *SMALL, "--csv", "-"))))
    assert [row["check"] for row in rows] == [check["name"] for check in found["checks"]]
    said("sanity", *SMALL, "-o", str(tmp_path / "s.png"), "--csv", str(tmp_path / "s.csv"))
    assert names_in(tmp_path) == ["s.csv", "s.png"]


@pytest.mark.parametrize(
    "arguments",
    [("--data", "nothing"), ("-o", "s.txt"), ("--json", "--csv", "-"), ("--loss", "nothing"),
     ("--hidden", "x"), ("--lr", "-1"), ("--loss", "binarycrossentropy", "--data", "digits")],
)  # fmt: skip
def test_bad_usage_exits_with_2(arguments):
    refused(2, "sanity", *arguments)


def test_the_picture_lists_every_check():
    from microgd.plots.sanity import draw_sanity

    for report in (sanity(HEALTHY), sanity(HEALTHY.changed(optimizer="sgd", lr=1e3))):
        texts = [t.get_text() for t in draw_sanity(report).figure.axes[0].texts]
        assert all(check.name in texts for check in report.checks)
        assert texts.count("✗") == len(report.failed)
