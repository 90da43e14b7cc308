"""Training steps as programs: gradients and update in one, the state staying on the device."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import microgd as mg
from microgd.autodiff.tree import leaves, rebuilt
from microgd.optim import (
    OPTIMIZERS,
    SGD,
    AdaBelief,
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
    Lookahead,
    Momentum,
    NAdam,
    Nesterov,
    NormalizedGradient,
    RMSprop,
    Rprop,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(7, 5)).astype(np.float32)
START = {
    "w": RNG.normal(size=(5, 3)).astype(np.float32),
    "b": RNG.normal(size=3).astype(np.float32),
    "s": np.float32(0.7),
}

#: A float32 step rounds θ by 6e-8 of numbers near 2, and the gradient by a few times that. 20 steps
#: of it, without anything that enlarges it, stay below 1e-5.
CLOSE = 1e-5

#: An optimizer, a learning rate, and how far apart float32 and float64 may be.
Case = tuple[Any, float, float]

#: One of each for every day.
ONE: dict[str, Case] = {
    "sgd": (SGD(), 0.1, CLOSE),
    "momentum": (Momentum(0.9, form="velocity"), 0.02, CLOSE),
    "nesterov": (Nesterov(0.9, form="look-ahead"), 0.02, CLOSE),
    "normalizedgradient": (NormalizedGradient(), 0.05, CLOSE),
    "rprop": (Rprop(), 0.01, CLOSE),
    "adagrad": (AdaGrad(), 0.05, CLOSE),
    "adadelta": (AdaDelta(), 1.0, CLOSE),
    "rmsprop": (RMSprop(), 0.01, CLOSE),
    "adam": (Adam(), 0.05, CLOSE),
    "adamw": (AdamW(weight_decay=0.1), 0.05, CLOSE),
    "amsgrad": (AMSGrad(), 0.05, CLOSE),
    "adamax": (Adamax(), 0.05, CLOSE),
    "nadam": (NAdam(), 0.05, CLOSE),
    # (g − m)² loses the digits in which g and m agree
    "adabelief": (AdaBelief(), 0.02, 5e-5),
    "lookahead": (Lookahead(Adam(), k=3), 0.05, CLOSE),
    "clipped": (Clipped(SGD(momentum=0.9), norm=0.2, value=0.1), 0.1, CLOSE),
    "frozen": (Frozen(), 0.1, 0.0),
}

#: The other forms and options: every branch that there is.
MORE: dict[str, Case] = {
    "sgd dampened": (SGD(momentum=0.9, dampening=0.5, weight_decay=0.1), 0.02, CLOSE),
    "sgd nesterov": (SGD(momentum=0.9, nesterov=True), 0.02, CLOSE),
    "sgd decay": (SGD(weight_decay=0.1, decoupled=True, penalty="whole"), 0.05, CLOSE),
    "sgd climbing": (SGD(maximize=True), 0.001, CLOSE),
    **{
        f"momentum {form}": (Momentum(0.9, form=form), 0.02, CLOSE)
        for form in ("pytorch", "displacement", "rolling")
    },
    **{
        f"nesterov {form}": (Nesterov(0.9, form=form, weight_decay=0.1), 0.02, CLOSE)
        for form in ("pytorch", "shifted", "displacement", "rolling")
    },
    "normalized per parameter": (NormalizedGradient(per="parameter", eps=0.1), 0.05, CLOSE),
    "rprop 003": (
        Rprop((0.6, 1.2), (0.0, float("inf")), variant="rprop-", zero_shrinks=True),
        0.01,
        CLOSE,
    ),
    "rprop+": (Rprop(variant="rprop+"), 0.01, CLOSE),
    "adagrad options": (
        AdaGrad(lr_decay=0.1, initial_accumulator=0.1, eps=1e-3, eps_inside_root=True),
        0.1,
        CLOSE,
    ),
    "rmsprop centered": (RMSprop(centered=True, alpha=0.9, momentum=0.5, eps=0.1), 0.02, CLOSE),
    "rmsprop inside": (
        RMSprop(eps_inside_root=True, momentum=0.5, momentum_form="displacement", eps=1e-4),
        0.01,
        CLOSE,
    ),
    "adam inside": (Adam(eps=1e-4, eps_inside_root=True), 0.05, CLOSE),
    "adam Keras": (Adam(eps=1e-4, eps_before_correction=True), 0.05, CLOSE),
    "adam uncorrected": (Adam(bias_correction=False), 0.01, CLOSE),
    # the means grow tenfold and more, and their errors with them
    "adam 002": (Adam((0.5, 0.5), bias_correction="compounded", eps_inside_root=True), 0.02, 5e-5),
    "adam L2": (Adam(weight_decay=0.1), 0.05, CLOSE),
    "amsgrad v̂": (AMSGrad(betas=(0.9, 0.8), amsgrad_of="v̂"), 0.05, CLOSE),
    "adamax Keras": (Adamax(eps_place="denominator", eps=1e-3), 0.05, CLOSE),
    "nadam simple": (NAdam(form="simple"), 0.05, CLOSE),
    "adabelief, ε outside": (AdaBelief(eps_in_mean=False, eps=1e-3), 0.02, 5e-5),
    "lookahead restarted": (Lookahead(Momentum(), k=4, restart=True), 0.02, CLOSE),
    "lookahead of nesterov": (Lookahead(Nesterov(form="look-ahead"), k=2, alpha=0.7), 0.02, CLOSE),
    # α is a quotient of two differences of losses; float32 leaves it four digits here
    "lookahead fitted": (Lookahead(SGD(), k=3, alpha="fitted"), 0.1, 1e-3),
    "clipped per parameter": (Clipped(Adam(), norm=0.1, per="parameter"), 0.05, CLOSE),
    "groups": (
        Groups([Group("b", Lookahead(SGD(), k=2), factor=2.0), Group("s", Frozen())], rest=Adam()),
        0.05,
        CLOSE,
    ),
}


def loss(p: Any, x: Any) -> Any:
    return mg.mean((p["s"] * mg.tanh(x @ p["w"]) + p["b"] - 1.0) ** 2)


def bowl(p: Any, x: Any) -> Any:
    """A loss whose gradient is one line for each number: few kernels, quickly built."""
    return mg.sum(0.1 * (p["w"] - x[:5, :3]) ** 2 + 0.01 * p["w"] ** 4)


def step_of(rule: Any, loss: Any = loss) -> Any:
    def step(p: Any, state: Any, x: Any, lr: Any) -> Any:
        value = loss(p, x)
        grads = mg.grad(loss)(rule.gradient_point(p, state), x)
        p, state = rule.update(p, grads, state, lr, value)
        return p, state, value

    return step


def wide(tree: Any) -> Any:
    """The same in float64: a scalar as a float."""
    return rebuilt(
        tree,
        iter(np.asarray(x, float) if np.ndim(x) else float(x) for x in leaves(tree)),
    )


def check(
    cases: dict[str, Case], device: Any, steps: int = 20, start: Any = START, loss: Any = loss
) -> None:
    """Each optimizer's walk on the device against the interpreter's in float64, at every step.

    One program for several of them, each with parameters of its own: it is built in less time.
    """
    rules = {name: rule for name, (rule, *_) in cases.items()}
    kinds = {name: step_of(rule, loss) for name, rule in rules.items()}

    def all_steps(ps: Any, states: Any, x: Any, lrs: Any) -> Any:
        done = {name: step(ps[name], states[name], x, lrs[name]) for name, step in kinds.items()}
        return tuple({name: parts[i] for name, parts in done.items()} for i in range(3))

    program = mg.compile(all_steps, device=device, donate=(0, 1))
    p: Any = dict.fromkeys(rules, start)
    state: Any = {name: rule.init(start) for name, rule in rules.items()}
    q: Any = dict.fromkeys(rules, wide(start))
    other: Any = {name: rule.init(wide(start)) for name, rule in rules.items()}
    for t in range(steps):
        # the rate is an input of the program, not part of it
        lrs = {n: lr * (1.0 if t < steps // 2 else 0.3) for n, (_, lr, _) in cases.items()}
        p, state, value = program(p, state, X, lrs)
        q, other, wanted = all_steps(q, other, X.astype(float), lrs)
        for name, (*_, close) in cases.items():
            for mine, exact in zip(leaves(p[name]), leaves(q[name]), strict=True):
                assert np.shape(mine) == np.shape(exact)
                assert mine.dtype == np.float32
                off = np.max(np.abs(np.asarray(mine, float) - exact))
                assert off <= close, f"{name}, step {t + 1}: {off:.1e}"
            assert float(value[name]) == pytest.approx(float(wanted[name]), rel=1e-4, abs=1e-5)
    for name, rule in rules.items():
        moved = max(
            np.max(np.abs(np.asarray(x, float) - y))
            for x, y in zip(leaves(p[name]), leaves(start), strict=True)
        )
        assert moved > 1e-2 or isinstance(rule, Frozen), name


def test_every_optimizer_of_the_table_is_here() -> None:
    assert {type(rule) for rule, *_ in ONE.values()} == set(OPTIMIZERS.values())


@pytest.mark.parametrize("first", range(3))
def test_every_optimizer_of_the_table(first: int, opencl_device: Any) -> None:
    cases = {name: ONE[name] for name in list(ONE)[first::3]}
    check(cases, opencl_device, start={"w": START["w"]}, loss=bowl)


def test_a_training_step(opencl_device: Any) -> None:
    """Arrays of several shapes, a matrix product, sums; all of it in one program."""
    check({name: ONE[name] for name in ("adamw", "lookahead")}, opencl_device)


@pytest.mark.slow
@pytest.mark.parametrize("name", {**ONE, **MORE})
def test_a_training_step_with_options(name: str, opencl_device: Any) -> None:
    check({name: {**ONE, **MORE}[name]}, opencl_device)


@pytest.mark.slow
@pytest.mark.parametrize("name", {**ONE, **MORE})
def test_a_long_walk(name: str, opencl_device: Any) -> None:
    """200 steps: an error that a step makes would add up."""
    rule, lr, close = {**ONE, **MORE}[name]
    if any(word in name for word in ("rprop", "normalized", "fitted", "002")):
        pytest.skip("signs or quotients decide: float32 goes another way sooner or later")
    check({name: (rule, lr * 0.5, close * 20)}, opencl_device, steps=200)


@pytest.mark.parametrize("rule", [Adam(), Lookahead(Momentum(), k=2)], ids=["adam", "lookahead"])
def test_without_donation_nothing_given_changes(rule: Any, opencl_device: Any) -> None:
    program = mg.compile(step_of(rule, bowl), device=opencl_device)
    start = {"w": START["w"]}
    p, state, _ = program(start, rule.init(start), X, 0.1)
    before = [np.array(x) for x in leaves((p, state))]
    first = [np.array(x) for x in leaves(program(p, state, X, 0.1))]
    second = [np.array(x) for x in leaves(program(p, state, X, 0.1))]
    for x, y in zip(before, leaves((p, state)), strict=True):
        np.testing.assert_array_equal(x, y)
    for x, y in zip(first, second, strict=True):
        np.testing.assert_array_equal(x, y)


def test_one_program_serves_all_learning_rates_and_steps(opencl_device: Any) -> None:
    """γ and t are inputs: a schedule builds nothing anew."""
    program = mg.compile(step_of(Adam(), bowl), device=opencl_device)
    p: Any = {"w": START["w"]}
    state = Adam().init(p)
    kernels = set()
    for t in range(6):
        p, state, _ = program(p, state, X, 0.1 / (t + 1))
        kernels.add(tuple(program.kernels) if t else ())
        assert float(state["t"]) == t + 1
    # the first call took arrays, the others what is on the device
    assert len(kernels) == 2


def test_the_default_rate_is_part_of_the_program(opencl_device: Any) -> None:
    def step(p: Any, state: Any, x: Any) -> Any:
        return SGD(lr=0.5).update(p, mg.grad(bowl)(p, x), state)

    start = {"w": START["w"]}
    p, _ = mg.compile(step, device=opencl_device)(start, SGD().init(start), X)
    grads = mg.grad(bowl)(wide(start), X.astype(float))
    np.testing.assert_allclose(p["w"], START["w"] - 0.5 * grads["w"], atol=1e-6)
