"""Directions in which to walk away from trained parameters: at random, or along a run's path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.autodiff.tree import leaves, paths, rebuilt
from microgd.errors import ArgumentError
from microgd.graph.values import Array
from microgd.init import Key, generator
from microgd.losses import UNPENALISED
from microgd.nn.layer import Params


def random_direction(params: Params, key: Key = 0) -> Params:
    """A random direction, each filter of it as long as that filter of the weights.

    A filter is what leads to one output: a column of a linear layer's w. Biases, and the scale and
    shift of batch normalisation, stay where they are: 0. So a step of 1 changes every filter by as
    much as it is, whatever its scale; without this, a net of ReLUs with large weights would look
    flatter than the same function with small ones.

    Source: Li, Xu, Taylor, Studer, Goldstein: Visualizing the loss landscape of neural nets, 2018.

    >>> direction = random_direction({"linear1": {"w": np.eye(2) * 3.0, "b": np.ones(2)}})
    >>> np.linalg.norm(direction["linear1"]["w"], axis=0).round(6).tolist()
    [3.0, 3.0]
    """
    draw = generator(key)
    found = []
    for path, leaf in zip(paths(params), leaves(params), strict=True):
        weights = np.asarray(leaf, dtype=float)
        if path.rpartition(".")[2] in UNPENALISED or weights.ndim < 2:
            found.append(np.zeros_like(weights))
            continue
        made = draw.standard_normal(weights.shape)
        inputs = tuple(range(weights.ndim - 1))
        sizes = (np.sqrt((array**2).sum(axis=inputs)) for array in (weights, made))
        found.append(made * np.divide(*sizes))
    return dict(rebuilt(params, iter(found)))


@dataclass(frozen=True, eq=False)
class Plane:
    """The plane in which a run moved most.

    Attributes:
        first, second: its directions, of length 1 and at right angles.
        walk: where the parameters were in it, n × 2, from the centre.
        shares: how much of the path's squared distance from the centre each of the two holds.
    """

    first: Params
    second: Params
    walk: Array
    shares: tuple[float, float]


def plane_of(path: Sequence[Params], centre: Params) -> Plane:
    """The two principal components of a path of parameters, seen from the centre.

    Raises:
        ArgumentError: the path is no plane: fewer than two other points, or all on one line.

    >>> points = [{"w": np.array([x, y])} for x, y in ((4.0, 0.0), (0.0, 1.0), (0.0, 0.0))]
    >>> plane_of(points, points[-1]).walk.tolist()
    [[4.0, 0.0], [0.0, 1.0], [0.0, 0.0]]
    """
    end = _flat(centre)
    away = np.array([_flat(point) - end for point in path]).reshape(len(path), -1)
    if away.shape[1] != end.size:
        raise ArgumentError("the path has parameters of other shapes than the model")
    _, sizes, components = np.linalg.svd(away, full_matrices=False)
    if len(sizes) < 2 or not sizes[1] > 1e-9 * sizes[0]:
        raise ArgumentError(
            "the path of a run is a plane after 2 epochs at least; train for more, or look in "
            "random directions"
        )
    pair = components[:2]
    # The sign of a component is anybody's: the walk begins on the right, and above the centre.
    signs = np.where(away[0] @ pair.T < 0, -1.0, 1.0)
    pair = pair * signs[:, None]
    squares = sizes**2 / (sizes**2).sum()
    return Plane(
        first=_tree(pair[0], centre),
        second=_tree(pair[1], centre),
        walk=away @ pair.T + 0.0,  # no −0
        shares=(float(squares[0]), float(squares[1])),
    )


def _flat(params: Params) -> Array:
    return np.concatenate([np.ravel(np.asarray(leaf, dtype=float)) for leaf in leaves(params)])


def _tree(numbers: Array, like: Params) -> Params:
    shapes = [np.shape(leaf) for leaf in leaves(like)]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    pieces: list[Any] = np.split(numbers, ends[:-1])
    parts = (piece.reshape(shape) for piece, shape in zip(pieces, shapes, strict=True))
    return dict(rebuilt(like, parts))
