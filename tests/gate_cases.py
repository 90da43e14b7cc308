"""For every gate of the table: what it must compute, in plain NumPy, and inputs to try it on.

`CASES` is keyed by gate name; the tests of values, of gradients and of other libraries' answers
all read it, and a gate of the table that is missing here fails the suite.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import microgd as mg

#: Where formulas go wrong: zeros of both signs, infinities, NaN, the largest, smallest and
#: subnormal floats, the ends of exp's range, and numbers lost beside 1.
EDGES = (
    *(0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0),
    *(1.7e308, -1.7e308, 2.3e-308, -2.3e-308, 5e-324, -5e-324, 1e-17, -1e-17),
    *(709.0, 710.0, -708.0, -745.0, -746.0, 1e5, -1e5),
)

UNARY = (((),), ((3,),), ((2, 3),), ((1, 4),), ((2, 1, 3),), ((0,),), ((2, 0, 3),))
BINARY = (
    ((), ()),
    ((3,), (3,)),
    ((2, 3), (2, 3)),
    ((2, 3), ()),
    ((), (2, 3)),
    ((2, 3), (3,)),
    ((2, 1), (3,)),
    ((2, 1, 3), (4, 1)),
    ((1, 1), (2, 3)),
    ((0,), (1,)),
    ((2, 0), (1, 0)),
)
TERNARY = (((), (), ()), ((2, 3), (2, 3), (2, 3)), ((2, 1), (3,), ()), ((3,), (2, 1), (2, 3)))

#: Axes of reductions: all, first, last, negative, several, none; with the axes kept and dropped.
OVER = tuple(
    (((*shape,),), {"axis": axis, "keepdims": keepdims})
    for keepdims in (False, True)
    for shape, axis in (
        ((), None),
        ((4,), None),
        ((4,), -1),
        ((2, 3), None),
        ((2, 3), 0),
        ((2, 3), -2),
        ((2, 3), (0, 1)),
        ((2, 3), ()),
        ((2, 1, 3), (0, -1)),
        ((2, 1, 3), 1),
        ((0, 3), -1),
    )
)
#: The same over axes without elements, where a sum is 0 and a mean NaN.
OVER_NOTHING = (
    (((0,),), {"axis": None, "keepdims": False}),
    (((2, 0),), {"axis": 1, "keepdims": True}),
    (((0, 3),), {"axis": 0, "keepdims": False}),
)

Draw = tuple[tuple[tuple[int, ...], ...], dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """What one gate must do.

    Attributes:
        reference: the formula, on float64 arrays and with all parameters given.
        draws: input shapes and parameters to try.
        domain: a word per input (the last one for all the rest): real, positive, far (from 0),
            small, truth (0 or 1), index:n (whole numbers below n), key (a whole number).
        avoid: places where a kink is, kept away from where gradients are checked.
        blocked: positions of inputs that no gradient passes to.
        edges: whether the reference says what happens at the EDGES, for every input.
        elementwise: whether any shapes that broadcast together will do.
    """

    reference: Callable[..., Any]
    draws: tuple[Draw, ...]
    domain: tuple[str, ...] = ("real",)
    avoid: tuple[float, ...] = ()
    blocked: frozenset[int] = frozenset()
    edges: bool = False
    elementwise: bool = False

    def domain_of(self, position: int) -> str:
        return self.domain[min(position, len(self.domain) - 1)]

    def points(self, shapes: tuple[tuple[int, ...], ...], seed: int) -> list[Any]:
        """Inputs at least 0.04 away from each other, from 0 and from every place to avoid.

        All inputs together come from one shuffled grid, so nothing ties anywhere.
        """
        random = np.random.default_rng(seed)
        count = sum(int(np.prod(s)) for s in shapes)
        step = min(0.3, 4.0 / max(count, 1))
        grid = (random.permutation(count) - count // 2 + 0.4) * step
        for place in self.avoid:
            grid = np.where(np.abs(grid - place) < 0.02, place + 0.41 * step, grid)
        points, start = [], 0
        for position, shape in enumerate(shapes):
            size = int(np.prod(shape))
            x = grid[start : start + size].reshape(shape)
            start += size
            kind, _, limit = self.domain_of(position).partition(":")
            if kind == "positive":
                x = np.abs(x) + 0.4
            elif kind == "far":
                x = x + np.copysign(0.6, x)
            elif kind == "small":
                x = x / 8
            elif kind == "truth":
                x = random.integers(0, 2, shape).astype(float)
            elif kind == "index":
                x = random.integers(0, int(limit), shape).astype(float)
            elif kind == "key":
                x = np.full(shape, 7.0)
            points.append(float(x) if shape == () else np.asarray(x))
        return points


def elementwise(reference: Callable[..., Any], inputs: int = 1, **rest: Any) -> Case:
    shapes = {1: UNARY, 2: BINARY, 3: TERNARY}[inputs]
    params = rest.pop("params", ({},))
    draws = tuple((s, p) for s in shapes for p in params)
    return Case(reference, draws, elementwise=True, edges=rest.pop("edges", True), **rest)


def truth(compare: Callable[..., Any]) -> Case:
    return elementwise(
        lambda x, y: np.asarray(compare(x, y), dtype=float), 2, blocked=frozenset({0, 1})
    )


def both_ways(x: Any, positive: Any, negative: Any) -> Any:
    """One branch where x > 0, the other elsewhere (so at NaN too), element by element."""
    return np.choose(np.asarray(x > 0).astype(int), [negative, positive])


def softplus(x: Any) -> Any:
    # Above 40, ln(1 + eˣ) = x + e⁻ˣ − …, whose second term is below the last digit of x.
    return np.where(x > 40, x, np.log1p(np.exp(np.minimum(x, 40.0))))


def elu(x: Any, alpha: float) -> Any:
    return both_ways(x, x, alpha * np.expm1(np.minimum(x, 0.0)))


def softmax(x: Any, axis: int) -> Any:
    powers = np.exp(x)
    return powers / powers.sum(axis=axis, keepdims=True)


def matmul(x: Any, y: Any) -> Any:
    """The definition: Σₖ x[…, i, k] · y[…, k, j], by broadcasting."""
    left = x[None, :] if np.ndim(x) == 1 else x
    right = y[:, None] if np.ndim(y) == 1 else y
    out = (left[..., :, :, None] * right[..., None, :, :]).sum(axis=-2)
    if np.ndim(x) == 1:
        out = out[..., 0, :]
    return out[..., 0] if np.ndim(y) == 1 else out


def apl(x: Any, a: Any, b: Any) -> Any:
    out = np.where(x > 0, x, 0.0)
    for slope, place in zip(a, b, strict=True):
        out = out + slope * np.where(place > x, place - x, 0.0)
    return out


def sum_to(x: Any, shape: Any) -> Any:
    out = np.zeros(shape)
    for place in np.ndindex(x.shape):
        tail = place[len(place) - len(shape) :]
        out[tuple(0 if n == 1 else i for i, n in zip(tail, shape, strict=True))] += x[place]
    return out


def take(x: Any, indices: Any, axis: int) -> Any:
    at = axis % x.ndim
    out = np.zeros(x.shape[:at] + np.shape(indices) + x.shape[at + 1 :])
    for place in np.ndindex(np.shape(indices)):
        source = x[(slice(None),) * at + (int(np.asarray(indices)[place]),)]
        out[(slice(None),) * at + place] = source
    return out


def scatter_add(x: Any, indices: Any, axis: int, size: int) -> Any:
    rank = x.ndim - np.ndim(indices) + 1
    at = axis % rank
    out = np.zeros((*x.shape[:at], size, *x.shape[at + np.ndim(indices) :]))
    for place in np.ndindex(np.shape(indices)):
        where = (slice(None),) * at + (int(np.asarray(indices)[place]),)
        out[where] += x[(slice(None),) * at + place]
    return out


def place(x: Any, key: Any, shape: Any) -> Any:
    out = np.zeros(shape)
    out[key] = x
    return out


def philox(counter: tuple[int, int, int, int], key: tuple[int, int]) -> tuple[int, ...]:
    """Philox4x32-10 in Python's whole numbers, after figure 3 of Salmon et al. (2011)."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        high0, low0 = divmod(0xD2511F53 * c0, 2**32)
        high1, low1 = divmod(0xCD9E8D57 * c2, 2**32)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return c0, c1, c2, c3


def uniform(x: Any, key: Any, low: float, high: float, seed: int) -> Any:
    """The top 24 bits of the first word, for the counter (i, 0, 0, 0)."""
    words = (int(key), seed)
    unit = [philox((i, 0, 0, 0), words)[0] // 256 / 2**24 for i in range(np.size(x))]
    return low + (high - low) * np.reshape(unit, np.shape(x))


KEYED = tuple(((s, ()), {"low": 0.1, "high": 0.5, "seed": 3}) for ((s),) in UNARY)
ALONG = tuple(
    (((*s,),), {"axis": a})
    for s, a in (((4,), -1), ((1,), 0), ((2, 3), -1), ((2, 3), 0), ((2, 1, 3), -2), ((0, 3), 1))
)

CASES: dict[str, Case] = {
    # selection
    "greater": truth(lambda x, y: x > y),
    "less": truth(lambda x, y: x < y),
    "greater_equal": truth(lambda x, y: x >= y),
    "less_equal": truth(lambda x, y: x <= y),
    "equal": truth(lambda x, y: x == y),
    "not_equal": truth(lambda x, y: x != y),
    "logical_and": truth(lambda x, y: (x != 0) & (y != 0)),
    "sign": elementwise(lambda x: np.sign(x), blocked=frozenset({0})),
    "where": elementwise(
        lambda c, x, y: np.choose(np.asarray(c != 0).astype(int), [y, x]),
        3,
        domain=("truth", "real", "real"),
        blocked=frozenset({0}),
    ),
    "maximum": elementwise(np.maximum, 2),
    "minimum": elementwise(np.minimum, 2),
    "clip": elementwise(
        lambda x, low, high: np.minimum(
            np.maximum(x, -np.inf if low is None else low), np.inf if high is None else high
        ),
        params=(
            {"low": -0.5, "high": 0.8},
            {"low": None, "high": 0.8},
            {"low": -0.5, "high": None},
            {"low": None, "high": None},
        ),
        avoid=(-0.5, 0.8),
    ),
    # arithmetic
    "add": elementwise(np.add, 2),
    "neg": elementwise(np.negative),
    "sub": elementwise(np.subtract, 2),
    "mul": elementwise(np.multiply, 2),
    "recip": elementwise(lambda x: np.power(x, -1.0), domain=("far",)),
    "div": elementwise(np.divide, 2, domain=("real", "far")),
    "identity": elementwise(lambda x: x * 1.0),
    # exponential
    "exp": elementwise(np.exp),
    "log": elementwise(np.log, domain=("positive",)),
    "expm1": elementwise(np.expm1),
    "log1p": elementwise(np.log1p, domain=("positive",)),
    "sin": elementwise(np.sin),
    "cos": elementwise(np.cos),
    "tanh": elementwise(np.tanh),
    "sigmoid": elementwise(lambda x: 1 / (1 + np.exp(-x))),
    "softplus": elementwise(softplus),
    # powers
    "pow": elementwise(np.power, 2, domain=("positive", "real")),
    "abs": elementwise(np.abs),
    "sqrt": elementwise(np.sqrt, domain=("positive",)),
    "square": elementwise(lambda x: x * x),
    # movement
    "reshape": Case(
        lambda x, shape: np.reshape(np.ravel(x).copy(), shape),
        (
            (((2, 3),), {"shape": (3, 2)}),
            (((2, 3),), {"shape": (-1,)}),
            (((2, 3),), {"shape": (3, -1, 1)}),
            (((),), {"shape": (1, 1)}),
            (((1,),), {"shape": ()}),
            (((0, 3),), {"shape": (3, 0, 2)}),
        ),
    ),
    "transpose": Case(
        lambda x, axes: np.einsum(
            x, range(x.ndim), (range(x.ndim)[::-1] if axes is None else [a % x.ndim for a in axes])
        ),
        (
            (((2, 3),), {"axes": None}),
            (((2, 3, 4),), {"axes": (2, 0, 1)}),
            (((2, 3, 4),), {"axes": (-1, 0, -2)}),
            (((3,),), {"axes": None}),
            (((0, 3),), {"axes": (1, 0)}),
        ),
    ),
    "broadcast_to": Case(
        lambda x, shape: np.zeros(shape) + x,
        (
            (((),), {"shape": (2, 3)}),
            (((3,),), {"shape": (2, 3)}),
            (((2, 1),), {"shape": (2, 3)}),
            (((2, 1),), {"shape": (4, 2, 3)}),
            (((2, 3),), {"shape": (2, 3)}),
            (((1,),), {"shape": (0,)}),
        ),
    ),
    "sum_to": Case(
        sum_to,
        (
            (((2, 3),), {"shape": ()}),
            (((2, 3),), {"shape": (3,)}),
            (((2, 3),), {"shape": (2, 1)}),
            (((4, 2, 3),), {"shape": (2, 1)}),
            (((2, 3),), {"shape": (2, 3)}),
            (((0, 3),), {"shape": (1, 3)}),
        ),
    ),
    "concatenate": Case(
        lambda *xs, axis: np.concatenate(xs, axis),
        (
            (((2,), (3,)), {"axis": 0}),
            (((2, 3), (1, 3), (4, 3)), {"axis": 0}),
            (((2, 3), (2, 1)), {"axis": -1}),
            (((2, 3),), {"axis": 1}),
            (((2, 0), (2, 2)), {"axis": 1}),
        ),
    ),
    "stack": Case(
        lambda *xs, axis: np.concatenate([np.expand_dims(x, axis) for x in xs], axis),
        (
            (((), (), ()), {"axis": 0}),
            (((2, 3), (2, 3)), {"axis": 0}),
            (((2, 3), (2, 3)), {"axis": -1}),
            (((2, 3), (2, 3), (2, 3)), {"axis": 1}),
            (((2,),), {"axis": 0}),
        ),
    ),
    "index": Case(
        lambda x, key: np.array(x[key]),
        (
            (((3,),), {"key": 1}),
            (((3,),), {"key": -1}),
            (((2, 3),), {"key": (1, 2)}),
            (((4, 3),), {"key": (slice(1, 3), 0)}),
            (((4, 3),), {"key": (Ellipsis, slice(None, None, -1))}),
            (((4, 3),), {"key": (None, slice(0, 4, 2))}),
            (((4, 3),), {"key": slice(2, 2)}),
        ),
    ),
    "place": Case(
        place,
        (
            (((),), {"key": 1, "shape": (3,)}),
            (((2,),), {"key": (slice(1, 3), 0), "shape": (4, 3)}),
            (((1, 2, 3),), {"key": (None, slice(0, 4, 2)), "shape": (4, 3)}),
        ),
    ),
    "take": Case(
        take,
        (
            (((4,), (3,)), {"axis": 0}),
            (((4,), ()), {"axis": -1}),
            (((2, 4), (2, 3)), {"axis": 1}),
            (((4, 2), (5,)), {"axis": -2}),
            (((4, 2), (0,)), {"axis": 0}),
        ),
        domain=("real", "index:4"),
        blocked=frozenset({1}),
    ),
    "scatter_add": Case(
        scatter_add,
        (
            (((3,), (3,)), {"axis": 0, "size": 5}),
            (((), ()), {"axis": 0, "size": 4}),
            (((2, 3), (3,)), {"axis": 1, "size": 4}),
            (((2, 3, 5), (2, 3)), {"axis": 0, "size": 4}),
            (((2, 3), (3,)), {"axis": -1, "size": 4}),
            (((0, 2), (0,)), {"axis": 0, "size": 4}),
        ),
        domain=("real", "index:4"),
        blocked=frozenset({1}),
    ),
    "one_hot": Case(
        lambda indices, classes: np.eye(classes)[np.asarray(indices, int)],
        tuple(((s,), {"classes": 4}) for s in ((), (3,), (2, 2), (0,))),
        domain=("index:4",),
        blocked=frozenset({0}),
    ),
    # reduction
    "sum": Case(
        lambda x, axis, keepdims: np.add.reduce(
            x, tuple(range(np.ndim(x))) if axis is None else axis, keepdims=keepdims
        ),
        OVER + OVER_NOTHING,
    ),
    "mean": Case(lambda x, **over: np.sum(x, **over) / np.sum(np.ones_like(x), **over), OVER),
    "max": Case(np.max, OVER),
    "min": Case(np.min, OVER),
    "var": Case(
        lambda x, axis, ddof, keepdims: (
            np.sum((x - np.sum(x, axis=axis, keepdims=True) / n) ** 2, axis=axis, keepdims=keepdims)
            / (n - ddof)
            if (n := np.size(x) / max(np.size(np.sum(x, axis=axis)), 1))
            else np.zeros(np.sum(x, axis=axis, keepdims=keepdims).shape)
        ),
        (
            *((s, {**p, "ddof": 0}) for s, p in OVER),
            (((4,),), {"axis": None, "ddof": 1, "keepdims": False}),
            (((2, 3),), {"axis": -1, "ddof": 1, "keepdims": True}),
        ),
    ),
    "logsumexp": Case(lambda x, **over: np.log(np.sum(np.exp(x), **over)), OVER),
    "softmax": Case(softmax, ALONG),
    "log_softmax": Case(lambda x, axis: np.log(softmax(x, axis)), ALONG),
    # activation
    "relu": elementwise(lambda x: np.maximum(x, 0.0)),
    "leaky_relu": elementwise(
        lambda x, slope: both_ways(x, x, x * slope), params=({"slope": 0.01}, {"slope": 0.3})
    ),
    "vrelu": elementwise(
        lambda x, alpha: both_ways(x, x, x * alpha), params=({"alpha": 0.1}, {"alpha": 0.5})
    ),
    "prelu": elementwise(lambda x, alpha: both_ways(x, x, x * alpha), 2),
    "elu": elementwise(elu, params=({"alpha": 1.0}, {"alpha": 0.7})),
    "selu": elementwise(lambda x: 1.0507009873554805 * elu(x, 1.6732632423543772)),
    "centred_softplus": elementwise(lambda x: softplus(x) - 0.6931471805599453),
    "maxout": Case(
        lambda *xs: np.max(np.stack(np.broadcast_arrays(*xs)), axis=0),
        (
            (((), (), ()), {}),
            (((2, 3), (2, 3)), {}),
            (((2, 1), (3,), ()), {}),
            (((4,),), {}),
        ),
    ),
    "apl": Case(
        apl,
        (
            (((), (2,), (2,)), {}),
            (((3,), (2,), (2,)), {}),
            (((3,), (2, 3), (2, 3)), {}),
            (((4, 3), (1, 3), (1, 3)), {}),
            (((4, 3), (2, 4, 1), (2, 4, 1)), {}),
        ),
    ),
    # random
    "random_uniform": Case(uniform, KEYED, domain=("real", "key"), blocked=frozenset({0, 1})),
    "rrelu": Case(
        lambda x, key, **params: both_ways(x, x, x * uniform(x, key, **params)),
        KEYED,
        domain=("real", "key"),
        blocked=frozenset({1}),
    ),
    # linear
    "matmul": Case(
        matmul,
        (
            (((3,), (3,)), {}),
            (((2, 3), (3,)), {}),
            (((3,), (3, 2)), {}),
            (((2, 3), (3, 4)), {}),
            (((5, 2, 3), (3, 4)), {}),
            (((2, 3), (5, 3, 4)), {}),
            (((5, 1, 2, 3), (4, 3, 2)), {}),
            (((5, 2, 3), (3,)), {}),
            (((3,), (5, 3, 2)), {}),
            (((2, 0), (0, 3)), {}),
            (((0, 3), (3, 2)), {}),
            (((1, 1), (1, 1)), {}),
        ),
    ),
}


def cases() -> list[Any]:
    """Every case as (name, shapes, params), with an id that reads like the call."""
    found = []
    for name, case in CASES.items():
        for shapes, params in case.draws:
            given = ", ".join([*map(str, shapes), *(f"{k}={v}" for k, v in params.items())])
            found.append(pytest.param(name, shapes, params, id=f"{name}({given})"))
    return found


def gate(name: str) -> mg.Gate:
    return mg.TABLE[name]
