"""GateRow: one row of the table of gates. All that microgd knows of an operation stands in its row.

Backward rules are written with gates, so one line gives numbers to the interpreter and a graph to
whoever wants a gradient of a gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from microgd.errors import DataError, GateError, MicrogdError, ShapeError
from microgd.graph.shapes import MOST_AXES, Shape, broadcast_shapes
from microgd.graph.values import Value, as_value, shape_of

#: `rule(upstream, output, *inputs, **params)` -> the contribution to one input's gradient.
Rule = Callable[..., Any]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class GateRow:
    """One operation: its forward, its backward, and how it is named, drawn, printed and compiled.

    Arguments:
        name: what users call it: `"mul"`.
        inputs: the names of its inputs: `("x", "y")`; `("*xs",)` takes any number.
        forward: NumPy: `forward(*arrays, **params)`.
        backward: a rule per input, `rule(upstream, output, *inputs, **params)`, each one line in
            gates; None where the input passes no gradient; a gate with any number of inputs
            has one rule that takes the input's position first. `()`: not differentiable.
        formula: what it computes, as text: `"x · y"`.
        local: the local derivative for each input, as text: `("y", "x")`.
        sign: what stands in its circle: `"×"`.
        pattern: what it does to a gradient, in a word: distributes, swaps, routes, masks, scales,
            moves, sums, blocks.
        badge: the pattern as drawn beside the gate; the pattern itself unless given.
        params: its named parameters and their defaults; `...` marks one that must be given.
        shape: `shape(*input_shapes, **params)` -> the output's shape, or a ShapeError.
        scalar: the same forward for Python floats, where NumPy would be slow.
        branch: which way each element went (the winner of a max, the side of a relu); compared on
            both sides of a point, it finds kinks.
        tie: True for each element that sits on the kink, where the rule is a convention.
        expansion: the gate written in more primitive gates.
        infix: the operator the language writes it with: `"*"`.
        carries: how its sign carries a constant on its left or on its right: `("+{}", "+{}")`.
        commutative: whether its inputs may change places.
        whole: whether whole numbers (int64) stay so: it moves or compares them, or counts by them.
        opencl: the gate in OpenCL C, for gates that work element by element: `"exp({x})"`. Inputs
            and parameters stand in braces; `{R}` is the type of the numbers, a scalar's or a
            vector's. A function of the inputs and parameters where the text depends on them.
        doc: a sentence or two for `microgd gates` and the documentation.
        example: a doctest line or two.
    """

    name: str
    inputs: tuple[str, ...]
    forward: Callable[..., Any]
    backward: tuple[Rule | None, ...] | Rule = ()
    formula: str = ""
    local: tuple[str, ...] = ()
    sign: str = ""
    pattern: str = "scales"
    badge: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    shape: Callable[..., Shape] = broadcast_shapes
    scalar: Callable[..., float] | None = None
    branch: Callable[..., Any] | None = None
    tie: Callable[..., Any] | None = None
    expansion: Callable[..., Any] | None = None
    infix: str | None = None
    carries: tuple[str, str] | None = None
    commutative: bool = False
    whole: bool = False
    opencl: str | Callable[..., str] | None = None
    doc: str = ""
    example: str = ""

    def __repr__(self) -> str:
        return f"<gate {self.signature}>"

    def __copy__(self) -> GateRow:
        return self

    def __deepcopy__(self, memo: Any) -> GateRow:
        return self  # a row is known by its identity, and nothing in it changes

    @property
    def variadic(self) -> bool:
        """Whether the gate takes any number of inputs."""
        return self.inputs[0].startswith("*")

    @property
    def elementwise(self) -> bool:
        """Whether each output element depends on one element of each (broadcast) input."""
        return self.shape is broadcast_shapes

    @property
    def signature(self) -> str:
        """How the gate is called: `leaky_relu(x, slope=0.01)`."""
        given = [n if d is ... else f"{n}={d!r}" for n, d in self.params.items()]
        return f"{self.name}({', '.join([*self.inputs, *given])})"

    def rule(self, position: int) -> Rule | None:
        """The backward rule for one input; None where that input passes no gradient."""
        if callable(self.backward):
            whole = self.backward
            return lambda *args, **params: whole(position, *args, **params)
        if not self.backward:
            raise GateError(
                f"gate {self.name!r} has no backward rule, so no gradient passes it; "
                "give its row backward=(…) with one rule for each input"
            )
        return self.backward[position]

    def evaluate(self, values: Sequence[Any], params: Mapping[str, Any]) -> Value:
        """The output's numbers from the inputs' numbers; a GateError where they are no numbers."""
        if self.scalar is not None and all(v.__class__ is float for v in values):
            result = self.scalar(*values, **params)
            if result.__class__ is float:
                return result
        else:
            with np.errstate(all="ignore"):
                result = self.forward(*values, **params)
        try:
            return as_value(result)
        except DataError as error:
            raise GateError(f"gate {self.name!r}: {error}") from None

    def output_shape(self, shapes: Sequence[Shape], params: Mapping[str, Any]) -> Shape:
        """The output's shape; a ShapeError names the gate and all shapes."""
        try:
            shape = self.shape(*shapes, **params)
        except MicrogdError as error:
            if not isinstance(error, ShapeError):
                raise
            raise self._unfit(error, shapes) from None
        except (TypeError, ValueError, OverflowError) as error:
            raise self._unfit(error, shapes) from error
        if len(shape) > MOST_AXES:
            raise ShapeError(f"{self.name}: an array has at most {MOST_AXES} axes")
        return shape

    def _unfit(self, error: Exception, shapes: Sequence[Shape]) -> ShapeError:
        given = ", ".join(map(str, shapes))
        return ShapeError(f"{self.name}: {error} (input shapes: {given})")

    def require_shape(self, value: Any, shape: Shape) -> None:
        """Raise a GateError where forward's result has not the shape that the shape rule says."""
        if shape_of(value) != shape:
            raise GateError(
                f"gate {self.name!r} computed an array of shape {shape_of(value)}, but its shape "
                f"rule says {shape}; give its row shape=(…), which tells the output's shape from "
                "the inputs' shapes"
            )


def _leaf(name: str, sign: str, doc: str) -> GateRow:
    return GateRow(name, (), forward=lambda: None, sign=sign, pattern="leaf", doc=doc)


#: The three kinds of leaves: what users make, what an expression wraps, what has only a shape.
INPUT = _leaf("input", "", "A number or array that somebody made: gradients are collected here.")
CONSTANT = _leaf("constant", "", "A plain number or array inside an expression: no gradient.")
PLACEHOLDER = _leaf("placeholder", "", "A shape without numbers, for compiling.")
