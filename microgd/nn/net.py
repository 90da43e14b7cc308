"""Nets: layers one after another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from microgd.autodiff.tree import leaves, paths, rebuilt
from microgd.errors import ArgumentError, DataError, ShapeError
from microgd.graph.scope import scope
from microgd.graph.shapes import Shape
from microgd.graph.values import FLOAT32, FLOAT64, shape_of
from microgd.init import Initializer, Key
from microgd.nn.layer import EVALUATE, Layer, Mode, Params
from microgd.nn.layers import Activation, BatchNorm, Dropout, Linear
from microgd.trace.table import Table


class Sequential:
    """Layers one after another, each with a name: linear1, relu1, linear2, …

    Arguments:
        layers: the layers, in order.

    The parameters are a dictionary from a layer's name to its own: params["linear1"]["w"].

    >>> net = Sequential([Linear(2, 3), Activation("tanh"), Linear(3, 1)])
    >>> params = net.init(0)
    >>> list(params), net(params, np.zeros((4, 2))).shape
    (['linear1', 'linear2'], (4, 1))
    """

    def __init__(self, layers: Iterable[Layer]) -> None:
        listed: Any = list(layers) if hasattr(layers, "__iter__") else []
        if not listed or not all(isinstance(layer, Layer) for layer in listed):
            raise ArgumentError(f"a net is a list of layers such as Linear(2, 3), got {layers!r}")
        self.layers: dict[str, Layer] = dict(_named(listed))
        _require_fit(self.layers)

    def __repr__(self) -> str:
        return f"{type(self).__name__}([{', '.join(map(repr, self.layers.values()))}])"

    def init(self, key: Key = 0, dtype: Any = "float32") -> Params:
        """New parameters, drawn from the key; every layer draws its own.

        Arguments:
            dtype: "float32", as devices compute, or "float64". The random numbers are the same.
        """
        words = key if isinstance(key, tuple) else (key,)
        made = {
            name: layer.init((*words, place))
            for place, (name, layer) in enumerate(self.layers.items())
        }
        return _as({name: params for name, params in made.items() if params}, dtype)

    def start(self, dtype: Any = "float32") -> Params:
        """The state before the first step: what batch normalisation keeps."""
        begun = {name: layer.start() for name, layer in self.layers.items()}
        return _as({name: state for name, state in begun.items() if state}, dtype)

    def apply(
        self, params: Params, state: Params, x: Any, mode: Mode = EVALUATE
    ) -> tuple[Any, Params]:
        """The outputs for a batch, and the new state. Each layer is a scope of the graph.

        Arguments:
            x: examples × inputs.
            mode: whether it learns, and in which step.
        """
        self._require(params, state)
        new: Params = {}
        for place, (name, layer) in enumerate(self.layers.items()):
            with scope(name):
                own = params.get(name, {})
                x, kept = layer.forward(own, state.get(name, {}), x, mode.salted(place))
            if kept:
                new[name] = kept
        return x, new

    def __call__(self, params: Params, x: Any, state: Params | None = None) -> Any:
        """The outputs for a batch when the net is not learning.

        Raises:
            DataError: the net keeps statistics (batch normalisation), and no state was given.
        """
        if state is None and self._keeping:
            raise DataError(
                f"this net keeps statistics of its training ({', '.join(self._keeping)}): give "
                "them too, net(params, x, state)"
            )
        return self.apply(params, state or {}, x)[0]

    def activations(
        self, params: Params, state: Params, x: Any, mode: Mode = EVALUATE
    ) -> dict[str, Any]:
        """What comes out of every layer, by its name."""
        self._require(params, state)
        found: dict[str, Any] = {}
        for place, (name, layer) in enumerate(self.layers.items()):
            with scope(name):
                own = params.get(name, {})
                x, _ = layer.forward(own, state.get(name, {}), x, mode.salted(place))
            found[name] = x
        return found

    def parameter_count(self) -> int:
        """How many numbers learn."""
        return sum(int(np.size(leaf)) for leaf in leaves(self.init(0)))

    def summary(self, shape: Shape) -> Table:
        """A line for each layer: its outputs' shape and its parameters, for inputs of this shape.

        >>> print(Sequential([Linear(2, 3)]).summary((2,)).rows)
        (('linear1', 'Linear(2 → 3)', '3', '9', 'w 2×3, b 3'),)
        """
        rows = []
        params = self.init(0)
        for name, layer in self.layers.items():
            shape = layer.shape_after(shape)
            own = params.get(name, {})
            count = sum(int(np.size(leaf)) for leaf in leaves(own))
            shapes = ", ".join(
                f"{path} {'×'.join(map(str, np.shape(leaf))) or '1'}"
                for path, leaf in zip(paths(own), leaves(own), strict=True)
            )
            size = "×".join(map(str, shape))
            rows.append((name, _told(layer), size, f"{count:,}".replace(",", " "), shapes))
        total = f"{self.parameter_count():,}".replace(",", " ")
        columns = ("layer", "what it is", "outputs>", "parameters>", "shapes")
        return Table("", columns, tuple(rows), (f"{total} parameters",))

    def _require(self, params: Params, state: Params) -> None:
        for what, given, wanted in (
            ("parameters", params, self._learning),
            ("state", state, self._keeping),
        ):
            found = _shapes(given)
            if found != wanted:
                lacks = [f"{name}{list(wanted[name])}" for name in wanted if name not in found]
                more = [name for name in found if name not in wanted]
                other = [
                    f"{name}{list(found[name])} instead of {list(wanted[name])}"
                    for name in wanted
                    if name in found and found[name] != wanted[name]
                ]
                told = (("they lack", lacks), ("they have", more), ("of another shape", other))
                raise DataError(
                    f"these are not the {what} of this net: "
                    + "; ".join(f"{words} {', '.join(names)}" for words, names in told if names)
                )

    @cached_property
    def _learning(self) -> dict[str, Shape]:
        """The parameters' names and shapes: linear1.w, linear1.b, …"""
        return _shapes(self.init(0))

    @cached_property
    def _keeping(self) -> dict[str, Shape]:
        """The names and shapes of the state."""
        return _shapes(self.start())


class MLP(Sequential):
    """A multilayer perceptron: linear layers with a nonlinearity between them.

    Arguments:
        sizes: inputs, hidden layers, outputs: (784, 128, 10).
        activation: the nonlinearity's name; "identity" for none.
        dropout: the probability of dropping a hidden value; 0 for no dropout.
        norm: batch normalisation "before" or "after" the nonlinearity; None for none.
        weights, biases: how they begin.

    >>> net = MLP((784, 128, 10))
    >>> net.parameter_count(), list(net.layers)
    (101770, ['linear1', 'relu1', 'linear2'])
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: str = "relu",
        *,
        dropout: float = 0.0,
        norm: str | None = None,
        weights: Initializer | str = "henormal",
        biases: Initializer | str | None = "zeros",
    ) -> None:
        if len(sizes) < 2:
            raise ArgumentError(f"sizes are inputs, hidden layers, outputs; got {sizes!r}")
        if norm not in (None, "before", "after"):
            raise ArgumentError(f"norm is 'before', 'after' or None, got {norm!r}")
        Activation(activation)  # refused even where no hidden layer needs it
        self.sizes = tuple(sizes)
        last = len(sizes) - 2
        layers: list[Layer] = []
        for place, (inputs, outputs) in enumerate(pairwise(sizes)):
            layers.append(Linear(inputs, outputs, weights, biases))
            if place == last:
                break
            if norm == "before":
                layers.append(BatchNorm(outputs))
            layers.append(Activation(activation))
            if norm == "after":
                layers.append(BatchNorm(outputs))
            if dropout:
                layers.append(Dropout(dropout))
        super().__init__(layers)


def _require_fit(layers: dict[str, Layer]) -> None:
    """Refuse layers that cannot follow one another, by the widths that they know."""
    width, before = None, ""
    for name, layer in layers.items():
        wanted = getattr(layer, "inputs", None) or getattr(layer, "width", None)
        if width is not None and wanted is not None and wanted != width:
            raise ShapeError(f"{before} gives {width} numbers, and {name} takes {wanted}")
        if isinstance(layer, Linear):
            width, before = layer.outputs, name
        elif wanted is not None:
            width, before = wanted, name


def _named(layers: Sequence[Layer]) -> Iterator[tuple[str, Layer]]:
    counts: dict[str, int] = {}
    for layer in layers:
        counts[layer.kind] = counts.get(layer.kind, 0) + 1
        yield f"{layer.kind}{counts[layer.kind]}", layer


def _shapes(tree: Any) -> dict[str, Shape]:
    """The names and shapes of the leaves."""
    return {
        path: shape_of(leaf) for path, leaf in zip(paths(tree), leaves(tree), strict=True) if path
    }


def _told(layer: Layer) -> str:
    if isinstance(layer, Linear):
        return f"Linear({layer.inputs} → {layer.outputs})"
    return layer.text


def _as(tree: Params, dtype: Any) -> Params:
    wanted = np.dtype(dtype)
    if wanted not in (FLOAT32, FLOAT64):
        raise ArgumentError(f"parameters are float32 or float64, not {dtype!r}")
    return dict(rebuilt(tree, iter([np.asarray(leaf, wanted) for leaf in leaves(tree)])))
