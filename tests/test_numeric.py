"""Numeric gradients: the lectures' numbers, and both differences against hand-derived slopes."""

import numpy as np
import pytest

import microgd as mg


def test_the_decks_square():
    (forward,) = mg.numeric_gradient(lambda x: x**2, 3.0, h=0.001)
    (central,) = mg.numeric_gradient(lambda x: x**2, 3.0, h=0.001, central=True)
    assert f"{forward:.3f}" == "6.001"
    assert central == pytest.approx(6.0, abs=1e-9)


def test_the_decks_polynomial():
    def f(x):
        return 0.5 * x**4 - 2 * x**2 + x + 5

    for x in (-2.0, 0.0, 1.5):
        exact = 2 * x**3 - 4 * x + 1
        # forward difference: error ≈ h/2 · f″ with f″ = 6x² − 4
        error = mg.numeric_gradient(f, x, h=1e-4)[0] - exact
        assert error == pytest.approx(0.5e-4 * (6 * x**2 - 4), abs=1e-6)
        assert mg.grad(f)(x) == pytest.approx(exact, abs=1e-12)


def test_arrays_several_inputs_and_the_count_of_calls():
    calls = []

    def f(x, y):
        calls.append(1)
        return (x * y).sum()

    x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    dx, dy = mg.numeric_gradient(f, x, y)
    assert np.allclose(dx, y)
    assert np.allclose(dy, x)
    assert len(calls) == 5
    calls.clear()
    mg.numeric_gradient(f, x, y, central=True)
    assert len(calls) == 8
    assert x.tolist() == [1.0, 2.0]


def test_it_takes_functions_of_tensors():
    (found,) = mg.numeric_gradient(lambda x: mg.sigmoid(mg.Tensor(x)), 0.0, central=True)
    assert found == pytest.approx(0.25, abs=1e-7)


def test_what_does_not_work_says_so():
    with pytest.raises(mg.ShapeError, match="one number"):
        mg.numeric_gradient(lambda x: x, np.ones(2))
    with pytest.raises(ValueError, match="above 0"):
        mg.numeric_gradient(lambda x: x, 1.0, h=0.0)
