"""Layers and nets: against PyTorch, against formulas by hand, in training and afterwards."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import microgd as mg
from microgd.autodiff.tree import leaves, paths, rebuilt
from microgd.errors import ArgumentError, DataError, ShapeError
from microgd.losses import cross_entropy, half_squared
from microgd.nn import (
    ACTIVATIONS,
    EVALUATE,
    MLP,
    Activation,
    BatchNorm,
    Dropout,
    Layer,
    Linear,
    Mode,
    Sequential,
)

RNG = np.random.default_rng(11)
X = RNG.normal(size=(6, 4))
TRAIN = Mode(train=True)
#: Both sides compute in float64, with sums of at most 32 terms near 1.
CLOSE = {"rtol": 1e-12, "atol": 1e-13}


def pulled(layer: Layer, params: Any, state: Any, x: Any, mode: Mode, up: Any) -> Any:
    """The outputs, the new state, and the gradients for the parameters and x."""
    kept: list[Any] = []

    def forward(params: Any, x: Any) -> Any:
        y, new = layer.forward(params, state, x, mode)
        kept.append((y, new))
        return mg.sum(y * up)

    slopes = mg.grad(forward, wrt=(0, 1))(params, x)
    y, new = kept[0]
    return y.data, {n: getattr(v, "data", v) for n, v in new.items()}, *slopes


# -- layer by layer ------------------------------------------------------------------------------


def test_linear_by_hand() -> None:
    layer = Linear(4, 3)
    params = layer.init(0)
    params["b"] = RNG.normal(size=3)
    up = RNG.normal(size=(6, 3))
    y, state, slopes, back = pulled(layer, params, {}, X, TRAIN, up)
    assert state == {}
    assert_allclose(y, X @ params["w"] + params["b"], **CLOSE)
    assert_allclose(slopes["w"], X.T @ up, **CLOSE)
    assert_allclose(slopes["b"], up.sum(axis=0), **CLOSE)
    assert_allclose(back, up @ params["w"].T, **CLOSE)


def test_linear_without_biases() -> None:
    layer = Linear(4, 3, biases=None)
    params = layer.init(0)
    assert list(params) == ["w"]
    assert_allclose(layer.forward(params, {}, X, EVALUATE)[0], X @ params["w"], **CLOSE)


def test_linear_begins_as_it_is_told() -> None:
    layer = Linear(4, 3, "normal(sigma=2)", "constant(0.5)")
    params = layer.init((1, 2))
    assert_array_equal(params["w"], mg.init.Normal(2)((4, 3), (1, 2, 0)))
    assert_array_equal(params["b"], np.full(3, 0.5))
    assert layer == Linear(4, 3, mg.init.Normal(2), mg.init.Constant(0.5))
    assert_array_equal(layer.init(7)["w"], layer.init((7,))["w"])
    noisy = Linear(3, 3, "normal", "normal").init(0)
    assert not np.array_equal(noisy["w"][0], noisy["b"])


#: What PyTorch calls each activation, and its options.
TORCH: dict[str, tuple[str, dict[str, float]]] = {
    "relu": ("relu", {}),
    "sigmoid": ("sigmoid", {}),
    "tanh": ("tanh", {}),
    "leaky_relu": ("leaky_relu", {"negative_slope": 0.01}),
    "elu": ("elu", {}),
    "selu": ("selu", {}),
    "softplus": ("softplus", {}),
    "centred_softplus": ("softplus", {}),
    "vrelu": ("leaky_relu", {"negative_slope": 0.1}),
    "rrelu": ("rrelu", {"lower": 0.1, "upper": 0.5, "training": False}),
    "identity": ("", {}),
}


def test_every_activation_is_here() -> None:
    assert {*TORCH, "prelu"} == set(ACTIVATIONS)


@pytest.mark.oracle
@pytest.mark.parametrize("name", TORCH)
def test_pytorchs_activations(name: str) -> None:
    torch = pytest.importorskip("torch")
    theirs, options = TORCH[name]
    x = torch.tensor(X, requires_grad=True)
    y = getattr(torch.nn.functional, theirs)(x, **options) if theirs else x * 1.0
    if name == "centred_softplus":
        y = y - math.log(2.0)
    up = RNG.normal(size=X.shape)
    (y * torch.tensor(up)).sum().backward()
    mine, state, params, back = pulled(Activation(name), {}, {}, X, EVALUATE, up)
    assert (state, params) == ({}, {})
    assert_allclose(mine, y.detach().numpy(), **CLOSE)
    assert_allclose(back, x.grad.numpy(), **CLOSE)


@pytest.mark.oracle
def test_pytorchs_prelu() -> None:
    torch = pytest.importorskip("torch")
    theirs = torch.nn.PReLU(init=0.375).double()
    x, up = torch.tensor(X, requires_grad=True), RNG.normal(size=X.shape)
    y = theirs(x)
    (y * torch.tensor(up)).sum().backward()
    layer = Activation("prelu", slope=0.375)  # a number that PyTorch's float32 holds
    mine, _, slopes, back = pulled(layer, layer.init(0), {}, X, TRAIN, up)
    assert_allclose(mine, y.detach().numpy(), **CLOSE)
    assert_allclose(back, x.grad.numpy(), **CLOSE)
    assert_allclose(slopes["alpha"], theirs.weight.grad.numpy()[0], **CLOSE)


def test_prelu_learns_its_slope() -> None:
    net = Sequential([Activation("prelu")])
    x = RNG.normal(size=(30, 1))
    wanted = np.where(x > 0, x, 0.7 * x)
    params: Any = net.init(0, "float64")
    assert params["prelu1"]["alpha"] == 0.25
    sgd = mg.optim.SGD()
    state = sgd.init(params)
    slope = mg.grad(lambda p: half_squared(net(p, x), wanted))
    for _ in range(100):
        params, state = sgd.update(params, slope(params), state, lr=1.0)
    assert float(params["prelu1"]["alpha"]) == pytest.approx(0.7, abs=1e-6)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("mode", [TRAIN, EVALUATE], ids=["training", "evaluating"])
def test_gradients_of_activations(name: str, mode: Mode) -> None:
    layer = Activation(name)
    params = layer.init(0)

    def forward(x: Any, *alpha: Any) -> Any:
        return layer.forward(dict(zip(params, alpha, strict=True)), {}, x, mode)[0]

    report = mg.check_gradients(forward, X, *params.values())
    assert report, report
    assert layer.shape_after((5, 2)) == (5, 2)


def test_rrelu_draws_in_training_only() -> None:
    layer = Activation("rrelu")
    x = -np.ones((100, 50))
    slopes = -layer.forward({}, {}, x, Mode(True, 3, 5))[0]
    assert slopes.min() >= 0.1
    assert slopes.max() < 0.5
    # Standard error of the mean: 0.4/√12/√5000 = 0.0016.
    assert slopes.mean() == pytest.approx(0.3, abs=4 * 0.0016)
    assert_array_equal(layer.forward({}, {}, x, Mode(True, 3, 5))[0], -slopes)
    assert not np.array_equal(layer.forward({}, {}, x, Mode(True, 4, 5))[0], -slopes)
    assert not np.array_equal(layer.forward({}, {}, x, Mode(True, 3, 6))[0], -slopes)
    assert_allclose(layer.forward({}, {}, x, EVALUATE)[0], -0.3, rtol=1e-15)
    assert_array_equal(layer.forward({}, {}, -x, Mode(True))[0], -x)


# -- dropout -------------------------------------------------------------------------------------

ONES = np.ones((200, 100))


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("inverted", [True, False])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_dropout_in_training(p: float, inverted: bool, dtype: Any) -> None:
    layer = Dropout(p, inverted)
    y = layer.forward({}, {}, ONES.astype(dtype), Mode(True, 2, 9))[0]
    assert y.dtype == dtype
    kept = 1.0 / (1.0 - p) if inverted else 1.0
    assert_allclose(np.unique(y), [0.0, kept], rtol=1e-6)
    spread = math.sqrt(p * (1 - p) / ONES.size)
    dropped = (y == 0).mean()
    assert abs(dropped - p) < 4 * spread
    for axis in (0, 1):  # no row and no column is special
        shares = (y == 0).mean(axis=axis)
        assert np.abs(shares - p).max() < 5 * math.sqrt(p * (1 - p) / ONES.shape[axis])
    # inverted: the mean is kept now; direct: it is lower, and the evaluation takes that up
    assert y.mean() == pytest.approx(1.0 if inverted else 1.0 - p, abs=4 * spread * kept)
    after = layer.forward({}, {}, ONES.astype(dtype), EVALUATE)[0]
    assert after.dtype == dtype
    assert_allclose(after, 1.0 if inverted else 1.0 - p, rtol=1e-6)


def test_direct_and_inverted_drop_the_same() -> None:
    mode = Mode(True, 5, 1)
    direct, inverted = (Dropout(0.3, i).forward({}, {}, X, mode)[0] for i in (False, True))
    assert_allclose(direct / 0.7, inverted, rtol=1e-15)
    assert_array_equal(direct, np.where(direct == 0, 0.0, X))


def test_masks_belong_to_a_step_a_seed_and_a_layer() -> None:
    layer = Dropout(0.5)

    def mask(step: Any, seed: int) -> np.ndarray:
        return np.asarray(layer.forward({}, {}, ONES, Mode(True, step, seed))[0] == 0)

    first = mask(0.0, 0)
    assert_array_equal(first, mask(0, 0))
    assert_array_equal(first, np.asarray(mask(mg.Tensor(0.0), 0)))
    others = [mask(1.0, 0), mask(0.0, 1), mask(1.0, 1), mask(2.0, 0)]
    for number, one in enumerate(others):
        for other in [first, *others[:number]]:
            # two masks that know nothing of each other agree in half of the places
            assert abs((one == other).mean() - 0.5) < 4 * 0.5 / math.sqrt(ONES.size)


def test_each_layer_of_a_net_has_masks_of_its_own() -> None:
    net = Sequential([Dropout(0.5, False), Dropout(0.5, False), Dropout(0.5, False)])
    seen = net.activations({}, {}, ONES, Mode(True, 0, 0))
    # were they the same, the second would drop nothing more
    for name, share in (("dropout1", 0.5), ("dropout2", 0.25), ("dropout3", 0.125)):
        assert seen[name].mean() == pytest.approx(share, abs=0.02)
    again, _ = net.apply({}, {}, ONES, Mode(True, 0, 0))
    assert_array_equal(again, seen["dropout3"])
    assert not np.array_equal(net.apply({}, {}, ONES, Mode(True, 1, 0))[0], again)
    assert not np.array_equal(net.apply({}, {}, ONES, Mode(True, 0, 1))[0], again)


def test_seeds_of_layers_do_not_meet() -> None:
    seeds = [0, 1, 2**32, 2**32 + 1, 2**64 - 1]
    found = {Mode(True, 0, seed).salted(place).seed for seed in seeds for place in range(50)}
    assert len(found) == 5 * 50
    assert max(found) < 2**32


def test_evaluating_is_not_random() -> None:
    net = MLP((4, 8, 2), dropout=0.5)
    params = net.init(0)
    outputs = [net(params, X), net.apply(params, {}, X, Mode(False, 5, 8))[0], net(params, X)]
    assert_array_equal(outputs[0], outputs[1])
    assert_array_equal(outputs[0], outputs[2])


def test_dropout_of_nothing() -> None:
    layer = Dropout(0.0)
    for mode in (TRAIN, EVALUATE):
        assert layer.forward({}, {}, X, mode)[0] is X
    assert "dropout1" not in MLP((2, 3, 1), dropout=0.0).layers


def test_gradient_of_dropout_has_the_same_mask() -> None:
    layer = Dropout(0.4)
    y, _, _, back = pulled(layer, {}, {}, X, Mode(True, 4, 4), np.ones_like(X))
    assert_allclose(back, y / X, rtol=1e-14)
    assert 0 < (back == 0).sum() < X.size


# -- batch normalisation -------------------------------------------------------------------------


def test_batch_norm_by_hand() -> None:
    layer = BatchNorm(4, eps=1e-3, momentum=0.3)
    params = {"gamma": np.array([1.0, 2.0, -1.0, 0.5]), "beta": np.array([0.0, 1.0, 2.0, -1.0])}
    y, state = layer.forward(params, layer.start(), X, TRAIN)
    mean, var = X.mean(axis=0), X.var(axis=0)
    wanted = (X - mean) / np.sqrt(var + 1e-3) * params["gamma"] + params["beta"]
    assert_allclose(y, wanted, **CLOSE)
    assert_allclose(state["mean"], 0.3 * mean, **CLOSE)
    assert_allclose(state["var"], 0.7 + 0.3 * X.var(axis=0, ddof=1), **CLOSE)
    after, same = layer.forward(params, state, X, EVALUATE)
    assert same is state
    wanted = (X - state["mean"]) / np.sqrt(state["var"] + 1e-3)
    assert_allclose(after, wanted * params["gamma"] + params["beta"], **CLOSE)


def test_batch_norm_makes_mean_0_and_variance_1() -> None:
    layer = BatchNorm(4, eps=1e-12)
    y, _ = layer.forward(layer.init(), layer.start(), 50.0 + 7.0 * X, TRAIN)
    assert_allclose(y.mean(axis=0), 0.0, atol=1e-13)
    assert_allclose(y.var(axis=0), 1.0, rtol=1e-10)
    moved, _ = layer.forward(layer.init(), layer.start(), 3.0 * (50.0 + 7.0 * X) - 8.0, TRAIN)
    assert_allclose(moved, y, rtol=1e-10)


def test_running_statistics_settle_at_the_datas() -> None:
    layer, state = BatchNorm(1), BatchNorm(1).start()
    for seed in range(200):
        batch = np.random.default_rng(seed).normal(3.0, 2.0, (64, 1))
        _, state = layer.forward(layer.init(), state, batch, TRAIN)
    # a mean of about 1/0.1 · 64 numbers: standard error 2/√(19·64)
    assert state["mean"][0] == pytest.approx(3.0, abs=4 * 2 / math.sqrt(19 * 64))
    assert state["var"][0] == pytest.approx(4.0, abs=4 * 4 * math.sqrt(2 / (19 * 64)))


@pytest.mark.oracle
@pytest.mark.parametrize("options", [{}, {"eps": 1e-2, "momentum": 0.4}, {"momentum": 1.0}])
def test_pytorchs_batch_norm(options: Any) -> None:
    torch = pytest.importorskip("torch")
    theirs = torch.nn.BatchNorm1d(4, **options).double()
    layer = BatchNorm(4, **options)
    params, state = layer.init(), layer.start()
    params = {"gamma": RNG.normal(size=4), "beta": RNG.normal(size=4)}
    with torch.no_grad():
        theirs.weight.copy_(torch.tensor(params["gamma"]))
        theirs.bias.copy_(torch.tensor(params["beta"]))
    for number in range(5):
        batch = RNG.normal(number, 1.0 + number, size=(2 + number, 4))
        up = RNG.normal(size=batch.shape)
        x = torch.tensor(batch, requires_grad=True)
        theirs.zero_grad()
        y = theirs(x)
        (y * torch.tensor(up)).sum().backward()
        mine, state, slopes, back = pulled(layer, params, state, batch, TRAIN, up)
        assert_allclose(mine, y.detach().numpy(), rtol=1e-11, atol=1e-12)
        # with two examples the gradient is a difference of numbers that nearly agree
        assert_allclose(back, x.grad.numpy(), rtol=1e-9, atol=1e-10)
        assert_allclose(slopes["gamma"], theirs.weight.grad.numpy(), rtol=1e-11, atol=1e-12)
        assert_allclose(slopes["beta"], theirs.bias.grad.numpy(), rtol=1e-11, atol=1e-12)
        assert_allclose(state["mean"], theirs.running_mean.numpy(), **CLOSE)
        assert_allclose(state["var"], theirs.running_var.numpy(), **CLOSE)
    theirs.eval()
    x, up = torch.tensor(X, requires_grad=True), RNG.normal(size=X.shape)
    y = theirs(x)
    (y * torch.tensor(up)).sum().backward()
    mine, same, _, back = pulled(layer, params, state, X, EVALUATE, up)
    assert_allclose(mine, y.detach().numpy(), **CLOSE)
    assert_allclose(back, x.grad.numpy(), **CLOSE)
    assert_array_equal(same["mean"], state["mean"])


def test_gradients_of_batch_norm() -> None:
    layer = BatchNorm(4)
    for mode in (TRAIN, EVALUATE):

        def forward(x: Any, gamma: Any, beta: Any, mode: Mode = mode) -> Any:
            return layer.forward({"gamma": gamma, "beta": beta}, layer.start(), x, mode)[0]

        report = mg.check_gradients(forward, X, RNG.normal(size=4), RNG.normal(size=4))
        assert report, report


def test_batch_norm_wants_a_batch() -> None:
    layer = BatchNorm(4)
    with pytest.raises(ArgumentError, match="at least 2 examples in a batch"):
        layer.forward(layer.init(), layer.start(), X[:1], TRAIN)
    assert layer.forward(layer.init(), layer.start(), X[:1], EVALUATE)[0].shape == (1, 4)


# -- whole nets against PyTorch ------------------------------------------------------------------


def torch_net(net: Sequential, params: Any) -> Any:
    """The same net of PyTorch's modules, with the same numbers. No dropout, rrelu or vrelu."""
    torch = pytest.importorskip("torch")
    nn = torch.nn
    modules: list[Any] = []
    for name, layer in net.layers.items():
        own = {k: torch.tensor(np.asarray(v, float)) for k, v in params.get(name, {}).items()}
        if isinstance(layer, Linear):
            made: Any = nn.Linear(layer.inputs, layer.outputs, bias="b" in own)
            values = {"weight": own["w"].T, **({"bias": own["b"]} if "b" in own else {})}
        elif isinstance(layer, BatchNorm):
            made = nn.BatchNorm1d(layer.width, eps=layer.eps, momentum=layer.momentum)
            values = {"weight": own["gamma"], "bias": own["beta"]}
        elif layer.kind == "prelu":
            made, values = nn.PReLU(), {"weight": own["alpha"].reshape(1)}
        else:
            kinds = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "elu": nn.ELU}
            made, values = kinds[layer.kind](), {}
        made = made.double()
        with torch.no_grad():
            for key, value in values.items():
                getattr(made, key).copy_(value)
        modules.append(made)
    return nn.Sequential(*modules)


@pytest.mark.oracle
@pytest.mark.parametrize("norm", [None, "before", "after"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "elu", "prelu"])
def test_pytorchs_nets(activation: str, norm: str | None) -> None:
    torch = pytest.importorskip("torch")
    net = MLP((4, 6, 5, 3), activation, norm=norm, biases="normal(sigma=0.5)")
    params, state = net.init(3, "float64"), net.start("float64")
    theirs = torch_net(net, params)
    labels = np.array([0, 1, 2, 0, 1, 2])
    for batch in (X, RNG.normal(1.0, 2.0, size=(6, 4))):

        def loss(p: Any, batch: Any = batch, state: Any = state) -> Any:
            scores, new = net.apply(p, state, batch, TRAIN)
            return cross_entropy(scores, labels), (scores, new)

        (value, (scores, state)), slopes = mg.value_and_grad(loss, aux=True)(params)
        theirs.zero_grad()
        wanted = theirs(torch.tensor(batch))
        error = torch.nn.functional.cross_entropy(wanted, torch.tensor(labels))
        error.backward()
        assert_allclose(scores, wanted.detach().numpy(), rtol=1e-10, atol=1e-11)
        assert value == pytest.approx(error.item(), rel=1e-11)
        grads = [p.grad.numpy() for p in theirs.parameters()]
        assert len(grads) == len(leaves(slopes))
        for path, mine, their in zip(paths(slopes), leaves(slopes), grads, strict=True):
            mine = mine.T if path.endswith(".w") else mine
            assert_allclose(np.ravel(mine), np.ravel(their), rtol=1e-8, atol=1e-10, err_msg=path)
    theirs.eval()
    assert_allclose(net(params, X, state), theirs(torch.tensor(X)).detach().numpy(), **CLOSE)


# -- by hand, as in the lectures -----------------------------------------------------------------


def sigma(x: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-x))


def test_a9_perceptron() -> None:
    """The deck writes W·x with a column x and misprints W̄1 = s̄1·hᵀ, where xᵀ is meant."""
    net = MLP((4, 5, 2), "sigmoid", biases="normal")
    params = net.init(0, "float64")
    upstream = RNG.normal(size=2)
    x = X[0]

    def chosen(p: Any, x: Any) -> Any:
        return mg.sum(mg.sigmoid(net(p, x))[0] * upstream)

    slopes, back = mg.grad(chosen, wrt=(0, 1))(params, x[None])
    w1, w2 = params["linear1"]["w"].T, params["linear2"]["w"].T
    h = sigma(w1 @ x + params["linear1"]["b"])
    q = sigma(w2 @ h + params["linear2"]["b"])
    s2_bar = q * (1 - q) * upstream
    h_bar = w2.T @ s2_bar
    s1_bar = h * (1 - h) * h_bar
    assert_allclose(slopes["linear2"]["w"].T, np.outer(s2_bar, h), **CLOSE)
    assert_allclose(slopes["linear2"]["b"], s2_bar, **CLOSE)
    assert_allclose(slopes["linear1"]["w"].T, np.outer(s1_bar, x), **CLOSE)
    assert_allclose(slopes["linear1"]["b"], s1_bar, **CLOSE)
    assert_allclose(back[0], w1.T @ s1_bar, **CLOSE)


def test_a11_eleven_lines() -> None:
    """The deck's loop beside a net that learns by ½(y − ŷ)², summed, with step 1."""
    table = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]], float)
    y = np.array([[0, 1, 1, 0]], float).T
    layers = [Linear(3, 4, "uniform(limit=1)", None), Activation("sigmoid")]
    layers += [Linear(4, 1, "uniform(limit=1)", None), Activation("sigmoid")]
    net = Sequential(layers)
    params: Any = net.init(1, "float64")
    syn0, syn1 = (params[name]["w"].copy() for name in ("linear1", "linear2"))
    sgd = mg.optim.SGD()
    state = sgd.init(params)
    slope = mg.grad(lambda p: half_squared(net(p, table), y, "sum"))
    for _ in range(300):
        params, state = sgd.update(params, slope(params), state, lr=1.0)
        l1 = sigma(np.dot(table, syn0))
        l2 = sigma(np.dot(l1, syn1))
        l2_delta = (y - l2) * (l2 * (1 - l2))
        l1_delta = l2_delta.dot(syn1.T) * (l1 * (1 - l1))
        syn1 = syn1 + l1.T.dot(l2_delta)
        syn0 = syn0 + table.T.dot(l1_delta)
        assert_allclose(params["linear2"]["w"], syn1, rtol=1e-10, atol=1e-11)
        assert_allclose(params["linear1"]["w"], syn0, rtol=1e-10, atol=1e-11)
    assert_allclose(net(params, table), l2, atol=0.05)


def test_gradients_of_a_net_in_training() -> None:
    """Batch norm, dropout and prelu together, every parameter, against differences."""
    net = Sequential(
        [
            *(Linear(4, 3), BatchNorm(3), Activation("tanh"), Dropout(0.3)),
            *(Linear(3, 3), Activation("prelu"), BatchNorm(3), Linear(3, 2)),
        ]
    )
    params = net.init(2, "float64")

    def loss(*values: Any) -> Any:
        tree = rebuilt(params, iter(values))
        scores, _ = net.apply(tree, net.start("float64"), X, Mode(True, 3.0, 1))
        return cross_entropy(scores, [0, 1, 1, 0, 1, 0])

    # (a bias before batch norm has the gradient 0, of which differences know only the noise)
    report = mg.check_gradients(loss, *leaves(params))
    assert report, report


# -- the net as a thing --------------------------------------------------------------------------


def test_a_net_of_mnists_size() -> None:
    net = MLP((784, 128, 10))
    assert net.parameter_count() == 784 * 128 + 128 + 128 * 10 + 10 == 101_770
    params = net.init(0)
    assert sum(leaf.size for leaf in leaves(params)) == 101_770
    assert paths(params) == ["linear1.w", "linear1.b", "linear2.w", "linear2.b"]
    assert all(leaf.dtype == np.float32 for leaf in leaves(params))


def test_names() -> None:
    net = MLP((4, 5, 6, 2), "leaky_relu", dropout=0.2, norm="before")
    assert list(net.layers) == [
        *("linear1", "batchnorm1", "leaky_relu1", "dropout1"),
        *("linear2", "batchnorm2", "leaky_relu2", "dropout2", "linear3"),
    ]
    after = MLP((4, 5, 2), norm="after", dropout=0.2)
    assert list(after.layers) == ["linear1", "relu1", "batchnorm1", "dropout1", "linear2"]
    assert net.sizes == (4, 5, 6, 2)
    assert list(net.start()) == ["batchnorm1", "batchnorm2"]
    assert list(MLP((4, 2)).layers) == ["linear1"]
    assert "Linear(inputs=4, outputs=2" in repr(MLP((4, 2)))


def test_options_reach_the_layers() -> None:
    net = MLP((4, 5, 2), weights="normal(sigma=3)", biases=None, dropout=0.25, norm="before")
    assert net.layers["linear2"] == Linear(5, 2, mg.init.Normal(3), None)
    assert net.layers["dropout1"] == Dropout(0.25)
    assert net.layers["batchnorm1"] == BatchNorm(5)
    assert net.parameter_count() == 4 * 5 + 5 * 2 + 2 * 5


def test_the_key_makes_the_numbers() -> None:
    net = MLP((4, 4, 4), biases="normal")
    one, same, other = net.init(0), net.init((0,)), net.init(1)
    for a, b, c in zip(leaves(one), leaves(same), leaves(other), strict=True):
        assert_array_equal(a, b)
        assert not np.array_equal(a, c)
    assert not np.array_equal(one["linear1"]["w"], one["linear2"]["w"])
    wide = net.init(0, "float64")
    assert_array_equal(wide["linear1"]["w"].astype(np.float32), one["linear1"]["w"])
    assert net.start("float64") == {}
    with pytest.raises(ArgumentError, match="parameters are float32 or float64, not 'int64'"):
        net.init(0, "int64")


def test_summary() -> None:
    net = MLP((784, 128, 10), "prelu", norm="before", dropout=0.5)
    table = net.summary((784,))
    assert table.rows == (
        ("linear1", "Linear(784 → 128)", "128", "100 480", "w 784×128, b 128"),
        ("batchnorm1", "batchnorm(128)", "128", "256", "gamma 128, beta 128"),
        ("prelu1", "prelu(slope=0.25)", "128", "1", "alpha 1"),
        ("dropout1", "dropout", "128", "0", ""),
        ("linear2", "Linear(128 → 10)", "10", "1 290", "w 128×10, b 10"),
    )
    assert "102 027 parameters" in str(table)
    assert "relu1" in str(MLP((2, 3, 1)).summary((2,)))


def test_activations_are_what_passes_through() -> None:
    net = MLP((4, 5, 3), "tanh", norm="before", dropout=0.5)
    params, state = net.init(0, "float64"), net.start("float64")
    for mode in (EVALUATE, Mode(True, 1.0, 2)):
        seen = net.activations(params, state, X, mode)
        assert list(seen) == list(net.layers)
        assert_allclose(seen["linear1"], X @ params["linear1"]["w"] + params["linear1"]["b"])
        assert_array_equal(seen["tanh1"], np.tanh(seen["batchnorm1"]))
        assert_array_equal(seen["linear2"], net.apply(params, state, X, mode)[0])


def test_layers_are_scopes_of_the_graph() -> None:
    net = MLP((2, 3, 2), "tanh", norm="after")
    tensors = rebuilt(net.init(0, "float64"), iter(map(mg.Tensor, leaves(net.init(0, "float64")))))
    scores, _ = net.apply(tensors, net.start("float64"), mg.Tensor(X[:, :2], name="x"), TRAIN)
    gates = [node for node in mg.topological_order([scores]) if not node.is_leaf]
    assert {node.scope for node in gates} == {"linear1", "tanh1", "batchnorm1", "linear2"}
    assert [n.gate.name for n in gates if n.scope == "linear1"] == ["matmul", "add"]
    assert [n.gate.name for n in gates if n.scope == "tanh1"] == ["tanh"]
    with mg.scope("net"):
        inside = net(tensors, X[:, :2], net.start("float64"))
    assert inside.scope == "net/linear2"


def test_a_box_for_each_layer() -> None:
    net = MLP((2, 3, 2), "tanh")
    params = net.init(0, "float64")
    tensors = rebuilt(params, iter(map(mg.Tensor, leaves(params))))
    loss = cross_entropy(net(tensors, mg.Tensor(X[:, :2], name="x")), [0, 1, 0, 1, 0, 1])
    dot = mg.draw(loss, collapse=True).dot
    for name in ("linear1", "tanh1", "linear2"):
        assert name in dot
    assert "matmul" not in dot
    assert len(dot) < len(mg.draw(loss).dot)


# -- compiled ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sizes",
    [(4, 8, 3), pytest.param((4, 16, 16, 3), marks=pytest.mark.slow)],  # slow to build
    ids=["shallow", "deep"],
)
def test_a_training_pass_on_a_device(sizes: Any, opencl_device: Any) -> None:
    """Float32 kernels against float64 in the interpreter: the same masks, the same statistics."""
    net = MLP(sizes, "relu", norm="before", dropout=0.4)
    params, kept = net.init(0), net.start()
    x, y = RNG.normal(size=(32, 4)).astype(np.float32), np.arange(32) % 3

    def once(params: Any, kept: Any, x: Any, y: Any, t: Any) -> Any:
        def loss(p: Any) -> Any:
            scores, new = net.apply(p, kept, x, Mode(True, t, 7))
            return cross_entropy(scores, y), {"scores": scores, "kept": new}

        (value, seen), slopes = mg.value_and_grad(loss, aux=True)(params)
        return {"loss": value, "slopes": slopes, **seen}

    def wide(tree: Any) -> Any:
        return rebuilt(tree, (np.asarray(leaf, float) for leaf in leaves(tree)))

    program = mg.compile(once, device=opencl_device)
    for t in (0.0, 1.0, 5.0):
        found = program(params, kept, x, y, t)
        wanted = once(wide(params), wide(kept), x.astype(float), y, t)
        assert paths(found) == paths(wanted)
        for path, mine, exact in zip(paths(found), leaves(found), leaves(wanted), strict=True):
            assert mine.dtype == np.float32, path
            # float32 rounds by 6e-8; batch norm's differences enlarge that by a few hundred
            assert_allclose(np.asarray(mine), exact, rtol=1e-4, atol=2e-5, err_msg=path)
        kept = rebuilt(kept, iter(np.asarray(leaf) for leaf in leaves(found["kept"])))
    evaluate = mg.compile(lambda p, k, x: net(p, x, k), device=opencl_device)
    exact = net(wide(params), x.astype(float), wide(kept))
    assert_allclose(np.asarray(evaluate(params, kept, x)), exact, rtol=1e-4, atol=2e-5)


def test_masks_are_the_same_bits_on_a_device(opencl_device: Any) -> None:
    layer = Dropout(0.3)
    program = mg.compile(
        lambda x, t: layer.forward({}, {}, x, Mode(True, t, 3))[0], device=opencl_device
    )
    x = np.ones((64, 33), np.float32)
    for t in (0.0, 1.0, 1000.0):
        wanted = layer.forward({}, {}, x, Mode(True, t, 3))[0]
        assert_array_equal(np.asarray(program(x, t)), wanted)


# -- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("layer", [Linear(3, 2), BatchNorm(3)], ids=["linear", "batchnorm"])
@pytest.mark.parametrize("x", [X, np.ones(3), np.ones((2, 3, 3)), 1.0], ids=np.shape)
def test_inputs_that_do_not_fit(layer: Layer, x: Any) -> None:
    with pytest.raises(ShapeError, match="takes a batch of rows of 3 numbers, got shape"):
        layer.forward(layer.init(), layer.start(), x, TRAIN)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Linear(0, 2), "inputs must be a whole number of at least 1, got 0"),
        (lambda: Linear(3, 2.0), "outputs must be a whole number"),
        (lambda: Linear(3, 2, "spam"), "there is no initialisation 'spam'"),
        (lambda: Linear(3, 2, None), "weights must be an initialisation"),
        (lambda: Activation("rellu"), "no activation 'rellu'. Did you mean 'relu'"),
        (lambda: Activation("exp"), "no activation 'exp'"),
        (lambda: Activation("prelu", float("nan")), "slope must be a finite number"),
        (lambda: Dropout(1.0), "p must be a number from 0 up to 1, without 1 itself, got 1.0"),
        (lambda: Dropout(-0.1), "p must be a number from 0"),
        (lambda: BatchNorm(0), "width must be a whole number"),
        (lambda: BatchNorm(3, eps=0.0), "eps must be a number above 0"),
        (lambda: BatchNorm(3, momentum=0.0), "momentum must be a number above 0 and up to 1"),
        (lambda: BatchNorm(3, momentum=1.1), "momentum must be a number above 0 and up to 1"),
        (lambda: Sequential([]), "a net is a list of layers such as"),
        (lambda: Sequential([Linear, 3]), "a net is a list of layers such as"),
        (lambda: Sequential(Linear(2, 3)), "a net is a list of layers"),
        (lambda: MLP((3,)), "sizes are inputs, hidden layers, outputs"),
        (lambda: MLP((3, -1, 2)), "outputs must be a whole number of at least 1, got -1"),
        (lambda: MLP((3, 4, 2), "spam"), "no activation 'spam'"),
        (lambda: MLP((3, 4, 2), norm="both"), "norm is 'before', 'after' or None, got 'both'"),
        (lambda: MLP((3, 4, 2), dropout=1.5), "p must be a number from 0"),
    ],
)
def test_layers_that_cannot_be(make: Any, words: str) -> None:
    with pytest.raises(ArgumentError) as error:
        make()
    assert words in str(error.value)


def test_layers_may_come_one_by_one() -> None:
    net = Sequential(Linear(n, n + 1) for n in (2, 3))
    assert list(net.layers) == ["linear1", "linear2"]


def test_parameters_of_another_net() -> None:
    net = MLP((4, 3, 2), norm="before")
    params, state = net.init(0), net.start()

    def refused(p: Any, s: Any) -> str:
        with pytest.raises(DataError) as error:
            net.apply(p, s, X)
        with pytest.raises(DataError):
            net.activations(p, s, X)
        return str(error.value)

    assert "not the parameters of this net: they lack linear1.w[4, 3]" in refused({}, state)
    less = {**params, "linear1": {"w": params["linear1"]["w"]}}
    assert refused(less, state).endswith("they lack linear1.b[3]")
    more = {**params, "linear9": {"w": np.ones(2)}}
    assert refused(more, state).endswith("they have linear9.w")
    other = MLP((5, 3, 2), norm="before").init(0)
    assert refused(other, state).endswith("of another shape linear1.w[5, 3] instead of [4, 3]")
    assert "not the state of this net: they lack batchnorm1.mean[3]" in refused(params, {})
    assert "parameters" in refused(None, state)
    assert "parameters" in refused(3.0, state)


def test_inputs_of_another_width_name_the_layer() -> None:
    with pytest.raises(ShapeError, match=r"linear takes a batch of rows of 5 numbers.*\(6, 4\)"):
        MLP((5, 3))(MLP((5, 3)).init(0), X)


def test_a_layer_of_ones_own() -> None:
    class Twice(Layer):
        def forward(self, params: Any, state: Any, x: Any, mode: Mode) -> Any:
            return 2.0 * x, {"seen": state["seen"] + 1.0}

        def start(self) -> Any:
            return {"seen": np.array(0.0)}

    net = Sequential([Twice(), Twice()])
    y, state = net.apply({}, net.start(), X, TRAIN)
    assert_array_equal(y, 4 * X)
    assert state == {"twice1": {"seen": 1.0}, "twice2": {"seen": 1.0}}
    with pytest.raises(NotImplementedError):
        Layer().forward({}, {}, X, TRAIN)


def test_layers_have_to_fit_together():
    with pytest.raises(ShapeError, match="linear1 gives 3 numbers, and linear2 takes 4"):
        Sequential([Linear(2, 3), Activation("relu"), Linear(4, 1)])
    with pytest.raises(ShapeError, match="linear1 gives 3 numbers, and batchnorm1 takes 2"):
        Sequential([Linear(2, 3), BatchNorm(2)])
    with pytest.raises(ArgumentError, match="no activation 'nonsense'"):
        MLP((2, 3), "nonsense")


def test_a_net_that_keeps_statistics_asks_for_them():
    net = MLP((2, 3, 1), norm="before")
    with pytest.raises(DataError, match=r"batchnorm1.mean, .* net\(params, x, state\)"):
        net(net.init(0), np.zeros((4, 2), np.float32))
