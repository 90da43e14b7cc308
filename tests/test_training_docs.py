"""The commands of the training guide work, one after the other, in one folder."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.slow
def test_the_guides_commands_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = runpy.run_path(str(DOCS / "make_training.py"))
    lines = script["commands"]((DOCS / "training.md").read_text(encoding="utf-8"))
    assert len(lines) >= 8
    monkeypatch.chdir(tmp_path)
    for line in lines:
        told = script["run"](line)
        assert told
        assert "Error" not in told
