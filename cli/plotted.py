"""What commands with a plot share: which files -o writes, and that only one thing is printed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from .failures import Failed

#: What matplotlib draws for us.
PICTURES = (".svg", ".png", ".pdf")


def require_endings(
    names: Sequence[str], endings: Sequence[str] = PICTURES, option: str = "-o", else_: str = ""
) -> None:
    """Refuse a file that could not be written, before anything is computed: an ending that tells
    no format, a folder that is not there.
    """
    for name in names:
        if Path(name).suffix.lower() not in endings:
            wanted = f"{', '.join(endings[:-1])} or {endings[-1]}"
            more = f"; {else_}" if else_ else ""
            raise click.BadParameter(
                f"{name!r} does not end in {wanted}{more}", param_hint=f"'{option}'"
            )
        if not Path(name).absolute().parent.is_dir():
            folder = Path(name).parent
            raise Failed(f"cannot write {name}: there is no directory {folder}; make it first")


def require_one_printer(options: dict[str, Any]) -> None:
    """Refuse --json beside --csv -."""
    if options["as_json"] and options["csv_file"] == "-":
        raise click.UsageError("--json and --csv - both print; choose one.")


def require_different_files(*names: str | None) -> None:
    """Refuse one file for two things."""
    files = [name for name in names if name not in (None, "-")]
    for name in files:
        if files.count(name) > 1:
            raise click.UsageError(f"{name} is named twice; choose two files.")
