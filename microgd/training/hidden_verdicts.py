"""Hidden values in words: what is wrong with a beginning, and a table of its layers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from microgd.training.hidden_values import MANY, SHRINKS, VANISHES

if TYPE_CHECKING:
    from microgd.trace.table import Table
    from microgd.training.hidden_values import HiddenValues

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def findings(found: HiddenValues) -> tuple[str, ...]:
    """What is wrong, a sentence each."""
    layers = found.layers
    said = []
    if any(layer.alike for layer in layers):
        said.append("all units of a layer are alike: symmetry is never broken")
    said += _values(found)
    for what, word in (("saturated", "values"), ("dead", "units")):
        shares = [getattr(layer, what) or 0.0 for layer in layers]
        worst = max(range(len(shares)), key=shares.__getitem__)
        if shares[worst] > (MANY if what == "saturated" else MANY / 2):
            said.append(f"{shares[worst]:.0%} of the {word} in layer {worst + 1} are {what}")
    said += _gradients(found)
    return tuple(said)


def _values(found: HiddenValues) -> list[str]:
    first, last = found.layers[0].std, found.layers[-1].std
    count = len(found.layers)
    if not math.isfinite(last):
        return ["the values are not finite any more"]
    if count == 1 or not first:
        return []
    if last < SHRINKS * first:
        return [f"values shrink to {times(last / first)} by layer {count}"]
    if last > first / SHRINKS:
        return [f"values grow {times(last / first)} times by layer {count}"]
    return []


def _gradients(found: HiddenValues) -> list[str]:
    ratio, count = found.vanishing, len(found.layers)
    if math.isnan(ratio) or found.layers[0].gradient == 0:
        return ["no gradient reaches layer 1"]
    if count == 1:
        return []
    if ratio < VANISHES:
        return [f"the gradient vanishes: {times(ratio)} of it is left in layer 1"]
    if ratio > 1 / VANISHES:
        return [f"the gradient explodes: {times(ratio)} times as long in layer 1"]
    return []


def times(ratio: float) -> str:
    """A ratio in a sentence: the nearest power of ten where it is far from 1.

    >>> times(3.2e-8), times(0.04), times(250.0), times(3e5)
    ('10⁻⁷', '0.04', '250', '10⁵')
    """
    if ratio > 0 and not 1e-3 <= ratio < 1e4 and math.isfinite(ratio):
        return "10" + str(round(math.log10(ratio))).translate(_RAISED)
    return f"{ratio:.2g}" if ratio < 100 else f"{ratio:.0f}"


def table(found: HiddenValues) -> Table:
    """A line for each layer; a column that says nothing of this activation is left out."""
    from microgd.trace.table import Table

    shares = [
        name for name in ("zeros", "dead", "saturated")
        if any(getattr(layer, name) for layer in found.layers)
    ]  # fmt: skip
    columns = ["layer", "mean>", "std>", *(f"{name}>" for name in shares), "‖∂L/∂h‖>", "‖∂L/∂w‖>"]
    rows = []
    for layer in found.layers:
        told = [getattr(layer, name) for name in shares]
        rows.append(
            (
                layer.name,
                f"{layer.mean:.2g}",
                f"{layer.std:.2g}",
                *("" if share is None else f"{share:.1%}" for share in told),
                f"{layer.gradient:.2g}",
                f"{layer.weight_gradient:.2g}",
            )
        )
    return Table(found.name, tuple(columns), tuple(rows))
