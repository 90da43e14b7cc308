"""Gradient descent, and gradient descent that keeps its speed: momentum and Nesterov."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from microgd.errors import ArgumentError
from microgd.gates.selection import equal, where
from microgd.optim.optimizer import Optimizer, Slots, called
from microgd.options import fraction, one_of

MOMENTUM_FORMS = ("pytorch", "velocity", "displacement", "rolling")
NESTEROV_FORMS = ("pytorch", "shifted", "look-ahead", "displacement", "rolling")


@dataclass(frozen=True, kw_only=True)
class SGD(Optimizer):
    """Gradient descent, θ ← θ − γg, with momentum if asked for: PyTorch's `SGD`.

    Arguments:
        momentum: μ. b ← μb + (1 − τ)g and θ ← θ − γb; the first b is g.
        dampening: τ, PyTorch's.
        nesterov: θ ← θ − γ(g + μb).

    Source: lectures 000, 002, 003; Robbins and Monro, 1951; the momentum form is Sutskever et al.,
    2013, as PyTorch writes it. `Momentum` and `Nesterov` have the forms of the lectures.

    >>> sgd = SGD(momentum=0.9)
    >>> params, state = sgd.update(1.0, 0.5, sgd.init(1.0), lr=0.1)
    >>> round(sgd.update(params, 0.5, state, lr=0.1)[0], 4)
    0.855
    """

    momentum: float = 0.0
    dampening: float = 0.0
    nesterov: bool = False

    source = "Robbins and Monro, 1951; momentum: Polyak, 1964; lectures 000, 002, 003"

    def check(self) -> None:
        fraction(self, "momentum", "dampening")
        if self.nesterov and (not self.momentum or self.dampening):
            raise ArgumentError("SGD: nesterov needs a momentum above 0, and no dampening")

    def slots(self) -> dict[str, str]:
        return {"b": "the gradients that still roll"} if self.momentum else {}

    def rule(self) -> tuple[str, ...]:
        if not self.momentum:
            return ("θ ← θ − γ·g",)
        g = "(1 − τ)·g   (the first time b ← g)" if self.dampening else "g"
        step = "(g + μ·b)" if self.nesterov else "b"
        return (f"b ← μ·b + {g}", f"θ ← θ − γ·{step}")

    def move(self, g: Any, past: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        if not self.momentum:
            return lr * g, {}
        if self.dampening:
            b = self.momentum * past["b"] + (1.0 - self.dampening) * g
            b = where(equal(t, 1.0), g, b)
        else:
            b = self.momentum * past["b"] + g
        b = called("b", b)
        return lr * (g + self.momentum * b if self.nesterov else b), {"b": b}


@dataclass(frozen=True)
class Momentum(Optimizer):
    """Gradient descent with momentum, in the form of your lecture.

    Arguments:
        momentum: μ (α in 000 and 002), 0.9 to 0.95.
        form: which formula.
            "pytorch": v ← μv + g, θ ← θ − γv.
            "velocity" (000, 004): v ← μv − γg, θ ← θ + v.
            "displacement" (002): h ← μh + γg, θ ← θ − h.
            "rolling" (003): v' = μv − γg, θ' = θ + v, with the *old* v: each push arrives one step
            late. The slide writes v' = −αg − βv; the ball's equation gives −β = 1 − friction, so
            μ = −β.

    While γ is constant the first three walk the same path (v = −γ·b = −h). When γ changes,
    PyTorch's form applies the new γ to the old gradients as well; the others do not.

    Source: Polyak, 1964; lectures 000 to 004.

    >>> rule = Momentum(0.9, form="velocity")
    >>> params, state = rule.update(1.0, 0.5, rule.init(1.0), lr=0.1)
    >>> round(params, 4), round(state["v"], 4)
    (0.95, -0.05)
    """

    momentum: float = 0.9
    form: str = "pytorch"

    default_rate = 1e-3
    source = "Polyak, 1964; lectures 000, 002, 003, 004"

    def check(self) -> None:
        fraction(self, "momentum")
        one_of(self, "form", MOMENTUM_FORMS)

    def slots(self) -> dict[str, str]:
        return {"v": "the speed"}

    def rule(self) -> tuple[str, ...]:
        return {
            "pytorch": ("v ← μ·v + g", "θ ← θ − γ·v"),
            "velocity": ("v ← μ·v − γ·g", "θ ← θ + v"),
            "displacement": ("v ← μ·v + γ·g", "θ ← θ − v"),
            "rolling": ("v′ = μ·v − γ·g", "θ′ = θ + v   (the old v)"),
        }[self.form]

    def move(self, g: Any, past: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        rolling = self.momentum * past["v"]
        if self.form == "pytorch":
            v = called("v", rolling + g)
            return lr * v, {"v": v}
        if self.form == "displacement":
            v = called("v", rolling + lr * g)
            return v, {"v": v}
        v = called("v", rolling - lr * g)
        return -(past["v"] if self.form == "rolling" else v), {"v": v}


@dataclass(frozen=True)
class Nesterov(Optimizer):
    """Nesterov's accelerated gradient: the momentum's part of the step first, then the gradient.

    Arguments:
        momentum: μ.
        form: which formula.
            "pytorch": v ← μv + g, θ ← θ − γ(g + μv).
            "shifted" (000): v' = μv − γg(θ̂), θ̂' = θ̂ + v' + μ(v' − v), for the parameters
            θ̂ = θ + μv. The same path as PyTorch's while γ is constant.
            "look-ahead" (000): g at θ + μv, v ← μv − γg, θ ← θ + v.
            "displacement" (002): the same with h = −v: g at θ − μh, h ← μh + γg, θ ← θ − h.
            "rolling" (003): g at θ + v, without μ; v ← μv − γg, θ ← θ + v.

    The last three need the gradient at another point than θ: take it at `gradient_point(params,
    state)`. The shifted form walks the look-ahead points themselves.

    Source: Nesterov, 1983; lectures 000, 002, 003.

    >>> rule = Nesterov(0.9, form="look-ahead")
    >>> params, state = rule.update(1.0, 0.5, rule.init(1.0), lr=0.1)
    >>> round(params, 4), round(rule.gradient_point(params, state), 4)
    (0.95, 0.905)
    """

    momentum: float = 0.9
    form: str = "pytorch"

    default_rate = 1e-3
    source = "Nesterov, 1983; lectures 000, 002, 003"

    def check(self) -> None:
        fraction(self, "momentum")
        one_of(self, "form", NESTEROV_FORMS)

    def slots(self) -> dict[str, str]:
        return {"v": "the speed"}

    def rule(self) -> tuple[str, ...]:
        return {
            "pytorch": ("v ← μ·v + g", "θ ← θ − γ·(g + μ·v)"),
            "shifted": ("v′ = μ·v − γ·g", "θ ← θ + v′ + μ·(v′ − v)"),
            "look-ahead": (f"g = ∇L{self.point_text()}", "v ← μ·v − γ·g", "θ ← θ + v"),
            "displacement": (f"g = ∇L{self.point_text()}", "v ← μ·v + γ·g", "θ ← θ − v"),
            "rolling": (f"g = ∇L{self.point_text()}", "v ← μ·v − γ·g", "θ ← θ + v"),
        }[self.form]

    def point_text(self) -> str:
        points = {"look-ahead": "(θ + μ·v)", "displacement": "(θ − μ·v)", "rolling": "(θ + v)"}
        return points.get(self.form, "θ")

    def look(self, theta: Any, past: Slots) -> Any:
        ahead = {"look-ahead": self.momentum, "displacement": -self.momentum, "rolling": 1.0}
        share = ahead.get(self.form)
        return theta if share is None else theta + share * past["v"]

    def move(self, g: Any, past: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        rolling = self.momentum * past["v"]
        if self.form == "pytorch":
            v = called("v", rolling + g)
            return lr * (g + self.momentum * v), {"v": v}
        if self.form == "displacement":
            v = called("v", rolling + lr * g)
            return v, {"v": v}
        v = called("v", rolling - lr * g)
        if self.form == "shifted":
            return -(v + self.momentum * (v - past["v"])), {"v": v}
        return -v, {"v": v}
