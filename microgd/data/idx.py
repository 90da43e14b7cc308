"""IDX files, the format of MNIST and Fashion-MNIST (Y. LeCun, C. Cortes, C. Burges).

Bytes 0 and 1 are 0, byte 2 names the type, byte 3 counts the axes; then the size of each axis, as
4 bytes with the highest first; then the numbers, the last axis running fastest.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microgd.data.content import Content, read_content, wrong
from microgd.data.dataset import Dataset
from microgd.errors import ArgumentError

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}

FASHION = (
    *("T-shirt/top", "trouser", "pullover", "dress", "coat"),
    *("sandal", "shirt", "sneaker", "bag", "ankle boot"),
)

_NAME = re.compile(r"(.*?)(train|t10k|test)-(images|labels)([-.])idx([13])-ubyte(\.gz)?", re.I)


def read_idx(path: str | os.PathLike[str] | Content) -> NDArray[Any]:
    """The array in an IDX file, plain or .gz.

    Raises:
        FileFormatError: no IDX file, or one whose sizes do not multiply to its length; says at
            which byte. ArgumentError: it cannot be read.
    """
    content = path if isinstance(path, Content) else read_content(path)
    data = content.data
    if len(data) < 4:
        raise content.wrong(f"it ends at byte {len(data)}, in IDX's first 4", offset=len(data))
    if data[0] or data[1]:
        first = 0 if data[0] else 1
        raise content.wrong(
            f"byte {first} is {data[first]:#04x}, where an IDX file has 0: it is none", offset=first
        )
    if data[2] not in TYPES:
        known = ", ".join(f"{code:#04x}" for code in TYPES)
        raise content.wrong(
            f"byte 2, the type of the numbers, is {data[2]:#04x}: IDX has {known}", offset=2
        )
    axes, dtype = data[3], np.dtype(TYPES[data[2]])
    begin = 4 + 4 * axes
    if not axes or axes > 8:
        raise content.wrong(f"byte 3, the number of axes, is {axes}", offset=3)
    if len(data) < begin:
        raise content.wrong(
            f"it ends at byte {len(data)}, among the sizes of {axes} axes, which are the bytes 4 "
            f"to {begin - 1}",
            offset=len(data),
        )
    sizes = tuple(int(n) for n in np.frombuffer(data, ">u4", axes, 4))
    end = begin + prod(sizes) * dtype.itemsize
    if len(data) != end:
        told = (
            f"the sizes {' × '.join(map(str, sizes))} (bytes 4 to {begin - 1}) need "
            f"{end - begin} bytes of data, from byte {begin} to byte {end - 1}; "
        )
        if len(data) < end:
            raise content.wrong(f"{told}the file ends at byte {len(data)}", offset=len(data))
        raise content.wrong(f"{told}the file goes on, to {len(data)} bytes", offset=end)
    return np.frombuffer(data, dtype, offset=begin).reshape(sizes)


def load_idx(
    images: str | os.PathLike[str],
    labels: str | os.PathLike[str],
    *,
    classes: int | Sequence[str] = 10,
    name: str = "",
) -> Dataset:
    """A data set from a file of images and a file of labels, as MNIST has them.

    Arguments:
        classes: their names, or how many there are.

    Raises:
        FileFormatError: magic number, sizes, counts or labels are wrong; says at which byte.
    """
    first, second = read_content(images), read_content(labels)
    x, y = read_idx(first), read_idx(second)
    if x.ndim < 2:
        swapped = " (are the two files swapped?)" if y.ndim > 1 else ""
        raise first.wrong(
            f"images have 2 axes or more, and byte 3 says {x.ndim}: these are labels{swapped}",
            offset=3,
        )
    if y.ndim != 1 or y.dtype.kind not in "iu":
        raise second.wrong(
            f"labels are one axis of whole numbers (magic number 0x00000801), and bytes 0 to 3 say "
            f"0x{second.data[:4].hex()}",
            offset=3 if y.ndim != 1 else 2,
        )
    if len(x) != len(y):
        raise second.wrong(
            f"it has {len(y)} labels (bytes 4 to 7), and {first.path} has {len(x)} images", offset=4
        )
    names = tuple(map(str, range(classes))) if isinstance(classes, int) else tuple(classes)
    bad = np.flatnonzero((y < 0) | (y >= len(names)))
    if bad.size:
        place = 8 + int(bad[0]) * y.dtype.itemsize
        raise second.wrong(
            f"label number {bad[0]}, at byte {place}, is {y[bad[0]]}: there are {len(names)} "
            "classes, counted from 0",
            offset=place,
        )
    if not x.size:
        raise first.wrong("it has no images (bytes 4 to 7 are 0)", offset=4)
    pixels = x.dtype == np.uint8
    rows = x.reshape(len(x), -1).astype(np.float32 if pixels else np.float64)
    limits = (0.0, 255.0) if pixels else None
    return Dataset(name or first.path.parent.name or "images", rows, y, names, shape=x.shape[1:],
                   limits=limits, source=str(first.path))  # fmt: skip


def load_mnist(folder: str | os.PathLike[str]) -> dict[str, Dataset]:
    """The parts of a folder with the files of MNIST or Fashion-MNIST: "train", "test", or one.

    The files are `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, and the same with `t10k`;
    `.gz` or not. Where "fashion" is in the path, the classes have the names of Fashion-MNIST.

    Raises:
        ArgumentError: no such files. FileFormatError: something is wrong in one.
    """
    place = Path(folder)
    parts: dict[str, Path] = {}
    for file in sorted(place.iterdir(), key=lambda file: file.name.endswith(".gz")):
        match = _NAME.fullmatch(file.name)
        if match and match[3].lower() == "images":
            parts.setdefault("train" if match[2].lower() == "train" else "test", file)
    if not parts:
        raise ArgumentError(f"{place} has no file such as train-images-idx3-ubyte.gz")
    order = [part for part in ("train", "test") if part in parts]
    return {part: load_pair(parts[part]) for part in order}


def load_pair(path: Path) -> Dataset:
    """The data set of which this file is the images or the labels; the other one lies beside it."""
    match = _NAME.fullmatch(path.name)
    if not match:
        raise wrong(
            path,
            "this is an IDX file; its name does not tell where its labels (or images) are: use "
            "mg.data.load_idx(images, labels)",
        )
    stem, point = match[1] + match[2], match[4]
    fashion = "fashion" in str(path.absolute()).lower()
    return load_idx(
        _beside(path, f"{stem}-images{point}idx3-ubyte"),
        _beside(path, f"{stem}-labels{point}idx1-ubyte"),
        classes=FASHION if fashion else 10,
        name="fashion-mnist" if fashion else "",
    )


def _beside(path: Path, name: str) -> Path:
    """The file of this name, or the same with .gz; first the kind that `path` is."""
    endings = ("", ".gz") if path.suffix.lower() != ".gz" else (".gz", "")
    for ending in endings:
        if (found := path.with_name(name + ending)).exists():
            return found
    raise wrong(path, f"beside it there should be {name} or {name}.gz")
