"""The data sets by name, and a reader of texts: a name with options, or a path."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from microgd import options
from microgd.data.dataset import Dataset
from microgd.data.real import BreastCancer, Digits, Iris, Wine
from microgd.data.toys import (
    Blobs,
    BuiltIn,
    Circles,
    LectureNet,
    Line,
    Moons,
    Spirals,
    Xor,
)
from microgd.errors import ArgumentError


class _Names(dict[str, type[BuiltIn]]):
    """`options.read` asks for names without hyphens; what it lists has them."""

    def get(self, key: str, default: Any = None) -> Any:
        return next((kind for name, kind in self.items() if name.replace("-", "") == key), default)


#: Every built-in data set by name.
DATASETS: dict[str, type[BuiltIn]] = _Names(
    (kind.name, kind)
    for kind in (
        *(Xor, LectureNet, Moons, Circles, Spirals, Blobs, Line),
        *(Digits, Iris, Wine, BreastCancer),
    )
)

_CALL = re.compile(r"\s*([A-Za-z][\w-]*)\s*(\(.*\))?\s*", re.DOTALL)


def read_dataset(
    text: str | os.PathLike[str],
    *,
    part: str | None = None,
    label: str | None = None,
    targets: str = "auto",
    head: bool | None = None,
) -> Dataset:
    """The data set that a text names: `moons(count=400, noise=0.1)`, or a path to files.

    A built-in name comes before a file of the same name; write `./moons` for the file. Files are
    recognised by what is in them: IDX (MNIST), CIFAR-10 in binary, CSV, NPZ, Parquet.

    Arguments:
        part: "train" or "test" where there are both; by default what there is to train on.
        label: of a CSV or Parquet file: the column to learn; by default the last one.
        targets: "classes", "numbers", or "auto" by what stands in that column.
        head: whether the first line of a CSV names the columns; by default, if it has words.

    Raises:
        ArgumentError: no such name, option, part or file. FileFormatError: something is wrong in a
            file; it says where. MissingExtraError: a library is needed that is not installed.

    >>> read_dataset("moons(count=400, noise=0.1)")
    <moons: 400 examples, 2 features, 2 classes>
    """
    found = read_parts(text, label=label, targets=targets, head=head)
    if part is None:
        return found["train"] if "train" in found else next(iter(found.values()))
    if part not in found:
        parts = ", ".join(found)
        raise ArgumentError(
            f"{text} has no part {part!r}, only: {parts}"
            + (" (.split() makes train and test of it)" if parts == "all" else "")
        )
    return found[part]


def read_parts(
    text: str | os.PathLike[str],
    *,
    label: str | None = None,
    targets: str = "auto",
    head: bool | None = None,
) -> dict[str, Dataset]:
    """The parts of a data set: {"all": …}, or {"train": …, "test": …}. Otherwise `read_dataset`.

    >>> read_parts("xor")
    {'all': <xor: 4 examples, 2 features, 2 classes>}
    """
    if not isinstance(text, str | os.PathLike):
        raise ArgumentError(f"expected the name of a data set or a path, got {text!r:.60}")
    if re.match(r"\s*\w+://", str(text)):
        raise ArgumentError(f"microgd downloads nothing: fetch {text} first, and give the file")
    spec = _built_in(text) if isinstance(text, str) else None
    if spec is None:
        from microgd.data.recognise import read_path

        return read_path(Path(text), label=label, targets=targets, head=head)
    if (label, targets, head) != (None, "auto", None):
        raise ArgumentError("label, targets and head are about files, and this is built in")
    return {"all": spec.make()}


def _built_in(text: str) -> BuiltIn | None:
    """What a text names; None where it is a path."""
    match = _CALL.fullmatch(text)
    known = match and DATASETS.get(re.sub(r"[-_]", "", match[1].lower()))
    if not known and text.strip() and _is_path(text):
        return None
    if match:  # `lecture-net` is a name here, and no subtraction
        text = match[1].replace("-", "_") + (match[2] or "")
    spec: BuiltIn = options.read(text, DATASETS, "data set")
    return spec


def _is_path(text: str) -> bool:
    """There is such a file, or it looks as if one was meant: `./moons`, `flowers.csv`."""
    try:
        return Path(text).exists() or bool(re.search(r"[/\\]|\.\w", text.split("(")[0]))
    except (OSError, ValueError):  # too long for a name, or with a null byte
        return False
