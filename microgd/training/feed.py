"""What a step is fed: rows of data that lie on the device, or minibatches sent to it."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgd.data.augment import augment
from microgd.data.batches import batches
from microgd.data.dataset import Dataset
from microgd.graph.values import Array
from microgd.opencl.array import device_array
from microgd.training.setup import Parts


class Feed:
    """The training data of a run, in the order of its epochs.

    Arguments:
        parts: the run's data and options.
        device: where the data is to lie.
    """

    def __init__(self, parts: Parts, device: Any) -> None:
        self.parts = parts
        self.device = device
        self.resident: tuple[Any, Any] | None = None

    @property
    def batch(self) -> int:
        """Examples in a minibatch: as the configuration says, or all there are."""
        return min(self.parts.config.batch, len(self.parts.train))

    @property
    def steps(self) -> int:
        """How many minibatches an epoch has."""
        return -(-len(self.parts.train) // self.batch)

    def order(self, epoch: int) -> list[Array]:
        """The rows of each minibatch of an epoch."""
        seed = self.parts.config.seed
        return batches(len(self.parts.train), self.batch, seed=seed, epoch=epoch)

    def on_device(self) -> tuple[Any, Any]:
        """All of the data, on the device; put there when first needed."""
        if self.resident is None:
            x, y = self.arrays(self.parts.train)
            self.resident = device_array(x, self.device), device_array(y, self.device)
        return self.resident

    def sent(self, rows: Array, epoch: int, number: int) -> tuple[Array, Array]:
        """One minibatch as arrays, augmented if asked."""
        train, config = self.parts.train, self.parts.config
        x, y = self.arrays(train.take(rows))
        if config.shift or config.noise or config.flip:
            x = augment(
                train.x[rows],
                train.shape if len(train.shape) > 1 else (1, *train.shape),  # noise is for all
                seed=config.seed,
                epoch=epoch,
                batch=number,
                shift=config.shift,
                noise=config.noise,
                flip=config.flip,
            ).astype(config.dtype)
        return x, y

    def arrays(self, data: Dataset) -> tuple[Array, Array]:
        """Inputs and targets in the run's precision; classes stay whole numbers."""
        dtype = self.parts.config.dtype
        whole = self.parts.task.kind == "classes"
        return data.x.astype(dtype), data.y.astype(np.int64 if whole else dtype)
