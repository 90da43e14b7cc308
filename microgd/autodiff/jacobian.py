"""Whole Jacobians and Hessians, row by row. For small functions: gradients never need them."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgd.autodiff.functional import Function, grad, gradients, run, variable
from microgd.autodiff.tree import leaves
from microgd.errors import DataError, ShapeError
from microgd.gates.indexing import index
from microgd.gates.movement import reshape, stack
from microgd.graph.values import as_value


def jacobian(fn: Function, wrt: int = 0) -> Function:
    """A function that returns ∂fn/∂argument as an array of shape `output.shape + argument.shape`.

    One backward sweep per output element.

    >>> jacobian(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    if not isinstance(wrt, int):
        raise DataError(f"wrt is the position of one argument, got {wrt!r}")

    def wrapped(*args: Any, **options: Any) -> Any:
        if not -len(args) <= wrt < len(args):
            raise ShapeError(f"wrt names argument {wrt}, but {len(args)} were given")
        call = list(args)
        x = call[wrt] = variable(args[wrt])
        output, as_graph = run(fn, call, options, [x], leaves(list(args)))
        if as_graph:
            return _jacobian_graph(output, x)
        rows = []
        for place in np.ndindex(output.shape):
            upstream: Any = 1.0
            if output.shape:
                upstream = np.zeros(output.shape)
                upstream[place] = 1.0
            rows += gradients(output, [x], upstream, as_graph=False)
        table = np.array(rows, dtype=x.dtype if rows else None)
        return as_value(np.reshape(table, output.shape + x.shape))

    return wrapped


def _jacobian_graph(output: Any, x: Any) -> Any:
    rows = [
        gradients(index(output, place) if place else output, [x], 1.0, as_graph=True)[0]
        for place in np.ndindex(output.shape)
    ]
    if not rows:
        return x * np.zeros((*output.shape, *x.shape))
    return reshape(stack(rows), (*output.shape, *x.shape))


def hessian(fn: Function, wrt: int = 0) -> Function:
    """A function that returns the second derivatives of a scalar `fn`: its gradient's Jacobian.

    >>> hessian(lambda x: x[0] * x[0] * x[1])(np.array([3.0, 5.0]))
    array([[10.,  6.],
           [ 6.,  0.]])
    """
    return jacobian(grad(fn, wrt), wrt)
