"""The gradient check: passes what is right, says wrong of what is wrong, explains kinks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import microgd as mg


def squared(slope: Any) -> mg.Gate:
    """x², whose backward rule says `slope(x)` instead of 2x."""
    return mg.Gate("squared", ("x",), np.square, (lambda g, out, x: g * slope(x),))


# -- right -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fn", "inputs"),
    [
        (lambda x, y: x * y, (3.0, 4.0)),
        (lambda x: mg.softmax(x), (np.linspace(-3, 3, 20),)),
        (lambda x: mg.exp(x).sum(), (np.linspace(-5, 5, 20),)),
        (lambda x, w: mg.tanh(x @ w), (np.ones((2, 3)) * 0.3, np.ones((3, 2)) * 0.2)),
        (lambda x: x**2, (0.0,)),
        (lambda x: 1 / x, (0.0100001,)),
        (lambda x: x * 1e-12, (1.0,)),
        (lambda x: x * 1e12, (1.0,)),
        (lambda x, y: x + 0 * y, (1.0, 2.0)),
        (lambda x: mg.constant(1.0), (1.0,)),
        (lambda x: mg.sigmoid(x), (30.0,)),
        (lambda x: x + 1e10 * x**3, (0.0,)),
        (lambda x: mg.sqrt(x), (1e-12,)),
        (lambda x: mg.log(x), (1e-8,)),
        (lambda x: mg.log(x).sum(), ([1e-8, 1.0],)),
        (lambda x: mg.sin(x), (1e6,)),
        (lambda x: 1 / x, (3e-7,)),
        (lambda x: 1e9 + mg.sin(1000 * x), (0.1,)),
        (lambda x: mg.relu(x - 1.0005) + x * x, (1.0,)),  # the kink is beyond the smaller steps
    ],
)
def test_right_gradients_are_good(fn: Any, inputs: Any) -> None:
    report = mg.check_gradients(fn, *inputs)
    assert report
    assert report.verdict == "good"
    assert report.error <= 1e-7
    assert not report.kinks
    assert len(report.worst) == len(inputs)


@pytest.mark.parametrize("power", [3, 5, 7])
def test_a_flat_point_is_no_mistake(power: int) -> None:
    """At 0 the gradient of x³ is 0 and the difference h²: the relative error is 1 for every h."""
    assert mg.check_gradients(lambda x: x**power, 0.0).verdict == "good"


def test_a_large_constant_costs_digits_but_is_no_mistake() -> None:
    assert mg.check_gradients(lambda x: 1e9 + x * x, 1.0).verdict == "good"
    assert mg.check_gradients(lambda x, y: 1e6 + x + 0 * y, 1.0, 2.0).verdict == "good"


def test_recorded_tensors_are_checked_at_their_leaves() -> None:
    x, y = mg.Tensor(2.0, name="x"), mg.Tensor([1.0, 2.0], name="y")
    f = mg.exp(x * y).sum() + 3.0
    report = mg.check_gradients(f)
    assert report
    assert {m.input for m in report.worst} == {"x", "y"}
    assert x.grad is None


def test_float32_and_whole_numbers_are_checked_in_float64() -> None:
    assert mg.check_gradients(lambda x: mg.tanh(x), np.array([0.1, 0.2], np.float32))
    assert mg.check_gradients(lambda x: x * x, 3)
    assert mg.check_gradients(mg.exp(mg.Tensor(np.float32(0.3), name="x")))


def test_inputs_of_one_name_are_told_apart() -> None:
    a, b = mg.Tensor(1.0, name="x"), mg.Tensor(2.0, name="x")
    assert len(mg.check_gradients(a * b).worst) == 2


# -- wrong -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slope", "verdict"),
    [
        (lambda x: 3.0 * x, "wrong"),
        (lambda x: -2.0 * x, "wrong"),
        (lambda x: 0.0 * x, "wrong"),
        (lambda x: 2.0 * x * 1.001, "suspicious"),
        (lambda x: 2.0 * x * (1 + 1e-6), "fine with kinks, high without"),
        (lambda x: x * np.nan, "wrong"),
        (lambda x: x * np.inf, "wrong"),
    ],
)
@pytest.mark.parametrize("x", [1.5, -0.3, [1.0, 2.0]])
def test_wrong_rules_are_found(slope: Any, verdict: str, x: Any) -> None:
    report = mg.check_gradients(squared(slope), np.array(x))
    assert not report
    assert not report.ok
    assert report.verdict == verdict


@pytest.mark.parametrize("offset", [0.0, 1e3, 1e6, 1e9])
@pytest.mark.parametrize("size", [1.0, 0.01])
def test_a_large_constant_hides_no_mistake(offset: float, size: float) -> None:
    """With a tiny h, rounding of 1e9 + x² makes any gradient look possible."""
    bad = squared(lambda x: 3.0 * x)
    assert mg.check_gradients(lambda x: offset + size * bad(x), 1.0).verdict == "wrong"


def test_a_small_slope_at_a_flat_point_is_a_mistake() -> None:
    bad = squared(lambda x: 2.0 * x + 1e-6)
    assert mg.check_gradients(bad, 0.0).verdict == "wrong"


def test_one_wrong_element_among_many_is_named() -> None:
    def slope(x: Any) -> Any:
        factor = np.full((2, 3), 2.0)
        factor[1, 2] = 2.5
        return factor * x

    report = mg.check_gradients(squared(slope), np.arange(1.0, 7.0).reshape(2, 3))
    assert report.worst[0].place == (1, 2)
    # Where the output is no scalar, a random combination of it is checked.
    assert report.worst[0].analytic / report.worst[0].numeric == pytest.approx(2.5 / 2.0)
    assert "input 0[1, 2]" in str(report)
    assert str(report).startswith("wrong")


def test_missing_sum_over_broadcast_axes_is_found() -> None:
    """A rule that forgets the second of two paths."""
    bad = mg.Gate("twice", ("x",), lambda x: x + x, (lambda g, out, x: g,))
    assert mg.check_gradients(bad, 1.0).verdict == "wrong"


# -- kinks -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fn", "gate", "word"),
    [
        (lambda x: mg.relu(x), "relu", "side"),
        (lambda x: mg.leaky_relu(x), "leaky_relu", "side"),
        (lambda x: mg.maximum(x, 0.0), "maximum", "winner"),
        (lambda x: mg.max(mg.stack([x, -x])), "max", "winner"),
        (lambda x: mg.clip(x, 0.0, 1.0), "clip", "side"),
    ],
)
def test_a_kink_is_explained(fn: Any, gate: str, word: str) -> None:
    x = 1e-9 if gate in {"maximum", "max"} else 0.0
    report = mg.check_gradients(fn, x)
    assert report.error > 1e-2
    assert len(report.kinks) == 1
    assert f"a {gate} changed its {word}" in report.kinks[0]
    assert "kink" in str(report)
    assert __file__ in report.kinks[0]
    assert report.ok


def test_a_kink_in_the_program_is_explained() -> None:
    report = mg.check_gradients(lambda x: x * 2 if x > 1.0 else x * x * 3, 1.0)
    assert "another path" in report.kinks[0]


@pytest.mark.parametrize("kink", [1.0, 1.0 + 1e-9, 1.0005, 1.005])
@pytest.mark.parametrize("height", [1e-9, 1.0])
def test_a_kink_nearby_excuses_no_gradient_beyond_the_slopes_at_its_sides(
    kink: float, height: float
) -> None:
    for slope in (7.0, -2.0, 0.0, 3.5):
        bad = squared(lambda x, slope=slope: slope * x)
        report = mg.check_gradients(lambda x, bad=bad: bad(x) + mg.relu(x - kink) * height, 1.0)
        assert not report.ok, slope
        assert report.verdict == "wrong"
    right = squared(lambda x: 2.0 * x)
    assert mg.check_gradients(lambda x: right(x) + mg.relu(x - kink) * height, 1.0).ok


@pytest.mark.parametrize("gradient", [1.02, 0.98, 1.0001, 0.0, 2.0])
@pytest.mark.parametrize("bend", [1e4, 1e10, 1e16])
def test_no_step_makes_a_wrong_gradient_right_by_coincidence(gradient: float, bend: float) -> None:
    bad = mg.Gate("bad", ("x",), lambda x: x + bend * x**3, (lambda g, out, x: g * gradient,))
    assert not mg.check_gradients(bad, 0.0)


def test_where_differences_leave_the_domain() -> None:
    report = mg.check_gradients(lambda x: mg.sqrt(x), 0.0)
    assert not report.ok
    assert report.verdict == "not comparable"
    assert "input 0: the differences leave the function's domain" in str(report)
    bad = mg.Gate("bad", ("x",), np.log, (lambda g, out, x: g * 2.0 / x,))
    assert mg.check_gradients(bad, 1e-8).verdict == "wrong"


@pytest.mark.parametrize("steps", [(), (0.0,), (1e-3, -1e-3)])
def test_steps_are_above_zero(steps: tuple[float, ...]) -> None:
    with pytest.raises(mg.ArgumentError, match="above 0"):
        mg.check_gradients(lambda x: x, 1.0, steps=steps)


def test_a_single_step_is_a_plain_difference() -> None:
    assert mg.check_gradients(lambda x: x * x, 1.0, steps=(1e-4,)).ok
    assert not mg.check_gradients(squared(lambda x: 3.0 * x), 1.0, steps=(1e-4,))


def test_a_kink_elsewhere_excuses_nothing() -> None:
    bad = squared(lambda x: 3.0 * x)
    report = mg.check_gradients(lambda x, y: bad(x) + mg.relu(y), 1.0, 2.0)
    assert not report
    assert not report.kinks


# -- how it is done --------------------------------------------------------------------------


def test_many_elements_are_checked_along_one_direction() -> None:
    x = np.linspace(-1, 1, 1500)
    report = mg.check_gradients(lambda x: mg.tanh(x), x)
    assert report.directional
    assert report
    assert not mg.check_gradients(squared(lambda x: 3.0 * x), x)
    assert not mg.check_gradients(lambda x: x * x, x[:3], most_elements=3).directional
    assert mg.check_gradients(lambda x: x * x, x[:3], most_elements=2).directional


def test_steps_can_be_chosen() -> None:
    report = mg.check_gradients(lambda x: x**4, 1.0, steps=(1e-1, 1e-3))
    assert [h for h, _ in report.sweep] == [1e-1, 1e-3]
    assert report.h == 1e-3
    # ((1+h)⁴ − (1−h)⁴)/2h = 4 + 4h²: relative errors h² / (1 + h²).
    assert [e for _, e in report.sweep] == pytest.approx([0.01 / 1.01, 1e-6], rel=1e-3)
    assert len(mg.check_gradients(lambda x: x**4, 1.0).sweep) == 6


def test_there_must_be_something_to_check() -> None:
    with pytest.raises(mg.DataError, match="no input"):
        mg.check_gradients(lambda: 1.0)
    with pytest.raises(mg.DataError, match="placeholder"):
        mg.check_gradients(lambda x: x * mg.placeholder(), 1.0)
    with pytest.raises(mg.DataError, match="returned NoneType"):
        mg.check_gradients(lambda x: None, 1.0)
