"""`microgd`: the commands by name. A command's module is imported when the command is used.

So `microgd --help` imports neither NumPy nor microgd, and answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from .failures import BROKEN_PIPE, INTERRUPTED, failure
from .streams import flush_output, forget_output, say, speak_plainly

#: What the commands are about: the headings of their list.
SECTIONS = {
    "Calculations": ("trace", "draw", "check", "grad", "jacobian", "gates"),
    "Teaching": ("lecture", "step", "repl", "play", "slides", "worksheet", "emit", "paths"),
    "Walking down": ("descend", "optimizer", "schedule", "noise"),
    "Nets": (
        *("data", "sanity", "lr-find", "train", "evaluate", "predict"),
        *("summary", "histograms", "landscape", "boundary", "search"),
    ),
    "This computer": ("kernels", "devices", "doctor", "completion"),
}

#: Command → its module, and what the list of commands says of it.
COMMANDS = {
    "trace": ("trace", "Tell a calculation, forward and backward, step by step."),
    "draw": ("draw", "Draw a calculation as a circuit of gates."),
    "check": ("check", "Compare gradients with numeric ones."),
    "grad": ("grad", "Print the value and the gradients, as plain numbers."),
    "jacobian": ("jacobian", "Print the matrix of all first derivatives."),
    "gates": ("gates", "List the gates, or explain one."),
    "lecture": ("lecture", "Show the lectures' worked examples, and check their numbers."),
    "repl": ("repl", "Calculate with circuits, line by line."),
    "step": ("step", "Step through a calculation, one key at a time, or as a quiz."),
    "play": ("play", "Make a page that plays a calculation step by step."),
    "slides": ("slides", "Make slides of a calculation: a page for each step."),
    "worksheet": ("worksheet", "Make a worksheet: random circuits to work out by hand."),
    "emit": ("emit", "Write a calculation as a program, step by step."),
    "paths": ("paths", "Write a derivative as a sum over all paths to an input."),
    "descend": ("descend", "Walk down a function step by step, and show the way."),
    "optimizer": ("optimizer", "Show every number in the first steps of an optimizer."),
    "schedule": ("schedule", "Print learning-rate schedules, or list them."),
    "noise": ("noise", "Show the noise of minibatch gradients, by batch size."),
    "data": ("data", "List the data sets, or describe one."),
    "sanity": ("sanity", "Check data, net, loss and learning rate before training."),
    "lr-find": ("lr_find", "Find a learning rate, by a step at each of many."),
    "train": ("train", "Train a net, and see it learn."),
    "evaluate": ("evaluate", "Say how good a trained net is."),
    "predict": ("predict", "Say what a trained net makes of new examples."),
    "summary": ("summary", "Show the layers of a net, and draw its training step."),
    "histograms": ("histograms", "Show hidden values and gradients, layer by layer."),
    "landscape": ("landscape", "Draw the loss around a trained net."),
    "boundary": ("boundary", "Draw where a net decides for which class."),
    "search": ("search", "Try many options of a training run, by cross validation."),
    "kernels": ("kernels", "Show the OpenCL kernels, and run them beside the interpreter."),
    "devices": ("devices", "List the OpenCL devices, and say how to get one."),
    "doctor": ("doctor", "Look at this installation, and say how to mend it."),
    "completion": ("completion", "Print the script that completes commands in a shell."),
}


class CommandLine(click.Group):
    """The group of all commands; every end of a command passes here."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f".{COMMANDS[cmd_name][0]}", __package__)
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        longest = max(map(len, COMMANDS))
        for heading, names in SECTIONS.items():
            with formatter.section(heading):
                formatter.write_dl([(f"{n:{longest}}", COMMANDS[n][1]) for n in names])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            raise click.UsageError(f"There is no command {name!r}.{_hint(name)}", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            result = super().invoke(ctx)
            flush_output()
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BrokenPipeError:
            forget_output()
            ctx.exit(BROKEN_PIPE)
        except Exception as error:
            raise failure(error) from error
        return result

    def main(self, *args: Any, **extra: Any) -> Any:
        speak_plainly()
        # Globs are expanded by click on Windows; `x*y` is an expression there, too.
        extra["windows_expand_args"] = False
        run: Any = super().main
        if not extra.pop("standalone_mode", True):
            return run(*args, standalone_mode=False, **extra)
        try:
            code = run(*args, standalone_mode=False, **extra)
        except click.Abort:  # Ctrl-C: no word, as other programs do
            forget_output()
            sys.exit(INTERRUPTED)
        except click.ClickException as error:
            flush_output()
            given = args[0] if args else extra.get("args")
            _show(error, sys.argv[1:] if given is None else given)
            sys.exit(error.exit_code)
        sys.exit(code if isinstance(code, int) else 0)


def _show(error: click.ClickException, words: Sequence[str]) -> None:
    """The complaint as click writes it; a file's name in it cannot pretend to be a line of ours."""
    from io import StringIO

    written = StringIO()
    error.show(written)
    text = written.getvalue().removesuffix("\n")
    for name in {name for word in words for name in word.split("/") if "\n" in name}:
        text = text.replace(name, " ".join(name.split()))
    say(text, err=True)


#: What people look for, and what it is called here.
_MEANT = {
    "quiz": "microgd step EXPR --quiz",
    "exercise": "microgd worksheet",
    "exam": "microgd worksheet",
    "animate": "microgd play EXPR, or microgd descend FUNCTION --animate walk.html",
    "notebook": "jupyter lab examples",
    "plot": "microgd draw EXPR, or microgd descend FUNCTION -o walk.svg",
}


def _hint(name: str) -> str:
    from difflib import get_close_matches

    if name in _MEANT:
        return f" Try: {_MEANT[name]}"
    near = get_close_matches(name, COMMANDS, n=1)
    if near:
        return f" Did you mean {near[0]!r}?"
    if not name.isidentifier():
        return f' To tell the story of an expression: microgd trace "{name}"'
    return f" There are: {', '.join(COMMANDS)}."


def _show_version(ctx: click.Context, param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import version

        say(f"microgd {version('microgd')}")
        ctx.exit()


@click.command(cls=CommandLine)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Watch backpropagation happen.

    microgd records a calculation as a circuit of gates, tells how every gradient is found, draws
    it, and trains small nets on the same graph.

    \b
    Examples:
      microgd trace "(x + y) * z" x=-2 y=5 z=-4
      microgd draw "sigmoid(w * x + b)" w=2 x=-1 b=1 -o neuron.svg
      microgd play "x*x + x" x=3 -o lesson.html
      microgd descend valley --optimizer sgd,momentum,adam
      microgd train --data digits
    """


def main() -> None:
    """The program `microgd`."""
    cli.main(prog_name="microgd")


if __name__ == "__main__":
    main()
