"""`microgd draw`: a picture of a calculation, or one for each step."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .arguments import ProgramCommand, program_arguments
from .bug import bug_options, require_bug_options
from .choices import Choice, lang_option, lesson_options, output_option, picture_options
from .failures import FAILED, BadInput, NoEngine
from .lesson import Lesson, read_lesson
from .streams import say

if TYPE_CHECKING:
    from microgd.draw.drawing import Drawing


@click.command("draw", cls=ProgramCommand)
@program_arguments
@output_option(
    "Where to: .svg, .png, .dot or .pdf; `-` is standard output. May be repeated."
    "  [default: circuit.svg]"
)
@picture_options
@lesson_options
@bug_options
@lang_option
@click.option("--terminal", is_flag=True, help="Draw it here, in characters.")
@click.option("--no-values", is_flag=True, help="The circuit without its numbers.")
@click.option("--names", type=Choice(("given", "all", "none")), help="Names of inner results.")
@click.option(
    "--step", type=click.IntRange(min=0), metavar="N", help="Only what the steps 0 to N told."
)
@click.option("--steps", is_flag=True, help="One picture per step: f-00.svg, f-01.svg ...")
@click.option("--jacobian", is_flag=True, help="Local Jacobians under the wires of arrays.")
@click.option("--focus", metavar="NODE", help="Only what is near the node of this name.")
@click.option("--hops", type=click.IntRange(min=0), metavar="N", help="How near.  [default: 2]")
@click.option("--full", is_flag=True, help="Draw more than 150 gates.")
@click.option("--force", is_flag=True, help="Draw more than 1000 gates.")
@click.option("--format", "format_", metavar="NAME", help="For `-o -`.  [default: svg]")
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> None:
    """Draw a calculation as a circuit of gates.

    The value stands above each wire, the gradient below it.

    \b
    Examples:
      microgd draw "(x + y) * z" x=-2 y=5 z=-4 -o circuit.svg
      microgd draw "sigmoid(w*x)" w=2 x=1 --expand all --look lecture -o f.png
      microgd draw "max(a, b) * c" a=1 b=2 c=3 --steps -o frames.svg
      microgd draw "relu(x)" x:100x4096 --jacobian
      microgd draw "(x + y) * z" x=-2 y=5 z=-4 --terminal
    """
    from .pictures import require_endings, require_format

    outputs: tuple[str, ...] = options["outputs"] or ("circuit.svg",)
    if options["terminal"]:
        _require_characters(options)
        outputs = options["outputs"]
    require_endings(outputs)
    if "-" in outputs and options["steps"]:
        raise click.UsageError("--steps writes several files, which standard output cannot hold.")
    if options["steps"] and options["step"] is not None:
        raise click.UsageError("--step and --steps: choose one.")
    if options["format_"] is not None and "-" not in outputs:
        raise click.UsageError("--format is for `-o -`; otherwise the file's ending tells it.")
    if options["format_"] is not None:
        name = options["format_"]
        require_format(name, f"{name!r} is no format", "'--format'")
    if options["hops"] is not None and options["focus"] is None:
        raise click.UsageError("--hops counts from --focus NODE.")
    alone = (
        "forward",
        "upstream",
        "terminal",
        "step",
        "steps",
        "jacobian",
        "focus",
        "full",
        "force",
    )
    if require_bug_options(options, *alone):
        from .bug import bug_drawing, read_bug

        _save(bug_drawing(read_bug(options), options), options, outputs)
        return
    lesson = read_lesson(
        options["words"],
        options["file"],
        forward=options["forward"],
        upstream=options["upstream"],
        expand=options["expand"],
        digits=options["digits"],
    )
    if options["terminal"]:
        _show(lesson, options)
    try:
        if options["steps"]:
            _save_steps(lesson, options, outputs)
        elif outputs:
            _save(_drawing(lesson, options, options["step"]), options, outputs)
    except NoEngine:
        from .screens import circuit_here

        drawn = circuit_here(lesson.trace, gradients=not options["forward"])
        say(str(drawn.at(options["step"])), err="-" in outputs)
        raise

    from .nonfinite import trouble
    from .output import complain

    if (message := trouble(lesson)) is not None:
        complain(message)
        ctx.exit(FAILED)


def _require_characters(options: dict[str, Any]) -> None:
    """Refuse what characters cannot show."""
    if options["steps"]:
        raise click.UsageError("--steps writes pictures; `microgd step` shows the steps here.")
    if "-" in options["outputs"]:
        raise click.UsageError("--terminal and `-o -` both print: choose one.")
    for name in ("look", "jacobian", "transparent", "compact", "dpi", "dot", "timeout"):
        if options[name] and not options["outputs"]:
            raise click.UsageError(f"--{name} is about a picture: add -o circuit.svg.")


def _show(lesson: Lesson, options: dict[str, Any]) -> None:
    """The circuit in this terminal."""
    from microgd.errors import DrawingError

    from .screens import circuit_here, show_screen

    try:
        drawn = circuit_here(
            lesson.trace,
            gradients=not options["forward"],
            values=not options["no_values"],
            names=options["names"] or "given",
            focus=options["focus"],
            hops=2 if options["hops"] is None else options["hops"],
        )
        show_screen(drawn.at(options["step"]), options["palette"] or "default")
    except DrawingError as error:  # a node or a step that is not there
        raise BadInput(str(error)) from error


def _drawing(lesson: Lesson, options: dict[str, Any], step: int | None) -> Drawing:
    from microgd.draw.drawing import draw
    from microgd.errors import DrawingError

    # Jacobians are worked out from the graph, everything else from the trace told already.
    graph = options["jacobian"]
    try:
        return draw(
            lesson.output if graph else lesson.trace,
            options["look"] or "circuit",
            palette=options["palette"] or "default",
            transparent=options["transparent"],
            compact=options["compact"] or None,
            gradients=not options["forward"],
            upstream=lesson.upstream if graph else None,
            jacobian=graph,
            values=not options["no_values"],
            step=step,
            digits=options["digits"],
            names=options["names"] or "given",
            focus=options["focus"],
            hops=2 if options["hops"] is None else options["hops"],
            full=options["full"] or options["force"],
            force=options["force"],
            engine=options["dot"],
            timeout=options["timeout"] or 30.0,
        )
    except DrawingError as error:  # a node that is not there, or too many gates for one picture
        raise BadInput(str(error)) from error


def _save(drawing: Drawing, options: dict[str, Any], outputs: tuple[str, ...]) -> None:
    from .pictures import picture, save

    for name in outputs:
        if name == "-":
            data = picture(drawing, (options["format_"] or "svg").lower(), options["dpi"])
            sys.stdout.buffer.write(data)
            sys.stdout.flush()
        else:
            say(f"saved {save(drawing, Path(name), options['dpi'])}", err="-" in outputs)


def _save_steps(lesson: Lesson, options: dict[str, Any], outputs: tuple[str, ...]) -> None:
    from .pictures import save

    count = len(lesson.trace)
    if not count:
        raise BadInput("there is no gate in it, so there are no steps to draw")
    digits = max(2, len(str(count - 1)))
    drawings = [_drawing(lesson, options, step) for step in range(count)]
    for name in outputs:
        path = Path(name)
        for number, drawing in enumerate(drawings):
            frame = path.with_name(f"{path.stem}-{number:0{digits}}{path.suffix}")
            save(drawing, frame, options["dpi"])
        first = path.with_name(f"{path.stem}-{0:0{digits}}{path.suffix}")
        say(f"saved {count} pictures: {first} … {frame.name}")
