"""Rules that do not trust the gradient's length: Rprop, and the normalised gradient."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from microgd.gates.powers import sqrt, square
from microgd.gates.reduction import total
from microgd.gates.selection import clip, equal, greater, less, sign, where
from microgd.optim.optimizer import Optimizer, Slots, called
from microgd.options import not_negative, one_of, pair

VARIANTS = ("irprop-", "rprop-", "rprop+")


@dataclass(frozen=True)
class Rprop(Optimizer):
    """Only the gradient's sign counts; each parameter has a step of its own.

    Where two gradients in a row agree in sign, the step grows, where they do not, it shrinks. It is
    for full batches: the noise of minibatches turns signs around.

    Arguments:
        etas: what the step is multiplied by when signs differ, and when they agree: 0.5 and 1.2 in
            PyTorch and the paper, 0.6 and 1.2 in lecture 003.
        step_sizes: the least and the largest step. math.inf is allowed (003 has no bounds).
        variant: what happens where the sign turned.
            "irprop-" (PyTorch): no move in this step, and the next one compares with 0.
            "rprop-" (003): it moves all the same.
            "rprop+" (the first paper): the last move is taken back.
        zero_shrinks: 003 shrinks the step also where the product of the gradients is 0; PyTorch and
            the papers leave it.

    The first step is γ, for every parameter.
    Source: Riedmiller and Braun, 1993; Igel and Hüsken, 2003; lecture 003.

    >>> rule = Rprop(etas=(0.6, 1.2), variant="rprop-", zero_shrinks=True)
    >>> params, state = rule.update(1.0, 7.0, rule.init(1.0), lr=0.1)
    >>> round(rule.update(params, 0.001, state, lr=0.1)[0], 4)  # 0.9 − 0.1 · 1.2
    0.78
    """

    etas: tuple[float, float] = (0.5, 1.2)
    step_sizes: tuple[float, float] = (1e-6, 50.0)
    variant: str = "irprop-"
    zero_shrinks: bool = False

    default_rate = 1e-2
    source = "Riedmiller and Braun, 1993; lecture 003"

    def check(self) -> None:
        pair(self, "etas", "two numbers with 0 < η⁻ < 1 < η⁺", lambda a, b: 0 < a < 1 < b)
        pair(self, "step_sizes", "two numbers with 0 ≤ least ≤ largest", lambda a, b: 0 <= a <= b)
        one_of(self, "variant", VARIANTS)

    def rule(self) -> tuple[str, ...]:
        turned = {
            "irprop-": "where g·g⁻ < 0: g ← 0",
            "rprop-": "",
            "rprop+": "where g·g⁻ < 0: θ ← θ + Δ⁻, g ← 0",
        }[self.variant]
        least = "≤" if self.zero_shrinks else "<"
        return (
            f"s ← s·η⁺ where g·g⁻ > 0, s·η⁻ where g·g⁻ {least} 0",
            "s ← min(max(s, least), largest)",
            *((turned,) if turned else ()),
            "θ ← θ − s·sign(g)",
            "g⁻ ← g",
        )

    def slots(self) -> dict[str, str]:
        back = {"moved": "the last move"} if self.variant == "rprop+" else {}
        return {"step": "each parameter's step", "before": "the last gradient", **back}

    def move(self, g: Any, past: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        first = equal(t, 1.0)
        product = g * past["before"]
        shrink, grow = self.etas
        turned = less(product, 0.0)
        step = past["step"]  # multiplied in each case: `where` of two bare numbers is float64
        same = step * shrink if self.zero_shrinks else step
        least, largest = self.step_sizes
        step = where(greater(product, 0.0), step * grow, where(turned, step * shrink, same))
        # PyTorch's order: the first step takes part too, with a product of 0
        started = lr + 0.0 * past["step"]
        step = where(first, started, step)
        step = clip(step, least, None if math.isinf(largest) else largest)
        step = called("s", step)
        kept = g if self.variant == "rprop-" else where(turned, 0.0, g)
        delta = step * sign(kept)
        if self.variant == "rprop+":
            delta = where(turned, -past["moved"], delta)
            return delta, {"step": step, "before": kept, "moved": delta}
        return delta, {"step": step, "before": kept}


@dataclass(frozen=True)
class NormalizedGradient(Optimizer):
    """Steps of length γ, however steep it is: θ ← θ − γ·g / ‖g‖.

    Arguments:
        eps: ε in g / (‖g‖ + ε). Where ‖g‖ is 0, nothing moves, even without it.
        per: "all": one length, of all parameters' gradients together; "parameter": one for each
            array.

    Source: lecture 003, on the way to RMSprop; Nesterov, 1984; Hazan and others, 2015.

    >>> rule = NormalizedGradient()
    >>> new, _ = rule.update([0.0, 0.0], [3.0, 4.0], rule.init([0.0, 0.0]), lr=0.5)
    >>> [round(x, 6) for x in new]
    [-0.3, -0.4]
    """

    eps: float = 0.0
    per: str = "all"

    default_rate = 1e-2
    source = "Nesterov, 1984; lecture 003"

    def check(self) -> None:
        not_negative(self, "eps")
        one_of(self, "per", ("all", "parameter"))

    def rule(self) -> tuple[str, ...]:
        return (f"θ ← θ − γ·g / {'(‖g‖ + ε)' if self.eps else '‖g‖'}",)

    def gather(self, gradients: list[Any]) -> list[Any]:
        if self.per == "parameter":
            return [self._unit(g, length([g])) for g in gradients]
        together = length(gradients)
        return [self._unit(g, together) for g in gradients]

    def _unit(self, g: Any, size: Any) -> Any:
        return g / (where(greater(size, 0.0), size, 1.0) + self.eps)

    def move(self, g: Any, past: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        return lr * g, {}


def length(gradients: list[Any]) -> Any:
    """‖g‖, the Euclidean length of all gradients together."""
    squares: Any = 0.0
    for g in gradients:
        squares = squares + total(square(g))
    return called("‖g‖", sqrt(squares))
