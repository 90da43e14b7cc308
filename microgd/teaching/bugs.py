"""Bugs: a well-known mistake in a backward pass, run beside the right one.

>>> found = with_bug(None, "overwrite")
>>> found.differing
('x',)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from microgd.trace.lesson import Trace
from microgd.trace.table import Table

if TYPE_CHECKING:
    from microgd.draw.drawing import Drawing


def bugs() -> tuple[str, ...]:
    """The names of all bugs."""
    return ("overwrite", "no-zero-grad", "dfs-order", "stale-data", "max-both")


@dataclass(frozen=True)
class Buggy:
    """A mistake and the right thing side by side.

    Attributes:
        name: of the bug: `overwrite`.
        title: what is wrong, in a few words.
        why: a sentence or two: what it looks like in code, and what comes of it.
        right, wrong: both lessons; of several steps, the last.
        differing: the labels of the inputs, or else of the gates, whose gradients differ.
        note: where it makes no difference here, why not, and where it would.
    """

    name: str
    title: str
    why: str
    right: Trace
    wrong: Trace
    differing: tuple[str, ...]
    note: str = ""

    def table(self) -> Table:
        """Right and wrong, row by row; where they differ, a mark."""
        raise NotImplementedError

    def draw(self, look: str = "circuit", **options: Any) -> Drawing:
        """Both circuits in one picture, the right one above; options as in `mg.draw`."""
        raise NotImplementedError


def with_bug(what: Any, name: str, **options: Any) -> Buggy:
    """Run a bug beside the right thing.

    Arguments:
        what: a Tensor, a Circuit, or None for the classic example.
        name: one of `bugs()`.
        options: of `no-zero-grad`: `steps` (3), `lr` (0.1), `wrt` (the inputs that step; all);
            of `stale-data`: `change` (input → its new data).

    Raises:
        ArgumentError: no such bug, or an option that it has not.
    """
    raise NotImplementedError
