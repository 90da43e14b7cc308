"""Checkpoints: everything a run needs to go on as if it had never stopped, in one file.

A checkpoint is a safetensors file: the arrays by name ("params.linear1.w"), and in its header one
text, JSON, with the rest. It is written beside its place and renamed, so that there is always a
whole one: the last or the one before. Every array and the text have a checksum, so that a damaged
file is never taken for a net.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from microgd.autodiff.tree import leaves, paths
from microgd.errors import CheckpointError
from microgd.files import write_whole
from microgd.graph.values import Array

#: The version of what is in a checkpoint, and the key of its text.
FORMAT = 1
KEY = "microgd"


def save(path: str | os.PathLike[str], trees: Mapping[str, Any], facts: Mapping[str, Any]) -> Path:
    """Write a checkpoint whole, or leave the old one.

    Arguments:
        trees: name → tree of arrays, and of DeviceArrays, which are read.
        facts: what else is to be kept: plain numbers, texts, lists, dictionaries.

    Raises:
        OutputError: it cannot be written (a full disk, a read-only folder).
    """
    from safetensors.numpy import save as encoded

    arrays = {}
    for name, tree in trees.items():
        for place, leaf in zip(paths(tree), leaves(tree), strict=True):
            arrays[f"{name}.{place}" if place else name] = _numbers(leaf)
    sums = {name: _sum(array) for name, array in arrays.items()}
    told = {"format": FORMAT, "facts": dict(facts), "arrays": sums}
    text = _text({**told, "sum": zlib.crc32(_text(told).encode())})
    return write_whole(path, encoded(arrays, metadata={KEY: text}))


def load(path: str | os.PathLike[str]) -> tuple[dict[str, Array], dict[str, Any]]:
    """The arrays by name, and the facts.

    Raises:
        CheckpointError: there is none, it is cut short or damaged, or it is another program's.
    """
    where = os.fspath(path)
    arrays, text = _read(where)
    if text is None:
        raise CheckpointError(
            f"{where} is a safetensors file, but no checkpoint of microgd: its header has no "
            f"{KEY!r}"
        )
    try:
        told = json.loads(text)
    except ValueError as error:
        raise CheckpointError(f"the header of {where} is damaged: {error}") from None
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        given = told.get("format") if isinstance(told, dict) else None
        raise CheckpointError(
            f"{where} has format {given!r}; this version of microgd reads format {FORMAT}"
        )
    if zlib.crc32(_text({k: v for k, v in told.items() if k != "sum"}).encode()) != told.get("sum"):
        raise CheckpointError(f"the header of {where} is damaged: its checksum is wrong")
    sums = told["arrays"]
    for name in sorted({*sums, *arrays}):
        if name not in arrays or name not in sums or _sum(arrays[name]) != sums[name]:
            raise CheckpointError(
                f"{where} is damaged: the array {name} is not the one that was written"
            )
    return arrays, told["facts"]


def _read(where: str) -> tuple[dict[str, Array], str | None]:
    """The arrays of a safetensors file, and the text in its header."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(where, framework="numpy") as file:
            text = (file.metadata() or {}).get(KEY)
            names = file.keys() if text is not None else ()
            return {name: np.asarray(file.get_tensor(name)) for name in names}, text
    except FileNotFoundError:
        raise CheckpointError(f"there is no checkpoint {where}") from None
    except OSError as error:
        raise CheckpointError(f"cannot read {where}: {error.strerror or error}") from error
    except (SafetensorError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise CheckpointError(
            f"{where} is no whole checkpoint: {error}. It may be cut short or of another program"
        ) from error


def _text(told: Mapping[str, Any]) -> str:
    return json.dumps(told, sort_keys=True, allow_nan=True)


def _sum(array: Array) -> int:
    """A checksum of an array: of its kind, its shape and its bytes."""
    return zlib.crc32(np.ascontiguousarray(array).data, zlib.crc32(_kind(array).encode()))


def _kind(array: Array) -> str:
    return f"{array.dtype.str}{list(array.shape)}"


def restored(arrays: Mapping[str, Array], name: str, like: Any, where: str) -> Any:
    """A tree from a checkpoint, in the structure of another.

    Raises:
        CheckpointError: it has other parts, or parts of other shapes.
    """
    from microgd.autodiff.tree import rebuilt

    wanted = [f"{name}.{place}" if place else name for place in paths(like)]
    here = {key for key in arrays if key == name or key.startswith(f"{name}.")}
    if here != set(wanted):
        missing, extra = sorted(set(wanted) - here), sorted(here - set(wanted))
        raise CheckpointError(
            f"{where} is of another net or optimizer: "
            + "; ".join(
                [
                    *([f"it lacks {', '.join(missing[:4])}"] if missing else []),
                    *([f"it has {', '.join(extra[:4])}"] if extra else []),
                ]
            )
        )
    found = []
    for key, leaf in zip(wanted, leaves(like), strict=True):
        if arrays[key].shape != np.shape(leaf):
            raise CheckpointError(
                f"{where}: {key} has shape {arrays[key].shape}, the net {np.shape(leaf)}"
            )
        found.append(arrays[key])
    return rebuilt(like, iter(found))


def _numbers(leaf: Any) -> Array:
    # not ascontiguousarray, which makes an array of one element of a number
    return np.array(leaf.numpy() if hasattr(leaf, "numpy") else leaf, order="C")
