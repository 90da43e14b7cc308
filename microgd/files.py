"""Files written whole or not at all.

A file that a program is halfway through writing is worse than no file. `write_whole` writes a
neighbour first and then renames it over the target, which the operating system does in one step.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from contextlib import suppress
from pathlib import Path

from microgd.errors import OutputError

#: What a file is called while it is written; a program that is killed then leaves it behind.
PARTS = ".microgd-*.part"


def write_whole(path: str | os.PathLike[str], data: bytes | str) -> Path:
    """Write `data` to `path` whole, or leave what was there before untouched; return the path.

    Text is written as UTF-8, line ends as they are. A link is written through, an existing file
    keeps its permissions, and special files such as `/dev/stdout` are written to directly.

    >>> from tempfile import gettempdir
    >>> write_whole(f"{gettempdir()}/notes.txt", "f = (x + y) * z").name
    'notes.txt'

    Raises:
        OutputError: the file cannot be written; says why and what to do.
    """
    content = data.encode("utf-8") if isinstance(data, str) else data
    target = Path(path)
    try:
        _write(target, content)
    except OSError as error:
        raise OutputError(_explain(target, error)) from error
    except ValueError as error:  # a name with a null byte
        raise OutputError(f"cannot write {str(target)!r}: {error}; choose another name") from error
    return target


def _write(target: Path, content: bytes) -> None:
    descriptor = _open_descriptor(target)
    mode = _mode_of(target)
    if descriptor is not None:
        _pour(os.dup(descriptor), content)
    elif mode is None:
        _write_beside(_behind_links(target), content, None)
    elif stat.S_ISDIR(mode):
        raise _refusal(errno.EISDIR, target)
    elif not stat.S_ISREG(mode):
        _pour(os.open(target, os.O_WRONLY), content)
    elif not os.access(target, os.W_OK):
        # A rename would succeed in a writable directory; a read-only file asks to be left alone.
        raise _refusal(errno.EACCES, target)
    else:
        _write_beside(_behind_links(target), content, stat.S_IMODE(mode))


def _open_descriptor(target: Path) -> int | None:
    """The descriptor that `/dev/stdout` and its kin stand for.

    It is used itself: opening the name again would truncate the log of `program >> log`.
    """
    named = {"/dev/stdout": 1, "/dev/stderr": 2}.get(str(target))
    numbered = re.fullmatch(r"/dev/fd/(\d+)", str(target))
    if named is not None and sys.stdout is not None:
        sys.stdout.flush()  # what was printed before comes before
    return int(numbered[1]) if numbered else named


def _mode_of(target: Path) -> int | None:
    try:
        return target.stat().st_mode
    except FileNotFoundError:
        return None


def _behind_links(target: Path) -> Path:
    return Path(os.path.realpath(target))


def _refusal(code: int, target: Path) -> OSError:
    return OSError(code, os.strerror(code), str(target))


def _pour(descriptor: int, content: bytes) -> None:
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)


def _write_beside(target: Path, content: bytes, permissions: int | None) -> None:
    import secrets  # it brings in hashing, which nothing else needs

    neighbour = target.with_name(f".microgd-{secrets.token_hex(8)}.part")
    # Made with 0o666, so that the user's umask decides what a new file permits.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(neighbour, flags, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if permissions is not None:
            neighbour.chmod(permissions)
        neighbour.replace(target)
    except BaseException:
        with suppress(OSError):
            neighbour.unlink()
        raise


def _explain(target: Path, error: OSError) -> str:
    parent = _behind_links(target).parent
    example = f"circuit{target.suffix or '.svg'}"
    reasons = {
        errno.EISDIR: f"it is a directory; name a file inside it, such as {target / example}",
        errno.ENOENT: "no file can be made there; choose another place"
        if parent.is_dir()
        else f"there is no directory {parent}; make it first: mkdir -p {parent}",
        errno.ENOTDIR: f"{parent} is not a directory; choose another place",
        errno.EACCES: "permission denied; choose another place, or change the permissions",
        errno.EPERM: "the system does not permit it; choose another place",
        errno.EROFS: "the file system is read-only; choose another place",
        errno.ENOSPC: "the disk is full; free some space and try again",
        errno.EDQUOT: "the disk quota is used up; free some space and try again",
        errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
        errno.ELOOP: "its links lead back to themselves; choose another name",
    }
    fallback = f"{error.strerror or error}; choose another place"
    return f"cannot write {target}: {reasons.get(error.errno or 0, fallback)}"
