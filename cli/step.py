"""`microgd step`: the lesson one key at a time, or as a quiz."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from .arguments import ProgramCommand, program_arguments
from .bug import bug_options, require_bug_options
from .choices import PALETTES, Choice, lang_option, lesson_options
from .failures import FAILED
from .lesson import Lesson, no_gate, read_lesson
from .streams import say, width

if TYPE_CHECKING:
    from .bug_stage import BugStage
    from .stage import Stage


@click.command("step", cls=ProgramCommand)
@program_arguments
@click.option("--from", "first", type=click.IntRange(min=0), metavar="N", help="Begin at step N.")
@click.option("--quiz", is_flag=True, help="Ask for every number before it is shown.")
@click.option(
    "--ask",
    type=Choice(("forward", "backward", "all")),
    help="What the quiz asks for.  [default: all]",
)
@click.option("--plain", is_flag=True, help="Print all steps one after another, and end.")
@click.option("--palette", type=Choice(PALETTES), default="default", help="The circuit's colours.")
@lesson_options
@bug_options
@lang_option
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> None:
    """Step through a calculation, forward and backward, one key at a time.

    Space or the right arrow goes on, the left arrow goes back, `?` tells all keys, `q` ends. In a
    file or a pipe, or with --plain, all steps are printed. --quiz asks for each number: `?` or
    nothing is for a hint, `s` skips, `q` ends.

    \b
    Examples:
      microgd step "(x + y) * z" x=-2 y=5 z=-4
      microgd step "sigmoid(w*x + b)" w=2 x=-1 b=1 --expand sigmoid
      microgd step "max(x, y) * x" x=3 y=-4 --quiz --ask backward
      microgd step --bug overwrite
    """
    if require_bug_options(options, "forward", "upstream", "quiz", "ask"):
        _step_through_bug(options)
        return
    if options["quiz"] or options["ask"]:
        _require_answers(options)
    lesson = read_lesson(
        options["words"],
        options["file"],
        forward=options["forward"],
        upstream=options["upstream"],
        expand=options["expand"],
        digits=options["digits"],
    )
    first = _first(lesson, options["first"])
    if first is None:
        return
    from .stage import Stage

    stage = Stage(
        lesson.trace,
        palette=options["palette"],
        gradients=not options["forward"],
        heading=lesson.circuit.text,
    )
    if options["quiz"] or options["ask"]:
        from .step_quiz import ask_all

        ask_all(stage, options["ask"] or "all", first)
    else:
        _show(stage, first, options["plain"])
    from .nonfinite import trouble
    from .output import complain

    if (message := trouble(lesson)) is not None:
        complain(message)
        ctx.exit(FAILED)


def _show(stage: Stage | BugStage, first: int, plain: bool) -> None:
    if plain or not has_keys():
        show_all(stage, first)
    else:
        from .step_walk import walk

        walk(stage, first)


def _step_through_bug(options: dict[str, Any]) -> None:
    """A mistake beside the right thing: why, then both lessons in step, then what differs."""
    from dataclasses import replace

    from microgd.translation import _

    from .bug import read_bug
    from .bug_stage import BugStage
    from .output import gap, heading, say_wrapped, show_table

    buggy = read_bug(options)
    stage = BugStage(buggy, palette=options["palette"])
    first = _in_range(options["first"], stage.count)
    heading(buggy.title)
    say_wrapped(buggy.why)
    _show(stage, first, options["plain"])
    show_table(replace(buggy.table(), notes=()))
    if buggy.note:
        gap()
        say_wrapped(_("Note: {text}").format(text=buggy.note))


def _require_answers(options: dict[str, Any]) -> None:
    if options["plain"]:
        raise click.UsageError("--plain shows every number, --quiz asks for it: choose one.")
    if options["file"] == "-" or "-" in options["words"]:
        raise click.UsageError(
            "The program comes from standard input, where --quiz reads the answers: write the "
            "expression as an argument, or give its file with --file."
        )


def _first(lesson: Lesson, wanted: int | None) -> int | None:
    """The step to begin at; None if there is none at all."""
    count = len(lesson.trace)
    if not count:
        say(no_gate(lesson))
        return None
    return _in_range(wanted, count)


def _in_range(wanted: int | None, count: int) -> int:
    from .failures import BadInput

    if wanted is not None and wanted >= count:
        raise BadInput(f"there is no step {wanted}: the lesson has steps 0 to {count - 1}")
    return wanted or 0


def has_keys() -> bool:
    """Whether somebody can press keys and see a screen."""
    import os

    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb" and _reads_keys()


def _reads_keys() -> bool:
    if sys.stdin.isatty():
        return True
    if sys.platform == "win32":
        return False
    try:  # the program came through a pipe; the keys are still at the terminal
        with open("/dev/tty", "rb"):  # noqa: PTH123
            return True
    except OSError:
        return False


def show_all(stage: Stage | BugStage, first: int) -> None:
    """Every step once, plainly."""
    from .lines import say_lines
    from .output import gap

    for step in range(first, stage.count):
        gap()
        say_lines(stage.lines(step, min(width(), 100)))
