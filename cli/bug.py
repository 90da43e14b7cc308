"""`--bug NAME`: a known mistake beside the right thing, told by `trace` and drawn by `draw`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .arguments import read_circuit, value_of
from .choices import Choice
from .failures import BadInput
from .streams import say

if TYPE_CHECKING:
    from microgd.draw.drawing import Drawing
    from microgd.teaching.bugs.buggy import Buggy

F = TypeVar("F", bound=Callable[..., Any])

#: As in microgd.teaching.bugs.listing, too large to import for a help text; a test compares.
BUGS = ("overwrite", "no-zero-grad", "dfs-order", "stale-data", "max-both")


def bug_options(function: F) -> F:
    """--bug, and what some bugs need: --change, --lr, --wrt."""
    for option in (
        click.option("--wrt", metavar="NAMES", help="For no-zero-grad: the inputs that step."),
        click.option("--lr", type=float, metavar="X", help="For no-zero-grad.  [default: 0.1]"),
        click.option(
            "--change",
            multiple=True,
            metavar="NAME=VALUE",
            help="For stale-data: what changes after the forward pass.",
        ),
        click.option(
            "--bug",
            type=Choice(BUGS),
            metavar="NAME",
            help=f"A mistake beside the right thing: {', '.join(BUGS)}. "
            "Without EXPR, the classic example.",
        ),
    ):
        function = option(function)
    return function


def require_bug_options(options: dict[str, Any], *not_with: str) -> bool:
    """Whether a bug is asked for; options that do not go with it are refused."""
    bug = options["bug"]
    for name, where in (("change", "stale-data"), ("lr", "no-zero-grad"), ("wrt", "no-zero-grad")):
        if options[name] not in (None, ()) and bug != where:
            raise click.UsageError(f"--{name} is for --bug {where}.")
    for name in not_with if bug else ():
        if options[name] not in (None, False, ()):
            option = name.removeprefix("as_").rstrip("_").replace("_", "-")
            raise click.UsageError(f"--bug and --{option} do not go together.")
    return bug is not None


def read_bug(options: dict[str, Any]) -> Buggy:
    """The bug that the options ask for, in the program or in the classic example."""
    from microgd.errors import ArgumentError
    from microgd.teaching.bugs.buggy import with_bug

    from .lesson import opened

    what = None
    if options["words"] or options["file"]:
        circuit = read_circuit(options["words"], options["file"], numbers=True)
        what = opened(circuit.output, options["expand"])
    elif options["expand"]:
        raise click.UsageError("--expand is about an expression, and there is none.")
    more: dict[str, Any] = {"change": _change(options["change"])} if options["change"] else {}
    if options["lr"] is not None:
        more["lr"] = options["lr"]
    if options["wrt"] is not None:
        more["wrt"] = [name.strip() for name in options["wrt"].split(",") if name.strip()]
    try:
        return with_bug(what, options["bug"], digits=options["digits"], **more)
    except ArgumentError as error:  # no such input, a shape that does not fit
        raise BadInput(str(error)) from error


def _change(given: Sequence[str]) -> dict[str, Any]:
    found = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise click.BadParameter(
                f"{text!r} gives no input a value; write --change x=5", param_hint="'--change'"
            )
        found[name.strip()] = value_of("--change", value)
    return found


def tell_bug(buggy: Buggy, *, tables_only: bool) -> None:
    """What is wrong, what the wrong pass does, and right and wrong side by side."""
    from microgd.translation import _

    from .output import gap, heading, say_wrapped, show_table

    table = buggy.table()
    if not tables_only:
        heading(buggy.title)
        say_wrapped(buggy.why)
        heading(_("the wrong backward pass"))
        for line in buggy.told:
            say(f"  {line}")
    show_table(replace(table, notes=()))  # the note is wrapped below
    if buggy.note:
        gap()
        say_wrapped(_("Note: {text}").format(text=buggy.note))


def bug_json(buggy: Buggy) -> dict[str, Any]:
    """Both traces, and what is said of them, as plain data."""
    return {
        "bug": buggy.name,
        "title": buggy.title,
        "why": buggy.why,
        "differing": list(buggy.differing),
        "note": buggy.note,
        "steps": [{"right": r.to_dict(), "wrong": w.to_dict()} for r, w in buggy.steps],
    }


def bug_drawing(buggy: Buggy, options: dict[str, Any]) -> Drawing:
    """Right and wrong in one picture."""
    from microgd.errors import DrawingError

    try:
        return buggy.draw(
            options["look"] or "circuit",
            palette=options["palette"] or "default",
            transparent=options["transparent"],
            compact=options["compact"] or None,
            values=not options.get("no_values"),
            names=options.get("names") or "given",
            engine=options["dot"],
            timeout=options["timeout"] or 30.0,
        )
    except DrawingError as error:  # the cards look, or too many gates
        raise BadInput(str(error)) from error
