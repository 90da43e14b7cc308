"""Activations: the nonlinearities a net can put behind a layer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from microgd.errors import ShapeError
from microgd.gates.arithmetic import add, div, mul, sub
from microgd.gates.exponential import exp, expm1, sigmoid, softplus
from microgd.gates.movement import broadcast_to, reshape, stack, sum_to
from microgd.gates.reduction import largest, total
from microgd.gates.selection import equal, greater, less_equal, maximum, where
from microgd.graph.gate import Gate
from microgd.graph.shapes import Shape, broadcast_shapes
from microgd.graph.values import shape_of

#: The two constants of SELU (Klambauer et al., 2017), for zero mean and unit variance.
SELU_SCALE = 1.0507009873554805
SELU_ALPHA = 1.6732632423543772


def _positive(x: Any, *_: Any, **__: Any) -> Any:
    return np.greater(x, 0)


def _at_zero(x: Any, *_: Any, **__: Any) -> Any:
    return np.equal(x, 0)


relu: Gate = Gate(
    "relu",
    ("x",),
    lambda x: np.maximum(x, 0.0),
    # The mask is read off the output, which is 0 where x ≤ 0: x itself need not be kept.
    (lambda g, out, x: where(less_equal(out, 0.0), 0.0, g),),
    formula="max(0, x)",
    local=("1 if x > 0",),
    sign="relu",
    pattern="masks",
    scalar=lambda x: 0.0 if x <= 0.0 else x,
    branch=_positive,
    tie=_at_zero,
    expansion=lambda x: maximum(x, 0.0),
    opencl="{x} <= 0 ? ({R})(0) : {x}",
    doc="Lets positive values through, and the gradient with them. At 0 its gradient is 0 (opened, "
    "it is a maximum, whose tie shares: ½).",
    example=">>> mg.relu(-2.0), mg.relu(3.0)\n(0.0, 3.0)",
)


def _leak(x: Any, slope: Any) -> Any:
    return np.where(np.greater(x, 0), x, np.multiply(slope, x))


leaky_relu: Gate = Gate(
    "leaky_relu",
    ("x",),
    _leak,
    (lambda g, out, x, slope: where(greater(x, 0.0), g, slope * g),),
    formula="x if x > 0 else slope · x",
    local=("1 or slope",),
    sign="leaky",
    pattern="masks",
    badge="× 1 or slope",
    params={"slope": 0.01},
    branch=_positive,
    tie=_at_zero,
    expansion=lambda x, slope: where(greater(x, 0.0), x, mul(x, slope)),
    opencl="{x} > 0 ? {x} : {slope} * {x}",
    doc="A relu whose gradient never dies: below 0 a small slope is left.",
    example=">>> mg.leaky_relu(-2.0, slope=0.1)\n-0.2",
)

vrelu: Gate = Gate(
    "vrelu",
    ("x",),
    lambda x, alpha: _leak(x, alpha),
    (lambda g, out, x, alpha: where(greater(x, 0.0), g, alpha * g),),
    formula="x if x > 0 else α · x",
    local=("1 or α",),
    sign="vrelu",
    pattern="masks",
    badge="× 1 or α",
    params={"alpha": 0.1},
    branch=_positive,
    tie=_at_zero,
    expansion=lambda x, alpha: leaky_relu(x, slope=alpha),
    opencl="{x} > 0 ? {x} : {alpha} * {x}",
    doc="The very leaky relu: α is 0.1 or even 0.5.",
    example=">>> mg.vrelu(-2.0, alpha=0.5)\n-1.0",
)

prelu: Gate = Gate(
    "prelu",
    ("x", "alpha"),
    _leak,
    (
        lambda g, out, x, alpha: where(greater(x, 0.0), g, alpha * g),
        lambda g, out, x, alpha: where(greater(x, 0.0), 0.0, g * x),
    ),
    formula="x if x > 0 else α · x",
    local=("1 or α", "0 or x"),
    sign="prelu",
    pattern="masks",
    badge="× 1 or α",
    branch=_positive,
    tie=_at_zero,
    expansion=lambda x, alpha: where(greater(x, 0.0), x, mul(alpha, x)),
    opencl="{x} > 0 ? {x} : {alpha} * {x}",
    doc="A leaky relu that learns its slope α. For α ≤ 1 it is max(αx, x).",
    example=">>> mg.prelu(-2.0, 0.25)\n-0.5",
)


def _below(x: Any) -> Any:
    """x below 0, else 0: so that eˣ of the branch not taken cannot overflow."""
    return where(greater(x, 0.0), 0.0, x)


def _elu_expansion(x: Any, alpha: float) -> Any:
    positive = greater(x, 0.0)
    return where(positive, x, mul(expm1(where(positive, 0.0, x)), alpha))


elu: Gate = Gate(
    "elu",
    ("x",),
    lambda x, alpha: np.where(np.greater(x, 0), x, alpha * np.expm1(np.minimum(x, 0.0))),
    (lambda g, out, x, alpha: where(greater(x, 0.0), g, g * (alpha * exp(_below(x)))),),
    formula="x if x > 0 else α(eˣ − 1)",
    local=("1 or α·eˣ",),
    sign="elu",
    pattern="masks",
    badge="× 1 or α·eˣ",
    params={"alpha": 1.0},
    branch=_positive,
    tie=_at_zero,
    expansion=lambda x, alpha: _elu_expansion(x, alpha),
    opencl="{x} > 0 ? {x} : {alpha} * expm1({x})",
    doc="Smooth below 0, where it settles at −α.",
    example=">>> mg.elu(2.0)\n2.0",
)

selu: Gate = Gate(
    "selu",
    ("x",),
    lambda x: SELU_SCALE * np.where(np.greater(x, 0), x, SELU_ALPHA * np.expm1(np.minimum(x, 0.0))),
    (
        lambda g, out, x: where(
            greater(x, 0.0), SELU_SCALE * g, g * (SELU_SCALE * SELU_ALPHA * exp(_below(x)))
        ),
    ),
    formula="λx if x > 0 else λα(eˣ − 1)",
    local=("λ or λα·eˣ",),
    sign="selu",
    pattern="masks",
    badge="× λ or λα·eˣ",
    branch=_positive,
    tie=_at_zero,
    expansion=lambda x: mul(elu(x, alpha=SELU_ALPHA), SELU_SCALE),
    opencl=f"({{x}} > 0 ? {{x}} : ({{R}})({SELU_ALPHA}) * expm1({{x}})) * ({{R}})({SELU_SCALE})",
    doc="An elu scaled so that layers keep mean 0 and variance 1 (λ 1.0507…, α 1.6733…).",
    example=">>> mg.selu(1.0)\n1.0507009873554805",
)

centred_softplus: Gate = Gate(
    "centred_softplus",
    ("x",),
    lambda x: np.logaddexp(0.0, x) - math.log(2.0),
    (lambda g, out, x: g * sigmoid(x),),
    formula="ln(1 + eˣ) − ln 2",
    local=("σ(x)",),
    sign="soft+₀",
    badge="× σ(x)",
    expansion=lambda x: sub(softplus(x), math.log(2.0)),
    opencl=f"fmax({{x}}, ({{R}})(0)) + log1p(exp(-fabs({{x}}))) - ({{R}})({math.log(2.0)})",
    doc="A softplus moved down so that it passes through 0.",
    example=">>> mg.centred_softplus(0.0)\n0.0",
)


def _maxout_rule(position: int, g: Any, out: Any, *branches: Any) -> Any:
    ties = equal(branches[0], out)
    for branch in branches[1:]:
        ties = add(ties, equal(branch, out))
    return where(equal(branches[position], out), div(g, ties), 0.0)


def _maxout(*branches: Any) -> Any:
    top = branches[0]
    for branch in branches[1:]:
        top = np.maximum(top, branch)
    return top


def _maxout_opencl(*branches: str) -> str:
    top = branches[0]
    for branch in branches[1:]:
        top = f"((({top} >= {branch}) | ({top} != {top})) ? {top} : {branch})"
    return top


def _maxout_expansion(*branches: Any) -> Any:
    if len(branches) == 1:
        return branches[0]
    if len(branches) == 2:
        return maximum(*branches)
    # One max over all of them: a chain of maximums would share a tie of three as ¼, ¼, ½.
    shape = broadcast_shapes(*map(shape_of, branches))
    alike = [b if shape_of(b) == shape else broadcast_to(b, shape) for b in branches]
    return largest(stack(*alike), axis=0)


def _maxout_winners(*branches: Any) -> Any:
    out = _maxout(*branches)
    return np.stack([np.equal(b, out) for b in branches])


maxout: Gate = Gate(
    "maxout",
    ("*branches",),
    _maxout,
    _maxout_rule,
    formula="max(x₁, x₂, …)",
    local=("1 if largest",),
    sign="max",
    commutative=True,
    pattern="routes",
    branch=_maxout_winners,
    tie=lambda *branches: _maxout_winners(*branches).sum(axis=0) > 1,
    expansion=_maxout_expansion,
    opencl=_maxout_opencl,
    doc="The largest of several linear maps: maxout(W1 @ x + b1, W2 @ x + b2). Ties share equally.",
    example=">>> mg.maxout(1.0, 3.0, 2.0)\n3.0",
)


def _apl_shape(x: Shape, a: Shape, b: Shape) -> Shape:
    if not a or a != b:
        raise ShapeError("a and b need the same shape (S, …): a row for each of the S hinges")
    shape = broadcast_shapes(x, a[1:])
    if shape != x:
        raise ShapeError(f"the rows of a, of shape {a[1:]}, do not fit x")
    return x


def _against(hinges: Any, x: Any) -> Any:
    """a or b, of shape (S, …), with axes of length 1 put in, so that its rows broadcast over x."""
    shape = shape_of(hinges)
    gap = len(shape_of(x)) - (len(shape) - 1)
    return reshape(hinges, (shape[0], *[1] * gap, *shape[1:]))


def _apl(x: Any, a: Any, b: Any) -> Any:
    return add(relu(x), total(mul(_against(a, x), relu(sub(_against(b, x), x))), axis=0))


def _apl_x(g: Any, out: Any, x: Any, a: Any, b: Any) -> Any:
    hinges = total(_against(a, x) * greater(_against(b, x), x), axis=0)
    return g * (greater(x, 0.0) - hinges)


def _apl_a(g: Any, out: Any, x: Any, a: Any, b: Any) -> Any:
    return _rows(g * relu(_against(b, x) - x), a, x)


def _apl_b(g: Any, out: Any, x: Any, a: Any, b: Any) -> Any:
    return _rows(g * (_against(a, x) * greater(_against(b, x), x)), a, x)


def _rows(gradient: Any, hinges: Any, x: Any) -> Any:
    """Undo `_against`: sum over the axes that were put in."""
    return reshape(sum_to(gradient, shape_of(_against(hinges, x))), shape_of(hinges))


apl: Gate = Gate(
    "apl",
    ("x", "a", "b"),
    _apl,
    (_apl_x, _apl_a, _apl_b),
    formula="max(0, x) + Σₛ aₛ · max(0, −x + bₛ)",
    local=("[x>0] − Σ aₛ[bₛ>x]", "max(0, bₛ−x)", "aₛ[bₛ>x]"),
    sign="apl",
    pattern="masks",
    shape=_apl_shape,
    branch=lambda x, a, b: np.concatenate(
        [np.greater(x, 0)[None], np.greater(_against(b, x), x) + np.zeros(np.shape(x), bool)]
    ),
    expansion=_apl,
    doc="Adaptive piecewise linear: a relu plus S hinges with learned slopes a and places b.",
    example=">>> mg.apl(-1.0, [0.5], [0.0])\n0.5",
)
