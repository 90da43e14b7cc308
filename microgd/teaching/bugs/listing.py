"""The list of bugs: what is wrong, what it looks like in Python, and the classic example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from microgd.translation import N_


@dataclass(frozen=True, slots=True)
class Bug:
    """A row of the list.

    Attributes:
        title: what is wrong, in a few words.
        why: what it looks like in code, and what comes of it.
        otherwise: why it makes no difference in some circuits.
        example, values: a circuit where it does.
        change: of stale-data: what changes there.
    """

    name: str
    title: str
    why: str
    otherwise: str
    example: str
    values: Mapping[str, float]
    change: Mapping[str, float] | None = None


_ALL = (
    Bug(
        "overwrite",
        N_("= instead of +="),
        N_(
            "A gate writes self.grad = other.data * out.grad where += belongs. What comes back "
            "along several wires has to add up; so only the last of them is left."
        ),
        N_(
            "It makes no difference here: no value is used twice, or what is overwritten is 0. "
            "It does in {example}."
        ),
        "x*x + x",
        MappingProxyType({"x": 3.0}),
    ),
    Bug(
        "no-zero-grad",
        N_("no zero_grad between the steps"),
        N_(
            "The loop calls loss.backward() without zero_grad() before it: p.grad = 0 for every "
            "p. As backward() adds to .grad, each step is taken with the gradients of all steps "
            "before it, too."
        ),
        N_(
            "It makes no difference here: there is one step, or the gradients are 0. "
            "It does in three steps of {example}."
        ),
        "x**2",
        MappingProxyType({"x": 3.0}),
    ),
    Bug(
        "dfs-order",
        N_("depth first, without a topological order"),
        N_(
            "backward() sends to an input and at once calls itself there: x.grad += local * "
            "self.grad; x.backward(). An input with two users so sends on its first gradient, and "
            "sends it again together with the second. Right: for v in reversed(topo): "
            "v._backward(), in which every node waits for all its users."
        ),
        N_(
            "It makes no difference here: no inner result is used twice, or what is sent twice is "
            "0. It does in {example}."
        ),
        "b = a + a; c = b + b",
        MappingProxyType({"a": 1.0}),
    ),
    Bug(
        "stale-data",
        N_("data changed between forward and backward"),
        N_(
            "x.data was changed after the forward pass, and backward() called without computing "
            "again. Local derivatives then mix the new data with results of the old. Right: change "
            "data, compute forward, then backward."
        ),
        N_(
            "It makes no difference here: no local derivative depends on a result that is out of "
            "date. It does in {example}, if x changes."
        ),
        "(x + y) * z",
        MappingProxyType({"x": -2.0, "y": 5.0, "z": -4.0}),
        MappingProxyType({"x": 1.0}),
    ),
    Bug(
        "max-both",
        N_("max sends the gradient to both inputs"),
        N_(
            "Backward of max is written as that of +: self.grad += out.grad; other.grad += "
            "out.grad. But the loser can change a little without any effect; its gradient is 0. "
            "Right: self.grad += (self.data > other.data) * out.grad."
        ),
        N_(
            "It makes no difference here: there is no max or min, or nothing comes back to it. "
            "It does in {example}."
        ),
        "max(a, b) * c",
        MappingProxyType({"a": 1.0, "b": 2.0, "c": 3.0}),
    ),
)

#: The bugs by name.
BUGS: Mapping[str, Bug] = MappingProxyType({bug.name: bug for bug in _ALL})
