"""Encodings, closed pipes, Ctrl-C: in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_runner import ENVIRONMENT, complete, start

CIRCUIT = ("trace", "sigmoid(x) * (x - 1) / 2", "x=-2")
posix = pytest.mark.skipif(os.name == "nt", reason="signals and shells of another kind")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8", "utf-16"])
@pytest.mark.parametrize(
    "arguments",
    [
        CIRCUIT,
        ("gates",),
        ("gates", "sigmoid"),
        ("--help",),
        ("trace", "1/x", "x=0"),
        ("grad", "sqrt(x)", "x=4"),
    ],
)
def test_any_encoding(encoding: str, arguments: tuple[str, ...]) -> None:
    code, output, complaints = complete(*arguments, env={"PYTHONIOENCODING": encoding})
    assert code == (1 if "x=0" in arguments else 0), complaints
    assert b"Traceback" not in complaints
    assert output.decode(encoding)
    assert "?" not in output.decode(encoding).replace(" ? ", " ")  # but for OpenCL C's own


def test_in_ascii_tables_stay_straight() -> None:
    _, output, _ = complete(*CIRCUIT, env={"PYTHONIOENCODING": "ascii"})
    rows = [line for line in output.decode("ascii").split("\n") if "|" in line]
    assert len({tuple(i for i, c in enumerate(row) if c == "|") for row in rows[:8]}) == 1


def test_json_in_ascii() -> None:
    import json

    _, output, _ = complete(*CIRCUIT, "--json", env={"PYTHONIOENCODING": "ascii"})
    assert "−" in json.loads(output)["events"][0]["sentence"]


@posix
@pytest.mark.parametrize("arguments", [CIRCUIT, ("gates", "--json"), ("gates", "--markdown")])
def test_a_reader_who_leaves(arguments: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.Popen(
        [sys.executable, "-m", "microgd_cli", *arguments],
        stdout=writer,
        stderr=subprocess.PIPE,
        env={**os.environ, **ENVIRONMENT},
    )
    os.close(writer)
    _, complaints = process.communicate(timeout=60)
    assert (process.returncode, complaints) == (141, b"")


@posix
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk() -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        process = subprocess.run(
            [sys.executable, "-m", "microgd_cli", *CIRCUIT],
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, **ENVIRONMENT},
            check=False,
        )
    assert process.returncode == 1
    assert b"Error: the system says: No space left on device" in process.stderr
    assert b"Traceback" not in process.stderr


@posix
def test_ctrl_c_is_quiet() -> None:
    process = start("trace", "-", stdin=subprocess.PIPE)
    time.sleep(1.0)  # until it reads
    process.send_signal(signal.SIGINT)
    output, complaints = process.communicate(timeout=60)
    assert (process.returncode, output, complaints.strip()) == (130, b"", b"")


def test_a_program_from_a_pipe() -> None:
    code, output, complaints = complete("grad", "-", "x=3", stdin=subprocess.DEVNULL)
    assert (code, output) == (2, b"")
    assert b"is empty" in complaints


def test_colour_in_a_terminal_only_and_never_with_no_color() -> None:
    forced = {"FORCE_COLOR": "1", "NO_COLOR": ""}
    _, coloured, _ = complete(*CIRCUIT, env={**forced, "TERM": "xterm-256color"})
    assert b"\x1b[" in coloured
    _, plain, _ = complete(*CIRCUIT, env={"NO_COLOR": "1"})
    assert b"\x1b[" not in plain
