"""`microgd doctor`: what is installed here, whether the main job works, and how to mend it."""

from __future__ import annotations

import click

from .failures import FAILED
from .streams import say

#: State → its sign in the report.
_SIGNS = {"ok": "ok", "optional": "-", "bad": "BAD"}


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Look at this installation, and say how to mend it.

    The main job is to compute a gradient and to draw its circuit; the exit status is 0 if that
    works. What is missing comes with the command that installs it.

    \b
    Examples:
      microgd doctor
      microgd doctor --json
    """
    from .doctor_checks import findings

    found = findings()
    works = all(f.state != "bad" for f in found)
    if as_json:
        from .output import show_json

        rows = [
            {
                "name": f.name,
                "state": f.state,
                "text": f.text,
                "mend": list(f.mend),
                "note": f.note,
            }
            for f in found
        ]
        show_json({"works": works, "findings": rows})
    else:
        longest = max(len(f.name) for f in found)
        for f in found:
            say(f"{_SIGNS[f.state]:<3}  {f.name:<{longest}}  {f.text}")
        say()
        if works:
            say("The main job works: gradients are computed, circuits are drawn.")
        for state, title in (("bad", "To mend it:"), ("optional", "Optional:")):
            commands = {c: f.name for f in found if f.state == state for c in f.mend}
            if commands:
                say(title)
            for line in commands:
                say(f"  {line}")
        for note in (f.note for f in found if f.note):
            say()
            say(note)
    if not works:
        ctx.exit(FAILED)
