"""View: what is drawn of a trace. Items (leaves, gates, boxes), lines between them, junctions.

The view knows the texts and what is visible; how it looks is up to a look.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import quote

from microgd.draw.matrices import Note
from microgd.notation.names import printable

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")

#: Longer names are cut.
LONGEST_NAME = 24


@dataclass(frozen=True, slots=True)
class Item:
    """Something that wires lead to: an input, constant, gate, box (a collapsed scope) or output.

    `nodes` are the ids of the trace's nodes that it stands for.
    """

    id: str
    kind: str
    text: str
    name: str = ""
    badge: str = ""
    pattern: str = ""
    tie: str = ""
    ordered: bool = False
    inputs: int = 0
    scope: str | None = None
    active: bool = False
    counts: tuple[str, ...] = ()
    title: str = ""
    nodes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A drawn wire: a number above it, a number below it, each visible or not yet.

    `nodes` are the ids of the nodes whose value it carries (several, in a bundle between boxes),
    `wires` those of the trace's wires that it stands for; `whole`: below it stands the node's
    whole gradient, not only what comes back along these wires. `loses`: a max or relu sends nothing
    back along it, for which it is dashed as soon as that is told. `earlier`: what else stands above
    it, at other steps. `boxes`: whether a box to write
    into is drawn around the number above, and around the one below. `marked` frames the number
    below: it is not what it should be.
    """

    id: str
    start: str
    end: str
    above: str
    below: str
    shows_above: bool = True
    shows_below: bool = True
    loses: bool = False
    earlier: tuple[str, ...] = ()
    arrow: bool = True
    port: int = 0
    active: bool = False
    name: str = ""
    note: Note | None = None
    title: str = ""
    nodes: tuple[str, ...] = ()
    wires: tuple[str, ...] = ()
    whole: bool = False
    boxes: tuple[bool, bool] = (False, False)
    marked: bool = False

    @property
    def dashed(self) -> bool:
        """Whether it is drawn as a wire that has lost; before its gradient is told, it is not."""
        return self.loses and self.shows_below


@dataclass(frozen=True, slots=True)
class Junction:
    """Where a wire branches; backward, the place where gradients are summed."""

    id: str
    sums: bool
    scope: str | None = None
    active: bool = False
    title: str = ""


@dataclass(slots=True)
class View:
    """All that is drawn, in the order of computation."""

    items: list[Item] = field(default_factory=list)
    junctions: list[Junction] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    @property
    def scopes(self) -> dict[str, str | None]:
        """Item or junction id → the scope it is drawn in."""
        items = {i.id: i.scope for i in self.items}
        return items | {j.id: j.scope for j in self.junctions}


@dataclass(frozen=True, slots=True)
class Options:
    """What a view shows."""

    digits: int
    gradients: bool = True
    values: bool = True
    names: str = "given"


def box_id(scope: str) -> str:
    """The id of the box that a scope collapses into."""
    return f"box-{scope_id(scope)}"


def scope_id(scope: str) -> str:
    """A scope as an id: characters that mean something to Graphviz or a page are encoded.

    >>> scope_id("net/layer:1")
    'net/layer%3A1'
    """
    return quote(scope, safe="/", errors="replace")


def pretty(name: str) -> str:
    """A name as it is set in mathematics: w0 → w₀; long ones are cut.

    >>> pretty("w10"), pretty("learning_rate_2")
    ('w₁₀', 'learning_rate_2')
    """
    match = re.fullmatch(r"([^\W\d_]{1,2})_?(\d{1,3})", name)
    if match:
        return match[1] + match[2].translate(_SUBSCRIPTS)
    name = printable(" ".join(name.split())) or "·"
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
