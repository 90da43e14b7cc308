"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from microgd.errors import MicrogdError, OutputError
from microgd.files import write_whole

as_root = hasattr(os, "geteuid") and os.geteuid() == 0


def names_in(directory: Path) -> list[str]:
    return sorted(entry.name for entry in directory.iterdir())


def fail_with(code: int) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


def test_text_is_utf8_and_bytes_are_bytes(tmp_path: Path) -> None:
    assert write_whole(tmp_path / "a.txt", "∂f/∂x\n").read_bytes() == "∂f/∂x\n".encode()
    assert write_whole(str(tmp_path / "b.bin"), b"\x00\xff\r\n").read_bytes() == b"\x00\xff\r\n"


def test_nothing_else_is_left_behind(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", "old")
    write_whole(tmp_path / "a", "new")
    assert names_in(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "new"


@pytest.mark.parametrize(("owner", "step"), [(os, "fsync"), (Path, "replace")])
def test_a_failure_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: object, step: str
) -> None:
    target = write_whole(tmp_path / "a", "old")
    monkeypatch.setattr(owner, step, fail_with(errno.ENOSPC))
    with pytest.raises(OutputError, match="disk is full"):
        write_whole(target, "new")
    assert target.read_text() == "old"
    assert names_in(tmp_path) == ["a"]


def test_an_interruption_leaves_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "a", "new")
    assert names_in(tmp_path) == []


def test_an_existing_file_keeps_its_permissions(tmp_path: Path) -> None:
    target = write_whole(tmp_path / "a", "old")
    target.chmod(0o640)
    write_whole(target, "new")
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_new_file_respects_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        target = write_whole(tmp_path / "a", "new")
    finally:
        os.umask(before)
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_link_is_written_through(tmp_path: Path) -> None:
    target = write_whole(tmp_path / "real", "old")
    link = tmp_path / "link"
    link.symlink_to("real")
    assert write_whole(link, "new") == link
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_a_dangling_link_makes_its_target(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("later")
    write_whole(link, "new")
    assert link.is_symlink()
    assert (tmp_path / "later").read_text() == "new"


def test_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=f"mkdir -p {tmp_path}/no/such$"):
        write_whole(tmp_path / "no" / "such" / "f.svg", "")


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"is a directory.*circuit\.svg"):
        write_whole(tmp_path, "")
    (tmp_path / "f.html").mkdir()
    with pytest.raises(OutputError, match=r"such as .*f\.html/circuit\.html"):
        write_whole(tmp_path / "f.html", "")


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", "")
    with pytest.raises(OutputError, match="a is not a directory"):
        write_whole(tmp_path / "a" / "b", "")


def test_a_read_only_file_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = write_whole(tmp_path / "a", "old")
    target.chmod(0o444)
    if as_root:  # root may write anything
        monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(OutputError, match="permission denied"):
        write_whole(target, "new")
    assert target.read_text() == "old"


@pytest.mark.parametrize("name", ["a" * 300, "nul\0byte"])
def test_impossible_names(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match="choose a"):
        write_whole(tmp_path / name, "")


def test_links_in_a_ring(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OutputError, match="lead back to themselves"):
        write_whole(tmp_path / "a", "")


def test_the_error_is_an_oserror_and_ours(tmp_path: Path) -> None:
    with pytest.raises(OutputError) as caught:
        write_whole(tmp_path, "")
    assert isinstance(caught.value, OSError)
    assert isinstance(caught.value, MicrogdError)


def test_null_device_stays_a_device() -> None:
    write_whole(os.devnull, "gone")
    assert not Path(os.devnull).is_file()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_device() -> None:
    with pytest.raises(OutputError, match="disk is full"):
        write_whole("/dev/full", "too much")


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="needs /dev/stdout")
def test_stdout_appends_in_order(tmp_path: Path) -> None:
    log = write_whole(tmp_path / "log", "before\n")
    program = (
        "from microgd.files import write_whole\n"
        "print('printed'); write_whole('/dev/stdout', 'written\\n'); print('after')"
    )
    with log.open("a") as stream:
        subprocess.run([sys.executable, "-c", program], stdout=stream, check=True)
    assert log.read_text() == "before\nprinted\nwritten\nafter\n"


def test_where_the_directory_is_there_it_need_not_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "open", fail_with(errno.ENOENT))  # as in /proc
    with pytest.raises(OutputError, match="no file can be made there; choose another place"):
        write_whole(tmp_path / "circuit.svg", "")
