"""`microgd data`: data sets listed, described, checked and drawn."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import click

from .choices import Choice, output_option
from .plotted import require_endings, require_one_printer
from .streams import say

if TYPE_CHECKING:
    from microgd.data import Dataset


@click.command("data")
@click.argument("text", required=False, metavar="[DATA]")
@click.option("--part", metavar="NAME", help="train or test, where there are both.")
@click.option("--label", metavar="COLUMN", help="The column to learn.  [default: the last]")
@click.option(
    "--targets",
    type=Choice(("auto", "classes", "numbers")),
    default="auto",
    show_default=True,
    help="What stands in that column.",
)
@click.option("--head/--no-head", default=None, help="Whether a CSV begins with a head line.")
@click.option("--columns", metavar="A,B", help="The columns to draw.  [default: the first]")
@output_option("Draw it: .svg, .png or .pdf. May be repeated.")
@click.option("--csv", "csv_file", metavar="FILE", help="Write the data as CSV; - prints it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")
def command(text: str | None, **options: Any) -> None:
    """List the data sets, or describe one.

    DATA is a name with options, or a path: to the files of MNIST, to CIFAR-10 in binary, to a
    CSV, NPZ or Parquet file. All of it is read and checked. Nothing is downloaded.

    \b
    Examples:
      microgd data
      microgd data digits -o digits.png
      microgd data "moons(count=400, noise=0.2)" --csv moons.csv
    """
    _require_consistent(text, options)
    if text is None:
        _list(options["as_json"])
        return
    from microgd.data import read_dataset, read_parts

    asked = {name: options[name] for name in ("label", "targets", "head")}
    if options["part"] is not None:
        parts = {options["part"]: read_dataset(text, part=options["part"], **asked)}
    else:
        parts = read_parts(text, **asked)
    if options["as_json"]:
        from .output import show_json

        show_json({"data": text, "parts": {p: _facts(data) for p, data in parts.items()}})
    elif options["csv_file"] == "-":
        say(as_csv(_one(parts)).rstrip("\n"))
    else:
        _show(parts)
    _save(parts, options)


def _require_consistent(text: str | None, options: dict[str, Any]) -> None:
    if text is None:
        for name in ("part", "label", "columns", "csv_file", "outputs"):
            if options[name]:
                raise click.UsageError(
                    "There is no data set. Name one, such as digits; `microgd data` lists them."
                )
    require_one_printer(options)
    require_endings(options["outputs"])


def _list(as_json: bool) -> None:
    """The built-in data sets, with their options."""
    from dataclasses import fields

    from microgd.data import DATASETS

    made = {name: kind() for name, kind in DATASETS.items()}
    options: dict[str, dict[str, Any]] = {
        name: {f.name: getattr(spec, f.name) for f in fields(spec)}  # type: ignore[arg-type]
        for name, spec in made.items()
    }
    if as_json:
        from .output import show_json

        show_json(
            [
                {"name": name, "options": options[name], "about": spec.about}
                for name, spec in made.items()
            ]
        )
        return
    from .output import gap, heading, say_wrapped

    heading("built-in data sets, and their options")
    for name, spec in made.items():
        say()
        given = ", ".join(f"{option}={value!r}" for option, value in options[name].items())
        say_wrapped(f"{name}({given})" if given else name)
        say_wrapped(f"  {spec.about}")
    gap()
    say_wrapped(
        'The last three come with scikit-learn: pip install "microgd[sklearn]". A path is read, '
        "too: a folder with the files of MNIST or of CIFAR-10 in binary, a CSV, NPZ or Parquet "
        "file."
    )


def _facts(data: Dataset) -> dict[str, Any]:
    return {
        "name": data.name,
        "examples": len(data),
        "shape": list(data.shape),
        "features": list(data.features),
        "dtype": str(data.x.dtype),
        "least": float(data.x.min()),
        "largest": float(data.x.max()),
        "classes": list(data.classes),
        "counts": data.counts.tolist(),
        "source": data.source,
        "licence": data.licence,
    }


def _show(parts: dict[str, Dataset]) -> None:
    from microgd.data.describe import MOST_COLUMNS, class_table, feature_table

    from .output import heading, show_table

    for part, data in parts.items():
        heading(data.name if part == "all" else f"{data.name}, {part}")
        _say_facts([(name, value) for name, value in data.describe().rows if name != "classes"])
    first = next(iter(parts.values()))
    if first.classes:
        show_table(class_table(parts), titled=False)
    if len(first.shape) == 1 and first.x.shape[1] <= MOST_COLUMNS:
        show_table(feature_table(first), titled=False)


def _say_facts(rows: list[tuple[str, ...]]) -> None:
    from textwrap import wrap

    from .streams import fitted, width

    for name, value in rows:
        begin = f"  {name:<10}"
        lines = wrap(fitted(value), min(width(), 80), initial_indent=begin,
                     subsequent_indent=" " * len(begin), break_on_hyphens=False)  # fmt: skip
        for line in lines:
            say(line)


def _one(parts: dict[str, Dataset]) -> Dataset:
    """What a picture or a CSV shows: what there is to train on."""
    return parts.get("train") or next(iter(parts.values()))


def as_csv(data: Dataset) -> str:
    """A line for each example: its features, and its class or target."""
    from .numbers import plain_number

    names = data.features or tuple(f"x{i}" for i in range(1, data.x.shape[1] + 1))
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n")
    write.writerow([*names, "class" if data.classes else "y"])
    for row, y in zip(data.x.tolist(), data.y, strict=True):
        write.writerow(
            [*map(plain_number, row), data.classes[y] if data.classes else plain_number(float(y))]
        )
    return out.getvalue()


def _save(parts: dict[str, Dataset], options: dict[str, Any]) -> None:
    quiet = options["as_json"] or options["csv_file"] == "-"
    saved = []
    if options["csv_file"] not in (None, "-"):
        from microgd.files import write_whole

        saved.append(write_whole(options["csv_file"], as_csv(_one(parts))))
    if options["outputs"]:
        from microgd.plots.data import draw_dataset

        columns = options["columns"]
        chosen = None if columns is None else [name.strip() for name in columns.split(",")]
        plot = draw_dataset(_one(parts), columns=chosen)
        saved += [plot.save(name) for name in options["outputs"]]
    if saved and not quiet:
        say()
    for path in saved:
        say(f"saved {path}", err=quiet)
