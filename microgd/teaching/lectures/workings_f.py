"""How the numbers and rules of part F are computed, by microgd and by hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import product
from typing import Any

import numpy as np

import microgd as mg
from microgd.graph.values import Array
from microgd.init import HeNormal, Initializer, Normal, XavierNormal, Zeros
from microgd.lab import descend, function
from microgd.losses import cross_entropy, l2
from microgd.nn import MLP, BatchNorm, Dropout
from microgd.nn.layer import Mode
from microgd.optim import SGD, Frozen, Group, Groups

# F1

XAVIER = XavierNormal(fan="in")


@cache
def hidden(rule: Initializer, activation: str) -> tuple[Array, ...]:
    """The hidden values of six layers of 300 units each, for normal inputs."""
    gate: Any = mg.TABLE[activation]
    h = np.random.default_rng(0).normal(size=(200, 300))
    layers = []
    for layer in range(6):
        h = np.asarray(gate(h @ rule((300, 300), layer)))
        layers.append(h)
    return tuple(layers)


def too_small() -> tuple[Any, Any]:
    """0.01·randn: each layer is about 0.01·√300 = 0.17 times as wide as the one before."""
    wide = np.array([h.std() for h in hidden(Normal(sigma=0.01), "tanh")])
    return wide[2:] / wide[1:-1], np.full(4, 0.01 * np.sqrt(300))


def too_large() -> tuple[Any, Any]:
    """1.00·randn: nearly all hidden values are −1 or 1, where tanh has no slope."""
    ends = [float((np.abs(h) > 0.95).mean() > 0.85) for h in hidden(Normal(sigma=1.0), "tanh")]
    return ends, np.ones(6)


def just_right() -> tuple[Any, Any]:
    """Xavier for tanh and He for ReLU keep the values wide through all six layers."""
    tanh = [h.std() for h in hidden(XAVIER, "tanh")]
    relu = [np.sqrt((h**2).mean()) for h in hidden(HeNormal(), "relu")]
    return [min(tanh) > 0.2, min(relu) > 0.7, max(relu) < 1.4], np.ones(3)


def xavier_with_relu() -> tuple[Any, Any]:
    """ReLU lets half of the squares through, so Xavier's values shrink by √½ in every layer."""
    sizes = np.array([np.sqrt((h**2).mean()) for h in hidden(XAVIER, "relu")])
    return sizes, np.sqrt(0.5) ** np.arange(1, 7)


def deviations() -> tuple[Any, Any]:
    shape = (400, 300)
    rules = (Normal(sigma=0.01), Normal(sigma=1.0), XAVIER, HeNormal())
    found = [rule(shape, 0).std() for rule in rules]
    return np.array(found) / [0.01, 1.0, 1 / np.sqrt(400), 1 / np.sqrt(400 / 2)], np.ones(4)


def symmetry() -> tuple[Any, Any]:
    """From zeros all hidden units stay the same; from random weights they do not."""
    x, y = np.array([[1.0, -2.0], [0.5, 1.0], [-1.0, 0.3]]), np.array([[1.0], [0.0], [1.0]])

    def loss(w: Any) -> Any:
        return mg.sum((mg.sigmoid(mg.sigmoid(x @ w[0]) @ w[1]) - y) ** 2)

    ends = []
    for rule in (Zeros(), Normal(sigma=0.01)):
        w = [rule((2, 4), 0), rule((4, 1), 1)]
        for _ in range(50):
            w = [part - g for part, g in zip(w, mg.grad(loss)(w), strict=True)]
        ends.append(float(np.ptp(w[0], axis=1).max() > 0))
    return ends, [0.0, 1.0]


# F2 and F3

XS = np.linspace(-3, 3, 13)  # 0 is among them

ACTIVATIONS: dict[str, tuple[Callable[[Any], Any], Callable[[Array], Array]]] = {
    "none": (mg.identity, lambda x: x),
    "sigmoid": (mg.sigmoid, lambda x: 1 / (1 + np.exp(-x))),
    "tanh": (mg.tanh, lambda x: (np.exp(2 * x) - 1) / (np.exp(2 * x) + 1)),
    "relu": (mg.relu, lambda x: np.maximum(x, 0)),
    "centred_softplus": (mg.centred_softplus, lambda x: np.log(np.exp(x) + 1) - np.log(2)),
    "leaky_relu": (lambda x: mg.leaky_relu(x, slope=0.01), lambda x: np.maximum(x, 0.01 * x)),
    "prelu": (lambda x: mg.prelu(x, 0.25), lambda x: np.maximum(x, 0.25 * x)),
    "vrelu 0.1": (lambda x: mg.vrelu(x, alpha=0.1), lambda x: np.maximum(x, 0.1 * x)),
    "vrelu 0.5": (lambda x: mg.vrelu(x, alpha=0.5), lambda x: np.maximum(x, 0.5 * x)),
    "elu": (lambda x: mg.elu(x, alpha=1.5), lambda x: np.where(x >= 0, x, 1.5 * (np.exp(x) - 1))),
    "maxout": (
        lambda x: mg.maxout(2 * x + 1, -x + 0.5),
        lambda x: np.maximum(2 * x + 1, -x + 0.5),
    ),
    "apl": (
        lambda x: mg.apl(x, [0.5, -0.2], [1.0, 0.3]),
        lambda x: np.maximum(x, 0) + 0.5 * np.maximum(0, -x + 1) - 0.2 * np.maximum(0, -x + 0.3),
    ),
    "selu": (
        mg.selu,
        lambda x: (
            1.0507009873554805
            * np.where(x > 0, x, 1.6732632423543772 * np.exp(x) - 1.6732632423543772)
        ),
    ),
}


def activations() -> tuple[Any, Any]:
    pairs = ACTIVATIONS.values()
    return [np.asarray(ours(XS)) for ours, _ in pairs], [deck(XS) for _, deck in pairs]


def rescaled_sigmoid() -> tuple[Any, Any]:
    return mg.tanh(XS), 2 / (1 + np.exp(-2 * XS)) - 1


def random_slopes() -> tuple[Any, Any]:
    """rrelu's slopes are in [0.1, 0.5), and 0.3 on average."""
    slopes = -np.asarray(mg.rrelu(np.full(4000, -1.0), 0, seed=0, low=0.1, high=0.5))
    inside = bool((slopes >= 0.1).all() and (slopes < 0.5).all())
    return [inside, slopes.mean()], [1.0, 0.3]


def selu_lambda() -> float:
    return float(mg.selu(1.0))


def selu_alpha() -> float:
    """λα is how far down SELU goes."""
    return float(-mg.selu(-100.0) / mg.selu(1.0))


def slope_of(name: str, x: float) -> float:
    return float(mg.grad(mg.TABLE[name])(x))


def steepest() -> tuple[Any, Any]:
    xs = np.linspace(-6, 6, 1201)
    found = [max(slope_of(name, x) for x in xs[500:701]) for name in ("sigmoid", "tanh")]
    return found, [0.25, 1.0]


def vanishing() -> tuple[Any, Any]:
    """Through ten sigmoids at their steepest, a gradient is multiplied by 0.25¹⁰."""

    def ten(x: Any) -> Any:
        for _ in range(10):
            x = mg.sigmoid(x) - 0.5
        return x

    return 1e6 * mg.grad(ten)(0.0), 1e6 * 0.25**10


def saturated() -> tuple[Any, Any]:
    """Far out, sigmoid and tanh let nothing through; ReLU only to the left, its kin a little."""
    found = [
        slope_of("sigmoid", 12.0) < 1e-5, slope_of("tanh", -12.0) < 1e-9,
        slope_of("relu", -0.5) == 0, slope_of("relu", 50.0) == 1,
        slope_of("leaky_relu", -0.5) > 0, slope_of("elu", -0.5) > 0,
    ]  # fmt: skip
    return found, np.ones(6)


def dead_unit() -> tuple[Any, Any]:
    """A unit that is below 0 for every example gets no gradient, and so stays there."""
    x = np.random.default_rng(0).uniform(-1, 1, (50, 3))
    g = mg.grad(lambda p: mg.sum(mg.relu(x @ p[0] + p[1])))([np.ones(3), np.array(-4.0)])
    return np.append(g[0], g[1]), np.zeros(4)


# F4 and F5


def dropped(layer: Dropout, x: Array, step: int | None = None) -> Array:
    mode = Mode() if step is None else Mode(train=True, step=step, seed=3)
    return np.asarray(layer.forward({}, {}, x, mode)[0])


def dropout_modes() -> tuple[Any, Any]:
    """Direct: 0 or h, and (1 − p)h at test. Inverted: 0 or h/(1 − p), and h at test."""
    h = np.random.default_rng(0).uniform(1, 2, (40, 50))
    direct, inverted = Dropout(0.4, inverted=False), Dropout(0.4)
    one, other = dropped(direct, h, 1), dropped(inverted, h, 1)
    kept = (one > 0, other > 0)
    found = [one, other, dropped(direct, h), dropped(inverted, h)]
    return found, [h * kept[0], h * kept[1] / (1 - 0.4), h * (1 - 0.4), h]


def share_dropped() -> tuple[Any, Any]:
    ones = np.ones((200, 200))
    return float((dropped(Dropout(0.4), ones, 5) == 0).mean()), 0.4


def a_third_less() -> tuple[Any, Any]:
    """s = w₁x₁ + w₂x₂ + w₃x₃ with p = 1/3, over all eight masks: on average a third is missing."""
    parts = np.array([0.5, -2.0, 4.0])
    p = 1 / 3
    mean = sum(
        (p ** mask.count(0) * (1 - p) ** mask.count(1)) * float(parts @ mask)
        for mask in product((0, 1), repeat=3)
    )
    test = dropped(Dropout(p, inverted=False), parts[None]).sum()
    return [mean, float(test)], [2.5 * (1 - p)] * 2


def normalised() -> tuple[Any, Any]:
    x = np.random.default_rng(1).normal(3, 2, (20, 4))
    gamma, beta = np.array([1.0, 2, -1, 0.5]), np.array([0.0, 1, 2, -3])
    layer = BatchNorm(4)
    y, _ = layer.forward({"gamma": gamma, "beta": beta}, layer.start(), x, Mode(train=True))
    mu, var = x.sum(axis=0) / 20, ((x - x.mean(axis=0)) ** 2).sum(axis=0) / 20
    return y, gamma * (x - mu) / np.sqrt(var + 1e-5) + beta


def running() -> tuple[Any, Any]:
    """After many batches the running statistics are those of the data, and are used at test."""
    random = np.random.default_rng(2)
    layer = BatchNorm(2)
    params, state = layer.init(), layer.start()
    for _ in range(300):
        _, state = layer.forward(params, state, random.normal(3, 2, (64, 2)), Mode(train=True))
    x = np.array([[3.0, 5.0]])
    y, after = layer.forward(params, state, x, Mode())
    same = float(after["mean"] is state["mean"])
    return [*np.asarray(y)[0], same], [0.0, 1.0, 1.0]


def through_the_batch() -> tuple[Any, Any]:
    """Batch normalisation can be differentiated: against central differences."""
    x = np.random.default_rng(3).normal(size=(5, 2))
    weights = np.arange(10.0).reshape(5, 2)
    layer = BatchNorm(2)

    def f(x: Any) -> Any:
        return mg.sum(layer.forward(layer.init(), layer.start(), x, Mode(train=True))[0] * weights)

    h = 1e-6
    steps = [h * np.eye(10)[i].reshape(5, 2) for i in range(10)]
    numeric = [(float(f(x + step)) - float(f(x - step))) / (2 * h) for step in steps]
    return mg.grad(f)(x).ravel(), numeric


# F6 to F8


def frozen() -> tuple[Any, Any]:
    """What is frozen stays; the rest takes its step."""
    params = {"body": np.ones(3), "head": np.ones(2)}
    rule = Groups([Group("body", Frozen())], rest=SGD())
    slopes = {"body": np.full(3, 5.0), "head": np.full(2, 5.0)}
    new, _ = rule.update(params, slopes, rule.init(params), lr=0.1)
    return np.append(new["body"], new["head"]), [1, 1, 1, 0.5, 0.5]


def smaller_weights() -> tuple[Any, Any]:
    """Ridge regression: (XᵀX/n + λ)⁻¹Xᵀy/n is where the penalised gradient is 0."""
    random = np.random.default_rng(4)
    x, y = random.normal(size=(8, 3)), random.normal(size=8)

    def loss(p: Any) -> Any:
        return mg.mean((x @ p["w"] - y) ** 2) + l2(p, 0.5)

    w = np.linalg.solve(x.T @ x / 8 + 0.5 * np.eye(3), x.T @ y / 8)
    free = np.linalg.lstsq(x, y, rcond=None)[0]
    smaller = float(np.linalg.norm(w) < np.linalg.norm(free))
    return np.append(mg.grad(loss)({"w": w})["w"], smaller), [0, 0, 0, 1]


def untrained() -> float:
    return float(cross_entropy(np.zeros((1, 10)), [0]))


def cut_off() -> float:
    return float(np.floor(1000 * untrained()) / 1000)


def untrained_net() -> tuple[Any, Any]:
    net = MLP((20, 30, 10))
    params = {k: {n: 0.01 * a for n, a in layer.items()} for k, layer in net.init(0).items()}
    x = np.random.default_rng(5).normal(size=(40, 20))
    return float(cross_entropy(net(params, x), [n % 10 for n in range(40)])), np.log(10)


def overfit_one_batch() -> tuple[Any, Any]:
    """Eight examples with random labels, learned by heart."""
    random = np.random.default_rng(6)
    x, y = random.normal(size=(8, 5)), [int(c) for c in random.integers(0, 3, 8)]
    net = MLP((5, 32, 3))
    params = net.init(0)
    adam = mg.optim.Adam()
    state = adam.init(params)
    step = mg.value_and_grad(lambda p: cross_entropy(net(p, x), y))
    for _ in range(150):
        loss, slopes = step(params)
        params, state = adam.update(params, slopes, state, lr=0.02)
    right = float((np.asarray(net(params, x)).argmax(axis=1) == y).mean())
    return [right, float(loss) < 0.02], [1.0, 1.0]


def wrong_range() -> tuple[Any, Any]:
    """A sigmoid at the end of a regression never reaches 2: its squared error stays above 1."""
    ends = [float(mg.sigmoid(s)) for s in (-30.0, 0.0, 30.0)]
    return [min(ends) > 0, max(ends) <= 1, (2.0 - max(ends)) ** 2 >= 1.0], np.ones(3)


def _along(optimizer: str) -> Array:
    """How far each step down the bowl goes along the contour it starts from."""
    walk = descend("bowl", optimizer, lr=0.5, steps=10)
    x1, x2 = walk.points[:-1].T
    along = np.stack([-(0.5 * x2 - 0.04 * x1), 0.12 * x1 - 0.04 * x2], axis=1)  # ∇f turned by 90°
    return np.asarray((np.diff(walk.points, axis=0) * along).sum(axis=1))


def level_lines() -> tuple[Any, Any]:
    return _along("sgd"), np.zeros(10)


def momentum_slides() -> tuple[Any, Any]:
    return np.abs(_along("momentum"))[1:] > 0.01, np.ones(9)


def heights() -> tuple[Any, Any]:
    """What is drawn as contours: f at every crossing of a grid."""
    xs, ys = np.linspace(-5, 5, 5), np.linspace(-2, 2, 4)
    found = function("valley").grid(xs, ys)
    return found, [[0.5 * x**2 + 10 * y**2 for x in xs] for y in ys]
