"""Whole Jacobians and Hessians, row by row. For small functions: gradients never need them."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgd.autodiff.functional import Function, _gradients, _tensor, grad, number, variable
from microgd.gates.movement import index, reshape, stack
from microgd.graph.node import Node


def jacobian(fn: Function, wrt: int = 0) -> Function:
    """A function that returns ∂fn/∂argument as an array of shape `output.shape + argument.shape`.

    One backward sweep per output element.

    >>> jacobian(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    def wrapped(*args: Any, **options: Any) -> Any:
        as_graph = any(isinstance(x, Node) for x in args)
        call = list(args)
        x = call[wrt] = variable(args[wrt])
        output = _tensor(fn(*call, **options))
        if as_graph:
            return _jacobian_graph(output, x)
        rows = []
        for place in np.ndindex(output.shape):
            upstream: Any = 1.0
            if output.shape:
                upstream = np.zeros(output.shape)
                upstream[place] = 1.0
            rows += _gradients(output, [x], upstream, as_graph=False)
        return number(np.reshape(np.array(rows), output.shape + x.shape)[()])

    return wrapped


def _jacobian_graph(output: Any, x: Any) -> Any:
    rows = [
        _gradients(index(output, place) if place else output, [x], 1.0, as_graph=True)[0]
        for place in np.ndindex(output.shape)
    ]
    return reshape(stack(rows), (*output.shape, *x.shape))


def hessian(fn: Function, wrt: int = 0) -> Function:
    """A function that returns the second derivatives of a scalar `fn`: its gradient's Jacobian.

    >>> hessian(lambda x: x[0] * x[0] * x[1])(np.array([3.0, 5.0]))
    array([[10.,  6.],
           [ 6.,  0.]])
    """
    return jacobian(grad(fn, wrt), wrt)
