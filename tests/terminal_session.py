"""A command in a terminal of its own: keys are sent, and what its screen then shows is read."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from types import TracebackType
from typing import Self

from cli_runner import ENVIRONMENT

_CONTROL = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|\x1b.")


class Terminal:
    """`microgd arguments` in a pseudo-terminal of that size."""

    def __init__(self, *arguments: str, columns: int = 80, rows: int = 24, **env: str) -> None:
        self.size = columns, rows
        self.sent = ""
        self.main, self.side = pty.openpty()
        self._resize(columns, rows)
        self.before = termios.tcgetattr(self.side)
        environment = {**os.environ, **ENVIRONMENT, "TERM": "xterm-256color", **env}
        environment.pop("COLUMNS")
        for name in [n for n, value in env.items() if not value]:
            environment.pop(name)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "microgd_cli", *arguments],
            stdin=self.side,
            stdout=self.side,
            stderr=self.side,
            env=environment,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0) and None,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.main)
        os.close(self.side)

    def _resize(self, columns: int, rows: int) -> None:
        self.size = columns, rows
        fcntl.ioctl(self.main, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size, as a window manager does."""
        self._resize(columns, rows)
        os.killpg(self.process.pid, signal.SIGWINCH)

    def press(self, keys: str) -> None:
        os.write(self.main, keys.encode())

    def until(self, text: str, seconds: float = 40) -> str:
        """The screen, once there is that text on it."""
        return self._until(lambda screen: text in screen, text, seconds)

    def gone(self, text: str, seconds: float = 40) -> str:
        """The screen, once that text is no longer on it."""
        return self._until(lambda screen: text not in screen, f"no {text}", seconds)

    def _until(self, holds, what: str, seconds: float) -> str:  # type: ignore[no-untyped-def]
        end = time.monotonic() + seconds
        while not holds(self.screen()):
            if not self._more(end - time.monotonic()):
                raise AssertionError(f"no {what!r} on the screen:\n{self.screen()}")
        while select.select([self.main], [], [], 0.05)[0] and self._more(0):
            pass  # the rest of the screen, which is painted line by line
        return self.screen()

    def _more(self, seconds: float) -> bool:
        ready, _, _ = select.select([self.main], [], [], max(min(seconds, 0.2), 0))
        if ready:
            try:
                self.sent += os.read(self.main, 65536).decode("utf-8", "replace")
            except OSError:  # the other side is closed
                return False
        return bool(ready) or seconds > 0

    def end(self, seconds: float = 40) -> int:
        """The exit status, once it has ended."""
        until = time.monotonic() + seconds
        while self.process.poll() is None and self._more(until - time.monotonic()):
            pass
        while select.select([self.main], [], [], 0.1)[0]:
            self.sent += os.read(self.main, 65536).decode("utf-8", "replace")
        return self.process.wait(max(until - time.monotonic(), 1))

    def is_restored(self) -> bool:
        """Whether the terminal's modes are what they were."""
        return termios.tcgetattr(self.side) == self.before

    def screen(self) -> str:
        """What can be seen now: as much of a terminal as these programs use."""
        columns, rows = self.size
        first, second = [[" "] * columns for _ in range(rows)], None
        grid, kept = first, (0, 0)
        row = column = 0
        position = 0
        while position < len(self.sent):
            found = _CONTROL.match(self.sent, position)
            if found:
                position = found.end()
                number, command = found[1] or "", found[2]
                if command == "H":
                    row = column = 0
                elif command == "K" and number in ("", "0"):
                    grid[row][column:] = [" "] * (columns - column)
                elif command == "K":
                    grid[row][:] = [" "] * columns
                elif command == "J":
                    for below in grid[row + 1 :]:
                        below[:] = [" "] * columns
                    grid[row][column:] = [" "] * (columns - column)
                elif command == "h" and number == "?1049":
                    kept, second = (row, column), [[" "] * columns for _ in range(rows)]
                    grid, row, column = second, 0, 0
                elif command == "l" and number == "?1049":
                    grid, (row, column) = first, kept
                elif command == "C":
                    column = min(column + int(number or 1), columns - 1)
                elif command == "D":
                    column = max(column - int(number or 1), 0)
                continue
            sign = self.sent[position]
            position += 1
            if sign == "\r":
                column = 0
            elif sign == "\b":
                column = max(column - 1, 0)
            elif sign == "\n":
                if row == rows - 1:
                    grid.append([" "] * columns)
                    del grid[0]
                else:
                    row += 1
            elif sign >= " ":
                if column == columns:
                    column, row = 0, min(row + 1, rows - 1)
                grid[row][column] = sign
                column += 1
        return "\n".join("".join(line).rstrip() for line in grid)
