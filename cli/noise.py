"""`microgd noise`: how minibatch gradients scatter around the full one, by batch size."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import click

from .arguments import ProgramCommand
from .choices import output_option
from .failures import BadInput
from .plotted import require_endings, require_one_printer
from .streams import say

if TYPE_CHECKING:
    from microgd.lab import Noise

#: A line through points, with squared error: what is shown if nothing is given.
EXPRESSION = "mean((w*x + b - y)**2)"
PARAMETERS = ("w=0", "b=0")
DIGITS = 4


@click.command("noise", cls=ProgramCommand)
@click.argument("words", nargs=-1, metavar="[EXPR [NAME=VALUE]...]")
@click.option("--data", metavar="FILE", help="A CSV file with a head line: the columns' names.")
@click.option("--batch", metavar="SIZES", help="Batch sizes, as in 1,8,64.  [powers of 4, and N]")
@click.option(
    "--draws",
    type=click.IntRange(2, 100_000),
    default=200,
    show_default=True,
    metavar="N",
    help="How many batches of each size.",
)
@click.option("--seed", type=click.IntRange(0), default=0, metavar="N", help="Of the draws.")
@output_option("Draw the scatter: .svg, .png or .pdf. May be repeated.")
@click.option("--csv", "csv_file", metavar="FILE", help="Write all gradients as CSV; - prints it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")
def command(words: tuple[str, ...], **options: Any) -> None:
    """Show the noise of minibatch gradients, by batch size.

    EXPR is a loss, a mean over the rows of the data. Its names are columns of the data, or
    parameters with a value. Without it: a line is fitted to 512 points.

    \b
    Examples:
      microgd noise
      microgd noise -o noise.svg --batch 1,8,64,512
      microgd noise "mean(abs(w*x + b - y))" w=1 b=0 --draws 50
    """
    require_one_printer(options)
    require_endings(options["outputs"])
    text, found = study(words, options)
    if options["as_json"]:
        from .output import show_json

        show_json({"loss": text, **found.to_dict()})
    elif options["csv_file"] == "-":
        say(as_csv(found).rstrip("\n"))
    else:
        _show(text, found)
    _save(found, options)


def study(words: tuple[str, ...], options: dict[str, Any]) -> tuple[str, Noise]:
    """The loss as text, and its gradients' noise."""
    from microgd.lab.noise import gradient_noise, toy_data
    from microgd.lab.problem import function_of
    from microgd.language.bindings import parse_bindings
    from microgd.language.circuit import parse

    if words and "=" not in words[0].replace("==", ""):
        text, bindings = words[0], words[1:]
    elif not words and options["data"] is None:
        text, bindings = EXPRESSION, PARAMETERS
    else:
        raise click.UsageError(
            f'There is no loss. Write one in quotes, such as "{EXPRESSION}" w=0 b=0.'
        )
    columns: dict[str, Any] = toy_data() if options["data"] is None else _columns(options["data"])
    params = parse_bindings(bindings)
    if not params:
        raise BadInput("the loss has no parameter: give one a value, such as w=0")
    both = sorted(set(params) & set(columns))
    if both:
        raise BadInput(f"{both[0]!r} is a column of the data and a parameter: rename one of them")
    circuit = parse(text, {**params, **_used(columns, text)})
    if circuit.output.shape != ():
        raise BadInput(
            f"the loss has shape {circuit.output.shape}; make it one number with mean(…)"
        )
    whole = function_of(circuit)
    start = {name: circuit.inputs[name].value for name in params}

    def loss(point: dict[str, Any], batch: dict[str, Any]) -> Any:
        return whole({**point, **batch})

    data = {name: columns[name] for name in circuit.inputs if name not in params}
    sizes = _sizes(options["batch"])
    return text, gradient_noise(
        loss, start, data, sizes=sizes, draws=options["draws"], seed=options["seed"]
    )


def _columns(path: str) -> dict[str, Any]:
    from microgd.data.csv_file import read_columns

    return dict(read_columns(path))


def _used(columns: dict[str, Any], text: str) -> dict[str, Any]:
    """The columns that the loss names; the language refuses values that are not used."""
    import re

    names = set(re.findall(r"[^\W\d]\w*", text))
    return {name: column for name, column in columns.items() if name in names}


def _sizes(text: str | None) -> list[int] | None:
    if text is None:
        return None
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is no list of whole numbers; write 1,8,64", param_hint="'--batch'"
        ) from None


def _show(text: str, found: Noise) -> None:
    from microgd.trace.numbers import format_number
    from microgd.trace.table import Table

    from .output import gap, say_wrapped, show_table

    full = ", ".join(
        f"∂L/∂{name} = {format_number(x, DIGITS)}"
        for name, x in zip(found.names, found.full, strict=True)
    )
    rows = tuple(
        (
            str(size),
            str(len(drawn)),
            format_number(found.spread(size), DIGITS),
            format_number(found.expected(size), DIGITS),
        )
        for size, drawn in found.batches.items()
    )
    title = f"{text}, {found.examples} examples"
    show_table(Table(title, ("batch>", "draws>", "spread>", "σ/√B>"), rows))
    gap()
    say_wrapped(f"The full gradient: {full}.")
    if not found.unbiased:
        say_wrapped(
            "Minibatches' gradients are not the full one on average, so this loss is no mean over "
            "the rows, and σ/√B says nothing: write it with mean(…)."
        )
        return
    say_wrapped(
        "Spread is the root mean square distance of a minibatch's gradient from the full one. "
        "σ/√B is what the smallest batch predicts, with √((N − B)/(N − 1)) as batches are drawn "
        "without putting back: four times the batch, half the noise."
    )


def as_csv(found: Noise) -> str:
    """A line for each gradient."""
    from .numbers import plain_number

    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n")
    write.writerow(["batch", *(f"d_{name}" for name in found.names)])
    for size, drawn in found.batches.items():
        for gradient in drawn:
            write.writerow([size, *(plain_number(x) for x in gradient)])
    return out.getvalue()


def _save(found: Noise, options: dict[str, Any]) -> None:
    quiet = options["as_json"] or options["csv_file"] == "-"
    saved = []
    if options["csv_file"] not in (None, "-"):
        from microgd.files import write_whole

        saved.append(write_whole(options["csv_file"], as_csv(found)))
    if options["outputs"]:
        from microgd.plots.noise import draw_noise

        second = min(1, len(found.names) - 1)
        names = (f"∂L/∂{found.names[0]}", f"∂L/∂{found.names[second]}")
        plot = draw_noise(found.batches, found.full, names=names, coordinates=(0, second))
        saved += [plot.save(name) for name in options["outputs"]]
    if saved and not quiet:
        say()
    for path in saved:
        say(f"saved {path}", err=quiet)
