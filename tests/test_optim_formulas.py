"""Each optimizer, in each of its forms, against its formula in plain NumPy.

The formulas here are written from the papers and the slides, on one row of numbers, with a loop for
memory. Nothing is shared with `microgd.optim`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from optim_cases import (
    LOGISTIC,
    NET,
    NOISE,
    PROBLEMS,
    ROSENBROCK,
    VALLEY,
    Problem,
    flat,
    rates,
    walk,
)

import microgd as mg
from microgd.autodiff.tree import leaves, rebuilt
from microgd.optim import (
    SGD,
    AdaBelief,
    AdaDelta,
    AdaGrad,
    Adam,
    Adamax,
    AdamW,
    AMSGrad,
    Clipped,
    Lookahead,
    Momentum,
    NAdam,
    Nesterov,
    NormalizedGradient,
    RMSprop,
    Rprop,
)

#: 200 steps in float64, the same mathematics in another order of operations. β's powers are
#: multiplied up here and come from e^(t·ln β) there; 1 − 0.999 loses three digits in both.
CLOSE = {"rtol": 1e-10, "atol": 1e-12}

#: A formula: (θ, ∇L, γ's) → the points after each step. ∇L takes a row and the number of the step.
Formula = Callable[[np.ndarray, Callable[[np.ndarray, int], np.ndarray], Sequence[float]], Any]


def formula_walk(formula: Formula, problem: Problem, lrs: Sequence[float]) -> np.ndarray:
    def tree(row: np.ndarray) -> Any:
        at, parts = 0, []
        for x in leaves(problem.start):
            size = np.size(x)
            part = row[at : at + size].reshape(np.shape(x))
            parts.append(part if np.ndim(x) else float(part))
            at += size
        return rebuilt(problem.start, iter(parts))

    def slope(row: np.ndarray, t: int) -> np.ndarray:
        return flat(problem.gradient(tree(row), t))

    return np.array(list(formula(flat(problem.start), slope, lrs)))


# -- descent, momentum, Nesterov --------------------------------------------------------------


def descent(x: np.ndarray, slope: Any, lrs: Any) -> Iterator[np.ndarray]:
    for t, lr in enumerate(lrs, 1):
        x = x - lr * slope(x, t)
        yield x


def momentum_000(mu: float) -> Formula:
    """v ← αv − γ∇L, θ ← θ + v (also 004)."""

    def formula(x: np.ndarray, slope: Any, lrs: Any) -> Iterator[np.ndarray]:
        v = 0.0 * x
        for t, lr in enumerate(lrs, 1):
            v = mu * v - lr * slope(x, t)
            x = x + v
            yield x

    return formula


def momentum_002(mu: float) -> Formula:
    """h ← αh + ηg, ω ← ω − h."""

    def formula(x: np.ndarray, slope: Any, lrs: Any) -> Iterator[np.ndarray]:
        h = 0.0 * x
        for t, lr in enumerate(lrs, 1):
            h = mu * h + lr * slope(x, t)
            x = x - h
            yield x

    return formula


def momentum_003(beta: float) -> Formula:
    """The rolling ball: v' = −α∇L(w) − βv, w' = w + v."""

    def formula(x: np.ndarray, slope: Any, lrs: Any) -> Iterator[np.ndarray]:
        v = 0.0 * x
        for t, lr in enumerate(lrs, 1):
            v, x = -lr * slope(x, t) - beta * v, x + v
            yield x

    return formula


def momentum_pytorch(mu: float, tau: float = 0.0, nesterov: bool = False) -> Formula:
    """b₁ = g₁, bₜ = μbₜ₋₁ + (1 − τ)gₜ; with Nesterov, g + μb in the place of b."""

    def formula(x: np.ndarray, slope: Any, lrs: Any) -> Iterator[np.ndarray]:
        b = None
        for t, lr in enumerate(lrs, 1):
            g = slope(x, t)
            b = g if b is None else mu * b + (1 - tau) * g
            x = x - lr * (g + mu * b if nesterov else b)
            yield x

    return formula


def nesterov_000(mu: float) -> Formula:
    """v ← αv − γ∇L(θ + αv), θ ← θ + v (also 004)."""

    def formula(x: np.ndarray, slope: Any, lrs: Any) -> Iterator[np.ndarray]:
        v = 0.0 * x
        for t, lr in enumerate(lrs, 1):
            v = mu * v - lr * slope(x + mu * v, t)
            x = x + v
            yield x

    return formula


def nesterov_shifted(mu: float) -> Formula:
    """Slide 000's first line: θ̂' = θ̂ − γ∇L(θ̂) + αv' (its last line is what the class writes)."""

    def formula(x: np.ndarray, slope: Any, lrs: Any) -> Iterator[np.ndarray]:
        v = 0.0 * x
        for t, lr in enumerate(lrs, 1):
            g = slope(x, t)
            v = mu * v - lr * g
            x = x - lr * g + mu * v
            yield x

    return formula


def nesterov_002(mu: float) -> Formula:
    """g at ω − αh, h ← αh + ηg, ω ← ω − h."""

    def formula(x: np.ndarray, slope: Any, lrs: Any) -> Iterator[np.ndarray]:
        h = 0.0 * x
        for t, lr in enumerate(lrs, 1):
            h = mu * h + lr * slope(x - mu * h, t)
            x = x - h
            yield x

    return formula


def nesterov_003(beta: float) -> Formula:
    """v' = −α∇L(w + v) − βv, w' = w + v'."""

    def formula(x: np.ndarray, slope: Any, lrs: Any) -> Iterator[np.ndarray]:
        v = 0.0 * x
        for t, lr in enumerate(lrs, 1):
            v = -lr * slope(x + v, t) - beta * v
            x = x + v
            yield x

    return formula


def normalized(eps: float, parts: Sequence[slice]) -> Formula:
    """w ← w − α∇L/‖∇L‖ over each part."""

    def formula(x: np.ndarray, slope: Any, lrs: Any) -> Iterator[np.ndarray]:
        for t, lr in enumerate(lrs, 1):
            g = slope(x, t)
            for part in parts:
                norm = np.sqrt(np.sum(g[part] ** 2))
                if norm > 0:
                    g[part] = g[part] / (norm + eps)
            x = x - lr * g
            yield x

    return formula


# -- a rate for each parameter ---------------------------------------------------------------


def adagrad(eps: float, inside: bool, decay: float = 0.0, first: float = 0.0) -> Formula:
    def formula(x: np.ndarray, slope: Any, lrs: Any) -> Iterator[np.ndarray]:
        s = np.full_like(x, first)
        for t, lr in enumerate(lrs, 1):
            g = slope(x, t)
            s = s + g * g
            below = np.sqrt(s + eps) if inside else np.sqrt(s) + eps
            x = x - lr / (1 + (t - 1) * decay) * g / below
            yield x

    return formula


def adadelta(rho: float, eps: float) -> Formula:
    """Zeiler's algorithm 1: RMS[Δx]/RMS[g]·g, where RMS[y] = √(E[y²] + ε)."""

    def formula(x: np.ndarray, slope: Any, lrs: Any) -> Iterator[np.ndarray]:
        squares, moves = 0.0 * x, 0.0 * x
        for t, lr in enumerate(lrs, 1):
            g = slope(x, t)
            squares = rho * squares + (1 - rho) * g**2
            move = np.sqrt(moves + eps) / np.sqrt(squares + eps) * g
            moves = rho * moves + (1 - rho) * move**2
            x = x - lr * move
            yield x

    return formula


def rmsprop(
    alpha: float,
    eps: float,
    inside: bool,
    centered: bool = False,
    mu: float = 0.0,
    first: float = 0.0,
    rate_inside: bool = False,
) -> Formula:
    def formula(x: np.ndarray, slope: Any, lrs: Any) -> Iterator[np.ndarray]:
        u, a, b = np.full_like(x, first), 0.0 * x, 0.0 * x
        for t, lr in enumerate(lrs, 1):
            g = slope(x, t)
            u = alpha * u + (1 - alpha) * g**2
            a = alpha * a + (1 - alpha) * g
            spread = u - a**2 if centered else u
            step = g / (np.sqrt(spread + eps) if inside else np.sqrt(spread) + eps)
            b = mu * b + (lr * step if rate_inside else step)
            x = x - (b if rate_inside else lr * b)
            yield x

    return formula


def rprop(
    etas: tuple[float, float],
    bounds: tuple[float, float],
    variant: str,
    zero_shrinks: bool,
) -> Formula:
    """One parameter after the other, with ifs, as the papers print it."""

    def formula(x: np.ndarray, slope: Any, lrs: Any) -> Iterator[np.ndarray]:
        x = x.copy()
        sizes = np.clip(np.full_like(x, lrs[0]), *bounds)
        before, moved = 0.0 * x, 0.0 * x
        for t in range(1, len(lrs) + 1):
            g = slope(x, t)
            for i in range(len(x)):
                product = g[i] * before[i]
                if t > 1 and product > 0:
                    sizes[i] = min(sizes[i] * etas[1], bounds[1])
                elif t > 1 and (product < 0 or zero_shrinks):
                    sizes[i] = max(sizes[i] * etas[0], bounds[0])
                if product < 0 and variant == "rprop+":
                    moved[i] = -moved[i]
                    g[i] = 0.0
                else:
                    if product < 0 and variant == "irprop-":
                        g[i] = 0.0
                    moved[i] = -np.sign(g[i]) * sizes[i]
                x[i] += moved[i]
                before[i] = g[i]
            yield x.copy()

    return formula


# -- Adam and its relatives -------------------------------------------------------------------


def adam(
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    inside: bool = False,
    correction: Any = True,
    highest: str | None = None,
    decay: float = 0.0,
    eps_first: bool = False,
) -> Formula:
    """Algorithm 1 of Kingma and Ba; `highest` is what AMSGrad takes the largest of.

    `eps_first`: their other form, γ√(1 − β₂ᵗ)/(1 − β₁ᵗ)·m/(√v + ε̂), which Keras has.
    """
    b1, b2 = betas

    def formula(x: np.ndarray, slope: Any, lrs: Any) -> Iterator[np.ndarray]:
        m, v, top = 0.0 * x, 0.0 * x, 0.0 * x
        p1 = p2 = 1.0
        for t, lr in enumerate(lrs, 1):
            g = slope(x, t)
            p1, p2 = p1 * b1, p2 * b2
            m = b1 * m + (1 - b1) * g
            v = b2 * v + (1 - b2) * g * g
            if correction == "compounded":
                m, v = m / (1 - p1), v / (1 - p2)
            c1, c2 = (1 - p1, 1 - p2) if correction is True else (1.0, 1.0)
            if highest == "v":
                top = np.maximum(top, v)
                used = top / c2
            elif highest == "v̂":
                used = top = np.maximum(top, v / c2)
            else:
                used = v / c2
            below = np.sqrt(used + eps) if inside else np.sqrt(used) + eps
            if eps_first:
                below = (np.sqrt(v) + eps) / np.sqrt(c2)
            x = x - lr * (m / c1) / below - lr * decay * x
            yield x

    return formula


def adabelief(
    betas: tuple[float, float],
    eps: float,
    in_mean: bool,
    correction: bool = True,
    highest: str | None = None,
) -> Formula:
    """Algorithm 2 of Zhuang et al., and adabelief_pytorch: ε in s, and at the root as well."""
    b1, b2 = betas

    def formula(x: np.ndarray, slope: Any, lrs: Any) -> Iterator[np.ndarray]:
        m, s, top = 0.0 * x, 0.0 * x, 0.0 * x
        for t, lr in enumerate(lrs, 1):
            g = slope(x, t)
            m = b1 * m + (1 - b1) * g
            s = b2 * s + (1 - b2) * (g - m) ** 2
            if in_mean:
                s = s + eps
            used = s
            if highest:
                used = top = np.maximum(top, s)
            c1, c2 = (1 - b1**t, 1 - b2**t) if correction else (1.0, 1.0)
            x = x - lr * (m / c1) / (np.sqrt(used / c2) + eps)
            yield x

    return formula


def adamax(betas: tuple[float, float], eps: float, place: str) -> Formula:
    """Algorithm 2 of Kingma and Ba: u = max(β₂u, |g|), θ ← θ − γ/(1 − β₁ᵗ)·m/u."""
    b1, b2 = betas

    def formula(x: np.ndarray, slope: Any, lrs: Any) -> Iterator[np.ndarray]:
        m, u = 0.0 * x, 0.0 * x
        for t, lr in enumerate(lrs, 1):
            g = slope(x, t)
            m = b1 * m + (1 - b1) * g
            u = np.maximum(b2 * u, np.abs(g) + (eps if place == "gradient" else 0.0))
            x = x - lr / (1 - b1**t) * m / (u + (eps if place == "denominator" else 0.0))
            yield x

    return formula


def nadam_simple(betas: tuple[float, float], eps: float, inside: bool = False) -> Formula:
    """optax's `nadam`: m̂ = β₁·m/(1 − β₁ᵗ⁺¹) + (1 − β₁)·g/(1 − β₁ᵗ)."""
    b1, b2 = betas

    def formula(x: np.ndarray, slope: Any, lrs: Any) -> Iterator[np.ndarray]:
        m, v = 0.0 * x, 0.0 * x
        for t, lr in enumerate(lrs, 1):
            g = slope(x, t)
            m = b1 * m + (1 - b1) * g
            v = b2 * v + (1 - b2) * g * g
            hat = b1 * m / (1 - b1 ** (t + 1)) + (1 - b1) * g / (1 - b1**t)
            spread = v / (1 - b2**t)
            x = x - lr * hat / (np.sqrt(spread + eps) if inside else np.sqrt(spread) + eps)
            yield x

    return formula


def nadam_dozat(betas: tuple[float, float], eps: float, psi: float) -> Formula:
    """Dozat's algorithm, as PyTorch's documentation prints it, the product as a product."""
    b1, b2 = betas

    def formula(x: np.ndarray, slope: Any, lrs: Any) -> Iterator[np.ndarray]:
        m, v = 0.0 * x, 0.0 * x
        mu = [b1 * (1 - 0.5 * 0.96 ** (t * psi)) for t in range(len(lrs) + 2)]
        for t, lr in enumerate(lrs, 1):
            g = slope(x, t)
            m = b1 * m + (1 - b1) * g
            v = b2 * v + (1 - b2) * g * g
            hat = mu[t + 1] * m / (1 - np.prod(mu[1 : t + 2]))
            hat = hat + (1 - mu[t]) * g / (1 - np.prod(mu[1 : t + 1]))
            x = x - lr * hat / (np.sqrt(v / (1 - b2**t)) + eps)
            yield x

    return formula


# -- more than a rule --------------------------------------------------------------------------


def with_penalty(formula: Formula, twice: float, climb: bool = False) -> Formula:
    """L2: what `twice`·θ adds to the gradient; the gradient's sign turned before that."""

    def changed(x: np.ndarray, slope: Any, lrs: Any) -> Any:
        sign = -1.0 if climb else 1.0
        return formula(x, lambda row, t: sign * slope(row, t) + twice * row, lrs)

    return changed


def lookahead_sgd(k: int, alpha: float) -> Formula:
    """Algorithm 1 of Zhang et al.: an inner loop of k steps in an outer one."""

    def formula(x: np.ndarray, slope: Any, lrs: Any) -> Iterator[np.ndarray]:
        slow, t = x, 0
        while t < len(lrs):
            fast = slow
            for i in range(1, k + 1):
                t += 1
                if t > len(lrs):
                    return
                fast = fast - lrs[t - 1] * slope(fast, t)
                if i == k:
                    slow = fast = slow + alpha * (fast - slow)
                yield fast

    return formula


NET_PARTS = [slice(0, 12), slice(12, 16), slice(16, 20)]
WHOLE = [slice(None)]

#: The optimizer, its formula, and a learning rate.
FORMS: dict[str, tuple[Any, Formula, float]] = {
    "sgd": (SGD(), descent, 0.2),
    "sgd momentum": (SGD(momentum=0.8), momentum_pytorch(0.8), 0.05),
    "sgd dampening": (SGD(momentum=0.8, dampening=0.3), momentum_pytorch(0.8, 0.3), 0.05),
    "sgd nesterov": (
        SGD(momentum=0.8, nesterov=True),
        momentum_pytorch(0.8, nesterov=True),
        0.05,
    ),
    "sgd L2": (SGD(weight_decay=0.2), with_penalty(descent, 0.2), 0.1),
    "sgd L2, whole": (SGD(weight_decay=0.2, penalty="whole"), with_penalty(descent, 0.4), 0.1),
    "sgd decay": (SGD(weight_decay=0.2, decoupled=True), with_penalty(descent, 0.2), 0.1),
    "sgd decay, whole": (
        SGD(weight_decay=0.2, decoupled=True, penalty="whole"),
        with_penalty(descent, 0.4),
        0.1,
    ),
    "momentum pytorch": (Momentum(0.8), momentum_pytorch(0.8), 0.05),
    "momentum velocity": (Momentum(0.8, form="velocity"), momentum_000(0.8), 0.05),
    "momentum displacement": (Momentum(0.8, form="displacement"), momentum_002(0.8), 0.05),
    "momentum rolling": (Momentum(0.8, form="rolling"), momentum_003(-0.8), 0.02),
    "nesterov pytorch": (Nesterov(0.8), momentum_pytorch(0.8, nesterov=True), 0.05),
    "nesterov shifted": (Nesterov(0.8, form="shifted"), nesterov_shifted(0.8), 0.05),
    "nesterov look-ahead": (Nesterov(0.8, form="look-ahead"), nesterov_000(0.8), 0.05),
    "nesterov displacement": (Nesterov(0.8, form="displacement"), nesterov_002(0.8), 0.05),
    "nesterov rolling": (Nesterov(0.8, form="rolling"), nesterov_003(-0.8), 0.05),
    # the penalty is part of the function, so its gradient is taken where the gradient is taken
    "nesterov L2": (
        Nesterov(0.8, form="look-ahead", weight_decay=0.2),
        with_penalty(nesterov_000(0.8), 0.2),
        0.05,
    ),
    "adagrad": (AdaGrad(), adagrad(1e-10, False), 0.2),
    "adagrad 000": (AdaGrad(eps=1e-7), adagrad(1e-7, False), 0.2),
    "adagrad 002": (AdaGrad(eps=1e-2, eps_inside_root=True), adagrad(1e-2, True), 0.2),
    "adagrad Keras": (
        AdaGrad(eps=1e-2, lr_decay=0.05, initial_accumulator=0.1),
        adagrad(1e-2, False, 0.05, 0.1),
        0.2,
    ),
    "adadelta": (AdaDelta(), adadelta(0.9, 1e-6), 1.0),
    "adadelta paper": (AdaDelta(rho=0.95, eps=1e-3), adadelta(0.95, 1e-3), 1.0),
    "rmsprop": (RMSprop(), rmsprop(0.99, 1e-8, False), 0.02),
    "rmsprop 002": (
        RMSprop(alpha=0.9, eps=1e-2, eps_inside_root=True),
        rmsprop(0.9, 1e-2, True),
        0.02,
    ),
    "rmsprop outside": (RMSprop(alpha=0.9, eps=1e-2), rmsprop(0.9, 1e-2, False), 0.02),
    "rmsprop centered": (
        RMSprop(alpha=0.9, eps=0.1, centered=True),
        rmsprop(0.9, 0.1, False, centered=True),
        0.02,
    ),
    "rmsprop centered inside": (
        RMSprop(alpha=0.9, eps=0.01, centered=True, eps_inside_root=True),
        rmsprop(0.9, 0.01, True, centered=True),
        0.02,
    ),
    "rmsprop momentum": (
        RMSprop(alpha=0.9, eps=1e-2, momentum=0.7),
        rmsprop(0.9, 1e-2, False, mu=0.7),
        0.01,
    ),
    "rmsprop TensorFlow": (
        RMSprop(alpha=0.9, eps=1e-2, momentum=0.7, eps_inside_root=True, initial_accumulator=1.0),
        rmsprop(0.9, 1e-2, True, mu=0.7, first=1.0),
        0.02,
    ),
    "rmsprop Keras": (
        RMSprop(alpha=0.9, eps=1e-2, momentum=0.7, momentum_form="displacement"),
        rmsprop(0.9, 1e-2, False, mu=0.7, rate_inside=True),
        0.01,
    ),
    "adam": (Adam(), adam(), 0.05),
    "adam Keras": (
        Adam(eps=1e-2, eps_before_correction=True),
        adam(eps=1e-2, eps_first=True),
        0.05,
    ),
    "adam 000, uncorrected": (
        Adam(bias_correction=False, eps=1e-2),
        adam(eps=1e-2, correction=False),
        0.01,
    ),
    "adam 004": (
        Adam(bias_correction=False, eps=1e-2, eps_inside_root=True),
        adam(eps=1e-2, inside=True, correction=False),
        0.01,
    ),
    "adam inside": (
        Adam(eps=1e-2, eps_inside_root=True, betas=(0.8, 0.95)),
        adam((0.8, 0.95), 1e-2, inside=True),
        0.05,
    ),
    # with β₂ = 0.999 it stands still after five steps: see below
    "adam 002": (
        Adam(bias_correction="compounded", eps=1e-2, eps_inside_root=True, betas=(0.5, 0.6)),
        adam((0.5, 0.6), 1e-2, inside=True, correction="compounded"),
        0.02,
    ),
    "adam 003": (
        # 003 writes EMA = β·g + (1 − β)·EMA: its β is the other one's 1 − β
        Adam(betas=(0.9, 0.99), bias_correction=False, eps=1e-2),
        adam((1 - 0.1, 1 - 0.01), 1e-2, correction=False),
        0.02,
    ),
    "adam L2": (Adam(weight_decay=0.2, eps=1e-2), with_penalty(adam(eps=1e-2), 0.2), 0.05),
    "adam L2, whole": (
        Adam(weight_decay=0.2, eps=1e-2, penalty="whole"),
        with_penalty(adam(eps=1e-2), 0.4),
        0.05,
    ),
    "adam decoupled": (
        Adam(weight_decay=0.2, eps=1e-2, decoupled=True),
        adam(eps=1e-2, decay=0.2),
        0.05,
    ),
    "adamw": (AdamW(eps=1e-4), adam(eps=1e-4, decay=0.01), 0.05),
    "adamw, whole": (
        AdamW(eps=1e-4, weight_decay=0.1, penalty="whole"),
        adam(eps=1e-4, decay=0.2),
        0.05,
    ),
    "amsgrad v": (
        AMSGrad(betas=(0.9, 0.8), eps=1e-3),
        adam((0.9, 0.8), 1e-3, highest="v"),
        0.05,
    ),
    "amsgrad v̂": (
        AMSGrad(betas=(0.9, 0.8), eps=1e-3, amsgrad_of="v̂"),
        adam((0.9, 0.8), 1e-3, highest="v̂"),
        0.05,
    ),
    "amsgrad paper": (  # Reddi et al. leave the bias correction out
        AMSGrad(betas=(0.9, 0.8), eps=1e-3, bias_correction=False),
        adam((0.9, 0.8), 1e-3, highest="v", correction=False),
        0.05,
    ),
    "amsgrad inside": (
        AMSGrad(betas=(0.9, 0.8), eps=1e-3, eps_inside_root=True, amsgrad_of="v̂"),
        adam((0.9, 0.8), 1e-3, inside=True, highest="v̂"),
        0.05,
    ),
    "adabelief": (
        AdaBelief(betas=(0.9, 0.99), eps=1e-4),
        adabelief((0.9, 0.99), 1e-4, True),
        0.02,
    ),
    "adabelief, ε outside": (
        AdaBelief(betas=(0.9, 0.99), eps=1e-3, eps_in_mean=False),
        adabelief((0.9, 0.99), 1e-3, False),
        0.02,
    ),
    "adabelief amsgrad": (
        AdaBelief(betas=(0.9, 0.9), eps=1e-4, amsgrad=True),
        adabelief((0.9, 0.9), 1e-4, True, highest="v"),
        0.02,
    ),
    "adamax": (Adamax(), adamax((0.9, 0.999), 1e-8, "gradient"), 0.05),
    "adamax PyTorch": (
        Adamax(betas=(0.8, 0.9), eps=0.05),
        adamax((0.8, 0.9), 0.05, "gradient"),
        0.05,
    ),
    "adamax Keras": (
        Adamax(betas=(0.8, 0.9), eps=0.05, eps_place="denominator"),
        adamax((0.8, 0.9), 0.05, "denominator"),
        0.05,
    ),
    "nadam optax": (
        NAdam(form="simple", betas=(0.8, 0.95), eps=1e-3),
        nadam_simple((0.8, 0.95), 1e-3),
        0.05,
    ),
    "nadam simple inside": (
        NAdam(form="simple", eps=1e-3, eps_inside_root=True),
        nadam_simple((0.9, 0.999), 1e-3, inside=True),
        0.05,
    ),
    "nadam Dozat": (
        NAdam(betas=(0.8, 0.95), eps=1e-3, momentum_decay=0.02),
        nadam_dozat((0.8, 0.95), 1e-3, 0.02),
        0.05,
    ),
    "lookahead": (Lookahead(SGD(), k=4, alpha=0.3), lookahead_sgd(4, 0.3), 0.2),
    "lookahead k = 1": (Lookahead(SGD(), k=1, alpha=0.7), lookahead_sgd(1, 0.7), 0.2),
    "climbing": (
        SGD(momentum=0.5, maximize=True, weight_decay=1.5),
        with_penalty(momentum_pytorch(0.5), 1.5, climb=True),
        0.01,
    ),
}


def assert_formula(
    rule: Any, formula: Formula, problem: Problem, lrs: Sequence[float], **close: float
) -> None:
    ours = np.array(list(walk(rule, problem, lrs)))
    theirs = formula_walk(formula, problem, lrs)
    assert len(theirs) == len(lrs) >= 200
    assert np.isfinite(theirs).all()
    assert np.ptp(theirs, axis=0).min() > 1e-3, "a walk that goes nowhere shows nothing"
    assert_allclose(ours, theirs, **(close or CLOSE))


@pytest.mark.parametrize("name", FORMS)
def test_every_step_is_the_formulas(name: str) -> None:
    rule, formula, lr = FORMS[name]
    for problem in (ROSENBROCK, NET, NOISE):
        assert_formula(rule, formula, problem, rates(lr * problem.scale))


def test_no_two_forms_are_one() -> None:
    """Each of these options changes the walk: otherwise the test above would not see a form that is
    another one by mistake."""
    same = [
        {"momentum velocity", "momentum displacement"},
        {"sgd momentum", "momentum pytorch"},
        {"sgd nesterov", "nesterov pytorch"},
        {"nesterov look-ahead", "nesterov displacement"},
        {"sgd L2", "sgd decay"},
        {"sgd L2, whole", "sgd decay, whole"},
    ]
    lrs = rates(0.05)
    ends = {name: np.array(list(walk(rule, NET, lrs)))[-1] for name, (rule, *_) in FORMS.items()}
    for name, end in ends.items():
        for other, found in ends.items():
            if name < other and not any({name, other} <= pair for pair in same):
                assert np.max(np.abs(end - found)) > 1e-6, (name, other)


# Rprop compares signs, so it walks with the same bits or somewhere else altogether (see the oracle
# test): both sides multiply and add in one order, and have to be equal.
@pytest.mark.parametrize("problem", PROBLEMS, ids=repr)
@pytest.mark.parametrize("variant", ["irprop-", "rprop-", "rprop+"])
@pytest.mark.parametrize("zero_shrinks", [False, True])
def test_rprop(variant: str, zero_shrinks: bool, problem: Problem) -> None:
    lrs = rates(0.01)
    for etas, bounds in (
        ((0.5, 1.2), (1e-6, 50.0)),
        ((0.6, 1.2), (0.0, np.inf)),  # lecture 003
        ((0.4, 1.5), (5e-3, 0.05)),
    ):
        rule = Rprop(etas=etas, step_sizes=bounds, variant=variant, zero_shrinks=zero_shrinks)
        ours = np.array(list(walk(rule, problem, lrs)))
        theirs = formula_walk(rprop(etas, bounds, variant, zero_shrinks), problem, lrs)
        assert np.ptp(theirs, axis=0).min() > 1e-3
        assert_array_equal(ours, theirs)


@pytest.mark.parametrize("eps", [0.0, 0.3])
@pytest.mark.parametrize("per", ["all", "parameter"])
def test_normalized_gradient(per: str, eps: float) -> None:
    rule = NormalizedGradient(eps=eps, per=per)
    assert_formula(rule, normalized(eps, WHOLE if per == "all" else NET_PARTS), NET, rates(0.02))
    if per == "all":
        assert_formula(rule, normalized(eps, WHOLE), VALLEY, rates(0.1))


@pytest.mark.parametrize("problem", [LOGISTIC, NOISE], ids=repr)
def test_clipping(problem: Problem) -> None:
    """First each number, then all of them together."""

    def clipped(x: np.ndarray, slope: Any, lrs: Any) -> Any:
        def shorter(row: np.ndarray, t: int) -> np.ndarray:
            g = np.clip(slope(row, t), -0.2, 0.2)
            return g * min(1.0, 0.25 / (np.sqrt(g @ g) + 1e-6))

        return momentum_pytorch(0.8)(x, shorter, lrs)

    assert_formula(Clipped(Momentum(0.8), norm=0.25, value=0.2), clipped, problem, rates(0.1))


def test_clipping_of_each_array() -> None:
    def clipped(x: np.ndarray, slope: Any, lrs: Any) -> Any:
        def shorter(row: np.ndarray, t: int) -> np.ndarray:
            g = slope(row, t)
            for part in NET_PARTS:
                g[part] *= min(1.0, 0.02 / (np.sqrt(g[part] @ g[part]) + 1e-6))
            return g

        return momentum_pytorch(0.8)(x, shorter, lrs)

    rule = Clipped(Momentum(0.8), norm=0.02, per="parameter")
    assert_formula(rule, clipped, NET, rates(0.1))


# -- Lookahead ---------------------------------------------------------------------------------


@pytest.mark.parametrize("restart", [False, True])
def test_lookahead_around_adam(restart: bool) -> None:
    """The inner memory is kept over the cycles, or begun anew."""

    def formula(x: np.ndarray, slope: Any, lrs: Any) -> Iterator[np.ndarray]:
        m, v, age, slow = 0.0 * x, 0.0 * x, 0, x
        for t, lr in enumerate(lrs, 1):
            g = slope(x, t)
            age += 1
            m, v = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g * g
            x = x - lr * (m / (1 - 0.9**age)) / (np.sqrt(v / (1 - 0.99**age)) + 1e-3)
            if t % 6 == 0:
                x = slow = 0.6 * slow + 0.4 * x
                if restart:
                    m, v, age = 0.0 * x, 0.0 * x, 0
            yield x

    inner = Adam(betas=(0.9, 0.99), eps=1e-3)
    rule = Lookahead(inner, k=6, alpha=0.4, restart=restart)
    for problem in (LOGISTIC, NET):
        assert_formula(rule, formula, problem, rates(0.05))


def hills(p: Any) -> Any:
    """No parabola, and bent the other way in places."""
    x, y = p["x"], p["y"]
    return mg.sqrt(1 + (x - 1) ** 2) + 0.4 * mg.cos(2.0 * x) + 0.5 * (y - 0.5 * x) ** 2


def hills_by_hand(row: np.ndarray) -> tuple[float, np.ndarray]:
    x, y = row
    off, far = y - 0.5 * x, np.sqrt(1 + (x - 1) ** 2)
    slope = [(x - 1) / far - 0.8 * np.sin(2 * x) - 0.5 * off, off]
    return far + 0.4 * np.cos(2 * x) + 0.5 * off**2, np.array(slope)


def test_fitted_lookahead() -> None:
    """α from the three conditions of slide 003, solved as three equations."""
    seen = set()
    for lr, k, bounds, start in (
        (0.05, 3, (0.1, 1.0), [-3.0, -1.0]),
        (0.05, 3, (0.0, 9.0), [-3.0, -1.0]),
        (0.9, 2, (0.1, 1.0), [4.0, 2.0]),
        (0.9, 5, (0.4, 0.6), [4.0, -2.0]),
        (0.3, 4, (0.1, 1.5), [0.05, 2.0]),
    ):
        rule = Lookahead(SGD(), k=k, alpha="fitted", bounds=bounds)
        p: Any = {"x": start[0], "y": start[1]}
        state = rule.init(p)
        path = []
        for _ in range(200):
            loss, g = mg.value_and_grad(hills)(p)
            p, state = rule.update(p, g, state, lr, loss)
            path.append(flat(p))

        wanted = []
        slow = np.array(start)
        while len(wanted) < 200:
            x = slow
            for _ in range(k):
                x = x - lr * hills_by_hand(x)[1]
                wanted.append(x)
            if np.max(np.abs(x - slow)) < 1e-3:
                break  # near the end, α is a quotient of rounding errors
            # L̂ = aα² + bα + c: c = L(0), a + b + c = L(1), 2a + b = L′(1)
            (low, _), (high, slope) = hills_by_hand(slow), hills_by_hand(x)
            equations = [[0, 0, 1], [1, 1, 1], [2, 1, 0]]
            a, b, _ = np.linalg.solve(equations, [low, high, slope @ (x - slow)])
            alpha = float(np.clip(-b / (2 * a), *bounds)) if a > 0 else 1.0
            seen.add("opens down" if a < 0 else "free" if alpha not in bounds else "held")
            slow = (1 - alpha) * slow + alpha * x
            wanted.append(slow)
        count = min(len(wanted), len(path))
        assert count > 2 * k
        # L(1) − L(0) is a small difference: a few digits of α are lost with it
        assert_allclose(np.array(path[:count]), np.array(wanted[:count]), rtol=1e-8, atol=1e-10)
    assert seen == {"free", "held", "opens down"}


def test_a_fitted_alpha_finds_the_lowest_point_of_a_parabola() -> None:
    """On a straight line down a parabola the fit is exact, wherever the inner steps ended."""
    for lr in (0.01, 0.1, 0.7):
        rule = Lookahead(SGD(), k=3, alpha="fitted", bounds=(0.0, 1e6))
        p: Any = 5.0
        state = rule.init(p)
        for _ in range(4):
            p, state = rule.update(p, 3.0 * (p - 2.0), state, lr, 1.5 * (p - 2.0) ** 2)
        assert p == pytest.approx(2.0, abs=1e-9)


def test_a_fitted_alpha_is_1_where_the_parabola_opens_down() -> None:
    """L = −x²: no lowest point, so the finish stays as it is."""
    rule = Lookahead(SGD(), k=2, alpha="fitted")
    p: Any = 1.0
    state = rule.init(p)
    for _ in range(2):
        p, state = rule.update(p, -2.0 * p, state, 0.1, -p * p)
    assert p == pytest.approx(1.44)
    p, state = rule.update(p, -2.0 * p, state, 0.1, -p * p)
    assert p == pytest.approx(1.44)


# -- the lectures' formulas by hand: two or three steps -------------------------------------------


def by_hand(
    rule: Any, gradients: Sequence[float], lr: Any = 0.1, start: float = 1.0
) -> list[float]:
    """Where given gradients lead, one number at a time."""
    x: Any = start
    state = rule.init(x)
    found = []
    for t, g in enumerate(gradients):
        x, state = rule.update(x, g, state, lr[t] if isinstance(lr, list) else lr)
        found.append(x)
    return found


#: Two gradients, 2 and 1 unless it says so, from θ = 1 with γ = 0.1.
HAND: dict[str, tuple[Any, Sequence[float], list[float]]] = {
    # 1 − 0.2, − 0.1
    "D1 sgd": (SGD(), [2, 1], [0.8, 0.7]),
    # v = −0.2, then 0.9·(−0.2) − 0.1 = −0.28, then 0.9·(−0.28) − 0.1 = −0.352
    "D2 000": (Momentum(0.9, form="velocity"), [2, 1, 1], [0.8, 0.52, 0.168]),
    # h = 0.2, then 0.28, then 0.352
    "D2 002": (Momentum(0.9, form="displacement"), [2, 1, 1], [0.8, 0.52, 0.168]),
    # v: 0, −0.2, −0.28; the third step is the first to feel the second gradient
    "D2 003": (Momentum(0.9, form="rolling"), [2, 1, 1], [1.0, 0.8, 0.52]),
    # b = 2, then 2.8
    "D2 PyTorch": (Momentum(0.9), [2, 1], [0.8, 0.52]),
    # b = 2, then 1.8 + 0.5·1 = 2.3
    "D2 dampened": (SGD(momentum=0.9, dampening=0.5), [2, 1], [0.8, 0.57]),
    # v' = −0.2: −0.2 + 0.9·(−0.2 − 0) = −0.38; v' = −0.28: −0.28 + 0.9·(−0.08) = −0.352
    "D3 shifted": (Nesterov(0.9, form="shifted"), [2, 1], [0.62, 0.268]),
    # b = 2: 0.1·(2 + 1.8) = 0.38; b = 2.8: 0.1·(1 + 2.52) = 0.352
    "D3 PyTorch": (Nesterov(0.9), [2, 1], [0.62, 0.268]),
    # the gradients were taken ahead: v = −0.2, −0.28
    "D3 look-ahead": (Nesterov(0.9, form="look-ahead"), [2, 1], [0.8, 0.52]),
    # 0.1·3/√9, then 0.1·4/√25
    "D4 000": (AdaGrad(eps=0.0), [3, 4], [0.9, 0.82]),
    # 0.1·3/(3 + 1) and 0.1·4/(5 + 1)
    "D4 000, ε = 1": (AdaGrad(eps=1.0), [3, 4], [0.925, 0.925 - 0.4 / 6]),
    # 0.1·3/√(9 + 16), then 0.1·12/√(9 + 144 + 16)
    "D4 002, ε = 16": (AdaGrad(eps=16.0, eps_inside_root=True), [3, 12], [0.94, 0.94 - 1.2 / 13]),
    # u = 0.1, d = 0: √ε/√(u + ε)·g = 0.3/√(0.81 + 0.09)·3 … with ρ = 0.91, ε = 0.09: u = 0.81
    "D5": (AdaDelta(rho=0.91, eps=0.09), [3], [1 - 0.1 * 0.9 / np.sqrt(0.9)]),
    # u = 0.01·4 = 0.04: 0.1·2/0.2 = 1; u = 0.0396 + 0.01: 0.1/√0.0496
    "D6 000": (RMSprop(eps=0.0), [2, 1], [0.0, -0.1 / np.sqrt(0.0496)]),
    # u = 0.1·4 = 0.4, √(0.4 + 0.6) = 1: 0.2; u = 0.36 + 0.1 = 0.46, √1.06
    "D6 002, ε = 0.6": (
        RMSprop(alpha=0.9, eps=0.6, eps_inside_root=True),
        [2, 1],
        [0.8, 0.8 - 0.1 / np.sqrt(1.06)],
    ),
    # steps 0.1, 0.12 (they agree), 0.072 (they do not), 0.0432 (product 0), 0.02592 (again 0)
    "D7 003": (
        Rprop(etas=(0.6, 1.2), variant="rprop-", zero_shrinks=True, step_sizes=(0.0, np.inf)),
        [7, 0.001, -5, 0, -1],
        [0.9, 0.78, 0.852, 0.852, 0.87792],
    ),
    # 0.1, 0.12, turned: 0.06 and no move, then 0.06 with a product of 0
    "D7 PyTorch": (Rprop(), [7, 0.001, -5, -5], [0.9, 0.78, 0.78, 0.84]),
    # 0.1, 0.12, turned: the 0.12 taken back, step 0.06
    "D7 Rprop+": (Rprop(variant="rprop+"), [7, 0.001, -5, -5], [0.9, 0.78, 0.9, 0.96]),
    "D8": (NormalizedGradient(), [7, -0.001], [0.9, 1.0]),
    # v = 0.1·2 = 0.2, u = 0.001·4; uncorrected: 0.1·0.2/√0.004 = 1/√10
    "D9 000, uncorrected": (
        Adam(eps=0.0, bias_correction=False),
        [2, 2],
        # v = 0.38, u = 0.007996
        [1 - np.sqrt(0.1), 1 - np.sqrt(0.1) - 0.038 / np.sqrt(0.007996)],
    ),
    # corrected: v̂ = 2, û = 4, a step of γ; then v̂ = 0.28/0.19, û = 0.004996/0.001999
    "D9 000, corrected": (
        Adam(eps=0.0),
        [2, 1],
        [0.9, 0.9 - 0.1 * (0.28 / 0.19) / np.sqrt(0.004996 / 0.001999)],
    ),
    # √(4 + 12) = 4: 0.1·2/4
    "D9 002, ε = 12, first step": (Adam(eps=12.0, eps_inside_root=True), [2], [0.95]),
    # ε outside: 0.1·2/(2 + 2)
    "D9 000, ε = 2": (Adam(eps=2.0), [2], [0.95]),
    # word for word: h = 0.2/0.1 = 2, G = 4; then h = (1.8 + 0.1)/0.19 = 10 (!), G = (3.996 +
    # 0.001)/0.001999
    "D9 002, word for word": (
        Adam(eps=0.0, bias_correction="compounded"),
        [2, 1],
        [0.9, 0.9 - 0.1 * 10 / np.sqrt(3.997 / 0.001999)],
    ),
    # θ(1 − γλ) − γ: 1 − 0.05 − 0.1
    "D10 decoupled": (AdamW(eps=0.0, weight_decay=0.5), [2, 2], [0.85, 0.85 * 0.95 - 0.1]),
    # the first step is γ, whatever λθ adds to g
    "D10 L2": (Adam(eps=0.0, weight_decay=0.5), [2], [0.9]),
    # v = 0.5·4 = 2 stays the largest: m = 1, then 0.5; PyTorch corrects it: 2/0.5, 2/0.75
    "D11": (
        AMSGrad(betas=(0.5, 0.5), eps=0.0),
        [2, 0],
        [0.9, 0.9 - 0.1 * (0.5 / 0.75) / np.sqrt(2 / 0.75)],
    ),
    # the lectures: v̂ = 4 stays the largest
    "D11 v̂": (
        AMSGrad(betas=(0.5, 0.5), eps=0.0, amsgrad_of="v̂"),
        [2, 0],
        [0.9, 0.9 - 0.1 * (0.5 / 0.75) / 2],
    ),
    # m = 1, (2 − 1)² = 1, s = 0.5, ŝ = 1, m̂ = 2
    "D12": (AdaBelief(betas=(0.5, 0.5), eps=0.0), [2], [0.8]),
    # 1 → 0.8 → 0.7, half way back: 0.85; then 0.65
    "D13": (Lookahead(SGD(), k=2, alpha=0.5), [2, 1, 2], [0.8, 0.85, 0.65]),
    # (1 − 2γλ)w − γdw = 0.9·1 − 0.2, 0.9·0.7 − 0.1
    "D14 L2": (SGD(weight_decay=0.5, penalty="whole"), [2, 1], [0.7, 0.53]),
    "D14 decay": (
        SGD(weight_decay=0.5, penalty="whole", decoupled=True),
        [2, 1],
        [0.7, 0.53],
    ),
    # γ/(1 − 0.9)·0.2/2 = 0.1; u = max(0.999·2, 1): 0.1/0.19·0.28/1.998
    "Adamax": (Adamax(eps=0.0), [2, 1], [0.9, 0.9 - 0.1 / 0.19 * 0.28 / 1.998]),
    # m̂ = 0.9·0.2/0.19 + 0.1·2/0.1, v̂ = 4
    "NAdam": (NAdam(form="simple", eps=0.0), [2], [1 - 0.05 * (0.18 / 0.19 + 2)]),
}


@pytest.mark.parametrize("name", HAND)
def test_first_steps_by_hand(name: str) -> None:
    rule, gradients, wanted = HAND[name]
    assert by_hand(rule, gradients)[: len(wanted)] == pytest.approx(wanted, rel=1e-12, abs=1e-15)


def test_a_changing_rate_by_hand() -> None:
    """γ = 0.1, then 0.01. PyTorch's form applies the new γ to old gradients, too."""
    gradients, lr = [2.0, 1.0], [0.1, 0.01]
    # b = 2, 2.8: 0.8 − 0.028
    assert by_hand(Momentum(0.9), gradients, lr) == pytest.approx([0.8, 0.772])
    # v = −0.2, 0.9·(−0.2) − 0.01 = −0.19
    assert by_hand(Momentum(0.9, form="velocity"), gradients, lr) == pytest.approx([0.8, 0.61])
    # 0.8 − … for Rprop: γ is the first step only
    assert by_hand(Rprop(), gradients, lr) == pytest.approx([0.9, 0.78])


def test_the_compounded_correction_does_not_work() -> None:
    """002 word for word: G₂ is 500·G₁, G₃ is 333·G₂ …, so nothing moves any more."""
    rule = Adam(bias_correction="compounded", eps_inside_root=True)
    path = by_hand(rule, [2.0] * 50)
    assert path[0] == pytest.approx(0.9, abs=1e-6)
    assert abs(path[-1] - path[5]) < 1e-4
    assert by_hand(Adam(eps_inside_root=True), [2.0] * 50)[-1] == pytest.approx(-4.0, abs=1e-6)


def test_the_table_of_the_correction() -> None:
    """1 − 0.9ᵗ of lecture 000: 0.1, 0.19, … 0.99997 at t = 100."""
    found = []
    for t in (1, 2, 100):
        rule = Adam(eps=0.0, betas=(0.9, 0.0))
        state = {"t": t - 1.0, "m": 0.0, "v": 0.0}
        # β₂ = 0: v̂ = g², so the step is γ·0.1/(1 − 0.9ᵗ)
        found.append(0.1 / -rule.update(0.0, 1.0, state, lr=1.0)[0])
    assert found == pytest.approx([0.1, 0.19, 0.99997], abs=1e-5)


def test_the_valley_of_the_lectures() -> None:
    """C2: from (−5, −7.5) with γ = 0.5, 40 steps of the printed formula lead to (−0.53, −0.06).

    The lecture's gradient is a forward difference with h = 0.001, which moves the end by h/2.
    """
    path = list(walk(SGD(), VALLEY, [0.5] * 40))
    assert path[-1] == pytest.approx([-0.53, -0.06], abs=0.006)
