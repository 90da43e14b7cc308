"""The learning-rate finder: against curves whose steepest place is known, and its command."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path

import numpy as np
import pytest
from cli_runner import names_in, refused, run, said

import microgd as mg
from microgd.training import Config, find_rate
from microgd.training.probe import Probe, smoothed
from microgd.training.rate_search import judge

RATES = np.geomspace(1e-8, 1, 200)
X = np.log10(RATES)
#: Options of a small, quick run.
SMALL = ("--data", "blobs", "--hidden", "8", "--device", "interpreter")


def falling(at: float, width: float = 0.25) -> np.ndarray:
    """A loss from 2.3 to 0.3 whose steepest place is at 10^at, by its formula."""
    return 2.3 - 2.0 / (1.0 + np.exp(-(X - at) / width))


def within(found: float | None, wanted: float, factor: float) -> bool:
    return found is not None and wanted / factor < found < wanted * factor


@pytest.mark.parametrize("at", [-5.0, -3.0, -2.0])
def test_the_steepest_place_is_found(at):
    assert within(judge(RATES, falling(at)).suggestion, 10**at, 1.6)


@pytest.mark.parametrize("seed", range(10))
def test_noise_does_not_move_it_far(seed):
    noise = np.random.default_rng(seed).normal(scale=0.15, size=200)
    assert within(judge(RATES, falling(-3.0) + noise).suggestion, 1e-3, 4)


@pytest.mark.parametrize("height", [5.0, 100.0, -1.5, math.inf])
@pytest.mark.parametrize("place", [30, 60, 150])
@pytest.mark.parametrize("width", [1, 2])
def test_a_spike_is_not_taken(height, place, width):
    curve = falling(-3.0)
    plain = judge(RATES, curve).suggestion
    curve[place : place + width] += height
    assert within(judge(RATES, curve).suggestion, plain, 1.3)


def test_the_way_down_from_a_broad_spike_is_no_fall():
    curve = np.where(np.abs(np.arange(200) - 80) < 8, 9.0, falling(-3.0))
    assert within(judge(RATES, curve).suggestion, 1e-3, 2)
    steepest_raw = RATES[np.argmin(np.diff(smoothed(curve, 0.9)))]
    assert steepest_raw < 1e-4  # where a finder without care would go


def test_a_wild_start_is_skipped():
    curve = falling(-3.0)
    curve[:4] = [9.0, 7.0, 5.0, 3.0]
    found = judge(RATES, curve)
    assert within(found.suggestion, 1e-3, 2)
    assert found.skipped == 20


@pytest.mark.parametrize("seed", range(20))
def test_noise_alone_is_no_fall(seed):
    losses = 2.3 + np.random.default_rng(seed).normal(scale=0.3, size=200)
    found = judge(RATES, losses)
    assert found.suggestion is None
    assert "no falling part" in found.reason


@pytest.mark.parametrize("curve", [np.full(200, 2.3), np.linspace(2.3, 9, 200), np.zeros(200)])
def test_what_does_not_fall_has_no_suggestion(curve):
    found = judge(RATES, curve)
    assert (found.suggestion, found.tenth) == (None, None)


def test_a_loss_of_nan_ends_it():
    curve = falling(-3.0)
    curve[170:] = math.nan
    found = judge(RATES, curve)
    assert within(found.suggestion, 1e-3, 1.6)
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["losses"][-1] is None
    assert judge(RATES, np.full(200, math.nan)).suggestion is None


def test_the_tenth_of_the_lowest():
    curve = falling(-4.0) + np.where(X > -2, 3 * (X + 2), 0)
    assert within(judge(RATES, curve).tenth, 1e-3, 2)


def test_a_fall_that_goes_on_at_the_last_rate_is_told():
    assert "search higher" in judge(RATES, falling(-0.5)).reason


def test_the_smoothing_by_hand():
    values = [3.0, 1.0, 4.0]
    m1, m2 = 0.1 * 3.0, 0.9 * (0.1 * 3.0) + 0.1 * 1.0
    m3 = 0.9 * m2 + 0.1 * 4.0
    wanted = [m1 / 0.1, m2 / (1 - 0.9**2), m3 / (1 - 0.9**3)]
    assert smoothed(values, 0.9) == pytest.approx(wanted, rel=1e-14)


# -- with a net -------------------------------------------------------------------------------


def test_the_losses_are_those_of_the_steps_by_hand():
    """A linear model with squared error and plain gradient descent, in NumPy."""
    config = Config(data="line", hidden=(), loss="squared", optimizer="sgd", batch=16,
                    dtype="float64", device="interpreter")  # fmt: skip
    rates = list(np.geomspace(1e-3, 0.1, 40))
    found = find_rate(config, low=1e-3, high=0.1, steps=40)
    probe = Probe(config)
    train = probe.parts.train
    w, b = (probe.weights()[0]["linear1"][name].copy() for name in "wb")
    losses = []
    epoch, order = -1, []
    for rate in rates:
        if not order:
            epoch += 1
            order = mg.data.batches(len(train), 16, seed=0, epoch=epoch, last="drop")
        rows = order.pop(0)
        x, y = train.x[rows], train.y[rows].reshape(-1, 1)
        error = x @ w + b - y
        losses.append(float(np.mean(error**2)))
        w -= rate * 2 * x.T @ error / 16
        b -= rate * 2 * error.mean(axis=0)
    assert found.losses == pytest.approx(losses, rel=1e-9)
    assert found.rates == pytest.approx(rates)


def test_the_suggestion_trains_better_than_its_hundredth():
    config = Config(data="moons", hidden=(16,), epochs=10, device="interpreter")
    found = find_rate(config).suggestion

    def loss(rate):
        return list(mg.training.Trainer(config.changed(lr=rate)).epochs())[-1].loss

    assert loss(found) < 0.7 * loss(found / 100)


def test_a_search_ends_where_the_loss_blows_up():
    config = Config(data="line", hidden=(16,), optimizer="sgd", device="interpreter")
    found = find_rate(config, high=1e4)
    assert len(found.rates) < 200
    assert found.rates[-1] < 1
    assert "4 times" in found.ended or "finite" in found.ended
    assert within(found.suggestion, 2e-4, 10)


def test_the_same_on_a_device(opencl_device):
    config = Config(data="blobs", hidden=(8,), device="{}:{}".format(*opencl_device.index))
    here = find_rate(config.changed(device="interpreter"), steps=60)
    there = find_rate(config, steps=60)
    assert there.losses[:40] == pytest.approx(here.losses[:40], rel=1e-4)
    assert within(there.suggestion, here.suggestion, 1.2)


def test_it_is_deterministic_and_immutable():
    config = Config(data="blobs", hidden=(8,), device="interpreter")
    found = find_rate(config, steps=40)
    assert found == find_rate(config, steps=40)
    with pytest.raises(AttributeError):
        found.suggestion = 1.0


def test_the_runs_own_schedule_is_not_used():
    config = Config(data="blobs", hidden=(8,), device="interpreter")
    other = config.changed(schedule="cosine(lr=0.1, steps=10)")
    assert find_rate(config, steps=30).losses == find_rate(other, steps=30).losses


@pytest.mark.parametrize(
    "options",
    [{"low": 0}, {"low": 1, "high": 1}, {"high": math.inf}, {"low": -1}, {"steps": 5},
     {"steps": 30.5}, {"low": "1"}],
)  # fmt: skip
def test_rates_that_make_no_sense_are_refused(options):
    with pytest.raises(mg.errors.ArgumentError):
        find_rate(Config(data="xor", device="interpreter"), **options)


# -- the command ------------------------------------------------------------------------------


def test_the_command_says_the_rate_and_why():
    printed = said("lr-find", *SMALL)
    assert "learning rate: 0.0" in printed
    assert "falls most steeply" in printed


def test_json_and_csv_have_every_loss(tmp_path):
    found = json.loads(said("lr-find", *SMALL, "--json"))
    assert len(found["rates"]) == len(found["losses"]) == 200
    assert found["config"]["data"] == "blobs"
    rows = list(csv.DictReader(io.StringIO(said("lr-find", *SMALL, "--csv", "-"))))
    assert [float(row["loss"]) for row in rows] == found["losses"]
    said("lr-find", *SMALL, "--csv", str(tmp_path / "lr.csv"), "-o", str(tmp_path / "lr.png"))
    assert names_in(tmp_path) == ["lr.csv", "lr.png"]


def test_no_fall_exits_with_1():
    result = run("lr-find", *SMALL, "--high", "1e-7")
    assert result.exit_code == 1
    assert "no falling part" in result.stdout
    assert "no falling part" in refused(1, "lr-find", *SMALL, "--high", "1e-7", "--json")


@pytest.mark.parametrize(
    "arguments",
    [("--lr", "1"), ("--schedule", "cosine"), ("--low", "0"), ("--low", "2"), ("--steps", "3"),
     ("--data", "nothing"), ("-o", "lr.txt"), ("--json", "--csv", "-"), ("--low", "x")],
)  # fmt: skip
def test_bad_usage_exits_with_2(arguments):
    assert refused(2, "lr-find", *arguments)


def test_a_picture_that_cannot_be_written_leaves_nothing(tmp_path: Path):
    refused(1, "lr-find", *SMALL, "-o", str(tmp_path / "none" / "lr.svg"))
    assert names_in(tmp_path) == []


# -- the picture ------------------------------------------------------------------------------


def test_the_picture_says_both_rates():
    from microgd.plots.rate_search import draw_rate_search

    search = judge(RATES, falling(-3.0))
    texts = [t.get_text() for axes in draw_rate_search(search).figure.axes for t in axes.texts]
    assert any("steepest" in text for text in texts)
    assert any("lowest" in text for text in texts)
    flat = draw_rate_search(judge(RATES, np.full(200, 2.3)))
    assert "no falling part" in [t.get_text() for t in flat.figure.axes[0].texts]
    with pytest.raises(mg.errors.ArgumentError):
        draw_rate_search(judge(RATES, np.full(200, math.nan)))
