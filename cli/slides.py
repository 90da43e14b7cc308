"""`microgd slides`: a lecture of one calculation, a page a step, as PDF or HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .arguments import ProgramCommand, given_lecture, program_arguments
from .bug import bug_options, require_bug_options
from .choices import LOOKS, PALETTES, Choice, lang_option, output_option
from .failures import FAILED, BadInput
from .streams import say

if TYPE_CHECKING:
    from microgd.teaching.bugs.buggy import Buggy
    from microgd.trace.lesson import Trace

    from .lesson import Lesson

#: As in microgd.teaching.slides.slides, which is too large to import for a help text.
NOTES = ("file", "pages", "none")
ENDINGS = (".pdf", ".html", ".typ")

#: Points: smaller numbers cannot be read from the last row.
READABLE = 9


@click.command("slides", cls=ProgramCommand)
@program_arguments
@output_option("Where to: .pdf, .html or .typ. May be repeated.  [default: slides.pdf]")
@click.option("--title", metavar="TEXT", help="On the first page.")
@click.option("--author", metavar="TEXT", help="On the first page, too.")
@click.option("--only", type=Choice(("forward", "backward")), help="One pass.  [default: both]")
@click.option(
    "--notes",
    type=Choice(NOTES),
    help="In a PDF: in a .pdfpc file beside it, a page after each slide, or left out."
    "  [default: file]",
)
@click.option("--look", type=Choice(LOOKS), help="What the circuit looks like.")
@click.option("--palette", type=Choice(PALETTES), help="Its colours; `dark` makes dark slides.")
@click.option(
    "--expand",
    multiple=True,
    metavar="NAME",
    help="Open a composite gate, such as sigmoid, or `all`. May be repeated.",
)
@click.option("--digits", type=click.IntRange(0, 17), metavar="N", help="Decimals of each number.")
@bug_options
@lang_option
@click.option("--dot", metavar="PATH", help="The Graphviz program to draw with.")
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    metavar="SECONDS",
    help="How long the layout may take.  [default: 30]",
)
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> None:
    """Make slides of a calculation: a page for each step.

    EXPR may be a lecture of the catalogue, such as A2. The circuit stays at the same place on
    every page; beside it stands the step in formulas. The first page has the calculation, the last
    one the gradients. In HTML the keys are: arrows, `n` for the notes, `f` for the full screen.

    \b
    Examples:
      microgd slides "(x + y) * z" x=-2 y=5 z=-4 -o slides.html
      microgd slides A2 --palette dark -o neuron.pdf
      microgd slides "x * y + x" x=3 y=2 --only backward --notes pages
      microgd slides --bug overwrite -o overwrite.html
    """
    from .plotted import require_different_files, require_endings

    outputs: tuple[str, ...] = options["outputs"] or ("slides.pdf",)
    require_endings(outputs, ENDINGS)
    require_different_files(*outputs)
    if options["notes"] and not any(name.lower().endswith(".pdf") for name in outputs):
        raise click.UsageError("--notes is about a PDF; a page of HTML has its notes: press n.")
    if any(name.lower().endswith(".pdf") for name in outputs):
        from microgd.teaching.typesetting import require_typst

        require_typst("slides")
    if require_bug_options(options):
        from .bug import read_bug

        _save(read_bug(options), options["title"] or "", "", outputs, options)
        return
    lesson, title, text = _lesson(options)
    _save(lesson.trace, title, text, outputs, options)

    from .nonfinite import trouble
    from .output import complain

    if (message := trouble(lesson)) is not None:
        complain(message)
        ctx.exit(FAILED)


def _lesson(options: dict[str, Any]) -> tuple[Lesson, str, str]:
    """The lesson, its title, and what to say of it: of the catalogue, or of the arguments."""
    from .lesson import read_lesson

    words, title, text = options["words"], "", ""
    if row := given_lecture(words, options["file"]):
        title, text = row.title, row.text
    lesson = read_lesson(
        words,
        options["file"],
        forward=options["only"] == "forward",
        expand=options["expand"],
        digits=options["digits"],
    )
    return lesson, options["title"] or title, text


def _save(
    what: Trace | Buggy, title: str, text: str, outputs: tuple[str, ...], options: dict[str, Any]
) -> None:
    from microgd.errors import ArgumentError
    from microgd.teaching.slides.slides import slides

    try:
        made = slides(
            what,
            title=title,
            author=options["author"] or "",
            text=text,
            look=options["look"] or "circuit",
            palette=options["palette"] or "default",
            only=options["only"] or "all",
            engine=options["dot"],
            timeout=options["timeout"] or 30.0,
        )
    except ArgumentError as error:
        raise BadInput(str(error).replace("only='backward'", "--only backward")) from error
    for name in outputs:
        for path in made.save(name, options["notes"] if name.lower().endswith(".pdf") else None):
            say(f"saved {path}" + (f", {len(made)} slides" if str(path) == name else ""))
    if made.number_size < READABLE:
        say(
            f"The circuit is wide: on a page as wide as 842 points its numbers are "
            f"{made.number_size:.0f} points high. Fewer gates, or names for parts of it and slides "
            "for each part, can be read from further away.",
            err=True,
        )
