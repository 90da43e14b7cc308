"""Parameter groups: other options, or another optimizer, for some of the parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from microgd.autodiff.tree import paths, rebuilt
from microgd.errors import ArgumentError
from microgd.optim.optimizer import Optimizer, Slots, State, checked_leaves, matched, require_state
from microgd.optim.wrapping import Wrapper, require_optimizer
from microgd.options import not_negative


@dataclass(frozen=True)
class Frozen(Optimizer):
    """Leaves its parameters as they are: for layers that were trained before.

    >>> Frozen().update(1.0, 0.5, Frozen().init(1.0), lr=0.1)[0]
    1.0
    """

    def rule(self) -> tuple[str, ...]:
        return ("θ stays",)

    def formula(self) -> tuple[str, ...]:
        """Nothing is done, whatever the options."""
        return self.rule()

    def move(self, g: Any, past: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        return 0.0, {}

    def effective(self, g: Any, point: Any) -> Any:
        """Nothing decays either."""
        return g

    def decayed(self, theta: Any, lr: Any) -> Any:
        """Nothing decays either."""
        return theta


@dataclass(frozen=True)
class Group:
    """Some parameters, and what moves them.

    Arguments:
        names: a pattern for the parameters' paths, such as "*.b" or "layers.0.*" (`*` and `?`).
        optimizer: what moves them.
        factor: what multiplies the learning rate for them.
    """

    names: str
    optimizer: Optimizer | Wrapper
    factor: float = 1.0

    def __post_init__(self) -> None:
        not_negative(self, "factor")
        if not self.names:
            raise ArgumentError("Group: names is a pattern such as '*.b', not empty")
        require_optimizer(self, "optimizer")


class Groups(Wrapper):
    """Parameters in groups, each with an optimizer of its own; the first pattern that fits counts.

    Arguments:
        groups: the `Group`s, in order.
        rest: the optimizer of all other parameters; None if there must not be any.

    `update`'s `lr` is one number (times each group's factor), or a mapping from a group's pattern
    ("rest" for the rest) to a number of its own, as PyTorch's groups have.

    >>> from microgd.optim import SGD
    >>> rule = Groups([Group("b", SGD(), factor=2.0)], rest=SGD(weight_decay=0.1))
    >>> params = {"w": 1.0, "b": 1.0}
    >>> new, _ = rule.update(params, {"w": 1.0, "b": 1.0}, rule.init(params), lr=0.1)
    >>> {name: round(x, 3) for name, x in new.items()}
    {'w': 0.89, 'b': 0.8}
    """

    def __init__(
        self,
        groups: list[Group] | tuple[Group, ...],
        rest: Optimizer | Wrapper | None = None,
    ) -> None:
        if not all(isinstance(group, Group) for group in groups):
            raise ArgumentError(f"Groups takes a list of Group(…), got {groups!r:.80}")
        self.groups = tuple(groups)
        self.rest = rest
        names = [group.names for group in self.groups]
        if len(set(names)) < len(names) or "rest" in names:
            raise ArgumentError(f"each group needs a pattern of its own, not 'rest': {names}")
        self._members = [*self.groups, *([Group("*", rest)] if rest is not None else [])]
        if not self._members:
            raise ArgumentError("Groups needs a group, or an optimizer for the rest")

    def __repr__(self) -> str:
        return f"Groups({list(self.groups)!r}, rest={self.rest!r})"

    @property
    def rate(self) -> float:
        """The learning rate where none is given: the rest's, or the first group's."""
        return (self.rest or self.groups[0].optimizer).rate

    @property
    def text(self) -> str:
        """What it is, for legends."""
        parts = [f"{group.names}: {group.optimizer.text}" for group in self.groups]
        return "; ".join([*parts, *([f"rest: {self.rest.text}"] if self.rest else [])])

    def formula(self) -> tuple[str, ...]:
        """Each group's rule, under its pattern."""
        lines: list[str] = []
        for key, group in zip(self._keys(), self._members, strict=True):
            lines += [f"{key}:", *(f"  {line}" for line in group.optimizer.formula())]
        return tuple(lines)

    def init(self, params: Any) -> State:
        """The state: one for each group, over a dictionary from path to parameter.

        Raises:
            ArgumentError: a group that no parameter belongs to, a parameter without a group.
        """
        parts = self._split(params, checked_leaves(params))
        for key, part in zip(self._keys(), parts, strict=True):
            if not part and key != "rest":
                raise ArgumentError(
                    f"no parameter belongs to the group {key!r}; they are called "
                    f"{', '.join(paths(params))}"
                )
        return {
            key: group.optimizer.init(part) if part else {}
            for key, group, part in zip(self._keys(), self._members, parts, strict=True)
        }

    def gradient_point(self, params: Any, state: State) -> Any:
        """The parameters at which the groups' optimizers want their gradients."""
        parts = self._split(params, checked_leaves(params))
        points: dict[str, Any] = {}
        for key, group, part in zip(self._keys(), self._members, parts, strict=True):
            if part:
                points.update(group.optimizer.gradient_point(part, state[key]))
        return rebuilt(params, (points[path] for path in paths(params)))

    def update(
        self, params: Any, grads: Any, state: State, lr: Any = None, loss: Any = None
    ) -> tuple[Any, State]:
        """One step of each group's optimizer."""
        require_state(self, state, set(self._keys()))
        thetas, gradients = matched(params, grads)
        found: dict[str, Any] = {}
        new: State = {}
        parts = zip(
            self._keys(),
            self._members,
            self._split(params, thetas),
            self._split(params, gradients),
            strict=True,
        )
        for key, group, own, slopes in parts:
            if not own:
                new[key] = state[key]
                continue
            moved, new[key] = group.optimizer.update(
                own, slopes, state[key], self._rate(key, group, lr), loss
            )
            found.update(moved)
        return rebuilt(params, (found[path] for path in paths(params))), new

    def _keys(self) -> list[str]:
        return [*(group.names for group in self.groups), *(["rest"] if self.rest else [])]

    def _rate(self, key: str, group: Group, lr: Any) -> Any:
        if isinstance(lr, Mapping):
            if set(lr) != set(self._keys()):
                raise ArgumentError(
                    f"learning rates for {', '.join(map(str, lr))}, but the groups are "
                    f"{', '.join(self._keys())}"
                )
            return lr[key]
        lr = group.optimizer.rate if lr is None else Optimizer().checked_rate(lr)
        return lr * group.factor if group.factor != 1.0 else lr

    def _split(self, params: Any, values: list[Any]) -> list[dict[str, Any]]:
        """The values as a dictionary from path to value for each group."""
        parts: list[dict[str, Any]] = [{} for _ in self._members]
        for path, value in zip(paths(params), values, strict=True):
            for part, group in zip(parts, self._members, strict=True):
                if fnmatchcase(path, group.names):
                    if path in part:
                        raise ArgumentError(f"two parameters are called {path!r}: rename one")
                    part[path] = value
                    break
            else:
                raise ArgumentError(
                    f"parameter {path!r} belongs to no group: give Groups a `rest` for such "
                    "(Frozen() leaves them as they are)"
                )
        return parts
