"""`microgd trace`: the lesson in words and tables, and its picture with -o."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from .arguments import ProgramCommand, program_arguments
from .bug import bug_options, require_bug_options
from .choices import lang_option, lesson_options, output_option, picture_options
from .failures import FAILED
from .lesson import Lesson, no_gate, read_lesson
from .streams import say


@click.command("trace", cls=ProgramCommand)
@program_arguments
@click.option("--sentences", is_flag=True, help="Every step as a sentence, instead of tables.")
@click.option("--table", is_flag=True, help="Only the tables.")
@click.option("--jacobian", is_flag=True, help="Add the table of local Jacobians and their sizes.")
@click.option("--program", is_flag=True, help="Print the circuit as a program, and nothing else.")
@click.option("--json", "as_json", is_flag=True, help="Print the trace as JSON, and nothing else.")
@lesson_options
@output_option("Also draw it: .svg, .png, .dot or .pdf. May be repeated.")
@picture_options
@bug_options
@lang_option
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> None:
    """Tell a calculation step by step.

    Prints what each gate computes, then how the gradient flows back through each gate, then the
    gradient of every input. EXPR may be `-` for standard input.

    \b
    Examples:
      microgd trace "(x + y) * z" x=-2 y=5 z=-4
      microgd trace "sigmoid(w*x + b)" w=2 x=-1 b=1 --expand sigmoid
      microgd trace "sum(relu(W @ x))" W="[[1,-2],[3,4]]" x="[1,2]" --jacobian
      microgd trace "x*x + x" x=3 --sentences -o square.svg
      microgd trace --bug dfs-order
    """
    _require_consistent(options)
    if require_bug_options(options, "forward", "upstream", "sentences", "jacobian", "program"):
        _tell_bug(options)
        return
    lesson = read_lesson(
        options["words"],
        options["file"],
        forward=options["forward"],
        upstream=options["upstream"],
        expand=options["expand"],
        digits=options["digits"],
    )
    quiet = options["as_json"] or options["program"]
    if options["program"]:
        from microgd.language.printer import to_program

        say(to_program(lesson.output).rstrip("\n"))
    elif options["as_json"]:
        from .output import show_json

        show_json(lesson.trace.to_dict())
    else:
        tell(lesson, options)
    _draw(lesson, options, quiet)

    from .nonfinite import trouble
    from .output import complain

    if (message := trouble(lesson)) is not None:
        complain(message)
        ctx.exit(FAILED)


def _tell_bug(options: dict[str, Any]) -> None:
    """A known mistake beside the right thing."""
    from .bug import bug_drawing, bug_json, read_bug, tell_bug
    from .output import show_json
    from .pictures import save

    buggy = read_bug(options)
    quiet = options["as_json"]
    drawing = bug_drawing(buggy, {**options, "names": "all"}) if options["outputs"] else None
    if quiet:
        show_json(bug_json(buggy))
    else:
        tell_bug(buggy, tables_only=options["table"])
    if drawing is not None:
        if not quiet:
            say()
        for name in options["outputs"]:
            say(f"saved {save(drawing, Path(name), options['dpi'])}", err=quiet)


def _require_consistent(options: dict[str, Any]) -> None:
    from .pictures import require_endings

    ways = [f"--{n.removeprefix('as_')}" for n in ("sentences", "table", "program", "as_json")
            if options[n]]  # fmt: skip
    if len(ways) > 1:
        raise click.UsageError(f"{' and '.join(ways)} are different outputs; choose one.")
    if "-" in options["outputs"]:
        raise click.UsageError("-o - is for `microgd draw`: here the lesson is printed.")
    require_endings(options["outputs"])
    for name in ("look", "palette", "transparent", "compact", "dpi", "dot", "timeout"):
        if options[name] not in (None, False) and not options["outputs"]:
            raise click.UsageError(f"--{name} is about the picture: add -o circuit.svg.")


def tell(lesson: Lesson, options: dict[str, Any]) -> None:
    """The forward lines, the backward table, the gradients, and what is worth a note."""
    from microgd.translation import _

    from .output import gap, heading, show_table

    trace = lesson.trace
    if options["table"]:
        if not trace.has_gradients:
            show_table(trace.table())
    else:
        forward = [e for e in trace.events if e.kind == "forward"]
        if forward:
            heading(_("forward"))
            _numbered((e.step, e.sentence) for e in forward)
        else:
            gap()
            say(no_gate(lesson))
        if options["sentences"] and trace.has_gradients:
            heading(_("backward"))
            _numbered((e.step, trace.line(e)) for e in trace.events if e.kind != "forward")
    if trace.has_gradients and not options["sentences"]:
        show_table(trace.table())
    if options["jacobian"]:
        from microgd.trace.jacobians import jacobian_table

        show_table(jacobian_table(lesson.output))
    if trace.has_gradients:
        show_table(trace.gradients())
    _notes(lesson)


def _numbered(lines: Any) -> None:
    for number, sentence in lines:
        say(f"{number:>3}  {sentence}")


def _notes(lesson: Lesson) -> None:
    from microgd.translation import _

    from .nonfinite import remark
    from .output import gap

    notes = [f"{n.label}, {n.tie}" for n in lesson.trace.nodes if n.tie]
    if (found := remark(lesson)) is not None:
        notes.append(f"{found}\n  {_('It did not reach the result.')}")
    if notes:
        gap()
    for note in notes:
        say(_("Note: {text}").format(text=note))


def _draw(lesson: Lesson, options: dict[str, Any], quiet: bool) -> None:
    if not options["outputs"]:
        return
    from microgd.draw.drawing import draw

    from .pictures import save

    drawing = draw(
        lesson.trace,
        options["look"] or "circuit",
        palette=options["palette"] or "default",
        transparent=options["transparent"],
        compact=options["compact"] or None,
        names="all",  # as the table beside it calls them
        gradients=not options["forward"],
        engine=options["dot"],
        timeout=options["timeout"] or 30.0,
    )
    if not quiet:
        say()
    for name in options["outputs"]:
        say(f"saved {save(drawing, Path(name), options['dpi'])}", err=quiet)
