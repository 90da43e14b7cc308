"""How weights begin: their spread, their keys, and what becomes of the values of a deep net."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import microgd as mg
from microgd.errors import ArgumentError, ShapeError
from microgd.init import (
    INITS,
    Constant,
    HeNormal,
    HeUniform,
    LeCunNormal,
    LeCunUniform,
    Normal,
    Uniform,
    XavierNormal,
    XavierUniform,
    Zeros,
    fans,
    generator,
    read_init,
)

SHAPE = (300, 200)
COUNT = 300 * 200

#: A rule, the standard deviation for SHAPE by its formula, and the limit of the uniform ones.
RANDOM: dict[str, tuple[Any, float, float | None]] = {
    "normal": (Normal(), 0.01, None),
    "normal(sigma=1)": (Normal(1), 1.0, None),
    "uniform": (Uniform(), 0.1 / math.sqrt(3), 0.1),
    "uniform(limit=2)": (Uniform(2), 2 / math.sqrt(3), 2.0),
    "xaviernormal": (XavierNormal(), math.sqrt(2 / 500), None),
    "xavieruniform": (XavierUniform(), math.sqrt(2 / 500), math.sqrt(6 / 500)),
    "xaviernormal(fan=in)": (XavierNormal(fan="in"), 1 / math.sqrt(300), None),
    "xaviernormal(gain=5/3, fan=out)": (XavierNormal(5 / 3, "out"), 5 / 3 / math.sqrt(200), None),
    "henormal": (HeNormal(), math.sqrt(2 / 300), None),
    "heuniform": (HeUniform(), math.sqrt(2 / 300), math.sqrt(6 / 300)),
    "henormal(fan=out)": (HeNormal(fan="out"), math.sqrt(2 / 200), None),
    "heuniform(fan=average)": (HeUniform(fan="average"), math.sqrt(2 / 250), math.sqrt(6 / 250)),
    "lecunnormal": (LeCunNormal(), 1 / math.sqrt(300), None),
    "lecununiform": (LeCunUniform(), 1 / math.sqrt(300), math.sqrt(3 / 300)),
    "lecununiform(gain=2)": (LeCunUniform(2.0), 2 / math.sqrt(300), 2 * math.sqrt(3 / 300)),
}
EACH = pytest.mark.parametrize("text", RANDOM)


def test_every_rule_is_here() -> None:
    tried = {type(rule) for rule, *_ in RANDOM.values()} | {Zeros, Constant}
    assert set(INITS.values()) == tried


@EACH
def test_mean_and_spread(text: str) -> None:
    rule, sigma, limit = RANDOM[text]
    drawn = rule(SHAPE, 1)
    assert drawn.shape == SHAPE
    assert drawn.dtype == np.float64
    # Standard errors: σ/√n of the mean; of the deviation σ/√2n, and less where it is uniform.
    assert abs(drawn.mean()) < 4 * sigma / math.sqrt(COUNT)
    assert abs(drawn.std() - sigma) < 4 * sigma / math.sqrt(2 * COUNT)
    fourth = ((drawn / sigma) ** 4).mean()
    if limit is None:
        assert abs(fourth - 3.0) < 4 * math.sqrt(96 / COUNT)
        assert np.abs(drawn).max() > 3.5 * sigma
    else:
        assert abs(fourth - 1.8) < 4 * math.sqrt((81 / 9 - 1.8**2) / COUNT)
        assert 0.999 * limit < np.abs(drawn).max() <= limit


@EACH
def test_deviation_by_formula(text: str) -> None:
    rule, sigma, _ = RANDOM[text]
    if hasattr(rule, "deviation"):
        assert rule.deviation(SHAPE) == pytest.approx(sigma, rel=1e-15)


def test_the_lectures_formulas() -> None:
    """randn/√fan_in and randn/√(fan_in/2), with the same random numbers as the plain randn."""
    plain = Normal(1.0)(SHAPE, 5)
    assert_allclose(Normal(0.01)(SHAPE, 5), 0.01 * plain, rtol=1e-15)
    assert_allclose(XavierNormal(fan="in")(SHAPE, 5), plain / np.sqrt(300), rtol=1e-15)
    assert_allclose(HeNormal()(SHAPE, 5), plain / np.sqrt(300 / 2.0), rtol=1e-15)
    assert_array_equal(LeCunNormal()(SHAPE, 5), XavierNormal(fan="in")(SHAPE, 5))


def test_numbers_that_are_not_random() -> None:
    assert_array_equal(Zeros()((2, 3)), np.zeros((2, 3)))
    assert_array_equal(Constant()((3,)), np.full(3, 0.01))
    assert_array_equal(Constant(-2)((3, 1), 9), np.full((3, 1), -2.0))


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("rule", "theirs", "options", "sigma"),
    [
        (XavierNormal(), "xavier_normal_", {}, True),
        (XavierNormal(5 / 3), "xavier_normal_", {"gain": 5 / 3}, True),
        (XavierUniform(), "xavier_uniform_", {}, False),
        (HeNormal(), "kaiming_normal_", {"nonlinearity": "relu"}, True),
        (HeNormal(fan="out"), "kaiming_normal_", {"mode": "fan_out"}, True),
        (HeUniform(), "kaiming_uniform_", {"nonlinearity": "relu"}, False),
        (LeCunNormal(), "kaiming_normal_", {"nonlinearity": "linear"}, True),
        (LeCunNormal(5 / 3), "kaiming_normal_", {"nonlinearity": "tanh"}, True),
    ],
)
def test_pytorchs_spread(
    rule: Any, theirs: str, options: Any, sigma: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What PyTorch hands to its random numbers: a deviation, or the two limits."""
    torch = pytest.importorskip("torch")
    asked: list[tuple[float, ...]] = []

    def seen(self: Any, first: float, second: float, generator: Any = None) -> Any:
        asked.append((first, second))
        return self

    monkeypatch.setattr(torch.Tensor, "normal_" if sigma else "uniform_", seen)
    outputs_first = torch.empty(SHAPE[1], SHAPE[0])
    if theirs.startswith("kaiming"):
        options = {"nonlinearity": "relu", **options}
    getattr(torch.nn.init, theirs)(outputs_first, **options)
    ((low, high),) = asked
    if sigma:
        assert (low, high) == (0, pytest.approx(rule.deviation(SHAPE), rel=1e-14))
    else:
        limit = math.sqrt(3.0) * rule.deviation(SHAPE)
        assert (-low, high) == (pytest.approx(limit, rel=1e-14),) * 2


# -- keys ----------------------------------------------------------------------------------------


@EACH
def test_the_same_key_draws_the_same_numbers(text: str) -> None:
    rule = RANDOM[text][0]
    assert_array_equal(rule((4, 3), 7), rule((4, 3), 7))
    assert_array_equal(rule((4, 3), (1, 2)), rule((4, 3), (1, 2)))
    assert_array_equal(rule((4, 3), np.int64(7)), rule((4, 3), (7,)))
    assert not np.array_equal(rule((4, 3), 7), rule((4, 3), 8))


KEYS = st.lists(
    st.one_of(st.integers(0, 3), st.integers(2**32 - 1, 2**32 + 1), st.integers(0, 2**64 - 1)),
    min_size=1,
    max_size=4,
).map(tuple)


@given(KEYS, KEYS)
def test_two_keys_have_two_streams(one: Any, other: Any) -> None:
    same = generator(one).random() == generator(other).random()
    assert same == (one == other)


def test_keys_that_numpy_takes_for_the_same() -> None:
    keys = [0, (0, 0), (0, 0, 0), 2**32, (0, 1), (1, 0), 1, (1, 0, 0)]
    assert len({float(generator(key).random()) for key in keys}) == len(keys)


PINNED = [-2.4783843469371214, 0.416852462987295, 0.4450811735717037]


def test_numbers_are_those_of_today() -> None:
    """A checkpoint's seed means the same weights in the next version."""
    assert_allclose(Normal(1.0)((3,), (3, 1, 4)), PINNED, rtol=1e-12)


@pytest.mark.parametrize(
    "key", [-1, 1.5, "a", None, True, [1], (1, -2), (1, "a"), (1, (2, 3)), 2**64]
)
@pytest.mark.parametrize("rule", [Normal(), Uniform(), HeNormal(), XavierUniform()])
def test_what_is_no_key(rule: Any, key: Any) -> None:
    with pytest.raises(ArgumentError, match="a key is a whole number from 0"):
        rule((2, 2), key)


# -- as text, and what is refused ----------------------------------------------------------------


@EACH
def test_text_there_and_back(text: str) -> None:
    rule = RANDOM[text][0]
    assert read_init(text) == rule
    assert read_init(rule.text) == rule
    assert type(read_init(rule.text)) is type(rule)


def test_text_is_short() -> None:
    assert HeNormal().text == "henormal"
    assert XavierUniform().text == "xavieruniform"
    assert Normal(1.0).text == "normal(sigma=1.0)"
    assert XavierNormal(fan="in").text == "xaviernormal(fan='in')"
    assert read_init("He_Uniform") == read_init("heuniform") == HeUniform()
    assert read_init("constant(0.5)") == Constant(0.5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "expected the name of an initialisation, as text, got None"),
        ("henormall", "there is no initialisation 'henormall'. Did you mean 'henormal'"),
        ("he_normal(sigma=1)", "has no option 'sigma'"),
        ("normal(sigma=-1)", "sigma must be 0 or a number above it, got -1"),
        ("normal(sigma=inf)", "sigma must be a finite number"),
        ("uniform(limit=-0.1)", "limit must be 0 or a number above it"),
        ("constant(value='a')", "value must be a finite number"),
        ("henormal(gain=0)", "gain must be a number above 0, got 0"),
        ("henormal(fan=both)", "fan must be one of 'in', 'out', 'average', got 'both'"),
        ("lecunnormal(distribution=cauchy)", "distribution must be one of 'normal', 'uniform'"),
        ("zeros(3)", "zeros takes 0 options"),
        ("__import__('os')", "there is no initialisation"),
        ("1 + 1", "is no initialisation"),
    ],
)
def test_text_that_is_no_rule(text: str, words: str) -> None:
    with pytest.raises(ArgumentError, match=re.escape(words)):
        read_init(text)


def test_fans() -> None:
    assert fans((784, 128)) == (784, 128)
    assert fans((5, 3, 2)) == (5, 2)
    for shape in ((3,), (), (0, 4), (4, 0)):
        with pytest.raises(ShapeError, match="weights have inputs and outputs"):
            fans(shape)
        with pytest.raises(ShapeError):
            HeNormal()(shape)
    assert Normal()((3,)).shape == (3,)
    assert Uniform()((), 1).shape == ()


# -- F1: what becomes of the values of a deep net ------------------------------------------------

DEPTH, WIDTH = 6, 100
X = np.random.default_rng(0).standard_normal((200, WIDTH))


def hidden(weights: Any, activation: str, key: int = 0) -> list[np.ndarray]:
    """The values that come out of each hidden layer."""
    layers: list[Any] = []
    for _ in range(DEPTH):
        layers += [mg.nn.Linear(WIDTH, WIDTH, weights), mg.nn.Activation(activation)]
    net = mg.nn.Sequential(layers)
    found = net.activations(net.init(key, "float64"), {}, X)
    return [found[f"{activation}{i + 1}"] for i in range(DEPTH)]


def deviations(weights: Any, activation: str) -> list[float]:
    return [float(h.std()) for h in hidden(weights, activation)]


def test_zeros_say_nothing() -> None:
    assert deviations(Zeros(), "tanh") == deviations(Zeros(), "relu") == [0.0] * DEPTH
    assert all((h == 0.5).all() for h in hidden(Zeros(), "sigmoid"))


def test_small_weights_die_out() -> None:
    """0.01·randn: each layer multiplies by 0.01·√100 = 0.1, until nothing is left."""
    found = deviations(Normal(0.01), "tanh")
    for layer, deviation in enumerate(found, start=1):
        assert deviation == pytest.approx(0.1**layer, rel=0.15)
    relu = deviations(Normal(0.01), "relu")
    assert relu[-1] < 1e-6 < relu[0]


def test_large_weights_saturate_tanh() -> None:
    """1.00·randn: sums of deviation 10, so nearly all of tanh's values are −1 or 1."""
    for values in hidden(Normal(1.0), "tanh"):
        assert (np.abs(values) > 0.95).mean() > 0.8
        assert values.std() > 0.95
        assert (1.0 - values**2).mean() < 0.1  # what is left of the gradient, at each layer


def test_large_weights_explode_behind_relu() -> None:
    found = deviations(Normal(1.0), "relu")
    growth = [after / before for before, after in pairwise(found)]
    assert all(5 < factor < 9 for factor in growth)  # √(100/2) = 7.1
    assert found[-1] > 1e4


@pytest.mark.parametrize("rule", [XavierNormal(), XavierUniform(), XavierNormal(fan="in")])
def test_xavier_keeps_tanh_alive(rule: Any) -> None:
    found = deviations(rule, "tanh")
    assert all(0.25 < deviation < 0.7 for deviation in found)
    assert all((np.abs(h) > 0.95).mean() < 0.09 for h in hidden(rule, "tanh"))


@pytest.mark.parametrize("rule", [HeNormal(), HeUniform()])
def test_he_keeps_relu_alive_and_xavier_does_not(rule: Any) -> None:
    found = deviations(rule, "relu")
    assert all(0.55 < deviation < 1.2 for deviation in found)
    # Xavier loses √2 at each layer, as half of the values are cut off
    xavier = deviations(XavierNormal(), "relu")
    assert xavier[-1] / xavier[0] == pytest.approx(2 ** (-(DEPTH - 1) / 2), rel=0.35)
    assert xavier[-1] < found[-1] / 4


def test_lecun_keeps_selu_at_mean_0_and_deviation_1() -> None:
    for values in hidden(LeCunNormal(), "selu"):
        assert abs(values.mean()) < 0.15
        assert values.std() == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
@pytest.mark.parametrize("weights", [Zeros(), Constant(0.3)])
def test_equal_weights_stay_equal(weights: Any, activation: str) -> None:
    """Symmetry is not broken: after 20 steps all hidden units are still the same one."""
    net = mg.nn.MLP((3, 5, 2), activation, weights=weights, biases=weights)
    x = np.random.default_rng(1).standard_normal((8, 3))
    labels = (np.arange(8) % 3 == 0).astype(int)
    params = net.init(0, "float64")
    adam = mg.optim.Adam()
    state = adam.init(params)
    slope = mg.grad(lambda p: mg.losses.cross_entropy(net(p, x), labels))
    for _ in range(20):
        params, state = adam.update(params, slope(params), state, lr=0.1)
    first, second = params["linear1"], params["linear2"]
    for unit in range(1, 5):
        assert_allclose(first["w"][:, unit], first["w"][:, 0], rtol=1e-12, atol=1e-15)
        assert_allclose(first["b"][unit], first["b"][0], rtol=1e-12, atol=1e-15)
        assert_allclose(second["w"][unit], second["w"][0], rtol=1e-12, atol=1e-15)
    moved = max(
        np.abs(leaf - (weights.value if isinstance(weights, Constant) else 0)).max()
        for leaf in (second["w"], second["b"])
    )
    assert moved > 1e-3
    if isinstance(weights, Zeros) and activation != "sigmoid":
        # tanh(0) = relu(0) = 0: nothing gets through, and only the last biases learn
        assert not first["w"].any()
        assert not second["w"].any()


def test_random_weights_become_different() -> None:
    net = mg.nn.MLP((3, 5, 2), "tanh", weights="normal")
    params = net.init(0, "float64")
    columns = params["linear1"]["w"].T
    assert len({tuple(column) for column in columns}) == 5
