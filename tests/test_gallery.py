"""The gallery: every picture is what its command draws today."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

DOCS = Path(__file__).parent.parent / "docs"
GALLERY = SimpleNamespace(**runpy.run_path(str(DOCS / "make_gallery.py")))
PICTURES = GALLERY.pictures()
DRAWN = [p for p in PICTURES if p.shown.endswith(".svg")]
OTHERS = [p for p in PICTURES if p not in DRAWN and p.window is None]


def said(svg: str) -> list[str]:
    """The texts of a picture, in order: names, signs and every number."""
    return [t.strip() for e in ElementTree.fromstring(svg).iter() if (t := e.text or "").strip()]


def test_the_page_is_what_the_script_writes():
    text = (DOCS / "gallery.md").read_text(encoding="utf-8")
    assert text == GALLERY.page(), "run python docs/make_gallery.py"


def test_the_folder_has_what_the_page_shows():
    folder = {path.name for path in GALLERY.FOLDER.iterdir()}
    assert folder == {p.shown for p in PICTURES}
    assert len({p.name for p in PICTURES}) == len(PICTURES)
    assert sum(path.stat().st_size for path in GALLERY.FOLDER.iterdir()) < 1_500_000


@pytest.mark.parametrize("picture", DRAWN, ids=lambda p: p.name)
def test_a_circuit_is_what_its_command_draws(picture, tmp_path):
    GALLERY.draw(picture, tmp_path)
    made = (tmp_path / picture.shown).read_text(encoding="utf-8")
    kept = (GALLERY.FOLDER / picture.shown).read_text(encoding="utf-8")
    assert said(made) == said(kept), "run python docs/make_gallery.py"
    shapes = [re.findall(r"<(\w+)", svg) for svg in (made, kept)]
    assert shapes[0] == shapes[1]


@pytest.mark.slow
@pytest.mark.parametrize("picture", OTHERS, ids=lambda p: p.name)
def test_a_plot_or_page_is_drawn_by_its_command(picture, tmp_path):
    from PIL import Image

    GALLERY.draw(picture, tmp_path)
    with (
        Image.open(tmp_path / picture.shown) as made,
        Image.open(GALLERY.FOLDER / picture.shown) as kept,
    ):
        assert made.size == pytest.approx(kept.size, rel=0.02)


@pytest.mark.parametrize("picture", [p for p in PICTURES if p.window], ids=lambda p: p.name)
def test_a_page_is_made_by_its_command(picture, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert picture.file in GALLERY.run(picture.command)
    assert (tmp_path / picture.file).stat().st_size > 10_000
