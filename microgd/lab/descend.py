"""The walk itself: gradient, optimizer, schedule and stopping rule, step by step, into a record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgd.autodiff.functional import value_and_grad
from microgd.autodiff.numeric import numeric_gradient
from microgd.autodiff.tree import leaves, rebuilt
from microgd.errors import ArgumentError
from microgd.gates.selection import clip
from microgd.graph.values import Array
from microgd.lab.asked import (
    asked_optimizer,
    asked_problem,
    asked_schedule,
    asked_stop,
    check_difference,
)
from microgd.lab.descent import Descent, Row
from microgd.lab.problem import Point, Problem, number
from microgd.optim import SGD, AdaDelta, Momentum, Nesterov
from microgd.optim.optimizer import Optimizer
from microgd.optim.wrapping import Wrapper
from microgd.options import split
from microgd.stopping import Seen, Steps, Stopping

#: The learning rate of a walk that is given none; libraries' defaults are for nets.
RATE = 0.1


@dataclass(frozen=True, kw_only=True)
class Walk:
    """How to walk: all options of `descend`, which documents them."""

    optimizer: Optimizer | Wrapper
    rate: Any
    steps: int
    stop: Stopping
    numeric: float | None
    central: bool
    both: bool
    noise: float
    seed: int
    device: str | None
    label: str


def descend(
    problem: Problem | str,
    optimizer: Optimizer | Wrapper | str = "sgd",
    *,
    lr: float | None = None,
    schedule: Any = None,
    steps: int = 100,
    stop: Stopping | str | None = None,
    numeric: float | None = None,
    central: bool = False,
    both: bool = False,
    noise: float = 0.0,
    seed: int = 0,
    device: str | None = None,
    label: str | None = None,
) -> Descent:
    """Walk down a function, and write down every step.

    Arguments:
        problem: a `Problem`, or the name of a built-in function.
        optimizer: an optimizer, or its text: "adam", "sgd(momentum=0.9)".
        lr: the learning rate; by default the optimizer's own, else one that suits the function.
        schedule: a function of t in its place (`mg.schedules`), ReduceOnPlateau included, or a
            schedule's text: "cosine(lr=0.1, steps=50)".
        steps: how many steps at most.
        stop: a further rule (`mg.stopping`), or its text: "smallgradient(1e-6)".
        numeric: use numeric gradients, (f(x+h) − f(x)) / h, with this h.
        central: (f(x+h) − f(x−h)) / 2h instead.
        both: write down the other kind of gradient, too (with h = 0.001 for analytic walks).
        noise: the standard deviation of normal noise on every gradient, as minibatches have.
        seed: the noise's.
        device: run the steps as an OpenCL program there, in float32; None is the interpreter.
        label: what to call it in legends.

    An inf or NaN ends the walk; the record says in which row.

    Raises:
        ArgumentError: options that make no sense, or do not go together.

    >>> walk = descend("quartic", lr=0.2, steps=6, numeric=0.001)
    >>> print(*(f"{x:.3f}" for x in walk.points[:, 0]))
    1.000 -0.001 -0.201 -0.395 -0.546 -0.616 -0.629
    >>> walk.ended
    'after 6 steps'
    """
    problem = asked_problem(problem)
    chosen, stop = asked_optimizer(optimizer), asked_stop(stop)
    if lr is not None and schedule is not None:
        raise ArgumentError("give a learning rate or a schedule, not both")
    schedule = asked_schedule(schedule)
    if numeric is not None:
        check_difference(numeric, _flat(problem.start))
    if not noise >= 0:
        raise ArgumentError(f"noise is a standard deviation of at least 0, got {noise!r}")
    if numeric is not None and device is not None:
        raise ArgumentError("numeric gradients are for the interpreter: leave device out")
    fixed = Steps(steps)
    rate = optimizer_rate(chosen, problem) if lr is None else _checked(lr)
    walk = Walk(
        optimizer=chosen,
        rate=schedule if schedule is not None else lambda t: rate,
        steps=steps,
        stop=fixed if stop is None else stop | fixed,
        numeric=numeric,
        central=central,
        both=both,
        noise=noise,
        seed=seed,
        device=device,
        label=label or _label(chosen, rate if schedule is None else schedule),
    )
    return _walk(problem, walk)


def race(problem: Problem | str, optimizers: Iterable[Any], **options: Any) -> list[Descent]:
    """The same walk with several optimizers, for one picture. Options as in `descend`.

    The optimizers may be one text, too, with commas between them: "sgd, adam(lr=0.5)".

    >>> [d.label for d in race("bowl", ["sgd", "adam(lr=0.5)"], steps=3)]
    ['sgd, γ 0.5', 'adam, γ 0.5']
    """
    if isinstance(optimizers, str):
        optimizers = split(optimizers)
    return [descend(problem, one, **options) for one in optimizers]


def from_starts(
    problem: Problem | str, starts: Iterable[Mapping[str, Any]], *args: Any, **options: Any
) -> list[Descent]:
    """The same walk from several points: which valley is found depends on the start.

    >>> walks = from_starts("double-well", [{"x": -0.5}, {"x": 1.0}], steps=200)
    >>> [round(float(d.last.point[0]), 2) for d in walks]
    [-1.53, 1.27]
    """
    problem = asked_problem(problem)
    walks = []
    for start in starts:
        begun = problem.started(**start)
        label = "from " + ", ".join(f"{n} = {_brief(v)}" for n, v in begun.start.items())
        walks.append(descend(begun, *args, **{"label": label, **options}))
    return walks


def random_starts(problem: Problem, count: int, seed: int = 0) -> list[Point]:
    """Points at random in the problem's box (or within ±2 of its start)."""
    flat = _flat(problem.start)
    box = problem.box or tuple((x - 2.0, x + 2.0) for x in flat)
    low, high = np.array(box).T
    drawn = np.random.default_rng(seed).uniform(low, high, size=(count, len(flat)))
    return [problem.point(np.round(one, 3)) for one in drawn]


def optimizer_rate(optimizer: Optimizer | Wrapper, problem: Problem) -> float:
    """The learning rate where none is given: the optimizer's own, else one that suits."""
    inner = optimizer
    while isinstance(inner, Wrapper) and hasattr(inner, "inner"):
        inner = inner.inner
    if getattr(inner, "lr", None) is not None:
        return inner.rate
    if isinstance(inner, AdaDelta):
        return inner.rate
    if isinstance(inner, SGD | Momentum | Nesterov) and problem.rate is not None:
        # a constant gradient moves them by γ / (1 − μ) in the end
        return float(f"{problem.rate * (1.0 - inner.momentum):.12g}")
    return RATE


def _walk(problem: Problem, walk: Walk) -> Descent:
    optimizer = walk.optimizer
    random = np.random.default_rng(walk.seed)
    params, state = problem.start, optimizer.init(problem.start)
    memory, why = walk.stop.begin(), None
    plateau = walk.rate.init() if hasattr(walk.rate, "init") else None
    gradient = _gradients(problem, walk)
    before: Point = params
    rows: list[Row] = []
    counted = 0
    t = 0
    with np.errstate(all="ignore"):
        while True:
            rate = float(walk.rate.rate(plateau) if plateau is not None else walk.rate(t))
            part = problem.part(t)
            point = optimizer.gradient_point(params, state)
            at_part, slopes, beside, evaluations = gradient(part, point)
            counted += evaluations
            exact = point is params and len(problem.parts) == 1
            value = at_part if exact else number(problem(params))
            if walk.noise:
                slopes = _noisy(slopes, walk.noise, random)
            rows.append(
                Row(t, _flat(params), value, _flat(slopes), _maybe_flat(beside), rate, counted)
            )
            if _lost(rows[-1]):
                return _record(problem, walk, rows, _divergence(problem, rows[-1]), t)
            seen = Seen(step=t, loss=value, params=params, before=before, gradients=slopes)
            memory, why = walk.stop.look(memory, seen)
            if why is not None:
                return _record(problem, walk, rows, why, None)
            before = params
            loss = at_part if point is params else number(part(params))
            params, state = optimizer.update(params, slopes, state, rate, loss)
            if problem.clamp is not None:
                low, high = problem.clamp
                params = rebuilt(params, iter([clip(x, low, high) for x in leaves(params)]))
            if plateau is not None:
                plateau = walk.rate.update(plateau, value)
            t += 1


#: What takes a part of the problem and a point, and gives its value there, its gradient, the other
#: kind of gradient or None, and how often f was evaluated for the first.
Gradients = Callable[[Callable[[Point], Any], Point], tuple[float, Point, Point | None, int]]


def _gradients(problem: Problem, walk: Walk) -> Gradients:
    h = walk.numeric or 1e-3
    size = problem.dimensions
    differences = 2 * size if walk.central else size + 1

    def numeric(part: Callable[[Point], Any], point: Point) -> Point:
        def flat(*values: Any) -> float:
            return number(part(rebuilt(point, iter(values))))

        found = numeric_gradient(flat, *leaves(point), h=h, central=walk.central)
        return dict(rebuilt(point, iter(found)))

    programs: dict[Any, Any] = {}

    def analytic(part: Callable[[Point], Any], point: Point) -> tuple[float, Point]:
        if walk.device is None:
            value, slopes = value_and_grad(part)(point)
            return value, slopes
        if part not in programs:
            from microgd.opencl.program import compile as compiled

            programs[part] = compiled(value_and_grad(part), device=walk.device)
        narrow = rebuilt(point, iter([np.asarray(x, np.float32) for x in leaves(point)]))
        value, slopes = programs[part](narrow)
        wide = [np.asarray(x, float) for x in leaves(slopes)]
        return float(value), rebuilt(point, iter([float(x) if x.ndim == 0 else x for x in wide]))

    def both(part: Callable[[Point], Any], point: Point) -> tuple[float, Point, Point | None, int]:
        if walk.numeric is None:
            value, slopes = analytic(part, point)
            return value, slopes, numeric(part, point) if walk.both else None, 1
        exact = analytic(part, point)[1] if walk.both else None
        return number(part(point)), numeric(part, point), exact, differences

    return both


def _record(
    problem: Problem, walk: Walk, rows: Sequence[Row], ended: str, diverged: int | None
) -> Descent:
    return Descent(problem, walk.label, tuple(rows), ended, diverged, walk.numeric)


def _lost(row: Row) -> bool:
    return not (
        np.isfinite(row.value) and np.isfinite(row.point).all() and np.isfinite(row.gradient).all()
    )


def _divergence(problem: Problem, row: Row) -> str:
    """The sentence about a walk that met an inf or NaN."""
    for name, x in zip(problem.names, row.point, strict=True):
        if not np.isfinite(x) and row.t == 0:
            return f"nothing to walk on: the start has {name} = {x:g}"
        if not np.isfinite(x):
            return f"diverged at step {row.t}: {name} is {x:g}; a smaller learning rate may help"
    where = ", ".join(f"{n} = {x:.6g}" for n, x in zip(problem.names, row.point, strict=True))
    what = f"f is {row.value:g}" if not np.isfinite(row.value) else "the gradient is not finite"
    if row.t == 0:
        return f"nothing to walk on: at the start, {where}, {what}"
    help = "a smaller learning rate may help" if np.abs(row.point).max() > 1e3 else (
        "the function has no value there"
    )  # fmt: skip
    return f"diverged at step {row.t}: {what} at {where}; {help}"


def _noisy(slopes: Point, noise: float, random: np.random.Generator) -> Point:
    drawn = [x + noise * random.standard_normal(np.shape(x)) for x in leaves(slopes)]
    return dict(rebuilt(slopes, iter([float(x) if np.ndim(x) == 0 else x for x in drawn])))


def _flat(point: Point) -> Array:
    return np.concatenate([np.asarray(x, dtype=float).reshape(-1) for x in leaves(point)])


def _maybe_flat(point: Point | None) -> Array | None:
    return None if point is None else _flat(point)


def _checked(lr: float) -> float:
    return float(Optimizer().checked_rate(lr))


def _label(optimizer: Optimizer | Wrapper, rate: Any) -> str:
    """A name for legends: the optimizer with its options, and the learning rate."""
    named = optimizer.text
    if isinstance(optimizer, Optimizer):
        from microgd.options import written

        named = written(optimizer, skip=("lr",))
    shown = f"{rate:g}" if isinstance(rate, float) else getattr(rate, "text", None) or str(rate)
    return f"{named}, γ {shown}"


def _brief(value: Any) -> str:
    return f"{value:g}" if np.ndim(value) == 0 else f"[{np.size(value)}]"
