"""Draw the pictures of what goes on in a net anew: python docs/make_inside.py [FOLDER]."""

import sys
from pathlib import Path

from microgd.plots.hidden_values import draw_histograms
from microgd.plots.rate_search import draw_rate_search
from microgd.plots.sanity import draw_sanity
from microgd.training import Config, find_rate, histograms, sanity
from microgd.training.hidden_values import INITS


def main(folder: Path) -> None:
    """Write every picture into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    plain = Config(device="interpreter")
    draw_rate_search(find_rate(plain)).save(folder / "lr-find.svg")
    draw_sanity(sanity(plain)).save(folder / "sanity.svg")
    for name in ("tanh", "relu"):
        deep = plain.changed(hidden=(256,) * 6, activation=name)
        draw_histograms(histograms(deep, INITS)).save(folder / f"histograms-{name}.svg")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "inside")
