"""Before training: what has to hold of data, net, loss and learning rate, and whether it does."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from microgd.training.config import Config

if TYPE_CHECKING:
    from microgd.data.dataset import Dataset
    from microgd.nn.net import Sequential
    from microgd.trace.table import Table


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        name: what is looked at. passed: None where it does not apply.
        found, expected: what there is, and what there should be, in words.
        advice: what to do where it failed.
    """

    name: str
    passed: bool | None
    found: str
    expected: str
    advice: str = ""

    def __post_init__(self) -> None:
        if self.passed is not None:  # a truth of NumPy's is neither True nor False
            object.__setattr__(self, "passed", bool(self.passed))

    @property
    def outcome(self) -> str:
        """ok, FAILED or not applicable."""
        return {True: "ok", False: "FAILED", None: "–"}[self.passed]


@dataclass(frozen=True)
class Sanity:
    """All checks of a run that has not begun.

    Attributes:
        checks: in the order of the lecture.
        expected: the loss of a net that knows nothing.
        overfit: the losses while a small batch was learnt by heart.
        begun: the losses of the first steps of the run.
    """

    checks: tuple[Check, ...]
    expected: float
    overfit: tuple[float, ...] = ()
    begun: tuple[float, ...] = ()

    def __bool__(self) -> bool:
        return not self.failed

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.passed is False)

    def check(self, name: str) -> Check:
        """The check of this name."""
        return next(check for check in self.checks if check.name == name)

    def table(self) -> Table:
        """A line for each check."""
        from microgd.trace.table import Table

        rows = tuple((c.outcome, c.name, c.found, c.expected) for c in self.checks)
        return Table("", ("", "check", "found", "expected"), rows)

    def to_dict(self) -> dict[str, Any]:
        """Everything, for JSON; a loss that is not finite is None."""

        def known(losses: tuple[float, ...]) -> list[float | None]:
            return [x if math.isfinite(x) else None for x in losses]

        return {
            "passed": bool(self),
            "expected_loss": self.expected,
            "checks": [
                {
                    "name": c.name,
                    "passed": c.passed,
                    "found": c.found,
                    "expected": c.expected,
                    "advice": c.advice,
                }
                for c in self.checks
            ],
            "overfit": known(self.overfit),
            "begun": known(self.begun),
        }


def sanity(
    config: Config,
    data: Dataset | None = None,
    net: Sequential | None = None,
    *,
    thorough: bool = False,
) -> Sanity:
    """Check a run before it is started. It takes as long as some hundred steps.

    Arguments:
        config: the run. data, net: in the place of those that it names.
        thorough: train on shuffled labels as well, which may teach nothing.

    Returns:
        A Sanity; it is true if nothing failed. Every failed check says what to do.

    Source: lecture 004; cs231n, "Before learning: sanity checks".

    >>> config = Config(data="moons", hidden=(16,), lr=0.01, device="interpreter")
    >>> report = sanity(config)
    >>> bool(report), report.check("first loss").passed
    (True, True)
    """
    from microgd.training import sanity_checks as still
    from microgd.training import sanity_runs as moving
    from microgd.training.setup import assemble

    parts = assemble(config, data, net)
    untrained = parts.net.init(config.seed, "float64"), parts.net.start("float64")
    expected = still.ignorant_loss(parts)
    overfit, learnt = moving.overfits(parts, expected, net)
    begun, first = moving.begins(config, expected, data, net)
    checks = [
        still.inputs_scaled(parts),
        still.targets_fit(parts),
        still.output_range(parts),
        still.first_loss(parts, untrained, expected),
        *still.units(parts, untrained, "at the start"),
        still.gradient_right(parts, untrained),
        learnt,
        *first,
    ]
    if thorough:
        checks.append(moving.shuffled(config, data, net))
    return Sanity(tuple(checks), expected, tuple(overfit), tuple(begun))
