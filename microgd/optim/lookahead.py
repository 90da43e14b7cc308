"""Lookahead: let another optimizer run k steps ahead, then go part of the way after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from microgd.autodiff.tree import leaves, rebuilt
from microgd.errors import ArgumentError
from microgd.gates.reduction import total
from microgd.gates.selection import clip, equal, greater, where
from microgd.optim.optimizer import (
    Optimizer,
    State,
    aligned,
    called,
    checked_leaves,
    matched,
    remembered,
    require_state,
)
from microgd.optim.wrapping import Wrapper
from microgd.options import pair, refuse, whole

FITTED = "fitted"


@dataclass(frozen=True)
class Lookahead(Wrapper):
    """k steps of an inner optimizer, then x ← (1 − α)·x_start + α·x_finish, and again from there.

    Arguments:
        inner: the optimizer that runs ahead.
        k: how many steps.
        alpha: α in (0, 1], or "fitted": the lowest point of the parabola through L(0), L(1) with
            the slope L′(1), along the line from start to finish. The slope needs a gradient at the
            finish, so every cycle has one call of `update` more, which moves and lets the inner
            optimizer rest; and `update` needs the `loss`.
        bounds: what a fitted α is kept within. Where the parabola has no lowest point, α is 1.
        restart: begin the inner optimizer's state anew in each cycle, instead of keeping it.

    With α = 1 it is the inner optimizer.
    Source: Zhang, Lucas, Ba and Hinton, 2019; the parabola: lecture 003.

    >>> from microgd.optim import SGD
    >>> rule = Lookahead(SGD(), k=2, alpha=0.5)
    >>> x, state = rule.update(1.0, 1.0, rule.init(1.0), lr=0.1)
    >>> x, state = rule.update(x, 1.0, state, lr=0.1)
    >>> round(x, 4)  # half way from 1 to 0.8
    0.9
    """

    inner: Optimizer | Wrapper
    k: int = 5
    alpha: float | str = 0.5
    bounds: tuple[float, float] = (0.1, 1.0)
    restart: bool = False
    source: ClassVar[str] = "Zhang, Lucas, Ba and Hinton, 2019; lecture 003"

    def check(self) -> None:
        whole(self, "k")
        number = isinstance(self.alpha, int | float) and not isinstance(self.alpha, bool)
        if self.alpha != FITTED and not (number and 0 < float(self.alpha) <= 1):
            refuse(self, "alpha", "a number above 0 and up to 1, or 'fitted'")
        expected = "two numbers, 0 ≤ least ≤ largest"
        pair(self, "bounds", expected, lambda least, largest: 0 <= least <= largest)

    @property
    def fitted(self) -> bool:
        """Whether α comes from the parabola."""
        return self.alpha == FITTED

    def formula(self) -> tuple[str, ...]:
        blend = "every k steps: x ← (1 − α)·x_start + α·x"
        lines = (*self.inner.formula(), blend, "x_start ← x")
        if not self.fitted:
            return lines
        return (
            *lines[:-2],
            "every k steps: a = L′(1) − (L(1) − L(0)), b = 2(L(1) − L(0)) − L′(1), α = −b / 2a",
            *lines[-2:],
        )

    def init(self, params: Any) -> State:
        """The state: the inner one, the point the cycle began at, and the steps since."""
        # copies: who changes an array of parameters in place must not move the start as well
        found = (x.copy() if isinstance(x, np.ndarray) else x for x in checked_leaves(params))
        start = rebuilt(params, found)
        state = {"inner": self.inner.init(params), "start": start, "steps": 0.0}
        return {**state, "loss": 0.0} if self.fitted else state

    def gradient_point(self, params: Any, state: State) -> Any:
        """Where the inner optimizer wants its gradient; at the finish of a fitted cycle, there."""
        ahead = self.inner.gradient_point(params, state["inner"])
        if not self.fitted or ahead is params:
            return ahead
        done = equal(state["steps"], float(self.k))
        return _chosen(done, params, ahead)

    def update(
        self, params: Any, grads: Any, state: State, lr: Any = None, loss: Any = None
    ) -> tuple[Any, State]:
        """One step of the inner optimizer; every k-th ends by going back part of the way."""
        require_state(
            self, state, {"inner", "start", "steps"} | ({"loss"} if self.fitted else set())
        )
        start = remembered(state, "start", params)
        state = {**state, "start": rebuilt(params, iter(start))}
        if self.fitted:
            return self._fitted_update(params, grads, state, lr, loss)
        ahead, inner = self.inner.update(params, grads, state["inner"], lr, loss)
        steps = state["steps"] + 1.0
        done = equal(steps, float(self.k))
        blended = self._blend(state["start"], ahead, self.alpha)
        found = _chosen(done, blended, ahead)
        return found, {
            "inner": self._rested(done, found, inner),
            "start": _chosen(done, blended, state["start"]),
            "steps": where(done, 0.0, steps),
        }

    def _fitted_update(
        self, params: Any, grads: Any, state: State, lr: Any, loss: Any
    ) -> tuple[Any, State]:
        if loss is None:
            raise ArgumentError(
                "a fitted Lookahead compares losses: give it one, update(…, loss=loss)"
            )
        ahead, inner = self.inner.update(params, grads, state["inner"], lr, loss)
        done = equal(state["steps"], float(self.k))
        first = where(equal(state["steps"], 0.0), loss, state["loss"])
        alpha = self._fit(params, grads, state["start"], first, loss)
        blended = self._blend(state["start"], params, alpha)
        found = _chosen(done, blended, ahead)
        return found, {
            "inner": self._rested(done, found, _chosen(done, state["inner"], inner)),
            "start": _chosen(done, blended, state["start"]),
            "steps": where(done, 0.0, state["steps"] + 1.0),
            "loss": first,
        }

    def _fit(self, params: Any, grads: Any, start: Any, first: Any, last: Any) -> Any:
        """α at the lowest point of the parabola along the line from start to finish."""
        slope: Any = 0.0
        for x, g, x0 in zip(*matched(params, grads), leaves(start), strict=True):
            slope = slope + total(g * (x - x0))
        rise = last - first
        a = slope - rise
        b = 2.0 * rise - slope
        opens_up = greater(a, 0.0)
        lowest = -b / (2.0 * where(opens_up, a, 1.0))
        return called("α", where(opens_up, clip(lowest, *self.bounds), 1.0))

    def _blend(self, start: Any, finish: Any, alpha: Any) -> Any:
        pairs = zip(leaves(start), leaves(finish), strict=True)
        return rebuilt(finish, iter([(1.0 - alpha) * a + alpha * b for a, b in pairs]))

    def _rested(self, done: Any, params: Any, inner: State) -> State:
        if not self.restart:
            return inner
        fresh: State = _chosen(done, self.inner.init(params), inner)
        return fresh


def _chosen(condition: Any, yes: Any, no: Any) -> Any:
    """One of two trees of the same structure, by a number that may not be known yet."""
    pairs = zip(aligned(yes, no, "two states differ"), leaves(no), strict=True)
    return rebuilt(no, iter([where(condition, a, b) for a, b in pairs]))
