"""The prompt: a line of the user's, with history and completion where there is a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .streams import say

#: Lines of history that are kept.
_KEPT = 2000


def _at_terminal() -> bool:
    if sys.stdin is None or sys.stdout is None:  # closed by whoever started the program
        return False
    return sys.stdin.isatty() and sys.stdout.isatty()


class Prompt:
    """Reads lines; in a terminal with readline, as far as Python has it.

    Arguments:
        words: what the text may go on with, given the whole line before it and its beginning.
        history: the file that the lines are kept in; None keeps none.
    """

    def __init__(
        self, words: Callable[[str, str], Sequence[str]], history: Path | None = None
    ) -> None:
        self.words = words
        self.history = history
        self.interactive = _at_terminal()
        self.problem = ""
        self._readline: Any = None
        self._found: list[str] = []
        if self.interactive:
            self._prepare()

    def _prepare(self) -> None:
        try:
            import readline
        except ImportError:  # Windows, some builds: lines without history
            return
        self._readline = readline
        readline.set_completer(self._complete)
        readline.set_completer_delims(" \t\n()[]+-*/@<>=,;:")
        libedit = "libedit" in (readline.__doc__ or "")
        readline.parse_and_bind("bind ^I rl_complete" if libedit else "tab: complete")
        readline.set_history_length(_KEPT)
        if self.history is not None and self.history.exists():
            try:
                readline.read_history_file(self.history)
            except OSError as error:
                self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self.problem = f"the history in {self.history} cannot be used: {error.strerror or error}"
        self.history = None

    def _complete(self, text: str, state: int) -> str | None:
        if state == 0:
            line = self._readline.get_line_buffer()[: self._readline.get_begidx()]
            try:
                self._found = [w for w in self.words(line, text) if w.startswith(text)]
            except Exception:  # nothing that happens here may end a line that is being typed
                self._found = []
        return self._found[state] if state < len(self._found) else None

    def read(self, sign: str = "> ") -> str | None:
        """The next line; None at the end. Ctrl-C raises KeyboardInterrupt."""
        if not self.interactive:
            line = _piped_line()
            if not line:
                return None
            say(f"{sign}{line.rstrip()}".rstrip())  # as it would look if it had been typed
            return line.rstrip("\n")
        try:
            return input(sign)
        except EOFError:
            return None

    def close(self) -> None:
        """Keep the history, readable for its owner only."""
        if self._readline is None or self.history is None:
            return
        try:
            self.history.parent.mkdir(parents=True, exist_ok=True)
            if not self.history.exists():
                os.close(os.open(self.history, os.O_WRONLY | os.O_CREAT, 0o600))
            self._readline.write_history_file(self.history)
        except OSError as error:
            self._give_up(error)

    def forget(self, line: str) -> None:
        """Take the line typed last out of the history: it was the answer to a question."""
        if self._readline is not None and line.strip():
            last = self._readline.get_current_history_length()
            if self._readline.get_history_item(last) == line:
                self._readline.remove_history_item(last - 1)


def _piped_line() -> str:
    if sys.stdin is None:
        return ""
    try:
        return sys.stdin.readline()
    except UnicodeDecodeError as error:
        from .failures import BadInput

        raise BadInput(
            f"standard input is not UTF-8 text: {error.reason}; save it as UTF-8"
        ) from error


def history_file() -> Path:
    """Where the history is kept: in the user's state directory (XDG)."""
    state = os.environ.get("XDG_STATE_HOME", "")
    folder = Path(state) if Path(state).is_absolute() else Path.home() / ".local" / "state"
    return folder / "microgd" / "history"
