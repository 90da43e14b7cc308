"""The lectures' walks (C1, C2, C5 to C8) and learning rates (E7), to their printed decimals."""

from __future__ import annotations

import numpy as np
import pytest
from cli_runner import said

from microgd.errors import ArgumentError
from microgd.lab import (
    descend,
    four_rates,
    from_starts,
    from_text,
    function,
    gradient_noise,
    race,
    toy_data,
)

#: Lecture 000: t, x, f(x), df/dx, for x⁴ + x + 2 from 1 with γ = 0.2 and h = 0.001.
C1 = """
0  1.000 4.000 5.006
1 -0.001 1.999 1.000
2 -0.201 1.800 0.968
3 -0.395 1.630 0.755
4 -0.546 1.543 0.352
5 -0.616 1.528 0.067
6 -0.629 1.528 0.005
"""


def test_c1_prints_the_slides_table() -> None:
    told = said(
        "descend", "x**4 + x + 2", "x=1", *["--lr", "0.2", "--steps", "6", "--numeric", "1e-3"]
    )
    for line in C1.strip().splitlines():
        cells = line.split()
        found = next(row for row in told.splitlines() if row.split()[:1] == cells[:1])
        assert found.replace("−", "-").split() == cells
    assert "−0.62996" in told
    assert "drops the minus sign" in told


def test_c1_ends_where_the_derivative_is_zero() -> None:
    walk = descend("quartic", lr=0.2, steps=100)
    assert walk.last.point[0] == pytest.approx(-(0.25 ** (1 / 3)), abs=1e-9)
    assert round(-(0.25 ** (1 / 3)), 5) == -0.62996


def test_c2_gives_what_the_formula_gives_and_says_so() -> None:
    formula = "0.06*x1**2 + 0.25*x2**2 - 0.04*x1*x2"
    told = said(
        *("descend", formula, "x1=-5", "x2=-7.5", "--lr", "0.5", "--steps", "40"),
        *("--numeric", "0.001", "--digits", "2", "--every", "1"),
    ).replace("−", "-")
    rows = {row.split()[0]: row.split()[1:] for row in told.splitlines() if row[:3].strip()}
    assert rows["0"] == ["-5.00", "-7.50", "14.06", "-0.30", "-3.55"]
    assert rows["1"] == ["-4.85", "-5.73", "8.49", "-0.35", "-2.67"]
    assert rows["40"][:2] == ["-0.53", "-0.06"]
    assert "14.12" in told
    assert "rounded" in told


def test_a10_the_numeric_gradient_of_a_parabola() -> None:
    walk = descend("parabola", numeric=0.001, steps=0)
    assert walk.rows[0].gradient[0] == pytest.approx(6.001, abs=1e-9)


def test_c3_numeric_gradients_cost_an_evaluation_for_every_input() -> None:
    numeric = descend("bowl", steps=9, numeric=0.001)
    assert [row.evaluations for row in numeric] == [3 * (t + 1) for t in range(10)]
    central = descend("bowl", steps=9, numeric=0.001, central=True)
    assert central.last.evaluations == 4 * 10
    assert descend("bowl", steps=9).last.evaluations == 10
    told = said("descend", "bowl", "--steps", "3", "--numeric", "0.001")
    assert "12 evaluations of f" in told
    assert "30 731" in told.replace("\n", " ")


def test_both_kinds_side_by_side() -> None:
    walk = descend("bowl", steps=5, numeric=0.001, both=True)
    for row in walk:
        x1, x2 = row.point
        exact = [0.12 * x1 - 0.04 * x2, 0.5 * x2 - 0.04 * x1]
        np.testing.assert_allclose(row.beside, exact, atol=1e-12)
        np.testing.assert_allclose(row.gradient, np.add(exact, [6e-5, 2.5e-4]), atol=1e-9)
    other = descend("bowl", steps=5, both=True)
    np.testing.assert_allclose(other.rows[0].beside, walk.rows[0].gradient, atol=1e-9)


def test_c6_the_valley_makes_gradient_descent_zigzag_and_momentum_less() -> None:
    """Along the steep coordinate every step of γ = 0.09 turns the sign: 1 − 0.09·20 = −0.8."""
    walk = descend("valley", lr=0.09, steps=10)
    np.testing.assert_allclose(walk.points[:, 1], (-0.8) ** np.arange(11), rtol=1e-12)
    np.testing.assert_allclose(walk.points[:, 0], -4.0 * 0.91 ** np.arange(11), rtol=1e-12)


def test_c6_a_saddle_holds_for_long() -> None:
    values = descend("saddle", steps=200).values
    waiting = np.sum(np.abs(values) < 0.05)
    assert waiting > 20
    assert values[-1] == pytest.approx(-1.0, abs=1e-6)


def test_c8_the_start_decides_which_valley_is_found() -> None:
    walks = from_starts("double-well", [{"x": -0.5}, {"x": 0.2}, {"x": 0.3}, {"x": 2.0}], steps=500)
    # the hill between the valleys is at 0.25865, a root of 2x³ − 4x + 1
    roots = sorted(np.roots([2, 0, -4, 1]).real)
    assert [w.last.point[0] for w in walks] == pytest.approx(
        [roots[0], roots[0], roots[2], roots[2]], abs=1e-6
    )


def test_d11_adam_walks_to_the_wrong_end_and_amsgrad_does_not() -> None:
    adam, amsgrad = race(
        "amsgrad", ["adam(betas=(0, 0.1))", "amsgrad(betas=(0, 0.1))"], lr=0.02, steps=1000
    )
    assert adam.last.point[0] > 0.95
    assert amsgrad.last.point[0] < -0.95


def test_e7_four_curves_in_their_order() -> None:
    found = four_rates("bowl", steps=40)
    walks = found.walks
    assert list(walks) == ["too small", "good", "too large", "far too large"]
    rates = [walk.rows[0].rate for walk in walks.values()]
    assert rates == sorted(rates)
    # the largest curvature of the bowl: the edge of stability is 2 / λ
    edge = 2.0 / np.linalg.eigvalsh([[0.12, -0.04], [-0.04, 0.5]]).max()
    assert rates[2] == pytest.approx(edge, rel=0.03)
    assert rates[3] > edge
    ends = {name: walk.last.value for name, walk in walks.items()}
    assert ends["good"] < ends["too large"] < ends["far too large"]
    assert ends["good"] < ends["too small"]
    assert np.all(np.diff(walks["too small"].values) < 0)
    assert ends["far too large"] > walks["good"].rows[0].value


@pytest.mark.parametrize("name", ["double-well", "rosenbrock", "beale", "rastrigin"])
def test_e7_is_honest_where_functions_are_crooked(name: str) -> None:
    found = four_rates(name, steps=20)
    rates = [walk.rows[0].rate for walk in found.walks.values()]
    assert rates == sorted(set(rates))  # no two of the four are the same
    good, large = found.walks["good"], found.walks["too large"]
    assert ("by luck" in found.reasons["too large"]) == (large.last.value < good.last.value)


def test_e7_counts_both_ends_of_a_walk_to_and_fro() -> None:
    # from 1, a step of γ on |x| lands at 1 − γ, and comes back: the edge is where that is −1
    rates = four_rates(from_text("abs(x)", {"x": 1.0}), steps=20).walks
    assert rates["too large"].rows[0].rate == pytest.approx(2.0, rel=0.03)


@pytest.mark.parametrize("text", ["-x", "log(x)", "exp(-x)", "-x*x"])
def test_e7_says_that_there_is_no_lowest_point(text: str) -> None:
    with pytest.raises(ArgumentError, match="no lowest point"):
        four_rates(from_text(text, {"x": 1.0}), steps=20)


def test_c5_noise_falls_with_the_root_of_the_batch_size() -> None:
    def loss(params, batch):  # type: ignore[no-untyped-def]
        return ((params["w"] * batch["x"] + params["b"] - batch["y"]) ** 2).mean()

    data = toy_data(256)
    found = gradient_noise(loss, {"w": 0.0, "b": 0.0}, data, sizes=[1, 4, 16, 256], draws=800)
    x, y = data["x"], data["y"]
    singles = np.stack([-2 * y * x, -2 * y], axis=1)  # each example's gradient at 0
    np.testing.assert_allclose(found.full, singles.mean(axis=0), rtol=1e-12)
    sigma = np.sqrt(((singles - singles.mean(axis=0)) ** 2).sum(axis=1).mean())
    for size in (1, 4, 16):
        exact = sigma * np.sqrt((256 - size) / (size * 255))
        assert found.spread(size) == pytest.approx(exact, rel=0.1)
    assert found.spread(256) == 0.0
    assert found.expected(16) == pytest.approx(found.spread(1) * np.sqrt(240 / (16 * 255)))


def test_the_notes_of_the_built_in_functions_hold() -> None:
    """Every known minimum is one: flat, and no lower around it."""
    for name in ("parabola", "quartic", "double-well", "bowl", "valley", "saddle", "rosenbrock",
                 "beale", "himmelblau", "rastrigin"):  # fmt: skip
        problem = function(name)
        for minimum in problem.minima:
            here = problem.value(minimum)
            start = problem.point(minimum)
            slope = descend(problem.started(**start), steps=0).rows[0].gradient
            assert np.abs(slope).max() < 2e-4, (name, minimum)
            random = np.random.default_rng(0)
            for _ in range(200):
                near = np.array(minimum) + random.normal(scale=1e-2, size=len(minimum))
                assert problem.value(near) >= here - 1e-8, (name, minimum)
