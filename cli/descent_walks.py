"""What `microgd descend` walks down, and who walks: from words and options to descents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from .arguments import read_circuit
from .failures import BadInput

if TYPE_CHECKING:
    from microgd.lab import Descent, Problem


def read_problem(
    words: Sequence[str], file: str | None, wrt: str | None, starts: Sequence[str] = ()
) -> Problem:
    """The problem: a built-in function by name, or an expression whose inputs are walked along.

    The first of the `starts` gives the inputs their values where the words give none.
    """
    if starts and len(words) == 1 and file is None:
        words = [*words, *_bindings_in(starts[0])]
    from microgd.lab.functions import FUNCTIONS, function

    if file is None and words and words[0] in FUNCTIONS:
        from microgd.language.bindings import parse_bindings

        named = function(words[0], **parse_bindings(words[1:]))
        return named if wrt is None else _along(named, wrt)
    _suggest_function(words, file)
    circuit = read_circuit(words, file, numbers=True)
    from microgd.lab.problem import Problem, from_circuit, function_of

    if wrt is None:
        known = _known(circuit)
        return from_circuit(circuit) if known is None else known
    from .arguments import chosen_inputs

    free = chosen_inputs(circuit, wrt)
    whole = function_of(circuit)
    fixed = {n: t.value for n, t in circuit.inputs.items() if n not in free}
    text = circuit.text.strip()
    return Problem(
        name=text,
        text=text,
        parts=(lambda point: whole({**fixed, **point}),),
        start={name: tensor.value for name, tensor in free.items()},
    )


def _along(problem: Problem, wrt: str) -> Problem:
    """The same function of some of its coordinates only; the others stay where they start."""
    from microgd.lab.problem import Problem

    names = [name.strip() for name in wrt.split(",") if name.strip()]
    for name in names:
        if name not in problem.start:
            known = ", ".join(problem.start)
            raise click.UsageError(f"There is no input {name!r}. The inputs are: {known}.")
    return Problem(
        name=problem.name,
        text=problem.text,
        parts=(lambda point: problem({**problem.start, **point}),),
        start={name: problem.start[name] for name in names},
        rate=problem.rate,
        note=problem.note,
    )


def _known(circuit: Any) -> Problem | None:
    """The built-in function that a circuit is, from the circuit's point: it knows more."""
    from microgd.lab.functions import FUNCTIONS
    from microgd.language.circuit import parse

    start = {name: tensor.value for name, tensor in circuit.inputs.items()}
    for make in FUNCTIONS.values():
        known = make()
        same = len(known.parts) == 1 and set(known.start) == set(start)
        if same and parse(known.text, start).program == circuit.program:
            return known.started(**start)
    return None


def _suggest_function(words: Sequence[str], file: str | None) -> None:
    """A single word without a value, such as `rosenbrok`, is meant as a function's name."""
    if file is not None or not words or not words[0].replace("-", "").replace("_", "").isalpha():
        return
    if any(word.partition("=")[0].strip() == words[0] for word in words[1:]):
        return
    from microgd.gates.table import did_you_mean
    from microgd.lab.functions import FUNCTIONS

    hint = did_you_mean(words[0].replace("_", "-"), list(FUNCTIONS))
    if hint:
        raise BadInput(
            f"there is no built-in function {words[0]!r}.{hint} There are: {', '.join(FUNCTIONS)}"
        )


def read_starts(texts: Iterable[str], problem: Problem) -> list[dict[str, Any]]:
    """Starting points, each as in "x=1 y=-2" or "x=1, y=-2"."""
    from microgd.language.bindings import parse_bindings

    starts = []
    for text in texts:
        starts.append(parse_bindings(_bindings_in(text)))
        problem.started(**starts[-1])
    return starts


def _bindings_in(text: str) -> list[str]:
    from microgd.options import split

    return [word for part in split(text) for word in part.split()]


def walks_of(problem: Problem, options: dict[str, Any]) -> list[Descent]:
    """The walks that the options ask for: optimizers × learning rates × starting points."""
    from microgd.lab.descend import descend, from_starts, random_starts
    from microgd.optim import read_optimizer
    from microgd.options import split

    optimizers = [read_optimizer(text) for text in split(options["optimizer"])]
    rates = read_rates(options["lr"])
    schedule = read_schedule(options["schedule"])
    if rates != [None] and schedule is not None:
        raise click.UsageError("--lr and --schedule both say how long the steps are; choose one.")
    starts = read_starts(options["starts"], problem)
    if options["random_starts"]:
        starts += random_starts(problem, options["random_starts"], options["seed"])
    several = len(optimizers) * len(rates) > 1
    given = {
        name: options[name]
        for name in ("steps", "stop", "numeric", "central", "both", "noise", "seed", "device")
    }
    walks = []
    for optimizer in optimizers:
        for rate in rates:
            more = {**given, "lr": rate, "schedule": schedule}
            if not starts:
                walks.append(descend(problem, optimizer, **more))
                continue
            walks += [
                _told(walk, optimizer, rate) if several else walk
                for walk in from_starts(problem, starts, optimizer, **more)
            ]
    return walks


def _told(walk: Descent, optimizer: Any, rate: float | None) -> Descent:
    from dataclasses import replace

    told = optimizer.text if rate is None else f"{optimizer.text}, γ {rate:g}"
    return replace(walk, label=f"{told} {walk.label}")


def read_rates(text: str | None) -> list[float | None]:
    """Learning rates, as in 0.1 or 0.01,0.1,1."""
    if text is None:
        return [None]
    rates: list[float | None] = []
    for part in text.split(","):
        try:
            rates.append(float(part))
        except ValueError:
            raise click.BadParameter(
                f"{part.strip()!r} is no number; write 0.1, or several: 0.01,0.1",
                param_hint="'--lr'",
            ) from None
    return rates


def read_schedule(text: str | None) -> Any:
    """The schedule that --schedule names."""
    if text is None:
        return None
    from microgd.schedules import read_schedule as read

    return read(text)


def rates_of(problem: Problem, options: dict[str, Any]) -> tuple[list[Descent], dict[str, str]]:
    """Four walks, with learning rates from too small to far too large, and why they are."""
    from dataclasses import replace

    from microgd.lab.rates import four_rates
    from microgd.optim import read_optimizer
    from microgd.options import split

    names = split(options["optimizer"])
    if len(names) > 1:
        raise click.UsageError("--rates compares learning rates of one optimizer.")
    found = four_rates(problem, read_optimizer(names[0]), steps=max(options["steps"], 2))
    walks = [
        replace(walk, label=f"{name}, γ {walk.rows[0].rate:g}")
        for name, walk in found.walks.items()
    ]
    return walks, found.reasons
