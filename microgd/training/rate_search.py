"""The learning-rate finder: one step at each of many rates, from far too small to far too large."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from microgd.errors import ArgumentError
from microgd.graph.values import Array
from microgd.training.config import Config
from microgd.training.probe import Probe, smoothed

if TYPE_CHECKING:
    from microgd.data.dataset import Dataset
    from microgd.nn.net import Sequential
    from microgd.trace.table import Table

#: How much of the running mean of losses stays at each step; it lags KEEP / (1 − KEEP) steps.
KEEP = 0.9
#: The share of the steps at the start that is no more than the loss before learning.
START = 0.1
#: How many times the lowest loss ends the search, where it is above the loss at the start, too.
DIVERGED = 4.0
#: A fall counts from so many standard deviations of its noise on, and from this share of the loss.
SIGNIFICANT, LEAST = 4.0, 0.01


@dataclass(frozen=True)
class RateSearch:
    """What the losses say about the learning rate.

    Attributes:
        rates: one for each step that was taken, rising geometrically.
        losses: of the minibatches, each before the step at its rate; the last may not be finite.
        smoothed: the same without spikes (a median of five) and as a running mean.
        suggestion: the rate at which the smoothed loss falls most steeply; None if it never falls.
        tenth: a tenth of the rate at which it is lowest, another rule of thumb.
        skipped: how many steps at the start were not looked at.
        reason: why, in a sentence or two.
        ended: why the search ended.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]
    suggestion: float | None
    tenth: float | None
    skipped: int
    reason: str
    ended: str

    def to_dict(self) -> dict[str, Any]:
        """Everything, for JSON; a loss that is not finite is None."""
        return {
            "suggestion": self.suggestion,
            "tenth": self.tenth,
            "reason": self.reason,
            "ended": self.ended,
            "skipped": self.skipped,
            "rates": list(self.rates),
            "losses": [x if math.isfinite(x) else None for x in self.losses],
            "smoothed": [x if math.isfinite(x) else None for x in self.smoothed],
        }

    def table(self) -> Table:
        """The losses about two times in each power of ten."""
        from microgd.trace.table import Table

        apart = math.log10(self.rates[-1] / self.rates[0]) / max(1, len(self.rates) - 1)
        every = max(1, round(0.5 / apart)) if apart else 1
        three = list(zip(self.rates, self.losses, self.smoothed, strict=True))[::every]
        rows = tuple((f"{r:.2g}", f"{loss:.4g}", f"{mean:.4g}") for r, loss, mean in three)
        return Table("", ("lr>", "loss>", "smoothed>"), rows)


def find_rate(
    config: Config,
    data: Dataset | None = None,
    net: Sequential | None = None,
    *,
    low: float = 1e-8,
    high: float = 1.0,
    steps: int = 200,
) -> RateSearch:
    """Train for some steps with a rate that grows from `low` to `high`, and look at the losses.

    Arguments:
        config: the run whose rate is looked for; its own rate or schedule is not used.
        data, net: in the place of those that it names.
        low, high: the first and the last rate; they grow geometrically.
        steps: how many, a minibatch each.

    The search ends early where the loss has grown to four times its lowest, above its start.

    Raises:
        ArgumentError: rates or a number of steps that make no sense.

    Source: Smith, "Cyclical Learning Rates for Training Neural Networks", 2017; lectures (E6).

    >>> config = Config(data="blobs", hidden=(8,), device="interpreter")
    >>> 1e-4 < find_rate(config).suggestion < 1
    True
    """
    rates = _rates(low, high, steps)
    probe = Probe(config, data, net)
    losses: list[float] = []
    for loss in probe.losses(rates):
        losses.append(loss)
        if _diverged(losses):
            break
    return judge(rates[: len(losses)], losses)


def judge(rates: Sequence[float], losses: Sequence[float]) -> RateSearch:
    """The suggestion for these losses, one at each of the rates, which rise geometrically.

    Only new lows count as a fall, so that the way down from a spike is none; a single wild loss
    is taken out by a median of five first. The lag of the running mean is taken off the rate.

    >>> rates = np.geomspace(1e-8, 1, 200)
    >>> curve = 2.3 - 2 / (1 + (1e-3 / rates) ** 2)
    >>> 5e-4 < judge(rates, curve).suggestion < 2e-3
    True

    Raises:
        ArgumentError: not as many losses as rates, or fewer than 10.
    """
    with np.errstate(all="ignore"):  # what is not finite is looked for
        return _judged(rates, np.asarray(losses, dtype=float))


def _judged(rates: Sequence[float], raw: Array) -> RateSearch:
    x = np.log10(np.asarray(rates, dtype=float))
    if len(x) != len(raw) or not len(x):
        raise ArgumentError(f"judge takes a loss for each rate, got {len(x)} and {len(raw)}")
    mean = np.array(smoothed(_without_spikes(raw), KEEP))
    kept = int(np.argmin(np.isfinite(mean))) if not np.isfinite(mean).all() else len(mean)
    skipped = min(max(5, math.ceil(START * len(x))), kept)
    ended = _ending(raw, x)
    told = RateSearch(
        rates=tuple(map(float, rates)),
        losses=tuple(map(float, raw)),
        smoothed=tuple(map(float, mean)),
        suggestion=None,
        tenth=None,
        skipped=skipped,
        reason="",
        ended=ended,
    )
    if kept - skipped < 5:
        return replace(told, reason=f"There are too few losses to judge by: {ended}")
    start = float(np.median(raw[:skipped]))
    lowest = int(np.argmin(mean[:kept]))
    noise = _noise(raw[:kept])
    fall = start - float(mean[lowest])
    if lowest <= skipped or fall <= max(SIGNIFICANT * noise, LEAST * abs(start)):
        return replace(told, reason=_no_fall(start, float(mean[lowest]), noise, x))
    lag = KEEP / (1 - KEEP) * (x[1] - x[0])
    place, slope = _steepest(x[:kept], mean[:kept], skipped, lowest)
    first = float(x[0])
    suggestion = 10 ** max(first, float(x[place]) - lag)
    tenth = 10 ** float(x[lowest]) / 10  # no lag: the mean turns as soon as losses are above it
    reason = (
        f"The smoothed loss falls most steeply at {suggestion:.2g}, by {slope:.2g} for ten times "
        f"the rate; it goes from {start:.3g} to its lowest, {mean[lowest]:.3g}, at "
        f"{tenth * 10:.2g}, a tenth of which is {tenth:.2g}."
    )
    if lowest >= len(x) - max(2, len(x) // 50):
        reason += f" It still falls at the last rate, {rates[-1]:.2g}: search higher."
    return replace(told, suggestion=float(suggestion), tenth=float(tenth), reason=reason)


def _rates(low: Any, high: Any, steps: Any) -> list[float]:
    good = all(isinstance(x, int | float) and math.isfinite(x) for x in (low, high))
    if not good or not 0 < low < high:
        raise ArgumentError(f"search between rates 0 < low < high, got {low!r} and {high!r}")
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 20:
        raise ArgumentError(f"steps is a whole number of at least 20, got {steps!r}")
    return [float(rate) for rate in np.geomspace(low, high, steps)]


def _without_spikes(raw: Array) -> Array:
    """The median of each loss and its two neighbours on both sides; at the ends, of fewer."""
    found = raw.copy()
    for place in range(len(raw)):
        reach = min(2, place, len(raw) - 1 - place)
        found[place] = np.median(raw[place - reach : place + reach + 1])
    return found


def _diverged(losses: list[float]) -> bool:
    """Whether the last five losses are, most of them, not finite or far above all before."""
    if len(losses) < 20:
        return not math.isfinite(losses[-1]) and not any(map(math.isfinite, losses[-5:]))
    if not math.isfinite(losses[-1]):
        return True
    begun = float(np.median(losses[:5]))
    now = float(np.median(losses[-5:]))
    best = min(float(np.median(losses[i : i + 5])) for i in range(0, len(losses) - 4, 5))
    return now > DIVERGED * best and now > 2 * begun


def _ending(raw: Array, x: Array) -> str:
    last = f"{10 ** float(x[-1]):.2g}"
    if not math.isfinite(raw[-1]):
        return f"the loss was not finite any more at {last}"
    if len(raw) >= 20 and _diverged(list(map(float, raw))):
        return f"the loss had grown to more than {DIVERGED:g} times its lowest at {last}"
    return f"the last rate, {last}, was reached"


def _noise(raw: Array) -> float:
    """The standard deviation of the smoothed losses, from how neighbours differ."""
    steps = np.abs(np.diff(raw[np.isfinite(raw)]))
    alone = float(np.median(steps)) / 0.6745 / math.sqrt(2.0)
    return alone * math.sqrt((1 - KEEP) / (1 + KEEP) + 1.57 / max(5, START * len(raw)))


def _steepest(x: Array, mean: Array, skipped: int, lowest: int) -> tuple[int, float]:
    """Where the record low falls fastest, and how fast, for ten times the rate.

    It is looked at over an eighth of a power of ten on both sides, at least two steps.
    """
    low = np.minimum.accumulate(mean)
    reach = max(2, round(0.125 / float(x[1] - x[0])))
    last = len(x) - 1
    slopes = {
        place: float(
            (low[max(place - reach, 0)] - low[min(place + reach, last)])
            / (x[min(place + reach, last)] - x[max(place - reach, 0)])
        )
        for place in range(skipped, lowest + 1)
    }
    best = max(slopes, key=lambda place: slopes[place])
    return best, slopes[best]


def _no_fall(start: float, lowest: float, noise: float, x: Array) -> str:
    return (
        f"The loss has no falling part between {10 ** float(x[0]):.2g} and "
        f"{10 ** float(x[-1]):.2g}: it begins at {start:.3g} and gets no lower than {lowest:.3g}, "
        f"with noise of ±{noise:.1g}. Perhaps the net is stuck (`microgd sanity` looks), or the "
        "batch or the highest rate is too small."
    )
