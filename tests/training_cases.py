"""What the tests of runs share: small runs, what they leave, and how they are stopped."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from microgd.training import Config, Trainer

LOG = "log.txt"
FILES = ("last.safetensors", "best.safetensors", "history.csv", "config.toml")
SMALL: dict[str, Any] = {"data": "blobs(count=60)", "hidden": (5,), "batch": 16, "epochs": 3}


class StopError(Exception):
    """Raised between two steps."""


def small(**options: Any) -> Config:
    """A run of a few quick steps: three an epoch."""
    return Config(**{**SMALL, "device": "interpreter", **options})


def files(folder: Path) -> dict[str, bytes]:
    """What a run left, by name, but for its log, which has times; nothing else may lie there."""
    found = {p.name: p.read_bytes() for p in folder.iterdir() if p.name != LOG}
    assert set(found) <= set(FILES), sorted(folder.iterdir())
    return found


def trained(config: Config, folder: Path, **how: Any) -> Trainer:
    """A run from its beginning to its end."""
    run = Trainer(config, folder=folder)
    for _ in run.epochs(**how):
        pass
    return run


def stopped(config: Config, folder: Path, step: int, *, save: bool, **how: Any) -> None:
    """A run that ends after this step; with `save`, as Ctrl-C would end it."""
    run = Trainer(config, folder=folder)

    def after(run: Trainer) -> None:
        if run.step >= step:
            raise StopError

    try:
        for _ in run.epochs(after_step=after, **how):
            pass
    except StopError:
        if save:
            run.save()


def resumed(folder: Path, **how: Any) -> Trainer:
    """The run of a folder, to its end."""
    run = Trainer.resume(folder)
    for _ in run.epochs(**how):
        pass
    return run


@pytest.fixture
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits for the disk."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
