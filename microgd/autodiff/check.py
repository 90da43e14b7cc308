"""Gradient checking: the analytic gradient against central differences in float64."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.autodiff.functional import as_tensor
from microgd.errors import DataError
from microgd.graph.fresh import require_fresh
from microgd.graph.node import Node
from microgd.graph.order import topological_order
from microgd.graph.rewrite import rebuild
from microgd.graph.values import FLOAT64, Array
from microgd.interpreter.reverse import gradients_of
from microgd.tensor import Tensor

#: The steps that are tried. Too large: the curve bends; too small: digits cancel.
STEPS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7)

EPSILON = float(np.finfo(float).eps)

#: A gap that falls at least this much from one step to the next, ten times smaller one is the
#: difference's own error, of second order: a wrong gradient's gap stays as it is.
FALL = 30.0

#: Above so many input elements one random direction is checked instead of each element.
MOST_ELEMENTS = 1000

#: The course notes' reading of a relative error, from cs231n's "Gradient checks".
VERDICTS = (
    (1e-7, "good"),
    (1e-4, "fine with kinks, high without"),
    (1e-2, "suspicious"),
    (float("inf"), "wrong"),
)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The worst element of one input: which, and both gradients there."""

    input: str
    place: tuple[int, ...] | None
    analytic: float
    numeric: float
    error: float

    def __str__(self) -> str:
        where = "" if not self.place else str(list(self.place))
        return f"{self.input}{where}"


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a gradient check.

    Attributes:
        worst: for each input, its worst element at the best step.
        sweep: step h → the largest relative error with it.
        h: the step with the smallest largest error.
        kinks: what crossed a kink between x−h and x+h at that step, in words.
        directional: whether one random direction was checked instead of every element.
    """

    worst: tuple[Mismatch, ...]
    sweep: tuple[tuple[float, float], ...]
    h: float
    kinks: tuple[str, ...]
    directional: bool

    @property
    def error(self) -> float:
        """The largest relative error |a − n| / max(|a|, |n|)."""
        return max((m.error for m in self.worst), default=0.0)

    @property
    def verdict(self) -> str:
        """good, fine with kinks, suspicious or wrong."""
        error = self.error
        if not np.isfinite(error):
            return "wrong"
        return next(word for limit, word in VERDICTS if error <= limit)

    @property
    def ok(self) -> bool:
        """Whether nothing speaks against the gradient: good, or explained by a kink."""
        return self.error <= VERDICTS[0][0] or (bool(self.kinks) and np.isfinite(self.error))

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        how = "along one random direction" if self.directional else "every element"
        lines = [f"{self.verdict}: largest relative error {self.error:.2e} (h = {self.h:g}, {how})"]
        lines += [
            f"  {m!s:<12} analytic {m.analytic: .10g}  numeric {m.numeric: .10g}  "
            f"error {m.error:.1e}"
            for m in self.worst
        ]
        lines += [f"  {kink}" for kink in self.kinks]
        lines.append("  h: " + "  ".join(f"{h:g} → {e:.1e}" for h, e in self.sweep))
        return "\n".join(lines)


def check_gradients(
    fn: Callable[..., Any] | Node,
    *inputs: Any,
    steps: Sequence[float] = STEPS,
    seed: int = 0,
    most_elements: int = MOST_ELEMENTS,
) -> Report:
    """Compare the gradient of `fn` at `inputs` with (f(x+h) − f(x−h)) / 2h, for several h.

    Arguments:
        fn: a function of numbers and arrays, or a recorded Tensor, whose leaves are then its
            inputs. Where the output is no scalar, a fixed random combination of it is checked.
        steps: the h to try; the report is about the best one.
        seed: of the random combination and direction.
        most_elements: above so many input elements, one random direction is checked.

    Returns:
        A Report; it is true if the gradient is right, and prints itself as a table.

    >>> bool(check_gradients(lambda x, y: x * y, 3.0, 4.0))
    True
    """
    if isinstance(fn, Node):
        fn, inputs, names = _recorded(fn)
    else:
        names = [f"input {i}" for i in range(len(inputs))]
    if not inputs:
        raise DataError("there is nothing to check: no input to take a gradient of")
    if any(isinstance(x, Node) and x.value is None for x in inputs):
        raise DataError("a placeholder has no numbers to check a gradient at: give it some")
    points = [np.array(_raw(x), dtype=FLOAT64) for x in inputs]
    names = [
        x.name if isinstance(x, Node) and x.name else n for x, n in zip(inputs, names, strict=True)
    ]
    probe = _Probe(fn, points, seed)
    directional = sum(p.size for p in points) > most_elements
    steps = sorted(steps, reverse=True)
    measure = _along_direction if directional else _each_element
    tried = list(zip(steps, measure(probe, names, steps, seed), strict=True))
    h, worst = min(tried, key=lambda pair: _largest(pair[1]))
    kinks = probe.kinks(h, worst, seed) if _largest(worst) > VERDICTS[0][0] else ()
    sweep = tuple((step, _largest(w)) for step, w in tried)
    return Report(tuple(worst), sweep, h, kinks, directional)


def _raw(x: Any) -> Any:
    return x.value if isinstance(x, Node) else x


def _recorded(output: Node) -> tuple[Callable[..., Any], tuple[Any, ...], list[str]]:
    order = topological_order([output])
    require_fresh(order)
    leaves = [n for n in order if n.is_leaf and not n.is_constant and n.dtype.kind == "f"]

    def again(*new: Tensor) -> Node:
        return rebuild([output], dict(zip(leaves, new, strict=True)))[output]

    return again, tuple(leaves), [n.name or f"leaf {i}" for i, n in enumerate(leaves)]


class _Probe:
    """The function as a scalar one, its analytic gradient, and the kinks between two points."""

    def __init__(self, fn: Callable[..., Any], points: list[Array], seed: int) -> None:
        self.fn = fn
        self.points = points
        output, leaves = self.record(points)
        if output.value is None:
            raise DataError("the function has a placeholder in it: its gradient has no numbers")
        random = np.random.default_rng(seed)
        self.weights = random.uniform(0.5, 1.5, output.shape) if output.shape else np.ones(())
        upstream = self.weights if output.shape else 1.0
        self.analytic = [np.asarray(g) for g in gradients_of(output, leaves, upstream)]
        self.size = float(np.abs(np.asarray(output.value) * self.weights).sum())

    def record(self, points: Sequence[Array]) -> tuple[Tensor, list[Tensor]]:
        leaves = [Tensor(p) for p in points]
        return as_tensor(self.fn(*leaves)), leaves

    def __call__(self, points: Sequence[Array]) -> float:
        value = np.asarray(self.record(points)[0].value)
        return float((value * self.weights).sum())

    def slope(self, direction: Sequence[Array], h: float) -> float:
        ahead = [p + h * d for p, d in zip(self.points, direction, strict=True)]
        behind = [p - h * d for p, d in zip(self.points, direction, strict=True)]
        with np.errstate(all="ignore"):
            return (self(ahead) - self(behind)) / (2 * h)

    def errors(
        self, direction: Sequence[Array], analytic: float, steps: Sequence[float]
    ) -> list[tuple[float, float]]:
        """(numeric gradient, relative error) for each step, from the largest step down.

        The error is 0 where the gap is within what rounding alone does to the difference. But a
        small step makes that much of anything, so it excuses nothing unless it is small beside the
        gradient or the step is one of the largest.

        Where the true gradient is 0 the relative error is 1, however near the numeric one comes.
        There the gap must fall, step after step, as the difference's own error does; it is then
        measured against the gap it fell from.
        """
        found: list[tuple[float, float]] = []
        gaps: list[float] = []
        falls = 0
        for h in steps:
            numeric = self.slope(direction, h)
            gap = abs(analytic - numeric)
            scale = max(abs(analytic), abs(numeric))
            noise, least = (8 * EPSILON * max(self.size, 1e-30) / step for step in (h, steps[0]))
            falls = falls + 1 if gaps and gap * FALL <= gaps[-1] < np.inf else 0
            gaps.append(gap)
            if not np.isfinite(gap):
                same = np.isnan([analytic, numeric]).all() or analytic == numeric
                error = 0.0 if same else float("inf")
            elif gap == 0.0 or (gap <= noise and noise <= max(1e-3 * scale, 10.5 * least)):
                error = 0.0
            else:
                error = gap / max(scale, gaps[-1 - falls] if falls >= 3 else 0.0)
            found.append((numeric, error))
        return found

    def kinks(self, h: float, worst: Sequence[Mismatch], seed: int) -> tuple[str, ...]:
        """What changed its branch between x−h and x+h, for the elements that do not agree."""
        found: list[str] = []
        for number, mismatch in enumerate(worst):
            if mismatch.error <= VERDICTS[0][0]:
                continue
            if mismatch.place is None:
                direction = _direction(self.points, seed)
            else:
                direction = [np.zeros_like(p) for p in self.points]
                direction[number][mismatch.place] = 1.0
            sides = [
                self.record([p + s * h * d for p, d in zip(self.points, direction, strict=True)])[0]
                for s in (-1, 0, 1)
            ]
            found += [k for k in _crossed(sides) if k not in found]
        return tuple(found)


def _crossed(sides: Sequence[Node]) -> list[str]:
    orders = [[n for n in topological_order([s]) if n.inputs] for s in sides]
    shapes = [[n.gate.name for n in order] for order in orders]
    if shapes[0] != shapes[1] or shapes[1] != shapes[2]:
        return ["the program took another path between x−h and x+h (a Python `if`): a kink"]
    found = []
    for nodes in zip(*orders, strict=True):
        gate = nodes[0].gate
        if gate.branch is None:
            continue
        with np.errstate(all="ignore"):
            ways = [
                np.asarray(gate.branch(*(i.value for i in n.inputs), **(n.params or {})))
                for n in nodes
            ]
        if not all(np.array_equal(ways[0], w) for w in ways[1:]):
            word = "winner" if gate.pattern == "routes" else "side"
            place = f" (at {nodes[1].source})" if nodes[1].source else ""
            found.append(
                f"a {gate.name} changed its {word} between x−h and x+h: a kink was crossed{place}"
            )
    return found


def _direction(points: Sequence[Array], seed: int) -> list[Array]:
    random = np.random.default_rng(seed + 1)
    steps = [random.standard_normal(p.shape) for p in points]
    length = np.sqrt(sum(float((s * s).sum()) for s in steps))
    return [s / length for s in steps]


def _along_direction(
    probe: _Probe, names: Sequence[str], steps: Sequence[float], seed: int
) -> list[list[Mismatch]]:
    direction = _direction(probe.points, seed)
    analytic = float(sum((g * d).sum() for g, d in zip(probe.analytic, direction, strict=True)))
    return [
        [Mismatch("direction", None, analytic, numeric, error)]
        for numeric, error in probe.errors(direction, analytic, steps)
    ]


def _each_element(
    probe: _Probe, names: Sequence[str], steps: Sequence[float], seed: int
) -> list[list[Mismatch]]:
    """For each step, the worst element of each input."""
    worst: list[dict[int, Mismatch]] = [{} for _ in steps]
    for number, point in enumerate(probe.points):
        for place in np.ndindex(point.shape):
            direction = [np.zeros_like(p) for p in probe.points]
            direction[number][place] = 1.0
            analytic = float(probe.analytic[number][place])
            tried = probe.errors(direction, analytic, steps)
            for found, (numeric, error) in zip(worst, tried, strict=True):
                if number not in found or error > found[number].error:
                    found[number] = Mismatch(names[number], place, analytic, numeric, error)
    return [list(found.values()) for found in worst]


def _largest(worst: Sequence[Mismatch]) -> float:
    return max((m.error for m in worst), default=0.0)
