"""`microgd emit`: a calculation as the program that a student would write by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .arguments import ProgramCommand, program_arguments
from .choices import Choice, lang_option, output_option
from .lesson import read_lesson
from .streams import say

if TYPE_CHECKING:
    from microgd.trace.lesson import Trace

#: As in microgd.teaching.emit, which is too large to import for a help text; a test compares them.
LANGUAGES = ("python", "c", "latex", "numpy")
ENDINGS = {".py": ("python", "numpy"), ".c": ("c",), ".tex": ("latex",)}


@click.command("emit", cls=ProgramCommand)
@program_arguments
@click.option(
    "--to",
    type=Choice(LANGUAGES),
    help="The language.  [default: what -o ends with; else python, numpy for arrays]",
)
@output_option("Write it there, instead of printing it. May be repeated.")
@click.option(
    "--expand",
    multiple=True,
    metavar="NAME",
    help="Open a composite gate, such as sigmoid, or `all`. May be repeated.",
)
@click.option("--forward", is_flag=True, help="Only the forward pass.")
@click.option("--upstream", metavar="VALUE", help="The gradient to start from.  [default: 1]")
@click.option(
    "--digits", type=click.IntRange(0, 17), metavar="N", help="Decimals of each number, in latex."
)
@lang_option
def command(
    words: tuple[str, ...],
    file: str | None,
    to: str | None,
    outputs: tuple[str, ...],
    expand: tuple[str, ...],
    forward: bool,
    upstream: str | None,
    digits: int | None,
) -> None:
    """Write a calculation as a program, step by step.

    One gate a line, numbered; then the gradients in reverse, with += where a value is used again.
    The program runs as it is, and prints the result and the gradients: python with the standard
    library, numpy for arrays, c with <math.h>. latex gives equations for a paper or a sheet.

    \b
    Examples:
      microgd emit "(x + y) * z" x=-2 y=5 z=-4
      microgd emit "sigmoid(w*x + b)" w=2 x=-1 b=1 --expand sigmoid --to c
      microgd emit "mean((X @ w - y)**2)" X="[[1,2],[3,4]]" w="[1,-1]" y="[0,1]"
      microgd emit "x * y + x" x=3 y=2 -o lesson.tex
    """
    from .plotted import require_different_files

    require_different_files(*outputs)
    endings = [_ending(output) for output in outputs] or [""]
    for ending in endings:
        if ending and to and to not in ENDINGS[ending]:
            raise click.UsageError(
                f"--to {to} does not go into a file that ends with {ending}, which is for "
                f"{' or '.join(ENDINGS[ending])}."
            )
    lesson = read_lesson(
        words, file, forward=forward, upstream=upstream, expand=expand, digits=digits
    )
    languages = [to or _language(lesson.trace, ending) for ending in endings]
    if digits is not None and "latex" not in languages:
        raise click.UsageError("--digits is about latex; the other programs have every digit.")
    from microgd.teaching.emit.emit import emit

    title = _title("" if file or "-" in words else lesson.circuit.text, lesson.trace)
    texts = [emit(lesson.trace, language, title=title) for language in languages]
    for output, language, text in zip(outputs or ("-",), languages, texts, strict=True):
        _write(output, language, text)


def _write(output: str, language: str, text: str) -> None:
    if output == "-":
        say(text.rstrip("\n"))
        return
    from microgd.files import write_whole

    say(f"saved {write_whole(output, text)}{_how(language, output)}")


def _ending(output: str) -> str:
    if output == "-":
        return ""
    found = [e for e in ENDINGS if output.lower().endswith(e)]
    if not found and "." in output.replace("\\", "/").rpartition("/")[2]:
        raise click.UsageError(
            f"{output!r} should end with .py, .c or .tex; a name without an ending takes any."
        )
    return found[0] if found else ""


def _language(trace: Trace, ending: str) -> str:
    arrays = any(node.shape for node in trace.nodes)
    return {".c": "c", ".tex": "latex"}.get(ending) or ("numpy" if arrays else "python")


def _title(text: str, trace: Any) -> str | None:
    """The expression, if it is one line: `f = (x + y) * z`."""
    program = text.strip()
    if not program or "\n" in program or ";" in program:
        return None
    label = trace.by_id[trace.output].label
    named = "=" in program.replace("==", "").replace("<=", "").replace(">=", "").replace("!=", "")
    return program if named or program == label else f"{label} = {program}"


def _how(language: str, output: str) -> str:
    from shlex import quote

    output = quote(f"./{output}" if output.startswith("-") else output)
    if language == "c":
        return f"; compile it with: cc -o f {output} -lm"
    return "" if language == "latex" else f"; run it with: python {output}"
