"""`microgd play`: a calculation as one HTML page that steps through it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .arguments import ProgramCommand, lecture_title, program_arguments
from .bug import bug_options, require_bug_options
from .choices import Choice, lang_option, lesson_options, output_option
from .failures import FAILED, BadInput, Failed
from .streams import say

if TYPE_CHECKING:
    from microgd.teaching.player.page import Page

    from .lesson import Lesson

#: As in microgd.teaching.player, which is too large to import for a help text; a test compares.
LOOKS = ("circuit", "lecture")
PALETTES = ("default", "colour-blind", "mono")


@click.command("play", cls=ProgramCommand)
@program_arguments
@output_option("Where to: .html. May be repeated.  [default: circuit.html]")
@click.option(
    "--title", metavar="TEXT", help="Of the page.  [default: the lecture's, or the expression]"
)
@click.option("--quiz", is_flag=True, help="Ask for each number before it appears.")
@click.option("--look", type=Choice(LOOKS), help="What the circuit looks like.")
@click.option("--palette", type=Choice(PALETTES), help="Its colours; the page can change them.")
@lesson_options
@bug_options
@lang_option
@click.option("--full", is_flag=True, help="Draw more than 150 gates.")
@click.option("--force", is_flag=True, help="Draw more than 1000 gates.")
@click.option("--dot", metavar="PATH", help="The Graphviz program to draw with.")
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    metavar="SECONDS",
    help="How long the layout may take.  [default: 30]",
)
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> None:
    """Make a page that plays a calculation step by step.

    One HTML file that any browser opens, without a network: the circuit, whose numbers appear one
    gate at a time, the formulas of each step, a quiz, and inputs to nudge. Its keys are the arrows,
    space, Home, End, `q` for the quiz, and `?` for all of them.

    \b
    Examples:
      microgd play "(x + y) * z" x=-2 y=5 z=-4 -o circuit.html
      microgd play "sigmoid(w*x + b)" w=2 x=-1 b=1 --expand sigmoid --quiz
      microgd play "sum(relu(W @ x))" W="[[1,-2],[3,4]]" x="[1,2]" --look lecture
      microgd play "x*x + x" x=3 --title "Two ways to x" --lang cs
      microgd play --bug overwrite
    """
    from .lesson import read_lesson
    from .pictures import in_options
    from .plotted import require_different_files, require_endings

    outputs: tuple[str, ...] = options["outputs"] or ("circuit.html",)
    require_endings(outputs, (".html", ".htm"))
    require_different_files(*outputs)

    from microgd.errors import DrawingError
    from microgd.teaching.player.page import play, title_of

    lesson: Lesson | None = None
    if require_bug_options(options, "forward", "upstream"):
        from .bug import read_bug

        what: Any = read_bug(options)
        title = options["title"]
    else:
        lesson = read_lesson(
            options["words"],
            options["file"],
            forward=options["forward"],
            upstream=options["upstream"],
            expand=options["expand"],
            digits=options["digits"],
        )
        what = lesson.trace
        named = options["title"] or lecture_title(options["words"], options["file"])
        title = named or title_of(lesson.circuit, lesson.trace)
    try:
        page = play(
            what,
            title=title,
            look=options["look"] or "circuit",
            palette=options["palette"] or "default",
            quiz=options["quiz"],
            gradients=not options["forward"],
            full=options["full"],
            force=options["force"],
            engine=options["dot"],
            timeout=options["timeout"] or 30.0,
        )
    except DrawingError as error:
        from microgd.draw.collapse import AROUND_ONE

        raise BadInput(in_options(str(error).replace(f"{AROUND_ONE}; ", ""))) from error
    _require_wanted(page, options)
    for name in outputs:
        steps = "1 step" if page.steps == 1 else f"{page.steps} steps"
        say(f"saved {page.save(name)}, {steps}")
    if page.why_no_circuit:
        say(f"The page has no circuit: {in_options(page.why_no_circuit)}", err=True)

    from .nonfinite import trouble
    from .output import complain

    if lesson is not None and (message := trouble(lesson)) is not None:
        complain(message)
        ctx.exit(FAILED)


def _require_wanted(page: Page, options: dict[str, Any]) -> None:
    """Refuse a page without a circuit to who said how to draw it, unless nothing here draws."""
    from .pictures import any_engine, in_options

    asked = options["dot"] or options["timeout"]
    if page.why_no_circuit and asked and any_engine(options["dot"]):
        raise Failed(in_options(page.why_no_circuit))
