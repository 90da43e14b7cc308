"""The programs of a run: a training step (forward, backward, update) and an evaluation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.autodiff.functional import value_and_grad
from microgd.gates.indexing import one_hot, take
from microgd.gates.movement import reshape
from microgd.gates.reduction import largest, total
from microgd.gates.selection import equal, greater, maximum
from microgd.graph.values import shape_of
from microgd.losses import l1, l2
from microgd.nn.layer import Mode, Params
from microgd.nn.net import Sequential
from microgd.optim.optimizer import Optimizer, State
from microgd.optim.wrapping import Wrapper

#: What is counted while examples go by: the sum of their losses, and how many were right.
Sums = dict[str, Any]


def nothing(dtype: Any = "float32") -> Sums:
    """What is counted before the first example."""
    return {"loss": np.zeros((), dtype), "right": np.zeros((), dtype)}


@dataclass(frozen=True)
class Task:
    """What a net is to learn.

    Attributes:
        net: the net.
        loss: outputs and targets → one number for each example, with reduction="none".
        kind: "classes" (a score for each), "binary" (one output), or "numbers".
        optimizer: what moves the parameters.
        l2, l1: penalties on the weights; the reported loss is without them.
        seed: of dropout and other random layers.
    """

    net: Sequential
    loss: Callable[..., Any]
    kind: str
    optimizer: Optimizer | Wrapper
    l2: float = 0.0
    l1: float = 0.0
    seed: int = 0

    def step(
        self,
        params: Params,
        memory: State,
        kept: Params,
        sums: Sums,
        x: Any,
        y: Any,
        t: Any,
        lr: Any,
    ) -> tuple[Params, State, Params, Sums]:
        """One training step on a minibatch: new parameters, optimizer's and net's state, sums.

        Arguments:
            params, memory, kept: parameters, the optimizer's state, the net's state.
            sums: what was counted before.
            x, y: the minibatch. t: the number of the step. lr: the learning rate.
        """
        count = shape_of(x)[0]
        mode = Mode(train=True, step=t, seed=self.seed)

        def objective(point: Params) -> Any:
            scores, state = self.net.apply(point, kept, x, mode)
            each = self.loss(scores, y, reduction="none")
            mean = total(each) * (1.0 / count)
            whole = mean
            if self.l2:
                whole = whole + l2(point, self.l2)
            if self.l1:
                whole = whole + l1(point, self.l1)
            return whole, {"state": state, "loss": mean, "right": self.right(scores, y)}

        point = self.optimizer.gradient_point(params, memory)
        (_, seen), gradients = value_and_grad(objective, aux=True)(point)
        params, memory = self.optimizer.update(params, gradients, memory, lr, seen["loss"])
        new = {"loss": sums["loss"] + seen["loss"] * count, "right": sums["right"] + seen["right"]}
        return params, memory, seen["state"], new

    def steps_of_rows(
        self,
        params: Params,
        memory: State,
        kept: Params,
        sums: Sums,
        data: tuple[Any, Any],
        rows: Sequence[Any],
        t: Any,
        rates: Sequence[Any],
    ) -> tuple[Params, State, Params, Sums]:
        """Steps on rows of all the data, which stay on the device: one for each array of rows.

        Several steps in one program spare the calls between them, which is much of the time of a
        small net.
        """
        for place, (one, lr) in enumerate(zip(rows, rates, strict=True)):
            x, y = (take(column, one, axis=0) for column in data)
            params, memory, kept, sums = self.step(
                params, memory, kept, sums, x, y, t + float(place) if place else t, lr
            )
        return params, memory, kept, sums

    def evaluate(self, params: Params, kept: Params, sums: Sums, x: Any, y: Any) -> Sums:
        """What is counted on these examples by a net that is not learning, added to `sums`."""
        scores, _ = self.net.apply(params, kept, x)
        each = self.loss(scores, y, reduction="none")
        return {
            "loss": sums["loss"] + total(each),
            "right": sums["right"] + self.right(scores, y),
        }

    def right(self, scores: Any, y: Any) -> Any:
        """How many examples are right; a tie between n classes counts as the n-th part of one."""
        if self.kind == "numbers":
            return total(scores) * 0.0
        if self.kind == "binary":
            guess = greater(scores, 0.0)
            return total(equal(guess, reshape(y, shape_of(scores))))
        highest = equal(scores, reshape(largest(scores, axis=1), (-1, 1)))
        ties = maximum(total(highest, axis=1), 1.0)
        wanted = y if shape_of(y) == shape_of(scores) else one_hot(y, shape_of(scores)[1])
        return total(total(highest * wanted, axis=1) / ties)
