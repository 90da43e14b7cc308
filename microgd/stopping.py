"""When to stop: rules that look at each step and say why it was the last one.

A rule changes nothing: it takes what it remembers and what a step brought, and answers with what
to remember next and a reason to stop, or None. `a | b` stops when one of the two wants to, `a & b`
when both do.

>>> rule = Steps(100) | SmallGradient(1e-3)
>>> memory = rule.begin()
>>> memory, why = rule.look(memory, Seen(step=7, loss=0.5, gradients={"x": 5e-4}))
>>> why
'‖∇L‖ = 0.0005 is below 0.001'
"""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.autodiff.tree import leaves
from microgd.errors import ArgumentError
from microgd.graph.node import Node
from microgd.options import above_zero, finite, not_negative, one_of, read, whole, written


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """What a step brought.

    Attributes:
        step: how many steps have been taken.
        loss: the training loss.
        params, before: the parameters now, and before this step.
        gradients: ∇L at `params`.
        validation: the loss on held-out data, in the steps that measured it.
    """

    step: int
    loss: float | None = None
    params: Any = None
    before: Any = None
    gradients: Any = None
    validation: float | None = None


@dataclass(frozen=True, eq=False)
class Best:
    """What the rules about losses remember: the best one, its step, and its parameters."""

    loss: float = math.inf
    step: int = 0
    params: Any = None


class Stopping:
    """The ancestor of all rules."""

    def begin(self) -> Any:
        """What is remembered before the first step."""
        return None

    def look(self, memory: Any, seen: Seen) -> tuple[Any, str | None]:
        """What to remember, and why to stop; None to go on.

        Raises:
            ArgumentError: the rule needs something that was not `seen`.
        """
        raise NotImplementedError

    def __or__(self, other: Stopping) -> AnyOf:
        return AnyOf((*_parts(self, AnyOf), *_parts(other, AnyOf)))

    def __and__(self, other: Stopping) -> AllOf:
        return AllOf((*_parts(self, AllOf), *_parts(other, AllOf)))

    @property
    def text(self) -> str:
        """The rule as text that `read_stopping` reads."""
        return written(self)

    def need(self, seen: Seen, name: str) -> Any:
        """What was seen, or an error that says what the loop has to give."""
        value = getattr(seen, name)
        if value is None:
            raise ArgumentError(f"{type(self).__name__} needs to see the {name} of each step")
        return value


@dataclass(frozen=True)
class Steps(Stopping):
    """Stop after so many steps: the fixed count of the lectures."""

    limit: int

    def __post_init__(self) -> None:
        whole(self, "limit", least=0)

    def look(self, memory: Any, seen: Seen) -> tuple[Any, str | None]:
        return memory, f"after {_steps(seen.step)}" if seen.step >= self.limit else None


@dataclass(frozen=True)
class SmallStep(Stopping):
    """Stop when the parameters settle: ‖w_t − w_{t−1}‖ < ε, or Σ|w_t − w_{t−1}| < ε.

    Arguments:
        tolerance: ε.
        norm: "l2" for the Euclidean length, "l1" for the sum of absolute values (lecture 001).
    """

    tolerance: float
    norm: str = "l2"

    def __post_init__(self) -> None:
        above_zero(self, "tolerance")
        one_of(self, "norm", ("l2", "l1"))

    def look(self, memory: Any, seen: Seen) -> tuple[Any, str | None]:
        if seen.step == 0:
            return memory, None
        moved = _flat(self.need(seen, "params")) - _flat(self.need(seen, "before"))
        size = float(np.abs(moved).sum() if self.norm == "l1" else _length(moved))
        what = "Σ|Δw|" if self.norm == "l1" else "‖Δw‖"
        return memory, _below(what, size, self.tolerance)


@dataclass(frozen=True)
class SmallGradient(Stopping):
    """Stop where it is flat: ‖∇L‖ < ε."""

    tolerance: float

    def __post_init__(self) -> None:
        above_zero(self, "tolerance")

    def look(self, memory: Any, seen: Seen) -> tuple[Any, str | None]:
        size = _length(_flat(self.need(seen, "gradients")))
        return memory, _below("‖∇L‖", size, self.tolerance)


@dataclass(frozen=True)
class SmallLoss(Stopping):
    """Stop when the loss is below a target."""

    target: float

    def __post_init__(self) -> None:
        finite(self, "target")

    def look(self, memory: Any, seen: Seen) -> tuple[Any, str | None]:
        return memory, _below("the loss", float(self.need(seen, "loss")), self.target)


@dataclass(frozen=True)
class NoFall(Stopping):
    """Stop when the loss has not fallen for K steps.

    Arguments:
        patience: K.
        least: how much lower than the best a loss has to be to count as a fall.
    """

    patience: int
    least: float = 0.0

    def __post_init__(self) -> None:
        whole(self, "patience")
        not_negative(self, "least")

    def begin(self) -> Best:
        return Best()

    def look(self, memory: Best, seen: Seen) -> tuple[Best, str | None]:
        return self.compare(memory, seen, float(self.need(seen, "loss")), "the loss")

    def compare(self, memory: Best, seen: Seen, loss: float, what: str) -> tuple[Best, str | None]:
        """The new best, or the patience that is used up."""
        if loss < memory.loss - self.least:
            return Best(loss, seen.step, seen.params), None
        if seen.step - memory.step < self.patience:
            return memory, None
        return memory, (
            f"{what} has not fallen for {_steps(seen.step - memory.step)}, since "
            f"{memory.loss:.6g} at step {memory.step}"
        )


@dataclass(frozen=True)
class ValidationRises(NoFall):
    """Early stopping: stop when the validation loss has not fallen for K steps.

    What it remembers has the best weights: `memory.params`, from step `memory.step`. Steps without
    a validation loss are passed over.

    >>> rule = ValidationRises(2)
    >>> memory = rule.begin()
    >>> for step, loss in enumerate([3.0, 2.0, 2.5, 2.6]):
    ...     memory, why = rule.look(memory, Seen(step=step, validation=loss, params=f"w{step}"))
    >>> why, memory.params
    ('the validation loss has not fallen for 2 steps, since 2 at step 1', 'w1')
    """

    def look(self, memory: Best, seen: Seen) -> tuple[Best, str | None]:
        if seen.validation is None:
            return memory, None
        return self.compare(memory, seen, float(seen.validation), "the validation loss")


@dataclass(frozen=True)
class AnyOf(Stopping):
    """Stop when one of the rules wants to."""

    rules: tuple[Stopping, ...]

    def begin(self) -> tuple[Any, ...]:
        return tuple(rule.begin() for rule in self.rules)

    def look(self, memory: Any, seen: Seen) -> tuple[Any, str | None]:
        memory, reasons = _all(self.rules, memory, seen)
        return memory, next((why for why in reasons if why), None)

    @property
    def text(self) -> str:
        return " | ".join(rule.text for rule in self.rules)


@dataclass(frozen=True)
class AllOf(Stopping):
    """Stop when all rules want to in the same step."""

    rules: tuple[Stopping, ...]

    def begin(self) -> tuple[Any, ...]:
        return tuple(rule.begin() for rule in self.rules)

    def look(self, memory: Any, seen: Seen) -> tuple[Any, str | None]:
        memory, reasons = _all(self.rules, memory, seen)
        return memory, "; ".join(map(str, reasons)) if all(reasons) else None

    @property
    def text(self) -> str:
        parts = [f"({r.text})" if isinstance(r, AnyOf) else r.text for r in self.rules]
        return " & ".join(parts)


#: Every rule by the name that commands know it by.
STOPPING: dict[str, type] = {
    one.__name__.lower(): one
    for one in (Steps, SmallStep, SmallGradient, SmallLoss, NoFall, ValidationRises)
}


def read_stopping(text: str) -> Stopping:
    """The rule that a text names, such as "smallgradient(1e-6) | nofall(10) & smallstep(1e-3)".

    Raises:
        ArgumentError: an unknown rule or option, a value out of range.

    >>> read_stopping("smallstep(1e-3, norm=l1) | nofall(10)").text
    "smallstep(0.001, norm='l1') | nofall(10)"
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ArgumentError(f"{text!r} is no stopping rule: write one as smallstep(1e-3)") from None
    return _read(tree)


def _read(tree: ast.expr) -> Stopping:
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.BitOr | ast.BitAnd):
        left, right = _read(tree.left), _read(tree.right)
        return left | right if isinstance(tree.op, ast.BitOr) else left & right
    rule: Stopping = read(ast.unparse(tree), STOPPING, "stopping rule")
    return rule


def _parts(rule: Stopping, kind: type) -> tuple[Stopping, ...]:
    if not isinstance(rule, Stopping):
        raise ArgumentError(f"| and & join stopping rules; {rule!r} is none")
    return rule.rules if isinstance(rule, AnyOf | AllOf) and isinstance(rule, kind) else (rule,)


def _all(
    rules: tuple[Stopping, ...], memory: Any, seen: Seen
) -> tuple[tuple[Any, ...], list[str | None]]:
    looked = [rule.look(m, seen) for rule, m in zip(rules, memory, strict=True)]
    return tuple(m for m, _ in looked), [why for _, why in looked]


def _steps(count: int) -> str:
    return "1 step" if count == 1 else f"{count} steps"


def _below(what: str, size: float, limit: float) -> str | None:
    return f"{what} = {size:.4g} is below {limit:.4g}" if size < limit else None


def _flat(tree: Any) -> Any:
    values = [x.value if isinstance(x, Node) else x for x in leaves(tree)]
    return np.concatenate([np.asarray(x, dtype=float).reshape(-1) for x in values])


def _length(flat: Any) -> float:
    return float(np.linalg.norm(flat))


__all__ = [
    "STOPPING",
    "AllOf",
    "AnyOf",
    "Best",
    "NoFall",
    "Seen",
    "SmallGradient",
    "SmallLoss",
    "SmallStep",
    "Steps",
    "Stopping",
    "ValidationRises",
    "read_stopping",
]
