"""The pages of the commands show what the commands print."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from microgd_cli.main import COMMANDS

DOCS = Path(__file__).parent.parent / "docs"
COMMAND_PAGES = sorted((DOCS / "commands").glob("*.md"))
MAKER = runpy.run_path(str(DOCS / "make_commands.py"))
PAGES = MAKER["PAGES"]


def test_every_command_has_a_page() -> None:
    assert {page.stem for page in COMMAND_PAGES} == {*COMMANDS, "index"}


def rounded(text: str) -> str:
    """Without the last digits, in which mathematical libraries differ."""
    return re.sub(r"(\d\.\d{6})\d+", r"\1", text)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_page_is_up_to_date(path: Path) -> None:
    page = MAKER["page"]
    text = path.read_text(encoding="utf-8")
    assert rounded(page(text)) == rounded(text), "run python docs/make_commands.py"
