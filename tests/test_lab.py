"""The walk: against loops written out by hand, with every option; and where it cannot go."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import microgd as mg
from microgd.errors import ArgumentError, ShapeError
from microgd.lab import FUNCTIONS, descend, from_text, function, race, random_starts
from microgd.optim import OPTIMIZERS, SGD, Lookahead
from microgd.schedules import ReduceOnPlateau, Step


def rosenbrock(x: float, y: float) -> float:
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def slope(x: float, y: float) -> np.ndarray:
    return np.array([-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)])


def test_a_walk_is_the_loop_one_would_write() -> None:
    walk = descend("rosenbrock", lr=0.001, steps=50)
    point = np.array([-1.2, 1.0])
    for row in walk:
        np.testing.assert_allclose(row.point, point, rtol=1e-12)
        assert row.value == pytest.approx(rosenbrock(*point), rel=1e-12)
        np.testing.assert_allclose(row.gradient, slope(*point), rtol=1e-10)
        point = point - 0.001 * slope(*point)
    assert (len(walk), walk.last.t, walk.ended) == (51, 50, "after 50 steps")
    assert walk.points.shape == (51, 2)
    assert walk.rates.tolist() == [0.001] * 51


@pytest.mark.parametrize("name", [n for n in OPTIMIZERS if n not in ("lookahead", "clipped")])
def test_every_optimizer_walks_as_its_update_says(name: str) -> None:
    optimizer = OPTIMIZERS[name]()
    walk = descend("rosenbrock", optimizer, lr=0.002, steps=20)
    params: dict[str, Any] = {"x": -1.2, "y": 1.0}
    state = optimizer.init(params)
    fn = mg.grad(lambda p: (1 - p["x"]) ** 2 + 100 * (p["y"] - p["x"] ** 2) ** 2)
    for row in walk:
        np.testing.assert_allclose(row.point, list(params.values()), rtol=1e-9)
        slopes = fn(optimizer.gradient_point(params, state))
        params, state = optimizer.update(params, slopes, state, 0.002)


def test_a_look_ahead_walks_the_path_of_its_shifted_form() -> None:
    ahead, shifted = race(
        "rosenbrock",
        [
            "nesterov(form=look-ahead)",
            "nesterov(form=shifted)",
        ],
        lr=0.0005,
        steps=60,
    )
    # θ̂ = θ + μv, with v the last move: θₜ − θₜ₋₁
    moves = np.diff(ahead.points, axis=0)
    np.testing.assert_allclose(shifted.points[1:], ahead.points[1:] + 0.9 * moves, rtol=1e-8)


def test_a_fitted_lookahead_is_given_the_loss() -> None:
    """On a parabola the fitted one is the function: a cycle ends at its lowest point."""
    rule = Lookahead(SGD(), k=3, alpha="fitted", bounds=(0.0, 100.0))
    walk = descend("parabola", rule, lr=0.01, steps=4)
    assert walk.points[:, 0] == pytest.approx([3.0, 2.94, 2.8812, 2.823576, 0.0], abs=1e-9)


def test_a_schedule_gives_every_step_its_rate() -> None:
    walk = descend("bowl", schedule=Step(lr=0.5, size=3, gamma=0.1), steps=8)
    assert walk.rates == pytest.approx([0.5] * 3 + [0.05] * 3 + [0.005] * 3)
    moved = -np.diff(walk.points, axis=0)
    slopes = np.array([row.gradient for row in walk.rows[:-1]])
    np.testing.assert_allclose(moved, walk.rates[:-1, None] * slopes, rtol=1e-9, atol=1e-15)


def test_reduce_on_plateau_sees_the_losses() -> None:
    walk = descend("parabola", schedule=ReduceOnPlateau(lr=1.0, factor=0.5, patience=2), steps=10)
    # with γ = 1 a parabola is jumped across for ever, until the rate falls
    assert walk.rates[:4].tolist() == [1.0] * 4
    assert 0.5 in walk.rates
    assert walk.last.value < walk.rows[0].value


def test_stopping_rules_end_a_walk_and_say_why() -> None:
    walk = descend("bowl", steps=1000, stop="smallgradient(1e-3)")
    assert walk.last.t < 1000
    assert np.linalg.norm(walk.last.gradient) < 1e-3 <= np.linalg.norm(walk.rows[-2].gradient)
    assert walk.ended.startswith("‖∇L‖ = ")
    walk = descend("bowl", steps=1000, stop="smallstep(1e-3)")
    moves = np.linalg.norm(np.diff(walk.points, axis=0), axis=1)
    assert moves[-1] < 1e-3 <= moves[-2]
    assert descend("bowl", steps=0).ended == "after 0 steps"


def test_noise_is_of_the_size_that_was_asked_and_of_the_seed() -> None:
    problem = from_text("0*x", {"x": 0})
    drawn = np.array([r.gradient[0] for r in descend(problem, lr=0.1, steps=4000, noise=2.0)])
    assert drawn.std() == pytest.approx(2.0, rel=0.05)
    again = descend(problem, lr=0.1, steps=9, noise=2.0)
    np.testing.assert_array_equal([r.gradient[0] for r in again], drawn[:10])
    other = descend(problem, lr=0.1, steps=9, noise=2.0, seed=1)
    assert not np.array_equal([r.gradient[0] for r in other], drawn[:10])


def test_arrays_walk_as_their_numbers_do() -> None:
    array = descend(from_text("sum(w**4) + sum(w)", {"w": [1.0, -2.0, 0.5]}), "adam", steps=30)
    assert array.problem.names == ("w[0]", "w[1]", "w[2]")
    for place, start in enumerate([1.0, -2.0, 0.5]):
        single = descend(from_text("w**4 + w", {"w": start}), "adam", steps=30)
        np.testing.assert_allclose(array.points[:, place], single.points[:, 0], rtol=1e-12)


def test_a_divergence_is_a_row_and_a_sentence() -> None:
    walk = descend("parabola", lr=3.0, steps=5000)
    assert walk.diverged == walk.last.t == len(walk) - 1
    assert np.isinf(walk.last.value)
    assert np.isfinite(walk.values[:-1]).all()
    assert walk.ended.startswith(f"diverged at step {walk.diverged}: f is inf at x = ")
    assert "smaller learning rate" in walk.ended


def test_leaving_where_the_function_is_defined_is_said() -> None:
    walk = descend(from_text("log(x)", {"x": 1.0}), lr=0.5, steps=30)
    assert (walk.diverged, walk.last.point.tolist()) == (2, [-0.5])
    assert "no value there" in walk.ended
    walk = descend(from_text("log(x)", {"x": -1.0}))
    assert walk.ended.startswith("nothing to walk on: at the start, x = -1")
    assert len(walk) == 1
    walk = descend(from_text("sqrt(x)", {"x": 0.0}))
    assert "the gradient is not finite" in walk.ended


def test_a_record_is_plain_numbers_too() -> None:
    import json

    walk = descend("bowl", steps=3, numeric=0.01, both=True)
    told = json.loads(json.dumps(walk.to_dict(), allow_nan=False))
    assert told["coordinates"] == ["x1", "x2"]
    assert [row["t"] for row in told["rows"]] == [0, 1, 2, 3]
    assert told["rows"][1]["point"] == walk.rows[1].point.tolist()
    lost = descend("parabola", lr=3.0, steps=5000).to_dict()
    assert json.loads(json.dumps(lost, allow_nan=False))["rows"][-1]["f"] == "inf"


def test_a_grid_is_the_function_at_its_points() -> None:
    problem = function("rosenbrock")
    xs, ys = np.linspace(-2, 2, 5), np.linspace(-1, 3, 4)
    grid = problem.grid(xs, ys)
    assert grid.shape == (4, 5)
    for i, y in enumerate(ys):
        for j, x in enumerate(xs):
            assert grid[i, j] == pytest.approx(rosenbrock(x, y), rel=1e-12)
    vector = from_text("sum((w - 1)**2)", {"w": [0.0, 0.0]})
    np.testing.assert_allclose(vector.grid(xs, ys)[2, 3], (xs[3] - 1) ** 2 + (ys[2] - 1) ** 2)
    with pytest.raises(ShapeError, match="2 axes, got 1"):
        problem.grid(xs)


def test_parts_take_turns_and_f_is_their_mean() -> None:
    problem = function("amsgrad")
    walk = descend(problem, lr=0.01, steps=6)
    assert [row.gradient[0] for row in walk] == [3.0, -1.0, -1.0, 3.0, -1.0, -1.0, 3.0]
    np.testing.assert_allclose(walk.values, walk.points[:, 0] / 3, rtol=1e-12, atol=1e-17)


def test_a_clamp_keeps_every_step_in_bounds() -> None:
    walk = descend("amsgrad", "sgd", lr=5.0, steps=10)
    assert set(walk.points[1:, 0]) <= {-1.0, 1.0}


def test_random_starts_are_in_the_box_and_of_the_seed() -> None:
    problem = function("himmelblau")
    starts = random_starts(problem, 50, seed=3)
    assert starts == random_starts(problem, 50, seed=3) != random_starts(problem, 50, seed=4)
    assert all(-5 <= start[n] <= 5 for start in starts for n in ("x", "y"))


def test_a_walk_on_a_device_is_the_same_walk(opencl_device: Any) -> None:
    """float32 gradients of a smooth function near its valley: relative error about 1e-6 a step."""
    label = f"{opencl_device.index[0]}:{opencl_device.index[1]}"
    there = descend("bowl", "adam", lr=0.3, steps=40, device=label)
    here = descend("bowl", "adam", lr=0.3, steps=40)
    np.testing.assert_allclose(there.points, here.points, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_can_be_walked_down(name: str) -> None:
    walk = descend(name, "adam", steps=60)
    assert walk.diverged is None
    assert walk.best.value < walk.rows[0].value


def test_bad_options_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"'rosenbrok'.* mean 'rosenbrock'"):
        descend("rosenbrok")
    with pytest.raises(ArgumentError, match="not both"):
        descend("bowl", lr=0.1, schedule=Step())
    with pytest.raises(ArgumentError, match=r"learning rate .* got -0.1"):
        descend("bowl", lr=-0.1)
    with pytest.raises(ArgumentError, match="standard deviation"):
        descend("bowl", noise=-1.0)
    with pytest.raises(ArgumentError, match="leave device out"):
        descend("bowl", numeric=0.1, device="auto")
    with pytest.raises(ArgumentError, match="no free variable"):
        from_text("3 + 4", {})
    with pytest.raises(ShapeError, match="one number"):
        from_text("w * 2", {"w": [1.0, 2.0]})
    with pytest.raises(ArgumentError, match="no coordinate 'z'; it has x, y"):
        function("rosenbrock", z=1)
    with pytest.raises(ShapeError, match="shape"):
        function("rosenbrock", x=[1.0, 2.0])
    with pytest.raises(ArgumentError, match="at least 0"):
        descend("bowl", steps=-1)


def test_options_may_be_text_and_what_is_none_is_refused() -> None:
    walk = descend("quartic", schedule="cosine(lr=0.2, steps=4)", steps=4)
    assert [row.rate for row in walk][-1] == 0.0
    assert [one.label for one in race("bowl", "sgd, adam(betas=(0.8, 0.9))", lr=0.1, steps=1)] == [
        "sgd, γ 0.1",
        "adam(betas=(0.8, 0.9)), γ 0.1",
    ]
    both = mg.lab.compare("adam", "torch, sgd", gradients=[1.0])
    assert len(both.sentences) == 2
    for problem in ("x**2", lambda x: x):
        with pytest.raises(ArgumentError, match="from_text"):
            descend(problem)  # type: ignore[arg-type]
    for options, told in (
        ({"optimizer": SGD}, "expected an optimizer"),
        ({"schedule": 0.1}, "goes into lr"),
        ({"stop": lambda seen: True}, "rule of microgd.stopping"),
        ({"stop": "steps(3) | validationrises(2)"}, "take nofall"),
        ({"numeric": 0}, "above 0"),
        ({"numeric": "a"}, "above 0"),
        ({"numeric": 1e-300}, "too small"),
    ):
        with pytest.raises(ArgumentError, match=told):
            descend("quartic", **options)  # type: ignore[arg-type]


def test_a_start_that_is_no_number_is_no_divergence() -> None:
    walk = descend(from_text("x**2", {"x": float("nan")}))
    assert walk.ended == "nothing to walk on: the start has x = nan"
