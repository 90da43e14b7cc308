"""The house: a floor imports from the floors below its own, and from no other, whenever it does."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import microgd

ROOT = Path(microgd.__file__).parent

#: From the ground up. Floors in one line may not import each other.
FLOORS = (
    ("errors", "collector", "notation", "pages"),
    ("translation",),
    ("files", "frozen", "options", "graph"),
    ("gates",),
    ("interpreter",),
    ("tensor",),
    ("autodiff", "trace"),
    ("language", "opencl", "optim", "schedules", "stopping", "init", "losses", "data"),
    ("nn", "draw"),
    ("lab", "training"),
    ("plots",),
    ("teaching",),
)
HEIGHT = {name: height for height, names in enumerate(FLOORS) for name in names}


def floor_of(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    return parts[0] if len(parts) > 1 else path.stem


def imported(path: Path) -> set[str]:
    """The floors that a file imports from, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module == "microgd":
            names = [f"microgd.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("microgd.")}
    return found


def test_every_floor_has_a_place() -> None:
    there = {floor_of(path) for path in ROOT.rglob("*.py")} - {"__init__", "__main__"}
    assert there == set(HEIGHT)


@pytest.mark.parametrize("floor", [name for names in FLOORS for name in names])
def test_arrows_point_down(floor: str) -> None:
    for path in ROOT.rglob("*.py"):
        if floor_of(path) == floor:
            upward = {n for n in imported(path) - {floor} if HEIGHT[n] >= HEIGHT[floor]}
            assert not upward, f"{path.relative_to(ROOT)} imports {upward}"
