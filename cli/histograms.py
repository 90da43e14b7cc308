"""`microgd histograms`: hidden values and gradients of a net, layer by layer."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from .choices import Choice, output_option
from .failures import BadInput
from .plotted import require_endings, require_one_printer
from .streams import say

if TYPE_CHECKING:
    from microgd.training import HiddenValues

#: The numbers of a layer, as columns of the CSV.
NUMBERS = ("mean", "std", "zeros", "dead", "saturated", "gradient", "weight_gradient")


@click.command("histograms")
@click.option(
    "--init", "inits", metavar="LIST", help="Initialisations to compare.  [the lecture's]"
)
@click.option("--activation", metavar="NAME", help="The nonlinearity.  [tanh]")
@click.option("--layers", type=click.IntRange(1, 200), metavar="N", help="Hidden layers.  [6]")
@click.option(
    "--width", type=click.IntRange(1, 10_000), metavar="N", help="Units of each of them.  [256]"
)
@click.option(
    "--norm", type=Choice(("before", "after")), help="Batch normalisation before or after it."
)
@click.option("--data", metavar="DATA", help="A data set by name, or a file.  [digits]")
@click.option("--loss", metavar="LOSS", help="Where the gradients come from.  [by the data]")
@click.option("--seed", type=click.IntRange(0), metavar="N", help="Of the weights.  [0]")
@click.option("--run", "folder", metavar="FOLDER", help="Look into this trained net instead.")
@click.option(
    "--examples",
    type=click.IntRange(1),
    default=512,
    show_default=True,
    metavar="N",
    help="How many go through the net.",
)
@click.option(
    "--show",
    type=Choice(("values", "gradients")),
    default="values",
    show_default=True,
    help="What the picture's panels show.",
)
@output_option("Draw them: .svg, .png or .pdf. May be repeated.")
@click.option("--csv", "csv_file", metavar="FILE", help="Write the numbers as CSV; - prints them.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON with histograms, nothing else.")
def command(**options: Any) -> None:
    """Show hidden values and gradients, layer by layer.

    Too small weights, and values and gradients die out; too large ones, and units are saturated or
    values blow up. Zeros: all units stay alike.

    \b
    Examples:
      microgd histograms -o hist.png
      microgd histograms --init "zeros,normal(sigma=1),henormal" --activation relu
      microgd histograms --activation sigmoid --show gradients -o gradients.svg
    """
    _require_consistent(options)
    found = _trained(options) if options["folder"] is not None else _untrained(options)
    if options["as_json"]:
        from .output import show_json

        show_json([net.to_dict() for net in found])
    elif options["csv_file"] == "-":
        say(as_csv(found).rstrip("\n"))
    else:
        _show(found)
    _save(found, options)


def _require_consistent(options: dict[str, Any]) -> None:
    require_one_printer(options)
    if options["folder"] is not None:
        for name in ("inits", "activation", "layers", "width", "norm", "loss", "seed"):
            if options[name] is not None:
                flag = "--init" if name == "inits" else f"--{name}"
                raise click.UsageError(f"--run is a net that is there; leave {flag} out.")
    require_endings(options["outputs"])


def _untrained(options: dict[str, Any]) -> tuple[HiddenValues, ...]:
    from microgd.options import split
    from microgd.training import config_from, histograms
    from microgd.training.hidden_values import INITS

    given = {
        name: options[name]
        for name in ("data", "activation", "norm", "loss", "seed")
        if options[name] is not None
    }
    hidden = (options["width"] or 256,) * (options["layers"] or 6)
    config = config_from({"activation": "tanh", "hidden": hidden, **given})
    inits: Sequence[str] = INITS
    if options["inits"] is not None:
        inits = [part.strip() for part in split(options["inits"]) if part.strip()]
    if not inits:
        raise BadInput("--init names no initialisation; write --init zeros,henormal")
    if options["outputs"]:
        from microgd.plots.hidden_values import NETS

        if len(inits) > NETS:
            raise BadInput(f"a picture has room for {NETS} initialisations, got {len(inits)}")
    return histograms(config, inits, examples=options["examples"])


def _trained(options: dict[str, Any]) -> tuple[HiddenValues, ...]:
    from microgd.training import histograms_of_run

    data = None
    if options["data"] is not None:
        from microgd.data import read_dataset

        data = read_dataset(options["data"])
    return (histograms_of_run(options["folder"], data, examples=options["examples"]),)


def _show(found: Sequence[HiddenValues]) -> None:
    from .output import say_wrapped, show_table

    for net in found:
        show_table(net.table())
        say_wrapped(net.verdict[0].upper() + net.verdict[1:] + ".")


def as_csv(found: Sequence[HiddenValues]) -> str:
    """A line for each layer of each net; empty where a number makes no sense."""
    from .numbers import plain_number

    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n")
    write.writerow(["net", "layer", *NUMBERS])
    for net in found:
        for layer in net.layers:
            numbers = [getattr(layer, name) for name in NUMBERS]
            cells = ["" if x is None else plain_number(x) for x in numbers]
            write.writerow([net.name, layer.name, *cells])
    return out.getvalue()


def _save(found: Sequence[HiddenValues], options: dict[str, Any]) -> None:
    quiet = options["as_json"] or options["csv_file"] == "-"
    saved = []
    if options["csv_file"] not in (None, "-"):
        from microgd.files import write_whole

        saved.append(write_whole(options["csv_file"], as_csv(found)))
    if options["outputs"]:
        from microgd.plots.hidden_values import draw_histograms

        plot = draw_histograms(found, show=options["show"])
        saved += [plot.save(name) for name in options["outputs"]]
    if saved and not quiet:
        say()
    for path in saved:
        say(f"saved {path}", err=quiet)
