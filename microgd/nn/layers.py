"""The layers: linear, activations, dropout, batch normalisation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from microgd.errors import ArgumentError
from microgd.gates.powers import sqrt, square
from microgd.gates.random import random_uniform
from microgd.gates.reduction import mean
from microgd.gates.selection import greater_equal
from microgd.gates.table import TABLE, did_you_mean
from microgd.graph.shapes import Shape
from microgd.graph.values import shape_of
from microgd.init import HeNormal, Initializer, Key, Zeros, read_init
from microgd.nn.layer import Layer, Mode, Params, require_width
from microgd.options import above_zero, finite, fraction, refuse, whole

#: Gates that are activations: one input, one output of the same shape.
ACTIVATIONS = (
    *("relu", "sigmoid", "tanh", "leaky_relu", "elu", "selu", "softplus", "centred_softplus"),
    *("vrelu", "rrelu", "prelu", "identity"),
)


def _initializer(owner: Any, name: str) -> None:
    value = getattr(owner, name)
    if isinstance(value, str):
        object.__setattr__(owner, name, read_init(value))
    elif not isinstance(value, Initializer):
        refuse(owner, name, "an initialisation such as 'henormal' or mg.init.HeNormal()")


@dataclass(frozen=True)
class Linear(Layer):
    """s = x·w + b: a weight for each pair of input and output.

    Arguments:
        inputs, outputs: how many.
        weights: how w begins; He's by default, for ReLU.
        biases: how b begins; None for a layer without.

    Parameters: w (inputs × outputs), b (outputs).

    >>> layer = Linear(3, 2)
    >>> {name: array.shape for name, array in layer.init(0).items()}
    {'w': (3, 2), 'b': (2,)}
    """

    inputs: int
    outputs: int
    weights: Initializer | str = field(default_factory=HeNormal)
    biases: Initializer | str | None = field(default_factory=Zeros)

    def __post_init__(self) -> None:
        whole(self, "inputs", "outputs")
        _initializer(self, "weights")
        if self.biases is not None:
            _initializer(self, "biases")

    def init(self, key: Key = 0) -> Params:
        words = key if isinstance(key, tuple) else (key,)
        assert isinstance(self.weights, Initializer)
        made = {"w": self.weights((self.inputs, self.outputs), (*words, 0))}
        if isinstance(self.biases, Initializer):
            made["b"] = self.biases((self.outputs,), (*words, 1))
        return made

    def forward(self, params: Params, state: Params, x: Any, mode: Mode) -> tuple[Any, Params]:
        require_width(self, x, self.inputs)
        scores = x @ params["w"]
        return (scores + params["b"] if "b" in params else scores), {}

    def shape_after(self, shape: Shape) -> Shape:
        return (self.outputs,)


@dataclass(frozen=True)
class Activation(Layer):
    """A nonlinearity, by its gate's name: relu, tanh, sigmoid, elu, …

    Arguments:
        name: one of ACTIVATIONS.
        slope: what prelu's α begins at; it is learned, one for the layer.

    >>> Activation("relu").forward({}, {}, np.array([[-1.0, 2.0]]), Mode())[0].tolist()
    [[0.0, 2.0]]
    """

    name: str = "relu"
    slope: float = 0.25

    def __post_init__(self) -> None:
        if self.name not in ACTIVATIONS:
            hint = did_you_mean(str(self.name), list(ACTIVATIONS))
            raise ArgumentError(
                f"there is no activation {self.name!r}.{hint} There are: {', '.join(ACTIVATIONS)}"
            )
        finite(self, "slope")

    @property
    def kind(self) -> str:
        return self.name

    @property
    def text(self) -> str:
        return f"prelu(slope={self.slope})" if self.name == "prelu" else self.name

    def init(self, key: Key = 0) -> Params:
        return {"alpha": np.array(float(self.slope))} if self.name == "prelu" else {}

    def forward(self, params: Params, state: Params, x: Any, mode: Mode) -> tuple[Any, Params]:
        gate: Any = TABLE[self.name]
        if self.name == "prelu":
            return gate(x, params["alpha"]), {}
        if self.name == "rrelu":
            if mode.train:
                return gate(x, mode.step, seed=mode.seed), {}
            middle = (gate.params["low"] + gate.params["high"]) / 2  # as in evaluation elsewhere
            leaky: Any = TABLE["leaky_relu"]
            return leaky(x, slope=middle), {}
        return gate(x), {}


@dataclass(frozen=True)
class Dropout(Layer):
    """In training, each number is dropped with probability p; a new choice in every step.

    Arguments:
        p: the probability.
        inverted: True divides what is left by 1 − p in training, so that nothing is to be done
            afterwards; False multiplies by 1 − p afterwards ("direct").

    Source: Srivastava, Hinton and others, 2014; lecture 004.

    >>> Dropout(0.5).forward({}, {}, np.ones((1, 4)), Mode())[0].tolist()
    [[1.0, 1.0, 1.0, 1.0]]
    """

    p: float = 0.5
    inverted: bool = True

    def __post_init__(self) -> None:
        fraction(self, "p")

    def forward(self, params: Params, state: Params, x: Any, mode: Mode) -> tuple[Any, Params]:
        if not self.p:
            return x, {}
        if not mode.train:
            return (x if self.inverted else x * (1.0 - self.p)), {}
        kept = greater_equal(random_uniform(x, mode.step, seed=mode.seed), self.p)
        return (x * kept * (1.0 / (1.0 - self.p)) if self.inverted else x * kept), {}


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Each column with mean 0 and variance 1 over the batch, then scaled by γ and moved by β.

    Arguments:
        width: how many columns.
        eps: ε under the root.
        momentum: how much of the running statistics each batch replaces (PyTorch's; Keras writes
            1 − momentum). They take the place of the batch's when the net is not learning.

    (x − μ) / √(σ² + ε) · γ + β; the running variance is the unbiased one.
    Source: Ioffe and Szegedy, 2015; lecture 004.

    >>> layer = BatchNorm(1)
    >>> y, state = layer.forward(layer.init(), layer.start(), np.array([[1.0], [3.0]]), Mode(True))
    >>> y.round(3).tolist(), state["mean"].round(3).tolist()
    ([[-1.0], [1.0]], [0.2])
    """

    width: int
    eps: float = 1e-5
    momentum: float = 0.1

    def __post_init__(self) -> None:
        whole(self, "width")
        above_zero(self, "eps")
        if not 0 < self.momentum <= 1:
            refuse(self, "momentum", "a number above 0 and up to 1")

    def init(self, key: Key = 0) -> Params:
        return {"gamma": np.ones(self.width), "beta": np.zeros(self.width)}

    def start(self) -> Params:
        return {"mean": np.zeros(self.width), "var": np.ones(self.width)}

    def forward(self, params: Params, state: Params, x: Any, mode: Mode) -> tuple[Any, Params]:
        require_width(self, x, self.width)
        if not mode.train:
            centred = x - state["mean"]
            spread = state["var"]
            new = state
        else:
            count = shape_of(x)[0]
            if count < 2:
                raise ArgumentError("batch normalisation needs at least 2 examples in a batch")
            middle = mean(x, axis=0)
            centred = x - middle
            spread = mean(square(centred), axis=0)
            share, unbiased = self.momentum, count / (count - 1)
            new = {
                "mean": (1.0 - share) * state["mean"] + share * middle,
                "var": (1.0 - share) * state["var"] + (share * unbiased) * spread,
            }
        return centred / sqrt(spread + self.eps) * params["gamma"] + params["beta"], new
