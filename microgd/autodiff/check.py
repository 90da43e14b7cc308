"""Gradient checking: the analytic gradient against central differences in float64."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.autodiff.differences import Difference, best_estimate, between, judged, plain_error
from microgd.autodiff.functional import as_tensor
from microgd.autodiff.kinks import crossed
from microgd.errors import ArgumentError, DataError
from microgd.graph.fresh import require_fresh
from microgd.graph.node import Node
from microgd.graph.order import topological_order
from microgd.graph.rewrite import rebuild
from microgd.graph.values import FLOAT64, Array
from microgd.graph.variables import running
from microgd.interpreter.reverse import gradients_of
from microgd.tensor import Tensor

#: The steps that are tried. Too large: the curve bends; too small: digits cancel.
STEPS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7)

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
    """The worst element of one input: which, and both gradients there.

    `kinks` tells, in words, what explains the error: what every step crosses, where the gradient
    lies between the slopes on both sides. `outside`: every difference leaves the domain.
    """

    input: str
    place: tuple[int, ...] | None
    analytic: float
    numeric: float
    error: float
    kinks: tuple[str, ...] = ()
    outside: bool = False

    @property
    def ok(self) -> bool:
        """Whether nothing speaks against the gradient: good, or explained by a kink."""
        return self.error <= VERDICTS[0][0] or (bool(self.kinks) and bool(np.isfinite(self.error)))

    def __str__(self) -> str:
        where = "" if not self.place else str(list(self.place))
        return f"{self.input}{where}"


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a gradient check.

    Attributes:
        worst: for each input, its worst element.
        sweep: step h → the largest relative error of the plain difference with it.
        h: the step with the smallest largest error.
        kinks: what crossed a kink between x−h and x+h at every step, in words.
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
        """good, fine with kinks, suspicious or wrong; or that the domain leaves no room to tell."""
        error = self.error
        if any(m.outside for m in self.worst) and all(m.ok or m.outside for m in self.worst):
            return "not comparable"
        if not np.isfinite(error):
            return "wrong"
        return next(word for limit, word in VERDICTS if error <= limit)

    @property
    def ok(self) -> bool:
        """Whether nothing speaks against the gradient: good, or explained by a kink."""
        return all(m.ok for m in self.worst)

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
        lines += [
            f"  {m}: the differences leave the function's domain" for m in self.worst if m.outside
        ]
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
    steps = sorted(map(float, steps), reverse=True)
    if not steps or not steps[-1] > 0:
        raise ArgumentError("the steps to try must be numbers above 0, at least one")
    directional = sum(p.size for p in points) > most_elements
    lines = _one_direction(probe, seed) if directional else _every_element(probe, names)
    sweep = dict.fromkeys(steps, 0.0)
    worst: dict[int, Mismatch] = {}
    for line in lines:
        differences = [probe.difference(line.direction, h) for h in steps]
        for d in differences:
            sweep[d.h] = max(sweep[d.h], plain_error(line.analytic, d))
        found = _compared(probe, line, differences)
        known = worst.get(line.number)
        if known is None or (not found.ok, found.error) > (not known.ok, known.error):
            worst[line.number] = found
    kinks = tuple(dict.fromkeys(k for m in worst.values() for k in m.kinks))
    h = min(sweep, key=sweep.__getitem__)
    return Report(tuple(worst.values()), tuple(sweep.items()), h, kinks, directional)


def _raw(x: Any) -> Any:
    return x.value if isinstance(x, Node) else x


def _recorded(output: Node) -> tuple[Callable[..., Any], tuple[Any, ...], list[str]]:
    order = topological_order([output])
    require_fresh(order)
    leaves = [n for n in order if n.is_leaf and not n.is_constant and n.dtype.kind == "f"]

    def again(*new: Tensor) -> Node:
        return rebuild([output], dict(zip(leaves, new, strict=True)))[output]

    return again, tuple(leaves), [n.name or f"leaf {i}" for i, n in enumerate(leaves)]


@dataclass(frozen=True, slots=True)
class _Line:
    """A direction to move the inputs in, and the analytic slope along it."""

    number: int
    input: str
    place: tuple[int, ...] | None
    direction: list[Array]
    analytic: float


class _Probe:
    """The function as a scalar one, and its analytic gradient."""

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
        self.here = self.scalar(output)
        self.size = float(np.abs(np.asarray(output.value) * self.weights).sum())

    def record(self, points: Sequence[Array]) -> tuple[Tensor, list[Tensor]]:
        leaves = [Tensor(p) for p in points]
        token = running.set((*running.get(), *leaves))
        try:
            return as_tensor(self.fn(*leaves)), leaves
        finally:
            running.reset(token)

    def at(self, direction: Sequence[Array], distance: float) -> Tensor:
        """The function recorded at the points moved by a distance in a direction."""
        moved = [p + distance * d for p, d in zip(self.points, direction, strict=True)]
        return self.record(moved)[0]

    def scalar(self, output: Tensor) -> float:
        with np.errstate(all="ignore"):
            return float((np.asarray(output.value) * self.weights).sum())

    def difference(self, direction: Sequence[Array], h: float) -> Difference:
        behind, ahead = (self.scalar(self.at(direction, s * h)) for s in (-1, 1))
        return Difference(h, behind, self.here, ahead, self.reach(direction), self.size)

    def reach(self, direction: Sequence[Array]) -> float:
        """The largest |x| among the elements that the direction moves."""
        moved = [np.abs(p[d != 0]) for p, d in zip(self.points, direction, strict=True)]
        return max((float(m.max()) for m in moved if m.size), default=0.0)

    def crossed(self, direction: Sequence[Array], h: float) -> list[str]:
        return crossed([self.at(direction, s * h) for s in (-1, 0, 1)])


def _compared(probe: _Probe, line: _Line, differences: list[Difference]) -> Mismatch:
    """The judgement of one slope: by all steps, then by those that cross no kink."""
    if np.isfinite(line.analytic) and sum(np.isfinite(d.central) for d in differences) < 3:
        # Too near to the end of the domain, as ln is at 1e-8: steps of a size that suits x.
        reach = probe.reach(line.direction)
        nearer = [probe.difference(line.direction, reach * d.h) for d in differences if reach]
        differences = nearer or differences
    numeric, error = judged(line.analytic, differences)
    kinks: list[str] = []
    outside = not any(np.isfinite(d.central) for d in differences) and error > 0
    if error > VERDICTS[0][0] and not outside:
        crossing = {d.h: probe.crossed(line.direction, d.h) for d in differences}
        free = [d for d in differences if not crossing[d.h]]
        middle = differences[len(differences) // 2]
        if free:
            numeric, error = judged(line.analytic, _surer(probe, line, free))
        elif between(line.analytic, middle):
            kinks = crossing[middle.h]
    return Mismatch(line.input, line.place, line.analytic, numeric, error, tuple(kinks), outside)


def _surer(probe: _Probe, line: _Line, differences: list[Difference]) -> list[Difference]:
    """The differences, or those with steps in proportion to x, as poles need: the surer ones."""
    reach = probe.reach(line.direction)
    nearer = [probe.difference(line.direction, reach * d.h) for d in differences if reach]
    here, there = best_estimate(differences), best_estimate(nearer)
    if here is None or there is None:
        return differences
    return nearer if there.doubt < here.doubt else differences


def _one_direction(probe: _Probe, seed: int) -> Iterator[_Line]:
    random = np.random.default_rng(seed + 1)
    steps = [random.standard_normal(p.shape) for p in probe.points]
    length = np.sqrt(sum(float((s * s).sum()) for s in steps))
    direction = [s / length for s in steps]
    analytic = float(sum((g * d).sum() for g, d in zip(probe.analytic, direction, strict=True)))
    yield _Line(0, "direction", None, direction, analytic)


def _every_element(probe: _Probe, names: Sequence[str]) -> Iterator[_Line]:
    for number, point in enumerate(probe.points):
        for place in np.ndindex(point.shape):
            direction = [np.zeros_like(p) for p in probe.points]
            direction[number][place] = 1.0
            yield _Line(
                number, names[number], place, direction, float(probe.analytic[number][place])
            )
