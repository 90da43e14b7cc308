"""Optimizers as pure functions, written in gates.

`init(params)` makes a state; `update(params, grads, state, lr)` makes new parameters and a new
state, and changes nothing. Parameters are a number, an array, or a tree of them.

>>> import microgd as mg
>>> f = lambda p: (p["x"] - 3.0) ** 2
>>> adam, p = mg.optim.Adam(), {"x": 0.0}
>>> state = adam.init(p)
>>> for step in range(200):
...     p, state = adam.update(p, mg.grad(f)(p), state, lr=0.1)
>>> round(p["x"], 2)
3.0
"""

from typing import Any

from microgd.optim.adam import Adam, AdamW, AMSGrad
from microgd.optim.adam_kin import AdaBelief, Adamax, NAdam
from microgd.optim.adaptive import AdaDelta, AdaGrad, RMSprop
from microgd.optim.clipping import Clipped, clip_norm, clip_value, global_norm
from microgd.optim.groups import Frozen, Group, Groups
from microgd.optim.lookahead import Lookahead
from microgd.optim.momentum import SGD, Momentum, Nesterov
from microgd.optim.optimizer import Optimizer, State
from microgd.optim.signs import NormalizedGradient, Rprop
from microgd.optim.wrapping import Wrapper
from microgd.options import read

#: Every optimizer by the name that commands know it by.
OPTIMIZERS: dict[str, type] = {
    one.__name__.lower(): one
    for one in (
        *(SGD, Momentum, Nesterov, NormalizedGradient, Rprop),
        *(AdaGrad, AdaDelta, RMSprop),
        *(Adam, AdamW, AMSGrad, Adamax, NAdam, AdaBelief),
        *(Lookahead, Clipped, Frozen),
    )
}


def read_optimizer(text: str) -> Any:
    """The optimizer that a text names, with its options as in Python.

    Raises:
        ArgumentError: an unknown name or option, a value out of range.

    >>> read_optimizer("adam(betas=(0.8, 0.99))").betas, read_optimizer("lookahead(sgd, k=3)").k
    ((0.8, 0.99), 3)
    """
    return read(text, OPTIMIZERS, "optimizer")


__all__ = [
    "OPTIMIZERS",
    "SGD",
    "AMSGrad",
    "AdaBelief",
    "AdaDelta",
    "AdaGrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Clipped",
    "Frozen",
    "Group",
    "Groups",
    "Lookahead",
    "Momentum",
    "NAdam",
    "Nesterov",
    "NormalizedGradient",
    "Optimizer",
    "RMSprop",
    "Rprop",
    "State",
    "Wrapper",
    "clip_norm",
    "clip_value",
    "global_norm",
    "read_optimizer",
]
