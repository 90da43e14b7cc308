"""Sanity checks for which nothing is trained."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from microgd.autodiff.check import check_gradients
from microgd.autodiff.tree import leaves, rebuilt
from microgd.graph.values import Array
from microgd.nn.layer import Mode, Params
from microgd.nn.layers import Activation
from microgd.training.hidden_values import measure, some
from microgd.training.sanity_report import Check
from microgd.training.setup import Parts

Weights = tuple[Params, Params]

#: The size (root mean square) that inputs may have, and the largest of a single column.
SMALLEST, LARGEST, COLUMN = 0.05, 5.0, 20.0
#: How often the most frequent class may be the rarest.
IMBALANCE = 10.0
#: How far the first loss may be from that of a net that knows nothing: as a factor, another one for
#: numbers, or above it, for the outputs of random weights have a variance of their own.
FACTOR, FACTOR_NUMBERS, ABOVE = 2.0, 6.0, 3.0
#: The share of dead units, and of saturated values, that a layer may have.
SHARE = 0.5
#: What the gradient may become on its way through the hidden layers, and its inverse.
VANISHES = 1e-4
#: Examples that are looked at, and those of the gradient check.
EXAMPLES, FEW = 512, 5
#: What activations cannot leave.
RANGES = {
    "sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "relu": (0.0, math.inf),
    "softplus": (0.0, math.inf),
    "elu": (-1.0, math.inf),
    "selu": (-1.7581, math.inf),
    "centred_softplus": (-math.log(2.0), math.inf),
}


def mode_of(parts: Parts) -> Mode:
    """As in the first step of training."""
    return Mode(train=True, step=0.0, seed=parts.config.seed)


def targets_of(parts: Parts, y: Array) -> Array:
    """Labels or numbers, as the loss takes them."""
    return y.astype(np.int64 if parts.task.kind == "classes" else np.float64)


def inputs_scaled(parts: Parts) -> Check:
    """Whether inputs are of about the size 1."""
    x = parts.train.x.astype(np.float64)
    columns = np.sqrt((x**2).mean(axis=0))
    size, worst = float(np.sqrt((columns**2).mean())), int(columns.argmax())
    names = parts.train.features
    name = names[worst] if names else f"column {worst + 1}"
    found = f"size {size:.2g}, at most {columns[worst]:.2g}"
    good = SMALLEST < size < LARGEST and columns[worst] < COLUMN
    return Check(
        "inputs scaled",
        good,
        found,
        f"{SMALLEST:g} to {LARGEST:g}, most {COLUMN:g}",
        f"scale the data (leave --raw out): the largest is {name}",
    )


def targets_fit(parts: Parts) -> Check:
    """Whether classes are about equally frequent, or numbers of about the size 1."""
    train = parts.train
    if not train.classes:
        mean, spread = float(train.y.mean()), float(train.y.std())
        return Check(
            "targets scaled",
            0.01 < spread < 100 and abs(mean) < 100,
            f"mean {mean:.3g}, deviation {spread:.3g}",
            "at most 100",
            "subtract the targets' mean and divide by their deviation before training",
        )
    counts = train.counts
    if len(counts) == 1:
        return Check(
            "labels balanced",
            False,
            f"all are {train.classes[0]}",
            "two classes or more",
            "a net has nothing to tell apart: look at the file (`microgd data`), or name the "
            "column that is to be learnt",
        )
    rare, often = int(counts.argmin()), int(counts.argmax())
    found = (
        f"{counts[rare]} to {counts[often]} of each"
        if counts[often] != counts[rare]
        else f"{counts[rare]} of each"
    )
    return Check(
        "labels balanced",
        bool(counts[often] <= IMBALANCE * counts[rare]),
        found,
        f"within 1 to {IMBALANCE:g}",
        f"there are {counts[often]} of {train.classes[often]} and {counts[rare]} of "
        f"{train.classes[rare]}; always guessing the first is right in "
        f"{counts[often] / len(train):.0%}: collect or repeat the rare classes, and do not judge "
        "by accuracy alone",
    )


def output_range(parts: Parts) -> Check:
    """Whether the net's outputs can be what the loss takes."""
    last = list(parts.net.layers.values())[-1]
    kind = last.name if isinstance(last, Activation) else "identity"
    low, high = RANGES.get(kind, (-math.inf, math.inf))
    told = "any number" if math.isinf(low) else f"{low:g} to {high:g} ({kind})".replace("inf", "∞")
    if parts.task.kind != "numbers":
        return Check(
            "output range",
            math.isinf(low),
            told,
            "any number",
            f"leave {kind} at the end out: this loss takes scores and has its own softmax or "
            "sigmoid",
        )
    y = parts.train.y
    least, largest = float(y.min()), float(y.max())
    return Check(
        "output range",
        low <= least and largest <= high,
        told,
        f"{least:.3g} to {largest:.3g}, as targets",
        f"leave {kind} at the end out, or scale the targets into its range",
    )


def ignorant_loss(parts: Parts) -> float:
    """The mean loss of a net that knows nothing: equal scores, or the targets' mean.

    Cross entropy: −log(1/C). Squared error: the variance.
    """
    y = targets_of(parts, parts.train.y)
    if parts.task.kind == "numbers":
        outputs = np.broadcast_to(y.mean(axis=0), y.shape).reshape(len(y), -1).astype(float)
    else:
        outputs = np.zeros(
            (len(y), len(parts.train.classes) if parts.task.kind == "classes" else 1)
        )
    return float(parts.task.loss(outputs, y, reduction="mean"))


def first_loss(parts: Parts, weights: Weights, expected: float) -> Check:
    """Whether the untrained net is as ignorant as it should be."""
    x, y = some(parts.train, 2 * EXAMPLES, parts.config.seed)
    scores, _ = parts.net.apply(*weights, x, mode_of(parts))
    loss = float(parts.task.loss(scores, targets_of(parts, y), reduction="mean"))
    factor = FACTOR_NUMBERS if parts.task.kind == "numbers" else FACTOR
    limits = expected / factor, max(expected * factor, expected + ABOVE)
    name = {"cross_entropy": "−log(1/C)", "binary_cross_entropy": "−log(1/2)", "svm": "C − 1",
            "squared": "variance"}.get(parts.task.loss.__name__, "knowing nothing")  # fmt: skip
    good = limits[0] <= loss <= limits[1]
    low = math.isfinite(loss) and loss < expected
    return Check(
        "first loss",
        good,
        f"{loss:.4g}",
        f"{name} = {expected:.2g}, < {limits[1]:.2g}",
        "an untrained net cannot know so much: look for labels among the inputs"
        if low
        else "the untrained net is sure of wrong answers: its weights are too large. Take --init "
        "henormal or xaviernormal, and scale the inputs",
    )


def units(parts: Parts, weights: Weights, when: str) -> list[Check]:
    """Whether hidden units are alive and different, and the gradient arrives."""
    alive, arrives = f"units {when}", f"gradients {when}"
    if not any(isinstance(layer, Activation) for layer in list(parts.net.layers.values())[:-1]):
        return [Check(alive, None, "no hidden layer", "")]
    x, y = some(parts.train, EXAMPLES, parts.config.seed)
    found = measure(parts.net, *weights, parts.task.loss, x, y, parts.task.kind, mode_of(parts))
    dead = max((layer.dead or 0.0, layer.name) for layer in found.layers)
    saturated = max((layer.saturated or 0.0, layer.name) for layer in found.layers)
    # Dead ones are alike, too.
    alike = next((layer.name for layer in found.layers if layer.alike and not layer.dead), None)
    told = f"{dead[0]:.0%} dead, {saturated[0]:.0%} saturated"
    wrong = dead if dead[0] >= saturated[0] else saturated
    if wrong[0] > 0.05:
        told += f" ({wrong[1]})"
    advice = (
        f"all units of {alike} are alike and stay so: begin with random weights, --init henormal"
        if alike
        else "begin with random weights of the right size (--init henormal, xaviernormal), scale "
        "the inputs, take a smaller --lr, or an activation that lets gradients through "
        "(leaky_relu, elu)"
    )
    told = f"all alike ({alike})" if alike else told
    good = alike is None and dead[0] <= SHARE and saturated[0] <= SHARE
    checks = [Check(alive, good, told, f"≤ {SHARE:.0%}, not alike", advice)]
    first, last = found.layers[0].gradient, found.layers[-1].gradient
    ratio = first / last if last else 0.0
    count = len(found.layers)
    checks.append(
        Check(
            arrives,
            bool(VANISHES <= ratio <= 1 / VANISHES and first > 0),
            f"{ratio:.2g} from layer {count} to 1" if last else "none",
            f"{VANISHES:g} to {1 / VANISHES:g}",
            "`microgd histograms` shows where they vanish or explode: take weights that fit the "
            "activation, relu in the place of sigmoid, or batch normalisation (--norm before)",
        )
    )
    return checks if count > 1 or not last else checks[:1]


def gradient_right(parts: Parts, weights: Weights) -> Check:
    """Whether the gradient of the loss is what differences say, in float64, at a few examples."""
    params, kept = weights
    x, y = some(parts.train, FEW, parts.config.seed)
    targets, mode = targets_of(parts, y), mode_of(parts)

    def loss(*point: Any) -> Any:
        scores, _ = parts.net.apply(rebuilt(params, iter(point)), kept, x, mode)
        return parts.task.loss(scores, targets, reduction="mean")

    report = check_gradients(loss, *leaves(params), most_elements=100)
    wrong = f"error {report.error:.1e}" if report.error else "right"
    how = "random direction" if report.directional else "every parameter"
    kinks = ", at a kink" if report.kinks else ""
    return Check(
        "gradient",
        report.ok,
        f"{wrong}{kinks} ({how})",
        "< 1e-7, or a kink",
        "a gate's backward rule is wrong, or the loss is not differentiable here: `microgd check` "
        "finds which",
    )
