"""The optimizers of the decks, word for word: each walks down a bowl, in NumPy and without us.

Every function here yields the points after each step. θ, v, u, γ, α, β are the decks' own letters.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from microgd.graph.values import Array

#: Where the walks begin, and the learning rate γ of all of them.
START, GAMMA = np.array([-5.0, -7.5]), 0.1
EPS = 1e-3  # large, so that its place under or beside the root shows

Walk = Iterator[Array]


def slope(theta: Array) -> Array:
    """∇L of L = 0.06x₁² + 0.25x₂² − 0.04x₁x₂."""
    x1, x2 = theta
    return np.array([0.12 * x1 - 0.04 * x2, 0.5 * x2 - 0.04 * x1])


def sgd() -> Walk:
    theta = START
    while True:
        theta = theta - GAMMA * slope(theta)
        yield theta


def momentum_000(alpha: float = 0.95) -> Walk:
    theta, v = START, np.zeros(2)
    while True:
        v = alpha * v - GAMMA * slope(theta)
        theta = theta + v
        yield theta


def momentum_002(alpha: float = 0.9) -> Walk:
    omega, h = START, np.zeros(2)
    while True:
        h = alpha * h + GAMMA * slope(omega)
        omega = omega - h
        yield omega


def momentum_003(beta: float) -> Walk:
    """The rolling ball: v′ = −α∇L(w) − βv and w′ = w + v, the old v."""
    w, v = START, np.zeros(2)
    while True:
        w, v = w + v, -GAMMA * slope(w) - beta * v
        yield w


def nesterov_000(alpha: float = 0.9) -> Walk:
    theta, v = START, np.zeros(2)
    while True:
        v = alpha * v - GAMMA * slope(theta + alpha * v)
        theta = theta + v
        yield theta


def nesterov_shifted(alpha: float = 0.9) -> Walk:
    """In shifted parameters: θ̂′ = θ̂ + v′ + α(v′ − v)."""
    theta, v = START, np.zeros(2)
    while True:
        new = alpha * v - GAMMA * slope(theta)
        theta, v = theta + new + alpha * (new - v), new
        yield theta


def nesterov_004(alpha: float = 0.9) -> Walk:
    """The last line of deck 004's comparison: θ̂′ = θ̂ + α²v − γ(1 + α)∇L(θ̂)."""
    theta, v = START, np.zeros(2)
    while True:
        g = slope(theta)
        theta, v = theta + alpha**2 * v - GAMMA * (1 + alpha) * g, alpha * v - GAMMA * g
        yield theta


def nesterov_002(alpha: float = 0.9) -> Walk:
    omega, h = START, np.zeros(2)
    while True:
        h = alpha * h + GAMMA * slope(omega - alpha * h)
        omega = omega - h
        yield omega


def adagrad_000() -> Walk:
    theta, g = START, np.zeros(2)
    while True:
        g = g + slope(theta) ** 2
        theta = theta - GAMMA * slope(theta) / (np.sqrt(g) + EPS)
        yield theta


def adagrad_002() -> Walk:
    omega, big = START, np.zeros(2)
    while True:
        big = big + slope(omega) ** 2
        omega = omega - GAMMA / np.sqrt(big + EPS) * slope(omega)
        yield omega


def adadelta(rho: float = 0.95, eps: float = 1e-6) -> Walk:
    """Zeiler's paper, 2012, algorithm 1; the deck has its name only."""
    x, squares, steps = START, np.zeros(2), np.zeros(2)
    while True:
        g = slope(x)
        squares = rho * squares + (1 - rho) * g**2
        step = np.sqrt(steps + eps) / np.sqrt(squares + eps) * g
        steps = rho * steps + (1 - rho) * step**2
        x = x - step
        yield x


def rmsprop_000(beta: float = 0.99) -> Walk:
    theta, u = START, np.zeros(2)
    while True:
        u = beta * u + (1 - beta) * slope(theta) ** 2
        theta = theta - GAMMA * slope(theta) / (np.sqrt(u) + EPS)
        yield theta


def rmsprop_inside(beta: float) -> Walk:
    """With ε under the root, as decks 002 (β 0.9) and 004 (0.99) have it."""
    theta, u = START, np.zeros(2)
    while True:
        u = beta * u + (1 - beta) * slope(theta) ** 2
        theta = theta - GAMMA * slope(theta) / np.sqrt(u + EPS)
        yield theta


def rprop() -> Walk:
    w, step, past = START, np.full(2, GAMMA), None
    while True:
        g = slope(w)
        if past is not None:
            step = step * np.where(np.sign(g * past) > 0, 1.2, 0.6)
        w, past = w - step * np.sign(g), g
        yield w


def normalised() -> Walk:
    w = START
    while True:
        w = w - GAMMA * slope(w) / np.linalg.norm(slope(w))
        yield w


def adam(
    *, corrected: bool, inside: bool, alpha: float = 0.9, beta: float = 0.999, decay: float = 0.0
) -> Walk:
    """With and without the correction, ε outside (000, 003) or under the root (002, 004)."""
    theta, v, u, t = START, np.zeros(2), np.zeros(2), 0
    while True:
        t += 1
        g = slope(theta) + decay * theta
        v = alpha * v + (1 - alpha) * g
        u = beta * u + (1 - beta) * g**2
        v_hat, u_hat = (v / (1 - alpha**t), u / (1 - beta**t)) if corrected else (v, u)
        theta = theta - GAMMA * v_hat / (np.sqrt(u_hat + EPS) if inside else np.sqrt(u_hat) + EPS)
        yield theta


def adam_002(beta1: float = 0.9, beta2: float = 0.999) -> Walk:
    """Word for word: h and G are divided by the correction, and so remembered."""
    omega, h, big, t = START, np.zeros(2), np.zeros(2), 0
    while True:
        t += 1
        g = slope(omega)
        h = (beta1 * h + (1 - beta1) * g) / (1 - beta1**t)
        big = (beta2 * big + (1 - beta2) * g**2) / (1 - beta2**t)
        omega = omega - GAMMA / np.sqrt(big + EPS) * h
        yield omega


def adam_003(beta1: float, beta2: float) -> Walk:
    """Word for word: the new gradient gets β, the past 1 − β."""
    w, first, second = START, np.zeros(2), np.zeros(2)
    while True:
        g = slope(w)
        first = beta1 * g + (1 - beta1) * first
        second = beta2 * g**2 + (1 - beta2) * second
        w = w - GAMMA * first / (np.sqrt(second) + EPS)
        yield w


def adamw(decay: float) -> Walk:
    """Line 12 without line 6: θ ← θ − γ(m̂ / (√v̂ + ε) + λθ)."""
    theta, m, v, t = START, np.zeros(2), np.zeros(2), 0
    while True:
        t += 1
        g = slope(theta)
        m = 0.9 * m + (1 - 0.9) * g
        v = 0.999 * v + (1 - 0.999) * g**2
        m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
        theta = theta - GAMMA * (m_hat / (np.sqrt(v_hat) + EPS) + decay * theta)
        yield theta


def amsgrad() -> Walk:
    """As the deck shows it from PyTorch's page: the running maximum of v̂."""
    theta, m, v, highest, t = START, np.zeros(2), np.zeros(2), np.zeros(2), 0
    while True:
        t += 1
        g = slope(theta)
        m = 0.9 * m + (1 - 0.9) * g
        v = 0.999 * v + (1 - 0.999) * g**2
        highest = np.maximum(highest, v / (1 - 0.999**t))
        theta = theta - GAMMA * m / (1 - 0.9**t) / (np.sqrt(highest) + EPS)
        yield theta


def adabelief(eps: float = 1e-16) -> Walk:
    """The paper, algorithm 2; the deck has its name, and that G is a real variance."""
    theta, m, s, t = START, np.zeros(2), np.zeros(2), 0
    while True:
        t += 1
        g = slope(theta)
        m = 0.9 * m + (1 - 0.9) * g
        s = 0.999 * s + (1 - 0.999) * (g - m) ** 2 + eps
        theta = theta - GAMMA * m / (1 - 0.9**t) / (np.sqrt(s / (1 - 0.999**t)) + eps)
        yield theta


def lookahead(k: int, alpha: float) -> Walk:
    start = theta = START
    while True:
        for step in range(1, k + 1):
            theta = theta - GAMMA * slope(theta)
            if step == k:
                start = theta = (1 - alpha) * start + alpha * theta
            yield theta


def penalised(decay: float) -> Walk:
    """L2 with λ‖w‖²: w ← w − γ(dw + 2λw)."""
    w = START
    while True:
        w = w - GAMMA * (slope(w) + decay * 2 * w)
        yield w


def decayed(decay: float) -> Walk:
    """The same rearranged: w ← (1 − 2γλ)w − γdw."""
    w = START
    while True:
        w = (1 - 2 * GAMMA * decay) * w - GAMMA * slope(w)
        yield w
