"""NPZ files: NumPy's arrays by name, without pickles."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microgd.data.content import Content
from microgd.data.dataset import Dataset
from microgd.errors import FileFormatError

#: The names of the two arrays, for each part; the last two are those of Keras's mnist.npz.
PARTS = {"all": ("x", "y"), "train": ("x_train", "y_train"), "test": ("x_test", "y_test")}


def load_npz(content: Content, targets: str = "auto") -> dict[str, Dataset]:
    """The parts of an .npz: x and y, or x_train, y_train, x_test and y_test.

    x is N × …; images of N × height × width × 3 are turned, so that the colours come first. y has
    whole numbers from 0 (classes, which an array `classes` may name), or decimals (targets).

    Raises:
        FileFormatError: no .npz, or one that is cut off; objects, which are pickles; arrays that
            are missing, or do not fit; says which array and where.
    """
    found = _arrays(content)
    known = {part: pair for part, pair in PARTS.items() if all(name in found for name in pair)}
    parts = {part: _part(content, found, pair, targets) for part, pair in known.items()}
    if not parts:
        raise content.wrong(
            f"it has the arrays {', '.join(found) or '(none)'}, and needs x and y: "
            "np.savez(file, x=…, y=…)"
        )
    return _of_the_same_classes(parts, named="classes" in found)


def _of_the_same_classes(parts: dict[str, Dataset], named: bool) -> dict[str, Dataset]:
    """A part may lack a class that another has, and yet all count them alike."""
    if named or len({data.classes for data in parts.values()}) < 2:
        return parts
    names = {name for data in parts.values() for name in data.classes}
    whole = all(name.isdecimal() for name in names)
    classes = sorted(names, key=int) if whole else sorted(names)
    return {part: data.with_classes(classes) for part, data in parts.items()}


def _arrays(content: Content) -> dict[str, NDArray[Any]]:
    arrays = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content.data)) as archive:
            for entry in archive.namelist():
                if entry.endswith(".npy"):
                    data = archive.read(entry)
                    arrays[entry.removesuffix(".npy")] = _array(content, entry, data)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        size = len(content.data)
        raise content.wrong(
            f"the .npz is damaged, or ends early: its {size} bytes are no whole zip archive "
            f"({error}); make or fetch it again",
            offset=size,
        ) from None
    return arrays


def _array(content: Content, entry: str, data: bytes) -> NDArray[Any]:
    try:
        # Never a pickle: reading one runs whatever program it holds.
        found: NDArray[Any] = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    except ValueError as error:
        if "allow_pickle" in str(error):
            raise content.wrong(
                f"its array {entry!r} has Python objects, which are stored as pickles: to read one "
                "is to run the program in it, so microgd never does. Save numbers: "
                "np.savez(file, x=np.array(x, dtype=float), y=…)"
            ) from None
        raise content.wrong(f"its array {entry!r} is damaged: {error}") from None
    return found


def _part(
    content: Content, found: dict[str, NDArray[Any]], pair: tuple[str, str], targets: str
) -> Dataset:
    x, y = (found[name] for name in pair)
    _check(content, x, pair[0])
    if x.ndim < 2 or not x.size:
        raise content.wrong(f"{pair[0]} has shape {x.shape}: N × features, or N × images, N ≥ 1")
    pixels = x.dtype == np.uint8 and x.ndim > 2
    if x.ndim == 4 and x.shape[3] in (1, 3) and x.shape[1] not in (1, 3):
        x = x.transpose(0, 3, 1, 2)
    if x.shape[1:2] == (1,) and x.ndim == 4:
        x = x[:, 0]  # one colour
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.shape[:1] != x.shape[:1]:
        raise content.wrong(
            f"{pair[0]} has {len(x)} rows, and {pair[1]} has shape {y.shape}: one for each row"
        )
    classes: tuple[str, ...] = ()
    if targets == "classes" or (targets == "auto" and y.dtype.kind in "iubU"):
        y, classes = _labels(content, y, found.get("classes"), pair[1])
    else:
        _check(content, y, pair[1])
    narrow = pixels or x.dtype in (np.float16, np.float32)
    return Dataset(
        content.path.name.split(".")[0] or "data",
        x.reshape(len(x), -1).astype(np.float32 if narrow else np.float64),
        y,
        classes,
        shape=x.shape[1:],
        limits=(0.0, 255.0) if pixels else None,
        source=str(content.path),
    )


def _check(content: Content, values: NDArray[Any], name: str) -> None:
    if values.dtype.kind not in "biuf":
        raise content.wrong(f"{name} is an array of {values.dtype}, and not of numbers")
    bad = np.argwhere(~np.isfinite(values))
    if bad.size:
        place = ", ".join(map(str, bad[0]))
        raise content.wrong(
            f"{name}[{place}] is {values[tuple(bad[0])]}: fill it in, or leave the example out"
        )


def _labels(
    content: Content, y: NDArray[Any], names: NDArray[Any] | None, name: str
) -> tuple[NDArray[Any], tuple[str, ...]]:
    if y.ndim != 1:
        raise content.wrong(f"{name} has shape {y.shape}: one label for each row of x")
    if y.dtype.kind == "U":
        classes, labels = np.unique(y, return_inverse=True)
        return labels, tuple(classes.tolist())
    _check(content, y, name)
    most = len(names) if names is not None else None
    top = np.inf if most is None else most
    bad = np.flatnonzero((y < 0) | (y >= top) | (y != np.floor(y)))
    if bad.size:
        raise _no_label(content, f"{name}[{bad[0]}] is {y[bad[0]]}", most)
    labels = y.astype(np.int64)
    count = int(labels.max()) + 1 if most is None else most
    if names is None and count > max(len(labels), 2):
        place = int(labels.argmax())
        raise _no_label(content, f"{name}[{place}] is {y[place]}", len(labels), " at most")
    return labels, tuple(map(str, range(count) if names is None else names.tolist()))


def _no_label(content: Content, told: str, most: int | None, more: str = "") -> FileFormatError:
    known = "" if most is None else f" up to {most - 1}{more}"
    return content.wrong(
        f"{told}: labels are whole numbers from 0{known} (targets='numbers' is for regression)"
    )
