"""CIFAR-10 in its *binary* version (A. Krizhevsky, 2009), never in the one made of pickles.

A record is 3073 bytes: the label, then 1024 bytes each of red, green and blue, row by row.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from microgd.data.content import Content, read_content, wrong
from microgd.data.dataset import Dataset
from microgd.errors import ArgumentError

SHAPE = (3, 32, 32)
RECORD = 1 + 3 * 32 * 32

#: As in batches.meta.txt, which need not be there.
CLASSES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)

SOURCE = "A. Krizhevsky: Learning multiple layers of features from tiny images, 2009"


def load_cifar(
    files: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    classes: Sequence[str] = CLASSES,
    name: str = "cifar-10",
) -> Dataset:
    """A data set from one or more files of the binary version, one after the other.

    Raises:
        FileFormatError: a file that is cut off, or a label out of range; says at which byte.
    """
    paths = [files] if isinstance(files, str | os.PathLike) else list(files)
    if not paths:
        raise ArgumentError("give at least one file, such as data_batch_1.bin")
    x: list[NDArray[np.float32]] = []
    y: list[NDArray[np.uint8]] = []
    for path in paths:
        records = _records(read_content(path), len(classes))
        x.append(records[:, 1:].astype(np.float32))
        y.append(records[:, 0])
    first = x[0] if len(x) == 1 else np.concatenate(x)
    names = ", ".join(Path(path).name for path in paths)
    return Dataset(name, first, np.concatenate(y), tuple(classes), shape=SHAPE,
                   limits=(0.0, 255.0), source=SOURCE, note=f"From {names}.")  # fmt: skip


def load_cifar_folder(folder: str | os.PathLike[str]) -> dict[str, Dataset]:
    """The parts of a folder: "train" of data_batch_1.bin … and "test" of test_batch.bin.

    Raises:
        ArgumentError: no such files, or a batch is missing among them. FileFormatError: something
            is wrong in one.
    """
    place = Path(folder)
    found = {
        int(match[1]): file
        for file in place.iterdir()
        if (match := re.fullmatch(r"data_batch_(\d+)\.bin(?:\.gz)?", file.name))
    }
    missing = sorted(set(range(1, max(found, default=0) + 1)) - set(found))
    if missing:
        raise ArgumentError(f"{place} lacks data_batch_{missing[0]}.bin")
    classes = _class_names(place)
    parts = {}
    if found:
        parts["train"] = load_cifar([found[n] for n in sorted(found)], classes=classes)
    for name in ("test_batch.bin", "test_batch.bin.gz"):
        if (place / name).exists() and "test" not in parts:
            parts["test"] = load_cifar(place / name, classes=classes)
    if not parts:
        raise ArgumentError(f"{place} has neither data_batch_1.bin nor test_batch.bin")
    return parts


def _records(content: Content, classes: int) -> NDArray[np.uint8]:
    data = content.data
    whole, rest = divmod(len(data), RECORD)
    if not data:
        raise content.wrong("it is empty: it ends at byte 0", offset=0)
    if rest:
        hint = ""
        if len(data) % (RECORD + 1) == 0:
            hint = "; records of 3074 bytes, with two labels each, are those of CIFAR-100"
        raise content.wrong(
            f"it ends at byte {len(data)}, in the middle of record {whole}, which begins at byte "
            f"{whole * RECORD}: each has {RECORD} bytes{hint}",
            offset=len(data),
        )
    records = np.frombuffer(data, np.uint8).reshape(-1, RECORD)
    bad = np.flatnonzero(records[:, 0] >= classes)
    if bad.size:
        place = int(bad[0]) * RECORD
        raise content.wrong(
            f"the label at byte {place}, of record {bad[0]}, is {records[bad[0], 0]}: there are "
            f"{classes} classes, counted from 0",
            offset=place,
        )
    return records


def _class_names(folder: Path) -> tuple[str, ...]:
    """The names in batches.meta.txt, a line each, or CIFAR-10's if there is no such file."""
    path = folder / "batches.meta.txt"
    if not path.exists():
        return CLASSES
    content = read_content(path)
    try:
        lines = content.data.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise content.wrong(f"byte {error.start} is no text", offset=error.start) from None
    names = [line.strip() for line in lines]
    while names and not names[-1]:
        names.pop()
    for number, name in enumerate(names, start=1):
        if not name or name in names[: number - 1]:
            what = f"{name!r} for the second time" if name else "empty"
            raise content.wrong(f"line {number} is {what}: a class is expected", line=number)
    if len(names) != len(CLASSES):
        last = len(names) + 1 if len(names) < len(CLASSES) else len(CLASSES) + 1
        raise wrong(path, f"it names {len(names)} classes, and CIFAR-10 has 10", line=last)
    return tuple(names)
