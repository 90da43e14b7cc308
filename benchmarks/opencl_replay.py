"""Replay of a graph of scalars for benchmarks/opencl.py: the moons net of benchmarks/scalar.py.

micrograd builds the graph anew in every step, and goes backward. The others recorded the loss and
its gradients once, and from then on only compute: as generated Python, or as the OpenCL program
that `mg.compile` makes of the same function. So the ratio to micrograd says what recording costs,
too; what it skips is quoted by the rows that record.
"""

from __future__ import annotations

import importlib.util
import math
import sys
import time
from collections.abc import Callable
from typing import Any

from opencl_peers import Microgd, measure
from scalar import loss_of, moons, parameters

Line = dict[str, Any]


def flat(layers: list[Any]) -> list[Any]:
    """All parameters, in the order of the loss's own sum."""
    return [p for layer in layers for w, b in layer for p in (*w, b)]


def nested(numbers: list[Any]) -> list[Any]:
    """The layers again."""
    rest = iter(numbers)
    layout = parameters(float)
    return [[([next(rest) for _ in w], next(rest)) for w, b in layer] for layer in layout]


def loss_and_gradients(mg: Any) -> Callable[[list[Any]], Any]:
    points, labels = moons(100)

    def loss(numbers: list[Any]) -> Any:
        return loss_of(float, nested(numbers), points, labels)

    return lambda numbers: mg.value_and_grad(loss)(numbers)  # type: ignore[no-any-return]


def start_numbers() -> list[float]:
    return flat(parameters(float))


def micrograd(_: Any) -> Line:
    """Build and backward, the collector on as it is in Python; then off."""
    from micrograd.engine import Value

    sys.setrecursionlimit(100_000)
    points, labels = moons(100)
    times = []
    loss: Any = None
    layers = parameters(Value)
    for _turn in range(4):
        for p in flat(layers):
            p.grad = 0
        began = time.perf_counter()
        loss = loss_of(Value, layers, points, labels)
        loss.backward()
        times.append(time.perf_counter() - began)
    check = sum(p.grad for p in flat(layers))
    return {"seconds": min(times[1:]), "loss": loss.data, "check": check}


def recorded(peer: Microgd) -> Line:
    """microgd's interpreter: record and backward."""
    from microgd import Tensor

    points, labels = moons(100)
    times = []
    loss: Any = None
    layers = parameters(Tensor)
    for _turn in range(4):
        for p in flat(layers):
            p.grad = None
        began = time.perf_counter()
        loss = loss_of(Tensor, layers, points, labels)
        loss.backward()
        times.append(time.perf_counter() - began)
    check = sum(float(p.grad) for p in flat(layers))
    return {"seconds": min(times[1:]), "loss": float(loss.data), "check": check}


def compiled(peer: Microgd) -> Line:
    """mg.compile of the function: numbers in, loss and gradients out, and waited for."""
    import numpy as np

    program = peer.program = peer.mg.compile(loss_and_gradients(peer.mg), device=peer.device)
    numbers = start_numbers()
    began = time.perf_counter()
    loss, gradients = program(numbers)
    check = sum(float(np.asarray(g)) for g in gradients)
    found = {"first": time.perf_counter() - began, "loss": float(loss), "check": check}
    found |= measure(lambda: program(numbers), peer.finish, 1.0)
    return found | peer.profile(numbers)


GATES = {
    "add": "{0} + {1}",
    "sub": "{0} - {1}",
    "mul": "{0} * {1}",
    "identity": "{0}",
    "neg": "-{0}",
    "relu": "{0} if {0} > 0.0 else 0.0",
    "greater": "1.0 if {0} > {1} else 0.0",
    "less_equal": "1.0 if {0} <= {1} else 0.0",
    "where": "{1} if {0} else {2}",
    "square": "{0} * {0}",
    "div": "{0} / {1}",
    "pow": "{0} ** {1}",
}


def generated(peer: Microgd) -> Line:
    """The same recorded graph as a Python function of one line for each gate."""
    import microgd as mg

    numbers = start_numbers()
    inputs = [mg.placeholder((), name=f"p{n}") for n in range(len(numbers))]
    loss, gradients = loss_and_gradients(mg)(inputs)
    outputs = [loss, *gradients]
    names = {node: f"p{n}" for n, node in enumerate(inputs)}
    lines = [f"def run({', '.join(names.values())}):"]
    for node in mg.topological_order(outputs):
        if node in names:
            continue
        if not node.inputs:
            names[node] = repr(float(node.value))
            continue
        names[node] = f"v{len(names)}"
        text = GATES[node.gate.name].format(*(names[i] for i in node.inputs))
        lines.append(f"    {names[node]} = {text}")
    lines.append(f"    return {', '.join(names[node] for node in outputs)}")
    space: dict[str, Any] = {}
    began = time.perf_counter()
    exec(compile("\n".join(lines), "<generated>", "exec"), space)  # our own text
    first = time.perf_counter() - began
    run = space["run"]
    loss_value, *found = run(*numbers)
    line = {"first": first, "loss": loss_value, "check": math.fsum(found), "nodes": len(lines) - 2}
    return line | measure(lambda: run(*numbers), lambda _: None, 0.5)


WAYS: dict[str, tuple[str, Callable[[Any], Line]]] = {
    "micrograd: build, backward": ("micrograd", micrograd),
    "microgd: record, backward": ("microgd", recorded),
    "generated Python: replay": ("microgd", generated),
    "mg.compile: replay": ("microgd", compiled),
}


def work(peer: Any, order: Line, say: Callable[[Line], None]) -> None:
    """What one process of the benchmark does in the part `replay`."""
    way = order["way"]
    module, measured = WAYS[way]
    if importlib.util.find_spec(module) is None:
        say({"name": way, "problem": f"not installed (pip install {module})"})
        return
    try:
        found = measured(peer)
    except Exception as error:
        found = {"problem": f"{type(error).__name__}: {error}".splitlines()[0][:200]}
    say({"name": way, **found})
