"""What has to hold for optimizers, whatever the numbers."""

from __future__ import annotations

import copy
from dataclasses import fields, replace
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from optim_cases import NET, NOISE, ROSENBROCK, VALLEY, Problem, flat, rates, walk

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
    read_optimizer,
)

few = settings(max_examples=25, deadline=None)
#: Numbers of ordinary size, and 0.
number = st.floats(-100.0, 100.0, allow_subnormal=False).map(lambda x: 0.0 if abs(x) < 1e-6 else x)
nonzero = number.filter(bool)
rate = st.floats(1e-4, 1.0)
share = st.floats(0.0, 0.99)
some = st.lists(number, min_size=1, max_size=6)

#: Each optimizer of the table with options at which every branch of it is taken.
EVERY: dict[str, Any] = {
    "sgd": SGD(),
    "sgd dampened": SGD(momentum=0.9, dampening=0.5, weight_decay=0.1),
    "sgd nesterov": SGD(momentum=0.9, nesterov=True, maximize=True),
    **{f"momentum {form}": Momentum(0.8, form=form) for form in
       ("pytorch", "velocity", "displacement", "rolling")},
    **{f"nesterov {form}": Nesterov(0.8, form=form, weight_decay=0.1) for form in
       ("pytorch", "shifted", "look-ahead", "displacement", "rolling")},
    "normalized": NormalizedGradient(),
    "normalized per parameter": NormalizedGradient(per="parameter", eps=0.1),
    "irprop-": Rprop(),
    "rprop-": Rprop(etas=(0.6, 1.2), variant="rprop-", zero_shrinks=True),
    "rprop+": Rprop(variant="rprop+", step_sizes=(0.0, float("inf"))),
    "adagrad": AdaGrad(lr_decay=0.1, initial_accumulator=0.1),
    "adadelta": AdaDelta(),
    "rmsprop": RMSprop(),
    "rmsprop centered": RMSprop(centered=True, momentum=0.5, eps=0.1, initial_accumulator=1.0),
    "adam": Adam(),
    "adam 002": Adam(bias_correction="compounded", eps_inside_root=True, betas=(0.5, 0.5)),
    "adamw": AdamW(penalty="whole"),
    "amsgrad": AMSGrad(amsgrad_of="v̂", betas=(0.9, 0.5)),
    "adamax": Adamax(),
    "nadam": NAdam(),
    "nadam simple": NAdam(form="simple"),
    "adabelief": AdaBelief(),
    "lookahead": Lookahead(Adam(), k=2),
    "lookahead restarted": Lookahead(Momentum(), k=3, alpha=0.8, restart=True),
    "lookahead of nesterov": Lookahead(Nesterov(form="look-ahead"), k=2),
    "lookahead fitted": Lookahead(SGD(), k=2, alpha="fitted"),
    "clipped": Clipped(Adam(), norm=0.5, value=0.4),
    "frozen": Frozen(),
    "groups": Groups([Group("*b*", Lookahead(SGD()), factor=2.0)], rest=Clipped(Adam(), norm=1.0)),
}  # fmt: skip
every = pytest.mark.parametrize("name", EVERY)


def test_every_optimizer_of_the_table_is_here() -> None:
    assert {type(rule) for rule in EVERY.values()} >= set(OPTIMIZERS.values())


def run(rule: Any, problem: Problem, steps: int = 12, lr: float = 0.05, sign: float = 1.0) -> Any:
    """Parameters and state after some steps; the loss is only for who asks."""
    params: Any = problem.start
    state = rule.init(params)
    for t in range(1, steps + 1):
        grads = problem.gradient(rule.gradient_point(params, state), t)
        grads = rebuilt(grads, iter([sign * g for g in leaves(grads)]))
        loss = float(sum(np.sum(np.square(x)) for x in leaves(params)))
        params, state = rule.update(params, grads, state, lr * problem.scale, loss)
    return params, state


def same(one: Any, other: Any) -> None:
    """Equal bits, equal structure."""
    assert type(one) is type(other)
    for a, b in zip(leaves(one), leaves(other), strict=True):
        assert type(a) is type(b)
        assert_array_equal(a, b)


# -- pure functions ------------------------------------------------------------------------------


@every
def test_nothing_that_is_given_changes(name: str) -> None:
    rule = EVERY[name]
    params, state = run(rule, NET, 3)
    grads = NET.gradient(params, 1)
    given = copy.deepcopy((params, grads, state))
    first = rule.update(params, grads, state, 0.1, 2.0)
    second = rule.update(params, grads, state, 0.1, 2.0)
    same((params, grads, state), given)
    same(first, second)
    # whoever writes into the parameters writes into nothing else
    new, kept = first
    before = copy.deepcopy((kept, given[0]))
    for x in leaves(new):
        if isinstance(x, np.ndarray):
            x[...] = np.nan
    same((kept, params), before)
    for x in leaves(params):
        if isinstance(x, np.ndarray):
            x[...] = np.nan
    same(kept, before[0])


@every
def test_a_first_state_has_arrays_of_its_own(name: str) -> None:
    params = copy.deepcopy(NET.start)
    state = EVERY[name].init(params)
    before = copy.deepcopy(state)
    for x in leaves(params):
        x[...] = 7.0
    same(state, before)


@every
def test_states_keep_their_structure_and_shapes(name: str) -> None:
    """What a compiled step and a checkpoint rely on."""
    rule = EVERY[name]
    first = rule.init(NET.start)
    params, state = run(rule, NET, 5)

    def keys(x: Any) -> Any:
        return {k: keys(v) for k, v in x.items()} if isinstance(x, dict) else np.shape(x)

    assert keys(state) == keys(first)
    assert keys(params) == keys(NET.start)
    assert all(np.asarray(x).dtype == float for x in leaves((params, state)))


@every
def test_float32_stays_float32(name: str) -> None:
    rule = EVERY[name]
    params: Any = {"w": np.array([[1.0, -2.0]], np.float32), "b": np.float32(0.5)}
    state = rule.init(params)
    for _ in range(5):
        grads = {"w": params["w"] * np.float32(2.0), "b": params["b"]}
        params, state = rule.update(params, grads, state, 0.1, 1.0)
    assert params["w"].dtype == params["b"].dtype == np.float32


# -- trees ---------------------------------------------------------------------------------------


class Layer(NamedTuple):
    w: Any
    b: Any


@every
def test_a_tree_of_any_shape_is_its_leaves(name: str) -> None:
    """Lists, tuples, dictionaries, named tuples and one row of arrays: the same numbers."""
    rule = EVERY[name]
    if isinstance(rule, Groups):
        pytest.skip("groups go by names")
    a, b, c = NET.start.values()
    forms = [
        [a, b, c],
        {"one": a, "two": [b, (c,)]},
        (Layer(a, b), {"c": c}),
        {"x": {"y": {"z": [a]}}, "k": [[], b], "l": c},
    ]
    ends = []
    for form in forms:
        params, state = form, rule.init(form)
        for t in range(1, 7):
            named = dict(zip(NET.start, leaves(rule.gradient_point(params, state)), strict=True))
            grads = rebuilt(form, iter(leaves(NET.gradient(named, t))))
            params, state = rule.update(params, grads, state, 0.05, 1.0 / t)
        assert [type(x) for x in leaves(params)] == [np.ndarray] * 3
        assert repr(rebuilt(params, iter("abc"))) == repr(rebuilt(form, iter("abc")))
        ends.append(leaves(params))
    for end in ends[1:]:
        same(end, ends[0])


@every
def test_gradients_are_found_by_key(name: str) -> None:
    """A dictionary whose keys come in another order is the same dictionary."""
    rule = EVERY[name]
    params, state = run(rule, NET, 4)
    grads = NET.gradient(params, 1)

    def turned(x: Any) -> Any:
        return {k: turned(x[k]) for k in reversed(x)} if isinstance(x, dict) else x

    new, kept = rule.update(params, grads, state, 0.1, 1.0)
    other, other_kept = rule.update(params, turned(grads), turned(state), 0.1, 1.0)
    assert list(other) == list(params)
    same(other, new)
    again, _ = rule.update(other, grads, other_kept, 0.1, 1.0)
    same(again, rule.update(new, grads, kept, 0.1, 1.0)[0])


#: Rules that see each number alone: all but those that take lengths.
APART = [
    n
    for n, rule in EVERY.items()
    if not isinstance(rule, NormalizedGradient | Clipped | Groups) and "fitted" not in n
]


@pytest.mark.parametrize("name", APART)
@given(seed=st.integers(0, 1000))
@settings(max_examples=5, deadline=None)
def test_permuted_parameters_walk_permuted(name: str, seed: int) -> None:
    rule = EVERY[name]
    rng = np.random.default_rng(seed)
    order = rng.permutation(6)
    x, gradients = rng.normal(size=6), rng.normal(size=(7, 6))
    ends = []
    for start, seen in ((x, gradients), (x[order], gradients[:, order])):
        params, state = start, rule.init(start)
        for g in seen:
            params, state = rule.update(params, g, state, 0.1)
        ends.append(params)
    assert_array_equal(ends[0][order], ends[1])


@pytest.mark.parametrize("name", APART)
def test_an_array_walks_as_its_numbers_do(name: str) -> None:
    rule = EVERY[name]
    rng = np.random.default_rng(5)
    x, gradients = rng.normal(size=5), rng.normal(size=(9, 5))
    together, state = x, rule.init(x)
    alone: Any = [float(v) for v in x]
    states = rule.init(alone)
    for g in gradients:
        together, state = rule.update(together, g, state, 0.1)
        alone, states = rule.update(alone, [float(v) for v in g], states, 0.1)
    # NumPy's exp and pow of one number and of many may round in different ways
    assert_allclose(together, alone, rtol=1e-14)


# -- descent, momentum, Nesterov -----------------------------------------------------------------


@given(x=some, g=some, lr=rate, decay=st.floats(0, 1), penalty=st.sampled_from(["half", "whole"]))
@few
def test_sgds_l2_is_weight_decay(
    x: list[float], g: list[float], lr: float, decay: float, penalty: str
) -> None:
    theta, slope = np.array(x), np.resize(g, len(x))
    coupled, apart = (
        SGD(weight_decay=decay, decoupled=how, penalty=penalty) for how in (False, True)
    )
    first, _ = coupled.update(theta, slope, coupled.init(theta), lr)
    second, _ = apart.update(theta, slope, apart.init(theta), lr)
    assert_allclose(first, second, rtol=1e-12, atol=1e-12)
    twice = 2.0 if penalty == "whole" else 1.0
    assert_allclose(first, (1 - twice * lr * decay) * theta - lr * slope, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "rule", [Adam(), RMSprop(), AdaGrad(), Adamax(), NAdam(), AdaBelief(), Momentum(0.9)]
)
def test_l2_is_no_weight_decay_for_other_rules(rule: Any) -> None:
    """Nor for momentum, whatever slide 000 says: what L2 adds keeps rolling."""
    ends = [
        flat(run(replace(rule, weight_decay=0.2, decoupled=how), NET)[0]) for how in (False, True)
    ]
    assert np.max(np.abs(ends[0] - ends[1])) > 1e-3


def test_adams_l2_shrinks_what_has_small_gradients_more() -> None:
    """Weights of 1; gradients of ±1 and of ±0.01. AdamW's shrink alike, those of L2 do not."""
    for rule, alike in ((AdamW(weight_decay=0.1), True), (Adam(weight_decay=0.1), False)):
        x: Any = np.ones(2)
        state = rule.init(x)
        for t in range(400):
            x, state = rule.update(x, np.array([1.0, 0.01]) * (-1) ** t, state, 0.01)
        if alike:
            assert x[0] == pytest.approx(x[1], abs=5e-3)
            assert x[0] == pytest.approx((1 - 0.01 * 0.1) ** 400, abs=2e-2)
        else:
            assert x[1] < x[0] - 0.5


@pytest.mark.parametrize("problem", [VALLEY, NET, NOISE], ids=repr)
@pytest.mark.parametrize(
    "rule",
    [
        *(Nesterov(0.0, form=f) for f in ("pytorch", "shifted", "look-ahead", "displacement")),
        *(Momentum(0.0, form=f) for f in ("pytorch", "velocity", "displacement")),
    ],
)
def test_no_momentum_is_plain_descent(rule: Any, problem: Problem) -> None:
    lrs = rates(0.05, 50)
    assert_array_equal(list(walk(rule, problem, lrs)), list(walk(SGD(), problem, lrs)))


def test_003s_forms_without_momentum() -> None:
    """Nesterov's takes the gradient at θ + v even then; the rolling ball is one step late."""
    ball = list(walk(Momentum(0.0, form="rolling"), NOISE, [0.1] * 20))
    plain = list(walk(SGD(), NOISE, [0.1] * 20))
    assert_array_equal(ball[0], flat(NOISE.start))
    assert_allclose(ball[1:], plain[:-1], rtol=1e-13)
    # gradients that do not depend on the point: nothing to see of the other point
    rolling = list(walk(Nesterov(0.0, form="rolling"), NOISE, [0.1] * 20))
    assert_array_equal(rolling, plain)
    apart = list(walk(Nesterov(0.0, form="rolling"), VALLEY, [0.5] * 20))
    assert np.max(np.abs(np.array(apart) - list(walk(SGD(), VALLEY, [0.5] * 20)))) > 0.1


FORMS = ("pytorch", "velocity", "displacement")


@pytest.mark.parametrize("problem", [VALLEY, ROSENBROCK, NET, NOISE], ids=repr)
def test_momentums_forms_are_one_while_the_rate_is(problem: Problem) -> None:
    constant, changing = [0.05 * problem.scale] * 100, rates(0.05 * problem.scale, 100)
    paths = [np.array(list(walk(Momentum(0.9, form=f), problem, constant))) for f in FORMS]
    assert_allclose(paths[1], paths[0], rtol=1e-9, atol=1e-10)
    assert_array_equal(paths[2], paths[1])  # h = −v, to the last bit
    paths = [np.array(list(walk(Momentum(0.9, form=f), problem, changing))) for f in FORMS]
    assert_array_equal(paths[2], paths[1])
    assert np.max(np.abs(paths[1] - paths[0])) > 1e-3


@given(start=st.tuples(number, number), mu=share, lr=st.floats(1e-3, 0.5))
@few
def test_the_ball_is_the_velocity_form_a_step_late(
    start: tuple[float, float], mu: float, lr: float
) -> None:
    """003 moves by the old v: given the same gradients, it is one step behind."""
    problem = replace(NOISE, start={"w": np.resize(start, (2, 2)), "b": start[0]})
    ball = list(walk(Momentum(mu, form="rolling"), problem, [lr] * 10))
    other = list(walk(Momentum(mu, form="velocity"), problem, [lr] * 10))
    assert_allclose(ball[1:], other[:-1], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("problem", [VALLEY, ROSENBROCK, NET], ids=repr)
def test_the_shifted_form_walks_the_points_ahead(problem: Problem) -> None:
    """θ̂ = θ + μv, in every step, for changing rates as well."""
    lrs = rates(0.04 * problem.scale, 100)
    ahead, shifted = Nesterov(0.9, form="look-ahead"), Nesterov(0.9, form="shifted")
    params: Any = problem.start
    state = ahead.init(params)
    points = []
    for t, lr in enumerate(lrs, start=1):
        point = ahead.gradient_point(params, state)
        params, state = ahead.update(params, problem.gradient(point, t), state, lr)
        points.append(flat(params) + 0.9 * flat(state["v"]))
        assert_array_equal(flat(ahead.gradient_point(params, state)), points[-1])
    assert_allclose(list(walk(shifted, problem, lrs)), points, rtol=1e-9, atol=1e-10)
    # and they are PyTorch's while γ is constant
    lrs = [0.04 * problem.scale] * 100
    one, other = (list(walk(Nesterov(0.9, form=f), problem, lrs)) for f in ("pytorch", "shifted"))
    assert_allclose(one, other, rtol=1e-9, atol=1e-10)
    lrs = rates(0.04 * problem.scale, 100)
    one, other = (list(walk(Nesterov(0.9, form=f), problem, lrs)) for f in ("pytorch", "shifted"))
    assert np.max(np.abs(np.array(one) - other)) > 1e-3


@given(mu=share, lr=rate, x=number, g=nonzero)
@few
def test_momentums_speed_has_a_limit(mu: float, lr: float, x: float, g: float) -> None:
    """Under a constant gradient v goes to −γg/(1 − μ): v_t is that times 1 − μᵗ."""
    rule = Momentum(mu, form="velocity")
    theta, state = x, rule.init(x)
    for t in range(1, 20):
        theta, state = rule.update(theta, g, state, lr)
        assert state["v"] == pytest.approx(-lr * g * (1 - mu**t) / (1 - mu), rel=1e-9)


# -- Adam and other rules that know no size ------------------------------------------------------


@given(g=nonzero, lr=rate, b1=share, b2=st.floats(0.0, 0.9999), eps=st.floats(0.0, 0.1))
@few
def test_adam_under_a_constant_gradient(
    g: float, lr: float, b1: float, b2: float, eps: float
) -> None:
    """m̂ = g and v̂ = g² in every step, so a step is γ·g/(|g| + ε): γ, but for ε."""
    inside = Adam(betas=(b1, b2), eps=eps, eps_inside_root=True)
    step = {
        Adam(betas=(b1, b2), eps=eps): lr * g / (abs(g) + eps),
        inside: lr * g / np.sqrt(g * g + eps),
        Adamax(betas=(b1, b2), eps=eps, eps_place="denominator"): lr * g / (abs(g) + eps),
        Adamax(betas=(b1, b2), eps=0.0): lr * np.sign(g),
        AMSGrad(betas=(b1, b2), eps=eps, amsgrad_of="v̂"): lr * g / (abs(g) + eps),
    }
    for rule, wanted in step.items():
        x, state = 0.0, rule.init(0.0)
        for t in range(1, 30):
            x, state = rule.update(x, g, state, lr)
            # 1 − β₂ᵗ has an error of a few 1e-16, and is as small as 1e-4
            assert x == pytest.approx(-t * wanted, rel=1e-10)


#: Steps do not depend on how steep it is, where ε = 0.
SCALE_FREE = {
    "adam": Adam(eps=0.0),
    "adam uncorrected": Adam(eps=0.0, bias_correction=False),
    "adamw": AdamW(eps=0.0),
    "amsgrad": AMSGrad(eps=0.0),
    "adamax": Adamax(eps=0.0),
    "nadam": NAdam(eps=0.0),
    "nadam simple": NAdam(eps=0.0, form="simple"),
    "adabelief": AdaBelief(eps=0.0),
    "adagrad": AdaGrad(eps=0.0),
    "rmsprop": RMSprop(eps=0.0, momentum=0.5),
    "rmsprop centered": RMSprop(eps=0.0, centered=True, alpha=0.5),
    "irprop-": Rprop(),
    "rprop-": Rprop(variant="rprop-"),
    "rprop+": Rprop(variant="rprop+"),
    "normalized": NormalizedGradient(),
}


@pytest.mark.parametrize("name", SCALE_FREE)
@given(power=st.integers(-20, 20), seed=st.integers(0, 1000))
@settings(max_examples=8, deadline=None)
def test_rules_that_know_no_scale(name: str, power: int, seed: int) -> None:
    """Gradients times a power of 2, which rounds nothing: the same walk, bit for bit."""
    rule = SCALE_FREE[name]
    gradients = np.random.default_rng(seed).normal(size=(8, 4))
    ends = []
    for factor in (1.0, 2.0**power):
        x: Any = np.array([1.0, -1.0, 2.0, 0.0])
        state = rule.init(x)
        for g in gradients:
            x, state = rule.update(x, g * factor, state, 0.1)
        ends.append(x)
    if "rmsprop centered" in name:
        # the first variance may be a rounding error
        assert_allclose(ends[0], ends[1], rtol=1e-9)
    else:
        assert_array_equal(ends[0], ends[1])


@given(power=st.integers(-8, 8), seed=st.integers(0, 1000))
@few
def test_adadelta_has_units(power: int, seed: int) -> None:
    """Zeiler's units: with ε scaled alike, steps scale with the gradients as if ε were in both."""
    gradients = np.random.default_rng(seed).normal(size=(8, 4))
    factor = 2.0**power
    ends = []
    for scale in (1.0, factor):
        rule = AdaDelta(eps=1e-3 * scale**2)
        x: Any = np.zeros(4)
        state = rule.init(x)
        for g in gradients:
            x, state = rule.update(x, g * scale, state)
        ends.append(x)
    assert_array_equal(ends[0] * factor, ends[1])


@pytest.mark.parametrize(
    "rule", [SGD(), SGD(momentum=0.9), Momentum(), Nesterov(), Nesterov(form="shifted")]
)
@given(power=st.integers(-20, 20), seed=st.integers(0, 1000))
@settings(max_examples=8, deadline=None)
def test_rules_that_are_linear(rule: Any, power: int, seed: int) -> None:
    gradients = np.random.default_rng(seed).normal(size=(8, 4))
    ends = []
    for factor in (1.0, 2.0**power):
        x: Any = np.zeros(4)
        state = rule.init(x)
        for g in gradients:
            x, state = rule.update(x, g * factor, state, 0.1)
        ends.append(x / factor)
    assert_array_equal(*ends)


@given(x=st.floats(-50, 50), steps=st.integers(2, 30))
@few
def test_normalized_steps_have_one_length(x: float, steps: int) -> None:
    rule = NormalizedGradient()
    params: Any = {"a": np.array([x, 1.0]), "b": 2.0}
    for t in range(1, steps):
        grads = {"a": np.array([x + t, 1e-3]), "b": -0.1 * t}
        new, _ = rule.update(params, grads, rule.init(params), 0.25)
        assert np.linalg.norm(flat(new) - flat(params)) == pytest.approx(0.25)
        params = new
    still = {"a": np.zeros(2), "b": 0.0}
    same(rule.update(params, still, rule.init(params), 0.25)[0], params)


@given(seed=st.integers(0, 1000))
@few
def test_steps_that_are_bounded(seed: int) -> None:
    """No step of AMSGrad's without β₁ is longer than γ/√(1 − β₂ᵗ)…, nor of Adam's than Kingma and
    Ba say: γ(1 − β₁)/√(1 − β₂) at most, where that is above γ."""
    gradients = np.random.default_rng(seed).normal(size=(60, 3)) ** 5
    rule = Adam(betas=(0.5, 0.99), eps=0.0)
    x: Any = np.zeros(3)
    state = rule.init(x)
    for g in gradients:
        new, state = rule.update(x, g, state, 0.1)
        assert np.max(np.abs(new - x)) <= 0.1 * 0.5 / np.sqrt(0.01) * (1 + 1e-9)
        x = new


def test_a_mean_square_never_shrinks_where_it_must_not() -> None:
    """AdaGrad's sum and AMSGrad's largest v only grow."""
    for rule, slot in ((AdaGrad(), "s"), (AMSGrad(betas=(0.9, 0.3)), "highest")):
        params: Any = NOISE.start
        state = rule.init(params)
        for t in range(1, 100):
            before = flat(state[slot])
            params, state = rule.update(params, NOISE.gradient(params, t), state, 0.1)
            assert (flat(state[slot]) >= before).all()


def test_the_same_gradient_for_ever_is_no_nan() -> None:
    """A centred RMSprop: u − a² is 0 then, and its rounding may be below."""
    rule = RMSprop(centered=True, alpha=0.5)
    gradients = np.random.default_rng(0).normal(size=200)
    x: Any = np.zeros(200)
    state = rule.init(x)
    for _ in range(100):
        x, state = rule.update(x, gradients, state, 1e-9)
    assert np.isfinite(x).all()


@every
def test_zero_gradients(name: str) -> None:
    """From the start: nothing moves, nothing is NaN (but for decay, which is its business)."""
    rule = EVERY[name]
    params: Any = {"w": np.array([1.0, -2.0]), "b": 0.5}
    state = rule.init(params)
    zero = {"w": np.zeros(2), "b": 0.0}
    for _ in range(7):
        params, state = rule.update(params, zero, state, 0.1, 1.0)
    if not getattr(rule, "weight_decay", 0.0):
        assert_array_equal(flat(params), [1.0, -2.0, 0.5])
    assert np.isfinite(flat(params)).all()


@every
def test_a_rate_of_0_moves_nothing(name: str) -> None:
    rule = EVERY[name]
    if isinstance(rule, Rprop):
        rule = replace(rule, step_sizes=(0.0, 50.0))
    params: Any = NET.start
    state = rule.init(params)
    for t in range(1, 8):
        params, state = rule.update(params, NET.gradient(NET.start, t), state, 0.0, 1.0)
    assert_allclose(flat(params), flat(NET.start), rtol=1e-15)


# -- climbing, wrappers, groups ------------------------------------------------------------------


@pytest.mark.parametrize("name", [n for n, rule in EVERY.items() if hasattr(rule, "maximize")])
def test_climbing_f_is_walking_down_minus_f(name: str) -> None:
    down = replace(EVERY[name], maximize=False)
    up = replace(down, maximize=True)
    for problem in (NET, NOISE):
        one, _ = run(down, problem)
        other, _ = run(up, problem, sign=-1.0)
        same(one, other)
        wrong, _ = run(up, problem)
        assert name == "frozen" or np.max(np.abs(flat(wrong) - flat(one))) > 1e-3


@pytest.mark.parametrize(
    "inner", [SGD(), Adam(), Rprop(), Nesterov(form="look-ahead"), AdaGrad(), NAdam()]
)
@pytest.mark.parametrize("k", [1, 2, 5])
def test_lookahead_all_the_way_is_its_inner_optimizer(inner: Any, k: int) -> None:
    """α = 1: 0·start + 1·finish, to the last bit."""
    lrs = rates(0.05, 23)
    for problem in (NET, NOISE):
        ours = list(walk(Lookahead(inner, k=k, alpha=1.0), problem, lrs))
        assert_array_equal(ours, list(walk(inner, problem, lrs)))


@pytest.mark.parametrize("k", [1, 3])
def test_a_fitted_lookahead_held_at_1_rests_every_k_plus_1_steps(k: int) -> None:
    """Bounds of (1, 1): the inner optimizer, with a step of none after every k."""
    rule, inner = Lookahead(Adam(), k=k, alpha="fitted", bounds=(1.0, 1.0)), Adam()
    params: Any = NET.start
    state = rule.init(params)
    plain: Any = NET.start
    memory = inner.init(plain)
    for step in range(4 * (k + 1)):
        params, state = rule.update(params, NET.gradient(params, 1), state, 0.1, 1.0)
        if step % (k + 1) < k:
            plain, memory = inner.update(plain, NET.gradient(plain, 1), memory, 0.1)
        same(params, plain)
        same(state["inner"], memory)


def test_a_fitted_lookahead_takes_its_slope_at_the_finish() -> None:
    """Not where Nesterov's rule would look: L′(1) is a slope at the finish itself."""
    inner = Nesterov(0.9, form="look-ahead")
    rule = Lookahead(inner, k=2, alpha="fitted")
    params: Any = NET.start
    state = rule.init(params)
    for step in range(9):
        point = rule.gradient_point(params, state)
        ahead = inner.gradient_point(params, state["inner"])
        same(point, params if step % 3 == 2 else ahead)
        if step:
            assert np.max(np.abs(flat(ahead) - flat(params))) > 1e-4
        params, state = rule.update(params, NET.gradient(point, 1), state, 0.1, 1.0)


@pytest.mark.parametrize("inner", [SGD(), Adam(), Nesterov(form="rolling"), Lookahead(SGD())])
def test_clipping_at_a_huge_length_is_no_clipping(inner: Any) -> None:
    lrs = rates(0.05, 30)
    for options in ({"norm": 1e9}, {"value": 1e9}, {"norm": 1e9, "value": 1e9}):
        ours = list(walk(Clipped(inner, **options), NOISE, lrs))
        assert_array_equal(ours, list(walk(inner, NOISE, lrs)))


@given(seed=st.integers(0, 1000), limit=st.floats(0.01, 10.0))
@few
def test_clipped_gradients_keep_their_direction(seed: int, limit: float) -> None:
    rng = np.random.default_rng(seed)
    grads = {"a": rng.normal(size=(2, 3)), "b": float(rng.normal())}
    clipped = mg.optim.clip_norm(grads, limit)
    before, after = float(mg.optim.global_norm(grads)), float(mg.optim.global_norm(clipped))
    assert before == pytest.approx(np.linalg.norm(flat(grads)))
    assert after <= limit
    assert after == pytest.approx(min(before, limit), rel=1e-3)
    assert flat(clipped) @ flat(grads) == pytest.approx(before * after)


@every
def test_one_group_is_its_optimizer(name: str) -> None:
    rule = EVERY[name]
    if isinstance(rule, Groups):
        pytest.skip("groups within groups would rename the parameters")
    one, _ = run(rule, NET)
    for groups in (Groups([Group("*", rule)]), Groups([], rest=rule)):
        same(run(groups, NET)[0], one)
    doubled, _ = run(Groups([Group("*", rule, factor=2.0)]), NET)
    same(doubled, run(rule, NET, lr=0.1)[0])


def test_the_first_pattern_that_fits_counts() -> None:
    params = {"layers": [{"w": 1.0, "b": 1.0}, {"w": 1.0, "b": 1.0}], "scale": 1.0}
    ones = rebuilt(params, iter([1.0] * 5))
    rule = Groups(
        [Group("layers.0.*", Frozen()), Group("*.b", SGD(), factor=3.0)], rest=SGD(maximize=True)
    )
    new, state = rule.update(params, ones, rule.init(params), 0.1)
    assert flat(new) == pytest.approx([1.0, 1.0, 1.1, 0.7, 1.1])
    assert list(state) == ["layers.0.*", "*.b", "rest"]
    rates_ = {"layers.0.*": 9.0, "*.b": 0.5, "rest": 0.2}
    new, state = rule.update(params, ones, state, rates_)
    assert flat(new) == pytest.approx([1.0, 1.0, 1.2, 0.5, 1.2])
    assert state["rest"] == {"t": 2.0}


def test_groups_take_their_own_default_rates() -> None:
    """Without a rate each group's optimizer uses its own, and the factor multiplies that."""
    rule = Groups([Group("a", SGD(lr=0.5), factor=0.5), Group("b", AdaDelta())], rest=SGD())
    params = {"a": 1.0, "b": 1.0, "c": 1.0}
    new, _ = rule.update(params, {"a": 1.0, "b": 1.0, "c": 1.0}, rule.init(params))
    alone, _ = AdaDelta().update(1.0, 1.0, AdaDelta().init(1.0), 1.0)
    assert flat(new) == pytest.approx([0.75, alone, 1.0 - 1e-3])


def test_frozen_parameters_do_not_move() -> None:
    for rule in (Frozen(), Frozen(weight_decay=0.5), Frozen(weight_decay=0.5, decoupled=True)):
        same(run(rule, NET)[0], NET.start)


# -- the learning rate ---------------------------------------------------------------------------


@every
def test_the_rate_that_is_left_out(name: str) -> None:
    rule = EVERY[name]
    params, state = run(rule, NET, 2)
    grads = NET.gradient(params, 1)
    if not isinstance(rule, Groups):
        default = rule.update(params, grads, state, None, 1.0)
        same(default, rule.update(params, grads, state, rule.rate, 1.0))
    for lr in (np.float64(0.1), np.float32(0.1), np.array(0.1), 1, np.int64(1)):
        new, _ = rule.update(params, grads, state, lr, 1.0)
        same(new, rule.update(params, grads, state, float(lr), 1.0)[0])


@given(lr=rate)
@few
def test_a_rate_of_the_optimizers_own(lr: float) -> None:
    for rule in (SGD(lr=lr), Lookahead(SGD(lr=lr)), Clipped(SGD(lr=lr), norm=9.0)):
        new, _ = rule.update(1.0, 1.0, rule.init(1.0), loss=1.0)
        assert new == 1.0 - lr
        new, _ = rule.update(1.0, 1.0, rule.init(1.0), 0.5)
        assert new == 0.5


# -- formulas and texts --------------------------------------------------------------------------

#: How a slot is written in formulas, where it is not by its own name.
SIGNS = {"highest": "v⁺", "step": "s", "before": "g⁻", "moved": "Δ⁻"}


@every
def test_formulas_name_whatever_is_remembered(name: str) -> None:
    rule = EVERY[name]
    lines = rule.formula()
    assert lines
    assert all(isinstance(line, str) and line.strip() for line in lines)
    for line in lines:
        assert line.count("(") == line.count(")"), line
    text = " ".join(lines)
    assert "θ" in text
    while not hasattr(rule, "slots"):
        if isinstance(rule, Groups):
            return
        rule = rule.inner
    for slot, words in rule.slots().items():
        assert SIGNS.get(slot, slot) in text, (slot, text)
        assert words
    if name != "frozen":
        assert "γ" in text or isinstance(rule, Rprop)
        assert "g" in text


def test_formulas_show_what_options_do() -> None:
    assert SGD(weight_decay=0.1).formula() == ("g ← g + λ·θ", "θ ← θ − γ·g")
    assert SGD(weight_decay=0.1, maximize=True, penalty="whole").formula() == (
        "g ← −g",
        "g ← g + 2·λ·θ",
        "θ ← θ − γ·g",
    )
    assert AdamW().formula()[0] == "θ ← θ − γ·λ·θ"
    assert AdamW(weight_decay=0.0).formula() == Adam().formula()
    # the gradient is taken first, then clipped, then the penalty's is added
    rule = Clipped(Nesterov(form="look-ahead", weight_decay=0.1), norm=2.0)
    assert rule.formula() == (
        "g = ∇L(θ + μ·v)",
        "g ← g·min(1, 2 / ‖g‖)",
        "g ← g + λ·(θ + μ·v)",
        "v ← μ·v − γ·g",
        "θ ← θ + v",
    )
    inside = RMSprop(centered=True, eps_inside_root=True)
    assert inside.formula()[-1] == "θ ← θ − γ·g / √(u − a² + ε)"
    assert {Adam(eps_inside_root=i).formula()[-1] for i in (True, False)} == {
        "θ ← θ − γ·m̂ / √(v̂ + ε)",
        "θ ← θ − γ·m̂ / (√v̂ + ε)",
    }


def options_of(kind: type) -> st.SearchStrategy[Any]:
    """An optimizer of this kind with random options, those that exclude each other apart."""
    unit, positive = st.floats(0.0, 0.999), st.floats(0.0, 1e6)
    named: dict[str, Any] = {
        "weight_decay": positive,
        "lr": st.none() | positive,
        "penalty": st.sampled_from(["half", "whole"]),
        "momentum": unit,
        "eps": positive,
        "betas": st.tuples(unit, unit),
        "rho": unit,
        "alpha": unit,
        "lr_decay": positive,
        "initial_accumulator": positive,
        "momentum_decay": positive,
        "etas": st.tuples(st.floats(0.001, 0.999), st.floats(1.001, 99.0)),
        "step_sizes": st.tuples(st.just(0) | st.floats(0, 1), st.floats(1) | st.integers(1, 9)),
        "variant": st.sampled_from(["irprop-", "rprop-", "rprop+"]),
        "per": st.sampled_from(["all", "parameter"]),
        "eps_place": st.sampled_from(["gradient", "denominator"]),
        "amsgrad_of": st.sampled_from(["v", "v̂"]),
        "momentum_form": st.sampled_from(["pytorch", "displacement"]),
    }
    if kind in (Momentum, Nesterov):
        named["form"] = st.sampled_from(["pytorch", "displacement", "rolling"])
    if kind is NAdam:
        named["form"] = st.sampled_from(["pytorch", "simple"])
    if kind is Lookahead:
        named["alpha"] = st.just("fitted") | st.floats(0.001, 1.0)
        named["k"] = st.integers(1, 99)
        named["bounds"] = st.tuples(st.floats(0.0, 1.0), st.floats(1.0, 5.0))
    if kind is Clipped:
        named["value"] = st.none() | st.floats(0.001, 99.0)
        named["norm"] = st.floats(0.001, 99.0)
    if kind is SGD:
        # Nesterov's wants a momentum and no dampening
        named["dampening"] = unit
    given_ = {
        f.name: named.get(f.name, st.booleans() if f.type == "bool" else st.nothing())
        for f in fields(kind)
        if f.name not in ("inner", "nesterov", "eps_before_correction", "bias_correction")
    }
    if "inner" in {f.name for f in fields(kind)}:
        return st.sampled_from(INNER).flatmap(
            lambda inner: st.builds(kind, inner=options_of(inner), **given_)
        )
    return st.builds(kind, **given_)


INNER = [kind for kind in OPTIMIZERS.values() if kind is not Lookahead and kind is not Clipped]


@pytest.mark.parametrize("name", OPTIMIZERS)
@given(data=st.data())
@few
def test_texts_are_read_back(name: str, data: st.DataObject) -> None:
    rule = data.draw(options_of(OPTIMIZERS[name]))
    again = read_optimizer(rule.text)
    assert again == rule
    assert type(again) is type(rule)
    assert again.text == rule.text


def test_texts_of_options_that_exclude_others() -> None:
    for rule in (
        SGD(momentum=0.5, nesterov=True),
        Adam(bias_correction=False),
        Adam(bias_correction="compounded"),
        Adam(eps_before_correction=True),
        Rprop(step_sizes=(0.0, float("inf"))),
        Nesterov(form="look-ahead"),
        Lookahead(Clipped(Lookahead(Adam(), k=2), norm=1.0), alpha="fitted"),
    ):
        assert read_optimizer(rule.text) == rule
    # numbers as np.linspace and np.logspace give them
    rule = Adam(eps=np.float64(1e-7), betas=(np.float64(0.5), 0.9))
    assert rule.text == "adam(betas=(0.5, 0.9), eps=1e-07)"
    assert read_optimizer(rule.text) == rule


def test_arguments_without_a_name() -> None:
    """Adam's and AdamW's are the same: the options that all optimizers have come by name only."""
    assert AdamW((0.5, 0.6), 1e-3) == AdamW(betas=(0.5, 0.6), eps=1e-3)
    assert Adam((0.5, 0.6), 1e-3) == Adam(betas=(0.5, 0.6), eps=1e-3)
    with pytest.raises(TypeError):
        Adam((0.5, 0.6), 1e-3, False, False, True, False, "v", 0.1)  # type: ignore[misc]


# -- the example of Reddi, Kale and Kumar --------------------------------------------------------


def online(rule: Any, slope: Any, steps: int, lr: Any, start: float = 0.0) -> float:
    """Steps on [−1, 1]: after each, back to the nearest point within."""
    x: Any = start
    state = rule.init(x)
    for t in range(1, steps + 1):
        x, state = rule.update(x, slope(t), state, lr(t))
        x = min(max(x, -1.0), 1.0)
    return float(x)


def test_adam_walks_to_the_wrong_end_and_amsgrad_does_not() -> None:
    """f_t(x) = Cx where t mod 3 = 1, else −x, on [−1, 1]: their sum over three steps is (C − 2)x,
    lowest at −1. With β₁ = 0, β₂ = 1/(1 + C²), γ = α/√t, theorem 1 says that Adam is at +1 after
    every third step. C = 3, α < √(1 − β₂)."""
    c = 3.0
    b2 = 1.0 / (1.0 + c * c)

    def slope(t: int) -> float:
        return c if t % 3 == 1 else -1.0

    def falling(t: int) -> float:
        return 0.5 / np.sqrt(t)

    options = {"betas": (0.0, b2), "eps": 0.0, "bias_correction": False}
    for steps in (3, 30, 3000):
        assert online(Adam(**options), slope, steps, falling, start=1.0) == 1.0
    assert online(Adam(**options), slope, 3000, falling) == 1.0
    assert online(AMSGrad(**options), slope, 3000, falling) == pytest.approx(-1.0, abs=0.02)
    assert online(AMSGrad(**options), slope, 3000, falling, start=1.0) < -0.95


def test_the_rare_large_gradient_that_adam_forgets() -> None:
    """The same paper's experiment: 1010 in every 101st step, −10 else; the sum is 10x."""

    def slope(t: int) -> float:
        return 1010.0 if t % 101 == 1 else -10.0

    def constant(t: int) -> float:
        return 0.02

    # β₁ = 0.9, β₂ = 0.99, as in section 5
    assert online(Adam(betas=(0.9, 0.99)), slope, 10100, constant, start=-1.0) > 0.5
    for options in ({}, {"bias_correction": False}, {"amsgrad_of": "v̂"}):
        rule = AMSGrad(betas=(0.9, 0.99), **options)
        ends = [online(rule, slope, steps, constant, start=1.0) for steps in (1010, 5050, 10100)]
        # to the right end; slowly, as 1010² stays in v: about 0.02·0.1/100 a step
        assert 1.0 > ends[0] > ends[1] > ends[2]
        assert ends[0] - ends[2] > (0.01 if "amsgrad_of" in options else 0.1)


# -- an update is a graph ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rule",
    [
        SGD(),
        SGD(momentum=0.9, dampening=0.1),
        Momentum(0.9, form="velocity"),
        Nesterov(0.9, form="look-ahead"),
        AdaGrad(eps=1e-3),
        RMSprop(centered=True, eps=1e-2, momentum=0.5),
        AdaDelta(eps=1e-2),
        Adam(eps=1e-3, weight_decay=0.1),
        AdamW(eps=1e-3),
        AMSGrad(eps=1e-3),
        Adamax(),
        NAdam(eps=1e-3),
        AdaBelief(eps=1e-2),
        NormalizedGradient(),
        Lookahead(Adam(eps=1e-3), k=2),
        Clipped(SGD(momentum=0.5), norm=0.3),
    ],
    ids=lambda rule: rule.text,
)
def test_gradients_with_respect_to_the_learning_rate(rule: Any) -> None:
    """The loss after five steps, differentiated through every one of them."""
    matrix = np.array([[2.0, 0.3], [0.3, 0.5]])

    def loss(p: Any) -> Any:
        return mg.sum((matrix @ p["x"]) ** 2) + mg.exp(p["y"]) + p["y"] ** 2

    def after(lr: Any, start: Any) -> Any:
        p: Any = {"x": start, "y": 0.7}
        state = rule.init(p)
        for _ in range(5):
            grads = mg.grad(loss)(rule.gradient_point(p, state))
            p, state = rule.update(p, grads, state, lr)
        return loss(p)

    start = np.array([1.0, -0.8])
    by_rate, by_start = mg.grad(after, wrt=(0, 1))(0.05, start)
    h = 1e-6

    def number(x: Any) -> float:
        return float(getattr(x, "data", x))

    wanted = (number(after(0.05 + h, start)) - number(after(0.05 - h, start))) / (2 * h)
    assert wanted != 0
    # a central difference: h² of the third derivative, and rounding over h
    assert float(by_rate) == pytest.approx(wanted, rel=1e-6, abs=1e-8)
    for i in range(2):
        step = h * np.eye(2)[i]
        wanted = (number(after(0.05, start + step)) - number(after(0.05, start - step))) / (2 * h)
        assert by_start[i] == pytest.approx(wanted, rel=1e-6, abs=1e-8)


def test_a_learning_rate_learns_itself() -> None:
    """Baydin et al., 2018, in three lines: descent on γ by the gradient through one step."""

    def after(lr: Any, p: float) -> Any:
        new, _ = SGD().update(p, 2.0 * p, SGD().init(p), lr)
        return new**2

    lr = 0.01
    for _ in range(50):
        lr -= 0.05 * float(mg.grad(after)(lr, 1.0))
    assert lr == pytest.approx(0.5, abs=1e-6)  # θ − ½·2θ = 0


def test_parts_of_an_update_have_names() -> None:
    """For pictures: m, v, m̂ and v̂ stand in the circuit."""
    p = mg.Tensor(1.0, name="θ")
    new, state = Adam().update(p, mg.Tensor(0.5, name="g"), Adam().init(p), 0.1)
    assert state["m"].name == "m"
    assert state["v"].name == "v"
    names = {node.name for node in mg.trace(new).nodes}
    assert {"θ", "g", "m", "v", "m̂", "v̂"} <= names
    assert new.data == pytest.approx(0.9)
