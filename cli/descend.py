"""`microgd descend`: walk down a function, and show every step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .arguments import ProgramCommand, program_arguments
from .choices import output_option
from .failures import FAILED
from .plotted import require_different_files, require_endings, require_one_printer
from .streams import say

if TYPE_CHECKING:
    from microgd.lab import Descent, Problem

STEPS = 20
DIGITS = 3
ANIMATIONS = (".gif", ".html", ".svg")


@click.command("descend", cls=ProgramCommand)
@program_arguments
@click.option(
    "--optimizer",
    default="sgd",
    metavar="NAMES",
    help="Who walks, with options as in Python; several race.  [default: sgd]",
)
@click.option("--lr", metavar="RATES", help="The learning rate, or several: 0.01,0.1.")
@click.option("--schedule", metavar="SCHEDULE", help="A learning rate that changes with t.")
@click.option(
    "--steps",
    type=click.IntRange(0, 1_000_000),
    default=STEPS,
    show_default=True,
    metavar="N",
    help="How many steps at most.",
)
@click.option("--stop", metavar="RULE", help='When to stop before: "smallgradient(1e-6)".')
@click.option(
    "--numeric",
    type=click.FloatRange(min=0, min_open=True),
    metavar="H",
    help="Walk with numeric gradients, (f(x+H) - f(x)) / H.",
)
@click.option("--central", is_flag=True, help="Numeric: (f(x+H) - f(x-H)) / 2H.")
@click.option("--both", is_flag=True, help="Numeric and analytic gradients side by side.")
@click.option("--rates", is_flag=True, help="Too small, good, too large, far too large a rate.")
@click.option("--wrt", metavar="NAMES", help="Walk along these inputs only, as in x,y.")
@click.option(
    "--start", "starts", multiple=True, metavar="POINT", help='Another start: "x=1 y=2". Repeat it.'
)
@click.option(
    "--random-starts",
    type=click.IntRange(1, 1000),
    metavar="N",
    help="So many starts at random.",
)
@click.option(
    "--noise",
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="S",
    help="Normal noise on every gradient, of standard deviation S.",
)
@click.option("--seed", type=click.IntRange(0), default=0, metavar="N", help="Of all randomness.")
@click.option("--device", metavar="DEVICE", help="Compute the gradients on an OpenCL device.")
@click.option(
    "--digits",
    type=click.IntRange(0, 17),
    default=DIGITS,
    show_default=True,
    metavar="N",
    help="Decimals of the table.",
)
@click.option("--every", type=click.IntRange(1), metavar="N", help="Print every Nth step.")
@click.option("--tables", is_flag=True, help="A race: every walk's table, too.")
@output_option("Draw path and loss: .svg, .png or .pdf. May be repeated.")
@click.option(
    "--animate",
    "animations",
    multiple=True,
    metavar="FILE",
    help="The walk as an animation: .gif, .html or .svg.",
)
@click.option("--csv", "csv_file", metavar="FILE", help="Write all rows as CSV; - prints them.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")
def command(words: tuple[str, ...], file: str | None, **options: Any) -> None:
    """Walk down a function step by step, and show the way.

    EXPR is an expression whose inputs are walked along, or the name of a built-in function;
    without it these are listed.

    \b
    Examples:
      microgd descend "x**4 + x + 2" x=1 --lr 0.2 --steps 7 --numeric 0.001
      microgd descend valley --optimizer sgd,momentum,adam -o race.svg
      microgd descend rosenbrock --optimizer adam --animate walk.html
      microgd descend double-well --random-starts 6 -o starts.svg
      microgd descend quartic --rates -o rates.svg
    """
    if not words and file is None:
        _list(options)
        return
    _require_consistent(options)
    from .descent_walks import read_problem, walks_of

    if options["device"] is not None:
        from .devices import chosen

        chosen(options["device"], err=True)
    problem = read_problem(words, file, options["wrt"], options["starts"])
    reasons: dict[str, str] = {}
    if options["rates"]:
        from .descent_walks import rates_of

        walks, reasons = rates_of(problem, options)
    else:
        walks = walks_of(problem, options)
    _show(problem, walks, reasons, options)
    _save(walks, options)
    if len(walks) == 1 and walks[0].diverged is not None:
        from .output import complain

        complain(walks[0].ended)
        click.get_current_context().exit(FAILED)


def _require_consistent(options: dict[str, Any]) -> None:
    require_one_printer(options)
    if options["central"] and options["numeric"] is None and not options["both"]:
        raise click.UsageError("--central is about numeric gradients: add --numeric H.")
    if options["device"] is not None and options["numeric"] is not None:
        raise click.UsageError("--numeric walks in the interpreter; leave --device out.")
    if options["rates"]:
        for name in ("lr", "schedule", "starts", "random_starts", "stop", "numeric", "device"):
            if options[name]:
                flag = "--" + name.replace("_", "-").removesuffix("s")
                raise click.UsageError(f"--rates chooses the walks itself; leave {flag} out.")
    require_endings(options["outputs"], else_="--animate makes .gif and .html")
    require_endings(options["animations"], ANIMATIONS, "--animate", "-o draws .png and .pdf")
    require_different_files(*options["outputs"], *options["animations"], options["csv_file"])


def _list(options: dict[str, Any]) -> None:
    """The built-in functions."""
    from microgd.lab.functions import FUNCTIONS

    problems = [make() for make in FUNCTIONS.values()]
    if options["as_json"]:
        from .output import show_json

        show_json(
            [
                {"name": p.name, "formula": p.text, "start": dict(p.start), "note": p.note}
                for p in problems
            ]
        )
        return
    from .output import heading, say_wrapped

    heading("functions to walk down on; any expression will do, too")
    for problem in problems:
        start = " ".join(f"{name}={value:g}" for name, value in problem.start.items())
        say()
        say(f"{problem.name}   from {start}")
        say(f"  {problem.text}")
        say_wrapped(problem.note)


def _show(
    problem: Problem, walks: list[Descent], reasons: dict[str, str], options: dict[str, Any]
) -> None:
    if options["as_json"]:
        from .output import show_json

        show_json({"walks": [walk.to_dict() for walk in walks], "reasons": reasons})
        return
    if options["csv_file"] == "-":
        from .descent_table import as_csv

        say(as_csv(walks).rstrip("\n"))
        return
    from .descent_table import summary_of, table_of
    from .output import gap, show_table

    if len(walks) == 1 or options["tables"]:
        for walk in walks:
            show_table(table_of(walk, options["digits"], options["every"]))
            _say_end(walk, options["digits"])
    if len(walks) > 1:
        show_table(summary_of(problem, walks, options["digits"], noted=not reasons))
        for name, reason in reasons.items():
            say(f"  {name}: {reason}")
    if (late := _late(options)) is not None:
        from .output import say_wrapped

        gap()
        say_wrapped(late)
    if problem.note:
        from .output import say_wrapped

        gap()
        say_wrapped(problem.note)


def _late(options: dict[str, Any]) -> str | None:
    """A word about a schedule that is made for more steps than are walked."""
    from .descent_walks import read_schedule

    schedule = read_schedule(options["schedule"])
    steps = getattr(schedule, "steps", 0)
    if steps <= options["steps"]:
        return None
    kind = type(schedule).__name__.lower()
    return (
        f"The schedule is made for {steps} steps, and this walk has {options['steps']}: to see all "
        f"of it, write {kind}(…, steps={options['steps']})."
    )


def _say_end(walk: Descent, digits: int) -> None:
    from .descent_table import cost_of, end_of
    from .output import gap, say_wrapped
    from .sparkline import sparkline
    from .streams import width

    gap()
    finite = [row.value for row in walk.rows[: walk.diverged]]
    if len(finite) > 1:
        say(f"f  {sparkline(finite, min(width(), 80) - 26)}  {finite[0]:.4g} to {finite[-1]:.4g}")
    if walk.diverged is None:
        say_wrapped(end_of(walk, digits))
    say_wrapped(cost_of(walk) + ".")


def _save(walks: list[Descent], options: dict[str, Any]) -> None:
    quiet = options["as_json"] or options["csv_file"] == "-"
    saved = []
    if options["csv_file"] not in (None, "-"):
        from microgd.files import write_whole

        from .descent_table import as_csv

        saved.append(write_whole(options["csv_file"], as_csv(walks)))
    if options["outputs"]:
        plot = _plot(walks, options)
        saved += [plot.save(name) for name in options["outputs"]]
    for name in options["animations"]:
        from microgd.plots.animate import animate

        saved.append(animate(walks, name))
    if saved and not quiet:
        say()
    for path in saved:
        say(f"saved {path}", err=quiet)


def _plot(walks: list[Descent], options: dict[str, Any]) -> Any:
    if options["rates"]:
        from microgd.plots.loss import draw_rates

        return draw_rates({walk.label: walk for walk in walks})
    from microgd.plots.descent import draw_descent

    return draw_descent(walks)
