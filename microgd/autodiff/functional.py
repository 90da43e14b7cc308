"""Gradients of functions: grad, value_and_grad, vjp, jvp. Nothing accumulates; all of it nests.

Given plain numbers and arrays they answer with numbers and arrays. Given Tensors they answer with
Tensors that are recorded themselves, so a gradient has a gradient; and so they do inside another
grad whose variable they use. (Another Tensor that a function merely refers to counts as a number.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from microgd.autodiff.tree import leaves, rebuilt
from microgd.errors import DataError, ShapeError
from microgd.gates.arithmetic import identity
from microgd.gates.reduction import total
from microgd.graph.node import Node
from microgd.graph.values import shape_of, value_from
from microgd.graph.variables import depends_on, running
from microgd.interpreter.reverse import gradients_of, in_precision
from microgd.tensor import Tensor

Function = Callable[..., Any]
Wrt = int | tuple[int, ...]


def variable(x: Any) -> Tensor:
    """A Tensor to differentiate with respect to: a fresh leaf, or a fresh node behind a Tensor.

    The fresh node keeps a Tensor's other uses (in a closure, say) apart from this argument.
    """
    if isinstance(x, Node):
        alias: Tensor = identity(x)
        alias.name = x.name
        return alias
    return Tensor(x)


def run(
    fn: Function,
    args: Sequence[Any],
    options: Mapping[str, Any],
    variables: Sequence[Tensor],
    given: Sequence[Any],
) -> tuple[Tensor, bool]:
    """`fn`'s output, and whether its derivatives must be graphs.

    They must be if a Tensor was among the `given` inputs, if there are placeholders instead of
    numbers, and if the output also depends (through a closure) on a variable of an enclosing call,
    which wants to differentiate what comes out of this one.
    """
    outer = running.get()
    token = running.set((*outer, *variables))
    try:
        output = as_tensor(fn(*args, **options))
    finally:
        running.reset(token)
    as_graph = output.value is None or any(isinstance(x, Node) for x in given)
    return output, as_graph or depends_on(output, outer)


def number(x: Any) -> Any:
    """A result as a plain number or array of its own."""
    if isinstance(x, Tensor):
        x = x.value
    return x if shape_of(x) == () else x.copy()


def value_and_grad(fn: Function, wrt: Wrt = 0, aux: bool = False) -> Function:
    """A function that returns `fn`'s value and its gradient.

    Arguments:
        fn: takes numbers, arrays, Tensors or trees of them; returns a scalar.
        wrt: which positional argument to differentiate, or a tuple of positions.
        aux: `fn` returns a scalar and a tree of other results, which are handed on.

    Returns:
        `(value, gradient)`; the gradient has the structure of the argument (a tuple of those for
        several positions). With `aux`, `((value, others), gradient)`.

    Raises:
        ShapeError: `fn` returns something that is not a scalar.

    >>> value_and_grad(lambda x, y: x * x * y)(3.0, 2.0)
    (18.0, 12.0)
    >>> value_and_grad(lambda x: (x * x, {"half": x / 2}), aux=True)(3.0)
    ((9.0, {'half': 1.5}), 6.0)
    """
    positions = wrt if isinstance(wrt, tuple) else (wrt,)
    if not all(isinstance(position, int) for position in positions):
        raise DataError(f"wrt is an argument's position or a tuple of positions, got {wrt!r}")

    def wrapped(*args: Any, **options: Any) -> Any:
        for position in positions:
            if not -len(args) <= position < len(args):
                raise ShapeError(f"wrt names argument {position}, but {len(args)} were given")
        call = list(args)
        variables: list[Tensor] = []
        for position in positions:
            fresh = [variable(x) for x in leaves(args[position])]
            variables += fresh
            call[position] = rebuilt(args[position], iter(fresh))
        others: list[Any] = []
        main = _first_result(fn, others) if aux else fn
        output, as_graph = run(main, call, options, variables, leaves(list(args)))
        _require_scalar(output)
        found = iter(gradients(output, variables, 1.0, as_graph))
        parts = tuple(rebuilt(args[p], found) for p in positions)
        value = output if as_graph else number(output)
        if aux:
            (tree,) = others
            kept = (x if as_graph or not isinstance(x, Tensor) else number(x) for x in leaves(tree))
            value = value, rebuilt(tree, kept)
        return value, parts[0] if isinstance(wrt, int) else parts

    return wrapped


def _first_result(fn: Function, others: list[Any]) -> Function:
    """`fn` without its other results, which go into the list."""

    def main(*args: Any, **options: Any) -> Any:
        result = fn(*args, **options)
        if not isinstance(result, tuple) or len(result) != 2:
            raise DataError(
                "with aux=True the function returns two things, the scalar and a tree of others; "
                f"it returned {type(result).__name__}"
            )
        others.append(result[1])
        return result[0]

    return main


def grad(fn: Function, wrt: Wrt = 0) -> Function:
    """A function that returns the gradient of `fn` (see `value_and_grad`).

    >>> grad(lambda x: x ** 3)(2.0), grad(grad(lambda x: x ** 3))(2.0)
    (12.0, 12.0)
    """
    both = value_and_grad(fn, wrt)

    def wrapped(*args: Any, **options: Any) -> Any:
        return both(*args, **options)[1]

    return wrapped


def vjp(fn: Function, *inputs: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """`fn`'s output, and a function from an upstream gradient (in the output's shape) to theirs.

    The vector-Jacobian product: one backward sweep, whatever the number of inputs.

    >>> out, pull = vjp(lambda x, y: x * y, 3.0, 4.0)
    >>> out, pull(1.0)
    (12.0, (4.0, 3.0))
    """
    variables = [variable(x) for x in inputs]
    output, as_graph = run(fn, variables, {}, variables, inputs)

    def pull(upstream: Any) -> tuple[Any, ...]:
        graph = as_graph or isinstance(upstream, Node)
        if not isinstance(upstream, Node):
            upstream = value_from(upstream)
        if shape_of(upstream) != output.shape:
            raise ShapeError(f"the output has shape {output.shape}, got {shape_of(upstream)}")
        return tuple(gradients(output, variables, upstream, graph))

    return (output if as_graph else number(output)), pull


def jvp(fn: Function, inputs: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """`fn`'s output, and how it changes when the inputs move along `tangents`.

    The Jacobian-vector product, from reverse mode used twice: the gradients are linear in the
    upstream vector u, and their derivative with respect to u is what is wanted.

    >>> jvp(lambda x, y: x * y, (3.0, 4.0), (1.0, 0.0))
    (12.0, 4.0)
    """
    if not isinstance(inputs, list | tuple) or not isinstance(tangents, list | tuple):
        raise DataError("jvp takes a tuple of inputs and one of tangents: jvp(f, (3.0,), (1.0,))")
    if len(inputs) != len(tangents):
        raise ShapeError(f"{len(inputs)} inputs need as many tangents, got {len(tangents)}")
    for x, tangent in zip(inputs, tangents, strict=True):
        if shape_of(_raw(x)) != shape_of(_raw(tangent)):
            raise ShapeError(
                f"a tangent has shape {shape_of(_raw(tangent))}, its input {shape_of(_raw(x))}"
            )
    variables = [variable(x) for x in inputs]
    output, as_graph = run(fn, variables, {}, variables, (*inputs, *tangents))
    upstream = Tensor(in_precision(np.zeros(output.shape), output))
    pulled = gradients_of(output, variables, upstream, as_graph=True)
    moved = Tensor(0.0)
    for gradient, tangent in zip(pulled, tangents, strict=True):
        if isinstance(gradient, Tensor):
            step = tangent if isinstance(tangent, Node) else value_from(tangent)
            moved = moved + total(gradient * step)
    (tangent_out,) = gradients(moved, [upstream], 1.0, as_graph)
    return (output if as_graph else number(output)), tangent_out


def _raw(x: Any) -> Any:
    return x if isinstance(x, Node) else value_from(x)


def as_tensor(output: Any) -> Tensor:
    """What a function returned as a Tensor; a DataError if it is neither that nor a number."""
    if isinstance(output, Tensor):
        return output
    if output is None or isinstance(output, list | tuple | dict | str):
        raise DataError(
            f"the function must return one Tensor or number, it returned {type(output).__name__}"
        )
    return Tensor(output)


def _require_scalar(output: Tensor) -> None:
    if output.shape != ():
        raise ShapeError(
            f"grad needs a function that returns a scalar, this one returned shape {output.shape}: "
            "reduce it (.sum() or .mean()), or use jacobian"
        )


def gradients(
    output: Tensor, variables: Sequence[Tensor], upstream: Any, as_graph: bool
) -> list[Any]:
    """The gradient for each variable: Tensors if they must be graphs, else numbers of their own."""
    found = gradients_of(output, variables, upstream, as_graph=as_graph)
    if as_graph:
        return [g if isinstance(g, Tensor) else Tensor(g) for g in found]
    return [number(g) for g in found]
