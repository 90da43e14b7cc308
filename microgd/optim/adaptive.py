"""A learning rate for each parameter, from the gradients it has had: AdaGrad, AdaDelta, RMSprop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from microgd.gates.powers import sqrt, square
from microgd.gates.selection import maximum
from microgd.optim.optimizer import Optimizer, Slots, average, called, zeros_like
from microgd.options import fraction, not_negative, one_of


def root(mean_square: Any, eps: Any, inside: bool) -> Any:
    """What a gradient is divided by: √v + ε, or √(v + ε)."""
    return sqrt(mean_square + eps) if inside else sqrt(mean_square) + eps


def root_text(of: str, inside: bool) -> str:
    """The same in a formula."""
    return f"√({of} + ε)" if inside else f"(√{of} + ε)"


@dataclass(frozen=True)
class AdaGrad(Optimizer):
    """Each parameter's learning rate falls with all the squared gradients that it has had.

    Arguments:
        eps: ε, so that nothing is divided by 0; 1e-10 in PyTorch, 1e-7 in lecture 000.
        eps_inside_root: √(s + ε) (lecture 002, Keras, optax) instead of √s + ε (000, PyTorch).
        lr_decay: γ falls as γ / (1 + (t − 1)·lr_decay), PyTorch's.
        initial_accumulator: what s begins at (0 in PyTorch, 0.1 in Keras and optax).

    s ← s + g², θ ← θ − γ·g / (√s + ε).
    Source: Duchi, Hazan and Singer, 2011; lectures 000, 002.

    >>> rule = AdaGrad()
    >>> round(rule.update(1.0, 0.5, rule.init(1.0), lr=0.1)[0], 4)
    0.9
    """

    eps: float = 1e-10
    eps_inside_root: bool = False
    lr_decay: float = 0.0
    initial_accumulator: float = 0.0

    default_rate = 1e-2
    source = "Duchi, Hazan and Singer, 2011; lectures 000, 002"

    def check(self) -> None:
        not_negative(self, "eps", "lr_decay", "initial_accumulator")

    def rule(self) -> tuple[str, ...]:
        gamma = "γ/(1 + (t − 1)·decay)" if self.lr_decay else "γ"
        return ("s ← s + g²", f"θ ← θ − {gamma}·g / {root_text('s', self.eps_inside_root)}")

    def slots(self) -> dict[str, str]:
        return {"s": "the sum of g²"}

    def begin(self, theta: Any) -> Slots:
        return {"s": _filled(theta, self.initial_accumulator)}

    def move(self, g: Any, past: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        s = called("s", past["s"] + square(g))
        if self.lr_decay:
            lr = lr / (1.0 + (t - 1.0) * self.lr_decay)
        return lr * g / root(s, self.eps, self.eps_inside_root), {"s": s}


@dataclass(frozen=True)
class AdaDelta(Optimizer):
    """Steps in the parameter's own units: the root mean square of steps over that of gradients.

    Arguments:
        rho: ρ, how much of the averages is kept; 0.9 in PyTorch, 0.95 in the paper and in Keras.
        eps: ε, under both roots; it also decides how quickly the first steps grow.

    u ← ρu + (1 − ρ)g², Δ = √(d + ε) / √(u + ε) · g, d ← ρd + (1 − ρ)Δ², θ ← θ − γΔ, with γ = 1.
    Source: Zeiler, 2012; named in lecture 000.

    >>> rule = AdaDelta()
    >>> round(rule.update(1.0, 0.5, rule.init(1.0))[0], 5)
    0.99684
    """

    rho: float = 0.9
    eps: float = 1e-6

    default_rate = 1.0
    source = "Zeiler, 2012; named in lecture 000"

    def check(self) -> None:
        fraction(self, "rho")
        not_negative(self, "eps")

    def rule(self) -> tuple[str, ...]:
        return (
            "u ← ρ·u + (1 − ρ)·g²",
            "Δ = √(d + ε) / √(u + ε) · g",
            "d ← ρ·d + (1 − ρ)·Δ²",
            "θ ← θ − γ·Δ",
        )

    def slots(self) -> dict[str, str]:
        return {"u": "the running mean of g²", "d": "the running mean of Δ²"}

    def move(self, g: Any, past: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        u = called("u", average(past["u"], square(g), self.rho))
        delta = sqrt(past["d"] + self.eps) / sqrt(u + self.eps) * g
        d = called("d", average(past["d"], square(delta), self.rho))
        return lr * delta, {"u": u, "d": d}


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """AdaGrad that forgets: the gradient over the root of a running mean of its squares.

    Arguments:
        alpha: how much of the mean is kept: 0.99 in PyTorch and lecture 000, 0.9 in 002 and Keras.
        eps: ε.
        eps_inside_root: √(u + ε) (002, 004, Keras, optax) instead of √u + ε (000, PyTorch).
        centered: divide by the standard deviation instead: u − a², with a the running mean of g.
        momentum: μ. b ← μb + g / (√u + ε), θ ← θ − γb.
        momentum_form: "pytorch", as above; "displacement" (Keras, TensorFlow, optax): γ goes into
            b, b ← μb + γ·g / (√u + ε), θ ← θ − b. Different only while γ changes.
        initial_accumulator: what u begins at (0 in PyTorch and Keras; 1 in TensorFlow 1).

    u ← αu + (1 − α)g², θ ← θ − γ·g / (√u + ε).
    Source: Tieleman and Hinton, lecture 6e, 2012; centred: Graves, 2013; lectures 000, 002 to 004.

    >>> rule = RMSprop()
    >>> round(rule.update(1.0, 0.5, rule.init(1.0), lr=0.1)[0], 4)
    0.0
    """

    alpha: float = 0.99
    eps: float = 1e-8
    eps_inside_root: bool = False
    centered: bool = False
    momentum: float = 0.0
    momentum_form: str = "pytorch"
    initial_accumulator: float = 0.0

    default_rate = 1e-2
    source = "Tieleman and Hinton, 2012; lectures 000, 002, 003, 004"

    def check(self) -> None:
        fraction(self, "alpha", "momentum")
        one_of(self, "momentum_form", ("pytorch", "displacement"))
        not_negative(self, "eps", "initial_accumulator")

    def rule(self) -> tuple[str, ...]:
        lines = ["u ← α·u + (1 − α)·g²"]
        below = root_text("u", self.eps_inside_root)
        if self.centered:
            lines.append("a ← α·a + (1 − α)·g")
            below = "√(u − a² + ε)" if self.eps_inside_root else "(√(u − a²) + ε)"
        step = f"g / {below}"
        if not self.momentum:
            return (*lines, f"θ ← θ − γ·{step}")
        if self.momentum_form == "displacement":
            return (*lines, f"b ← μ·b + γ·{step}", "θ ← θ − b")
        return (*lines, f"b ← μ·b + {step}", "θ ← θ − γ·b")

    def slots(self) -> dict[str, str]:
        more = {"a": "the running mean of g"} if self.centered else {}
        speed = {"b": "the steps that still roll"} if self.momentum else {}
        return {"u": "the running mean of g²", **more, **speed}

    def begin(self, theta: Any) -> Slots:
        return {**super().begin(theta), "u": _filled(theta, self.initial_accumulator)}

    def move(self, g: Any, past: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        u = called("u", average(past["u"], square(g), self.alpha))
        new = {"u": u}
        of = u
        if self.centered:
            a = new["a"] = called("a", average(past["a"], g, self.alpha))
            # a variance is never below 0, but its rounding is, where the gradient stays the same
            of = maximum(u - square(a), 0.0)
        step = g / root(of, self.eps, self.eps_inside_root)
        if not self.momentum:
            return lr * step, new
        if self.momentum_form == "displacement":
            step, lr = lr * step, 1.0
        b = new["b"] = called("b", self.momentum * past["b"] + step)
        return lr * b, new


def _filled(theta: Any, number: float) -> Any:
    """A parameter's first slot: this number in its shape and precision."""
    return zeros_like(theta) + number if number else zeros_like(theta)
