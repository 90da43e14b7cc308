"""Every gate against PyTorch and autograd: values, gradients, and gradients of gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gate_cases import CASES, Case, cases, gate
from numpy.testing import assert_allclose

import microgd as mg

pytestmark = pytest.mark.oracle

#: Both sides compute in float64 with formulas of their own; sums here have at most 24 terms.
CLOSE = {"rtol": 1e-10, "atol": 1e-12}


def torch_gates() -> dict[str, Any]:
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional

    def reduced(fn: Any) -> Any:
        def reduce(x: Any, axis: Any, keepdims: bool) -> Any:
            axes = tuple(range(x.ndim)) if axis is None else axis
            if axes == ():  # to PyTorch no axes are all axes
                return fn(x[None], dim=0, keepdim=False)
            return fn(x, dim=axes, keepdim=keepdims)

        return reduce

    def variance(x: Any, axis: Any, ddof: int, keepdims: bool) -> Any:
        return reduced(lambda x, **over: torch.var(x, correction=ddof, **over))(x, axis, keepdims)

    def scatter_add(x: Any, indices: Any, axis: int, size: int) -> Any:
        at = axis % (x.ndim - indices.ndim + 1)
        flat = x.reshape(*x.shape[:at], indices.numel(), *x.shape[at + indices.ndim :])
        zeros = torch.zeros(*x.shape[:at], size, *x.shape[at + indices.ndim :], dtype=x.dtype)
        return zeros.index_add(at, indices.reshape(-1), flat)

    def take(x: Any, indices: Any, axis: int) -> Any:
        at = axis % x.ndim
        flat = torch.index_select(x, at, indices.reshape(-1))
        return flat.reshape((*x.shape[:at], *indices.shape, *x.shape[at + 1 :]))

    def broadcast(fn: Any) -> Any:
        return lambda *xs, **params: fn(*torch.broadcast_tensors(*xs), **params)

    def maxout(*xs: Any) -> Any:
        return torch.stack(torch.broadcast_tensors(*xs)).amax(dim=0)

    return {
        "greater": lambda x, y: (x > y).double(),
        "less": lambda x, y: (x < y).double(),
        "greater_equal": lambda x, y: (x >= y).double(),
        "less_equal": lambda x, y: (x <= y).double(),
        "equal": lambda x, y: (x == y).double(),
        "not_equal": lambda x, y: (x != y).double(),
        "logical_and": lambda x, y: torch.logical_and(x, y).double(),
        "sign": torch.sign,
        "where": lambda c, x, y: torch.where(c != 0, x, y),
        "maximum": torch.maximum,
        "minimum": torch.minimum,
        "clip": lambda x, low, high: (
            torch.clamp(x, low, high) if (low, high) != (None, None) else x * 1
        ),
        "add": torch.add,
        "neg": torch.neg,
        "sub": torch.sub,
        "mul": torch.mul,
        "recip": torch.reciprocal,
        "div": torch.div,
        "identity": torch.nn.Identity(),
        "exp": torch.exp,
        "log": torch.log,
        "expm1": torch.expm1,
        "log1p": torch.log1p,
        "sin": torch.sin,
        "cos": torch.cos,
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "softplus": functional.softplus,
        "pow": torch.pow,
        "abs": torch.abs,
        "sqrt": torch.sqrt,
        "square": torch.square,
        "reshape": lambda x, shape: x.reshape(shape),
        "transpose": lambda x, axes: x.permute(axes or tuple(range(x.ndim))[::-1]),
        "broadcast_to": lambda x, shape: x.broadcast_to(shape),
        "sum_to": lambda x, shape: x.sum_to_size(shape),
        "concatenate": lambda *xs, axis: torch.cat(xs, axis),
        "stack": lambda *xs, axis: torch.stack(xs, axis),
        "index": lambda x, key: x.flip(-1) if key == (Ellipsis, slice(None, None, -1)) else x[key],
        "take": take,
        "scatter_add": scatter_add,
        "one_hot": lambda indices, classes: functional.one_hot(indices, classes).double(),
        "sum": reduced(torch.sum),
        "mean": reduced(torch.mean),
        "max": reduced(torch.amax),
        "min": reduced(torch.amin),
        "var": variance,
        "logsumexp": reduced(torch.logsumexp),
        "softmax": lambda x, axis: torch.softmax(x, axis),
        "log_softmax": lambda x, axis: torch.log_softmax(x, axis),
        "relu": torch.relu,
        "leaky_relu": lambda x, slope: functional.leaky_relu(x, slope),
        "vrelu": lambda x, alpha: functional.leaky_relu(x, alpha),
        "prelu": broadcast(lambda x, alpha: torch.where(x > 0, x, alpha * x)),
        "elu": lambda x, alpha: functional.elu(x, alpha),
        "selu": functional.selu,
        "centred_softplus": lambda x: functional.softplus(x) - np.log(2.0),
        "maxout": maxout,
        "matmul": torch.matmul,
    }


#: What PyTorch has no function for.
NOT_IN_TORCH = {"place", "apl", "random_uniform", "rrelu"}


def test_every_gate_has_a_counterpart() -> None:
    assert set(torch_gates()) | NOT_IN_TORCH == set(mg.TABLE)


def differentiated(case: Case, points: list[Any]) -> tuple[int, ...]:
    return tuple(i for i in range(len(points)) if i not in case.blocked)


def ours(
    name: str, points: list[Any], params: dict[str, Any], wrt: tuple[int, ...], weights: list[Any]
) -> tuple[Any, Any, Any]:
    """Value, gradients, and the gradient of (gradients · directions)."""

    def value(*inputs: Any) -> Any:
        return mg.sum(gate(name)(*inputs, **params) * weights[-1])

    first = mg.grad(value, wrt=wrt)

    def slope(*inputs: Any) -> Any:
        return sum(mg.sum(g * weights[i]) for i, g in zip(wrt, first(*inputs), strict=True))

    out = gate(name)(*points, **params)
    if not wrt:
        return out, (), ()
    return out, first(*points), mg.grad(slope, wrt=wrt)(*points)


@pytest.mark.filterwarnings(r"ignore:var\(\). degrees of freedom")
@pytest.mark.parametrize(
    ("name", "shapes", "params"), [c for c in cases() if c.values[0] not in NOT_IN_TORCH]
)
def test_pytorch(name: str, shapes: Any, params: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    case = CASES[name]
    points = case.points(shapes, seed=11)
    wrt = differentiated(case, points)
    tensors = []
    for position, point in enumerate(points):
        whole = case.domain_of(position).startswith("index")
        x = torch.tensor(point, dtype=torch.int64 if whole else torch.float64)
        tensors.append(x.requires_grad_(position in wrt))
    out = torch_gates()[name](*tensors, **params)
    random = np.random.default_rng(12)
    weights = [random.uniform(0.5, 1.5, s) for s in (*shapes, tuple(out.shape))]
    value, first, second = ours(name, points, params, wrt, weights)
    assert_allclose(value, out.detach().numpy(), **CLOSE)
    if not wrt:
        return
    chosen = [tensors[i] for i in wrt]
    loss = (out * torch.tensor(weights[-1])).sum()
    theirs = torch.autograd.grad(loss, chosen, create_graph=True)
    for mine, other in zip(first, theirs, strict=True):
        assert_allclose(mine, other.detach().numpy(force=True), **CLOSE)
    slope = sum((g * torch.tensor(weights[i])).sum() for i, g in zip(wrt, theirs, strict=True))
    if not slope.requires_grad:  # linear in everything
        assert all(not np.any(g) for g in second)
        return
    again = torch.autograd.grad(slope, chosen, allow_unused=True, materialize_grads=True)
    for mine, other in zip(second, again, strict=True):
        assert_allclose(mine, other.detach().numpy(force=True), **CLOSE)


@pytest.mark.parametrize(
    ("x", "p"), [(x, p) for x in (-2.0, 0.0, 3.0) for p in (-1.0, 0.0, 0.5, 1.0, 2.0)]
)
def test_the_rules_of_powers_are_those_of_pytorch(x: float, p: float) -> None:
    torch = pytest.importorskip("torch")
    a = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    b = torch.tensor(p, dtype=torch.float64, requires_grad=True)
    expected = [g.item() for g in torch.autograd.grad(a**b, [a, b])]
    assert_allclose(mg.grad(mg.pow, wrt=(0, 1))(x, p), expected, rtol=1e-15)


@pytest.mark.parametrize("fn", ["relu", "abs", "maximum", "minimum", "amax", "amin", "leaky_relu"])
def test_ties_are_those_of_pytorch(fn: str) -> None:
    torch = pytest.importorskip("torch")
    point = np.array([0.0, 0.0, -1.0, -1.0])
    x = torch.tensor(point, requires_grad=True)
    torch_fn, our_fn = {
        "relu": (torch.relu, mg.relu),
        "abs": (torch.abs, mg.abs),
        "maximum": (lambda x: torch.maximum(x, x * 1), lambda x: mg.maximum(x, x * 1)),
        "minimum": (lambda x: torch.minimum(x, 0 * x), lambda x: mg.minimum(x, 0 * x)),
        "amax": (torch.amax, mg.max),
        "amin": (torch.amin, mg.min),
        "leaky_relu": (torch.nn.functional.leaky_relu, mg.leaky_relu),
    }[fn]
    torch_fn(x).sum().backward()
    assert_allclose(mg.grad(lambda x: mg.sum(our_fn(x)))(point), x.grad.numpy(), rtol=1e-15)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_dtype_of_gradients_is_that_of_pytorch(dtype: str) -> None:
    torch = pytest.importorskip("torch")
    w = torch.ones(3, 2, dtype=getattr(torch, dtype), requires_grad=True)
    x = (np.arange(6.0).reshape(2, 3) / 10).astype(dtype)
    torch.tanh(torch.tensor(x) @ w).mean().backward()
    ours = mg.Tensor(np.ones((3, 2), dtype))
    mg.mean(mg.tanh(x @ ours)).backward()
    assert ours.grad.dtype == w.grad.numpy().dtype == dtype
    assert_allclose(ours.grad, w.grad.numpy(), rtol=1e-6)


AUTOGRAD = {
    **{n: n for n in ("exp", "log", "sin", "cos", "tanh", "sqrt", "square", "expm1", "log1p")},
    **{n: n for n in ("maximum", "minimum", "where", "sum", "mean", "max", "min", "var")},
    **{n: n for n in ("matmul", "reshape", "transpose")},
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "div": "divide",
    "neg": "negative",
    "pow": "power",
    "abs": "absolute",
    "recip": "reciprocal",
}


def in_autograd(name: str, shapes: Any, params: dict[str, Any]) -> bool:
    """Whether autograd has the gate, and gets this case right (as of 1.9)."""
    return name in AUTOGRAD and not (
        any(0 in s for s in shapes)
        or (name in {"max", "min"} and params["axis"] == ())
        or (name == "where" and len(set(shapes)) > 1)
        or (name == "transpose" and any(a < 0 for a in params["axes"] or ()))
    )


@pytest.mark.filterwarnings("ignore:Output seems independent of input")
@pytest.mark.parametrize(
    ("name", "shapes", "params"), [c for c in cases() if in_autograd(*c.values)]
)
def test_autograd(name: str, shapes: Any, params: dict[str, Any]) -> None:
    autograd = pytest.importorskip("autograd")
    from autograd import numpy as anp

    case = CASES[name]
    points = case.points(shapes, seed=13)
    wrt = differentiated(case, points)
    plain = {**params, "newshape": params["shape"]} if name == "reshape" else dict(params)
    plain.pop("shape", None)
    theirs_fn = getattr(anp, AUTOGRAD[name], None) or (lambda x: 1.0 / x)
    if name == "where":
        theirs_fn = lambda c, x, y: anp.where(c != 0, x, y)  # noqa: E731
    if name == "reshape":
        theirs_fn = lambda x, newshape: anp.reshape(x, newshape)  # noqa: E731
    out = np.asarray(theirs_fn(*map(np.asarray, points), **plain))
    random = np.random.default_rng(14)
    weights = [random.uniform(0.5, 1.5, s) for s in (*shapes, out.shape)]
    value, first, second = ours(name, points, params, wrt, weights)
    assert_allclose(value, out, **CLOSE)

    def scalar(*inputs: Any) -> Any:
        return anp.sum(theirs_fn(*inputs, **plain) * weights[-1])

    theirs = autograd.grad(scalar, wrt)

    def slope(*inputs: Any) -> Any:
        return sum(anp.sum(g * weights[i]) for i, g in zip(wrt, theirs(*inputs), strict=True))

    arrays = [np.asarray(p) for p in points]
    for mine, other in zip(first, theirs(*arrays), strict=True):
        assert_allclose(mine, other, **CLOSE)
    for mine, other in zip(second, autograd.grad(slope, wrt)(*arrays), strict=True):
        assert_allclose(mine, other, **CLOSE)
