"""The conventions of other libraries, against their formulas written out in NumPy."""

import numpy as np
import pytest

import microgd as mg
from microgd.errors import ArgumentError

RANDOM = np.random.default_rng(3)
GRADIENTS = [RANDOM.normal(size=3) * s for s in (1.0, 1e-4, 3.0, 0.01, 1.0, 1e-5)]
RATES = [0.1, 0.1, 0.05, 0.2, 0.01, 0.3]
START = np.array([1.0, -2.0, 0.5])


def walk(rule):
    theta, state = START, rule.init(START)
    path = []
    for g, lr in zip(GRADIENTS, RATES, strict=True):
        theta, state = rule.update(theta, g, state, lr)
        path.append(theta)
    return np.array(path)


@pytest.mark.parametrize("amsgrad", [False, True])
def test_adam_as_keras_adds_eps_before_the_correction(amsgrad):
    m = v = highest = np.zeros(3)
    theta, path = START, []
    for t, (g, lr) in enumerate(zip(GRADIENTS, RATES, strict=True), start=1):
        alpha = lr * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        m = m + (g - m) * 0.1
        v = v + (g**2 - v) * 0.001
        highest = np.maximum(highest, v) if amsgrad else v
        theta = theta - m * alpha / (np.sqrt(highest) + 1e-3)
        path.append(theta)
    rule = mg.optim.Adam(eps=1e-3, eps_before_correction=True, amsgrad=amsgrad)
    np.testing.assert_allclose(walk(rule), path, rtol=1e-12)
    assert rule.formula()[-1] == "θ ← θ − γ·m̂ / (√v̂ + ε / √(1 − β₂ᵗ))"
    other = walk(mg.optim.Adam(eps=1e-3, amsgrad=amsgrad))
    assert np.abs(other - path).max() > 1e-3


@pytest.mark.parametrize(
    "options", [{"eps_inside_root": True}, {"bias_correction": False}], ids=str
)
def test_eps_before_a_correction_that_is_not_made(options):
    with pytest.raises(ArgumentError, match="eps_before_correction must be False"):
        mg.optim.Adam(eps_before_correction=True, **options)


@pytest.mark.parametrize("centered", [False, True])
def test_rmsprop_as_keras_and_optax_roll(centered):
    u = a = b = np.zeros(3)
    theta, path = START, []
    for g, lr in zip(GRADIENTS, RATES, strict=True):
        u = 0.9 * u + 0.1 * g**2
        a = 0.9 * a + 0.1 * g
        b = 0.8 * b + lr * g / np.sqrt(u - (a**2 if centered else 0) + 1e-7)
        theta = theta - b
        path.append(theta)
    rule = mg.optim.RMSprop(
        alpha=0.9, eps=1e-7, eps_inside_root=True, centered=centered, momentum=0.8,
        momentum_form="displacement",
    )  # fmt: skip
    np.testing.assert_allclose(walk(rule), path, rtol=1e-9)
    assert rule.formula()[-1] == "θ ← θ − b"
    assert mg.optim.read_optimizer(rule.text) == rule


def test_rmsprops_forms_agree_while_the_rate_is_constant():
    thetas = []
    for form in ("pytorch", "displacement"):
        rule = mg.optim.RMSprop(momentum=0.9, momentum_form=form)
        theta, state = START, rule.init(START)
        for g in GRADIENTS:
            theta, state = rule.update(theta, g, state, 0.1)
        thetas.append(theta)
    np.testing.assert_allclose(*thetas, rtol=1e-12)


def test_rmsprop_with_a_corrected_mean_is_adam_without_the_first_one():
    u, theta, path = np.zeros(3), START, []
    for t, (g, lr) in enumerate(zip(GRADIENTS, RATES, strict=True), start=1):
        u = 0.9 * u + 0.1 * g**2
        theta = theta - lr * g / np.sqrt(u / (1 - 0.9**t) + 1e-8)
        path.append(theta)
    rule = mg.optim.Adam(betas=(0.0, 0.9), eps_inside_root=True)
    np.testing.assert_allclose(walk(rule), path, rtol=1e-12)


def test_lecture_003_swaps_the_two_parts_of_adams_means():
    first, second = 0.1, 0.001
    m = v = np.zeros(3)
    theta, path = START, []
    for g, lr in zip(GRADIENTS, RATES, strict=True):
        m = first * g + (1 - first) * m
        v = second * g**2 + (1 - second) * v
        theta = theta - lr * m / (np.sqrt(v) + 1e-8)
        path.append(theta)
    rule = mg.optim.Adam(betas=(1 - first, 1 - second), bias_correction=False)
    np.testing.assert_allclose(walk(rule), path, rtol=1e-12)


def test_the_papers_adamw_decays_without_the_learning_rate():
    alpha, decay = 0.02, 0.001
    schedule = [1.0, 1.0, 0.5, 0.5, 0.1, 0.0]
    m = v = np.zeros(3)
    theta = ours = START
    rule = mg.optim.AdamW(weight_decay=decay / alpha)
    state = rule.init(ours)
    for t, (g, eta) in enumerate(zip(GRADIENTS, schedule, strict=True), start=1):
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g**2
        step = alpha * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        theta = theta - eta * (step + decay * theta)
        ours, state = rule.update(ours, g, state, eta * alpha)
        np.testing.assert_allclose(ours, theta, rtol=1e-12)


def test_nadam_as_keras_warms_up():
    m, v, product = np.zeros(3), np.zeros(3), 1.0
    theta, path = START, []
    for t, (g, lr) in enumerate(zip(GRADIENTS, RATES, strict=True), start=1):
        now, later = (0.9 * (1 - 0.5 * 0.96**s) for s in (t, t + 1))
        product *= now
        m = m + (g - m) * 0.1
        v = v + (g**2 - v) * 0.001
        hat = later * m / (1 - product * later) + (1 - now) * g / (1 - product)
        theta = theta - hat * lr / (np.sqrt(v / (1 - 0.999**t)) + 1e-7)
        path.append(theta)
    rule = mg.optim.NAdam(eps=1e-7, momentum_decay=1.0)
    np.testing.assert_allclose(walk(rule), path, rtol=1e-10)


def test_each_array_clipped_by_itself_as_keras_does():
    grads = {"w": np.array([3.0, 4.0]), "b": 0.5, "c": -2.0}
    clipped = mg.optim.clip_norm(grads, 1.0, per="parameter")
    np.testing.assert_allclose(clipped["w"], [0.6, 0.8], rtol=1e-5)
    assert clipped["b"] == 0.5
    assert clipped["c"] == pytest.approx(-1.0, rel=1e-5)
    together = mg.optim.clip_norm(grads, 1.0)
    assert mg.optim.global_norm(together) == pytest.approx(1.0, rel=1e-5)
    rule = mg.optim.Clipped(mg.optim.SGD(), norm=1.0, per="parameter")
    new, _ = rule.update(grads, grads, rule.init(grads), lr=1.0)
    assert new["b"] == 0.0
    assert new["c"] == pytest.approx(-1.0, rel=1e-5)
    assert rule.formula()[0] == "g ← g·min(1, 1 / ‖g‖)   (‖g‖ of each array)"
    with pytest.raises(ArgumentError, match="per must be one of"):
        mg.optim.Clipped(mg.optim.SGD(), norm=1.0, per="row")
