"""`microgd repl`: circuits line by line."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import click

from .arguments import ProgramCommand, given_words, program_arguments
from .choices import lang_option

if TYPE_CHECKING:
    from .repl_commands import Repl

#: A name and plain numbers, which depend on no other line.
_NUMBERS = re.compile(r"[^=]*=(?:[-+\d.,e\[\]\s]|inf|nan)*", re.IGNORECASE)


@click.command("repl", cls=ProgramCommand)
@program_arguments
@click.option("--no-history", is_flag=True, help="Neither read nor keep a history of lines.")
@lang_option
@click.pass_context
def command(ctx: click.Context, words: tuple[str, ...], file: str | None, no_history: bool) -> None:
    """Calculate with circuits, line by line.

    `x = -2` gives a name a value, an expression prints its value, `backward f` the gradients,
    `show` draws, `step` goes through the lesson, `help` tells the rest. After `x = 3` all that
    depends on x follows. Lines may come from a file or a pipe, too. EXPR and the values are the
    first lines.

    \b
    Examples:
      microgd repl x=-2 y=5 "f = x * y"
      microgd repl "sigmoid(w * x + b)" w=2 x=-1 b=1 --no-history
    """
    from .prompt import history_file
    from .repl_commands import Repl

    repl = Repl(None if no_history else history_file())
    _begin(repl, words, file)
    ctx.exit(repl.run())


def _begin(repl: Repl, words: tuple[str, ...], file: str | None) -> None:
    """The first lines: a file's program, then the values, then the expression."""
    if file == "-" or "-" in words:
        raise click.UsageError("Lines come from standard input anyway: leave out the `-`.")
    if file is not None:
        repl.begin(partial(repl.load, file))
    if words:
        text, values = given_words(words, file)
        values.sort(key=lambda value: not _NUMBERS.fullmatch(value))  # "f = x * y" x=2 y=3
        for line in (*values, *([text] if text else [])):
            repl.begin(partial(repl.calculate, line))
