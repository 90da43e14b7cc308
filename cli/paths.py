"""`microgd paths`: a derivative as a sum over paths, and what a backward sweep saves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .arguments import ProgramCommand, program_arguments
from .choices import lang_option, output_option, picture_options
from .lesson import read_lesson
from .streams import say

if TYPE_CHECKING:
    from microgd.teaching.paths.sums import Paths

#: The paths of more inputs are counted, and listed with --to only.
MOST_INPUTS = 12


@click.command("paths", cls=ProgramCommand)
@program_arguments
@click.option("--to", metavar="NAME", help="The input: x, or an element, x[0].  [default: all]")
@click.option(
    "--most",
    type=click.IntRange(0, 1000),
    default=10,
    show_default=True,
    metavar="N",
    help="So many paths are listed; all are counted.",
)
@output_option("A picture of each listed path: f-1.svg, f-2.svg ... May be repeated.")
@picture_options
@click.option(
    "--expand",
    multiple=True,
    metavar="NAME",
    help="Open a composite gate, such as sigmoid, or `all`. May be repeated.",
)
@click.option("--upstream", metavar="VALUE", help="The gradient to start from.  [default: 1]")
@click.option("--digits", type=click.IntRange(0, 17), metavar="N", help="Decimals of each number.")
@lang_option
def command(**options: Any) -> None:
    """Write a derivative as a sum over all paths from an input to the result.

    Along a path the local derivatives are multiplied; the paths are added. Then the number of
    multiplications: path by path, in forward mode, and in one backward sweep. Arrays are taken
    apart into their elements.

    \b
    Examples:
      microgd paths "x*y + x + x*x" x=3 y=2 --to x
      microgd paths "b = a+a; c = b+b; d = c+c" a=1 --most 3
      microgd paths "sum(relu(W @ x))" W="[[1,2],[3,4]]" x="[1,2]" --to "x[0]"
      microgd paths "(x + y) * x" x=3 y=2 --to x -o paths.svg
    """
    outputs: tuple[str, ...] = options["outputs"]
    _require_consistent(options)
    lesson = read_lesson(
        options["words"],
        options["file"],
        upstream=options["upstream"],
        expand=options["expand"],
        digits=options["digits"],
    )
    from microgd.teaching.paths.finding import all_paths, paths
    from microgd.teaching.paths.sums import counts

    from .output import gap, say_wrapped, show_table

    most = options["most"]
    to = options["to"]
    found = (paths(lesson.trace, to, most),) if to is not None else all_paths(lesson.trace, most)
    if len(found) > MOST_INPUTS:
        show_table(counts(found))
    else:
        for one in found:
            show_table(one.table())
    sentences = found[0].sentences()
    if sentences:
        gap()
    for line in sentences:
        if line.startswith(" "):
            say(line)
        else:
            say_wrapped(line)
    for name in outputs:
        _draw(found, Path(name), options)


def _require_consistent(options: dict[str, Any]) -> None:
    from .pictures import require_endings

    if "-" in options["outputs"]:
        raise click.UsageError("-o - is for `microgd draw`: here the paths are printed.")
    require_endings(options["outputs"])
    if options["look"] == "cards":
        raise click.UsageError("--look cards has no wires to highlight; circuit and lecture have.")
    for name in ("look", "palette", "transparent", "compact", "dpi", "dot", "timeout"):
        if options[name] not in (None, False) and not options["outputs"]:
            raise click.UsageError(f"--{name} is about the pictures: add -o paths.svg.")


def _draw(found: tuple[Paths, ...], path: Path, options: dict[str, Any]) -> None:
    from .failures import BadInput
    from .pictures import save

    drawings = [
        drawing
        for one in found
        for drawing in one.drawings(
            options["look"] or "circuit",
            palette=options["palette"] or "default",
            transparent=options["transparent"],
            compact=options["compact"] or None,
            engine=options["dot"],
            timeout=options["timeout"] or 30.0,
        )
    ]
    if not drawings:
        raise BadInput("there is no path to draw")
    if len(drawings) == 1:
        say(f"saved {save(drawings[0], path, options['dpi'])}")
        return
    digits = len(str(len(drawings)))
    names = [
        path.with_name(f"{path.stem}-{number:0{digits}}{path.suffix}")
        for number in range(1, len(drawings) + 1)
    ]
    for drawing, name in zip(drawings, names, strict=True):
        save(drawing, name, options["dpi"])
    say(f"saved {len(drawings)} pictures: {names[0]} … {names[-1]}")
