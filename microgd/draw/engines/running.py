"""Running a program that may hang: it and all its children end when the time is up."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass

from microgd.errors import DrawingError

LINES_SHOWN = 5
GRACE = 1.0  # seconds for a killed program's pipes to close


class OutOfTime(DrawingError):
    """The program did not end in time, and was killed with all its children."""


@dataclass(frozen=True)
class Outcome:
    """What a program said and how it ended."""

    returncode: int
    stdout: bytes
    complaint: str

    def first_lines(self) -> str:
        """The complaint's first lines, warnings left out unless there is nothing else."""
        lines = [line.strip() for line in self.complaint.splitlines() if line.strip()]
        errors = [line for line in lines if not line.startswith("Warning")]
        return "\n".join((errors or lines)[:LINES_SHOWN])


def run(command: list[str], text: bytes, timeout: float) -> Outcome:
    """Give `text` to a program's input and wait for its end, `timeout` seconds at most.

    Raises:
        OutOfTime: it was still running; it and every child that it started were killed.
        DrawingError: it could not be started.
    """
    try:
        process = _start(command)
    except (OSError, ValueError) as error:
        raise DrawingError(f"cannot run {command[0]}: {error}") from error
    try:
        stdout, stderr = process.communicate(text, timeout)
    except subprocess.TimeoutExpired:
        raise OutOfTime(f"{command[0]} was stopped after {timeout:.3g} s") from None
    finally:
        _kill_group(process)  # also when the user presses Ctrl-C
    return Outcome(process.returncode, stdout, stderr.decode("utf-8", "replace"))


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # a process group of its own, so that it can be killed whole
    )


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is not None:
        return
    if os.name == "nt":
        subprocess.run(
            ["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False
        )
    else:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=GRACE)
