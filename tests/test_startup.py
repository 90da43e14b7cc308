"""What a start-up imports: as little as the command needs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {
    "numpy",
    "microgd",
    "rich",
    "graphviz",
    "pyopencl",
    "matplotlib",
    "setuptools",
    "importlib.metadata",
    "difflib",
    "json",
}

PROBE = """
import json, sys
before = set(sys.modules)
from microgd_cli.main import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
sys.stderr.write(json.dumps(sorted(set(sys.modules) - before)))
"""


def imported(*arguments: str) -> set[str]:
    """The modules that a command imports."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments], capture_output=True, check=True, text=True
    )
    return set(json.loads(done.stderr))


@pytest.mark.parametrize("arguments", [("--help",), ("trace", "--help"), ("completion", "bash")])
def test_help_needs_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert imported(*arguments) & (HEAVY - {"json"}) == set()


def test_trace_needs_no_drawing_and_no_device() -> None:
    names = imported("trace", "(x + y) * z", "x=-2", "y=5", "z=-4")
    assert "numpy" in names
    unwanted = {"pyopencl", "matplotlib", "graphviz", "setuptools", "subprocess"}
    assert names & unwanted == set()


def test_grad_needs_no_tables() -> None:
    assert "rich" not in imported("grad", "x * y", "x=1", "y=2")


def test_help_answers_at_once() -> None:
    """In well under 0.2 s; this allows for a busy machine, benchmarks/startup.py measures."""
    from time import perf_counter

    times = []
    for _ in range(5):
        began = perf_counter()
        imported("--help")
        times.append(perf_counter() - began)
    assert min(times) < 0.5


def test_the_package_itself_is_a_program_and_does_not_import_the_command_line() -> None:
    probe = "import sys, microgd; print('microgd_cli' in sys.modules, 'secrets' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, check=True, text=True)
    assert done.stdout == "False False\n"
    command = [sys.executable, "-m", "microgd", "grad", "x*x", "x=3"]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert done.stdout == "f = 9\n∂f/∂x = 6\n"
    broken = subprocess.run([*command[:3], "grad", "x", "x="], capture_output=True, text=True)
    assert broken.returncode == 2
