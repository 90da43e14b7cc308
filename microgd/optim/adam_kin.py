"""Adam's relatives: Adamax, NAdam, AdaBelief."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from microgd.gates.exponential import exp
from microgd.gates.powers import absolute, square
from microgd.gates.selection import maximum
from microgd.optim.adam import Adam, checked_betas, correction
from microgd.optim.adaptive import root, root_text
from microgd.optim.optimizer import Optimizer, Slots, average, called
from microgd.options import not_negative, one_of


@dataclass(frozen=True)
class Adamax(Optimizer):
    """Adam with the largest gradient, slowly forgotten, in the place of the root mean square.

    Arguments:
        betas: β₁ and β₂.
        eps: ε, so that nothing is divided by 0.
        eps_place: "gradient": u ← max(β₂u, |g| + ε) (PyTorch, optax); "denominator": m̂ / (u + ε)
            (Keras). The paper has none: eps=0.

    m ← β₁m + (1 − β₁)g, u ← max(β₂u, |g| + ε), θ ← θ − γ·m̂ / u. u needs no correction.
    Source: Kingma and Ba, 2015, section 7.1.

    >>> rule = Adamax()
    >>> round(rule.update(1.0, 0.5, rule.init(1.0), lr=0.1)[0], 6)
    0.9
    """

    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    eps_place: str = "gradient"

    default_rate = 2e-3
    source = "Kingma and Ba, 2015, section 7.1"

    def check(self) -> None:
        checked_betas(self)
        not_negative(self, "eps")
        one_of(self, "eps_place", ("gradient", "denominator"))

    def rule(self) -> tuple[str, ...]:
        inside = self.eps_place == "gradient"
        return (
            "m ← β₁·m + (1 − β₁)·g",
            f"u ← max(β₂·u, |g|{' + ε' if inside else ''})",
            "m̂ = m / (1 − β₁ᵗ)",
            f"θ ← θ − γ·m̂ / {'u' if inside else '(u + ε)'}",
        )

    def slots(self) -> dict[str, str]:
        return {"m": "the running mean of g", "u": "the largest |g|, fading"}

    def move(self, g: Any, past: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        m = called("m", average(past["m"], g, self.betas[0]))
        inside = self.eps_place == "gradient"
        size = absolute(g) + self.eps if inside else absolute(g)
        u = called("u", maximum(self.betas[1] * past["u"], size))
        hat = called("m̂", m / correction(self.betas[0], t, "1−β₁ᵗ"))
        return lr * hat / (u if inside else u + self.eps), {"m": m, "u": u}


@dataclass(frozen=True)
class NAdam(Optimizer):
    """Adam with Nesterov's momentum: the step uses the mean as it will be one step later.

    Arguments:
        betas, eps, eps_inside_root: as in Adam.
        momentum_decay: ψ of PyTorch's form.
        form: "pytorch" (Dozat's warm-up; Keras's with ψ = 1): μₜ = β₁(1 − ½·0.96^(tψ)) in the
            place of β₁, and products of all μ in the place of β₁ᵗ. "simple" (optax): β₁ throughout.

    Source: Dozat, 2016.

    >>> rule = NAdam()
    >>> round(rule.update(1.0, 0.5, rule.init(1.0), lr=0.1)[0], 4)
    0.8944
    """

    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    eps_inside_root: bool = False
    momentum_decay: float = 4e-3
    form: str = "pytorch"

    default_rate = 2e-3
    source = "Dozat, 2016"

    def check(self) -> None:
        checked_betas(self)
        not_negative(self, "eps", "momentum_decay")
        one_of(self, "form", ("pytorch", "simple"))

    def rule(self) -> tuple[str, ...]:
        lines = ["m ← β₁·m + (1 − β₁)·g", "v ← β₂·v + (1 − β₂)·g²", "v̂ = v / (1 − β₂ᵗ)"]
        if self.form == "simple":
            lines.append("m̂ = β₁·m / (1 − β₁ᵗ⁺¹) + (1 − β₁)·g / (1 − β₁ᵗ)")
        else:
            lines += [
                "μₜ = β₁·(1 − ½·0.96^(t·ψ))",
                "p ← p·μₜ",
                "m̂ = μₜ₊₁·m / (1 − p·μₜ₊₁) + (1 − μₜ)·g / (1 − p)",
            ]
        return (*lines, f"θ ← θ − γ·m̂ / {root_text('v̂', self.eps_inside_root)}")

    def slots(self) -> dict[str, str]:
        product = {"p": "the product of all μ"} if self.form == "pytorch" else {}
        return {"m": "the running mean of g", "v": "the running mean of g²", **product}

    def begin(self, theta: Any) -> Slots:
        begun = super().begin(theta)
        if "p" in begun:
            begun["p"] = 1.0
        return begun

    def mu(self, t: Any) -> Any:
        """PyTorch's momentum of step t."""
        fading = exp(t * (self.momentum_decay * math.log(0.96)))
        return self.betas[0] * (1.0 - 0.5 * fading)

    def move(self, g: Any, past: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        first, second = self.betas
        m = called("m", average(past["m"], g, first))
        v = called("v", average(past["v"], square(g), second))
        new = {"m": m, "v": v}
        if self.form == "simple":
            ahead = first * m / correction(first, t + 1.0, "1−β₁ᵗ⁺¹")
            hat = ahead + (1.0 - first) * g / correction(first, t, "1−β₁ᵗ")
        else:
            now, later = self.mu(t), self.mu(t + 1.0)
            p = new["p"] = past["p"] * now
            hat = later * m / (1.0 - p * later) + (1.0 - now) * g / (1.0 - p)
        hat = called("m̂", hat)
        spread = called("v̂", v / correction(second, t, "1−β₂ᵗ"))
        return lr * hat / root(spread, self.eps, self.eps_inside_root), new


@dataclass(frozen=True)
class AdaBelief(Adam):
    """Adam whose second mean is of (g − m)²: large steps where the gradient is as believed.

    Arguments:
        eps: ε, 1e-16 as in the authors' own code. It is added to s in every step, so a large one,
            such as Adam's 1e-8, swamps (g − m)² and makes the rule plain momentum.
        eps_in_mean: add ε to s itself, as the paper does, besides adding it to the root.

    s ← β₂s + (1 − β₂)(g − m)² + ε, θ ← θ − γ·m̂ / (√ŝ + ε).
    Source: Zhuang et al., 2020; named in lecture 002. (s is the slot `v`.)

    >>> rule = AdaBelief()
    >>> round(rule.update(1.0, 0.5, rule.init(1.0), lr=0.1)[0], 4)
    0.8889
    """

    eps: float = 1e-16
    eps_in_mean: bool = True

    source = "Zhuang et al., 2020; named in lecture 002"

    def rule(self) -> tuple[str, ...]:
        mean = "v ← β₂·v + (1 − β₂)·(g − m)²" + (" + ε" if self.eps_in_mean else "")
        return tuple(mean if line.startswith("v ← β₂") else line for line in super().rule())

    def slots(self) -> dict[str, str]:
        return {**super().slots(), "v": "the running mean of (g − m)²"}

    def surprise(self, g: Any, m: Any) -> Any:
        """What v is the running mean of: (g − m)², and ε."""
        apart = square(g - m)
        # average() multiplies by 1 − β₂; the paper adds ε after that
        return apart + self.eps / (1.0 - self.betas[1]) if self.eps_in_mean else apart
