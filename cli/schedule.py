"""`microgd schedule`: learning-rate schedules as numbers, as lines, and as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from .choices import output_option
from .plotted import require_different_files, require_endings, require_one_printer
from .streams import say

#: Steps of a schedule that are computed at most, and rows that a table has unless asked.
MOST_STEPS = 1_000_000
ROWS = 25


@click.command("schedule")
@click.argument("texts", nargs=-1, metavar="[SCHEDULE]...")
@click.option(
    "--steps",
    type=click.IntRange(1, MOST_STEPS),
    metavar="N",
    help="The first N steps, t = 0 to N-1.  [default: 100]",
)
@click.option(
    "--every",
    type=click.IntRange(1),
    metavar="N",
    help="Print every Nth step.  [tables: 25 rows or fewer; else all]",
)
@click.option("--losses", metavar="LIST", help="What reduceonplateau is told, as in 1,0.8,0.8.")
@click.option("--robbins-monro", is_flag=True, help="Do the sums of rates and squares converge?")
@click.option("--csv", "csv_file", metavar="FILE", help="Write the rates as CSV; - prints it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")
@output_option("Draw the rates: .svg, .png or .pdf. May be repeated.")
def command(texts: tuple[str, ...], **options: Any) -> None:
    """Print learning-rate schedules, or list them.

    A schedule is written as a name and its options. For each step: the learning rate. Several
    schedules are shown side by side.

    \b
    Examples:
      microgd schedule
      microgd schedule "sgdr(lr=0.1, period=10, growth=2)" --steps 40
      microgd schedule "power(lr=0.1, power=0.3)" inversetime --robbins-monro
      microgd schedule "warmup(cosine(steps=90), steps=10)" --every 10 --csv -
      microgd schedule "reduceonplateau(patience=1)" --losses 1,1,1,0.5,0.5
    """
    _require_consistent(texts, options)
    if not texts:
        _list(options["as_json"])
        return
    from .schedule_rates import read_rates

    table = read_rates(texts, options["losses"], options["steps"])
    if options["as_json"]:
        from .output import show_json

        show_json(table.to_dict(options["every"] or 1, options["robbins_monro"]))
    elif options["csv_file"] == "-":
        say(table.csv(options["every"] or 1).rstrip("\n"))
    else:
        _show(table, options["every"], options["robbins_monro"])
    _save(table, options)


def _require_consistent(texts: Sequence[str], options: dict[str, Any]) -> None:
    if not texts:
        for name in ("steps", "every", "losses", "robbins_monro", "csv_file", "outputs"):
            if options[name]:
                raise click.UsageError(
                    "There is no schedule. Write one in quotes, such as"
                    ' "cosine(lr=0.1, steps=40)"; `microgd schedule` lists them.'
                )
    require_one_printer(options)
    if options["robbins_monro"] and options["csv_file"] == "-":
        raise click.UsageError("--csv - prints the rates and nothing else; leave --robbins-monro.")
    require_endings(options["outputs"])
    require_different_files(options["csv_file"], *options["outputs"])


def _list(as_json: bool) -> None:
    """All schedules, with their options and formulas."""
    from dataclasses import fields

    from microgd.schedules import SCHEDULES

    made = {name: kind() for name, kind in SCHEDULES.items()}
    options = {n: {f.name: getattr(s, f.name) for f in fields(s)} for n, s in made.items()}
    if as_json:
        from .output import show_json

        show_json(
            [
                {
                    "name": name,
                    "options": {o: _for_json(v) for o, v in options[name].items()},
                    "formula": schedule.formula,
                    "doc": (schedule.__doc__ or "").split("\n")[0],
                }
                for name, schedule in made.items()
            ]
        )
        return
    from .output import heading

    heading("schedules, their options, and the learning rate of step t = 0, 1, 2, …")
    for name, schedule in made.items():
        say()
        _say_indented(f"{name}({', '.join(f'{o}={v!r}' for o, v in options[name].items())})", 0)
        _say_indented(schedule.formula, 2)


def _for_json(value: Any) -> Any:
    return value if value is None or isinstance(value, int | float | str) else repr(value)


def _say_indented(text: str, indent: int) -> None:
    from textwrap import wrap

    from .streams import fitted, width

    begin = " " * indent
    shown = fitted(text)
    for line in wrap(shown, min(width(), 80), initial_indent=begin, subsequent_indent=begin + "  "):
        say(line)


def _show(table: Any, every: int | None, verdicts: bool) -> None:
    from microgd.trace.table import Table

    from .output import gap, show_table
    from .sparkline import sparkline
    from .streams import width

    for series in table.series:
        gap()
        named = series.name not in ("lr", series.text)
        _say_indented(f"{series.name}: {series.text}" if named else series.text, 0)
        _say_indented(series.formula, 2)
        low, high = min(series.rates), max(series.rates)
        line = sparkline(series.rates, min(width(), 80) - 26)
        say(f"  {line}  {low:.4g} to {high:.4g}")
    every = every or -(-table.steps // ROWS)
    columns = ("t>", *(f"{series.name}>" for series in table.series))
    rows = tuple((str(t), *(f"{rate:.6g}" for rate in rates)) for t, *rates in table.rows(every))
    notes = (
        () if every == 1 else (f"every {every:,} steps of {table.steps:,}; --every 1 shows all",)
    )
    show_table(Table("", columns, rows, notes), titled=False)
    if verdicts:
        for series in table.series:
            _show_verdict(series.text, series.robbins_monro())


def _show_verdict(text: str, report: Any) -> None:
    from microgd.trace.table import Table

    from .output import heading, show_table

    heading(text)
    _say_indented(report.verdict, 0)
    _say_indented(report.why, 0)
    if report.sums:
        rows = tuple((f"{s.steps:,}", f"{s.rates:.6g}", f"{s.squares:.6g}") for s in report.sums)
        show_table(Table("", ("first steps>", "Σ lr>", "Σ lr²>"), rows), titled=False)


def _save(table: Any, options: dict[str, Any]) -> None:
    quiet = options["as_json"] or options["csv_file"] == "-"
    saved = []
    if options["csv_file"] not in (None, "-"):
        from microgd.files import write_whole

        saved.append(write_whole(options["csv_file"], table.csv(options["every"] or 1)))
    if options["outputs"]:
        from microgd.plots.schedules import draw_schedules

        plot = draw_schedules({series.text: series.rates for series in table.series})
        saved += [plot.save(name) for name in options["outputs"]]
    if saved and not quiet:
        say()
    for path in saved:
        say(f"saved {path}", err=quiet)
