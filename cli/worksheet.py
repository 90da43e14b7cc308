"""`microgd worksheet`: random circuits to work out by hand, and their answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .choices import PALETTES, Choice, lang_option, output_option
from .streams import say

if TYPE_CHECKING:
    from microgd.teaching.worksheet.sheet import Worksheet

#: As in microgd.teaching.worksheet, which is too large to import for a help text.
PAPERS = ("a4", "letter")
LEVELS = 6
MOST = 60
ENDINGS = (".pdf", ".html", ".typ")


@click.command("worksheet")
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    metavar="N",
    help="The same seed makes the same sheet.",
)
@click.option(
    "--level",
    type=click.IntRange(1, LEVELS),
    default=1,
    show_default=True,
    help="1 two gates, 2 three or four, 3 branches, 4 max and ReLU, 5 curved gates, 6 matrices.",
)
@click.option(
    "--count",
    type=click.IntRange(1, MOST),
    default=8,
    show_default=True,
    metavar="N",
    help="How many exercises.",
)
@output_option("Where to: .pdf, .html or .typ. May be repeated.  [default: worksheet.pdf]")
@click.option("--key", "key_file", metavar="FILE", help="The answers in a file of their own.")
@click.option("--no-key", is_flag=True, help="No answers.")
@click.option("--only-key", is_flag=True, help="Nothing but the answers.")
@click.option("--table", is_flag=True, help="Under each circuit a table of steps to fill in.")
@click.option("--mistakes", is_flag=True, help="Filled in, with one wrong step in each to find.")
@click.option("--title", metavar="TEXT", help="Over the first page.")
@click.option("--paper", type=Choice(PAPERS), default="a4", show_default=True, help="Its size.")
@click.option("--palette", type=Choice(PALETTES[:3]), help="Colours.  [default: mono]")
@lang_option
@click.option("--dot", metavar="PATH", help="The Graphviz program to draw with.")
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    metavar="SECONDS",
    help="How long the layout of a circuit may take.  [default: 30]",
)
def command(**options: Any) -> None:
    """Make a worksheet: random circuits to work out by hand.

    The circuits have small numbers, and boxes for values above and gradients below each wire. The
    answers, with the steps that lead there, are on pages of their own at the end.

    \b
    Examples:
      microgd worksheet --seed 7 --level 2 --count 8 -o sheet.pdf
      microgd worksheet --level 3 --table --key answers.pdf -o branches.pdf
      microgd worksheet --level 3 --mistakes --seed 5 -o find.html
      microgd worksheet --level 6 --count 4 --no-key -o matrices.html
    """
    from .plotted import require_different_files, require_endings

    outputs: tuple[str, ...] = options["outputs"] or ("worksheet.pdf",)
    ways = [f"--{way}" for way in ("no-key", "only-key") if options[way.replace("-", "_")]]
    ways += ["--key"] if options["key_file"] is not None else []
    if len(ways) > 1:
        raise click.UsageError(f"{' and '.join(ways)} contradict each other; choose one.")
    keys = [] if options["key_file"] is None else [options["key_file"]]
    if options["mistakes"] and (options["table"] or options["level"] == LEVELS):
        other = "--table" if options["table"] else f"--level {LEVELS}"
        raise click.UsageError(
            f"--mistakes are found in circuits of numbers that are filled in, so not with {other}."
        )
    require_endings(outputs, ENDINGS)
    require_endings(keys, ENDINGS, "--key")
    require_different_files(*outputs, *keys)
    if any(name.lower().endswith(".pdf") for name in (*outputs, *keys)):
        from microgd.teaching.typesetting import require_typst

        require_typst("a worksheet")
    sheet = _sheet(options)
    end: Any = "only" if options["only_key"] else "none" if ways else "end"
    for name in outputs:
        say(f"saved {sheet.save(Path(name), end)}")
    for name in keys:
        say(f"saved {sheet.save(Path(name), 'only')}")


def _sheet(options: dict[str, Any]) -> Worksheet:
    from microgd.teaching.worksheet.sheet import worksheet

    return worksheet(
        options["seed"],
        options["level"],
        options["count"],
        title=options["title"] or "",
        table=options["table"],
        mistakes=options["mistakes"],
        paper=options["paper"],
        palette=options["palette"] or "mono",
        engine=options["dot"],
        timeout=options["timeout"] or 30.0,
    )
