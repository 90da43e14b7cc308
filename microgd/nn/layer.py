"""What every layer is: a description, without numbers, of how inputs become outputs.

The numbers are apart: `init` makes parameters, which learn; `start` makes the state, which the
layer keeps by itself (running statistics). So a net is a pure function of both, and one text
serves the interpreter, the compiler and the pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from microgd.errors import ShapeError
from microgd.graph.shapes import Shape
from microgd.graph.values import shape_of
from microgd.init import Key, seeds
from microgd.options import written

Params = dict[str, Any]


@dataclass(frozen=True)
class Mode:
    """How a layer is to behave.

    Attributes:
        train: whether the net is learning: dropout drops, batch normalisation measures.
        step: the number of the training step, from which random layers draw; it may be a Tensor.
        seed: which random numbers; each layer makes its own from it.
    """

    train: bool = False
    step: Any = 0.0
    seed: int = 0

    def salted(self, place: int) -> Mode:
        """The same for the layer at this place, with a seed of its own."""
        return Mode(self.train, self.step, int(seeds((self.seed, place)).generate_state(1)[0]))


EVALUATE = Mode()


class Layer:
    """The ancestor of all layers. Most have no parameters and no state."""

    def init(self, key: Key = 0) -> Params:
        """New parameters, float64: name → array."""
        return {}

    def start(self) -> Params:
        """The state before the first step: name → array."""
        return {}

    def forward(self, params: Params, state: Params, x: Any, mode: Mode) -> tuple[Any, Params]:
        """The outputs for a batch x (examples first), and the new state.

        Raises:
            ShapeError: the inputs do not fit the layer.
        """
        raise NotImplementedError

    def shape_after(self, shape: Shape) -> Shape:
        """The shape of one example's outputs, from the shape of its inputs."""
        return shape

    @property
    def kind(self) -> str:
        """What its name begins with: "linear"."""
        return type(self).__name__.lower()

    @property
    def text(self) -> str:
        """The layer as text."""
        return written(self)  # type: ignore[call-overload, unused-ignore]


def require_width(layer: Layer, x: Any, width: int) -> None:
    """Refuse a batch that is not examples × width."""
    shape = shape_of(x)
    if len(shape) != 2 or shape[1] != width:
        raise ShapeError(
            f"{layer.kind} takes a batch of rows of {width} numbers, got shape {shape}"
        )
