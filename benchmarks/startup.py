"""Start-up times: how long a command takes before its own work begins.

    python benchmarks/startup.py               # the table of docs/benchmarks.md; half a minute
    python benchmarks/startup.py --repeats 31

Every measurement is a fresh process, and the commands take turns, so that a slow moment of the
machine meets all of them. A time is the median of the repeats; the first round only warms the disk.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import sysconfig
import time

MICROGD = shutil.which("microgd", path=sysconfig.get_path("scripts")) or ""

COMMANDS: dict[str, list[str]] = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "microgd --help": [MICROGD, "--help"],
    "python -c 'import numpy'": [sys.executable, "-c", "import numpy"],
    "python -c 'import microgd'": [sys.executable, "-c", "import microgd"],
    'microgd trace "(x + y) * z" x=-2 y=5 z=-4': [
        *(MICROGD, "trace", "(x + y) * z", "x=-2", "y=5", "z=-4")
    ],
}


def seconds(command: list[str]) -> float:
    """One run, from start to exit."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def measure(repeats: int) -> dict[str, list[float]]:
    """All times of each command, the warming round left out."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for turn in range(repeats + 1):
        for name, command in COMMANDS.items():
            spent = seconds(command)
            if turn:
                times[name].append(spent)
    return times


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Measure start-up times.")
    parser.add_argument("--repeats", type=int, default=21, help="at least 10")
    if not MICROGD:
        parser.exit(1, f"microgd is not installed beside {sys.executable}: pip install . first\n")
    repeats = max(10, parser.parse_args().repeats)
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, median of {repeats}\n")
    print("| command | milliseconds | slowest |\n|---|---|---|")
    for name, times in measure(repeats).items():
        middle, slowest = 1000 * statistics.median(times), 1000 * max(times)
        print(f"| `{name}` | {middle:.0f} | {slowest:.0f} |")


if __name__ == "__main__":
    main()
