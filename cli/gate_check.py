"""`microgd check --gates`: the gradient of every gate at random inputs.

Nothing is listed here by gate: inputs are found by trying shapes until the gate takes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from .streams import say

if TYPE_CHECKING:
    from microgd.autodiff.check import Report
    from microgd.graph.gate import Gate

#: What to try for inputs: random numbers in a shape, or whole numbers (indices, a key); and values
#: for parameters that must be given.
_INPUTS: tuple[Any, ...] = ((2, 3), (3, 2), (3,), (), np.array([0, 1]), 1)
_PARAMETERS: dict[str, tuple[Any, ...]] = {
    "shape": ((3, 2), (2, 2, 3)),
    "key": (0, (1, 2)),
    "classes": (4,),
    "size": (4,),
}


def check_gates(steps: Sequence[float], seed: int) -> bool:
    """Check every gate that has a gradient, print them, and say whether all are right."""
    from microgd.gates.table import FAMILIES
    from microgd.trace.table import Table

    from .output import gap, say_wrapped, show_table

    right: list[tuple[str, str]] = []
    wrong: list[str] = []
    silent: list[str] = []
    count = 0
    for family, gates in FAMILIES.items():
        good = []
        for gate in gates.values():
            report = _report(gate, steps, seed)
            if report is None:
                silent.append(gate.name)
            elif report.ok:
                good.append(gate.name)
            else:
                wrong.append(f"{gate.name}: {report.verdict}, relative error {report.error:.1e}")
        if good:
            right.append((family, ", ".join(good)))
            count += len(good)
    show_table(Table("", ("family", "gates with the right gradient"), tuple(right)), titled=False)
    gap()
    say(f"{count} of {count + len(wrong)} gates have the right gradient.")
    if silent:
        say_wrapped(f"No gradient passes these: {', '.join(silent)}.")
    for line in wrong:
        say(f"Wrong: {line}")
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
        for tried in product(_INPUTS, repeat=count):
            # Away from 0, where logarithms end and kinks are; and no two alike.
            inputs = [
                Tensor(random.uniform(0.2, 0.9, x)) if isinstance(x, tuple) else x for x in tried
            ]
            if not any(isinstance(x, Tensor) for x in inputs):
                continue
            try:
                output = gate(*inputs, **dict(zip(wanted, given, strict=True)))
                if np.isfinite(output.numpy()).all():
                    return check_gradients(output, steps=steps, seed=seed)
            except (MicrogdError, TypeError, ValueError, IndexError):
                continue
    return None
