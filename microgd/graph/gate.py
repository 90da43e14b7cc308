"""Gate: a row of the table that is also a function.

`exp(x)` records a node when `x` is a Node, and simply computes when `x` is a number or an array.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from microgd.errors import GateError
from microgd.graph.node import Node
from microgd.graph.record import apply
from microgd.graph.row import GateRow


class Gate(GateRow):
    """A gate of the table, called like the function it is.

    >>> import microgd as mg
    >>> mg.mul(3.0, 4.0), mg.mul(mg.Tensor(3.0), 4.0).data
    (12.0, 12.0)
    """

    __slots__ = ()

    def __call__(self, *inputs: Any, **params: Any) -> Any:
        """Apply the gate: a Node if any input is one, otherwise a float or an array."""
        quick = self.scalar is not None and not params and len(inputs) == len(self.inputs)
        if quick and all(x.__class__ is float for x in inputs):
            result = self.scalar(*inputs)  # type: ignore[misc]
            return result if result.__class__ is float else self.evaluate(inputs, params)
        return apply(self, *self.bind(inputs, params))

    @property
    def __signature__(self) -> inspect.Signature:
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        star = inspect.Parameter.VAR_POSITIONAL
        names = [
            inspect.Parameter(n.lstrip("*"), star if n.startswith("*") else kind)
            for n in self.inputs
        ]
        after = inspect.Parameter.KEYWORD_ONLY if self.variadic else kind
        options = [
            inspect.Parameter(n, after, default=inspect.Parameter.empty if d is ... else d)
            for n, d in self.params.items()
        ]
        return inspect.Signature([*names, *options])

    def bind(
        self, inputs: tuple[Any, ...], params: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Sort the arguments of a call into inputs and parameters, with the defaults filled in."""
        names = self.inputs
        if self.variadic:
            if len(inputs) == 1 and isinstance(inputs[0], list | tuple):
                inputs = tuple(inputs[0])
            if not inputs:
                raise GateError(f"{self.signature} needs at least one input")
        else:
            inputs, params = self._bind_by_name(inputs, params, names)
        if not params and not self.params:
            return inputs, params
        unknown = [n for n in params if n not in self.params]
        if unknown:
            known = ", ".join(self.params) or "none"
            raise GateError(f"{self.signature} has no parameter {unknown[0]!r} (it has: {known})")
        bound = {n: _plain(v) for n, v in {**self.params, **params}.items()}
        nodes = [n for n, v in bound.items() if isinstance(v, Node)]
        if nodes:
            raise GateError(
                f"{self.signature}: {nodes[0]} is a parameter, not an input: no gradient would "
                "reach a Tensor there; give a plain number"
            )
        missing = [n for n, v in bound.items() if v is ...]
        if missing:
            raise GateError(f"{self.signature} needs a value for {missing[0]!r}")
        self._require_numbers(bound)
        return inputs, bound

    def _require_numbers(self, bound: dict[str, Any]) -> None:
        """A parameter that is a number by default must be one; no array decides element by element.

        Axes, sizes and the like are left to the shape rule, which has better words for them.
        """
        for name, value in bound.items():
            default = self.params[name]
            if isinstance(default, float) and not _is_number(value):
                raise GateError(f"{self.signature}: {name} is a number, got {value!r:.60}")
            if self.elementwise and isinstance(value, tuple | np.ndarray):
                raise GateError(
                    f"{self.signature}: {name} is one number for all elements, got {value!r:.60}"
                )

    def _bind_by_name(
        self, inputs: tuple[Any, ...], params: dict[str, Any], names: tuple[str, ...]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        twice = [n for n in names[: len(inputs)] if n in params]
        by_name = [n for n in names[len(inputs) :] if n in params]
        if by_name:
            params = dict(params)
            inputs = inputs + tuple(params.pop(n) for n in by_name)
        if len(inputs) > len(names):
            extra = inputs[len(names) :]
            if len(extra) > len(self.params):
                raise GateError(
                    f"{self.signature} takes {len(names) + len(self.params)} arguments at most, "
                    f"got {len(inputs) + len(params)}"
                )
            placed = dict(zip(self.params, extra, strict=False))
            twice += [n for n in placed if n in params]
            params = {**params, **placed}
            inputs = inputs[: len(names)]
        if twice:
            raise GateError(f"{self.signature}: {twice[0]!r} is given twice")
        if len(inputs) < len(names):
            raise GateError(
                f"{self.signature} needs {len(names)} input{'s' * (len(names) > 1)}, "
                f"got {len(inputs)}"
            )
        return inputs, params


def _plain(value: Any) -> Any:
    """A parameter as Python has it: whole numbers instead of NumPy's, tuples instead of lists."""
    if isinstance(value, list | tuple):
        return tuple(_plain(v) for v in value)
    alone = isinstance(value, np.generic | np.ndarray) and value.ndim == 0
    return value.item() if alone else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
