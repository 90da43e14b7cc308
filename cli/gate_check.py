"""`microgd check --gates`: the gradient of every gate at random inputs.

Nothing is listed here by gate: inputs are found by trying shapes until the gate takes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import click
import numpy as np

if TYPE_CHECKING:
    from microgd.autodiff.check import Report
    from microgd.graph.gate import Gate

#: Shapes to try for inputs (None: whole numbers), and values for parameters that must be given.
_SHAPES: tuple[tuple[int, ...] | None, ...] = ((2, 3), (3, 2), (3,), (), None)
_INDICES = np.array([0, 1])
_PARAMETERS: dict[str, tuple[Any, ...]] = {
    "shape": ((3, 2), (2, 2, 3)),
    "key": (0, (1, 2)),
    "classes": (4,),
    "size": (4,),
}


def check_gates(steps: Sequence[float], seed: int) -> bool:
    """Check every gate that has a gradient, print a table, and say whether all are right."""
    from microgd.gates.table import TABLE
    from microgd.trace.table import Table

    from .output import gap, show_table

    rows: list[tuple[str, str, str]] = []
    wrong: list[str] = []
    skipped: list[str] = []
    for gate in TABLE.values():
        report = _report(gate, steps, seed)
        if report is None:
            skipped.append(gate.name)
            continue
        rows.append((gate.name, f"{report.error:.1e}".replace("-", "−"), report.verdict))
        if not report.ok:
            wrong.append(gate.name)
    show_table(Table("", ("gate", "relative error>", "verdict"), tuple(rows)), titled=False)
    gap()
    click.echo(f"{len(rows) - len(wrong)} of {len(rows)} gates have the right gradient.")
    if skipped:
        click.echo(f"Without a gradient to compare: {', '.join(skipped)}.")
    if wrong:
        click.echo(f"Wrong: {', '.join(wrong)}.")
    return not wrong


def _report(gate: Gate, steps: Sequence[float], seed: int) -> Report | None:
    """The check at the first inputs that the gate takes; None if it passes no gradient."""
    from microgd.autodiff.check import check_gradients
    from microgd.errors import MicrogdError
    from microgd.tensor import Tensor

    if gate.pattern == "blocks":
        return None
    count = 2 if gate.variadic else len(gate.inputs)
    wanted = [n for n, d in gate.params.items() if d is ...]
    random = np.random.default_rng(seed)
    for given in product(*(_PARAMETERS.get(n, ()) for n in wanted)):
        for shapes in product(_SHAPES, repeat=count):
            # Away from 0, where logarithms end and kinks are; and no two alike.
            inputs = [
                Tensor(random.uniform(0.2, 0.9, shape)) if shape is not None else _INDICES
                for shape in shapes
            ]
            if all(x is _INDICES for x in inputs):
                continue
            try:
                output = gate(*inputs, **dict(zip(wanted, given, strict=True)))
                if np.isfinite(output.numpy()).all():
                    return check_gradients(output, steps=steps, seed=seed)
            except (MicrogdError, TypeError, ValueError, IndexError):
                continue
    return None
