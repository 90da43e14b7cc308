"""Gradients of gradients: Newton's method on x⁴ + x + 2, and a Hessian.

Run it: python examples/second_derivatives.py
"""

import numpy as np

import microgd as mg


def f(x):
    """The 1-D example of the lectures; its minimum is at −1/4^(1/3) = −0.62996."""
    return x**4 + x + 2


slope, curvature = mg.grad(f), mg.grad(mg.grad(f))

x = -1.0
for step in range(6):
    print(f"step {step}: x = {x:.8f}, f = {f(x):.8f}, f′ = {slope(x):+.2e}")
    x -= slope(x) / curvature(x)
assert abs(x + 0.25 ** (1 / 3)) < 1e-12


def bowl(p):
    """An ill-conditioned valley: 0.06 p₀² + 0.25 p₁² − 0.04 p₀ p₁."""
    return 0.06 * p[0] ** 2 + 0.25 * p[1] ** 2 - 0.04 * p[0] * p[1]


hessian = mg.hessian(bowl)(np.array([-5.0, -7.5]))
print(hessian, "condition number", np.linalg.cond(hessian).round(2))
