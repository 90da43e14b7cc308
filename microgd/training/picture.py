"""The graph of one training step, for pictures: the loss of a minibatch, layer by layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgd.autodiff.tree import leaves, paths, rebuilt
from microgd.graph.scope import scope
from microgd.nn.layer import Mode
from microgd.tensor import Tensor
from microgd.training.setup import Parts

#: Examples in the minibatch that is drawn.
BATCH = 8


def loss_graph(parts: Parts, batch: int = BATCH) -> Tensor:
    """The loss of the first examples, recorded; every layer is a scope.

    >>> from microgd.training import Config
    >>> from microgd.training.setup import assemble
    >>> loss_graph(assemble(Config(data="xor", hidden=(3,)))).name
    'loss'
    """
    config, task = parts.config, parts.task
    params = parts.net.init(config.seed, config.dtype)
    named = [
        Tensor(leaf, name=place.replace(".", "_"))
        for place, leaf in zip(paths(params), leaves(params), strict=True)
    ]
    held = rebuilt(params, iter(named))
    x = Tensor(parts.train.x[:batch].astype(config.dtype), name="x")
    y = parts.train.y[:batch].astype(np.int64 if task.kind == "classes" else config.dtype)
    mode = Mode(train=True, seed=config.seed)
    scores, _ = parts.net.apply(held, parts.net.start(config.dtype), x, mode)
    with scope("loss"):
        loss: Any = task.loss(scores, y)
    tensor: Tensor = loss
    return tensor.named("loss")
