"""`microgd completion`: the script that makes a shell complete commands and options."""

from __future__ import annotations

import click

from .choices import Choice
from .streams import say


@click.command("completion")
@click.argument("shell", type=Choice(("bash", "zsh", "fish")))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the script that completes commands in a shell.

    \b
    Load it where the shell starts:
      bash   ~/.bashrc                    eval "$(microgd completion bash)"
      zsh    ~/.zshrc                     eval "$(microgd completion zsh)"
      fish   ~/.config/fish/config.fish   microgd completion fish | source

    \b
    Examples:
      microgd completion bash
      microgd completion fish
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    made = kind(ctx.find_root().command, {}, "microgd", "_MICROGD_COMPLETE")
    # Not .source(), which first runs bash to ask for its version.
    say(made.source_template % made.source_vars())
