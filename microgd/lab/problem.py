"""A function to walk down on: its formula, where it starts, and what a picture of it shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from microgd.autodiff.tree import leaves, rebuilt
from microgd.errors import ArgumentError, ShapeError
from microgd.graph.values import Array, shape_of, value_from
from microgd.tensor import Tensor

Point = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Problem:
    """What is minimised.

    Attributes:
        name: what to call it: "rosenbrock", or the formula itself.
        text: the formula, for titles; empty for a Python function.
        parts: functions of a point (name → number or array). One alone is the function itself; of
            several, f is the mean, and step t walks down part t mod n, as a minibatch does.
        start: the point that a descent begins at.
        minima: known lowest points, each as its coordinates.
        box: what a picture shows: (low, high) for each coordinate; None to fit the path.
        clamp: bounds that every step is put back into; None for none.
        rate: a learning rate that works with plain gradient descent.
        note: a sentence about it: what it shows, where it is from.
    """

    name: str
    text: str
    parts: tuple[Callable[[Point], Any], ...]
    start: Point
    minima: tuple[tuple[float, ...], ...] = ()
    box: tuple[tuple[float, float], ...] | None = None
    clamp: tuple[float, float] | None = None
    rate: float | None = None
    note: str = ""
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        if not self.parts:
            raise ArgumentError("a problem needs a function")
        if not self.start:
            raise ArgumentError(
                f"{self.name!r} has no free variable to walk along: give one a value, such as x=1"
            )
        start = {name: value_from(value) for name, value in self.start.items()}
        object.__setattr__(self, "start", start)
        object.__setattr__(self, "names", tuple(coordinates_of(start)))

    def __repr__(self) -> str:
        return f"Problem({self.name!r}, start={self.start!r})"

    @property
    def dimensions(self) -> int:
        """How many coordinates a point has."""
        return len(self.names)

    def started(self, **start: Any) -> Problem:
        """The same problem from another point; coordinates that are left out stay.

        Raises:
            ArgumentError: there is no such coordinate. ShapeError: it has another shape.
        """
        for name, value in start.items():
            if name not in self.start:
                raise ArgumentError(
                    f"{self.name!r} has no coordinate {name!r}; it has {', '.join(self.start)}"
                )
            if shape_of(value_from(value)) != shape_of(self.start[name]):
                wanted, given = shape_of(self.start[name]), shape_of(value_from(value))
                what = f"has shape {wanted}" if wanted else "is one number"
                found = f"shape {given}" if given else "a number"
                raise ShapeError(f"{name!r} {what}, got {found}")
        return replace(self, start={**self.start, **start})

    def part(self, t: int) -> Callable[[Point], Any]:
        """The function that step t walks down."""
        return self.parts[t % len(self.parts)]

    def __call__(self, point: Point) -> Any:
        """f at a point; Tensors give a Tensor."""
        if len(self.parts) == 1:
            return self.parts[0](point)
        total: Any = 0.0
        for one, times in Counter(self.parts).items():
            total = total + one(point) * (times / len(self.parts))
        return total

    def value(self, coordinates: Sequence[float]) -> float:
        """f at a point given as a flat list of coordinates.

        >>> from_text("x**2 + y", {"x": 0, "y": 0}).value([3, 1])
        10.0
        """
        return number(self(self.point(coordinates)))

    def point(self, coordinates: Sequence[float]) -> Point:
        """A flat list of coordinates in the shape of the start."""
        flat = np.asarray(coordinates, dtype=float).reshape(-1)
        if flat.size != self.dimensions:
            raise ShapeError(f"{self.name!r} has coordinates {', '.join(self.names)}: "
                             f"{self.dimensions} numbers, got {flat.size}")  # fmt: skip
        parts, place = [], 0
        for value in leaves(self.start):
            size = int(np.size(value))
            piece = flat[place : place + size].reshape(shape_of(value))
            parts.append(float(piece) if piece.ndim == 0 else piece)
            place += size
        return dict(rebuilt(self.start, iter(parts)))

    def grid(self, *axes: Array) -> Array:
        """f on a grid of coordinates, for curves (one axis) and contours (two).

        >>> from_text("x**2 + y", {"x": 0, "y": 0}).grid(np.array([0.0, 1.0]), np.array([5.0]))
        array([[5., 6.]])
        """
        if len(axes) != self.dimensions:
            raise ShapeError(f"a grid of {self.name!r} has {self.dimensions} axes, got {len(axes)}")
        mesh = [np.asarray(m, dtype=float) for m in np.meshgrid(*axes)]
        with np.errstate(all="ignore"):
            if all(shape_of(value) == () for value in self.start.values()):
                try:  # gates broadcast, so most formulas take the whole grid at once
                    found = np.asarray(plain(self(dict(zip(self.start, mesh, strict=True)))))
                    if found.shape == mesh[0].shape:
                        return found
                except ShapeError:
                    pass
            points = np.stack([m.reshape(-1) for m in mesh], axis=-1)
            return np.array([self.value(p) for p in points]).reshape(mesh[0].shape)


def from_text(text: str, start: Mapping[str, Any], **more: Any) -> Problem:
    """The problem of an expression of the language, such as "x**4 + x + 2" from {"x": 1}.

    Raises:
        LanguageError: text that is none. ShapeError: its value is not one number.
    """
    return from_circuit(_circuit(text, start), **more)


def from_circuit(circuit: Any, **more: Any) -> Problem:
    """The problem of a circuit; its inputs are the coordinates."""
    output = circuit.output
    if output.shape != ():
        raise ShapeError(
            f"{circuit.text!r} has shape {output.shape}, and a descent needs one number: reduce it "
            "with sum(…) or mean(…)"
        )
    start = {name: tensor.value for name, tensor in circuit.inputs.items()}
    text = circuit.text.strip()
    return Problem(
        **{"name": text, "text": text, "parts": (function_of(circuit),), "start": start, **more}
    )


def function_of(circuit: Any) -> Callable[[Point], Any]:
    """A circuit as a function of its inputs: numbers give a number, Tensors are recorded."""
    from microgd.graph.rewrite import rebuild
    from microgd.interpreter.replay import replay

    output, inputs = circuit.output, circuit.inputs

    def function(point: Point) -> Any:
        values = {tensor: point[name] for name, tensor in inputs.items()}
        shaped = all(shape_of(v) == t.shape for t, v in values.items())
        if shaped and not any(isinstance(v, Tensor) for v in values.values()):
            with np.errstate(all="ignore"):
                return replay([output], values)[0]
        nodes = {t: v if isinstance(v, Tensor) else Tensor(v) for t, v in values.items()}
        return rebuild([output], nodes)[output]

    return function


def _circuit(text: str, start: Mapping[str, Any]) -> Any:
    from microgd.language.circuit import parse

    return parse(text, start)


def coordinates_of(start: Mapping[str, Any]) -> list[str]:
    """A name for every number of a point: x for a number, w[0], w[1] for an array."""
    names = []
    for name, value in start.items():
        if shape_of(value) == ():
            names.append(name)
        else:
            places = np.ndindex(shape_of(value))
            names += [f"{name}[{', '.join(map(str, place))}]" for place in places]
    return names


def plain(x: Any) -> Any:
    """A result as a number or array."""
    return x.value if isinstance(x, Tensor) else x


def number(x: Any) -> float:
    """A result as a Python float."""
    return float(np.asarray(plain(x)).item())
