"""A derivative as a sum over paths: what was found, as tables, sentences and pictures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from microgd.draw.drawing import Drawing, draw
from microgd.draw.highlight import highlighted
from microgd.teaching.factors import as_factor, bracketed
from microgd.trace.lesson import Trace
from microgd.trace.numbers import format_number
from microgd.trace.table import Table
from microgd.translation import _, speaking

#: Longer paths are written with an ellipsis.
LONGEST = 8
#: Counts below this are written out.
_PLAIN = 10_000_000
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True)
class Path:
    """One way from the input to the output.

    Attributes:
        nodes: the labels on the way, the input first.
        ids: of those nodes; wires: ids of the wires between them.
        rules: the local derivative of each gate on the way, in symbols.
        locals: the same in numbers.
        steps: the way as text: `x`, `→ q (+)`, `→ f (×)`; where two wires lead from one node to
            the same gate, they are numbered: `→₁`.
        products: what comes back along this path, at each node: the last one is the seed.
    """

    nodes: tuple[str, ...]
    ids: tuple[str, ...]
    wires: tuple[str, ...]
    rules: tuple[str, ...]
    locals: tuple[float, ...]
    steps: tuple[str, ...]
    products: tuple[float, ...]

    @property
    def product(self) -> float:
        """The path's share of the derivative."""
        return self.products[0]


@dataclass(frozen=True, slots=True)
class Costs:
    """How many multiplications each way takes: one for each local derivative that is used.

    Attributes:
        paths: along every path from every input, one after the other.
        forward: in forward mode, with a sweep for each input.
        backward: in one backward sweep, for all inputs together.
        inputs: how many inputs there are.
    """

    paths: int
    forward: int
    backward: int
    inputs: int


@dataclass(frozen=True, slots=True)
class Paths:
    """A derivative as a sum over paths.

    Attributes:
        trace: the circuit, in scalars.
        source, output: the labels of the input and of the output.
        count: how many paths there are.
        listed: the first of them.
        gradient: the sum over all of them, as the backward sweep finds it.
        costs: what the sum over paths costs, and what is done instead.
    """

    trace: Trace
    source: str
    output: str
    count: int
    listed: tuple[Path, ...]
    gradient: float
    costs: Costs

    def table(self) -> Table:
        """Each path: where it goes, its local derivatives in symbols and in numbers, the product.

        The last row is the sum.
        """
        with speaking(self.trace.lang):
            rows = [self._row(path) for path in self.listed]
            left = self.count - len(self.listed)
            if left:
                rows.append((_("… and {n} more").format(n=count_text(left)), "", "", ""))
            rows.append((_("sum"), "", "", self.written(self.gradient)))
            columns = (_("path"), _("local derivatives"), _("in numbers"), _("product") + ">")
            return Table(self.title, columns, tuple(rows))

    def drawings(self, look: str = "circuit", **options: Any) -> tuple[Drawing, ...]:
        """A picture for each listed path: its wires stand out, with its products below them.

        `options` are those of `mg.draw`.
        """
        whole = draw(self.trace, look, **{"names": "all", **options})
        return tuple(
            highlighted(
                whole, p.wires, dict(zip(p.ids, map(self.written, p.products), strict=True))
            )
            for p in self.listed
        )

    @property
    def title(self) -> str:
        """`∂f/∂x: 2 paths`."""
        with speaking(self.trace.lang):
            partial = f"∂{self.output}/∂{self.source}"
            if not self.count:
                return _("{partial}: no path that a gradient passes").format(partial=partial)
            if self.count == 1:
                return _("{partial}: one path").format(partial=partial)
            return _("{partial}: {n} paths").format(partial=partial, n=count_text(self.count))

    def _row(self, path: Path) -> tuple[str, str, str, str]:
        numbers = [self.written(v) for v in path.locals]
        if path.products[-1] != 1.0:
            numbers.append(self.written(path.products[-1]))
        first, *rest = numbers or [""]
        return (
            " ".join(_short(path.steps)),
            " · ".join(_short([as_factor(r) for r in path.rules])),
            " · ".join(_short([first, *map(bracketed, rest)])),
            self.written(path.product),
        )

    def written(self, x: float) -> str:
        """A number as this circuit's numbers are written."""
        return format_number(x, self.trace.digits)

    def sentences(self) -> tuple[str, ...]:
        """What the sum over paths costs, and why one backward sweep wins."""
        if not self.costs.backward:
            return ()
        with speaking(self.trace.lang):
            return tuple(_cost_sentences(self.costs))


def counts(found: Sequence[Paths]) -> Table:
    """How many paths lead from each input, and what they add up to: for circuits of many inputs."""
    with speaking(found[0].trace.lang):
        rows = [(p.source, count_text(p.count), p.written(p.gradient)) for p in found]
        columns = (_("input"), _("paths") + ">", _("gradient") + ">")
        return Table(_("paths from each input"), columns, tuple(rows))


def count_text(n: int) -> str:
    """A count: written out, or by its size.

    >>> count_text(12), count_text(2**50)
    ('12', '1.13 · 10¹⁵')
    """
    if n < _PLAIN:
        return str(n)
    size = math.log10(n)
    exponent = int(size)
    mantissa = f"{10 ** (size - exponent):.2f}"
    if mantissa == "10.00":
        mantissa, exponent = "1.00", exponent + 1
    return f"{mantissa} · 10{str(exponent).translate(_RAISED)}"


def _short(parts: Sequence[str]) -> list[str]:
    """The first and the last ones of many."""
    if len(parts) <= LONGEST:
        return list(parts)
    return [*parts[: LONGEST - 3], "…", *parts[-2:]]


def _cost_sentences(costs: Costs) -> Iterator[str]:
    yield _("Multiplications, one for each local derivative that is used:")
    yield "  " + _("path by path: {n}").format(n=count_text(costs.paths))
    if costs.inputs == 1:
        yield "  " + _("forward mode, one sweep: {n}").format(n=count_text(costs.forward))
    else:
        yield "  " + _("forward mode, a sweep for each of the {inputs} inputs: {n}").format(
            inputs=costs.inputs, n=count_text(costs.forward)
        )
    yield "  " + _("backward mode, one sweep: {n}").format(n=count_text(costs.backward))
    if costs.paths > costs.backward < costs.forward:
        yield _(
            "Backward wins: what comes back to a node is summed there once, so each local "
            "derivative is used once, and one sweep gives the gradient of every input."
        )
    elif costs.paths > costs.backward:
        yield _(
            "A sweep adds up at each node what would otherwise be multiplied again on every path "
            "through it. Forward and backward mode cost the same here."
        )
    else:
        yield _(
            "No wire is on two paths here, so all three cost the same. Let a value be used "
            "twice on the way, and they part."
        )
