"""`microgd summary`: the layers of a net, and its training step drawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .choices import output_option
from .streams import say
from .train_options import config_from_options, given_options, training_options

if TYPE_CHECKING:
    from microgd.training.setup import Parts


@click.command("summary")
@click.argument("folder", metavar="[RUN]", required=False)
@training_options
@output_option("Draw the graph of a training step, by layer: .svg, .png, .dot ...")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")
def command(folder: str | None, as_json: bool, **options: Any) -> None:
    """Show the layers of a net: of a run, or of one that options describe.

    With -o, the graph of one training step is drawn, every layer as a box.

    \b
    Examples:
      microgd summary --data digits --hidden 128,64 --norm before
      microgd summary --data moons --hidden 8 -o step.svg
    """
    from .pictures import require_endings

    require_endings(options["outputs"])
    parts = _parts(folder, options)
    table = parts.net.summary((parts.train.x.shape[1],))
    if as_json:
        from .output import show_json

        names = ("layer", "what", "outputs", "parameters", "shapes")
        layers = [dict(zip(names, row, strict=True)) for row in table.rows]
        show_json({"parameters": parts.net.parameter_count(), "layers": layers})
    else:
        from .output import show_table

        show_table(table, titled=False)
    for name in options["outputs"]:
        from .pictures import save

        path = save(_drawing(parts), Path(name), None)
        say(f"saved {path}", err=as_json)


def _parts(folder: str | None, options: dict[str, Any]) -> Parts:
    from microgd.training.setup import assemble

    if folder is None:
        return assemble(config_from_options(options))
    if given_options(options) or options["config"] is not None:
        raise click.UsageError("A run has its options already; leave RUN, or leave the options.")
    from microgd.training import load_model

    return assemble(load_model(folder).config)


def _drawing(parts: Parts) -> Any:
    """The loss of a minibatch as a graph, layers collapsed, with its gradients."""
    from microgd.draw.drawing import draw
    from microgd.training.picture import loss_graph

    return draw(loss_graph(parts))
