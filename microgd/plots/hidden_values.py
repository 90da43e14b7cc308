"""Histograms of hidden values, a row for each net and a panel for each layer; and its gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from microgd.errors import ArgumentError
from microgd.graph.values import Array
from microgd.plots import style
from microgd.plots.plot import Plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from microgd.training.hidden_values import HiddenLayer, HiddenValues

#: Layers and nets that a picture has room for, and bars of a histogram.
LAYERS, NETS, BARS = 6, 8, 41
#: What an activation's values cannot leave.
BOUNDS = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0)}
#: Gradients below this are drawn as if they were so large.
LEAST = 1e-30


def draw_histograms(
    nets: HiddenValues | Sequence[HiddenValues],
    *,
    show: str = "values",
    title: str | None = None,
    dark: bool = False,
    width: float = 14.0,
) -> Plot:
    """Small multiples as in lecture 004: each row a net, each panel a hidden layer.

    The panels of a row have one scale, so that one sees values shrink or grow from layer to layer.
    Zeros that a ReLU makes are left out of the bars, and told. At the right, the gradients of the
    layers: their middle, and what half of them lie between.

    Arguments:
        show: "values", or "gradients": the logarithm of their size.
        width: inches; each net takes one and a half in height.

    Raises:
        ArgumentError: nothing to draw, or too much. DrawingError: no matplotlib.

    >>> from microgd.training.hidden_values import Config, histograms
    >>> draw_histograms(histograms(Config(data="moons", hidden=(8, 8)), examples=50))
    <plot, 14 × 3.1 inches>
    """
    listed = list(nets) if isinstance(nets, Sequence) else [nets]
    if show not in ("values", "gradients"):
        raise ArgumentError(f"show is 'values' or 'gradients', got {show!r}")
    if not 1 <= len(listed) <= NETS:
        raise ArgumentError(f"a picture has room for 1 to {NETS} nets, got {len(listed)}")
    palette = style.palette_of(dark)
    height = 1.4 + 1.7 * len(listed)
    with style.context(dark):
        figure, (first,) = style.new_figure(
            width, height, dark=dark, title=_title(listed, show) if title is None else title
        )
        first.remove()
        engine: Any = figure.get_layout_engine()
        engine.set(h_pad=0.05, hspace=0.02)
        limits = _gradient_limits(listed)
        rows = figure.subfigures(len(listed), 1, squeeze=False)[:, 0]
        for place, (part, net) in enumerate(zip(rows, listed, strict=True)):
            chosen = _chosen(len(net.layers))
            part.set_facecolor(palette.page)
            # One line: what does not fit is in the table.
            verdict = style.shown(net.verdict, 120 - min(34, len(net.name)))
            part.suptitle(f"{style.shown(net.name, 34)}:  {verdict}", x=0.012, ha="left",
                          fontsize=style.SMALL, color=_colour(net, palette))  # fmt: skip
            ratios = [1.0] * len(chosen) + [1.9] * (show == "values")
            axes = part.subplots(1, len(ratios), width_ratios=ratios, squeeze=False)[0]
            last = place == len(listed) - 1
            for one, layer in zip(axes, chosen, strict=False):
                if show == "values":
                    _values(one, net, net.layers[layer], palette)
                else:
                    _gradients(one, net.layers[layer], limits, palette)
                _name(one, layer, last)
            if show == "values":
                _lengths(axes[-1], net, limits, palette, named=last)
    return Plot(figure)


def _title(nets: Sequence[HiddenValues], show: str) -> str:
    layers = nets[0].layers
    what = (
        "Hidden values" if show == "values" else "Gradients of hidden values, log₁₀ of their size"
    )
    if len({(len(net.layers), net.layers[0].kind) for net in nets}) > 1:
        return what
    kind = {"relu": "ReLU", "prelu": "PReLU", "selu": "SELU", "elu": "ELU"}.get(
        layers[0].kind, layers[0].kind.replace("_", " ")
    )
    return f"{what}, {kind}"


def _chosen(count: int) -> list[int]:
    """The layers that are drawn: all, or the first, the last and some between."""
    return sorted({round(i) for i in np.linspace(0, count - 1, min(count, LAYERS))})


def _colour(net: HiddenValues, palette: style.Palette) -> str:
    bad = bool(net.findings)
    return style.legible(palette.series[1 if bad else 2], palette.page)


def _name(axes: Axes, layer: int, last: bool) -> None:
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.spines["left"].set_visible(False)
    axes.tick_params(labelsize=style.SMALL - 2)
    if last:
        axes.set_xlabel(f"layer {layer + 1}", fontsize=style.SMALL)


def _values(axes: Axes, net: HiddenValues, layer: HiddenLayer, palette: style.Palette) -> None:
    low, high = _range(net)
    values = layer.values[np.isfinite(layer.values)]
    zeros = layer.zeros if layer.kind == "relu" else 0.0
    drawn = values[values != 0] if zeros else values
    edges = np.linspace(low, high, BARS + 1)
    if low < 0 < high:  # a bar of its own around 0
        edges = np.linspace(-max(-low, high), max(-low, high), BARS + 1)
    counts, _ = np.histogram(np.clip(drawn, edges[0], edges[-1]), edges)
    axes.stairs(counts, edges, fill=True, color=palette.series[0])
    axes.set_ylim(0, (counts.max() or 1) * 1.05)
    axes.set_xlim(edges[0], edges[-1])
    axes.set_xticks([edges[0], 0.0, edges[-1]] if edges[0] < 0 else [edges[0], edges[-1]])
    axes.set_xticklabels([_short(x) for x in axes.get_xticks()])
    axes.get_xticklabels()[0].set_horizontalalignment("left")
    axes.get_xticklabels()[-1].set_horizontalalignment("right")
    told = f"σ {_short(layer.std)}" + (f",  {zeros:.0%} are 0" if zeros else "")
    axes.set_title(told, fontsize=style.SMALL - 2, color=palette.muted, pad=3)


def _range(net: HiddenValues) -> tuple[float, float]:
    """The scale of a row."""
    bounds = BOUNDS.get(net.layers[0].kind)
    if bounds is not None:
        return bounds
    lows, highs = [0.0], [0.0]
    for layer in net.layers:
        finite = layer.values[np.isfinite(layer.values)]
        if finite.size:
            lows.append(float(np.quantile(finite, 0.002)))
            highs.append(float(np.quantile(finite, 0.998)))
    low, high = min(lows), max(highs)
    return (low, high) if high > low else (low, low + 1.0)


def _gradients(
    axes: Axes, layer: HiddenLayer, limits: tuple[float, float], palette: style.Palette
) -> None:
    size = np.abs(layer.gradients[np.isfinite(layer.gradients)])
    if not size.any():
        axes.text(0.5, 0.5, "all 0", transform=axes.transAxes, ha="center", va="center",
                  fontsize=style.SMALL, color=palette.muted)  # fmt: skip
        axes.set_xticks([])
        return
    low, high = limits
    edges = np.linspace(low, high, 2 * BARS)
    logs = np.log10(np.maximum(size[size > 0], LEAST))
    counts, _ = np.histogram(np.clip(logs, low, high), edges)
    axes.stairs(counts, edges, fill=True, color=palette.series[1])
    axes.set_xlim(low, high)
    axes.set_ylim(0, (counts.max() or 1) * 1.05)
    axes.set_xticks(_powers(low, high))
    axes.set_xticklabels([style.power_of_ten(10.0**p) for p in axes.get_xticks()])


def _lengths(
    axes: Axes,
    net: HiddenValues,
    limits: tuple[float, float],
    palette: style.Palette,
    *,
    named: bool,
) -> None:
    """The size of the gradients of each layer: the middle, and the half around it."""
    places = np.arange(1, len(net.layers) + 1)
    quarters = np.array([_quarters(layer.gradients) for layer in net.layers])
    axes.set_xlim(0.6, len(places) + 0.4)
    axes.set_ylim(*limits)
    axes.set_yticks(_powers(*limits))
    axes.set_yticklabels([style.power_of_ten(10.0**p) for p in axes.get_yticks()])
    axes.set_xticks(places if len(places) <= 12 else places[:: -(-len(places) // 12)])
    axes.tick_params(labelsize=style.SMALL - 2)
    axes.yaxis.tick_right()
    axes.spines["left"].set_visible(False)
    axes.spines["right"].set_visible(True)
    if named:
        axes.set_xlabel("size of ∂L/∂h, by layer", fontsize=style.SMALL)
    if np.isnan(quarters).all():
        axes.text(0.5, 0.5, "all 0", transform=axes.transAxes, ha="center", va="center",
                  fontsize=style.SMALL, color=palette.muted)  # fmt: skip
        return
    low, middle, high = quarters.T
    axes.fill_between(places, low, high, color=palette.series[1], alpha=0.3, linewidth=0)
    axes.plot(places, middle, color=palette.series[1], marker="o", markersize=6)


def _quarters(gradients: Array) -> list[float]:
    """The quartiles of the logarithms of those that are not 0."""
    size = np.abs(gradients[np.isfinite(gradients) & (gradients != 0)])
    if not size.size:
        return [np.nan] * 3
    return list(np.quantile(np.log10(np.maximum(size, LEAST)), [0.25, 0.5, 0.75]))


def _gradient_limits(nets: Sequence[HiddenValues]) -> tuple[float, float]:
    """Powers of ten between which nearly all gradients of all nets lie."""
    ends: list[float] = []
    for net in nets:
        for layer in net.layers:
            size = np.abs(layer.gradients[np.isfinite(layer.gradients) & (layer.gradients != 0)])
            if size.size:
                ends += list(np.log10(np.maximum(np.quantile(size, [0.02, 0.999]), LEAST)))
    if not ends:
        return -1.0, 1.0
    low, high = min(ends), max(ends)
    return float(np.floor(low)), float(np.ceil(max(high, low + 1)))


def _powers(low: float, high: float) -> list[float]:
    apart = max(1, round((high - low) / 3))
    return [float(p) for p in range(int(high), int(low) - 1, -apart)]


def _short(value: Any) -> str:
    """A number in little room."""
    number = float(value)
    if not np.isfinite(number):
        return "?"
    if number and not 1e-3 <= abs(number) < 1e4:
        mantissa, _, exponent = f"{number:.0e}".partition("e")
        power = style.power_of_ten(10.0 ** int(exponent))
        return power if mantissa == "1" else f"{mantissa}·{power}".replace("-", "−")
    return (f"{number:.0f}" if abs(number) >= 100 else f"{number:.2g}").replace("-", "−")
