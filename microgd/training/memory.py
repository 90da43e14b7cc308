"""What a run takes of the device's memory, told before it starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from microgd.autodiff.tree import leaves
from microgd.opencl.array import PADDING

if TYPE_CHECKING:
    from microgd.training.trainer import Trainer

#: The share of the device's memory that data may take before it is streamed.
SHARE = 0.5


@dataclass(frozen=True)
class Memory:
    """Bytes on the device.

    Attributes:
        parameters, states: of the net; of the optimizer and the net besides.
        data: the training data; a minibatch of it where minibatches are sent.
        streams: whether the data set is too large for the device.
        sent: whether each minibatch is sent anew: where it streams, or is augmented.
        available: what the device has; 0 for the interpreter.
    """

    parameters: int
    states: int
    data: int
    streams: bool
    sent: bool
    available: int

    @property
    def total(self) -> int:
        """All of it; the kernels' own buffers come on top."""
        return self.parameters + self.states + self.data

    def __str__(self) -> str:
        how = "a minibatch at a time" if self.sent else "all of it"
        text = (
            f"{size(self.total)} on the device: parameters {size(self.parameters)}, states "
            f"{size(self.states)}, data {size(self.data)} ({how})"
        )
        return text + (f", of {size(self.available)}" if self.available else "")


def plan_memory(run: Trainer) -> Memory:
    """What this run takes, and whether its data has room."""
    train, config = run.parts.train, run.config
    item = np.dtype(config.dtype).itemsize
    x = train.x.shape[1] * item
    y = (train.y.size // len(train)) * (8 if run.parts.task.kind == "classes" else item)
    device: Any = run.device
    host = device.kind == "interpreter"
    available = 0 if host else int(device.memory)
    largest = 0 if host else int(device.largest_buffer) - PADDING
    whole, greatest = len(train) * (x + y), len(train) * max(x, y)
    streams = not host and (whole > SHARE * available or greatest > largest)
    sent = streams or bool(config.shift or config.noise or config.flip)
    return Memory(
        parameters=_bytes(run.params),
        states=_bytes(run.optimizer_state) + _bytes(run.kept),
        data=min(config.batch, len(train)) * (x + y) if sent else whole,
        streams=streams,
        sent=sent,
        available=available,
    )


def _bytes(tree: Any) -> int:
    return sum(int(leaf.nbytes) for leaf in leaves(tree))


def size(count: int) -> str:
    """Bytes for people.

    >>> size(800), size(3 * 2**20)
    ('800 B', '3.0 MiB')
    """
    units = ("B", "KiB", "MiB", "GiB", "TiB")
    place = min(max(count.bit_length() - 1, 0) // 10, len(units) - 1)
    return f"{count} B" if not place else f"{count / 1024**place:.1f} {units[place]}"
