"""What goes through a net and comes back: hidden values and gradients, layer by layer.

The picture of lecture 004: too small weights and the values die out, too large ones and every unit
is saturated or blown up; and what dies on the way forward does so on the way back.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from microgd.autodiff.tree import leaves, rebuilt
from microgd.data.batches import batches
from microgd.data.dataset import Dataset
from microgd.data.scaling import apply
from microgd.errors import ArgumentError
from microgd.gates.reduction import total
from microgd.graph.values import Array
from microgd.init import read_init
from microgd.interpreter.reverse import gradients_of
from microgd.nn.layer import EVALUATE, Mode, Params
from microgd.nn.layers import Activation, Linear
from microgd.nn.net import Sequential
from microgd.tensor import Tensor, constant
from microgd.training.config import Config
from microgd.training.model import load_model
from microgd.training.setup import assemble, task_of

if TYPE_CHECKING:
    from microgd.trace.table import Table

#: The lecture's beginnings: symmetry, too small, too large, and the two that fit.
INITS = ("zeros", "normal(sigma=0.01)", "normal(sigma=1)", "xaviernormal(fan=in)", "henormal")
#: A unit is saturated where its slope is below this share of its steepest.
FLAT = 0.05
#: From which ratio between the first layer and the last one a verdict speaks of it.
SHRINKS, VANISHES, MANY = 0.2, 1e-2, 0.5


@dataclass(frozen=True, eq=False, repr=False)
class HiddenLayer:
    """The outputs of one hidden layer for a batch, and the gradients that come back to them.

    Attributes:
        name: of the activation: "tanh3". kind: its gate: "tanh".
        values: examples × units, h.
        gradients: ∂Lᵢ/∂h of each example's own loss: examples × units.
        weight_gradient: ‖∂L/∂w‖ of the weights before it, of the mean loss.
    """

    name: str
    kind: str
    values: Array
    gradients: Array
    weight_gradient: float

    @property
    def mean(self) -> float:
        """Of the values."""
        with np.errstate(all="ignore"):
            return float(self.values.mean())

    @property
    def std(self) -> float:
        """Of the values."""
        with np.errstate(all="ignore"):  # what has blown up is told in words
            return float(self.values.std())

    @property
    def zeros(self) -> float:
        """The share of values that are exactly 0."""
        return float((self.values == 0).mean())

    @property
    def dead(self) -> float | None:
        """ReLU: the share of units that are 0 for every example, which learn nothing from them."""
        return float((self.values == 0).all(axis=0).mean()) if self.kind == "relu" else None

    @property
    def saturated(self) -> float | None:
        """Sigmoid, tanh: the share of values where the slope is below 5% of its steepest."""
        if self.kind == "tanh":
            return float((1.0 - self.values**2 < FLAT).mean())
        if self.kind == "sigmoid":
            return float((4.0 * self.values * (1.0 - self.values) < FLAT).mean())
        return None

    @property
    def alike(self) -> bool:
        """Whether all units have the same values: then they learn the same, too, forever."""
        return self.values.shape[1] > 1 and bool((self.values == self.values[:, :1]).all())

    @property
    def gradient(self) -> float:
        """How long the gradient of an example is: the root of the mean of ‖∂Lᵢ/∂h‖²."""
        with np.errstate(all="ignore"):
            return float(np.sqrt((self.gradients**2).sum(axis=1).mean()))

    def to_dict(self, bins: int = 40) -> dict[str, Any]:
        """The numbers, and histograms as edges and counts, for JSON."""
        return {
            "layer": self.name,
            "mean": _known(self.mean),
            "std": _known(self.std),
            "zeros": self.zeros,
            "dead": self.dead,
            "saturated": self.saturated,
            "alike": self.alike,
            "gradient": _known(self.gradient),
            "weight_gradient": _known(self.weight_gradient),
            "values": _histogram(self.values, bins),
            "gradients": _histogram(self.gradients, bins),
        }


@dataclass(frozen=True, eq=False, repr=False)
class HiddenValues:
    """All hidden layers of a net, for one batch.

    Attributes:
        name: of the initialisation, or of the run. layers: from the first on.
        loss: the mean loss of the batch.
    """

    name: str
    layers: tuple[HiddenLayer, ...]
    loss: float

    @property
    def vanishing(self) -> float:
        """The first layer's gradient as a multiple of the last one's; NaN where that is 0."""
        last = self.layers[-1].gradient
        return self.layers[0].gradient / last if last else float("nan")

    @property
    def findings(self) -> tuple[str, ...]:
        """What is wrong, a sentence each; none for a healthy net."""
        from microgd.training.hidden_verdicts import findings

        return findings(self)

    @property
    def verdict(self) -> str:
        """The findings, or that values and gradients keep their size."""
        return "; ".join(self.findings) or "values and gradients keep their size"

    def table(self) -> Table:
        """A line for each layer."""
        from microgd.training.hidden_verdicts import table

        return table(self)

    def to_dict(self, bins: int = 40) -> dict[str, Any]:
        """Everything but the single values, for JSON."""
        return {
            "name": self.name,
            "loss": _known(self.loss),
            "verdict": self.verdict,
            "layers": [layer.to_dict(bins) for layer in self.layers],
        }


def histograms(
    config: Config,
    inits: Sequence[str] | None = None,
    data: Dataset | None = None,
    *,
    examples: int = 512,
) -> tuple[HiddenValues, ...]:
    """Hidden values and gradients of an untrained net, for each of several initialisations.

    Arguments:
        config: the net and its data; of `config.init` only where no `inits` are given.
        inits: as `microgd.init.read_init` reads them; INITS has the lecture's.
        data: in the place of the data set that it names.
        examples: how many, drawn as a run with its seed draws its first batch.

    Computed in float64, in the interpreter. Source: Glorot and Bengio, 2010; lecture 004.

    >>> net = Config(hidden=(64,) * 6, activation="tanh")
    >>> small, xavier = histograms(net, ["normal(sigma=0.01)", "xaviernormal(fan=in)"])
    >>> small.layers[5].std < 1e-6, 0.1 < xavier.layers[5].std < 1
    (True, True)

    Raises:
        ArgumentError: no hidden layer, an unknown initialisation, no examples.
    """
    if isinstance(inits, str):
        raise ArgumentError(f"inits is a list of initialisations, got {inits!r}")
    names = [config.init] if inits is None else list(inits)
    for name in names:
        read_init(name)
    found = []
    for name in names:
        parts = assemble(config.changed(init=name), data)
        x, y = some(parts.train, examples, config.seed)
        params = parts.net.init(config.seed, "float64")
        mode = Mode(train=True, step=0.0, seed=config.seed)
        kept = parts.net.start("float64")
        found.append(
            measure(parts.net, params, kept, parts.task.loss, x, y, parts.task.kind, mode, name)
        )
    return tuple(found)


def histograms_of_run(
    folder: str | os.PathLike[str],
    data: Dataset | None = None,
    *,
    which: str | None = None,
    examples: int = 512,
    net: Sequential | None = None,
) -> HiddenValues:
    """The same for the net of a run, as it stands in its checkpoint.

    Arguments:
        folder: the run's. which: "best" or "last".
        data: in the place of the data set that it was trained on. net: as for `load_model`.

    Raises:
        CheckpointError: no checkpoint there. ArgumentError: no hidden layer.
    """
    model = load_model(folder, which, net)
    if data is None:
        data = assemble(model.config.changed(standardise=False)).train
    task = task_of(model.config, data, model.net)
    x, y = some(data, examples, model.config.seed)
    scaled = apply(x, model.scale["mean"], model.scale["deviation"])
    params, kept = (_double(tree) for tree in (model.params, model.kept))
    name = f"{os.fspath(folder)}, epoch {model.epoch}"
    return measure(model.net, params, kept, task.loss, scaled, y, task.kind, EVALUATE, name)


def measure(
    net: Sequential,
    params: Params,
    kept: Params,
    loss: Callable[..., Any],
    x: Array,
    y: Array,
    kind: str,
    mode: Mode = EVALUATE,
    name: str = "",
) -> HiddenValues:
    """Hidden values and gradients of a net with these parameters, for this batch.

    Arguments:
        kept: the net's state. loss: as Task has it. x, y: scaled examples and what they are.
        kind: of the task: "classes", "binary" or "numbers".

    Raises:
        ArgumentError: the net has no hidden layer.
    """
    weights = rebuilt(params, iter([Tensor(leaf) for leaf in leaves(params)]))
    targets = y.astype(np.int64 if kind == "classes" else np.float64)
    outputs = net.activations(weights, kept, constant(x.astype(np.float64)), mode)
    hidden = _hidden(net)
    if not hidden:
        raise ArgumentError("this net has no hidden layer to look into: it is a linear model")
    whole = total(loss(outputs[next(reversed(outputs))], targets, reduction="none"))
    wanted = [outputs[one] for _, one in hidden] + [weights[before]["w"] for before, _ in hidden]
    back = [np.asarray(g) for g in gradients_of(whole, wanted)]
    count = len(hidden)
    found = []
    for place, (_, one) in enumerate(hidden):
        layer = net.layers[one]
        assert isinstance(layer, Activation)
        length = float(np.linalg.norm(back[count + place])) / len(x)
        values = _frozen(outputs[one].value)
        found.append(HiddenLayer(one, layer.name, values, _frozen(back[place]), length))
    return HiddenValues(name, tuple(found), float(whole.value) / len(x))


def some(data: Dataset, examples: Any, seed: int) -> tuple[Array, Array]:
    """So many examples, or all, at random."""
    if isinstance(examples, bool) or not isinstance(examples, int) or examples < 1:
        raise ArgumentError(f"examples is a whole number of at least 1, got {examples!r}")
    rows = batches(len(data), min(examples, len(data)), seed=seed)[0]
    return data.x[rows].astype(np.float64), data.y[rows]


def _hidden(net: Sequential) -> list[tuple[str, str]]:
    """The linear layer before each activation, and the activation, but for the outputs' own."""
    found, before = [], None
    last = max(
        (i for i, one in enumerate(net.layers.values()) if isinstance(one, Linear)), default=0
    )
    for place, (name, layer) in enumerate(net.layers.items()):
        if isinstance(layer, Linear):
            before = name
        if isinstance(layer, Activation) and before is not None and place < last:
            found.append((before, name))
    return found


def _known(number: float) -> float | None:
    """None for what is not finite, which JSON lacks."""
    return number if np.isfinite(number) else None


def _histogram(values: Array, bins: int) -> dict[str, Any]:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return {"edges": [], "counts": []}
    counts, edges = np.histogram(finite, bins)
    return {"edges": edges.tolist(), "counts": counts.tolist()}


def _double(tree: Params) -> Params:
    return dict(rebuilt(tree, iter([np.asarray(leaf, np.float64) for leaf in leaves(tree)])))


def _frozen(array: Any) -> Array:
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view
