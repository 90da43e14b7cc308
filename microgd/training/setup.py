"""From a configuration to what is trained: data, net, task, learning rate."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.data.dataset import Dataset
from microgd.data.scaling import moments
from microgd.data.table import read_dataset
from microgd.errors import ArgumentError
from microgd.losses import loss_named
from microgd.nn.layers import BatchNorm
from microgd.nn.net import MLP, Sequential
from microgd.optim import Frozen, Group, Groups, read_optimizer
from microgd.optim.optimizer import Optimizer
from microgd.optim.wrapping import Wrapper
from microgd.training.config import Config
from microgd.training.programs import Task

#: Data sets with fewer examples are trained on whole, unless asked.
FEW = 50
#: What a run holds out where its configuration does not say: a fifth.
HELD_OUT = 0.2


@dataclass(frozen=True, eq=False)
class Parts:
    """What a run needs.

    Attributes:
        config: the options.
        train, held_out: the data, scaled by the training data's statistics; held_out may be None.
        scale: the mean and deviation of each column that both were scaled by.
        net, task: the net, and what it is to learn.
        rate: step or epoch → learning rate; a ReduceOnPlateau has a memory.
        data_sum: a checksum of the data as it came, by which a resumed run knows it.
    """

    config: Config
    train: Dataset
    held_out: Dataset | None
    scale: dict[str, Any]
    net: Sequential
    task: Task
    rate: Any
    data_sum: int = 0


def assemble(config: Config, data: Dataset | None = None, net: Sequential | None = None) -> Parts:
    """The parts of a run.

    Arguments:
        data: in the place of the data set that the configuration names.
        net: in the place of the MLP that it describes.

    Raises:
        ArgumentError: options that do not fit the data.
    """
    if data is None:
        data = read_dataset(config.data)
    train, held_out = split(config, data)
    scale = {"mean": np.zeros(data.x.shape[1]), "deviation": np.ones(data.x.shape[1])}
    if config.standardise:
        mean, deviation = moments(train.x)
        scale = {"mean": mean, "deviation": deviation}
        held_out = None if held_out is None else held_out.standardised(train)
        train = train.standardised()
    if net is None:
        net = net_of(config, data.x.shape[1], _loss(config, data)[2])
    task = task_of(config, data, net)
    rate = _rate(config, task.optimizer)
    return Parts(config, train, held_out, scale, net, task, rate, data_sum(data))


def data_sum(data: Dataset) -> int:
    """A checksum of the examples and of what is to be learnt of them.

    >>> data_sum(read_dataset("xor")) == data_sum(read_dataset("xor(count=8)"))
    False
    """
    found = zlib.crc32(f"{data.x.dtype}{data.x.shape}{data.y.shape}{data.classes}".encode())
    for array in (data.x, data.y):
        found = zlib.crc32(np.ascontiguousarray(array).data, found)
    return found


def require_fit(parts: Parts) -> None:
    """Refuse what would only show once the run is under way.

    Raises:
        ArgumentError: minibatches of one example for a net that normalises over them; shifts and
            mirror images of what is no image.
    """
    _require_batches(parts)
    config, shape = parts.config, parts.train.shape
    if (config.shift or config.flip) and len(shape) < 2:
        raise ArgumentError(
            f"shift and flip (--shift, --flip) are for images; an example of {parts.train.name} is "
            f"a row of {shape[0]} numbers"
        )
    if config.shift > max(shape[-2:]):
        raise ArgumentError(
            f"shift (--shift) is at most the size of an image, {' × '.join(map(str, shape))}, "
            f"got {config.shift}"
        )


def _require_batches(parts: Parts) -> None:
    normalises = any(isinstance(layer, BatchNorm) for layer in parts.net.layers.values())
    count, size = len(parts.train), parts.config.batch
    if not normalises or (count % size != 1 and size > 1 and count > 1):
        return
    if count == 1:
        raise ArgumentError("batch normalisation needs at least 2 examples to train on, got 1")
    near = [n for n in range(max(2, size - 9), size + 10) if count % n != 1]
    better = min(near, key=lambda n: (abs(n - size), n))
    raise ArgumentError(
        f"batch normalisation needs at least 2 examples in every minibatch; {count} examples in "
        f"batches of {size} leave one alone: use batch {better} (--batch {better}), for example"
    )


def net_of(config: Config, inputs: int, outputs: int) -> Sequential:
    """The net that a configuration describes."""
    return MLP(
        (inputs, *config.hidden, outputs),
        config.activation,
        dropout=config.dropout,
        norm=config.norm,
        weights=config.init,
    )


def task_of(config: Config, data: Dataset, net: Sequential) -> Task:
    """What a net is to learn of this data."""
    loss, kind, _ = _loss(config, data)
    return Task(net, loss, kind, _optimizer(config), config.l2, config.l1, config.seed)


def split(config: Config, data: Dataset) -> tuple[Dataset, Dataset | None]:
    """The data to train on, and what is held out; none of a very small data set."""
    share = config.held_out
    if share is None:
        share = HELD_OUT if len(data) >= FEW else 0.0
    if share == 0:
        return data, None
    number = int(share) if share == int(share) else share
    try:
        return data.split(held_out=number, seed=config.seed)
    except ArgumentError as error:
        raise ArgumentError(f"{error} (held_out=0, --held-out 0, trains on all)") from None


def _loss(config: Config, data: Dataset) -> tuple[Any, str, int]:
    """The loss, what kind of answer the net gives, and how many outputs it has."""
    classes = len(data.classes)
    name = config.loss or ("crossentropy" if classes else "squared")
    loss = loss_named(name)
    plain = loss.__name__
    if plain in ("cross_entropy", "svm"):
        if not classes:
            raise ArgumentError(f"{name} is for classes, and {data.name} has numbers as targets")
        return loss, "classes", classes
    if plain == "binary_cross_entropy":
        if classes != 2:
            raise ArgumentError(f"{name} is for two classes, and {data.name} has {classes}")
        return loss, "binary", 1
    if classes > 2:
        raise ArgumentError(
            f"{name} is for numbers or two classes, and {data.name} has {classes} classes: use "
            "crossentropy or svm"
        )
    return loss, "numbers", 1 if data.y.ndim == 1 else int(data.y.shape[1])


def _optimizer(config: Config) -> Optimizer | Wrapper:
    optimizer: Optimizer | Wrapper = read_optimizer(config.optimizer)
    if not config.frozen:
        return optimizer
    return Groups([Group(pattern, Frozen()) for pattern in config.frozen], rest=optimizer)


def _rate(config: Config, optimizer: Optimizer | Wrapper) -> Any:
    if config.schedule is not None:
        from microgd.schedules import read_schedule

        return read_schedule(config.schedule)
    from microgd.schedules import Constant

    return Constant(config.lr if config.lr is not None else optimizer.rate)
