"""`microgd search`: try many options of a run, and see which serve best."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click

from .choices import Choice
from .failures import INTERRUPTED, Failed
from .plotted import require_endings, require_one_printer
from .streams import say
from .train_options import config_from_options, given_options, training_options

if TYPE_CHECKING:
    from microgd.training import Search, Trial


@click.command("search")
@training_options
@click.option(
    "--try",
    "tries",
    multiple=True,
    metavar="NAME=VALUES",
    help="What to try: lr=1e-4..1e-1:log, hidden=64,32|128. Repeat it.",
)
@click.option("--space", metavar="FILE", help="The same as a TOML file.")
@click.option("--trials", type=click.IntRange(1), metavar="N", help="How many.  [12]")
@click.option("--grid", is_flag=True, help="All combinations, in place of random ones.")
@click.option(
    "--folds",
    type=click.IntRange(2),
    default=3,
    show_default=True,
    metavar="N",
    help="Runs of each trial, each judged on another part of the data.",
)
@click.option("--by", type=Choice(("accuracy", "loss")), help="What to sort by.  [accuracy]")
@click.option("-o", "--output", "folder", metavar="FOLDER", help="Keep results, and go on there.")
@click.option(
    "--plot",
    "plots",
    multiple=True,
    metavar="FILE",
    help="Draw scores against options: .svg, .png or .pdf.",
)
@click.option("--csv", "csv_file", metavar="FILE", help="Write the trials as CSV; - prints them.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")
def command(**options: Any) -> None:
    """Try many options of a training run, by cross validation.

    Each trial draws its options at random from what --try says, and trains once for each fold, on
    the others. What --held-out says is left alone, to judge the winner by. With -o a search that
    was interrupted goes on, and best.toml is there for `microgd train --config`.

    \b
    Examples:
      microgd search --data moons --epochs 5 --trials 4 --try lr=1e-3..1e-1:log
      microgd search --data moons --epochs 5 --grid --try "hidden=8|8,8" -o search
    """
    require_one_printer(options)
    require_endings(options["plots"], option="--plot")
    if options["grid"] and options["trials"] is not None:
        raise click.UsageError("--grid tries all combinations; leave --trials out.")
    config = config_from_options(options)
    space = _space(options)
    quiet = options["as_json"] or options["csv_file"] == "-"
    from microgd.training import search

    def after(trial: Trial) -> None:
        if not quiet:
            say(f"{_line(trial)}  {_words(trial)}")

    try:
        found = search(
            config,
            space,
            options["trials"] or 12,
            options["folds"],
            config.seed,
            options["folder"],
            method="grid" if options["grid"] else "random",
            by=options["by"],
            after=after,
        )
    except KeyboardInterrupt:
        if options["folder"] is not None:
            say(f"stopped; the same command goes on from {options['folder']}", err=True)
        click.get_current_context().exit(INTERRUPTED)
    _conclude(found, options, quiet)


def _space(options: dict[str, Any]) -> Any:
    from microgd.training import read_space
    from microgd.training.config import read_toml

    if bool(options["tries"]) == bool(options["space"]):
        raise click.UsageError(
            "Say what to try: --try lr=1e-4..1e-1:log, or --space FILE"
            + ("; not both." if options["tries"] else ".")
        )
    space = read_space(read_toml(options["space"]) if options["space"] else options["tries"])
    both = [one.name for one in space if one.name in given_options(options)]
    if both:
        flag = "--" + both[0].replace("_", "-")
        raise click.UsageError(f"{both[0]} is to be tried, and {flag} says what it is; leave one.")
    return space


def _conclude(found: Search, options: dict[str, Any], quiet: bool) -> None:
    if options["as_json"]:
        from .output import show_json

        show_json(found.to_dict())
    elif options["csv_file"] == "-":
        say(found.to_csv().rstrip("\n"))
    else:
        _show(found)
    if options["csv_file"] not in (None, "-"):
        from microgd.files import write_whole

        say(f"saved {write_whole(options['csv_file'], found.to_csv())}", err=quiet)
    if options["plots"]:
        from microgd.plots.search import draw_search

        plot = draw_search(found)
        for name in options["plots"]:
            say(f"saved {plot.save(name)}", err=quiet)
    if found.trials[0].diverged:
        raise Failed(f"all {len(found.trials)} trials diverged; try smaller learning rates")
    if quiet:
        return
    say()
    if options["folder"] is None:
        say("the best, as a TOML file:")
        say()
        say(found.best.config.to_toml().rstrip("\n"))
        return
    from pathlib import Path

    best = str(Path(options["folder"]) / "best.toml")
    say(f"to train with the best: microgd train --config {shlex.quote(best)}")


def _show(found: Search) -> None:
    from microgd.trace.table import Table
    from microgd.training.space import shown

    from .output import gap, say_wrapped, show_table

    names = [one.name for one in found.space]
    classes = any(trial.mean("accuracy") is not None for trial in found.trials)
    rows = [
        (
            str(trial.number),
            *((_percent(trial),) if classes else ()),
            _loss(trial),
            f"{trial.seconds:.1f}",
            *(shown(trial.options[name]) for name in names),
        )
        for trial in found.trials
    ]
    numbers = ("accuracy>", "loss>") if classes else ("loss>",)
    gap()
    shared, held_out = found.examples
    title = f"{len(rows)} trials, best first: {found.folds} folds of {shared} examples"
    show_table(Table(title, ("trial>", *numbers, "s>", *names), tuple(rows)))
    gap()
    rest = f"; {held_out} more examples were left alone" if held_out else ""
    what = "Accuracy and loss are" if classes else "The loss is"
    say_wrapped(
        f"{what} on the fold that was not trained on: the mean over the folds, and how far they "
        f"scatter (standard deviation){rest}."
    )


def _line(trial: Trial) -> str:
    score = _percent(trial) if trial.mean("accuracy") is not None else f"loss {_loss(trial)}"
    return f"trial {trial.number:>3}  {score:>16}"


def _words(trial: Trial) -> str:
    from microgd.training.space import shown

    return "  ".join(f"{name}={shown(value)}" for name, value in trial.options.items())


def _percent(trial: Trial) -> str:
    mean, deviation = trial.mean("accuracy"), trial.deviation("accuracy")
    return "diverged" if mean is None else f"{mean:.2%} ± {deviation or 0:.2%}"


def _loss(trial: Trial) -> str:
    mean, deviation = trial.mean("loss"), trial.deviation("loss")
    if mean is None:
        return "diverged"
    return " ± ".join(f"{x:.4f}" if x < 1e4 else f"{x:.2e}" for x in (mean, deviation or 0.0))
