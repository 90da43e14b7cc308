"""What every optimizer is: options, `init`, `update`. Pure functions of parameters and state.

An optimizer computes with gates, so one text serves three readers: the interpreter runs it on
numbers, the compiler fuses it into a training step, and a picture shows it as a circuit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from microgd.autodiff.tree import leaves, rebuilt
from microgd.errors import ArgumentError, DataError, ShapeError
from microgd.graph.node import Node
from microgd.graph.values import FLOAT32, shape_of, value_from
from microgd.options import flags, not_negative, one_of, written

State = dict[str, Any]
#: What a rule remembers of one parameter, by name.
Slots = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Optimizer:
    """The ancestor of all optimizers, with the options that all of them have.

    Arguments:
        weight_decay: λ. Coupled (L2), it adds the penalty's gradient to g, as PyTorch's `SGD` and
            `Adam` do: g ← g + λθ. It is the same as decay for plain SGD and for no other rule.
        decoupled: shrink the parameters instead, θ ← θ − γλθ, and leave g alone, as AdamW does.
        penalty: "half" means ½λ‖θ‖², with gradient λθ (PyTorch, Keras, optax); "whole" means λ‖θ‖²,
            with gradient 2λθ (the lectures).
        maximize: climb instead of descend: g ← −g.
        lr: γ where `update` is given none; PyTorch's default if left out here, too.

    Subclasses give the rule for one parameter: `slots`, `move` and `rule`.
    """

    weight_decay: float = 0.0
    decoupled: bool = False
    penalty: str = "half"
    maximize: bool = False
    lr: float | None = None

    #: The learning rate where none is given at all; PyTorch's.
    default_rate: ClassVar[float] = 1e-3
    #: Who described it, and where.
    source: ClassVar[str] = ""

    def __post_init__(self) -> None:
        not_negative(self, "weight_decay", *(["lr"] if self.lr is not None else []))
        one_of(self, "penalty", ("half", "whole"))
        flags(self)
        self.check()

    def check(self) -> None:
        """Refuse options out of range, with an ArgumentError."""

    # -- the rule for one parameter, which subclasses write -----------------------------------

    def rule(self) -> tuple[str, ...]:
        """The rule's own lines of the formula."""
        raise NotImplementedError

    def slots(self) -> dict[str, str]:
        """What is remembered of each parameter: name → what it is, in words."""
        return {}

    def begin(self, theta: Any) -> Slots:
        """What is remembered of a parameter before the first step: zeros."""
        return {name: zeros_like(theta) for name in self.slots()}

    def look(self, theta: Any, past: Slots) -> Any:
        """Where the gradient has to be taken: here, but for Nesterov's look-ahead."""
        return theta

    def gather(self, gradients: list[Any]) -> list[Any]:
        """What is done to all gradients together, before each parameter's rule."""
        return gradients

    def move(self, g: Any, past: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        """One step for one parameter, written in gates.

        Arguments:
            g: the gradient. past: the slots. lr: γ. t: the number of this step, from 1.

        Returns:
            Δ, which is taken off the parameter, and the new slots.
        """
        raise NotImplementedError

    # -- the formula ---------------------------------------------------------------------------

    def formula(self) -> tuple[str, ...]:
        """The rule as these options make it, a line for each assignment.

        >>> from microgd.optim import SGD
        >>> SGD(weight_decay=0.1, maximize=True).formula()
        ('g ← −g', 'g ← g + λ·θ', 'θ ← θ − γ·g')
        """
        lines = ["g ← −g"] if self.maximize else []
        if self.weight_decay:
            decay = "2·λ" if self.penalty == "whole" else "λ"
            coupled = f"g ← g + {decay}·{self.point_text()}"
            lines.append(f"θ ← θ − γ·{decay}·θ" if self.decoupled else coupled)
        return with_gradient_changed(self.rule(), lines)

    def point_text(self) -> str:
        """Where the gradient is taken, in a formula."""
        return "θ"

    # -- trees of parameters -----------------------------------------------------------------

    def init(self, params: Any) -> State:
        """The state before the first step: `t`, and each slot as a tree like the parameters.

        >>> from microgd.optim import Adam
        >>> Adam().init({"w": [1.0, 2.0]})
        {'t': 0.0, 'm': {'w': [0.0, 0.0]}, 'v': {'w': [0.0, 0.0]}}
        """
        begun = [self.begin(theta) for theta in checked_leaves(params)]
        trees = {name: rebuilt(params, (one[name] for one in begun)) for name in self.slots()}
        return {"t": 0.0, **trees}

    def gradient_point(self, params: Any, state: State) -> Any:
        """The parameters at which `update` wants its gradients: `params`, or Nesterov's look ahead.

        A loop that takes its gradients here serves every optimizer.
        """
        if type(self).look is Optimizer.look:
            return params
        past = self._past(params, state)
        thetas = checked_leaves(params)
        return rebuilt(params, (self.look(theta, p) for theta, p in zip(thetas, past, strict=True)))

    def update(
        self, params: Any, grads: Any, state: State, lr: Any = None, loss: Any = None
    ) -> tuple[Any, State]:
        """One step: new parameters and new state; what was given stays as it is.

        Arguments:
            params: a number, array or Tensor, or a tree of them (lists, tuples, dictionaries).
            grads: the gradients, in the same structure, taken at `gradient_point`.
            state: from `init` or from the last `update`.
            lr: the learning rate γ of this step; the optimizer's `rate` if left out.
            loss: the loss at `params`, for the rules that want it (a fitted Lookahead).

        Raises:
            ArgumentError: a learning rate below 0 or not finite; a state of another optimizer.
            ShapeError: gradients that do not fit the parameters.

        >>> from microgd.optim import SGD
        >>> sgd = SGD()
        >>> sgd.update({"w": 1.0}, {"w": 0.5}, sgd.init({"w": 1.0}), lr=0.1)
        ({'w': 0.95}, {'t': 1.0})
        """
        thetas, gradients = matched(params, grads)
        lr = self.checked_rate(lr)
        past = self._past(params, state)
        t = state["t"] + 1.0
        points = [self.look(theta, p) for theta, p in zip(thetas, past, strict=True)]
        gradients = self.gather(
            [self.effective(g, point) for g, point in zip(gradients, points, strict=True)]
        )
        found: list[Any] = []
        kept: list[Slots] = []
        for theta, g, slots in zip(thetas, gradients, past, strict=True):
            delta, new = self.move(g, slots, lr, t)
            found.append(self.decayed(theta, lr) - delta)
            kept.append(new)
        trees = {name: rebuilt(params, (one[name] for one in kept)) for name in self.slots()}
        return rebuilt(params, iter(found)), {"t": t, **trees}

    def effective(self, g: Any, point: Any) -> Any:
        """The gradient that the rule sees: its sign as asked for, L2's part added."""
        if self.maximize:
            g = -g
        if self.weight_decay and not self.decoupled:
            g = g + self.decay * point
        return g

    def decayed(self, theta: Any, lr: Any) -> Any:
        """The parameter after decoupled decay: θ − γλθ."""
        if self.weight_decay and self.decoupled:
            return theta - lr * self.decay * theta
        return theta

    @property
    def rate(self) -> float:
        """The learning rate where `update` is given none."""
        return self.default_rate if self.lr is None else float(self.lr)

    @property
    def decay(self) -> float:
        """What multiplies θ in the gradient: λ, or 2λ for the whole penalty."""
        return self.weight_decay * (2.0 if self.penalty == "whole" else 1.0)

    def checked_rate(self, lr: Any) -> Any:
        """The learning rate, or the default one; numbers are checked, Tensors taken as given."""
        if lr is None:
            return self.rate
        if isinstance(lr, int | float | np.floating | np.integer):
            if isinstance(lr, bool) or not math.isfinite(lr) or lr < 0:
                raise ArgumentError(
                    f"a learning rate is a finite number of at least 0, got {lr!r}"
                    + ("; to climb, use maximize=True" if lr < 0 else "")
                )
            return float(lr)
        if not isinstance(getattr(lr, "dtype", None), np.dtype) or shape_of(lr) != ():
            raise ArgumentError(f"a learning rate is one number, got {lr!r:.60}")
        return self.checked_rate(float(lr)) if isinstance(lr, np.ndarray) else lr

    def _past(self, params: Any, state: State) -> list[Slots]:
        """The slots of each parameter, from the state's trees."""
        require_state(self, state, {"t", *self.slots()})
        past: list[Slots] = [{} for _ in leaves(params)]
        for name in self.slots():
            for x, slots in zip(remembered(state, name, params), past, strict=True):
                slots[name] = x
        return past

    @property
    def text(self) -> str:
        """The optimizer as text that `read_optimizer` reads: `adam(eps=1e-06)`."""
        return written(self)


def zeros_like(theta: Any) -> Any:
    """Zeros of a parameter's shape and precision; 0.0 for a number."""
    shape = shape_of(theta)
    narrow = getattr(theta, "dtype", None) == FLOAT32
    if shape == ():
        return np.float32(0.0) if narrow else 0.0
    return np.zeros(shape, FLOAT32 if narrow else None)


def checked_leaves(params: Any) -> list[Any]:
    """The parameters from left to right; whole numbers become floats."""
    found = leaves(params)
    if not found:
        raise DataError("there are no parameters: an optimizer needs at least one number")
    return [_as_number(x) for x in found]


def _as_number(x: Any) -> Any:
    kind = getattr(x, "dtype", np.dtype(float)).kind
    if kind == "f" and (isinstance(x, float) or hasattr(x, "shape")):
        return x
    return value_from(x)


def require_state(owner: object, state: Any, wanted: set[str]) -> None:
    """Refuse the state of another optimizer."""
    if not isinstance(state, dict) or set(state) != wanted:
        filled = isinstance(state, dict) and state
        given = ", ".join(map(str, state)) if filled else repr(state)[:60]
        raise ArgumentError(
            f"this is no state of {type(owner).__name__}, which has {', '.join(sorted(wanted))}; "
            f"got {given}. Make one with init(params)"
        )


def matched(params: Any, grads: Any) -> tuple[list[Any], list[Any]]:
    """Parameters and gradients side by side."""
    thetas = checked_leaves(params)
    gradients = aligned(
        grads, params, "gradients have to be in the parameters' structure, as mg.grad gives them"
    )
    for place, (theta, g) in enumerate(zip(thetas, gradients, strict=True)):
        if g is None:
            raise DataError(f"the gradient of parameter {place} is None: call backward() first")
        if shape_of(theta) != shape_of(g):
            raise ShapeError(
                f"parameter {place} has shape {shape_of(theta)}, its gradient {shape_of(g)}"
            )
    return thetas, [_as_number(g) for g in gradients]


def with_gradient_changed(lines: tuple[str, ...], changes: Iterable[str]) -> tuple[str, ...]:
    """A rule's lines, and what is done to the gradient before: after the line that takes it."""
    at = 1 if lines[0].startswith("g = ") else 0
    return (*lines[:at], *changes, *lines[at:])


def aligned(tree: Any, like: Any, rule: str) -> list[Any]:
    """The leaves of a tree in the order of another tree's: what has a key is found by its key.

    Raises:
        ShapeError: `rule`, and where the structures differ.

    >>> aligned({"b": 2.0, "w": 1.0}, {"w": 0.0, "b": 0.0}, "")
    [1.0, 2.0]
    """
    found: list[Any] = []
    _align(tree, like, rule, "", found)
    return found


def _align(tree: Any, like: Any, rule: str, path: str, found: list[Any]) -> None:
    if isinstance(like, dict):
        if not isinstance(tree, dict) or tree.keys() != like.keys():
            raise ShapeError(_differ(rule, path, tree, f"keys {', '.join(map(str, like))}"))
        for key, part in like.items():
            _align(tree[key], part, rule, f"{path}.{key}" if path else str(key), found)
    elif isinstance(like, list | tuple):
        if not isinstance(tree, list | tuple) or len(tree) != len(like):
            raise ShapeError(_differ(rule, path, tree, f"{len(like)} parts"))
        for place, (mine, part) in enumerate(zip(tree, like, strict=True)):
            if part.__class__ is float and mine.__class__ is float:  # long lists are common
                found.append(mine)
            else:
                _align(mine, part, rule, f"{path}.{place}" if path else str(place), found)
    elif isinstance(tree, dict | list | tuple):
        raise ShapeError(_differ(rule, path, tree, "one number or array"))
    else:
        found.append(tree)


def _differ(rule: str, path: str, tree: Any, wanted: str) -> str:
    if isinstance(tree, dict):
        given = f"keys {', '.join(map(str, tree))}"
    elif isinstance(tree, list | tuple):
        given = f"{len(tree)} parts"
    else:
        given = f"{tree!r:.40}"
    return f"{rule}: expected {wanted}{f' at {path}' if path else ''}, got {given}"


def remembered(state: State, name: str, params: Any) -> list[Any]:
    """What a state has under a name, a part for each parameter: of its shape, or one number."""
    again = "make a new state with init(params)"
    found = aligned(state[name], params, f"the state's {name!r} is of other parameters; {again}")
    for x, theta in zip(found, leaves(params), strict=True):
        if shape_of(x) not in ((), shape_of(theta)):
            raise ShapeError(
                f"the state's {name!r} has shape {shape_of(x)}, the parameter {shape_of(theta)}: "
                f"{again}"
            )
    return found


def called(name: str, x: Any) -> Any:
    """The same thing with a name, for pictures and tables, where it is a node."""
    if isinstance(x, Node) and x.name is None:
        x.name = name
    return x


def average(past: Any, new: Any, keep: float) -> Any:
    """The exponential moving average: keep · past + (1 − keep) · new."""
    return keep * past + (1.0 - keep) * new
