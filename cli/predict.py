"""`microgd predict`: what a trained net says of new examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .evaluate import which_option
from .failures import BadInput
from .streams import say

if TYPE_CHECKING:
    from microgd.training import Model


@click.command("predict")
@click.argument("folder", metavar="RUN")
@which_option
@click.option("--input", "inputs", multiple=True, metavar="ROW", help="An example, as in 1,2,0.5.")
@click.option("--data", metavar="DATA", help="A CSV file of examples, or a data set by name.")
@click.option("--csv", "csv_file", metavar="FILE", help="Write all as CSV; - prints it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")
def command(
    folder: str,
    checkpoint: str | None,
    inputs: tuple[str, ...],
    data: str | None,
    csv_file: str | None,
    as_json: bool,
) -> None:
    """Say what a trained net makes of new examples.

    RUN is the folder of a run, or a checkpoint file. Examples are given as they come, unscaled: the
    net knows the statistics of its training data.

    \b
    Examples:
      microgd predict runs/moons-1 --input 0.5,0.2 --input=-1,0
      microgd predict runs/digits-1 --data digits --csv answers.csv
    """
    from microgd.training import load_model

    if as_json and csv_file == "-":
        raise click.UsageError("--json and --csv - both print; choose one.")
    model = load_model(folder, checkpoint)
    rows = _rows(model, inputs, data)
    answers = _answers(model, rows)
    if as_json:
        from .output import show_json

        show_json({"classes": list(model.classes), "answers": answers})
        return
    if csv_file is not None:
        from microgd.files import write_whole

        text = _as_csv(model, answers)
        say(text.rstrip("\n") if csv_file == "-" else f"saved {write_whole(csv_file, text)}")
        return
    _show(model, answers)


def _rows(model: Model, inputs: tuple[str, ...], data: str | None) -> Any:
    import numpy as np

    if bool(inputs) == (data is not None):
        raise click.UsageError("Give examples, with --input or with --data.")
    width = len(model.scale["mean"])
    if data is None:
        found = []
        for text in inputs:
            try:
                row = [float(part) for part in text.split(",")]
            except ValueError:
                raise BadInput(f"{text!r} is no row of numbers; write 1,2,0.5") from None
            if not np.isfinite(row).all():
                raise BadInput(f"{text!r} has a number that is not finite")
            if len(row) != width:
                many = "1 number" if len(row) == 1 else f"{len(row)} numbers"
                raise BadInput(f"{text!r} has {many}; this net takes {width}")
            found.append(row)
        return np.array(found)
    from microgd.data import DATASETS, read_dataset
    from microgd.data.csv_file import read_cells

    if data.partition("(")[0] in DATASETS or not data.lower().endswith((".csv", ".csv.gz")):
        return read_dataset(data).x
    cells = read_cells(data)
    here, names = list(cells.names), list(model.features)
    if names and all(name in here for name in names):  # the label may stand there, too
        return cells.numbers([here.index(name) for name in names])
    if len(here) != width:
        raise BadInput(
            f"{data} has {len(here)} columns; this net takes {width}"
            + (f": {', '.join(names[:8])}" if names else "")
        )
    return cells.numbers(list(range(width)))


def _answers(model: Model, rows: Any) -> list[dict[str, Any]]:
    if model.kind == "numbers":
        return [{"numbers": [float(x) for x in row]} for row in model.outputs(rows)]
    found = []
    for shares in model.probabilities(rows):
        best = int(shares.argmax())
        found.append(
            {
                "class": model.classes[best],
                "probability": float(shares[best]),
                "probabilities": [float(p) for p in shares],
            }
        )
    return found


def _show(model: Model, answers: list[dict[str, Any]]) -> None:
    from microgd.trace.table import Table

    from .output import show_table

    if model.kind == "numbers":
        numbers = tuple(
            (str(n), ", ".join(f"{x:.6g}" for x in answer["numbers"]))
            for n, answer in enumerate(answers, start=1)
        )
        show_table(Table("", ("example>", "answer>"), numbers), titled=False)
        return
    rows = tuple(
        (str(n), answer["class"], f"{answer['probability']:.1%}", _second(model, answer))
        for n, answer in enumerate(answers, start=1)
    )
    columns = ("example>", "class", "probability>", "or else")
    show_table(Table("", columns, rows), titled=False)


def _second(model: Model, answer: dict[str, Any]) -> str:
    shares = sorted(enumerate(answer["probabilities"]), key=lambda pair: -pair[1])
    if len(shares) < 2:
        return ""
    place, share = shares[1]
    return f"{model.classes[place]} {share:.1%}"


def _as_csv(model: Model, answers: list[dict[str, Any]]) -> str:
    import csv
    import io

    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n")
    if model.kind == "numbers":
        count = len(answers[0]["numbers"]) if answers else 1
        write.writerow([f"y{n}" for n in range(1, count + 1)] if count > 1 else ["y"])
        write.writerows([[repr(x) for x in answer["numbers"]] for answer in answers])
        return out.getvalue()
    write.writerow(["class", "probability", *(f"p_{name}" for name in model.classes)])
    for answer in answers:
        shares = [repr(p) for p in answer["probabilities"]]
        write.writerow([answer["class"], repr(answer["probability"]), *shares])
    return out.getvalue()
