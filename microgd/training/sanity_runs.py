"""Sanity checks for which some steps are trained."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from microgd.autodiff.tree import leaves, rebuilt
from microgd.data.batches import shuffled as in_another_order
from microgd.data.dataset import Dataset
from microgd.data.table import read_dataset
from microgd.errors import TrainingError
from microgd.nn.layer import Params
from microgd.nn.net import Sequential
from microgd.training.config import Config
from microgd.training.probe import Probe
from microgd.training.sanity_checks import units
from microgd.training.sanity_report import Check
from microgd.training.setup import Parts
from microgd.training.trainer import Trainer

#: How many examples are learnt by heart, in how many steps at most, and down to which share of
#: the loss of a net that knows nothing.
HEART, HEART_STEPS, HEART_SHARE = 8, 500, 0.05
#: The steps that the run is watched for; a loss beyond so many times its beginning diverges, and
#: one that has not fallen by this share does not fall.
STEPS, DIVERGES, FALLS = 50, 4.0, 0.02
#: Examples whose loss is compared before and after these steps.
COMPARED = 1024
#: Epochs with shuffled labels; how many deviations above chance are still chance.
EPOCHS, DEVIATIONS = 5, 4.0


def overfits(
    parts: Parts, expected: float, net: Sequential | None = None
) -> tuple[list[float], Check]:
    """Whether a few examples can be learnt by heart: the losses, and the check."""
    config, train = parts.config, parts.train
    # A linear model has too few parameters for more.
    outputs = len(train.classes) or 1
    count = max(1, min(HEART, len(train), parts.net.parameter_count() // outputs))
    count = max(count, min(2, len(train)))  # batch normalisation needs two
    small = train.take(in_another_order(len(train), config.seed)[:count])
    plain = config.changed(
        held_out=0.0, standardise=False, batch=count, dropout=0.0, l2=0.0, l1=0.0,
        shift=0, noise=0.0, flip=False,
    )  # fmt: skip
    wanted = HEART_SHARE * expected
    losses: list[float] = []
    for loss in Probe(plain, small, net).losses([None] * HEART_STEPS):
        losses.append(loss)
        if not loss > wanted:
            break
    last = losses[-1]
    found = f"{told(last)} after {len(losses)} steps"
    return losses, Check(
        "overfits a batch",
        last <= wanted,
        found,
        f"≤ {wanted:.2g} in {HEART_STEPS} steps",
        f"a net that cannot learn {count} examples by heart will learn nothing: `microgd lr-find` "
        "for the rate, more hidden units, and examples that do not contradict each other",
    )


def begins(
    config: Config, expected: float, data: Dataset | None = None, net: Sequential | None = None
) -> tuple[list[float], list[Check]]:
    """Whether the first steps of the run go down and leave its units alive."""
    probe = Probe(config, data, net)
    train = probe.parts.train
    seen = train.take(np.arange(min(COMPARED, len(train))))
    before = probe.evaluate(seen)[0]
    losses = list(probe.losses([None] * STEPS))
    after = probe.evaluate(seen)[0]
    rate = probe.rate
    late = losses[-10:]
    high = float(np.median(late)) if all(map(math.isfinite, losses)) else math.inf
    limit = DIVERGES * max(expected, losses[0]) if math.isfinite(losses[0]) else math.nan
    checks = [
        Check(
            "learning rate",
            high <= limit,
            f"{rate:.2g}: loss {told(high)}",
            f"loss < {limit:.3g}",
            f"it diverges within {STEPS} steps: take a smaller --lr than {rate:.2g}; `microgd "
            "lr-find` suggests one",
        ),
        Check(
            "loss falls",
            after <= (1 - FALLS) * before,
            f"{told(before)} → {told(after)}",
            f"by {FALLS:.0%} in {STEPS} steps",
            "the net learns nothing: try the rate that `microgd lr-find` suggests, and look at the "
            "other checks",
        ),
    ]
    weights = tuple(_double(tree) for tree in probe.weights())
    if all(np.isfinite(leaf).all() for tree in weights for leaf in leaves(tree)):
        checks += units(probe.parts, (weights[0], weights[1]), f"after {STEPS} steps")[:1]
    return losses, checks


def shuffled(config: Config, data: Dataset | None = None, net: Sequential | None = None) -> Check:
    """Whether nothing is learnt from shuffled labels about examples that were held out."""
    whole = read_dataset(config.data) if data is None else data
    wrong = replace(whole, y=whole.y[order_of(len(whole), config.seed)])
    run = Trainer(config.changed(epochs=EPOCHS, patience=None), wrong, net)
    held, name = run.parts.held_out, "shuffled labels"
    if held is None:
        return Check(name, None, "nothing is held out", "")
    try:
        for _ in run.epochs():
            pass
    except TrainingError:
        return Check(name, None, "the run diverges", "")
    loss, right = run.evaluate(held)
    advice = (
        "the net knows labels that it was not given: look for them among the inputs, or for "
        "examples in both parts"
    )
    if not whole.classes:
        variance = float(held.y.var())
        return Check(name, loss >= 0.5 * variance, f"held-out loss {loss:.3g}",
                     f"≥ half the variance, {variance:.3g}", advice)  # fmt: skip
    chance = float(held.counts.max() / len(held))
    limit = chance + DEVIATIONS * math.sqrt(chance * (1 - chance) / len(held))
    return Check(
        name, right <= limit, f"{right:.1%} right",
        f"chance, {chance:.1%}: ≤ {limit:.1%}", advice,
    )  # fmt: skip


def told(loss: float) -> str:
    """A loss in a table."""
    return f"{loss:.2g}" if math.isfinite(loss) else "not finite"


def order_of(count: int, seed: int) -> np.ndarray:
    """The order in which the labels are given to the examples."""
    return in_another_order(count, seed + 1)


def _double(tree: Params) -> Params:
    return dict(rebuilt(tree, iter([np.asarray(leaf, np.float64) for leaf in leaves(tree)])))
