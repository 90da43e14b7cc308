"""Keys one at a time, without Enter. The terminal is as before when the `with` ends, however."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

#: What terminals send for keys that are no characters, by the end of their escape sequence.
_NAMES = {
    "A": "up",
    "B": "down",
    "C": "right",
    "D": "left",
    "H": "home",
    "F": "end",
    "1~": "home",
    "7~": "home",
    "4~": "end",
    "8~": "end",
    "5~": "page up",
    "6~": "page down",
}
#: The same as Windows names them, behind \xe0 or \0.
_WINDOWS = {
    "H": "up",
    "P": "down",
    "M": "right",
    "K": "left",
    "G": "home",
    "O": "end",
    "I": "page up",
    "Q": "page down",
}
_PLAIN = {
    " ": "space",
    "\r": "enter",
    "\n": "enter",
    "\x7f": "backspace",
    "\b": "backspace",
    "\x1b": "escape",
    "\x04": "end of input",
    "\x0c": "redraw",
}
_KEY = re.compile(r"\x1b(?:\[|O)[0-9;]*[A-Za-z~]|\x1b[ -~]|.", re.DOTALL)
_UNFINISHED = re.compile(r"\x1b(?:[\[O][0-9;]*)?$")

#: Seconds to wait for the rest of an escape sequence, before it is the key Esc.
_PATIENCE = 0.05


def keys_in(text: str) -> list[str]:
    """The names of the keys that a terminal sent: characters as they are, others in words."""
    if sys.platform == "win32" and len(text) == 2 and text[0] in "\xe0\0":
        return [_WINDOWS.get(text[1], "unknown")]
    return [_named(found) for found in _KEY.findall(text)]


def _named(sent: str) -> str:
    if len(sent) > 1:
        return _NAMES.get(sent.lstrip("\x1b[O"), "unknown")
    return _PLAIN.get(sent, sent)


class Keys:
    """Reads keys from the terminal.

    `changed` is called when the terminal has another size, or was given back by another program.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self.changed = changed
        self._waiting: list[str] = []
        self._file: int | None = None
        self._own = False
        self._before: Any = None
        self._handlers: dict[int, Any] = {}

    def __enter__(self) -> Keys:
        if sys.platform == "win32":
            return self
        import termios

        self._own = not sys.stdin.isatty()
        self._file = os.open("/dev/tty", os.O_RDONLY) if self._own else sys.stdin.fileno()
        self._before = termios.tcgetattr(self._file)
        self._listen()
        for name in ("SIGWINCH", "SIGCONT"):
            number = getattr(signal, name)
            with suppress(ValueError):  # not in the main thread
                self._handlers[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        if sys.platform != "win32" and self._file is not None:
            import termios

            with suppress(termios.error):
                termios.tcsetattr(self._file, termios.TCSADRAIN, self._before)
            if self._own:
                os.close(self._file)

    def _listen(self) -> None:
        """No echo, no waiting for Enter; Ctrl-C still interrupts. What was typed ahead is kept."""
        if sys.platform != "win32":
            import termios
            import tty

            assert self._file is not None
            tty.setcbreak(self._file, termios.TCSADRAIN)

    def _on_signal(self, number: int, frame: Any) -> None:
        self._listen()
        self.changed()

    def next(self) -> str:
        """The next key: a character, or a word such as `left`, `space` or `end of input`."""
        while not self._waiting:
            text = self._read()
            if not text:
                return "end of input"
            self._waiting = keys_in(text)
        return self._waiting.pop(0)

    def _read(self) -> str:
        if self._file is None:
            import click

            return click.getchar()
        # Byte by byte: what is typed ahead of the end is for whoever reads next.
        sent = os.read(self._file, 1)
        while sent and (_UNFINISHED.search(sent.decode("latin-1")) or not _is_whole(sent)):
            from select import select

            if not select([self._file], [], [], _PATIENCE)[0]:
                break
            more = os.read(self._file, 1)
            if not more:
                break
            sent += more
        return sent.decode("utf-8", "replace")


def _is_whole(sent: bytes) -> bool:
    """Whether no letter of several bytes is cut in two."""
    try:
        sent.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.end < len(sent) or error.reason != "unexpected end of data"
    return True
