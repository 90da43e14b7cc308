"""Where a node was recorded: the first line outside of microgd on the way up the call stack.

Recording keeps only the code object and the instruction's offset, which cost next to nothing; the
line and its text are worked out when somebody asks.
"""

from __future__ import annotations

import linecache
import os
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

#: Files that start with this belong to microgd itself, and their frames are skipped. Links are not
#: resolved, for code objects name their files as they were imported.
PACKAGE_PREFIX = str(Path(__file__).absolute().parent.parent) + os.sep


class _OwnFiles(dict[str, bool]):
    """File → whether it belongs to microgd itself; worked out once for each."""

    def __missing__(self, file: str) -> bool:
        self[file] = file.startswith(PACKAGE_PREFIX)
        return self[file]


OWN_FILES = _OwnFiles()


@dataclass(frozen=True, slots=True)
class Source:
    """One place in a program: a file (or a label such as `<expression>`), a line, its text."""

    file: str
    line: int
    column: int
    text: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}"
        return f"{place}: {self.text}" if self.text else place


def source_of(code: CodeType, offset: int) -> Source:
    """The source line of the instruction at `offset` of `code`."""
    line = column = 0
    for index, (first, _, start, _) in enumerate(code.co_positions()):
        if index * 2 == offset:
            line, column = first or code.co_firstlineno, (start or 0) + 1
            break
    text = linecache.getline(code.co_filename, line).strip()
    return Source(code.co_filename, line, column, text)
