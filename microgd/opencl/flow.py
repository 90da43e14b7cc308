"""Flow: runs are started and not waited for, but not without end."""

from __future__ import annotations

from collections import deque
from typing import Any

#: So many runs of a program may be under way before Python waits for the oldest of them.
AHEAD = 64


class Flow:
    """The runs of one program that may not be finished yet."""

    def __init__(self) -> None:
        self._under_way: deque[Any] = deque()

    def started(self, event: Any, queue: Any) -> None:
        """A run was put into the queue, and this event ends it."""
        queue.flush()  # some drivers would start only when somebody waits
        self._under_way.append(event)
        if len(self._under_way) > AHEAD:
            self._under_way.popleft().wait()
