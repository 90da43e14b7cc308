"""Compiled programs against NumPy, PyTorch, JAX and tinygrad, on one computer in one run.

    pip install torch jax tinygrad micrograd     # what is missing is said, and left out
    python benchmarks/opencl.py                  # the tables of docs/benchmarks.md
    python benchmarks/opencl.py --only matmul,train --peers numpy,torch --device intel --repeats 3

Every measurement runs in a process of its own: one peer, one part. The peers take turns, and all of
it is repeated, so that a slow moment of the computer meets everybody. In a process a problem is
timed in batches of calls, with one wait at the end of each; its time is that of the quickest batch,
for what else the computer does only ever adds. A table shows the median of the processes. Results
are compared once with NumPy's in float64, so that nobody is timed who computes something else.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from opencl_peers import PEERS, Microgd, Missing, Numpy, measure, start
from opencl_problems import problems

PARTS = ("matmul", "chain", "reduce", "launch", "compile", "train", "replay")
#: A process that takes longer is stopped, and its line says so.
TIMEOUT = 900

Line = dict[str, Any]


# -- one process -------------------------------------------------------------------------------


def solve(peer: Any, problem: Any, order: Line) -> Line:
    """Measure one peer at one problem."""
    inputs = problem.put(peer)
    call = peer.prepared(problem.formula, inputs)
    found: Line = {}
    if order["check"]:
        read = peer.read(call())
        results = list(read) if isinstance(read, list | tuple) else [read]
        error = problem.error(Numpy(""), results)
        if not error <= problem.tolerance:
            return {"problem": f"wrong by {error:.1e}"}
        found["error"] = error
    found |= measure(call, peer.finish, order["seconds"])
    if isinstance(peer, Microgd):
        found |= peer.profile(*inputs)
    return found


def work(order: Line) -> None:
    """What one process does: one peer at one part, a line of JSON for each problem."""
    try:
        peer = start(order["peer"], order["device"])
    except Missing as missing:
        say({"missing": str(missing)})
        return
    say({"version": peer.version})
    if order["part"] in ("train", "compile"):
        importlib.import_module("opencl_training").work(peer, order, say)
    elif order["part"] == "replay":
        importlib.import_module("opencl_replay").work(peer, order, say)
    else:
        for problem in problems(order["part"]):
            if order["match"] not in problem.name:
                continue
            try:
                found = solve(peer, problem, order)
            except Missing as missing:
                found = {"problem": str(missing)}
            except Exception as error:
                found = {"problem": f"{type(error).__name__}: {error}".splitlines()[0][:200]}
            say({"name": problem.name, **found})


def say(line: Line) -> None:
    print(json.dumps(line), flush=True)


# -- all processes -----------------------------------------------------------------------------


class Run:
    """The processes of one run of the benchmark, and what they said."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.peers = [p for p in PEERS if _wanted(p, options.peers)]
        if "OPENBLAS_CORETYPE" not in os.environ and "numpy, as set" in self.peers:
            self.peers.remove("numpy, as set")
        self.python = dict(text.split("=", 1) for text in options.python)
        self.versions: dict[str, str] = {}
        self.missing: dict[str, str] = {}

    def process(self, peer: str, part: str, cache: str = "", **more: Any) -> list[Line]:
        """What one process says."""
        if peer in self.missing:
            return []
        order = {
            "check": True,
            "peer": peer,
            "part": part,
            "device": self.options.device,
            "match": self.options.match,
            "seconds": self.options.seconds,
            **more,
        }
        environment = dict(os.environ)
        if peer == "numpy":
            environment.pop("OPENBLAS_CORETYPE", None)
        if cache:
            environment |= {"XDG_CACHE_HOME": cache, "TORCHINDUCTOR_CACHE_DIR": f"{cache}/torch"}
        python = self.python.get(peer, self.python.get(peer.split()[0], sys.executable))
        command = [python, str(Path(__file__).resolve()), "--measure", json.dumps(order)]
        lines, trouble = _run(command, environment)
        for line in lines:
            if "missing" in line:
                self.missing[peer] = line["missing"]
            if "version" in line:
                self.versions[peer] = line["version"]
        found = [line for line in lines if "name" in line]
        if trouble:
            print(f"  {peer}, {part}: {trouble}", file=sys.stderr)
        return found

    def rounds(self, part: str) -> dict[str, dict[str, list[Line]]]:
        """name → peer → the lines of all rounds."""
        found: dict[str, dict[str, list[Line]]] = {}
        for number in range(self.options.repeats):
            for peer in self.peers:
                self.say(f"{part}, round {number + 1} of {self.options.repeats}: {peer}")
                for line in self.process(peer, part, check=number == 0):
                    who = peer + line.get("way", "")
                    found.setdefault(line["name"], {}).setdefault(who, []).append(line)
        return found

    def say(self, text: str) -> None:
        if sys.stderr.isatty():
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def _run(command: list[str], environment: dict[str, str]) -> tuple[list[Line], str]:
    try:
        run = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=TIMEOUT
        )
    except subprocess.TimeoutExpired:
        return [], f"stopped after {TIMEOUT} seconds"
    lines = [json.loads(text) for text in run.stdout.splitlines() if text.startswith("{")]
    last = run.stderr.strip().splitlines()[-1:] if run.returncode else []
    return lines, f"ended with {run.returncode}: {' '.join(last)}" if run.returncode else ""


def _wanted(peer: str, families: str) -> bool:
    return peer == "microgd" or any(
        peer == f or peer.split()[0].rstrip(",").split(".")[0] == f for f in families.split(",")
    )


def median(lines: list[Line], what: str = "seconds") -> float | None:
    numbers = [line[what] for line in lines if what in line]
    return statistics.median(numbers) if numbers else None


def duration(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    for size, unit in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= size:
            number = seconds / size
            return f"{number:.2f} {unit}" if number < 10 else f"{number:.0f} {unit}"
    return f"{seconds * 1e6:.2f} µs"


def table(head: list[str], rows: list[list[str]]) -> None:
    print(f"| {' | '.join(head)} |\n|---{'|---:' * (len(head) - 1)}|")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    print(flush=True)


def ratio(run: Run, lines: dict[str, list[Line]], ours: float | None, peer: str) -> str:
    """How many times our time the peer takes."""
    theirs = median(lines.get(peer, []))
    return "" if theirs is None or not ours else f"{theirs / ours:.2f}"


def cell(lines: list[Line], show: Callable[[float], str]) -> str:
    """A time, or why there is none."""
    problem = next((line["problem"] for line in lines if "problem" in line), None)
    seconds = median(lines)
    if problem is not None and seconds is None:
        return problem.split(":")[0]
    return "–" if seconds is None else show(seconds)


# -- parts -------------------------------------------------------------------------------------


def compare(run: Run, part: str, title: str, *, speed: bool) -> Any:
    """A table of all problems of a part: rows problems, columns peers."""
    found = run.rounds(part)
    present = [p for p in run.peers if any(p in peers for peers in found.values())]
    ratios = [p for p in present if p != "microgd"]
    head = [title, "microgd", "its kernels", *ratios]
    rows = []
    for problem in problems(part):
        lines = found.get(problem.name)
        if not lines:
            continue

        def show(seconds: float, work: float = problem.work) -> str:
            return f"{work / seconds:.0f}" if speed else duration(seconds)

        ours = median(lines.get("microgd", []))
        device = median(lines.get("microgd", []), "device")
        row = [problem.name, cell(lines.get("microgd", []), show)]
        row.append("–" if device is None else show(device))
        for peer in ratios:
            times = ratio(run, lines, ours, peer)
            text = cell(lines.get(peer, []), show)
            row.append(f"{text} ({times}×)" if times else text)
        rows.append(row)
    table(head, rows)
    _problems(found)
    return found


def _problems(found: dict[str, dict[str, list[Line]]]) -> None:
    seen = set()
    for name, peers in found.items():
        for peer, lines in peers.items():
            for line in lines:
                if "problem" in line and (peer, line["problem"]) not in seen:
                    seen.add((peer, line["problem"]))
                    print(f"- {peer}, {name}: {line['problem']}")
    if seen:
        print()


def matmul_part(run: Run) -> Any:
    print("### Matrix products\n\nGFLOP/s of float32; rows·columns·inner, T: transposed.\n")
    return compare(run, "matmul", "product", speed=True)


def chain_part(run: Run) -> Any:
    print("### Elementwise chains\n")
    return compare(run, "chain", "chain", speed=False)


def reduce_part(run: Run) -> Any:
    print("### Reductions and softmax\n")
    return compare(run, "reduce", "reduction", speed=False)


def launch_part(run: Run) -> Any:
    print("### Launches\n")
    found = run.rounds("launch")
    rows = []
    for name, peers in found.items():
        for peer, lines in peers.items():
            kernels, device = median(lines, "kernels"), median(lines, "device")
            rows.append(
                [name, peer, "" if kernels is None else f"{kernels:.0f}", cell(lines, duration)]
            )
            rows[-1] += [duration(median(lines, "busy")), duration(device)]
    table(["program", "peer", "kernels", "a call", "the caller's part", "kernels' part"], rows)
    return found


def compile_part(run: Run) -> Any:
    print("### Compiling\n\nThe first training step, from the call to the loss.\n")
    found: dict[str, dict[str, dict[str, list[Line]]]] = {}
    for _ in range(run.options.repeats):
        for peer in run.peers:
            with tempfile.TemporaryDirectory() as cache:
                for state in ("cold", "cached"):
                    for line in run.process(peer, "compile", cache, check=False):
                        who = peer + line.get("way", "")
                        states = found.setdefault(line["name"], {}).setdefault(who, {})
                        states.setdefault(state, []).append(line)
    rows = []
    for name, peers in found.items():
        for peer, states in peers.items():
            cold, cached = states.get("cold", []), states.get("cached", [])
            rows.append([name, peer, duration(median(cold, "first"))])
            rows[-1] += [duration(median(cached, "first")), duration(median(cold, "build"))]
            rows[-1].append(duration(median(cached, "build")))
    head = ["net", "peer", "nothing cached", "cached on disk", "of it the driver", "cached"]
    table(head, rows)
    return found


def train_part(run: Run) -> Any:
    print("### Training steps\n")
    found = run.rounds("train")
    rows = []
    for name, peers in found.items():
        ours = median(peers.get("microgd", []))
        for peer, lines in peers.items():
            seconds = median(lines)
            speed = cell(lines, lambda s: f"{1 / s:.0f}")
            rows.append([name, peer, speed, duration(seconds)])
            rows[-1].append(f"{seconds / ours:.2f}" if seconds and ours else "")
            rows[-1].append(duration(median(lines, "device")) if peer == "microgd" else "")
    table(["net", "peer", "steps/s", "a step", "ratio", "its kernels"], rows)
    _problems(found)
    for name, peers in found.items():
        lines = [line for line in peers.get("microgd", []) if "table" in line]
        if lines:
            print(f"{name}, kernel by kernel:\n")
            times = [dict(line["table"]) for line in lines]
            rows = [
                [f"`{kernel}`", duration(statistics.median(t[kernel] for t in times))]
                for kernel in times[0]
            ]
            table(["kernel", "time"], rows)
    return found


def replay_part(run: Run) -> Any:
    print("### A graph of scalars, replayed\n")
    ways = importlib.import_module("opencl_replay").WAYS
    found: dict[str, list[Line]] = {}
    for number in range(run.options.repeats):
        for way in ways:
            run.say(f"replay, round {number + 1} of {run.options.repeats}: {way}")
            for line in run.process("microgd", "replay", way=way, check=number == 0):
                found.setdefault(way, []).append(line)
    first = median(found.get(next(iter(ways)), []))
    rows = []
    for way, lines in found.items():
        seconds = median(lines)
        row = [way, cell(lines, duration)]
        row.append(f"{first / seconds:,.0f}×" if first and seconds else "")
        row += [duration(median(lines, "device")), duration(median(lines, "first"))]
        rows.append(row)
    table(["way", "loss and gradients", "ratio", "the kernel alone", "compiling"], rows)
    every = [line for lines in found.values() for line in lines]
    checks = {round(line["check"], 6) for line in every if "check" in line}
    if len(checks) > 1:
        print(f"- the gradients differ: {checks}\n")
    _problems({way: {"": lines} for way, lines in found.items()})
    return found


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5, help="processes of each peer (5)")
    parser.add_argument("--device", default="auto", help="as in mg.compile (auto)")
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts of {','.join(PARTS)}")
    parser.add_argument(
        "--peers", default="numpy,torch,jax,tinygrad", help="all of them, by default"
    )
    parser.add_argument("--match", default="", help="only problems whose name holds this")
    parser.add_argument("--seconds", type=float, default=0.15, help="for each problem (0.15)")
    parser.add_argument(
        "--python", action="append", default=[], metavar="PEER=PATH", help="its interpreter"
    )
    parser.add_argument("--json", action="store_true", help="at the end, all numbers as JSON")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.measure:
        work(json.loads(options.measure))
        return
    parts = [p.strip() for p in options.only.split(",")]
    for unknown in set(parts) - set(PARTS):
        parser.error(f"no part {unknown!r}: there are {', '.join(PARTS)}")
    run = Run(options)
    _head(options.device)
    found = {part: globals()[f"{part}_part"](run) for part in PARTS if part in parts}
    for peer, why in run.missing.items():
        print(f"{peer}: {why}")
    print(", ".join(f"{peer} {version}" for peer, version in run.versions.items() if version))
    if options.json:
        print(json.dumps(found))


def _head(wanted: str) -> None:
    from microgd.opencl.devices import choose

    device = choose(wanted)
    cores = len(os.sched_getaffinity(0))
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, ", end="")
    print(f"{cores} cores; {device.label}, driver {device.driver or 'none'}\n", flush=True)


if __name__ == "__main__":
    main()
