"""Adam: momentum and RMSprop together, with their first steps put right. AdamW and AMSGrad."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from microgd.gates.exponential import expm1
from microgd.gates.powers import sqrt, square
from microgd.gates.selection import maximum
from microgd.optim.adaptive import root, root_text
from microgd.optim.optimizer import Optimizer, Slots, average, called
from microgd.options import not_negative, one_of, pair, refuse

COMPOUNDED = "compounded"


def correction(beta: float, t: Any, name: str) -> Any:
    """1 − βᵗ, by which a running mean that began at 0 falls short after t steps.

    As −(e^(t·ln β) − 1): the plain difference would lose half of float32's digits at t = 1.
    """
    if beta == 0.0:
        return 1.0
    return called(name, -expm1(t * math.log(beta)))


def checked_betas(owner: object) -> None:
    """Refuse anything but two decay rates in [0, 1)."""
    expected = "two numbers from 0 up to 1, without 1 itself"
    pair(owner, "betas", expected, lambda first, second: 0 <= first < 1 and 0 <= second < 1)


@dataclass(frozen=True)
class Adam(Optimizer):
    """The step is a running mean of gradients over the root of a running mean of their squares.

    Arguments:
        betas: β₁ and β₂, how much of the two means is kept (α and β in lecture 000).
        eps: ε.
        eps_inside_root: √(v̂ + ε) (lectures 002, 004; optax's `eps_root`) instead of √v̂ + ε (the
            paper, 000, 003, PyTorch).
        eps_before_correction: ε is added to √v before it is corrected, so that √v̂ + ε/√(1 − β₂ᵗ)
            divides (Keras, TensorFlow; ε̂ in the paper): early steps see a larger ε.
        bias_correction: True divides m by 1 − β₁ᵗ and v by 1 − β₂ᵗ, as the means begin at 0. False
            leaves that out. "compounded" is what slide 002 writes word for word: the corrected mean
            is what is remembered, and is corrected again in the next step; it does not work.
        amsgrad: divide by the largest v̂ so far, so that no step grows (AMSGrad).
        amsgrad_of: "v" takes the maximum of v and corrects it afterwards (PyTorch), "v̂" of the
            corrected mean (the lectures, PyTorch's older documentation, optax).

    m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ),
    θ ← θ − γ·m̂ / (√v̂ + ε). With `weight_decay` it is Adam with L2: λθ is added to g.
    Source: Kingma and Ba, 2015; lectures 000, 002, 003, 004.

    >>> rule = Adam()
    >>> round(rule.update(1.0, 0.5, rule.init(1.0), lr=0.1)[0], 6)
    0.9
    """

    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    eps_inside_root: bool = False
    eps_before_correction: bool = False
    bias_correction: bool | str = True
    amsgrad: bool = False
    amsgrad_of: str = "v"

    source = "Kingma and Ba, 2015; lectures 000, 002, 003, 004"

    def check(self) -> None:
        checked_betas(self)
        not_negative(self, "eps")
        one_of(self, "bias_correction", (True, False, COMPOUNDED))
        one_of(self, "amsgrad_of", ("v", "v̂"))
        if self.amsgrad and self.bias_correction == COMPOUNDED:
            refuse(self, "bias_correction", "True or False with amsgrad")
        if self.eps_before_correction and (
            self.eps_inside_root or self.bias_correction is not True
        ):
            refuse(self, "eps_before_correction", "False without a correction, or inside the root")

    def rule(self) -> tuple[str, ...]:
        lines = ["m ← β₁·m + (1 − β₁)·g", "v ← β₂·v + (1 − β₂)·g²"]
        m, v = "m", "v"
        if self.bias_correction == COMPOUNDED:
            lines = [f"m ← {_over(lines[0], 1)}", f"v ← {_over(lines[1], 2)}"]
        before = self.amsgrad and (self.amsgrad_of == "v" or not self.bias_correction)
        if before:
            lines.append("v⁺ ← max(v⁺, v)")
            v = "v⁺"
        if self.bias_correction is True:
            lines += ["m̂ = m / (1 − β₁ᵗ)", f"v̂ = {v} / (1 − β₂ᵗ)"]
            m, v = "m̂", "v̂"
        if self.amsgrad and not before:
            lines.append("v⁺ ← max(v⁺, v̂)")
            v = "v⁺"
        below = root_text(v, self.eps_inside_root)
        if self.eps_before_correction:
            below = below.replace("ε", "ε / √(1 − β₂ᵗ)")
        return (*lines, f"θ ← θ − γ·{m} / {below}")

    def slots(self) -> dict[str, str]:
        highest = {"highest": "the largest v so far"} if self.amsgrad else {}
        return {"m": "the running mean of g", "v": "the running mean of g²", **highest}

    def move(self, g: Any, past: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        m = average(past["m"], g, self.betas[0])
        v = average(past["v"], self.surprise(g, m), self.betas[1])
        if self.bias_correction == COMPOUNDED:
            m = m / correction(self.betas[0], t, "1−β₁ᵗ")
            v = v / correction(self.betas[1], t, "1−β₂ᵗ")
        m, v = called("m", m), called("v", v)
        new = {"m": m, "v": v}
        early = self.amsgrad and self.amsgrad_of == "v"
        if early:
            v = new["highest"] = called("v⁺", maximum(past["highest"], v))
        if self.bias_correction is True:
            m = called("m̂", m / correction(self.betas[0], t, "1−β₁ᵗ"))
            v = called("v̂", v / correction(self.betas[1], t, "1−β₂ᵗ"))
        if self.amsgrad and not early:
            v = new["highest"] = called("v⁺", maximum(past["highest"], v))
        eps: Any = self.eps
        if self.eps_before_correction:
            eps = eps / sqrt(correction(self.betas[1], t, "1−β₂ᵗ"))
        return lr * m / root(v, eps, self.eps_inside_root), new

    def surprise(self, g: Any, m: Any) -> Any:
        """What v is the running mean of: g²."""
        return square(g)


def _over(line: str, number: int) -> str:
    _, _, right = line.partition(" ← ")
    return f"({right}) / (1 − β{'₁₂'[number - 1]}ᵗ)"


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled weight decay: θ ← θ − γλθ − γ·m̂ / (√v̂ + ε).

    The decay does not pass through m and v, so all weights shrink alike, however large their
    gradients. λ is 0.01, as in PyTorch (0.004 in Keras, 1e-4 in optax). The paper (and lecture
    000) multiplies λ by the schedule alone and not by γ: its λ is γλ here.
    Source: Loshchilov and Hutter, 2019; lecture 000.

    >>> rule = AdamW()
    >>> round(rule.update(1.0, 0.5, rule.init(1.0), lr=0.1)[0], 6)
    0.899
    """

    weight_decay: float = field(default=0.01, kw_only=True)
    decoupled: bool = field(default=True, kw_only=True)

    source = "Loshchilov and Hutter, 2019; lecture 000"


@dataclass(frozen=True)
class AMSGrad(Adam):
    """Adam that divides by the largest v̂ so far, so that old large gradients are not forgotten.

    Source: Reddi, Kale and Kumar, 2018, who show where Adam walks to the wrong end.

    >>> rule = AMSGrad()
    >>> round(rule.update(1.0, 0.5, rule.init(1.0), lr=0.1)[0], 6)
    0.9
    """

    amsgrad: bool = True

    source = "Reddi, Kale and Kumar, 2018; lecture 000"
