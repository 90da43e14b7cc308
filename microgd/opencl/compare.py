"""Compare: a compiled program beside the interpreter, value by value.

Two programs are run: the real, fused one, whose results are compared; and one that computes the
same gates but keeps every number in a buffer, so that each gate can be compared. What is a
difference, and what only rounding, `rounding.py` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from microgd.autodiff.tree import leaves, rebuilt
from microgd.graph.node import Node
from microgd.graph.rewrite import rebuild
from microgd.graph.values import FLOAT64
from microgd.interpreter.replay import replay
from microgd.opencl.array import DeviceArray, host_value
from microgd.opencl.graph import Graph, numbered
from microgd.opencl.rounding import rounding_bounds

if TYPE_CHECKING:
    from microgd.opencl.program import Program
    from microgd.trace.table import Table


@dataclass(frozen=True, slots=True)
class Difference:
    """One node, in the interpreter and on the device, at the element where they differ most.

    Attributes:
        name: what the node is called. gate: what made it. line: the line that recorded it.
        shape: the node's.
        place: the element's index.
        interpreter, device: the element's two values.
        difference: how far they are apart; 0 for two NaN, or the same infinity.
        ulp: the same in units in the last place of the interpreter's value.
        allowed: what rounding explains, there.
        ok: whether every element is within what rounding explains.
    """

    name: str
    gate: str
    line: int | None
    shape: tuple[int, ...]
    place: tuple[int, ...]
    interpreter: Any
    device: Any
    difference: float
    ulp: float
    allowed: float
    ok: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain data, with numbers that JSON lacks as text."""
        return {
            "name": self.name,
            "gate": self.gate,
            "line": self.line,
            "shape": list(self.shape),
            "place": list(self.place),
            "interpreter": _plain(self.interpreter),
            "device": _plain(self.device),
            "difference": _plain(self.difference),
            "ulp": _plain(self.ulp),
            "allowed": _plain(self.allowed),
            "ok": self.ok,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """A program beside the interpreter.

    Attributes:
        nodes: every gate, of a program that keeps each one's numbers.
        results: the results of the real program, whose kernels are fused.
    """

    nodes: tuple[Difference, ...]
    results: tuple[Difference, ...]

    @property
    def ok(self) -> bool:
        """Whether rounding explains every difference."""
        return all(d.ok for d in (*self.nodes, *self.results))

    @property
    def wrong(self) -> Difference | None:
        """The first node, in the order of computation, that rounding does not explain."""
        return next((d for d in (*self.nodes, *self.results) if not d.ok), None)

    def table(self) -> Table:
        """Every gate."""
        return table_of("gate by gate, beside the interpreter", self.nodes)

    def results_table(self) -> Table:
        """The results of the fused program."""
        return table_of("the fused program, beside the interpreter", self.results)

    def __str__(self) -> str:
        return f"{self.table()}\n{self.results_table()}"


def table_of(title: str, differences: Sequence[Difference]) -> Table:
    """Differences as a table, with a column for what is wrong where something is."""
    from microgd.trace.table import Table

    columns = ("node", "gate", "at", "interpreter>", "device>", "difference>", "ulp>", "verdict")
    shown = len(columns) - all(one.ok for one in differences)
    return Table(title, columns[:shown], tuple(row(one)[:shown] for one in differences))


def row(one: Difference) -> tuple[str, ...]:
    """A difference as a row of a table."""
    place = f"[{', '.join(map(str, one.place))}]" if one.shape else ""
    return (
        one.name,
        one.gate,
        place if one.interpreter is not None else "empty",
        _number(one.interpreter),
        _number(one.device),
        f"{one.difference:.1e}" if one.difference else "0",
        f"{one.ulp:.1f}" if one.ulp < 1e4 else f"{one.ulp:.0e}",
        "" if one.ok else f"wrong: {one.allowed:.0e} is rounding",
    )


def _number(x: Any) -> str:
    if x is None:
        return ""
    text = f"{float(x):.6g}" if x.dtype != FLOAT64 else f"{float(x):.10g}"
    return text.replace("-", "−")


def _plain(x: Any) -> Any:
    if x is None:
        return None
    number = float(x)
    return number if np.isfinite(number) else repr(number)


def compare(program: Program, args: Sequence[Any], options: dict[str, Any]) -> Comparison:
    """Run a program, and the same gates one by one, beside the interpreter."""
    from microgd.opencl.arguments import is_fixed
    from microgd.opencl.program import Program

    found = leaves([list(args), options])
    hosts = [x if is_fixed(x) else host_value(_data(x)) for x in found]
    args, options = rebuilt([list(args), options], iter(hosts))
    program.prepare(*args, **options)
    captured = program.executable.captured
    values = [h for h in hosts if not is_fixed(h)] + [node.value for node in captured.outside]
    fused = program(*args, **options)
    graph = captured.graph
    gates = [n for n in graph.order if n.inputs]

    def every(*inputs: Any) -> list[Node]:
        new = rebuild(graph.outputs, dict(zip(graph.inputs, inputs, strict=True)))
        return [new[gate] for gate in gates]

    apart = Program(every, program.device)
    apart._family = program._family
    seen = apart(*values)
    numbers = {node: _typed(value, node) for node, value in zip(graph.inputs, values, strict=True)}
    whole = Graph(graph.inputs, (*gates, *graph.outputs))
    expected = replay(whole.outputs, numbers)
    bounds: Sequence[Any] = [np.zeros(node.shape) for node in whole.outputs]
    if program.device.kind != "interpreter":
        bounds = rounding_bounds(whole, numbers, double=program.device.float64)
    names = numbered(graph.order)
    count = len(gates)
    return Comparison(
        tuple(_differences(gates, names, expected, seen, bounds)),
        tuple(_differences(graph.outputs, names, expected[count:], leaves(fused), bounds[count:])),
    )


def _data(x: Any) -> Any:
    if isinstance(x, DeviceArray):
        return x.numpy()
    return x.value if isinstance(x, Node) else x


def _typed(value: Any, node: Node) -> Any:
    """A value as the interpreter takes it: float64 scalars as Python floats."""
    if node.shape == ():
        return float(value) if node.dtype == FLOAT64 else np.asarray(value, node.dtype)[()]
    return np.asarray(value, node.dtype)


def _differences(
    nodes: Iterable[Node],
    names: dict[Node, str],
    expected: Sequence[Any],
    seen: Sequence[Any],
    bounds: Sequence[Any],
) -> Iterable[Difference]:
    for node, want, got, bound in zip(nodes, expected, seen, bounds, strict=False):
        yield _difference(node, names[node], np.asarray(want), np.asarray(got), bound)


def _difference(node: Node, name: str, want: Any, got: Any, bound: Any) -> Difference:
    line = node.source.line if node.source else None
    if not want.size:
        return Difference(
            name, node.gate.name, line, node.shape, (), None, None, 0.0, 0.0, 0.0, True
        )
    same = (want == got) | (np.isnan(want) & np.isnan(got))
    with np.errstate(all="ignore"):
        apart = np.where(same, 0.0, np.abs(want.astype(float) - got.astype(float)))
        apart = np.where(np.isnan(apart), np.inf, apart)
        excess = np.where(apart <= bound, 0.0, apart)
        # Where nothing differs, the largest number tells most.
        seen = excess if excess.any() else apart if apart.any() else np.abs(np.nan_to_num(want))
        flat = int(np.argmax(seen))
        unit = float(np.spacing(np.abs(want.ravel()[flat])))
        distance = float(apart.ravel()[flat])
        ulp = 0.0 if not distance else distance / unit if np.isfinite(unit) else np.inf
    return Difference(
        name,
        node.gate.name,
        line,
        node.shape,
        tuple(int(i) for i in np.unravel_index(flat, want.shape)) if want.shape else (),
        want.ravel()[flat],
        got.ravel()[flat],
        distance,
        ulp,
        float(np.ravel(bound)[flat]),
        not excess.any(),
    )
