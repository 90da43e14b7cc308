"""`microgd optimizer`: every number in the first steps of an optimizer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from .arguments import ProgramCommand
from .choices import output_option, picture_options
from .failures import FAILED, BadInput
from .streams import say

#: Steps that are worked out at most, and numbers in a parameter.
MOST_STEPS = 1000
MOST_NUMBERS = 24


@click.command("optimizer", cls=ProgramCommand)
@click.argument("words", nargs=-1, metavar="[NAME [EXPR] [X=START]...]")
@click.option("--lr", type=click.FloatRange(min=0), metavar="RATE", help="The learning rate.")
@click.option(
    "--steps",
    type=click.IntRange(1, MOST_STEPS),
    metavar="N",
    help="How many.  [default: 5, or 3 to compare]",
)
@click.option("--gradients", metavar="LIST", help="Gradients in the place of EXPR: 1,1,0.5.")
@click.option(
    "--compare",
    "others",
    multiple=True,
    metavar="LIST",
    help="Variants (torch, classic, 002 ...) or other optimizers beside it.",
)
@click.option("--mine", metavar="FILE", help="Find the first wrong number of your own CSV table.")
@click.option("--draw", "drawn", is_flag=True, help="Draw one step as a circuit: NAME.svg.")
@output_option("Draw it to a file: .svg, .png, .dot or .pdf. May be repeated.")
@click.option("--step", type=click.IntRange(1), metavar="T", help="The step to draw.  [default: 2]")
@click.option("--backward", is_flag=True, help="Draw gradients, too: what the new x depends on.")
@click.option("--digits", type=click.IntRange(0, 17), metavar="N", help="Decimals.")
@click.option("--csv", "csv_file", metavar="FILE", help="Write the numbers as CSV; - prints it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")
@picture_options
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> None:
    """Show every number in the first steps of an optimizer.

    Without NAME, lists all optimizers. With it: the formula, the options, and a table of the
    steps down EXPR, a built-in function such as rosenbrock, or x**2 from x=3.

    \b
    Examples:
      microgd optimizer
      microgd optimizer adam
      microgd optimizer "adam(betas=(0.8,0.99))" "x**2 + x" x=1 --lr 0.1
      microgd optimizer adam --gradients 1,1,0.5 --compare torch,uncorrected
      microgd optimizer rmsprop --draw -o rmsprop.svg
    """
    words = list(options["words"])
    _require_consistent(words, options)
    from . import optimizer_page

    if not words:
        optimizer_page.list_all(options["as_json"])
        return
    from microgd.optim import read_optimizer

    rule = read_optimizer(words[0])
    run = _run_options(words[1:], options)
    if options["mine"] is not None:
        _check_mine(ctx, rule, run, options)
        return
    from microgd.lab import compare, xray

    compared = None
    if options["others"]:
        from microgd.options import split

        others = [part for text in options["others"] for part in split(text)]
        compared = compare(rule, others, **run)
        xrayed = compared.xrays[0]
    else:
        xrayed = xray(rule, **run)
    if options["as_json"]:
        optimizer_page.show_json(xrayed, compared)
    elif options["csv_file"] == "-":
        say(optimizer_page.csv_of(xrayed, compared).rstrip("\n"))
    elif compared is not None:
        optimizer_page.show_comparison(compared, options["digits"])
    else:
        usual = len(words) == 1 and "gradients" not in run
        optimizer_page.show(xrayed, options["digits"], usual=usual, rated="lr" in run)
    _save(xrayed, compared, options)
    if xrayed.lost is not None:
        from .output import complain

        t, column = xrayed.lost
        complain(f"the first inf or NaN is at t={t} in {column}")
        ctx.exit(FAILED)


def _require_consistent(words: Sequence[str], options: dict[str, Any]) -> None:
    from .pictures import require_endings

    if not words:
        for name, value in options.items():
            if value and name not in ("words", "as_json", "drawn"):
                raise click.UsageError(
                    'There is no optimizer. Write one, such as adam or "sgd(momentum=0.9)"; '
                    "`microgd optimizer` lists them."
                )
    if options["as_json"] and options["csv_file"] == "-":
        raise click.UsageError("--json and --csv - both print; choose one.")
    if options["mine"] is not None:
        for name, text in (("others", "--compare"), ("drawn", "--draw"), ("outputs", "-o"),
                           ("csv_file", "--csv"), ("steps", "--steps")):  # fmt: skip
            if options[name]:
                raise click.UsageError(f"--mine and {text} do not go together.")
    if "-" in options["outputs"]:
        raise click.UsageError("-o - is for `microgd draw`: here the table is printed.")
    require_endings(options["outputs"])
    if options["csv_file"] in options["outputs"]:
        raise click.UsageError(f"--csv and -o both name {options['csv_file']}; choose two files.")
    if not options["outputs"] and not options["drawn"]:
        for name in ("step", "backward", "look", "palette", "transparent", "compact", "dpi", "dot",
                     "timeout"):  # fmt: skip
            if options[name] not in (None, False):
                raise click.UsageError(f"--{name} is about the picture: add --draw or -o adam.svg.")


def _run_options(words: list[str], options: dict[str, Any]) -> dict[str, Any]:
    """What to run the optimizer on: the options of `mg.lab.xray`."""
    usual = 3 if options["others"] else 5
    run: dict[str, Any] = {"steps": options["steps"] or max(usual, options["step"] or 0)}
    if options["step"] and options["step"] > run["steps"]:
        raise BadInput(f"there is no step {options['step']}: --steps is {run['steps']}")
    if options["lr"] is not None:
        run["lr"] = options["lr"]
    if options["gradients"] is not None:
        run["gradients"] = _gradients(options["gradients"])
        if (start := _start(words)) is not None:
            run["start"] = start
    else:
        run["problem"] = _problem(words)
    sized = run["gradients"][:1] if "gradients" in run else run["problem"].start.values()
    _require_small(sized)
    return run


def _gradients(text: str) -> list[Any]:
    import numpy as np

    from microgd.language.bindings import read_value

    found = np.asarray(read_value(f"[{text}]", "--gradients"), dtype=float)
    if found.ndim > 2 or not found.size:
        raise BadInput("--gradients is a list of numbers, 1,1,0.5, or of lists, [1,2],[0,1]")
    return [float(g) if found.ndim == 1 else g for g in found]


def _start(words: list[str]) -> dict[str, Any] | None:
    if not words:
        return None
    from microgd.language.bindings import parse_bindings
    from microgd.tensor import Tensor

    if extra := [word for word in words if "=" not in word and ":" not in word]:
        raise BadInput(f"--gradients stand in the place of an expression: leave {extra[0]!r} out")
    found = parse_bindings(words)
    if len(found) != 1 or any(isinstance(value, Tensor) for value in found.values()):
        raise BadInput("--gradients are of one parameter: give one start, such as x=3")
    return dict(found)


def _problem(words: list[str]) -> Any:
    from microgd.lab import FUNCTIONS, from_circuit, function

    from .arguments import read_circuit

    named = [word for word in words if word in FUNCTIONS]
    given = [word for word in words if word not in named]
    if len(named) == 1 or all("=" in word and word.split("=")[0].isidentifier() for word in given):
        from microgd.language.bindings import parse_bindings

        values: Any = parse_bindings(given)
        return function(named[0] if named else "parabola", **values)
    return from_circuit(read_circuit(words, None, numbers=True))


def _require_small(values: Any) -> None:
    import numpy as np

    size = sum(int(np.size(value)) for value in values)
    if size > MOST_NUMBERS:
        raise BadInput(
            f"an X-ray shows every number, which is for {MOST_NUMBERS} parameters at most, not for "
            f"{size}: take a small start"
        )


def _check_mine(
    ctx: click.Context, rule: Any, run: dict[str, Any], options: dict[str, Any]
) -> None:
    from microgd.lab import check_mine, read_mine

    from . import optimizer_page
    from .streams import read_program

    name = "standard input" if options["mine"] == "-" else options["mine"]
    found = check_mine(rule, read_mine(read_program(options["mine"]), name), **run)
    optimizer_page.show_finding(found, options["as_json"])
    if found.wrong is not None:
        ctx.exit(FAILED)


def _save(xrayed: Any, compared: Any, options: dict[str, Any]) -> None:
    from pathlib import Path

    quiet = options["as_json"] or options["csv_file"] == "-"
    saved: list[Any] = []
    if options["csv_file"] not in (None, "-"):
        from microgd.files import write_whole

        from .optimizer_page import csv_of

        saved.append(write_whole(options["csv_file"], csv_of(xrayed, compared)))
    outputs = options["outputs"]
    if options["drawn"] and not outputs:
        outputs = (f"{type(xrayed.rule).__name__.lower()}.svg",)
    if outputs:
        from microgd.lab import draw_update

        from .pictures import save

        drawing = draw_update(
            xrayed,
            options["step"],
            look=options["look"] or "circuit",
            palette=options["palette"] or "default",
            transparent=options["transparent"],
            compact=options["compact"] or None,
            gradients=options["backward"],
            digits=4 if options["digits"] is None else options["digits"],
            engine=options["dot"],
            timeout=options["timeout"] or 30.0,
        )
        saved += [save(drawing, Path(name), options["dpi"]) for name in outputs]
    if saved and not quiet:
        say()
    for path in saved:
        say(f"saved {path}", err=quiet)
