"""Every optimizer that PyTorch has too, step by step against PyTorch's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from optim_cases import NET, NOISE, PROBLEMS, Problem, flat, rates, walk

import microgd as mg
from microgd.autodiff.tree import leaves
from microgd.optim import (
    SGD,
    AdaDelta,
    AdaGrad,
    Adam,
    Adamax,
    AdamW,
    AMSGrad,
    Clipped,
    Frozen,
    Group,
    Groups,
    Momentum,
    NAdam,
    Nesterov,
    RMSprop,
    Rprop,
    clip_norm,
    clip_value,
    global_norm,
)

pytestmark = pytest.mark.oracle
torch = pytest.importorskip("torch")

#: Both sides take 200 steps in float64, with the same operations in another order: 2e-16 each,
#: which the walk itself may carry on and enlarge. The largest difference there is, is near 1e-13.
CLOSE = {"rtol": 1e-11, "atol": 1e-13}


@pytest.fixture(autouse=True)
def _double() -> Iterator[None]:
    """NAdam keeps its product of μ in the default precision, whatever the parameters have."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


#: What PyTorch calls it, its options, ours, and a learning rate that gets somewhere.
Pair = tuple[str, dict[str, Any], Any, float]
PAIRS: dict[str, Pair] = {
    "sgd": ("SGD", {}, SGD(), 0.2),
    "sgd momentum": ("SGD", {"momentum": 0.9}, SGD(momentum=0.9), 0.05),
    "sgd dampening": (
        "SGD",
        {"momentum": 0.8, "dampening": 0.4},
        SGD(momentum=0.8, dampening=0.4),
        0.1,
    ),
    "sgd nesterov": (
        "SGD",
        {"momentum": 0.9, "nesterov": True},
        SGD(momentum=0.9, nesterov=True),
        0.05,
    ),
    "momentum": ("SGD", {"momentum": 0.7}, Momentum(0.7), 0.05),
    "nesterov": ("SGD", {"momentum": 0.7, "nesterov": True}, Nesterov(0.7), 0.05),
    "adagrad": ("Adagrad", {}, AdaGrad(), 0.2),
    "adagrad options": (
        "Adagrad",
        {"lr_decay": 0.03, "initial_accumulator_value": 0.1, "eps": 1e-3},
        AdaGrad(lr_decay=0.03, initial_accumulator=0.1, eps=1e-3),
        0.5,
    ),
    "adadelta": ("Adadelta", {}, AdaDelta(), 1.0),
    "adadelta options": ("Adadelta", {"rho": 0.7, "eps": 1e-3}, AdaDelta(rho=0.7, eps=1e-3), 0.5),
    "rmsprop": ("RMSprop", {}, RMSprop(), 0.02),
    "rmsprop options": ("RMSprop", {"alpha": 0.9, "eps": 1e-2}, RMSprop(alpha=0.9, eps=1e-2), 0.02),
    # a large ε: without it the variance of gradients that hardly change is all rounding error
    "rmsprop centered": (
        "RMSprop",
        {"centered": True, "alpha": 0.9, "eps": 1e-2},
        RMSprop(centered=True, alpha=0.9, eps=1e-2),
        0.01,
    ),
    "rmsprop momentum": ("RMSprop", {"momentum": 0.8}, RMSprop(momentum=0.8), 0.005),
    "rmsprop all": (
        "RMSprop",
        {"momentum": 0.5, "centered": True, "alpha": 0.8, "eps": 0.1},
        RMSprop(momentum=0.5, centered=True, alpha=0.8, eps=0.1),
        0.005,
    ),
    "adam": ("Adam", {}, Adam(), 0.05),
    "adam options": (
        "Adam",
        {"betas": (0.8, 0.95), "eps": 1e-3},
        Adam(betas=(0.8, 0.95), eps=1e-3),
        0.05,
    ),
    # with a small ε these two take hardly more than gradients' signs: see Rprop below
    "adam no momentum": (
        "Adam",
        {"betas": (0.0, 0.9), "eps": 0.1},
        Adam(betas=(0.0, 0.9), eps=0.1),
        0.05,
    ),
    "adam no squares": (
        "Adam",
        {"betas": (0.9, 0.0), "eps": 0.1},
        Adam(betas=(0.9, 0.0), eps=0.1),
        0.05,
    ),
    "adamw": ("AdamW", {}, AdamW(), 0.05),
    "adamw options": (
        "AdamW",
        {"betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.2},
        AdamW(betas=(0.8, 0.95), eps=1e-3, weight_decay=0.2),
        0.05,
    ),
    "amsgrad": (
        "Adam",
        {"amsgrad": True, "betas": (0.9, 0.9)},
        Adam(amsgrad=True, betas=(0.9, 0.9)),
        0.1,
    ),
    "amsgrad class": ("Adam", {"amsgrad": True}, AMSGrad(), 0.05),
    "adamw amsgrad": (
        "AdamW",
        {"amsgrad": True, "betas": (0.7, 0.8)},
        AdamW(amsgrad=True, betas=(0.7, 0.8)),
        0.1,
    ),
    "adamax": ("Adamax", {}, Adamax(), 0.05),
    "adamax options": (
        "Adamax",
        {"betas": (0.8, 0.9), "eps": 1e-2},
        Adamax(betas=(0.8, 0.9), eps=1e-2),
        0.05,
    ),
    "nadam": ("NAdam", {}, NAdam(), 0.05),
    "nadam options": (
        "NAdam",
        {"betas": (0.8, 0.95), "eps": 1e-3, "momentum_decay": 0.05},
        NAdam(betas=(0.8, 0.95), eps=1e-3, momentum_decay=0.05),
        0.05,
    ),
    "nadam decoupled": (
        "NAdam",
        {"decoupled_weight_decay": True, "weight_decay": 0.1},
        NAdam(decoupled=True, weight_decay=0.1),
        0.05,
    ),
}


class Theirs:
    """A walk with one of PyTorch's optimizers: tensors for the leaves, from left to right."""

    def __init__(self, start: Any, make: Any) -> None:
        self.names = list(start)
        self.tensors = [
            torch.tensor(np.asarray(x), dtype=torch.float64, requires_grad=True)
            for x in leaves(start)
        ]
        self.optimizer = make(self.tensors)

    def point(self) -> dict[str, Any]:
        """The parameters, as problems take them."""
        found = {}
        for name, x in zip(self.names, self.tensors, strict=True):
            array = x.detach().numpy().copy()
            found[name] = array if array.ndim else float(array)
        return found

    def step(self, gradient: Any, lr: float | Sequence[float]) -> np.ndarray:
        for x, g in zip(self.tensors, leaves(gradient), strict=True):
            x.grad = torch.tensor(np.asarray(g), dtype=torch.float64)
        groups = self.optimizer.param_groups
        for group, own in zip(groups, np.broadcast_to(lr, len(groups)), strict=True):
            group["lr"] = float(own)
        self.optimizer.step()
        return flat(self.point())


def torch_walk(
    name: str, options: dict[str, Any], problem: Problem, lrs: Sequence[float], sign: float
) -> Iterator[np.ndarray]:
    rule = getattr(torch.optim, name)
    theirs = Theirs(problem.start, lambda tensors: rule(tensors, lr=lrs[0], **options))
    for t, lr in enumerate(lrs, start=1):
        gradient = problem.gradient(theirs.point(), t)
        yield theirs.step({key: sign * g for key, g in gradient.items()}, lr)


def assert_same_walk(pair: Pair, problem: Problem, sign: float = 1.0) -> None:
    name, options, rule, lr = pair
    lrs = rates(lr * problem.scale)
    ours = np.array(list(walk(rule, problem, lrs, sign)))
    theirs = np.array(list(torch_walk(name, options, problem, lrs, sign)))
    assert np.isfinite(theirs).all()
    assert np.ptp(theirs, axis=0).min() > 1e-3, "a walk that goes nowhere shows nothing"
    assert_allclose(ours, theirs, **CLOSE)


@pytest.mark.parametrize("problem", PROBLEMS, ids=repr)
@pytest.mark.parametrize("name", PAIRS)
def test_every_step_is_pytorchs(name: str, problem: Problem) -> None:
    assert_same_walk(PAIRS[name], problem)


# The options that all of them have, on each of them.
@pytest.mark.parametrize("problem", [NET, NOISE], ids=repr)
@pytest.mark.parametrize("name", PAIRS)
def test_weight_decay_and_maximize(name: str, problem: Problem) -> None:
    known, options, rule, lr = PAIRS[name]
    for decay, climb in ((0.1, True), (0.1, False), (0.0, True))[: 1 if problem is NET else 3]:
        more = {"weight_decay": decay, "maximize": climb}
        pair = (known, {**options, **more}, replace(rule, **more), lr)
        # climbing −f is walking down f, so that nothing runs away
        assert_same_walk(pair, problem, sign=-1.0 if climb else 1.0)


# Rprop looks at nothing but signs. Where one side's gradient is −1e-17 and the other's +1e-17, the
# two go apart by a whole step, and no tolerance helps. But steps are only ever multiplied by η and
# added, in one order, so both sides round alike: the walks have to be equal to the last bit, given
# gradients of one and the same function.
@pytest.mark.parametrize("problem", PROBLEMS, ids=repr)
@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({}, Rprop()),
        (
            {"etas": (0.6, 1.3), "step_sizes": (1e-3, 0.2)},
            Rprop(etas=(0.6, 1.3), step_sizes=(1e-3, 0.2)),
        ),
        # the first step is clipped as well
        ({"step_sizes": (0.05, 0.1)}, Rprop(step_sizes=(0.05, 0.1))),
    ],
)
@pytest.mark.parametrize("climb", [False, True])
def test_rprop(options: dict[str, Any], rule: Rprop, problem: Problem, climb: bool) -> None:
    sign = -1.0 if climb else 1.0
    lrs = rates(0.01)  # PyTorch's, too, takes the first one only
    ours = np.array(list(walk(replace(rule, maximize=climb), problem, lrs, sign)))
    more = {**options, "maximize": climb}
    theirs = np.array(list(torch_walk("Rprop", more, problem, lrs, sign)))
    assert np.ptp(theirs, axis=0).min() > 1e-3
    assert_array_equal(ours, theirs)


# -- gradients from either library's own backward pass --------------------------------------


def loss_of(p: Any, x: Any, y: Any, library: Any) -> Any:
    h = library.tanh(x @ p["W1"] + p["b1"])
    return library.mean((h @ p["w2"] - y) ** 2)


@pytest.mark.parametrize("name", ["sgd nesterov", "adam", "adamw amsgrad", "nadam", "rmsprop all"])
def test_a_net_trained_in_both_libraries(name: str) -> None:
    known, options, rule, lr = PAIRS[name]
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(20, 3)), rng.normal(size=20)
    theirs = Theirs(NET.start, lambda ts: getattr(torch.optim, known)(ts, lr=lr, **options))
    params: Any = NET.start
    state = rule.init(params)
    slope = mg.value_and_grad(lambda p: loss_of(p, x, y, mg))
    losses = []
    for own in rates(lr):
        loss, grads = slope(params)
        params, state = rule.update(params, grads, state, own)
        for tensor in theirs.tensors:
            tensor.grad = None
        named = dict(zip(theirs.names, theirs.tensors, strict=True))
        other = loss_of(named, torch.tensor(x), torch.tensor(y), torch)
        other.backward()
        found = theirs.step([tensor.grad.numpy() for tensor in theirs.tensors], own)
        assert float(loss) == pytest.approx(other.item(), rel=1e-10)
        assert_allclose(flat(params), found, **CLOSE)
        losses.append(float(loss))
    assert losses[-1] < 0.6 * losses[0]


# -- parameter groups -------------------------------------------------------------------------


def test_groups_with_options_of_their_own() -> None:
    """PyTorch's groups: a decay on weights only, another β, a learning rate for each group."""
    ours = Groups(
        [
            Group("b1", Adam(betas=(0.5, 0.9), eps=1e-3)),
            Group("w*", Adam(weight_decay=0.3, amsgrad=True, eps=1e-3), factor=0.5),
        ],
        rest=Adam(weight_decay=0.1, eps=1e-2),
    )

    def make(tensors: list[Any]) -> Any:
        w1, b1, w2 = tensors
        groups = [
            {"params": [w1], "weight_decay": 0.1, "eps": 1e-2},
            {"params": [b1], "betas": (0.5, 0.9)},
            {"params": [w2], "weight_decay": 0.3, "amsgrad": True},
        ]
        return torch.optim.Adam(groups, lr=1.0, eps=1e-3)

    for mapped in (False, True):
        theirs = Theirs(NET.start, make)
        params: Any = NET.start
        state = ours.init(params)
        for t, lr in enumerate(rates(0.05), start=1):
            known: Any = {"b1": 2.0 * lr, "w*": lr, "rest": lr * lr} if mapped else lr
            params, state = ours.update(params, NET.gradient(params, t), state, known)
            # a group's factor multiplies the one rate; a rate of the group's own stays as it is
            rest, b1, w2 = (lr * lr, 2.0 * lr, lr) if mapped else (lr, lr, 0.5 * lr)
            found = theirs.step(NET.gradient(theirs.point(), t), (rest, b1, w2))
            assert_allclose(flat(params), found, **CLOSE)


def test_frozen_parameters() -> None:
    ours = Groups([Group("W1", Frozen())], rest=SGD(momentum=0.9, weight_decay=0.1))
    theirs = Theirs(
        NET.start, lambda ts: torch.optim.SGD(ts[1:], lr=1.0, momentum=0.9, weight_decay=0.1)
    )
    params: Any = NET.start
    state = ours.init(params)
    for t, lr in enumerate(rates(0.05), start=1):
        params, state = ours.update(params, NET.gradient(params, t), state, lr)
        found = theirs.step(NET.gradient(theirs.point(), t), lr)
        assert_allclose(flat(params), found, **CLOSE)
    assert_array_equal(params["W1"], NET.start["W1"])


# -- clipping -------------------------------------------------------------------------------


@pytest.mark.parametrize("t", range(1, 60))
def test_clipped_gradients(t: int) -> None:
    gradient = NOISE.gradient(NOISE.start, t)
    for limit in (1e-3, 0.5, 4.0, 1e4):
        tensors = [torch.zeros(np.shape(g), dtype=torch.float64) for g in leaves(gradient)]
        for how in ("norm", "value"):
            for x, g in zip(tensors, leaves(gradient), strict=True):
                x.grad = torch.tensor(np.asarray(g), dtype=torch.float64)
            if how == "norm":
                length = torch.nn.utils.clip_grad_norm_(tensors, limit)
                assert float(global_norm(gradient)) == pytest.approx(length.item(), rel=1e-14)
                ours = clip_norm(gradient, limit)
            else:
                torch.nn.utils.clip_grad_value_(tensors, limit)
                ours = clip_value(gradient, limit)
            # the norm's squares are added in another order
            theirs = [x.grad.numpy() for x in tensors]
            assert_allclose(flat(ours), flat(theirs), rtol=1e-14 if how == "norm" else 0.0)


@pytest.mark.parametrize("clip", [{"norm": 0.7}, {"value": 0.3}])
@pytest.mark.parametrize("problem", [NET, NOISE], ids=repr)
def test_training_with_clipped_gradients(problem: Problem, clip: dict[str, float]) -> None:
    ours = Clipped(SGD(momentum=0.9), **clip)
    theirs = Theirs(problem.start, lambda ts: torch.optim.SGD(ts, lr=1.0, momentum=0.9))
    params: Any = problem.start
    state = ours.init(params)
    for t, lr in enumerate(rates(0.05), start=1):
        params, state = ours.update(params, problem.gradient(params, t), state, lr)
        clipped = [torch.tensor(np.asarray(g)) for g in leaves(problem.gradient(theirs.point(), t))]
        for x, g in zip(theirs.tensors, clipped, strict=True):
            x.grad = g
        if "norm" in clip:
            torch.nn.utils.clip_grad_norm_(theirs.tensors, clip["norm"])
        else:
            torch.nn.utils.clip_grad_value_(theirs.tensors, clip["value"])
        found = theirs.step([x.grad.numpy().copy() for x in theirs.tensors], lr)
        assert_allclose(flat(params), found, **CLOSE)
