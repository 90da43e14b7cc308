"""The loss around trained parameters: a slice of a landscape of thousands of dimensions."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.autodiff.tree import leaves, rebuilt
from microgd.data.dataset import Dataset
from microgd.data.scaling import apply
from microgd.errors import ArgumentError
from microgd.gates.reduction import total
from microgd.graph.values import Array
from microgd.nn.layer import Params
from microgd.opencl.array import device_array
from microgd.opencl.devices import Device
from microgd.opencl.program import Program
from microgd.options import above_zero, whole
from microgd.training.directions import plane_of, random_direction
from microgd.training.model import Model
from microgd.training.setup import task_of

#: Examples that are evaluated at once.
CHUNK = 4096
#: What is shown beyond the path of a run, as a part of its extent.
MARGIN = 0.25


@dataclass(frozen=True, eq=False)
class Landscape:
    """The mean loss on a grid of parameters θ + a·first + b·second.

    Attributes:
        a, b: the coordinates of the grid.
        loss: len(b) × len(a); inf and NaN where it is not finite.
        centre: the loss at θ, where a = b = 0.
        first, second: the directions, trees as the parameters are.
        examples: how many examples the loss is the mean of. data: what they are called.
        seed: of random directions; None in the plane of a path.
        walk: n × 2, where the parameters were after each epoch, the first row before; or None.
        shares: which parts of the path's squared distances the two directions hold; or None.
    """

    a: Array
    b: Array
    loss: Array
    centre: float
    first: Params
    second: Params
    examples: int
    data: str
    seed: int | None = None
    walk: Array | None = None
    shares: tuple[float, float] | None = None

    @property
    def lowest(self) -> tuple[float, float, float]:
        """a, b and the loss of the lowest place on the grid, the centre included."""
        heights = np.where(np.isfinite(self.loss), self.loss, np.inf)
        row, column = np.unravel_index(int(heights.argmin()), heights.shape)
        found = float(self.a[column]), float(self.b[row]), float(heights[row, column])
        return found if found[2] < self.centre else (0.0, 0.0, self.centre)

    def to_dict(self) -> dict[str, Any]:
        """Numbers for JSON; None for a loss that is not finite."""
        a, b, height = self.lowest
        return {
            "data": self.data,
            "examples": self.examples,
            "seed": self.seed,
            "centre": _plain(self.centre),
            "lowest": {"a": a, "b": b, "loss": _plain(height)},
            "a": self.a.tolist(),
            "b": self.b.tolist(),
            "loss": [[_plain(x) for x in row] for row in self.loss.tolist()],
            "walk": None if self.walk is None else self.walk.tolist(),
            "shares": None if self.shares is None else list(self.shares),
        }

    def to_csv(self) -> str:
        """A line for each place of the grid: a, b, loss."""
        out = io.StringIO()
        write = csv.writer(out, lineterminator="\n")
        write.writerow(["a", "b", "loss"])
        for b, row in zip(self.b.tolist(), self.loss.tolist(), strict=True):
            cells = zip(self.a.tolist(), row, strict=True)
            write.writerows([repr(a), repr(b), repr(x)] for a, x in cells)
        return out.getvalue()


@dataclass(frozen=True)
class _Options:
    size: int
    reach: float


def landscape(
    model: Model,
    data: Dataset,
    size: int = 25,
    reach: float = 1.0,
    seed: int = 0,
    *,
    path: Sequence[Params] | None = None,
    device: str | Device | None = None,
) -> Landscape:
    """The loss of a trained net on data, on a grid of parameters around its own.

    Along two random directions, which are as long in every filter as its weights are; or, with a
    path, in the plane in which the parameters moved most. The net does not learn meanwhile: no
    dropout, batch normalisation by its running statistics. Penalties are left out.

    Arguments:
        data: as it is, unscaled; usually what the net was trained on.
        size: points along each side; with an odd number the centre is one of them.
        reach: how far the grid goes: 1 changes the weights by as much as they are.
        seed: of the directions.
        path: the parameters after each epoch, as `snapshots` yields them; reach and seed are not
            used then, for the grid holds the path.
        device: the model's own by default.

    Raises:
        ArgumentError: a size below 2, a reach of 0, data of other classes, a path on a line.

    >>> from microgd.data import read_dataset
    >>> from microgd.training import Config, Trainer, model_of
    >>> run = Trainer(Config(data="xor", hidden=(8,), lr=0.1, epochs=40, device="interpreter"))
    >>> history = list(run.epochs())
    >>> seen = landscape(model_of(run), read_dataset("xor"), size=5)
    >>> seen.loss.shape, bool(seen.loss[2, 2] == seen.centre)
    ((5, 5), True)

    Source: Li, Xu, Taylor, Studer, Goldstein, 2018.
    """
    options = _Options(size, reach)
    whole(options, "size", least=2)
    above_zero(options, "reach")
    if tuple(data.classes) != model.classes or data.x.shape[1] != len(model.scale["mean"]):
        raise ArgumentError(f"{data.name} is not of the kind of data that this net was trained on")
    walk, shares = None, None
    if path is None:
        first, second = (random_direction(model.params, (seed, place)) for place in range(2))
        a = b = np.linspace(-reach, reach, size)
    else:
        plane = plane_of(path, model.params)
        first, second, walk, shares = plane.first, plane.second, plane.walk, plane.shares
        a, b = (_around(coordinates, size) for coordinates in walk.T)
    height = _Heights(model, data, first, second, device)
    return Landscape(
        a=a,
        b=b,
        loss=np.array([[height(x, y) for x in a.tolist()] for y in b.tolist()]),
        centre=height(0.0, 0.0),
        first=first,
        second=second,
        examples=len(data),
        data=data.name,
        seed=seed if path is None else None,
        walk=walk,
        shares=shares,
    )


class _Heights:
    """The loss at (a, b): one program; parameters, directions and data stay on the device."""

    def __init__(
        self,
        model: Model,
        data: Dataset,
        first: Params,
        second: Params,
        device: str | Device | None,
    ) -> None:
        dtype = model.config.dtype
        task = task_of(model.config, data, model.net)
        order = model.params

        def loss_at(
            theta: list[Any],
            one: list[Any],
            two: list[Any],
            kept: Any,
            x: Any,
            y: Any,
            a: Any,
            b: Any,
        ) -> Any:
            moved = (t + a * d + b * e for t, d, e in zip(theta, one, two, strict=True))
            scores, _ = task.net.apply(dict(rebuilt(order, moved)), kept, x)
            return total(task.loss(scores, y, reduction="none"))

        self._program = Program(loss_at, model.config.device if device is None else device)
        there = self._program.device

        def put(tree: Any) -> Any:
            arrays = [device_array(np.asarray(leaf, dtype), there) for leaf in leaves(tree)]
            return rebuilt(tree, iter(arrays))

        self._fixed = [put(leaves(tree)) for tree in (order, first, second)]
        self._kept = put(model.kept)
        scaled = apply(data.x, model.scale["mean"], model.scale["deviation"]).astype(dtype)
        targets = data.y.astype(np.int64 if task.kind == "classes" else dtype)
        self._parts = [
            (
                device_array(scaled[start : start + CHUNK], there),
                device_array(targets[start : start + CHUNK], there),
            )
            for start in range(0, len(data), CHUNK)
        ]
        self._count = len(data)

    def __call__(self, a: float, b: float) -> float:
        with np.errstate(all="ignore"):  # far away the loss may be beyond all floats
            sums = [self._program(*self._fixed, self._kept, x, y, a, b) for x, y in self._parts]
            return sum(map(float, sums)) / self._count


def _around(coordinates: Array, size: int) -> Array:
    """The coordinates of a grid that holds the path."""
    low, high = min(coordinates.min(), 0.0), max(coordinates.max(), 0.0)
    room = MARGIN * (high - low)
    return np.linspace(low - room, high + room, size)


def _plain(value: float) -> float | None:
    return value if np.isfinite(value) else None
