"""`microgd sanity`: look at data, net, loss and learning rate before training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .choices import output_option
from .failures import FAILED
from .plotted import require_endings, require_one_printer
from .streams import say
from .train_options import config_from_options, training_options

if TYPE_CHECKING:
    from microgd.training.sanity_report import Sanity


@click.command("sanity")
@training_options
@click.option("--thorough", is_flag=True, help="Train on shuffled labels, too: five epochs more.")
@output_option("Draw the report: .svg, .png or .pdf. May be repeated.")
@click.option("--csv", "csv_file", metavar="FILE", help="Write the checks as CSV; - prints them.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")
def command(**options: Any) -> None:
    """Check data, net, loss and learning rate before training.

    Scales and labels, the loss of the untrained net, dead and saturated units, the gradient, a
    batch learnt by heart, the first 50 steps. Where a check fails it says what to do, and the exit
    status is 1.

    \b
    Examples:
      microgd sanity --data digits
      microgd sanity --data moons --hidden 16,16 --lr 0.01 --thorough -o check.png
    """
    _require_consistent(options)
    config = config_from_options(options)
    from microgd.training import sanity

    report = sanity(config, thorough=options["thorough"])
    if options["as_json"]:
        from .output import show_json

        show_json({"config": config.to_dict(), **report.to_dict()})
    elif options["csv_file"] == "-":
        say(as_csv(report).rstrip("\n"))
    else:
        _show(report, config.data)
    _save(report, options)
    if not report:
        click.get_current_context().exit(FAILED)


def _require_consistent(options: dict[str, Any]) -> None:
    require_one_printer(options)
    require_endings(options["outputs"])


def _show(report: Sanity, data: str) -> None:
    from dataclasses import replace

    from .output import gap, say_wrapped, show_table

    show_table(replace(report.table(), title=f"{data}, before training"))
    if report:
        gap()
        say("Nothing speaks against training.")
    for check in report.failed:
        gap()
        say_wrapped(f"{check.name}: {check.advice}.")


def as_csv(report: Sanity) -> str:
    """A line for each check."""
    import csv
    import io

    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n")
    write.writerow(["check", "passed", "found", "expected", "advice"])
    for c in report.checks:
        passed = {True: "yes", False: "no", None: ""}[c.passed]
        write.writerow([c.name, passed, c.found, c.expected, "" if c.passed else c.advice])
    return out.getvalue()


def _save(report: Sanity, options: dict[str, Any]) -> None:
    quiet = options["as_json"] or options["csv_file"] == "-"
    saved = []
    if options["csv_file"] not in (None, "-"):
        from microgd.files import write_whole

        saved.append(write_whole(options["csv_file"], as_csv(report)))
    if options["outputs"]:
        from microgd.plots.sanity import draw_sanity

        plot = draw_sanity(report)
        saved += [plot.save(name) for name in options["outputs"]]
    if saved and not quiet:
        say()
    for path in saved:
        say(f"saved {path}", err=quiet)
