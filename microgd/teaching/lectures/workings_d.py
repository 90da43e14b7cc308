"""How the numbers and rules of part D are computed: the decks' rules beside our optimizers."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np

from microgd.graph.values import Array
from microgd.lab import descend, from_text, race
from microgd.optim import AdaGrad, read_optimizer
from microgd.teaching.lectures.rules_d import GAMMA, START, Walk, slope

STEPS = 12

#: Rprop as deck 003 writes it.
RPROP = "rprop(etas=(0.6, 1.2), step_sizes=(0.0, inf), variant='rprop-', zero_shrinks=True)"

Sides = Callable[[], tuple[Any, Any]]


def walked(text: str, steps: int = STEPS, lr: float = GAMMA) -> Array:
    """microgd's walk down the same bowl, without its start."""
    return descend("bowl", text, lr=lr, steps=steps).points[1:]


def same(text: str, deck: Callable[[], Walk], steps: int = STEPS, lr: float = GAMMA) -> Sides:
    """An optimizer of ours, as text, against a rule of the decks."""
    return lambda: (walked(text, steps, lr), list(islice(deck(), steps)))


def option(text: str, name: str) -> Callable[[], float]:
    """An option's value, as our optimizer has it by default."""
    return lambda: float(getattr(read_optimizer(text), name))


def factor(place: int) -> Callable[[], float]:
    """What Rprop multiplies a step by, read off the walk: signs agree, or they do not."""

    def read() -> float:
        steps = np.abs(np.diff(np.vstack([START, walked(RPROP, 60)]), axis=0))[:, 1]
        ratios = steps[1:] / steps[:-1]
        return float((ratios.min(), ratios.max())[place])

    return read


def shifted_path() -> tuple[Any, Any]:
    """θ̂ = θ + αv: the look-ahead walk, moved on by α times its own last step."""
    theta = np.vstack([START, walked("nesterov(form='look-ahead', momentum=0.9)")])
    steps = np.diff(theta, axis=0)
    return walked("nesterov(form='shifted', momentum=0.9)"), theta[1:] + 0.9 * steps


def rolling_upside_down() -> tuple[Any, Any]:
    """On flat ground a speed v becomes −βv, and turns round in every step."""
    v = np.array([1.0])
    signs = []
    for _ in range(6):
        v = -0.9 * v
        signs.append(float(np.sign(v[0])))
    return signs, [(-1.0) ** n for n in range(1, 7)]


def sign_only() -> tuple[Any, Any]:
    """A thousand times the gradient, the same walk."""
    steep = from_text("60*x1**2 + 250*x2**2 - 40*x1*x2", {"x1": -5.0, "x2": -7.5})
    return descend(steep, RPROP, lr=GAMMA, steps=STEPS).points[1:], walked(RPROP)


def length_is_gamma() -> tuple[Any, Any]:
    path = np.vstack([START, walked("normalizedgradient(eps=0)")])
    return np.linalg.norm(np.diff(path, axis=0), axis=1), np.full(STEPS, GAMMA)


def correction(t: int) -> Callable[[], float]:
    """1 − 0.9ᵗ, read off Adam: the first mean by the corrected one, of a constant gradient."""
    from microgd.lab.xray import xray

    return lambda: float(xray("adam", gradients=[1.0], lr=0.1, steps=t).rows[-1].parts["1−β₁ᵗ"])


def parabola() -> tuple[Any, Any]:
    """L̂ is exact on a parabola, so the fitted α ends where L is lowest along the line."""
    k = 3
    path = walked(f"lookahead(sgd, k={k}, alpha='fitted', bounds=(0, 100))", k + 1)
    finish, fitted = path[k - 1], path[k]
    line = finish - START

    def loss(alpha: float) -> float:
        x1, x2 = START + alpha * line
        return float(0.06 * x1**2 + 0.25 * x2**2 - 0.04 * x1 * x2)

    rows = [[0, 0, 1], [1, 1, 1], [2, 1, 0]]  # L̂(0), L̂(1) and L̂′(1) of aα² + bα + c
    a, b, _ = np.linalg.solve(rows, [loss(0), loss(1), slope(finish) @ line])
    return [*fitted, slope(fitted) @ line], [*(START + (-b / (2 * a)) * line), 0.0]


def l2_is_not_decay_for_adam() -> tuple[Any, Any]:
    one, other = walked("adam(weight_decay=0.1)"), walked("adamw(weight_decay=0.1)")
    return float(np.abs(one - other).max() > 0.01), 1.0


def rates_that_work() -> tuple[Any, Any]:
    """On the narrow valley SGD flies off from γ = 0.11 on; AdamW bears every rate up to 1."""
    rates = (0.01, 0.09, 0.11, 0.3, 1.0)
    walks = [descend("valley", r, lr=lr, steps=100) for r in ("sgd", "adamw") for lr in rates]
    ends = [w.diverged is None and w.last.value < w.rows[0].value for w in walks]
    return ends, [1, 1, 0, 0, 0, 1, 1, 1, 1, 1]


def wrong_end() -> tuple[Any, Any]:
    """Reddi, Kale and Kumar's example: Adam walks to +1, AMSGrad to −1, which is right."""
    rules = ["adam(betas=(0, 0.1))", "amsgrad(betas=(0, 0.1))"]
    walks = race("amsgrad", rules, lr=0.02, steps=1000)
    return np.round([walk.last.point[0] for walk in walks]), [1.0, -1.0]


def betas() -> tuple[float, float]:
    """Adam's two, as they are by default."""
    first, second = read_optimizer("adam").betas
    return float(first), float(second)


def where_eps_is() -> tuple[Any, Any]:
    """A first step from a gradient of 10⁻⁵: ε beside the root leaves it, under it shrinks it."""
    moves = []
    for inside in (False, True):
        rule = AdaGrad(eps=1e-7, eps_inside_root=inside)
        moves.append(-float(rule.update(0.0, 1e-5, rule.init(0.0), lr=1.0)[0]))
    return moves, [1e-5 / (1e-5 + 1e-7), 1e-5 / np.sqrt(1e-10 + 1e-7)]
