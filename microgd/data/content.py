"""The bytes of a file, unpacked if it is a .gz, and errors that name a place in it."""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass
from pathlib import Path

from microgd.errors import ArgumentError, FileFormatError

#: Unpacked bytes that are read at most: a .gz of a few MB may hold any number of zeros.
MOST = 2**32

_PIECE = 2**12


@dataclass(frozen=True)
class Content:
    """What is in a file.

    Attributes:
        path: the file. data: its bytes, unpacked. packed: whether it is a .gz.
    """

    path: Path
    data: bytes
    packed: bool = False

    def wrong(self, text: str, **place: int | None) -> FileFormatError:
        """The error that says what is wrong in this file."""
        unpacked = self.packed and place.get("offset") is not None
        return wrong(self.path, text + unpacked * " (bytes of the unpacked data)", **place)


def wrong(
    path: str | os.PathLike[str],
    text: str,
    *,
    offset: int | None = None,
    line: int | None = None,
    column: int | None = None,
) -> FileFormatError:
    """The error that says what is wrong in a file, and where."""
    error = FileFormatError(f"{path}: {text}")
    error.path = str(path)
    error.offset, error.line, error.column = offset, line, column
    return error


def read_content(path: str | os.PathLike[str]) -> Content:
    """The bytes of a file, unpacked if it is a .gz by its first two bytes.

    Raises:
        ArgumentError: it cannot be read. FileFormatError: a .gz that ends early or is damaged.
    """
    target = Path(path)
    raw = raw_bytes(target)
    if raw[:2] != b"\x1f\x8b":
        return Content(target, raw)
    return Content(target, _unpacked(target, raw), packed=True)


def raw_bytes(path: Path) -> bytes:
    """The bytes of a file as they are."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ArgumentError(f"cannot read {path}: there is no such file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ArgumentError(f"cannot read {path}: {reason}") from error


def _unpacked(path: Path, raw: bytes) -> bytes:
    parts, size, place = [], 0, 0
    while place < len(raw):  # a .gz may be several, one after the other
        if raw[place : place + 2] != b"\x1f\x8b":
            if not raw[place:].strip(b"\0"):  # zeros fill up a tape's block
                break
            raise wrong(path, f"what follows the gzip data at byte {place} is none", offset=place)
        unpacker = zlib.decompressobj(wbits=31)
        while not unpacker.eof:
            piece = raw[place : place + _PIECE]
            if not piece:
                raise wrong(
                    path,
                    f"the gzip data end early: the file stops at byte {len(raw)}, after {size} "
                    "unpacked bytes; fetch it again",
                    offset=len(raw),
                )
            try:
                parts.append(unpacker.decompress(piece))
            except zlib.error as error:
                raise wrong(
                    path,
                    f"the gzip data are damaged between byte {place} and byte "
                    f"{place + len(piece)} ({error}); fetch it again",
                    offset=place,
                ) from None
            size += len(parts[-1])
            if size > MOST:
                raise wrong(path, f"unpacked, it is larger than {MOST} bytes", offset=place)
            place += len(piece) - len(unpacker.unused_data)
    return b"".join(parts)
