"""`microgd boundary`: where a net decides for which class, as a picture, and as it comes about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .choices import output_option
from .plotted import require_endings, require_one_printer
from .streams import say
from .trained import (
    data_of,
    data_of_run,
    name_of,
    new_run,
    require_one,
    trained,
    trained_options,
)

if TYPE_CHECKING:
    from microgd.training import Boundary

ANIMATIONS = (".gif", ".html", ".svg")


@click.command("boundary")
@trained_options
@click.option(
    "--size",
    type=click.IntRange(2, 1001),
    default=161,
    show_default=True,
    metavar="N",
    help="Points along each side.",
)
@output_option("Draw the regions and the data: .svg, .png or .pdf. May be repeated.")
@click.option(
    "--animate",
    "animations",
    multiple=True,
    metavar="FILE",
    help="The training as an animation: .gif, .html or .svg.",
)
@click.option("--csv", "csv_file", metavar="FILE", help="Write the grid as CSV; - prints it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")
def command(**options: Any) -> None:
    """Draw where a net decides for which class.

    RUN is the folder of a run, or a checkpoint file. Without it a net is trained for the purpose,
    by the options of `microgd train`. The data has two features, such as moons or spirals.

    \b
    Examples:
      microgd boundary --data moons --hidden 16 --epochs 20 -o boundary.png
      microgd boundary --data xor --hidden 8 --lr 0.05 --animate xor.html
    """
    require_endings(options["outputs"])
    require_endings(options["animations"], ANIMATIONS, "--animate")
    require_one_printer(options)
    require_one(options)
    quiet = options["as_json"] or options["csv_file"] == "-"
    if options["animations"]:
        seen, name = _walked(options, quiet)
    else:
        from microgd.training import boundary

        found = trained(_of_plane(options), quiet=quiet)
        seen = [boundary(found.model, found.train, found.held_out, options["size"])]
        name = ""
    if options["as_json"]:
        from .output import show_json

        show_json(seen[-1].to_dict())
    elif options["csv_file"] == "-":
        say(seen[-1].to_csv().rstrip("\n"))
    else:
        _show(seen[-1])
    _save(seen, name, options, quiet)


def _of_plane(options: dict[str, Any]) -> dict[str, Any]:
    """The same options; data that is not for this is refused before a net is trained on it."""
    if options["folder"] is None:
        _require_plane(options)
    return options


def _require_plane(options: dict[str, Any]) -> None:
    from microgd.training import Trainer, model_of
    from microgd.training.boundary import require_plane

    from .train_options import config_from_options

    config = config_from_options(options)
    require_plane(model_of(Trainer(config, data_of(config, options))))


def _walked(options: dict[str, Any], quiet: bool) -> tuple[list[Boundary], str]:
    """The boundary after every epoch: a run is walked again, for it keeps only two."""
    from microgd.training import boundaries, load_model

    from .train_options import config_from_options

    if options["folder"] is not None:
        model = load_model(options["folder"], options["checkpoint"])
        config, data = model.config, data_of_run(model, options)
    else:
        config = config_from_options(options)
        data = data_of(config, options)
        _require_plane(options)
    run = new_run(config, data, quiet=quiet)
    return boundaries(run, data, options["size"]), name_of(run)


def _show(seen: Boundary) -> None:
    import numpy as np

    from microgd.trace.table import Table

    from .output import show_table

    shares = np.bincount(seen.winners.ravel(), minlength=len(seen.classes)) / seen.winners.size
    rows = []
    for label, name in enumerate(seen.classes):
        counts = [
            "-" if data is None else str(int((data.y == label).sum()))
            for data in (seen.train, seen.held_out)
        ]
        rows.append((name, f"{shares[label]:.1%}", *counts))
    columns = ("class", "of the plane>", "trained on>", "held out>")
    show_table(Table(f"after epoch {seen.epoch}", columns, tuple(rows)))


def _save(seen: list[Boundary], name: str, options: dict[str, Any], quiet: bool) -> None:
    saved = []
    if options["csv_file"] not in (None, "-"):
        from microgd.files import write_whole

        saved.append(write_whole(options["csv_file"], seen[-1].to_csv()))
    last = seen[-1]
    shown = last.train or last.held_out
    title = shown.name if shown is not None else ""
    if options["outputs"]:
        from microgd.plots.boundary import draw_boundary

        plot = draw_boundary(last, title=title)
        saved += [plot.save(path) for path in options["outputs"]]
    for path in options["animations"]:
        from microgd.plots.training_scene import animate_boundary

        saved.append(animate_boundary(seen, path, title=title, name=name))
    if saved and not quiet:
        say()
    for path in saved:
        say(f"saved {path}", err=quiet)
