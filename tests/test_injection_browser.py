"""What a real browser makes of hostile names: it runs nothing of them."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hostile import output_called, walk_called

import microgd as mg

browsers = pytest.importorskip("browsers", reason="websockets is not installed")
pytestmark = [pytest.mark.browser, pytest.mark.slow]

#: Each would set `window.hit` in its own way.
NAMES = (
    '</script><img src=x onerror="window.hit=1"><svg onload="window.hit=1">',
    '" onload="window.hit=1" onerror="window.hit=1" x="',
    "]]><script>window.hit=1</script>",
    "--><script>window.hit=1</script>",
    "</title></text></style></textarea><script>window.hit=1</script>",
    "'-(window.hit=1)-'\\u2028${window.hit=1}",
)

PAGES: dict[str, Callable[[str], str]] = {
    "player": lambda n: mg.play(output_called(n), title=n).html,
    "slides": lambda n: mg.slides(output_called(n), title=n, author=n, text=n).html,
    "worksheet": lambda n: mg.worksheet(count=1, title=n).html(),
    "walk": lambda n: mg.plots.watch(walk_called(n)).page,
    "frame": lambda n: mg.plots.watch(walk_called(n))._repr_html_(),
    "notebook": lambda n: mg.trace(output_called(n))._repr_html_(),
    "picture": lambda n: mg.draw(output_called(n)).svg,
}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    if browsers.program("chromium") is None:
        pytest.skip("Chromium is not installed")
    with browsers.started("chromium") as browser:
        yield browser


@pytest.mark.parametrize("page", PAGES)
def test_nothing_runs(chromium, page, tmp_path):
    for number, name in enumerate(NAMES):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
            text = PAGES[page](name)
        path = tmp_path / f"{number}.html"
        path.write_text(text if text.startswith("<!") else f"<!doctype html>{text}", "utf-8")
        chromium.ask("Page.navigate", url=path.as_uri())
        time.sleep(0.2)
        assert chromium.run("return location.href") == path.as_uri()
        assert chromium.run("return document.readyState") == "complete"
        assert chromium.run("return window.hit ?? 0") == 0
        assert chromium.run("return document.querySelectorAll('[onload], [onerror]').length") == 0


def test_the_test_would_notice(chromium, tmp_path):
    path = tmp_path / "broken.html"
    path.write_text(f"<!doctype html><title>{NAMES[4]}", "utf-8")
    chromium.ask("Page.navigate", url=path.as_uri())
    time.sleep(0.2)
    assert chromium.run("return window.hit ?? 0") == 1
