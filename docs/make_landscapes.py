"""Draw landscapes and boundaries of trained nets anew: python docs/make_landscapes.py [FOLDER]."""

import sys
from pathlib import Path

from microgd.data import read_dataset
from microgd.plots.boundary import draw_boundary
from microgd.plots.landscape import draw_landscape
from microgd.plots.search import draw_search
from microgd.plots.training_scene import animate_boundary
from microgd.training import Config, Trainer, boundaries, landscape, search, snapshots


def main(folder: Path) -> None:
    """Write every picture into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    digits = read_dataset("digits")
    config = Config(data="digits", hidden=(64,), epochs=12, device="interpreter")
    models = [model for model, _ in snapshots(Trainer(config))]
    train, _ = digits.split(0.2, seed=config.seed)
    draw_landscape(landscape(models[-1], train, size=33)).save(folder / "landscape.svg")
    path = [model.params for model in models]
    draw_landscape(landscape(models[-1], train, size=33, path=path)).save(
        folder / "landscape-path.svg"
    )

    config = Config(data="spirals(noise=0.05)", hidden=(32, 32), epochs=60, device="interpreter")
    data = read_dataset(config.data)
    seen = boundaries(Trainer(config), data, size=101, most=41)
    draw_boundary(seen[-1], title="spirals").save(folder / "boundary.svg")
    animate_boundary(seen, folder / "learning.svg", title="a net of 2-32-32-3 learns spirals")
    line = boundaries(Trainer(config.changed(hidden=())), data, most=2)
    draw_boundary(line[-1], title="spirals, without a hidden layer").save(
        folder / "boundary-linear.svg"
    )

    tries = ["lr=1e-4..1e-1:log", "hidden=32|64|128", "optimizer=sgd(momentum=0.9)|adamw"]
    config = Config(data="digits", epochs=10, device="interpreter")
    draw_search(search(config, tries, trials=12, folds=3)).save(folder / "search.svg")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "inside")
