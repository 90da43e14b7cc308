"""What optimizers around other optimizers share: Lookahead, Clipped, Groups."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from microgd.optim.optimizer import State
from microgd.options import flags, refuse, written


def require_optimizer(owner: object, name: str) -> None:
    """Refuse an option that is no optimizer."""
    given = getattr(owner, name)
    if isinstance(given, type) and hasattr(given, "gradient_point"):
        refuse(owner, name, f"an optimizer, such as {given.__name__}() with brackets")
    if not hasattr(given, "gradient_point"):
        refuse(owner, name, "an optimizer, such as SGD()")


class Wrapper(ABC):
    """The same two functions as an `Optimizer` has: `init` and `update`."""

    source: ClassVar[str] = ""
    inner: Any

    def __post_init__(self) -> None:
        require_optimizer(self, "inner")
        flags(self)
        self.check()

    def check(self) -> None:
        """Refuse options out of range, with an ArgumentError."""
        return

    @abstractmethod
    def formula(self) -> tuple[str, ...]:
        """The rule as these options make it, a line for each assignment."""

    @abstractmethod
    def init(self, params: Any) -> State:
        """The state before the first step."""

    @abstractmethod
    def update(
        self, params: Any, grads: Any, state: State, lr: Any = None, loss: Any = None
    ) -> tuple[Any, State]:
        """One step: new parameters and new state (see `Optimizer.update`)."""

    def gradient_point(self, params: Any, state: State) -> Any:
        """The parameters at which `update` wants its gradients."""
        return self.inner.gradient_point(params, state)

    @property
    def rate(self) -> float:
        """The learning rate where none is given."""
        found: float = self.inner.rate
        return found

    @property
    def text(self) -> str:
        """The optimizer as text that `read_optimizer` reads."""
        return written(self)
