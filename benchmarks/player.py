"""The player: how large a page is, how long a browser takes to open it, and to go a step.

    python benchmarks/player.py              # the table of docs/benchmarks.md; half a minute
    python benchmarks/player.py --repeats 9

Pages are opened from a file, in whatever there is of Chromium and Firefox, without a window. To
open means: from the start of the navigation until every part of the page works, the circuit laid
out at its size. A step is a click on the button and the layout that follows. Times are medians.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import microgd as mg

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from browsers import program, started

TWELVE = "tanh(w0*x0 + w1*x1 + b) * max(a, w0*c) + sigmoid(x0*x1) + c"

#: Forward through the lesson, then back; each step with its layout.
STEPS = """
const slider = document.getElementById("slider"), times = [];
for (const button of ["next", "back"]) {
  for (let i = 0; i < Number(slider.max); i++) {
    const began = performance.now();
    document.getElementById(button).click();
    document.body.getBoundingClientRect();
    times.push(performance.now() - began);
  }
}
times.sort((a, b) => a - b);
return [times[times.length >> 1], times.at(-1)];
"""


def twelve_gates() -> Any:
    """Twelve gates with branches."""
    values = {"w0": 2, "x0": -1, "w1": -3, "x1": -2, "b": -3, "a": 0.5, "c": 2}
    return mg.circuit(TWELVE, **values).output


def many_steps() -> Any:
    """A chain of 167 products: 502 steps."""
    f = mg.Tensor(0.5, name="x")
    for i in range(167):
        f = f * mg.Tensor(1.0 + i / 100, name=f"w{i}")
    return f


def measure(browser: Any, path: Path, repeats: int) -> tuple[float, float, float]:
    """Milliseconds to open, of a step, and of the slowest step."""
    opened = []
    for _ in range(repeats):
        browser.open(path)
        opened.append(browser.run("return performance.getEntriesByName('ready')[0].startTime"))
    step, slowest = browser.run(STEPS)
    return statistics.median(opened), step, slowest


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Measure the player.")
    parser.add_argument("--repeats", type=int, default=7)
    repeats = max(3, parser.parse_args().repeats)
    names = [name for name in ("chromium", "firefox") if program(name)]
    if not names:
        parser.exit(1, "there is neither Chromium nor Firefox here\n")
    print(f"{platform.system()} {platform.machine()}, median of {repeats}\n")
    print("| page | size | browser | opens in | a step | the slowest |")
    print("|---|---:|---|---:|---:|---:|")
    pages = {"12 gates": mg.play(twelve_gates()), "502 steps": mg.play(many_steps(), full=True)}
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            with started(name) as browser:
                browser.size(1280, 900)
                for title, page in pages.items():
                    path = page.save(Path(folder) / f"{len(title)}.html")
                    opens, step, slowest = measure(browser, path, repeats)
                    size = len(page.html.encode()) / 1000
                    print(
                        f"| {title} | {size:.0f} kB | {name} | {opens:.0f} ms | {step:.1f} ms "
                        f"| {slowest:.0f} ms |"
                    )


if __name__ == "__main__":
    main()
