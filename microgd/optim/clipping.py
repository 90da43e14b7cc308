"""Gradient clipping: no gradient, or no gradients together, longer than so much."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle
from typing import Any, ClassVar

from microgd.autodiff.tree import leaves, rebuilt
from microgd.errors import ArgumentError
from microgd.gates.selection import clip, minimum
from microgd.optim.optimizer import Optimizer, State, with_gradient_changed
from microgd.optim.signs import length
from microgd.optim.wrapping import Wrapper
from microgd.options import above_zero, one_of


def global_norm(grads: Any) -> Any:
    """‖g‖ of all gradients together.

    >>> global_norm({"w": [3.0], "b": 4.0})
    5.0
    """
    return length(leaves(grads))


def clip_norm(grads: Any, limit: float, per: str = "all") -> Any:
    """The gradients, made shorter together where ‖g‖ > limit, in the same direction.

    g · min(1, limit / (‖g‖ + 1e-6)), as PyTorch's `clip_grad_norm_`. With `per="parameter"` each
    array is made shorter by itself, as by Keras's `clipnorm`.
    Source: Pascanu, Mikolov and Bengio, 2013.

    >>> [round(g, 3) for g in clip_norm([3.0, 4.0], 1.0)]
    [0.6, 0.8]
    """
    found = leaves(grads)
    sizes = [length([g]) for g in found] if per == "parameter" else [global_norm(grads)]
    shares = [minimum(1.0, limit / (size + 1e-6)) for size in sizes]
    return rebuilt(grads, iter([g * share for g, share in zip(found, cycle(shares))]))


def clip_value(grads: Any, limit: float) -> Any:
    """The gradients, each number kept within ±limit, as PyTorch's `clip_grad_value_`.

    >>> clip_value([3.0, -0.5], 1.0)
    [1.0, -0.5]
    """
    return rebuilt(grads, iter([clip(g, -limit, limit) for g in leaves(grads)]))


@dataclass(frozen=True)
class Clipped(Wrapper):
    """An optimizer that is given clipped gradients.

    Arguments:
        inner: the optimizer.
        norm: the longest that all gradients together may be; None for no limit.
        value: the largest that each number may be; None for no limit. It comes first.
        per: "all": ‖g‖ is of all gradients together; "parameter": each array has a ‖g‖ of its own.

    >>> from microgd.optim import SGD
    >>> rule = Clipped(SGD(), norm=1.0)
    >>> round(rule.update(0.0, 50.0, rule.init(0.0), lr=0.1)[0], 4)
    -0.1
    """

    inner: Optimizer | Wrapper
    norm: float | None = None
    value: float | None = None
    per: str = "all"
    source: ClassVar[str] = "Pascanu, Mikolov and Bengio, 2013"

    def check(self) -> None:
        if self.norm is None and self.value is None:
            raise ArgumentError("Clipped: give it a norm or a value to clip at")
        one_of(self, "per", ("all", "parameter"))
        above_zero(self, *(n for n in ("norm", "value") if getattr(self, n) is not None))

    def formula(self) -> tuple[str, ...]:
        lines = []
        if self.value is not None:
            lines.append(f"g ← min(max(g, −{self.value:g}), {self.value:g})")
        if self.norm is not None:
            own = "   (‖g‖ of each array)" if self.per == "parameter" else ""
            lines.append(f"g ← g·min(1, {self.norm:g} / ‖g‖){own}")
        return with_gradient_changed(self.inner.formula(), lines)

    def init(self, params: Any) -> State:
        """The inner optimizer's state."""
        return self.inner.init(params)

    def update(
        self, params: Any, grads: Any, state: State, lr: Any = None, loss: Any = None
    ) -> tuple[Any, State]:
        """One step of the inner optimizer with clipped gradients."""
        if self.value is not None:
            grads = clip_value(grads, self.value)
        if self.norm is not None:
            grads = clip_norm(grads, self.norm, self.per)
        return self.inner.update(params, grads, state, lr, loss)
