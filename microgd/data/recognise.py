"""Files and folders recognised by what is in them, and read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from microgd.data import cifar, idx
from microgd.data.content import Content, read_content, wrong
from microgd.data.dataset import Dataset
from microgd.errors import ArgumentError, FileFormatError

PICKLE = "it is a pickle: to read one is to run the program in it, so microgd never does. "


def read_path(
    path: Path, *, label: str | None = None, targets: str = "auto", head: bool | None = None
) -> dict[str, Dataset]:
    """The parts of what lies there: {"all": …}, {"train": …, "test": …}, or one of these two.

    Raises:
        ArgumentError: nothing there, nothing known, or an option that is for other files.
        FileFormatError: something is wrong in a file; says where.
    """
    if path.is_dir():
        _require_no(label, targets, head, "a folder")
        return _folder(path)
    content = read_content(path)
    kind = recognise(content)
    if kind in ("idx", "cifar"):
        _require_no(label, targets, head, "images")
    if kind == "idx":
        return {"all": idx.load_pair(path)}
    if kind == "cifar":
        return {"all": cifar.load_cifar(path, name=path.name.split(".")[0])}
    if kind == "npz":
        from microgd.data.npz import load_npz

        _require_no(label, "auto", head, "an .npz")
        return load_npz(content, targets)
    if kind == "parquet":
        from microgd.data.parquet import load_parquet

        _require_no(None, "auto", head, "a Parquet file")
        return {"all": load_parquet(path, label=label, targets=targets)}
    from microgd.data.csv_file import load_csv

    return {"all": load_csv(content, label=label, targets=targets, head=head)}


def _require_no(label: Any, targets: str, head: Any, what: str) -> None:
    given = {"label": label is not None, "targets": targets != "auto", "head": head is not None}
    for name, there in given.items():
        if there:
            raise ArgumentError(f"{name} is about the columns of a table, and this is {what}")


def _folder(path: Path) -> dict[str, Dataset]:
    try:
        names = {file.name for file in path.iterdir()}
    except OSError as error:
        raise ArgumentError(f"cannot read {path}: {error.strerror}") from error
    if any(name.startswith(("data_batch_", "test_batch.bin")) for name in names):
        if not any(".bin" in name for name in names):
            raise wrong(
                path / "data_batch_1",
                PICKLE + "Get the *binary* version of CIFAR-10, cifar-10-binary.tar.gz.",
                offset=0,
            )
        return cifar.load_cifar_folder(path)
    if any("-images" in name and "-ubyte" in name for name in names):
        return idx.load_mnist(path)
    for inner in ("cifar-10-batches-bin", "raw"):  # as they come out of their archives
        if (path / inner).is_dir():
            return _folder(path / inner)
    shown = ", ".join(sorted(names)[:5]) or "nothing"
    raise ArgumentError(
        f"{path} has neither MNIST's files (train-images-idx3-ubyte.gz, …) nor CIFAR-10's "
        f"(data_batch_1.bin, …). In it: {shown}{', …' * (len(names) > 5)}"
    )


def recognise(content: Content) -> str:
    """What a file is, by its first bytes: "idx", "cifar", "npz", "parquet" or "csv".

    Raises:
        FileFormatError: none of these.
    """
    data, name = content.data, content.path.name.lower()
    if data.startswith(b"PK\x03\x04") or name.endswith(".npz"):
        return "npz"
    if data.startswith(b"PAR1") or name.endswith(".parquet"):
        return "parquet"
    if _is_idx(data, exactly=True) or "-ubyte" in name:
        return "idx"
    # The lengths of an IDX file fit by no accident; that of CIFAR's records may.
    if name.removesuffix(".gz").endswith(".bin"):
        return "cifar"
    if _is_idx(data):
        return "idx"
    if (reason := _refused(data)) is not None:
        raise content.wrong(reason, offset=0)
    if b"\0" not in data[:4096] or name.removesuffix(".gz").endswith((".csv", ".tsv", ".txt")):
        return "csv"
    if data and len(data) % cifar.RECORD == 0:
        return "cifar"
    raise _unknown(content)


def _is_idx(data: bytes, *, exactly: bool = False) -> bool:
    if len(data) < 4 or data[0] or data[1] or data[2] not in idx.TYPES or not 1 <= data[3] <= 8:
        return False
    if not exactly:
        return True
    begin = 4 + 4 * data[3]
    if len(data) < begin:
        return False
    size = np.frombuffer(data, ">u4", data[3], 4).astype(object).prod()
    return bool(begin + size * np.dtype(idx.TYPES[data[2]]).itemsize == len(data))


def _refused(data: bytes) -> str | None:
    if len(data) > 1 and data[0] == 0x80 and 2 <= data[1] <= 5:
        return PICKLE + "Save the numbers as .npz or .csv."
    if data.startswith(b"\x93NUMPY"):
        return "it is an .npy, a single array: save two, np.savez(file, x=…, y=…)"
    if data[257:262] == b"ustar":
        return "it is a tar archive: unpack it first (tar xf), and give the folder"
    if data.startswith(b"\x89HDF\r\n"):
        return "it is an HDF5 file, which microgd does not read: save x and y as .npz"
    if data.startswith((b"\x89PNG", b"\xff\xd8\xff")):
        return "it is a picture, and no data set"
    return None


def _unknown(content: Content) -> FileFormatError:
    begin = content.data[:8].hex(" ")
    return content.wrong(
        f"no data set: it begins with the bytes {begin}, which are none of IDX, CIFAR-10 in "
        "binary, NPZ, Parquet and CSV",
        offset=0,
    )
