"""Graphs of scalars: micrograd's moons net in both libraries, and a chain of a million gates.

    python benchmarks/scalar.py            # the tables of docs/benchmarks.md; a minute or two
    python benchmarks/scalar.py --repeats 9

Every measurement runs in a process of its own; the two libraries take turns, so that a slow moment
of the machine meets both. A time is the median of the repeats, and of a net the median step of
each. The net is micrograd's demo: 2-16-16-1 on 100 points, max-margin loss and L2 regularisation.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import itertools
import json
import math
import platform
import random
import statistics
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Any

#: Steps of training in a process, after one that warms up.
STEPS = 6

#: Gates in a chain.
LENGTHS = (10_000, 100_000, 1_000_000)


def moons(count: int) -> tuple[list[list[float]], list[int]]:
    """Two half circles that reach into each other, with noise 0.1."""
    rng = random.Random(1)
    points, labels = [], []
    for i in range(count):
        t, upper = math.pi * rng.random(), i % 2 == 0
        x, y = (math.cos(t), math.sin(t)) if upper else (1 - math.cos(t), 0.5 - math.sin(t))
        points.append([x + rng.gauss(0, 0.1), y + rng.gauss(0, 0.1)])
        labels.append(1 if upper else -1)
    return points, labels


def parameters(value: Any) -> list[Any]:
    """The layers of a net 2-16-16-1: for each neuron its weights and its bias."""
    rng = random.Random(1337)
    sizes = (2, 16, 16, 1)
    return [
        [([value(rng.uniform(-1, 1)) for _ in range(n)], value(0.0)) for _ in range(m)]
        for n, m in itertools.pairwise(sizes)
    ]


def loss_of(value: Any, layers: list[Any], points: Any, labels: Any) -> Any:
    """Max-margin loss and L2 regularisation, as micrograd's demo notebook has them."""
    scores = []
    for row in points:
        x = [value(number) for number in row]
        for depth, layer in enumerate(layers):
            x = [sum((wi * xi for wi, xi in zip(w, x, strict=True)), b) for w, b in layer]
            if depth < len(layers) - 1:
                x = [score.relu() for score in x]
        scores.append(x[0])
    losses = [(1 + -yi * score).relu() for yi, score in zip(labels, scores, strict=True)]
    every = [p for layer in layers for w, b in layer for p in (*w, b)]
    return sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in every)


def count_nodes(output: Any) -> int:
    """How many nodes of either library are below the output."""
    seen, waiting = {id(output)}, [output]
    while waiting:
        node = waiting.pop()
        for source in getattr(node, "inputs", None) or getattr(node, "_prev", ()):
            if id(source) not in seen:
                seen.add(id(source))
                waiting.append(source)
    return len(seen)


def value_class(library: str) -> Any:
    if library == "microgd":
        from microgd import Tensor

        return Tensor
    from micrograd.engine import Value

    return Value


def measure_net(library: str, collector: str) -> dict[str, float]:
    """Seconds to record (which is the forward pass) and to go backward, in the median step.

    The steps follow one another as in training: a graph is dropped when the next one is ready.
    micrograd's nodes and their closures refer to each other in circles, so that only Python's
    garbage collector frees them; with the collector off this work is not done, and not measured.
    """
    value = value_class(library)
    sys.setrecursionlimit(100_000)
    points, labels = moons(100)
    layers = parameters(value)
    every = [p for layer in layers for w, b in layer for p in (*w, b)]
    if collector == "off":
        gc.disable()
    steps = []
    for _ in range(STEPS + 1):
        began = time.perf_counter()
        loss = loss_of(value, layers, points, labels)
        recorded = time.perf_counter()
        loss.backward()
        done = time.perf_counter()
        steps.append({"forward": recorded - began, "backward": done - recorded})
        for p in every:
            p.data -= 0.1 * p.grad
            p.grad = 0
    steps = steps[1:]  # the first one warms up
    found = {what: median(steps, what) for what in ("forward", "backward")}
    total = statistics.median(step["forward"] + step["backward"] for step in steps)
    return {**found, "total": total, "loss": float(loss.data), "nodes": count_nodes(loss)}


def chain(length: int) -> tuple[Any, Any]:
    """`length` gates, one after the other: +, ×, + … of the last result and one leaf."""
    from microgd import Tensor

    x = Tensor(0.999)
    f = x
    for _ in range(length // 2):
        f = f * x + x
    return x, f


def measure_chain(length: int) -> dict[str, float]:
    chain(1000)[1].backward()
    gc.collect()
    began = time.perf_counter()
    _, f = chain(length)
    recorded = time.perf_counter()
    f.backward()
    done = time.perf_counter()
    del f
    freed = time.perf_counter()
    return {"forward": recorded - began, "backward": done - recorded, "free": freed - done}


def measure_memory(length: int) -> dict[str, float]:
    """What Python's allocator hands out for the recorded graph."""
    chain(1000)
    gc.collect()
    tracemalloc.start()
    kept = chain(length)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return {"bytes": held}


def elsewhere(*what: str) -> dict[str, float]:
    """One measurement in a fresh process."""
    run = subprocess.run(
        [sys.executable, str(Path(__file__).resolve()), "--measure", *what],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, float] = json.loads(run.stdout)
    return found


def median(found: list[dict[str, float]], what: str) -> float:
    return statistics.median(f[what] for f in found)


def net_table(repeats: int) -> None:
    libraries = ["microgd", "micrograd"]
    if importlib.util.find_spec("micrograd") is None:
        print("micrograd is not installed (pip install micrograd): microgd is measured alone\n")
        libraries.pop()
    print(
        "| collector | library | nodes | record + forward | backward | a step | per node | ratio |"
    )
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    for collector in ("on", "off"):
        found: dict[str, list[dict[str, float]]] = {name: [] for name in libraries}
        for _ in range(repeats):
            for name in libraries:
                found[name].append(elsewhere("net", name, collector))
        base = median(found["microgd"], "total")
        for name in reversed(libraries):
            runs = found[name]
            nodes, total = int(runs[0]["nodes"]), median(runs, "total")
            print(
                f"| {collector} | {name} | {nodes:,} | {median(runs, 'forward') * 1e3:.0f} ms "
                f"| {median(runs, 'backward') * 1e3:.0f} ms | {total * 1e3:.0f} ms "
                f"| {total / nodes * 1e6:.2f} µs | {total / base:.1f} |"
            )
        if len({round(f["loss"], 9) for runs in found.values() for f in runs}) != 1:
            sys.exit("the losses differ: these numbers compare nothing")


def chain_table(repeats: int) -> None:
    print("| gates in the chain | record + forward | backward | per gate | freeing it | memory |")
    print("|---:|---:|---:|---:|---:|---:|")
    for length in LENGTHS:
        runs = [elsewhere("chain", str(length)) for _ in range(repeats)]
        forward, backward = median(runs, "forward"), median(runs, "backward")
        held = elsewhere("memory", str(length))["bytes"]
        print(
            f"| {length:,} | {forward * 1e3:.0f} ms | {backward * 1e3:.0f} ms "
            f"| {(forward + backward) / length * 1e6:.2f} µs | {median(runs, 'free') * 1e3:.0f} ms "
            f"| {held / length:.0f} bytes a gate |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7, help="of each measurement (default 7)")
    parser.add_argument("--measure", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        what, argument, *rest = options.measure
        if what == "net":
            print(json.dumps(measure_net(argument, *rest)))
        else:
            measure = {"chain": measure_chain, "memory": measure_memory}[what]
            print(json.dumps(measure(int(argument))))
        return
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}\n")
    net_table(options.repeats)
    print()
    chain_table(options.repeats)


if __name__ == "__main__":
    main()
