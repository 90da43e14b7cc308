"""`microgd evaluate`: the loss, the accuracy and the confusions of a trained net."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .choices import Choice
from .failures import BadInput
from .numbers import loss_text
from .streams import say

if TYPE_CHECKING:
    from microgd.data import Dataset
    from microgd.training import Model

#: Classes from which on the confusion matrix is too wide to be read.
MOST = 15


def which_option(function: Any) -> Any:
    """`--checkpoint best|last`."""
    return click.option(
        "--checkpoint",
        type=Choice(("best", "last")),
        help="Which of the run's.  [best, where there is one]",
    )(function)


@click.command("evaluate")
@click.argument("folder", metavar="RUN")
@which_option
@click.option("--data", metavar="DATA", help="Other data than what the run held out.")
@click.option("--part", metavar="PART", help="Of data that has them: train or test.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")
def command(
    folder: str, checkpoint: str | None, data: str | None, part: str | None, as_json: bool
) -> None:
    """Say how good a trained net is.

    RUN is the folder of a run, or a checkpoint file. Without --data it is asked about the examples
    that its run held out, which it has not been trained on.

    \b
    Examples:
      microgd evaluate runs/digits-1
      microgd evaluate runs/digits-1 --data digits --checkpoint last
    """
    from microgd.training import load_model

    model = load_model(folder, checkpoint)
    asked = _data(model, data, part)
    found = model.evaluate(asked)
    if as_json:
        from .output import show_json

        confusion = found.pop("confusion", None)
        table = None if confusion is None else confusion.tolist()
        show_json({**found, "confusion": table, "classes": list(model.classes)})
        return
    say(f"{asked.name}: {len(asked)} examples, the net after epoch {model.epoch}")
    say(f"loss {loss_text(found['loss'])}")
    if "accuracy" in found:
        right = round(found["accuracy"] * len(asked))
        say(f"accuracy {found['accuracy']:.2%} ({right} of {len(asked)})")
        _show_confusion(model, found["confusion"])


def _data(model: Model, data: str | None, part: str | None) -> Dataset:
    from microgd.data import read_dataset
    from microgd.training.setup import data_sum, split

    if data is not None:
        return read_dataset(data, part=part)
    if part is not None:
        raise click.UsageError("--part chooses of the data that --data names.")
    whole = read_dataset(model.config.data)
    if model.data_sum not in (None, data_sum(whole)):
        raise BadInput(
            f"{whole.name} is not the data that this run was trained on: what it held out is not "
            "known any more; name data with --data"
        )
    _, held_out = split(model.config, whole)
    if held_out is None:
        raise click.UsageError("This run held nothing out; name data with --data.")
    return held_out


def _show_confusion(model: Model, table: Any) -> None:
    from microgd.trace.table import Table

    from .output import show_table

    names = [name if len(name) <= 12 else f"{name[:11]}…" for name in model.classes]
    if len(names) > MOST:
        worst = [
            (int(table[i, j]), names[i], names[j])
            for i in range(len(names))
            for j in range(len(names))
            if i != j and table[i, j]
        ]
        most = sorted(worst, reverse=True)[:MOST]
        told = tuple((true, guess, str(n)) for n, true, guess in most)
        show_table(Table("most confused", ("is", "taken for", "times>"), told))
        return
    rows = tuple(
        (names[i], *(str(n) if n else "·" for n in table[i]), f"{_share(table, i):.1%}")
        for i in range(len(names))
    )
    columns = ("is \\ taken for", *(f"{name}>" for name in names), "right>")
    show_table(Table("confusions", columns, rows))


def _share(table: Any, row: int) -> float:
    total = int(table[row].sum())
    return float(table[row, row]) / total if total else 0.0
