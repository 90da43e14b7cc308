"""`microgd landscape`: the loss around a trained net, as a map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .choices import Choice, output_option
from .plotted import require_endings, require_one_printer
from .streams import say
from .trained import (
    data_of,
    data_of_run,
    new_run,
    require_one,
    trained,
    trained_options,
)

if TYPE_CHECKING:
    from microgd.training import Landscape

    from .trained import Trained


@click.command("landscape")
@trained_options
@click.option("--path", "along", is_flag=True, help="In the plane in which the run moved most.")
@click.option(
    "--on",
    type=Choice(("train", "held-out", "all")),
    default="train",
    show_default=True,
    help="Whose loss.",
)
@click.option("--examples", type=click.IntRange(1), metavar="N", help="So many of them.  [all]")
@click.option(
    "--size",
    type=click.IntRange(2, 501),
    default=25,
    show_default=True,
    metavar="N",
    help="Points along each side.",
)
@click.option(
    "--reach",
    type=click.FloatRange(min=0, min_open=True),
    metavar="X",
    help="How far to go; 1 is as far as the weights are long.  [1]",
)
@click.option(
    "--directions", type=click.IntRange(0), metavar="N", help="Seed of random directions.  [0]"
)
@output_option("Draw contour lines: .svg, .png or .pdf. May be repeated.")
@click.option("--csv", "csv_file", metavar="FILE", help="Write the grid as CSV; - prints it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")
def command(**options: Any) -> None:
    """Draw the loss around a trained net.

    RUN is the folder of a run, or a checkpoint file. Without it a net is trained for the purpose,
    by the options of `microgd train`. The slice goes along two random directions, each filter of
    which is as long as the net's own, or with --path through the run's own way.

    \b
    Examples:
      microgd landscape --data moons --hidden 16 --epochs 20 -o landscape.svg
      microgd landscape --data xor --hidden 8 --epochs 40 --lr 0.05 --path
    """
    require_endings(options["outputs"])
    require_one_printer(options)
    require_one(options)
    if options["along"] and (options["reach"], options["directions"]) != (None, None):
        raise click.UsageError("--path chooses the plane itself; leave --reach and --directions.")
    quiet = options["as_json"] or options["csv_file"] == "-"
    found, path = (
        _walked(options, quiet) if options["along"] else (trained(options, quiet=quiet), None)
    )
    from microgd.training import landscape

    seen = landscape(
        found.model,
        _asked(found, options),
        options["size"],
        options["reach"] or 1.0,
        options["directions"] or 0,
        path=path,
        device=options["device"],
    )
    if options["as_json"]:
        from .output import show_json

        show_json(seen.to_dict())
    elif options["csv_file"] == "-":
        say(seen.to_csv().rstrip("\n"))
    else:
        _show(seen)
    _save(seen, options, quiet)


def _walked(options: dict[str, Any], quiet: bool) -> tuple[Trained, list[Any]]:
    """A net, and its parameters after each epoch: a run is walked again, for it keeps only two."""
    from microgd.training import load_model, model_of, snapshots
    from microgd.training.setup import split

    from .train_options import config_from_options
    from .trained import Trained

    model = None
    if options["folder"] is not None:
        model = load_model(options["folder"], options["checkpoint"])
    config = config_from_options(options) if model is None else model.config
    data = data_of(config, options) if model is None else data_of_run(model, options)
    run = new_run(config, data, quiet=quiet)
    path = []
    for then, _ in snapshots(run):
        path.append(then.params)
        if model is not None and then.epoch == model.epoch:
            _require_same(model.params, then.params, options["folder"])
            break
    return Trained(model or model_of(run), data, *split(config, data)), path


def _require_same(wanted: Any, found: Any, folder: str) -> None:
    """Say so where the run does not come out again."""
    import numpy as np

    from microgd.autodiff.tree import leaves

    pairs = zip(leaves(wanted), leaves(found), strict=True)
    if not all(np.allclose(a, b, rtol=1e-3, atol=1e-4) for a, b in pairs):
        say(
            f"note: walked again, {folder} ends at other numbers: another device, or data or "
            "options that have changed since",
            err=True,
        )


def _asked(found: Trained, options: dict[str, Any]) -> Any:
    """The examples whose loss is wanted."""
    data = {"train": found.train, "held-out": found.held_out, "all": found.data}[options["on"]]
    if data is None:
        raise click.UsageError("Nothing was held out; leave --on out.")
    count = options["examples"]
    if count is None or count >= len(data):
        return data
    return data.take([place * len(data) // count for place in range(count)])


def _show(seen: Landscape) -> None:
    import numpy as np

    from microgd.trace.numbers import format_number

    from .output import gap

    gap()
    a, b, height = seen.lowest
    finite = seen.loss[np.isfinite(seen.loss)]
    net = format_number(seen.centre, 4)
    say(f"the net's loss on {seen.examples} examples of {seen.data}: {net}")
    where = "at the net itself" if (a, b) == (0.0, 0.0) else f"at ({a:.3g}, {b:.3g})"
    say(f"lowest on the grid of {len(seen.a)} x {len(seen.b)}: {format_number(height, 4)}, {where}")
    if finite.size:
        say(f"highest: {format_number(float(finite.max()), 4)}")
    if finite.size < seen.loss.size:
        say(f"not finite at {seen.loss.size - finite.size} places")
    if seen.shares is not None and seen.walk is not None:
        say(f"the plane holds {sum(seen.shares):.1%} of the way of {len(seen.walk) - 1} epochs")


def _save(seen: Landscape, options: dict[str, Any], quiet: bool) -> None:
    saved = []
    if options["csv_file"] not in (None, "-"):
        from microgd.files import write_whole

        saved.append(write_whole(options["csv_file"], seen.to_csv()))
    if options["outputs"]:
        from microgd.plots.landscape import draw_landscape

        plot = draw_landscape(seen)
        saved += [plot.save(name) for name in options["outputs"]]
    for path in saved:
        say(f"saved {path}", err=quiet)
