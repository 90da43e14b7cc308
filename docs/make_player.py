"""The picture of the player: its page in a real browser, as docs/pictures/player.png.

python docs/make_player.py        # needs Chromium, and `pip install -e ".[test]"`
"""

from __future__ import annotations

import sys
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image

import microgd as mg

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from browsers import started

DOCS = Path(__file__).parent


def main() -> None:
    """Open the page at a step, and take its picture."""
    page = mg.play(mg.circuit("(x + y) * z", x=-2, y=5, z=-4))
    with tempfile.TemporaryDirectory() as folder, started("chromium") as browser:
        path = page.save(Path(folder) / "circuit.html")
        browser.size(1199, 780)
        browser.open(path, "#step-5")
        browser.run("await new Promise((done) => setTimeout(done, 500))")
        picture = Path(folder) / "player.png"
        browser.picture(picture)
        few = Image.open(BytesIO(picture.read_bytes())).convert("RGB").quantize(128)
    few.save(DOCS / "pictures" / "player.png", optimize=True)


if __name__ == "__main__":
    main()
