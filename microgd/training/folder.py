"""The folder of a run: checkpoints, history, configuration, and a log with the times of day."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from microgd.errors import ArgumentError, OutputError
from microgd.files import PARTS, write_whole
from microgd.training import checkpoint
from microgd.training.config import Config
from microgd.training.history import EpochRow, to_csv

LAST, BEST = "last.safetensors", "best.safetensors"
HISTORY, CONFIG, LOG = "history.csv", "config.toml", "log.txt"


def claim(folder: Path) -> None:
    """Make the folder of a new run; one that has another run, or files of such names, is left.

    Raises:
        OutputError: it cannot be made. ArgumentError: something is in it that would be lost.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder {folder}: {error.strerror}") from error
    if (folder / LAST).exists():
        if checkpoint.load(folder / LAST)[1]["step"] > 0:
            raise ArgumentError(
                f"{folder} has a run in it already: go on with it (resume), or choose another "
                "folder for a new one"
            )
        return
    for name in (BEST, HISTORY, CONFIG, LOG):
        if (folder / name).exists():
            raise ArgumentError(
                f"{folder / name} is there already, and a run would write over it: choose "
                "another folder"
            )


def tidy(folder: Path) -> None:
    """Remove what a run that was killed may have left: parts of files."""
    for part in folder.glob(PARTS):
        with suppress(OSError):
            part.unlink()


def write_beside(folder: Path, config: Config, history: Sequence[EpochRow]) -> None:
    """Write the history and the configuration, where they are not written yet."""
    for name, text in ((HISTORY, to_csv(history)), (CONFIG, config.to_toml())):
        with suppress(OSError):
            if (folder / name).read_bytes() == text.encode():
                continue
        write_whole(folder / name, text)


def note(folder: Path, text: str) -> None:
    """Add a line with the time to the log.

    Raises:
        OutputError: it cannot be written.
    """
    line = f"{datetime.now().astimezone().isoformat(timespec='seconds')} {text}\n"
    try:
        with (folder / LOG).open("a", encoding="utf-8") as log:
            log.write(line)
    except OSError as error:
        raise OutputError(f"cannot write {folder / LOG}: {error.strerror}") from error
