"""What optimizers say to options, gradients and states that make no sense."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import microgd as mg
from microgd.errors import ArgumentError, DataError, MicrogdError, ShapeError
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
    clip_norm,
    read_optimizer,
)

NAN, INF = float("nan"), float("inf")
PARAMS = {"w": np.ones((2, 3)), "b": np.zeros(3)}
GRADS = {"w": np.ones((2, 3)), "b": np.ones(3)}


def step(rule: Any, params: Any = PARAMS, grads: Any = GRADS, **more: Any) -> Any:
    more.setdefault("state", rule.init(PARAMS))
    more.setdefault("lr", 0.1)
    return rule.update(params, grads, **more)


# -- options: each says whose, which, what was expected and what was given ---------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD(momentum=1.0), "SGD: momentum must be a number from 0 up to 1.*got 1.0"),
        (lambda: SGD(momentum=-0.1), "SGD: momentum must be .* got -0.1"),
        (lambda: SGD(momentum=NAN), "SGD: momentum must be a finite number, got nan"),
        (lambda: SGD(momentum="0.9"), "momentum must be a finite number, got '0.9'"),
        (lambda: SGD(momentum=True), "momentum must be a finite number, got True"),
        (lambda: SGD(momentum=None), "momentum must be a finite number, got None"),
        (lambda: SGD(nesterov=True), "nesterov needs a momentum above 0, and no dampening"),
        (lambda: SGD(momentum=0.9, dampening=0.1, nesterov=True), "no dampening"),
        (lambda: SGD(momentum=0.9, nesterov=1), "SGD: nesterov must be True or False, got 1"),
        (lambda: SGD(maximize="no"), "SGD: maximize must be True or False, got 'no'"),
        (lambda: SGD(weight_decay=-0.1), "weight_decay must be 0 or a number above it, got -0.1"),
        (lambda: SGD(weight_decay=INF), "weight_decay must be a finite number, got inf"),
        (lambda: SGD(penalty="third"), "penalty must be one of 'half', 'whole', got 'third'"),
        (lambda: SGD(lr=-0.1), "SGD: lr must be 0 or a number above it, got -0.1"),
        (lambda: SGD(lr=NAN), "SGD: lr must be a finite number, got nan"),
        (lambda: Adam(lr="0.1"), "Adam: lr must be a finite number, got '0.1'"),
        (lambda: Momentum(1.5), "Momentum: momentum must be"),
        (lambda: Momentum(form="nesterov"), "form must be one of 'pytorch', 'velocity', 'disp"),
        (lambda: Nesterov(form="velocity"), "form must be one of 'pytorch', 'shifted', 'look-"),
        (lambda: Adam(0.001), "Adam: betas must be two numbers .* got 0.001"),
        (lambda: Adam(betas=(0.9, 1.0)), r"betas must be two numbers .* got \(0.9, 1.0\)"),
        (lambda: Adam(betas=(-0.1, 0.9)), "betas must be two numbers"),
        (lambda: Adam(betas=(NAN, 0.9)), "betas must be two numbers"),
        (lambda: Adam(betas=(0.9,)), "betas must be two numbers"),
        (lambda: Adam(betas="ab"), "betas must be two numbers"),
        (lambda: Adam(betas=("0.9", 0.99)), "betas must be two numbers"),
        (lambda: Adam(betas=(True, 0.99)), "betas must be two numbers"),
        (lambda: Adam(eps=-1e-8), "eps must be 0 or a number above it"),
        (lambda: Adam(bias_correction=1), "bias_correction must be one of True, False, 'comp"),
        (lambda: Adam(bias_correction="no"), "bias_correction must be one of"),
        (lambda: Adam(amsgrad="maybe"), "amsgrad must be True or False, got 'maybe'"),
        (lambda: Adam(amsgrad_of="m"), "amsgrad_of must be one of 'v', 'v̂', got 'm'"),
        (lambda: AMSGrad(bias_correction="compounded"), "True or False with amsgrad"),
        (lambda: AdamW(decoupled=0), "decoupled must be True or False, got 0"),
        (lambda: AdaBelief(eps_in_mean=None), "eps_in_mean must be True or False, got None"),
        (lambda: Adamax(eps_place="inside"), "eps_place must be one of"),
        (lambda: NAdam(form="dozat"), "form must be one of 'pytorch', 'simple', got 'dozat'"),
        (lambda: NAdam(momentum_decay=-1), "momentum_decay must be 0 or"),
        (lambda: AdaGrad(lr_decay=-0.1), "lr_decay must be 0 or"),
        (lambda: AdaGrad(initial_accumulator=NAN), "initial_accumulator must be a finite"),
        (lambda: AdaDelta(rho=1.0), "rho must be a number from 0 up to 1"),
        (lambda: RMSprop(alpha=1), "alpha must be a number from 0 up to 1"),
        (lambda: RMSprop(centered=2), "centered must be True or False, got 2"),
        (lambda: RMSprop(momentum_form="velocity"), "momentum_form must be one of"),
        (lambda: Rprop(etas=(1.2, 0.5)), r"etas must be two numbers with 0 < η⁻ < 1 < η⁺, got"),
        (lambda: Rprop(etas=0.5), "etas must be two numbers"),
        (lambda: Rprop(step_sizes=(1.0, 0.1)), "step_sizes must be two numbers with 0 ≤ least"),
        (lambda: Rprop(step_sizes=(-1.0, 0.1)), "step_sizes must be"),
        (lambda: Rprop(variant="rprop"), r"variant must be one of 'irprop-', 'rprop-', 'rprop\+'"),
        (lambda: NormalizedGradient(per="layer"), "per must be one of 'all', 'parameter'"),
        (lambda: NormalizedGradient(eps=-1), "eps must be 0 or"),
        (lambda: Lookahead(SGD(), k=0), "Lookahead: k must be a whole number of at least 1, got 0"),
        (lambda: Lookahead(SGD(), k=2.0), "k must be a whole number"),
        (lambda: Lookahead(SGD(), k=True), "k must be a whole number"),
        (lambda: Lookahead(SGD(), alpha=0.0), "alpha must be a number above 0 and up to 1, or 'f"),
        (lambda: Lookahead(SGD(), alpha=1.5), "alpha must be"),
        (lambda: Lookahead(SGD(), alpha=NAN), "alpha must be"),
        (lambda: Lookahead(SGD(), alpha="fit"), "alpha must be .* got 'fit'"),
        (lambda: Lookahead(SGD(), alpha=None), "alpha must be .* got None"),
        (lambda: Lookahead(SGD(), alpha=[0.5]), "alpha must be"),
        (lambda: Lookahead(SGD(), bounds=(1.0, 0.5)), "bounds must be two numbers, 0 ≤ least"),
        (lambda: Lookahead(SGD(), restart="no"), "restart must be True or False, got 'no'"),
        (lambda: Lookahead(SGD), r"inner must be an optimizer, such as SGD\(\) with brackets"),
        (lambda: Lookahead("sgd"), r"inner must be an optimizer, such as SGD\(\), got 'sgd'"),
        (lambda: Clipped(SGD()), "Clipped: give it a norm or a value to clip at"),
        (lambda: Clipped(SGD(), norm=0.0), "Clipped: norm must be a number above 0, got 0.0"),
        (lambda: Clipped(SGD(), value=-1), "Clipped: value must be a number above 0"),
        (lambda: Clipped(SGD(), norm="big"), "Clipped: norm must be a finite number"),
        (lambda: Clipped(SGD(), 1.0, per="row"), "per must be one of"),
        (lambda: Group("*", SGD), r"optimizer must be an optimizer, such as SGD\(\) with"),
        (lambda: Group("*", 0.1), r"optimizer must be an optimizer, such as SGD\(\), got 0.1"),
        (lambda: Group("", SGD()), "names is a pattern such as"),
        (lambda: Group("*", SGD(), factor=-1.0), "factor must be 0 or a number above it"),
        (lambda: Groups([SGD()]), r"Groups takes a list of Group\(…\), got \[SGD"),
        (lambda: Groups([]), "needs a group, or an optimizer for the rest"),
        (lambda: Groups([Group("a", SGD()), Group("a", Adam())]), "a pattern of its own"),
        (lambda: Groups([Group("rest", SGD())]), "a pattern of its own, not 'rest'"),
    ],
)
def test_options(make: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        make()


@pytest.mark.parametrize("kind", [k for k in OPTIMIZERS.values() if k not in (Lookahead, Clipped)])
def test_where_the_learning_rate_goes(kind: type) -> None:
    """As PyTorch's users write it, `Adam(lr=0.1)`; the rate of one step wins over it."""
    rule = kind(lr=0.5)
    assert rule.rate == 0.5
    assert kind().rate == kind.default_rate
    with pytest.raises(ArgumentError, match="lr must be 0 or a number above it, got -1"):
        kind(lr=-1)


def test_an_option_that_does_not_exist() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'beta1'"):
        Adam(beta1=0.9)  # type: ignore[call-arg]
    with pytest.raises(AttributeError):  # options are what an optimizer is
        Adam().eps = 0.1  # type: ignore[misc]


# -- the learning rate of a step ---------------------------------------------------------------


@pytest.mark.parametrize(
    "rule",
    [Adam(), Lookahead(SGD()), Clipped(SGD(), norm=1.0), Groups([Group("*", SGD(), factor=2.0)])],
    ids=lambda rule: type(rule).__name__,
)
@pytest.mark.parametrize(
    ("lr", "message"),
    [
        (-0.1, "finite number of at least 0, got -0.1; to climb, use maximize=True"),
        (NAN, "finite number of at least 0, got nan"),
        (INF, "finite number of at least 0, got inf"),
        (True, "finite number of at least 0, got True"),
        (np.float32("nan"), "finite number of at least 0"),
        (np.array(-1.0), "finite number of at least 0, got -1.0"),
        ("0.1", "a learning rate is one number, got '0.1'"),
        ([0.1], r"a learning rate is one number, got \[0.1\]"),
        (np.array([0.1, 0.2]), "a learning rate is one number, got array"),
        (mg.Tensor([0.1, 0.2]), "a learning rate is one number, got Tensor"),
        (lambda t: 0.1, "a learning rate is one number, got <function"),
    ],
)
def test_learning_rates(rule: Any, lr: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        step(rule, lr=lr)


def test_a_mapping_of_rates_is_for_groups() -> None:
    with pytest.raises(ArgumentError, match="one number"):
        step(SGD(), lr={"w": 0.1, "b": 0.2})
    rule = Groups([Group("b", SGD())], rest=SGD())
    for lr in ({"b": 0.1}, {"b": 0.1, "w": 0.1}, {"b": 0.1, "rest": 0.1, "c": 0.1}, {}):
        with pytest.raises(
            ArgumentError, match=r"learning rates for .* but the groups are b, rest"
        ):
            step(rule, lr=lr)
    with pytest.raises(ArgumentError, match=r"at least 0, got -0\.1"):
        step(rule, lr={"b": -0.1, "rest": 0.1})


# -- parameters and gradients ------------------------------------------------------------------


@pytest.mark.parametrize("empty", [{}, [], (), {"layers": []}])
def test_no_parameters(empty: Any) -> None:
    for rule in (SGD(), Lookahead(Adam()), Groups([], rest=SGD())):
        with pytest.raises(DataError, match="there are no parameters"):
            rule.init(empty)


@pytest.mark.parametrize("wrong", ["abc", None, {"w": None}, [1.0, "x"], {1.0}, 1j, object()])
def test_parameters_that_are_no_numbers(wrong: Any) -> None:
    with pytest.raises(DataError, match=r"expected (a number|real numbers)"):
        Adam().init(wrong)


def test_whole_numbers_become_floats() -> None:
    params = {"n": 3, "list": [1, 2], "array": np.array([1, 2]), "flag": True}
    rule = SGD(momentum=0.5)
    state = rule.init(params)
    grads = {"n": 1, "list": [1, 0], "array": np.array([0, 1]), "flag": 1}
    new, state = rule.update(params, grads, state, 1)
    assert new["n"] == 2.0
    assert new["list"] == [0.0, 2.0]
    np.testing.assert_array_equal(new["array"], [1.0, 1.0])
    assert all(type(x) is float for x in (new["n"], *new["list"], new["flag"], state["b"]["n"]))
    assert new["array"].dtype == float
    assert params["array"].dtype == int


@pytest.mark.parametrize("rule", [SGD(), Adam(), Lookahead(Adam()), Clipped(SGD(), norm=1.0)])
@pytest.mark.parametrize(
    ("grads", "message"),
    [
        (GRADS["w"], "expected keys w, b, got array"),
        ([GRADS["w"], GRADS["b"]], "expected keys w, b, got 2 parts"),
        ({"w": GRADS["w"]}, "expected keys w, b, got keys w"),
        ({"w": GRADS["w"], "c": GRADS["b"]}, "as mg.grad gives them.*keys w, b, got keys w, c"),
        ({**GRADS, "c": 1.0}, "expected keys w, b, got keys w, b, c"),
        ({"w": [1.0, 2.0], "b": GRADS["b"]}, "expected one number or array at w, got 2 parts"),
        ({"w": np.ones((3, 2)), "b": GRADS["b"]}, r"shape \(2, 3\), its gradient \(3, 2\)"),
        ({"w": 1.0, "b": GRADS["b"]}, r"parameter 0 has shape \(2, 3\), its gradient \(\)"),
        ({"w": np.ones((1, 3)), "b": GRADS["b"]}, r"shape \(2, 3\), its gradient \(1, 3\)"),
    ],
)
def test_gradients_of_another_structure(rule: Any, grads: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        step(rule, grads=grads)


def test_where_structures_differ() -> None:
    params = {"layers": [{"w": 1.0}, {"w": 2.0}]}
    rule = Momentum()
    state = rule.init(params)
    with pytest.raises(ShapeError, match=r"expected keys w at layers\.1, got keys v"):
        rule.update(params, {"layers": [{"w": 1.0}, {"v": 1.0}]}, state, 0.1)
    with pytest.raises(ShapeError, match="expected 2 parts at layers, got 1 parts"):
        rule.update(params, {"layers": [{"w": 1.0}]}, state, 0.1)


def test_a_gradient_that_was_never_computed() -> None:
    """`x.grad` before `backward()`, and a function where a gradient is wanted."""
    x = mg.Tensor(1.0)
    with pytest.raises(DataError, match=r"gradient of parameter 0 is None: call backward\(\)"):
        SGD().update(x, x.grad, SGD().init(x), 0.1)
    with pytest.raises(DataError, match="expected a number or an array of numbers, got function"):
        SGD().update(1.0, lambda p: p, SGD().init(1.0), 0.1)


def test_nan_in_a_gradient_shows_in_the_parameters() -> None:
    """Nothing hides it: NaN moves on, and whoever looks for it finds it."""
    for kind in OPTIMIZERS.values():
        if kind in (Lookahead, Clipped, Frozen, Rprop):
            continue
        rule = kind()
        new, _ = rule.update(1.0, NAN, rule.init(1.0), 0.1)
        assert np.isnan(new), kind


# -- states ------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [SGD(), Adam(), Lookahead(SGD()), Groups([], rest=SGD())])
@pytest.mark.parametrize("state", [None, {}, [], 0.0, {"t": 0.0, "x": 1.0}])
def test_what_is_no_state(rule: Any, state: Any) -> None:
    with pytest.raises(ArgumentError, match=r"no state of \w+, which has .*; got .*init\(params\)"):
        step(rule, state=state)


def test_the_state_of_another_optimizer() -> None:
    with pytest.raises(
        ArgumentError, match=r"no state of Adam, which has m, t, v; got t, v\. Make"
    ):
        step(Adam(), state=Momentum().init(PARAMS))
    with pytest.raises(ArgumentError, match="no state of Momentum, which has t, v; got t, m, v"):
        step(Momentum(), state=Adam().init(PARAMS))
    with pytest.raises(ArgumentError, match="which has highest, m, t, v; got t, m, v"):
        step(AMSGrad(), state=Adam().init(PARAMS))
    with pytest.raises(ArgumentError, match="no state of Lookahead, which has inner, start, steps"):
        step(Lookahead(Adam()), state=Adam().init(PARAMS))
    with pytest.raises(ArgumentError, match="no state of Adam"):  # inside, too
        step(Lookahead(Adam()), state=Lookahead(SGD()).init(PARAMS))
    with pytest.raises(ArgumentError, match="no state of Groups, which has b, rest"):
        step(Groups([Group("b", SGD())], rest=SGD()), state=SGD().init(PARAMS))


@pytest.mark.parametrize(
    "rule",
    [Momentum(), Nesterov(form="look-ahead"), Adam(), NAdam(), Lookahead(SGD()), Rprop()],
    ids=lambda rule: rule.text,
)
@pytest.mark.parametrize(
    "others",
    [
        {"w": np.ones((2, 3))},
        {"w": np.ones((2, 3)), "c": np.ones(3)},
        {"w": np.ones((2, 3)), "b": [1.0, 2.0, 3.0]},
        [np.ones((2, 3)), np.ones(3)],
        {"w": np.ones((3, 3)), "b": np.ones(3)},
        {"w": np.ones((1, 2, 3)), "b": np.ones(3)},
    ],
    ids=str,
)
def test_the_state_of_other_parameters(rule: Any, others: Any) -> None:
    state = rule.init(others)
    with pytest.raises(ShapeError, match=r"make a new state with init\(params\)"):
        step(rule, state=state)


def test_a_lookahead_that_is_fitted_needs_the_loss() -> None:
    rule = Lookahead(SGD(), alpha="fitted")
    with pytest.raises(ArgumentError, match=r"compares losses: give it one, update\(…, loss=loss"):
        step(rule)
    with pytest.raises(ArgumentError, match="compares losses"):
        step(Clipped(rule, norm=1.0))
    assert step(rule, loss=1.0)


# -- groups ------------------------------------------------------------------------------------


def test_groups_and_names() -> None:
    with pytest.raises(ArgumentError, match=r"no parameter belongs to the group 'bias'; .* w, b"):
        Groups([Group("bias", SGD())], rest=SGD()).init(PARAMS)
    with pytest.raises(ArgumentError, match="parameter 'w' belongs to no group: give Groups a `r"):
        Groups([Group("b", SGD())]).init(PARAMS)
    # a pattern that others have used up
    with pytest.raises(ArgumentError, match="no parameter belongs to the group 'b'"):
        Groups([Group("*", SGD()), Group("b", SGD())]).init(PARAMS)
    with pytest.raises(ArgumentError, match=r"two parameters are called 'a\.b': rename one"):
        Groups([], rest=SGD()).init({"a.b": 1.0, "a": {"b": 2.0}})
    # a rest of none is fine
    rule = Groups([Group("*", SGD())], rest=Adam())
    assert rule.init(PARAMS)["rest"] == {}
    step(rule)


# -- texts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("adm(eps=1)", "no optimizer 'adm'. Did you mean 'adam'.*There are: sgd, momentum, "),
        ("qqq", "no optimizer 'qqq'. There are: sgd"),
        ("adam(ep=1)", "adam has no option 'ep'. Did you mean 'eps'.* It has: .*betas, eps"),
        ("adam(beta=1)", "no option 'beta'. Did you mean 'betas'"),
        ("adam(zzz=1)", "adam has no option 'zzz'. It has: "),
        ("adam(eps=-1)", "Adam: eps must be 0 or a number above it, got -1"),
        ("adam(eps=1e999)", "eps must be a finite number, got inf"),
        ("adam(eps=tiny)", "eps must be a finite number, got 'tiny'"),
        ("adam(lr=-1)", "lr must be 0 or a number above it, got -1"),
        ("adam(betas=(1, 2))", r"betas must be two numbers .* got \(1, 2\)"),
        ("adam(amsgrad=maybe)", "amsgrad must be True or False, got 'maybe'"),
        ("adam(eps=1, eps=2)", "gives 'eps' twice"),
        ("adam((0.9, 0.99), betas=(0.9, 0.99))", "gives 'betas' twice"),
        ("sgd(0.9)", "takes 0 options without a name"),
        ("frozen(1)", "frozen takes 0 options without a name .none., got 1"),
        ("", "'' is no optimizer: write a name and its options, as in sgd"),
        ("  ", "is no optimizer: write a name"),
        ("adam(", "is no optimizer: write a name and its options"),
        ("adam)", "is no optimizer"),
        ("adam(eps=)", "is no optimizer"),
        ("adam sgd", "is no optimizer"),
        ("adam; sgd", "is no optimizer"),
        ("adam\nsgd", "is no optimizer"),
        ("3", "'3' is no optimizer: write a name, or name"),
        ("adam + sgd", "is no optimizer"),
        ("optim.adam", "is no optimizer"),
        ("adam()()", "is no optimizer"),
        ("[adam]", "is no optimizer"),
        ("lambda: 0", "is no optimizer"),
        ("(" * 500, "is no optimizer"),
        ("adam(eps=1 + 1)", r"'1 \+ 1' is no number, tuple or word"),
        ("adam(*[1])", "is no number, tuple or word"),
        ("adam(eps=x.y)", "'x.y' is no number, tuple or word"),
        ("adam(eps=[c for c in 'a'])", "is no number, tuple or word"),
        ("adam(**{'eps': 1})", "write each option by its name"),
        ("lookahead", "lookahead needs its option 'inner': write lookahead.inner=…"),
        ("lookahead(k=3)", "lookahead needs its option 'inner'"),
        ("lookahead(adma)", "inner must be an optimizer, such as SGD.., got 'adma'"),
        ("lookahead(3)", "inner must be an optimizer, such as SGD.., got 3"),
        ("lookahead(adam(ep=1))", "adam has no option 'ep'"),
        ("clipped(sgd)", "give it a norm or a value"),
        ("nesterov(form=velocity)", "form must be one of .*'look-ahead'.* got 'velocity'"),
        ("groups", "there is no optimizer 'groups'"),
        ("optimizer", "there is no optimizer 'optimizer'"),
        (None, "expected the name of an optimizer, as text, got None"),
        (Adam, "expected the name of an optimizer, as text, got <class"),
        (b"adam", "expected the name of an optimizer, as text, got b'adam'"),
    ],
)
def test_texts(text: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        read_optimizer(text)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').getcwd()",
        "__import__('os')",
        "adam(eps=__import__('os').getpid())",
        "adam(eps=(lambda: 1)())",
        "adam(betas=(0.9, print(1)))",
        "adam(eps=open('x'))",
    ],
)
def test_texts_are_never_executed(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ArgumentError):
        read_optimizer(text)
    assert capsys.readouterr().out == ""


def test_texts_that_are_fine() -> None:
    assert read_optimizer("ADAM") == Adam()
    assert read_optimizer(" Adam( eps = 1e-3 ) ") == Adam(eps=1e-3)
    assert read_optimizer("ada_grad") == AdaGrad()
    assert read_optimizer("nesterov(form=look-ahead)") == Nesterov(form="look-ahead")
    assert read_optimizer("momentum(0.5, velocity)") == Momentum(0.5, form="velocity")
    assert read_optimizer("adam(amsgrad=true)") == Adam(amsgrad=True)
    assert read_optimizer("rprop(step_sizes=(0, inf))") == Rprop(step_sizes=(0, INF))
    assert read_optimizer("lookahead(adam(eps=1), alpha=fitted)") == Lookahead(
        Adam(eps=1), alpha="fitted"
    )


def test_every_error_is_microgds() -> None:
    """One `except` catches them all, and so does the built-in one that fits."""
    for call, built_in in (
        (lambda: Adam(eps=-1), ValueError),
        (lambda: step(Adam(), lr=-1.0), ValueError),
        (lambda: step(Adam(), grads={}), ValueError),
        (lambda: Adam().init("x"), TypeError),
        (lambda: read_optimizer("adm"), ValueError),
        (lambda: clip_norm([None], 1.0), TypeError),
    ):
        with pytest.raises(MicrogdError) as caught:
            call()
        assert isinstance(caught.value, built_in)
