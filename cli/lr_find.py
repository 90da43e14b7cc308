"""`microgd lr-find`: one step at each of many learning rates, and which to take."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import click

from .choices import output_option
from .failures import FAILED
from .plotted import require_endings, require_one_printer
from .streams import say
from .train_options import config_from_options, training_options

if TYPE_CHECKING:
    from microgd.training import RateSearch


@click.command("lr-find")
@training_options
@click.option(
    "--low", type=float, default=1e-8, show_default=True, metavar="X", help="The first rate."
)
@click.option(
    "--high", type=float, default=1.0, show_default=True, metavar="X", help="The last rate."
)
@click.option(
    "--steps",
    type=click.IntRange(20, 100_000),
    default=200,
    show_default=True,
    metavar="N",
    help="How many rates, a minibatch each.",
)
@output_option("Draw loss against rate: .svg, .png or .pdf. May be repeated.")
@click.option("--csv", "csv_file", metavar="FILE", help="Write all losses as CSV; - prints them.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")
def command(**options: Any) -> None:
    """Find a learning rate, by a step at each of many.

    The rates grow from far too small to far too large. A good one is where the smoothed loss falls
    most steeply. Where it does not fall at all, the exit status is 1.

    \b
    Examples:
      microgd lr-find --data digits -o lr.png
      microgd lr-find --data moons --hidden 16 --optimizer sgd --high 10
    """
    _require_consistent(options)
    config = config_from_options(options)
    from microgd.training import find_rate

    found = find_rate(config, low=options["low"], high=options["high"], steps=options["steps"])
    if options["as_json"]:
        from .output import show_json

        show_json({"config": config.to_dict(), **found.to_dict()})
    elif options["csv_file"] == "-":
        say(as_csv(found).rstrip("\n"))
    else:
        _show(found, f"{config.data}, {config.optimizer}, batches of {config.batch}")
    _save(found, options)
    if found.suggestion is None:
        from .output import complain

        if options["as_json"] or options["csv_file"] == "-":
            complain(found.reason)
        click.get_current_context().exit(FAILED)


def _require_consistent(options: dict[str, Any]) -> None:
    require_one_printer(options)
    for name in ("lr", "schedule"):
        if options[name] is not None:
            raise click.UsageError(f"This command looks for the rate; leave --{name} out.")
    require_endings(options["outputs"])


def _show(found: RateSearch, title: str) -> None:
    from dataclasses import replace
    from math import isfinite

    from .output import gap, say_wrapped, show_table
    from .sparkline import sparkline
    from .streams import width

    show_table(replace(found.table(), title=title))
    gap()
    seen = [x for x in found.smoothed if isfinite(x)]
    if seen:
        # what blows up would leave nothing to be seen of the fall
        top = 1.5 * max(seen[: max(1, len(seen) // 4)])
        line = sparkline([min(x, top) for x in seen], min(width(), 80) - 26)
        say(f"loss  {line}  lr {found.rates[0]:.1g} to {found.rates[-1]:.2g}")
    say_wrapped(found.reason)
    if found.suggestion is not None:
        say_wrapped(
            f"The search ended because {found.ended}. The first {found.skipped} steps were not "
            "looked at."
        )
        gap()
        say(f"learning rate: {found.suggestion:.2g}")


def as_csv(found: RateSearch) -> str:
    """A line for each step."""
    from .numbers import plain_number

    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n")
    write.writerow(["lr", "loss", "smoothed"])
    for row in zip(found.rates, found.losses, found.smoothed, strict=True):
        write.writerow(map(plain_number, row))
    return out.getvalue()


def _save(found: RateSearch, options: dict[str, Any]) -> None:
    quiet = options["as_json"] or options["csv_file"] == "-"
    saved = []
    if options["csv_file"] not in (None, "-"):
        from microgd.files import write_whole

        saved.append(write_whole(options["csv_file"], as_csv(found)))
    if options["outputs"]:
        from microgd.plots.rate_search import draw_rate_search

        plot = draw_rate_search(found)
        saved += [plot.save(name) for name in options["outputs"]]
    if saved and not quiet:
        say()
    for path in saved:
        say(f"saved {path}", err=quiet)
